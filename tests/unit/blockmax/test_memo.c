/* What a reader keeps in mind of dictionaries, against the dictionaries: terms that are there, that are not, and
 * such as are too long, of several segments, more than there is room for. */
#include <string.h>

#include "index/blockmax/memo.h"
#include "tests/support/support.h"
#include "tests/unit/blockmax/random.h"
#include "tests/unit/blockmax/segments.h"

#define SEGMENTS 3
#define WORDS 3000
#define LONGEST 40

/* Word w, of which the last bytes are its number: some are longer than is kept. */
static struct sx_str spell(uint32_t w, char out[LONGEST + 16])
{
    size_t dots = w % LONGEST;

    memset(out, '.', dots);
    return str_make(out, dots + name_of(w, out + dots).len);
}

/* A document has every word whose number leaves a rest of less than 2 by what is the document's. */
static struct segment *build(uint64_t first)
{
    struct inverter *v = inverter_new();
    char term[LONGEST + 16];

    assert_non_null(v);
    for (uint64_t rowid = first; rowid < first + 10; rowid++) {
        uint32_t at = 0;
        assert_int_equal(inverter_begin(v, rowid), 0);
        for (uint32_t w = 0; w < WORDS; w++)
            if (w % (2 + rowid % 7) < 2)
                assert_int_equal(inverter_token(v, true, at++, spell(w, term), false), 0);
        inverter_lengths(v, (struct doc_length){0, at, 0});
    }
    return segment_made(v, first, first + 10, 1000);
}

static void same_entry(const struct term_entry *a, const struct term_entry *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->f, b->f);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->list, b->list);
    assert_int_equal(a->list_bytes, b->list_bytes);
    assert_int_equal(a->positions_bytes, b->positions_bytes);
}

static void ask_both(struct memo *m, struct segment *s, struct sx_str term)
{
    struct term_entry known, read;
    bool knows, reads;

    assert_true(memo_find(m, s, term, &known, &knows));
    assert_true(segment_find(s, term, &read, &reads));
    assert_int_equal(knows, reads);
    if (reads)
        same_entry(&known, &read);
}

static void tells_what_the_dictionaries_tell(void **unused)
{
    struct segment *segments[SEGMENTS];
    struct memo *m = memo_new();
    char term[LONGEST + 16];

    (void)unused;
    assert_non_null(m);
    for (size_t i = 0; i < SEGMENTS; i++)
        segments[i] = build(1 + 10 * i);
    for (size_t i = 0; i < 30000; i++) {
        uint32_t w = pick(2) == 0 ? pick(200) : pick(2 * WORDS);
        ask_both(m, segments[pick(SEGMENTS)], spell(w, term));
        if (i % 5000 == 4999) { /* the next one may be where this one was */
            segment_unref(segments[0]);
            segments[0] = build(1 + i);
        }
    }
    ask_both(m, segments[0], str_make("", 0));
    ask_both(m, segments[0], str_make(NULL, 0));
    for (size_t i = 0; i < SEGMENTS; i++)
        segment_unref(segments[i]);
    memo_free(m);
}

/* What was found once is not read again. */
static void keeps_what_it_found(void **unused)
{
    struct segment *s = build(1);
    struct memo *m = memo_new();
    struct term_entry before, after;
    struct sx_str term = str_of("w0"), none = str_of("none");
    bool found;

    (void)unused;
    assert_non_null(m);
    assert_true(memo_find(m, s, term, &before, &found) && found);
    assert_true(memo_find(m, s, none, &after, &found) && !found);
    memset((void *)(uintptr_t)(s->bytes + s->dict.at), 0, s->dict.length);
    assert_true(memo_find(m, s, none, &after, &found) && !found);
    assert_true(memo_find(m, s, term, &after, &found) && found);
    same_entry(&before, &after);
    segment_unref(s);
    memo_free(m);
}

static void does_without_a_memo(void **unused)
{
    struct segment *s = build(1);
    struct term_entry e;
    bool found;

    (void)unused;
    assert_true(memo_find(NULL, s, str_of("w0"), &e, &found) && found);
    memo_free(NULL);
    segment_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_the_dictionaries_tell),
        cmocka_unit_test(keeps_what_it_found),
        cmocka_unit_test(does_without_a_memo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
