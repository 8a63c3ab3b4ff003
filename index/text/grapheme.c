/* Rules GB3 to GB13 of Unicode's annex 29, looking back from a place as far as they need. */
#include "index/text/grapheme.h"

#include <stdbool.h>
#include <stdint.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "index/base/utf8.h"

/* The code point that ends before offset `at` > 0; *start is where it begins. */
static uint32_t before(const char *text, size_t at, size_t *start)
{
    size_t size;

    *start = utf8_floor(text, at, at - 1);
    return utf8_next(text + *start, at - *start, &size);
}

static int break_of(uint32_t point)
{
    return u_getIntPropertyValue((UChar32)point, UCHAR_GRAPHEME_CLUSTER_BREAK);
}

/* GB6 to GB8: Hangul jamo that make a syllable. */
static bool joins_hangul(int left, int right)
{
    switch (left) {
    case U_GCB_L:
        return right == U_GCB_L || right == U_GCB_V || right == U_GCB_LV || right == U_GCB_LVT;
    case U_GCB_LV:
    case U_GCB_V:
        return right == U_GCB_V || right == U_GCB_T;
    case U_GCB_LVT:
    case U_GCB_T:
        return right == U_GCB_T;
    default:
        return false;
    }
}

/* Of the scripts whose consonants a virama joins; CLDR's rule 9.3. */
static bool is_linking(uint32_t point, int category)
{
    UErrorCode code = U_ZERO_ERROR;

    if (u_getIntPropertyValue((UChar32)point, UCHAR_INDIC_SYLLABIC_CATEGORY) != category)
        return false;
    switch ((int)uscript_getScript((UChar32)point, &code)) {
    case USCRIPT_BENGALI:
    case USCRIPT_DEVANAGARI:
    case USCRIPT_GUJARATI:
    case USCRIPT_MALAYALAM:
    case USCRIPT_ORIYA:
    case USCRIPT_TELUGU:
        return true;
    default:
        return false;
    }
}

/* A consonant, and among the marks behind it a virama, ends at `at`: the next consonant joins. */
static bool after_linked_consonant(const char *text, size_t at)
{
    bool virama = false;

    for (int n = 0; at > 0 && n < GRAPHEME_POINTS_MAX; n++) {
        uint32_t point = before(text, at, &at);
        if (is_linking(point, U_INSC_VIRAMA))
            virama = true;
        else if (break_of(point) != U_GCB_ZWJ &&
                 (break_of(point) != U_GCB_EXTEND || u_getCombiningClass((UChar32)point) == 0))
            return virama && is_linking(point, U_INSC_CONSONANT);
    }
    return false;
}

/* GB11: whether a pictogram, and what extends it, ends before `at`, where a joiner stands. */
static bool after_pictogram(const char *text, size_t at)
{
    for (int n = 0; at > 0 && n < GRAPHEME_POINTS_MAX; n++) {
        uint32_t point = before(text, at, &at);
        if (u_hasBinaryProperty((UChar32)point, UCHAR_EXTENDED_PICTOGRAPHIC))
            return true;
        if (break_of(point) != U_GCB_EXTEND)
            return false;
    }
    return false;
}

/* GB12 and GB13: whether an odd number of regional indicators ends at `at`. */
static bool after_half_flag(const char *text, size_t at)
{
    int count = 0;

    while (at > 0 && count < GRAPHEME_POINTS_MAX &&
           break_of(before(text, at, &at)) == U_GCB_REGIONAL_INDICATOR)
        count++;
    return count % 2 == 1;
}

/* Whether a cluster goes on over offset `at`, between two code points. */
static bool goes_on(const char *text, size_t len, size_t at)
{
    size_t start, size;
    uint32_t next = utf8_next(text + at, len - at, &size);
    uint32_t last = before(text, at, &start);

    if (last < 0x80 && next < 0x80)
        return last == '\r' && next == '\n';
    int left = break_of(last);
    int right = break_of(next);
    if (left == U_GCB_CONTROL || left == U_GCB_CR || left == U_GCB_LF || right == U_GCB_CONTROL ||
        right == U_GCB_CR || right == U_GCB_LF)
        return false;
    if (joins_hangul(left, right) || right == U_GCB_EXTEND || right == U_GCB_ZWJ ||
        right == U_GCB_SPACING_MARK || left == U_GCB_PREPEND)
        return true;
    if (left == U_GCB_ZWJ && u_hasBinaryProperty((UChar32)next, UCHAR_EXTENDED_PICTOGRAPHIC))
        return after_pictogram(text, start);
    if ((left == U_GCB_EXTEND || left == U_GCB_ZWJ) && is_linking(next, U_INSC_CONSONANT))
        return after_linked_consonant(text, at);
    return left == U_GCB_REGIONAL_INDICATOR && right == U_GCB_REGIONAL_INDICATOR &&
           after_half_flag(text, at);
}

size_t grapheme_floor(const char *text, size_t len, size_t at)
{
    if (at >= len)
        return len;
    at = utf8_floor(text, len, at);
    size_t cut = at;
    for (int n = 0; cut > 0 && n < GRAPHEME_POINTS_MAX; n++) {
        if (!goes_on(text, len, cut))
            return cut;
        before(text, cut, &cut);
    }
    return cut == 0 ? 0 : at;
}

size_t grapheme_ceil(const char *text, size_t len, size_t at)
{
    size_t size;

    while (at < len && grapheme_floor(text, len, at) != at) {
        utf8_next(text + at, len - at, &size);
        at += size;
    }
    return at < len ? at : len;
}
