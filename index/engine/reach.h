/* What block-max reaches: the segments that hold the documents of a snapshot.
 *
 * A set of segments is immutable; the newest is reach->now. The writer adds the segment of a commit
 * before its COMMIT and marks what it deletes with the coming generation; both are taken back when
 * COMMIT fails. Upkeep puts merged segments in the place of others. A reader takes the newest set
 * after its snapshot has begun: documents behind the snapshot are not of it, and what is marked dead
 * lives in snapshots before the mark.
 *
 * Where a set has a gap, or has lost documents that an older snapshot still sees, FTS5 answers. */
#ifndef INDEX_ENGINE_REACH_H
#define INDEX_ENGINE_REACH_H

#include <stdatomic.h>

#include "index/blockmax/invert.h"
#include "index/blockmax/search.h"
#include "index/engine/crew.h"
#include "index/store/chunks.h"
#include "index/store/docs.h"

struct sx_index;
struct memory;

/* What bm_view.gone() needs. */
struct reach_snapshot {
    const struct chunks *gone;
    uint64_t generation;
};

struct segset {
    _Atomic(unsigned) refs;
    bool whole;      /* no gap from the first document to `next` */
    uint64_t next;   /* rowids below are reached */
    uint64_t purged; /* documents that went in this generation, or before, may be left out */
    size_t count;
    struct segment *at[]; /* by rowid */
};

/* So many deletions may come while a segment is put into its place. */
#define RECENT_KILLS 4096

struct reach {
    struct segset *now;            /* by the lock of the index */
    struct segset *before;         /* the writer's: to go back to when COMMIT fails */
    uint64_t epoch;                /* by the lock: raised when deletions are not marked */
    uint64_t committed_next;       /* by the lock: rowids below are committed, */
    uint64_t committed;            /* in this generation or before; */
    double average;                /* their length; */
    uint64_t docs, sum;            /* how many there are, and state.sum; */
    uint32_t names;                /* in memory->docs */
    uint64_t kills;                /* by the lock: how many there were, */
    uint64_t recent[RECENT_KILLS]; /* and the rowids of the last */
    struct chunks gone; /* _Atomic(uint64_t) by rowid: generation that it went in; 0: it did not */
};

/* A segment that the crew makes. */
struct making {
    struct task task;
    struct inverter *v; /* NULL: none is being made */
    uint64_t first, next;
    double average;
    struct segment *made; /* NULL: memory ran out */
};

/* What the open transaction does to it; the writer's. */
struct reach_changes {
    struct inverter *put; /* documents since the last segment */
    uint64_t from;        /* rowid: those before are in segments, made or being made */
    struct making making;
    struct segment **spilled;
    size_t spilled_count;
    uint64_t *killed; /* rowids */
    size_t killed_count, killed_cap;
    bool lost;    /* memory ran out: the transaction's documents will not be reached, */
    bool forgot;  /* or not all that it deleted is known */
    bool emptied; /* the set is gone with this COMMIT */
};

void reach_changes_release(struct reach_changes *c);

int reach_init(struct reach *r); /* -1: memory ran out; release all the same */
void reach_release(struct reach *r);

/* A set of segments, which it takes references to; they are in order and do not overlap. NULL: memory ran
 * out. */
struct segset *segset_new(struct segment *const *at, size_t count, uint64_t purged);

/* ---- opening: before there are readers -------------------------------------------------------- */

/* The documents that the index has, a bit by rowid; zeroed: none. `bits` is to be freed. */
struct reach_docs {
    uint64_t *bits;
    size_t words;
};
/* False: memory ran out. */
bool reach_note(struct reach_docs *d, uint64_t rowid);
/* Takes the segments of `files`, once memory has the documents. What a segment has and the index has not is gone;
 * a segment that does not have what the index has is taken out. */
void reach_open(struct sx_index *ix, struct segset *files, const struct reach_docs *docs);

/* ---- the writer ------------------------------------------------------------------------------- */

/* A document is put: its tokens follow, `number` being their terms' in ix->deltas, then its lengths. */
void reach_put(struct sx_index *ix, int64_t rowid);
void reach_token(struct sx_index *ix, bool body, uint32_t position, struct sx_str term,
                 uint32_t number, bool beside);
void reach_put_end(struct sx_index *ix, const struct stored_doc *d, double average);
/* The average length of a document, for the segments that are made now. */
double reach_average(const struct state *s);
void reach_delete(struct sx_index *ix, int64_t rowid);

/* All of the transaction's documents are put: the crew begins with what COMMIT needs. */
void reach_close(struct sx_index *ix);
/* Before COMMIT, after it failed, after it went well, and after a rollback. */
void reach_register(struct sx_index *ix, uint64_t generation);
void reach_withdraw(struct sx_index *ix);
void reach_committed(struct sx_index *ix);
void reach_rolled_back(struct sx_index *ix);

/* ---- readers ---------------------------------------------------------------------------------- */

/* The set for a snapshot, with a reference; NULL: it is not reached. */
struct segset *reach_take(struct sx_index *ix, struct memory *m, const struct state *snap);
/* The newest set, whole or not, with a reference. */
struct segset *reach_now(struct sx_index *ix, struct memory *m);
void reach_drop(struct segset *set); /* NULL is fine */
/* A snapshot as block-max sees it; lives as long as set and memory do. `of` is filled. */
struct bm_view reach_view(const struct segset *set, const struct memory *m,
                          const struct state *snap, struct reach_snapshot *of);

/* ---- upkeep ----------------------------------------------------------------------------------- */

/* What a segment was made of. */
struct reach_origin {
    uint64_t generation; /* what went after it is still in the segment, */
    uint64_t purged;     /* what went in this one, or before, may be left out */
    uint64_t epoch;      /* when its making began */
};

/* Puts `made` in the place of all segments of its rowids, or into a gap; takes its reference. False:
 * they are no longer there, deletions since are not known, or memory ran out. */
bool reach_replace(struct sx_index *ix, struct memory *m, struct segment *made,
                   struct reach_origin of);
/* Takes damaged segments out. */
void reach_heal(struct sx_index *ix, struct memory *m);
/* Generation that a document of the segment went in, at most `upto`; 0: it did not. */
uint64_t reach_gone(const struct memory *m, uint64_t rowid, uint64_t upto);

#endif
