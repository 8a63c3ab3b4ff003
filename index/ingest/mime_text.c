/* Charsets and dates of mail. */
#include "index/ingest/mime.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <unicode/ucnv.h>

#include <searchd/index.h>

#include "index/base/date.h"
#include "index/base/str.h"
#include "index/ingest/charset.h"
#include "index/ingest/meta.h"

/* ---- charsets -------------------------------------------------------------------------- */

/* Charsets whose text is valid UTF-8 as it stands, and something else when it is decoded. */
static bool needs_its_name(struct sx_str charset)
{
    return mime_is(charset, "iso-2022-") || mime_is(charset, "hz-gb") ||
           mime_is(charset, "utf-7") || mime_is(charset, "utf-16") || mime_is(charset, "utf-32");
}

/* With ICU's converter of that name; false when there is none, or the text is too long for it. */
static bool convert(struct sx_str bytes, const char *charset, struct buf *out)
{
    UErrorCode ue = U_ZERO_ERROR;
    UConverter *from = ucnv_open(charset, &ue);
    bool ok = false;

    if (U_SUCCESS(ue) && bytes.len < SX_TEXT_MAX / 4) {
        int32_t room = (int32_t)bytes.len * 4 + 16;
        char *to = buf_reserve(out, (size_t)room);
        int32_t len = to == NULL ? 0
                                 : ucnv_toAlgorithmic(UCNV_UTF8, from, to, room, bytes.ptr,
                                                      (int32_t)bytes.len, &ue);
        ok = to != NULL && U_SUCCESS(ue);
        buf_advance(out, ok ? (size_t)len : 0);
    }
    ucnv_close(from);
    return ok;
}

sx_status mime_text(struct sx_str bytes, struct sx_str charset, struct buf *mem,
                    struct sx_str *text, struct sx_error *err)
{
    char name[CHARSET_NAME_MAX] = "", used[CHARSET_NAME_MAX];
    struct buf converted = {0};
    sx_status rc;

    if (charset.len < sizeof(name)) {
        memcpy(name, charset.ptr, charset.len);
        name[charset.len] = '\0';
    }
    if (bytes.ptr == NULL)
        bytes = str_of("");
    if (!needs_its_name(charset) || !convert(bytes, name, &converted)) {
        bool oom = converted.failed;
        buf_release(&converted);
        if (oom)
            return sx_fail_oom(err);
        return charset_decode(bytes, name, mem, text, used, err);
    }
    rc = charset_decode(buf_str(&converted), "", mem, text, used, err); /* NUL, line ends */
    if (rc == SX_OK && text->ptr != mem->data) {
        buf_clear(mem);
        buf_put_str(mem, *text);
        *text = buf_str(mem);
        rc = buf_ok(mem) ? SX_OK : sx_fail_oom(err);
    }
    if (rc == SX_OK && text->ptr == NULL)
        *text = str_of("");
    buf_release(&converted);
    return rc;
}

/* ---- encoded words --------------------------------------------------------------------- */

#define WORD_MAX 2048 /* bytes; the standard has 75 */

struct word {
    struct sx_str charset, text;
    bool base64;
    size_t len; /* of it all */
};

/* The encoded word at the beginning of `s`: =?charset?B?text?=, charset*language at times. */
static bool take_word(struct sx_str s, struct word *out)
{
    const char *end = s.ptr + s.len, *first, *second, *close, *star;

    if (s.len < 8 || memcmp(s.ptr, "=?", 2) != 0)
        return false;
    first = memchr(s.ptr + 2, '?', s.len - 2 < 80 ? s.len - 2 : 80);
    if (first == NULL || end - first < 5 || first[2] != '?')
        return false;
    second = first + 2;
    out->base64 = (first[1] | 0x20) == 'b';
    if (!out->base64 && (first[1] | 0x20) != 'q')
        return false;
    if (end - second > WORD_MAX)
        end = second + WORD_MAX;
    close = memmem(second + 1, (size_t)(end - second - 1), "?=", 2);
    if (close == NULL)
        return false;
    out->charset = str_make(s.ptr + 2, (size_t)(first - s.ptr) - 2);
    star = memchr(out->charset.ptr, '*', out->charset.len);
    if (star != NULL)
        out->charset.len = (size_t)(star - out->charset.ptr);
    out->text = str_make(second + 1, (size_t)(close - second) - 1);
    out->len = (size_t)(close - s.ptr) + 2;
    return true;
}

static void decode_word(const struct word *w, struct buf *bytes)
{
    struct buf spaced = {0};

    if (w->base64) {
        mime_decode(w->text, str_of("base64"), bytes);
        return;
    }
    for (size_t i = 0; i < w->text.len; i++)
        buf_putc(&spaced, w->text.ptr[i] == '_' ? ' ' : w->text.ptr[i]);
    mime_decode(buf_str(&spaced), str_of("quoted-printable"), bytes);
    bytes->failed = bytes->failed || spaced.failed;
    buf_release(&spaced);
}

/* Bytes that stand in words of one charset, one behind the other: a character may be cut in two
 * by the end of a word. */
struct pending {
    struct buf bytes;
    struct sx_str charset;
};

static void flush(struct pending *p, struct buf *out)
{
    struct buf mem = {0};
    struct sx_str text = str_of("");
    sx_status rc = SX_OK;

    if (p->bytes.len > 0)
        rc = mime_text(buf_str(&p->bytes), p->charset, &mem, &text, NULL);
    if (rc == SX_OK)
        buf_put_str(out, text);
    out->failed = out->failed || p->bytes.failed || rc == SX_ENOMEM;
    buf_release(&mem);
    buf_clear(&p->bytes);
}

static bool is_white(struct sx_str s)
{
    return meta_trim(s).len == 0;
}

/* `s` is valid UTF-8. */
static void put_words(struct sx_str s, struct buf *out)
{
    struct pending p = {0};
    struct word w;
    size_t from = 0; /* of what is not yet put */
    bool after_word = false;

    for (size_t at = 0; at < s.len;) {
        const char *next = memmem(s.ptr + at, s.len - at, "=?", 2);
        if (next == NULL)
            break;
        at = (size_t)(next - s.ptr);
        if (!take_word(str_make(next, s.len - at), &w)) {
            at += 2;
            continue;
        }
        struct sx_str between = str_make(s.ptr + from, at - from);
        bool joined = after_word && is_white(between);
        bool same = joined && w.charset.len == p.charset.len &&
                    strncasecmp(w.charset.ptr, p.charset.ptr, w.charset.len) == 0;
        if (!same)
            flush(&p, out);
        if (!joined)
            buf_put_str(out, between);
        p.charset = w.charset;
        decode_word(&w, &p.bytes);
        at += w.len;
        from = at;
        after_word = true;
    }
    flush(&p, out);
    buf_put(out, s.ptr + from, s.len - from);
    buf_release(&p.bytes);
}

void mime_words(struct sx_str raw, struct buf *out)
{
    struct buf mem = {0};
    struct sx_str text;
    char used[CHARSET_NAME_MAX];

    buf_clear(out);
    if (raw.ptr == NULL)
        return;
    sx_status rc = charset_decode(raw, "", &mem, &text, used, NULL);
    if (rc == SX_OK)
        put_words(text, out);
    out->failed = out->failed || rc == SX_ENOMEM;
    buf_release(&mem);
}

/* ---- dates ----------------------------------------------------------------------------- */

/* Zones that RFC 822 names, in minutes; any other name says nothing (RFC 5322) and is UTC. */
static const struct {
    const char *name;
    int minutes;
} zones[] = {
    {"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300},
    {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420},
};

struct scan {
    const char *at, *end;
};

static void skip_white(struct scan *s)
{
    while (s->at < s->end && strchr(" \t,-", *s->at) != NULL)
        s->at++;
}

/* -1: no number of one to four digits. */
static int number(struct scan *s)
{
    int n = 0, digits = 0;

    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9' && digits < 5; s->at++, digits++)
        n = n * 10 + (*s->at - '0');
    return digits > 0 && digits < 5 ? n : -1;
}

static struct sx_str letters(struct scan *s)
{
    const char *from = s->at;

    while (s->at < s->end && ((*s->at | 0x20) >= 'a' && (*s->at | 0x20) <= 'z'))
        s->at++;
    return str_make(from, (size_t)(s->at - from));
}

static int month_of(struct sx_str word)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    for (size_t i = 0; i < 12 && word.len >= 3; i++) {
        if (strncasecmp(word.ptr, names + i * 3, 3) == 0)
            return (int)i + 1;
    }
    return -1;
}

/* "+0200", "GMT", "EST"; in minutes. */
static int zone(struct scan *s)
{
    struct sx_str name;
    int sign, n;

    while (s->at < s->end && *s->at == ' ')
        s->at++;
    if (s->at < s->end && (*s->at == '+' || *s->at == '-')) {
        sign = *s->at++ == '-' ? -1 : 1;
        n = number(s);
        return n < 0 || n / 100 > 14 || n % 100 > 59 ? 0 : sign * (n / 100 * 60 + n % 100);
    }
    name = letters(s);
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        if (name.len == 3 && strncasecmp(name.ptr, zones[i].name, 3) == 0)
            return zones[i].minutes;
    }
    return 0;
}

/* "10:00", "10:00:30"; false: no time stands here. */
static bool clock_time(struct scan *s, int *hour, int *minute, int *second)
{
    *second = 0;
    *hour = number(s);
    if (*hour < 0 || s->at == s->end || *s->at++ != ':')
        return false;
    *minute = number(s);
    if (s->at < s->end && *s->at == ':') {
        s->at++;
        *second = number(s);
    }
    return *minute >= 0 && *second >= 0;
}

bool mime_date(struct sx_str written, struct buf *out)
{
    struct scan s = {written.ptr, written.ptr + written.len};
    int day, month, year, hour, minute, second, offset, n;
    struct date_span span;
    char iso[64];

    skip_white(&s);
    letters(&s); /* the day of the week */
    skip_white(&s);
    day = number(&s);
    skip_white(&s);
    month = month_of(letters(&s));
    skip_white(&s);
    year = number(&s);
    if (year >= 0 && year < 100) /* RFC 5322, section 4.3 */
        year += year < 50 ? 2000 : 1900;
    if (day < 1 || month < 1 || year < 1000)
        return false;
    skip_white(&s);
    n = snprintf(iso, sizeof(iso), "%04d-%02d-%02d", year, month, day);
    if (clock_time(&s, &hour, &minute, &second)) {
        offset = zone(&s);
        n = snprintf(iso, sizeof(iso), "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", year, month, day,
                     hour, minute, second, offset < 0 ? '-' : '+',
                     (offset < 0 ? -offset : offset) / 60, (offset < 0 ? -offset : offset) % 60);
    }
    if (n < 0 || !date_parse(str_make(iso, (size_t)n), &span))
        return false;
    buf_put(out, iso, (size_t)n);
    return true;
}
