/* Documents on their way through the crew: filled in here, prepared there, used here, in one order. */
#ifndef INDEX_ENGINE_PIPELINE_H
#define INDEX_ENGINE_PIPELINE_H

#include "index/engine/prepare.h"

/* So many are given at most before they are needed, and of so many bytes. */
#define PIPELINE_GIVEN 16
#define PIPELINE_BYTES ((size_t)4 << 20)

struct pipeline { /* one thread's */
    struct prepared ring[PIPELINE_GIVEN];
    size_t first, used, count; /* of those that were given, the first are in use */
    size_t bytes;              /* of those that were given */
};

/* A zeroed struct pipeline is empty. Nothing may be on its way. */
void pipeline_release(struct pipeline *a);

/* An empty one, to be filled and given; NULL: enough are on their way. */
struct prepared *pipeline_room(struct pipeline *a);
void pipeline_give(struct pipeline *a, struct crew *crew);

/* What was given first of what is not in use, prepared; NULL: all is. It is in use until pipeline_done(), which
 * leaves the last `keep` in use. */
struct prepared *pipeline_next(struct pipeline *a, struct crew *crew, struct analyzer *an);
void pipeline_done(struct pipeline *a, size_t keep);

/* Forgets what is on its way. */
void pipeline_stop(struct pipeline *a, struct crew *crew);

#endif
