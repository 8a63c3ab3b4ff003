/* A disk that is nearly full: what is derived leaves the rest of it to what must be stored, says so, and
 * is made once there is room. */
#include <searchd/index.h>

#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "index/base/str.h"
#include "tests/support/bed.h"

#define MANY 4000

static uint64_t free_bytes;

/* In the place of the C library's: the disk that the index sees. */
int statvfs(const char *restrict path, struct statvfs *restrict out)
{
    (void)path;
    memset(out, 0, sizeof(*out));
    out->f_frsize = 1;
    out->f_bavail = free_bytes;
    return 0;
}

static void put_many(struct bed *b)
{
    char uri[16], body[64];

    for (int i = 0; i < MANY; i++) {
        snprintf(uri, sizeof(uri), "%d", i);
        snprintf(body, sizeof(body), "harbour x%d y%d", i, i);
        put(b, uri, body);
    }
    commit(b);
}

static bool reached(struct bed *b)
{
    struct sx_results *res;
    struct sx_error err;
    struct sx_search s = {.query = str_of("harbour"), .limit = 1, .exact_total = true};

    must(sx_reader_search(b->r, &s, &res, &err), &err);
    assert_int_equal(res->total, MANY);
    bool by_segments = str_is(str_of(res->engine), "blockmax");
    sx_results_free(res);
    return by_segments;
}

static void a_nearly_full_disk_is_left_alone(void **state)
{
    struct bed b = {.dir = temp_dir()};
    char path[512];
    struct sx_error err;

    (void)state;
    free_bytes = 100000;
    open_bed(&b);
    put_many(&b);
    assert_int_equal(sx_index_settle(b.ix, &err), SX_EFULL);
    assert_non_null(strstr(stats_of(&b).blockmax.failure, "100000 bytes are free"));
    assert_int_equal(stats_of(&b).blockmax.file_bytes, 0);
    assert_true(reached(&b)); /* from memory */
    close_bed(&b);
    snprintf(path, sizeof(path), "%s/blockmax/manifest", b.dir);
    assert_int_not_equal(access(path, F_OK), 0);
    snprintf(path, sizeof(path), "%s/blockmax/documents", b.dir);
    assert_int_not_equal(access(path, F_OK), 0);

    open_bed(&b);
    reached(&b);
    free_bytes = (uint64_t)1 << 40;
    must(sx_index_settle(b.ix, &err), &err);
    assert_string_equal(stats_of(&b).blockmax.failure, "");
    assert_true(stats_of(&b).blockmax.file_bytes > 0);
    assert_true(reached(&b));
    close_bed(&b);
    temp_dir_remove(b.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nearly_full_disk_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
