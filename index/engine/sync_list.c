/* LIST: one step of the walk through the targets. A file whose size and time are those on record is left alone, any
 * other is to be read. A folder that could not be listed is told as failed, and nothing below it
 * is swept. */
#include "index/engine/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index/base/alloc.h"

sx_status sync_uri(const char *path, struct buf *uri, struct sx_error *err)
{
    walk_uri(path, uri);
    return buf_ok(uri) ? SX_OK : sx_fail_oom(err);
}

static sx_status mark_met(struct sync *s, int64_t id, struct sx_error *err)
{
    size_t byte = (size_t)id / 8;

    if (byte >= s->met_bytes) {
        size_t bytes = s->met_bytes == 0 ? 4096 : s->met_bytes;
        while (bytes <= byte)
            bytes *= 2;
        unsigned char *grown = mem_realloc(s->met, bytes);
        if (grown == NULL)
            return sx_fail_oom(err);
        memset(grown + s->met_bytes, 0, bytes - s->met_bytes);
        s->met = grown;
        s->met_bytes = bytes;
    }
    s->met[byte] = (unsigned char)(s->met[byte] | 1u << (id % 8));
    return SX_OK;
}

sx_status sync_mark_met(struct sx_index *ix, int64_t id, struct sx_error *err)
{
    sx_status rc = SX_OK;

    for (int i = 0; i < SYNC_LANES && rc == SX_OK; i++)
        if (ix->syncs->lanes[i] != NULL)
            rc = mark_met(ix->syncs->lanes[i], id, err);
    return rc;
}

bool sync_was_met(const struct sync *s, int64_t id)
{
    size_t byte = (size_t)id / 8;

    return byte < s->met_bytes && (s->met[byte] >> (id % 8) & 1) != 0;
}

sx_status sync_add_changed(struct sync *s, const struct walk_file *f, struct sx_error *err)
{
    if (s->changed_count == s->changed_cap) {
        size_t cap = s->changed_cap == 0 ? 256 : s->changed_cap * 2;
        struct found *grown = mem_realloc(s->changed, cap * sizeof(*grown));
        if (grown == NULL)
            return sx_fail_oom(err);
        s->changed = grown;
        s->changed_cap = cap;
    }
    char *path = mem_strndup(f->path, strlen(f->path));
    if (path == NULL)
        return sx_fail_oom(err);
    s->changed[s->changed_count++] = (struct found){path, f->size, f->changed_ns, f->modified_ns};
    return SX_OK;
}

sx_status sync_add_path(struct paths *to, const char *path, struct sx_error *err)
{
    if (to->count == to->cap) {
        size_t cap = to->cap == 0 ? 16 : to->cap * 2;
        char **grown = mem_realloc(to->items, cap * sizeof(*grown));
        if (grown == NULL)
            return sx_fail_oom(err);
        to->items = grown;
        to->cap = cap;
    }
    char *copy = mem_strndup(path, strlen(path));
    if (copy == NULL)
        return sx_fail_oom(err);
    to->items[to->count++] = copy;
    return SX_OK;
}

/* What cannot be read at all keeps a row of file, so that its failure goes when it does; without
 * a hash, so that it is read when it can be. */
static sx_status list_problem(struct sx_index *ix, const struct walk_file *f, struct file_row *row,
                              struct sx_error *err)
{
    struct walk_file now;
    struct buf uri = {0};
    bool noted = row->id != 0 && !row->has_hash;
    sx_status rc = noted ? SX_OK : write_begin(ix, err);

    ix->sync->progress.failed++;
    if (rc == SX_OK && walk_look(f->path, &now) == WALK_FOLDER)
        rc = sync_add_path(&ix->sync->unlisted, f->path, err);
    row->has_hash = false;
    if (rc == SX_OK && !noted)
        rc = file_save(&ix->w, f->path, row, err);
    lane_overtake(ix, row->id);
    if (rc == SX_OK)
        rc = sync_mark_met(ix, row->id, err);
    if (rc == SX_OK)
        rc = sync_uri(f->path, &uri, err);
    if (rc == SX_OK)
        rc = sync_note_failure(ix, f->path, buf_str(&uri), "read", f->problem, row->id, err);
    buf_release(&uri);
    return rc;
}

static sx_status list_file(struct sx_index *ix, const struct walk_file *f, struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct file_row row;
    sx_status rc = file_find(&ix->w, f->path, &row, err);

    ix->sync->progress.files++;
    if (rc != SX_OK)
        return rc;
    if (f->problem != NULL)
        return list_problem(ix, f, &row, err);
    if (row.id != 0) {
        rc = sync_mark_met(ix, row.id, err);
        if (rc == SX_OK && row.has_hash && row.size == f->size && row.changed_ns == f->changed_ns) {
            ix->sync->progress.unchanged++;
            return SX_OK;
        }
    }
    if (rc == SX_OK)
        rc = sync_add_changed(s, f, err);
    ix->sync->progress.pending = s->changed_count;
    return rc;
}

/* Whether what stands at a path stands there, and not where a link leads. */
static bool is_in_place(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    char *folder = mem_strndup(path, len);
    char *real = folder == NULL ? NULL : realpath(folder, NULL);
    bool same = real != NULL && strcmp(real, folder) == 0;

    free(real);
    mem_free(folder);
    return same;
}

/* One of the targets below a root; a folder is walked. */
static sx_status list_target(struct sx_index *ix, const char *path, struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct walk_file f;
    enum walk_kind kind = walk_look(path, &f);

    if (kind == WALK_GONE || !is_in_place(path))
        return SX_OK; /* swept */
    if (kind == WALK_FILE)
        return list_file(ix, &f, err);
    if (access(path, R_OK | X_OK) != 0) {
        f.problem = strerror(errno);
        return list_file(ix, &f, err);
    }
    sx_status rc = walk_open(&s->walk, path, err);
    if (rc == SX_OK && strcmp(walk_root(s->walk), path) != 0) { /* a link since */
        walk_close(s->walk);
        s->walk = NULL;
    }
    return rc == SX_ENOTFOUND ? SX_OK : rc;
}

sx_status sync_list(struct sx_index *ix, bool *more, struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct walk_file f;
    sx_status rc;

    if (s->walk == NULL) {
        *more = s->target < s->targets.count;
        return *more ? list_target(ix, s->targets.items[s->target++], err) : SX_OK;
    }
    rc = walk_next(s->walk, &f, more, err);
    if (rc == SX_OK && *more)
        return list_file(ix, &f, err);
    walk_close(s->walk);
    s->walk = NULL;
    *more = true; /* the next target, if there is one */
    return rc;
}
