/* What was read from folders, and what could not be. */
#ifndef INDEX_STORE_FILES_H
#define INDEX_STORE_FILES_H

#include "index/base/buf.h"
#include "index/base/sha256.h"
#include "index/store/db.h"

#define FILE_HASH_BYTES 32

#define FILE_TYPE_BYTES 32 /* with the NUL */

struct file_row {
    int64_t id; /* 0: not there */
    uint64_t size;
    int64_t changed_ns, modified_ns;
    bool has_hash; /* else it is to be read, whatever its times are */
    unsigned char hash[FILE_HASH_BYTES];
    char type[FILE_TYPE_BYTES]; /* "html" …; "": not known */
    unsigned extractor;         /* the version that read it; 0: none, or one that told none */
};

/* By path; out->id 0 when it is not known. */
sx_status file_find(struct db *c, const char *path, struct file_row *out, struct sx_error *err);
/* The same by number. */
sx_status file_get(struct db *c, int64_t id, struct file_row *out, struct sx_error *err);
/* Inserts (row->id 0, then set) or updates. */
sx_status file_save(struct db *c, const char *path, struct file_row *row, struct sx_error *err);
sx_status file_forget(struct db *c, int64_t id, struct sx_error *err);

/* The first file that has the row's hash, type and extractor and that `accept` takes; *id 0: none
 * does. `accept` must not use the file table. */
sx_status file_find_same(struct db *c, const struct file_row *row,
                         bool (*accept)(void *ctx, const char *path), void *ctx, int64_t *id,
                         struct sx_error *err);
/* The file has gone to another path. */
sx_status file_move(struct db *c, int64_t id, const char *path, struct sx_error *err);

/* Forgets the hashes of all files that meet every condition, so that they are read again: that have
 * failed, that are of a type (absent: any), that a version before `before` has read (0: any).
 * *count says how many. */
sx_status file_forget_hashes(struct db *c, bool failed, struct sx_str type, unsigned before,
                             size_t *count, struct sx_error *err);
/* Calls `fn` for each type of files, or of documents, in order; an absent type is NULL. */
typedef sx_status (*type_fn)(void *ctx, struct sx_str type, uint64_t count);
sx_status file_types(struct db *c, type_fn fn, void *ctx, struct sx_error *err);
sx_status doc_types(struct db *c, type_fn fn, void *ctx, struct sx_error *err);

/* Appends the path of a file. */
sx_status file_path(struct db *c, int64_t id, struct buf *path, struct sx_error *err);
/* Files of which a document was refused (failed in stage "put"): forgets their hashes, so that
 * they are read again, and calls `fn` for each, whose path lives until it returns. */
sx_status file_reread_refused(struct db *c,
                              sx_status (*fn)(void *ctx, const char *path,
                                              const struct file_row *row),
                              void *ctx, struct sx_error *err);

/* Files in path order, from behind `after`, a page of at most 256. `fn` gets each; its strings
 * live until it returns, and it must not use the file table. *last is set when no more come. */
sx_status file_page(struct db *c, struct sx_str after,
                    sx_status (*fn)(void *ctx, int64_t id, struct sx_str path), void *ctx,
                    bool *last, struct sx_error *err);

/* Ids of the documents of a file that are below `before`: up to `cap` of them. */
sx_status file_docs(struct db *c, int64_t file, int64_t before, int64_t *ids, size_t cap,
                    size_t *count, struct sx_error *err);

/* Whether a file has more than `few` documents. */
sx_status file_has_many(struct db *c, int64_t file, size_t few, bool *many, struct sx_error *err);

/* Records or forgets a failure; `retry`: it is tried again though the file does not change. */
sx_status failed_put(struct db *c, struct sx_str uri, const char *stage, const char *reason,
                     bool retry, int64_t at, int64_t file, struct sx_error *err);
/* Whether something of a file has failed. */
sx_status failed_has_file(struct db *c, int64_t file, bool *has, struct sx_error *err);
sx_status failed_forget(struct db *c, struct sx_str uri, struct sx_error *err);
sx_status failed_forget_file(struct db *c, int64_t file, struct sx_error *err);
/* Appends why `uri` failed; *found false: it has not. */
sx_status failed_reason(struct db *c, struct sx_str uri, struct buf *reason, bool *found,
                        struct sx_error *err);
sx_status failed_count(struct db *c, uint64_t *out, struct sx_error *err);
/* `fn` for each, in uri order. */
sx_status failed_each(struct db *c, size_t offset, size_t limit,
                      sx_status (*fn)(void *ctx, struct sx_str uri, struct sx_str stage,
                                      struct sx_str reason, int64_t at, bool retry),
                      void *ctx, struct sx_error *err);

#endif
