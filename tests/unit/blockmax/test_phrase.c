/* Which documents have a phrase, and how often: as word by word. */
#include "index/blockmax/phrase.h"

#include "index/base/str.h"
#include "index/blockmax/columns.h"
#include "index/blockmax/fours.h"
#include "tests/support/support.h"
#include "tests/unit/blockmax/random.h"
#include "tests/unit/blockmax/segments.h"
#include "tests/unit/blockmax/vectors.h"

#define DOCS 6000
#define TITLE 4
#define BODY 60
#define LONG 200 /* so that blocks have more positions than are decoded together */
#define WORDS 6  /* and 0, which is none */
#define TERMS 4
#define ROUNDS 120

/* Word w stands at about one place in so many: often in each, in many, in some documents. */
static const uint32_t rarity[WORDS + 1] = {1, 3, 8, 15, 40, 300, 3000};

struct document {
    uint8_t words[2][LONG]; /* by field */
    uint32_t count[2];
};

static struct document documents[DOCS];

/* In every tenth document the first words stand again and again. */
static uint8_t pick_word(uint32_t d)
{
    if (d % 10 == 0)
        return (uint8_t)(1 + pick(2));
    for (uint32_t w = WORDS; w > 0; w--)
        if (pick(rarity[w]) == 0)
            return (uint8_t)w;
    return 0;
}

static void add_field(struct inverter *v, uint32_t d, int field, uint32_t count)
{
    char name[16];

    documents[d].count[field] = count;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t word = pick_word(d);
        documents[d].words[field][i] = word;
        assert_int_equal(inverter_token(v, field == 1, i, name_of(word, name), false), 0);
    }
}

static struct segment *build(void)
{
    struct inverter *v = inverter_new();

    assert_non_null(v);
    for (uint32_t d = 0; d < DOCS; d++) {
        assert_int_equal(inverter_begin(v, 1 + d), 0);
        add_field(v, d, 0, pick(TITLE + 1));
        add_field(v, d, 1, pick(8) == 0 ? 0 : pick((d / 400 == 3 ? LONG : BODY) + 1));
        inverter_lengths(v, (struct doc_length){documents[d].count[0], documents[d].count[1], 0});
    }
    return segment_made(v, 1, 1 + DOCS, 40);
}

struct asked {
    uint32_t words[TERMS];
    size_t count;
    bool in[2]; /* fields */
};

static bool has_word(uint32_t d, uint32_t word)
{
    for (int f = 0; f < 2; f++)
        for (uint32_t i = 0; i < documents[d].count[f]; i++)
            if (documents[d].words[f][i] == word)
                return true;
    return false;
}

static bool has_all(uint32_t d, const struct asked *a)
{
    for (size_t k = 0; k < a->count; k++)
        if (!has_word(d, a->words[k]))
            return false;
    return true;
}

static uint32_t count_in(uint32_t d, int field, const struct asked *a)
{
    const struct document *doc = &documents[d];
    uint32_t n = 0;

    for (uint32_t i = 0; a->in[field] && i + a->count <= doc->count[field]; i++) {
        size_t k = 0;
        while (k < a->count && doc->words[field][i + k] == a->words[k])
            k++;
        n += k == a->count;
    }
    return n;
}

/* Documents that come one after the other, of which those that have all terms are looked at together. */
struct batch {
    uint32_t docs[PHRASE_BATCH];
    size_t count;
};

/* Tells the numbers of some terms' postings; the others are sought. */
static void tell(struct phrase *p, const struct batch *b)
{
    for (size_t k = 0; k < p->count; k++) {
        bool told = pick(2) == 0;
        for (size_t i = 0; i < b->count; i++)
            p->terms[k].numbers[i] = told ? list_number(p->terms[k].list, b->docs[i]) : NO_POSTING;
    }
}

static void check(struct phrase *p, const struct asked *a, const struct batch *b, size_t *found)
{
    uint64_t bits;

    tell(p, b);
    assert_int_equal(phrase_stand(p, b->docs, b->count, &bits), SX_OK);
    assert_true(b->count == PHRASE_BATCH || bits >> b->count == 0);
    for (size_t i = 0; i < b->count; i++) {
        uint32_t d = b->docs[i], title = count_in(d, 0, a), body = count_in(d, 1, a);
        struct phrase_tf tf;
        assert_int_equal(bits >> i & 1, title + body > 0);
        if ((bits >> i & 1) == 0)
            continue;
        phrase_move(p, i, d);
        assert_int_equal(phrase_count(p, &tf), SX_OK);
        assert_true(tf.title == title && tf.body == body);
        ++*found;
    }
}

static void ask(struct segment *s, struct pool *mem, size_t *found)
{
    struct asked a = {.count = 2 + pick(TERMS - 1), .in = {pick(4) > 0, pick(6) > 0}};
    struct source sources[TERMS] = {{0}};
    struct source_room room = {.left = UINT32_MAX};
    struct batch batch = {.count = 0};
    struct sx_error err;
    char names[TERMS][16];

    a.in[1] |= !a.in[0];
    bool repeats = pick(4) == 0;
    for (size_t k = 0; k < a.count; k++) {
        a.words[k] = repeats && k > 0 ? a.words[0] : 1 + pick(pick(3) == 0 ? WORDS : 3);
        struct sx_str name = name_of(a.words[k], names[k]);
        struct source_terms terms = {&name, 1, false};
        assert_int_equal(source_open(&sources[k], s, &terms, 1, mem, &room, &err), SX_OK);
    }
    struct phrase *p = phrase_open(sources, a.count, a.in[0], a.in[1], mem);
    assert_non_null(p);
    size_t most = 1 + pick(PHRASE_BATCH);
    for (uint32_t d = pick(50), step = 1 + pick(3); d < DOCS; d += step) {
        if (!has_all(d, &a))
            continue;
        batch.docs[batch.count++] = d;
        if (batch.count < most)
            continue;
        check(p, &a, &batch, found);
        batch.count = 0;
    }
    check(p, &a, &batch, found);
    for (size_t k = 0; k < a.count; k++)
        source_close(&sources[k]);
}

static void phrases_are_found(void **unused)
{
    struct segment *s = build();
    size_t found = 0;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        struct pool mem = {0};
        ask(s, &mem, &found);
        pool_release(&mem);
    }
    assert_true(found > 1000);
    segment_unref(s);
}

/* Places of a word in a document, of which `times` in a row begin with that of the document's number; the others
 * stand alone. */
#define PLACES 140

static struct segment *build_rows(uint32_t times)
{
    struct inverter *v = inverter_new();
    char name[16];

    assert_non_null(v);
    for (uint32_t d = 0; d < PLACES; d++) {
        uint32_t at = 0;
        assert_int_equal(inverter_begin(v, 1 + d), 0);
        for (uint32_t i = 0; i < PLACES; i++) {
            bool in_row = i > d && i < d + times;
            at += i == 0 ? 0 : in_row ? 1 : 2;
            assert_int_equal(inverter_token(v, true, at, name_of(1, name), false), 0);
        }
        inverter_lengths(v, (struct doc_length){0, at + 1, 0});
    }
    return segment_made(v, 1, 1 + PLACES, 40);
}

/* `fresh`: each document is the first that is asked for; else soon the gaps of whole blocks are kept. */
static void find_rows(struct segment *s, const struct term_entry *e, uint32_t times, bool fresh)
{
    struct list l;
    bool found;

    assert_true(list_open(&l, s, e));
    for (uint32_t d = 0; d < PLACES; d++) {
        assert_true(!fresh || list_open(&l, s, e));
        struct list_spot spot = list_find(&l, list_number(&l, d));
        assert_true(list_repeats(&l, &spot, 1, times, &found));
        assert_int_equal(found, d + times <= PLACES);
        assert_true(list_repeats(&l, &spot, 1, times + 1, &found) && !found);
        assert_true(list_repeats(&l, &spot, 0, times, &found) && !found);
    }
}

static void rows_are_found_wherever_they_begin(void **unused)
{
    char name[16];

    (void)unused;
    for (uint32_t times = 2; times < 6; times++) {
        struct segment *s = build_rows(times);
        struct term_entry e;
        bool found;
        assert_true(segment_find(s, name_of(1, name), &e, &found) && found);
        find_rows(s, &e, times, true);
        find_rows(s, &e, times, false);
        segment_unref(s);
    }
}

static bool widen(bool want)
{
    bool columns = columns_widen(want);

    return fours_widen(want) && columns;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(phrases_are_found),
                                       cmocka_unit_test(rows_are_found_wherever_they_begin)};

    return run_with_vectors(widen, tests, 2);
}
