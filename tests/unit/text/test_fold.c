/* Folding, code point by code point. */
#include "index/text/fold.h"

#include <unicode/ustring.h>

#include "tests/support/support.h"

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

static void a_folded_form_folds_to_itself(void **state)
{
    char form[64];
    UChar units[64];
    bool reshaped;

    (void)state;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        if (cp >= 0xD800 && cp < 0xE000)
            continue;
        struct sx_str once = fold_cp(cp, &reshaped), twice;
        assert_true(once.len <= sizeof(form));
        memcpy(form, once.ptr, once.len);
        int32_t n = 0;
        UErrorCode status = U_ZERO_ERROR;
        u_strFromUTF8(units, 64, &n, form, (int32_t)once.len, &status);
        assert_true(U_SUCCESS(status));
        assert_true(fold_word(&fold, units, n, &twice, &reshaped));
        assert_int_equal(twice.len, once.len);
        assert_memory_equal(twice.ptr, form, once.len);
        assert_false(reshaped);
    }
}

static void only_more_than_case_is_reshaping(void **state)
{
    static const struct {
        const char *form;
        uint32_t cp;
        bool reshaped;
    } rows[] = {
        {"\u00E4", 0x00C4, false}, {"\u03C3", 0x03A3, false}, {"\u03C3", 0x03C2, false},
        {"\u0436", 0x0416, false}, {"\u4EBA", 0x4EBA, false}, {"ss", 0x00DF, true},
        {"m", 0x24C2, true},       {"a", 0xFF21, true},       {"\u0E4D\u0E32", 0x0E33, true},
        {"", 0x00AD, true},        {"i\u0307", 0x0130, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool reshaped;
        struct sx_str form = fold_cp(rows[i].cp, &reshaped);
        assert_int_equal(form.len, strlen(rows[i].form));
        assert_memory_equal(form.ptr, rows[i].form, form.len);
        assert_int_equal(reshaped, rows[i].reshaped);
    }
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
        cmocka_unit_test(a_folded_form_folds_to_itself),
        cmocka_unit_test(only_more_than_case_is_reshaping),
        cmocka_unit_test(the_longest_form_fits),
        cmocka_unit_test(lower_case_folds_to_the_same),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
