/* The leaves of one query: lexemes to words, phrases, prefixes and filters, with the limit on
 * how many distinct ones a query may hold and with what is worth a warning. */
#ifndef INDEX_QUERY_LEAF_H
#define INDEX_QUERY_LEAF_H

#include "index/query/lexer.h"

struct leaves {
    struct analyzer *an; /* borrowed, as is `mem` */
    struct arena *mem;
    int64_t now;
    struct leaf_key **buckets; /* the distinct leaves so far, by hash */
    size_t distinct;           /* of those, all but the filters */
    size_t words;              /* of all of them together; a filter counts too */
    struct sx_str *warnings;
    size_t warning_count;
    struct buf scratch;
    bool whole_runs; /* a run of a script without spaces is a phrase: behind + and - */
};

/* leaves_release() also after a failure. What was made stays valid: it lives in `mem`. */
sx_status leaves_init(struct leaves *l, struct analyzer *an, struct arena *mem, int64_t now,
                      struct sx_error *err);
void leaves_release(struct leaves *l);

/* Makes the leaf of `lex` (WORD, PHRASE, FILTER, or an operator to be read as a word) in `field`.
 * *out is NULL when there is nothing in it to search for. SX_EQUERY: an impossible date, or one
 * word more than SX_QUERY_WORDS_MAX in all distinct leaves. */
sx_status leaves_make(struct leaves *l, const struct lexeme *lex, enum ast_field field,
                      struct ast **out, struct sx_error *err);

#endif
