/* Bringing the index in line with a folder, in slices on the writer's thread.
 *
 *   LIST   walk the folder; note the files that are new or changed by size and time
 *   READ   read each; unchanged by hash: only the time is noted; else its documents are put
 *   SWEEP  files of the root that the walk did not meet are forgotten with their documents
 *
 * Each slice ends with a commit, so that a kill costs what one slice did: the next sync finds
 * the rest by the same comparison. A folder that could not be listed is told as failed, and
 * nothing below it is swept. */
#include "index/engine/index.h"

#include <stdio.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/base/str.h"
#include "index/ingest/reader.h"
#include "index/ingest/walk.h"
#include "index/store/files.h"

/* Documents between two commits of a slice, so that the memory of a transaction stays small. */
#define SLICE_DOCS 5000
/* Lines of one file that are told one by one as failed; of more, how many there were. */
#define FAILED_LINES_MAX 1000

enum phase { LIST, READ, SWEEP, DONE };

struct found {
    char *path;
    uint64_t size;
    int64_t changed_ns;
};

struct paths {
    char **items;
    size_t count, cap;
};

struct sync {
    enum phase phase;
    struct walk *walk;
    struct found *changed; /* LIST fills, READ empties */
    size_t changed_count, changed_cap, changed_next;
    struct paths unlisted; /* folders that could not be listed */
    unsigned char *met;    /* bit by file id: met by the walk */
    size_t met_bytes;
    struct buf after;  /* SWEEP: the last path looked at */
    struct buf prefix; /* the root with a slash */
    bool dropped;      /* documents went: what they kept out may come in */
    bool again;        /* that is being tried */
    void (*event)(void *ctx, const struct sx_sync_event *ev);
    void *event_ctx;
    uint64_t deadline;
    uint64_t docs_in_slice;
};

/* The file being read, for the sinks. */
struct reading {
    struct sx_index *ix;
    struct sync *s;
    const char *path;
    struct sx_str uri;
    int64_t file;
    const char *stage;     /* of a failure now */
    uint64_t docs, failed; /* failed: lines, or 1 */
};

void sync_free(struct sync *s)
{
    if (s == NULL)
        return;
    walk_close(s->walk);
    for (size_t i = 0; i < s->changed_count; i++)
        mem_free(s->changed[i].path);
    for (size_t i = 0; i < s->unlisted.count; i++)
        mem_free(s->unlisted.items[i]);
    mem_free(s->changed);
    mem_free(s->unlisted.items);
    mem_free(s->met);
    buf_release(&s->after);
    buf_release(&s->prefix);
    mem_free(s);
}

struct sx_sync_progress sx_sync_progress(const struct sx_index *ix)
{
    return ix->progress;
}

/* ---- failures -------------------------------------------------------------------------------- */

static sx_status path_uri(const char *path, struct buf *uri, struct sx_error *err)
{
    walk_uri(path, uri);
    return buf_ok(uri) ? SX_OK : sx_fail_oom(err);
}

/* Whether the failure is on record already, word for word: then nothing is written, so that a
 * folder at rest costs no commits. */
static bool is_known(struct sx_index *ix, struct sx_str uri, const char *reason)
{
    struct buf known = {0};
    bool found = false;
    sx_status rc = failed_reason(&ix->w, uri, &known, &found, NULL);
    bool same = rc == SX_OK && found && buf_ok(&known) && str_is(buf_str(&known), reason);

    buf_release(&known);
    return same;
}

/* Failures are rows of the transaction like documents. */
static sx_status note_failure(struct sx_index *ix, const char *path, struct sx_str uri,
                              const char *stage, const char *reason, int64_t file,
                              struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct sx_sync_event ev = {path, stage, reason};
    bool known = is_known(ix, uri, reason);
    sx_status rc = known ? SX_OK : write_begin(ix, err);

    if (rc == SX_OK && !known)
        rc = failed_put(&ix->w, uri, stage, reason, clock_wall(), file, err);
    if (rc != SX_OK)
        return write_doom(ix, rc, err);
    ix->failed_touched = ix->failed_touched || !known;
    if (s != NULL && s->event != NULL)
        s->event(s->event_ctx, &ev);
    return SX_OK;
}

/* ---- beginning ---------------------------------------------------------------------------------- */

/* The uri that stands for a root in the list of failures. */
static bool root_uri(const char *root, struct buf *uri)
{
    char cwd[PATH_MAX];
    struct buf path = {0};

    if (root[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        buf_printf(&path, "%s/", cwd);
    buf_puts(&path, root);
    if (buf_cstr(&path) != NULL)
        walk_uri(path.data, uri);
    bool ok = path.data != NULL && buf_ok(&path) && buf_ok(uri);
    buf_release(&path);
    return ok;
}

/* A root that cannot be listed is told like a file that cannot be read, until it can. `why` NULL:
 * it can. What goes wrong here is no worse than not telling. */
static void note_root(struct sx_index *ix, const char *root, const char *why)
{
    struct buf uri = {0};
    struct buf known = {0};
    bool found = false;
    struct sx_error err;

    if (root_uri(root, &uri) &&
        failed_reason(&ix->w, buf_str(&uri), &known, &found, &err) == SX_OK) {
        if (why != NULL) {
            note_failure(ix, root, buf_str(&uri), "read", why, 0, &err);
        } else if (found && write_begin(ix, &err) == SX_OK) {
            if (failed_forget(&ix->w, buf_str(&uri), &err) != SX_OK)
                write_doom(ix, err.code, &err);
            ix->failed_touched = true;
        }
        sx_index_commit(ix, &err);
    }
    buf_release(&uri);
    buf_release(&known);
}

static sx_status sync_new(struct sync **out, const char *root, struct sx_error *err)
{
    struct sync *s = mem_zalloc(1, sizeof(*s));

    if (s == NULL)
        return sx_fail_oom(err);
    sx_status rc = walk_open(&s->walk, root, err);
    if (rc == SX_OK) {
        buf_puts(&s->prefix, walk_root(s->walk));
        if (s->prefix.len == 0 || s->prefix.data[s->prefix.len - 1] != '/')
            buf_putc(&s->prefix, '/');
        buf_put_str(&s->after, buf_str(&s->prefix));
        if (!buf_ok(&s->prefix) || !buf_ok(&s->after))
            rc = sx_fail_oom(err);
    }
    if (rc != SX_OK)
        sync_free(s);
    else
        *out = s;
    return rc;
}

sx_status sx_sync_begin(struct sx_index *ix, const char *root, struct sx_error *err)
{
    struct sync *s = NULL;
    struct sx_error own;

    err = err == NULL ? &own : err;
    sync_free(ix->sync);
    ix->sync = NULL;
    memset(&ix->progress, 0, sizeof(ix->progress));
    sx_status rc = sync_new(&s, root, err);
    if (!ix->in_transaction && rc != SX_ENOMEM)
        note_root(ix, root, rc == SX_OK ? NULL : err->msg);
    ix->sync = s;
    return rc;
}

/* ---- LIST ------------------------------------------------------------------------------------- */

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

static bool was_met(const struct sync *s, int64_t id)
{
    size_t byte = (size_t)id / 8;

    return byte < s->met_bytes && (s->met[byte] >> (id % 8) & 1) != 0;
}

static sx_status add_changed(struct sync *s, const struct walk_file *f, struct sx_error *err)
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
    s->changed[s->changed_count++] = (struct found){path, f->size, f->changed_ns};
    return SX_OK;
}

static sx_status add_unlisted(struct sync *s, const char *path, struct sx_error *err)
{
    if (s->unlisted.count == s->unlisted.cap) {
        size_t cap = s->unlisted.cap == 0 ? 16 : s->unlisted.cap * 2;
        char **grown = mem_realloc(s->unlisted.items, cap * sizeof(*grown));
        if (grown == NULL)
            return sx_fail_oom(err);
        s->unlisted.items = grown;
        s->unlisted.cap = cap;
    }
    char *copy = mem_strndup(path, strlen(path));
    if (copy == NULL)
        return sx_fail_oom(err);
    s->unlisted.items[s->unlisted.count++] = copy;
    return SX_OK;
}

/* What cannot be read at all keeps a row of file, so that its failure goes when it does; without
 * a hash, so that it is read when it can be. */
static sx_status list_problem(struct sx_index *ix, const struct walk_file *f, struct file_row *row,
                              struct sx_error *err)
{
    struct buf uri = {0};
    bool noted = row->id != 0 && !row->has_hash;
    sx_status rc = noted ? SX_OK : write_begin(ix, err);

    ix->progress.failed++;
    if (rc == SX_OK)
        rc = add_unlisted(ix->sync, f->path, err);
    row->has_hash = false;
    if (rc == SX_OK && !noted)
        rc = file_save(&ix->w, f->path, row, err);
    if (rc == SX_OK)
        rc = mark_met(ix->sync, row->id, err);
    if (rc == SX_OK)
        rc = path_uri(f->path, &uri, err);
    if (rc == SX_OK)
        rc = note_failure(ix, f->path, buf_str(&uri), "read", f->problem, row->id, err);
    buf_release(&uri);
    return rc;
}

static sx_status list_one(struct sx_index *ix, bool *more, struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct walk_file f;
    struct file_row row;
    sx_status rc = walk_next(s->walk, &f, more, err);

    if (rc != SX_OK || !*more)
        return rc;
    ix->progress.files++;
    rc = file_find(&ix->w, f.path, &row, err);
    if (rc != SX_OK)
        return rc;
    if (f.problem != NULL)
        return list_problem(ix, &f, &row, err);
    if (row.id != 0) {
        rc = mark_met(s, row.id, err);
        if (rc == SX_OK && row.has_hash && row.size == f.size && row.changed_ns == f.changed_ns) {
            ix->progress.unchanged++;
            return SX_OK;
        }
    }
    if (rc == SX_OK)
        rc = add_changed(s, &f, err);
    atomic_store(&ix->pending, s->changed_count);
    ix->progress.pending = s->changed_count;
    return rc;
}

/* ---- READ ------------------------------------------------------------------------------------- */

static void take_failed_line(void *arg, size_t line, const struct sx_error *why)
{
    struct reading *rd = arg;
    struct buf uri = {0};
    struct buf place = {0}; /* FILE:LINE */
    struct sx_error err;

    if (++rd->failed > FAILED_LINES_MAX)
        return;
    buf_put_str(&uri, rd->uri);
    buf_printf(&uri, "#%zu", line);
    buf_printf(&place, "%s:%zu", rd->path, line);
    /* A failure to note it dooms the transaction, which its commit tells. */
    if (buf_ok(&uri) && buf_cstr(&place) != NULL)
        note_failure(rd->ix, place.data, buf_str(&uri), rd->stage, why->msg, rd->file, &err);
    buf_release(&uri);
    buf_release(&place);
}

/* A document at fault fails its line, where a file has lines; the others of the file go on. */
static sx_status take_doc(void *arg, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct reading *rd = arg;
    sx_status rc = doc_validate(doc, "", err);

    if (rc == SX_OK) {
        rd->stage = "put";
        rc = write_doc(rd->ix, doc, rd->file, NULL, err);
    }
    if (rc == SX_OK)
        rd->docs++;
    else if (line > 0 && rd->ix->doom.code == SX_OK) {
        take_failed_line(rd, line, err);
        rc = rd->ix->doom.code;
    }
    if (rc == SX_OK)
        rd->stage = "parse";
    return rc;
}

/* Deletes the documents of `file` with ids below `before`. */
static sx_status drop_docs(struct sx_index *ix, int64_t file, int64_t before, struct sx_error *err)
{
    int64_t ids[256];
    size_t count = 0;
    sx_status rc;

    do {
        rc = file_docs(&ix->w, file, before, ids, 256, &count, err);
        for (size_t i = 0; i < count && rc == SX_OK; i++)
            rc = write_delete_id(ix, ids[i], err);
        ix->sync->dropped = ix->sync->dropped || count > 0;
    } while (rc == SX_OK && count == 256);
    return rc;
}

static sx_status note_more_lines(struct reading *rd, struct sx_error *err)
{
    char reason[64];

    if (rd->failed <= FAILED_LINES_MAX)
        return SX_OK;
    snprintf(reason, sizeof(reason), "%llu more lines that cannot be read",
             (unsigned long long)(rd->failed - FAILED_LINES_MAX));
    return note_failure(rd->ix, rd->path, rd->uri, "parse", reason, rd->file, err);
}

static sx_status read_docs(struct sx_index *ix, struct reading *rd, struct sx_str bytes,
                           struct sx_error *err)
{
    struct ingest_sink sink = {take_doc, take_failed_line, rd};
    enum media m = media_detect(rd->path, bytes);
    sx_status rc;

    if (m == MEDIA_NONE)
        rc = sx_fail(err, SX_EREQUEST, "not a kind of file that is read");
    else
        rc = ingest_read(m, rd->uri, bytes, &sink, err);
    if (rc == SX_OK && ix->doom.code == SX_OK)
        return note_more_lines(rd, err);
    /* The transaction's own failures are told by its next call. Want of memory is not the file's
     * fault: noted as its failure, it would keep an unchanged file from ever being read. */
    if (rc == SX_OK || rc == SX_ENOMEM || ix->doom.code != SX_OK)
        return rc;
    rd->failed++;
    return note_failure(ix, rd->path, rd->uri, rd->stage, err->msg, rd->file, err);
}

static void hash_file(struct sx_str bytes, unsigned char out[FILE_HASH_BYTES])
{
    struct sha256 h;

    sha256_init(&h);
    sha256_update(&h, bytes.ptr, bytes.len);
    sha256_final(&h, out);
}

/* Puts the documents of the file's new bytes and drops those of the old. */
static sx_status take_bytes(struct sx_index *ix, struct reading *rd, struct file_row *row,
                            struct sx_str bytes, struct sx_error *err)
{
    unsigned char hash[FILE_HASH_BYTES];
    int64_t first_new = ix->next.next_id;
    bool fresh = row->id == 0;
    sx_status rc = write_begin(ix, err);

    if (rc != SX_OK)
        return rc;
    hash_file(bytes, hash);
    if (row->has_hash && memcmp(hash, row->hash, sizeof(hash)) == 0) {
        ix->progress.unchanged++;
        return file_save(&ix->w, rd->path, row, err);
    }
    memcpy(row->hash, hash, sizeof(hash));
    row->has_hash = true;
    rc = file_save(&ix->w, rd->path, row, err);
    rd->file = row->id;
    if (rc == SX_OK)
        rc = failed_forget_file(&ix->w, row->id, err);
    ix->failed_touched = true;
    if (rc == SX_OK)
        rc = mark_met(ix->sync, row->id, err);
    if (rc == SX_OK)
        rc = drop_docs(ix, row->id, first_new, err);
    if (rc == SX_OK)
        rc = read_docs(ix, rd, bytes, err);
    if (rd->docs > 0 || rd->failed == 0)
        *(fresh ? &ix->progress.added : &ix->progress.updated) += 1;
    ix->progress.docs += rd->docs;
    ix->progress.failed += rd->failed > 0 ? 1 : 0;
    ix->sync->docs_in_slice += rd->docs + 1;
    return rc;
}

/* Not read, though it is there: what was known of it stays, and its failure is told. */
static sx_status read_failed(struct sx_index *ix, struct reading *rd, struct file_row *row,
                             struct sx_error *err)
{
    char why[sizeof(err->msg)];
    bool noted = row->id != 0 && !row->has_hash;
    sx_status rc = noted ? SX_OK : write_begin(ix, err);

    memcpy(why, err->msg, sizeof(why));
    ix->progress.failed++;
    row->has_hash = false; /* looked at again by the next sync */
    if (rc == SX_OK && !noted)
        rc = file_save(&ix->w, rd->path, row, err);
    if (rc == SX_OK)
        rc = mark_met(ix->sync, row->id, err);
    if (rc != SX_OK)
        return rc;
    return note_failure(ix, rd->path, rd->uri, "read", why, row->id, err);
}

static sx_status read_found(struct sx_index *ix, const struct found *f, struct buf *bytes,
                            struct buf *uri, struct sx_error *err)
{
    struct reading rd = {.ix = ix, .s = ix->sync, .path = f->path, .stage = "parse"};
    struct sx_sync_event ev = {f->path, NULL, NULL};
    struct file_row row;
    sx_status rc = path_uri(f->path, uri, err);

    rd.uri = buf_str(uri);
    if (rc == SX_OK)
        rc = file_find(&ix->w, f->path, &row, err);
    if (rc != SX_OK)
        return rc;
    row.size = f->size;
    row.changed_ns = f->changed_ns;
    rc = file_read_in_place(f->path, INGEST_FILE_MAX, bytes, err);
    if (rc == SX_ENOTFOUND) /* gone since it was listed */
        return SX_OK;
    if (rc == SX_ENOMEM)
        return rc;
    if (rc != SX_OK)
        return read_failed(ix, &rd, &row, err);
    rc = take_bytes(ix, &rd, &row, buf_str(bytes), err);
    if (rc == SX_OK && rd.failed == 0 && ix->sync->event != NULL)
        ix->sync->event(ix->sync->event_ctx, &ev);
    return rc;
}

static sx_status read_one(struct sx_index *ix, bool *more, struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct buf bytes = {0};
    struct buf uri = {0};

    *more = s->changed_next < s->changed_count;
    if (!*more)
        return SX_OK;
    sx_status rc = read_found(ix, &s->changed[s->changed_next], &bytes, &uri, err);
    buf_release(&bytes);
    buf_release(&uri);
    if (rc != SX_OK)
        return write_doom(ix, rc, err);
    s->changed_next++;
    ix->progress.pending = s->changed_count - s->changed_next;
    return SX_OK;
}

/* ---- SWEEP ------------------------------------------------------------------------------------ */

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
    if (was_met(w->s, id))
        return SX_OK;
    for (size_t i = 0; i < w->s->unlisted.count; i++)
        if (below(path, str_of(w->s->unlisted.items[i])))
            return SX_OK;
    w->ids[w->count++] = id;
    return SX_OK;
}

static sx_status forget_file(struct sx_index *ix, int64_t id, struct sx_error *err)
{
    sx_status rc = drop_docs(ix, id, INT64_MAX, err);

    if (rc == SX_OK)
        rc = failed_forget_file(&ix->w, id, err);
    if (rc == SX_OK)
        rc = file_forget(&ix->w, id, err);
    ix->failed_touched = true;
    ix->progress.removed++;
    ix->sync->docs_in_slice++;
    return rc;
}

/* One page of files. */
static sx_status sweep_some(struct sx_index *ix, bool *more, struct sx_error *err)
{
    struct sweep w = {.s = ix->sync};
    bool last = false;
    sx_status rc = file_page(&ix->w, buf_str(&ix->sync->after), sweep_file, &w, &last, err);

    if (rc == SX_ENOMEM)
        sx_fail_oom(err);
    if (rc == SX_OK && w.count > 0)
        rc = write_begin(ix, err);
    for (size_t i = 0; i < w.count && rc == SX_OK; i++)
        rc = forget_file(ix, w.ids[i], err);
    *more = !last && !w.beyond;
    return rc == SX_OK ? SX_OK : write_doom(ix, rc, err);
}

static sx_status reread(void *arg, const char *path, uint64_t size, int64_t changed_ns)
{
    struct sync *s = arg;
    const struct walk_file f = {.path = path, .size = size, .changed_ns = changed_ns};

    return add_changed(s, &f, NULL);
}

/* Documents that others kept out by their uri may come in now: their files are read again. */
static sx_status try_refused(struct sx_index *ix, struct sx_error *err)
{
    struct sync *s = ix->sync;
    sx_status rc = write_begin(ix, err);

    if (rc == SX_OK)
        rc = file_reread_refused(&ix->w, reread, s, err);
    if (rc != SX_OK)
        return write_doom(ix, rc, err);
    s->again = true;
    buf_clear(&s->after);
    buf_put_str(&s->after, buf_str(&s->prefix));
    s->phase = s->changed_next < s->changed_count ? READ : DONE;
    return buf_ok(&s->after) ? SX_OK : sx_fail_oom(err);
}

/* ---- slices ------------------------------------------------------------------------------------ */

static sx_status one_step(struct sx_index *ix, struct sx_error *err)
{
    static sx_status (*const steps[])(struct sx_index *, bool *, struct sx_error *) = {
        [LIST] = list_one, [READ] = read_one, [SWEEP] = sweep_some};
    bool more = false;
    sx_status rc = steps[ix->sync->phase](ix, &more, err);

    if (rc == SX_OK && !more)
        ix->sync->phase++;
    if (rc == SX_OK && ix->sync->phase == DONE && ix->sync->dropped && !ix->sync->again)
        rc = try_refused(ix, err);
    return rc;
}

sx_status sx_sync_step(struct sx_index *ix, unsigned budget_ms, bool *more,
                       void (*event)(void *ctx, const struct sx_sync_event *ev), void *ctx,
                       struct sx_error *err)
{
    struct sync *s = ix->sync;
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
    while (rc == SX_OK && s->phase != DONE && s->docs_in_slice < SLICE_DOCS &&
           clock_now_ns() < s->deadline);
    /* Also after a failure: a doomed transaction ends by its commit. */
    sx_status committed = sx_index_commit(ix, rc == SX_OK ? err : NULL);
    if (rc == SX_OK)
        rc = committed;
    atomic_store(&ix->pending, ix->progress.pending);
    *more = rc == SX_OK && s->phase != DONE;
    if (!*more) {
        sync_free(s);
        ix->sync = NULL;
        atomic_store(&ix->pending, 0);
    }
    return rc;
}
