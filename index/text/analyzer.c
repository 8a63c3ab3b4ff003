/* The analyzer: words, each folded, each a term.
 *
 * Folding may change more than case: U+FDFA becomes four words, a soft hyphen alone nothing, and
 * Thai with a vowel taken apart breaks elsewhere. Such a form goes through segmentation again,
 * and each word found in it is a term: no term holds what separates words, and an index term
 * read as text is that term (but for scripts broken by dictionary, where neighbours matter). */
#include "index/text/analyzer.h"

#include <unicode/uvernum.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/utf8.h"
#include "index/text/fold.h"
#include "index/text/segment.h"

struct analyzer {
    struct segmenter words;
    struct segmenter parts; /* of a folded word */
    struct fold fold;
    char term[TERM_MAX];
};

/* A run of the analyzer: where its tokens go. */
struct sink {
    token_fn fn;
    void *ctx;
};

struct analyzer *analyzer_new(void)
{
    struct analyzer *a = mem_zalloc(1, sizeof(*a));

    if (a == NULL)
        return NULL;
    if (!segment_init(&a->words) || !segment_init(&a->parts) || !fold_init(&a->fold)) {
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
    segment_release(&a->parts);
    mem_free(a);
}

/* Tells one token of `word`, cut to what a term may hold. */
static int tell(struct sink to, const struct word *word, const char *term, size_t len)
{
    struct token token = {
        .term = {term, utf8_floor(term, len, TERM_MAX)},
        .start = word->start,
        .end = word->end,
        .kind = TOKEN_WORD,
        .span = 1,
    };

    return to.fn(to.ctx, &token);
}

/* Tells the words of a folded form, all at the place of `word`. */
static int tell_parts(struct analyzer *a, struct sink to, const struct word *word,
                      struct sx_str form)
{
    struct word part;
    int rc = 0;

    segment_begin(&a->parts, form.ptr, form.len);
    while (rc == 0 && (rc = segment_next(&a->parts, &part)) > 0)
        rc = tell(to, word, form.ptr + part.start, part.end - part.start);
    return rc == SEGMENT_NOMEM ? ANALYZER_NOMEM : rc;
}

static int tell_wide(struct analyzer *a, struct sink to, const struct word *word)
{
    struct sx_str form;
    bool reshaped;

    if (!fold_word(&a->fold, word->units, word->units_len, &form, &reshaped))
        return ANALYZER_NOMEM;
    if (reshaped)
        return tell_parts(a, to, word, form);
    return tell(to, word, form.ptr, form.len);
}

static int tell_ascii(struct analyzer *a, struct sink to, const struct word *word, const char *text)
{
    size_t len = word->end - word->start;

    if (len > TERM_MAX)
        len = TERM_MAX;
    fold_ascii(a->term, text + word->start, len);
    return tell(to, word, a->term, len);
}

int analyzer_run(struct analyzer *a, const char *text, size_t len, token_fn fn, void *ctx)
{
    struct sink to = {fn, ctx};
    struct word word;
    int rc = 0;

    if (len > ANALYZER_TEXT_MAX)
        return ANALYZER_NOMEM;
    segment_begin(&a->words, text, len);
    while (rc == 0 && (rc = segment_next(&a->words, &word)) > 0)
        rc = word.units == NULL ? tell_ascii(a, to, &word, text) : tell_wide(a, to, &word);
    return rc == SEGMENT_NOMEM ? ANALYZER_NOMEM : rc;
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
