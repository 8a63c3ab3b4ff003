/* A naive twin of the index: documents in plain arrays, matched and scored in the most obvious
 * way, from the contracts alone. What the index answers is compared with it.
 *
 * It shares with the index what defines words and queries (the analyzer, the parser, the printer,
 * dates, SHA-256) and nothing that stores, rewrites, matches, counts, compares letters, scores or
 * sorts.
 *
 *   twin.c          documents
 *   twin_rewrite.c  the query that is searched
 *   twin_words.c    where words, phrases and NEAR stand, how often, what they weigh
 *   twin_search.c   what matches, scores, lists */
#ifndef TESTS_PROPERTY_TWIN_H
#define TESTS_PROPERTY_TWIN_H

#include <searchd/index.h>

#include "index/base/arena.h"
#include "index/query/ast.h"
#include "index/text/analyzer.h"
#include "index/text/stem.h"

/* The index of a property test is opened with the first of these, as many as the set says. */
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
    size_t langs; /* of twin_langs */
};

struct twin {
    struct arena mem; /* everything ever put */
    struct analyzer *an;
    struct stemmer *stemmer;
    struct twin_set committed, open;
    uint64_t next_number;
};

/* Occurrences in the title and in the body. */
struct twin_tf {
    size_t title, body;
};

/* How a word that counts towards a weight is told in an explanation. */
struct twin_weighed {
    struct sx_str term;
    double n, f, weight;
};

/* What is asked of a leaf: a kid of a NEAR, and a compound as it is written, score nothing. */
enum twin_part { TWIN_EXCLUDED, TWIN_SCORED, TWIN_NEAR_KID, TWIN_AS_WRITTEN };

/* A leaf of the rewritten query, or a NEAR, whose kids follow it. One that is not quoted and is one
 * term (its whole, if it has one) stands for all terms that share a stem with it. */
struct twin_leaf {
    const struct ast *ast;
    enum twin_part part;
    size_t langs; /* whose stems count; 0: it has no other forms */
    struct sx_str stems[TWIN_LANGS];
    struct twin_tf tf;            /* in the document at hand */
    const struct twin_leaf *near; /* the NEAR that it is a kid of */
};

/* All leaves of one meaning that are scored. */
struct twin_scored {
    const struct twin_leaf *leaf; /* the first of them */
    size_t asked;
    double weight;
    struct twin_weighed *words;
    size_t word_count;
};

/* Two neighbours in the query, by number among the scored. */
struct twin_pair {
    size_t left, right, asked;
    double weight;
};

/* tf of the formula: the title counts three times. */
struct twin_pair_tf {
    double adjacent, near;
};

struct twin_hit {
    const struct twin_doc *doc;
    double base, score; /* without and with closeness of words */
    /* Mixed from all that the scores are made of: the same gives the same double. */
    uint64_t base_inputs, inputs;
    int tier;
    struct sx_str *missing;
    size_t missing_count;
};

struct twin_answer {
    struct analyzer *an;
    sx_status status; /* of parsing; when not SX_OK all else is empty */
    struct query q;
    const struct ast *root; /* rewritten */
    struct twin_leaf *leaves;
    size_t leaf_count;
    struct twin_scored *scored; /* in the order in which the query first names them */
    size_t scored_count;
    struct twin_pair *pairs;
    size_t pair_count;
    double docs, avglen;
    uint64_t total, total_all;
    struct twin_hit *hits; /* all of them, in order */
    size_t count;
    bool blurred; /* rounding decides which hits are among the first SX_PROXIMITY_HITS */
    struct arena mem;
};

/* Failures of memory end the test. `langs`: how many of twin_langs the collection has. */
void twin_init(struct twin *t, size_t langs);
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
/* A copy that stays when the set changes; free it with twin_set_release(). */
void twin_set_copy(struct twin_set *to, const struct twin_set *from);
void twin_set_release(struct twin_set *set);

/* What is asked of a set of documents. */
struct twin_ask {
    struct sx_str query;
    enum sx_match match;
    enum sx_sort sort;
    bool exact; /* for deletion: words as they stand, but what is excluded in every form */
    int64_t now;
};
/* Answers from `set`, a state of any twin; `an` is the caller's own. Free with
 * twin_answer_release(). */
void twin_search(const struct twin_set *set, struct analyzer *an, const struct twin_ask *ask,
                 struct twin_answer *out);
void twin_answer_release(struct twin_answer *a);

/* Whether `a` goes before `b` in a list; false for the same hit. */
bool twin_before(const struct twin_hit *a, const struct twin_hit *b, enum sx_sort sort);

/* What a leaf, and a pair, that stands so often in `d` adds to its score. */
double twin_leaf_score(const struct twin_answer *a, const struct twin_scored *s, struct twin_tf tf,
                       const struct twin_doc *d);
double twin_pair_score(const struct twin_answer *a, const struct twin_pair *p,
                       struct twin_pair_tf tf, const struct twin_doc *d);

/* ---- rewriting ----------------------------------------------------------------------------- */

/* The tree that is searched, all of it new. Stop words are those of the first `langs` languages. */
struct ast *twin_rewrite(const struct ast *root, size_t langs, struct arena *mem);
/* Whether it asks for a word; what does not is a filter or an exclusion, and must hold always. */
bool twin_is_item(const struct ast *node);

/* ---- words --------------------------------------------------------------------------------- */

/* How a leaf's `number`th term, or its whole, is found: as it is, as a beginning, with so many
 * edits, in any form. */
struct twin_wanted {
    struct sx_str term;
    bool beginning;
    unsigned edits;
    const struct twin_leaf *forms; /* NULL: only as it is */
};
#define TWIN_WHOLE SIZE_MAX
struct twin_wanted twin_wanted(const struct twin_leaf *leaf, size_t number);
bool twin_is(const struct twin_token *have, const struct twin_wanted *wanted);

/* Whether two leaves mean the same, however they are written. */
bool twin_same_meaning(const struct ast *a, const struct ast *b);
/* Whether the leaf's terms stand from word `at` of a text on; whether its whole stands there. */
bool twin_terms_at(const struct twin_leaf *leaf, const struct twin_text *text, size_t at);
bool twin_whole_at(const struct twin_leaf *leaf, const struct twin_text *text, size_t at);
/* The stems of a term in each of twin_langs. */
void twin_stems(struct stemmer *stemmer, struct sx_str term, struct arena *mem,
                struct sx_str out[TWIN_LANGS]);
/* Whether the leaf may stand in that field at all. */
bool twin_field_allows(const struct ast *leaf, enum sx_field field);
/* How often a leaf or NEAR stands in a document. */
struct twin_tf twin_count(const struct twin_leaf *leaf, const struct twin_doc *d);
/* How often two leaves stand next to each other, and close together. */
struct twin_pair_tf twin_count_pair(const struct twin_leaf *left, const struct twin_leaf *right,
                                    const struct twin_doc *d);
double twin_combined(struct twin_tf tf);
/* Whether the place of a kid of a NEAR that begins at word `at` lies in a stretch of the text in
 * which all of the NEAR stands. */
bool twin_in_stretch(const struct twin_leaf *kid, const struct twin_text *text, enum sx_field field,
                     size_t at);
/* Sets weight and words from the documents. */
void twin_weigh(const struct twin_set *set, struct twin_scored *s, struct arena *mem);
double twin_length(const struct twin_doc *d);

#endif
