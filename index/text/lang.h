/* Languages: those that searchd has a name, a stemmer, stop words or a detector for. Numbers are
 * for memory only and may change from one version to the next: store codes. */
#ifndef INDEX_TEXT_LANG_H
#define INDEX_TEXT_LANG_H

#include <stddef.h>
#include <stdint.h>

#include <searchd/str.h>

enum lang {
    LANG_AM,
    LANG_AR,
    LANG_BE,
    LANG_BG,
    LANG_BN,
    LANG_CA,
    LANG_CS,
    LANG_DA,
    LANG_DE,
    LANG_EL,
    LANG_EN,
    LANG_ES,
    LANG_ET,
    LANG_EU,
    LANG_FA,
    LANG_FI,
    LANG_FR,
    LANG_GA,
    LANG_GU,
    LANG_HE,
    LANG_HI,
    LANG_HR,
    LANG_HU,
    LANG_HY,
    LANG_ID,
    LANG_IS,
    LANG_IT,
    LANG_JA,
    LANG_KA,
    LANG_KM,
    LANG_KN,
    LANG_KO,
    LANG_LO,
    LANG_LT,
    LANG_LV,
    LANG_MK,
    LANG_ML,
    LANG_MR,
    LANG_MS,
    LANG_MY,
    LANG_NE,
    LANG_NL,
    LANG_NO,
    LANG_PA,
    LANG_PL,
    LANG_PT,
    LANG_RO,
    LANG_RU,
    LANG_SI,
    LANG_SK,
    LANG_SL,
    LANG_SR,
    LANG_SV,
    LANG_TA,
    LANG_TE,
    LANG_TH,
    LANG_TR,
    LANG_UK,
    LANG_UR,
    LANG_VI,
    LANG_YI,
    LANG_ZH,
    LANG_COUNT
};

/* The number of an ISO 639-1 code or of a BCP 47 tag that begins with one ("pt-BR", "pt_BR"), in any
 * case; "nb" and "nn" are "no", and the withdrawn "iw", "in", "ji" what they are now. -1: none
 * that is known here. */
int lang_number(struct sx_str tag);

/* Its ISO 639-1 code; `lang` is from 0 to LANG_COUNT - 1. */
const char *lang_code(int lang);

/* The language that most of text[0..len) is written in, by scripts, tell-tale letters and
 * function words in its first 16 KiB; -1: too little says so, as with names, numbers and code.
 * Any bytes will do. Linear, allocates nothing, any thread. */
int lang_detect(const char *text, size_t len);

/* What languages are written in, as far as telling them apart needs it. SCRIPT_NONE: a code point
 * of no script here, such as digits, signs and combining marks. */
enum script {
    SCRIPT_NONE,
    SCRIPT_LATIN,
    SCRIPT_CYRILLIC,
    SCRIPT_GREEK,
    SCRIPT_ARABIC,
    SCRIPT_HEBREW,
    SCRIPT_DEVANAGARI,
    SCRIPT_HAN,
    SCRIPT_KANA,
    SCRIPT_HANGUL,
    SCRIPT_THAI,
    SCRIPT_LAO,
    SCRIPT_KHMER,
    SCRIPT_MYANMAR,
    SCRIPT_BENGALI,
    SCRIPT_TAMIL,
    SCRIPT_TELUGU,
    SCRIPT_KANNADA,
    SCRIPT_MALAYALAM,
    SCRIPT_GUJARATI,
    SCRIPT_GURMUKHI,
    SCRIPT_SINHALA,
    SCRIPT_ARMENIAN,
    SCRIPT_GEORGIAN,
    SCRIPT_ETHIOPIC,
    SCRIPT_COUNT
};
enum script script_of(uint32_t cp);

/* The script of a language from 0 to LANG_COUNT - 1; of Japanese SCRIPT_KANA. */
enum script lang_script(int lang);

#endif
