/* Weights. A leaf of several words (a phrase) weighs the sum of its words; a beginning, or a word
 * with its other forms or a fuzzy one, weighs as one word whose n is the sum over all that it stands for, at
 * most N. */
#include "index/engine/weigh.h"

#include <string.h>

#include "index/base/str.h"
#include "index/blockmax/guard.h"
#include "index/rank/score.h"

struct count_call {
    struct bm_view view;
    struct sx_str term;
    bool prefix, known;
    struct bm_counts counts;
    sx_status rc;
};

static void enter(void *ctx)
{
    struct count_call *c = ctx;

    c->rc = bm_term_counts(&c->view, c->term, c->prefix, &c->counts, &c->known, NULL);
}

/* n and F by the segments; false: they cannot tell. */
static bool count_reached(struct sx_reader *r, const struct state *snap, struct sx_str term,
                          bool prefix, struct vocab_counts *out)
{
    struct count_call c = {.term = term, .prefix = prefix};
    const void *at;

    if (r->reached == NULL || r->fts5_alone)
        return false;
    c.view = reach_view(r->reached, r->memory, snap, &r->reach_snap);
    bool readable = guard_run(enter, &c, &at);
    if (!readable)
        guard_blame(c.view.segments, c.view.count, at);
    if (!readable || c.rc != SX_OK) {
        upkeep_wake(r->ix); /* a segment is damaged */
        return false;
    }
    *out = (struct vocab_counts){c.counts.n, c.counts.f};
    return c.known && c.counts.terms <= SX_EXPANSIONS_MAX;
}

static sx_status count_term(struct sx_reader *r, const struct state *snap, struct sx_str term,
                            struct term_counts *out, struct sx_error *err)
{
    struct cached_counts cached;
    struct vocab_counts counted;
    enum termcache_state state = TERMCACHE_MISS;
    sx_status rc = SX_OK;

    if (!r->fts5_alone)
        state = termcache_get(r->memory->terms, snap->generation, term, &cached);
    if (state == TERMCACHE_HIT) {
        *out = (struct term_counts){cached.n, cached.f};
        return SX_OK;
    }
    if (!count_reached(r, snap, term, false, &counted))
        rc = vocab_term(&r->c, term, &counted, err);
    if (state == TERMCACHE_CLAIMED && rc == SX_OK)
        termcache_fill(r->memory->terms, term, (struct cached_counts){counted.n, counted.f});
    else if (state == TERMCACHE_CLAIMED)
        termcache_abandon(r->memory->terms, term);
    *out = (struct term_counts){counted.n, counted.f};
    return rc;
}

static sx_status count_prefix(struct sx_reader *r, const struct state *snap, struct sx_str prefix,
                              struct term_counts *out, struct sx_error *err)
{
    struct vocab_counts counted;
    sx_status rc = SX_OK;

    if (!count_reached(r, snap, prefix, true, &counted))
        rc = vocab_prefix(&r->c, prefix, SX_EXPANSIONS_MAX, &counted, err);
    *out = (struct term_counts){counted.n < snap->docs ? counted.n : snap->docs, counted.f};
    return rc;
}

/* Adds n and F of a word's other forms; those that stand nowhere go. */
static sx_status add_forms(struct sx_reader *r, const struct state *snap, struct leaf *l,
                           struct term_counts *counts, struct sx_error *err)
{
    struct term_counts form;
    size_t kept = 0;

    for (size_t i = 0; i < l->form_count; i++) {
        sx_status rc = count_term(r, snap, l->forms[i], &form, err);
        if (rc != SX_OK)
            return rc;
        counts->n += form.n;
        counts->f += form.f;
        if (form.n > 0)
            l->forms[kept++] = l->forms[i];
    }
    l->form_count = kept;
    if (counts->n > snap->docs)
        counts->n = snap->docs;
    return SX_OK;
}

/* A term that may be a beginning, or stand in other forms. */
static sx_status count_any(struct sx_reader *r, const struct state *snap, struct leaf *l,
                           struct sx_str term, bool prefix, bool forms, struct term_counts *out,
                           struct sx_error *err)
{
    sx_status rc =
        prefix ? count_prefix(r, snap, term, out, err) : count_term(r, snap, term, out, err);

    return rc == SX_OK && forms ? add_forms(r, snap, l, out, err) : rc;
}

static void forget_words(struct leaf *l)
{
    l->weight = 0;
    l->word_count = 0;
}

static void add_word(struct leaf *l, struct sx_str term, struct term_counts counts, double weight)
{
    l->words[l->word_count++] = (struct weighed){term, counts, weight};
    l->weight += weight;
}

/* What one term stands for, where there is such a term, weighs more surely than its parts: these
 * weigh their sum, or as pairs of clusters, which overlap, as much as the rarest of them. */
static sx_status weigh(struct sx_reader *r, const struct state *snap, struct plan *p,
                       struct leaf *l, struct sx_error *err)
{
    struct term_counts counts;
    const struct ast *n = l->ast;

    forget_words(l);
    l->spread = UINT64_MAX;
    l->words = arena_array(p->mem, n->term_count + 1, sizeof(*l->words));
    if (l->words == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < n->term_count; i++) {
        bool prefix = n->kind == AST_PREFIX && i + 1 == n->term_count;
        sx_status rc = count_any(r, snap, l, n->terms[i], prefix, n->whole.len == 0, &counts, err);
        if (rc != SX_OK)
            return rc;
        double w = score_weight(snap->docs, counts);
        if (n->paired && w > l->weight)
            forget_words(l);
        if (!n->paired || l->word_count == 0)
            add_word(l, n->terms[i], counts, w);
        if (counts.n < l->spread)
            l->spread = counts.n;
    }
    if (n->whole.len == 0)
        return SX_OK;
    sx_status rc = count_any(r, snap, l, n->whole, n->kind == AST_PREFIX, true, &counts, err);
    if (rc == SX_OK && counts.n > 0) {
        forget_words(l);
        add_word(l, n->whole, counts, score_weight(snap->docs, counts));
    }
    if (rc == SX_OK && !n->paired)
        l->spread += counts.n;
    return rc;
}

/* NEAR weighs what its words weigh together, and stands in no more documents than each. */
static sx_status weigh_near(struct plan *p, struct leaf *l, struct sx_error *err)
{
    size_t words = 0;

    for (size_t i = 0; i < l->operand_count; i++)
        words += p->leaves[l->operands[i]].word_count;
    l->words = arena_array(p->mem, words, sizeof(*l->words));
    if (l->words == NULL)
        return sx_fail_oom(err);
    forget_words(l);
    l->spread = UINT64_MAX;
    for (size_t i = 0; i < l->operand_count; i++) {
        const struct leaf *o = &p->leaves[l->operands[i]];
        for (size_t k = 0; k < o->word_count; k++)
            add_word(l, o->words[k].term, o->words[k].counts, o->words[k].weight);
        if (o->spread < l->spread)
            l->spread = o->spread;
    }
    return SX_OK;
}

/* The term of a leaf that stands for its other forms, too; empty: quoted and the like. */
static struct sx_str conflated(const struct ast *n)
{
    if (n->kind != AST_WORD || n->paired)
        return str_make("", 0);
    if (n->whole.len > 0)
        return n->whole;
    return n->term_count == 1 ? n->terms[0] : str_make("", 0);
}

/* `exact`: only what is excluded stands for its forms; a fuzzy word is meant as it is written. */
static bool needs_forms(const struct leaf *l, bool exact)
{
    if (l->ast->kind == AST_FUZZY)
        return true;
    return conflated(l->ast).len > 0 && (!exact || l->apart);
}

static sx_status find_forms_of(struct db *c, const struct words *words, struct stemmer *stemmer,
                               const struct langs *langs, struct plan *p, struct leaf *l,
                               size_t *left, bool *cut, struct sx_error *err)
{
    struct sx_str *forms;
    size_t count;
    bool more = false;
    sx_status rc;

    if (l->ast->kind == AST_FUZZY)
        rc = words_near(words, c, (struct fuzzy_word){l->ast->terms[0], l->ast->edits}, p->mem,
                        &forms, &count, &more, err);
    else
        rc = forms_of(c, stemmer, langs, conflated(l->ast), p->mem, &forms, &count, &more, err);

    if (rc != SX_OK)
        return rc;
    l->forms = forms + 1; /* the first is the term itself */
    l->form_count = count - 1 < *left ? count - 1 : *left;
    *left -= l->form_count;
    *cut = *cut || more || l->form_count < count - 1;
    return SX_OK;
}

sx_status find_forms(struct db *c, const struct words *words, struct stemmer **stemmer,
                     const struct langs *langs, struct plan *p, bool exact, bool *cut,
                     struct sx_error *err)
{
    size_t left = SX_QUERY_FORMS_MAX;
    sx_status rc = SX_OK;

    *cut = false;
    if (*stemmer == NULL && langs->count > 0)
        *stemmer = stemmer_new();
    if (*stemmer == NULL && langs->count > 0)
        return sx_fail_oom(err);
    for (size_t i = 0; i < p->leaf_count && rc == SX_OK; i++)
        if (needs_forms(&p->leaves[i], exact))
            rc = find_forms_of(c, words, *stemmer, langs, p, &p->leaves[i], &left, cut, err);
    return rc;
}

sx_status weigh_leaves(struct sx_reader *r, const struct state *snap, struct plan *p,
                       struct sx_error *err)
{
    sx_status rc = SX_OK;

    for (size_t i = 0; i < p->leaf_count && rc == SX_OK; i++)
        if (p->leaves[i].operand_count == 0)
            rc = weigh(r, snap, p, &p->leaves[i], err);
    for (size_t i = 0; i < p->leaf_count && rc == SX_OK; i++)
        if (p->leaves[i].operand_count > 0)
            rc = weigh_near(p, &p->leaves[i], err);
    for (size_t i = 0; i < p->pair_count && rc == SX_OK; i++) {
        struct pair *pair = &p->pairs[i];
        pair->weight =
            score_pair_weight(p->leaves[pair->left].weight, p->leaves[pair->right].weight);
    }
    return rc;
}
