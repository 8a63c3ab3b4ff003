/* Names and scripts of languages. Which language a text is in: lang_detect.c. */
#include "index/text/lang.h"

#include <string.h>

static const struct {
    char code[3];
    enum script script;
} languages[LANG_COUNT] = {
    [LANG_AM] = {"am", SCRIPT_ETHIOPIC},   [LANG_AR] = {"ar", SCRIPT_ARABIC},
    [LANG_BE] = {"be", SCRIPT_CYRILLIC},   [LANG_BG] = {"bg", SCRIPT_CYRILLIC},
    [LANG_BN] = {"bn", SCRIPT_BENGALI},    [LANG_CA] = {"ca", SCRIPT_LATIN},
    [LANG_CS] = {"cs", SCRIPT_LATIN},      [LANG_DA] = {"da", SCRIPT_LATIN},
    [LANG_DE] = {"de", SCRIPT_LATIN},      [LANG_EL] = {"el", SCRIPT_GREEK},
    [LANG_EN] = {"en", SCRIPT_LATIN},      [LANG_ES] = {"es", SCRIPT_LATIN},
    [LANG_ET] = {"et", SCRIPT_LATIN},      [LANG_EU] = {"eu", SCRIPT_LATIN},
    [LANG_FA] = {"fa", SCRIPT_ARABIC},     [LANG_FI] = {"fi", SCRIPT_LATIN},
    [LANG_FR] = {"fr", SCRIPT_LATIN},      [LANG_GA] = {"ga", SCRIPT_LATIN},
    [LANG_GU] = {"gu", SCRIPT_GUJARATI},   [LANG_HE] = {"he", SCRIPT_HEBREW},
    [LANG_HI] = {"hi", SCRIPT_DEVANAGARI}, [LANG_HR] = {"hr", SCRIPT_LATIN},
    [LANG_HU] = {"hu", SCRIPT_LATIN},      [LANG_HY] = {"hy", SCRIPT_ARMENIAN},
    [LANG_ID] = {"id", SCRIPT_LATIN},      [LANG_IS] = {"is", SCRIPT_LATIN},
    [LANG_IT] = {"it", SCRIPT_LATIN},      [LANG_JA] = {"ja", SCRIPT_KANA},
    [LANG_KA] = {"ka", SCRIPT_GEORGIAN},   [LANG_KM] = {"km", SCRIPT_KHMER},
    [LANG_KN] = {"kn", SCRIPT_KANNADA},    [LANG_KO] = {"ko", SCRIPT_HANGUL},
    [LANG_LO] = {"lo", SCRIPT_LAO},        [LANG_LT] = {"lt", SCRIPT_LATIN},
    [LANG_LV] = {"lv", SCRIPT_LATIN},      [LANG_MK] = {"mk", SCRIPT_CYRILLIC},
    [LANG_ML] = {"ml", SCRIPT_MALAYALAM},  [LANG_MR] = {"mr", SCRIPT_DEVANAGARI},
    [LANG_MS] = {"ms", SCRIPT_LATIN},      [LANG_MY] = {"my", SCRIPT_MYANMAR},
    [LANG_NE] = {"ne", SCRIPT_DEVANAGARI}, [LANG_NL] = {"nl", SCRIPT_LATIN},
    [LANG_NO] = {"no", SCRIPT_LATIN},      [LANG_PA] = {"pa", SCRIPT_GURMUKHI},
    [LANG_PL] = {"pl", SCRIPT_LATIN},      [LANG_PT] = {"pt", SCRIPT_LATIN},
    [LANG_RO] = {"ro", SCRIPT_LATIN},      [LANG_RU] = {"ru", SCRIPT_CYRILLIC},
    [LANG_SI] = {"si", SCRIPT_SINHALA},    [LANG_SK] = {"sk", SCRIPT_LATIN},
    [LANG_SL] = {"sl", SCRIPT_LATIN},      [LANG_SR] = {"sr", SCRIPT_CYRILLIC},
    [LANG_SV] = {"sv", SCRIPT_LATIN},      [LANG_TA] = {"ta", SCRIPT_TAMIL},
    [LANG_TE] = {"te", SCRIPT_TELUGU},     [LANG_TH] = {"th", SCRIPT_THAI},
    [LANG_TR] = {"tr", SCRIPT_LATIN},      [LANG_UK] = {"uk", SCRIPT_CYRILLIC},
    [LANG_UR] = {"ur", SCRIPT_ARABIC},     [LANG_VI] = {"vi", SCRIPT_LATIN},
    [LANG_YI] = {"yi", SCRIPT_HEBREW},     [LANG_ZH] = {"zh", SCRIPT_HAN},
};

/* Codes of the same language under another number. */
static const struct {
    char code[3];
    int lang;
} aliases[] = {
    {"nb", LANG_NO}, {"nn", LANG_NO}, {"iw", LANG_HE}, {"in", LANG_ID}, {"ji", LANG_YI},
};

/* Where the letters of each script are, in order; vowel signs and other marks of Indic and
 * similar scripts count as letters. */
static const struct {
    uint32_t first, last;
    enum script script;
} ranges[] = {
    {0x0041, 0x005A, SCRIPT_LATIN},      {0x0061, 0x007A, SCRIPT_LATIN},
    {0x00AA, 0x00AA, SCRIPT_LATIN},      {0x00BA, 0x00BA, SCRIPT_LATIN},
    {0x00C0, 0x00D6, SCRIPT_LATIN},      {0x00D8, 0x00F6, SCRIPT_LATIN},
    {0x00F8, 0x02AF, SCRIPT_LATIN},      {0x0370, 0x0373, SCRIPT_GREEK},
    {0x0376, 0x037D, SCRIPT_GREEK},      {0x037F, 0x037F, SCRIPT_GREEK},
    {0x0386, 0x0386, SCRIPT_GREEK},      {0x0388, 0x03FF, SCRIPT_GREEK},
    {0x0400, 0x0481, SCRIPT_CYRILLIC},   {0x048A, 0x052F, SCRIPT_CYRILLIC},
    {0x0531, 0x0556, SCRIPT_ARMENIAN},   {0x0561, 0x0587, SCRIPT_ARMENIAN},
    {0x05D0, 0x05F2, SCRIPT_HEBREW},     {0x0620, 0x065F, SCRIPT_ARABIC},
    {0x066E, 0x06D3, SCRIPT_ARABIC},     {0x06D5, 0x06DC, SCRIPT_ARABIC},
    {0x06FA, 0x06FF, SCRIPT_ARABIC},     {0x0750, 0x077F, SCRIPT_ARABIC},
    {0x0900, 0x0963, SCRIPT_DEVANAGARI}, {0x0971, 0x097F, SCRIPT_DEVANAGARI},
    {0x0980, 0x09E3, SCRIPT_BENGALI},    {0x09F0, 0x09F1, SCRIPT_BENGALI},
    {0x0A01, 0x0A5E, SCRIPT_GURMUKHI},   {0x0A70, 0x0A75, SCRIPT_GURMUKHI},
    {0x0A81, 0x0AE3, SCRIPT_GUJARATI},   {0x0B82, 0x0BD7, SCRIPT_TAMIL},
    {0x0C00, 0x0C63, SCRIPT_TELUGU},     {0x0C80, 0x0CE3, SCRIPT_KANNADA},
    {0x0D00, 0x0D63, SCRIPT_MALAYALAM},  {0x0D7A, 0x0D7F, SCRIPT_MALAYALAM},
    {0x0D81, 0x0DDF, SCRIPT_SINHALA},    {0x0E01, 0x0E3A, SCRIPT_THAI},
    {0x0E40, 0x0E4E, SCRIPT_THAI},       {0x0E81, 0x0ECD, SCRIPT_LAO},
    {0x0EDC, 0x0EDF, SCRIPT_LAO},        {0x1000, 0x103F, SCRIPT_MYANMAR},
    {0x1050, 0x108F, SCRIPT_MYANMAR},    {0x10A0, 0x10FF, SCRIPT_GEORGIAN},
    {0x1100, 0x11FF, SCRIPT_HANGUL},     {0x1200, 0x135A, SCRIPT_ETHIOPIC},
    {0x1780, 0x17D3, SCRIPT_KHMER},      {0x1C90, 0x1CBF, SCRIPT_GEORGIAN},
    {0x1E00, 0x1EFF, SCRIPT_LATIN},      {0x1F00, 0x1FFC, SCRIPT_GREEK},
    {0x2C60, 0x2C7F, SCRIPT_LATIN},      {0x2E80, 0x2FD5, SCRIPT_HAN},
    {0x3005, 0x3007, SCRIPT_HAN},        {0x3041, 0x3096, SCRIPT_KANA},
    {0x309D, 0x30FA, SCRIPT_KANA},       {0x30FC, 0x30FF, SCRIPT_KANA},
    {0x3131, 0x318E, SCRIPT_HANGUL},     {0x31F0, 0x31FF, SCRIPT_KANA},
    {0x3400, 0x4DBF, SCRIPT_HAN},        {0x4E00, 0x9FFF, SCRIPT_HAN},
    {0xA722, 0xA7FF, SCRIPT_LATIN},      {0xAC00, 0xD7A3, SCRIPT_HANGUL},
    {0xF900, 0xFAD9, SCRIPT_HAN},        {0xFB1D, 0xFB4F, SCRIPT_HEBREW},
    {0xFB50, 0xFDFB, SCRIPT_ARABIC},     {0xFE70, 0xFEFC, SCRIPT_ARABIC},
    {0xFF21, 0xFF3A, SCRIPT_LATIN},      {0xFF41, 0xFF5A, SCRIPT_LATIN},
    {0xFF66, 0xFF9D, SCRIPT_KANA},       {0x20000, 0x3FFFD, SCRIPT_HAN},
};

enum script script_of(uint32_t cp)
{
    size_t low = 0, high = sizeof(ranges) / sizeof(ranges[0]);

    if (cp < 0x80) /* most of what is asked */
        return (cp | 0x20) - 'a' < 26 ? SCRIPT_LATIN : SCRIPT_NONE;
    if (cp >= 0x4E00 && cp < 0xA000)
        return SCRIPT_HAN;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (ranges[mid].last < cp)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == sizeof(ranges) / sizeof(ranges[0]) || cp < ranges[low].first)
        return SCRIPT_NONE;
    return ranges[low].script;
}

enum script lang_script(int lang)
{
    return languages[lang].script;
}

const char *lang_code(int lang)
{
    return languages[lang].code;
}

int lang_number(struct sx_str tag)
{
    char code[2];

    if (tag.len < 2 || (tag.len > 2 && tag.ptr[2] != '-' && tag.ptr[2] != '_'))
        return -1;
    for (size_t i = 0; i < 2; i++)
        code[i] = tag.ptr[i] >= 'A' && tag.ptr[i] <= 'Z' ? (char)(tag.ptr[i] | 0x20) : tag.ptr[i];
    for (int lang = 0; lang < LANG_COUNT; lang++)
        if (memcmp(languages[lang].code, code, 2) == 0)
            return lang;
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (memcmp(aliases[i].code, code, 2) == 0)
            return aliases[i].lang;
    return -1;
}
