/* One writer and three readers at once: each answer is that of one committed generation, whole.
 * Between questions a reader goes through the pages of its last list, or holds a snapshot.
 *
 * The writer commits until every reader has asked its questions, and keeps what the twin held at
 * each generation. What the readers were told is compared once all are done, so that the twin
 * needs no lock and puts none between the threads of the index.
 *
 * SEARCHD_SEED runs a printed seed again (the threads meet otherwise each time); SEARCHD_QUERIES
 * says how many questions each reader asks. */
#include <pthread.h>
#include <stdatomic.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "tests/property/compare.h"
#include "tests/property/gen.h"
#include "tests/support/support.h"

#define READERS 3
#define URIS 60

struct told {
    struct buf query;
    struct sx_search s;
    sx_status status;
    struct sx_error err;
    struct sx_results *res;
    struct sx_count count; /* when `counted` */
    bool counted;
    bool page; /* the next of the list before */
    bool held; /* of the snapshot of the one before */
};

struct asker { /* one thread's until it is joined */
    pthread_t thread;
    struct sx_reader *r;
    struct gen g;
    struct told *told;
    size_t asks;
    bool holding;
    bool holds;            /* holding since before the last question */
    _Atomic(size_t) *busy; /* how many still ask */
};

struct history { /* by generation; a twin_set without documents where there was none */
    struct twin_set *sets;
    size_t count;
};

struct scene {
    char *dir;
    struct sx_index *ix;
    struct twin twin;
    struct gen g;
    struct history history;
    struct asker askers[READERS];
    _Atomic(size_t) busy;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

/* ---- a reader: cmocka's checks belong to the main thread, so it only keeps what it was told -- */

static void ask_anew(struct asker *a, struct told *t)
{
    gen_query(&a->g, str_of(NULL), &t->query);
    t->s.query = buf_str(&t->query);
    t->s.match = (enum sx_match)gen_below(&a->g, 3);
    t->s.sort = gen_one_in(&a->g, 2) ? SX_SORT_SCORE : (enum sx_sort)gen_below(&a->g, 3);
    t->s.limit = gen_one_in(&a->g, 2) ? 100 : 1 + gen_below(&a->g, 20);
    t->s.snippets = gen_below(&a->g, 2);
    t->s.exact_total = gen_one_in(&a->g, 2);
    t->s.facets = gen_one_in(&a->g, 2) ? (1U << SX_FACET_COUNT) - 1 : 0;
    t->s.explain = gen_one_in(&a->g, 3);
    t->counted = gen_one_in(&a->g, 4);
}

/* The next page of what was told before; false: there is none. */
static bool ask_for_more(struct asker *a, struct told *t, const struct told *before)
{
    if (before == NULL || before->res == NULL || before->res->cursor.ptr == NULL)
        return false;
    t->s = before->s;
    t->s.cursor = before->res->cursor;
    t->s.limit = 1 + gen_below(&a->g, 20);
    t->s.exact_total = t->s.explain = false;
    t->s.facets = 0;
    t->page = true;
    return true;
}

static void ask(struct asker *a, struct told *t, const struct told *before)
{
    if (!ask_for_more(a, t, before))
        ask_anew(a, t);
    t->held = a->holds;
    if (t->counted)
        t->status = sx_reader_count(a->r, t->s.query, t->s.match, NULL, &t->count, &t->err);
    else
        t->status = sx_reader_search(a->r, &t->s, &t->res, &t->err);
}

/* Now and then, for a few questions: those after the first are of its snapshot. */
static void hold_or_release(struct asker *a)
{
    a->holds = a->holding;
    if (a->holding && gen_one_in(&a->g, 4)) {
        sx_reader_release(a->r);
        a->holding = a->holds = false;
    } else if (!a->holding && gen_one_in(&a->g, 10)) {
        a->holding = sx_reader_hold(a->r, NULL) == SX_OK;
    }
}

static void *asking(void *arg)
{
    struct asker *a = arg;

    for (size_t i = 0; i < a->asks; i++) {
        ask(a, &a->told[i], i == 0 ? NULL : &a->told[i - 1]);
        hold_or_release(a);
    }
    if (a->holding)
        sx_reader_release(a->r);
    atomic_fetch_sub(a->busy, 1);
    return NULL;
}

/* ---- the writer: the main thread ------------------------------------------------------------- */

static void remember(struct scene *sc, struct sx_reader *r)
{
    struct sx_stats stats;
    struct sx_error err = {0};
    struct history *h = &sc->history;
    struct twin_set *set;

    must(sx_reader_stats(r, &stats, &err), &err);
    while (h->count <= stats.generation) {
        h->sets = realloc(h->sets, (h->count + 1) * sizeof(*h->sets));
        assert_non_null(h->sets);
        h->sets[h->count++] = (struct twin_set){0};
    }
    set = &h->sets[stats.generation];
    twin_set_copy(set, &sc->twin.committed);
}

static void change(struct scene *sc)
{
    struct arena mem = {0};
    struct sx_error err = {0};
    size_t deleted;
    struct sx_doc d = gen_doc(&sc->g, &mem);

    if (gen_one_in(&sc->g, 3)) {
        must(sx_index_delete_uri(sc->ix, d.uri, &deleted, &err), &err);
        assert_int_equal(deleted, twin_delete_uri(&sc->twin, d.uri));
    } else {
        must(sx_index_put(sc->ix, &d, 1, NULL, &err), &err);
        twin_put(&sc->twin, &d);
    }
    arena_release(&mem);
}

static void write_one_generation(struct scene *sc)
{
    struct sx_error err = {0};
    bool more;

    for (size_t n = 1 + gen_below(&sc->g, 10); n > 0; n--)
        change(sc);
    if (gen_one_in(&sc->g, 10)) {
        sx_index_rollback(sc->ix);
        twin_rollback(&sc->twin);
        return;
    }
    must(sx_index_commit(sc->ix, &err), &err);
    twin_commit(&sc->twin);
    if (gen_one_in(&sc->g, 5))
        must(sx_index_maintain(sc->ix, 1, &more, &err), &err);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static uint64_t generation_of(const struct told *t)
{
    return t->counted ? t->count.generation : t->res->generation;
}

static void compare_told(struct scene *sc, const struct told *t, const struct twin_set *set,
                         struct compared *sum)
{
    struct twin_ask ask = {t->s.query, t->s.match, SX_SORT_SCORE, false, clock_wall()};
    struct twin_answer twin;

    if (!t->counted) {
        compare_results(&t->s, t->status, t->res, set, sc->twin.an, sum);
        return;
    }
    twin_search(set, sc->twin.an, &ask, &twin);
    if (t->count.total != twin.total || t->count.all != twin.total_all)
        fail_msg("%.*s (%d) of generation %llu, held %d: counted %llu, %llu; the twin %zu, %zu",
                 (int)t->query.len, t->query.data, t->s.match,
                 (unsigned long long)t->count.generation, t->held,
                 (unsigned long long)t->count.total, (unsigned long long)t->count.all, twin.total,
                 twin.total_all);
    twin_answer_release(&twin);
}

/* A new question, or a page of the list that `p` follows. */
static void compare_one(struct scene *sc, const struct told *t, struct paging *p,
                        struct compared *sum)
{
    uint64_t generation = generation_of(t);

    assert_true(generation < sc->history.count);
    const struct twin_set *set = &sc->history.sets[generation];
    assert_non_null(set->docs);
    if (t->page) {
        paging_take(p, &t->s, t->status, t->res, set, sum);
        if (!paging_more(p))
            paging_check_all_came(p, set);
        return;
    }
    compare_told(sc, t, set, sum);
    paging_release(p);
    if (!t->counted && t->res->cursor.ptr != NULL)
        paging_begin(p, &t->s, t->res, set, sc->twin.an);
}

/* Generations never go back for one reader, and stay while it holds one. */
static size_t compare_asker(struct scene *sc, struct asker *a, struct compared *sum, size_t *held)
{
    struct paging p = {0};
    uint64_t last = 0;
    size_t seen = 0;

    for (size_t i = 0; i < a->asks; i++) {
        struct told *t = &a->told[i];

        if (t->status != SX_OK) {
            if (t->status != SX_EQUERY)
                fail_msg("%.*s: %s, page %d, held %d", (int)t->s.query.len, t->s.query.ptr,
                         t->err.msg, t->page, t->held);
            continue;
        }
        uint64_t generation = generation_of(t);
        bool same = t->held && i > 0 && a->told[i - 1].status == SX_OK;
        assert_true(same ? generation == last : generation >= last);
        *held += same;
        seen += generation != last;
        last = generation;
        compare_one(sc, t, &p, sum);
    }
    paging_release(&p);
    for (size_t i = 0; i < a->asks; i++) {
        sx_results_free(a->told[i].res);
        buf_release(&a->told[i].query);
    }
    free(a->told);
    return seen;
}

static void set_up(struct scene *sc)
{
    struct sx_index_options opt = {
        .relaxed = true, .languages = twin_langs, .language_count = TWIN_LANGS};
    struct sx_error err = {0};

    sc->dir = temp_dir();
    gen_init(&sc->g, gen_seed(), URIS);
    twin_init(&sc->twin, TWIN_LANGS);
    must(sx_index_open(&sc->ix, sc->dir, &opt, &err), &err);
    atomic_store(&sc->busy, READERS);
    for (size_t i = 0; i < READERS; i++) {
        struct asker *a = &sc->askers[i];

        a->g = sc->g; /* the same words, other choices */
        a->g.state += i + 1;
        a->busy = &sc->busy;
        a->asks = gen_env("SEARCHD_QUERIES", 300);
        a->told = calloc(a->asks, sizeof(*a->told));
        assert_non_null(a->told);
        must(sx_reader_open(&a->r, sc->ix, &err), &err);
    }
}

static void tear_down(struct scene *sc)
{
    for (size_t i = 0; i < READERS; i++)
        sx_reader_close(sc->askers[i].r);
    sx_index_close(sc->ix);
    for (size_t i = 0; i < sc->history.count; i++)
        twin_set_release(&sc->history.sets[i]);
    free(sc->history.sets);
    twin_release(&sc->twin);
    temp_dir_remove(sc->dir);
}

static void each_answer_is_of_one_generation(void **state)
{
    static struct scene sc;
    struct compared sum = {0};
    struct sx_reader *own;
    struct sx_error err = {0};
    struct sx_stats stats;
    size_t seen = 0;
    size_t held = 0;

    (void)state;
    set_up(&sc);
    must(sx_reader_open(&own, sc.ix, &err), &err);
    remember(&sc, own);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&sc.askers[i].thread, NULL, asking, &sc.askers[i]), 0);
    while (atomic_load(&sc.busy) > 0) {
        write_one_generation(&sc);
        remember(&sc, own);
    }
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(sc.askers[i].thread, NULL), 0);
    must(sx_index_check(sc.ix, &err), &err);
    must(sx_reader_stats(own, &stats, &err), &err);
    assert_true(stats.cached_terms > 0);
    sx_reader_close(own);
    for (size_t i = 0; i < READERS; i++)
        seen += compare_asker(&sc, &sc.askers[i], &sum, &held);
    print_message("%zu generations, of which the readers saw %zu changes; %zu searches, %zu hits, "
                  "%zu more pages, %zu answers of a held snapshot\n",
                  sc.history.count, seen, sum.queries, sum.hits, sum.pages, held);
    assert_true(seen > READERS);
    tear_down(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_is_of_one_generation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
