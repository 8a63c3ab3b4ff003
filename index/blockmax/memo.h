/* What one reader has found in dictionaries: a term that it asks for again is not looked up again. Of one
 * thread at a time. */
#ifndef INDEX_BLOCKMAX_MEMO_H
#define INDEX_BLOCKMAX_MEMO_H

#include "index/blockmax/segment.h"

struct memo;

struct memo *memo_new(void);    /* NULL: memory ran out */
void memo_free(struct memo *m); /* NULL is fine */

/* The same as segment_find(), which it calls for what it does not know; NULL knows nothing. */
bool memo_find(struct memo *m, struct segment *s, struct sx_str term, struct term_entry *out,
               bool *found);

#endif
