/* Classes of code points: what tells the parts of a word, and the scripts written without spaces,
 * apart. */
#ifndef INDEX_TEXT_CHARS_H
#define INDEX_TEXT_CHARS_H

#include <stdbool.h>
#include <stdint.h>

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

enum char_class char_class(uint32_t cp);

/* Whether `cp` is of a script without spaces, be it a letter or a mark; digits are not. */
bool char_is_unspaced(uint32_t cp);

/* Whether `cp` is a combining mark or invisible, so that it belongs to what is before it. */
bool char_is_mark(uint32_t cp);

#endif
