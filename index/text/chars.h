/* Classes of code points: where words break, and what they are made of. */
#ifndef INDEX_TEXT_CHARS_H
#define INDEX_TEXT_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/base/utf8.h"

enum char_class {
    CHAR_LETTER, /* without case, or none of the others below */
    CHAR_LOWER,
    CHAR_UPPER,
    CHAR_HEBREW,
    CHAR_DIGIT,    /* decimal, of any script */
    CHAR_MARK,     /* belongs to what is before it: combining marks, format characters */
    CHAR_UNSPACED, /* of a script whose words stand without spaces: Chinese, Thai ... */
    /* What may stand between letters or digits of one word, loosest first. */
    CHAR_AT,
    CHAR_DOT,   /* also the colon */
    CHAR_COMMA, /* and what else stands between digits only */
    CHAR_UNDERSCORE,
    CHAR_GERESH, /* parts nothing: Hebrew's, the quotes that stand for it, Armenian accents */
    CHAR_MIDDLE_DOT,
    CHAR_NARROW_SPACE,
    CHAR_APOSTROPHE
};

/* How words break at a character, as far as a simple scan can tell. */
enum break_class {
    BREAK_OTHER,      /* joins nothing before or behind it but marks, and spaces among themselves */
    BREAK_QUOTE,      /* ": joins Hebrew letters only */
    BREAK_MID,        /* joins letters, and digits: . ' */
    BREAK_MID_DIGITS, /* joins digits: , ; */
    BREAK_UNDERSCORE, /* joins letters, digits, itself */
    BREAK_DIGIT,
    BREAK_LETTER, /* and @, which ICU counts as one */
    BREAK_HANGUL, /* joins Hangul; what else, ICU knows */
    BREAK_EXTEND, /* a mark: goes with what is before it */
    BREAK_CJK,    /* ideographs and kana, for cjk.h */
    BREAK_ICU     /* all that ICU has to be asked about */
};

/* Makes the tables below, once for the process; due before any other call. False: memory ran
 * out. */
bool chars_init(void);

/* Both classes of each code point up to U+FFFF. */
extern unsigned char chars_table[0x10000];

enum char_class char_class_above(uint32_t cp); /* above U+FFFF */

static inline enum char_class char_class(uint32_t cp)
{
    return cp < 0x10000 ? (enum char_class)(chars_table[cp] >> 4) : char_class_above(cp);
}

static inline enum break_class char_break(uint32_t cp)
{
    return cp < 0x10000 ? (enum break_class)(chars_table[cp] & 15) : BREAK_ICU;
}

/* utf8_next(), with the common cases inline. */
static inline uint32_t char_next(const char *text, size_t len, size_t *size)
{
    const unsigned char *p = (const unsigned char *)text;

    if (p[0] < 0x80) {
        *size = 1;
        return p[0];
    }
    if (p[0] > 0xE0 && p[0] < 0xED && len >= 3 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80) {
        *size = 3;
        return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    }
    if (p[0] > 0xC1 && p[0] < 0xE0 && len >= 2 && (p[1] & 0xC0) == 0x80) {
        *size = 2;
        return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    }
    return utf8_next(text, len, size);
}

/* Whether `cp` is of a script without spaces, be it a letter or a mark; digits are not. */
bool char_is_unspaced(uint32_t cp);

/* Whether `cp` is a combining mark or invisible, so that it belongs to what is before it. */
static inline bool char_is_mark(uint32_t cp)
{
    return char_class(cp) == CHAR_MARK;
}

#endif
