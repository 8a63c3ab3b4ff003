/* Clusters: where each ends, and what a cluster that ICU breaks, or one too long, becomes. */
#include "index/text/cluster.h"

#include "index/base/utf8.h"
#include "index/text/chars.h"
#include "tests/unit/text/random_text.h"
#include "tests/unit/text/tokens.h"

static struct fold fold;
static struct run run;
static struct tokens tokens;

static int set_up(void **state)
{
    (void)state;
    return fold_init(&fold) && chars_init() ? 0 : -1;
}

static void bases_end_with_what_extends_them(void **state)
{
    static const char *const clusters[] = {
        "日",  "本", "か\u3099", "ﾃﾞ", "ﾊﾟ",      "ー", "葛\U000E0100", "々", "เ",   "ก",
        "กำ",  "กํา", "น้ำ",       "า",  "ก\u200D", "ປ",  "ນ້ຳ",           "ກໍາ", "ខ្មែ", "រ",
        "ស្រី្ត", "မြ", "န္တ",       "င်္ဂ", "လေး",     "ㄅ", "\U00020000",
    };
    char text[256] = "";
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(clusters) / sizeof(clusters[0]); i++)
        stpcpy(text + strlen(text), clusters[i]);
    for (size_t i = 0; i < sizeof(clusters) / sizeof(clusters[0]); i++) {
        size_t end = cluster_end(text, strlen(text), at);
        assert_int_equal(end - at, strlen(clusters[i]));
        at = end;
    }
    assert_int_equal(at, strlen(text));
}

/* The property that copies rest on: clusters of a text from a cluster on are those of the rest. */
static void what_stands_before_has_no_say(void **state)
{
    char text[64];
    uint64_t seed = 23;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        size_t len = random_text(&seed, text, sizeof(text), 250), at = 0;
        while (at < len) {
            size_t end = cluster_end(text, len, at);
            assert_true(end > at && end <= len);
            assert_int_equal(cluster_end(text + at, len - at, 0), end - at);
            assert_int_equal(cluster_end(text, end, at), end); /* nor the text behind */
            at = end;
        }
    }
}

/* Tells text[0..len) as the words that end at `ends`, in one run. */
static void read_run(const char *text, const uint32_t *ends, size_t count)
{
    struct sink to = {tokens_keep, &tokens};
    uint32_t start = 0;

    tokens.count = tokens.bytes = 0;
    run_begin(&run, &fold, text, strlen(text));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(run_word(&run, start, ends[i], &to), 0);
        start = ends[i];
    }
    assert_int_equal(run_finish(&run, &to), 0);
}

static void a_word_that_breaks_a_cluster_is_no_dictionary_word(void **state)
{
    static const uint32_t ends[] = {6, 12}; /* within the second cluster */

    (void)state;
    read_run("\u1780\u1781\u17D2\u1782\u1783", (const uint32_t[]){6, 15}, 2);
    assert_int_equal(tokens.count, 5); /* three clusters, two pairs */
    for (size_t i = 0; i < tokens.count; i++)
        assert_true(tokens.at[i].kind != TOKEN_DICT);
    read_run("\u1780\u1781\u1782\u1783", ends, 2);
    assert_int_equal(tokens.count, 9); /* four clusters, three pairs, both words */
}

static void words_too_long_for_a_term_are_told_by_clusters_alone(void **state)
{
    static char text[3 * 300 + 1];

    (void)state;
    for (uint32_t words = 80; words <= 300; words += 1) {
        uint32_t end = 3 * words;
        for (uint32_t i = 0; i < words; i++)
            memcpy(text + (size_t)3 * i, "ア", 3);
        text[end] = '\0';
        read_run(text, &end, 1);
        bool told = end < TERM_MAX; /* the mark takes a byte */
        assert_int_equal(tokens.count, 2 * words - 1 + told);
        if (told)
            assert_int_equal(tokens.at[2].span, words);
    }
}

/* What goes the short way folds to itself. */
static void plain_clusters_are_their_own_terms(void **state)
{
    (void)state;
    for (uint32_t cp = 0x0E01; cp < 0xA000; cp++) {
        char text[8] = "";
        UChar unit = (UChar)cp;
        struct sx_str form;
        bool reshaped;
        if (!char_is_unspaced(cp) || char_is_mark(cp))
            continue;
        uint32_t end = (uint32_t)utf8_encode(cp, text);
        read_run(text, &end, 1);
        assert_true(fold_word(&fold, &unit, 1, &form, &reshaped));
        if (reshaped || (form.len > 0 && cluster_end(form.ptr, form.len, 0) < form.len))
            continue; /* several: U+3300 */
        assert_int_equal(tokens.count, form.len > 0);
        if (form.len > 0) {
            assert_int_equal(tokens.at[0].len, form.len);
            assert_memory_equal(tokens.terms, form.ptr, form.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bases_end_with_what_extends_them),
        cmocka_unit_test(what_stands_before_has_no_say),
        cmocka_unit_test(a_word_that_breaks_a_cluster_is_no_dictionary_word),
        cmocka_unit_test(words_too_long_for_a_term_are_told_by_clusters_alone),
        cmocka_unit_test(plain_clusters_are_their_own_terms),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
