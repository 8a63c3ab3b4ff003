/* Files of segments, and the manifest that names them. */
#ifndef INDEX_ENGINE_SEGFILES_H
#define INDEX_ENGINE_SEGFILES_H

#include "index/base/buf.h"
#include "index/base/error.h"
#include "index/blockmax/segment.h"

struct segset;

#define SEGMENT_FILES_MAX 256
#define TABLE_FILE "documents"

struct manifest {
    uint64_t analyzer; /* that made the terms */
    struct segment_name files[SEGMENT_FILES_MAX];
    size_t count;
};

/* "DIR/blockmax", made where it is not. */
sx_status segfiles_folder(const char *dir, struct buf *out, struct sx_error *err);

/* Whether a file of so many bytes may be made: what is derived leaves the last of a disk to what is
 * not. SX_EFULL: less than twice as much is free. */
sx_status segfiles_room(const char *folder, uint64_t bytes, struct sx_error *err);

/* SX_ENOTFOUND: there is none. SX_ECORRUPT: it is damaged, or of another version. */
sx_status manifest_read(const char *folder, struct manifest *out, struct sx_error *err);
/* Replaces it, durably. */
sx_status manifest_write(const char *folder, const struct manifest *m, struct sx_error *err);

/* Begins a file beside: *fd is the caller's, and `id` random. */
sx_status segfile_begin(const char *folder, uint8_t id[SEGMENT_ID_BYTES], int *fd,
                        struct sx_error *err);
/* Syncs, renames, and maps it. Closes `fd`, removes the file after a failure. */
sx_status segfile_end(const char *folder, const struct segment_name *name, int fd,
                      struct segment **out, struct sx_error *err);
void segfile_abandon(const char *folder, const uint8_t id[SEGMENT_ID_BYTES], int fd);
sx_status segfile_open(const char *folder, const struct segment_name *name, struct segment **out,
                       struct sx_error *err);
/* Begins the file of the table of documents (engine/documents.h) beside it: *fd is the caller's. */
sx_status tablefile_begin(const char *folder, int *fd, struct sx_error *err);
/* Syncs and renames it where `made` is SX_OK, else removes it; closes `fd`. */
sx_status tablefile_end(const char *folder, int fd, sx_status made, struct sx_error *err);
/* Those that the manifest of "DIR/blockmax" names, if that is of this analyzer, and that are whole. What goes wrong
 * means fewer of them. NULL: memory ran out. */
struct segset *segfiles_load(const char *dir, uint64_t analyzer);
/* For one that did not come into use. */
void segfile_remove(const char *folder, const uint8_t id[SEGMENT_ID_BYTES]);
/* Removes every segment that the manifest does not name. */
void segfiles_sweep(const char *folder, const struct manifest *m);

#endif
