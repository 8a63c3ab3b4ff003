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

/* What segment_next() says besides "a word" (1) and "no more" (0). */
#define SEGMENT_NOMEM (-1)

struct word {
    uint32_t start, end; /* bytes in the text */
    const UChar *units;  /* the word in UTF-16 till the next call, or NULL: it is all ASCII */
    int32_t units_len;
};

struct segmenter {
    UBreakIterator *breaks;
    const unsigned char *text; /* borrowed */
    size_t len;
    size_t at;   /* where the ASCII scan goes on; the end of the run while ICU is at work */
    bool in_run; /* ICU is at work on a run */
    bool cjk;    /* Chinese and Japanese need no ICU */
    int32_t cjk_count, cjk_next; /* words of the run at hand, and which is next; its text is … */
    uint16_t cjk_ends[CJK_RUN_MAX]; /* … `units`, that of the first word at byte_at */
    UChar *units;                   /* the run in UTF-16 */
    size_t units_cap;
    int32_t unit_at;               /* ICU's last boundary: in `units` … */
    size_t byte_at;                /* … and in the text */
    unsigned char byte_class[256]; /* enum break_class of ASCII; of others that of what ICU reads */
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

#endif
