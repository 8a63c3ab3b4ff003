/* Word boundaries.
 *
 * Why an ASCII scan of our own is exact: UAX 29 looks at most two characters ahead of a
 * boundary, and what it looks at is a character's class. Inside ASCII the classes are few
 * (below), and there are no marks, so the rules become a loop. Where a byte past ASCII would
 * have a say, the scan gives up that word and ICU starts at its beginning.
 *
 * Why ICU may start there and stop early: an ASCII character of class OTHER (space, controls,
 * most punctuation) joins nothing before it but, being a space, other spaces; and behind it only
 * marks. So every text may be cut in front of such a character, and ICU's forward automaton,
 * started at a boundary, knows nothing of the text before. Dictionaries (Thai, Chinese ...) see
 * only what lies between two such boundaries. */
#include "index/text/segment.h"

#include <unicode/uscript.h>

#include "index/base/alloc.h"
#include "index/base/utf8.h"

/* ICU is kept at work through gaps of up to so many ASCII bytes: starting it costs more. */
#define RUN_GAP 24
/* From here on a run ends at the first chance, which bounds `units` for ordinary text. */
#define RUN_BYTES 16384
/* A larger buffer, which takes a long text without spaces, is not kept for the next text. */
#define UNITS_KEEP (1U << 20)

enum {
    O, /* other: joins nothing */
    Q, /* quote: joins Hebrew letters only */
    M, /* middle of letters or of digits: . ' */
    N, /* middle of digits: , ; */
    U, /* underscore: joins letters, digits, itself */
    D, /* digit */
    L, /* letter, and @, which ICU counts as one */
    W, /* wide: a byte past ASCII */
};

/* clang-format off */
static const unsigned char class_of[256] = {
    O,O,O,O,O,O,O,O,O,O,O,O,O,O,O,O, O,O,O,O,O,O,O,O,O,O,O,O,O,O,O,O,
    O,O,Q,O,O,O,O,M,O,O,O,O,N,O,M,O, D,D,D,D,D,D,D,D,D,D,O,N,O,O,O,O,
    L,L,L,L,L,L,L,L,L,L,L,L,L,L,L,L, L,L,L,L,L,L,L,L,L,L,L,O,O,O,O,U,
    O,L,L,L,L,L,L,L,L,L,L,L,L,L,L,L, L,L,L,L,L,L,L,L,L,L,L,O,O,O,O,O,
    W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,W, W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,
    W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,W, W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,
    W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,W, W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,
    W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,W, W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,W,
};
/* clang-format on */

bool segment_init(struct segmenter *s)
{
    UErrorCode status = U_ZERO_ERROR;

    *s = (struct segmenter){0};
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
}

/* Class of the byte at `at`; the end of the text separates like a space. */
static unsigned char class_at(const struct segmenter *s, size_t at)
{
    return at < s->len ? class_of[s->text[at]] : O;
}

/* Where the word that begins at `at` with a letter, digit or underscore ends; `at` itself when
 * a byte past ASCII has a say in that. */
static size_t ascii_word_end(const struct segmenter *s, size_t at)
{
    size_t end = at + 1;

    for (;;) {
        unsigned char c = class_at(s, end);
        while (c >= U && c <= L)
            c = class_at(s, ++end);
        if (c == W)
            return at;
        if (c != M && c != N)
            return end;
        unsigned char before = class_of[s->text[end - 1]];
        if (before != D && (before != L || c != M))
            return end;
        unsigned char after = class_at(s, end + 1);
        if (after == W)
            return at;
        if (after != before)
            return end;
        end += 2;
    }
}

/* Where the segment of the wide character at `at`, in front of which stands no word, may begin:
 * a mark belongs to the character before it, and spaces in a row are one segment. */
static size_t segment_start(const struct segmenter *s, size_t at)
{
    if (at == 0)
        return 0;
    at--;
    while (at > 0 && s->text[at] == ' ' && s->text[at - 1] == ' ')
        at--;
    return at;
}

/* Where the run that begins at `start` and holds what is before `from` ends: at the first OTHER
 * character from which RUN_GAP bytes are all ASCII, or at any once the run is long. */
static size_t run_end(const struct segmenter *s, size_t start, size_t from)
{
    size_t cut = 0; /* the first chance since the last wide byte; 0: none */

    for (size_t i = from; i < s->len; i++) {
        unsigned char c = class_of[s->text[i]];
        if (c == W)
            cut = 0;
        else if (c == O && cut == 0)
            cut = i;
        if (cut != 0 && (i - cut >= RUN_GAP || i - start >= RUN_BYTES))
            break;
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
        uint32_t cp = utf8_next((const char *)s->text + i, end - i, &size);
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

/* Sets ICU to work on the run that begins at `start`, because of the word or character at `at`. */
static int run_begin(struct segmenter *s, size_t start, size_t at)
{
    size_t end = run_end(s, start, at + 1);

    if (end - start > s->units_cap) {
        size_t cap = end - start + RUN_BYTES;
        UChar *units = mem_realloc(s->units, cap * sizeof(*units));
        if (units == NULL)
            return SEGMENT_NOMEM;
        s->units = units;
        s->units_cap = cap;
    }
    UErrorCode status = U_ZERO_ERROR;
    ubrk_setText(s->breaks, s->units, widen(s, start, end), &status);
    if (U_FAILURE(status))
        return SEGMENT_NOMEM;
    s->at = end;
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

/* Whether ICU's segment that begins with `unit` is a word: it has a status that says so; or is
 * one of the Chinese signs, none above U+FFFF, that have one only among others (U+3005). */
static bool is_word(const struct segmenter *s, UChar unit)
{
    UErrorCode status = U_ZERO_ERROR;

    return ubrk_getRuleStatus(s->breaks) >= UBRK_WORD_NONE_LIMIT ||
           (unit >= 0x2E80 && uscript_getScript(unit, &status) == USCRIPT_HAN);
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
        if (!is_word(s, out->units[0]))
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

int segment_next(struct segmenter *s, struct word *out)
{
    for (;;) {
        if (s->in_run && run_next(s, out))
            return 1;
        while (s->at < s->len && class_of[s->text[s->at]] < U)
            s->at++;
        if (s->at == s->len)
            return 0;
        size_t start = s->at;
        bool wide = class_of[s->text[start]] == W;
        size_t end = wide ? start : ascii_word_end(s, start);
        if (end == start) {
            if (run_begin(s, wide ? segment_start(s, start) : start, start) != 0)
                return SEGMENT_NOMEM;
            continue;
        }
        s->at = end;
        if (end - start == 1 && s->text[start] == '_')
            continue; /* ICU counts a lone underscore, and no longer row, as punctuation */
        *out = (struct word){(uint32_t)start, (uint32_t)end, NULL, 0};
        return 1;
    }
}
