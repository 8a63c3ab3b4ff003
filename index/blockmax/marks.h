/* Which documents of a segment were marked: bits by document, of ranges that have some. Private to the scans. */
#ifndef INDEX_BLOCKMAX_MARKS_H
#define INDEX_BLOCKMAX_MARKS_H

#include <string.h>

#include "index/base/pool.h"
#include "index/blockmax/source.h"

/* None of so many ranges. NULL: memory ran out. */
static inline uint64_t **marks_new(struct pool *mem, uint32_t ranges)
{
    uint64_t **marks = pool_array(mem, (size_t)ranges + 1, sizeof(uint64_t *));

    for (uint32_t r = 0; marks != NULL && r < ranges; r++)
        marks[r] = NULL;
    return marks;
}

/* -1: memory ran out. */
static inline int marks_set(struct pool *mem, uint64_t **marks, uint32_t doc)
{
    uint64_t **range = &marks[doc >> RANGE_BITS];

    if (*range == NULL) {
        *range = pool_array(mem, RANGE_WORDS, sizeof(**range));
        if (*range == NULL)
            return -1;
        memset(*range, 0, RANGE_WORDS * sizeof(**range));
    }
    set_document(*range, doc & (RANGE_DOCS - 1));
    return 0;
}

/* Bits of a range; NULL: none is marked. */
static inline const uint64_t *marks_range(uint64_t *const *marks, uint32_t range)
{
    return marks[range];
}

static inline bool marks_has(uint64_t *const *marks, uint32_t doc)
{
    const uint64_t *range = marks_range(marks, doc >> RANGE_BITS);

    return range != NULL && has_document(range, doc & (RANGE_DOCS - 1));
}

#endif
