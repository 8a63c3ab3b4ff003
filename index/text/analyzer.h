/* The analyzer: text to terms. One pipeline for the FTS5 tokenizer, the query side, highlighting
 * and passages, so that they can never disagree. A pure function of the text: no language, no
 * configuration and no earlier text enters it. */
#ifndef INDEX_TEXT_ANALYZER_H
#define INDEX_TEXT_ANALYZER_H

#include <stdbool.h>
#include <stdint.h>

#include "index/base/error.h"
#include "index/text/plain.h"

#include <searchd/str.h>

/* Raised whenever the same text may give other terms than before. */
#define ANALYZER_VERSION 3

/* Longest term in bytes; what is longer is cut there, at a code point. */
#define TERM_MAX 255

/* No other term than a TOKEN_DICT's holds this byte; it ends there. */
#define DICT_MARK '\2'

enum token_kind {
    TOKEN_WORD,  /* takes a position: a word, a part between hyphens, a cluster of an unspaced
                  * script; the others stand at the position of the TOKEN_WORD before them: */
    TOKEN_PART,  /* a part of that word: http of parseHttpRequest */
    TOKEN_WHOLE, /* `span` positions from here on as one word: email of e-mail; c++, span 1 */
    TOKEN_PAIR,  /* this cluster and the next */
    TOKEN_DICT   /* a dictionary word of `span` clusters from here on, then DICT_MARK */
};

struct token {
    struct sx_str term;  /* folded; borrows until the callback returns */
    uint32_t start, end; /* bytes in the text of all that it covers */
    enum token_kind kind;
    uint32_t span; /* positions that it covers */
};

/* Return non-zero to stop: analyzer_run() then returns that value. */
typedef int (*token_fn)(void *ctx, const struct token *t);

struct analyzer;

/* One per thread. NULL: memory ran out, or ICU's data is missing. */
struct analyzer *analyzer_new(void);
void analyzer_free(struct analyzer *a);

/* Calls `fn` for each token of text[0..len): position by position the TOKEN_WORD, then those
 * beside it. A TOKEN_WORD starts where the one before it ends, or behind. Text that is not valid
 * UTF-8 is read with each bad byte as a separator. 0: all told; else what `fn` returned, or
 * ANALYZER_NOMEM, also for a text longer than ANALYZER_TEXT_MAX. Where one sign folds to several
 * words (U+FDFA), they follow one another with the same start and end. */
#define ANALYZER_NOMEM (-1)
#define ANALYZER_TEXT_MAX (64U << 20)
int analyzer_run(struct analyzer *a, const char *text, size_t len, token_fn fn, void *ctx);

/* The same, where few words are looked for: leaves out what it can of those whose term is none
 * wanted, and which have nothing beside them. *left_out: how many so far, whenever `fn` is called,
 * and in the end; each would have taken a position. */
int analyzer_skim(struct analyzer *a, const char *text, size_t len,
                  const struct wanted_terms *wanted, uint64_t *left_out, token_fn fn, void *ctx);

/* "ICU 72.1" */
const char *analyzer_library_version(void);

/* Appends the text in lower case, code point by code point, where that changes no token but a
 * TOKEN_PART that a capital set off: the form in which `parsed` prints words. */
struct buf;
void analyzer_lower(const char *text, size_t len, struct buf *out);

#endif
