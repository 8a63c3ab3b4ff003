/* An index that another analyzer has made: here one that splits at white space, keeps case, and
 * takes every body for seven words long. */
#include <pthread.h>
#include <stdatomic.h>

#include <searchd/index.h>
#include <sqlite3.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/text/analyzer.h"
#include "tests/support/support.h"

#define FILLERS 1500 /* enough that a search is asked whether to stop */

struct bed {
    char *dir;
    struct sx_index *ix;
    struct sx_reader *r;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

/* ---- making it stale ------------------------------------------------------------------------- */

static int make(void *ctx, const char **args, int count, Fts5Tokenizer **out)
{
    (void)ctx, (void)args, (void)count;
    *out = (Fts5Tokenizer *)calloc(1, 1);
    return SQLITE_OK;
}

static void unmake(Fts5Tokenizer *t)
{
    free(t);
}

static int split(Fts5Tokenizer *t, void *ctx, int flags, const char *text, int len,
                 int (*token)(void *, int, const char *, int, int, int))
{
    (void)t, (void)flags;
    for (int at = 0, end; at < len; at = end + 1) {
        for (end = at; end < len && text[end] != ' ';)
            end++;
        int rc = end > at ? token(ctx, 0, text + at, end - at, at, end) : SQLITE_OK;
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

static sqlite3 *raw_open(const char *dir)
{
    char path[4096];
    sqlite3 *sq;

    snprintf(path, sizeof(path), "%s/index.db", dir);
    assert_int_equal(sqlite3_open(path, &sq), SQLITE_OK);
    return sq;
}

static void raw_exec(sqlite3 *sq, const char *sql)
{
    char *why = NULL;

    if (sqlite3_exec(sq, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
}

static void make_stale(const char *dir)
{
    fts5_tokenizer tokenizer = {make, unmake, split};
    fts5_api *api = NULL;
    sqlite3_stmt *st;
    char sql[512];
    sqlite3 *sq = raw_open(dir);

    assert_int_equal(sqlite3_prepare_v2(sq, "SELECT fts5(?1)", -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_pointer(st, 1, (void *)&api, "fts5_api_ptr", NULL);
    sqlite3_step(st);
    sqlite3_finalize(st);
    assert_non_null(api);
    assert_int_equal(api->xCreateTokenizer(api, "searchd", NULL, &tokenizer, NULL), SQLITE_OK);
    snprintf(sql, sizeof(sql),
             "INSERT INTO fts(fts) VALUES('rebuild');"
             "UPDATE doc SET title_len = 0, body_len = 7;"
             "UPDATE state SET title_words = 0, body_words = 7 * docs, sum = NULL,"
             " analyzer = %d;"
             "DELETE FROM form;"
             "INSERT INTO form VALUES('en', 'train', 'TRAIN');",
             ANALYZER_VERSION + 1);
    raw_exec(sq, sql);
    sqlite3_close(sq);
}

/* ---- the documents --------------------------------------------------------------------------- */

static const struct sx_doc docs[] = {
    {.uri = {"a", 1},
     .title = {"Harbour news", 12},
     .body = {"The ferry sails at dawn, the e-mail said.", 41},
     .source = {"The Gazette", 11},
     .date = {"2025-08-15", 10}},
    {.uri = {"b", 1}, .body = {"Ferry! A FERRY and two trains; three ferries.", 45}},
    {.uri = {"c", 1}, .title = {"Ferry", 5}, .body = {"", 0}, .lang = {"en", 2}},
    {.uri = {"d", 1}, .body = {"Die F\xc3\xa4hre f\xc3\xa4hrt am Morgen.", 28}, .lang = {"de", 2}},
    {.uri = {"e", 1}, .body = {"\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd ferry", 15}},
};

#define DOCS (sizeof(docs) / sizeof(docs[0]))

static void close_bed(struct bed *b)
{
    sx_reader_close(b->r);
    sx_index_close(b->ix);
    b->r = NULL;
    b->ix = NULL;
}

static void open_bed(struct bed *b)
{
    struct sx_error err;

    must(sx_index_open(&b->ix, b->dir, NULL, &err), &err);
    must(sx_reader_open(&b->r, b->ix, &err), &err);
}

static void fill(struct bed *b, size_t fillers)
{
    struct sx_error err;
    char uri[32];

    must(sx_index_put(b->ix, docs, DOCS, NULL, &err), &err);
    for (size_t i = 0; i < fillers; i++) {
        snprintf(uri, sizeof(uri), "%zu", i);
        struct sx_doc d = {.uri = str_of(uri), .body = str_of("A bus and a train.")};
        if (i % 3 == 0)
            d.body = str_of("A bus and a train. They go to the harbour.");
        must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
    }
    must(sx_index_commit(b->ix, &err), &err);
}

static void set_up_bed(struct bed *b, size_t fillers, bool stale)
{
    b->dir = temp_dir();
    open_bed(b);
    fill(b, fillers);
    if (!stale)
        return;
    close_bed(b);
    make_stale(b->dir);
    open_bed(b);
}

static void tear_down_bed(struct bed *b)
{
    close_bed(b);
    temp_dir_remove(b->dir);
}

static int set_up_stale(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    set_up_bed(b, 20, true);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    tear_down_bed(*state);
    free(*state);
    return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static uint64_t found(struct bed *b, const char *query)
{
    struct sx_count count;
    struct sx_error err;

    must(sx_reader_count(b->r, str_of(query), SX_MATCH_ALL, NULL, &count, &err), &err);
    return count.total;
}

static struct sx_stats stats(struct bed *b)
{
    struct sx_stats s;
    struct sx_error err;

    must(sx_reader_stats(b->r, &s, &err), &err);
    return s;
}

static struct sx_results *search(struct bed *b, const char *query, struct sx_limits limits)
{
    struct sx_search s = {.query = str_of(query),
                          .match = SX_MATCH_ANY,
                          .limit = 10,
                          .snippets = 2,
                          .exact_total = true,
                          .limits = limits};
    struct sx_results *res;
    struct sx_error err;

    must(sx_reader_search(b->r, &s, &res, &err), &err);
    return res;
}

static void assert_str(struct sx_str a, struct sx_str b)
{
    if (!str_eq(a, b))
        fail_msg("'%.*s' is not '%.*s'", (int)a.len, a.ptr, (int)b.len, b.ptr);
}

static void assert_same(const struct sx_results *a, const struct sx_results *b)
{
    assert_int_equal(a->total, b->total);
    assert_int_equal(a->total_all, b->total_all);
    assert_int_equal(a->hit_count, b->hit_count);
    for (size_t i = 0; i < a->hit_count; i++) {
        const struct sx_hit *x = &a->hits[i], *y = &b->hits[i];
        assert_str(x->uri, y->uri);
        assert_string_equal(x->doc, y->doc);
        assert_true(x->score - y->score < 1e-9 && y->score - x->score < 1e-9);
        assert_int_equal(x->snippet_count, y->snippet_count);
        for (size_t j = 0; j < x->snippet_count; j++) {
            assert_str(x->snippets[j].text, y->snippets[j].text);
            assert_int_equal(x->snippets[j].mark_count, y->snippets[j].mark_count);
        }
    }
}

static const char *const queries[] = {
    "ferry",  "Ferry dawn", "email", "\"e-mail said\"",      "f\xc3\xa4hre",  "fer*",
    "trains", "a bus",      "bus",   "source:gazette ferry", "\xe4\xba\xac",  "harbour -bus",
    "FERRY!", "dawn,",      "A",     "lang:de morgen",       "train OR news", "\"the harbour\"",
};

#define QUERIES (sizeof(queries) / sizeof(queries[0]))

static void assert_answers_alike(struct bed *a, struct bed *b)
{
    for (size_t i = 0; i < QUERIES; i++) {
        struct sx_results *x = search(a, queries[i], (struct sx_limits){0});
        struct sx_results *y = search(b, queries[i], (struct sx_limits){0});
        assert_same(x, y);
        sx_results_free(x);
        sx_results_free(y);
    }
}

/* What a stale index of the documents above answers; today's words find more. */
static void assert_stale(struct bed *b)
{
    struct sx_error err;
    struct sx_stats s = stats(b);

    assert_true(s.stale);
    assert_int_equal(s.index_analyzer, ANALYZER_VERSION + 1);
    assert_int_equal(s.analyzer_version, ANALYZER_VERSION);
    assert_int_equal(s.body_words, 7 * s.coverage.docs);
    assert_true(sx_index_stale(b->ix, NULL));
    assert_int_equal(found(b, "ferry"), 2);
    assert_int_equal(found(b, "\"the ferry\""), 0);
    must(sx_index_check(b->ix, &err), &err);
}

static void assert_current(struct bed *b)
{
    struct sx_error err;
    struct sx_stats s = stats(b);

    assert_false(s.stale);
    assert_int_equal(s.index_analyzer, ANALYZER_VERSION);
    assert_false(sx_index_stale(b->ix, NULL));
    assert_int_equal(found(b, "ferry"), 4);
    assert_int_equal(found(b, "\"the ferry\""), 1);
    must(sx_index_check(b->ix, &err), &err);
}

static uint64_t rebuild(struct bed *b)
{
    struct sx_error err;
    uint64_t n;

    must(sx_index_rebuild(b->ix, NULL, &n, &err), &err);
    return n;
}

/* ---- a stale index --------------------------------------------------------------------------- */

static void a_stale_index_answers_as_it_is(void **state)
{
    struct bed *b = *state;
    struct sx_stored *got;
    struct sx_error err;
    bool more = true;

    assert_stale(b);
    assert_true(sx_index_stale(b->ix, &err));
    assert_int_equal(err.code, SX_EVERSION);
    assert_non_null(strstr(err.msg, "rebuil"));
    must(sx_reader_get_uri(b->r, str_of("a"), &got, &err), &err);
    assert_str(got->doc.title, docs[0].title);
    sx_stored_free(got);
    struct sx_results *res = search(b, "ferry", (struct sx_limits){0});
    assert_int_equal(res->hit_count, 2);
    assert_true(res->hits[0].snippet_count > 0);
    sx_results_free(res);
    for (int i = 0; more; i++) {
        assert_true(i < 1000);
        must(sx_index_maintain(b->ix, 10, &more, &err), &err);
    }
    assert_stale(b);
}

static void a_stale_index_refuses_writes(void **state)
{
    struct bed *b = *state;
    struct sx_stored *got;
    struct sx_error err = {0};
    char hash[65];
    size_t n;
    uint64_t generation = stats(b).generation;

    must(sx_reader_get_uri(b->r, str_of("a"), &got, &err), &err);
    memcpy(hash, got->hash, sizeof(hash));
    sx_stored_free(got);
    assert_int_equal(sx_index_put(b->ix, docs, DOCS, NULL, &err), SX_EVERSION);
    assert_non_null(strstr(err.msg, "analyzer"));
    assert_int_equal(sx_index_delete_uri(b->ix, str_of("a"), &n, &err), SX_EVERSION);
    assert_int_equal(sx_index_delete_doc(b->ix, str_of(hash), &n, &err), SX_EVERSION);
    assert_int_equal(sx_index_delete_query(b->ix, str_of("ferry"), &n, &err), SX_EVERSION);
    assert_int_equal(sx_sync_begin(b->ix, b->dir, &err), SX_EVERSION);
    must(sx_index_commit(b->ix, &err), &err); /* nothing is doomed */
    assert_int_equal(stats(b).generation, generation);
    assert_stale(b);
}

/* ---- rebuilding ------------------------------------------------------------------------------ */

/* One text of all rows that a statement gives. */
static char *rows(const char *dir, const char *sql)
{
    sqlite3 *sq = raw_open(dir);
    sqlite3_stmt *st;

    assert_int_equal(sqlite3_prepare_v2(sq, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    char *text = strdup((const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    sqlite3_close(sq);
    return text;
}

static void assert_same_rows(struct bed *a, struct bed *b, const char *sql)
{
    char *x = rows(a->dir, sql), *y = rows(b->dir, sql);

    assert_string_equal(x, y);
    free(x);
    free(y);
}

static void a_rebuild_makes_it_as_good_as_new(void **state)
{
    struct bed *b = *state, fresh = {0};
    struct sx_error err;
    uint64_t generation = stats(b).generation;
    struct sx_doc more = {.uri = str_of("more"), .body = str_of("A ferry more.")};
    size_t n;

    set_up_bed(&fresh, 20, false);
    assert_int_equal(rebuild(b), DOCS + 20);
    assert_current(b);
    assert_int_equal(stats(b).generation, generation + 1);
    assert_int_equal(stats(b).body_words, stats(&fresh).body_words);
    assert_int_equal(stats(b).title_words, stats(&fresh).title_words);
    assert_answers_alike(b, &fresh);
    close_bed(b);
    close_bed(&fresh);
    assert_same_rows(b, &fresh,
                     "SELECT group_concat(uri || hex(hash) || title_len || ' ' || body_len || ' '"
                     " || checksum) FROM doc");
    assert_same_rows(b, &fresh,
                     "SELECT group_concat(x) FROM"
                     " (SELECT lang || stem || term AS x FROM form ORDER BY lang, stem, term)");
    assert_same_rows(b, &fresh, "SELECT group_concat(code || ready) FROM language");
    open_bed(b);
    open_bed(&fresh);
    assert_answers_alike(b, &fresh);
    must(sx_index_put(b->ix, &more, 1, NULL, &err), &err);
    must(sx_index_delete_query(b->ix, str_of("dawn"), &n, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
    assert_int_equal(n, 1);
    assert_int_equal(found(b, "ferry"), 4);
    assert_int_equal(found(b, "dawn"), 0);
    must(sx_index_check(b->ix, &err), &err);
    tear_down_bed(&fresh);
}

static void a_current_index_may_be_rebuilt(void **state)
{
    struct bed b = {0}, fresh = {0};

    (void)state;
    set_up_bed(&b, 20, false);
    set_up_bed(&fresh, 20, false);
    assert_answers_alike(&b, &fresh); /* which fills the cache of counts */
    rebuild(&b);
    assert_current(&b);
    assert_answers_alike(&b, &fresh);
    tear_down_bed(&b);
    tear_down_bed(&fresh);
}

static void an_empty_index_is_soon_rebuilt(void **state)
{
    struct bed b = {.dir = temp_dir()};

    (void)state;
    open_bed(&b);
    close_bed(&b);
    make_stale(b.dir);
    open_bed(&b);
    assert_true(sx_index_stale(b.ix, NULL));
    assert_int_equal(rebuild(&b), 0);
    assert_false(sx_index_stale(b.ix, NULL));
    fill(&b, 0);
    assert_current(&b);
    tear_down_bed(&b);
}

static void a_rebuild_wants_no_open_transaction(void **state)
{
    struct bed b = {0};
    struct sx_error err;
    uint64_t n;

    (void)state;
    set_up_bed(&b, 0, false);
    must(sx_index_put(b.ix, docs, 1, NULL, &err), &err);
    assert_int_equal(sx_index_rebuild(b.ix, NULL, &n, &err), SX_EBUSY);
    must(sx_index_commit(b.ix, &err), &err);
    assert_current(&b);
    tear_down_bed(&b);
}

/* ---- failing --------------------------------------------------------------------------------- */

struct patience {
    size_t asked, end;
};

static bool run_out(void *ctx)
{
    struct patience *p = ctx;

    return ++p->asked >= p->end;
}

static void a_stopped_rebuild_changes_nothing(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    uint64_t n, generation = stats(b).generation;
    sx_status rc = SX_ECANCELLED;
    size_t stops = 0;

    struct sx_limits late = {.deadline_ns = 1};
    assert_int_equal(sx_index_rebuild(b->ix, &late, &n, &err), SX_ETIMEOUT);
    for (size_t end = 1; rc != SX_OK; end += 1 + end / 4, stops++) {
        struct patience p = {.end = end};
        struct sx_limits limits = {.stop = run_out, .stop_ctx = &p};
        rc = sx_index_rebuild(b->ix, &limits, &n, &err);
        if (rc == SX_OK)
            break;
        assert_int_equal(rc, SX_ECANCELLED);
        assert_int_equal(n, 0);
        assert_int_equal(stats(b).generation, generation);
        assert_stale(b);
    }
    assert_true(stops > 10);
    assert_current(b);
}

static void a_rebuild_survives_want_of_memory(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    sx_status rc = SX_ENOMEM;
    uint64_t n;

    for (long at = 0; rc != SX_OK; at++) {
        assert_true(at < 1000);
        mem_fail_after(at);
        rc = sx_index_rebuild(b->ix, NULL, &n, &err);
        mem_fail_after(-1);
        if (rc == SX_OK)
            break;
        assert_int_equal(rc, SX_ENOMEM);
        assert_int_equal(sx_index_put(b->ix, docs, 1, NULL, &err), SX_EVERSION);
        if (at % 8 == 0)
            assert_stale(b);
    }
    assert_current(b);
}

/* A text that fails its checksum is not put into a new index as if it were sound. */
static void a_damaged_text_ends_a_rebuild(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    uint64_t n;

    close_bed(b);
    sqlite3 *sq = raw_open(b->dir);
    raw_exec(sq, "UPDATE doc SET checksum = checksum + 1 WHERE uri = 'e'");
    sqlite3_close(sq);
    open_bed(b);
    assert_int_equal(sx_index_rebuild(b->ix, NULL, &n, &err), SX_ECORRUPT);
    assert_non_null(strstr(err.msg, "'e'"));
    assert_true(sx_index_stale(b->ix, NULL));
    assert_int_equal(found(b, "dawn,"), 0);
    assert_int_equal(found(b, "ferry"), 2);
}

/* ---- readers meanwhile ----------------------------------------------------------------------- */

static bool rebuild_once(void *ctx)
{
    struct bed *b = ctx;

    if (sx_index_stale(b->ix, NULL))
        rebuild(b);
    return false;
}

/* The rebuild runs while the search does, on its thread: the search is asked whether to stop. */
static void a_search_keeps_its_snapshot(void **state)
{
    struct bed b = {0};
    struct sx_limits amid = {.stop = rebuild_once, .stop_ctx = &b};

    (void)state;
    set_up_bed(&b, FILLERS, true);
    struct sx_results *before = search(&b, "train. harbour.", (struct sx_limits){0});
    struct sx_results *meanwhile = search(&b, "train. harbour.", amid);
    struct sx_results *after = search(&b, "train. harbour.", (struct sx_limits){0});
    assert_false(sx_index_stale(b.ix, NULL));
    assert_int_equal(before->generation, meanwhile->generation);
    assert_same(before, meanwhile);
    assert_int_equal(after->generation, before->generation + 1);
    assert_true(after->total > before->total);
    sx_results_free(before);
    sx_results_free(meanwhile);
    sx_results_free(after);
    assert_current(&b);
    tear_down_bed(&b);
}

struct searcher {
    struct bed bed;
    const struct sx_results *before, *after;
    atomic_bool *done;
    size_t old, new;
    pthread_t thread;
};

static void *keep_searching(void *arg)
{
    struct searcher *s = arg;

    while (!atomic_load(s->done) || s->new == 0) {
        struct sx_results *res = search(&s->bed, "bus harbour", (struct sx_limits){0});
        bool old = res->generation == s->before->generation;
        assert_same(res, old ? s->before : s->after);
        *(old ? &s->old : &s->new) += 1;
        sx_results_free(res);
    }
    return NULL;
}

static void searches_go_on_during_rebuilds(void **state)
{
    struct bed b = {0}, fresh = {0};
    struct searcher s[3];
    struct sx_error err;
    atomic_bool done = false;

    (void)state;
    set_up_bed(&b, 200, true);
    set_up_bed(&fresh, 200, false);
    struct sx_results *before = search(&b, "bus harbour", (struct sx_limits){0});
    struct sx_results *after = search(&fresh, "bus harbour", (struct sx_limits){0});
    for (size_t i = 0; i < 3; i++) {
        s[i] = (struct searcher){.bed = b, .before = before, .after = after, .done = &done};
        must(sx_reader_open(&s[i].bed.r, b.ix, &err), &err);
        assert_int_equal(pthread_create(&s[i].thread, NULL, keep_searching, &s[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        rebuild(&b);
    atomic_store(&done, true);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(s[i].thread, NULL);
        assert_true(s[i].new > 0);
        sx_reader_close(s[i].bed.r);
    }
    sx_results_free(before);
    sx_results_free(after);
    assert_current(&b);
    tear_down_bed(&b);
    tear_down_bed(&fresh);
}

#define with_stale(test) cmocka_unit_test_setup_teardown(test, set_up_stale, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_stale(a_stale_index_answers_as_it_is),
        with_stale(a_stale_index_refuses_writes),
        with_stale(a_rebuild_makes_it_as_good_as_new),
        cmocka_unit_test(a_current_index_may_be_rebuilt),
        cmocka_unit_test(an_empty_index_is_soon_rebuilt),
        cmocka_unit_test(a_rebuild_wants_no_open_transaction),
        with_stale(a_stopped_rebuild_changes_nothing),
        with_stale(a_rebuild_survives_want_of_memory),
        with_stale(a_damaged_text_ends_a_rebuild),
        cmocka_unit_test(a_search_keeps_its_snapshot),
        cmocka_unit_test(searches_go_on_during_rebuilds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
