/* Weights. A leaf of several words (a phrase) weighs the sum of its words; a beginning, or a word
 * with its other forms, weighs as one word whose n is the sum over all that it stands for, at
 * most N. */
#include "index/engine/weigh.h"

#include <string.h>

#include "index/base/str.h"
#include "index/rank/score.h"

static sx_status count_term(struct sx_reader *r, const struct state *snap, struct sx_str term,
                            struct term_counts *out, struct sx_error *err)
{
    struct cached_counts cached;
    struct vocab_counts counted;
    enum termcache_state state = termcache_get(r->memory->terms, snap->generation, term, &cached);

    if (state == TERMCACHE_HIT) {
        *out = (struct term_counts){cached.n, cached.f};
        return SX_OK;
    }
    sx_status rc = vocab_term(&r->c, term, &counted, err);
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
    sx_status rc = vocab_prefix(&r->c, prefix, SX_EXPANSIONS_MAX, &counted, err);

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

/* What one term stands for, where there is such a term, weighs more surely than its parts: these
 * weigh their sum, or as pairs of clusters, which overlap, as much as the rarest of them. */
static sx_status weigh(struct sx_reader *r, const struct state *snap, struct leaf *l,
                       struct sx_error *err)
{
    struct term_counts counts;
    const struct ast *n = l->ast;

    l->weight = 0;
    l->spread = UINT64_MAX;
    for (size_t i = 0; i < n->term_count; i++) {
        bool prefix = n->kind == AST_PREFIX && i + 1 == n->term_count;
        sx_status rc = count_any(r, snap, l, n->terms[i], prefix, n->whole.len == 0, &counts, err);
        if (rc != SX_OK)
            return rc;
        double w = score_weight(snap->docs, counts);
        if (!n->paired)
            l->weight += w;
        else if (w > l->weight)
            l->weight = w;
        if (counts.n < l->spread)
            l->spread = counts.n;
    }
    if (n->whole.len == 0)
        return SX_OK;
    sx_status rc = count_any(r, snap, l, n->whole, n->kind == AST_PREFIX, true, &counts, err);
    if (rc == SX_OK && counts.n > 0)
        l->weight = score_weight(snap->docs, counts);
    if (rc == SX_OK && !n->paired)
        l->spread += counts.n;
    return rc;
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

sx_status find_forms(struct db *c, struct stemmer **stemmer, const struct langs *langs,
                     struct plan *p, bool exact, bool *cut, struct sx_error *err)
{
    size_t left = SX_QUERY_FORMS_MAX;

    *cut = false;
    if (langs->count == 0)
        return SX_OK;
    if (*stemmer == NULL)
        *stemmer = stemmer_new();
    if (*stemmer == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < p->leaf_count; i++) {
        struct leaf *l = &p->leaves[i];
        struct sx_str term = conflated(l->ast);
        struct sx_str *forms;
        size_t count;
        bool more = false;

        if (term.len == 0 || (exact && l->asked > 0))
            continue;
        sx_status rc = forms_of(c, *stemmer, langs, term, p->mem, &forms, &count, &more, err);
        if (rc != SX_OK)
            return rc;
        l->forms = forms + 1; /* the first is the term itself */
        l->form_count = count - 1 < left ? count - 1 : left;
        left -= l->form_count;
        *cut = *cut || more || l->form_count < count - 1;
    }
    return SX_OK;
}

sx_status weigh_leaves(struct sx_reader *r, const struct state *snap, struct plan *p,
                       struct sx_error *err)
{
    sx_status rc = SX_OK;

    for (size_t i = 0; i < p->leaf_count && rc == SX_OK; i++)
        rc = weigh(r, snap, &p->leaves[i], err);
    return rc;
}
