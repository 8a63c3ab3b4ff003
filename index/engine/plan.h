/* From a query's tree to what the search runs: leaves (each distinct word, phrase, prefix, fuzzy
 * word or NEAR once), pairs of leaves that are neighbours in the query, a tree of conditions over them, and FTS5 expressions that find the candidates.
 *
 * FTS5 only proposes: an expression matches a superset of the documents wanted, with every leaf
 * among its phrases; plan_match() decides, by one definition for every engine:
 *
 *   a group's items, read as ANY: all +items, else one item; read as ALL: every item;
 *   filters and exclusions always hold; and a hit has at least one word that is asked for.
 *   `best` is ANY with the documents that also match read as ALL in front. */
#ifndef INDEX_ENGINE_PLAN_H
#define INDEX_ENGINE_PLAN_H

#include <searchd/index.h>

#include "index/base/arena.h"
#include "index/base/buf.h"
#include "index/query/ast.h"
#include "index/rank/score.h"
#include "index/store/doctable.h"
#include "index/store/match.h"

/* A word that a leaf's weight is made of. */
struct weighed {
    struct sx_str term;
    struct term_counts counts; /* of all that it stands for */
    double weight;
};

struct leaf {
    const struct ast *ast;
    struct sx_str *forms; /* terms that count like the word, or its `whole` if it has one */
    size_t form_count;
    const uint32_t *operands; /* NEAR: the leaves that it joins */
    size_t operand_count;
    uint32_t asked;  /* times it stands in the query where it is wanted; 0: only excluded, */
    bool joined;     /* or a word of a NEAR that is wanted, */
    bool compound;   /* or of a compound */
    bool apart;      /* excluded, and no leaf that is wanted: see plan_make() */
    uint64_t spread; /* documents it may stand in, at most: for the choice of candidates */
    double weight;   /* w of the formula: the sum of the words' */
    struct weighed *words;
    size_t word_count;
};

/* Two leaves that stand side by side in the query, `right` behind `left`. */
struct pair {
    uint32_t left, right;
    uint32_t asked;
    double weight;
};

enum reading {
    READ_ANY,
    READ_ALL,
    READ_BEST /* as ALL, but what is excluded is read as ANY: the first part of `best` */
};

struct cond {
    const struct ast *ast;
    uint32_t leaf;         /* of a leaf: its index */
    bool item;             /* query_is_item() */
    struct sx_str printed; /* the engine's, once it was `missing`; absent before */
    struct cond **kids;
    size_t kid_count;
};

struct plan {
    struct cond *root; /* NULL: nothing to search for */
    size_t cond_count; /* in the whole tree */
    /* Nearly every query is a few words side by side: a root whose kids are all leaves, none
     * marked + or -. Then counting the leaves that stand decides. */
    bool flat;
    struct leaf *leaves;
    size_t leaf_count, wanted_count;
    struct pair *pairs; /* in query order */
    size_t pair_count;
    struct arena *mem;
};

/* Whether all that is asked for is one leaf: what has it matches, and any is all. */
static inline bool plan_asks_one(const struct plan *p)
{
    return p->flat && p->leaf_count == 1;
}

static inline bool leaf_is_wanted(const struct leaf *l)
{
    return l->asked > 0 || l->joined || l->compound;
}

/* Plans a rewritten query (query/rewrite.h); NULL: there is nothing to search for. `root` and `mem`
 * must outlive the plan. `apart`: a word that is both wanted and excluded is two leaves, as it may
 * stand for other forms in one of them only. */
sx_status plan_make(struct plan *p, const struct ast *root, bool apart, struct arena *mem,
                    struct sx_error *err);

/* Whether a document matches; `tf` by leaf. */
bool plan_match(const struct plan *p, enum reading reading, const struct phrase_tf *tf,
                const struct docrow *row, const struct doctable *docs);

/* The items, of nested groups too, that keep a document which matches under READ_ANY from
 * matching under READ_BEST, in query order without repetition; of an OR, those of its first kid
 * that holds. `out` has room for p->cond_count; returns how many. */
size_t plan_missing(const struct plan *p, const struct phrase_tf *tf, const struct docrow *row,
                    const struct doctable *docs, struct cond **out);

/* Leaves of which every match of a reading has at least one. */
struct clause {
    const uint32_t *leaves;
    size_t count;
    uint64_t spread; /* documents it matches, at most */
};

/* More of them narrow little and cost a look-up each. */
#define PLAN_CLAUSES_MAX 16
struct clauses {
    struct clause list[PLAN_CLAUSES_MAX];
    size_t count; /* >= 1 */
};
/* Spreads must be set. */
sx_status plan_clauses(const struct plan *p, enum reading reading, struct clauses *out,
                       struct sx_error *err);

/* An FTS5 expression for the candidates of a reading; phrases[i] is where its ith phrase counts,
 * by leaf. `phrases` holds PLAN_PHRASES(p). Spreads must be set. *count is the number of phrases. */
#define PLAN_PHRASES(p) (4 * (p)->leaf_count + (size_t)2 * SX_QUERY_FORMS_MAX + 1)
sx_status plan_expression(const struct plan *p, enum reading reading, struct buf *expr,
                          struct match_phrase *phrases, size_t *count, struct sx_error *err);

/* The expression as one may read it. */
void plan_show_expression(struct sx_str expr, struct buf *out);

#endif
