/* What a search by block-max may take: room for its operands, and how long until it looks at its limits. */
#include <string.h>

#include <searchd/index.h>

#include "index/base/buf.h"
#include "index/base/str.h"
#include "tests/support/bed.h"

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

/* Words of which most are frequent, one is not, in titles, too. */
static void fill_with_words(struct bed *b, int docs)
{
    static const char *const words[] = {"to", "be", "or", "not", "that"};
    struct buf title = {0}, body = {0};
    struct sx_error err;
    uint32_t state = 12345;
    char uri[16];

    for (int i = 0; i < docs; i++) {
        buf_clear(&title);
        buf_clear(&body);
        for (int k = 0; k < 14; k++) {
            state = state * 1664525 + 1013904223;
            buf_printf(k < 2 ? &title : &body, "%s ", words[(state >> 16) % 5]);
        }
        if (i % 40 == 0)
            buf_puts(&body, i % 80 == 0 ? "question to" : "to the question");
        if (i % 400 == 0)
            buf_puts(&body, " or an answer to be");
        snprintf(uri, sizeof(uri), "%d", i);
        struct sx_doc d = {.uri = str_of(uri), .title = buf_str(&title), .body = buf_str(&body)};
        must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
    }
    buf_release(&title);
    buf_release(&body);
}

/* How many matches there are is told by positions alone where no more than that is asked of them; who was
 * seen for the list counts once. */
static void phrases_are_counted_like_by_fts5(void **state)
{
    static const char *const queries[] = {
        "\"to be\"",
        "\"be be\"",
        "\"or not to\"",
        "\"to be to be\"",
        "\"question to\"",
        "\"the question\"",
        "title:\"be or\"",
        "body:\"not that\"",
        "\"question nothing\"",
        "\"answer to be\"",
        "\"to be\" AND \"or not\"",
        "\"question to\" AND be",
        "\"be or\" OR \"not to\"",
    };
    struct bed *b = *state;
    struct sx_error err;
    struct sx_count counted;
    size_t deleted;

    fill_with_words(b, 3000);
    settle(b);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
            uint64_t wanted = total(b, queries[i], SX_ENGINE_FTS5);
            assert_int_equal(total(b, queries[i], SX_ENGINE_BLOCKMAX), wanted);
            must(sx_reader_count(b->r, str_of(queries[i]), SX_MATCH_BEST, NULL, &counted, &err),
                 &err);
            assert_int_equal(counted.total, wanted);
            assert_true(wanted > 0 || i == 8);
        }
        /* Then with documents that are dead. */
        must(sx_index_delete_uri(b->ix, str_of("80"), &deleted, &err), &err);
        must(sx_index_delete_uri(b->ix, str_of("81"), &deleted, &err), &err);
        must(sx_index_commit(b->ix, &err), &err);
    }
}

static void a_count_of_phrases_is_stopped(void **state)
{
    struct bed *b = *state;
    struct sx_count counted;
    struct sx_error err;
    size_t looks = 0;
    struct sx_limits limits = {.stop = count_looks, .stop_ctx = &looks};

    fill_with_words(b, 3000);
    settle(b);
    must(sx_reader_count(b->r, str_of("\"to be\""), SX_MATCH_ANY, &limits, &counted, &err), &err);
    assert_true(counted.total > 1000 && looks >= 2);
}

#define with_bed(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_bed(a_word_is_near_itself_many_times),
        with_bed(limits_are_looked_at_while_documents_are_seen),
        with_bed(phrases_are_counted_like_by_fts5),
        with_bed(a_count_of_phrases_is_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
