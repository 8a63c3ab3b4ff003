/* One pass over the candidates that FTS5 proposes. Nothing here allocates once it runs. */
#include "index/engine/run.h"

#include <string.h>

#include "index/rank/score.h"

sx_status run_init(struct run *run, struct sx_error *err)
{
    const struct plan *p = run->p;
    size_t slots = run->top.k > 0 ? run->top.k : 1;

    run->tf = arena_array(p->mem, p->leaf_count + 1, sizeof(*run->tf));
    run->kept_words = p->leaf_count / 64 + 1;
    run->kept = arena_array(p->mem, slots, run->kept_words * sizeof(*run->kept));
    return run->tf == NULL || run->kept == NULL ? sx_fail_oom(err) : SX_OK;
}

static double score(const struct run *run, const struct docrow *row)
{
    double len = score_combined(row->title_len, row->body_len);
    double norm = score_length_norm(len, run->avglen);
    double sum = 0;

    for (size_t i = 0; i < run->p->leaf_count; i++) {
        const struct leaf *l = &run->p->leaves[i];
        double tf = score_combined(run->tf[i].title, run->tf[i].body);
        if (l->asked > 0 && tf > 0)
            sum += score_leaf(l->asked, l->weight, tf, norm);
    }
    return sum;
}

static void offer(struct run *run, int64_t rowid, const struct docrow *row, bool every)
{
    struct ranked h = {
        .score = score(run, row),
        .at = row->at,
        .rowid = rowid,
        .tier = run->match == SX_MATCH_BEST && !every ? 1 : 0,
    };

    if (!topk_would_keep(&run->top, &h))
        return;
    uint64_t *bits = run->kept + topk_add(&run->top, h) * run->kept_words;
    memset(bits, 0, run->kept_words * sizeof(*bits));
    for (size_t i = 0; i < run->p->leaf_count; i++)
        if (run->tf[i].title + run->tf[i].body > 0)
            bits[i / 64] |= UINT64_C(1) << (i % 64);
}

const struct phrase_tf *run_kept(struct run *run, uint32_t slot)
{
    const uint64_t *bits = run->kept + slot * run->kept_words;

    for (size_t i = 0; i < run->p->leaf_count; i++)
        run->tf[i] = (struct phrase_tf){0, (uint32_t)(bits[i / 64] >> (i % 64) & 1)};
    return run->tf;
}

static sx_status see_row(void *arg, int64_t rowid)
{
    struct run *run = arg;
    const struct docrow *row = doctable_get(run->docs, rowid);

    if (row == NULL)
        return SX_ECORRUPT;
    if (!plan_match(run->p, run->reading, run->tf, row, run->docs))
        return SX_OK;
    run->total++;
    bool every = run->reading != READ_ANY || plan_match(run->p, READ_BEST, run->tf, row, run->docs);
    if (every)
        run->total_all++;
    if (run->each != NULL)
        return run->each(run->each_ctx, rowid);
    if (run->top.k > 0)
        offer(run, rowid, row, every);
    return SX_OK;
}

sx_status run_pass(struct run *run, struct db *c, enum reading reading, struct sx_error *err)
{
    struct buf expr = {0};
    const struct plan *p = run->p;
    struct match_phrase *phrases = arena_array(p->mem, PLAN_PHRASES(p), sizeof(*phrases));
    struct match m = {.row = see_row, .ctx = run, .phrase = phrases, .tf = run->tf};
    size_t count = 0;

    if (phrases == NULL)
        return sx_fail_oom(err);
    run->reading = reading;
    run->total = 0;
    run->total_all = 0;
    run->top.count = 0;
    sx_status rc = plan_expression(p, reading, &expr, phrases, &count, err);
    m.phrases = (int)count;
    if (rc == SX_OK)
        rc = store_match(c, buf_str(&expr), &m, err);
    if (rc == SX_ECORRUPT && m.stopped == rc)
        sx_fail(err, SX_ECORRUPT, "the index names a document that is not there");
    buf_release(&expr);
    return rc;
}
