/* Kept lists: found again, replaced, and given up in the right order. */
#include "tests/support/support.h"

#include <pthread.h>
#include <stdbool.h>

#include "index/base/alloc.h"
#include "index/engine/cursors.h"

#include <searchd/index.h>

static uint64_t keep(struct cursors *c, size_t count, int64_t first)
{
    struct list_head head = {.below = first};
    struct list *l = list_new(&head, count);

    assert_non_null(l);
    for (size_t i = 0; i < count; i++)
        l->items[i].rowid = first + (int64_t)i;
    uint64_t id = cursors_keep(c, l, 0);
    cursors_put(c, l);
    return id;
}

static bool has(struct cursors *c, uint64_t id)
{
    struct list *l = cursors_get(c, id);
    bool there = l != NULL;

    cursors_put(c, l);
    return there;
}

static void lists_are_found_by_their_numbers(void **state)
{
    struct cursors *c = cursors_new();
    uint64_t ids[1000];

    (void)state;
    assert_non_null(c);
    for (int i = 0; i < 1000; i++)
        ids[i] = keep(c, 3, i * 10);
    for (int i = 0; i < 1000; i++) {
        struct list *l = cursors_get(c, ids[i]);
        assert_non_null(l);
        assert_int_equal(l->head.below, i * 10);
        assert_int_equal(l->items[2].rowid, i * 10 + 2);
        cursors_put(c, l);
    }
    assert_false(has(c, ids[999] + 1));
    assert_false(has(c, 0));
    cursors_free(c);
}

/* One in hand stays whole when another takes its place. */
static void the_whole_takes_the_place_of_the_beginning(void **state)
{
    struct cursors *c = cursors_new();
    struct list_head head = {.whole = true};
    uint64_t id = keep(c, 2, 5);
    struct list *before = cursors_get(c, id);
    struct list *whole = list_new(&head, 4);

    (void)state;
    assert_int_equal(cursors_keep(c, whole, id), id);
    cursors_put(c, whole);
    struct list *after = cursors_get(c, id);
    assert_true(after == whole && after->head.whole && after->count == 4);
    assert_int_equal(before->items[1].rowid, 6);
    cursors_put(c, after);
    cursors_put(c, before);
    cursors_free(c);
}

/* Full memory: lists that nobody has gone on in go first, the oldest of them before the others. */
static void unused_lists_go_first(void **state)
{
    const size_t items = SX_WINDOW_MAX, fit = SX_CURSOR_BYTES / (items * 16 + 256);
    struct cursors *c = cursors_new();
    uint64_t used = keep(c, items, 0), first = keep(c, items, 1), last = 0;

    (void)state;
    assert_true(has(c, used));
    for (size_t i = 0; i < fit + 10; i++)
        last = keep(c, items, 2);
    assert_true(has(c, last));
    assert_true(has(c, used));
    assert_false(has(c, first));
    /* used ones go, too, the one used longest ago first */
    uint64_t newer = 0;
    for (size_t i = 0; i < fit + 10; i++) {
        newer = keep(c, items, 3);
        assert_true(has(c, newer));
    }
    assert_false(has(c, used));
    assert_true(has(c, newer));
    cursors_free(c);
}

static void memory_may_run_out(void **state)
{
    struct list_head head = {0};

    (void)state;
    mem_fail_after(0);
    assert_null(cursors_new());
    mem_fail_after(0);
    assert_null(list_new(&head, 3));
    mem_fail_after(-1);
    cursors_free(NULL);
}

#define THREADS 4
#define LISTS 20000

/* Those that this thread kept a moment ago; how many were gone. */
static void *keep_and_find(void *arg)
{
    struct cursors *c = arg;
    uintptr_t lost = 0;

    for (int i = 0; i < LISTS; i++) {
        struct list_head head = {.below = i};
        struct list *l = list_new(&head, 1);
        if (l == NULL)
            return (void *)UINTPTR_MAX;
        uint64_t id = cursors_keep(c, l, 0);
        cursors_put(c, l);
        lost += !has(c, id);
    }
    return (void *)lost;
}

/* Whoever waits for another does not take what that has just kept for old. */
static void many_threads_lose_none(void **state)
{
    struct cursors *c = cursors_new();
    pthread_t threads[THREADS];
    void *lost;

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_and_find, c), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &lost);
        assert_int_equal((uintptr_t)lost, 0);
    }
    cursors_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_found_by_their_numbers),
        cmocka_unit_test(the_whole_takes_the_place_of_the_beginning),
        cmocka_unit_test(unused_lists_go_first),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(many_threads_lose_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
