/* Words that may be misspelt: what the table finds is what a loop over all terms finds, and what
 * lists in memory do. */
#include "index/store/fuzzy.h"

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/store/schema.h"
#include "index/text/edits.h"
#include "tests/support/support.h"

#define TERMS 6000

struct bed {
    char *dir, *path;
    struct db c;
    struct buf fresh;
    struct arena mem; /* of terms and answers */
    struct sx_str terms[TERMS];
    size_t count;
    uint32_t seed;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));
    struct sx_error err;

    b->dir = temp_dir();
    assert_true(asprintf(&b->path, "%s/index.db", b->dir) > 0);
    must(db_open(&b->c, b->path, true, true, &err), &err);
    must(schema_prepare(&b->c, &err), &err);
    must(db_open_vocab(&b->c, &err), &err);
    must(db_begin_write(&b->c, &err), &err);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    db_rollback(&b->c);
    db_close(&b->c);
    buf_release(&b->fresh);
    arena_release(&b->mem);
    free(b->path);
    temp_dir_remove(b->dir);
    free(b);
    return 0;
}

static uint32_t below(struct bed *b, uint32_t n)
{
    b->seed = b->seed * 1664525 + 1013904223;
    return (b->seed >> 8) % n;
}

static struct sx_str random_term(struct bed *b)
{
    static const char *const letters[] = {"a", "b", "c", "\xc3\xa9", "\xe4\xba\xac"};
    char text[64];
    size_t at = 0;

    for (uint32_t n = 3 + below(b, 6); n > 0; n--)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", letters[below(b, 5)]);
    struct sx_str term = arena_str(&b->mem, str_make(text, at));
    assert_non_null(term.ptr);
    return term;
}

static void feed(struct bed *b, struct sx_str term)
{
    struct sx_error err;

    must(fuzzy_feed(&b->c, term, &b->fresh, &err), &err);
}

/* Distinct ones: what is there already is not fresh. */
static void feed_random(struct bed *b, size_t n)
{
    while (n-- > 0) {
        struct sx_str term = random_term(b);
        size_t before = b->fresh.len;
        feed(b, term);
        if (b->fresh.len == before)
            continue;
        assert_true(b->count < TERMS);
        b->terms[b->count++] = term;
        feed(b, term);
        assert_int_equal(b->fresh.len, before + 1 + term.len);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

struct answer {
    struct sx_str *terms;
    size_t count;
    bool more;
};

static struct answer of_table(struct bed *b, struct fuzzy_word word)
{
    struct answer a;
    struct sx_error err;

    must(fuzzy_of(&b->c, word, &b->mem, &a.terms, &a.count, &a.more, &err), &err);
    return a;
}

static struct answer of_lists(struct bed *b, const struct termlist *const *lists, size_t count,
                              struct fuzzy_word word)
{
    struct answer a;
    struct sx_error err;

    must(fuzzy_in(lists, count, word, &b->mem, &a.terms, &a.count, &a.more, &err), &err);
    return a;
}

static void assert_same(const struct answer *a, const struct answer *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->more, b->more);
    for (size_t i = 0; i < a->count; i++)
        assert_true(str_eq(a->terms[i], b->terms[i]));
}

struct rank {
    struct sx_str term;
    unsigned edits;
    uint32_t shared;
};

static int by_rank(const void *x, const void *y)
{
    const struct rank *a = x, *b = y;

    if (a->edits != b->edits)
        return a->edits < b->edits ? -1 : 1;
    if (a->shared != b->shared)
        return a->shared > b->shared ? -1 : 1;
    return strcmp(a->term.ptr, b->term.ptr);
}

static struct answer of_loop(struct bed *b, struct fuzzy_word word)
{
    static struct rank ranks[TERMS];
    struct edits_word w, other;
    size_t count = 0;

    edits_word(&w, word.term);
    for (size_t i = 0; i < b->count; i++) {
        edits_word(&other, b->terms[i]);
        struct rank r = {b->terms[i], edits_between(&w, &other, word.edits), 0};
        while (r.shared < w.count && r.shared < other.count &&
               w.points[r.shared] == other.points[r.shared])
            r.shared++;
        if (r.edits > 0 && r.edits <= word.edits)
            ranks[count++] = r;
    }
    qsort(ranks, count, sizeof(*ranks), by_rank);
    struct answer a = {.more = count >= SX_FUZZY_TERMS_MAX};
    a.count = a.more ? SX_FUZZY_TERMS_MAX : count + 1;
    a.terms = arena_array(&b->mem, a.count, sizeof(*a.terms));
    assert_non_null(a.terms);
    a.terms[0] = word.term;
    for (size_t i = 1; i < a.count; i++)
        a.terms[i] = ranks[i - 1].term;
    return a;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void table_and_lists_find_what_is_near(void **state)
{
    struct bed *b = *state;
    struct termlist *lists[] = {termlist_new(), termlist_new()};
    const struct termlist *const readers[] = {lists[0], lists[1]};
    struct sx_error err;
    size_t cut = 0;
    bool all;

    feed_random(b, 3000);
    must(fuzzy_load(&b->c, lists[0], SIZE_MAX, &all, &err), &err);
    assert_true(all);
    feed_random(b, 3000);
    /* The second list has those of the first once more. */
    assert_int_equal(fuzzy_fresh(&b->fresh, lists[1]), 0);
    for (size_t i = 0; i < 300; i++) {
        struct fuzzy_word word = {random_term(b), 1 + below(b, 2)};
        struct answer want = of_loop(b, word), table = of_table(b, word);
        struct answer near = of_lists(b, readers, 2, word);
        assert_same(&table, &want);
        assert_same(&near, &want);
        cut += want.more;
    }
    assert_true(cut > 0 && cut < 300);
    termlist_free(lists[0]);
    termlist_free(lists[1]);
}

static void a_word_of_many_letters_stands_for_itself(void **state)
{
    struct bed *b = *state;
    struct termlist *l = termlist_new();
    const struct termlist *const lists[] = {l};
    char text[EDITS_POINTS_MAX + 1];

    memset(text, 'a', sizeof(text));
    feed(b, str_make(text, EDITS_POINTS_MAX));
    assert_int_equal(fuzzy_fresh(&b->fresh, l), 0);
    struct fuzzy_word word = {str_make(text, sizeof(text)), 2};
    assert_int_equal(of_table(b, word).count, 1);
    assert_int_equal(of_lists(b, lists, 1, word).count, 1);
    word.term.len = EDITS_POINTS_MAX - 2;
    assert_int_equal(of_table(b, word).count, 2);
    assert_int_equal(of_lists(b, lists, 1, word).count, 2);
    termlist_free(l);
}

static void too_many_terms_are_not_loaded(void **state)
{
    struct bed *b = *state;
    struct termlist *l = termlist_new();
    struct sx_error err;
    bool all = true;

    feed_random(b, 2000);
    must(fuzzy_load(&b->c, l, termlist_bytes(l) + 1000, &all, &err), &err);
    assert_false(all);
    termlist_free(l);
}

static void want_of_memory_is_told(void **state)
{
    struct bed *b = *state;
    struct fuzzy_word word = {str_of("abcabc"), 2};
    struct sx_error err;
    bool all = false;
    long n = 0;

    feed_random(b, 200);
    for (; !all; n++) {
        struct termlist *l = termlist_new();
        const struct termlist *const lists[] = {l};
        struct answer a;
        mem_fail_after(n);
        must(fuzzy_load(&b->c, l, SIZE_MAX, &all, &err), &err);
        mem_fail_after(-1);
        mem_fail_after(0);
        assert_int_equal(
            fuzzy_in(lists, 1, word, &(struct arena){0}, &a.terms, &a.count, &a.more, &err),
            SX_ENOMEM);
        mem_fail_after(-1);
        termlist_free(l);
    }
    assert_true(n > 2);
    mem_fail_after(0);
    assert_int_equal(fuzzy_of(&b->c, word, &(struct arena){0}, &(struct sx_str *){NULL},
                              &(size_t){0}, &(bool){false}, &err),
                     SX_ENOMEM);
    mem_fail_after(-1);
    b->fresh.failed = true;
    struct termlist *l = termlist_new();
    assert_int_equal(fuzzy_fresh(&b->fresh, l), -1);
    termlist_free(l);
}

#define with_db(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_db(table_and_lists_find_what_is_near),
        with_db(a_word_of_many_letters_stands_for_itself),
        with_db(too_many_terms_are_not_loaded),
        with_db(want_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
