/* The analyzer: words, what is inside them, and what they are parts of.
 *
 * segment.h finds ICU's words; cluster.h reads those of scripts without spaces, compound.h all
 * others; fold.h makes terms; chain.h puts together what hyphens join. Most words of most texts
 * are letters with nothing inside and no joint behind: they take the short ways below, which
 * give the tokens that the long one would. */
#include "index/text/analyzer.h"

#include <endian.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/utf16.h>
#include <unicode/uvernum.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/utf8.h"
#include "index/text/chain.h"
#include "index/text/chars.h"
#include "index/text/cluster.h"
#include "index/text/compound.h"
#include "index/text/fold.h"
#include "index/text/segment.h"

#define SIGN_WORD_MAX 16 /* letters before ++ and # that make a name with them */

/* The terms told of one word, so that none is told twice. */
struct told {
    size_t count;
    unsigned char lens[COMPOUND_PARTS_MAX + 1];
    char terms[COMPOUND_PARTS_MAX + 1][TERM_MAX];
};

struct analyzer {
    struct segmenter words;
    struct fold fold;
    struct run run;
    struct chain chain;
    struct compound word;
    struct compound reshaped; /* a folded form that is to be read as words */
    struct told told;
    struct sink to; /* of the text in hand, as are the next two */
    const char *text;
    size_t len;
    char form[3U * FOLD_WIDE_MAX];
    UChar units[2 * COMPOUND_MAX];
};

struct analyzer *analyzer_new(void)
{
    struct analyzer *a = mem_zalloc(1, sizeof(*a));

    if (a == NULL)
        return NULL;
    if (!segment_init(&a->words) || !fold_init(&a->fold)) {
        analyzer_free(a);
        return NULL;
    }
    return a;
}

void analyzer_free(struct analyzer *a)
{
    if (a == NULL)
        return;
    segment_release(&a->words);
    mem_free(a);
}

/* ---- tokens of a word ---------------------------------------------------------------------- */

/* Where in the text, and as what, terms are told. */
struct place {
    uint32_t start, end;
    enum token_kind kind;
};

/* Whether the word has had this term already; notes it if not. */
static bool is_told(struct told *told, const char *term, size_t len)
{
    for (size_t i = 0; i < told->count; i++) {
        if (told->lens[i] == len && memcmp(told->terms[i], term, len) == 0)
            return true;
    }
    if (told->count > COMPOUND_PARTS_MAX)
        return true;
    memcpy(told->terms[told->count], term, len);
    told->lens[told->count++] = (unsigned char)len;
    return false;
}

/* Tells a term, cut to what one may hold; an empty one is none. */
static int tell(struct analyzer *a, struct place at, const char *term, size_t len)
{
    struct token token = {
        .term = {term, len <= TERM_MAX ? len : utf8_floor(term, len, TERM_MAX)},
        .start = at.start,
        .end = at.end,
        .kind = at.kind,
        .span = 1,
    };

    if (len == 0 || (at.kind == TOKEN_PART && is_told(&a->told, term, token.term.len)))
        return 0;
    return chain_put(&a->chain, &token, &a->to);
}

/* Tells what a sign that folds to words or joints is made of: U+FDFA is four words, U+0149 has
 * an apostrophe. */
static int tell_reshaped(struct analyzer *a, struct place at, struct sx_str form)
{
    int rc = 0;

    memcpy(a->form, form.ptr, form.len);
    for (size_t from = 0, to; from < form.len && rc == 0; from = to + 1) {
        const char *space = memchr(a->form + from, ' ', form.len - from);
        struct sx_str term;
        bool reshaped;
        to = space == NULL ? form.len : (size_t)(space - a->form);
        compound_read(&a->reshaped, a->form, (uint32_t)from, (uint32_t)to);
        struct compound_part all = {0, (uint32_t)a->reshaped.count};
        int32_t units = compound_units(&a->reshaped, all, a->units);
        if (!fold_word(&a->fold, a->units, units, &term, &reshaped))
            return ANALYZER_NOMEM;
        rc = tell(a, at, term.ptr, term.len);
    }
    return rc;
}

static int tell_units(struct analyzer *a, struct place at, const UChar *units, int32_t len)
{
    struct sx_str form;
    bool reshaped;

    if (!fold_word(&a->fold, units, len, &form, &reshaped))
        return ANALYZER_NOMEM;
    return reshaped ? tell_reshaped(a, at, form) : tell(a, at, form.ptr, form.len);
}

static int tell_part(struct analyzer *a, struct compound_part part)
{
    const struct compound *c = &a->word;
    struct place at = {c->chars[part.from].at, c->chars[part.to].at, TOKEN_PART};

    return tell_units(a, at, a->units, compound_units(c, part, a->units));
}

/* Tells the word text[start..end), read into a->word, and its parts. */
static int tell_compound(struct analyzer *a, uint32_t start, uint32_t end)
{
    struct compound_part parts[COMPOUND_PARTS_MAX];
    struct compound_part all = {0, (uint32_t)a->word.count};
    struct place at = {start, end, TOKEN_WORD};
    int32_t units = compound_units(&a->word, all, a->units);
    struct sx_str form;
    bool reshaped;

    if (!fold_word(&a->fold, a->units, units, &form, &reshaped))
        return ANALYZER_NOMEM;
    if (reshaped)
        return tell_reshaped(a, at, form); /* no longer one word: it has no parts */
    int rc = tell(a, at, form.ptr, form.len);
    size_t count = form.len == 0 ? 0 : compound_parts(&a->word, parts);
    a->told.count = 0;
    if (form.len <= TERM_MAX)
        is_told(&a->told, form.ptr, form.len);
    a->chain.possessive = count > 0 && compound_is_possessive(&a->word, parts[0]);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = tell_part(a, parts[i]);
    return rc;
}

/* Where the sign of a name such as c++ or c# behind the word text[start..end) ends; `end`: there
 * is none. */
static uint32_t sign_end(const struct analyzer *a, uint32_t start, uint32_t end)
{
    const char *p = a->text + end;
    size_t left = a->len - end;
    size_t size = left >= 1 && p[0] == '#' ? 1 : left >= 2 && p[0] == '+' && p[1] == '+' ? 2 : 0;

    if (size == 0 || end - start > SIGN_WORD_MAX)
        return end;
    for (uint32_t i = start; i < end; i++) {
        unsigned char lower = (unsigned char)a->text[i] | 0x20;
        if (lower < 'a' || lower > 'z')
            return end;
    }
    if (left > size) {
        size_t unused;
        uint32_t cp = utf8_next(p + size, left - size, &unused);
        if (u_isalnum((UChar32)cp))
            return end;
    }
    return end + (uint32_t)size;
}

/* Tells c++ for the word c in front of such signs. */
static int tell_signed(struct analyzer *a, uint32_t start, uint32_t end)
{
    uint32_t to = sign_end(a, start, end);
    char term[SIGN_WORD_MAX + 2];
    struct place at = {start, to, TOKEN_WHOLE};

    if (to == end)
        return 0;
    fold_ascii(term, a->text + start, to - start);
    return tell(a, at, term, to - start);
}

/* ---- words --------------------------------------------------------------------------------- */

/* What ICU gave, to be read for what it is made of. */
enum shape {
    PLAIN,    /* letters, marks and digits that make one term */
    COMPOUND, /* joints, or capitals inside */
    CLUSTERS, /* a script without spaces */
    MIXED     /* that and something else */
};

/* Tells a word of a script with spaces, and what it is a part of. */
static int spaced_word(struct analyzer *a, const struct word *w, enum shape shape)
{
    struct place at = {w->start, w->end, TOKEN_WORD};
    uint32_t next = 0;
    enum chain_joint joint = chain_joint_at(a->text, a->len, w->end, &next);
    int rc = run_finish(&a->run, &a->to);

    if (rc == 0)
        rc = chain_enter(&a->chain, w->start, joint, &a->to);
    if (rc != 0)
        return rc;
    if (shape == PLAIN && w->units != NULL) {
        rc = tell_units(a, at, w->units, w->units_len);
    } else {
        compound_read(&a->word, a->text, w->start, w->end);
        rc = tell_compound(a, w->start, w->end);
    }
    if (rc == 0 && w->end < a->len && (a->text[w->end] == '+' || a->text[w->end] == '#'))
        rc = tell_signed(a, w->start, w->end);
    return rc == 0 ? chain_leave(&a->chain, joint, next, &a->to) : rc;
}

static int clusters_word(struct analyzer *a, uint32_t start, uint32_t end)
{
    int rc = chain_finish(&a->chain, &a->to);

    return rc == 0 ? run_word(&a->run, start, end, &a->to) : rc;
}

/* Where the piece of a mixed word that begins at `at` ends: all of one script's kind. `holds`: a
 * letter or digit is in it. */
static uint32_t piece_end(const struct analyzer *a, uint32_t at, uint32_t end, bool *unspaced,
                          bool *holds)
{
    size_t size;
    uint32_t cp = utf8_next(a->text + at, end - at, &size);
    enum char_class class = char_class(cp);

    *unspaced = class == CHAR_UNSPACED || (class == CHAR_MARK && char_is_unspaced(cp));
    *holds = *unspaced;
    for (; at < end; at += (uint32_t)size) {
        class = char_class(utf8_next(a->text + at, end - at, &size));
        if (class != CHAR_MARK && (class == CHAR_UNSPACED) != *unspaced)
            break;
        *holds = *holds || class < CHAR_MARK;
    }
    return at;
}

/* Whether ICU has `cp` in a word only between letters or digits. */
static bool only_joins(uint32_t cp)
{
    switch (u_getIntPropertyValue((UChar32)cp, UCHAR_WORD_BREAK)) {
    case U_WB_MIDLETTER:
    case U_WB_MIDNUM:
    case U_WB_MIDNUMLET:
    case U_WB_SINGLE_QUOTE:
    case U_WB_DOUBLE_QUOTE:
        return true;
    default:
        return false;
    }
}

/* The piece text[start..end) as the word it is where it stands alone: without the stops at its
 * ends, which join it to the other pieces. */
static struct word alone(const struct analyzer *a, uint32_t start, uint32_t end)
{
    struct word piece = {.start = start, .end = start};
    bool begun = false;

    for (size_t at = start, size; at < end; at += size) {
        uint32_t cp = utf8_next(a->text + at, end - at, &size);
        if (char_is_mark(cp) ? !begun || piece.end < at : only_joins(cp))
            continue;
        if (!begun)
            piece.start = (uint32_t)at;
        begun = true;
        piece.end = (uint32_t)(at + size);
    }
    return piece;
}

static int mixed_word(struct analyzer *a, const struct word *w)
{
    uint32_t at = w->start < a->run.end ? a->run.end : w->start; /* a cluster may reach into it */
    int rc = 0;

    for (uint32_t to; at < w->end && rc == 0; at = to) {
        bool unspaced, holds;
        to = piece_end(a, at, w->end, &unspaced, &holds);
        if (unspaced) {
            rc = clusters_word(a, at, to);
        } else if (holds) {
            struct word piece = alone(a, at, to);
            rc = spaced_word(a, &piece, COMPOUND);
        }
    }
    return rc;
}

/* The code point at units[*i], which moves on; surrogates come in pairs. */
static uint32_t next_cp(const UChar *units, int32_t *i)
{
    uint32_t unit = units[(*i)++];

    return U16_IS_LEAD(unit) ? (uint32_t)U16_GET_SUPPLEMENTARY(unit, units[(*i)++]) : unit;
}

static enum shape shape_of(const struct word *w)
{
    unsigned seen = 0;
    bool capital = false; /* past the first character */

    for (int32_t i = 0; i < w->units_len;) {
        enum char_class class = char_class(next_cp(w->units, &i));
        capital = capital || (class == CHAR_UPPER && seen != 0);
        seen |= 1U << class;
    }
    if (seen == 1U << CHAR_MARK)
        return char_is_unspaced(w->units[0]) ? CLUSTERS : PLAIN;
    if ((seen & 1U << CHAR_UNSPACED) != 0)
        return (seen & ~(1U << CHAR_UNSPACED | 1U << CHAR_MARK)) == 0 ? CLUSTERS : MIXED;
    if (seen >= 1U << CHAR_AT || (capital && (seen & 1U << CHAR_LOWER) != 0))
        return COMPOUND;
    return PLAIN;
}

static int wide_word(struct analyzer *a, const struct word *w)
{
    enum shape shape = shape_of(w);

    if (shape == CLUSTERS)
        return clusters_word(a, w->start, w->end);
    if (shape == MIXED || w->start < a->run.end)
        return mixed_word(a, w);
    return spaced_word(a, w, shape);
}

/* ---- ASCII words --------------------------------------------------------------------------- */

#define BYTES(b) ((uint64_t)(b)*0x0101010101010101u)

/* The high bits of those of eight ASCII bytes that lie between `first` and `last`. */
static uint64_t bytes_between(uint64_t bytes, unsigned char first, unsigned char last)
{
    return (bytes + BYTES(0x80 - first)) & ~(bytes + BYTES(0x7F - last)) & BYTES(0x80);
}

/* Writes an ASCII word in lower case, eight bytes at a time. True: it is letters and digits without
 * a capital that may begin a part, and fits. `left`: bytes of the text from the word on. */
static bool fold_plain(char out[TERM_MAX + 1], const char *p, size_t len, size_t left)
{
    uint64_t any_lower = 0, capital = 0, any_other = 0;

    if (len > TERM_MAX)
        return false;
    for (size_t i = 0; i < len; i += 8) {
        size_t n = len - i < 8 ? len - i : 8;
        uint64_t bytes = 0, all = BYTES(0x80) >> (64 - 8 * n); /* the word's */
        if (left - i >= 8)
            memcpy(&bytes, p + i, 8);
        else
            memcpy(&bytes, p + i, n);
        bytes = le64toh(bytes) & BYTES(0x7F);
        uint64_t upper = bytes_between(bytes, 'A', 'Z') & all;
        uint64_t lower = bytes_between(bytes, 'a', 'z') & all;
        any_lower |= lower;
        capital |= i == 0 ? upper & ~(uint64_t)0x80 : upper;
        any_other |= all & ~(upper | lower | bytes_between(bytes, '0', '9'));
        bytes = htole64(bytes | upper >> 2);
        memcpy(out + i, &bytes, 8);
    }
    return any_other == 0 && (capital == 0 || any_lower == 0);
}

/* Whether the byte behind a word may be part of what is to be told of it. */
static bool is_joining(const struct analyzer *a, uint32_t end)
{
    unsigned char c = end < a->len ? (unsigned char)a->text[end] : 0;

    return plain_joins(c) || c == 0xE2;
}

static int ascii_word(struct analyzer *a, const struct word *w)
{
    char term[TERM_MAX + 1];
    size_t len = w->end - w->start;

    if (a->run.count > 0 || a->chain.joint != CHAIN_NONE || is_joining(a, w->end) ||
        !fold_plain(term, a->text + w->start, len, a->len - w->start))
        return spaced_word(a, w, COMPOUND);
    struct token token = {{term, len}, w->start, w->end, TOKEN_WORD, 1};
    return sink_put(&a->to, &token);
}

/* Nothing is held back: the next word has no say in what was told. */
static bool is_idle(const struct analyzer *a)
{
    return a->run.count == 0 && a->chain.joint == CHAIN_NONE;
}

static int run(struct analyzer *a, const char *text, size_t len, const struct wanted_terms *wanted,
               uint64_t *left_out, struct sink to)
{
    struct word word;
    int rc = 0;

    if (len > ANALYZER_TEXT_MAX)
        return ANALYZER_NOMEM;
    a->to = to;
    a->text = text;
    a->len = len;
    a->chain.joint = CHAIN_NONE;
    a->chain.told = false;
    a->chain.count = a->chain.used = 0;
    run_begin(&a->run, &a->fold, text, len);
    segment_begin(&a->words, text, len);
    while (rc == 0) {
        if (wanted != NULL && is_idle(a))
            *left_out += segment_skip(&a->words, wanted);
        rc = segment_next(&a->words, &word);
        if (rc <= 0)
            break;
        rc = word.units == NULL ? ascii_word(a, &word) : wide_word(a, &word);
    }
    if (rc == SEGMENT_NOMEM)
        return ANALYZER_NOMEM;
    if (rc == 0)
        rc = chain_finish(&a->chain, &a->to);
    return rc == 0 ? run_finish(&a->run, &a->to) : rc;
}

int analyzer_run(struct analyzer *a, const char *text, size_t len, token_fn fn, void *ctx)
{
    return run(a, text, len, NULL, NULL, (struct sink){fn, ctx});
}

int analyzer_skim(struct analyzer *a, const char *text, size_t len,
                  const struct wanted_terms *wanted, uint64_t *left_out, token_fn fn, void *ctx)
{
    *left_out = 0;
    return run(a, text, len, wanted, left_out, (struct sink){fn, ctx});
}

void analyzer_lower(const char *text, size_t len, struct buf *out)
{
    for (size_t i = 0, size; i < len; i += size) {
        uint32_t cp = utf8_next(text + i, len - i, &size);
        uint32_t lower = cp < 0x80 ? cp + (cp >= 'A' && cp <= 'Z' ? 32 : 0) : fold_lower(cp);
        char bytes[4];
        if (lower == cp)
            buf_put(out, text + i, size); /* a bad byte too: it stays what it is */
        else
            buf_put(out, bytes, utf8_encode(lower, bytes));
    }
}

const char *analyzer_library_version(void)
{
    return "ICU " U_ICU_VERSION;
}
