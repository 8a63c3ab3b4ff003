/* A query as a tree: what the parser makes, what the printer prints, what the planner reads.
 *
 * Immutable once parsed; all of it lives in the arena it was parsed into. */
#ifndef INDEX_QUERY_AST_H
#define INDEX_QUERY_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/base/arena.h"
#include "index/base/buf.h"
#include "index/base/error.h"

struct analyzer;

enum ast_kind {
    AST_WORD,   /* one unquoted word; several terms when the analyzer splits it (foo-bar) */
    AST_PHRASE, /* "quoted": terms adjacent, in order, in one field */
    AST_PREFIX, /* word*: terms that begin so; terms before the last are exact, adjacent */
    AST_FUZZY,  /* word~2: terms at most so many edits away; it is one term */
    AST_NEAR,   /* a NEAR/5 b: its kids, leaves, close together in one field */
    AST_FILTER, /* source:x lang:x type:x date:x..y: no words, no score */
    AST_AND,
    AST_OR,
    AST_NOT,     /* one kid: written NOT x or -x */
    AST_GROUP,   /* items side by side, no operator between them: `match` governs them */
    AST_COMPOUND /* made by rewriting: foo-bar, then foo, bar and foobar; see query/rewrite.h */
};

enum ast_field { AST_ANY, AST_TITLE, AST_BODY };

enum ast_filter { AST_SOURCE, AST_LANG, AST_TYPE, AST_DATE };

struct ast {
    enum ast_kind kind;
    bool required;        /* written +x, as an item of a group */
    size_t offset;        /* of its first byte in the query */
    enum ast_field field; /* leaves: WORD, PHRASE, PREFIX, FUZZY */
    enum ast_filter filter;
    struct sx_str text;         /* leaves: the words, or the filter's value, as they are printed */
    const struct sx_str *terms; /* leaves and word-valued filters: the analysed terms, >= 1 */
    size_t term_count;
    uint32_t span;  /* leaves: positions that it covers in a text */
    uint32_t edits; /* FUZZY: 1 or 2 */
    /* NEAR: words that may stand among its kids, at most: all of them lie in a stretch of so many
     * positions more than they cover together. */
    uint32_t distance;
    /* WORD, PREFIX: empty, or one term that stands for all of `terms` together: email for the
     * terms e, mail; microsoft for microsofts, of Microsoft's. When `paired`, the terms are pairs of neighbouring clusters and `whole` is
     * the dictionary word they make, which counts on top of them. */
    struct sx_str whole;
    bool paired;
    bool emphatic;            /* WORD: written as no stop word is: US, U.S. */
    bool run;                 /* GROUP: of the words in one run of a script without spaces */
    int64_t date_lo, date_hi; /* AST_DATE: [lo, hi) seconds; open ends INT64_MIN, INT64_MAX */
    struct ast **kids;        /* AND, OR, GROUP, NEAR: >= 2; NOT: 1; shared: a NEAR/1 b NEAR/2 c */
    size_t kid_count;
};

struct query {
    const struct ast *root; /* NULL: nothing to search for */
    struct sx_str parsed;   /* canonical form; parses to the same tree again */
    const struct sx_str *warnings;
    size_t warning_count;
    size_t leaf_count; /* words, phrases and the like, each distinct one counted once */
};

/* Whether a node is words to look for, with no nodes below it. */
static inline bool ast_is_leaf(const struct ast *n)
{
    return n->kind <= AST_FUZZY;
}

/* Parses `text` (valid UTF-8) into `mem`. `now` (seconds since 1970) is what relative dates end
 * at. SX_EQUERY with param "query" and the byte offset: an unclosed quote or parenthesis, an
 * impossible date, NEAR beside what is no word, nesting over SX_QUERY_DEPTH_MAX, over SX_QUERY_WORDS_MAX words
 * in the distinct leaves, those of phrases each;
 * SX_ETOOLARGE over SX_QUERY_MAX bytes. */
sx_status query_parse(struct query *out, struct sx_str text, int64_t now, struct analyzer *an,
                      struct arena *mem, struct sx_error *err);

/* Appends one node in canonical form; `top` when it stands at the top of a query or of a
 * `missing` list, where a group needs no parentheses. */
void query_print(const struct ast *node, bool top, struct buf *out);

/* Whether a node of a kind is in the tree. */
bool ast_has(const struct ast *root, enum ast_kind kind);

/* Same meaning word by word: kinds, fields, terms, filters, dates, order. */
bool ast_equal(const struct ast *a, const struct ast *b);

#endif
