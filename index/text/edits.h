/* How many edits turn one word into another. */
#ifndef INDEX_TEXT_EDITS_H
#define INDEX_TEXT_EDITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <searchd/str.h>

/* Longest word, in code points, that has edits. */
#define EDITS_POINTS_MAX 60
#define EDITS_MAX 2

struct edits_word {
    uint32_t points[EDITS_POINTS_MAX];
    uint32_t count;
    uint64_t letters; /* a bit a code point, by its value modulo 64, another once it comes twice */
};

/* Reads valid UTF-8; -1: it is longer than EDITS_POINTS_MAX. */
int edits_word(struct edits_word *w, struct sx_str text);

/* Whether words of these letters may be at most `max` edits apart (1 or 2): an edit takes at most
 * one letter away and brings at most one. */
static inline bool edits_may_join(uint64_t a, uint64_t b, unsigned max)
{
    uint64_t gone = a & ~b, come = b & ~a;

    for (unsigned i = 0; i < max; i++) { /* each step takes the lowest bit away */
        gone &= gone - 1;
        come &= come - 1;
    }
    return (gone | come) == 0;
}

/* The least number of insertions, deletions, replacements and exchanges of two neighbours, each
 * code point edited at most once (optimal string alignment, after Damerau, 1964); max + 1 when
 * it is more than `max`, at most EDITS_MAX. */
unsigned edits_between(const struct edits_word *a, const struct edits_word *b, unsigned max);

#endif
