/* A disk that fails: every system call by which SQLite reads or writes fails in turn, once or from
 * then on, in the small life of an index. Every failure is told or harmless; nothing is half
 * visible; and without the fault the index opens, is sound, and holds all that was acknowledged.
 *
 * The calls are this program's own: the dynamic linker finds them before libc's. */
/* Else glibc has inline twins of the calls defined here. */
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include "index/base/str.h"
#include "tests/crash/workload.h"

#define POINTS_OF_ONE 60 /* failures of one kind; all with CRASH_ALL=1 */
#define ASKED 3          /* queries after each step */

/* ---- system calls that fail ------------------------------------------------------------------ */

enum call { PREAD, PWRITE, FDATASYNC, FTRUNCATE, MMAP };

static struct {
    enum call call;
    int error;
    long left; /* calls before one fails; below zero: never */
    bool forever;
    bool fired;
    long seen;
} fault = {.left = -1};

static bool must_fail(enum call call)
{
    if (fault.left < 0 || fault.call != call)
        return false;
    fault.seen++;
    if (fault.left > 0) {
        fault.left--;
        return false;
    }
    fault.left = fault.forever ? 0 : -1;
    fault.fired = true;
    errno = fault.error;
    return true;
}

#define EXPORT __attribute__((visibility("default")))
#define REAL(type, name) ((type)next(name))

/* Through an integer: ISO C has no way from a data pointer to one to a function. */
static uintptr_t next(const char *name)
{
    return (uintptr_t)dlsym(RTLD_NEXT, name);
}

EXPORT ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
    typedef ssize_t (*fn)(int, void *, size_t, off64_t);
    static fn real;

    real = real == NULL ? REAL(fn, "pread64") : real;
    return must_fail(PREAD) ? -1 : real(fd, to, n, at);
}

EXPORT ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
    typedef ssize_t (*fn)(int, const void *, size_t, off64_t);
    static fn real;

    real = real == NULL ? REAL(fn, "pwrite64") : real;
    return must_fail(PWRITE) ? -1 : real(fd, from, n, at);
}

EXPORT int fdatasync(int fd)
{
    typedef int (*fn)(int);
    static fn real;

    real = real == NULL ? REAL(fn, "fdatasync") : real;
    return must_fail(FDATASYNC) ? -1 : real(fd);
}

EXPORT int ftruncate64(int fd, off64_t size)
{
    typedef int (*fn)(int, off64_t);
    static fn real;

    real = real == NULL ? REAL(fn, "ftruncate64") : real;
    return must_fail(FTRUNCATE) ? -1 : real(fd, size);
}

EXPORT void *mmap64(void *at, size_t size, int prot, int flags, int fd, off64_t from)
{
    typedef void *(*fn)(void *, size_t, int, int, int, off64_t);
    static fn real;

    real = real == NULL ? REAL(fn, "mmap64") : real;
    return fd >= 0 && must_fail(MMAP) ? MAP_FAILED : real(at, size, prot, flags, fd, from);
}

/* ---- a life ---------------------------------------------------------------------------------- */

struct life {
    const char *fault; /* its name */
    long n;
    bool forever;
    const char *dir;
    struct sx_index *ix;
    struct sx_reader *r;
    int acknowledged; /* the last step that was */
    int attempted;
    int told; /* failures that calls returned */
    struct sx_error err;
};

static struct buf expected[WORK_STEPS + 1][ASKED];

static void fail_at(const struct life *l, const char *why)
{
    fail_msg("%s, call %ld%s, step %d: %s: %s", l->fault, l->n, l->forever ? " and all after" : "",
             l->attempted, why, l->err.msg);
}

/* Whether it succeeded; a failure must be one of the disk. */
static bool good(struct life *l, sx_status rc)
{
    if (rc == SX_OK)
        return true;
    /* SQLite tells EIO from a read as a damaged file. */
    if (!fault.fired || (rc != SX_EIO && rc != SX_EFULL && rc != SX_ECORRUPT &&
                         rc != SX_EREADONLY && rc != SX_ENOMEM))
        fail_at(l, sx_status_name(rc));
    l->told++;
    return false;
}

/* A document whose text could not be read is found all the same, without it: a warning says so. */
static int warnings(const struct buf *answer)
{
    static const char mark[] = " warning=";
    const char *p = answer->data;
    const char *end = p + answer->len;
    int count = 0;

    for (; (p = memmem(p, (size_t)(end - p), mark, sizeof(mark) - 1)) != NULL; p++)
        count++;
    return count;
}

/* An answer is right, or says what it lacks, or there is none. */
static void ask(struct life *l)
{
    for (int i = 0; i < ASKED; i++) {
        struct buf got = {0};
        struct buf *want = &expected[l->acknowledged][i];
        int number = (l->acknowledged * ASKED + i) % WORK_QUERIES;
        if (good(l, work_query(l->r, number, &got, &l->err))) {
            if (want->len == 0)
                buf_put_str(want, buf_str(&got));
            else if (warnings(&got) > warnings(want))
                l->told++;
            else if (!str_eq(buf_str(&got), buf_str(want)))
                fail_at(l, "another answer");
        }
        buf_release(&got);
    }
}

/* One step, tried twice unless the disk is gone. False: the life is over. */
static bool advance(struct life *l)
{
    l->attempted = l->acknowledged + 1;
    bool done = good(l, work_step(l->ix, l->attempted, &l->err));
    if (!done && !l->forever && !sx_index_broken(l->ix)) {
        if (work_at(l->ix) != l->acknowledged)
            fail_at(l, "not undone");
        done = good(l, work_step(l->ix, l->attempted, &l->err));
    }
    if (!done && sx_index_broken(l->ix)) /* and stays so */
        assert_int_equal(work_step(l->ix, l->attempted, NULL), SX_EREADONLY);
    if (done)
        l->acknowledged = l->attempted;
    return done;
}

static void live(struct life *l)
{
    bool more = true;
    bool alive = good(l, sx_index_open(&l->ix, l->dir, NULL, &l->err));

    if (alive)
        alive = good(l, sx_reader_open(&l->r, l->ix, &l->err));
    while (alive && l->acknowledged < WORK_STEPS) {
        alive = advance(l);
        if (alive)
            ask(l);
    }
    while (alive && more)
        alive = good(l, sx_index_maintain(l->ix, 1000, &more, &l->err));
    sx_reader_close(l->r);
    sx_index_close(l->ix);
}

/* After the fault: as acknowledged, or with the last attempt as well. */
static void verify(struct life *l)
{
    l->err = (struct sx_error){.offset = -1};
    if (sx_index_open(&l->ix, l->dir, NULL, &l->err) != SX_OK)
        fail_at(l, "does not open again");
    int at = work_at(l->ix);
    if (at != l->acknowledged && at != l->attempted)
        fail_at(l, at == WORK_NOWHERE ? "half visible" : "what was acknowledged is lost");
    if (sx_index_check(l->ix, &l->err) != SX_OK)
        fail_at(l, "not sound");
    sx_index_close(l->ix);
}

/* Whether the fault was met; *told counts the lives that were told of it. */
static bool live_with(const char *name, long n, bool forever, long *told)
{
    char *dir = temp_dir();
    struct life l = {.fault = name, .n = n, .forever = forever, .dir = dir};

    fault.left = n;
    fault.forever = forever;
    fault.fired = false;
    fault.seen = 0;
    live(&l);
    fault.left = -1;
    verify(&l);
    temp_dir_remove(dir);
    *told += l.told > 0;
    return fault.fired;
}

/* ---- sweeps ---------------------------------------------------------------------------------- */

static void sweep(const char *name, enum call call, int error)
{
    long points = 0;
    long told = 0;

    fault.call = call;
    fault.error = error;
    assert_false(live_with(name, LONG_MAX, false, &told));
    long stride = getenv("CRASH_ALL") != NULL ? 1 : fault.seen / POINTS_OF_ONE + 1;
    for (int forever = 0; forever <= 1; forever++)
        for (long n = 0; live_with(name, n, forever, &told); n += stride)
            points++;
    print_message("%s: points=%ld told=%ld harmless=%ld silent=0\n", name, points, told,
                  points - told);
    assert_true(points > 0 && told > 0);
}

static void writes_fail(void **state)
{
    (void)state;
    sweep("a write fails with EIO", PWRITE, EIO);
}

static void the_disk_is_full(void **state)
{
    (void)state;
    sweep("a write fails with ENOSPC", PWRITE, ENOSPC);
}

static void reads_fail(void **state)
{
    (void)state;
    sweep("a read fails with EIO", PREAD, EIO);
}

static void syncs_fail(void **state)
{
    (void)state;
    sweep("a sync fails with EIO", FDATASYNC, EIO);
}

static void truncations_fail(void **state)
{
    (void)state;
    sweep("a truncation fails with EIO", FTRUNCATE, EIO);
}

static void mappings_fail(void **state)
{
    (void)state;
    sweep("a mapping fails with ENOMEM", MMAP, ENOMEM);
}

static int release_expected(void **state)
{
    (void)state;
    for (int step = 0; step <= WORK_STEPS; step++)
        for (int i = 0; i < ASKED; i++)
            buf_release(&expected[step][i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_fail),      cmocka_unit_test(the_disk_is_full),
        cmocka_unit_test(reads_fail),       cmocka_unit_test(syncs_fail),
        cmocka_unit_test(truncations_fail), cmocka_unit_test(mappings_fail),
    };

    return cmocka_run_group_tests(tests, NULL, release_expected);
}
