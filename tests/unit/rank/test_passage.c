/* Passages: which part of a text is shown, and what is marked in it. */
#include "index/rank/passage.h"

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/text/analyzer.h"
#include "tests/support/support.h"

#define WANT_MAX 5

static struct analyzer *an;

struct shown {
    struct arena mem;
    struct sx_str text;
    struct passage list[WANT_MAX];
    size_t count;
};

static void find_near(struct shown *s, const char *text, const struct passage_leaf *leaves,
                      size_t count, const struct passage_near *near, size_t near_count, size_t want)
{
    struct passage_leaf numbered[32];
    struct passage_query q = {numbered, count, near, near_count};
    struct sx_error err;

    assert_true(count <= 32);
    for (size_t i = 0; i < count; i++) {
        numbered[i] = leaves[i];
        numbered[i].leaf = (uint32_t)i;
    }
    memset(s, 0, sizeof(*s));
    s->text = str_of(text);
    struct passage_finder *f;
    assert_int_equal(passage_prepare(&q, &s->mem, &f, &err), SX_OK);
    assert_int_equal(passage_find(f, an, s->text, want, NULL, NULL, s->list, &s->count, &err),
                     SX_OK);
    assert_true(s->count <= want);
}

static void find(struct shown *s, const char *text, const struct passage_leaf *leaves, size_t count,
                 size_t want)
{
    find_near(s, text, leaves, count, NULL, 0, want);
}

/* The passage with its marks in brackets. */
static void assert_shown(const struct shown *s, size_t number, const char *want)
{
    struct buf b = {0};
    const struct passage *p = &s->list[number];
    size_t at = p->start;

    assert_true(number < s->count && p->start <= p->end && p->end <= s->text.len);
    for (size_t i = 0; i < p->mark_count; i++) {
        assert_true(p->start + p->marks[i].start >= at);
        buf_put(&b, s->text.ptr + at, p->start + p->marks[i].start - at);
        buf_putc(&b, '[');
        buf_put(&b, s->text.ptr + p->start + p->marks[i].start,
                p->marks[i].end - p->marks[i].start);
        buf_putc(&b, ']');
        at = p->start + p->marks[i].end;
    }
    buf_put(&b, s->text.ptr + at, p->end - at);
    assert_string_equal(buf_cstr(&b), want);
    buf_release(&b);
}

/* A leaf of one or more words, separated by spaces. */
static struct passage_leaf leaf(const char *words, double weight)
{
    static struct sx_str terms[32];
    static size_t used;
    struct passage_leaf l = {.weight = weight};

    if (used > 24)
        used = 0;
    l.terms = &terms[used];
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        terms[used++] = str_make(words, len);
        l.term_count++;
        words += len + (words[len] == ' ');
    }
    return l;
}

static void short_text_is_shown_whole(void **state)
{
    struct passage_leaf l[] = {leaf("unit", 1), leaf("netherlands", 2)};
    struct shown s;

    (void)state;
    find(&s, "Unit 8200 in the Netherlands.", l, 2, 1);
    assert_shown(&s, 0, "[Unit] 8200 in the [Netherlands].");
    arena_release(&s.mem);
}

static void phrase_is_marked_only_whole(void **state)
{
    struct passage_leaf l[] = {leaf("unit 8200", 1)};
    struct shown s;

    (void)state;
    find(&s, "unit 8 and unit, 8200 and 8200 unit", l, 1, 1);
    assert_shown(&s, 0, "unit 8 and [unit, 8200] and 8200 unit");
    arena_release(&s.mem);
}

static void overlapping_phrases_make_one_mark(void **state)
{
    struct passage_leaf l[] = {leaf("a b", 1), leaf("b c", 1), leaf("c", 1)};
    struct shown s;

    (void)state;
    find(&s, "x a b c y c", l, 3, 1);
    assert_shown(&s, 0, "x [a b c] y [c]");
    arena_release(&s.mem);
}

static void beginnings_are_marked(void **state)
{
    struct passage_leaf l[] = {leaf("micro", 1), leaf("wi fi", 1)};
    struct shown s;

    (void)state;
    l[0].prefix = true;
    l[1].prefix = true;
    find(&s, "Microsoft micro mic wi-fi wi-fight wi", l, 2, 1);
    assert_shown(&s, 0, "[Microsoft] [micro] mic [wi-fi] [wi-fight] wi");
    arena_release(&s.mem);
}

/* `count` times the filler, `middle`, `count` times the filler. */
static char *long_text(const char *filler, size_t count, const char *middle)
{
    struct buf b = {0};

    for (size_t i = 0; i < count; i++)
        buf_puts(&b, filler);
    buf_puts(&b, middle);
    for (size_t i = 0; i < count; i++)
        buf_puts(&b, filler);
    assert_non_null(buf_cstr(&b));
    return b.data;
}

static void several_words_beat_one_word_often(void **state)
{
    struct passage_leaf l[] = {leaf("tank", 1), leaf("water", 1)};
    struct shown s;
    char *filler = long_text("filler ", 100, "tank tank tank tank tank. ");
    char *text = long_text("other ", 100, "the tank of water is here ");
    char *both = long_text(filler, 1, text);

    (void)state;
    find(&s, both, l, 2, 2);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.list[0].mark_count, 2);
    assert_true(s.list[0].worth > s.list[1].worth);
    assert_true(s.list[1].mark_count >= 1);
    assert_true(s.list[0].end <= s.list[1].start || s.list[1].end <= s.list[0].start);
    assert_true(s.list[0].end - s.list[0].start <= PASSAGE_BYTES + 16);
    arena_release(&s.mem);
    mem_free(filler);
    mem_free(text);
    mem_free(both);
}

static void long_phrase_is_shown_whole(void **state)
{
    char *words = long_text("word ", 40, "middle ");
    char *text = long_text("before ", 50, words);
    struct passage_leaf l = {.weight = 1};
    struct sx_str terms[81];
    struct shown s;

    (void)state;
    for (size_t i = 0; i < 81; i++)
        terms[i] = str_of(i == 40 ? "middle" : "word");
    l.terms = terms;
    l.term_count = 81;
    find(&s, text, &l, 1, 1);
    assert_int_equal(s.list[0].mark_count, 1);
    assert_int_equal(s.list[0].marks[0].end - s.list[0].marks[0].start, strlen(words) - 1);
    arena_release(&s.mem);
    mem_free(words);
    mem_free(text);
}

static void without_a_match_the_beginning_is_shown(void **state)
{
    struct passage_leaf l[] = {leaf("zebra", 1)};
    char *text = long_text("filler ", 100, "middle ");
    struct shown s;

    (void)state;
    find(&s, text, l, 1, 3);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.list[0].start, 0);
    assert_int_equal(s.list[0].mark_count, 0);
    assert_true(s.list[0].worth == 0);
    assert_true(s.list[0].end > 0 && s.list[0].end <= PASSAGE_BYTES);
    arena_release(&s.mem);
    find(&s, "", l, 1, 3);
    assert_int_equal(s.count, 0);
    arena_release(&s.mem);
    find(&s, "zebra", l, 1, 0);
    assert_int_equal(s.count, 0);
    arena_release(&s.mem);
    mem_free(text);
}

/* Scripts without spaces are cut between code points. */
static void passages_stand_on_code_points(void **state)
{
    struct passage_leaf l[] = {leaf("搜索", 1)};
    char *text = long_text("中文字樣", 100, "。搜索。");
    struct shown s;

    (void)state;
    for (size_t skip = 0; skip < 12; skip += 3) {
        find(&s, text + skip, l, 1, 1);
        assert_int_equal(s.count, 1);
        assert_int_equal(s.list[0].mark_count, 1);
        assert_int_equal(utf8_floor(s.text.ptr, s.text.len, s.list[0].start), s.list[0].start);
        assert_int_equal(utf8_floor(s.text.ptr, s.text.len, s.list[0].end), s.list[0].end);
        arena_release(&s.mem);
    }
    find(&s, text, l, 0, 1);
    assert_int_equal(utf8_floor(s.text.ptr, s.text.len, s.list[0].end), s.list[0].end);
    arena_release(&s.mem);
    mem_free(text);
}

/* Words of a NEAR are marked where the others are near, and only there. */
static void near_words_are_marked_near_each_other(void **state)
{
    struct passage_leaf l[] = {leaf("tank", 1), leaf("water", 1), leaf("leaks", 1)};
    const uint32_t pair[] = {0, 1};
    const uint32_t twice[] = {0, 0};
    const struct passage_near near = {pair, 2, 1};
    const struct passage_near again = {twice, 2, 1};
    struct shown s;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        l[i].span = 1;
    l[0].only_near = l[1].only_near = true;
    find_near(&s, "tank x y water leaks; water in tank, tank.", l, 3, &near, 1, 1);
    assert_shown(&s, 0, "tank x y water [leaks]; [water] in [tank], tank.");
    arena_release(&s.mem);
    find_near(&s, "tank x y tank z tank water", l, 2, &again, 1, 1);
    assert_shown(&s, 0, "tank x y [tank] z [tank] water");
    arena_release(&s.mem);
    find_near(&s, "tank x y water", l, 2, &near, 1, 1);
    assert_shown(&s, 0, "tank x y water");
    arena_release(&s.mem);
}

/* Family: one cluster of several people joined. */
#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467"

static void no_cluster_is_cut(void **state)
{
    struct passage_leaf l[] = {leaf("zebra", 1)};
    struct buf text = {0};
    struct shown s;

    (void)state;
    for (int i = 0; i < 40; i++)
        buf_puts(&text, FAMILY);
    find(&s, buf_cstr(&text), l, 1, 1);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.list[0].start, 0);
    assert_in_range(s.list[0].end, 1, text.len - 1);
    assert_int_equal(s.list[0].end % strlen(FAMILY), 0);
    arena_release(&s.mem);
    buf_release(&text);
}

/* As different as can be from one to the next: long and short, with and without, few and many. */
static const char *const varied[] = {
    "The tank of water.",
    "water tank, tank water, tankers; a water-tank (Tank) TANK water",
    "",
    "nothing at all of it",
    "far tank far far far far far far far far far far far far far far far far far water",
    "tank water tank water tank water. tank? water! oil",
    "水 tank 水water é tank",
    "water",
};

/* What was found in a text leaves nothing behind for the next. */
static void one_finder_serves_many_texts(void **state)
{
    struct passage_leaf l[] = {leaf("tank water", 2), leaf("tank", 1), leaf("tan", 1),
                               leaf("oil", 1)};
    const uint32_t both[] = {0, 1};
    const struct passage_near near = {both, 2, 3};
    const struct passage_query q = {l, 4, &near, 1};
    struct arena mem = {0};
    struct passage_finder *f;
    struct sx_error err;

    (void)state;
    l[2].prefix = true;
    for (uint32_t i = 0; i < 4; i++)
        l[i].leaf = i;
    assert_int_equal(passage_prepare(&q, &mem, &f, &err), SX_OK);
    for (size_t round = 0; round < 3 * sizeof(varied) / sizeof(varied[0]); round++) {
        struct sx_str text = str_of(varied[round * 5 % (sizeof(varied) / sizeof(varied[0]))]);
        struct passage got[WANT_MAX], want[WANT_MAX];
        struct passage_finder *fresh;
        size_t got_count, want_count;
        assert_int_equal(passage_prepare(&q, &mem, &fresh, &err), SX_OK);
        assert_int_equal(passage_find(fresh, an, text, 3, NULL, NULL, want, &want_count, &err),
                         SX_OK);
        assert_int_equal(passage_find(f, an, text, 3, NULL, NULL, got, &got_count, &err), SX_OK);
        assert_int_equal(got_count, want_count);
        for (size_t i = 0; i < got_count; i++) {
            assert_int_equal(got[i].start, want[i].start);
            assert_int_equal(got[i].end, want[i].end);
            assert_true(got[i].worth == want[i].worth);
            assert_int_equal(got[i].mark_count, want[i].mark_count);
            if (got[i].mark_count > 0)
                assert_memory_equal(got[i].marks, want[i].marks,
                                    got[i].mark_count * sizeof(*got[i].marks));
        }
    }
    arena_release(&mem);
}

static void memory_may_run_out(void **state)
{
    struct passage_leaf l[] = {leaf("tank water", 1), leaf("tank", 1)};
    const uint32_t both[] = {0, 1};
    const struct passage_near near = {both, 2, 1};
    const struct passage_query q = {l, 2, &near, 1};
    char *text = long_text("tank water, ", 1000, "tank");
    struct sx_error err;
    sx_status rc = SX_ENOMEM;
    long n = 0;

    (void)state;
    for (; rc != SX_OK; n++) {
        struct arena mem = {0};
        struct passage_finder *f;
        struct passage out[WANT_MAX];
        size_t count;

        assert_true(n < 1000);
        mem_fail_after(n);
        rc = passage_prepare(&q, &mem, &f, &err);
        if (rc == SX_OK)
            rc = passage_find(f, an, str_of(text), 2, NULL, NULL, out, &count, &err);
        mem_fail_after(-1);
        assert_true(rc == SX_OK || rc == SX_ENOMEM);
        arena_release(&mem);
    }
    assert_true(n > 3);
    mem_free(text);
}

static int make_analyzer(void **state)
{
    (void)state;
    an = analyzer_new();
    return an == NULL;
}

static int free_analyzer(void **state)
{
    (void)state;
    analyzer_free(an);
    return 0;
}

static void the_next_passage_shows_what_none_has_shown(void **state)
{
    const struct passage_leaf leaves[] = {leaf("unit", 3), leaf("netherlands", 1)};
    struct buf text = {0};
    struct shown s;

    (void)state;
    for (int i = 0; i < 3; i++) {
        buf_puts(&text, "A unit is named here.\n");
        for (int word = 0; word < 80; word++)
            buf_puts(&text, "far ");
        buf_putc(&text, '\n');
    }
    buf_puts(&text, "The data lies in the Netherlands.\n");
    find(&s, buf_cstr(&text), leaves, 2, 3);
    assert_int_equal(s.count, 3);
    assert_shown(&s, 0, "A [unit] is named here.");
    assert_shown(&s, 1, "The data lies in the [Netherlands].");
    assert_shown(&s, 2, "A [unit] is named here.");
    arena_release(&s.mem);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_passage_shows_what_none_has_shown),
        cmocka_unit_test(short_text_is_shown_whole),
        cmocka_unit_test(phrase_is_marked_only_whole),
        cmocka_unit_test(overlapping_phrases_make_one_mark),
        cmocka_unit_test(beginnings_are_marked),
        cmocka_unit_test(several_words_beat_one_word_often),
        cmocka_unit_test(long_phrase_is_shown_whole),
        cmocka_unit_test(without_a_match_the_beginning_is_shown),
        cmocka_unit_test(passages_stand_on_code_points),
        cmocka_unit_test(near_words_are_marked_near_each_other),
        cmocka_unit_test(no_cluster_is_cut),
        cmocka_unit_test(one_finder_serves_many_texts),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, make_analyzer, free_analyzer);
}
