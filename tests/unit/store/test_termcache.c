/* The cache of word counts against the full history of what held at each generation. */
#include "index/store/termcache.h"

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/store/deltas.h"
#include "tests/support/support.h"

static struct cached_counts get(struct termcache *tc, uint64_t generation, const char *term,
                                enum termcache_state want)
{
    struct cached_counts out = {0, 0};

    assert_int_equal(termcache_get(tc, generation, str_of(term), &out), want);
    return out;
}

static void assert_hit(struct termcache *tc, uint64_t generation, const char *term, uint64_t n,
                       uint64_t f)
{
    struct cached_counts out = get(tc, generation, term, TERMCACHE_HIT);

    assert_int_equal(out.n, n);
    assert_int_equal(out.f, f);
}

/* A generation in which one document with the term twice is put (+1) or deleted (-1). */
static void advance(struct termcache *tc, uint64_t generation, const char *term, int sign)
{
    struct deltas d = {0};

    deltas_begin(&d, sign);
    assert_int_equal(deltas_add(&d, str_of(term)), 0);
    assert_int_equal(deltas_add(&d, str_of(term)), 0);
    termcache_register(tc, generation, &d);
    deltas_release(&d);
}

static void counts_follow_the_generations(void **state)
{
    struct termcache *tc = termcache_new(4);

    (void)state;
    assert_non_null(tc);
    termcache_start(tc, 7);
    get(tc, 7, "a", TERMCACHE_CLAIMED);
    get(tc, 7, "a", TERMCACHE_MISS); /* one counts, the others do for themselves */
    termcache_fill(tc, str_of("a"), (struct cached_counts){5, 9});
    assert_hit(tc, 7, "a", 5, 9);
    get(tc, 6, "a", TERMCACHE_MISS);
    advance(tc, 8, "a", +1);
    assert_hit(tc, 8, "a", 6, 11);
    assert_hit(tc, 7, "a", 5, 9);
    advance(tc, 9, "b", +1);
    assert_hit(tc, 9, "a", 6, 11);
    assert_hit(tc, 8, "a", 6, 11);
    advance(tc, 10, "a", -1);
    assert_hit(tc, 10, "a", 5, 9);
    assert_hit(tc, 9, "a", 6, 11);
    get(tc, 7, "a", TERMCACHE_MISS);
    termcache_free(tc);
}

static void a_commit_while_counting_is_added(void **state)
{
    struct termcache *tc = termcache_new(4);

    (void)state;
    termcache_start(tc, 1);
    get(tc, 1, "a", TERMCACHE_CLAIMED);
    advance(tc, 2, "a", +1);
    get(tc, 2, "a", TERMCACHE_MISS);
    advance(tc, 3, "a", +1);
    termcache_fill(tc, str_of("a"), (struct cached_counts){5, 9});
    assert_hit(tc, 3, "a", 7, 13);
    assert_hit(tc, 2, "a", 6, 11);
    get(tc, 1, "a", TERMCACHE_MISS);
    termcache_free(tc);
}

static void only_the_newest_may_claim(void **state)
{
    struct termcache *tc = termcache_new(4);

    (void)state;
    termcache_start(tc, 1);
    advance(tc, 2, "a", +1);
    get(tc, 1, "a", TERMCACHE_MISS);
    get(tc, 2, "a", TERMCACHE_CLAIMED);
    termcache_abandon(tc, str_of("a"));
    assert_int_equal(termcache_count(tc), 0);
    get(tc, 2, "a", TERMCACHE_CLAIMED);
    termcache_fill(tc, str_of("a"), (struct cached_counts){1, 2});
    assert_int_equal(termcache_count(tc), 1);
    termcache_free(tc);
}

static void a_failed_commit_never_was(void **state)
{
    struct termcache *tc = termcache_new(4);

    (void)state;
    termcache_start(tc, 1);
    get(tc, 1, "a", TERMCACHE_CLAIMED);
    termcache_fill(tc, str_of("a"), (struct cached_counts){5, 9});
    get(tc, 1, "b", TERMCACHE_CLAIMED);
    advance(tc, 2, "a", +1);
    assert_hit(tc, 1, "a", 5, 9);
    termcache_withdraw(tc, 2);
    assert_hit(tc, 1, "a", 5, 9);
    advance(tc, 2, "b", +1);
    termcache_withdraw(tc, 2);
    termcache_fill(tc, str_of("b"), (struct cached_counts){1, 1});
    assert_hit(tc, 1, "b", 1, 1);
    advance(tc, 2, "a", -1);
    assert_hit(tc, 2, "a", 4, 7);
    assert_hit(tc, 2, "b", 1, 1);
    termcache_free(tc);
}

static void what_is_not_asked_for_makes_room(void **state)
{
    struct termcache *tc = termcache_new(2);

    (void)state;
    termcache_start(tc, 1);
    get(tc, 1, "a", TERMCACHE_CLAIMED);
    get(tc, 1, "b", TERMCACHE_CLAIMED);
    get(tc, 1, "c", TERMCACHE_MISS); /* both are being counted */
    termcache_fill(tc, str_of("b"), (struct cached_counts){2, 2});
    get(tc, 1, "c", TERMCACHE_CLAIMED);
    termcache_fill(tc, str_of("a"), (struct cached_counts){1, 1});
    termcache_fill(tc, str_of("c"), (struct cached_counts){3, 3});
    assert_int_equal(termcache_count(tc), 2);
    assert_hit(tc, 1, "a", 1, 1);
    assert_hit(tc, 1, "c", 3, 3);
    termcache_free(tc);
}

/* ---- random events against the history --------------------------------------------------- */

#define TERMS 12
#define GENERATIONS 400
#define CLAIMS 4

struct model {
    struct termcache *tc;
    uint32_t random;
    struct cached_counts held[GENERATIONS + 1][TERMS];
    uint64_t newest;
    struct {
        bool open;
        size_t term;
        uint64_t generation;
    } claims[CLAIMS];
    size_t hits;
};

static uint32_t below(struct model *m, uint32_t n)
{
    m->random = m->random * 1664525 + 1013904223;
    return (m->random >> 8) % n;
}

static struct sx_str name(size_t term, char text[16])
{
    snprintf(text, 16, "term%zu", term);
    return str_of(text);
}

static void look(struct model *m)
{
    char text[16];
    size_t term = below(m, TERMS);
    uint64_t back = below(m, 4);
    uint64_t generation = m->newest > back ? m->newest - back : m->newest;
    struct cached_counts out;
    enum termcache_state got = termcache_get(m->tc, generation, name(term, text), &out);

    if (got == TERMCACHE_HIT) {
        m->hits++;
        assert_int_equal(out.n, m->held[generation][term].n);
        assert_int_equal(out.f, m->held[generation][term].f);
    } else if (got == TERMCACHE_CLAIMED) {
        size_t i = 0;
        while (i < CLAIMS && m->claims[i].open)
            i++;
        if (i == CLAIMS) {
            termcache_abandon(m->tc, name(term, text));
            return;
        }
        m->claims[i].open = true;
        m->claims[i].term = term;
        m->claims[i].generation = generation;
    }
}

static void finish_a_claim(struct model *m)
{
    char text[16];
    size_t i = below(m, CLAIMS);

    if (!m->claims[i].open)
        return;
    struct sx_str term = name(m->claims[i].term, text);
    if (below(m, 5) == 0)
        termcache_abandon(m->tc, term);
    else
        termcache_fill(m->tc, term, m->held[m->claims[i].generation][m->claims[i].term]);
    m->claims[i].open = false;
}

/* Some documents come and go; one commit in four fails. */
static void next_generation(struct model *m)
{
    struct deltas d = {0};
    char text[16];
    uint64_t next = m->newest + 1;

    memcpy(m->held[next], m->held[m->newest], sizeof(m->held[next]));
    for (uint32_t docs = below(m, 4); docs > 0; docs--) {
        size_t term = below(m, TERMS);
        uint32_t times = 1 + below(m, 3);
        struct cached_counts *c = &m->held[next][term];
        bool put = c->n == 0 || c->f < times + c->n || below(m, 2) == 0;

        deltas_begin(&d, put ? 1 : -1);
        for (uint32_t i = 0; i < times; i++)
            assert_int_equal(deltas_add(&d, name(term, text)), 0);
        c->n = put ? c->n + 1 : c->n - 1;
        c->f = put ? c->f + times : c->f - times;
    }
    termcache_register(m->tc, next, &d);
    deltas_release(&d);
    for (uint32_t n = below(m, 4); n > 0; n--) {
        look(m); /* readers of what is committed so far */
        finish_a_claim(m);
    }
    if (below(m, 4) == 0)
        termcache_withdraw(m->tc, next);
    else
        m->newest = next;
}

static void counts_are_those_of_the_history(void **state)
{
    static struct model m;

    (void)state;
    for (uint32_t seed = 1; seed <= 30; seed++) {
        memset(&m, 0, sizeof(m));
        m.random = seed;
        m.newest = 1;
        m.tc = termcache_new(1 + seed % TERMS);
        assert_non_null(m.tc);
        termcache_start(m.tc, 1);
        while (m.newest < GENERATIONS) {
            for (uint32_t n = below(&m, 6); n > 0; n--)
                look(&m);
            finish_a_claim(&m);
            next_generation(&m);
        }
        assert_true(m.hits > 20);
        termcache_free(m.tc);
    }
}

static void memory_may_run_out(void **state)
{
    struct cached_counts out;

    (void)state;
    for (long n = 0; n < 3; n++) {
        mem_fail_after(n);
        assert_null(termcache_new(4));
        mem_fail_after(-1);
    }
    struct termcache *tc = termcache_new(4);
    termcache_start(tc, 1);
    mem_fail_after(0);
    assert_int_equal(termcache_get(tc, 1, str_of("a"), &out), TERMCACHE_MISS);
    mem_fail_after(-1);
    get(tc, 1, "a", TERMCACHE_CLAIMED);
    termcache_free(tc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_follow_the_generations),
        cmocka_unit_test(a_commit_while_counting_is_added),
        cmocka_unit_test(only_the_newest_may_claim),
        cmocka_unit_test(a_failed_commit_never_was),
        cmocka_unit_test(what_is_not_asked_for_makes_room),
        cmocka_unit_test(counts_are_those_of_the_history),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
