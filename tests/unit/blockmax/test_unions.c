/* Unions: kept once they are asked for again, the most worth ones, as they were made. */
#include "index/blockmax/unions.h"

#include <pthread.h>

#include "index/base/alloc.h"
#include "index/blockmax/format.h"
#include "tests/support/support.h"

#define RANGES 3
#define DOCS ((size_t)RANGES * RANGE_DOCS)

static const uint64_t *key_of(uint64_t number, uint64_t lists[2])
{
    lists[0] = number;
    lists[1] = number + 100000;
    return lists;
}

/* What is made of a key says which one it was made of. */
struct made {
    uint8_t impacts[DOCS], stretches[DOCS / STRETCH_DOCS];
    struct read_posting read[2 * RANGES];
    uint32_t read_first[RANGES + 1];
    struct united one;
};

static void make(struct made *m, uint64_t number, bool reads)
{
    memset(m->impacts, (int)(number % 251), sizeof(m->impacts));
    memset(m->stretches, (int)(number % 241), sizeof(m->stretches));
    for (uint32_t i = 0; i < 2 * RANGES; i++)
        m->read[i] = (struct read_posting){.doc = i * RANGE_DOCS / 2, .title = (uint32_t)number};
    for (uint32_t r = 0; r <= RANGES; r++)
        m->read_first[r] = 2 * r;
    m->one = (struct united){m->impacts, m->stretches, reads ? m->read : NULL,
                             reads ? m->read_first : NULL};
}

static void check(const struct united *one, uint64_t number, bool reads)
{
    struct made m;

    make(&m, number, reads);
    assert_memory_equal(one->impacts, m.impacts, sizeof(m.impacts));
    assert_memory_equal(one->stretches, m.stretches, sizeof(m.stretches));
    assert_int_equal(one->read != NULL, reads);
    if (reads) {
        assert_memory_equal(one->read, m.read, sizeof(m.read));
        assert_memory_equal(one->read_first, m.read_first, sizeof(m.read_first));
    }
}

static const struct united *get(struct unions *u, uint64_t number, uint64_t postings, bool *wanted)
{
    uint64_t lists[2];

    return unions_get(u, (struct united_key){key_of(number, lists), 2, postings, 0}, wanted);
}

static const struct united *add(struct unions *u, uint64_t number, bool reads)
{
    uint64_t lists[2];
    struct made m;

    make(&m, number, reads);
    return unions_add(u, (struct united_key){key_of(number, lists), 2, 0, reads ? 2 * RANGES : 0},
                      &m.one);
}

/* Asks until it is kept, as a search does; NULL: it is not wanted, or not kept. */
static const struct united *ask(struct unions *u, uint64_t number, uint64_t postings)
{
    bool wanted;
    const struct united *one = get(u, number, postings, &wanted);

    if (one == NULL && wanted)
        one = add(u, number, number % 2 == 1);
    if (one != NULL)
        check(one, number, number % 2 == 1);
    return one;
}

static void what_is_asked_again_is_kept(void **state)
{
    struct unions *u = unions_new(RANGES);
    bool wanted;

    (void)state;
    assert_null(get(u, 7, 100, &wanted));
    assert_false(wanted);
    assert_null(get(u, 7, 100, &wanted));
    assert_true(wanted);
    for (uint64_t number = 7; number < 9; number++) {
        const struct united *one = add(u, number, number == 7);
        check(one, number, number == 7);
        unions_put(u, one);
        one = get(u, number, 100, &wanted);
        assert_false(wanted);
        check(one, number, number == 7);
        unions_put(u, one);
    }
    assert_null(add(u, 7, true)); /* another search made it, too */
    assert_int_equal(unions_count(u), 2);
    unions_free(u);
}

/* One of two lists is not one of the first of them. */
static void keys_are_told_apart(void **state)
{
    struct unions *u = unions_new(RANGES);
    uint64_t lists[3] = {1, 2, 3};
    struct made m;
    bool wanted;

    (void)state;
    make(&m, 1, false);
    unions_put(u, unions_add(u, (struct united_key){lists, 2, 1, 0}, &m.one));
    assert_null(unions_get(u, (struct united_key){lists, 3, 1, 0}, &wanted));
    assert_null(unions_get(u, (struct united_key){lists + 1, 2, 1, 0}, &wanted));
    const struct united *one = unions_get(u, (struct united_key){lists, 2, 1, 0}, &wanted);
    check(one, 1, false);
    unions_put(u, one);
    unions_free(u);
}

static void the_least_gives_way_unless_it_is_held(void **state)
{
    struct unions *u = unions_new(RANGES);
    const struct united *held = NULL;
    bool wanted;

    (void)state;
    for (uint64_t number = 0; number < UNIONS_MAX; number++) {
        assert_null(ask(u, number, 1000 + number));
        const struct united *one = ask(u, number, 1000 + number);
        assert_non_null(one);
        if (number == 0)
            held = one;
        else
            unions_put(u, one);
    }
    assert_int_equal(unions_count(u), UNIONS_MAX);
    assert_null(ask(u, 5000, 1001)); /* each of those is worth about as much: it takes more */
    assert_null(ask(u, 5000, 1001));
    assert_null(ask(u, 5000, 1001));
    const struct united *more = ask(u, 5000, 1001);
    check(more, 5000, false);
    unions_put(u, more);
    assert_int_equal(unions_count(u), UNIONS_MAX);
    check(held, 0, false); /* it was worth least */
    unions_put(u, held);
    const struct united *first = get(u, 0, 1, &wanted);
    assert_non_null(first);
    unions_put(u, first);
    assert_null(get(u, 1, 1, &wanted));
    unions_free(u);
}

/* All that is read together has its room, too, and what is more than all of that is never kept. */
static void what_is_read_has_its_room(void **state)
{
    size_t besides = 2 * sizeof(uint64_t) + (RANGES + 1) * sizeof(uint32_t);
    size_t most = (DOCS * UNIONS_READ - besides) / sizeof(struct read_posting);
    struct read_posting *read = calloc(most + 1, sizeof(*read));
    struct unions *u = unions_new(RANGES);
    uint64_t lists[2];
    struct made m;
    bool wanted;

    (void)state;
    make(&m, 1, true);
    m.one.read = read;
    m.read_first[RANGES] = (uint32_t)most + 1;
    struct united_key key = {key_of(1, lists), 2, 0, most + 1};
    assert_null(unions_add(u, key, &m.one));
    m.read_first[RANGES] = (uint32_t)most;
    key.read = most;
    const struct united *all = unions_add(u, key, &m.one);
    assert_non_null(all);
    assert_null(add(u, 3, true)); /* as it is held */
    unions_put(u, all);
    assert_null(ask(u, 3, 10));
    const struct united *other = ask(u, 3, 10);
    assert_non_null(other);
    unions_put(u, other);
    assert_null(get(u, 1, 1, &wanted));
    assert_int_equal(unions_count(u), 1);
    unions_free(u);
    free(read);
}

/* Whichever allocation fails, nothing is kept by halves. */
static void memory_may_run_out(void **state)
{
    (void)state;
    for (long n = 0, kept = 0; kept == 0; n++) {
        struct unions *u = unions_new(RANGES);
        mem_fail_after(n);
        const struct united *one = add(u, 1, true);
        mem_fail_after(-1);
        kept = one != NULL;
        assert_int_equal(unions_count(u), kept);
        if (one != NULL)
            unions_put(u, one);
        one = kept ? NULL : add(u, 1, true);
        assert_true(kept || one != NULL);
        if (one != NULL) {
            check(one, 1, true);
            unions_put(u, one);
        }
        unions_free(u);
    }
}

#define THREADS 4
#define ASKS 3000

struct asking {
    struct unions *u;
    uint64_t seed;
    size_t got;
};

static void *ask_often(void *arg)
{
    struct asking *a = arg;

    for (size_t i = 0; i < ASKS; i++) {
        a->seed = a->seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
        uint64_t number = (a->seed >> 33) % (2 * UNIONS_MAX);
        const struct united *one = ask(a->u, number, number + 1);
        a->got += one != NULL;
        if (one != NULL)
            unions_put(a->u, one);
    }
    return NULL;
}

static void many_threads_ask(void **state)
{
    struct unions *u = unions_new(RANGES);
    struct asking asking[THREADS];
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        asking[i] = (struct asking){u, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &asking[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(asking[i].got > ASKS / 4);
    }
    for (uint64_t number = 1000; number < 1000 + UNIONS_MAX; number++) { /* nobody holds any */
        assert_null(ask(u, number, UINT32_MAX));
        const struct united *one = ask(u, number, UINT32_MAX);
        assert_non_null(one);
        unions_put(u, one);
    }
    assert_int_equal(unions_count(u), UNIONS_MAX);
    unions_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_again_is_kept),
        cmocka_unit_test(keys_are_told_apart),
        cmocka_unit_test(the_least_gives_way_unless_it_is_held),
        cmocka_unit_test(what_is_read_has_its_room),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(many_threads_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
