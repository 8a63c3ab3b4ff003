/* Folding: the rows of the rule, and what holds for all of Unicode: the table says what the rule
 * says, and what folding gives it leaves as it is. */
#include "index/text/fold.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#include "index/text/segment.h"
#include "tests/support/support.h"
#include "tests/unit/text/random_text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* The longest word of a property test, in units. */
#define WORD_MAX 28

static struct fold fold;

static int set_up(void **state)
{
    (void)state;
    return fold_init(&fold) ? 0 : -1;
}

/* Folds one code point; the form lives in `fold`. */
static struct sx_str fold_cp(uint32_t cp, bool *reshaped)
{
    UChar units[2];
    int32_t len = 0;
    struct sx_str form;

    U16_APPEND_UNSAFE(units, len, cp);
    assert_true(fold_word(&fold, units, len, &form, reshaped));
    return form;
}

static int32_t widen(const char *text, size_t len, UChar *units, int32_t cap)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t n = 0;

    u_strFromUTF8(units, cap, &n, text, (int32_t)len, &status);
    assert_true(U_SUCCESS(status));
    return n;
}

/* Folds text in UTF-8; the form lives in `fold`. */
static struct sx_str fold_text(const char *text, size_t len, bool *reshaped)
{
    UChar units[FOLD_UNITS_MAX];
    struct sx_str form;

    assert_true(fold_word(&fold, units, widen(text, len, units, FOLD_UNITS_MAX), &form, reshaped));
    return form;
}

static void ascii_folds_as_the_rest_does(void **state)
{
    bool reshaped;

    (void)state;
    for (uint32_t cp = 0; cp < 128; cp++) {
        char in = (char)cp, out;
        fold_ascii(&out, &in, 1);
        struct sx_str form = fold_cp(cp, &reshaped);
        assert_int_equal(form.len, 1);
        assert_int_equal(form.ptr[0], out);
        assert_false(reshaped);
    }
}

/* Word and form; in groups, each with its kind before it. */
static const char *const rows[][2] = {
    /* Latin: marks go, composed or not */
    {"Café", "cafe"},
    {"CAFE\u0301", "cafe"},
    {"Zürich", "zurich"},
    {"Ångström", "angstrom"},
    {"S\u0323\u0307", "s"},
    /* Vietnamese */
    {"Việt", "viet"},
    {"phở", "pho"},
    {"Đường", "duong"},
    {"vie\u0302\u0323t", "viet"},
    {"u\u031B\u01A1\u0300ng", "uong"},
    /* Polish, Czech, Romanian, Maltese, Croatian */
    {"Łódź", "lodz"},
    {"ŻÓŁW", "zolw"},
    {"Dvořák", "dvorak"},
    {"Brașov", "brasov"},
    {"Ħamrun", "hamrun"},
    {"ĠĦAŻ", "ghaz"},
    {"Đoković", "dokovic"},
    {"ǅep", "dzep"},
    /* Turkish */
    {"İstanbul", "istanbul"},
    {"ISPARTA", "isparta"},
    {"Diyarbakır", "diyarbakir"},
    {"I\u0307zmir", "izmir"},
    {"ığdır", "igdir"},
    {"Şişli", "sisli"},
    /* Danish, Norwegian, Faroese, Icelandic, Northern Sámi, Greenlandic */
    {"Ærø", "aero"},
    {"SMØRREBRØD", "smorrebrod"},
    {"Ǿ\u0301ǣ", "oae"},
    {"Garðar", "gardar"},
    {"Þór", "thor"},
    {"MAÞUR", "mathur"},
    {"Ŧeaŧu", "teatu"},
    {"ĸujataĸ", "kujatak"},
    {"inuĸ", "inuk"},
    /* French */
    {"Œuvre", "oeuvre"},
    {"cœur", "coeur"},
    /* German */
    {"Straße", "strasse"},
    {"STRAẞE", "strasse"},
    {"Größe", "grosse"},
    /* width, ligatures and other compatibility forms */
    {"Ｆｕｌｌ", "full"},
    {"ＷＩＤＥ１２", "wide12"},
    {"ﬁne", "fine"},
    {"oﬃce", "office"},
    {"ﬂoﬆ", "flost"},
    {"𝐌𝑎𝕿𝓱", "math"},
    {"ⅷ", "viii"},
    {"1ª", "1a"},
    /* Greek */
    {"Αθήνα", "αθηνα"},
    {"ΆΈΉΊΌΎΏ", "αεηιουω"},
    {"ΐΰϊϋ", "ιυιυ"},
    {"Ὀδυσσεύς", "οδυσσευσ"},
    {"λόγος", "λογοσ"},
    {"ΛΟΓΟΣ", "λογοσ"},
    {"τῷ", "τωι"},
    {"ᾳ", "αι"},
    /* Cyrillic: ё is е, other letters stay, stress goes */
    {"Ёлка", "елка"},
    {"ещё", "еще"},
    {"е\u0308ж", "еж"},
    {"Йод", "йод"},
    {"и\u0306од", "йод"},
    {"Ўзбек", "ўзбек"},
    {"у\u0306", "ў"},
    {"Ґанок", "ґанок"},
    {"Їжак", "їжак"},
    {"Ѓорѓи", "ѓорѓи"},
    {"Москва\u0301", "москва"},
    {"за\u0301мок", "замок"},
    {"но\u0300мер", "номер"},
    {"сѐ", "се"},
    {"ѝ", "и"},
    {"и\u0301\u0306", "и"},
    /* Arabic: vowels, Quranic marks, tatweel, alef, yeh */
    {"مُحَمَّد", "محمد"},
    {"كِتَابٌ", "كتاب"},
    {"هٰذا", "هذا"},
    {"ٱلرَّحۡمَٰنِ", "الرحمن"},
    {"كـــتاب", "كتاب"},
    {"محـمد", "محمد"},
    {"أحمد", "احمد"},
    {"إسلام", "اسلام"},
    {"آمال", "امال"},
    {"ا\u0653مال", "امال"},
    {"على", "علي"},
    {"موسى", "موسي"},
    {"مدرسة", "مدرسة"},
    {"مؤمن", "مؤمن"},
    {"و\u0654", "ؤ"},
    {"رئيس", "رئيس"},
    {"و\u0640\u0654", "و"},
    {"١٢٣", "123"},
    {"ﻼ", "لا"},
    {"ﷲ", "الله"},
    /* Persian, Urdu */
    {"کتاب", "كتاب"},
    {"یک", "يك"},
    {"ایران", "ايران"},
    {"۱۴۰۳", "1403"},
    {"می\u200Cروم", "ميروم"},
    {"گچپژ", "گچپژ"},
    /* Hebrew: points and accents */
    {"שָׁלוֹם", "שלום"},
    {"בְּרֵאשִׁ֖ית", "בראשית"},
    {"\uFB2A\uFB4B", "שו"},
    {"צה״ל", "צה״ל"},
    /* Indic: signs stay, nuktas composed alike, digits in ASCII */
    {"हिन्दी", "हिन्दी"},
    {"क्या", "क्या"},
    {"क़लम", "क\u093Cलम"},
    {"क\u093Cलम", "क\u093Cलम"},
    {"लड\u093Cका", "लड\u093Cका"},
    {"ल\u095Cका", "लड\u093Cका"},
    {"\u0928\u093C", "\u0929"},
    {"२०२४", "2024"},
    {"वर्ष१", "वर्ष1"},
    {"বাংলা", "বাংলা"},
    {"ক\u09C7\u09BE", "ক\u09CB"},
    {"\u09DC", "\u09A1\u09BC"},
    {"১৯৭১", "1971"},
    {"৫২", "52"},
    {"क्\u200Dष", "क्ष"},
    {"ශ්\u200Dරී", "ශ්රී"},
    {"த\u0BC6\u0BBE", "த\u0BCA"},
    {"௧௯", "19"},
    /* Thai, Lao, Khmer, Myanmar */
    {"๒๕๖๗", "2567"},
    {"ที่", "ที่"},
    {"น้ำ", "น้\u0E4D\u0E32"},
    {"ຫຼາຍ", "ຫຼາຍ"},
    {"១២", "12"},
    {"၂၀", "20"},
    /* Japanese: width and voiced marks */
    {"ｶﾞｯｺｳ", "ガッコウ"},
    {"ﾊﾟﾝ", "パン"},
    {"ﾃﾞｰﾀ", "データ"},
    {"か\u3099", "が"},
    {"ひらがな", "ひらがな"},
    /* Korean: letters put into syllables */
    {"\u1112\u1161\u11AB\u1100\u1173\u11AF", "한글"},
    {"\u1100\u1161", "가"},
    {"ﾡￂ", "가"},
    {"서울", "서울"},
    /* Chinese */
    {"中文", "中文"},
    {"\uF900", "豈"},
    {"𠀀", "𠀀"},
    {"葛\U000E0100", "葛"},
    /* what cannot be seen */
    {"co\u00ADop", "coop"},
    {"a\u200Bb\uFEFF", "ab"},
    {"\u0301", ""},
    {"\u0640\u064B", ""},
    {"1\uFE0F\u20E3", "1"},
    {"", ""},
};

static void words_fold_by_the_rows(void **state)
{
    bool reshaped;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sx_str form = fold_text(rows[i][0], strlen(rows[i][0]), &reshaped);
        if (form.len != strlen(rows[i][1]) || memcmp(form.ptr, rows[i][1], form.len) != 0)
            fail_msg("%s: %.*s, not %s", rows[i][0], (int)form.len, form.ptr, rows[i][1]);
        if (reshaped)
            fail_msg("%s is reshaped", rows[i][0]);
    }
}

static void every_digit_folds_to_ascii(void **state)
{
    uint32_t digits = 0;
    bool reshaped;

    (void)state;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        if (u_charType((UChar32)cp) != U_DECIMAL_DIGIT_NUMBER)
            continue;
        struct sx_str form = fold_cp(cp, &reshaped);
        assert_int_equal(form.len, 1);
        assert_int_equal(form.ptr[0], '0' + u_charDigitValue((UChar32)cp));
        assert_false(reshaped);
        digits++;
    }
    assert_true(digits >= 650);
}

static void signs_that_become_words_are_reshaped(void **state)
{
    static const struct {
        const char *word, *form;
        bool reshaped;
    } signs[] = {
        {"\uFDFA", "صلي الله عليه وسلم", true},
        {"\uFDFB", "جل جلاله", true},
        {"\uFE70", " ", true}, /* a vowel by itself: on a space */
        {"\u3300", "アパート", true},
        {"\u309F", "より", true},
        {"ŉ", "\u02BCn", true},
        {"co\u0140laborar", "col\u00B7laborar", true},
        {"don\uFF07t", "don't", true},
        {"a\u0640'\u0640b", "a'b", true}, /* the letters beside the joint went */
        {"3\u110B\u116F\u11AF", "3월", true},
        {"ـकि", "कि", true}, /* and may be found with a mark in front */
        {"x=\u0338", "x≠", true},
        {"\t\u200D\u24C2", "\tm", true}, /* a joiner binds a pictograph to a tab, even */
        {"\u24C2", "m", false},
        {"ῳ\u0345", "ωιι", true},
        {"don't", "don't", false},
        {"Don\u2019T", "don\u2019t", false},
        {"Node.JS", "node.js", false},
        {"É.É", "e.e", false},
        {"e\u0301\u2019\u0438\u0306", "e\u2019й", false},
        {"Foo_Bär", "foo_bar", false},
        {"صَ.مُ", "ص.م", false},
        {"\u32D0", "ア", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(signs); i++) {
        bool reshaped;
        struct sx_str form = fold_text(signs[i].word, strlen(signs[i].word), &reshaped);
        if (form.len != strlen(signs[i].form) || memcmp(form.ptr, signs[i].form, form.len) != 0)
            fail_msg("%s: %.*s, not %s", signs[i].word, (int)form.len, form.ptr, signs[i].form);
        if (reshaped != signs[i].reshaped)
            fail_msg("%s: reshaped %d", signs[i].word, reshaped);
    }
}

/* Asserts that units[0..len) folds by the table as by the rule, and that the form folds to
 * itself. */
static void assert_exact_and_final(const UChar *units, int32_t len)
{
    static UChar form[WORD_MAX * FOLD_GROWTH], spare[WORD_MAX * FOLD_GROWTH];
    static char bytes[WORD_MAX * FOLD_GROWTH * 3];
    UErrorCode status = U_ZERO_ERROR;
    int32_t bytes_len = 0;
    struct sx_str out;
    bool by_rule, reshaped;

    int32_t n = fold_exact(&fold.rule, units, len, form, spare, &by_rule);
    assert_true(n >= 0);
    u_strToUTF8(bytes, sizeof(bytes), &bytes_len, form, n, &status);
    assert_true(U_SUCCESS(status));
    assert_true(fold_word(&fold, units, len, &out, &reshaped));
    assert_int_equal(out.len, bytes_len);
    assert_memory_equal(out.ptr, bytes, out.len);
    assert_int_equal(reshaped, by_rule);
    assert_true(fold_word(&fold, form, n, &out, &reshaped));
    assert_int_equal(out.len, bytes_len);
    assert_memory_equal(out.ptr, bytes, out.len);
    assert_false(reshaped);
}

static void every_code_point_folds_exactly_and_for_good(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        if (cp >= 0xD800 && cp < 0xE000)
            continue;
        UChar units[2];
        int32_t len = 0;
        U16_APPEND_UNSAFE(units, len, cp);
        assert_exact_and_final(units, len);
    }
}

/* Every two neighbours that might compose or change places: all signs and marks of the BMP that
 * act on what is before them, behind one another and behind letters that have no boundary. */
static void pairs_with_marks_fold_exactly_and_for_good(void **state)
{
    static UChar marks[0x1000];
    size_t count = 0;

    (void)state;
    for (uint32_t cp = 0x80; cp < 0x10000; cp++) {
        if (!U16_IS_SURROGATE(cp) && count < COUNT(marks) &&
            !unorm2_hasBoundaryBefore(fold.rule.casefold, (UChar32)cp))
            marks[count++] = (UChar)cp;
    }
    assert_in_range(count, 500, COUNT(marks) - 1);
    for (uint32_t cp = 0x21; cp < 0x3400; cp++) {
        for (size_t i = cp % 7; i < count; i += 7) {
            UChar units[3] = {(UChar)cp, marks[i], marks[(i * 31 + cp) % count]};
            assert_exact_and_final(units, 2 + (int32_t)(i % 2));
        }
    }
}

/* A code point near those of the last: words are of one script, and marks are of its block. */
static uint32_t random_cp(uint64_t *seed, const uint32_t *range)
{
    uint32_t kind = random_below(seed, 16);

    if (kind == 0)
        return random_below(seed, 0xD800);
    if (kind == 1)
        return 0x10000 + random_below(seed, 0x20000);
    if (kind < 4)
        range = random_blocks[0];
    if (kind == 4)
        range = random_blocks[random_below(seed, RANDOM_BLOCKS)];
    return range[0] + random_below(seed, range[1] - range[0] + 1);
}

static void random_words_fold_exactly_and_for_good(void **state)
{
    uint64_t seed = 0x0F01D;

    (void)state;
    for (int round = 0; round < 300000; round++) {
        UChar units[WORD_MAX];
        int32_t len = 0, goal = 1 + (int32_t)random_below(&seed, WORD_MAX - 2);
        const uint32_t *range = random_blocks[random_below(&seed, RANDOM_BLOCKS)];
        while (len < goal) {
            uint32_t cp = random_cp(&seed, range);
            U16_APPEND_UNSAFE(units, len, cp);
        }
        assert_exact_and_final(units, len);
    }
}

/* Whether words of the text are found with a dictionary, by more than neighbouring letters. */
static bool needs_dictionary(const UChar *units, int32_t len)
{
    UErrorCode status = U_ZERO_ERROR;

    for (int32_t i = 0; i < len;) {
        uint32_t cp = units[i++];
        if (U16_IS_LEAD(cp) && i < len)
            cp = (uint32_t)U16_GET_SUPPLEMENTARY(cp, units[i++]);
        UScriptCode script = uscript_getScript((UChar32)cp, &status);
        if (script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ||
            u_getIntPropertyValue((UChar32)cp, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT)
            return true;
    }
    return false;
}

/* Folds `word` and, where it is not reshaped, asserts that the form is one word, too. Returns
 * whether there was anything to assert. */
static bool assert_still_one_word(struct segmenter *parts, const struct word *word)
{
    struct sx_str form;
    bool reshaped;
    struct word part;

    if (word->units == NULL || needs_dictionary(word->units, word->units_len))
        return false;
    assert_true(fold_word(&fold, word->units, word->units_len, &form, &reshaped));
    if (reshaped || form.len == 0)
        return false;
    segment_begin(parts, form.ptr, form.len);
    if (segment_next(parts, &part) != 1 || part.start != 0 || part.end != form.len)
        fail_msg("%.*s is not one word", (int)form.len, form.ptr);
    return true;
}

static void a_word_not_reshaped_stays_one_word(void **state)
{
    uint64_t seed = 0x5EED;
    struct segmenter words, parts;
    int asserted = 0;

    (void)state;
    assert_true(segment_init(&words) && segment_init(&parts));
    for (int round = 0; round < 40000; round++) {
        char text[80];
        struct word word;
        segment_begin(&words, text, random_text(&seed, text, sizeof(text), 200));
        while (segment_next(&words, &word) == 1)
            asserted += assert_still_one_word(&parts, &word);
    }
    assert_true(asserted > 40000);
    segment_release(&words);
    segment_release(&parts);
}

static void the_longest_form_fits(void **state)
{
    static UChar units[FOLD_UNITS_MAX + 5];
    struct sx_str form;
    bool reshaped;

    (void)state;
    for (size_t i = 0; i < FOLD_UNITS_MAX + 5; i++)
        units[i] = 0xFDFA;
    assert_true(fold_word(&fold, units, FOLD_UNITS_MAX + 5, &form, &reshaped));
    assert_int_equal(form.len, (size_t)FOLD_UNITS_MAX * 33); /* 15 letters, three spaces */
}

static void a_long_word_is_cut_between_code_points(void **state)
{
    static UChar units[FOLD_UNITS_MAX + 5];
    struct sx_str form;
    bool reshaped;

    (void)state;
    units[0] = 'a';
    for (int32_t i = 1; i < FOLD_UNITS_MAX + 5;)
        U16_APPEND_UNSAFE(units, i, 0x10428);
    assert_true(fold_word(&fold, units, FOLD_UNITS_MAX + 5, &form, &reshaped));
    assert_int_equal(form.len, 1 + (FOLD_UNITS_MAX - 1) / 2 * 4);
}

static void lower_case_folds_to_the_same(void **state)
{
    bool reshaped;
    uint32_t lowered = 0;

    (void)state;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        if (cp >= 0xD800 && cp < 0xE000)
            continue;
        uint32_t lower = fold_lower(cp);
        if (lower == cp)
            continue;
        char form[64];
        struct sx_str a = fold_cp(cp, &reshaped);
        memcpy(form, a.ptr, a.len);
        struct sx_str b = fold_cp(lower, &reshaped);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(form, b.ptr, b.len);
        lowered++;
    }
    assert_true(lowered > 1300); /* Unicode 15 has 1433 letters with a small one */
    assert_int_equal(fold_lower(0x0130), 0x0130);
    assert_int_equal(fold_lower(0x24C2), 0x24C2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_folds_as_the_rest_does),
        cmocka_unit_test(words_fold_by_the_rows),
        cmocka_unit_test(every_digit_folds_to_ascii),
        cmocka_unit_test(signs_that_become_words_are_reshaped),
        cmocka_unit_test(every_code_point_folds_exactly_and_for_good),
        cmocka_unit_test(pairs_with_marks_fold_exactly_and_for_good),
        cmocka_unit_test(random_words_fold_exactly_and_for_good),
        cmocka_unit_test(a_word_not_reshaped_stays_one_word),
        cmocka_unit_test(the_longest_form_fits),
        cmocka_unit_test(a_long_word_is_cut_between_code_points),
        cmocka_unit_test(lower_case_folds_to_the_same),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
