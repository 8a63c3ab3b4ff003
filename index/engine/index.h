/* What an open index is in memory. Private to the engine.
 *
 *   writer's thread   `w`, the transaction, the deltas, the sync
 *   any thread        `memory`, by its own rules; `lock` orders the two sides
 */
#ifndef INDEX_ENGINE_INDEX_H
#define INDEX_ENGINE_INDEX_H

#include <pthread.h>
#include <stdatomic.h>

#include <searchd/index.h>

#include "index/base/buf.h"
#include "index/base/pool.h"
#include "index/engine/cursors.h"
#include "index/engine/feed.h"
#include "index/engine/languages.h"
#include "index/engine/memory.h"
#include "index/engine/pipeline.h"
#include "index/engine/reach.h"
#include "index/engine/upkeep.h"
#include "index/engine/words.h"
#include "index/store/db.h"
#include "index/store/deltas.h"
#include "index/store/docs.h"

struct sync;
struct syncs;

struct sx_index {
    char *dir, *path;
    int lock_fd;
    bool relaxed;
    bool keep_boilerplate;      /* of HTML pages, in their bodies */
    struct sx_extract *extract; /* NULL: files are read in this process */

    /* the writer's thread */
    struct db w;
    struct analyzer *an;    /* for the words of names */
    struct state committed; /* the last snapshot */
    struct state next;      /* the one being made */
    bool in_transaction;
    bool failed_touched;  /* rows of failed changed: count them at commit */
    struct sx_error doom; /* code != SX_OK: the transaction is lost; see sx_index_put() */
    struct deltas deltas;
    struct buf fresh; /* terms that the transaction is the first to have */
    struct languages languages;
    struct memory *coming;    /* of the rebuild that runs */
    struct prepared one;      /* the document being put alone */
    struct prepared gone;     /* the one being removed */
    struct pipeline pipeline; /* of the put that runs */
    struct feeding feeding;   /* likewise */
    struct reach_changes changes;
    bool merged;     /* nothing to merge since the last commit */
    int merge_pages; /* of the next slice, by what the last one took */
    struct syncs *syncs;
    struct sync *sync; /* of them the one that has a slice now, or NULL */

    /* shared */
    pthread_mutex_t lock; /* the writer passes it before COMMIT, a reader after BEGIN */
    struct memory *memory;
    struct cursors *cursors;
    struct upkeep upkeep;
    struct crew *crew;
    size_t words_max;           /* bytes for terms in memory; since it was opened */
    _Atomic(uint64_t) analyzer; /* the one that made the index */
    struct sx_sync_progress
        told_progress;         /* of the root, or what there was last, for readers; under `lock` */
    _Atomic(uint64_t) pending; /* files of a running sync still to be read */
};

struct sx_reader {
    struct sx_index *ix;
    struct db c;
    struct analyzer *an;
    struct stemmer *stemmer; /* made when first needed */
    struct memory *memory;   /* of the snapshot */
    struct segset *reached;  /* by it; NULL: FTS5 answers */
    struct reach_snapshot reach_snap;
    bool fts5_alone;        /* the search that runs takes nothing from segments, counts neither */
    struct pool pool;       /* of the search that runs */
    struct memo *memo;      /* made when first needed */
    struct words *words;    /* that serve it; NULL: none do */
    struct memory *claimed; /* `words` are its, and still to be loaded */
    bool held;              /* sx_reader_hold() has begun the snapshot, */
    struct state held_snap; /* which is this */
};

/* A reader's transaction and what its snapshot is. */
sx_status reader_begin(struct sx_reader *r, struct state *snap, struct sx_error *err);
void reader_end(struct sx_reader *r);
struct sx_coverage reader_coverage(const struct sx_reader *r, const struct state *snap);

/* ---- inside the writer's transaction (engine/write.c), for sync ------------------------- */

/* Tells memory of a document that is stored; SX_ENOMEM without words. */
sx_status index_remember(struct sx_index *ix, const struct stored_doc *d);
/* Begins a transaction if none is open. SX_EVERSION: the index is stale, and this is no rebuild;
 * nothing is doomed. */
sx_status write_begin(struct sx_index *ix, struct sx_error *err);
/* Puts a valid document of `file` (0: none). SX_EREQUEST: another file has its uri, and keeps
 * it. Any other failure dooms. */
sx_status write_doc(struct sx_index *ix, const struct sx_doc *d, int64_t file, size_t *replaced,
                    struct sx_error *err);
sx_status write_delete_id(struct sx_index *ix, int64_t id, struct sx_error *err);
/* The same for one that is prepared, or will be as far as it is not. */
sx_status write_prepared(struct sx_index *ix, struct prepared *p, size_t which, size_t *replaced,
                         struct sx_error *err);
/* Indexes the text of a stored document once more, where its words are gone, and tells ix->coming
 * of it. */
sx_status write_reindex(struct sx_index *ix, struct prepared *p, struct prepared_doc *to,
                        struct sx_error *err);
/* Records `err` as the end of the transaction and rolls back; returns its code. */
sx_status write_doom(struct sx_index *ix, sx_status rc, const struct sx_error *err);

struct syncs *syncs_new(void);
void syncs_free(struct syncs *s); /* NULL is fine */

#endif
