/* A naive twin of the index: documents in plain arrays, matched and scored in the most obvious
 * way, from the contracts alone. What the index answers is compared with it.
 *
 * It shares with the index what defines words and queries (the analyzer, the parser, the printer,
 * dates, SHA-256) and nothing that stores, matches, counts, scores or sorts. */
#ifndef TESTS_PROPERTY_TWIN_H
#define TESTS_PROPERTY_TWIN_H

#include <searchd/index.h>

#include "index/base/arena.h"
#include "index/query/ast.h"
#include "index/text/analyzer.h"
#include "index/text/stem.h"

/* The index of a property test is opened with these. */
#define TWIN_LANGS 2
extern const char *const twin_langs[TWIN_LANGS];

struct twin_token {
    struct sx_str term;
    struct sx_str stems[TWIN_LANGS]; /* in each language */
    size_t start, end;               /* bytes in the text */
};

/* One position: its word, then what stands beside it. */
struct twin_word {
    struct twin_token *tokens;
    size_t count;
};

struct twin_text {
    struct sx_str text;
    struct twin_word *words;
    size_t count;
};

struct twin_doc {    /* immutable once put */
    uint64_t number; /* grows with each put, as rowids do */
    struct sx_doc doc;
    struct sx_str lang_given; /* doc.lang may have been found out */
    struct twin_text title, body;
    int64_t at; /* the date's beginning, or DATE_NONE */
    char hash[65];
};

/* One state of the documents. */
struct twin_set {
    const struct twin_doc **docs;
    size_t count;
};

struct twin {
    struct arena mem; /* everything ever put */
    struct analyzer *an;
    struct stemmer *stemmer;
    struct twin_set committed, open;
    uint64_t next_number;
};

struct twin_hit {
    const struct twin_doc *doc;
    double score;
    uint64_t inputs; /* mixed from all that the score is made of: the same gives the same double */
    int tier;
    struct sx_str *missing;
    size_t missing_count;
};

/* A leaf of the query. One that is not quoted and is one term (its whole, if it has one) stands for
 * all terms that share a stem with it. */
struct twin_leaf {
    const struct ast *ast;
    bool has_forms;
    struct sx_str stems[TWIN_LANGS];
};

struct twin_answer {
    struct analyzer *an;
    struct twin_leaf *leaves;
    size_t leaf_count;
    sx_status status; /* of parsing; when not SX_OK all else is empty */
    struct query q;
    uint64_t total, total_all;
    struct twin_hit *hits; /* all of them, in order */
    size_t count;
    struct arena mem;
};

/* Failures of memory end the test. */
void twin_init(struct twin *t);
void twin_release(struct twin *t);

/* True when the uri was there. */
bool twin_put(struct twin *t, const struct sx_doc *doc);
/* The number deleted. */
size_t twin_delete_uri(struct twin *t, struct sx_str uri);
size_t twin_delete_doc(struct twin *t, struct sx_str hex);
size_t twin_delete_query(struct twin *t, struct sx_str query, int64_t now);
void twin_commit(struct twin *t);
void twin_rollback(struct twin *t);
/* NULL when it is not there. */
const struct twin_doc *twin_find(const struct twin_set *set, struct sx_str uri);

/* Answers from `set`, a state of any twin; `an` is the caller's own. Free with
 * twin_answer_release(). */
void twin_search(const struct twin_set *set, struct analyzer *an, struct sx_str query,
                 enum sx_match match, enum sx_sort sort, int64_t now, struct twin_answer *out);
void twin_answer_release(struct twin_answer *a);

/* Whether `a` goes before `b` in a list; false for the same hit. */
bool twin_before(const struct twin_hit *a, const struct twin_hit *b, enum sx_sort sort);

/* How a leaf's `number`th term, or its whole, is found: as it is, as a beginning, in any form. */
struct twin_wanted {
    struct sx_str term;
    bool beginning;
    const struct twin_leaf *forms; /* NULL: only as it is */
};
#define TWIN_WHOLE SIZE_MAX
struct twin_wanted twin_wanted(const struct twin_leaf *leaf, size_t number);
bool twin_is(const struct twin_token *have, const struct twin_wanted *wanted);

const struct twin_leaf *twin_leaf_of(const struct twin_answer *a, const struct ast *leaf);
/* Whether the leaf's terms stand from word `at` of a text on; whether its whole stands there. */
bool twin_terms_at(const struct twin_leaf *leaf, const struct twin_text *text, size_t at);
bool twin_whole_at(const struct twin_leaf *leaf, const struct twin_text *text, size_t at);
/* The stems of a term in each of twin_langs. */
void twin_stems(struct stemmer *stemmer, struct sx_str term, struct arena *mem,
                struct sx_str out[TWIN_LANGS]);
/* Whether the leaf may stand in that field at all. */
bool twin_field_allows(const struct ast *leaf, enum sx_field field);
/* Calls `fn` for each leaf that is wanted: behind an even number of NOTs. */
void twin_each_wanted(const struct ast *node, bool negated,
                      void (*fn)(void *ctx, const struct ast *leaf), void *ctx);

#endif
