/* Names of languages, and which of them a text is in. */
#include "index/text/lang.h"

#include <stdbool.h>

#include "tests/support/support.h"

static struct sx_str str(const char *z)
{
    return (struct sx_str){z, strlen(z)};
}

/* Detects in a heap copy of exactly the text's size, so that a byte too far is caught. */
static int detect(const char *text, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, text, len);
    int lang = lang_detect(copy, len);
    free(copy);
    return lang;
}

static void tags_have_numbers_and_numbers_codes(void **state)
{
    (void)state;
    for (int lang = 0; lang < LANG_COUNT; lang++)
        assert_int_equal(lang_number(str(lang_code(lang))), lang);
    assert_int_equal(lang_number(str("pt-BR")), LANG_PT);
    assert_int_equal(lang_number(str("ZH-Hant")), LANG_ZH);
    assert_int_equal(lang_number(str("en_GB")), LANG_EN);
    assert_int_equal(lang_number(str("nb")), LANG_NO);
    assert_int_equal(lang_number(str("IW")), LANG_HE);
    const char *unknown[] = {"", "e", "-", "eng", "english", "xx", "x-klingon", "e\xC3", "en US"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_int_equal(lang_number(str(unknown[i])), -1);
    assert_int_equal(lang_number((struct sx_str){NULL, 0}), -1);
}

static void letters_have_scripts(void **state)
{
    static const struct {
        uint32_t cp;
        enum script script;
    } rows[] = {
        {'a', SCRIPT_LATIN},      {'Z', SCRIPT_LATIN},       {'@', SCRIPT_NONE},
        {'[', SCRIPT_NONE},       {'0', SCRIPT_NONE},        {0xD7, SCRIPT_NONE},
        {0xE9, SCRIPT_LATIN},     {0x1EC7, SCRIPT_LATIN},    {0x3B1, SCRIPT_GREEK},
        {0x44F, SCRIPT_CYRILLIC}, {0x5D0, SCRIPT_HEBREW},    {0x627, SCRIPT_ARABIC},
        {0x661, SCRIPT_NONE},     {0x60C, SCRIPT_NONE},      {0x930, SCRIPT_DEVANAGARI},
        {0x966, SCRIPT_NONE},     {0x4E00, SCRIPT_HAN},      {0x9FFF, SCRIPT_HAN},
        {0x2A6D6, SCRIPT_HAN},    {0x3042, SCRIPT_KANA},     {0xFF71, SCRIPT_KANA},
        {0xAC00, SCRIPT_HANGUL},  {0xE01, SCRIPT_THAI},      {0x301, SCRIPT_NONE},
        {0x10FFFF, SCRIPT_NONE},  {0xFFFFFFFF, SCRIPT_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(script_of(rows[i].cp), rows[i].script);
    assert_int_equal(lang_script(LANG_JA), SCRIPT_KANA);
    assert_int_equal(lang_script(LANG_UK), SCRIPT_CYRILLIC);
}

/* The lines of languages.txt. */
struct texts {
    int total, right, wrong;
    bool covered[LANG_COUNT];
};

static void try_line(struct texts *t, const char *line)
{
    const char *text = strchr(line, ' ');

    assert_non_null(text);
    int expected = lang_number((struct sx_str){line, (size_t)(text - line)});
    int lang = detect(text + 1, strlen(text + 1));
    t->total++;
    t->right += lang == expected;
    t->wrong += lang != expected && lang != -1;
    if (expected >= 0)
        t->covered[expected] = true;
    if (lang != expected)
        print_message("%s for %s\n", lang >= 0 ? lang_code(lang) : "-", line);
}

static void texts_are_told_apart(void **state)
{
    struct texts t = {0};
    char path[4096], line[4096];

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/unit/text/languages.txt", source_dir());
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#')
            try_line(&t, line);
    }
    fclose(f);
    print_message("%d texts: %d right, %d wrong\n", t.total, t.right, t.wrong);
    for (int lang = 0; lang < LANG_COUNT; lang++)
        if (!t.covered[lang])
            fail_msg("no text in %s", lang_code(lang));
    assert_true(t.right * 100 >= t.total * 97);
    assert_true(t.wrong * 100 <= t.total);
}

static void nothing_is_guessed_from_little(void **state)
{
    const char *texts[] = {"",   " ",      "the", "der",      "OK", "8200",
                           "人", "Müller", "é",   "\xFF\xFE", "и"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(detect(texts[i], strlen(texts[i])), -1);
    assert_int_equal(lang_detect(NULL, 0), -1);
}

/* Two languages in one text: the one with the most of it, or none. */
static void the_majority_decides(void **state)
{
    static const struct {
        int lang;
        const char *text;
    } rows[] = {
        {LANG_EN,
         "The minister told the press in Paris that he was not in favour of the plan: «Je ne suis "
         "pas pour.» His party had said that it would vote for it in the spring."},
        {LANG_DE,
         "Der Verein mit dem Namen «The Friends of the Lake» hat am Montag erklärt, dass er sich "
         "nicht auflösen wird, weil noch viel zu tun ist."},
        {LANG_RU,
         "Компания Microsoft сообщила, что сервис Azure не будет доступен для этого заказчика, "
         "пишет The Guardian."},
        {LANG_JA, "MicrosoftはAzureの一部のサービスを停止したと発表しました。"},
        {LANG_ZH, "微软公司表示已停止向该部队提供Azure服务,因为违反了使用条款の规定。"},
        {LANG_KO, "마이크로소프트(Microsoft)는 北 관련 서비스를 중단했다고 밝혔다."},
        {LANG_AR, "قالت شركة Microsoft إنها أوقفت هذه الخدمات بعد التحقيق في الأمر"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(detect(rows[i].text, strlen(rows[i].text)), rows[i].lang);
}

static void case_and_decomposed_marks_do_not_matter(void **state)
{
    const char *loud = "THE COUNCIL VOTED ON TUESDAY TO CLOSE TWO OF ITS FIVE LIBRARIES";
    const char *apart =
        "Scho\u0308ne Gru\u0308\u00DFe: wir ko\u0308nnen fu\u0308r das Haus nicht mehr "
        "zahlen, weil es zu teuer ist";

    (void)state;
    assert_int_equal(detect(loud, strlen(loud)), LANG_EN);
    assert_int_equal(detect(apart, strlen(apart)), LANG_DE);
}

static void only_the_beginning_is_read(void **state)
{
    static char text[40000];
    const char *en = "It was said that they would not be there for the rest of the year. ";
    const char *de = "Es wurde gesagt, dass sie nicht mehr für den Rest der Zeit da sind. ";
    size_t len = 0;

    (void)state;
    while (len < 16384)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", en);
    size_t first = len;
    while (len < sizeof(text) - 100)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", de);
    assert_int_equal(detect(text, len), LANG_EN);
    assert_int_equal(detect(text + first, len - first), LANG_DE);
}

/* Bytes of any kind, and valid text cut anywhere: nothing beyond the end is read. */
static void any_bytes_will_do(void **state)
{
    const char *text = "Śnieg тает はやい 한국어 ไทย বাংলা Ελλάδα ệ עברית العربية \xF0\x9F\x98\x80";
    unsigned char bytes[200];
    uint32_t seed = 7;

    (void)state;
    for (size_t len = 0; len <= strlen(text); len++)
        for (size_t at = 0; at < len; at += 3)
            detect(text + at, len - at);
    for (int round = 0; round < 20000; round++) {
        size_t len = (seed >> 8) % sizeof(bytes);
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            bytes[i] = (unsigned char)(seed >> 24);
            if (round % 2 != 0) /* mostly letters of two bytes */
                bytes[i] = i % 2 == 0 ? 0xC3 + bytes[i] % 0x18 : 0x80 | (bytes[i] & 0x3F);
        }
        int lang = detect((const char *)bytes, len);
        assert_in_range(lang + 1, 0, LANG_COUNT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_have_numbers_and_numbers_codes),
        cmocka_unit_test(letters_have_scripts),
        cmocka_unit_test(texts_are_told_apart),
        cmocka_unit_test(nothing_is_guessed_from_little),
        cmocka_unit_test(the_majority_decides),
        cmocka_unit_test(case_and_decomposed_marks_do_not_matter),
        cmocka_unit_test(only_the_beginning_is_read),
        cmocka_unit_test(any_bytes_will_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
