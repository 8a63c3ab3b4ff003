/* Segmentation against its oracle: ICU over the whole text at once. */
#include "index/text/segment.h"

#include <unicode/uscript.h>

#include "index/base/utf8.h"
#include "tests/support/support.h"
#include "tests/unit/text/random_text.h"

#define WORDS_MAX 32768

struct spans {
    size_t count;
    struct {
        uint32_t start, end;
    } at[WORDS_MAX];
};

static struct segmenter segmenter;
static UBreakIterator *oracle;
static struct spans got, want;

static int set_up(void **state)
{
    UErrorCode status = U_ZERO_ERROR;

    (void)state;
    oracle = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
    return segment_init(&segmenter) && U_SUCCESS(status) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    segment_release(&segmenter);
    ubrk_close(oracle);
    return 0;
}

static bool is_han(UChar unit)
{
    UErrorCode status = U_ZERO_ERROR;

    return uscript_getScript(unit, &status) == USCRIPT_HAN;
}

/* ICU's words, by a map from each UTF-16 unit to its byte. */
static void ask_oracle(const char *text, size_t len)
{
    static UChar units[1 << 16];
    static uint32_t byte_of[1 << 16];
    int32_t n = 0;

    for (size_t i = 0, size; i < len; i += size) {
        uint32_t cp = utf8_next(text + i, len - i, &size);
        if (cp == 0xFFFD && size == 1)
            cp = '\n';
        byte_of[n] = byte_of[n + 1] = (uint32_t)i;
        U16_APPEND_UNSAFE(units, n, cp);
        assert_in_range(n, 0, (1 << 16) - 3);
    }
    byte_of[n] = (uint32_t)len;
    UErrorCode status = U_ZERO_ERROR;
    ubrk_setText(oracle, units, n, &status);
    assert_true(U_SUCCESS(status));
    want.count = 0;
    for (int32_t from = 0, to; (to = ubrk_next(oracle)) != UBRK_DONE; from = to)
        if (ubrk_getRuleStatus(oracle) >= UBRK_WORD_NONE_LIMIT || is_han(units[from])) {
            assert_in_range(want.count, 0, WORDS_MAX - 1);
            want.at[want.count].start = byte_of[from];
            want.at[want.count++].end = byte_of[to];
        }
}

/* Our words; each must come with its own text in UTF-16, or be ASCII. */
static void ask_segmenter(const char *text, size_t len)
{
    struct word w;
    int rc;

    segment_begin(&segmenter, text, len);
    got.count = 0;
    while ((rc = segment_next(&segmenter, &w)) == 1) {
        assert_in_range(got.count, 0, WORDS_MAX - 1);
        got.at[got.count].start = w.start;
        got.at[got.count++].end = w.end;
        UChar units[512];
        int32_t n = 0;
        for (size_t i = w.start, size; i < w.end; i += size) {
            uint32_t cp = utf8_next(text + i, w.end - i, &size);
            if (w.units == NULL)
                assert_in_range(cp, 0, 0x7F);
            else if (n < 510)
                U16_APPEND_UNSAFE(units, n, cp);
        }
        assert_true(w.units == NULL || n >= 510 || n == w.units_len);
        assert_memory_equal(w.units == NULL ? units : w.units, units, (size_t)n * sizeof(UChar));
    }
    assert_int_equal(rc, 0);
}

static void show(const char *who, const struct spans *s, const char *text)
{
    print_message("%s:", who);
    for (size_t i = 0; i < s->count; i++)
        print_message(" %u[%.*s]", s->at[i].start, (int)(s->at[i].end - s->at[i].start),
                      text + s->at[i].start);
    print_message("\n");
}

static void assert_as_icu(const char *text, size_t len)
{
    ask_oracle(text, len);
    ask_segmenter(text, len);
    if (got.count == want.count && memcmp(got.at, want.at, got.count * sizeof(got.at[0])) == 0)
        return;
    show("want", &want, text);
    show("got ", &got, text);
    fail_msg("words differ from ICU's in a text of %zu bytes", len);
}

static void every_short_ascii_text_breaks_as_icu_says(void **state)
{
    static const char kinds[] =
        "aB7_.',;\"@: \n\x01"; /* each class, and each member of a small one */
    char text[5];

    (void)state;
    for (size_t len = 1; len <= sizeof(text); len++) {
        size_t n = sizeof(kinds) - 1, all = 1;
        for (size_t i = 0; i < len; i++)
            all *= n;
        for (size_t code = 0; code < all; code += len < 5 ? 1 : 3) {
            for (size_t i = 0, rest = code; i < len; i++, rest /= n)
                text[i] = kinds[rest % n];
            assert_as_icu(text, len);
        }
    }
}

static void every_ascii_character_has_icus_class(void **state)
{
    static const char *const frames[] = {"a%cb", "1%c2", "a%c1", "1%cb",
                                         "_%c_", "%c",   " %c ", "a%c%c"};
    char text[16];

    (void)state;
    for (int c = 0; c < 128; c++)
        for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
            size_t len = 0;
            for (const char *f = frames[i]; *f != '\0'; f++)
                text[len++] = (char)(*f == '%' && f++ != NULL ? c : *f);
            assert_as_icu(text, len);
        }
}

/* Each in turn between letters, digits, kana and the like, behind a mark, at both ends. */
static void every_character_breaks_as_icu_says(void **state)
{
    static const char *const around[][2] = {
        {"", ""},
        {"a", "b"},
        {"1", "2"},
        {"_", "_"},
        {"\u05D0", "\u05D0"},
        {" ", "a"},
        {"\uD55C", "\uD55C"},
        {"\u30A2", "\u30A2"},
        {"\u4EBA", ". "},
        {"a\u0301", "\u0301b"},
        {"a.", "b"},
        {"\u0E01", "\u0E02"},
        {"1,", "2"},
        {"\u3042", "1"},
    };
    char text[32], bytes[4];

    (void)state;
    for (uint32_t cp = 0x80; cp < 0x10000; cp++) {
        if (U16_IS_SURROGATE(cp) || (cp >= 0x3500 && cp < 0x4D00) ||
            (cp >= 0x5000 && cp < 0x9F00) || (cp >= 0xAD00 && cp < 0xD700))
            continue; /* more of the same */
        for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
            int len = snprintf(text, sizeof(text), "%s%.*s%s", around[i][0],
                               (int)utf8_encode(cp, bytes), bytes, around[i][1]);
            assert_as_icu(text, (size_t)len);
        }
    }
}

static void random_texts(uint64_t seed, int count, size_t cap, uint32_t wide)
{
    static char text[1 << 14];

    for (int i = 0; i < count; i++)
        assert_as_icu(text, random_text(&seed, text, cap, wide));
}

static void random_ascii_breaks_as_icu_says(void **state)
{
    (void)state;
    random_texts(1, 150000, 40, 0);
}

static void mixed_text_breaks_as_whole_text_does(void **state)
{
    (void)state;
    random_texts(2, 150000, 40, 64);
    random_texts(3, 60000, 60, 200);
    random_texts(4, 20000, 300, 8);
    random_texts(5, 200, 12000, 2);
}

/* All ways to put four of the characters that join, or part, in a row. */
static void every_short_mixed_text_breaks_as_icu_says(void **state)
{
    static const char *const kinds[] = {
        " ",      "\n",     "a",      "1",      "_",      ".",      ",",
        "'",      "\"",     "\u00E9", "\u0301", "\u200D", "\u24C2", "\u05D0",
        "\u0E01", "\u0E31", "\u4EBA", "\u30AB", "\uD55C", "\u0660", "\U0001F1E6",
    };
    const size_t n = sizeof(kinds) / sizeof(kinds[0]);
    char text[32];

    (void)state;
    for (size_t code = 0; code < n * n * n * n; code++) {
        int len = snprintf(text, sizeof(text), "%s%s%s%s", kinds[code % n], kinds[code / n % n],
                           kinds[code / n / n % n], kinds[code / n / n / n]);
        assert_as_icu(text, (size_t)len);
    }
}

/* Text of words and characters that dictionaries know, and what they do not. */
static void words_of_dictionaries_break_as_icu_says(void **state)
{
    static const char often[] =
        "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学"
        "对可她里后小么心"
        "日本語東京都大学生活動物園前後藤井上下水平和食事実際関係者会社員のにをはがでとてしたいます"
        "れるこらなんアイウ"
        "エオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンーガギ"
        "グゲゴッャュョパ"
        "ไทยภาษาการมีที่ให้ของคนกรุงเทพ、。，「」 a1_\u3005\u3007\uFF76\uFF9E\u3099\u0301";
    static char text[1 << 12];
    uint64_t seed = 8;
    bool cjk = segmenter.cjk;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        size_t goal = random_below(&seed, i % 200 == 0 ? sizeof(text) - 32 : 90), len = 0;
        while (len < goal) {
            size_t at =
                utf8_floor(often, sizeof(often) - 1, random_below(&seed, sizeof(often) - 1));
            for (uint32_t n = 1 + random_below(&seed, 4); n > 0 && at < sizeof(often) - 1; n--) {
                size_t size;
                utf8_next(often + at, sizeof(often) - 1 - at, &size);
                memcpy(text + len, often + at, size);
                len += size;
                at += size;
            }
        }
        assert_as_icu(text, len);
        segmenter.cjk = false; /* as under another edition of ICU */
        assert_as_icu(text, len);
        segmenter.cjk = cjk;
    }
}

/* Once a run is long it ends at the first chance, in the middle of whatever stands there. */
static void long_runs_break_as_whole_text_does(void **state)
{
    static char text[50000];
    static const char *const pieces[] = {
        "\u00E9t\u00E9",      "\u05D0", "\"",     "\"",     "'",      ".",      ",", "1", "_", " ",
        "\u0E44\u0E17\u0E22", "\u0E31", "\u4EBA", "\u0301", "\u200D", "\u24C2", "x",
    };
    uint64_t seed = 6;

    (void)state;
    for (int i = 0; i < 300; i++) {
        size_t len = 0;
        while (len < 17500) {
            const char *p = pieces[random_below(&seed, sizeof(pieces) / sizeof(pieces[0]))];
            len = (size_t)(stpcpy(text + len, p) - text);
        }
        assert_as_icu(text, len);
    }
}

static void a_row_of_spaces_before_a_wide_word_is_passed(void **state)
{
    static char text[20010];

    (void)state;
    memset(text, ' ', sizeof(text));
    stpcpy(text + 20000, "\u200D\u24C2 \u00E9");
    for (size_t from = 0; from < 20000; from = from * 2 + 1) {
        assert_as_icu(text + from, sizeof(text) - from);
        assert_int_equal(got.count, 2);
    }
}

static void bad_bytes_separate_as_newlines_do(void **state)
{
    char text[64], clean[64];
    uint64_t seed = 7;

    (void)state;
    for (int i = 0; i < 60000; i++) {
        size_t len = random_text(&seed, text, sizeof(text), 96);
        for (int n = 0; n < 3 && len > 0; n++) /* damage any byte */
            text[random_below(&seed, (uint32_t)len)] = (char)(0x80 + random_below(&seed, 128));
        for (size_t at = 0, size; at < len; at += size) {
            bool bad = utf8_next(text + at, len - at, &size) == 0xFFFD && size == 1;
            memcpy(clean + at, bad ? "\n" : text + at, size);
        }
        ask_segmenter(clean, len);
        want = got;
        ask_segmenter(text, len);
        assert_int_equal(got.count, want.count);
        assert_memory_equal(got.at, want.at, got.count * sizeof(got.at[0]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_short_ascii_text_breaks_as_icu_says),
        cmocka_unit_test(every_ascii_character_has_icus_class),
        cmocka_unit_test(random_ascii_breaks_as_icu_says),
        cmocka_unit_test(mixed_text_breaks_as_whole_text_does),
        cmocka_unit_test(every_short_mixed_text_breaks_as_icu_says),
        cmocka_unit_test(every_character_breaks_as_icu_says),
        cmocka_unit_test(words_of_dictionaries_break_as_icu_says),
        cmocka_unit_test(long_runs_break_as_whole_text_does),
        cmocka_unit_test(a_row_of_spaces_before_a_wide_word_is_passed),
        cmocka_unit_test(bad_bytes_separate_as_newlines_do),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
