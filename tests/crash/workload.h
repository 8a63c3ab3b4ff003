/* A small life of an index, the same each time, for tests that let something fail on the way.
 *
 * It goes in steps, each one transaction. What an index holds after a step is known from the step
 * alone, so that any index can be told to be at step n, or at none. */
#ifndef TESTS_CRASH_WORKLOAD_H
#define TESTS_CRASH_WORKLOAD_H

#include <searchd/index.h>

#include "index/base/buf.h"
#include "tests/support/support.h"

#define WORK_STEPS 5 /* step 0 is the empty index */
#define WORK_NOWHERE (-1)

/* Writes and commits step `step`, from 1 on, upon the one before. */
sx_status work_step(struct sx_index *ix, int step, struct sx_error *err);

/* The step that the index is at, by the text of each document; WORK_NOWHERE: by none of them.
 * Reading must not fail. */
int work_at(struct sx_index *ix);

#define WORK_QUERIES 18
/* Asks query `n` (below WORK_QUERIES) and appends to `out` all that the reply says but the
 * generation. */
sx_status work_query(struct sx_reader *r, int n, struct buf *out, struct sx_error *err);

/* The other ways to read, likewise, each by a number below WORK_READS. */
#define WORK_READS 6
sx_status work_read(struct sx_reader *r, int n, struct buf *out, struct sx_error *err);

#endif
