/* Searches for one word, and for several of which documents have all or any, some with other forms, against
 * one that scores all documents: rare words, frequent ones, and such that all documents have; in several
 * segments, with documents that are deleted. */
#include <stdlib.h>

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/blockmax/columns.h"
#include "index/blockmax/fours.h"
#include "index/blockmax/impacts.h"
#include "index/blockmax/intersect.h"
#include "index/blockmax/pack.h"
#include "index/blockmax/search.h"
#include "index/blockmax/unions.h"
#include "index/rank/score.h"
#include "tests/support/support.h"
#include "tests/unit/blockmax/segments.h"

#define DOCS 60000
#define PLAIN_FROM 40000 /* these score least: whole windows of them are not among the best */
#define WORDS 16
#define LEAVES_MAX 5
#define FORMS_MAX 12
#define KEEP_MAX 250
#define ROUNDS 2000

struct doc {
    uint8_t title, length;
    uint8_t body[WORDS]; /* occurrences by word */
    bool gone;
};

static struct doc docs[DOCS];
static uint64_t state = 88172645463325252u;

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20) % n;
}

/* Word w stands in about one document in so many. */
static const uint32_t rarity[WORDS] = {1,  2,  9,  40, 300, 2000, 12000, 3,
                                       12, 25, 30, 50, 60,  70,   90,    110};

static void fill(void)
{
    for (size_t d = 0; d < DOCS; d++) {
        docs[d] = (struct doc){.length = (uint8_t)(60 + below(below(3) == 0 ? 190 : 8))};
        for (size_t w = 0; w < WORDS; w++)
            if (below(rarity[w]) == 0)
                docs[d].body[w] = (uint8_t)(1 + below(1 + below(1 + below(8))));
        docs[d].title = docs[d].body[3] > 0 && below(4) == 0;
        if (d < PLAIN_FROM)
            continue;
        docs[d].title = 0;
        docs[d].length = UINT8_MAX;
        for (size_t w = 0; w < WORDS; w++)
            docs[d].body[w] = docs[d].body[w] > 0;
    }
}

static struct segment *build(size_t from, size_t to, double average)
{
    struct inverter *v = inverter_new();
    char name[16];

    assert_non_null(v);
    for (size_t d = from; d < to; d++) {
        uint32_t at = 0;
        assert_int_equal(inverter_begin(v, 1 + d), 0);
        if (docs[d].title > 0)
            assert_int_equal(inverter_token(v, false, 0, name_of(3, name), false), 0);
        for (uint32_t w = 0; w < WORDS; w++)
            for (uint32_t i = 0; i < docs[d].body[w]; i++)
                assert_int_equal(inverter_token(v, true, at++, name_of(w, name), false), 0);
        inverter_lengths(v, (struct doc_length){docs[d].title, docs[d].length, 0});
    }
    return segment_made(v, 1 + from, 1 + to, average);
}

/* ---- the search -------------------------------------------------------------------------------- */

struct best {
    double score[KEEP_MAX]; /* the greatest first */
    size_t count, keep;
    struct phrase_tf tf[LEAVES_MAX]; /* by leaf */
    double average, weight[LEAVES_MAX];
    size_t leaves;
    bool any; /* of them is enough */
    size_t seen, few_seen;
    bool few, counted;
    uint64_t one, all; /* documents that have one leaf, and all of them */
};

/* 0: it does not match. */
static double score_of(const struct best *b, size_t d, const struct phrase_tf *tf)
{
    double norm = score_length_norm(score_combined(docs[d].title, docs[d].length), b->average);
    double sum = 0;

    for (size_t i = 0; i < b->leaves && i < LEAVES_MAX; i++) {
        double combined = score_combined(tf[i].title, tf[i].body);
        if (combined == 0 && !b->any)
            return 0;
        sum += score_leaf(1, b->weight[i], combined, norm);
    }
    return sum;
}

static void add(struct best *b, double score)
{
    size_t at = b->count;

    if (at == b->keep && score <= b->score[at - 1])
        return;
    at -= at == b->keep;
    for (; at > 0 && b->score[at - 1] < score; at--)
        b->score[at] = b->score[at - 1];
    b->score[at] = score;
    b->count += b->count < b->keep;
}

static double floor_of(void *ctx)
{
    const struct best *b = ctx;

    return b->count < b->keep ? -1 : b->score[b->count - 1];
}

static void expect(void *ctx, uint64_t rowid)
{
    (void)ctx;
    assert_true(rowid >= 1 && rowid <= DOCS);
}

static sx_status see(void *ctx, uint64_t rowid)
{
    struct best *b = ctx;
    double score = score_of(b, rowid - 1, b->tf);

    assert_false(docs[rowid - 1].gone);
    b->seen++;
    b->few_seen += b->few;
    if (score > 0)
        add(b, score);
    return SX_OK;
}

static sx_status look_up(void *ctx, size_t work)
{
    (void)ctx;
    (void)work;
    return SX_OK;
}

static bool is_gone(const void *ctx, uint64_t rowid)
{
    (void)ctx;
    return docs[rowid - 1].gone;
}

/* A leaf: a word, and others that stand for it. */
struct leaf {
    uint32_t words[FORMS_MAX];
    size_t count;
    char names[FORMS_MAX][16];
    struct sx_str terms[FORMS_MAX];
    struct bm_phrase phrases[FORMS_MAX];
};

static void pick_leaf(struct leaf *l)
{
    uint32_t first = below(WORDS), step = 1 + 2 * below(WORDS / 2); /* so each comes once */

    l->count = below(2) == 0 ? 1 : 1 + below(1 + below(FORMS_MAX));
    for (uint32_t i = 0; i < l->count; i++) {
        l->words[i] = (first + i * step) % WORDS;
        l->terms[i] = name_of(l->words[i], l->names[i]);
        l->phrases[i] = (struct bm_phrase){&l->terms[i], 1, false};
    }
}

/* What `field` has of the leaf. */
static struct phrase_tf counts_of(size_t d, const struct leaf *l, enum bm_field field)
{
    struct phrase_tf tf = {0, 0};

    for (size_t i = 0; i < l->count; i++) {
        tf.title += l->words[i] == 3 && field != BM_BODY ? docs[d].title : 0;
        tf.body += field != BM_TITLE ? docs[d].body[l->words[i]] : 0;
    }
    return tf;
}

/* All documents, one by one. */
static void scan(struct best *b, const struct leaf *leaves, enum bm_field field, uint64_t to)
{
    for (size_t d = 0; d + 1 < to; d++) {
        struct phrase_tf tf[LEAVES_MAX];
        for (size_t i = 0; i < b->leaves; i++)
            tf[i] = counts_of(d, &leaves[i], field);
        double score = score_of(b, d, tf);
        if (!docs[d].gone && score > 0)
            add(b, score);
        size_t stand = 0;
        for (size_t i = 0; i < b->leaves; i++)
            stand += tf[i].title + tf[i].body > 0;
        b->one += !docs[d].gone && stand > 0;
        b->all += !docs[d].gone && stand == b->leaves;
    }
}

static struct bm_ask ask_for(struct best *best, const struct bm_leaf *leaves, struct bm_view view)
{
    return (struct bm_ask){.view = view,
                           .leaves = leaves,
                           .leaf_count = best->leaves,
                           .avglen = best->average,
                           .tf = best->tf,
                           .keep = best->keep,
                           .floor = floor_of,
                           .expect = expect,
                           .see = see,
                           .few = &best->few,
                           .look_up = look_up,
                           .ctx = best};
}

/* Finds the best, and counts if that is asked for. */
static bool find(const struct bm_ask *ask, struct best *best, struct pool *mem)
{
    static const uint32_t numbers[LEAVES_MAX] = {0, 1, 2, 3, 4};
    bool any = best->any;
    struct bm_clause clauses[LEAVES_MAX] = {{numbers, any ? ask->leaf_count : 1}};
    struct bm_search *b;
    struct sx_error err;
    bool pruned;

    for (size_t i = 1; i < LEAVES_MAX; i++)
        clauses[i] = (struct bm_clause){&numbers[i], 1};
    pool_clear(mem);
    assert_int_equal(bm_begin(&b, ask, mem, &err), SX_OK);
    assert_int_equal(bm_best(b, clauses, any ? 1 : ask->leaf_count, &pruned, &err), SX_OK);
    if (ask->mark)
        assert_int_equal(bm_count(b, numbers, ask->leaf_count, false, any ? &best->one : NULL,
                                  &best->all, &best->counted, &err),
                         SX_OK);
    bm_end(b);
    return pruned;
}

static void search(struct segment *const *segments, size_t count, struct pool *mem)
{
    struct leaf picked[LEAVES_MAX];
    enum bm_field field = below(2) == 0 ? BM_BOTH : (enum bm_field)below(3);
    struct best found = {.keep = 1 + below(below(2) == 0 ? 12 : KEEP_MAX),
                         .average = 40 + below(60),
                         .leaves = 1 + below(1 + below(LEAVES_MAX)),
                         .any = below(2) == 0};
    struct bm_leaf leaves[LEAVES_MAX] = {{0}};

    for (size_t i = 0; i < found.leaves; i++) {
        pick_leaf(&picked[i]);
        found.weight[i] = 1 + below(9);
        leaves[i] = (struct bm_leaf){.phrases = picked[i].phrases,
                                     .phrase_count = picked[i].count,
                                     .field = field,
                                     .weight = found.weight[i]};
    }
    struct best all = found;
    uint64_t to = below(2) == 0 ? 1 + below(DOCS) : DOCS + 1;
    struct bm_ask ask =
        ask_for(&found, leaves, (struct bm_view){segments, count, to, is_gone, NULL});
    ask.sure = field == BM_BOTH && below(2) == 0;
    ask.mark = below(2) == 0;
    find(&ask, &found, mem);
    scan(&all, picked, field, to);
    assert_true(found.counted == (ask.mark && field == BM_BOTH));
    if (found.counted) {
        assert_int_equal(found.all, all.all);
        assert_true(!found.any || found.one == all.one);
    }
    assert_int_equal(found.count, all.count);
    for (size_t i = 0; i < all.count; i++)
        assert_true(found.score[i] == all.score[i]);
}

static void finds_what_a_scan_finds(void **unused)
{
    static const size_t ends[] = {0, 1, 1124, 17509, DOCS};
    struct segment *segments[4];
    struct pool mem = {0};

    (void)unused;
    fill();
    for (size_t i = 0; i < 4; i++)
        segments[i] = build(ends[i], ends[i + 1], 50 + 10 * (double)i);
    for (int round = 0; round < ROUNDS; round++) {
        if (round == ROUNDS / 3) { /* the best are gone, too */
            for (size_t d = 0; d < DOCS; d++)
                docs[d].gone = below(5) == 0 || docs[d].body[0] > 4;
            for (size_t d = 0; d < DOCS; d++)
                for (size_t i = 0; docs[d].gone && i < 4; i++)
                    if (d >= ends[i] && d < ends[i + 1])
                        segment_kill(segments[i], 1 + d);
        }
        uint64_t before = state;
        search(segments, 4, &mem);
        /* Forms are united when they are asked again, and then found so. */
        for (int again = 0; again < 2 && round % 4 == 0; again++) {
            state = before;
            search(segments, 4, &mem);
        }
    }
    assert_in_range(unions_count(segments[2]->unions), 10, UNIONS_MAX);
    pool_release(&mem);
    for (size_t i = 0; i < 4; i++)
        segment_unref(segments[i]);
}

/* Two frequent words. */
static void name_two(struct leaf picked[2], struct bm_leaf leaves[2])
{
    for (uint32_t i = 0; i < 2; i++) {
        picked[i].terms[0] = name_of(2 + i, picked[i].names[0]);
        picked[i].phrases[0] = (struct bm_phrase){&picked[i].terms[0], 1, false};
        leaves[i] =
            (struct bm_leaf){.phrases = picked[i].phrases, .phrase_count = 1, .weight = 2 + i};
    }
}

/* Of a frequent word few documents are looked at, and of those that two words have in common. */
static void few_are_seen(void **unused)
{
    struct pool mem = {0};
    struct leaf picked[2];
    struct bm_leaf leaves[2];

    (void)unused;
    fill();
    name_two(picked, leaves);
    struct segment *s = build(0, DOCS, 80);
    for (size_t n = 1; n <= 2; n++) {
        struct best found = {.keep = 10, .average = 80, .weight = {2, 3}, .leaves = n};
        struct bm_ask ask =
            ask_for(&found, leaves, (struct bm_view){&s, 1, DOCS + 1, is_gone, NULL});
        assert_true(find(&ask, &found, &mem));
        assert_int_equal(found.count, 10);
        assert_in_range(found.seen, 10, 60);
    }
    pool_release(&mem);
    segment_unref(s);
}

/* Of a rare word all are, however few are kept: nothing is left out, so that none need to be counted. */
static void all_of_a_rare_word_are_seen(void **unused)
{
    const uint32_t rare = 6;
    struct pool mem = {0};
    struct leaf one;
    size_t have = 0;

    (void)unused;
    fill();
    for (size_t d = 0; d < DOCS; d++)
        have += docs[d].body[rare] > 0;
    assert_in_range(have, 2, 32);
    one.terms[0] = name_of(rare, one.names[0]);
    one.phrases[0] = (struct bm_phrase){&one.terms[0], 1, false};
    const struct bm_leaf leaf = {.phrases = one.phrases, .phrase_count = 1, .weight = 1};
    struct segment *segments[2] = {build(0, DOCS / 2, 80), build(DOCS / 2, DOCS, 90)};
    struct best found = {.keep = 1, .average = 80, .weight = {1}, .leaves = 1};
    struct bm_ask ask =
        ask_for(&found, &leaf, (struct bm_view){segments, 2, DOCS + 1, is_gone, NULL});
    assert_false(find(&ask, &found, &mem));
    assert_int_equal(found.seen, have);
    assert_int_equal(found.count, 1);
    pool_release(&mem);
    for (size_t i = 0; i < 2; i++)
        segment_unref(segments[i]);
}

/* Where what all words score is known before, few wait until the end, and most of those are kept. */
static void most_that_waited_are_kept(void **unused)
{
    const size_t keep = 60;
    struct pool mem = {0};
    struct leaf picked[2];
    struct bm_leaf leaves[2];

    (void)unused;
    fill();
    name_two(picked, leaves);
    struct segment *s = build(0, DOCS, 80);
    struct best found = {.keep = keep, .average = 80, .weight = {2, 3}, .leaves = 2};
    struct bm_ask ask = ask_for(&found, leaves, (struct bm_view){&s, 1, DOCS + 1, is_gone, NULL});
    ask.sure = true;
    assert_true(find(&ask, &found, &mem));
    assert_int_equal(found.count, keep);
    assert_int_equal(found.few_seen, found.seen);
    assert_in_range(found.seen, keep, 2 * keep);
    assert_false(found.few);
    pool_release(&mem);
    segment_unref(s);
}

/* Two leaves of three forms each. */
static void name_forms(struct leaf picked[2], struct bm_leaf leaves[2])
{
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            picked[i].terms[k] = name_of(1 + 3 * i + k, picked[i].names[k]);
            picked[i].phrases[k] = (struct bm_phrase){&picked[i].terms[k], 1, false};
        }
        leaves[i] = (struct bm_leaf){.phrases = picked[i].phrases, .phrase_count = 3, .weight = 1};
    }
}

/* Pieces of memory hold what an earlier search left in them, and the next block may not come, whichever
 * piece it is for. */
static void memory_may_run_out(void **unused)
{
    enum { BLOCK = 256 << 10, LAST = 64 << 10 };
    struct pool mem = {0};
    struct leaf picked[2];
    struct bm_leaf leaves[2];
    struct sx_error err;
    size_t failed = 0;

    (void)unused;
    fill();
    name_forms(picked, leaves);
    struct segment *segments[2] = {build(0, 3000, 80), build(3000, 6000, 80)};
    struct best found = {.keep = 10, .average = 80, .weight = {1, 1}, .leaves = 2};
    struct bm_ask ask =
        ask_for(&found, leaves, (struct bm_view){segments, 2, DOCS + 1, is_gone, NULL});
    for (size_t n = 0; n < LAST / 16; n++) {
        size_t used = BLOCK - LAST + n * 16;
        struct bm_search *b;
        void *all = pool_array(&mem, BLOCK, 1);
        assert_non_null(all);
        memset(all, 0xaa, BLOCK);
        pool_clear(&mem);
        assert_ptr_equal(pool_array(&mem, used, 1), all);
        mem_fail_after(0);
        sx_status rc = bm_begin(&b, &ask, &mem, &err);
        assert_true(rc == SX_OK || (rc == SX_ENOMEM && mem_failed()));
        failed += rc != SX_OK;
        mem_fail_after(-1);
        bm_end(b);
        pool_release(&mem); /* no second block is there */
    }
    assert_in_range(failed, 2 * RANGE_DOCS / 16, LAST / 16 - 1); /* sums of a range alone */
    for (size_t i = 0; i < 2; i++)
        segment_unref(segments[i]);
}

/* The block after the one at hand may not come, whichever piece of a search it is for. */
static void memory_may_run_out_amid_a_search(void **unused)
{
    enum { BLOCK = 256 << 10, LAST = 64 << 10, STEP = 64 };
    static const uint32_t numbers[2] = {0, 1};
    const struct bm_clause any = {numbers, 2}, all[2] = {{numbers, 1}, {numbers + 1, 1}};
    struct pool mem = {0};
    struct leaf picked[2];
    struct bm_leaf leaves[2];
    struct sx_error err;
    size_t failed = 0, refused = 0;

    (void)unused;
    fill();
    name_two(picked, leaves);
    struct segment *segments[2] = {build(0, 3000, 80), build(3000, 6000, 80)};
    for (size_t n = 0; n < 2 * (LAST / STEP); n++) {
        struct best found = {
            .keep = 40, .average = 80, .weight = {1, 1}, .leaves = 2, .any = n % 2};
        struct bm_ask ask =
            ask_for(&found, leaves, (struct bm_view){segments, 2, DOCS + 1, is_gone, NULL});
        struct bm_search *b;
        bool pruned;
        ask.sure = n % 4 < 2;
        assert_non_null(pool_array(&mem, BLOCK - LAST + n / 2 * STEP, 1));
        assert_int_equal(bm_begin(&b, &ask, &mem, &err), SX_OK);
        mem_fail_after(0);
        sx_status rc = bm_best(b, found.any ? &any : all, found.any ? 1 : 2, &pruned, &err);
        failed += mem_failed() != 0;
        /* Another way may be gone instead. */
        assert_true(rc == SX_OK ? found.count == found.keep : rc == SX_ENOMEM && mem_failed());
        refused += rc != SX_OK;
        mem_fail_after(-1);
        bm_end(b);
        pool_release(&mem);
    }
    assert_true(failed > LAST / STEP / 8 && refused > failed / 2);
    for (size_t i = 0; i < 2; i++)
        segment_unref(segments[i]);
}

static void widen(bool want)
{
    impacts_widen(want);
    if (!want || !intersect_by(INTERSECT_SIXTEEN))
        intersect_by(want ? INTERSECT_EIGHT : INTERSECT_FOUR);
    pack_widen(want);
    columns_widen(want);
    fours_widen(want);
}

/* As a machine without wide vectors does it. */
static int narrowed(void **unused)
{
    (void)unused;
    widen(false);
    return 0;
}

static int widened(void **unused)
{
    (void)unused;
    widen(true);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_a_scan_finds),
        cmocka_unit_test(few_are_seen),
        cmocka_unit_test(most_that_waited_are_kept),
        cmocka_unit_test(all_of_a_rare_word_are_seen),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(memory_may_run_out_amid_a_search),
    };
    const struct CMUnitTest narrow[] = {
        cmocka_unit_test(finds_what_a_scan_finds),
        cmocka_unit_test(few_are_seen),
    };

    return cmocka_run_group_tests_name("narrow vectors", narrow, narrowed, widened) +
           cmocka_run_group_tests_name("as they come", tests, NULL, NULL);
}
