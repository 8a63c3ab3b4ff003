/* One pass over the candidates that block-max or FTS5 proposes. Once it runs, nothing here allocates but what
 * the places of words and the values of facets need, which is kept for the next document. */
#include "index/engine/run.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/rank/proximity.h"
#include "index/rank/score.h"

sx_status run_init(struct run *run, struct sx_error *err)
{
    const struct plan *p = run->p;
    size_t slots = run->top.k > 0 ? run->top.k : 1;

    run->tf = arena_array(p->mem, p->leaf_count + 1, sizeof(*run->tf));
    run->pairs = arena_array(p->mem, p->pair_count + 1, sizeof(*run->pairs));
    run->first = arena_array(p->mem, p->leaf_count + 1, sizeof(*run->first));
    run->read = arena_array(p->mem, p->leaf_count + 1, sizeof(*run->read));
    run->kept_words = p->leaf_count / 64 + 1;
    run->kept = arena_array(p->mem, slots, run->kept_words * sizeof(*run->kept));
    run->near = arena_array(p->mem, slots, sizeof(*run->near));
    run->places = mem_zalloc(p->leaf_count + 1, sizeof(*run->places));
    return run->tf == NULL || run->pairs == NULL || run->first == NULL || run->read == NULL ||
                   run->kept == NULL || run->near == NULL || run->places == NULL
               ? sx_fail_oom(err)
               : SX_OK;
}

void run_release(struct run *run)
{
    for (size_t i = 0; run->places != NULL && i < run->p->leaf_count; i++)
        places_release(&run->places[i]);
    mem_free(run->places);
    run->places = NULL;
    topk_release(&run->top);
    facets_release(&run->facets);
    buf_release(&run->one);
}

/* ---- places ------------------------------------------------------------------------------------ */

/* Where a leaf stands in the current row; NULL: memory ran out (or a segment is damaged, and says
 * so). */
static const struct places *places_of(struct run *run, uint32_t leaf)
{
    struct places *p = &run->places[leaf];

    if (run->read[leaf] == run->row)
        return p;
    bool read = run->bm != NULL ? bm_places(run->bm, leaf, (uint64_t)run->rowid, p) == SX_OK
                                : match_places(&run->m, run->first[leaf], p) == 0;
    if (!read)
        return NULL;
    run->read[leaf] = run->row;
    return p;
}

static struct place_list in_field(const struct run *run, const struct places *p, uint32_t leaf,
                                  int field)
{
    return (struct place_list){p->at[field], p->count[field], run->p->leaves[leaf].ast->span};
}

static bool stands(const struct run *run, uint32_t leaf)
{
    return run->tf[leaf].title + run->tf[leaf].body > 0;
}

/* Places between two looks at the clock: SQLite does not look within a row. */
#define PLACES_AT_ONCE 100000

_Static_assert(PROXIMITY_LEAVES_MAX >= SX_NEAR_OPERANDS_MAX, "count_near() lists them all");

sx_status run_limits(const struct run *run)
{
    const struct sx_limits *l = run->limits;

    if (l == NULL)
        return SX_OK;
    if (l->stop != NULL && l->stop(l->stop_ctx))
        return SX_ECANCELLED;
    return l->deadline_ns != 0 && clock_now_ns() > l->deadline_ns ? SX_ETIMEOUT : SX_OK;
}

sx_status run_worked(struct run *run, size_t places)
{
    run->work += places;
    if (run->work < PLACES_AT_ONCE)
        return SX_OK;
    run->work = 0;
    return run_limits(run);
}

/* Counts a NEAR in the current row. */
static sx_status count_near(struct run *run, uint32_t number)
{
    const struct leaf *l = &run->p->leaves[number];
    uint32_t counts[2] = {0, 0};
    size_t places = l->operand_count;

    run->tf[number] = (struct phrase_tf){0, 0};
    for (size_t i = 0; i < l->operand_count; i++)
        if (!stands(run, l->operands[i]))
            return SX_OK;
    for (int field = 0; field < 2; field++) {
        struct place_list lists[PROXIMITY_LEAVES_MAX];
        for (size_t i = 0; i < l->operand_count; i++) {
            const struct places *p = places_of(run, l->operands[i]);
            if (p == NULL)
                return SX_ENOMEM;
            lists[i] = in_field(run, p, l->operands[i], field);
            places += lists[i].count;
        }
        counts[field] = proximity_clumps(lists, l->operand_count, l->ast->distance);
    }
    run->tf[number] = (struct phrase_tf){counts[0], counts[1]};
    return run_worked(run, places * l->operand_count);
}

static sx_status count_pair(struct run *run, const struct pair *pair, struct pair_tf *out)
{
    size_t places = 1;

    memset(out, 0, sizeof(*out));
    if (!stands(run, pair->left) || !stands(run, pair->right))
        return SX_OK;
    const struct places *left = places_of(run, pair->left);
    const struct places *right = left == NULL ? NULL : places_of(run, pair->right);
    if (right == NULL)
        return SX_ENOMEM;
    for (int field = 0; field < 2; field++) {
        struct place_list both[2] = {in_field(run, left, pair->left, field),
                                     in_field(run, right, pair->right, field)};
        out->adjacent[field] = proximity_adjacent(&both[0], &both[1]);
        out->near[field] = proximity_clumps(both, 2, PROXIMITY_DISTANCE);
        places += both[0].count + both[1].count;
    }
    return run_worked(run, places);
}

/* ---- scores ------------------------------------------------------------------------------------ */

double run_leaf_tf(const struct run *run, size_t leaf)
{
    return score_combined(run->tf[leaf].title, run->tf[leaf].body);
}

void run_pair_tf(const struct run *run, size_t pair, double *adjacent, double *near)
{
    const struct pair_tf *tf = &run->pairs[pair];

    *adjacent = score_combined(tf->adjacent[0], tf->adjacent[1]);
    *near = score_combined(tf->near[0], tf->near[1]);
}

static double norm_of(const struct run *run, const struct docrow *row)
{
    return score_length_norm(score_combined(row->title_len, row->body_len), run->avglen);
}

static double score(const struct run *run, const struct docrow *row)
{
    double norm = norm_of(run, row);
    double sum = 0;

    for (size_t i = 0; i < run->p->leaf_count; i++) {
        const struct leaf *l = &run->p->leaves[i];
        double tf = run_leaf_tf(run, i);
        if (l->asked > 0 && tf > 0)
            sum += score_leaf(l->asked, l->weight, tf, norm);
    }
    return sum;
}

sx_status run_score_pairs(struct run *run, double *sum)
{
    double norm = norm_of(run, doctable_get(run->docs, run->rowid));
    double adjacent, near;

    *sum = 0;
    for (size_t i = 0; i < run->p->pair_count; i++) {
        const struct pair *pair = &run->p->pairs[i];
        sx_status rc = count_pair(run, pair, &run->pairs[i]);
        if (rc != SX_OK)
            return rc;
        run_pair_tf(run, i, &adjacent, &near);
        if (near > 0)
            *sum += score_pair(pair->asked, pair->weight, adjacent, near, norm);
    }
    return SX_OK;
}

/* ---- rows -------------------------------------------------------------------------------------- */

static sx_status offer(struct run *run, int64_t rowid, const struct docrow *row, bool every)
{
    struct ranked h = {
        .score = score(run, row),
        .at = row->at,
        .rowid = rowid,
        .tier = run->match == SX_MATCH_BEST && !every ? 1 : 0,
    };
    bool now = run->bm == NULL || run->few;
    double near = now ? 0 : -1;

    if (!topk_would_keep(&run->top, &h))
        return SX_OK;
    sx_status rc = run->proximity && now ? run_score_pairs(run, &near) : SX_OK;
    /* All that waits is kept before: run_sort() tells that there was no time. */
    if (rc == SX_ETIMEOUT && run->bm != NULL) {
        run->few = false;
        near = -1;
        rc = SX_OK;
    }
    if (rc != SX_OK)
        return rc;
    uint32_t slot = topk_add(&run->top, h);
    uint64_t *bits = run->kept + slot * run->kept_words;
    run->near[slot] = near;
    memset(bits, 0, run->kept_words * sizeof(*bits));
    for (uint32_t i = 0; i < run->p->leaf_count; i++)
        if (stands(run, i))
            bits[i / 64] |= UINT64_C(1) << (i % 64);
    return SX_OK;
}

const struct phrase_tf *run_kept(struct run *run, uint32_t slot)
{
    const uint64_t *bits = run->kept + slot * run->kept_words;

    for (size_t i = 0; i < run->p->leaf_count; i++)
        run->tf[i] = (struct phrase_tf){0, (uint32_t)(bits[i / 64] >> (i % 64) & 1)};
    return run->tf;
}

/* Counts what phrases do not: *row is the document's; matches are what the plan says. */
static sx_status look(struct run *run, int64_t rowid, const struct docrow **row, bool *matches)
{
    sx_status rc = SX_OK;

    *row = doctable_get(run->docs, rowid);
    if (*row == NULL)
        return SX_ECORRUPT;
    run->row++;
    run->rowid = rowid;
    for (uint32_t i = 0; i < run->p->leaf_count && rc == SX_OK; i++)
        if (run->p->leaves[i].operand_count > 0)
            rc = count_near(run, i);
    if (rc != SX_OK)
        return rc;
    *matches = plan_asks_one(run->p) ? stands(run, 0)
                                     : plan_match(run->p, run->reading, run->tf, *row, run->docs);
    return SX_OK;
}

sx_status run_see(struct run *run, int64_t rowid)
{
    const struct docrow *row;
    bool matches;
    sx_status rc = look(run, rowid, &row, &matches);

    if (rc != SX_OK || !matches)
        return rc;
    bool every = run->reading != READ_ANY || plan_asks_one(run->p) ||
                 plan_match(run->p, READ_BEST, run->tf, row, run->docs);
    if (run->below_first && every)
        return SX_OK;
    run->total++;
    if (every)
        run->total_all++;
    if (run->facets.wanted != 0 && facets_add(&run->facets, row) != 0)
        return SX_ENOMEM;
    if (run->each != NULL)
        return run->each(run->each_ctx, rowid);
    if (run->top.k > 0 && (run->below == 0 || rowid < run->below))
        return offer(run, rowid, row, every);
    return SX_OK;
}

sx_status run_see_one(struct run *run, int64_t rowid)
{
    const struct docrow *row;
    double sum;
    sx_status rc = look(run, rowid, &row, &run->of_one);

    return rc == SX_OK && run->of_one ? run_score_pairs(run, &sum) : rc;
}

static sx_status see_row(void *arg, int64_t rowid)
{
    return run_see(arg, rowid);
}

static sx_status see_one(void *arg, int64_t rowid)
{
    return run_see_one(arg, rowid);
}

/* ---- passes ------------------------------------------------------------------------------------ */

/* Writes the expression of a reading to `expr`, and what its phrases are to `m`. */
static sx_status prepare(struct run *run, enum reading reading, match_row row, struct buf *expr,
                         struct sx_error *err)
{
    const struct plan *p = run->p;
    struct match_phrase *phrases = arena_array(p->mem, PLAN_PHRASES(p), sizeof(*phrases));
    size_t count = 0;

    if (phrases == NULL)
        return sx_fail_oom(err);
    sx_status rc = plan_expression(p, reading, expr, phrases, &count, err);
    run->reading = reading;
    run->m = (struct match){
        .row = row, .ctx = run, .phrases = (int)count, .phrase = phrases, .tf = run->tf};
    for (size_t i = count; i-- > 0;)
        if (phrases[i].how == MATCH_SET)
            run->first[phrases[i].slot] = (int)i;
    return rc;
}

sx_status run_tell(sx_status stopped, sx_status rc, struct sx_error *err)
{
    if (rc != stopped)
        return rc;
    if (stopped == SX_ECORRUPT)
        return sx_fail(err, SX_ECORRUPT, "the index names a document that is not there");
    if (stopped == SX_ENOMEM)
        return sx_fail_oom(err);
    if (stopped == SX_ETIMEOUT)
        return sx_fail(err, rc, "the deadline passed");
    if (stopped == SX_ECANCELLED)
        return sx_fail(err, rc, "the request was cancelled");
    return rc;
}

/* The expression as it may be shown: a space for the mark before each term. */
static sx_status keep_pass(struct run *run, const struct buf *expr, struct sx_error *err)
{
    static const char *const names[] = {
        [READ_ANY] = "any", [READ_ALL] = "all", [READ_BEST] = "best"};
    struct buf shown = {0};
    struct sx_pass *pass = &run->passes[run->pass_count++];

    plan_show_expression(buf_str(expr), &shown);
    pass->reading = names[run->reading];
    pass->matches = run->total;
    pass->proposed = arena_str(run->p->mem, buf_str(&shown));
    bool ok = buf_ok(&shown) && pass->proposed.ptr != NULL;
    buf_release(&shown);
    return ok ? SX_OK : sx_fail_oom(err);
}

static sx_status fts5_pass(struct run *run, struct db *c, const struct buf *expr,
                           struct sx_error *err)
{
    sx_status rc = store_match(c, buf_str(expr), &run->m, err);

    return run_tell(run->m.stopped, rc, err);
}

static sx_status fts5_one(struct run *run, struct db *c, int64_t rowid, struct sx_error *err)
{
    sx_status rc = store_match_one(c, buf_str(&run->one), rowid, &run->m, err);

    return run_tell(run->m.stopped, rc, err);
}

static sx_status pass(struct run *run, struct db *c, enum reading reading, struct sx_error *err)
{
    struct buf expr = {0};
    sx_status rc = SX_OK;

    run->total = 0;
    run->total_all = 0;
    run->pruned = false;
    run->reading = reading;
    facets_clear(&run->facets);
    if (run->bm == NULL || run->explain)
        rc = prepare(run, reading, see_row, &expr, err);
    if (rc == SX_OK)
        rc = run->bm != NULL ? blockmax_pass(run, reading, err) : fts5_pass(run, c, &expr, err);
    if (run->explain && rc == SX_OK)
        rc = keep_pass(run, &expr, err);
    buf_release(&expr);
    return rc;
}

sx_status run_pass(struct run *run, struct db *c, enum reading reading, struct sx_error *err)
{
    run->top.count = 0;
    run->below_first = false;
    return pass(run, c, reading, err);
}

sx_status run_pass_on(struct run *run, struct db *c, struct sx_error *err)
{
    run->below_first = true;
    return pass(run, c, READ_ANY, err);
}

sx_status run_sort(struct run *run, struct sx_error *err)
{
    sx_status rc = SX_OK;

    bool all = run->top.count <= SX_PROXIMITY_HITS; /* they are the first, in whatever order */

    if (!run->proximity || !all)
        topk_finish(&run->top);
    if (!run->proximity)
        return SX_OK;
    if (run->bm != NULL)
        rc = blockmax_pairs(run, err);
    for (size_t i = 0; i < run->top.count && i < SX_PROXIMITY_HITS; i++) {
        double near = run->near[run->top.heap[i].slot];
        run->top.heap[i].score += near > 0 ? near : 0; /* not known: there was no time */
    }
    if (all)
        topk_finish(&run->top);
    else
        topk_resort(&run->top, SX_PROXIMITY_HITS);
    return rc;
}

sx_status run_one(struct run *run, struct db *c, int64_t rowid, bool *found, struct sx_error *err)
{
    enum reading reading = run->match == SX_MATCH_ALL ? READ_ALL : READ_ANY;
    sx_status rc = SX_OK;

    run->of_one = false;
    if (run->bm != NULL) {
        run->reading = reading;
        rc = blockmax_one(run, rowid, err);
        *found = run->of_one;
        return rc;
    }
    if (run->one.len == 0)
        rc = prepare(run, reading, see_one, &run->one, err);
    if (rc == SX_OK)
        rc = fts5_one(run, c, rowid, err);
    *found = run->of_one;
    return rc;
}
