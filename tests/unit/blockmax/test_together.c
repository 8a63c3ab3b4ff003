/* Searches that count all candidates, in more documents than are looked at together: words that share documents with
 * their forms, phrases, and a list that is damaged. */
#include "index/base/str.h"
#include "index/blockmax/list.h"
#include "index/blockmax/search.h"
#include "tests/support/support.h"
#include "tests/unit/blockmax/segments.h"

#define DOCS 131000
#define FORMS 5
#define KEEP 10

/* Words: one of every second document; forms that stand side by side in the same few; one that stands before that of
 * every second in more than are looked at together. */
enum word { FREQUENT = 0, FORM = 1, LISTED = FORM + FORMS, WORDS };

static bool has_forms(uint32_t d)
{
    return d % 131 == 7;
}

static bool is_listed(uint32_t d)
{
    return d % 25 == 3;
}

static void put(struct inverter *v, uint32_t *at, uint32_t word)
{
    char name[16];

    assert_int_equal(inverter_token(v, false, (*at)++, name_of(word, name), false), 0);
}

static struct segment *build(void)
{
    struct inverter *v = inverter_new();

    assert_non_null(v);
    for (uint32_t d = 0; d < DOCS; d++) {
        uint32_t at = 0;
        assert_int_equal(inverter_begin(v, 1 + d), 0);
        for (uint32_t w = 0; w < FORMS && has_forms(d); w++)
            put(v, &at, FORM + w);
        if (is_listed(d))
            put(v, &at, LISTED);
        if (d % 2 == 0)
            put(v, &at, FREQUENT);
        inverter_lengths(v, (struct doc_length){0, at, 0});
    }
    return segment_made(v, 1, 1 + DOCS, 5);
}

/* ---- a search ----------------------------------------------------------------------------------- */

static double no_floor(void *ctx)
{
    (void)ctx;
    return -1;
}

static void expect_nothing(void *ctx, uint64_t rowid)
{
    (void)ctx, (void)rowid;
}

static sx_status see(void *ctx, uint64_t rowid)
{
    (void)rowid;
    ++*(uint64_t *)ctx;
    return SX_OK;
}

static sx_status no_limit(void *ctx, size_t work)
{
    (void)ctx, (void)work;
    return SX_OK;
}

static bool is_gone(const void *ctx, uint64_t rowid)
{
    (void)ctx, (void)rowid;
    return false;
}

/* How many documents have both leaves, or the one. */
static uint64_t count(struct segment *s, const struct bm_leaf *leaves, size_t leaf_count)
{
    static const uint32_t numbers[] = {0, 1};
    const struct bm_clause clauses[] = {{numbers, 1}, {numbers + 1, 1}};
    struct phrase_tf tf[2];
    struct pool mem = {0};
    struct bm_search *b;
    struct sx_error err;
    uint64_t seen = 0, all = 0;
    bool few = false, pruned, counted = false;
    struct bm_ask ask = {.view = {&s, 1, 1 + DOCS, is_gone, NULL},
                         .leaves = leaves,
                         .leaf_count = leaf_count,
                         .avglen = 5,
                         .tf = tf,
                         .keep = KEEP,
                         .mark = true,
                         .floor = no_floor,
                         .expect = expect_nothing,
                         .see = see,
                         .few = &few,
                         .look_up = no_limit,
                         .ctx = &seen};

    assert_int_equal(bm_begin(&b, &ask, &mem, &err), SX_OK);
    assert_int_equal(bm_best(b, clauses, leaf_count, &pruned, &err), SX_OK);
    assert_int_equal(bm_count(b, numbers, leaf_count, false, NULL, &all, &counted, &err), SX_OK);
    if (!counted) {
        assert_int_equal(bm_count_unseen(b, numbers, leaf_count, &all, &counted, &err), SX_OK);
        all += seen;
    }
    assert_true(counted);
    bm_end(b);
    pool_release(&mem);
    return all;
}

static uint64_t documents(bool (*has)(uint32_t d), uint32_t step)
{
    uint64_t n = 0;

    for (uint32_t d = 0; d < DOCS; d += step)
        n += has(d);
    return n;
}

static void forms_that_share_documents_count_once(void **unused)
{
    struct segment *s = build();
    char names[FORMS + 1][16];
    struct sx_str terms[FORMS + 1];
    struct bm_phrase phrases[FORMS + 1];

    (void)unused;
    for (uint32_t i = 0; i <= FORMS; i++) {
        terms[i] = name_of(i, names[i]);
        phrases[i] = (struct bm_phrase){&terms[i], 1, false};
    }
    const struct bm_leaf leaves[] = {{.phrases = phrases + 1, .phrase_count = FORMS, .weight = 3},
                                     {.phrases = phrases, .phrase_count = 1, .weight = 1}};
    assert_int_equal(count(s, leaves, 2), documents(has_forms, 2));
    segment_unref(s);
}

static void phrases_of_many_documents_are_counted(void **unused)
{
    struct segment *s = build();
    char names[2][16];
    struct sx_str terms[] = {name_of(LISTED, names[0]), name_of(FREQUENT, names[1])};
    const struct bm_phrase both = {terms, 2, false},
                           turned = {(struct sx_str[]){terms[1], terms[0]}, 2, false};
    const struct bm_leaf stands = {.phrases = &both, .phrase_count = 1, .weight = 1};
    const struct bm_leaf none = {.phrases = &turned, .phrase_count = 1, .weight = 1};

    (void)unused;
    assert_int_equal(count(s, &stands, 1), documents(is_listed, 2));
    assert_int_equal(count(s, &none, 1), 0);
    segment_unref(s);
}

/* Of the last block one document is behind all that there are. */
static void documents_that_are_none_are_no_crash(void **unused)
{
    struct segment *s = build();
    struct term_entry e;
    static struct list l;
    char names[2][16];
    struct sx_str terms[] = {name_of(LISTED, names[0]), name_of(FREQUENT, names[1])};
    const struct bm_phrase phrases[] = {{&terms[0], 1, false}, {&terms[1], 1, false}};
    const struct bm_leaf leaves[] = {{.phrases = phrases, .phrase_count = 1, .weight = 3},
                                     {.phrases = phrases + 1, .phrase_count = 1, .weight = 1}};
    bool found;

    (void)unused;
    assert_true(segment_find(s, terms[0], &e, &found) && found);
    assert_true(list_open(&l, s, &e));
    uint32_t at = get32(l.directory + (size_t)(l.blocks - 1) * DIRECTORY_BYTES + 4);
    uint8_t *block = (uint8_t *)(uintptr_t)l.data + at;
    block[0] = 31; /* the width of gaps, of which the first follows */
    put32(block + 3, 0x3fffffff);
    count(s, leaves, 2);
    segment_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_that_share_documents_count_once),
        cmocka_unit_test(phrases_of_many_documents_are_counted),
        cmocka_unit_test(documents_that_are_none_are_no_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
