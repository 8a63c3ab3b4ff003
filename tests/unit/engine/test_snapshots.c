/* Copies taken while documents come, and snapshots that are held while they go: what they have is
 * what is found, by block-max as by FTS5.
 *
 * The file of a held snapshot: the log that SQLite keeps for it grows by what is written meanwhile, and
 * is emptied once it is let go. */
#include <searchd/index.h>

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/buf.h"
#include "index/base/file.h"
#include "index/base/str.h"
#include "tests/support/support.h"

#define MANY 3000
#define COPIES 6
#define ROUNDS 40

struct bed {
    char *dir;
    struct sx_index *ix;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));
    struct sx_error err;

    b->dir = temp_dir();
    must(sx_index_open(&b->ix, b->dir, NULL, &err), &err);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    sx_index_close(b->ix);
    temp_dir_remove(b->dir);
    free(b);
    return 0;
}

static sx_status put(struct bed *b, int number, int version, struct sx_error *err)
{
    char uri[16], body[96];

    snprintf(uri, sizeof(uri), "%d", number);
    snprintf(body, sizeof(body), "harbour %s ferry%d x%d v%d", number % 3 == 0 ? "train" : "tide",
             number % 50, number, version);
    struct sx_doc d = {.uri = str_of(uri), .body = str_of(body)};
    return sx_index_put(b->ix, &d, 1, NULL, err);
}

static void put_many(struct bed *b, int from, int to, int version)
{
    struct sx_error err;

    for (int i = from; i < to; i++)
        must(put(b, i, version, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
}

static struct sx_results *search(struct sx_reader *r, const char *query, enum sx_engine engine)
{
    struct sx_results *res = NULL;
    struct sx_error err;
    struct sx_search s = {.query = str_of(query),
                          .match = SX_MATCH_ALL,
                          .limit = 20,
                          .exact_total = true,
                          .engine = engine};

    must(sx_reader_search(r, &s, &res, &err), &err);
    return res;
}

/* Whether block-max has answered; both say the same, which is how many match. */
static bool ask(struct sx_reader *r, const char *query, size_t *total)
{
    struct sx_results *a = search(r, query, SX_ENGINE_AUTO);
    struct sx_results *f = search(r, query, SX_ENGINE_FTS5);
    bool reached = str_is(str_of(a->engine), "blockmax");

    if (a->total != f->total)
        fail_msg("%s: %s found %zu of %zu", query, a->engine, (size_t)a->total, (size_t)f->total);
    assert_int_equal(a->hit_count, f->hit_count);
    for (size_t i = 0; i < a->hit_count; i++) {
        assert_true(str_eq(a->hits[i].uri, f->hits[i].uri));
        assert_true(fabs(a->hits[i].score - f->hits[i].score) <= 1e-9 * f->hits[i].score);
    }
    *total = f->total;
    sx_results_free(a);
    sx_results_free(f);
    return reached;
}

/* ---- copies ------------------------------------------------------------------------------------- */

struct writing {
    struct bed *b;
    _Atomic(bool) stop;
    _Atomic(int) commits;
    sx_status rc;
    struct sx_error err;
};

/* New documents, new versions of old ones, and deletions, a commit each few. */
static void *write_on(void *arg)
{
    struct writing *w = arg;
    size_t deleted;
    char uri[16];

    for (int n = 0; w->rc == SX_OK && !atomic_load(&w->stop); n++) {
        w->rc = put(w->b, MANY + n, 0, &w->err);
        if (w->rc == SX_OK)
            w->rc = put(w->b, n % MANY, n, &w->err);
        snprintf(uri, sizeof(uri), "%d", n * 7 % MANY);
        if (w->rc == SX_OK && n % 3 == 0)
            w->rc = sx_index_delete_uri(w->b->ix, str_of(uri), &deleted, &w->err);
        if (w->rc == SX_OK && n % 5 == 0)
            w->rc = sx_index_commit(w->b->ix, &w->err);
        atomic_fetch_add(&w->commits, n % 5 == 0);
    }
    if (w->rc == SX_OK)
        w->rc = sx_index_commit(w->b->ix, &w->err);
    return NULL;
}

static void copy_file(const char *from, const char *to)
{
    struct buf bytes = {0};
    struct sx_error err;

    /* It may be gone by now, or of another moment: a copy is not asked to be better. */
    if (file_read(from, (size_t)1 << 30, &bytes, &err) == SX_OK) {
        FILE *f = fopen(to, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(bytes.data, 1, bytes.len, f), bytes.len);
        assert_int_equal(fclose(f), 0);
    }
    buf_release(&bytes);
}

static void copy_segments(const char *from, const char *to)
{
    char source[1024], copy[1024];
    struct dirent *e;

    snprintf(source, sizeof(source), "%s/blockmax", from);
    snprintf(copy, sizeof(copy), "%s/blockmax", to);
    assert_int_equal(mkdir(copy, 0700), 0);
    DIR *dir = opendir(source);
    while (dir != NULL && (e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(source, sizeof(source), "%s/blockmax/%s", from, e->d_name);
        snprintf(copy, sizeof(copy), "%s/blockmax/%s", to, e->d_name);
        copy_file(source, copy);
    }
    if (dir != NULL)
        closedir(dir);
}

static void copy_database(const char *from, const char *to)
{
    char path[512], sql[600];
    char *why = NULL;
    sqlite3 *sq;

    snprintf(path, sizeof(path), "%s/index.db", from);
    assert_int_equal(sqlite3_open_v2(path, &sq, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(sq, 60000);
    snprintf(sql, sizeof(sql), "VACUUM INTO '%s/index.db'", to);
    if (sqlite3_exec(sq, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
    sqlite3_close(sq);
}

/* A copy is whole, and nothing of the segments that were copied before or after it misleads. */
static void check_copy(const char *dir)
{
    struct sx_index *ix;
    struct sx_reader *r;
    struct sx_stats stats;
    struct sx_error err;
    size_t total;

    must(sx_index_open(&ix, dir, NULL, &err), &err);
    must(sx_reader_open(&r, ix, &err), &err);
    must(sx_index_check(ix, &err), &err);
    must(sx_reader_stats(r, &stats, &err), &err);
    for (int settled = 0; settled < 2; settled++) {
        bool reached = ask(r, "harbour", &total);
        assert_int_equal(total, stats.coverage.docs);
        reached = ask(r, "harbour train", &total) && reached;
        reached = ask(r, "\"harbour tide\" ferry7", &total) && reached;
        assert_true(reached || !settled);
        must(sx_index_settle(ix, &err), &err);
    }
    sx_reader_close(r);
    sx_index_close(ix);
}

static void a_copy_taken_under_load_is_whole(void **state)
{
    struct bed *b = *state;
    struct writing w = {.b = b};
    pthread_t thread;

    put_many(b, 0, MANY, 0);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
    char *copies[COPIES];
    for (int i = 0; i < COPIES; i++) {
        copies[i] = temp_dir();
        if (i % 2 == 0)
            copy_segments(b->dir, copies[i]);
        copy_database(b->dir, copies[i]);
        if (i % 2 == 1)
            copy_segments(b->dir, copies[i]);
    }
    atomic_store(&w.stop, true);
    pthread_join(thread, NULL);
    must(w.rc, &w.err);
    for (int i = 0; i < COPIES; i++) {
        check_copy(copies[i]);
        temp_dir_remove(copies[i]);
    }
    print_message("%d commits beside %d copies\n", atomic_load(&w.commits), COPIES);
}

/* ---- a snapshot that is held -------------------------------------------------------------------- */

static uint64_t log_bytes(struct bed *b)
{
    struct stat st;
    char path[512];

    snprintf(path, sizeof(path), "%s/index.db-wal", b->dir);
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void a_snapshot_that_is_held_long_stays_right(void **state)
{
    struct bed *b = *state;
    struct sx_reader *old, *now;
    struct sx_error err;
    size_t total, deleted;
    bool more = true;
    char uri[16];

    put_many(b, 0, MANY, 0);
    must(sx_index_settle(b->ix, &err), &err);
    must(sx_reader_open(&old, b->ix, &err), &err);
    must(sx_reader_open(&now, b->ix, &err), &err);
    must(sx_reader_hold(old, &err), &err);
    for (int n = 1; n <= ROUNDS; n++) {
        put_many(b, n * 60, n * 60 + 100, n);
        snprintf(uri, sizeof(uri), "%d", n);
        must(sx_index_delete_uri(b->ix, str_of(uri), &deleted, &err), &err);
        must(sx_index_commit(b->ix, &err), &err);
        must(sx_index_maintain(b->ix, 20, &more, &err), &err);
        if (n % 10 == 0)
            must(sx_index_settle(b->ix, &err), &err);
        assert_true(ask(now, "harbour", &total));
        assert_int_equal(total, MANY - n);
        ask(old, "harbour", &total);
        assert_int_equal(total, MANY);
        ask(old, "harbour v0 train", &total);
        assert_int_equal(total, MANY / 3);
    }
    uint64_t held = log_bytes(b);
    sx_reader_release(old);
    assert_true(ask(old, "harbour", &total));
    assert_int_equal(total, MANY - ROUNDS);
    for (more = true; more;)
        must(sx_index_maintain(b->ix, 20, &more, &err), &err);
    must(sx_index_maintain(b->ix, 20, &more, &err), &err);
    print_message("log: %llu bytes while held, %llu after\n", (unsigned long long)held,
                  (unsigned long long)log_bytes(b));
    assert_true(log_bytes(b) < held / 4);
    sx_reader_close(old);
    sx_reader_close(now);
}

#define with_bed(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_bed(a_copy_taken_under_load_is_whole),
        with_bed(a_snapshot_that_is_held_long_stays_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
