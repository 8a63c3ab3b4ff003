/* Segments in memory, of words that have a number. */
#ifndef TESTS_BLOCKMAX_SEGMENTS_H
#define TESTS_BLOCKMAX_SEGMENTS_H

#include <stdio.h>

#include "index/base/str.h"
#include "index/blockmax/invert.h"
#include "index/blockmax/segment.h"
#include "tests/support/support.h"

static inline struct sx_str name_of(uint32_t word, char out[16])
{
    return str_make(out, (size_t)snprintf(out, 16, "w%u", word));
}

/* Of what was inverted, which is freed: rowids from `first` to below `next`. */
static inline struct segment *segment_made(struct inverter *v, uint64_t first, uint64_t next,
                                           double average)
{
    const uint8_t id[SEGMENT_ID_BYTES] = {1};
    struct buf bytes = {0};
    struct segment *s;
    struct sx_error err;

    assert_int_equal(inverter_write(v, first, next, average, id, -1, &bytes, &err), SX_OK);
    assert_int_equal(segment_of_memory(&s, &bytes, &err), SX_OK);
    inverter_free(v);
    return s;
}

#endif
