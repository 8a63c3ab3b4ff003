/* Bringing the index in line with a folder, in slices on the writer's thread.
 *
 *   LIST   walk the folder; note the files that are new or changed by size and time
 *   READ   each, as other threads have read it; unchanged by hash: only the time is noted; else its
 *          documents are put
 *   SWEEP  files of the root that the walk did not meet are forgotten with their documents
 *
 * The same for some files and folders of a root, when it is known what changed.
 *
 * Each slice ends with a commit, so that a kill costs what one slice did: the next sync finds
 * the rest by the same comparison. */
#include "index/engine/sync.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/engine/readahead.h"

/* Documents between two commits of a slice, so that the memory of a transaction stays small. */
#define SLICE_DOCS 5000

static void paths_release(struct paths *p)
{
    for (size_t i = 0; i < p->count; i++)
        mem_free(p->items[i]);
    mem_free(p->items);
}

static void free_one(struct sync *s)
{
    walk_close(s->walk);
    for (size_t i = 0; i < s->changed_count; i++)
        mem_free(s->changed[i].path);
    paths_release(&s->unlisted);
    paths_release(&s->targets);
    mem_free(s->changed);
    mem_free(s->met);
    buf_release(&s->after);
    buf_release(&s->prefix);
    mem_free(s);
}

void sync_free(struct sync *s)
{
    while (s != NULL) {
        struct sync *outer = s->outer;
        free_one(s);
        s = outer;
    }
}

/* Files that are being read for the sync are read in vain; they are given again, if it goes on. */
static void stop_reading(struct sx_index *ix)
{
    readahead_drop_all(ix->ahead);
    if (ix->sync == NULL)
        return;
    ix->sync->changed_given = ix->sync->changed_next;
    ix->sync->amid = false;
}

/* Ends the sync that runs; the one that waits for it is the next. */
static void end_sync(struct sx_index *ix)
{
    struct sync *s = ix->sync;

    if (s == NULL)
        return;
    stop_reading(ix);
    ix->sync = s->outer;
    free_one(s);
}

static uint64_t pending(const struct sx_index *ix)
{
    uint64_t files = ix->sync != NULL && ix->sync->waiting ? 0 : ix->progress.pending;

    for (const struct sync *s = ix->sync; s != NULL; s = s->outer)
        files += s->waiting ? s->saved.pending : 0;
    return files;
}

struct sx_sync_progress sx_sync_progress(const struct sx_index *ix)
{
    return ix->progress;
}

/* Of a whole root, or of `count` paths below it. NULL: `err` says why. */
static struct sync *sync_new(const char *root, const char *const *paths, size_t count,
                             struct sx_error *err)
{
    struct sync *s = mem_zalloc(1, sizeof(*s));

    if (s == NULL) {
        sx_fail_oom(err);
        return NULL;
    }
    s->of_paths = paths != NULL;
    sx_status rc = paths == NULL ? walk_open(&s->walk, root, err) : SX_OK;
    if (rc == SX_OK && paths == NULL) {
        rc = sync_add_path(&s->targets, walk_root(s->walk), err);
        s->target = 1;
    }
    for (size_t i = 0; paths != NULL && i < count && rc == SX_OK; i++)
        rc = sync_add_path(&s->targets, paths[i], err);
    if (rc == SX_OK)
        return s;
    free_one(s);
    return NULL;
}

sx_status sx_sync_begin(struct sx_index *ix, const char *root, struct sx_error *err)
{
    struct sx_error own;

    err = err == NULL ? &own : err;
    if (sx_index_stale(ix, err))
        return SX_EVERSION;
    while (ix->sync != NULL)
        end_sync(ix);
    memset(&ix->progress, 0, sizeof(ix->progress));
    struct sync *s = sync_new(root, NULL, 0, err);
    sx_status rc = s == NULL ? err->code : SX_OK;
    if (!ix->in_transaction && rc != SX_ENOMEM)
        sync_note_root(ix, root, rc == SX_OK ? NULL : err->msg);
    ix->sync = s;
    return rc;
}

sx_status sx_sync_begin_paths(struct sx_index *ix, const char *const *paths, size_t count,
                              struct sx_error *err)
{
    struct sx_error own;

    err = err == NULL ? &own : err;
    if (sx_index_stale(ix, err))
        return SX_EVERSION;
    struct sync *s = sync_new(NULL, paths, count, err);
    if (s == NULL)
        return err->code;
    if (ix->sync != NULL && ix->sync->of_paths)
        end_sync(ix);
    stop_reading(ix);
    if (ix->sync != NULL && !ix->sync->waiting) {
        ix->sync->saved = ix->progress;
        ix->sync->waiting = true;
    }
    memset(&ix->progress, 0, sizeof(ix->progress));
    s->outer = ix->sync;
    ix->sync = s;
    return SX_OK;
}

/* The sync that runs goes on, where it waited for another. */
static struct sync *resume(struct sx_index *ix)
{
    struct sync *s = ix->sync;

    if (s != NULL && s->waiting) {
        ix->progress = s->saved;
        s->waiting = false;
    }
    return s;
}

static sx_status one_step(struct sx_index *ix, struct sx_error *err)
{
    bool more = false;
    sx_status rc = SX_OK;

    switch (ix->sync->phase) {
    case SYNC_LIST:
        rc = sync_list(ix, &more, err);
        break;
    case SYNC_READ:
        rc = sync_read(ix, &more, err);
        break;
    case SYNC_SWEEP:
        rc = sync_sweep(ix, &more, err);
        break;
    case SYNC_DONE:
        return SX_OK;
    }
    if (rc == SX_OK && !more) {
        ix->sync->phase++;
        ix->progress.listed = true;
        ix->sync->target = 0;
    }
    if (rc == SX_OK && ix->sync->phase == SYNC_DONE && ix->sync->dropped && !ix->sync->again)
        rc = sync_try_refused(ix, err);
    return rc;
}

sx_status sx_sync_step(struct sx_index *ix, unsigned budget_ms, bool *more,
                       void (*event)(void *ctx, const struct sx_sync_event *ev), void *ctx,
                       struct sx_error *err)
{
    struct sync *s = resume(ix);
    struct sx_error own;
    sx_status rc = SX_OK;

    *more = false;
    if (s == NULL)
        return SX_OK;
    err = err == NULL ? &own : err;
    s->event = event;
    s->event_ctx = ctx;
    s->deadline = clock_now_ns() + (uint64_t)budget_ms * 1000000u;
    s->docs_in_slice = 0;
    do
        rc = one_step(ix, err);
    while (rc == SX_OK && s->phase != SYNC_DONE && s->docs_in_slice < SLICE_DOCS &&
           clock_now_ns() < s->deadline);
    /* Also after a failure: a doomed transaction ends by its commit. */
    sx_status committed = sx_index_commit(ix, rc == SX_OK ? err : NULL);
    if (rc == SX_OK)
        rc = committed;
    ix->progress.amid = rc == SX_OK && s->amid;
    ix->progress.restarts += extract_restarts(ix->extract);
    pthread_mutex_lock(&ix->lock);
    ix->told_progress = ix->progress;
    pthread_mutex_unlock(&ix->lock);
    *more = rc == SX_OK && s->phase != SYNC_DONE;
    if (!*more) {
        ix->progress.pending = 0;
        end_sync(ix);
    }
    atomic_store(&ix->pending, pending(ix));
    return rc;
}
