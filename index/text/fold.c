/* Folding: ICU's NFKC_Casefold, and what can be told of it cheaply. */
#include "index/text/fold.h"

#include <unicode/uchar.h>
#include <unicode/ustring.h>

bool fold_init(struct fold *f)
{
    UErrorCode status = U_ZERO_ERROR;

    f->form = unorm2_getNFKCCasefoldInstance(&status);
    return U_SUCCESS(status);
}

void fold_ascii(char *out, const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)p[i];
        out[i] = (char)(c | (unsigned)((unsigned char)(c - 'A') < 26) << 5);
    }
}

/* Whether `b` is `a` but for the case of its letters, one for one. Letters above U+FFFF (Deseret
 * and the like) do not pass: that is allowed, and costs only time. */
static bool same_but_case(const UChar *a, int32_t a_len, const UChar *b, int32_t b_len)
{
    if (a_len != b_len)
        return false;
    for (int32_t i = 0; i < a_len; i++) {
        if (a[i] != b[i] && u_foldCase(a[i], U_FOLD_CASE_DEFAULT) != b[i])
            return false;
    }
    return true;
}

bool fold_word(struct fold *f, const UChar *units, int32_t len, struct sx_str *out, bool *reshaped)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t bytes = 0;

    if (len > FOLD_UNITS_MAX) {
        len = FOLD_UNITS_MAX;
        if (U16_IS_LEAD(units[len - 1]))
            len--;
    }
    int32_t wide = unorm2_normalize(f->form, units, len, f->wide, FOLD_WIDE_MAX, &status);
    u_strToUTF8(f->bytes, sizeof(f->bytes), &bytes, f->wide, wide, &status);
    if (U_FAILURE(status))
        return false;
    *out = (struct sx_str){f->bytes, (size_t)bytes};
    *reshaped = !same_but_case(units, len, f->wide, wide);
    return true;
}

/* The folded form of one code point; its length, or -1. */
static int32_t fold_one(uint32_t cp, UChar *out, int32_t cap)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *form = unorm2_getNFKCCasefoldInstance(&status);
    UChar in[2];
    int32_t len = 0;

    U16_APPEND_UNSAFE(in, len, cp);
    len = unorm2_normalize(form, in, len, out, cap, &status);
    return U_SUCCESS(status) ? len : -1;
}

uint32_t fold_lower(uint32_t cp)
{
    uint32_t lower = (uint32_t)u_tolower((UChar32)cp);
    UChar a[32], b[32];

    /* A pictograph joins the zero-width joiner before it; its small letter does not (U+24C2). */
    if (lower == cp || u_hasBinaryProperty((UChar32)cp, UCHAR_EXTENDED_PICTOGRAPHIC))
        return cp;
    int32_t a_len = fold_one(cp, a, 32);
    int32_t b_len = fold_one(lower, b, 32);
    return a_len >= 0 && a_len == b_len && u_memcmp(a, b, a_len) == 0 ? lower : cp;
}
