/* The structure of a word: which of its characters do not count, and what its parts are. */
#ifndef INDEX_TEXT_COMPOUND_H
#define INDEX_TEXT_COMPOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <unicode/utypes.h>

/* Code points of a word that are looked at: no term needs more. */
#define COMPOUND_MAX 512
/* The smallest parts that are told of a word, and what a word has in all: parts of parts, of which
 * each has two smaller ones, and the ends of a dotted name. */
#define COMPOUND_PARTS 8
#define COMPOUND_PARTS_MAX 24

struct compound {
    size_t count;
    bool cut;    /* the word is longer than COMPOUND_MAX */
    bool joined; /* something in it may part it */
    struct compound_char {
        uint32_t cp, at; /* `at`: byte in the text */
        unsigned char class;
        bool dropped;          /* no part of any term */
        bool begins_part;      /* R of parseRequest */
    } chars[COMPOUND_MAX + 1]; /* chars[count].at is where they end */
};

/* Some of the chars: [from, to). */
struct compound_part {
    uint32_t from, to;
};

/* Reads the word text[start..end), one of ICU's or a piece of one. */
void compound_read(struct compound *c, const char *text, uint32_t start, uint32_t end);

/* Writes what counts of a part in UTF-16 and returns how many units. */
int32_t compound_units(const struct compound *c, struct compound_part part,
                       UChar out[2 * COMPOUND_MAX]);

/* Lists the parts, each smaller than the word, and returns how many: 0 for a word that is one. */
size_t compound_parts(const struct compound *c, struct compound_part out[COMPOUND_PARTS_MAX]);

/* Whether it ends with an s that an apostrophe sets off from all before; `first` is the first of its
 * parts. */
bool compound_is_possessive(const struct compound *c, struct compound_part first);

#endif
