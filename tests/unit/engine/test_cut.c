/* A segment's file that cannot be read while the index opens: its disk fails, or it is cut. The process lives,
 * and answers. */
#include <searchd/index.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "index/base/str.h"
#include "index/engine/index.h"
#include "tests/support/bed.h"

#define MANY 7000
#define MORE 4000

/* Which file is cut when the nth is mapped; 0: none. */
static int cut_file, cut_when;
static int mapped;
static char first[1024];

/* In the place of the C library's: what is mapped has nothing behind it. */
void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
    long at = syscall(SYS_mmap, addr, length, prot, flags, fd, offset);
    char link[64], path[1024];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = fd < 0 || cut_file == 0 ? -1 : readlink(link, path, sizeof(path) - 1);
    if (n > 0) {
        path[n] = '\0';
        if (strstr(path, ".segment") != NULL && ++mapped == 1)
            snprintf(first, sizeof(first), "%s", path);
        if (strstr(path, ".segment") != NULL && mapped == cut_when &&
            truncate(cut_file == 1 ? first : path, 0) != 0)
            abort();
    }
    return (void *)at;
}

static void put_many(struct bed *b, int from, int to)
{
    char uri[16], body[96];
    struct sx_error err;

    for (int i = from; i < to; i++) {
        snprintf(uri, sizeof(uri), "%d", i);
        snprintf(body, sizeof(body), "harbour x%d y%d z%d v%d", i, i, i, i);
        put(b, uri, body);
    }
    commit(b);
    must(sx_index_settle(b->ix, &err), &err);
}

static bool reached(struct bed *b, uint64_t total)
{
    struct sx_results *res;
    struct sx_error err;
    struct sx_search s = {.query = str_of("harbour"), .limit = 1, .exact_total = true};

    must(sx_reader_search(b->r, &s, &res, &err), &err);
    assert_int_equal(res->total, total);
    bool by_segments = str_is(str_of(res->engine), "blockmax");
    sx_results_free(res);
    return by_segments;
}

/* Two files, of which one has nothing left when the `when`th is mapped. */
static void survive(int file, int when)
{
    struct bed b = {.dir = temp_dir()};
    struct sx_error err;

    open_bed(&b);
    pthread_mutex_lock(&b.ix->lock);
    b.ix->upkeep.bytes_max = 0; /* they stay two */
    pthread_mutex_unlock(&b.ix->lock);
    put_many(&b, 0, MANY);
    put_many(&b, MANY, MANY + MORE);
    struct sx_stats stats = stats_of(&b);
    assert_int_equal(stats.blockmax.segments, 2);
    assert_int_equal(stats.blockmax.memory_bytes, 0);
    close_bed(&b);
    mapped = 0;
    cut_file = file;
    cut_when = when;
    open_bed(&b);
    assert_true(mapped >= when);
    cut_file = 0;
    reached(&b, MANY + MORE);
    must(sx_index_settle(b.ix, &err), &err);
    assert_true(reached(&b, MANY + MORE));
    close_bed(&b);
    temp_dir_remove(b.dir);
}

static void a_file_that_is_cut_as_it_is_mapped(void **state)
{
    (void)state;
    survive(1, 1);
    survive(2, 2);
}

static void a_file_that_is_cut_before_it_is_compared(void **state)
{
    (void)state;
    survive(1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_cut_as_it_is_mapped),
        cmocka_unit_test(a_file_that_is_cut_before_it_is_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
