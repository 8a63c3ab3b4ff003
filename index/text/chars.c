/* Classes of code points, by a few tables and ICU's properties. */
#include "index/text/chars.h"

#include <pthread.h>

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The scripts without spaces, in order: Thai, Lao, Myanmar, Khmer, Han, kana, Bopomofo. What of
 * these is no part of a word, or no code point yet, may be in a row or not. */
static const struct range {
    uint32_t first, last;
} unspaced[] = {
    {0x0E01, 0x0E4F},   {0x0E5A, 0x0ECF},   {0x0EDC, 0x0EFF},   {0x1000, 0x103F},
    {0x104A, 0x108F},   {0x109A, 0x109F},   {0x1780, 0x17DF},   {0x17F0, 0x17FF},
    {0x19E0, 0x19FF},   {0x2E80, 0x302D},   {0x3030, 0x312F},   {0x3190, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA9E0, 0xA9EF},   {0xA9FA, 0xA9FF},   {0xAA60, 0xAA7F},
    {0xF900, 0xFAFF},   {0xFF61, 0xFF9F},   {0x16FE2, 0x16FE3}, {0x16FF0, 0x16FF1},
    {0x1AFF0, 0x1B16F}, {0x1F200, 0x1F200}, {0x20000, 0x3FFFF},
};

/* Characters inside words; in order. */
static const struct joint {
    uint16_t cp;
    unsigned char class;
} joints[] = {
    {0x0022, CHAR_GERESH},     {0x0027, CHAR_APOSTROPHE},   {0x002C, CHAR_COMMA},
    {0x002E, CHAR_DOT},        {0x003A, CHAR_DOT},          {0x003B, CHAR_COMMA},
    {0x0040, CHAR_AT},         {0x005F, CHAR_UNDERSCORE},   {0x00B7, CHAR_MIDDLE_DOT},
    {0x02B9, CHAR_APOSTROPHE}, {0x02BA, CHAR_APOSTROPHE},   {0x02BB, CHAR_APOSTROPHE},
    {0x02BC, CHAR_APOSTROPHE}, {0x02BD, CHAR_APOSTROPHE},   {0x02BE, CHAR_APOSTROPHE},
    {0x02BF, CHAR_APOSTROPHE}, {0x037E, CHAR_COMMA},        {0x0387, CHAR_MIDDLE_DOT},
    {0x055A, CHAR_APOSTROPHE}, {0x055B, CHAR_GERESH},       {0x055C, CHAR_GERESH},
    {0x055E, CHAR_GERESH},     {0x055F, CHAR_DOT},          {0x0589, CHAR_COMMA},
    {0x05F3, CHAR_GERESH},     {0x05F4, CHAR_GERESH},       {0x060C, CHAR_COMMA},
    {0x060D, CHAR_COMMA},      {0x066C, CHAR_COMMA},        {0x07F8, CHAR_COMMA},
    {0x2018, CHAR_APOSTROPHE}, {0x2019, CHAR_APOSTROPHE},   {0x2024, CHAR_DOT},
    {0x2027, CHAR_MIDDLE_DOT}, {0x202F, CHAR_NARROW_SPACE}, {0x203F, CHAR_UNDERSCORE},
    {0x2040, CHAR_UNDERSCORE}, {0x2044, CHAR_COMMA},        {0x2054, CHAR_UNDERSCORE},
    {0xFE10, CHAR_COMMA},      {0xFE13, CHAR_DOT},          {0xFE14, CHAR_COMMA},
    {0xFE33, CHAR_UNDERSCORE}, {0xFE34, CHAR_UNDERSCORE},   {0xFE4D, CHAR_UNDERSCORE},
    {0xFE4E, CHAR_UNDERSCORE}, {0xFE4F, CHAR_UNDERSCORE},   {0xFE50, CHAR_COMMA},
    {0xFE52, CHAR_DOT},        {0xFE54, CHAR_COMMA},        {0xFF07, CHAR_APOSTROPHE},
    {0xFF0C, CHAR_COMMA},      {0xFF0E, CHAR_DOT},          {0xFF1B, CHAR_COMMA},
    {0xFF3F, CHAR_UNDERSCORE},
};

/* Written once, then read by all. */
unsigned char chars_table[0x10000];

bool char_is_unspaced(uint32_t cp)
{
    if (cp < unspaced[0].first)
        return false;
    for (size_t i = 0; i < COUNT(unspaced) && cp >= unspaced[i].first; i++) {
        if (cp <= unspaced[i].last)
            return true;
    }
    return false;
}

/* ICU's words hold these signs like marks. */
static bool is_skin_tone(uint32_t cp)
{
    return cp >= 0x1F3FB && cp <= 0x1F3FF;
}

/* CHAR_LETTER: none of them. */
static enum char_class joint_class(uint32_t cp)
{
    size_t from = 0, to = COUNT(joints);

    while (from < to) {
        size_t mid = (from + to) / 2;
        if (joints[mid].cp < cp)
            from = mid + 1;
        else
            to = mid;
    }
    return from < COUNT(joints) && joints[from].cp == cp ? joints[from].class : CHAR_LETTER;
}

enum char_class char_class_above(uint32_t cp)
{
    switch (u_charType((UChar32)cp)) {
    case U_LOWERCASE_LETTER:
        return CHAR_LOWER;
    case U_UPPERCASE_LETTER:
    case U_TITLECASE_LETTER:
        return CHAR_UPPER;
    case U_DECIMAL_DIGIT_NUMBER:
        return CHAR_DIGIT;
    case U_NON_SPACING_MARK:
    case U_COMBINING_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_FORMAT_CHAR:
        return CHAR_MARK;
    case U_OTHER_LETTER:
        if ((cp >= 0x05D0 && cp <= 0x05F2) || (cp >= 0xFB1D && cp <= 0xFB4F))
            return CHAR_HEBREW;
        return char_is_unspaced(cp) ? CHAR_UNSPACED : joint_class(cp);
    default:
        if (is_skin_tone(cp))
            return CHAR_MARK;
        return char_is_unspaced(cp) ? CHAR_UNSPACED : joint_class(cp);
    }
}

/* ---- where words break --------------------------------------------------------------------- */

/* Of the scripts in which ICU asks a dictionary, or their rule of Unicode's is not the plain one. */
static bool is_for_icu(uint32_t cp)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript((UChar32)cp, &status);

    return script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ||
           char_is_unspaced(cp) ||
           u_getIntPropertyValue((UChar32)cp, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT ||
           u_hasBinaryProperty((UChar32)cp, UCHAR_EXTENDED_PICTOGRAPHIC);
}

/* Chinese and Japanese that is whole and NFKC by itself. */
static bool is_cjk(uint32_t cp)
{
    return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3041 && cp <= 0x3096) ||
           (cp >= 0x30A1 && cp <= 0x30FC && cp != 0x30FB) || (cp >= 0x3400 && cp <= 0x4DBF) ||
           cp == 0x3005;
}

static enum break_class break_class(uint32_t cp)
{
    if (is_cjk(cp))
        return BREAK_CJK;
    if (cp == '@')
        return BREAK_LETTER;
    if (cp == ' ')
        return BREAK_OTHER;
    if (cp >= 0x3001 && cp <= 0x301B && !(cp >= 0x3004 && cp <= 0x3007) && cp != 0x3012)
        return BREAK_OTHER; /* their punctuation */
    if (cp >= 0x80 && is_for_icu(cp))
        return BREAK_ICU;
    switch (u_getIntPropertyValue((UChar32)cp, UCHAR_WORD_BREAK)) {
    case U_WB_OTHER:
    case U_WB_CR:
    case U_WB_LF:
    case U_WB_NEWLINE:
        return u_charType((UChar32)cp) != U_UNASSIGNED ? BREAK_OTHER : BREAK_ICU;
    case U_WB_DOUBLE_QUOTE:
        return BREAK_QUOTE;
    case U_WB_MIDNUMLET:
    case U_WB_SINGLE_QUOTE:
        return BREAK_MID;
    case U_WB_MIDLETTER:
        return cp == ':' || cp == 0xFF1A ? BREAK_OTHER : BREAK_ICU; /* as ICU has it */
    case U_WB_MIDNUM:
        return BREAK_MID_DIGITS;
    case U_WB_EXTENDNUMLET:
        return cp == '_' ? BREAK_UNDERSCORE : BREAK_ICU;
    case U_WB_NUMERIC:
        return BREAK_DIGIT;
    case U_WB_ALETTER:
        return cp >= 0xAC00 && cp < 0xD7A4 ? BREAK_HANGUL : BREAK_LETTER;
    case U_WB_EXTEND:
    case U_WB_FORMAT:
        return BREAK_EXTEND;
    default:
        return BREAK_ICU;
    }
}

static void make_table(void)
{
    for (uint32_t cp = 0; cp < 0x10000; cp++)
        chars_table[cp] = (unsigned char)(char_class_above(cp) << 4 | break_class(cp));
}

bool chars_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    return pthread_once(&once, make_table) == 0;
}
