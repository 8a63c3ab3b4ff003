/* Walks a folder: each regular file below it, in byte order of its path, resumable in slices. */
#ifndef INDEX_INGEST_WALK_H
#define INDEX_INGEST_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "index/base/error.h"

struct walk;

struct walk_file {
    const char *path; /* absolute; lives until the next call */
    uint64_t size;
    int64_t changed_ns;  /* st_ctime: unlike st_mtime, no program sets it back */
    int64_t modified_ns; /* st_mtime */
    const char *problem; /* not to be read, and why ("not a regular file", "permission denied") */
};

/* `root` is made absolute (realpath). Links are not followed; names that begin with a dot are
 * left out; a link, FIFO, socket or device is told as a problem; nothing blocks. SX_ENOTFOUND: no
 * such folder. */
sx_status walk_open(struct walk **out, const char *root, struct sx_error *err);
void walk_close(struct walk *w);
/* The absolute root, without a slash at its end. */
const char *walk_root(const struct walk *w);
/* The next file; *more false at the end. A folder that cannot be listed comes as a problem. */
sx_status walk_next(struct walk *w, struct walk_file *out, bool *more, struct sx_error *err);

/* What stands at one absolute path now; out->path is `path`. A folder's *out tells nothing more. */
enum walk_kind { WALK_GONE, WALK_FILE, WALK_FOLDER };
enum walk_kind walk_look(const char *path, struct walk_file *out);

/* "file:///srv/a%20b.txt" for an absolute path; RFC 3986 percent-encoding by bytes. */
struct buf;
void walk_uri(const char *path, struct buf *out);

#endif
