/* What a search by block-max may take: room for its operands, and how long until it looks at its limits. */
#include <string.h>

#include <searchd/index.h>

#include "index/base/buf.h"
#include "index/base/str.h"
#include "tests/support/support.h"

struct bed {
    char *dir;
    struct sx_index *ix;
    struct sx_reader *r;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s (%s)", sx_status_name(rc), err->msg, err->param);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));
    struct sx_error err;

    assert_non_null(b);
    b->dir = temp_dir();
    must(sx_index_open(&b->ix, b->dir, NULL, &err), &err);
    must(sx_reader_open(&b->r, b->ix, &err), &err);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    sx_reader_close(b->r);
    sx_index_close(b->ix);
    temp_dir_remove(b->dir);
    free(b);
    return 0;
}

static void put(struct bed *b, const char *uri, const char *body)
{
    struct sx_error err;
    struct sx_doc d = {.uri = str_of(uri), .body = str_of(body)};

    must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
}

static void settle(struct bed *b)
{
    struct sx_error err;

    must(sx_index_commit(b->ix, &err), &err);
    must(sx_index_settle(b->ix, &err), &err);
}

static uint64_t total(struct bed *b, const char *query, enum sx_engine engine)
{
    struct sx_results *res;
    struct sx_error err;
    struct sx_search s = {
        .query = str_of(query), .limit = 20, .exact_total = true, .engine = engine};

    must(sx_reader_search(b->r, &s, &res, &err), &err);
    uint64_t found = res->total;
    sx_results_free(res);
    return found;
}

/* A word beside itself: its operands are one leaf, as often as they are named. */
static void a_word_is_near_itself_many_times(void **state)
{
    struct bed *b = *state;
    struct buf query = {0};

    put(b, "a", "apple pear apple apple tree apple apple apple apple apple");
    put(b, "b", "apple pear tree");
    settle(b);
    buf_puts(&query, "apple");
    for (int n = 2; n <= 16; n++) {
        buf_puts(&query, " NEAR/9 apple");
        assert_int_equal(total(b, buf_cstr(&query), SX_ENGINE_BLOCKMAX), n <= 8 ? 1 : 0);
        assert_int_equal(total(b, buf_cstr(&query), SX_ENGINE_FTS5), n <= 8 ? 1 : 0);
    }
    buf_release(&query);
}

static bool count_looks(void *ctx)
{
    ++*(size_t *)ctx;
    return false;
}

/* However few ranges there are, the limits are looked at in proportion to what is done. */
static void limits_are_looked_at_while_documents_are_seen(void **state)
{
    struct bed *b = *state;
    struct buf body = {0}, query = {0};
    struct sx_results *res;
    struct sx_error err;
    size_t looks = 0;
    char uri[16];

    for (int i = 0; i < 100; i++) {
        buf_printf(&body, "w%d ", i);
        buf_printf(&query, "\"w%d w%d\" ", i, i + 1);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(uri, sizeof(uri), "%d", i);
        put(b, uri, buf_cstr(&body));
    }
    settle(b);
    struct sx_search s = {.query = buf_str(&query),
                          .match = SX_MATCH_ANY,
                          .sort = SX_SORT_DATE_DESC,
                          .limit = 10,
                          .engine = SX_ENGINE_BLOCKMAX,
                          .limits = {.stop = count_looks, .stop_ctx = &looks}};
    must(sx_reader_search(b->r, &s, &res, &err), &err);
    assert_int_equal(res->total, 1000);
    assert_true(looks >= 50); /* a thousand documents, a hundred phrases */
    sx_results_free(res);
    buf_release(&body);
    buf_release(&query);
}

#define with_bed(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_bed(a_word_is_near_itself_many_times),
        with_bed(limits_are_looked_at_while_documents_are_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
