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

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/engine/readahead.h"
#include "index/extract/extract.h"

/* Documents between two commits of a slice, so that the memory of a transaction stays small. */
#define SLICE_DOCS 5000
/* Changes that take longer are no more before the next. */
#define CHANGES_NS ((uint64_t)500 * 1000000)

struct sx_sync_progress sx_sync_progress(const struct sx_index *ix)
{
    const struct syncs *all = ix->syncs;
    struct sx_sync_progress p = all->last;

    p.changes = all->lanes[LANE_CHANGES] != NULL || all->next.count > 0;
    p.left = p.changes || all->lanes[LANE_LATER] != NULL || all->later.count > 0 ||
             all->lanes[LANE_ROOT] != NULL;
    p.missed = all->missed;
    p.restarts = all->restarts;
    return p;
}

sx_status sx_sync_begin(struct sx_index *ix, const char *root, struct sx_error *err)
{
    struct sx_error own;

    err = err == NULL ? &own : err;
    if (sx_index_stale(ix, err))
        return SX_EVERSION;
    lane_end(ix, LANE_ROOT);
    ix->syncs->last = (struct sx_sync_progress){0};
    ix->syncs->missed = false;
    struct sync *s = sync_new(root, NULL, 0, err);
    sx_status rc = s == NULL ? err->code : SX_OK;
    if (!ix->in_transaction && rc != SX_ENOMEM)
        sync_note_root(ix, root, rc == SX_OK ? NULL : err->msg);
    if (s != NULL)
        lane_begin(ix, LANE_ROOT, s);
    return rc;
}

void sx_sync_end(struct sx_index *ix)
{
    for (int i = 0; i < SYNC_LANES; i++)
        lane_end(ix, (enum sync_lane)i);
    paths_release(&ix->syncs->next);
    paths_release(&ix->syncs->later);
    atomic_store(&ix->pending, 0);
}

enum weight { GONE, LIGHT, HEAVY };

static enum weight weigh(const char *path)
{
    struct walk_file f;
    enum walk_kind kind = walk_look(path, &f);

    if (kind == WALK_GONE)
        return GONE;
    return kind == WALK_FOLDER || f.size > READAHEAD_FILE_BYTES ? HEAVY : LIGHT;
}

/* Where a folder, which may hold a mass of files, or a large file is among the paths, the other files
 * that are there go before it. What is gone does not: it may be found there, under another path. */
static sx_status part_by_weight(struct sx_index *ix, const char *const *paths, size_t count,
                                const char **first, size_t *first_count, struct sx_error *err)
{
    bool any_heavy = false;
    sx_status rc = SX_OK;

    *first_count = 0;
    for (size_t i = 0; i < count && !any_heavy; i++)
        any_heavy = weigh(paths[i]) == HEAVY;
    for (size_t i = 0; i < count && rc == SX_OK; i++) {
        if (!any_heavy || weigh(paths[i]) == LIGHT)
            first[(*first_count)++] = paths[i];
        else
            rc = sync_add_path(&ix->syncs->next, paths[i], err);
    }
    return rc;
}

sx_status sx_sync_begin_paths(struct sx_index *ix, const char *const *paths, size_t count,
                              struct sx_error *err)
{
    struct sx_error own;
    size_t first_count = 0;

    err = err == NULL ? &own : err;
    if (sx_index_stale(ix, err))
        return SX_EVERSION;
    const char **first = mem_alloc((count + 1) * sizeof(*first));
    if (first == NULL)
        return sx_fail_oom(err);
    sx_status rc = lane_defer(ix, err);
    if (rc == SX_OK)
        rc = part_by_weight(ix, paths, count, first, &first_count, err);
    ix->syncs->last = (struct sx_sync_progress){.paths = true};
    if (rc == SX_OK && first_count > 0) {
        struct sync *s = sync_new(NULL, first, first_count, err);
        rc = s == NULL ? err->code : SX_OK;
        if (s != NULL)
            lane_begin(ix, LANE_CHANGES, s);
    }
    mem_free(first);
    return rc;
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
        ix->sync->progress.listed = true;
        ix->sync->target = 0;
    }
    if (rc == SX_OK && ix->sync->phase == SYNC_DONE && ix->sync->dropped && !ix->sync->again)
        rc = sync_try_refused(ix, err);
    return rc;
}

/* Tells readers: of the root, while one is synced. */
static void tell(struct sx_index *ix)
{
    const struct sync *root = ix->syncs->lanes[LANE_ROOT];

    pthread_mutex_lock(&ix->lock);
    ix->told_progress = root != NULL ? root->progress : ix->syncs->last;
    pthread_mutex_unlock(&ix->lock);
    atomic_store(&ix->pending, lane_pending(ix));
}

/* A slice of one sync, with its commit. */
static sx_status run_slice(struct sx_index *ix, unsigned budget_ms, struct sx_error *err)
{
    struct sync *s = ix->sync;
    uint64_t began = clock_now_ns();
    sx_status rc;

    s->deadline = began + (uint64_t)budget_ms * 1000000u;
    s->docs_in_slice = 0;
    do
        rc = one_step(ix, err);
    while (rc == SX_OK && s->phase != SYNC_DONE && !s->is_long && s->docs_in_slice < SLICE_DOCS &&
           clock_now_ns() < s->deadline);
    /* Also after a failure: a doomed transaction ends by its commit. */
    sx_status committed = sx_index_commit(ix, rc == SX_OK ? err : NULL);
    s->took_ns += clock_now_ns() - began;
    if (s->lane == LANE_CHANGES && s->took_ns > CHANGES_NS)
        s->is_long = true;
    return rc == SX_OK ? committed : rc;
}

sx_status sx_sync_step(struct sx_index *ix, unsigned budget_ms, bool *more,
                       void (*event)(void *ctx, const struct sx_sync_event *ev), void *ctx,
                       struct sx_error *err)
{
    struct sx_error own;
    struct sync *s;

    *more = false;
    err = err == NULL ? &own : err;
    sx_status rc = lane_choose(ix, &s, err);
    if (s == NULL) {
        ix->syncs->last = (struct sx_sync_progress){.paths = true};
        tell(ix);
        return rc;
    }
    ix->sync = s;
    s->event = event;
    s->event_ctx = ctx;
    rc = run_slice(ix, budget_ms, err);
    *more = rc == SX_OK && s->phase != SYNC_DONE;
    ix->syncs->restarts += extract_restarts(ix->extract);
    if (!*more)
        s->progress.pending = 0;
    ix->syncs->last = s->progress;
    ix->sync = NULL;
    if (!*more)
        lane_end(ix, s->lane);
    else if (s->lane == LANE_CHANGES && s->is_long)
        rc = lane_defer(ix, err);
    *more = *more && rc == SX_OK;
    tell(ix);
    return rc;
}
