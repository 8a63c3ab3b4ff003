/* Random documents, random changes, random queries: the index answers as its twin does.
 *
 * SEARCHD_SEED runs a printed seed again; SEARCHD_QUERIES says how many queries to compare. */
#include "index/base/clock.h"
#include "index/base/str.h"
#include "tests/property/compare.h"
#include "tests/property/gen.h"
#include "tests/support/support.h"

#define ROUND_QUERIES 12

struct world {
    char *dir;
    struct sx_index *ix;
    struct sx_reader *readers[2];
    struct twin twin;
    struct gen g;
    struct compared sum;
    size_t commits, checks, reopens, rollbacks, rebuilds, lists;
    bool held; /* readers[1] sees `held_set`, whatever is committed */
    struct twin_set held_set;
    size_t holds;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s (%s)", sx_status_name(rc), err->msg, err->param);
}

static void open_index(struct world *w)
{
    struct sx_error err = {0};
    struct sx_index_options opt = {.relaxed = !gen_one_in(&w->g, 4),
                                   .languages = twin_langs,
                                   .language_count = w->twin.open.langs};

    must(sx_index_open(&w->ix, w->dir, &opt, &err), &err);
    for (size_t i = 0; i < 2; i++)
        must(sx_reader_open(&w->readers[i], w->ix, &err), &err);
}

static void hold(struct world *w)
{
    struct sx_error err = {0};

    must(sx_reader_hold(w->readers[1], &err), &err);
    twin_set_copy(&w->held_set, &w->twin.committed);
    w->held = true;
    w->holds++;
}

static void release(struct world *w)
{
    if (w->held)
        sx_reader_release(w->readers[1]);
    w->held = false;
}

/* What a reader sees. */
static const struct twin_set *set_of(const struct world *w, size_t reader)
{
    return w->held && reader == 1 ? &w->held_set : &w->twin.committed;
}

static void close_index(struct world *w)
{
    release(w);
    for (size_t i = 0; i < 2; i++) {
        sx_reader_close(w->readers[i]);
        w->readers[i] = NULL;
    }
    sx_index_close(w->ix);
    w->ix = NULL;
}

/* ---- changes ------------------------------------------------------------------------------- */

static void put_some(struct world *w, size_t n)
{
    struct sx_doc docs[8] = {0};
    struct arena mem = {0};
    struct sx_error err = {0};
    size_t replaced = 0, expected = 0;

    for (size_t i = 0; i < n; i++)
        docs[i] = gen_doc(&w->g, &mem);
    must(sx_index_put(w->ix, docs, n, &replaced, &err), &err);
    for (size_t i = 0; i < n; i++)
        expected += twin_put(&w->twin, &docs[i]);
    assert_int_equal(replaced, expected);
    arena_release(&mem);
}

static const struct twin_doc *any_doc(struct world *w, const struct twin_set *set)
{
    return set->count == 0 ? NULL : set->docs[gen_below(&w->g, set->count)];
}

static void put_the_same_again(struct world *w)
{
    const struct twin_doc *d = any_doc(w, &w->twin.open);
    struct sx_error err = {0};
    size_t replaced = 0;

    if (d == NULL)
        return;
    must(sx_index_put(w->ix, &d->doc, 1, &replaced, &err), &err);
    assert_int_equal(replaced, 1);
    assert_true(twin_put(&w->twin, &d->doc));
}

/* The second document is at fault: neither is put. */
static void put_a_bad_one(struct world *w)
{
    struct arena mem = {0};
    struct sx_error err = {0};
    struct sx_doc docs[2] = {gen_doc(&w->g, &mem), gen_doc(&w->g, &mem)};
    size_t replaced = 0;

    docs[1].date = str_of("2025-02-30");
    assert_int_equal(sx_index_put(w->ix, docs, 2, &replaced, &err), SX_EREQUEST);
    assert_string_equal(err.param, "docs[1].date");
    arena_release(&mem);
}

static void delete_by_key(struct world *w)
{
    const struct twin_doc *d = any_doc(w, &w->twin.open);
    struct arena mem = {0};
    struct sx_error err = {0};
    struct sx_str uri = d == NULL || gen_one_in(&w->g, 3) ? gen_uri(&w->g, &mem) : d->doc.uri;
    size_t deleted = 99;

    if (d != NULL && gen_one_in(&w->g, 2)) {
        must(sx_index_delete_doc(w->ix, str_of(d->hash), &deleted, &err), &err);
        assert_int_equal(deleted, twin_delete_doc(&w->twin, str_of(d->hash)));
    } else {
        must(sx_index_delete_uri(w->ix, uri, &deleted, &err), &err);
        assert_int_equal(deleted, twin_delete_uri(&w->twin, uri));
    }
    arena_release(&mem);
}

static void delete_by_query(struct world *w)
{
    struct buf query = {0};
    struct arena mem = {0};
    struct query parsed;
    struct sx_error err = {0};
    size_t deleted = 99;

    do {
        gen_query(&w->g, str_of(NULL), &query);
    } while (query_parse(&parsed, buf_str(&query), clock_wall(), w->twin.an, &mem, &err) != SX_OK);
    must(sx_index_delete_query(w->ix, buf_str(&query), &deleted, &err), &err);
    size_t expected = twin_delete_query(&w->twin, buf_str(&query), clock_wall());
    if (deleted != expected)
        fail_msg("deleted %zu, twin %zu: %.*s", deleted, expected, (int)query.len, query.data);
    buf_release(&query);
    arena_release(&mem);
}

static void change(struct world *w)
{
    size_t kind = gen_below(&w->g, 20);

    if (kind < 11)
        put_some(w, 1 + gen_below(&w->g, 8));
    else if (kind < 13)
        put_the_same_again(w);
    else if (kind < 14)
        put_a_bad_one(w);
    else if (kind < 18)
        delete_by_key(w);
    else
        delete_by_query(w);
}

static void commit(struct world *w)
{
    struct sx_error err = {0};

    must(sx_index_commit(w->ix, &err), &err);
    twin_commit(&w->twin);
    w->commits++;
}

static void rebuild(struct world *w)
{
    struct sx_error err = {0};
    uint64_t docs = 0;

    must(sx_index_rebuild(w->ix, NULL, &docs, &err), &err);
    assert_int_equal(docs, w->twin.committed.count);
    w->rebuilds++;
}

static void end_transaction(struct world *w)
{
    struct sx_error err = {0};
    bool more;

    if (gen_one_in(&w->g, 6)) {
        sx_index_rollback(w->ix);
        twin_rollback(&w->twin);
        w->rollbacks++;
    } else {
        commit(w);
    }
    if (gen_one_in(&w->g, 4))
        must(sx_index_maintain(w->ix, 2, &more, &err), &err);
    if (gen_one_in(&w->g, 20))
        rebuild(w);
    if (gen_one_in(&w->g, 4)) {
        must(sx_index_check(w->ix, &err), &err);
        w->checks++;
    }
}

/* What is uncommitted is forgotten by closing. */
static void reopen(struct world *w)
{
    close_index(w);
    open_index(w);
    twin_rollback(&w->twin);
    w->reopens++;
}

/* ---- questions ----------------------------------------------------------------------------- */

static struct sx_search any_search(struct gen *g, struct sx_str quoted, struct buf *query)
{
    static const size_t limits[] = {0, 1, 2, 3, 10, 10, 10, 50, 1000};
    struct sx_search s = {
        .match = (enum sx_match)gen_below(g, 3),
        .sort = gen_one_in(g, 2) ? SX_SORT_SCORE : (enum sx_sort)gen_below(g, 3),
        .offset = gen_one_in(g, 4) ? gen_below(g, gen_one_in(g, 4) ? 150 : 30) : 0,
        .limit = limits[gen_below(g, sizeof(limits) / sizeof(limits[0]))],
        .snippets = gen_below(g, SX_SNIPPETS_MAX + 1),
        .exact_total = gen_one_in(g, 2),
        .facets = gen_one_in(g, 4) ? (unsigned)gen_below(g, 1U << SX_FACET_COUNT) : 0,
        .explain = gen_one_in(g, 3),
    };

    gen_query(g, quoted, query);
    s.query = query->data == NULL ? str_of("") : buf_str(query);
    return s;
}

static struct sx_str any_text(struct world *w)
{
    const struct twin_doc *d = any_doc(w, &w->twin.committed);

    return d == NULL ? str_of(NULL) : d->doc.body;
}

static void ask(struct world *w, struct buf *query)
{
    size_t reader = gen_below(&w->g, 2);
    struct sx_search s = any_search(&w->g, any_text(w), query);

    compare_search(w->readers[reader], set_of(w, reader), w->twin.an, &s, &w->sum);
    if (gen_one_in(&w->g, 4))
        compare_count(w->readers[reader], set_of(w, reader), w->twin.an, s.query, s.match);
}

/* ---- lists, page by page ------------------------------------------------------------------- */

static void must_fail(struct sx_reader *r, const struct sx_search *s, sx_status want)
{
    struct sx_results *res = NULL;
    struct sx_error err = {0};
    sx_status rc = sx_reader_search(r, s, &res, &err);

    if (rc != want)
        fail_msg("cursor '%.*s' of '%.*s': %s", (int)s->cursor.len, s->cursor.ptr,
                 (int)s->query.len, s->query.ptr, sx_status_name(rc));
    assert_null(res);
}

/* A cursor is of one search only. */
static void try_wrong_cursors(struct world *w, struct sx_reader *r, const struct paging *p)
{
    static const char *const wrong[] = {"",
                                        "0",
                                        "-",
                                        "0000000000000000-0",
                                        "ffffffffffffffff-10",
                                        "\xff",
                                        "0123456789abcdef-",
                                        "0123456789abcdef-99999999999999999999"};
    struct sx_search good = paging_next(p, 10);
    struct sx_search s = good;

    s.cursor = str_of(wrong[gen_below(&w->g, sizeof(wrong) / sizeof(wrong[0]))]);
    must_fail(r, &s, SX_ECURSOR);
    s = good;
    s.query = str_of("another");
    must_fail(r, &s, SX_ECURSOR);
    s = good;
    s.query = str_of("");
    must_fail(r, &s, SX_ECURSOR);
    s = good;
    s.match = (enum sx_match)((s.match + 1) % 3);
    must_fail(r, &s, SX_ECURSOR);
    s = good;
    s.sort = (enum sx_sort)((s.sort + 1) % 3);
    must_fail(r, &s, SX_ECURSOR);
    s = good;
    s.explain = true;
    must_fail(r, &s, SX_EREQUEST);
    s = good;
    s.facets = 1;
    must_fail(r, &s, SX_EREQUEST);
    s = good;
    s.offset = 1;
    must_fail(r, &s, SX_EREQUEST);
}

static void next_page(struct world *w, size_t reader, struct paging *p)
{
    static const size_t limits[] = {1, 2, 7, 7, 30, 100, 1000};
    struct sx_search s =
        paging_next(p, limits[gen_below(&w->g, sizeof(limits) / sizeof(limits[0]))]);
    struct sx_results *res = NULL;
    struct sx_error err = {0};
    sx_status rc = sx_reader_search(w->readers[reader], &s, &res, &err);

    paging_take(p, &s, rc, res, set_of(w, reader), &w->sum);
    sx_results_free(res);
}

/* A whole list; documents come and go meanwhile, or do not. */
static void page_through(struct world *w, struct buf *query)
{
    size_t reader = gen_below(&w->g, 2);
    bool changes = gen_one_in(&w->g, 2);
    struct sx_search s = any_search(&w->g, any_text(w), query);
    struct sx_results *res = NULL;
    struct sx_error err = {0};
    struct paging p;

    s.offset = 0;
    s.limit = 1 + gen_below(&w->g, gen_one_in(&w->g, 4) ? 150 : 12);
    sx_status rc = sx_reader_search(w->readers[reader], &s, &res, &err);
    compare_results(&s, rc, res, set_of(w, reader), w->twin.an, &w->sum);
    if (rc != SX_OK)
        return;
    paging_begin(&p, &s, res, set_of(w, reader), w->twin.an);
    sx_results_free(res);
    w->lists += paging_more(&p);
    while (paging_more(&p)) {
        if (gen_one_in(&w->g, 6))
            try_wrong_cursors(w, w->readers[reader], &p);
        if (changes && gen_one_in(&w->g, 2)) {
            change(w);
            commit(w);
        }
        next_page(w, reader, &p);
    }
    paging_check_all_came(&p, set_of(w, reader));
    paging_release(&p);
}

static void look_around(struct world *w)
{
    const struct twin_doc *d = any_doc(w, &w->twin.committed);
    struct arena mem = {0};
    struct sx_str uri = d == NULL || gen_one_in(&w->g, 2) ? gen_uri(&w->g, &mem) : d->doc.uri;

    compare_stored(w->readers[0], twin_find(&w->twin.committed, uri), uri);
    compare_stored(w->readers[1], twin_find(set_of(w, 1), uri), uri);
    compare_stats(w->readers[1], set_of(w, 1));
    arena_release(&mem);
}

static void one_round(struct world *w)
{
    struct buf query = {0};

    for (size_t n = 1 + gen_below(&w->g, 6); n > 0; n--)
        change(w);
    for (size_t n = gen_below(&w->g, 4); n > 0; n--)
        ask(w, &query); /* nobody sees the open transaction */
    if (gen_one_in(&w->g, 8))
        reopen(w);
    else
        end_transaction(w);
    look_around(w);
    if (gen_one_in(&w->g, 3))
        release(w);
    if (gen_one_in(&w->g, 3) && !w->held)
        hold(w);
    for (size_t n = 0; n < ROUND_QUERIES; n++)
        ask(w, &query);
    page_through(w, &query);
    buf_release(&query);
}

/* One corpus, from empty, through some rounds. */
static void one_world(struct world *w, uint64_t seed, size_t queries)
{
    struct sx_error err = {0};
    size_t until = w->sum.queries + queries;

    gen_init(&w->g, seed, 10);
    bool many = gen_one_in(&w->g, 5);
    w->g.uris = many ? 250 : 5 + gen_below(&w->g, 100);
    w->g.words_max = many ? 12 : w->g.words_max;
    w->dir = temp_dir();
    twin_init(&w->twin, 1 + gen_below(&w->g, TWIN_LANGS));
    open_index(w);
    for (size_t n = many ? 40 : gen_below(&w->g, 25); n > 0; n--)
        put_some(w, 8);
    must(sx_index_commit(w->ix, &err), &err);
    twin_commit(&w->twin);
    while (w->sum.queries < until)
        one_round(w);
    must(sx_index_check(w->ix, &err), &err);
    close_index(w);
    twin_set_release(&w->held_set);
    twin_release(&w->twin);
    temp_dir_remove(w->dir);
}

static void put_body(struct world *w, const char *uri, const char *body)
{
    struct sx_error err = {0};
    struct sx_doc d = {.uri = str_of(uri), .body = str_of(body)};

    must(sx_index_put(w->ix, &d, 1, NULL, &err), &err);
    twin_put(&w->twin, &d);
}

/* Four words and a language, each there or not. */
static void put_mixture(struct world *w, unsigned bits)
{
    char uri[8], body[16];
    struct sx_error err = {0};

    snprintf(uri, sizeof(uri), "%u", bits);
    snprintf(body, sizeof(body), "%s%s%s%s", bits & 1 ? "a " : "", bits & 2 ? "b " : "",
             bits & 4 ? "c " : "", bits & 8 ? "d " : "");
    struct sx_doc d = {.uri = str_of(uri), .body = str_of(body)};
    if (bits & 16)
        d.lang = str_of("en-GB");
    must(sx_index_put(w->ix, &d, 1, NULL, &err), &err);
    twin_put(&w->twin, &d);
}

/* One corpus of few words, asked what once was answered wrongly, in every way. */
static void known_queries_are_answered(void **state)
{
    static const char *const queries[] = {
        "a -(b -c)", /* an exclusion stays one, whatever is in it */
        "-(a -b)",
        "lang:en -(a -b)",
        "a (lang:en -(b -c))",
        "a OR -(b -c)",
        "d (a AND b) (b AND a) (a AND b AND a) (b AND a AND b)", /* more items than words */
        "a -(b c)",
        "a (b c) d",
        "(a b) OR (c d)",
        "a (b OR lang:en)",
        "a +(b c) -d",
        "a a b",
        "title:a NEAR/5 b OR c", /* b is marked nowhere */
        "foo-bar NEAR/5 foo-bar OR c",
        "a b a OR \"b c\" NEAR/0 b NEAR/0 d",
        "and-the",
        "foo-bar the-foo bar d",
    };
    static const char *const bodies[] = {"foo-bar c",   "foo bar foobar c", "foo-bar d foo/bar",
                                         "and the",     "and-the",          "foo d bar",
                                         "b c b c b d", "the foo"};
    struct world w = {0};
    struct sx_error err = {0};

    (void)state;
    w.dir = temp_dir();
    twin_init(&w.twin, 1);
    open_index(&w);
    for (unsigned bits = 0; bits < 32; bits++)
        put_mixture(&w, bits);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        put_body(&w, bodies[i], bodies[i]);
    must(sx_index_commit(w.ix, &err), &err);
    twin_commit(&w.twin);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        for (int match = SX_MATCH_BEST; match <= SX_MATCH_ANY; match++) {
            struct sx_search s = {.query = str_of(queries[i]),
                                  .match = (enum sx_match)match,
                                  .limit = 100,
                                  .snippets = 1,
                                  .facets = (1U << SX_FACET_COUNT) - 1,
                                  .explain = true};

            compare_search(w.readers[0], &w.twin.committed, w.twin.an, &s, &w.sum);
            compare_count(w.readers[1], &w.twin.committed, w.twin.an, s.query, s.match);
        }
    }
    close_index(&w);
    twin_release(&w.twin);
    temp_dir_remove(w.dir);
}

static void delete_in_the_open_transaction(const char *query, bool anew)
{
    static const char *const bodies[] = {"harbour", "fish tanks", "fish tank", "fish", "tank"};
    struct world w = {0};
    struct sx_error err = {0};
    size_t deleted = 0;

    w.dir = temp_dir();
    twin_init(&w.twin, TWIN_LANGS);
    open_index(&w);
    if (!anew) {
        put_body(&w, "first", "other words");
        commit(&w);
    }
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        put_body(&w, bodies[i], bodies[i]);
    must(sx_index_delete_query(w.ix, str_of(query), &deleted, &err), &err);
    size_t expected = twin_delete_query(&w.twin, str_of(query), clock_wall());
    if (deleted != expected)
        fail_msg("%s: deleted %zu, twin %zu", query, deleted, expected);
    commit(&w);
    compare_stats(w.readers[0], &w.twin.committed);
    close_index(&w);
    twin_release(&w.twin);
    temp_dir_remove(w.dir);
}

/* What a deletion finds, and what it spares, is of documents that were put just before, too. */
static void deletions_know_the_words_of_the_open_transaction(void **state)
{
    static const char *const queries[] = {"harbuor~", "fish -tank", "fish -tanc~",
                                          "tank OR (fish -tank)",
                                          "zeb AND NOT tank AND tank OR NOT harbour"};

    (void)state;
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        delete_in_the_open_transaction(queries[i], true);
        delete_in_the_open_transaction(queries[i], false);
    }
}

static void index_answers_as_its_twin(void **state)
{
    struct world w = {0};
    uint64_t seed = gen_seed();
    size_t queries = gen_env("SEARCHD_QUERIES", 3000);

    (void)state;
    for (uint64_t n = 0; w.sum.queries < queries; n++)
        one_world(&w, seed + n * 1000003, 200);
    print_message("compared %zu queries (%zu refused by both), %zu hits, %zu snippets, %zu marks, "
                  "%zu lower bounds; %zu commits, %zu rollbacks, %zu reopens, %zu checks, "
                  "%zu rebuilds\n",
                  w.sum.queries, w.sum.refused, w.sum.hits, w.sum.snippets, w.sum.marks,
                  w.sum.inexact, w.commits, w.rollbacks, w.reopens, w.checks, w.rebuilds);
    print_message(
        "%zu facets, %zu hits explained: %zu NEAR, %zu fuzzy words, %zu pairs; %zu lists of "
        "%zu more pages (%zu empty), %zu holds; rounding blurred %zu lists\n",
        w.sum.facets, w.sum.explained, w.sum.near, w.sum.fuzzy, w.sum.pairs, w.lists, w.sum.pages,
        w.sum.empty_pages, w.holds, w.sum.blurred);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_queries_are_answered),
        cmocka_unit_test(deletions_know_the_words_of_the_open_transaction),
        cmocka_unit_test(index_answers_as_its_twin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
