/* Stop words: the function words that leave queries. The lists are config/stopwords/CODE.txt,
 * compiled in and folded as the analyzer folds, so that they compare with terms. */
#ifndef INDEX_TEXT_STOP_H
#define INDEX_TEXT_STOP_H

#include <stdbool.h>

#include "index/text/lang.h"

#include <searchd/str.h>

/* Folds the lists, once in a process, for its whole life; any thread. False: memory ran out, and
 * the next call tries again. stop_is() does it too: call this to know that it worked. */
bool stop_init(void);

/* Whether `term`, folded, is a stop word of `lang`; false for -1 and for languages without a
 * list, and while stop_init() fails. Any thread. */
bool stop_is(int lang, struct sx_str term);

/* The list of each language as it was written: lower case, natural spelling, NULL after the last;
 * NULL where there is none. */
extern const char *const *const stop_lists[LANG_COUNT];

#endif
