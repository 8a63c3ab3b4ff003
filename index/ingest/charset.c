/* Character sets: what is certain first (a BOM, valid UTF-8), then what the page declares, then
 * what its letters look like, and windows-1252 where nothing else fits, since every byte means
 * something in it. A wrong guess garbles a text for good, so certain things are never guessed. */
#include "index/ingest/charset.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/base/utf8.h"

#define CHUNK 65536          /* bytes converted at a time */
#define SAMPLE 8192          /* bytes that are looked at to guess */
#define SAMPLE_BEFORE 1024   /* of these before the first byte that is not ASCII */
#define DECLARED_WITHIN 2048 /* a declaration stands in the first bytes */
#define CONFIDENCE_MIN 30    /* of 100; below it the detector's answers are noise */
#define DAMAGED_RATIO 10     /* characters for each broken byte that make it damaged UTF-8 */

static const struct bom {
    const char *bytes;
    size_t len;
    const char *name; /* NULL: UTF-8 */
} boms[] =
    {
        {"\xEF\xBB\xBF", 3, NULL},
        {"\xFF\xFE\0\0", 4, "UTF-32LE"}, /* before UTF-16LE, whose BOM it begins with */
        {"\0\0\xFE\xFF", 4, "UTF-32BE"},
        {"\xFF\xFE", 2, "UTF-16LE"},
        {"\xFE\xFF", 2, "UTF-16BE"},
};

/* Names that pages use for a larger set than the one they name; as browsers read them. */
static const struct {
    const char *said, *meant;
} aliases[] = {
    {"ISO-8859-1", "windows-1252"}, {"US-ASCII", "windows-1252"}, {"ISO-8859-9", "windows-1254"},
    {"GB2312", "GB18030"},          {"GBK", "GB18030"},           {"Shift_JIS", "windows-31j"},
    {"EUC-KR", "windows-949"},
};

static const struct bom *find_bom(struct sx_str s)
{
    for (size_t i = 0; i < sizeof(boms) / sizeof(boms[0]); i++) {
        if (s.len >= boms[i].len && memcmp(s.ptr, boms[i].bytes, boms[i].len) == 0)
            return &boms[i];
    }
    return NULL;
}

bool charset_is_wide(struct sx_str bytes)
{
    const struct bom *bom = find_bom(bytes);

    return bom != NULL && bom->name != NULL;
}

struct sx_str charset_skip_bom(struct sx_str bytes)
{
    const struct bom *bom = find_bom(bytes);
    size_t skip = bom != NULL && bom->name == NULL ? bom->len : 0;

    return str_make(bytes.ptr + skip, bytes.len - skip);
}

/* ---- what a page declares -------------------------------------------------------------- */

/* The value behind `key` in a tag: key = "value", quotes or not. */
static bool tag_value(struct sx_str tag, const char *key, char out[CHARSET_NAME_MAX])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_.:";
    size_t key_len = strlen(key), n = 0;

    for (size_t i = 0; i + key_len < tag.len; i++) {
        if (strncasecmp(tag.ptr + i, key, key_len) != 0)
            continue;
        for (i += key_len; i < tag.len && strchr(" \t\r\n=\"'", tag.ptr[i]) != NULL; i++)
            continue;
        for (; i < tag.len && strchr(letters, tag.ptr[i]) != NULL; i++) {
            if (n + 1 >= CHARSET_NAME_MAX)
                return false;
            out[n++] = tag.ptr[i];
        }
        out[n] = '\0';
        return n > 0;
    }
    return false;
}

void charset_declared(struct sx_str html, char out[CHARSET_NAME_MAX])
{
    size_t len = html.len < DECLARED_WITHIN ? html.len : DECLARED_WITHIN;
    const char *end = html.ptr + len;

    out[0] = '\0';
    if (len == 0 || memchr(html.ptr, '\0', len) != NULL)
        return; /* binary, or UTF-16 that has a BOM: C string functions are safe below */
    for (const char *p = html.ptr; (p = memchr(p, '<', (size_t)(end - p))) != NULL; p++) {
        const char *close = memchr(p, '>', (size_t)(end - p));
        bool meta = end - p > 5 && strncasecmp(p, "<meta", 5) == 0;
        bool xml = end - p > 5 && strncasecmp(p, "<?xml", 5) == 0;
        if (close == NULL)
            break;
        if ((meta || xml) &&
            tag_value(str_make(p, (size_t)(close - p)), meta ? "charset" : "encoding", out))
            return;
    }
    out[0] = '\0';
}

/* ---- conversion ------------------------------------------------------------------------ */

/* Appends `in` as UTF-8. `strict`: SX_EREQUEST at the first byte that is none in this charset,
 * else U+FFFD for it. */
static sx_status convert_with(UConverter *from, UConverter *to, struct sx_str in, struct buf *out,
                              struct sx_error *err)
{
    UChar pivot[1024], *pivot_in = pivot, *pivot_out = pivot;
    const char *source = in.ptr, *end = in.ptr + in.len;
    UErrorCode ue;
    UBool reset = 1;

    do {
        char *start = buf_reserve(out, CHUNK), *target = start;
        if (start == NULL)
            return sx_fail_oom(err);
        ue = U_ZERO_ERROR;
        ucnv_convertEx(to, from, &target, start + CHUNK, &source, end, pivot, &pivot_out, &pivot_in,
                       pivot + sizeof(pivot) / sizeof(pivot[0]), reset, 1, &ue);
        buf_advance(out, (size_t)(target - start));
        if (out->len > SX_TEXT_MAX)
            return sx_fail(err, SX_ETOOLARGE, "the text is longer than %d MiB", SX_TEXT_MAX >> 20);
        reset = 0;
    } while (ue == U_BUFFER_OVERFLOW_ERROR);
    if (U_FAILURE(ue))
        return sx_fail(err, SX_EREQUEST, "bytes that mean nothing in its charset");
    return SX_OK;
}

static sx_status convert(const char *name, bool strict, struct sx_str in, struct buf *out,
                         struct sx_error *err)
{
    UErrorCode ue = U_ZERO_ERROR;
    UConverter *from = ucnv_open(name, &ue), *to = ucnv_open("UTF-8", &ue);
    sx_status rc;

    buf_clear(out);
    if (strict && U_SUCCESS(ue))
        ucnv_setToUCallBack(from, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &ue);
    if (ue == U_MEMORY_ALLOCATION_ERROR)
        rc = sx_fail_oom(err);
    else if (U_FAILURE(ue))
        rc = sx_fail(err, SX_EREQUEST, "unknown charset '%s'", name);
    else if (strict && ucnv_getMinCharSize(from) > 1)
        rc = sx_fail(err, SX_EREQUEST, "charset '%s' without a BOM", name);
    else
        rc = convert_with(from, to, in, out, err);
    ucnv_close(to);
    ucnv_close(from);
    return rc;
}

static const char *meant_by(const char *name)
{
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (ucnv_compareNames(name, aliases[i].said) == 0)
            return aliases[i].meant;
    }
    return name;
}

/* ---- guessing -------------------------------------------------------------------------- */

/* Valid characters beyond ASCII are no accident; a few broken ones among many are damage. */
static bool is_damaged_utf8(struct sx_str s)
{
    size_t good = 0, broken = 0, size;

    for (size_t i = 0; i < s.len; i += size) {
        if ((unsigned char)s.ptr[i] < 0x80) {
            size = 1;
            continue;
        }
        utf8_next(s.ptr + i, s.len - i, &size);
        if (size > 1)
            good++;
        else
            broken++;
    }
    return good > broken * DAMAGED_RATIO;
}

/* What the bytes around `at`, the first that is not ASCII, look like; "" when nothing much. */
static void guess(struct sx_str s, size_t at, char out[CHARSET_NAME_MAX])
{
    size_t from = at > SAMPLE_BEFORE ? at - SAMPLE_BEFORE : 0;
    size_t len = s.len - from < SAMPLE ? s.len - from : SAMPLE;
    UErrorCode ue = U_ZERO_ERROR;
    UCharsetDetector *d = ucsdet_open(&ue);
    const UCharsetMatch *m = NULL;

    out[0] = '\0';
    ucsdet_setText(d, s.ptr + from, (int32_t)len, &ue);
    if (U_SUCCESS(ue))
        m = ucsdet_detect(d, &ue);
    if (m != NULL && U_SUCCESS(ue) && ucsdet_getConfidence(m, &ue) >= CONFIDENCE_MIN) {
        const char *name = ucsdet_getName(m, &ue);
        if (U_SUCCESS(ue) && name != NULL && strlen(name) < CHARSET_NAME_MAX)
            memcpy(out, name, strlen(name) + 1);
    }
    ucsdet_close(d);
}

/* Bytes that are not UTF-8 from offset `bad` on. */
static sx_status decode_legacy(struct sx_str s, size_t bad, const char *declared, struct buf *mem,
                               char used[CHARSET_NAME_MAX], struct sx_error *err)
{
    char guessed[CHARSET_NAME_MAX];
    const char *names[] = {declared, guessed};
    sx_status rc;

    if (is_damaged_utf8(s))
        return convert("UTF-8", false, s, mem, err);
    guess(s, bad, guessed);
    for (size_t i = 0; i < 2; i++) {
        if (names[i][0] == '\0')
            continue;
        snprintf(used, CHARSET_NAME_MAX, "%s", meant_by(names[i]));
        rc = convert(used, true, s, mem, err);
        if (rc != SX_EREQUEST)
            return rc;
    }
    snprintf(used, CHARSET_NAME_MAX, "windows-1252");
    return convert(used, false, s, mem, err);
}

/* ---- all together ---------------------------------------------------------------------- */

/* \r\n and \r become \n, in place. */
static void unify_lines(struct buf *b)
{
    size_t to = 0;

    for (size_t i = 0; i < b->len; i++) {
        if (b->data[i] != '\r')
            b->data[to++] = b->data[i];
        else if (i + 1 == b->len || b->data[i + 1] != '\n')
            b->data[to++] = '\n';
    }
    b->len = to;
}

sx_status charset_decode(struct sx_str bytes, const char *declared, struct buf *mem,
                         struct sx_str *text, char used[CHARSET_NAME_MAX], struct sx_error *err)
{
    const struct bom *bom = find_bom(bytes);
    struct sx_str in = bytes;
    sx_status rc = SX_OK;
    size_t bad;

    if (bom != NULL)
        in = str_make(bytes.ptr + bom->len, bytes.len - bom->len);
    buf_clear(mem);
    *text = in;
    used[0] = '\0';
    if (bom != NULL && bom->name != NULL) {
        snprintf(used, CHARSET_NAME_MAX, "%s", bom->name);
        rc = convert(used, false, in, mem, err);
        *text = buf_str(mem);
    } else if ((bad = utf8_check(in.ptr, in.len)) < in.len) {
        rc = bom != NULL ? convert("UTF-8", false, in, mem, err)
                         : decode_legacy(in, bad, declared, mem, used, err);
        *text = buf_str(mem);
    }
    if (rc != SX_OK)
        return rc;
    if (text->len > 0 && memchr(text->ptr, '\0', text->len) != NULL)
        return sx_fail(err, SX_EREQUEST, "binary file");
    if (text->len > 0 && memchr(text->ptr, '\r', text->len) != NULL) {
        if (text->ptr != mem->data)
            buf_put_str(mem, *text);
        if (!buf_ok(mem))
            return sx_fail_oom(err);
        unify_lines(mem);
        *text = buf_str(mem);
    }
    if (text->len > SX_TEXT_MAX)
        return sx_fail(err, SX_ETOOLARGE, "the text is longer than %d MiB", SX_TEXT_MAX >> 20);
    return SX_OK;
}
