/* What two ascending lists share: with vectors and without alike, and as one by one. */
#include "index/blockmax/intersect.h"

#include "tests/support/support.h"
#include "tests/unit/blockmax/random.h"
#include "tests/unit/blockmax/vectors.h"

#define DOCS_MAX 400
#define ROUNDS 20000

/* From `from` on, with gaps up to `step`. */
static void ascend(uint32_t *v, size_t n, uint32_t from, uint32_t step)
{
    for (size_t i = 0; i < n; i++) {
        from += pick(step);
        v[i] = from++;
    }
}

struct shared {
    size_t n, next;
    uint16_t places[INTERSECT_PLACES], in_block[INTERSECT_PLACES];
};

/* Whether what is shared is all that is, and whether what comes next is behind the block. */
static void check(const struct shared *got, const uint32_t *docs, size_t n, const uint32_t *block)
{
    size_t found = 0;

    for (size_t i = 0, k = 0; i < n && k < PACK_BLOCK;) {
        if (docs[i] == block[k]) {
            assert_true(found < got->n && got->places[found] == i && got->in_block[found] == k);
            found++;
        }
        bool behind = docs[i] <= block[k];
        k += block[k] <= docs[i];
        i += behind;
    }
    assert_int_equal(got->n, found);
    assert_true(got->next <= n && (got->next == 0 || docs[got->next - 1] <= block[PACK_BLOCK - 1]));
    /* Who is left over and not behind the block is at the beginning of what comes next. */
    for (size_t i = got->next + 16; i < n; i++)
        assert_true(docs[i] > block[PACK_BLOCK - 1]);
}

static void what_is_shared_is_found(void **state)
{
    uint32_t docs[DOCS_MAX + INTERSECT_SLACK], block[PACK_BLOCK];
    size_t shared = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct shared got, plain;
        size_t n = pick(DOCS_MAX + 1), filled = pick(8) == 0 ? pick(PACK_BLOCK) + 1 : PACK_BLOCK;
        ascend(docs, n, pick(1000), 1 + pick(pick(2) == 0 ? 4 : 100));
        ascend(block, PACK_BLOCK, pick(1000), 1 + pick(pick(2) == 0 ? 4 : 100));
        for (size_t i = 0; i < INTERSECT_SLACK; i++)
            docs[n + i] = UINT32_MAX - 1;
        for (size_t i = filled; i < PACK_BLOCK; i++) /* the last of a list may have fewer */
            block[i] = UINT32_MAX;
        got.n = intersect(docs, n, block, &got.next, got.places, got.in_block);
        plain.n = intersect_portable(docs, n, block, &plain.next, plain.places, plain.in_block);
        check(&got, docs, n, block);
        check(&plain, docs, n, block);
        shared += got.n;
    }
    assert_true(shared > ROUNDS);
}

static bool by_eight(bool want)
{
    return intersect_by(want ? INTERSECT_EIGHT : INTERSECT_FOUR) && want;
}

static bool by_sixteen(bool want)
{
    return intersect_by(want ? INTERSECT_SIXTEEN : INTERSECT_FOUR) && want;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_shared_is_found)};

    return run_with_vectors(by_eight, tests, 1) + run_with_vectors(by_sixteen, tests, 1);
}
