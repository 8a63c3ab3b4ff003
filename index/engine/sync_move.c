/* A file that has another path: the same bytes where there were none, and none where they were. Its
 * documents get the uris of the new path; they are not read again, and no word is indexed anew.
 *
 * Not so where other things may hang on the path: failures, and what lies inside containers. */
#include "index/engine/sync.h"

#include "index/base/str.h"
#include "index/ingest/reader.h"

#define MOVED_DOCS_MAX 256 /* of one file; one with more is read again */

struct move {
    struct sx_index *ix;
    struct sx_str from, to; /* uris */
    bool lines;             /* documents may be lines of the file: URI#LINE */
    struct buf uri;         /* of a document, where it goes */
};

static bool is_gone(void *ctx, const char *path)
{
    struct walk_file f;

    (void)ctx;
    return walk_look(path, &f) == WALK_GONE;
}

/* The uri that a document will have; false: that is not for us to say. */
static bool new_uri(struct move *m, struct sx_str uri)
{
    bool inside = str_begins(uri, m->from);
    struct sx_str rest = str_make(uri.ptr + m->from.len, inside ? uri.len - m->from.len : 0);

    buf_clear(&m->uri);
    buf_put_str(&m->uri, inside ? m->to : uri); /* a uri of its own stays */
    buf_put_str(&m->uri, rest);
    return rest.len == 0 || (m->lines && rest.ptr[0] == '#');
}

/* *possible false: the document cannot go. */
static sx_status look(struct move *m, int64_t id, bool *possible, struct sx_error *err)
{
    struct db *c = &m->ix->w;
    struct stored_doc d, other;
    bool found = false;
    sx_status rc = doc_find(c, DOC_KEY_ID, str_make(NULL, 0), id, &d, &found, err);

    if (rc != SX_OK)
        return rc;
    *possible = found && new_uri(m, d.doc.uri) && m->uri.len <= SX_URI_MAX;
    if (*possible && !str_eq(d.doc.uri, buf_str(&m->uri))) {
        rc = doc_find(c, DOC_KEY_URI, buf_str(&m->uri), 0, &other, &found, err);
        *possible = !found;
    }
    return buf_ok(&m->uri) ? rc : sx_fail_oom(err);
}

static sx_status apply(struct move *m, int64_t id, struct sx_error *err)
{
    struct db *c = &m->ix->w;
    struct stored_doc d;
    bool found;
    sx_status rc = doc_find(c, DOC_KEY_ID, str_make(NULL, 0), id, &d, &found, err);

    if (rc == SX_OK)
        rc = doc_text(c, &d, err);
    if (rc != SX_OK)
        return rc;
    new_uri(m, d.doc.uri);
    return buf_ok(&m->uri) ? doc_rename(c, &d, buf_str(&m->uri), err) : sx_fail_oom(err);
}

static sx_status move_docs(struct move *m, int64_t file, bool *moved, struct sx_error *err)
{
    int64_t ids[MOVED_DOCS_MAX];
    size_t count = 0;
    sx_status rc = file_docs(&m->ix->w, file, INT64_MAX, ids, MOVED_DOCS_MAX, &count, err);

    *moved = count < MOVED_DOCS_MAX;
    for (size_t i = 0; i < count && rc == SX_OK && *moved; i++)
        rc = look(m, ids[i], moved, err);
    for (size_t i = 0; i < count && rc == SX_OK && *moved; i++)
        rc = apply(m, ids[i], err);
    doc_done(&m->ix->w);
    return rc;
}

static sx_status old_uri(struct sx_index *ix, int64_t file, struct buf *uri, struct sx_error *err)
{
    struct buf path = {0};
    sx_status rc = file_path(&ix->w, file, &path, err);

    if (rc == SX_OK && buf_cstr(&path) == NULL)
        rc = sx_fail_oom(err);
    if (rc == SX_OK)
        rc = sync_uri(path.data, uri, err);
    buf_release(&path);
    return rc;
}

sx_status sync_may_move(struct sx_index *ix, const struct file_row *row, bool *may,
                        struct sx_error *err)
{
    int64_t id = 0;
    sx_status rc = file_find_same(&ix->w, row, is_gone, NULL, &id, err);

    *may = id != 0;
    return rc;
}

sx_status sync_move(struct sx_index *ix, const char *path, struct sx_str uri, struct file_row *row,
                    bool *moved, struct sx_error *err)
{
    struct move m = {.ix = ix, .to = uri, .lines = str_is(str_of(row->type), "jsonl")};
    struct buf from = {0};
    bool has_failed = false;
    int64_t id;
    sx_status rc = file_find_same(&ix->w, row, is_gone, NULL, &id, err);

    *moved = false;
    if (rc != SX_OK || id == 0)
        return rc;
    rc = failed_has_file(&ix->w, id, &has_failed, err);
    if (rc == SX_OK && !has_failed)
        rc = old_uri(ix, id, &from, err);
    m.from = buf_str(&from);
    if (rc == SX_OK && !has_failed)
        rc = move_docs(&m, id, moved, err);
    if (rc == SX_OK && *moved) {
        row->id = id;
        rc = file_move(&ix->w, id, path, err);
        if (rc == SX_OK)
            rc = file_save(&ix->w, path, row, err);
        if (rc == SX_OK)
            rc = sync_mark_met(ix, id, err);
        ix->sync->docs_in_slice++;
    }
    buf_release(&from);
    buf_release(&m.uri);
    return rc;
}
