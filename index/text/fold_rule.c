/* The rule of folding, a word at a time, by ICU's normalizer and the rows below. */
#include "index/text/fold_rule.h"

#include <stddef.h>

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

/* The only mark that folds to a letter, which may stand beside what joins no letter. */
#define SUBSCRIPT_IOTA 0x0345

#define JOINER 0x200D

struct range {
    uint16_t first, last;
};

/* What takes part in no comparison, where NFKC_Casefold leaves it: marks, and the Arabic letters
 * that are ornament. The hamzas among them have joined their letters by then. */
static const struct range dropped[] = {
    {0x0300, 0x036F},                                     /* diacritics */
    {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2}, /* Hebrew points, accents */
    {0x05C4, 0x05C5}, {0x05C7, 0x05C7},                   /* (05BE, 05C0, 05C3 part words) */
    {0x0610, 0x061A},                                     /* Arabic: honorifics */
    {0x0640, 0x0640}, {0x064B, 0x065F}, {0x0670, 0x0670}, /* tatweel, vowels */
    {0x06D6, 0x06DC}, {0x06DF, 0x06E8}, {0x06EA, 0x06ED}, /* of the Quran (06DD, 06DE and ... */
    {0x0898, 0x089F}, {0x08CA, 0x08E1}, {0x08E3, 0x08FF}, /* 06E9, 08E2 are signs) */
    {0x1AB0, 0x1ACE}, {0x1DC0, 0x1DFF},                   /* diacritics again */
    {0x20D0, 0x20F0},                                     /* those of symbols: keycaps */
    {0xFB1E, 0xFB1E}, {0xFE20, 0xFE2F},                   /* Hebrew varika; halves */
};

/* Letters spelled otherwise; none of these has a decomposition that would say so. */
static const struct spelling {
    uint16_t letter;
    UChar as[2]; /* the second may be 0 */
} spellings[] = {
    {0x00E6, {'a', 'e'}}, /* æ */
    {0x00F0, {'d'}},      /* ð */
    {0x00F8, {'o'}},      /* ø */
    {0x00FE, {'t', 'h'}}, /* þ */
    {0x0111, {'d'}},      /* đ */
    {0x0127, {'h'}},      /* ħ */
    {0x0131, {'i'}},      /* ı */
    {0x0138, {'k'}},      /* ĸ */
    {0x0142, {'l'}},      /* ł */
    {0x0153, {'o', 'e'}}, /* œ */
    {0x0167, {'t'}},      /* ŧ */
    {0x0450, {0x0435}},   /* ѐ: е with the stress */
    {0x0451, {0x0435}},   /* ё */
    {0x045D, {0x0438}},   /* ѝ: и with the stress */
    {0x0622, {0x0627}},   /* alef with madda, */
    {0x0623, {0x0627}},   /* with hamza above, */
    {0x0625, {0x0627}},   /* below, */
    {0x0671, {0x0627}},   /* alef wasla */
    {0x0649, {0x064A}},   /* alef maksura */
    {0x06A9, {0x0643}},   /* Persian kaf */
    {0x06CC, {0x064A}},   /* Persian yeh */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool fold_rule_init(struct fold_rule *r)
{
    UErrorCode status = U_ZERO_ERROR;

    r->casefold = unorm2_getNFKCCasefoldInstance(&status);
    r->compose = unorm2_getNFCInstance(&status);
    return U_SUCCESS(status);
}

/* The code point at units[*i], which moves on. */
static UChar32 next_cp(const UChar *units, int32_t *i, int32_t len)
{
    UChar u = units[(*i)++];

    if (!U16_IS_LEAD(u) || *i == len || !U16_IS_TRAIL(units[*i]))
        return u;
    return U16_GET_SUPPLEMENTARY(u, units[(*i)++]);
}

static bool is_dropped(UChar32 cp)
{
    for (size_t i = 0; i < COUNT(dropped) && cp >= dropped[i].first; i++) {
        if (cp <= dropped[i].last)
            return true;
    }
    return false;
}

/* The letter under a Latin or Greek letter's marks. */
static UChar32 bare(const struct fold_rule *r, UChar32 cp)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript(cp, &status);
    UChar parts[8];
    int32_t at = 0;

    if (script != USCRIPT_LATIN && script != USCRIPT_GREEK)
        return cp;
    int32_t len = unorm2_getDecomposition(r->compose, cp, parts, 8, &status);
    return len > 0 && U_SUCCESS(status) ? next_cp(parts, &at, len) : cp;
}

/* Writes what is left of one code point of a case-folded text: 0, 1 or 2 units, or itself. */
static int32_t fold_letter(const struct fold_rule *r, UChar32 cp, UChar out[2])
{
    int32_t len = 0;

    if (cp >= 0x80) {
        if (is_dropped(cp))
            return 0;
        if (u_charType(cp) == U_DECIMAL_DIGIT_NUMBER)
            cp = '0' + u_charDigitValue(cp);
        else
            cp = bare(r, cp);
    }
    for (size_t i = 0; i < COUNT(spellings); i++) {
        const struct spelling *s = &spellings[i];
        if (s->letter == cp) {
            out[0] = s->as[0];
            out[1] = s->as[1];
            return s->as[1] != 0 ? 2 : 1;
        }
    }
    U16_APPEND_UNSAFE(out, len, cp);
    return len;
}

/* fold_letter() for all of in[0..len). What two units come of had, before the case fold, one
 * that grew far less than FOLD_GROWTH times. */
static int32_t fold_letters(const struct fold_rule *r, const UChar *in, int32_t len, UChar *out)
{
    int32_t n = 0;

    for (int32_t i = 0; i < len;)
        n += fold_letter(r, next_cp(in, &i, len), out + n);
    return n;
}

/* Letters, without those that are apostrophes and the like, and digits. */
static bool is_solid(UChar32 cp)
{
    uint32_t kinds = U_GC_L_MASK | U_GC_ND_MASK | U_GC_NL_MASK;

    return (U_GET_GC_MASK(cp) & kinds) != 0 && (cp < 0x02B9 || cp > 0x02BF);
}

/* Whether a word may end at `cp`, or parts of it be told apart there. */
static bool is_joint(UChar32 cp)
{
    return !is_solid(cp) && (U_GET_GC_MASK(cp) & U_GC_M_MASK) == 0;
}

static bool is_dropped_letter(UChar32 cp)
{
    return (U_GET_GC_MASK(cp) & U_GC_L_MASK) != 0 &&
           (is_dropped(cp) || u_hasBinaryProperty(cp, UCHAR_DEFAULT_IGNORABLE_CODE_POINT));
}

/* Whether folding takes from a word what held it together: a letter, or the joiner that binds a
 * pictograph to anything. */
static bool loses_hold(const UChar *word, int32_t len)
{
    UChar32 before = 0;

    for (int32_t i = 0; i < len;) {
        UChar32 cp = next_cp(word, &i, len);
        if (is_dropped_letter(cp) ||
            (before == JOINER && u_hasBinaryProperty(cp, UCHAR_EXTENDED_PICTOGRAPHIC)))
            return true;
        before = cp;
    }
    return false;
}

static bool is_all_solid(const UChar *form, int32_t len)
{
    for (int32_t i = 0; i < len;) {
        if (!is_solid(next_cp(form, &i, len)))
            return false;
    }
    return true;
}

/* Whether form[] has a joint that the word has not, in order. */
static bool has_new_joint(const UChar *word, int32_t word_len, const UChar *form, int32_t form_len)
{
    for (int32_t i = 0, at = 0; i < form_len;) {
        UChar32 cp = next_cp(form, &i, form_len), was;
        if (!is_joint(cp))
            continue;
        do {
            if (at == word_len)
                return true;
            was = next_cp(word, &at, word_len);
        } while (was != cp);
    }
    return false;
}

/* How many characters are Chinese or Japanese, and so may be words of their own. */
static int32_t ideographs(const UChar *units, int32_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t n = 0;

    for (int32_t i = 0; i < len;) {
        UChar32 cp = next_cp(units, &i, len);
        if (cp < 0x2E80)
            continue;
        UScriptCode script = uscript_getScript(cp, &status);
        n += script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA;
    }
    return n;
}

static int32_t syllables(const UChar *units, int32_t len)
{
    int32_t n = 0;

    for (int32_t i = 0; i < len; i++)
        n += fold_is_syllable(units[i]);
    return n;
}

static bool is_reshaped(const UChar *word, int32_t word_len, const UChar *form, int32_t form_len)
{
    int32_t korean = syllables(form, form_len);

    if (loses_hold(word, word_len) && !is_all_solid(form, form_len))
        return true;
    if (u_memchr(word, SUBSCRIPT_IOTA, word_len) != NULL ||
        has_new_joint(word, word_len, form, form_len))
        return true;
    /* The letters that make up syllables are letters to ICU; the syllables join only their kind. */
    if (korean < form_len && korean > syllables(word, word_len))
        return true;
    return ideographs(form, form_len) > ideographs(word, word_len);
}

int32_t fold_exact(const struct fold_rule *r, const UChar *units, int32_t len, UChar *out,
                   UChar *spare, bool *reshaped)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t cap = len * FOLD_GROWTH;
    int32_t wide = unorm2_normalize(r->casefold, units, len, spare, cap, &status);

    /* What is left may be in reach of a mark that it was not before: each round that changes
     * anything leaves fewer characters to change. */
    for (;;) {
        if (U_FAILURE(status))
            return -1;
        int32_t n = fold_letters(r, spare, wide, out);
        if (n == wide && u_memcmp(out, spare, n) == 0)
            break;
        wide = unorm2_normalize(r->casefold, out, n, spare, cap, &status);
    }
    *reshaped = is_reshaped(units, len, out, wide);
    return wide;
}
