/* What holds of the tokens of any text: random ones, in many scripts. */
#include <stdlib.h>

#include "index/base/utf8.h"
#include "index/text/segment.h"
#include "tests/unit/text/random_text.h"
#include "tests/unit/text/tokens.h"

static struct analyzer *analyzer;
static struct segmenter segmenter;
static struct tokens first, second;

static int set_up(void **state)
{
    (void)state;
    analyzer = analyzer_new();
    return analyzer == NULL || !segment_init(&segmenter) ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    analyzer_free(analyzer);
    segment_release(&segmenter);
    return 0;
}

/* Text of real words, mostly of scripts without spaces, so that dictionaries find some. */
static size_t word_text(uint64_t *seed, char *text, size_t cap)
{
    static const char *const real[] = {
        "ภาษา",   "ไทย",  "ไม่",   "มี",    "การ",   "เว้น",    "วรรค", "กำลัง",   "น้ำ",
        "ພາສາ",   "ລາວ",  "ភាសា", "ខ្មែរ", "កម្ពុជា", "မြန်မာ",  "ဘာသာ", "မန္တလေး", "北京",
        "天安门", "大学", "中国", "的",   "東京",  "都",     "に",   "住んで", "います",
        "データ", "ｶﾞ",   "ー",   "人々", "한국",  "日本語", "a",    "Bc",     "12",
        "_",      ".",    "'",    "-",    " ",     "、",     "é",    "ㄅㄆ",
    };
    size_t goal = random_below(seed, (uint32_t)cap - 32), len = 0;

    while (len < goal)
        len =
            (size_t)(stpcpy(text + len, real[random_below(seed, sizeof(real) / sizeof(real[0]))]) -
                     text);
    return len;
}

/* Random text of all kinds, the index `i` counting. */
static size_t any_text(uint64_t *seed, int i, char *text, size_t cap)
{
    if (i % 3 == 0)
        return word_text(seed, text, i % 50 == 0 ? cap : 64);
    return random_text(seed, text, i % 50 == 0 ? cap : 48, (uint32_t)i % 256);
}

/* ---- order, offsets, spans ----------------------------------------------------------------- */

static void assert_good_term(const struct tokens *t, size_t i)
{
    const struct kept *k = &t->at[i];
    struct sx_str term = tokens_term(t, i);

    assert_in_range(k->len, 1, TERM_MAX);
    assert_true(term.len > 0);
    assert_int_equal(utf8_check(term.ptr, term.len), term.len);
    for (size_t b = 0; b < term.len; b++)
        assert_true((unsigned char)term.ptr[b] > 0x20 && term.ptr[b] != 0x7F);
    if (k->kind == TOKEN_DICT)
        assert_int_equal(term.ptr[term.len], DICT_MARK);
}

/* Where each TOKEN_WORD ends, by position. */
static uint32_t ends[TOKENS_MAX];

static size_t list_ends(const struct tokens *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->count; i++) {
        if (t->at[i].kind == TOKEN_WORD)
            ends[n++] = t->at[i].end;
    }
    return n;
}

static void assert_well_formed(const struct tokens *t, size_t len)
{
    size_t positions = list_ends(t), position = 0;
    const struct kept *word = NULL;

    for (size_t i = 0; i < t->count; i++) {
        const struct kept *k = &t->at[i];
        assert_good_term(t, i);
        assert_true(k->start < k->end && k->end <= len);
        if (k->kind == TOKEN_WORD) {
            bool same = word != NULL && k->start == word->start && k->end == word->end;
            assert_true(word == NULL || same || k->start >= word->end);
            word = k;
            position++;
            assert_int_equal(k->span, 1);
            continue;
        }
        assert_non_null(word);
        assert_true(k->start >= word->start);
        assert_true(k->span >= 1 && position - 1 + k->span <= positions);
        if (k->kind == TOKEN_PART)
            assert_true(k->span == 1 && k->end <= word->end);
        else if (k->kind == TOKEN_PAIR || k->kind == TOKEN_DICT)
            assert_true(k->kind == TOKEN_DICT ? k->span >= 2 : k->span == 2);
        if (k->kind != TOKEN_PART && k->span > 1)
            assert_int_equal(k->end, ends[position - 1 + k->span - 1]);
    }
}

/* Neither end of a token stands inside a code point. */
static void assert_on_code_points(const struct tokens *t, const char *text, size_t len)
{
    for (size_t i = 0; i < t->count; i++) {
        assert_int_equal(utf8_floor(text, len, t->at[i].start), t->at[i].start);
        assert_int_equal(utf8_floor(text, len, t->at[i].end), t->at[i].end);
    }
}

/* No two tokens of a position are the same but for the words of one sign. */
static void assert_no_repetition(const struct tokens *t)
{
    for (size_t i = 0; i < t->count; i++) {
        for (size_t j = i + 1; j < t->count && t->at[j].kind != TOKEN_WORD; j++)
            assert_false(t->at[i].len == t->at[j].len &&
                         memcmp(t->terms + t->at[i].term, t->terms + t->at[j].term, t->at[i].len) ==
                             0);
    }
}

static void tokens_are_well_formed(void **state)
{
    static char text[800];
    uint64_t seed = 11;

    (void)state;
    for (int i = 0; i < 60000; i++) {
        size_t len = any_text(&seed, i, text, sizeof(text));
        tokens_read(&first, analyzer, text, len);
        assert_well_formed(&first, len);
        assert_on_code_points(&first, text, len);
        assert_no_repetition(&first);
        for (size_t n = len / 8; n > 0; n--)
            text[random_below(&seed, (uint32_t)len)] = (char)random_below(&seed, 256);
        tokens_read(&first, analyzer, text, len);
        assert_well_formed(&first, len);
    }
}

/* ---- purity -------------------------------------------------------------------------------- */

static int stop_soon(void *ctx, const struct token *t)
{
    (void)t;
    return --*(int *)ctx == 0 ? 1 : 0;
}

/* Same text, same tokens: whatever this analyzer read before, or left in the middle, and in a
 * fresh one. */
static void tokens_depend_on_the_text_alone(void **state)
{
    static char text[200], other[200];
    uint64_t seed = 13;

    (void)state;
    for (int i = 0; i < 1500; i++) {
        size_t len = random_text(&seed, text, sizeof(text), (uint32_t)i % 256);
        struct analyzer *fresh = analyzer_new();
        assert_non_null(fresh);
        tokens_read(&first, fresh, text, len);
        analyzer_free(fresh);
        size_t other_len = random_text(&seed, other, sizeof(other), 160);
        int left = 1 + (int)random_below(&seed, 20);
        analyzer_run(analyzer, other, other_len, stop_soon, &left);
        tokens_read(&second, analyzer, text, len);
        assert_true(tokens_same(&first, &second));
    }
}

/* ---- copies -------------------------------------------------------------------------------- */

static struct span {
    uint32_t start, end;
} words[TOKENS_MAX];

static size_t list_words(const char *text, size_t len)
{
    struct word w;
    size_t n = 0;

    segment_begin(&segmenter, text, len);
    while (segment_next(&segmenter, &w) == 1)
        words[n++] = (struct span){w.start, w.end};
    return n;
}

/* Whether no word or cluster of `t` reaches over `at`. */
static bool is_edge(const struct tokens *t, uint32_t at)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct kept *k = &t->at[i];
        if (k->kind == TOKEN_WORD && k->start < at && at < k->end)
            return false;
    }
    return true;
}

/* Keeps the words of [start, end), counted from `start`. */
static void cut_tokens(struct tokens *t, uint32_t start, uint32_t end)
{
    size_t n = 0;

    for (size_t i = 0; i < t->count; i++) {
        struct kept k = t->at[i];
        if (k.kind != TOKEN_WORD || k.start < start || k.end > end)
            continue;
        k.start -= start;
        k.end -= start;
        t->at[n++] = k;
    }
    t->count = n;
}

/* A copy of text[start..end) has the words that it has there. */
static void assert_copy_is_found(const char *text, size_t len, struct span copy)
{
    tokens_read(&first, analyzer, text, len);
    if (!is_edge(&first, copy.start) || !is_edge(&first, copy.end))
        return;
    cut_tokens(&first, copy.start, copy.end);
    tokens_read(&second, analyzer, text + copy.start, copy.end - copy.start);
    tokens_drop(&second, TOKEN_PART);
    tokens_drop(&second, TOKEN_WHOLE);
    tokens_drop(&second, TOKEN_PAIR);
    tokens_drop(&second, TOKEN_DICT);
    if (!tokens_same(&first, &second))
        fail_msg("%.*s in %.*s", (int)(copy.end - copy.start), text + copy.start, (int)len, text);
}

/* Any whole words copied from a text, one or more in a row, are at adjacent positions there,
 * wherever the dictionary breaks the copy: the proof that a quoted copy finds its text. */
static void copied_words_are_found_where_they_stand(void **state)
{
    static char text[400];
    uint64_t seed = 17;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        size_t len = any_text(&seed, i, text, sizeof(text));
        size_t n = list_words(text, len);
        if (n == 0)
            continue;
        size_t from = random_below(&seed, (uint32_t)n);
        size_t to = from + random_below(&seed, (uint32_t)(n - from));
        assert_copy_is_found(text, len, (struct span){words[from].start, words[to].end});
    }
}

/* ---- twins --------------------------------------------------------------------------------- */

/* Leaves out c++ and the like, which are ASCII's alone. */
static void drop_signs(struct tokens *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->count; i++) {
        if (t->at[i].kind != TOKEN_WHOLE || t->at[i].span > 1)
            t->at[n++] = t->at[i];
    }
    t->count = n;
}

/* A soft hyphen is nothing, but makes a word go the long way, through ICU and its UTF-16. */
static void ascii_gives_what_the_long_way_does(void **state)
{
    char text[64], hyphened[256];
    uint64_t seed = 19;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        size_t len = random_text(&seed, text, sizeof(text), 0), n = 0;
        uint32_t one_in = 1 + random_below(&seed, 4);
        for (size_t k = 0; k < len; k++) {
            unsigned char lower = (unsigned char)text[k] | 0x20;
            hyphened[n++] = text[k];
            if (lower >= 'a' && lower <= 'z' && random_below(&seed, one_in) == 0)
                n += utf8_encode(0xAD, hyphened + n);
        }
        tokens_read(&first, analyzer, text, len);
        tokens_read(&second, analyzer, hyphened, n);
        drop_signs(&first);
        drop_signs(&second);
        if (!tokens_same_terms(&first, &second))
            fail_msg("%.*s", (int)len, text);
    }
}

/* ---- skimming ------------------------------------------------------------------------------ */

/* Mostly words that may be left out, with now and then what must not be. */
static size_t prose(uint64_t *seed, char *text, size_t cap, uint32_t odd)
{
    static const char *const joints[] = {" ",  " ",  " ",  " ",   ", ", ". ",
                                         "; ", "\n", ": ", "\" ", ") "};
    static const char *const odds[] = {"-",  "'s ", "'", ".", "_",      "@",      "&",  "++ ", "# ",
                                       "Ab", "x1Y", "é", "“", "\u0301", "\u00AD", "日", "\xFF"};
    size_t goal = random_below(seed, (uint32_t)cap - 160), len = 0;

    while (len < goal) {
        size_t letters = 1 + random_below(seed, random_below(seed, 40) == 0 ? 140 : 11);
        for (size_t i = 0; i < letters; i++)
            text[len++] =
                (char)((random_below(seed, 16) == 0 ? '0' : 'a') + random_below(seed, 10));
        if (random_below(seed, 6) == 0)
            text[len - letters] &= ~0x20;
        const char *end = random_below(seed, 256) < odd
                              ? odds[random_below(seed, sizeof(odds) / sizeof(odds[0]))]
                              : joints[random_below(seed, sizeof(joints) / sizeof(joints[0]))];
        len = (size_t)(stpcpy(text + len, end) - text);
    }
    return len;
}

static void want_some(uint64_t *seed, struct wanted_terms *wanted)
{
    uint32_t one_in = 1 + random_below(seed, 64);

    for (size_t i = 0; i < 256; i++)
        for (size_t bit = 0; bit < 64; bit++) {
            uint64_t wants = random_below(seed, one_in) == 0;
            wanted->lengths[i] = wanted->lengths[i] << 1 | wants;
        }
}

/* What was told by skimming, and where. */
struct skimmed {
    struct tokens *tokens;
    uint64_t left_out, words;
    uint64_t positions[TOKENS_MAX];
};

static int keep_skimmed(void *ctx, const struct token *t)
{
    struct skimmed *s = ctx;

    s->words += t->kind == TOKEN_WORD;
    s->positions[s->tokens->count] = s->words + s->left_out;
    return tokens_keep(s->tokens, t);
}

static bool is_wanted(const struct wanted_terms *wanted, struct sx_str term)
{
    return (wanted->lengths[(unsigned char)term.ptr[0]] & wanted_length(term.len)) != 0;
}

/* All tokens are told at their positions, but for words that nobody wants, alone at theirs. */
static uint64_t assert_skimmed(const struct wanted_terms *wanted, const char *text, size_t len)
{
    static struct skimmed s;
    uint64_t position = 0, n = 0;

    s.tokens = &second;
    s.words = second.count = second.bytes = 0;
    assert_int_equal(analyzer_skim(analyzer, text, len, wanted, &s.left_out, keep_skimmed, &s), 0);
    tokens_read(&first, analyzer, text, len);
    for (size_t i = 0; i < first.count; i++) {
        const struct kept *k = &first.at[i], *l = &second.at[n];
        position += k->kind == TOKEN_WORD;
        if (n < second.count && s.positions[n] == position && l->kind == k->kind &&
            l->start == k->start && l->end == k->end && l->span == k->span && l->len == k->len &&
            memcmp(first.terms + k->term, second.terms + l->term, k->len) == 0) {
            n++;
            continue;
        }
        assert_int_equal(k->kind, TOKEN_WORD);
        assert_false(is_wanted(wanted, tokens_term(&first, i)));
        assert_true(i + 1 == first.count || first.at[i + 1].kind == TOKEN_WORD);
    }
    assert_int_equal(n, second.count);
    assert_int_equal(s.words + s.left_out, position);
    return s.left_out;
}

static void skimming_leaves_out_what_nobody_wants(void **state)
{
    static char text[1200];
    struct wanted_terms wanted = {0};
    uint64_t seed = 29, left_out = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        size_t len = i % 4 == 0 ? any_text(&seed, i, text, sizeof(text))
                                : prose(&seed, text, sizeof(text), (uint32_t)(i % 3) * 40);
        want_some(&seed, &wanted);
        left_out += assert_skimmed(&wanted, text, len);
    }
    assert_in_range(left_out, 300000, UINT64_MAX);
}

/* Every end of a text, and of what is looked at at once. */
static void skimming_ends_with_the_text(void **state)
{
    static const struct wanted_terms none;
    char text[200];

    (void)state;
    for (size_t word = 1; word < 140; word++)
        for (size_t len = word; len < sizeof(text); len++) {
            memset(text, 'x', len);
            for (size_t i = word; i < len; i += word + 1)
                text[i] = ' ';
            assert_skimmed(&none, text, len);
        }
}

/* So that whoever is told words may look at the clock. */
static void skimming_tells_a_word_now_and_then(void **state)
{
    static const struct wanted_terms none;
    struct skimmed s = {.tokens = &first};
    const size_t count = 1 << 20;
    char *text = malloc(2 * count);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + 2 * i, "a ", 2);
    first.count = first.bytes = 0;
    assert_int_equal(analyzer_skim(analyzer, text, 2 * count, &none, &s.left_out, keep_skimmed, &s),
                     0);
    assert_int_equal(s.words + s.left_out, count);
    assert_int_equal(s.words, count / (SEGMENT_SKIP_MAX + 1));
    free(text);
}

/* ---- hostile text -------------------------------------------------------------------------- */

struct count {
    size_t tokens, words;
    uint32_t start, end;
};

static int count_token(void *ctx, const struct token *t)
{
    struct count *c = ctx;

    assert_in_range(t->term.len, 1, TERM_MAX);
    c->tokens++;
    c->words += t->kind == TOKEN_WORD;
    if (t->kind == TOKEN_WORD) {
        assert_true(t->start >= c->end || (t->start == c->start && t->end == c->end));
        c->start = t->start;
        c->end = t->end;
    }
    return 0;
}

/* Would not end in its time were anything quadratic. */
static void long_words_and_chains_take_linear_time(void **state)
{
    static const struct {
        const char *piece;
        size_t words; /* of each piece; 0: one of all */
    } rows[] = {
        {"a", 0},        {"aB", 0},           {"a.", 0},     {"a_", 0},
        {"1,", 0},       {"a'", 0},           {"a-", 1},     {"a&", 1},
        {"\u0301", 0},   {"e\u0301", 0},      {"\u00C9", 0}, {"日", 1},
        {"日\u0301", 1}, {"ア", 1},           {"\u3300", 4}, {"ก", 1},
        {"ก\u0E31", 1},  {"\u1780\u17D2", 0}, {"ﾞ", 0},      {"ไa", 2},
        {"\uFDFA", 4},   {"א'", 0},           {"-", 0},      {"\u200D", 0},
    };
    const size_t size = 1 << 20;
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t piece = strlen(rows[i].piece), n = size / piece;
        for (size_t k = 0; k < n; k++)
            memcpy(text + k * piece, rows[i].piece, piece);
        struct count c = {0};
        assert_int_equal(analyzer_run(analyzer, text, n * piece, count_token, &c), 0);
        if (rows[i].words > 0 && strcmp(rows[i].piece, "\uFDFA") != 0)
            assert_int_equal(c.words, rows[i].words * n);
        else
            assert_in_range(c.words, 0, 2048);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_well_formed),
        cmocka_unit_test(tokens_depend_on_the_text_alone),
        cmocka_unit_test(copied_words_are_found_where_they_stand),
        cmocka_unit_test(ascii_gives_what_the_long_way_does),
        cmocka_unit_test(skimming_leaves_out_what_nobody_wants),
        cmocka_unit_test(skimming_ends_with_the_text),
        cmocka_unit_test(skimming_tells_a_word_now_and_then),
        cmocka_unit_test(long_words_and_chains_take_linear_time),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
