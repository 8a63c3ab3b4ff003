/* A plan over block-max segments: they propose documents and count leaves in them; what matches,
 * and what it scores, is said where FTS5's candidates are judged. */
#include "index/engine/run.h"

#include <math.h>
#include <stdlib.h>

#include "index/blockmax/guard.h"

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

static void expect(void *ctx, uint64_t rowid)
{
    const struct run *run = ctx;

    __builtin_prefetch(doctable_get(run->docs, (int64_t)rowid));
}

static sx_status look_up(void *ctx, size_t work)
{
    return run_worked(ctx, work);
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

/* ---- passes ----------------------------------------------------------------------------------- */

/* A call of block-max, which reads mapped files. */
struct call {
    struct run *run;
    sx_status (*fn)(struct call *c);
    const struct bm_clause *clauses;
    size_t count;
    uint64_t rowid;
    const uint32_t *leaves;
    bool free, any, found;
    uint64_t one, all;
    struct sx_error *err;
    sx_status rc;
};

static void enter(void *ctx)
{
    struct call *c = ctx;

    c->rc = c->fn(c);
}

static bool any_damaged(const struct bm_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if (atomic_load(&view->segments[i]->damaged))
            return true;
    return false;
}

/* A damaged segment says so itself; a match that is not there does not. */
static sx_status call(struct call *c)
{
    const struct bm_view *view = &c->run->bm_ask.view;
    const void *at;

    c->err->code = SX_OK;
    if (!guard_run(enter, c, &at)) {
        guard_blame(view->segments, view->count, at);
        return sx_fail(c->err, SX_ECORRUPT, "a segment could not be read");
    }
    /* Whatever a damaged segment led to. */
    if (c->rc != SX_OK && any_damaged(view))
        return segment_fail(c->err);
    return c->rc == SX_ECORRUPT && c->err->code == SX_ECORRUPT ? c->rc
                                                               : run_tell(c->rc, c->rc, c->err);
}

static sx_status do_begin(struct call *c)
{
    return bm_begin(&c->run->bm, &c->run->bm_ask, c->run->bm_mem, c->err);
}

static sx_status do_pass(struct call *c)
{
    struct run *run = c->run;
    sx_status rc = run_limits(run);

    if (rc != SX_OK)
        return rc;
    if (run->every || run->top.k == 0 || run->each != NULL)
        return bm_all(run->bm, c->clauses, c->count, c->err);
    return bm_best(run->bm, c->clauses, c->count, &run->pruned, c->err);
}

static sx_status do_one(struct call *c)
{
    sx_status rc = bm_look(c->run->bm, c->rowid, &c->found, c->err);

    return rc == SX_OK && c->found ? run_see_one(c->run, (int64_t)c->rowid) : rc;
}

static sx_status do_count(struct call *c)
{
    sx_status rc = run_limits(c->run);

    return rc == SX_OK ? bm_count(c->run->bm, c->leaves, c->count, c->free, c->any ? &c->one : NULL,
                                  &c->all, &c->found, c->err)
                       : rc;
}

static sx_status do_count_unseen(struct call *c)
{
    sx_status rc = run_limits(c->run);

    return rc == SX_OK
               ? bm_count_unseen(c->run->bm, c->leaves, c->count, &c->all, &c->found, c->err)
               : rc;
}

/* Hits whose documents are fetched together, ahead of those that are looked at. */
#define EXPECTED 8

static void expect_hits(const struct run *run, const struct ranked *const *hits, size_t n,
                        size_t from)
{
    for (size_t i = from; i < n && i < from + EXPECTED; i++)
        bm_expect(run->bm, (uint64_t)hits[i]->rowid);
}

static int by_rowid(const void *a, const void *b)
{
    const struct ranked *const *x = a, *const *y = b;

    return ((*x)->rowid > (*y)->rowid) - ((*x)->rowid < (*y)->rowid);
}

/* The pairs of the first of the list that are not known, in the order that they are stored in. */
static sx_status do_pairs(struct call *c)
{
    struct run *run = c->run;
    const struct ranked *hits[SX_PROXIMITY_HITS];
    size_t n = 0;
    sx_status rc = SX_OK;

    for (size_t i = 0; i < run->top.count && i < SX_PROXIMITY_HITS; i++)
        if (run->near[run->top.heap[i].slot] < 0)
            hits[n++] = &run->top.heap[i];
    qsort(hits, n, sizeof(const struct ranked *), by_rowid);
    expect_hits(run, hits, n, 0);
    for (size_t i = 0; i < n && rc == SX_OK; i++) {
        const struct ranked *h = hits[i];
        if (i % EXPECTED == 0)
            expect_hits(run, hits, n, i + EXPECTED);
        rc = bm_look(run->bm, (uint64_t)h->rowid, &c->found, c->err);
        run->row++;
        run->rowid = h->rowid;
        if (rc == SX_OK)
            rc = c->found ? run_score_pairs(run, &run->near[h->slot]) : SX_ECORRUPT;
    }
    return rc;
}

/* An OR asks for one of its words, however it is read. */
static bool is_or(const struct plan *p)
{
    return p->root->ast->kind == AST_OR;
}

/* Whether what has any of the leaves matches. */
static bool asks_any(const struct run *run)
{
    return is_or(run->p) || (run->p->root->ast->kind == AST_GROUP && run->match != SX_MATCH_ALL);
}

/* Whether run_count() may add what was not seen to what was. */
static bool adds_unseen(const struct run *run)
{
    return plan_asks_one(run->p) || (run->p->flat && !asks_any(run));
}

sx_status run_reach(struct run *run, const struct bm_view *view, struct memo *memo,
                    struct pool *mem, struct sx_error *err)
{
    run->bm_ask = (struct bm_ask){
        .view = *view,
        .memo = memo,
        .leaves = make_leaves(run->p),
        .leaf_count = run->p->leaf_count,
        .avglen = run->avglen > 0 ? run->avglen : 1,
        .tf = run->tf,
        .keep = run->top.k,
        .mark = run->exact && adds_unseen(run),
        .floor = floor_of,
        .expect = expect,
        .see = see,
        .few = &run->few,
        .look_up = look_up,
        .ctx = run,
    };
    if (run->bm_ask.leaves == NULL)
        return sx_fail_oom(err);
    pool_clear(mem);
    run->bm_mem = mem;
    struct call c = {.run = run, .fn = do_begin, .err = err};
    return call(&c);
}

void run_leave(struct run *run)
{
    bm_end(run->bm);
    run->bm = NULL;
}

/* The narrowest first: what it leaves open is all that the others are read for. */
static int by_spread(const void *a, const void *b)
{
    const struct clause *x = a, *y = b;

    return (x->spread > y->spread) - (x->spread < y->spread);
}

sx_status blockmax_pass(struct run *run, enum reading reading, struct sx_error *err)
{
    struct clauses found;
    struct bm_clause clauses[PLAN_CLAUSES_MAX];
    struct call c = {.run = run, .fn = do_pass, .clauses = clauses, .err = err};
    sx_status rc = plan_clauses(run->p, reading, &found, err);

    if (rc != SX_OK)
        return rc;
    qsort(found.list, found.count, sizeof(found.list[0]), by_spread);
    for (size_t i = 0; i < found.count; i++)
        clauses[i] = (struct bm_clause){found.list[i].leaves, found.list[i].count};
    c.count = found.count;
    /* Then the clauses are all that is asked. */
    run->bm_ask.sure = run->p->flat && run->p->leaf_count <= PLAN_CLAUSES_MAX && run->below == 0 &&
                       !run->below_first;
    return call(&c);
}

sx_status blockmax_one(struct run *run, int64_t rowid, struct sx_error *err)
{
    struct call c = {.run = run, .fn = do_one, .rowid = (uint64_t)rowid, .err = err};

    return call(&c);
}

/* A word alone stands in as many documents as its weight says. */
static bool is_weighed(const struct plan *p)
{
    const struct leaf *l = &p->leaves[0];

    return p->leaf_count == 1 && (l->ast->kind == AST_WORD || l->ast->kind == AST_PHRASE) &&
           l->ast->term_count == 1 && l->ast->whole.len == 0 && l->ast->field == AST_ANY &&
           l->form_count == 0;
}

/* Adds to what the passes have found what they have not looked at. */
static sx_status count_unseen(struct call *c, uint64_t *total, uint64_t *total_all, bool *counted)
{
    c->fn = do_count_unseen;
    sx_status rc = call(c);
    *counted = rc == SX_OK && c->found;
    if (*counted) {
        *total_all += c->all;
        *total = *total_all;
    }
    return rc;
}

sx_status run_count(struct run *run, bool free, uint64_t *total, uint64_t *total_all, bool *counted,
                    struct sx_error *err)
{
    const struct plan *p = run->p;
    uint32_t *leaves;

    *counted = false;
    if (run->bm == NULL || !p->flat)
        return SX_OK;
    if (is_weighed(p)) {
        *total = p->leaves[0].words[0].counts.n;
        *total_all = *total;
        *counted = true;
        return SX_OK;
    }
    leaves = arena_array(p->mem, p->leaf_count, sizeof(*leaves));
    if (leaves == NULL)
        return sx_fail_oom(err);
    for (uint32_t i = 0; i < p->leaf_count; i++)
        leaves[i] = i;
    bool any = asks_any(run);
    struct call c = {.run = run,
                     .fn = do_count,
                     .leaves = leaves,
                     .count = p->leaf_count,
                     .free = free,
                     .any = any,
                     .err = err};
    sx_status rc = call(&c);
    *counted = rc == SX_OK && c.found;
    if (rc == SX_OK && !*counted && !free && adds_unseen(run))
        return count_unseen(&c, total, total_all, counted);
    if (!*counted)
        return rc;
    *total_all = is_or(p) ? c.one : c.all;
    *total = any ? c.one : *total_all;
    return SX_OK;
}

sx_status run_tally(struct run *run, struct sx_error *err)
{
    size_t k = run->top.k;

    run->top.k = 0; /* nothing is kept */
    run->below_first = false;
    run->reading = run->match == SX_MATCH_ALL ? READ_ALL : READ_ANY;
    run->total = 0;
    run->total_all = 0;
    sx_status rc = blockmax_pass(run, run->reading, err);
    run->top.k = k;
    return rc;
}

sx_status blockmax_pairs(struct run *run, struct sx_error *err)
{
    struct call c = {.run = run, .fn = do_pairs, .err = err};

    return call(&c);
}
