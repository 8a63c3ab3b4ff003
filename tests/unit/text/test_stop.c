/* Stop words: every list folds to terms, and only to those. */
#include "index/text/stop.h"

#include <stdbool.h>

#include "index/base/alloc.h"
#include "index/text/analyzer.h"
#include "tests/support/support.h"

static bool is(int lang, const char *term)
{
    return stop_is(lang, (struct sx_str){term, strlen(term)});
}

/* First of all: nothing has folded the lists yet. */
static void running_out_of_memory_is_told_and_mended(void **state)
{
    long n = 0;

    (void)state;
    for (;; n++) {
        mem_fail_after(n);
        bool ready = stop_init();
        int failed = mem_failed();
        mem_fail_after(-1);
        assert_int_equal(ready, !failed);
        if (ready)
            break;
    }
    assert_true(n > 2);
    assert_true(is(LANG_EN, "the"));
}

struct folded {
    int lang, words;
};

static int is_stop_token(void *ctx, const struct token *t)
{
    struct folded *f = ctx;

    if (t->kind == TOKEN_WORD) {
        f->words++;
        assert_true(stop_is(f->lang, t->term));
    }
    return 0;
}

static void every_entry_is_one_word_and_found(void **state)
{
    struct analyzer *a = analyzer_new();

    (void)state;
    assert_non_null(a);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        int entries = 0;
        for (const char *const *word = stop_lists[lang]; word != NULL && *word != NULL; word++) {
            struct folded f = {lang, 0};
            assert_int_equal(analyzer_run(a, *word, strlen(*word), is_stop_token, &f), 0);
            if (f.words != 1)
                fail_msg("%s: %s is %d words", lang_code(lang), *word, f.words);
            entries++;
        }
        assert_true(entries == 0 || (entries >= 30 && entries <= 300));
    }
    analyzer_free(a);
}

static void the_promised_languages_have_lists(void **state)
{
    const char *codes =
        "en de fr es it pt nl sv da no fi ru uk pl tr ar he fa hi bn id ro hu cs el vi";

    (void)state;
    for (; *codes != '\0'; codes += codes[2] == ' ' ? 3 : 2)
        assert_non_null(stop_lists[lang_number((struct sx_str){codes, 2})]);
    assert_null(stop_lists[LANG_ZH]);
}

static void a_word_stops_only_in_its_languages(void **state)
{
    (void)state;
    assert_true(is(LANG_DE, "die"));
    assert_false(is(LANG_EN, "die"));
    assert_true(is(LANG_EN, "have"));
    assert_false(is(LANG_DE, "have"));
    assert_true(is(LANG_NO, "har") && is(LANG_DA, "har") && is(LANG_SV, "har"));
    assert_false(is(LANG_ZH, "the"));
    assert_false(is(-1, "the"));
    assert_false(is(LANG_COUNT, "the"));
    assert_false(is(LANG_EN, ""));
    assert_true(is(LANG_RU, "которые"));
    assert_true(is(LANG_HI, "है"));
}

/* What a text is about stays, and what turns its sense around. */
static void words_with_a_meaning_stay(void **state)
{
    static const struct {
        int lang;
        const char *term;
    } rows[] = {
        {LANG_EN, "not"},   {LANG_EN, "no"},   {LANG_EN, "minister"}, {LANG_EN, "8200"},
        {LANG_DE, "nicht"}, {LANG_DE, "kein"}, {LANG_FR, "pas"},      {LANG_FR, "ete"},
        {LANG_ES, "no"},    {LANG_IT, "non"},  {LANG_RU, "не"},       {LANG_VI, "da"},
        {LANG_TR, "degil"}, {LANG_PL, "nie"},  {LANG_AR, "لا"},       {LANG_HE, "לא"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (is(rows[i].lang, rows[i].term))
            fail_msg("%s stops in %s", rows[i].term, lang_code(rows[i].lang));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_out_of_memory_is_told_and_mended),
        cmocka_unit_test(every_entry_is_one_word_and_found),
        cmocka_unit_test(the_promised_languages_have_lists),
        cmocka_unit_test(a_word_stops_only_in_its_languages),
        cmocka_unit_test(words_with_a_meaning_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
