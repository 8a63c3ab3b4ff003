/* Documents: rows of doc, text and fts. */
#include "index/store/docs.h"

#include <string.h>
#include <zlib.h>

#include "index/base/date.h"
#include "index/base/sha256.h"
#include "index/base/str.h"

sx_status state_get(struct db *c, struct state *out, struct sx_error *err)
{
    bool row;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_STATE_GET, &st, err);

    if (rc != SX_OK)
        return rc;
    rc = db_step(c, st, &row, "read the state", err);
    if (rc != SX_OK)
        return rc;
    if (!row)
        return sx_fail(err, SX_ECORRUPT, "the index has no state row");
    out->generation = (uint64_t)sqlite3_column_int64(st, 0);
    out->next_id = sqlite3_column_int64(st, 1);
    out->docs = (uint64_t)sqlite3_column_int64(st, 2);
    out->title_words = (uint64_t)sqlite3_column_int64(st, 3);
    out->body_words = (uint64_t)sqlite3_column_int64(st, 4);
    out->failed = (uint64_t)sqlite3_column_int64(st, 5);
    out->analyzer = (uint64_t)sqlite3_column_int64(st, 6);
    out->sum = (uint64_t)sqlite3_column_int64(st, 7);
    out->summed = sqlite3_column_type(st, 7) != SQLITE_NULL;
    sqlite3_reset(st);
    return SX_OK;
}

sx_status state_set(struct db *c, const struct state *s, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_STATE_SET, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, (sqlite3_int64)s->generation);
    sqlite3_bind_int64(st, 2, s->next_id);
    sqlite3_bind_int64(st, 3, (sqlite3_int64)s->docs);
    sqlite3_bind_int64(st, 4, (sqlite3_int64)s->title_words);
    sqlite3_bind_int64(st, 5, (sqlite3_int64)s->body_words);
    sqlite3_bind_int64(st, 6, (sqlite3_int64)s->failed);
    sqlite3_bind_int64(st, 7, (sqlite3_int64)s->analyzer);
    if (s->summed)
        sqlite3_bind_int64(st, 8, (sqlite3_int64)s->sum);
    else
        sqlite3_bind_null(st, 8);
    return db_run(c, st, "write the state", err);
}

void doc_hash(const struct sx_doc *d, unsigned char out[DOC_HASH_BYTES])
{
    struct sha256 h;

    sha256_init(&h);
    sha256_update(&h, d->uri.ptr, d->uri.len);
    sha256_update(&h, "", 1);
    sha256_update(&h, d->title.ptr, d->title.len);
    sha256_update(&h, "", 1);
    sha256_update(&h, d->body.ptr, d->body.len);
    sha256_final(&h, out);
}

uint32_t doc_checksum(const struct sx_doc *d)
{
    const struct sx_str parts[] = {d->uri,  d->title, d->body, d->source,
                                   d->date, d->lang,  d->type, d->extra};
    uLong crc = crc32_z(0, NULL, 0);

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        unsigned char mark = parts[i].ptr == NULL ? 1 : 0;
        crc = crc32_z(crc, &mark, 1);
        if (parts[i].len > 0)
            crc = crc32_z(crc, (const unsigned char *)parts[i].ptr, parts[i].len);
    }
    return (uint32_t)crc;
}

static uint64_t mix(uint64_t v)
{
    v = (v ^ v >> 32) * 0xd6e8feb86659fd93u;
    v = (v ^ v >> 32) * 0xd6e8feb86659fd93u;
    return v ^ v >> 32;
}

uint64_t doc_sum(int64_t id, uint32_t put_checksum, uint32_t title_len, uint32_t body_len)
{
    uint64_t lengths = (uint64_t)title_len << 32 | body_len;

    return mix(mix(mix((uint64_t)id) + put_checksum) + lengths);
}

/* Where memory runs out amid reading a value, SQLite gives none, as if there were none. */
static bool read_all(struct db *c)
{
    return (sqlite3_errcode(c->sq) & 0xff) != SQLITE_NOMEM;
}

/* Behind DOC_COLUMNS and put_checksum. */
#define DOC_TEXT_COLUMN 14

/* Reads the columns of DOC_COLUMNS, and what checksum it was put with. */
static sx_status read_row(struct db *c, sqlite3_stmt *st, struct stored_doc *out,
                          struct sx_error *err)
{
    memset(out, 0, sizeof(*out));
    out->id = sqlite3_column_int64(st, 0);
    out->doc.uri = column_str(st, 1);
    const void *hash = sqlite3_column_blob(st, 2);
    if (!read_all(c))
        return sx_fail_oom(err);
    if (hash == NULL || sqlite3_column_bytes(st, 2) != DOC_HASH_BYTES)
        return sx_fail(err, SX_ECORRUPT, "document %lld has no hash", (long long)out->id);
    memcpy(out->hash, hash, DOC_HASH_BYTES);
    out->doc.source = column_str(st, 3);
    out->doc.date = column_str(st, 4);
    out->doc.lang = column_str(st, 5);
    out->doc.type = column_str(st, 6);
    out->at = sqlite3_column_type(st, 7) == SQLITE_NULL ? DATE_NONE : sqlite3_column_int64(st, 7);
    out->title_len = (uint32_t)sqlite3_column_int64(st, 8);
    out->body_len = (uint32_t)sqlite3_column_int64(st, 9);
    out->checksum = (uint32_t)sqlite3_column_int64(st, 10);
    out->file = sqlite3_column_int64(st, 11);
    out->lang_detected = sqlite3_column_int(st, 12) != 0;
    out->put_checksum = sqlite3_column_type(st, 13) == SQLITE_NULL
                            ? out->checksum
                            : (uint32_t)sqlite3_column_int64(st, 13);
    return read_all(c) ? SX_OK : sx_fail_oom(err);
}

sx_status doc_find(struct db *c, enum doc_key by, struct sx_str key, int64_t id,
                   struct stored_doc *out, bool *found, struct sx_error *err)
{
    static const enum stmt which[] = {ST_DOC_BY_URI, ST_DOC_BY_HASH, ST_DOC_BY_ID, ST_DOC_AFTER};
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, which[by], &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_reset(st);
    if (by == DOC_KEY_URI)
        bind_str(st, 1, key);
    else if (by == DOC_KEY_HASH)
        sqlite3_bind_blob64(st, 1, key.ptr, key.len, SQLITE_STATIC);
    else
        sqlite3_bind_int64(st, 1, id);
    rc = db_step(c, st, found, "find a document", err);
    if (rc != SX_OK || !*found)
        return rc;
    return read_row(c, st, out, err);
}

/* Reads title, body and extra from column `at` on. */
static sx_status read_text(struct db *c, sqlite3_stmt *st, int at, struct stored_doc *out,
                           struct sx_error *err)
{
    out->doc.title = column_str(st, at);
    out->doc.body = column_str(st, at + 1);
    out->doc.extra = column_str(st, at + 2);
    return read_all(c) ? SX_OK : sx_fail_oom(err);
}

/* A title or body that is not there fails as one that is another. */
static sx_status verify(const struct stored_doc *d, struct sx_error *err)
{
    struct sx_str uri = d->doc.uri;

    if (doc_checksum(&d->doc) == d->checksum)
        return SX_OK;
    return sx_fail(err, SX_ECORRUPT, "document '%.*s' fails its checksum",
                   (int)(uri.len > 200 ? 200 : uri.len), uri.ptr);
}

/* The row of a document that a statement finds by id. */
static sx_status step_by_id(struct db *c, enum stmt which, int64_t id, sqlite3_stmt **st, bool *row,
                            struct sx_error *err)
{
    sx_status rc = db_stmt(c, which, st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_reset(*st);
    sqlite3_bind_int64(*st, 1, id);
    return db_step(c, *st, row, "read a document", err);
}

sx_status doc_text(struct db *c, struct stored_doc *out, struct sx_error *err)
{
    bool row;
    sqlite3_stmt *st;
    sx_status rc = step_by_id(c, ST_TEXT_GET, out->id, &st, &row, err);

    if (rc == SX_OK && row)
        rc = read_text(c, st, 0, out, err);
    return rc == SX_OK ? verify(out, err) : rc;
}

sx_status doc_whole(struct db *c, int64_t id, struct stored_doc *out, bool *found,
                    struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = step_by_id(c, ST_DOC_WHOLE, id, &st, found, err);

    if (rc != SX_OK || !*found)
        return rc;
    rc = read_row(c, st, out, err);
    if (rc == SX_OK)
        rc = read_text(c, st, DOC_TEXT_COLUMN, out, err);
    return rc == SX_OK ? verify(out, err) : rc;
}

void doc_done(struct db *c)
{
    static const enum stmt used[] = {ST_DOC_BY_URI, ST_DOC_BY_HASH, ST_DOC_BY_ID,
                                     ST_DOC_WHOLE,  ST_DOC_AFTER,   ST_TEXT_GET};

    for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
        if (c->st[used[i]] != NULL)
            sqlite3_reset(c->st[used[i]]);
}

/* fts: (id, title, body), to put or to delete. */
static sx_status run_fts(struct db *c, enum stmt which, const struct stored_doc *d,
                         struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, which, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, d->id);
    bind_str(st, 2, d->doc.title);
    bind_str(st, 3, d->doc.body);
    return db_run(c, st, "index the text", err);
}

static sx_status insert_text(struct db *c, const struct stored_doc *d, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_TEXT_INSERT, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, d->id);
    bind_str(st, 2, d->doc.title);
    bind_str(st, 3, d->doc.body);
    bind_str(st, 4, d->doc.extra);
    return db_run(c, st, "store the text", err);
}

static sx_status insert_doc(struct db *c, const struct stored_doc *d, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_DOC_INSERT, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, d->id);
    bind_str(st, 2, d->doc.uri);
    sqlite3_bind_blob(st, 3, d->hash, DOC_HASH_BYTES, SQLITE_STATIC);
    bind_str(st, 4, d->doc.source);
    bind_str(st, 5, d->doc.date);
    bind_str(st, 6, d->doc.lang);
    bind_str(st, 7, d->doc.type);
    if (d->at == DATE_NONE)
        sqlite3_bind_null(st, 8);
    else
        sqlite3_bind_int64(st, 8, d->at);
    sqlite3_bind_int64(st, 9, d->title_len);
    sqlite3_bind_int64(st, 10, d->body_len);
    sqlite3_bind_int64(st, 11, d->checksum);
    if (d->file == 0)
        sqlite3_bind_null(st, 12);
    else
        sqlite3_bind_int64(st, 12, d->file);
    sqlite3_bind_int(st, 13, d->lang_detected);
    return db_run(c, st, "store the document", err);
}

sx_status doc_insert(struct db *c, const struct stored_doc *d, struct sx_error *err)
{
    sx_status rc = insert_text(c, d, err);

    if (rc == SX_OK)
        rc = run_fts(c, ST_FTS_INSERT, d, err);
    return rc == SX_OK ? insert_doc(c, d, err) : rc;
}

sx_status doc_reindex(struct db *c, const struct stored_doc *d, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = run_fts(c, ST_FTS_INSERT, d, err);

    if (rc == SX_OK)
        rc = db_stmt(c, ST_DOC_LENGTHS, &st, err);
    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, d->id);
    sqlite3_bind_int64(st, 2, d->title_len);
    sqlite3_bind_int64(st, 3, d->body_len);
    return db_run(c, st, "store the document", err);
}

static sx_status remove_by_id(struct db *c, enum stmt which, int64_t id, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, which, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, id);
    return db_run(c, st, "remove the document", err);
}

sx_status doc_rename(struct db *c, struct stored_doc *d, struct sx_str uri, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_DOC_RENAME, &st, err);

    if (rc != SX_OK)
        return rc;
    d->doc.uri = uri;
    doc_hash(&d->doc, d->hash);
    d->checksum = doc_checksum(&d->doc);
    sqlite3_bind_int64(st, 1, d->id);
    bind_str(st, 2, uri);
    sqlite3_bind_blob(st, 3, d->hash, DOC_HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(st, 4, d->checksum);
    return db_run(c, st, "rename the document", err);
}

sx_status doc_remove(struct db *c, const struct stored_doc *d, struct sx_error *err)
{
    sx_status rc = run_fts(c, ST_FTS_DELETE, d, err);

    if (rc == SX_OK)
        rc = remove_by_id(c, ST_TEXT_DELETE, d->id, err);
    if (rc == SX_OK)
        rc = remove_by_id(c, ST_DOC_DELETE, d->id, err);
    return rc;
}

sx_status doc_each(struct db *c, int64_t from,
                   sx_status (*fn)(void *ctx, const struct stored_doc *d), void *ctx,
                   struct sx_error *err)
{
    bool row = true;
    struct stored_doc d;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_DOC_ALL, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, from);
    while (rc == SX_OK && row) {
        rc = db_step(c, st, &row, "read the documents", err);
        if (rc == SX_OK && row)
            rc = read_row(c, st, &d, err);
        if (rc == SX_OK && row)
            rc = fn(ctx, &d);
    }
    sqlite3_reset(st);
    return rc;
}
