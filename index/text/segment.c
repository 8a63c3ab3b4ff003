/* Word boundaries.
 *
 * Why a scan of our own is exact: UAX 29 looks at most two characters ahead of a boundary, but for
 * marks, and what it looks at is a character's class. In most scripts the classes are few
 * (enum break_class), so that the rules become a loop. Where a character of another class would
 * have a say, the scan gives up that word and ICU starts at its beginning.
 *
 * Why ICU may start there and stop early: a character of class OTHER (space, controls, most
 * punctuation) joins nothing before it but, being a space, other spaces; and behind it only
 * marks. So every text may be cut in front of such a character, and ICU's forward automaton,
 * started at a boundary, knows nothing of the text before. Dictionaries (Thai, Chinese ...) see
 * only what lies between two such boundaries. */
#include "index/text/segment.h"

#include <unicode/uscript.h>

#include "index/base/alloc.h"
#include "index/base/utf8.h"
#include "index/text/chars.h"

/* ICU is kept at work through gaps of up to so many bytes that are none for it: starting it costs
 * more. */
#define RUN_GAP 24
/* From here on a run ends at the first chance, which bounds `units` for ordinary text. */
#define RUN_BYTES 16384
/* And here a run of a script without spaces ends in front of any letter: ICU takes ten bytes of
 * memory and more for each byte of it. Its words alone change by that, not the clusters. */
#define RUN_BYTES_MAX (1U << 18)
/* A larger buffer, which takes a long text without spaces, is not kept for the next text. */
#define UNITS_KEEP (1U << 20)

bool segment_init(struct segmenter *s)
{
    UErrorCode status = U_ZERO_ERROR;

    *s = (struct segmenter){0};
    if (!chars_init())
        return false;
    s->cjk = cjk_init();
    for (unsigned byte = 0; byte < 256; byte++)
        s->byte_class[byte] = (unsigned char)(byte < 0x80 ? char_break(byte) : BREAK_ICU);
    s->breaks = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
    return U_SUCCESS(status);
}

void segment_release(struct segmenter *s)
{
    if (s->breaks != NULL)
        ubrk_close(s->breaks);
    mem_free(s->units);
    *s = (struct segmenter){0};
}

void segment_begin(struct segmenter *s, const char *text, size_t len)
{
    if (s->units_cap > UNITS_KEEP) {
        mem_free(s->units);
        s->units = NULL;
        s->units_cap = 0;
    }
    s->text = (const unsigned char *)text;
    s->len = len;
    s->at = 0;
    s->in_run = false;
    s->ran_to = 0;
    s->cjk_count = s->cjk_next = 0;
    s->plain_at = len + 1;
}

/* Class of the character at `at`, and its bytes; the end of the text separates like a space. */
static inline enum break_class class_at(const struct segmenter *s, size_t at, size_t *size)
{
    *size = 1;
    if (at >= s->len)
        return BREAK_OTHER;
    if (s->text[at] < 0x80)
        return char_break(s->text[at]);
    uint32_t cp = char_next((const char *)s->text + at, s->len - at, size);
    return *size == 1 ? BREAK_ICU : char_break(cp);
}

/* Whether the word that ends with a character of class `before` at `end` goes on behind the
 * joint there, of class `joint`: *after is where. BREAK_ICU: ICU knows; BREAK_OTHER: no. */
static enum break_class go_on(const struct segmenter *s, size_t end, enum break_class before,
                              enum break_class joint, size_t *after)
{
    size_t size;
    enum break_class next;

    if (before == BREAK_UNDERSCORE || (before == BREAK_LETTER && joint != BREAK_MID))
        return BREAK_OTHER;
    class_at(s, end, &size);
    *after = end + size;
    next = class_at(s, *after, &size);
    if (next == BREAK_EXTEND || next == BREAK_ICU)
        return BREAK_ICU;
    if (before == BREAK_HANGUL || next == BREAK_HANGUL)
        return next <= BREAK_MID_DIGITS ? BREAK_OTHER : BREAK_ICU;
    return next == before ? before : BREAK_OTHER;
}

/* Where the ASCII letters, digits and underscores from `at` on end. */
static size_t letters_end(const struct segmenter *s, size_t at)
{
    while (at < s->len && s->byte_class[s->text[at]] >= BREAK_UNDERSCORE &&
           s->byte_class[s->text[at]] <= BREAK_LETTER)
        at++;
    return at;
}

/* Where the word that begins at `at` with a letter, digit or underscore ends; `at` itself when
 * ICU has to be asked. *ascii: it is all ASCII. */
static size_t word_end(const struct segmenter *s, size_t at, bool *ascii)
{
    size_t end = letters_end(s, at), size;
    enum break_class before = end > at ? s->byte_class[s->text[end - 1]] : BREAK_OTHER;
    unsigned char bytes = 0;

    for (;; end += size) {
        enum break_class c = class_at(s, end, &size);
        if (c == BREAK_OTHER || c == BREAK_QUOTE || (c == BREAK_CJK && before != BREAK_UNDERSCORE))
            break;
        if (c == BREAK_ICU || c == BREAK_CJK)
            return at;
        if (c == BREAK_EXTEND) {
            if (before == BREAK_UNDERSCORE || before == BREAK_HANGUL)
                return at; /* it is no word, then, but only if nothing follows */
        } else if (c >= BREAK_UNDERSCORE) {
            if (before != BREAK_OTHER && (c == BREAK_HANGUL) != (before == BREAK_HANGUL))
                return at;
            before = c;
        } else {
            size_t after;
            c = go_on(s, end, before, c, &after);
            if (c == BREAK_ICU)
                return at;
            if (c == BREAK_OTHER)
                break;
            size = after - end;
        }
        bytes |= s->text[end];
    }
    *ascii = bytes < 0x80;
    return end;
}

/* Where the segment of the character at `at`, in front of which stands no word, may begin: a mark
 * belongs to the character before it, and spaces in a row are one segment. */
static size_t segment_start(const struct segmenter *s, size_t at)
{
    if (at == s->ran_to)
        return at;
    size_t size, back = at - 1;
    while (back > s->ran_to && at - back < 4 && (s->text[back] & 0xC0) == 0x80)
        back--;
    utf8_next((const char *)s->text + back, s->len - back, &size);
    at = back + size == at ? back : at - 1; /* else a bad byte, alone like a newline */
    while (at > s->ran_to && s->text[at] == ' ' && s->text[at - 1] == ' ')
        at--;
    return at;
}

static bool is_unspaced(const struct segmenter *s, size_t at)
{
    size_t size;

    return char_class(char_next((const char *)s->text + at, s->len - at, &size)) == CHAR_UNSPACED;
}

/* Where the run that begins at `start` and holds what is before `from` ends: at the first OTHER
 * character from which RUN_GAP bytes are none for ICU, or at any once the run is long. */
static size_t run_end(const struct segmenter *s, size_t start, size_t from)
{
    size_t cut = 0; /* the first chance since the last byte for ICU; 0: none */

    for (size_t i = from, size; i < s->len; i += size) {
        enum break_class c = class_at(s, i, &size);
        if (c == BREAK_ICU)
            cut = 0;
        else if (c == BREAK_OTHER && cut == 0)
            cut = i;
        if (cut != 0 && (i - cut >= RUN_GAP || i - start >= RUN_BYTES))
            break;
        if (i - start >= RUN_BYTES_MAX && is_unspaced(s, i))
            return i;
    }
    return cut != 0 ? cut : s->len;
}

/* Writes text[start..end) to `units`, each bad byte as a newline; returns how many there are,
 * never more than bytes. */
static int32_t widen(struct segmenter *s, size_t start, size_t end)
{
    UChar *out = s->units;

    for (size_t i = start; i < end;) {
        if (s->text[i] < 0x80) {
            *out++ = s->text[i++];
            continue;
        }
        size_t size;
        uint32_t cp = char_next((const char *)s->text + i, end - i, &size);
        i += size;
        if (size == 1) {
            *out++ = '\n';
        } else if (size < 4) {
            *out++ = (UChar)cp;
        } else {
            *out++ = U16_LEAD(cp);
            *out++ = U16_TRAIL(cp);
        }
    }
    return (int32_t)(out - s->units);
}

/* Writes text[start..end) to s->units; how many there are, or SEGMENT_NOMEM. */
static int32_t widen_all(struct segmenter *s, size_t start, size_t end)
{
    if (end - start > s->units_cap) {
        size_t cap = end - start + RUN_BYTES;
        UChar *units = mem_realloc(s->units, cap * sizeof(*units));
        if (units == NULL)
            return SEGMENT_NOMEM;
        s->units = units;
        s->units_cap = cap;
    }
    return widen(s, start, end);
}

/* Sets ICU to work on the run that begins at `start`, because of the word or character at `at`. */
static int run_begin(struct segmenter *s, size_t start, size_t at)
{
    size_t end = run_end(s, start, at);
    int32_t units = widen_all(s, start, end);
    UErrorCode status = U_ZERO_ERROR;

    if (units == SEGMENT_NOMEM)
        return SEGMENT_NOMEM;
    ubrk_setText(s->breaks, s->units, units, &status);
    if (U_FAILURE(status))
        return SEGMENT_NOMEM;
    s->at = s->ran_to = end;
    s->in_run = true;
    s->unit_at = 0;
    s->byte_at = start;
    return 0;
}

/* Bytes in UTF-8 of units[0..len): half a surrogate pair is half of four. */
static size_t utf8_size(const UChar *units, int32_t len)
{
    size_t size = 0;

    for (int32_t i = 0; i < len; i++)
        size += units[i] < 0x80 ? 1 : units[i] < 0x800 || U16_IS_SURROGATE(units[i]) ? 2 : 3;
    return size;
}

/* Whether ICU's segment is a word: it has a status that says so; or it is a Chinese sign, which may
 * have one only among others (U+3005, U+20BB7). */
static bool is_word(const struct segmenter *s, const UChar *units, int32_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar32 cp = units[0];

    if (ubrk_getRuleStatus(s->breaks) >= UBRK_WORD_NONE_LIMIT)
        return true;
    if (len > 1 && U16_IS_LEAD(units[0]))
        cp = (UChar32)U16_GET_SUPPLEMENTARY(units[0], units[1]);
    return cp >= 0x2E80 && uscript_getScript(cp, &status) == USCRIPT_HAN;
}

/* The run's next word; false when it has none left. */
static bool run_next(struct segmenter *s, struct word *out)
{
    int32_t to;

    while ((to = ubrk_next(s->breaks)) != UBRK_DONE) {
        size_t start = s->byte_at;
        out->units = s->units + s->unit_at;
        out->units_len = to - s->unit_at;
        s->unit_at = to;
        s->byte_at += utf8_size(out->units, out->units_len);
        if (!is_word(s, out->units, out->units_len))
            continue;
        out->start = (uint32_t)start;
        out->end = (uint32_t)s->byte_at;
        if (s->byte_at - start == (size_t)out->units_len)
            out->units = NULL;
        return true;
    }
    s->in_run = false;
    return false;
}

/* Divides the Chinese or Japanese from `start` on into words; 0: ICU has to, SEGMENT_NOMEM. */
static int cjk_begin(struct segmenter *s, size_t start)
{
    size_t end = start, size;
    enum break_class c;

    if (!s->cjk)
        return 0;
    while ((c = class_at(s, end, &size)) == BREAK_CJK && end - start < (size_t)3 * CJK_RUN_MAX)
        end += size;
    if (c == BREAK_ICU || c == BREAK_CJK || c == BREAK_EXTEND || c == BREAK_UNDERSCORE)
        return 0;
    int32_t units = widen_all(s, start, end);
    if (units == SEGMENT_NOMEM)
        return SEGMENT_NOMEM;
    s->cjk_count = cjk_divide(s->units, units, s->cjk_ends);
    s->cjk_next = 0;
    s->unit_at = 0;
    s->byte_at = start;
    s->at = end;
    return 1;
}

/* The next word that cjk_begin() found. */
static void cjk_word(struct segmenter *s, struct word *out)
{
    int32_t from = s->unit_at, to = s->cjk_ends[s->cjk_next++];
    size_t start = s->byte_at;

    s->unit_at = to;
    s->byte_at += (size_t)(3 * (to - from));
    *out = (struct word){(uint32_t)start, (uint32_t)s->byte_at, s->units + from, to - from};
}

/* Sets *out to the word text[start..end) that the scan found. */
static int scanned(struct segmenter *s, size_t start, size_t end, bool ascii, struct word *out)
{
    size_t told =
        start + (size_t)4 * SEGMENT_UNITS_MAX; /* bytes: a fourth as many units, or more */
    int32_t units = 0;

    if (!ascii)
        units =
            widen_all(s, start, end <= told ? end : utf8_floor((const char *)s->text, end, told));

    if (units == SEGMENT_NOMEM)
        return SEGMENT_NOMEM;
    *out = (struct word){(uint32_t)start, (uint32_t)end, ascii ? NULL : s->units, units};
    return 1;
}

int segment_next(struct segmenter *s, struct word *out)
{
    for (;;) {
        size_t size;
        enum break_class c;
        if (s->cjk_next < s->cjk_count) {
            cjk_word(s, out);
            return 1;
        }
        if (s->in_run && run_next(s, out))
            return 1;
        while (s->at < s->len && s->byte_class[s->text[s->at]] < BREAK_UNDERSCORE)
            s->at++;
        while ((c = class_at(s, s->at, &size)) < BREAK_UNDERSCORE && s->at < s->len)
            s->at += size;
        if (s->at == s->len)
            return 0;
        size_t start = s->at;
        bool starts = c <= BREAK_HANGUL, ascii;
        if (c == BREAK_CJK) {
            int rc = cjk_begin(s, start);
            if (rc == 0)
                rc = run_begin(s, start, start);
            if (rc == SEGMENT_NOMEM)
                return rc;
            continue;
        }
        size_t end = starts ? word_end(s, start, &ascii) : start;
        if (end == start) {
            if (run_begin(s, starts ? start : segment_start(s, start), start) != 0)
                return SEGMENT_NOMEM;
            continue;
        }
        s->at = end;
        if (end - start == 1 && s->text[start] == '_')
            continue; /* ICU counts a lone underscore, and no longer row, as punctuation */
        return scanned(s, start, end, ascii, out);
    }
}

/* ---- words that nobody asks for ------------------------------------------------------------------ */

/* The bits of the text from `at` on, as far as they are known. */
static struct plain plain_from(struct segmenter *s, size_t at)
{
    if (at < s->plain_at || at - s->plain_at >= PLAIN_BYTES) {
        plain_read(s->text + at, s->len - at, &s->plain);
        s->plain_at = at;
    }
    size_t past = at - s->plain_at;
    return (struct plain){s->plain.words >> past, s->plain.capitals >> past,
                          s->plain.others >> past};
}

/* Moves to the next plain word; false: something else comes first, or nothing. */
static bool plain_start(struct segmenter *s, struct plain *p)
{
    for (*p = plain_from(s, s->at); p->words == 0 && p->others == 0; *p = plain_from(s, s->at)) {
        s->at = s->plain_at + PLAIN_BYTES;
        if (s->at >= s->len) {
            s->at = s->len;
            return false;
        }
    }
    if (p->words == 0 || (p->others != 0 && (p->others & -p->others) < (p->words & -p->words)))
        return false;
    unsigned before = (unsigned)__builtin_ctzll(p->words);
    s->at += before;
    *p = (struct plain){p->words >> before, p->capitals >> before, p->others >> before};
    return true;
}

static size_t ones(uint64_t bits)
{
    return ~bits == 0 ? 64 : (size_t)__builtin_ctzll(~bits);
}

/* Bytes of the word at s->at, of which *p tells; PLAIN_BYTES: so many or more. */
static size_t plain_size(struct segmenter *s, struct plain *p)
{
    size_t size = ones(p->words);

    if (s->at + size < s->plain_at + PLAIN_BYTES)
        return size;
    s->plain_at = s->len + 1; /* it ends behind what is known */
    *p = plain_from(s, s->at);
    return ones(p->words);
}

/* Whether a plain word ends in front of `end`: what stands there is ASCII that is part of no word, and
 * joins nothing. A stop does only if a word may begin behind it. */
static bool ends_plain(const struct segmenter *s, size_t end)
{
    if (end == s->len)
        return true;
    enum break_class c = s->byte_class[s->text[end]];
    if (c >= BREAK_UNDERSCORE || plain_joins(s->text[end]))
        return false;
    bool stop = c == BREAK_MID || c == BREAK_MID_DIGITS;
    return !stop || end + 1 == s->len || s->byte_class[s->text[end + 1]] < BREAK_UNDERSCORE;
}

static bool is_plain(const struct segmenter *s, size_t size, uint64_t capitals)
{
    return size < PLAIN_BYTES && (capitals & ((UINT64_C(1) << size) - 2)) == 0 &&
           ends_plain(s, s->at + size);
}

size_t segment_skip(struct segmenter *s, const struct wanted_terms *wanted)
{
    struct plain p;
    size_t count = 0;

    if (s->in_run || s->cjk_next < s->cjk_count)
        return 0;
    while (count < SEGMENT_SKIP_MAX && s->at < s->len && plain_start(s, &p)) {
        size_t size = plain_size(s, &p);
        if (!is_plain(s, size, p.capitals) ||
            (wanted->lengths[s->text[s->at] | 0x20] & wanted_length(size)) != 0)
            break;
        s->at += size;
        count++;
    }
    return count;
}
