/* Documents on their way through the crew: filled in here, prepared there, used here, in one order. */
#ifndef INDEX_ENGINE_AHEAD_H
#define INDEX_ENGINE_AHEAD_H

#include "index/engine/prepare.h"

/* So many are given at most before they are needed, and of so many bytes. */
#define AHEAD_GIVEN 16
#define AHEAD_BYTES ((size_t)4 << 20)

struct ahead { /* one thread's */
    struct prepared ring[AHEAD_GIVEN];
    size_t first, count;
    size_t bytes; /* of those that were given */
};

/* A zeroed struct ahead is empty. Nothing may be on its way. */
void ahead_release(struct ahead *a);

/* An empty one, to be filled and given; NULL: enough are on their way. */
struct prepared *ahead_room(struct ahead *a);
void ahead_give(struct ahead *a, struct crew *crew);

/* What was given first, prepared; NULL: nothing was. ahead_done() with it before the next. */
struct prepared *ahead_next(struct ahead *a, struct crew *crew, struct analyzer *an);
void ahead_done(struct ahead *a);

/* Forgets what is on its way. */
void ahead_stop(struct ahead *a, struct crew *crew);

#endif
