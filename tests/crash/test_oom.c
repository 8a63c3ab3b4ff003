/* Memory that runs out: every allocation of every call fails in turn, ours and those of SQLite. A
 * call may fail with SX_ENOMEM or do without; nothing crashes or leaks (the sanitizers tell), and
 * what is asked again afterwards is right.
 *
 * Two libraries are left out, as neither survives this: ICU 72 reads through a null pointer in its
 * dictionary for Chinese and Japanese (CjkBreakEngine::divideUpDictionaryRange), and the HTML
 * parser of libxml2 2.9.14 never ends (htmlParseDocument). */
#include <limits.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "index/base/alloc.h"
#include "index/base/file.h"
#include "index/base/str.h"
#include "tests/crash/workload.h"

#define STORED_STEP 4    /* the step whose index is searched */
#define POINTS_OF_ONE 60 /* failures of one call and allocator; all with CRASH_ALL=1 */

/* ---- allocators that fail ---------------------------------------------------------------- */

enum allocator { OWN, SQLITE, ALLOCATORS };

static struct {
    enum allocator which;
    long left;    /* allocations before one fails; below zero: never */
    bool forever; /* all later ones fail too */
    bool fired;
    long seen;
} fault = {.left = -1};

static bool must_fail(enum allocator which)
{
    if (fault.which != which)
        return false;
    if (fault.left < 0)
        return false;
    fault.seen++;
    if (fault.left-- > 0)
        return false;
    fault.left = fault.forever ? 0 : -1;
    fault.fired = true;
    return true;
}

static void arm(enum allocator which, long n, bool forever)
{
    fault.which = which;
    fault.left = n;
    fault.forever = forever;
    fault.fired = false;
    fault.seen = 0;
    mem_fail_after(which == OWN ? n : -1);
}

static bool disarm(void)
{
    bool fired = fault.which == OWN ? mem_failed() != 0 : fault.fired;

    fault.left = -1;
    mem_fail_after(-1);
    return fired;
}

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int size)
{
    return must_fail(SQLITE) ? NULL : sqlite_memory.xMalloc(size);
}

static void *sqlite_realloc(void *p, int size)
{
    return must_fail(SQLITE) ? NULL : sqlite_memory.xRealloc(p, size);
}

/* Before SQLite is used. */
static void hook_sqlite(void)
{
    sqlite3_mem_methods ours;

    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory), SQLITE_OK);
    ours = sqlite_memory;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours), SQLITE_OK);
}

/* ---- indexes to begin with ----------------------------------------------------------------- */

static char *base; /* a folder: an index of every step, and the one in use */

/* The name of what lies in it, until the next call. */
static const char *place(const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", base, name);
    return path;
}

static const char *place_of(int step)
{
    char name[32];

    snprintf(name, sizeof(name), "step%d.db", step);
    return place(name);
}

static void write_bytes(const char *path, const void *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void read_bytes(const char *path, struct buf *out)
{
    assert_int_equal(file_read(path, 64 << 20, out, NULL), SX_OK);
}

/* Makes the index in use a copy of what step `step` left. */
static void restore(int step)
{
    struct buf bytes = {0};

    read_bytes(place_of(step), &bytes);
    write_bytes(place("now/index.db"), bytes.data, bytes.len);
    buf_release(&bytes);
}

static void keep(int step)
{
    struct buf bytes = {0};

    read_bytes(place("now/index.db"), &bytes);
    write_bytes(place_of(step), bytes.data, bytes.len);
    buf_release(&bytes);
}

static struct sx_index *open_now(void)
{
    struct sx_index *ix = NULL;
    struct sx_error err = {0};

    if (sx_index_open(&ix, place("now"), NULL, &err) != SX_OK)
        fail_msg("open: %s", err.msg);
    return ix;
}

static struct sx_reader *reader_of(struct sx_index *ix)
{
    struct sx_reader *r = NULL;

    assert_int_equal(sx_reader_open(&r, ix, NULL), SX_OK);
    return r;
}

static void check_now(struct sx_index *ix, int step)
{
    struct sx_error err = {0};

    assert_int_equal(work_at(ix), step);
    if (sx_index_check(ix, &err) != SX_OK)
        fail_msg("step %d, check: %s", step, err.msg);
}

static int set_up(void **state)
{
    (void)state;
    base = temp_dir();
    for (int step = 0; step <= WORK_STEPS; step++) {
        struct sx_index *ix = open_now();
        assert_int_equal(step == 0 ? SX_OK : work_step(ix, step, NULL), SX_OK);
        check_now(ix, step);
        sx_index_close(ix);
        keep(step);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_dir_remove(base);
    return 0;
}

/* ---- the sweep ------------------------------------------------------------------------------- */

struct sweep {
    const struct call *call;
    enum allocator which;
    long n; /* this allocation of the call fails */
    bool forever;
    bool fired;
    struct sx_error err;
    long points, survived; /* so far */
};

/* One call of the library, with all that belongs to it: run() prepares, arms, calls, disarms and
 * checks what is left. */
struct call {
    const char *name;
    sx_status (*run)(struct sweep *s);
    int number;
};

static void begin(struct sweep *s)
{
    arm(s->which, s->n, s->forever);
}

static void end(struct sweep *s)
{
    s->fired = disarm();
}

static void fail_at(const struct sweep *s, const char *why)
{
    static const char *const names[] = {"our own", "SQLite's"};

    fail_msg("%s %d, %s allocation %ld%s: %s: %s", s->call->name, s->call->number, names[s->which],
             s->n, s->forever ? " and all after" : "", why, s->err.msg);
}

/* Counts the allocations by letting none fail. */
static long stride_of(struct sweep *s)
{
    s->n = LONG_MAX;
    if (s->call->run(s) != SX_OK || s->fired)
        fail_at(s, "fails without a fault");
    return s->which == OWN || getenv("CRASH_ALL") != NULL ? 1 : fault.seen / POINTS_OF_ONE + 1;
}

static void sweep_one(struct sweep *s)
{
    long stride = stride_of(s);

    s->fired = true;
    for (s->n = 0; s->fired; s->n += stride) {
        s->err = (struct sx_error){.offset = -1};
        sx_status rc = s->call->run(s);
        if (rc != SX_OK && (rc != SX_ENOMEM || !s->fired))
            fail_at(s, sx_status_name(rc));
        s->points += s->fired;
        s->survived += s->fired && rc == SX_OK;
    }
}

/* Once, and for SQLite from then on too; ours can only fail once. */
static void sweep(const char *what, const struct call *calls, size_t count)
{
    struct sweep s = {0};

    for (size_t i = 0; i < count; i++)
        for (s.which = OWN; s.which < ALLOCATORS; s.which++) {
            s.call = &calls[i];
            s.forever = false;
            sweep_one(&s);
            s.forever = true;
            if (s.which == SQLITE)
                sweep_one(&s);
        }
    print_message("memory fails in %s: points=%ld survived=%ld crashes=0\n", what, s.points,
                  s.survived);
    assert_true(s.points > 0);
}

/* ---- opening and writing ------------------------------------------------------------------- */

static sx_status run_open(struct sweep *s)
{
    struct sx_index *ix = NULL;
    int step = s->call->number;

    if (step < 0)
        remove(place("now/index.db"));
    else
        restore(step);
    begin(s);
    sx_status rc = sx_index_open(&ix, place("now"), NULL, &s->err);
    sx_index_close(ix);
    end(s);
    ix = open_now();
    check_now(ix, step < 0 ? 0 : step);
    sx_index_close(ix);
    return rc;
}

/* A step that failed is undone, and works when it is repeated. */
static sx_status run_step(struct sweep *s)
{
    int step = s->call->number;

    restore(step - 1);
    struct sx_index *ix = open_now();
    begin(s);
    sx_status rc = work_step(ix, step, &s->err);
    end(s);
    if (rc != SX_OK && work_at(ix) != step - 1)
        fail_at(s, "not undone");
    if (rc != SX_OK && work_step(ix, step, &s->err) != SX_OK)
        fail_at(s, "cannot be repeated");
    if (work_at(ix) != step || sx_index_check(ix, &s->err) != SX_OK)
        fail_at(s, "not sound");
    sx_index_close(ix);
    return rc;
}

static sx_status run_maintain(struct sweep *s)
{
    bool more = true;
    sx_status rc = SX_OK;

    restore(WORK_STEPS - 1);
    struct sx_index *ix = open_now();
    assert_int_equal(work_step(ix, WORK_STEPS, NULL), SX_OK);
    begin(s);
    while (rc == SX_OK && more)
        rc = sx_index_maintain(ix, 1000, &more, &s->err);
    end(s);
    check_now(ix, WORK_STEPS);
    sx_index_close(ix);
    return rc;
}

static sx_status run_check(struct sweep *s)
{
    restore(STORED_STEP);
    struct sx_index *ix = open_now();
    begin(s);
    sx_status rc = sx_index_check(ix, &s->err);
    end(s);
    check_now(ix, STORED_STEP);
    sx_index_close(ix);
    return rc;
}

static void writing_survives(void **state)
{
    static const struct call calls[] = {
        {"open a new index", run_open, -1},
        {"open", run_open, STORED_STEP},
        {"step", run_step, 1},
        {"step", run_step, 2},
        {"step", run_step, 3},
        {"step", run_step, 4},
        {"step", run_step, 5},
        {"maintain", run_maintain, 0},
        {"check", run_check, 0},
    };

    (void)state;
    sweep("writing", calls, sizeof(calls) / sizeof(calls[0]));
}

/* ---- folders --------------------------------------------------------------------------------- */

static void write_file(const char *name, const char *text)
{
    write_bytes(place(name), text, strlen(text));
}

static void write_folder(void)
{
    mkdir(place("folder"), 0700);
    mkdir(place("folder/below"), 0700);
    write_file("folder/page.html", "<html lang=en><title>A page</title><script>x</script>"
                                   "<p>An old <b>canal</b> &amp; a lock.<ul><li>one<li>two");
    write_file("folder/note.md", "# A note\n\nAn *old* canal, [linked](http://a.b).\n\n* one\n");
    write_file("folder/below/plain.txt", "An old canal.\n\nCaf\xe9 in Latin-1.\n");
    write_file("folder/lines.jsonl",
               "{\"uri\":\"a\",\"title\":\"A\",\"body\":\"canal\",\"k\":[1]}\n"
               "{\"uri\":\"b\",\"body\":\"\\u8fd0\\u6cb3\",\"date\":\"2025\"}\n");
}

static sx_status sync_folder(struct sx_index *ix, struct sx_error *err)
{
    bool more = true;
    sx_status rc = sx_sync_begin(ix, place("folder"), err);

    while (rc == SX_OK && more)
        rc = sx_sync_step(ix, 1000, &more, NULL, NULL, err);
    return rc;
}

static uint64_t docs_of(struct sx_index *ix, uint64_t *failed)
{
    struct sx_reader *r = reader_of(ix);
    struct sx_stats stats;

    assert_int_equal(sx_reader_stats(r, &stats, NULL), SX_OK);
    sx_reader_close(r);
    *failed = stats.coverage.failed;
    return stats.coverage.docs;
}

/* What was missed is read by the next sync, though no file has changed. */
static sx_status run_sync(struct sweep *s)
{
    static uint64_t all;
    uint64_t failed;

    restore(0);
    struct sx_index *ix = open_now();
    begin(s);
    sx_status rc = sync_folder(ix, &s->err);
    end(s);
    if (s->fired && sync_folder(ix, NULL) != SX_OK)
        fail_at(s, "cannot be repeated");
    uint64_t docs = docs_of(ix, &failed);
    if (!s->fired)
        all = docs;
    if (docs != all || failed > 0)
        fail_at(s, "a file is missing after the next sync");
    struct sx_error err = {0};
    if (sx_index_check(ix, &err) != SX_OK)
        fail_at(s, err.msg);
    sx_index_close(ix);
    return rc;
}

static void reading_folders_survives(void **state)
{
    static const struct call calls[] = {{"sync", run_sync, 0}};

    (void)state;
    write_folder();
    sweep("reading folders", calls, 1);
}

/* ---- reading --------------------------------------------------------------------------------- */

static struct sx_index *shared;

static sx_status ask(struct sx_reader *r, const struct call *c, struct buf *out,
                     struct sx_error *err)
{
    bool query = strcmp(c->name, "query") == 0;

    return query ? work_query(r, c->number, out, err) : work_read(r, c->number, out, err);
}

/* The same reader goes on to answer rightly, and so does a new one. */
static sx_status run_ask(struct sweep *s)
{
    struct buf want = {0};
    struct buf got = {0};
    struct sx_reader *r = reader_of(shared);
    struct sx_reader *other = reader_of(shared);

    begin(s);
    sx_status rc = ask(r, s->call, &got, &s->err);
    end(s);
    assert_int_equal(ask(other, s->call, &want, NULL), SX_OK);
    if (rc != SX_OK) {
        buf_clear(&got);
        if (ask(r, s->call, &got, &s->err) != SX_OK)
            fail_at(s, "cannot be repeated");
    } else if (!buf_ok(&got)) {
        rc = SX_ENOMEM; /* it was the test's own buffer */
    }
    if (buf_ok(&got) && !str_eq(buf_str(&got), buf_str(&want)))
        fail_at(s, "another answer");
    buf_release(&want);
    buf_release(&got);
    sx_reader_close(r);
    sx_reader_close(other);
    return rc;
}

static sx_status run_reader(struct sweep *s)
{
    struct sx_reader *r = NULL;

    begin(s);
    sx_status rc = sx_reader_open(&r, shared, &s->err);
    sx_reader_close(r);
    end(s);
    assert_int_equal(work_at(shared), STORED_STEP);
    return rc;
}

static void searching_survives(void **state)
{
    struct call calls[WORK_QUERIES + WORK_READS + 1];
    size_t n = 0;

    (void)state;
    restore(STORED_STEP);
    shared = open_now();
    calls[n++] = (struct call){"open a reader", run_reader, 0};
    for (int i = 0; i < WORK_QUERIES; i++)
        calls[n++] = (struct call){"query", run_ask, i};
    for (int i = 0; i < WORK_READS; i++)
        calls[n++] = (struct call){"read", run_ask, i};
    sweep("searching", calls, n);
    sx_index_close(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searching_survives),
        cmocka_unit_test(writing_survives),
        cmocka_unit_test(reading_folders_survives),
    };

    hook_sqlite();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
