/* Counting the tokens of documents as they are put and removed: changes of n and F by term (store/deltas.h), and
 * the postings of the segments to be (reach.h). Of documents that come in numbers that is done by the crew,
 * a chunk at a time, while the writer stores the next chunk.
 *
 *   feed_open() ──> write_prepared(), the writer ──> feed_give() ──> counted, any thread ──> feed_wait()
 *
 * Whatever else the writer feeds, it first waits for what it gave. */
#ifndef INDEX_ENGINE_FEED_H
#define INDEX_ENGINE_FEED_H

#include "index/engine/prepare.h"

struct sx_index;

struct feeding {
    struct task task;
    struct sx_index *ix;
    struct prepared *open;  /* the chunk that is being stored; NULL: none */
    struct prepared *given; /* that is being counted; NULL: none */
    double average;         /* length when it was given */
    bool failed;            /* memory ran out */
};

/* The documents of `p` that are stored from here on are counted later. */
void feed_open(struct sx_index *ix, struct prepared *p);
/* Gives them to the crew; feed_wait() comes before. */
void feed_give(struct sx_index *ix);
/* Waits for what was given. SX_ENOMEM: not all could be counted. */
sx_status feed_wait(struct sx_index *ix, struct sx_error *err);
/* Forgets what is open and what was given. */
void feed_stop(struct sx_index *ix);

/* A document of `p` is stored. */
sx_status feed_put(struct sx_index *ix, struct prepared *p, struct prepared_doc *d,
                   struct sx_error *err);
/* One is removed: the only one of `p`. */
sx_status feed_removed(struct sx_index *ix, struct prepared *p, struct sx_error *err);

#endif
