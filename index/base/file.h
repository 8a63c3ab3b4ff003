/* Folders, locks and whole files. */
#ifndef INDEX_BASE_FILE_H
#define INDEX_BASE_FILE_H

#include "index/base/buf.h"
#include "index/base/error.h"

/* Makes `dir` and its parents (mode 0700 for what is new). */
sx_status file_make_dirs(const char *dir, struct sx_error *err);

/* Opens (making it) and locks a file with flock, waiting up to `wait_ms`. *fd is the caller's;
 * closing it unlocks. SX_ELOCKED: another process has it. */
sx_status file_lock(const char *path, uint64_t wait_ms, int *fd, struct sx_error *err);

/* Appends a regular file of at most `max` bytes to `out`. SX_ETOOLARGE when it is longer. */
sx_status file_read(const char *path, size_t max, struct buf *out, struct sx_error *err);

/* What is known of an open file. */
struct file_facts {
    uint64_t size;
    int64_t changed_ns, modified_ns; /* st_ctime, st_mtime */
};
/* Opens a regular file to be read, of whose path no part may be a link: one put there is not
 * followed. *fd is the caller's. SX_ENOTFOUND: it is not there. */
sx_status file_open_in_place(const char *path, int *fd, struct file_facts *facts,
                             struct sx_error *err);
/* Appends what is left of an open file to `out`; `path` is for messages. SX_ETOOLARGE when it is more than `max` bytes. */
sx_status file_read_open(int fd, const char *path, size_t max, struct buf *out,
                         struct sx_error *err);

#endif
