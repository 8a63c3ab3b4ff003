/* The table of documents as a file, so that opening a large index need not read every row from
 * SQLite. It is derived: whoever reads it compares its sum, with those of the rows that came since, with the sum
 * that the index keeps of all its documents (doc_sum()), and reads SQLite where they differ.
 *
 * Little-endian. A header of 64 bytes: magic `sxdocs1` and a zero; version u32; names u32; rows u64;
 * `next` u64, the rowid that all rows are below; bytes of the names u64; CRC-32 of what follows the header,
 * u32; zeros; at 60, CRC-32 of the header before it. Then the names, each a u32 length and its
 * bytes: those of sources, languages and types, numbered from 1. Then the rows, by rowid, of 36 bytes: u32 rowids that
 * are skipped before it; title_len, body_len, checksum, source, lang, type, u32 each; at, i64. */
#ifndef INDEX_STORE_DOCFILE_H
#define INDEX_STORE_DOCFILE_H

#include "index/base/buf.h"
#include "index/base/error.h"
#include "index/store/doctable.h"

#define DOCFILE_ROW_BYTES 36

/* ---- reading ---------------------------------------------------------------------------------- */

struct docfile {
    int fd;
    uint32_t names;
    uint64_t rows, next;
    /* what is read is not verified before docfile_whole() */
    struct buf in; /* what is read, from `at` on not yet taken */
    size_t at;
    uint64_t unread; /* bytes of the file behind it */
    uint64_t name_bytes;
    uint32_t crc, want_crc;
    uint64_t rowid, left;
};

/* Opens the file and reads its header; close it also after a failure. SX_ECORRUPT: it is damaged, or of
 * another version; SX_EIO: it is not there, or cannot be read. */
sx_status docfile_open(struct docfile *f, const char *path, struct sx_error *err);
void docfile_close(struct docfile *f);
/* First each name, which borrows from `f` until its next call, then each row. False: there is no
 * more, or what there is cannot be. */
bool docfile_name(struct docfile *f, struct sx_str *out);
bool docfile_row(struct docfile *f, uint64_t *rowid, struct docrow *out);
/* Whether all was read, and is what was written. */
bool docfile_whole(const struct docfile *f);

/* ---- writing ---------------------------------------------------------------------------------- */

struct docfile_writer {
    int fd;
    struct buf out; /* what is not written yet */
    uint32_t names, crc;
    uint64_t rows, next, name_bytes;
    int failed; /* errno; 0: all went well */
};

/* Into an empty file, which stays the caller's; with the first `names` of the table. Then come rows, by
 * rowid. */
void docfile_begin(struct docfile_writer *w, int fd, const struct doctable *t, uint32_t names);
void docfile_put(struct docfile_writer *w, uint64_t rowid, const struct docrow *row);
/* Writes the header. `next`: see above. Releases the writer. */
sx_status docfile_end(struct docfile_writer *w, uint64_t next, struct sx_error *err);

#endif
