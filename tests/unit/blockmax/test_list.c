/* Many documents against a list at once: which of them have a posting, and which one, as seeking one after the
 * other tells. */
#include "index/base/str.h"
#include "index/blockmax/list.h"
#include "tests/support/support.h"
#include "tests/unit/blockmax/random.h"
#include "tests/unit/blockmax/segments.h"

#define DOCS 9000
#define WORDS 6

/* Word w stands in about one document in so many: dense, frequent, and of one block. */
static const uint32_t rarity[WORDS] = {1, 3, 7, 30, 100, 900};

static bool stands[WORDS][DOCS];

static struct segment *build(void)
{
    struct inverter *v = inverter_new();
    char name[16];

    assert_non_null(v);
    for (uint32_t d = 0; d < DOCS; d++) {
        uint32_t at = 0;
        assert_int_equal(inverter_begin(v, 1 + d), 0);
        for (uint32_t w = 0; w < WORDS; w++) {
            stands[w][d] = pick(rarity[w]) == 0;
            if (stands[w][d])
                assert_int_equal(inverter_token(v, true, at++, name_of(w, name), false), 0);
        }
        inverter_lengths(v, (struct doc_length){0, at, 0});
    }
    return segment_made(v, 1, 1 + DOCS, 5);
}

/* In order, with gaps of any length, from any block at hand. */
static void documents_meet_a_list(void **unused)
{
    static struct list l, other;
    static uint32_t docs[DOCS + INTERSECT_SLACK], numbers[DOCS + 1];
    static uint16_t places[DOCS + 1];
    struct term_entry e;
    char name[16];
    bool found;
    size_t met = 0;

    (void)unused;
    struct segment *s = build();
    for (int round = 0; round < 4000; round++) {
        uint32_t word = pick(WORDS), step = 1 + pick(pick(2) == 0 ? 600 : 4), n = 0, k = 0;
        assert_true(segment_find(s, name_of(word, name), &e, &found));
        assert_true(found && list_open(&l, s, &e) && list_open(&other, s, &e));
        for (uint32_t d = pick(DOCS); d < DOCS; d += 1 + pick(step))
            docs[n++] = d;
        if (pick(2) == 0)
            list_block(&l, pick(l.blocks));
        uint32_t got = list_meet(&l, docs, n, places, numbers);
        for (uint32_t i = 0; i < n; i++) {
            if (!stands[word][docs[i]])
                continue;
            assert_true(k < got && places[k] == i);
            assert_int_equal(numbers[k], list_number(&other, docs[i]));
            k++;
        }
        assert_int_equal(got, k);
        met += k;
    }
    assert_true(met > 100000);
    segment_unref(s);
}

/* What is told of a document is believed, of that one. */
static void a_number_is_known(void **unused)
{
    static struct list l;
    struct term_entry e;
    char name[16];
    bool found;

    (void)unused;
    struct segment *s = build();
    for (uint32_t word = 0; word < WORDS; word++) {
        assert_true(segment_find(s, name_of(word, name), &e, &found));
        assert_true(found && list_open(&l, s, &e));
        uint32_t number = list_number(&l, 70);
        assert_int_equal(list_number(&l, 70), number);
        list_know(&l, 70, 12345);
        assert_int_equal(list_number(&l, 70), 12345);
        list_number(&l, 71);
        assert_int_equal(list_number(&l, 70), number);
        assert_int_equal(number != NO_POSTING, stands[word][70]);
    }
    segment_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_meet_a_list),
        cmocka_unit_test(a_number_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
