/* READ: what was found in one file becomes its documents. By its hash it may be unchanged; else its
 * new documents are put and its old ones go. What cannot be read leaves what was known of the file.
 *
 * Files are read ahead by other threads (readahead.h), a window of them, and their documents prepared
 * there; all that has to do with the
 * index is done here, in the order of the list. What a file gives is put in one transaction, but for
 * a large one: that comes in parts, one a step, and has no hash on record until the last is put, so
 * that after a kill it is read again. */
#include "index/engine/sync.h"

#include <stdio.h>
#include <string.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/engine/readahead.h"

/* How long a step waits for a file at the least, so that small slices get on, too. */
#define WAIT_NS ((uint64_t)5 * 1000000)

/* Documents of a file that go in one transaction with what comes in their place; of more, so many a
 * step go before. */
#define FEW_DOCS 2000
#define SHED_DOCS 256

/* Tells of what failed; one that cannot be told dooms the transaction, which whoever looks next at
 * ix->doom sees. */
static void tell_failed(struct reading *rd, struct buf *place, const struct buf *uri,
                        const char *why)
{
    struct sx_error err;

    if (buf_ok(uri) && buf_cstr(place) != NULL) {
        sync_note_failure(rd->ix, place->data, buf_str(uri), rd->stage, why, rd->file, &err);
        return;
    }
    sx_fail_oom(&err);
    write_doom(rd->ix, SX_ENOMEM, &err);
}

/* A line fails as FILE:LINE, its uri as FILE#LINE. */
static void take_failed_line(struct reading *rd, size_t line, const char *why)
{
    struct buf uri = {0};
    struct buf place = {0};

    if (++rd->failed > FINDS_FAILED_MAX)
        return;
    buf_put_str(&uri, rd->uri);
    buf_printf(&uri, "#%zu", line);
    buf_printf(&place, "%s:%zu", rd->path, line);
    tell_failed(rd, &place, &uri, why);
    buf_release(&uri);
    buf_release(&place);
}

/* What stands in a container fails under its own uri; the place of it is FILE and what that says
 * beyond the file's. */
static void take_failed_item(struct reading *rd, struct sx_str uri, const char *why)
{
    struct buf own = {0};
    struct buf place = {0};

    if (++rd->failed > FINDS_FAILED_MAX)
        return;
    buf_put_str(&own, uri);
    buf_puts(&place, rd->path);
    if (str_begins(uri, rd->uri))
        buf_put(&place, uri.ptr + rd->uri.len, uri.len - rd->uri.len);
    tell_failed(rd, &place, &own, why);
    buf_release(&own);
    buf_release(&place);
}

/* Whether a uri is that of the file, or of something in it. */
static bool is_own(const struct reading *rd, struct sx_str uri)
{
    return str_begins(uri, rd->uri) &&
           (uri.len == rd->uri.len || uri.ptr[rd->uri.len] == '#' || uri.ptr[rd->uri.len] == '!');
}

/* What stands in a file may name its documents, as JSON Lines do, but not by the uri of another file,
 * nor of a document that a client has put: that would be gone with the file. *again: an item before
 * it in the same file has its uri. */
static sx_status check_uri(struct reading *rd, struct sx_str uri, bool *again, struct sx_error *err)
{
    struct stored_doc old;
    bool found = false, own = is_own(rd, uri);

    *again = false;
    if (own && rd->docs == 0)
        return SX_OK;
    if (!own && str_begins(uri, str_of("file://")))
        return sx_fail_at(err, SX_EREQUEST, "uri", SX_NO_OFFSET,
                          "its uri is for another file to have: expected one that does not begin "
                          "with file://");
    sx_status rc = doc_find(&rd->ix->w, DOC_KEY_URI, uri, 0, &old, &found, err);
    bool put = rc == SX_OK && found && old.file == 0 && !own;
    *again = rc == SX_OK && found && old.file == rd->file;
    doc_done(&rd->ix->w);
    if (rc != SX_OK)
        return write_doom(rd->ix, rc, err);
    return put ? sx_fail_at(err, SX_EREQUEST, "uri", SX_NO_OFFSET,
                            "its uri is taken by a document that was put")
               : SX_OK;
}

/* Tells of the line or the item that failed; false: it is the file itself that did. */
static bool tell_part(struct reading *rd, struct sx_str uri, size_t line, const char *why)
{
    if (line > 0)
        take_failed_line(rd, line, why);
    else if (!str_eq(uri, rd->uri))
        take_failed_item(rd, uri, why);
    else
        return false;
    return true;
}

/* Those that are prepared are valid. */
static sx_status write_found(struct reading *rd, struct prepared *p, const struct find *f,
                             struct sx_error *err)
{
    if (f->prepared == 0)
        return write_doc(rd->ix, &f->doc, rd->file, NULL, err);
    p->docs[f->prepared - 1].d.file = rd->file;
    return write_prepared(rd->ix, p, f->prepared - 1, NULL, err);
}

/* A document at fault fails its line or item, where a file has such; the others go on. Of several with one
 * uri the last stands, as unpacking would leave it, and the first is missed. */
static sx_status take_doc(struct reading *rd, struct prepared *p, const struct find *f,
                          struct sx_error *err)
{
    const struct sx_doc *doc = &f->doc;
    bool again = false;
    sx_status rc = f->prepared > 0 ? SX_OK : doc_validate(doc, "", err);

    if (rc == SX_OK) {
        rd->stage = "put";
        rc = check_uri(rd, doc->uri, &again, err);
    }
    if (rc == SX_OK)
        rc = write_found(rd, p, f, err);
    if (rc == SX_OK)
        rd->docs += !again;
    else if (rd->ix->doom.code == SX_OK && tell_part(rd, doc->uri, f->line, err->msg))
        rc = rd->ix->doom.code;
    if (rc == SX_OK)
        rd->stage = "parse";
    if (rc == SX_OK && again) {
        tell_part(rd, doc->uri, f->line,
                  "takes the place of an item before it that has the same uri");
        rc = rd->ix->doom.code;
    }
    return rc;
}

/* Deletes some of the documents of a file with ids below `before`; *count is how many. */
static sx_status drop_some(struct sx_index *ix, int64_t file, int64_t before, size_t *count,
                           struct sx_error *err)
{
    int64_t ids[SHED_DOCS];
    sx_status rc = file_docs(&ix->w, file, before, ids, SHED_DOCS, count, err);

    for (size_t i = 0; i < *count && rc == SX_OK; i++)
        rc = write_delete_id(ix, ids[i], err);
    ix->sync->dropped = ix->sync->dropped || *count > 0;
    return rc;
}

sx_status sync_drop_docs(struct sx_index *ix, int64_t file, int64_t before, struct sx_error *err)
{
    size_t count = 0;
    sx_status rc;

    do
        rc = drop_some(ix, file, before, &count, err);
    while (rc == SX_OK && count == SHED_DOCS);
    return rc;
}

/* A file that has some of its documents has no hash: whatever comes, it is read again. */
static sx_status forget_hash(struct sx_index *ix, int64_t file, struct sx_error *err)
{
    struct file_row row;
    sx_status rc = file_get(&ix->w, file, &row, err);

    if (rc != SX_OK || !row.has_hash)
        return rc;
    row.has_hash = false;
    return file_save(&ix->w, NULL, &row, err);
}

sx_status sync_shed(struct sx_index *ix, int64_t file, bool *left, struct sx_error *err)
{
    size_t count = 0;
    sx_status rc = file_has_many(&ix->w, file, FEW_DOCS, left, err);

    if (rc != SX_OK || !*left)
        return rc;
    rc = write_begin(ix, err);
    if (rc == SX_OK)
        rc = forget_hash(ix, file, err);
    if (rc == SX_OK)
        rc = drop_some(ix, file, INT64_MAX, &count, err);
    ix->sync->docs_in_slice += count;
    lane_overtake(ix, file);
    return rc;
}

static sx_status note_more_lines(struct reading *rd, struct sx_error *err)
{
    char reason[64];

    if (rd->failed <= FINDS_FAILED_MAX)
        return SX_OK;
    snprintf(reason, sizeof(reason), "%llu more lines or items that cannot be read",
             (unsigned long long)(rd->failed - FINDS_FAILED_MAX));
    return sync_note_failure(rd->ix, rd->path, rd->uri, "parse", reason, rd->file, err);
}

/* One part of what was found. */
static sx_status take_finds(struct reading *rd, struct finds *part, struct sx_error *err)
{
    sx_status rc = SX_OK;

    for (const struct find *f = part->first; f != NULL && rc == SX_OK; f = f->next) {
        if (f->kind == FIND_DOC)
            rc = take_doc(rd, &part->prepared, f, err);
        else if (f->kind == FIND_LINE)
            take_failed_line(rd, f->line, f->why);
        else
            take_failed_item(rd, f->uri, f->why);
        if (rc == SX_OK && rd->ix->doom.code != SX_OK) {
            *err = rd->ix->doom;
            rc = err->code;
        }
    }
    return rc;
}

/* Drops the documents of the file's old bytes. */
static sx_status begin_docs(struct reading *rd, bool parts, struct sx_error *err)
{
    struct sx_index *ix = rd->ix;
    int64_t first_new = ix->next.next_id;

    rd->fresh = rd->row.id == 0;
    rd->row.has_hash = !parts;
    sx_status rc = file_save(&ix->w, rd->path, &rd->row, err);
    rd->file = rd->row.id;
    if (rc == SX_OK)
        rc = failed_forget_file(&ix->w, rd->file, err);
    ix->failed_touched = true;
    lane_overtake(ix, rd->file);
    if (rc == SX_OK)
        rc = sync_mark_met(ix, rd->file, err);
    return rc == SX_OK ? sync_drop_docs(ix, rd->file, first_new, err) : rc;
}

/* How reading it ended. */
static sx_status take_end(struct reading *rd, sx_status rc, struct sx_error *err)
{
    struct sx_index *ix = rd->ix;

    if (rc == SX_OK)
        return note_more_lines(rd, err);
    /* The transaction's own failures are told by its next call. Want of memory is not the file's
     * fault: noted as its failure, it would keep an unchanged file from ever being read. */
    if (rc == SX_ENOMEM || ix->doom.code != SX_OK)
        return rc;
    rd->failed++;
    rd->later = rc == SX_EBUSY;
    if (rd->later)
        rd->stage = "read";
    return sync_note_failure(ix, rd->path, rd->uri, rd->stage, err->msg, rd->file, err);
}

static sx_status end_docs(struct reading *rd, sx_status rc, struct sx_error *err)
{
    struct sx_index *ix = rd->ix;

    rc = take_end(rd, rc, err);
    bool has_hash = !rd->later;
    if (rc == SX_OK && rd->row.has_hash != has_hash) {
        rd->row.has_hash = has_hash;
        rc = write_begin(ix, err);
        if (rc == SX_OK)
            rc = file_save(&ix->w, rd->path, &rd->row, err);
    }
    if (rd->docs > 0 || rd->failed == 0)
        *(rd->fresh ? &ix->sync->progress.added : &ix->sync->progress.updated) += 1;
    ix->sync->progress.failed += rd->failed > 0 ? 1 : 0;
    ix->sync->docs_in_slice++;
    return rc;
}

/* Puts what there is: all, or of a large file a part. */
static sx_status put_docs(struct reading *rd, struct readahead_file *f, struct sx_error *err)
{
    struct sx_index *ix = rd->ix;
    struct finds part;
    bool any = true;
    sx_status rc = write_begin(ix, err);

    if (rc != SX_OK)
        return rc;
    do {
        uint64_t before = rd->docs;
        any = readahead_take(*sync_ahead(ix), f, &part);
        rc = take_finds(rd, &part, err);
        finds_release(&part);
        ix->sync->progress.docs += rd->docs - before;
        ix->sync->docs_in_slice += rd->docs - before;
    } while (rc == SX_OK && any && !f->parts);
    ix->sync->amid = rc == SX_OK && any;
    if (ix->sync->amid)
        return SX_OK;
    rd->failed += f->untold;
    if (rc == SX_OK && f->rc != SX_OK) {
        *err = f->err;
        rc = f->rc;
    }
    return end_docs(rd, rc, err);
}

/* Not read, though it is there: what was known of it stays, and its failure is told. */
static sx_status read_failed(struct reading *rd, const char *why, struct sx_error *err)
{
    struct sx_index *ix = rd->ix;
    bool noted = rd->row.id != 0 && !rd->row.has_hash;
    sx_status rc = noted ? SX_OK : write_begin(ix, err);

    rd->failed = 1;
    ix->sync->progress.failed++;
    rd->row.has_hash = false; /* looked at again by the next sync */
    if (rc == SX_OK && !noted)
        rc = file_save(&ix->w, rd->path, &rd->row, err);
    lane_overtake(ix, rd->row.id);
    if (rc == SX_OK)
        rc = sync_mark_met(ix, rd->row.id, err);
    if (rc != SX_OK)
        return rc;
    return sync_note_failure(ix, rd->path, rd->uri, "read", why, rd->row.id, err);
}

static void fill_row(const struct readahead_file *f, struct file_row *row)
{
    memcpy(row->hash, f->hash, sizeof(f->hash));
    row->has_hash = true;
    row->extractor = INGEST_VERSION;
    snprintf(row->type, sizeof(row->type), "%s", media_name(f->media));
}

/* Whether a file that is not on record may be one that is on record under a path that is gone. Its
 * documents are then not asked for. */
static sx_status answer_asking(struct sx_index *ix, struct readahead_file *f, struct sx_error *err)
{
    struct file_row row = {0};
    bool may = false;

    fill_row(f, &row);
    sx_status rc = sync_may_move(ix, &row, &may, err);
    if (rc == SX_OK)
        readahead_answer(*sync_ahead(ix), f, may);
    return rc;
}

static sx_status take_new(struct reading *rd, struct readahead_file *f, struct sx_error *err)
{
    struct sx_index *ix = rd->ix;
    bool moved = false;
    sx_status rc = SX_OK;

    fill_row(f, &rd->row);
    if (f->outcome == READAHEAD_MOVED)
        rc = sync_move(ix, rd->path, rd->uri, &rd->row, &moved, err);
    ix->sync->progress.moved += moved;
    if (rc != SX_OK || moved)
        return rc;
    if (f->outcome == READAHEAD_MOVED) {
        readahead_answer(*sync_ahead(ix), f, false);
        rd->unmoved = true;
        return SX_OK;
    }
    rc = begin_docs(rd, f->parts, err);
    return rc == SX_OK ? put_docs(rd, f, err) : rc;
}

/* By what the thread made of it. */
static sx_status take_file(struct reading *rd, struct readahead_file *f, struct sx_error *err)
{
    struct sx_index *ix = rd->ix;

    if (f->outcome == READAHEAD_UNREADABLE && f->rc == SX_ENOMEM) {
        *err = f->err;
        return f->rc;
    }
    if (f->outcome == READAHEAD_UNREADABLE)
        return read_failed(rd, f->err.msg, err);
    sx_status rc = write_begin(ix, err);
    if (rc != SX_OK)
        return rc;
    if (f->outcome == READAHEAD_UNCHANGED) {
        ix->sync->progress.unchanged++;
        return file_save(&ix->w, rd->path, &rd->row, err);
    }
    return take_new(rd, f, err);
}

static sx_status begin_file(struct sx_index *ix, struct readahead_file *f,
                            const struct file_row *row, struct sx_error *err)
{
    struct reading *rd = &ix->sync->reading;
    const struct found *listed = &ix->sync->changed[ix->sync->changed_next];
    bool opened = f->outcome != READAHEAD_UNREADABLE;

    *rd = (struct reading){
        .ix = ix, .path = f->path, .uri = buf_str(&f->uri), .stage = "parse", .row = *row};
    rd->row.size = opened ? f->facts.size : listed->size;
    rd->row.changed_ns = opened ? f->facts.changed_ns : listed->changed_ns;
    if (f->fresh)
        rd->row.changed_ns = 0; /* the next sync compares hashes */
    rd->row.modified_ns = opened ? f->facts.modified_ns : listed->modified_ns;
    return take_file(rd, f, err);
}

/* Keeps the threads busy: gives them files, and answers what they ask. */
static sx_status feed(struct sx_index *ix, struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct readahead **ahead = sync_ahead(ix);
    struct readahead_file *asks;
    struct file_row known;
    sx_status rc =
        *ahead != NULL ? SX_OK : readahead_open(ahead, ix->extract, ix->keep_boilerplate, err);

    while (rc == SX_OK && s->changed_given < s->changed_count && readahead_has_room(*ahead)) {
        const struct found *f = &s->changed[s->changed_given];
        rc = file_find(&ix->w, f->path, &known, err);
        if (rc == SX_OK)
            rc = readahead_give(*ahead, f->path, f->size, &known, err);
        s->changed_given += rc == SX_OK;
    }
    while (rc == SX_OK && (asks = readahead_asks(*ahead)) != NULL)
        rc = answer_asking(ix, asks, err);
    return rc;
}

/* Whether the file was written, failed or forgotten since it was given to be read: by another lane,
 * or by a call that forgets hashes. */
static bool is_stale(const struct readahead_file *f, const struct file_row *row)
{
    return f->outdated || row->id != f->known.id || row->has_hash != f->known.has_hash ||
           (row->has_hash && memcmp(row->hash, f->known.hash, sizeof(row->hash)) != 0);
}

/* Done with the first of the files. */
static void pass_on(struct sx_index *ix)
{
    struct sync *s = ix->sync;

    s->amid = false;
    if (s->changed_given > s->changed_next)
        readahead_drop(*sync_ahead(ix));
    else
        s->changed_given++;
    s->changed_next++;
    s->progress.pending = s->changed_count - s->changed_next;
}

static void end_file(struct sx_index *ix, const struct readahead_file *f)
{
    struct sync *s = ix->sync;

    if (s->reading.failed == 0 && s->event != NULL)
        s->event(s->event_ctx, &(struct sx_sync_event){f->path, NULL, NULL});
    pass_on(ix);
}

/* One that has been read is written, or begun. */
static sx_status take_first(struct sx_index *ix, struct readahead_file *f, struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct walk_file now;
    struct file_row row;
    sx_status rc = file_find(&ix->w, f->path, &row, err);

    if (rc != SX_OK)
        return rc;
    if (is_stale(f, &row)) {
        sync_stop_reading(ix, s);
        return SX_OK;
    }
    /* Gone since it was listed, or read: who was told of that need not come after. */
    if (f->outcome == READAHEAD_GONE || walk_look(f->path, &now) == WALK_GONE) {
        pass_on(ix);
        return SX_OK;
    }
    if (f->parts && s->lane == LANE_CHANGES) {
        s->is_long = true;
        return SX_OK;
    }
    bool left = false;
    if (f->outcome == READAHEAD_READ && row.id != 0)
        rc = sync_shed(ix, row.id, &left, err);
    if (left)
        f->known.has_hash = false; /* as on record now */
    if (rc == SX_OK && !left)
        rc = begin_file(ix, f, &row, err);
    if (rc == SX_OK && !left && !s->amid && !s->reading.unmoved)
        end_file(ix, f);
    return rc;
}

/* The next part of a large one. */
static sx_status take_part(struct sx_index *ix, struct readahead_file *f, struct sx_error *err)
{
    struct sync *s = ix->sync;

    if (s->reading.overtaken) {
        sync_stop_reading(ix, s);
        return SX_OK;
    }
    sx_status rc = put_docs(&s->reading, f, err);
    if (rc == SX_OK && !s->amid)
        end_file(ix, f);
    return rc;
}

sx_status sync_read(struct sx_index *ix, bool *more, struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct readahead_file *f;
    uint64_t least = clock_now_ns() + WAIT_NS;

    *more = s->changed_next < s->changed_count;
    if (!*more)
        return SX_OK;
    if (!s->amid && lane_has_begun(ix, s->changed[s->changed_next].path)) {
        pass_on(ix); /* and reads it to its end */
        return SX_OK;
    }
    sx_status rc = feed(ix, err);
    if (rc != SX_OK)
        return write_doom(ix, rc, err);
    readahead_wait(*sync_ahead(ix), s->deadline > least ? s->deadline : least, &f);
    if (f == NULL)
        return SX_OK;
    rc = s->amid ? take_part(ix, f, err) : take_first(ix, f, err);
    return rc == SX_OK ? SX_OK : write_doom(ix, rc, err);
}
