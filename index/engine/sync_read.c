/* READ: one file to its documents. By its hash it may be unchanged; else its new documents are
 * put and its old ones go. What cannot be read leaves what was known of the file. */
#include "index/engine/sync.h"

#include <stdio.h>
#include <string.h>

#include "index/base/file.h"
#include "index/base/str.h"
#include "index/extract/extract.h"

/* Lines and items of one file that are told one by one as failed; of more, how many there were. */
#define FAILED_LINES_MAX 1000

/* The file being read, for the sinks. */
struct reading {
    struct sx_index *ix;
    const char *path;
    struct sx_str uri;
    int64_t file;
    enum media media;
    const char *stage;     /* of a failure now */
    bool later;            /* nobody's fault: to be read by the next sync */
    uint64_t docs, failed; /* failed: lines and items, or 1 */
};

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
        sync_note_failure(rd->ix, place.data, buf_str(&uri), rd->stage, why->msg, rd->file, &err);
    buf_release(&uri);
    buf_release(&place);
}

/* What stands in a container fails under its own uri; the place of it is FILE and what that says
 * beyond the file's. */
static void take_failed_item(void *arg, struct sx_str uri, const struct sx_error *why)
{
    struct reading *rd = arg;
    struct buf place = {0};
    struct sx_error err;

    if (++rd->failed > FAILED_LINES_MAX)
        return;
    buf_puts(&place, rd->path);
    if (str_begins(uri, rd->uri))
        buf_put(&place, uri.ptr + rd->uri.len, uri.len - rd->uri.len);
    if (buf_cstr(&place) != NULL)
        sync_note_failure(rd->ix, place.data, uri, rd->stage, why->msg, rd->file, &err);
    buf_release(&place);
}

/* Whether a uri is that of the file, or of something in it. */
static bool is_own(const struct reading *rd, struct sx_str uri)
{
    return str_begins(uri, rd->uri) &&
           (uri.len == rd->uri.len || uri.ptr[rd->uri.len] == '#' || uri.ptr[rd->uri.len] == '!');
}

/* What stands in a file may name its documents, as JSON Lines do, but not by the uri of another file,
 * nor of a document that a client has put: that would be gone with the file. */
static sx_status check_uri(struct reading *rd, struct sx_str uri, struct sx_error *err)
{
    struct stored_doc old;
    bool found = false;

    if (is_own(rd, uri))
        return SX_OK;
    if (str_begins(uri, str_of("file://")))
        return sx_fail_at(err, SX_EREQUEST, "uri", SX_NO_OFFSET,
                          "its uri is for another file to have: expected one that does not begin "
                          "with file://");
    sx_status rc = doc_find(&rd->ix->w, DOC_KEY_URI, uri, 0, &old, &found, err);
    bool put = rc == SX_OK && found && old.file == 0;
    doc_done(&rd->ix->w);
    if (rc != SX_OK)
        return write_doom(rd->ix, rc, err);
    return put ? sx_fail_at(err, SX_EREQUEST, "uri", SX_NO_OFFSET,
                            "its uri is taken by a document that was put")
               : SX_OK;
}

/* A document at fault fails its line or item, where a file has such; the others go on. */
static sx_status take_doc(void *arg, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct reading *rd = arg;
    sx_status rc = doc_validate(doc, "", err);

    if (rc == SX_OK) {
        rd->stage = "put";
        rc = check_uri(rd, doc->uri, err);
    }
    if (rc == SX_OK) {
        rc = write_doc(rd->ix, doc, rd->file, NULL, err);
    }
    if (rc == SX_OK)
        rd->docs++;
    else if (line > 0 && rd->ix->doom.code == SX_OK) {
        take_failed_line(rd, line, err);
        rc = rd->ix->doom.code;
    } else if (!str_eq(doc->uri, rd->uri) && rd->ix->doom.code == SX_OK) {
        take_failed_item(rd, doc->uri, err);
        rc = rd->ix->doom.code;
    }
    if (rc == SX_OK)
        rd->stage = "parse";
    return rc;
}

sx_status sync_drop_docs(struct sx_index *ix, int64_t file, int64_t before, struct sx_error *err)
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
    snprintf(reason, sizeof(reason), "%llu more lines or items that cannot be read",
             (unsigned long long)(rd->failed - FAILED_LINES_MAX));
    return sync_note_failure(rd->ix, rd->path, rd->uri, "parse", reason, rd->file, err);
}

static sx_status read_docs(struct sx_index *ix, struct reading *rd, struct sx_str bytes,
                           struct sx_error *err)
{
    const struct ingest_options options = {.keep_boilerplate = ix->keep_boilerplate};
    struct ingest_sink sink = {.doc = take_doc,
                               .failed = take_failed_line,
                               .ctx = rd,
                               .item = take_failed_item,
                               .options = &options};
    sx_status rc;

    if (rd->media == MEDIA_NONE)
        rc = sx_fail(err, SX_EREQUEST, "not a kind of file that is read");
    else
        rc = extract_read(ix->extract, rd->media, rd->uri, bytes, &sink, err);
    if (rc == SX_OK && ix->doom.code == SX_OK)
        return note_more_lines(rd, err);
    /* The transaction's own failures are told by its next call. Want of memory is not the file's
     * fault: noted as its failure, it would keep an unchanged file from ever being read. */
    if (rc == SX_OK || rc == SX_ENOMEM || ix->doom.code != SX_OK)
        return rc;
    rd->failed++;
    rd->later = rc == SX_EBUSY;
    if (rd->later)
        rd->stage = "read";
    return sync_note_failure(ix, rd->path, rd->uri, rd->stage, err->msg, rd->file, err);
}

static void hash_file(struct sx_str bytes, unsigned char out[FILE_HASH_BYTES])
{
    struct sha256 h;

    sha256_init(&h);
    sha256_update(&h, bytes.ptr, bytes.len);
    sha256_final(&h, out);
}

/* Puts the documents of the file's new bytes and drops those of the old. */
static sx_status replace_docs(struct sx_index *ix, struct reading *rd, struct file_row *row,
                              struct sx_str bytes, struct sx_error *err)
{
    int64_t first_new = ix->next.next_id;
    bool fresh = row->id == 0;
    sx_status rc = file_save(&ix->w, rd->path, row, err);

    rd->file = row->id;
    if (rc == SX_OK)
        rc = failed_forget_file(&ix->w, row->id, err);
    ix->failed_touched = true;
    if (rc == SX_OK)
        rc = sync_mark_met(ix->sync, row->id, err);
    if (rc == SX_OK)
        rc = sync_drop_docs(ix, row->id, first_new, err);
    if (rc == SX_OK)
        rc = read_docs(ix, rd, bytes, err);
    if (rc == SX_OK && rd->later) {
        row->has_hash = false;
        rc = file_save(&ix->w, rd->path, row, err);
    }
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
        rc = sync_mark_met(ix->sync, row->id, err);
    if (rc != SX_OK)
        return rc;
    return sync_note_failure(ix, rd->path, rd->uri, "read", why, row->id, err);
}

static sx_status take_bytes(struct sx_index *ix, struct reading *rd, struct file_row *row,
                            struct sx_str bytes, struct sx_error *err)
{
    unsigned char hash[FILE_HASH_BYTES];
    bool moved = false;
    sx_status rc = write_begin(ix, err);

    if (rc != SX_OK)
        return rc;
    hash_file(bytes, hash);
    if (row->has_hash && memcmp(hash, row->hash, sizeof(hash)) == 0) {
        ix->progress.unchanged++;
        return file_save(&ix->w, rd->path, row, err);
    }
    rd->media = media_detect(rd->path, bytes);
    if (extract_ready(ix->extract, rd->media, err) != SX_OK)
        return read_failed(ix, rd, row, err);
    memcpy(row->hash, hash, sizeof(hash));
    row->has_hash = true;
    row->extractor = INGEST_VERSION;
    snprintf(row->type, sizeof(row->type), "%s", media_name(rd->media));
    if (row->id == 0)
        rc = sync_move(ix, rd->path, rd->uri, row, &moved, err);
    if (rc == SX_OK && !moved)
        rc = replace_docs(ix, rd, row, bytes, err);
    ix->progress.moved += moved;
    return rc;
}

static sx_status read_found(struct sx_index *ix, const struct found *f, struct buf *bytes,
                            struct buf *uri, struct sx_error *err)
{
    struct reading rd = {.ix = ix, .path = f->path, .stage = "parse"};
    struct sx_sync_event ev = {f->path, NULL, NULL};
    struct file_row row;
    sx_status rc = sync_uri(f->path, uri, err);

    rd.uri = buf_str(uri);
    if (rc == SX_OK)
        rc = file_find(&ix->w, f->path, &row, err);
    if (rc != SX_OK)
        return rc;
    row.size = f->size;
    row.changed_ns = f->changed_ns;
    row.modified_ns = f->modified_ns;
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

sx_status sync_read(struct sx_index *ix, bool *more, struct sx_error *err)
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
