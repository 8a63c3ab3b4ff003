/* A plan over block-max segments: they propose documents and count leaves in them; what matches,
 * and what it scores, is said where FTS5's candidates are judged. */
#include "index/engine/run.h"

#include <math.h>

/* Ranges of documents between two looks at the limits, in places (see run_worked()). */
#define RANGE_WORK 1000

static double floor_of(void *ctx)
{
    const struct run *run = ctx;
    const struct topk *top = &run->top;

    if (top->count < top->k)
        return -1;
    /* What has every item stands before all else: then nothing else is kept. */
    return run->below_first && top->heap[0].tier == 0 ? HUGE_VAL : top->heap[0].score;
}

static sx_status see(void *ctx, uint64_t rowid)
{
    return run_see(ctx, (int64_t)rowid);
}

static sx_status look_up(void *ctx)
{
    return run_worked(ctx, RANGE_WORK);
}

/* ---- leaves ----------------------------------------------------------------------------------- */

static void fill_near(const struct leaf *l, struct bm_leaf *out)
{
    out->near = l->operands;
    out->near_count = l->operand_count;
}

/* As candidates.c writes it for FTS5: the terms, then what stands for them all, then other forms. */
static bool fill_phrases(const struct plan *p, const struct leaf *l, struct bm_leaf *out)
{
    const struct ast *n = l->ast;
    bool prefix = n->kind == AST_PREFIX;
    struct bm_phrase *phrases = arena_array(p->mem, 2 + l->form_count, sizeof(*phrases));

    if (phrases == NULL)
        return false;
    out->phrases = phrases;
    phrases[out->phrase_count++] = (struct bm_phrase){n->terms, n->term_count, prefix};
    if (n->whole.len > 0)
        phrases[out->phrase_count++] = (struct bm_phrase){&n->whole, 1, prefix};
    for (size_t i = 0; i < l->form_count; i++)
        phrases[out->phrase_count++] = (struct bm_phrase){&l->forms[i], 1, prefix};
    out->sum = n->whole.len > 0 && n->paired;
    out->field = n->field == AST_TITLE ? BM_TITLE : n->field == AST_BODY ? BM_BODY : BM_BOTH;
    return true;
}

static const struct bm_leaf *make_leaves(const struct plan *p)
{
    struct bm_leaf *leaves = arena_array(p->mem, p->leaf_count + 1, sizeof(*leaves));

    for (size_t i = 0; leaves != NULL && i < p->leaf_count; i++) {
        const struct leaf *l = &p->leaves[i];
        leaves[i].weight = l->asked * l->weight;
        if (l->operand_count > 0)
            fill_near(l, &leaves[i]);
        else if (!fill_phrases(p, l, &leaves[i]))
            return NULL;
    }
    return leaves;
}

sx_status run_reach(struct run *run, const struct bm_view *view, struct pool *mem,
                    struct sx_error *err)
{
    run->bm_ask = (struct bm_ask){
        .view = *view,
        .leaves = make_leaves(run->p),
        .leaf_count = run->p->leaf_count,
        .avglen = run->avglen > 0 ? run->avglen : 1,
        .tf = run->tf,
        .floor = floor_of,
        .see = see,
        .look_up = look_up,
        .ctx = run,
    };
    if (run->bm_ask.leaves == NULL)
        return sx_fail_oom(err);
    pool_clear(mem);
    return bm_begin(&run->bm, &run->bm_ask, mem, err);
}

/* ---- passes ----------------------------------------------------------------------------------- */

/* A damaged segment has said so already. */
static sx_status told(sx_status rc, struct sx_error *err)
{
    return rc == SX_ECORRUPT && err->code == SX_ECORRUPT ? rc : run_tell(rc, rc, err);
}

sx_status blockmax_pass(struct run *run, enum reading reading, struct sx_error *err)
{
    struct clauses found;
    struct bm_clause clauses[PLAN_CLAUSES_MAX];
    sx_status rc = plan_clauses(run->p, reading, &found, err);

    if (rc != SX_OK)
        return rc;
    for (size_t i = 0; i < found.count; i++)
        clauses[i] = (struct bm_clause){found.list[i].leaves, found.list[i].count};
    bool every = run->every || run->top.k == 0 || run->each != NULL;
    err->code = SX_OK;
    if (every)
        rc = bm_all(run->bm, clauses, found.count, err);
    else
        rc = bm_best(run->bm, clauses, found.count, &run->pruned, err);
    return told(rc, err);
}

sx_status blockmax_one(struct run *run, int64_t rowid, struct sx_error *err)
{
    bool found;
    sx_status rc = bm_look(run->bm, (uint64_t)rowid, &found, err);

    if (rc != SX_OK || !found)
        return rc;
    err->code = SX_OK;
    return told(run_see_one(run, rowid), err);
}

sx_status run_count(struct run *run, bool free, uint64_t *total, uint64_t *total_all, bool *counted,
                    struct sx_error *err)
{
    const struct plan *p = run->p;
    uint32_t *leaves;
    uint64_t one, all;

    *counted = false;
    if (run->bm == NULL || !p->flat)
        return SX_OK;
    leaves = arena_array(p->mem, p->leaf_count, sizeof(*leaves));
    if (leaves == NULL)
        return sx_fail_oom(err);
    for (uint32_t i = 0; i < p->leaf_count; i++)
        leaves[i] = i;
    err->code = SX_OK;
    sx_status rc = bm_count(run->bm, leaves, p->leaf_count, free, &one, &all, counted, err);
    if (rc != SX_OK || !*counted)
        return told(rc, err);
    /* An OR asks for one of its words, however it is read. */
    *total_all = p->root->ast->kind == AST_OR ? one : all;
    *total = p->root->ast->kind == AST_GROUP && run->match != SX_MATCH_ALL ? one : *total_all;
    return SX_OK;
}

sx_status run_tally(struct run *run, struct sx_error *err)
{
    size_t k = run->top.k;

    run->top.k = 0; /* nothing is kept */
    run->reading = run->match == SX_MATCH_ALL ? READ_ALL : READ_ANY;
    run->total = 0;
    run->total_all = 0;
    sx_status rc = blockmax_pass(run, run->reading, err);
    run->top.k = k;
    return rc;
}

sx_status blockmax_pairs(struct run *run, struct sx_error *err)
{
    for (size_t i = 0; i < run->top.count && i < SX_PROXIMITY_HITS; i++) {
        const struct ranked *h = &run->top.heap[i];
        bool found;
        sx_status rc = bm_look(run->bm, (uint64_t)h->rowid, &found, err);
        if (rc != SX_OK)
            return rc;
        run->row++;
        run->rowid = h->rowid;
        rc = found ? run_score_pairs(run, &run->near[h->slot]) : SX_ECORRUPT;
        if (rc != SX_OK)
            return run_tell(rc, rc, err);
    }
    return SX_OK;
}
