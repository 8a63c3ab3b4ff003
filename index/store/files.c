/* The tables file and failed. */
#include "index/store/files.h"

#include <stdio.h>
#include <string.h>

#include "index/base/str.h"

#define FILE_PAGE 256 /* as in ST_FILE_ALL */

/* A path is bytes, not text. */
static void bind_path(sqlite3_stmt *st, int at, const char *path, size_t len)
{
    sqlite3_bind_blob64(st, at, len == 0 ? "" : path, len, SQLITE_STATIC);
}

#define FILE_COLUMN_COUNT 7 /* of FILE_COLUMNS */

static void read_file(sqlite3_stmt *st, struct file_row *out)
{
    memset(out, 0, sizeof(*out));
    out->id = sqlite3_column_int64(st, 0);
    out->size = (uint64_t)sqlite3_column_int64(st, 1);
    out->changed_ns = sqlite3_column_int64(st, 2);
    out->modified_ns = sqlite3_column_int64(st, 3);
    const void *hash = sqlite3_column_blob(st, 4);
    out->has_hash = hash != NULL && sqlite3_column_bytes(st, 4) == FILE_HASH_BYTES;
    if (out->has_hash)
        memcpy(out->hash, hash, FILE_HASH_BYTES);
    struct sx_str type = column_str(st, 5);
    snprintf(out->type, sizeof(out->type), "%.*s", (int)type.len, type.ptr == NULL ? "" : type.ptr);
    out->extractor = (unsigned)sqlite3_column_int64(st, 6);
}

static sx_status read_one(struct db *c, sqlite3_stmt *st, struct file_row *out,
                          struct sx_error *err)
{
    bool row;
    sx_status rc = db_step(c, st, &row, "find a file", err);

    if (rc == SX_OK && row)
        read_file(st, out);
    sqlite3_reset(st);
    return rc;
}

sx_status file_find(struct db *c, const char *path, struct file_row *out, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FILE_GET, &st, err);

    memset(out, 0, sizeof(*out));
    if (rc != SX_OK)
        return rc;
    bind_path(st, 1, path, strlen(path));
    return read_one(c, st, out, err);
}

sx_status file_get(struct db *c, int64_t id, struct file_row *out, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FILE_BY_ID, &st, err);

    memset(out, 0, sizeof(*out));
    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, id);
    return read_one(c, st, out, err);
}

static void bind_file(sqlite3_stmt *st, const struct file_row *row)
{
    sqlite3_bind_int64(st, 2, (sqlite3_int64)row->size);
    sqlite3_bind_int64(st, 3, row->changed_ns);
    sqlite3_bind_int64(st, 4, row->modified_ns);
    if (row->has_hash)
        sqlite3_bind_blob(st, 5, row->hash, FILE_HASH_BYTES, SQLITE_STATIC);
    else
        sqlite3_bind_null(st, 5);
    bind_str(st, 6, str_of(row->type[0] == '\0' ? NULL : row->type));
    sqlite3_bind_int64(st, 7, row->extractor);
}

sx_status file_save(struct db *c, const char *path, struct file_row *row, struct sx_error *err)
{
    bool fresh = row->id == 0;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, fresh ? ST_FILE_INSERT : ST_FILE_UPDATE, &st, err);

    if (rc != SX_OK)
        return rc;
    if (fresh)
        bind_path(st, 1, path, strlen(path));
    else
        sqlite3_bind_int64(st, 1, row->id);
    bind_file(st, row);
    rc = db_run(c, st, "record a file", err);
    if (rc == SX_OK && fresh)
        row->id = sqlite3_last_insert_rowid(c->sq);
    return rc;
}

sx_status file_forget(struct db *c, int64_t id, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FILE_DELETE, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, id);
    return db_run(c, st, "forget a file", err);
}

sx_status file_find_same(struct db *c, const struct file_row *row,
                         bool (*accept)(void *ctx, const char *path), void *ctx, int64_t *id,
                         struct sx_error *err)
{
    bool more = true;
    struct buf path = {0};
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FILE_BY_HASH, &st, err);

    *id = 0;
    if (rc != SX_OK)
        return rc;
    sqlite3_bind_blob(st, 1, row->hash, FILE_HASH_BYTES, SQLITE_STATIC);
    bind_str(st, 2, str_of(row->type));
    sqlite3_bind_int64(st, 3, row->extractor);
    while (rc == SX_OK && *id == 0) {
        rc = db_step(c, st, &more, "find a file", err);
        if (rc != SX_OK || !more)
            break;
        buf_clear(&path);
        buf_put(&path, sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1));
        if (buf_cstr(&path) == NULL)
            rc = sx_fail_oom(err);
        else if (accept(ctx, path.data))
            *id = sqlite3_column_int64(st, 0);
    }
    sqlite3_reset(st);
    buf_release(&path);
    return rc;
}

sx_status file_move(struct db *c, int64_t id, const char *path, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FILE_MOVE, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, id);
    bind_path(st, 2, path, strlen(path));
    return db_run(c, st, "move a file", err);
}

sx_status file_forget_hashes(struct db *c, bool failed, struct sx_str type, unsigned before,
                             size_t *count, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FILE_FORGET_HASHES, &st, err);

    *count = 0;
    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int(st, 1, failed);
    bind_str(st, 2, type);
    if (before == 0)
        sqlite3_bind_null(st, 3);
    else
        sqlite3_bind_int64(st, 3, before);
    rc = db_run(c, st, "forget hashes", err);
    if (rc == SX_OK)
        *count = (size_t)sqlite3_changes(c->sq);
    return rc;
}

static sx_status count_types(struct db *c, enum stmt which, type_fn fn, void *ctx,
                             struct sx_error *err)
{
    bool row = true;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, which, &st, err);

    if (rc != SX_OK)
        return rc;
    while (rc == SX_OK && row) {
        rc = db_step(c, st, &row, "count by type", err);
        if (rc == SX_OK && row)
            rc = fn(ctx, column_str(st, 0), (uint64_t)sqlite3_column_int64(st, 1));
    }
    sqlite3_reset(st);
    return rc;
}

sx_status file_types(struct db *c, type_fn fn, void *ctx, struct sx_error *err)
{
    return count_types(c, ST_FILE_TYPES, fn, ctx, err);
}

sx_status doc_types(struct db *c, type_fn fn, void *ctx, struct sx_error *err)
{
    return count_types(c, ST_DOC_TYPES, fn, ctx, err);
}

sx_status file_path(struct db *c, int64_t id, struct buf *path, struct sx_error *err)
{
    bool row;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FILE_PATH, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, id);
    rc = db_step(c, st, &row, "find a file", err);
    if (rc == SX_OK && row)
        buf_put(path, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
    sqlite3_reset(st);
    return rc;
}

sx_status file_reread_refused(struct db *c,
                              sx_status (*fn)(void *ctx, const char *path,
                                              const struct file_row *row),
                              void *ctx, struct sx_error *err)
{
    bool row = true;
    struct buf path = {0};
    sqlite3_stmt *st;
    sx_status rc = db_call(c, ST_FILE_REREAD, "forget hashes", err);

    if (rc == SX_OK)
        rc = db_stmt(c, ST_FILE_REFUSED, &st, err);
    if (rc != SX_OK)
        return rc;
    while (rc == SX_OK && row) {
        rc = db_step(c, st, &row, "list the files", err);
        if (rc != SX_OK || !row)
            break;
        struct file_row f;
        read_file(st, &f);
        buf_clear(&path);
        buf_put(&path, sqlite3_column_blob(st, FILE_COLUMN_COUNT),
                (size_t)sqlite3_column_bytes(st, FILE_COLUMN_COUNT));
        rc = buf_cstr(&path) == NULL ? sx_fail_oom(err) : fn(ctx, path.data, &f);
    }
    sqlite3_reset(st);
    buf_release(&path);
    return rc;
}

sx_status file_page(struct db *c, struct sx_str after,
                    sx_status (*fn)(void *ctx, int64_t id, struct sx_str path), void *ctx,
                    bool *last, struct sx_error *err)
{
    bool row = true;
    int count = 0;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FILE_ALL, &st, err);

    if (rc != SX_OK)
        return rc;
    bind_path(st, 1, after.ptr, after.len);
    while (rc == SX_OK && row) {
        rc = db_step(c, st, &row, "list the files", err);
        if (rc != SX_OK || !row)
            break;
        count++;
        const char *path = sqlite3_column_blob(st, 1);
        rc = fn(ctx, sqlite3_column_int64(st, 0),
                str_make(path, (size_t)sqlite3_column_bytes(st, 1)));
    }
    sqlite3_reset(st);
    *last = count < FILE_PAGE;
    return rc;
}

sx_status file_docs(struct db *c, int64_t file, int64_t before, int64_t *ids, size_t cap,
                    size_t *count, struct sx_error *err)
{
    bool row = true;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_DOC_OF_FILE, &st, err);

    *count = 0;
    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, file);
    sqlite3_bind_int64(st, 2, before);
    while (rc == SX_OK && row && *count < cap) {
        rc = db_step(c, st, &row, "list the documents of a file", err);
        if (rc == SX_OK && row)
            ids[(*count)++] = sqlite3_column_int64(st, 0);
    }
    sqlite3_reset(st);
    return rc;
}

sx_status file_has_many(struct db *c, int64_t file, size_t few, bool *many, struct sx_error *err)
{
    bool row;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_DOC_MANY, &st, err);

    *many = false;
    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, file);
    sqlite3_bind_int64(st, 2, (sqlite3_int64)few);
    rc = db_step(c, st, &row, "count the documents of a file", err);
    *many = rc == SX_OK && row && sqlite3_column_int(st, 0) != 0;
    sqlite3_reset(st);
    return rc;
}

sx_status failed_put(struct db *c, struct sx_str uri, const char *stage, const char *reason,
                     bool retry, int64_t at, int64_t file, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FAILED_PUT, &st, err);

    if (rc != SX_OK)
        return rc;
    bind_str(st, 1, uri);
    bind_str(st, 2, str_of(stage));
    bind_str(st, 3, str_of(reason));
    sqlite3_bind_int64(st, 4, at);
    if (file == 0)
        sqlite3_bind_null(st, 5);
    else
        sqlite3_bind_int64(st, 5, file);
    sqlite3_bind_int(st, 6, retry);
    return db_run(c, st, "record a failure", err);
}

sx_status failed_has_file(struct db *c, int64_t file, bool *has, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FAILED_OF_FILE, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, file);
    rc = db_step(c, st, has, "find failures", err);
    sqlite3_reset(st);
    return rc;
}

sx_status failed_forget(struct db *c, struct sx_str uri, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FAILED_DELETE, &st, err);

    if (rc != SX_OK)
        return rc;
    bind_str(st, 1, uri);
    return db_run(c, st, "forget a failure", err);
}

sx_status failed_forget_file(struct db *c, int64_t file, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FAILED_DELETE_FILE, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, file);
    return db_run(c, st, "forget failures", err);
}

sx_status failed_reason(struct db *c, struct sx_str uri, struct buf *reason, bool *found,
                        struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FAILED_REASON, &st, err);

    if (rc != SX_OK)
        return rc;
    bind_str(st, 1, uri);
    rc = db_step(c, st, found, "find a failure", err);
    if (rc == SX_OK && *found)
        buf_put_str(reason, column_str(st, 0));
    sqlite3_reset(st);
    return rc;
}

sx_status failed_count(struct db *c, uint64_t *out, struct sx_error *err)
{
    bool row;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FAILED_COUNT, &st, err);

    if (rc != SX_OK)
        return rc;
    rc = db_step(c, st, &row, "count the failures", err);
    if (rc == SX_OK && row)
        *out = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return rc;
}

sx_status failed_each(struct db *c, size_t offset, size_t limit,
                      sx_status (*fn)(void *ctx, struct sx_str uri, struct sx_str stage,
                                      struct sx_str reason, int64_t at, bool retry),
                      void *ctx, struct sx_error *err)
{
    bool row = true;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FAILED_LIST, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 1, (sqlite3_int64)limit);
    sqlite3_bind_int64(st, 2, (sqlite3_int64)offset);
    while (rc == SX_OK && row) {
        rc = db_step(c, st, &row, "list the failures", err);
        if (rc == SX_OK && row)
            rc = fn(ctx, column_str(st, 0), column_str(st, 1), column_str(st, 2),
                    sqlite3_column_int64(st, 3), sqlite3_column_int(st, 4) != 0);
    }
    sqlite3_reset(st);
    return rc;
}
