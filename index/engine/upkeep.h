/* Upkeep of the segments, on a thread of its own: merges them, writes them to files, and makes anew
 * from the stored text what is missing. It only reads the index; losing what it made costs speed.
 *
 *   blockmax/ID.segment   one segment; FORMAT.md in index/blockmax
 *   blockmax/manifest     which of them count; replaced as a whole, by rename
 *
 * Files are written beside, synced and renamed. What the manifest does not name is removed. */
#ifndef INDEX_ENGINE_UPKEEP_H
#define INDEX_ENGINE_UPKEEP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/base/error.h"
#include "index/engine/documents.h"

struct sx_index;
struct segset;

struct upkeep {
    pthread_t thread;
    pthread_cond_t wake; /* with the lock of the index */
    bool ready;          /* `wake` is */
    bool started;
    bool wanted;         /* there may be something to do */
    bool hurry;          /* all of it, at once: upkeep_wait() */
    bool idle;           /* the thread waits */
    bool settled;        /* nothing came since it has done what it does when idle */
    uint64_t busy_below; /* rowids below are being merged by the thread: not by the writer */
    uint64_t changed_at; /* when something came, CLOCK_MONOTONIC */
    /* by the lock; since it was opened */
    uint64_t bytes_max;              /* segments of more together are not merged */
    uint64_t memory_max;             /* so much in memory goes to a file, however busy */
    struct documents_file documents; /* the thread's; before and after it, the opener's */
    _Atomic(bool) stop;
    struct sx_error failure; /* the last one; by the lock */
};

/* Once the documents and segments are loaded: makes what little is missing, and starts the thread for the rest. */
void upkeep_start(struct sx_index *ix);
/* Stops the thread; what is in memory alone goes to a file where that is much. */
void upkeep_stop(struct sx_index *ix);

/* The writer: merges what is small, wakes the thread for what is not. */
void upkeep_after_commit(struct sx_index *ix);
/* Any thread: why the last step failed, ended by NUL; "" where it did not, or only came too late. */
void upkeep_failure(struct sx_index *ix, char *out, size_t size);
/* Any thread: a search found a damaged segment, or there is another reason to look. */
void upkeep_wake(struct sx_index *ix);

#endif
