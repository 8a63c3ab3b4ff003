/* The index as a library: its life, its limits, what a failure leaves behind. */
#include <searchd/index.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/clock.h"
#include "index/base/str.h"
#include "tests/support/bed.h"

static void reopen(struct bed *b)
{
    close_bed(b);
    open_bed(b);
}

/* ---- life -------------------------------------------------------------------------------- */

static void a_folder_belongs_to_one_index(void **state)
{
    struct bed *b = *state;
    struct sx_index *second = NULL;
    struct sx_index_options wait = {.lock_wait_ms = 20};
    struct sx_error err;

    assert_int_equal(sx_index_open(&second, b->dir, NULL, &err), SX_ELOCKED);
    assert_null(second);
    assert_int_equal(sx_index_open(&second, b->dir, &wait, &err), SX_ELOCKED);
    reopen(b);
}

static void what_is_committed_is_seen_and_stays(void **state)
{
    struct bed *b = *state;

    put(b, "a", "ferry");
    assert_int_equal(found(b, "ferry"), 0);
    commit(b);
    assert_int_equal(found(b, "ferry"), 1);
    put(b, "b", "ferry");
    reopen(b);
    assert_int_equal(found(b, "ferry"), 1);
    put(b, "b", "ferry");
    sx_index_rollback(b->ix);
    commit(b);
    assert_int_equal(found(b, "ferry"), 1);
}

static void an_empty_commit_makes_no_generation(void **state)
{
    struct bed *b = *state;

    put(b, "a", "ferry");
    commit(b);
    struct sx_stats before = stats_of(b);
    commit(b);
    struct sx_stats after = stats_of(b);
    assert_int_equal(after.generation, before.generation);
    put(b, "a", "train");
    commit(b);
    after = stats_of(b);
    assert_int_equal(after.generation, before.generation + 1);
    assert_int_equal(after.coverage.docs, 1);
    assert_true(after.file_bytes > 0);
}

static void a_check_wants_no_open_transaction(void **state)
{
    struct bed *b = *state;
    struct sx_error err;

    put(b, "a", "ferry");
    assert_int_equal(sx_index_check(b->ix, &err), SX_EBUSY);
    commit(b);
    must(sx_index_check(b->ix, &err), &err);
}

static void maintenance_comes_to_an_end(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    char uri[16];
    bool more = true;

    for (int i = 0; i < 300; i++) {
        snprintf(uri, sizeof(uri), "%d", i);
        put(b, uri, "ferry and train");
        if (i % 10 == 0)
            commit(b);
    }
    must(sx_index_maintain(b->ix, 10, &more, &err), &err); /* does nothing: a transaction is open */
    assert_false(more);
    commit(b);
    more = true;
    for (int i = 0; more; i++) {
        assert_true(i < 1000);
        must(sx_index_maintain(b->ix, 10, &more, &err), &err);
    }
    assert_int_equal(stats_of(b).wal_bytes, 0);
    assert_int_equal(found(b, "ferry"), 300);
    must(sx_index_check(b->ix, &err), &err);
}

/* ---- documents at fault ------------------------------------------------------------------ */

static void assert_refused(struct bed *b, struct sx_doc bad, sx_status want, const char *param)
{
    struct sx_doc docs[2] = {{.uri = str_of("good"), .body = str_of("ferry")}, bad};
    struct sx_error err;

    assert_int_equal(sx_index_put(b->ix, docs, 2, NULL, &err), want);
    assert_string_equal(err.param, param);
}

static void a_document_at_fault_leaves_the_transaction(void **state)
{
    struct bed *b = *state;
    static char big[SX_URI_MAX + 2];
    struct sx_str ok = str_of("x");
    struct sx_str nul = str_make("a\0b", 3);
    struct sx_str latin = str_of("caf\xe9");
    struct sx_str huge;

    memset(big, 'u', sizeof(big));
    huge = str_make(big, SX_URI_MAX + 1);
    put(b, "before", "ferry");
    assert_refused(b, (struct sx_doc){.body = ok}, SX_EREQUEST, "docs[1].uri");
    assert_refused(b, (struct sx_doc){.uri = str_of(""), .body = ok}, SX_EREQUEST, "docs[1].uri");
    assert_refused(b, (struct sx_doc){.uri = huge, .body = ok}, SX_ETOOLARGE, "docs[1].uri");
    assert_refused(b, (struct sx_doc){.uri = nul, .body = ok}, SX_EREQUEST, "docs[1].uri");
    assert_refused(b, (struct sx_doc){.uri = ok}, SX_EREQUEST, "docs[1].body");
    assert_refused(b, (struct sx_doc){.uri = ok, .body = latin}, SX_EREQUEST, "docs[1].body");
    assert_refused(b, (struct sx_doc){.uri = ok, .body = ok, .title = nul}, SX_EREQUEST,
                   "docs[1].title");
    assert_refused(b, (struct sx_doc){.uri = ok, .body = ok, .source = huge}, SX_ETOOLARGE,
                   "docs[1].source");
    assert_refused(b, (struct sx_doc){.uri = ok, .body = ok, .lang = latin}, SX_EREQUEST,
                   "docs[1].lang");
    assert_refused(b, (struct sx_doc){.uri = ok, .body = ok, .type = huge}, SX_ETOOLARGE,
                   "docs[1].type");
    assert_refused(b, (struct sx_doc){.uri = ok, .body = ok, .extra = nul}, SX_EREQUEST,
                   "docs[1].extra");
    assert_refused(b, (struct sx_doc){.uri = ok, .body = ok, .date = str_of("2025-02-30")},
                   SX_EREQUEST, "docs[1].date");
    commit(b);
    assert_int_equal(found(b, "ferry"), 1);
    huge.len = SX_URI_MAX;
    struct sx_doc longest = {.uri = huge, .body = str_of("ferry")};
    struct sx_error err;
    must(sx_index_put(b->ix, &longest, 1, NULL, &err), &err);
    commit(b);
    assert_int_equal(found(b, "ferry"), 2);
}

static void deletes_count_what_was_there(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    struct sx_stored *got;
    size_t n = 99;

    put(b, "a", "ferry train");
    put(b, "b", "ferry");
    put(b, "c", "train");
    commit(b);
    must(sx_index_delete_uri(b->ix, str_of("none"), &n, &err), &err);
    assert_int_equal(n, 0);
    must(sx_index_delete_query(b->ix, str_of("ferry train"), &n, &err), &err);
    assert_int_equal(n, 1); /* every item, as with match all */
    must(sx_index_delete_query(b->ix, str_of("lang:en"), &n, &err), &err);
    assert_int_equal(n, 0);
    must(sx_reader_get_uri(b->r, str_of("b"), &got, &err), &err);
    must(sx_index_delete_doc(b->ix, str_of(got->hash), &n, &err), &err);
    sx_stored_free(got);
    assert_int_equal(n, 1);
    assert_int_equal(sx_index_delete_doc(b->ix, str_of("12"), &n, &err), SX_EREQUEST);
    assert_string_equal(err.param, "doc");
    assert_int_equal(sx_index_delete_query(b->ix, str_of("\"open"), &n, &err), SX_EQUERY);
    struct sx_str too_long = {mem_zalloc(SX_QUERY_MAX + 1, 1), SX_QUERY_MAX + 1};
    assert_int_equal(sx_index_delete_query(b->ix, too_long, &n, &err), SX_ETOOLARGE);
    mem_free((void *)(uintptr_t)too_long.ptr);
    assert_int_equal(found(b, "ferry"), 2);
    commit(b);
    assert_int_equal(found(b, "ferry"), 0);
    assert_int_equal(found(b, "train"), 1);
}

static void what_is_not_there_is_not_found(void **state)
{
    struct bed *b = *state;
    struct sx_stored *got = NULL;
    struct sx_error err;
    char hex[65];

    memset(hex, '0', 64);
    hex[64] = '\0';
    assert_int_equal(sx_reader_get_uri(b->r, str_of("a"), &got, &err), SX_ENOTFOUND);
    assert_int_equal(sx_reader_get_doc(b->r, str_of(hex), &got, &err), SX_ENOTFOUND);
    hex[3] = 'g';
    assert_int_equal(sx_reader_get_doc(b->r, str_of(hex), &got, &err), SX_EREQUEST);
    assert_null(got);
}

/* ---- a transaction that failed -------------------------------------------------------------- */

/* The nth allocation of a put fails: all since the last commit is undone, writes fail alike until
 * the commit has said so, and then all is as before. */
static void put_undoes_itself_when_memory_runs_out(void **state)
{
    struct bed *b = *state;
    struct sx_doc d = {.uri = str_of("new"), .body = str_of("a train to somewhere")};
    struct sx_error err;
    sx_status rc = SX_ENOMEM;
    char source[32];
    long n = 0;

    put(b, "old", "ferry");
    commit(b);
    for (; rc != SX_OK; n++) {
        size_t deleted;

        assert_true(n < 500);
        put(b, "same transaction", "ferry");
        snprintf(source, sizeof(source), "Gazette %ld", n); /* a name that memory does not have */
        d.source = str_of(source);
        mem_fail_after(n);
        rc = sx_index_put(b->ix, &d, 1, NULL, &err);
        mem_fail_after(-1);
        if (rc == SX_OK)
            break;
        assert_int_equal(rc, SX_ENOMEM);
        assert_int_equal(sx_index_put(b->ix, &d, 1, NULL, &err), SX_ENOMEM);
        assert_int_equal(sx_index_delete_uri(b->ix, str_of("old"), &deleted, &err), SX_ENOMEM);
        if (n % 2 == 0)
            assert_int_equal(sx_index_commit(b->ix, &err), SX_ENOMEM);
        else
            sx_index_rollback(b->ix);
        commit(b);
        assert_int_equal(found(b, "ferry"), 1);
        assert_int_equal(found(b, "train"), 0);
    }
    assert_true(n > 1);
    commit(b);
    assert_int_equal(found(b, "ferry"), 2);
    assert_int_equal(found(b, "train"), 1);
    assert_false(sx_index_broken(b->ix));
    must(sx_index_check(b->ix, &err), &err);
}

static void search_survives_want_of_memory(void **state)
{
    struct bed *b = *state;
    struct sx_search s = {.query = str_of("ferry \"a train\" som* -bus source:gazette OR train"),
                          .limit = 10,
                          .snippets = 3};
    struct sx_results *res = NULL;
    struct sx_error err;
    sx_status rc = SX_ENOMEM;

    put(b, "a", "ferry and a train to somewhere");
    put(b, "b", "a train");
    commit(b);
    for (long n = 0; rc != SX_OK; n++) {
        assert_true(n < 2000);
        mem_fail_after(n);
        rc = sx_reader_search(b->r, &s, &res, &err);
        mem_fail_after(-1);
        assert_true(rc == SX_OK || rc == SX_ENOMEM);
        assert_true((rc == SX_OK) == (res != NULL));
    }
    assert_non_null(res);
    if (res == NULL)
        return;
    assert_int_equal(res->hit_count, 2);
    assert_true(res->hits[0].snippet_count > 0);
    sx_results_free(res);
}

static void opening_survives_want_of_memory(void **state)
{
    struct bed *b = *state;
    struct sx_index *ix = NULL;
    struct sx_reader *r = NULL;
    struct sx_error err;
    char *dir = temp_dir();
    sx_status rc = SX_ENOMEM;

    for (long n = 0; rc != SX_OK; n++) {
        assert_true(n < 500);
        mem_fail_after(n);
        rc = sx_index_open(&ix, dir, NULL, &err);
        mem_fail_after(-1);
        assert_true(rc == SX_OK || rc == SX_ENOMEM);
        assert_true((rc == SX_OK) == (ix != NULL));
    }
    sx_index_close(ix);
    rc = SX_ENOMEM;
    for (long n = 0; rc != SX_OK; n++) {
        assert_true(n < 500);
        mem_fail_after(n);
        rc = sx_reader_open(&r, b->ix, &err);
        mem_fail_after(-1);
        assert_true(rc == SX_OK || rc == SX_ENOMEM);
    }
    sx_reader_close(r);
    temp_dir_remove(dir);
}

/* ---- limits of a search -------------------------------------------------------------------- */

static sx_status try_search(struct bed *b, struct sx_search s, struct sx_error *err)
{
    struct sx_results *res = NULL;
    sx_status rc = sx_reader_search(b->r, &s, &res, err);

    assert_true((rc == SX_OK) == (res != NULL));
    sx_results_free(res);
    return rc;
}

static void pages_have_limits(void **state)
{
    struct bed *b = *state;
    struct sx_str q = str_of("ferry");
    struct sx_error err;

    put(b, "a", "ferry");
    commit(b);
    assert_int_equal(try_search(b, (struct sx_search){.query = q, .limit = 1001}, &err),
                     SX_EREQUEST);
    assert_string_equal(err.param, "limit");
    assert_int_equal(try_search(b, (struct sx_search){.query = q, .limit = SIZE_MAX}, &err),
                     SX_EREQUEST);
    assert_int_equal(
        try_search(b, (struct sx_search){.query = q, .offset = 9991, .limit = 10}, &err),
        SX_ELIMIT);
    assert_int_equal(
        try_search(b, (struct sx_search){.query = q, .offset = SIZE_MAX, .limit = 10}, &err),
        SX_ELIMIT);
    assert_int_equal(
        try_search(b, (struct sx_search){.query = q, .offset = 9000, .limit = 1000}, &err), SX_OK);
    assert_int_equal(try_search(b, (struct sx_search){.query = q, .snippets = 6}, &err),
                     SX_EREQUEST);
    assert_string_equal(err.param, "snippets");
}

static void queries_have_limits(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    struct buf q = {0};

    put(b, "a", "w1 w1023");
    commit(b);
    for (int i = 0; i < 1024; i++)
        buf_printf(&q, "w%d ", i);
    assert_int_equal(try_search(b, (struct sx_search){.query = buf_str(&q), .limit = 1}, &err),
                     SX_OK);
    buf_puts(&q, "more");
    assert_int_equal(try_search(b, (struct sx_search){.query = buf_str(&q)}, &err), SX_EQUERY);
    buf_clear(&q);
    for (int i = 0; i < SX_QUERY_MAX + 1; i++)
        buf_putc(&q, 'x');
    assert_int_equal(try_search(b, (struct sx_search){.query = buf_str(&q)}, &err), SX_ETOOLARGE);
    buf_clear(&q);
    for (int i = 0; i < 33; i++)
        buf_puts(&q, "(a -");
    buf_puts(&q, "b");
    for (int i = 0; i < 33; i++)
        buf_puts(&q, ")");
    assert_int_equal(try_search(b, (struct sx_search){.query = buf_str(&q)}, &err), SX_EQUERY);
    assert_int_equal(try_search(b, (struct sx_search){.query = str_of("caf\xe9")}, &err),
                     SX_EREQUEST);
    assert_int_equal(err.offset, 3);
    buf_release(&q);
}

static void a_query_without_words_finds_nothing(void **state)
{
    static const char *const queries[] = {"",       "   ",     "!!!",
                                          "-ferry", "lang:en", "date:2025 -ferry"};
    struct bed *b = *state;
    struct sx_error err;

    put(b, "a", "train");
    commit(b);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct sx_search s = {.query = str_of(queries[i]), .limit = 10};
        struct sx_results *res;

        must(sx_reader_search(b->r, &s, &res, &err), &err);
        assert_int_equal(res->hit_count, 0);
        assert_int_equal(res->total, 0);
        assert_true(res->total_exact);
        sx_results_free(res);
    }
}

static bool always(void *ctx)
{
    (*(size_t *)ctx)++;
    return true;
}

static void searches_can_be_stopped(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    size_t asked = 0;
    char uri[16];
    struct sx_search s = {.query = str_of("ferry train"), .limit = 10};
    struct sx_results *res = NULL;

    for (int i = 0; i < 2000; i++) {
        snprintf(uri, sizeof(uri), "%d", i);
        put(b, uri, "ferry and train");
    }
    commit(b);
    s.limits.stop = always;
    s.limits.stop_ctx = &asked;
    assert_int_equal(sx_reader_search(b->r, &s, &res, &err), SX_ECANCELLED);
    assert_true(asked > 0);
    s.limits = (struct sx_limits){.deadline_ns = 1};
    sx_status rc = sx_reader_search(b->r, &s, &res, &err);
    assert_true(rc == SX_ETIMEOUT || (rc == SX_OK && res->partial && !res->total_exact));
    sx_results_free(res);
    s.limits = (struct sx_limits){.deadline_ns = clock_now_ns() + 60000000000u};
    must(sx_reader_search(b->r, &s, &res, &err), &err);
    assert_int_equal(res->hit_count, 10);
    assert_false(res->partial);
    sx_results_free(res);
    struct sx_limits late = {.deadline_ns = 1};
    struct sx_count count;
    assert_int_equal(sx_reader_count(b->r, s.query, SX_MATCH_ANY, &late, &count, &err),
                     SX_ETIMEOUT);
}

/* Stops a search at the last look it takes at its limits. */
struct patience {
    size_t asked, end; /* end 0: never */
};

static bool run_out(void *ctx)
{
    struct patience *p = ctx;

    return ++p->asked == p->end || (p->end != 0 && p->asked > p->end);
}

static sx_status search_patiently(struct bed *b, size_t limit, size_t snippets, struct patience *p)
{
    struct sx_search s = {.query = str_of("ferry"),
                          .limit = limit,
                          .snippets = snippets,
                          .limits = {.stop = run_out, .stop_ctx = p}};
    struct sx_results *res = NULL;
    struct sx_error err;
    sx_status rc = sx_reader_search(b->r, &s, &res, &err);

    sx_results_free(res);
    return rc;
}

static void a_page_is_read_within_its_limits(void **state)
{
    struct bed *b = *state;
    struct patience found = {0}, page = {0}, shown = {0};
    struct buf body = {0};

    for (int i = 0; i < 100000; i++)
        buf_puts(&body, "ferry ");
    put(b, "long", buf_cstr(&body));
    buf_release(&body);
    for (int i = 0; i < 20; i++) {
        char uri[16];
        snprintf(uri, sizeof(uri), "%d", i);
        put(b, uri, "ferry and train");
    }
    commit(b);
    assert_int_equal(search_patiently(b, 0, 0, &found), SX_OK);
    assert_int_equal(search_patiently(b, 21, 0, &page), SX_OK);
    assert_in_range(page.asked, found.asked + 20, found.asked + 1000);
    assert_int_equal(search_patiently(b, 21, 1, &shown), SX_OK);
    assert_true(shown.asked > page.asked + 50);
    shown = (struct patience){.end = shown.asked};
    assert_int_equal(search_patiently(b, 21, 1, &shown), SX_ECANCELLED);
}

static void a_query_is_read_without_an_index(void **state)
{
    struct sx_results *res;
    struct sx_error err;

    (void)state;
    must(sx_query_parse(str_of("Unit  8200 AND \"The Hague\" col:on"), &res, &err), &err);
    assert_true(str_is(res->parsed, "unit 8200 AND \"the hague\" col:on"));
    assert_int_equal(res->warning_count, 1);
    assert_int_equal(res->hit_count, 0);
    sx_results_free(res);
    assert_int_equal(sx_query_parse(str_of("a (b"), &res, &err), SX_EQUERY);
    assert_int_equal(err.offset, 2);
    assert_null(res);
    assert_non_null(strstr(sx_version(), "SQLite 3."));
}

#define with_index(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_index(a_folder_belongs_to_one_index),
        with_index(what_is_committed_is_seen_and_stays),
        with_index(an_empty_commit_makes_no_generation),
        with_index(a_check_wants_no_open_transaction),
        with_index(maintenance_comes_to_an_end),
        with_index(a_document_at_fault_leaves_the_transaction),
        with_index(deletes_count_what_was_there),
        with_index(what_is_not_there_is_not_found),
        with_index(put_undoes_itself_when_memory_runs_out),
        with_index(search_survives_want_of_memory),
        with_index(opening_survives_want_of_memory),
        with_index(pages_have_limits),
        with_index(queries_have_limits),
        with_index(a_query_without_words_finds_nothing),
        with_index(searches_can_be_stopped),
        with_index(a_page_is_read_within_its_limits),
        cmocka_unit_test(a_query_is_read_without_an_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
