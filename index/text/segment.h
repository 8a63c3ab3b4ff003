/* Word boundaries: the words of a text by UAX 29 as ICU tailors and implements it, one after
 * another. Words of most scripts are found by a scan that gives exactly ICU's words; ICU itself
 * reads what needs a dictionary, or touches that, and rarities. */
#ifndef INDEX_TEXT_SEGMENT_H
#define INDEX_TEXT_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <unicode/ubrk.h>

#include "index/text/cjk.h"
#include "index/text/plain.h"

/* What segment_next() says besides "a word" (1) and "no more" (0). */
#define SEGMENT_NOMEM (-1)

/* A word has all its units, or at least so many: no term needs more. */
#define SEGMENT_UNITS_MAX 512

struct word {
    uint32_t start, end; /* bytes in the text */
    const UChar *units;  /* in UTF-16 till the next call, or NULL: it is all ASCII */
    int32_t units_len;
};

struct segmenter {
    UBreakIterator *breaks;
    unsigned char byte_class[256]; /* enum break_class of ASCII; others are for a closer look */
    bool cjk;                      /* Chinese and Japanese need no ICU */
    const unsigned char *text;     /* borrowed */
    size_t len;
    size_t at;     /* where the scan goes on; the end of the run while one is at hand */
    size_t ran_to; /* the end of ICU's last run; none begins before it */
    bool in_run;   /* ICU is at work on a run */
    UChar *units;  /* the run, or the word, in UTF-16 */
    size_t units_cap;
    int32_t unit_at;             /* the last boundary: in `units` … */
    size_t byte_at;              /* … and in the text */
    int32_t cjk_count, cjk_next; /* words of a run without ICU, and which is next */
    uint16_t cjk_ends[CJK_RUN_MAX];
    struct plain plain; /* of the text from `plain_at` on, unless that is behind its end */
    size_t plain_at;
};

/* False: memory ran out or ICU has no rules. segment_release() is due in either case. */
bool segment_init(struct segmenter *s);
void segment_release(struct segmenter *s);

/* Starts on text[0..len), borrowed until the next start; `len` is at most INT32_MAX, the limit of
 * ICU. */
void segment_begin(struct segmenter *s, const char *text, size_t len);

/* The next word: 1, and *out is set; 0 at the end; SEGMENT_NOMEM. Words are the segments to
 * which ICU gives a status: letters, numbers, kana, ideographs; and all that begin with a Chinese
 * character, for a few lose theirs where they stand alone. A byte that is not valid UTF-8 separates
 * as a newline does. */
int segment_next(struct segmenter *s, struct word *out);

/* Leaves out words up to one that may be wanted, or is not plain: ASCII letters and digits, no
 * capital but the first, and behind it what joins it to nothing. How many; at most
 * SEGMENT_SKIP_MAX, and none while ICU is at work. Only while nothing hangs on the word before:
 * one that a hyphen joins to it would be left out like any. */
#define SEGMENT_SKIP_MAX 4096
size_t segment_skip(struct segmenter *s, const struct wanted_terms *wanted);

#endif
