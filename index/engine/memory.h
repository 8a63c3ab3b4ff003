/* What memory keeps of the documents of an index: their rows, the counts of words that were asked
 * for, and all terms once a word asked for them.
 *
 * Commits add to it, and it serves the snapshots before them too. A rebuild makes another, as every
 * length and every count may change. Each holds from one generation on, until the next one does:
 *
 *   an older one, while readers need it ── next ──> ix->memory
 *                                                   ix->memory ── next ──> ix->coming, amid COMMIT
 *
 * A reader pins ix->memory before it begins its snapshot, which then is no older, and goes on to
 * the next where the snapshot turns out to be newer. */
#ifndef INDEX_ENGINE_MEMORY_H
#define INDEX_ENGINE_MEMORY_H

#include <stdint.h>

#include "index/engine/reach.h"
#include "index/store/doctable.h"
#include "index/store/docs.h"
#include "index/store/termcache.h"

struct sx_index;
struct words;

struct memory {
    struct doctable docs;
    struct termcache *terms;
    struct reach reach;
    /* by the lock of the index */
    struct words *words; /* see engine/words.h; NULL: none */
    bool words_refused;  /* they are too many */
    uint64_t since;      /* generation */
    unsigned refs;       /* the index's, those of readers, that of the one before */
    struct memory *next;
};

/* Empty, with one reference; NULL: memory ran out. */
struct memory *memory_new(void);
/* For one that nobody else has seen; NULL is fine. */
void memory_free(struct memory *m);

/* Adds the row of a stored document; `an` makes the words of names. -1: memory ran out. */
int memory_add(struct memory *m, const struct stored_doc *d, struct analyzer *an);

/* A reader: before its snapshot begins, once it knows its generation, and after its end. */
struct memory *memory_pin(struct sx_index *ix);
struct memory *memory_follow(struct sx_index *ix, struct memory *m, uint64_t generation);
void memory_unpin(struct sx_index *ix, struct memory *m);

/* The writer, before COMMIT: ix->coming, where there is one, serves from `generation` on; else
 * ix->memory does as well, with the changes of words in `d`. */
void memory_register(struct sx_index *ix, uint64_t generation, const struct deltas *d);
/* That COMMIT failed. */
void memory_withdraw(struct sx_index *ix, uint64_t generation);
/* It went well: ix->coming, where there is one, takes the place of ix->memory. */
void memory_committed(struct sx_index *ix);
/* Drops ix->coming. */
void memory_rolled_back(struct sx_index *ix);

#endif
