/* Terms in memory against a loop over all of them, and a scan while others are added. */
#include "index/store/termlist.h"

#include <pthread.h>
#include <stdatomic.h>

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "tests/support/support.h"

/* Terms of few letters, so that many are near to each other. */
static void make_term(uint32_t *seed, char out[64])
{
    static const char *const letters[] = {"a", "b", "c", "d", "\xc3\xa9", "\xe4\xba\xac", "1"};
    size_t at = 0;

    *seed = *seed * 1664525 + 1013904223;
    for (uint32_t n = 2 + (*seed >> 8) % 9; n > 0; n--) {
        *seed = *seed * 1664525 + 1013904223;
        at += (size_t)snprintf(out + at, 64 - at, "%s", letters[(*seed >> 8) % 7]);
    }
}

struct near {
    const struct edits_word *word;
    unsigned edits;
    size_t count, all;
    uint32_t sum;   /* of their bytes, whatever their order */
    size_t stop_at; /* 0: never */
};

static int judge(void *ctx, struct sx_str term)
{
    struct near *n = ctx;
    struct edits_word other;

    n->all++;
    if (n->all == n->stop_at)
        return 7;
    if (edits_word(&other, term) != 0 || edits_between(n->word, &other, n->edits) > n->edits)
        return 0;
    n->count++;
    uint32_t hash = 1;
    for (size_t i = 0; i < term.len; i++)
        hash = hash * 31 + (unsigned char)term.ptr[i];
    n->sum += hash;
    return 0;
}

#define TERMS 6000

static void a_scan_meets_all_that_are_near(void **state)
{
    static char terms[TERMS][64];
    struct termlist *l = termlist_new();
    uint32_t seed = 1;
    size_t met = 0;

    (void)state;
    assert_non_null(l);
    for (size_t i = 0; i < TERMS; i++) {
        make_term(&seed, terms[i]);
        assert_int_equal(termlist_add(l, str_of(terms[i])), 0);
    }
    for (size_t i = 0; i < 200; i++) {
        char text[64];
        struct edits_word word;
        make_term(&seed, text);
        assert_int_equal(edits_word(&word, str_of(text)), 0);
        for (unsigned edits = 1; edits <= EDITS_MAX; edits++) {
            struct near got = {.word = &word, .edits = edits}, want = got;
            assert_int_equal(termlist_scan(l, &word, edits, judge, &got), 0);
            for (size_t k = 0; k < TERMS; k++)
                judge(&want, str_of(terms[k]));
            assert_int_equal(got.count, want.count);
            assert_int_equal(got.sum, want.sum);
            assert_true(got.all < want.all);
            met += got.count;
        }
    }
    assert_true(met > 1000);
    termlist_free(l);
}

static void a_scan_ends_when_it_is_told_to(void **state)
{
    struct termlist *l = termlist_new();
    struct edits_word word;

    (void)state;
    for (size_t i = 0; i < 2000; i++)
        assert_int_equal(termlist_add(l, str_of(i % 2 == 0 ? "ferry" : "ferrys")), 0);
    assert_int_equal(edits_word(&word, str_of("ferry")), 0);
    struct near n = {.word = &word, .edits = 1, .stop_at = 1500};
    assert_int_equal(termlist_scan(l, &word, 1, judge, &n), 7);
    assert_int_equal(n.all, 1500);
    termlist_free(l);
}

static void a_term_that_nothing_is_near_to_is_left_out(void **state)
{
    struct termlist *l = termlist_new();
    struct edits_word word;
    char longest[EDITS_POINTS_MAX + 2];
    size_t empty = termlist_bytes(l);

    (void)state;
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(termlist_add(l, str_make(longest, EDITS_POINTS_MAX + 1)), 0);
    assert_int_equal(termlist_add(l, str_make("", 0)), 0);
    assert_int_equal(termlist_bytes(l), empty);
    assert_int_equal(termlist_add(l, str_make(longest, EDITS_POINTS_MAX)), 0);
    assert_true(termlist_bytes(l) > empty);
    assert_int_equal(edits_word(&word, str_make(longest, EDITS_POINTS_MAX - 1)), 0);
    struct near n = {.word = &word, .edits = 2};
    assert_int_equal(termlist_scan(l, &word, 2, judge, &n), 0);
    assert_int_equal(n.count, 1);
    termlist_free(l);
}

/* ---- adding and scanning at once ----------------------------------------------------------- */

struct pair {
    struct termlist *l;
    _Atomic(size_t) added; /* told to the scanner */
    _Atomic(bool) over;
};

static int count_whole(void *ctx, struct sx_str term)
{
    size_t *count = ctx;

    if (term.len != 6 || memcmp(term.ptr, "ferry", 5) != 0)
        return 1;
    (*count)++;
    return 0;
}

/* Keeps what went wrong, as cmocka's checks belong to the main thread. */
static void *scanning(void *arg)
{
    struct pair *p = arg;
    struct edits_word word;
    bool wrong = edits_word(&word, str_of("ferrys")) != 0;

    for (bool over = false; !over && !wrong;) {
        size_t count = 0;
        over = atomic_load(&p->over);
        size_t told = atomic_load(&p->added);
        wrong = termlist_scan(p->l, &word, 1, count_whole, &count) != 0 || count < told;
    }
    return wrong ? p : NULL;
}

static void what_was_told_is_met_while_more_is_added(void **state)
{
    struct pair p = {.l = termlist_new()};
    pthread_t threads[2];
    void *wrong;

    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, scanning, &p), 0);
    for (size_t i = 0; i < 6000; i++) {
        char text[16];
        snprintf(text, sizeof(text), "ferry%c", (char)('a' + i % 26));
        assert_int_equal(termlist_add(p.l, str_of(text)), 0);
        atomic_store(&p.added, i + 1);
    }
    atomic_store(&p.over, true);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    termlist_free(p.l);
}

static void memory_may_run_out(void **state)
{
    struct edits_word word;

    (void)state;
    mem_fail_after(0);
    assert_null(termlist_new());
    mem_fail_after(-1);
    struct termlist *l = termlist_new();
    for (long n = 0; n < 2; n++) { /* the block, the chunk */
        mem_fail_after(0);
        assert_int_equal(termlist_add(l, str_of("ferry")), -1);
        mem_fail_after(n);
        termlist_add(l, str_of("ferry"));
        mem_fail_after(-1);
    }
    assert_int_equal(edits_word(&word, str_of("ferry")), 0);
    struct near none = {.word = &word, .edits = 1};
    termlist_scan(l, &word, 1, judge, &none);
    assert_true(none.all < 2);
    assert_int_equal(termlist_add(l, str_of("ferry")), 0);
    struct near one = {.word = &word, .edits = 1};
    termlist_scan(l, &word, 1, judge, &one);
    assert_int_equal(one.all, none.all + 1);
    termlist_free(l);
    termlist_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_meets_all_that_are_near),
        cmocka_unit_test(a_scan_ends_when_it_is_told_to),
        cmocka_unit_test(a_term_that_nothing_is_near_to_is_left_out),
        cmocka_unit_test(what_was_told_is_met_while_more_is_added),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
