/* Places of a term in many documents, and which of them another term has, too: as position by position. */
#include "index/blockmax/fours.h"

#include <string.h>

#include "index/blockmax/format.h"
#include "index/blockmax/pack.h"
#include "tests/support/support.h"
#include "tests/unit/blockmax/random.h"
#include "tests/unit/blockmax/vectors.h"

#define ROUNDS 3000
#define POSTINGS PACK_BLOCK
#define EACH_MAX 40
#define POSITIONS_MAX (POSTINGS * EACH_MAX)

/* A block of positions as a segment has it, and which there are. */
struct block {
    uint32_t from[POSTINGS + 1], position[POSITIONS_MAX];
    uint8_t packed[POSITIONS_MAX * 5];
};

/* What is asked of it. */
struct shape {
    uint32_t each, gap; /* positions of a posting, and what lies between them, below */
};

static void put(struct block *b, struct shape shape)
{
    static uint32_t gaps[POSITIONS_MAX];
    uint32_t all = 0;

    for (size_t p = 0; p < POSTINGS; p++) {
        uint32_t n = pick(4) == 0 ? pick(shape.each) : pick(shape.each < 5 ? shape.each : 5);
        uint32_t at = UINT32_MAX;
        b->from[p] = all;
        for (uint32_t i = 0; i < n; i++) {
            gaps[all] = pick(pick(6) == 0 ? shape.gap : 4);
            at += gaps[all] + 1;
            b->position[all++] = at;
        }
    }
    b->from[POSTINGS] = all;
    uint8_t *widths = b->packed, *out = widths + (all + POSITIONS_GROUP - 1) / POSITIONS_GROUP;
    for (uint32_t i = 0; i < all; i += POSITIONS_GROUP) {
        uint32_t n = all - i < POSITIONS_GROUP ? all - i : POSITIONS_GROUP;
        *widths = (uint8_t)pack_width(gaps + i, n);
        pack_run(gaps + i, n, *widths, out);
        out += pack_run_size(n, *widths++);
    }
    memset(out, 0xff, PACK_SLACK);
}

/* The same documents of each block: posting `p` of the one and of the other. */
static void ask(struct fours *of, const struct block *b, const uint32_t *postings, size_t count)
{
    of->count = count;
    for (size_t i = 0; i < count; i++) {
        uint32_t p = postings[i];
        of->positions[i] = b->packed;
        of->all[i] = b->from[POSTINGS];
        of->from[i] = b->from[p];
        of->n[i] = b->from[p + 1] - b->from[p];
    }
}

static bool has(const struct block *b, uint32_t posting, uint64_t position)
{
    for (uint32_t i = b->from[posting]; i < b->from[posting + 1]; i++)
        if (b->position[i] == position)
            return true;
    return false;
}

/* How many of the four are places of a document, which all must be, in order. */
static uint32_t places_of(uint64_t four, const struct block *b, uint32_t posting, uint32_t shift)
{
    uint32_t n = 0;

    for (; four != 0; four >>= 16) {
        uint32_t place = (uint32_t)four & 0xffff;
        if (place > 0xd000) /* none */
            continue;
        assert_true(place > shift && has(b, posting, place - shift - 1));
        n++;
    }
    return n;
}

static struct block first, other;

/* Checks one document. Returns whether the terms meet there. */
static bool check(uint32_t posting, uint64_t taken, uint64_t met, const uint32_t shifts[2])
{
    uint32_t n = first.from[posting + 1] - first.from[posting], both = 0;

    assert_int_equal(places_of(taken, &first, posting, shifts[0]), n);
    for (uint32_t i = first.from[posting]; i < first.from[posting + 1]; i++) {
        uint64_t place = (uint64_t)first.position[i] + shifts[0];
        both += place >= shifts[1] && has(&other, posting, place - shifts[1]);
    }
    assert_int_equal(places_of(met, &first, posting, shifts[0]), both);
    return both > 0;
}

static void terms_meet(struct shape shape, size_t *met_of, size_t *far_of)
{
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t postings[FOURS_DOCS], shifts[2] = {pick(4), pick(4)};
        uint64_t taken[FOURS_DOCS], met[FOURS_DOCS], far, none;
        struct fours of;
        size_t count = 1 + pick(FOURS_DOCS);
        for (size_t i = 0, p = 0; i < count; i++, p += 1 + pick(2))
            postings[i] = (uint32_t)(p % POSTINGS);
        put(&first, shape);
        put(&other, shape);
        ask(&of, &first, postings, count);
        none = fours_take(&of, shifts[0], taken);
        memcpy(met, taken, sizeof(met));
        ask(&of, &other, postings, count);
        uint64_t some = fours_meet(&of, shifts[1], met, &far);
        assert_true(count == FOURS_DOCS || (none | some | far) >> count == 0);
        assert_true((some & far) == 0);
        for (size_t i = 0; i < count; i++) {
            bool met_there = (some >> i & 1) != 0;
            *far_of += ((none | far) >> i & 1) != 0;
            *met_of += met_there;
            if ((far >> i & 1) != 0)
                assert_true(met[i] == taken[i]);
            else if ((none >> i & 1) != 0)
                assert_false(met_there);
            else
                assert_int_equal(met_there, check(postings[i], taken[i], met[i], shifts));
        }
    }
}

static void few_positions_fit(void **unused)
{
    size_t met = 0, far = 0;

    (void)unused;
    terms_meet((struct shape){.each = 4, .gap = 100}, &met, &far);
    assert_true(met > ROUNDS);
    assert_true(far < ROUNDS); /* those of two groups */
}

static void many_and_far_positions_are_right_or_told(void **unused)
{
    size_t met = 0, far = 0;

    (void)unused;
    terms_meet((struct shape){.each = EACH_MAX, .gap = 100}, &met, &far);
    terms_meet((struct shape){.each = 12, .gap = 9000}, &met, &far);
    terms_meet((struct shape){.each = 12, .gap = 1000000}, &met, &far);
    assert_true(met > ROUNDS && far > ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_positions_fit),
        cmocka_unit_test(many_and_far_positions_are_right_or_told),
    };

    return run_with_vectors(fours_widen, tests, sizeof(tests) / sizeof(tests[0]));
}
