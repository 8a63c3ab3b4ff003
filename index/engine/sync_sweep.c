/* SWEEP: what the walk did not meet goes with its documents, and what these kept out is tried
 * once more. */
#include "index/engine/sync.h"

#include <string.h>

#include "index/base/str.h"

struct sweep {
    struct sync *s;
    int64_t ids[256];
    size_t count;
    bool beyond; /* a path that is not below the root */
};

static bool below(struct sx_str path, struct sx_str folder)
{
    return path.len > folder.len && memcmp(path.ptr, folder.ptr, folder.len) == 0 &&
           (folder.ptr[folder.len - 1] == '/' || path.ptr[folder.len] == '/');
}

static sx_status sweep_file(void *arg, int64_t id, struct sx_str path)
{
    struct sweep *w = arg;

    w->beyond = !below(path, buf_str(&w->s->prefix));
    if (w->beyond)
        return SX_OK;
    buf_clear(&w->s->after);
    buf_put_str(&w->s->after, path);
    if (!buf_ok(&w->s->after))
        return SX_ENOMEM;
    if (sync_was_met(w->s, id))
        return SX_OK;
    for (size_t i = 0; i < w->s->unlisted.count; i++)
        if (below(path, str_of(w->s->unlisted.items[i])))
            return SX_OK;
    w->ids[w->count++] = id;
    return SX_OK;
}

/* *left: it has too many documents for a step, and is still there. */
static sx_status forget_file(struct sx_index *ix, int64_t id, bool *left, struct sx_error *err)
{
    sx_status rc = sync_shed(ix, id, left, err);

    if (rc != SX_OK || *left)
        return rc;
    rc = sync_drop_docs(ix, id, INT64_MAX, err);
    if (rc == SX_OK)
        rc = failed_forget_file(&ix->w, id, err);
    if (rc == SX_OK)
        rc = file_forget(&ix->w, id, err);
    ix->failed_touched = true;
    lane_overtake(ix, id);
    ix->sync->progress.removed++;
    ix->sync->docs_in_slice++;
    return rc;
}

/* Turns to a target; a file goes at once where it was not met. */
static sx_status sweep_target(struct sx_index *ix, const char *path, struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct file_row row;
    sx_status rc = file_find(&ix->w, path, &row, err);

    buf_clear(&s->prefix);
    buf_puts(&s->prefix, path);
    if (s->prefix.len == 0 || s->prefix.data[s->prefix.len - 1] != '/')
        buf_putc(&s->prefix, '/');
    buf_clear(&s->after);
    buf_put_str(&s->after, buf_str(&s->prefix));
    if (!buf_ok(&s->prefix) || !buf_ok(&s->after))
        return sx_fail_oom(err);
    if (rc != SX_OK || row.id == 0 || sync_was_met(s, row.id))
        return rc;
    bool left = false;
    rc = write_begin(ix, err);
    if (rc == SX_OK)
        rc = forget_file(ix, row.id, &left, err);
    if (left) { /* to be turned to again */
        s->target--;
        buf_clear(&s->prefix);
    }
    return rc;
}

static sx_status sweep_page(struct sx_index *ix, struct sx_error *err)
{
    struct sweep w = {.s = ix->sync};
    struct buf from = {0};
    bool last = false, left = false;

    buf_put_str(&from, buf_str(&ix->sync->after));
    sx_status rc = buf_ok(&from) ? SX_OK : sx_fail_oom(err);
    if (rc == SX_OK)
        rc = file_page(&ix->w, buf_str(&ix->sync->after), sweep_file, &w, &last, err);

    if (rc == SX_ENOMEM)
        sx_fail_oom(err);
    if (rc == SX_OK && w.count > 0)
        rc = write_begin(ix, err);
    for (size_t i = 0; i < w.count && rc == SX_OK && !left; i++)
        rc = forget_file(ix, w.ids[i], &left, err);
    if (left) { /* the page once more */
        buf_release(&ix->sync->after);
        ix->sync->after = from;
        return rc;
    }
    buf_release(&from);
    if (last || w.beyond)
        buf_clear(&ix->sync->prefix);
    return rc;
}

sx_status sync_sweep(struct sx_index *ix, bool *more, struct sx_error *err)
{
    struct sync *s = ix->sync;
    sx_status rc = SX_OK;

    if (s->prefix.len > 0)
        rc = sweep_page(ix, err);
    else if (s->target < s->targets.count)
        rc = sweep_target(ix, s->targets.items[s->target++], err);
    *more = s->prefix.len > 0 || s->target < s->targets.count;
    return rc == SX_OK ? SX_OK : write_doom(ix, rc, err);
}

static sx_status reread(void *arg, const char *path, const struct file_row *row)
{
    struct sync *s = arg;
    const struct walk_file f = {.path = path,
                                .size = row->size,
                                .changed_ns = row->changed_ns,
                                .modified_ns = row->modified_ns};

    return sync_add_changed(s, &f, NULL);
}

sx_status sync_try_refused(struct sx_index *ix, struct sx_error *err)
{
    struct sync *s = ix->sync;
    sx_status rc = write_begin(ix, err);

    if (rc == SX_OK)
        rc = file_reread_refused(&ix->w, reread, s, err);
    if (rc != SX_OK)
        return write_doom(ix, rc, err);
    s->again = true;
    s->phase = s->changed_next < s->changed_count ? SYNC_READ : SYNC_DONE;
    return SX_OK;
}
