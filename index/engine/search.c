/* The life of a query, top to bottom: parsed, rewritten, planned and weighed on one snapshot, run, and
 * the hits of the page read with their passages. Everything of it lives in the result's arena. */
#include "index/engine/search.h"

#include <stdio.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/engine/weigh.h"
#include "index/query/rewrite.h"
#include "index/rank/score.h"

/* What was found is told though the deadline is over: reading a page is quick. Where it is not
 * (large documents, a thousand words), the page is cut so long after the deadline. */
#define PAGE_NS ((uint64_t)100 * 1000000)

struct search *search_new(void)
{
    return mem_zalloc(1, sizeof(struct search));
}

void sx_results_free(struct sx_results *res)
{
    struct search *s = (struct search *)res;

    if (s == NULL)
        return;
    run_release(&s->run);
    arena_release(&s->mem);
    mem_free(s);
}

void search_warn(struct search *s, struct sx_str text)
{
    if (s->res.warning_count < SEARCH_WARNINGS_MAX)
        s->warnings[s->res.warning_count++] = text;
    s->res.warnings = s->warnings;
}

/* ---- the query ------------------------------------------------------------------------------- */

static sx_status check_utf8(struct sx_str query, struct sx_error *err)
{
    size_t bad = utf8_check(query.ptr, query.len);

    if (bad < query.len)
        return sx_fail_at(err, SX_EREQUEST, "query", (int64_t)bad, "the query is not valid UTF-8");
    return SX_OK;
}

sx_status search_parse(struct search *s, struct sx_str query, struct analyzer *an,
                       struct sx_error *err)
{
    sx_status rc = check_utf8(query, err);

    if (rc == SX_OK)
        rc = query_parse(&s->q, query, clock_wall(), an, &s->mem, err);
    if (rc != SX_OK)
        return rc;
    s->fuzzy = s->q.root != NULL && ast_has(s->q.root, AST_FUZZY);
    s->res.parsed = s->q.parsed;
    for (size_t i = 0; i < s->q.warning_count; i++)
        search_warn(s, s->q.warnings[i]);
    return SX_OK;
}

static sx_status tell_forms(struct search *s, struct sx_error *err)
{
    struct sx_forms *forms = arena_array(&s->mem, s->plan.leaf_count + 1, sizeof(*forms));

    if (forms == NULL)
        return sx_fail_oom(err);
    s->res.forms = forms;
    for (size_t i = 0; i < s->plan.leaf_count; i++) {
        const struct leaf *l = &s->plan.leaves[i];
        if (l->form_count > 0)
            forms[s->res.form_count++] = (struct sx_forms){l->ast->text, l->forms, l->form_count};
    }
    return SX_OK;
}

sx_status search_plan(struct search *s, struct db *c, struct stemmer **stemmer, bool exact,
                      struct sx_error *err)
{
    bool cut = false;
    struct langs langs;
    sx_status rc = language_ready(c, &langs, err);

    if (rc == SX_OK)
        rc = query_rewrite(s->q.root, langs.list, exact ? 0 : langs.count, &s->mem, &s->rewritten,
                           err);
    if (rc == SX_OK)
        rc = plan_make(&s->plan, s->rewritten, exact, &s->mem, err);
    if (rc == SX_OK && s->plan.wanted_count == 0) {
        s->plan.root = NULL;
        search_warn(s, str_of("the query asks for no word, so nothing is found"));
    }
    if (rc == SX_OK && s->fuzzy && s->r != NULL)
        rc = words_take(s->r, &s->snap, err);
    if (rc == SX_OK)
        rc = find_forms(c, s->r == NULL ? NULL : s->r->words, stemmer, &langs, &s->plan, exact,
                        &cut, err);
    if (rc == SX_OK && cut && exact)
        return sx_fail_at(
            err, SX_EQUERY, "query", SX_NO_OFFSET,
            "a word stands for too many others to find them all: quote it, or leave ~ away");
    if (rc == SX_OK && cut)
        search_warn(s, str_of("the words stand for more others than are looked for: some were left"
                              " out"));
    return rc;
}

static sx_status check_window(const struct sx_search *ask, struct sx_error *err)
{
    if (ask->limit > SX_LIMIT_MAX)
        return sx_fail_at(err, SX_EREQUEST, "limit", SX_NO_OFFSET, "limit is at most %d",
                          SX_LIMIT_MAX);
    if (ask->offset > SX_WINDOW_MAX || ask->offset + ask->limit > SX_WINDOW_MAX)
        return sx_fail_at(err, SX_ELIMIT, "offset", SX_NO_OFFSET, "offset + limit is at most %d",
                          SX_WINDOW_MAX);
    if (ask->snippets > SX_SNIPPETS_MAX)
        return sx_fail_at(err, SX_EREQUEST, "snippets", SX_NO_OFFSET, "snippets is at most %d",
                          SX_SNIPPETS_MAX);
    if (ask->cursor.ptr != NULL && (ask->offset > 0 || ask->facets != 0 || ask->explain))
        return sx_fail_at(err, SX_EREQUEST, "cursor", SX_NO_OFFSET,
                          "offset, facets and explain do not go with a cursor");
    return SX_OK;
}

bool search_cancelled(const struct search *s)
{
    const struct sx_limits *l = &s->ask->limits;

    return l->stop != NULL && l->stop(l->stop_ctx);
}

/* ---- running it ------------------------------------------------------------------------------ */

static double average_length(const struct state *snap)
{
    return snap->docs == 0
               ? 0
               : score_combined(snap->title_words, snap->body_words) / (double)snap->docs;
}

/* The documents with every item may fill the page alone: then the rest need not be scored, nor
 * even counted, unless that was asked. */
static bool first_part_is_enough(const struct search *s)
{
    return s->run.total > s->ask->offset + s->ask->limit;
}

/* All documents are looked at: FTS5 does so anyway. `all`: not only what fills the page. */
static sx_status run_every(struct search *s, bool all, struct sx_error *err)
{
    struct run *run = &s->run;
    struct db *c = &s->r->c;
    sx_status rc;

    run->every = true;
    if (s->ask->match == SX_MATCH_ALL) {
        rc = run_pass(run, c, READ_ALL, err);
        s->res.total_exact = true;
    } else if (s->ask->match == SX_MATCH_BEST && !all) {
        rc = run_pass(run, c, READ_BEST, err);
        if (rc == SX_OK && !first_part_is_enough(s)) {
            rc = run_pass(run, c, READ_ANY, err);
            s->res.total_exact = true;
        }
    } else {
        rc = run_pass(run, c, READ_ANY, err);
        s->res.total_exact = true;
    }
    return rc;
}

/* Only what may be among the best is looked at; then totals are what was seen, at least. `whole`: the
 * list is to be filled, not only the page. */
static sx_status run_best(struct search *s, bool whole, struct sx_error *err)
{
    struct run *run = &s->run;
    struct db *c = &s->r->c;
    enum reading reading = s->ask->match == SX_MATCH_ALL   ? READ_ALL
                           : s->ask->match == SX_MATCH_ANY ? READ_ANY
                                                           : READ_BEST;
    sx_status rc = run_pass(run, c, reading, err);

    /* Of one leaf the best are all. */
    bool more = s->ask->match == SX_MATCH_BEST && !plan_asks_one(&s->plan);
    s->res.total_exact = !run->pruned && !more;
    if (rc != SX_OK || !more || run->pruned)
        return rc;
    if (!whole && first_part_is_enough(s))
        return rc;
    uint64_t every_item = run->total;
    rc = run_pass_on(run, c, err);
    s->res.total_exact = !run->pruned;
    run->total_all = every_item;
    run->total += every_item;
    return rc;
}

/* The list by block-max; the totals by counting, where they have to be exact. */
static sx_status run_pruned(struct search *s, bool whole, struct sx_error *err)
{
    struct run *run = &s->run;
    bool counted = false;
    /* Who asks for all of the total has the beginning of the whole list in hand, as by FTS5. */
    sx_status rc = run_best(s, whole || s->ask->exact_total, err);

    if (rc != SX_OK || s->res.total_exact)
        return rc;
    bool at_no_cost = s->plan.leaf_count == 1;
    if (!s->ask->exact_total && !at_no_cost)
        return SX_OK;
    rc = run_count(run, !s->ask->exact_total, &run->total, &run->total_all, &counted, err);
    if (rc == SX_OK && !counted && s->ask->exact_total)
        rc = run_tally(run, err);
    s->res.total_exact = s->ask->exact_total || counted;
    return rc;
}

static sx_status run_passes(struct search *s, bool whole, struct sx_error *err)
{
    struct run *run = &s->run;
    const struct sx_search *ask = s->ask;
    bool every = run->bm == NULL || ask->sort != SX_SORT_SCORE || ask->facets != 0 ||
                 ask->explain || run->top.k == 0;
    sx_status rc = every ? run_every(s, whole || ask->exact_total || ask->facets != 0, err)
                         : run_pruned(s, whole, err);

    s->res.total = run->total;
    s->res.total_all = run->total_all;
    if (rc == SX_ETIMEOUT && run->top.count > 0) {
        s->res.partial = true;
        s->res.total_exact = false;
        return SX_OK;
    }
    return rc;
}

sx_status search_run(struct search *s, bool whole, struct sx_error *err)
{
    sx_status rc = run_passes(s, whole, err);

    if (rc == SX_OK)
        rc = run_sort(&s->run, err);
    if (rc == SX_ETIMEOUT && s->run.top.count > 0) {
        s->res.partial = true;
        rc = SX_OK;
    }
    return rc;
}

/* ---- one snapshot ---------------------------------------------------------------------------- */

/* A list has at least the hits that closeness of words may reorder, and one more than the page: then what
 * is left out is left out behind the page, and there is a next one. */
static size_t list_length(const struct sx_search *ask, bool proximity)
{
    size_t page = ask->offset + ask->limit + 1;

    if (ask->cursor.ptr != NULL || page > SX_WINDOW_MAX)
        return SX_WINDOW_MAX;
    if (ask->limit == 0)
        return 0;
    return page > SX_PROXIMITY_HITS || !proximity ? page : SX_PROXIMITY_HITS;
}

/* Block-max, where it reaches the snapshot. */
static sx_status choose_engine(struct search *s, struct sx_error *err)
{
    struct sx_reader *r = s->r;

    if (s->ask->engine == SX_ENGINE_BLOCKMAX && r->reached == NULL)
        return sx_fail_at(err, SX_EBUSY, "engine", SX_NO_OFFSET,
                          "the block-max segments do not reach all documents yet");
    if (s->ask->engine == SX_ENGINE_FTS5 || r->reached == NULL)
        return SX_OK;
    struct bm_view view = reach_view(r->reached, r->memory, &s->snap, &r->reach_snap);
    s->res.engine = "blockmax";
    s->reached = true;
    if (r->memo == NULL)
        r->memo = memo_new(); /* it does without, too */
    return run_reach(&s->run, &view, r->memo, &r->pool, err);
}

static sx_status set_up_run(struct search *s, struct sx_error *err)
{
    static const enum topk_sort sorts[] = {TOPK_SCORE, TOPK_DATE_UP, TOPK_DATE_DOWN};

    s->run.p = &s->plan;
    s->run.docs = &s->r->memory->docs;
    s->run.match = s->ask->match;
    s->run.avglen = average_length(&s->snap);
    s->run.proximity =
        s->ask->sort == SX_SORT_SCORE && s->plan.pair_count > 0 && !s->ask->no_proximity;
    s->run.facets.wanted = s->ask->facets;
    s->run.explain = s->ask->explain;
    s->run.exact = s->ask->exact_total;
    s->run.limits = &s->ask->limits;
    if (!topk_init(&s->run.top, list_length(s->ask, s->run.proximity), sorts[s->ask->sort]))
        return sx_fail_oom(err);
    sx_status rc = run_init(&s->run, err);
    return rc == SX_OK ? choose_engine(s, err) : rc;
}

static sx_status find(struct search *s, struct sx_error *err)
{
    if (s->plan.root == NULL && s->ask->cursor.ptr != NULL) /* which no such search has given */
        return sx_fail_at(err, SX_ECURSOR, "cursor", SX_NO_OFFSET,
                          "the cursor is of another search: this one asks for no word");
    if (s->plan.root == NULL) {
        s->res.total_exact = true;
        return SX_OK;
    }
    sx_status rc = weigh_leaves(s->r, &s->snap, &s->plan, err);
    if (rc == SX_OK)
        rc = tell_forms(s, err);
    if (rc == SX_OK)
        rc = set_up_run(s, err);
    if (rc != SX_OK)
        return rc;
    return s->ask->cursor.ptr != NULL ? continue_list(s, err) : search_run(s, false, err);
}

static sx_status tell_facets(struct search *s, struct sx_error *err)
{
    char text[96];

    s->run.facets.wanted = s->ask->facets; /* told though nothing was found */
    sx_status rc = facets_read(&s->run.facets, &s->r->memory->docs, &s->mem, &s->res.facets,
                               &s->res.facet_count, err);
    for (size_t i = 0; i < s->res.facet_count && rc == SX_OK; i++) {
        const struct sx_facet_counts *f = &s->res.facets[i];
        if (f->distinct <= SX_FACET_VALUES_MAX)
            continue;
        int len = snprintf(text, sizeof(text), "a facet has %llu values: %d of them are told",
                           (unsigned long long)f->distinct, SX_FACET_VALUES_MAX);
        struct sx_str told = arena_str(&s->mem, str_make(text, (size_t)len));
        if (told.ptr != NULL)
            search_warn(s, told);
    }
    return rc;
}

static sx_status read_page(struct search *s, struct sx_error *err)
{
    size_t next = 0;
    sx_status rc = SX_OK;

    if (s->ask->limits.deadline_ns != 0)
        s->until = s->ask->limits.deadline_ns + PAGE_NS;
    s->run.limits = NULL; /* page_over() looks between the hits */
    if (s->ask->facets != 0)
        rc = tell_facets(s, err);
    if (rc == SX_OK && s->ask->explain)
        rc = explain_plan(s, err);
    if (rc == SX_OK)
        rc = page_read(s, &next, err);
    if (rc == SX_OK && s->ask->limit > 0 && s->plan.root != NULL)
        rc = continue_later(s, next, err);
    return rc;
}

static sx_status on_snapshot(struct search *s, struct sx_error *err)
{
    s->res.generation = s->snap.generation;
    s->res.coverage = reader_coverage(s->r, &s->snap);
    s->res.engine = "fts5";
    db_limit(&s->r->c, &s->ask->limits);
    sx_status rc = search_plan(s, &s->r->c, &s->r->stemmer, false, err);
    if (s->ask->timed)
        s->begun = clock_thread_ns();
    if (rc == SX_OK)
        rc = find(s, err);
    db_unlimit(&s->r->c);
    if (s->ask->timed)
        s->res.found_ns = clock_thread_ns() - s->begun;
    if (rc == SX_OK)
        rc = read_page(s, err);
    cursors_put(s->r->ix->cursors, s->list);
    s->list = NULL;
    return rc;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static sx_status begin(struct search *s, struct sx_error *err)
{
    if (s->fuzzy)
        words_claim(s->r);
    return reader_begin(s->r, &s->snap, err);
}

static sx_status search_once(struct sx_reader *r, const struct sx_search *ask, struct search *s,
                             struct sx_error *err)
{
    s->r = r;
    s->ask = ask;
    r->fts5_alone = ask->engine == SX_ENGINE_FTS5;
    sx_status rc = check_window(ask, err);
    if (rc == SX_OK)
        rc = search_parse(s, ask->query, r->an, err);
    if (rc == SX_OK)
        rc = begin(s, err);
    if (rc == SX_OK) {
        rc = on_snapshot(s, err);
        run_leave(&s->run);
        reader_end(r);
    }
    return rc;
}

/* Whether a failure is of block-max, so that FTS5 can do it. Upkeep looks after the rest. */
static bool can_do_without(const struct search *s, sx_status rc)
{
    bool damaged = rc == SX_ECORRUPT && s->reached;
    bool too_much = rc == SX_ENOMEM && s->reached; /* FTS5 takes less memory */

    if (damaged)
        upkeep_wake(s->r->ix);
    return (damaged || too_much) && s->ask->engine == SX_ENGINE_AUTO;
}

sx_status sx_reader_search(struct sx_reader *r, const struct sx_search *ask,
                           struct sx_results **out, struct sx_error *err)
{
    struct sx_error own;
    struct search *s = search_new();
    struct sx_search other = *ask;

    *out = NULL;
    err = err == NULL ? &own : err;
    sx_status rc = s == NULL ? sx_fail_oom(err) : search_once(r, ask, s, err);
    if (s != NULL && can_do_without(s, rc)) {
        sx_results_free(&s->res);
        other.engine = SX_ENGINE_FTS5;
        s = search_new();
        rc = s == NULL ? sx_fail_oom(err) : search_once(r, &other, s, err);
    }
    if (rc != SX_OK) {
        sx_results_free(s == NULL ? NULL : &s->res);
        return rc;
    }
    *out = &s->res;
    return SX_OK;
}

static sx_status count_snapshot(struct search *s, struct sx_count *out, struct sx_error *err)
{
    enum reading reading = s->ask->match == SX_MATCH_ALL ? READ_ALL : READ_ANY;
    bool counted = false;

    db_limit(&s->r->c, &s->ask->limits);
    sx_status rc = search_plan(s, &s->r->c, &s->r->stemmer, false, err);
    s->run.p = &s->plan;
    s->run.docs = &s->r->memory->docs;
    s->run.match = s->ask->match;
    s->run.limits = &s->ask->limits;
    if (rc == SX_OK && s->plan.root != NULL) {
        rc = weigh_leaves(s->r, &s->snap, &s->plan, err);
        if (rc == SX_OK)
            rc = run_init(&s->run, err);
        if (rc == SX_OK)
            rc = choose_engine(s, err);
        if (rc == SX_OK)
            rc = run_count(&s->run, false, &s->run.total, &s->run.total_all, &counted, err);
        if (rc == SX_OK && !counted)
            rc = run_pass(&s->run, &s->r->c, reading, err);
    }
    db_unlimit(&s->r->c);
    *out = (struct sx_count){s->run.total, s->run.total_all, s->snap.generation,
                             reader_coverage(s->r, &s->snap)};
    return rc;
}

static sx_status count_once(struct sx_reader *r, const struct sx_search *ask, struct search *s,
                            struct sx_count *out, struct sx_error *err)
{
    s->r = r;
    s->ask = ask;
    r->fts5_alone = ask->engine == SX_ENGINE_FTS5;
    sx_status rc = search_parse(s, ask->query, r->an, err);
    if (rc == SX_OK)
        rc = begin(s, err);
    if (rc == SX_OK) {
        rc = count_snapshot(s, out, err);
        run_leave(&s->run);
        reader_end(r);
    }
    return rc;
}

sx_status sx_reader_count(struct sx_reader *r, struct sx_str query, enum sx_match match,
                          const struct sx_limits *limits, struct sx_count *out,
                          struct sx_error *err)
{
    struct sx_search ask = {.query = query, .match = match};
    struct sx_error own;
    struct search *s = search_new();

    err = err == NULL ? &own : err;
    if (limits != NULL)
        ask.limits = *limits;
    sx_status rc = s == NULL ? sx_fail_oom(err) : count_once(r, &ask, s, out, err);
    if (s != NULL && can_do_without(s, rc)) {
        sx_results_free(&s->res);
        ask.engine = SX_ENGINE_FTS5;
        s = search_new();
        rc = s == NULL ? sx_fail_oom(err) : count_once(r, &ask, s, out, err);
    }
    sx_results_free(s == NULL ? NULL : &s->res);
    return rc;
}

sx_status sx_query_parse(struct sx_str query, struct sx_results **out, struct sx_error *err)
{
    struct analyzer *an = analyzer_new();
    struct search *s = search_new();
    struct sx_error own;
    sx_status rc;

    *out = NULL;
    err = err == NULL ? &own : err;
    if (an == NULL || s == NULL)
        rc = sx_fail_oom(err);
    else
        rc = search_parse(s, query, an, err);
    analyzer_free(an);
    if (rc == SX_OK)
        *out = &s->res;
    else
        sx_results_free(s == NULL ? NULL : &s->res);
    return rc;
}
