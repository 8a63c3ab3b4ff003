/* Sums of impacts: with and without vectors alike, and as the words say. */
#include "index/blockmax/impacts.h"

#include "tests/support/support.h"
#include "tests/unit/blockmax/random.h"
#include "tests/unit/blockmax/vectors.h"

#define DOCS 256
#define ROUNDS 2000

/* Many zeros, and some of the greatest. */
static void fill(uint8_t *impacts)
{
    uint32_t zeros = pick(10);

    for (size_t i = 0; i < DOCS; i++)
        impacts[i] = pick(10) < zeros ? 0 : pick(20) == 0 ? UINT8_MAX : (uint8_t)pick(256);
}

static void vectors_sum_alike(void **state)
{
    uint8_t impacts[DOCS];
    uint16_t sums[DOCS], others[DOCS];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint16_t weight = (uint16_t)pick(65536);
        size_t docs = 16 * (size_t)(1 + pick(DOCS / 16));
        fill(impacts);
        for (size_t i = 0; i < DOCS; i++)
            sums[i] = (uint16_t)pick(pick(2) == 0 ? 65536 : 1000);
        memcpy(others, sums, sizeof(sums));
        impacts_add(sums, impacts, docs, weight);
        impacts_add_portable(others, impacts, docs, weight);
        assert_memory_equal(sums, others, sizeof(sums));
    }
}

/* What was added is taken off again. */
static void what_is_taken_was_added(void **state)
{
    uint8_t impacts[DOCS];
    uint16_t sums[DOCS], others[DOCS], before[DOCS];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint16_t weight = (uint16_t)pick(50000);
        size_t docs = 16 * (size_t)(1 + pick(DOCS / 16));
        fill(impacts);
        for (size_t i = 0; i < DOCS; i++)
            before[i] = (uint16_t)pick(10000);
        memcpy(sums, before, sizeof(sums));
        impacts_add(sums, impacts, docs, weight);
        memcpy(others, sums, sizeof(sums));
        impacts_take(sums, impacts, docs, weight);
        impacts_take_portable(others, impacts, docs, weight);
        assert_memory_equal(sums, before, sizeof(sums));
        assert_memory_equal(others, before, sizeof(others));
    }
}

/* Who is chosen by it reaches the floor with all that others may score there, and who is not does not. */
static void the_least_reaches_the_floor(void **state)
{
    uint8_t impacts[DOCS];
    uint16_t sums[DOCS], out[DOCS], plain[DOCS];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint16_t weight = (uint16_t)pick(50000), floor = (uint16_t)pick(pick(3) == 0 ? 10 : 65535);
        fill(impacts);
        for (size_t i = 0; i < DOCS; i++) {
            uint16_t rest = (uint16_t)(pick(2) == 0 ? 0 : pick(10000));
            sums[i] = impact_add(rest, impacts[i], weight);
        }
        impacts_leasts(out, sums, impacts, DOCS, floor, weight);
        impacts_leasts_portable(plain, sums, impacts, DOCS, floor, weight);
        assert_memory_equal(out, plain, sizeof(out));
        for (size_t i = 0; i < DOCS; i++) {
            uint32_t rest = sums[i] - impact_part(impacts[i], weight), part = pick(65535);
            if (sums[i] < floor)
                assert_int_equal(out[i], UINT16_MAX);
            else
                assert_int_equal(part >= out[i], part + rest >= floor);
        }
    }
}

/* Any part of a block, of documents of a few words of 64 or of all. */
static void chosen_postings_have_what_it_takes(void **state)
{
    uint16_t least[IMPACT_LEASTS];
    uint8_t impacts[128];
    uint32_t docs[128];
    struct {
        uint32_t numbers[128 + CHOSEN_SLACK], docs[128 + CHOSEN_SLACK];
        uint8_t impacts[128 + CHOSEN_SLACK];
    } got, plain;
    struct chosen_postings out = {got.numbers, got.docs, got.impacts};
    struct chosen_postings twin = {plain.numbers, plain.docs, plain.impacts};
    size_t chosen = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint16_t weight = (uint16_t)pick(65536);
        uint32_t first = 64 * pick(100000), step = 1 + pick(126), doc = first + pick(64);
        struct some_postings of = {docs, impacts, pick(129), pick(1000)};
        for (size_t i = 0; i < IMPACT_LEASTS; i++)
            least[i] = pick(4) == 0 ? UINT16_MAX : (uint16_t)pick(weight + 1U);
        for (size_t i = 0; i < 128; i++) {
            docs[i] = doc;
            doc += 1 + pick(step);
            impacts[i] = (uint8_t)(1 + pick(255));
        }
        memset(&got, 0xa5, sizeof(got));
        size_t n = impacts_choose(of, first, least, weight, out);
        assert_int_equal(n, impacts_choose_portable(of, first, least, weight, twin));
        assert_memory_equal(got.numbers, plain.numbers, n * sizeof(*got.numbers));
        assert_memory_equal(got.docs, plain.docs, n * sizeof(*got.docs));
        assert_memory_equal(got.impacts, plain.impacts, n);
        for (size_t i = 0, k = 0; i < of.n; i++) {
            if (impact_part(impacts[i], weight) < least[(docs[i] - first) / 64])
                continue;
            assert_true(k < n && got.numbers[k] == of.number + i && got.docs[k] == docs[i] &&
                        got.impacts[k] == impacts[i]);
            k++;
            chosen++;
        }
    }
    assert_true(chosen > ROUNDS);
}

static void vectors_compare_alike(void **state)
{
    uint8_t impacts[DOCS], least[DOCS], other[DOCS];
    uint16_t sums[DOCS];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint16_t floor = (uint16_t)pick(65536);
        fill(impacts);
        fill(least);
        memcpy(other, least, sizeof(least));
        impacts_least(least, impacts, DOCS);
        impacts_least_portable(other, impacts, DOCS);
        assert_memory_equal(least, other, sizeof(least));
        for (size_t i = 0; i < DOCS; i++)
            sums[i] = (uint16_t)(pick(3) == 0 ? floor + pick(3) - 1 : pick(65536));
        uint64_t bits[DOCS / 64];
        impacts_stand(impacts, DOCS / 64, bits);
        for (size_t i = 0; i < DOCS; i += 64) {
            assert_true(bits[i / 64] == impacts_standing_portable(impacts + i));
            assert_true(impacts_standing(impacts + i) == impacts_standing_portable(impacts + i));
            assert_true(impacts_reaching(sums + i, floor) ==
                        impacts_reaching_portable(sums + i, floor));
        }
    }
}

static void parts_reach_together_what_sums_reach(void **state)
{
    uint8_t lists[5][DOCS];
    const uint8_t *at[5] = {lists[0], lists[1], lists[2], lists[3], lists[4]};
    uint16_t weights[5];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint16_t sums[DOCS] = {0}, least = (uint16_t)pick(1 + pick(65536));
        size_t count = 1 + pick(5);
        for (size_t i = 0; i < count; i++) {
            fill(lists[i]);
            weights[i] = (uint16_t)pick(65536);
            impacts_add(sums, lists[i], DOCS, weights[i]);
        }
        for (size_t first = 0; first < DOCS; first += 64) {
            uint64_t bits = impacts_together(at, weights, count, first, least);
            assert_true(bits == impacts_reaching(sums + first, least));
            assert_true(bits == impacts_together_portable(at, weights, count, first, least));
        }
    }
}

/* A sum of parts is too small by less than one a part, and never too great. */
static void parts_add_up(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * 10; round++) {
        double whole = 0;
        uint16_t sum = 0;
        uint32_t leaves = 1 + pick(8);
        for (uint32_t i = 0; i < leaves; i++) {
            uint8_t impact = (uint8_t)pick(256);
            uint16_t weight = (uint16_t)pick(65536 / leaves);
            whole += (double)impact * weight / 256;
            sum = impact_add(sum, impact, weight);
        }
        assert_true((double)sum <= whole && (double)sum > whole - leaves);
    }
    assert_int_equal(impact_add(65000, 255, 65535), UINT16_MAX);
}

/* All there are. */
static void many_are_joined_as_one_by_one(void **state)
{
    uint8_t one[256], other[256], joined[256], plain[256];

    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            one[b] = (uint8_t)a;
            other[b] = (uint8_t)b;
        }
        memcpy(joined, one, sizeof(joined));
        memcpy(plain, one, sizeof(plain));
        impacts_join(joined, other, sizeof(joined));
        impacts_join_portable(plain, other, sizeof(plain));
        assert_memory_equal(joined, plain, sizeof(joined));
        for (unsigned b = 0; b < 256; b++)
            assert_int_equal(joined[b], impact_join((uint8_t)a, (uint8_t)b));
    }
}

static void the_greatest_is_found(void **state)
{
    uint16_t sums[16];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < 16; i++)
            sums[i] = (uint16_t)pick(1 + pick(65536));
        uint16_t most = impacts_greatest(sums);
        assert_int_equal(most, impacts_greatest_portable(sums));
        for (size_t i = 0; i < 16; i++)
            assert_true(sums[i] <= most);
    }
}

static void the_best_of_many_are_found_alike(void **state)
{
    uint8_t impacts[4 * IMPACT_ROW], most[4 * 16], other[4 * 16];
    size_t rows = 4;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t least = (uint8_t)(1 + pick(255));
        for (size_t r = 0; r < rows; r++)
            fill(impacts + r * IMPACT_ROW);
        impacts_fold(most, impacts, rows);
        impacts_fold_portable(other, impacts, rows);
        assert_memory_equal(most, other, sizeof(most));
        for (size_t i = 0; i < sizeof(impacts); i++)
            assert_true(impacts[i] <= most[i / IMPACT_ROW * 16 + i % 16]);
        size_t count = 16 * (size_t)(1 + pick(sizeof(impacts) / 16));
        assert_int_equal(impacts_count(impacts, count, least),
                         impacts_count_portable(impacts, count, least));
        for (size_t i = 0; i < sizeof(impacts); i += 64) {
            assert_true(impacts_from(impacts + i, least) ==
                        impacts_from_portable(impacts + i, least));
            assert_int_equal(impacts_any_from(impacts + i, least),
                             impacts_any_from_portable(impacts + i, least));
        }
    }
}

static void bits_are_counted(void **state)
{
    uint64_t bits[40];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t words = pick(40);
        uint64_t sum = 0;
        for (size_t i = 0; i < words; i++) {
            bits[i] = pick(3) == 0 ? UINT64_MAX : random_state;
            for (unsigned k = 0; k < 64; k++)
                sum += bits[i] >> k & 1;
        }
        assert_true(bits_sum(bits, words) == sum);
    }
}

static void bits_before_places_are_counted(void **state)
{
    uint64_t bits[16];
    uint32_t before[16], places[64], out[65];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = pick(65);
        for (size_t w = 0; w < 16; w++) {
            bits[w] = pick(4) == 0 ? UINT64_MAX : pick(4) == 0 ? 0 : random_state;
            before[w] = (uint32_t)pick(1 << 20);
        }
        for (size_t i = 0; i < n; i++)
            places[i] = (uint32_t)pick(16 * 64);
        out[n] = 77;
        bits_ranks(bits, before, places, n, out);
        for (size_t i = 0; i < n; i++) {
            uint32_t want = before[places[i] / 64];
            for (uint32_t k = 0; k < places[i] % 64; k++)
                want += (uint32_t)(bits[places[i] / 64] >> k & 1);
            assert_int_equal(out[i], want);
        }
        assert_int_equal(out[n], 77);
    }
}

/* More than a byte can count. */
static void many_are_counted(void **state)
{
    static uint8_t impacts[16 * 700];

    (void)state;
    memset(impacts, 7, sizeof(impacts));
    assert_int_equal(impacts_count(impacts, sizeof(impacts), 7), sizeof(impacts));
    assert_int_equal(impacts_count(impacts, sizeof(impacts), 8), 0);
    impacts[5] = 9;
    assert_int_equal(impacts_count(impacts, sizeof(impacts), 8), 1);
}

/* Joined, two impacts are what x of both together makes, rounded up. */
static void joined_impacts_are_of_both(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            uint8_t joined = impact_join((uint8_t)a, (uint8_t)b);
            if (a == 255 || b == 255) {
                assert_int_equal(joined, 255);
                continue;
            }
            double x = a / (255.0 - a) + b / (255.0 - b);
            double impact = 255 * x / (x + 1);
            assert_true(joined >= impact - 1e-9 && joined < impact + 1 + 1e-9);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_sum_alike),
        cmocka_unit_test(what_is_taken_was_added),
        cmocka_unit_test(the_least_reaches_the_floor),
        cmocka_unit_test(chosen_postings_have_what_it_takes),
        cmocka_unit_test(vectors_compare_alike),
        cmocka_unit_test(parts_reach_together_what_sums_reach),
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test(many_are_joined_as_one_by_one),
        cmocka_unit_test(the_greatest_is_found),
        cmocka_unit_test(joined_impacts_are_of_both),
        cmocka_unit_test(the_best_of_many_are_found_alike),
        cmocka_unit_test(many_are_counted),
        cmocka_unit_test(bits_are_counted),
        cmocka_unit_test(bits_before_places_are_counted),
    };

    return run_with_vectors(impacts_widen, tests, sizeof(tests) / sizeof(tests[0]));
}
