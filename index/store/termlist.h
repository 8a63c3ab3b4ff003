/* Terms in memory, for words that may be misspelt: what looking through all of them needs, packed.
 *
 * A list only grows. One thread adds while any others scan, without a lock: they see what was added
 * before they were told of it, and maybe more. A term may be in it more than once. */
#ifndef INDEX_STORE_TERMLIST_H
#define INDEX_STORE_TERMLIST_H

#include <stddef.h>

#include <searchd/str.h>

#include "index/text/edits.h"

struct termlist;

struct termlist *termlist_new(void);    /* NULL: memory ran out */
void termlist_free(struct termlist *l); /* NULL is fine; nobody may scan it */

/* The one thread that adds. A term of more than EDITS_POINTS_MAX code points is left out: no word
 * is near to it. -1: memory ran out. */
int termlist_add(struct termlist *l, struct sx_str term);
/* Bytes that it takes; of the thread that adds, too. */
size_t termlist_bytes(const struct termlist *l);

/* Calls `each` for all terms that are at most `edits` away from `word`, and for some others that
 * have nearly its length and its letters. What it returns ends the scan unless it is 0. */
int termlist_scan(const struct termlist *l, const struct edits_word *word, unsigned edits,
                  int (*each)(void *ctx, struct sx_str term), void *ctx);

#endif
