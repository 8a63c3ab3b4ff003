/* Folding by a table.
 *
 * Why a table by code point is exact: the case fold of a word is that of its code points, one
 * after another, as long as none composes with or moves in front of what is before it, and so is
 * then the rest of the rule. The table holds code points with such a boundary before them; for
 * marks, the two or three tests that tell whether they too may be taken one by one. All else,
 * and any doubt, makes the whole word go by the rule. */
#include "index/text/fold.h"

#include <pthread.h>

#include <unicode/uchar.h>
#include <unicode/ustring.h>

/* Entries of the table are units that stand for themselves, or, being surrogates: */
enum {
    BY_RULE = 0xD800,
    DROP,         /* a mark that folds to nothing and composes with nothing */
    DROP_UNBOUND, /* that folds to nothing unless it composes with what is before it */
    KEEP_MARK,    /* that stays, after marks of its class or lower ones */
    KEEP_UNBOUND, /* a sign that stays unless it composes with what is before it */
    PAIR,         /* from here on: pairs[entry - PAIR] */
    PAIR_END = 0xE000
};

/* Set once, then read by all. */
static uint16_t table[0x10000];
static UChar pairs[PAIR_END - PAIR][2];
static uint16_t pair_count;
static bool table_made;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static uint16_t pair_entry(const UChar form[2])
{
    if (PAIR + pair_count == PAIR_END)
        return BY_RULE;
    pairs[pair_count][0] = form[0];
    pairs[pair_count][1] = form[1];
    return (uint16_t)(PAIR + pair_count++);
}

/* The entry of what does not stand for itself whatever is before it. */
static uint16_t mark_entry(UChar cp, const UChar *form, int32_t len)
{
    int32_t check = u_getIntPropertyValue(cp, UCHAR_NFC_QUICK_CHECK);

    if (check == UNORM_NO)
        return BY_RULE;
    if (len == 0 && (U_GET_GC_MASK(cp) & U_GC_L_MASK) == 0)
        return check == UNORM_YES ? DROP : DROP_UNBOUND;
    if (len == 1 && form[0] == cp)
        return check == UNORM_YES ? KEEP_MARK : KEEP_UNBOUND;
    return BY_RULE;
}

static uint16_t entry_of(const struct fold_rule *r, UChar cp)
{
    UChar form[FOLD_GROWTH], spare[FOLD_GROWTH];
    bool reshaped;
    int32_t len = fold_exact(r, &cp, 1, form, spare, &reshaped);

    if (len < 0 || len > 2 || reshaped)
        return BY_RULE;
    /* These may reshape a word by what else there is in it. */
    if (u_hasBinaryProperty(cp, UCHAR_EXTENDED_PICTOGRAPHIC) ||
        (len > 0 && fold_is_syllable(form[0])))
        return BY_RULE;
    if (len == 0 || !unorm2_hasBoundaryBefore(r->casefold, cp) ||
        !unorm2_hasBoundaryBefore(r->casefold, form[0]))
        return mark_entry(cp, form, len);
    if (len == 1)
        return form[0];
    return U16_IS_SURROGATE(form[0]) ? BY_RULE : pair_entry(form);
}

/* Whether folding leaves `cp` alone, known without asking: Chinese, Korean, private use. */
static bool is_plain(uint32_t cp)
{
    return (cp >= 0x3400 && cp < 0x4DC0) || (cp >= 0x4E00 && cp < 0xA000) || fold_is_syllable(cp) ||
           (cp >= 0xE000 && cp < 0xF900);
}

static void make_table(void)
{
    struct fold_rule rule;

    if (!fold_rule_init(&rule))
        return;
    for (uint32_t cp = 0; cp < 0x10000; cp++) {
        if (is_plain(cp))
            table[cp] = (uint16_t)cp;
        else
            table[cp] = U16_IS_SURROGATE(cp) ? BY_RULE : entry_of(&rule, (UChar)cp);
    }
    table_made = true;
}

bool fold_init(struct fold *f)
{
    f->table = table;
    return fold_rule_init(&f->rule) && pthread_once(&table_once, make_table) == 0 && table_made;
}

void fold_ascii(char *out, const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)p[i];
        out[i] = (char)(c | (unsigned)((unsigned char)(c - 'A') < 26) << 5);
    }
}

/* Appends a unit that is no surrogate to UTF-8. */
static char *put_unit(char *out, UChar u)
{
    if (u < 0x80) {
        *out++ = (char)u;
    } else if (u < 0x800) {
        *out++ = (char)(0xC0 | u >> 6);
        *out++ = (char)(0x80 | (u & 0x3F));
    } else {
        *out++ = (char)(0xE0 | u >> 12);
        *out++ = (char)(0x80 | (u >> 6 & 0x3F));
        *out++ = (char)(0x80 | (u & 0x3F));
    }
    return out;
}

/* Whether the mark or sign `u` with the entry `e` may be taken by itself behind `last`, the unit
 * folded before it, or 0. */
static bool stands_alone(const struct fold *f, uint16_t e, UChar last, UChar u)
{
    if (last == 0)
        return false;
    if (e == KEEP_MARK)
        return u_getCombiningClass(last) <= u_getCombiningClass(u);
    /* Of a Latin letter under marks the bare letter stays. */
    if (e == DROP_UNBOUND && last >= 'a' && last <= 'z')
        return true;
    return u_getCombiningClass(last) == 0 && unorm2_composePair(f->rule.compose, last, u) < 0;
}

/* Folds by the table; the end of the form in f->bytes, or NULL: go by the rule. */
static char *fold_by_table(struct fold *f, const UChar *units, int32_t len)
{
    const uint16_t *entries = f->table;
    char *out = f->bytes;
    UChar last = 0;

    for (int32_t i = 0; i < len; i++) {
        uint16_t e = entries[units[i]];
        if (!U16_IS_SURROGATE(e)) {
            last = e;
            out = put_unit(out, e);
        } else if (e >= PAIR) {
            last = pairs[e - PAIR][1];
            out = put_unit(put_unit(out, pairs[e - PAIR][0]), last);
        } else if (e != DROP) {
            if (e == BY_RULE || !stands_alone(f, e, last, units[i]))
                return NULL;
            if (e == DROP_UNBOUND)
                continue;
            last = units[i];
            out = put_unit(out, last);
        }
    }
    return out;
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
    char *end = fold_by_table(f, units, len);
    if (end != NULL) {
        *out = (struct sx_str){f->bytes, (size_t)(end - f->bytes)};
        *reshaped = false; /* what reshapes has no entry */
        return true;
    }
    int32_t wide = fold_exact(&f->rule, units, len, f->wide, f->spare, reshaped);
    u_strToUTF8(f->bytes, sizeof(f->bytes), &bytes, f->wide, wide, &status);
    *out = (struct sx_str){f->bytes, (size_t)bytes};
    return wide >= 0 && U_SUCCESS(status);
}

/* The case fold of one code point; its length, or -1. */
static int32_t casefold_one(uint32_t cp, UChar *out, int32_t cap)
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

    /* A pictograph joins the zero-width joiner before it; its small letter does not (U+24C2). An
     * ASCII letter may be followed by signs (c++), the Kelvin sign may not. */
    if (lower == cp || (cp >= 0x80 && lower < 0x80) ||
        u_hasBinaryProperty((UChar32)cp, UCHAR_EXTENDED_PICTOGRAPHIC))
        return cp;
    int32_t a_len = casefold_one(cp, a, 32);
    int32_t b_len = casefold_one(lower, b, 32);
    return a_len >= 0 && a_len == b_len && u_memcmp(a, b, a_len) == 0 ? lower : cp;
}
