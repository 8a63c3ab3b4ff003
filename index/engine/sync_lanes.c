/* Lanes: which sync has the next slice.
 *
 *   begin_paths ──> CHANGES ── takes long ──> LATER      three slices of CHANGES for one of the
 *   begin ────────> ROOT                                 others, which take turns
 *
 * Each lane reads ahead for itself, so that what one has in hand is not read in vain when another
 * is served. They meet in the index alone: what a lane has read before another wrote it is read
 * again (sync_read.c), and what one has met none sweeps. */
#include "index/engine/sync.h"

#include <stdlib.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/engine/readahead.h"

/* Slices of changes in a row. */
#define AHEAD_TURNS 3
/* Paths that wait; of more, only that they do. */
#define LATER_MAX 100000

void paths_release(struct paths *p)
{
    for (size_t i = 0; i < p->count; i++)
        mem_free(p->items[i]);
    mem_free(p->items);
    *p = (struct paths){0};
}

static void sync_free(struct sync *s)
{
    if (s == NULL)
        return;
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

_Static_assert(SYNC_LANES <= EXTRACT_SIDES, "a lane may wait for the helper of another");

struct syncs *syncs_new(void)
{
    return mem_zalloc(1, sizeof(struct syncs));
}

void syncs_free(struct syncs *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < SYNC_LANES; i++) {
        readahead_close(s->ahead[i]);
        sync_free(s->lanes[i]);
    }
    paths_release(&s->next);
    paths_release(&s->later);
    mem_free(s);
}

struct sync *sync_new(const char *root, const char *const *paths, size_t count,
                      struct sx_error *err)
{
    struct sync *s = mem_zalloc(1, sizeof(*s));

    if (s == NULL) {
        sx_fail_oom(err);
        return NULL;
    }
    s->of_paths = s->progress.paths = paths != NULL;
    sx_status rc = paths == NULL ? walk_open(&s->walk, root, err) : SX_OK;
    if (rc == SX_OK && paths == NULL) {
        rc = sync_add_path(&s->targets, walk_root(s->walk), err);
        s->target = 1;
    }
    for (size_t i = 0; paths != NULL && i < count && rc == SX_OK; i++)
        rc = sync_add_path(&s->targets, paths[i], err);
    if (rc == SX_OK)
        return s;
    sync_free(s);
    return NULL;
}

/* ---- a lane -------------------------------------------------------------------------------- */

void sync_stop_reading(struct sx_index *ix, struct sync *s)
{
    readahead_drop_all(ix->syncs->ahead[s->lane]);
    s->changed_given = s->changed_next;
    s->amid = false;
}

void lane_begin(struct sx_index *ix, enum sync_lane lane, struct sync *s)
{
    s->lane = lane;
    ix->syncs->lanes[lane] = s;
    ix->syncs->last = s->progress;
}

void lane_end(struct sx_index *ix, enum sync_lane lane)
{
    struct sync *s = ix->syncs->lanes[lane];

    if (s == NULL)
        return;
    sync_stop_reading(ix, s);
    ix->syncs->lanes[lane] = NULL;
    sync_free(s);
}

void lane_overtake(struct sx_index *ix, int64_t file)
{
    for (int i = 0; i < SYNC_LANES; i++) {
        struct sync *s = ix->syncs->lanes[i];
        if (s == NULL || s == ix->sync)
            continue;
        readahead_outdate(ix->syncs->ahead[i], file);
        if (s->amid && s->reading.file == file)
            s->reading.overtaken = true;
    }
}

bool lane_has_begun(const struct sx_index *ix, const char *path)
{
    for (int i = 0; i < (int)ix->sync->lane; i++) {
        const struct sync *s = ix->syncs->lanes[i];
        if (s != NULL && s->amid && strcmp(s->reading.path, path) == 0)
            return true;
    }
    return false;
}

uint64_t lane_pending(const struct sx_index *ix)
{
    uint64_t files = ix->syncs->next.count + ix->syncs->later.count;

    for (int i = 0; i < SYNC_LANES; i++)
        if (ix->syncs->lanes[i] != NULL)
            files += ix->syncs->lanes[i]->progress.pending;
    return files;
}

/* ---- what waits ---------------------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each path once: a file that never rests is told again and again. */
static void make_unique(struct paths *p)
{
    size_t kept = 0;

    if (p->count > 0)
        qsort(p->items, p->count, sizeof(*p->items), by_bytes);
    for (size_t i = 0; i < p->count; i++) {
        if (kept > 0 && strcmp(p->items[kept - 1], p->items[i]) == 0)
            mem_free(p->items[i]);
        else
            p->items[kept++] = p->items[i];
    }
    p->count = kept;
}

/* What a sync did that goes on as another is told by that. */
static void add_done(struct sx_sync_progress *to, const struct sx_sync_progress *done)
{
    to->added += done->added;
    to->updated += done->updated;
    to->moved += done->moved;
    to->removed += done->removed;
    to->docs += done->docs;
}

/* The paths of a sync wait for LANE_LATER; what has not been read of them is found again. */
static sx_status wait_for_later(struct syncs *all, const struct sync *s, struct sx_error *err)
{
    sx_status rc = SX_OK;

    for (size_t i = 0; i < s->targets.count && rc == SX_OK; i++)
        rc = sync_add_path(&all->later, s->targets.items[i], err);
    all->later_dropped = all->later_dropped || s->dropped;
    add_done(&all->later_done, &s->progress);
    if (all->later.count > LATER_MAX)
        make_unique(&all->later);
    if (all->later.count > LATER_MAX) {
        paths_release(&all->later);
        all->missed = true;
    }
    return rc;
}

sx_status lane_defer(struct sx_index *ix, struct sx_error *err)
{
    struct syncs *all = ix->syncs;
    struct sync *s = all->lanes[LANE_CHANGES];

    if (s == NULL)
        return SX_OK;
    if (all->lanes[LANE_LATER] != NULL) {
        sx_status rc = wait_for_later(all, s, err);
        lane_end(ix, LANE_CHANGES);
        return rc;
    }
    struct readahead *ahead = all->ahead[LANE_LATER];
    all->ahead[LANE_LATER] = all->ahead[LANE_CHANGES];
    all->ahead[LANE_CHANGES] = ahead;
    all->lanes[LANE_CHANGES] = NULL;
    all->lanes[LANE_LATER] = s;
    s->lane = LANE_LATER;
    s->is_long = false;
    return SX_OK;
}

/* Begins the sync of paths that waited for a lane; without memory they are lost, and told. */
static sx_status begin_waiting(struct sx_index *ix, enum sync_lane lane, struct paths *waiting,
                               struct sx_error *err)
{
    if (ix->syncs->lanes[lane] != NULL || waiting->count == 0)
        return SX_OK;
    make_unique(waiting);
    struct sync *s = sync_new(NULL, (const char *const *)waiting->items, waiting->count, err);
    paths_release(waiting);
    if (s == NULL)
        return err->code;
    if (lane == LANE_LATER) {
        s->dropped = ix->syncs->later_dropped;
        ix->syncs->later_dropped = false;
        add_done(&s->progress, &ix->syncs->later_done);
        ix->syncs->later_done = (struct sx_sync_progress){0};
    }
    lane_begin(ix, lane, s);
    return SX_OK;
}

/* ---- turns --------------------------------------------------------------------------------- */

/* The one of the other lanes whose turn it is. */
static struct sync *slow_one(struct syncs *all)
{
    enum sync_lane lane = all->last_slow == LANE_ROOT ? LANE_LATER : LANE_ROOT;

    if (all->lanes[lane] == NULL)
        lane = lane == LANE_ROOT ? LANE_LATER : LANE_ROOT;
    return all->lanes[lane];
}

sx_status lane_choose(struct sx_index *ix, struct sync **out, struct sx_error *err)
{
    struct syncs *all = ix->syncs;
    sx_status rc = begin_waiting(ix, LANE_CHANGES, &all->next, err);

    if (rc == SX_OK)
        rc = begin_waiting(ix, LANE_LATER, &all->later, err);
    *out = NULL;
    if (rc != SX_OK)
        return rc;
    struct sync *changes = all->lanes[LANE_CHANGES], *slow = slow_one(all);
    if (changes != NULL && (slow == NULL || all->ahead_turns < AHEAD_TURNS)) {
        all->ahead_turns++;
        *out = changes;
        return SX_OK;
    }
    all->ahead_turns = 0;
    if (slow != NULL)
        all->last_slow = slow->lane;
    *out = slow;
    return SX_OK;
}
