/* The analyzer: golden terms for many scripts, and what must hold of any text. */
#include "index/text/analyzer.h"

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/utf8.h"
#include "tests/support/support.h"
#include "tests/unit/text/random_text.h"

#define TOKENS_MAX 2048

/* The tokens of one text, terms copied. */
struct tokens {
    size_t count, bytes;
    struct {
        uint32_t start, end;
        size_t term, len; /* in `terms` */
    } at[TOKENS_MAX];
    char terms[1 << 16];
};

static struct analyzer *analyzer;
static struct tokens first, second;

static int set_up(void **state)
{
    (void)state;
    analyzer = analyzer_new();
    return analyzer == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    analyzer_free(analyzer);
    return 0;
}

static int collect(void *ctx, const struct token *t)
{
    struct tokens *to = ctx;

    assert_true(to->count < TOKENS_MAX && to->bytes + t->term.len <= sizeof(to->terms));
    assert_int_equal(t->kind, TOKEN_WORD);
    to->at[to->count].start = t->start;
    to->at[to->count].end = t->end;
    to->at[to->count].term = to->bytes;
    to->at[to->count++].len = t->term.len;
    memcpy(to->terms + to->bytes, t->term.ptr, t->term.len);
    to->bytes += t->term.len;
    return 0;
}

static void run_with(struct analyzer *a, const char *text, size_t len, struct tokens *out)
{
    out->count = out->bytes = 0;
    assert_int_equal(analyzer_run(a, text, len, collect, out), 0);
}

static void run(const char *text, size_t len, struct tokens *out)
{
    run_with(analyzer, text, len, out);
}

static bool same_terms(const struct tokens *a, const struct tokens *b)
{
    if (a->count != b->count || a->bytes != b->bytes || memcmp(a->terms, b->terms, a->bytes) != 0)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->at[i].len != b->at[i].len)
            return false;
    return true;
}

/* The terms with a bar between. */
static const char *joined(const struct tokens *t)
{
    static char out[sizeof(t->terms) + TOKENS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < t->count; i++) {
        if (i > 0)
            out[n++] = '|';
        memcpy(out + n, t->terms + t->at[i].term, t->at[i].len);
        n += t->at[i].len;
    }
    out[n] = '\0';
    return out;
}

static const struct {
    const char *text, *terms;
} samples[] = {
    /* English, and what looks like code */
    {"The Quick Brown Fox, it's JUMPING!", "the|quick|brown|fox|it's|jumping"},
    {"don\u2019t stop\u2014state-of-the-art", "don\u2019t|stop|state|of|the|art"},
    {"C++ node.js foo_bar user@example.com", "c|node.js|foo_bar|user@example.com"},
    {"3.14 1,000 AT&T a:b 12:30 x=1;2", "3.14|1,000|at|t|a|b|12|30|x|1;2"},
    {"_ __init__ a_ .net ...", "__init__|a_|net"},
    {"caf\u00E9 CAFE\u0301 na\u00EFve \u00C5ngstr\u00F6m",
     "caf\u00E9|caf\u00E9|na\u00EFve|\u00E5ngstr\u00F6m"},
    {"\uFB01le o\uFB03ce co\u00ADoperate", "file|office|cooperate"},
    {"\uFF26\uFF55\uFF4C\uFF4C \uFF11\uFF12 \uFF57\uFF49\uFF44\uFF45", "full|12|wide"},
    /* German, Turkish, Vietnamese */
    {"Stra\u00DFe STRASSE Gr\u00F6\u00DFe GRO\u1E9E", "strasse|strasse|gr\u00F6sse|gross"},
    {"\u0130stanbul I\u011Fd\u0131r", "i\u0307stanbul|i\u011Fd\u0131r"},
    {"Ti\u1EBFng Vi\u1EC7t, \u0110\u00E0 N\u1EB5ng", "ti\u1EBFng|vi\u1EC7t|\u0111\u00E0|n\u1EB5ng"},
    {"Tie\u0302\u0301ng Vie\u0323\u0302t", "ti\u1EBFng|vi\u1EC7t"},
    /* Greek with its final sigma, Russian */
    {"\u039F\u0394\u03A5\u03A3\u03A3\u0395\u03A5\u03A3 "
     "\u03BF\u03B4\u03C5\u03C3\u03C3\u03B5\u03C5\u03C2",
     "\u03BF\u03B4\u03C5\u03C3\u03C3\u03B5\u03C5\u03C3|"
     "\u03BF\u03B4\u03C5\u03C3\u03C3\u03B5\u03C5\u03C3"},
    {"Россия и Украина, Съешь ЕЩЁ", "россия|и|украина|съешь|ещё"},
    /* Arabic, also with vowel signs; Hebrew with gershayim, geresh, points */
    {"كتاب العربية، كِتَابُ", "كتاب|العربية|كِتَابُ"},
    {"צה\"ל \"שלום\" ג'ירפה ג'", "צה\"ל|שלום|ג'ירפה|ג'"},
    {"בְּרֵאשִׁית", "בְּרֵאשִׁית"},
    /* Hindi, Bengali, Tamil: vowel signs stay in the word */
    {"भारत की राजधानी दिल्ली है।", "भारत|की|राजधानी|दिल्ली|है"},
    {"ফিলিস্তিনের স্বীকৃতি", "ফিলিস্তিনের|স্বীকৃতি"},
    {"தமிழ்நாடு மொழி", "தமிழ்நாடு|மொழி"},
    /* Thai, Chinese, Japanese, Korean: by dictionary, by spaces */
    {"ภาษาไทยไม่มีการเว้นวรรค", "ภาษา|ไทย|ไม่มี|การ|เว้น|วรรค"},
    {"我爱北京天安门。", "我|爱|北京|天安门"},
    {"東京都に住んでいます", "東京|都|に|住|んで|い|ます"},
    {"データベース ﾃﾞｰﾀﾍﾞｰｽ", "データベース|データベース"},
    {"한국어를 공부합니다.", "한국어를|공부합니다"},
    {"\u1112\u1161\u11AB\u1100\u116E\u11A8", "한국"}, /* written in single letters */
    {"Linux用户 and 日本", "linux|用户|and|日本"},
    /* one sign for several words, and for none */
    {"\uFDFA!", "صلى|الله|عليه|وسلم"},
    {"x \u1160 \uFFA0 \u00AD \u200D y", "x|y"},
    {"\u24C2 \u2163 1\uFE0F\u20E3 \U0001F600", "m|iv|1\u20E3"},
    {"", ""},
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void samples_give_their_terms(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        run(samples[i].text, strlen(samples[i].text), &first);
        assert_string_equal(joined(&first), samples[i].terms);
    }
}

static void offsets_are_those_of_the_word_as_written(void **state)
{
    static const char text[] = "a \xFF\xC3\xA9t\xC3\xA9, Stra\xC3\x9F"
                               "e\xC3 \xEF\xB7\xBA!";
    static const uint32_t want[][2] = {{0, 1},   {3, 8},   {10, 17}, {19, 22},
                                       {19, 22}, {19, 22}, {19, 22}};

    (void)state;
    run(text, sizeof(text) - 1, &first);
    assert_int_equal(first.count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(first.at[i].start, want[i][0]);
        assert_int_equal(first.at[i].end, want[i][1]);
    }
}

/* What the FTS5 adapter and the highlighter count on. */
static void assert_well_formed(const struct tokens *t, size_t len)
{
    uint32_t start = 0, end = 0;

    for (size_t i = 0; i < t->count; i++) {
        const char *term = t->terms + t->at[i].term;
        size_t n = t->at[i].len;
        assert_in_range(n, 1, TERM_MAX);
        assert_int_equal(utf8_check(term, n), n);
        for (size_t b = 0; b < n; b++)
            assert_true((unsigned char)term[b] > 0x20 && term[b] != 0x7F);
        assert_true(t->at[i].start < t->at[i].end && t->at[i].end <= len);
        bool same = t->at[i].start == start && t->at[i].end == end;
        assert_true(same || t->at[i].start >= end);
        start = t->at[i].start;
        end = t->at[i].end;
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

static void any_text_gives_well_formed_tokens(void **state)
{
    static char text[800];
    uint64_t seed = 11;

    (void)state;
    for (int i = 0; i < 60000; i++) {
        size_t len = random_text(&seed, text, i % 50 == 0 ? sizeof(text) : 48, (uint32_t)i % 256);
        run(text, len, &first);
        assert_well_formed(&first, len);
        assert_on_code_points(&first, text, len);
        for (size_t n = len / 8; n > 0; n--)
            text[random_below(&seed, (uint32_t)len)] = (char)random_below(&seed, 256);
        run(text, len, &first);
        assert_well_formed(&first, len);
    }
}

static void assert_lower_changes_nothing(const char *text, size_t len)
{
    struct buf lower = {0};

    analyzer_lower(text, len, &lower);
    assert_true(buf_ok(&lower));
    run(text, len, &first);
    run(lower.data == NULL ? "" : lower.data, lower.len, &second);
    if (!same_terms(&first, &second))
        fail_msg("%.*s -> %.*s", (int)len, text, (int)lower.len, lower.data);
    buf_release(&lower);
}

static void lower_case_gives_the_same_terms(void **state)
{
    static char text[256];
    uint64_t seed = 12;

    (void)state;
    for (size_t i = 0; i < SAMPLES; i++)
        assert_lower_changes_nothing(samples[i].text, strlen(samples[i].text));
    for (int i = 0; i < 100000; i++) {
        size_t len = random_text(&seed, text, i % 50 == 0 ? sizeof(text) : 48, (uint32_t)i % 256);
        if (i % 4 == 0 && len > 0)
            text[random_below(&seed, (uint32_t)len)] = (char)random_below(&seed, 256);
        assert_lower_changes_nothing(text, len);
    }
}

/* Alone, between letters, and behind a joiner: where a letter's kind may show. */
static void every_letter_in_lower_case_gives_the_same_terms(void **state)
{
    static const char *const before[] = {"", "a", "1", ".\u200D", "\u0391\u0301"};
    static const char *const after[] = {"", "b", "2", "\u0345\u0301", "'c"};

    (void)state;
    for (uint32_t cp = 1; cp < 0x1F200; cp++) {
        if (cp >= 0x2E80 && cp < 0xA640)
            cp = 0xA640; /* no case in between: Chinese, Japanese, Yi */
        if (cp >= 0xAC00 && cp < 0xFB00)
            cp = 0xFB00; /* nor here: Korean, surrogates, private use */
        for (size_t i = 0; i < 5; i++) {
            char text[32], bytes[4];
            int n = snprintf(text, sizeof(text), "%s%.*s%s", before[i], (int)utf8_encode(cp, bytes),
                             bytes, after[i]);
            assert_lower_changes_nothing(text, (size_t)n);
        }
    }
}

static void assert_lower(const char *text, const char *want)
{
    struct buf lower = {0};

    analyzer_lower(text, strlen(text), &lower);
    assert_string_equal(buf_cstr(&lower), want);
    buf_release(&lower);
}

static void lower_case_keeps_what_folds_otherwise(void **state)
{
    (void)state;
    assert_lower("HELLO World_9 \xFF[@Z", "hello world_9 \xFF[@z");
    assert_lower("STRASSE Stra\u00DFe \u1E9E", "strasse stra\u00DFe \u00DF");
    assert_lower("\u0130I\u0131", "\u0130i\u0131");
    assert_lower("\u039F\u0394\u039F\u03A3", "\u03BF\u03B4\u03BF\u03C3");
    assert_lower("\u24C2 \u24B6 \U00010400", "\u24C2 \u24D0 \U00010428");
    assert_lower("МОСКВА", "москва");
}

/* Same text, same tokens: whatever this analyzer read before, and in a fresh one. */
static void tokens_depend_on_the_text_alone(void **state)
{
    static char text[200], other[200];
    uint64_t seed = 13;

    (void)state;
    for (int i = 0; i < 1500; i++) {
        size_t len = random_text(&seed, text, sizeof(text), (uint32_t)i % 256);
        struct analyzer *fresh = analyzer_new();
        assert_non_null(fresh);
        run_with(fresh, text, len, &first);
        analyzer_free(fresh);
        run(other, random_text(&seed, other, sizeof(other), 160), &second);
        run(text, len, &second);
        assert_true(same_terms(&first, &second));
        assert_memory_equal(first.at, second.at, first.count * sizeof(first.at[0]));
    }
}

/* Scripts in which a dictionary finds the words are left out: there a word alone may break
 * otherwise than among others. */
static void a_term_is_its_own_only_term(void **state)
{
    static const uint32_t blocks[] = {0,  1,  2,  3,  4,  5,  6,  7,  8, 9,
                                      10, 11, 17, 18, 19, 20, 30, 33, 34};
    uint64_t seed = 14;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[64];
        size_t len = 0;
        while (len < 40) {
            const uint32_t *b = random_blocks[blocks[random_below(&seed, 19)]];
            uint32_t wide = b[0] + random_below(&seed, b[1] - b[0] + 1);
            uint32_t ascii = (uint32_t)random_ascii(&seed);
            len += utf8_encode(random_below(&seed, 3) == 0 ? ascii : wide, text + len);
        }
        run(text, len, &first);
        for (size_t t = 0; t < first.count; t++) {
            const char *term = first.terms + first.at[t].term;
            run(term, first.at[t].len, &second);
            if (second.count != 1 || second.bytes != first.at[t].len ||
                memcmp(second.terms, term, second.bytes) != 0)
                fail_msg("%.*s: %s", (int)first.at[t].len, term, joined(&second));
        }
    }
}

static void a_long_word_is_cut_at_a_code_point(void **state)
{
    static char text[4000];

    (void)state;
    memset(text, 'A', 1000);
    run(text, 1000, &first);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.bytes, TERM_MAX);
    assert_int_equal(first.terms[TERM_MAX - 1], 'a');
    assert_int_equal(first.at[0].end, 1000);

    for (size_t i = 0; i < 500; i++)
        utf8_encode(0x0416, text + 2 * i); /* of two bytes each: 127 fit */
    run(text, 1000, &first);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.bytes, 254);
    assert_int_equal(utf8_check(first.terms, 254), 254);
    assert_int_equal(first.at[0].end, 1000);

    for (size_t i = 0; i < 900; i++)
        utf8_encode(0x10400, text + 4 * i); /* 1800 units: the fold's limit cuts too */
    run(text, 3600, &first);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.bytes, 252);
    assert_int_equal(first.at[0].end, 3600);

    memmove(text + 1, text, 3600); /* and in the middle of a pair */
    text[0] = 'A';
    run(text, 3601, &first);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.bytes, 253);
    assert_int_equal(first.at[0].end, 3601);
}

static int stop_at_third(void *ctx, const struct token *t)
{
    (void)t;
    return ++*(int *)ctx == 3 ? 77 : 0;
}

static void the_callback_can_stop(void **state)
{
    static const char *const texts[] = {"a b c d", "\u00E9 \u00E8 \u00E0 \u00FC", "\uFDFA"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        int calls = 0;
        assert_int_equal(analyzer_run(analyzer, texts[i], strlen(texts[i]), stop_at_third, &calls),
                         77);
        assert_int_equal(calls, 3);
    }
}

/* One try with the allocation after `n` failing; true when it did. */
static bool survives_failure(long n, const char *text, size_t len)
{
    mem_fail_after(n);
    struct analyzer *a = analyzer_new();
    first.count = first.bytes = 0;
    int rc = a == NULL ? ANALYZER_NOMEM : analyzer_run(a, text, len, collect, &first);
    struct buf lower = {0};
    analyzer_lower(text, len, &lower);
    bool failed = mem_failed() != 0, lowered = buf_ok(&lower);
    mem_fail_after(-1);
    buf_release(&lower);

    assert_true(rc == 0 || rc == ANALYZER_NOMEM);
    assert_int_equal(failed, rc != 0 || !lowered);
    if (a != NULL) { /* it is none the worse */
        run_with(a, text, len, &first);
        run(text, len, &second);
        assert_true(same_terms(&first, &second));
    }
    analyzer_free(a);
    return failed;
}

static void failing_memory_is_reported_and_harmless(void **state)
{
    static char text[3000];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t n = strlen(samples[i].text);
        assert_true(len + n < sizeof(text));
        memcpy(text + len, samples[i].text, n);
        len += n;
        text[len++] = '\n';
    }
    long n = 0;
    while (survives_failure(n, text, len))
        n++;
    assert_true(n >= 4); /* the analyzer, a run, a folded word, the lower case */
}

static void too_long_a_text_is_refused(void **state)
{
    (void)state;
    assert_int_equal(analyzer_run(analyzer, "a", ANALYZER_TEXT_MAX + 1, collect, &first),
                     ANALYZER_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_give_their_terms),
        cmocka_unit_test(offsets_are_those_of_the_word_as_written),
        cmocka_unit_test(any_text_gives_well_formed_tokens),
        cmocka_unit_test(lower_case_gives_the_same_terms),
        cmocka_unit_test(every_letter_in_lower_case_gives_the_same_terms),
        cmocka_unit_test(lower_case_keeps_what_folds_otherwise),
        cmocka_unit_test(tokens_depend_on_the_text_alone),
        cmocka_unit_test(a_term_is_its_own_only_term),
        cmocka_unit_test(a_long_word_is_cut_at_a_code_point),
        cmocka_unit_test(the_callback_can_stop),
        cmocka_unit_test(failing_memory_is_reported_and_harmless),
        cmocka_unit_test(too_long_a_text_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
