/* libarchive as it is used here: from memory, and only the formats that are read. */
#ifndef INDEX_INGEST_UNPACK_H
#define INDEX_INGEST_UNPACK_H

#include <locale.h>

#include "index/base/error.h"

#include <searchd/str.h>

struct archive;
struct archive_entry;

/* Gives this thread the locale in which names are read, and back the one it had. The first call
 * of all loads it from disk. */
locale_t unpack_locale(void);
void unpack_locale_end(locale_t before);

enum unpack_kinds {
    UNPACK_PLAIN,      /* zip or tar */
    UNPACK_COMPRESSED, /* those or anything, in gzip, zstd or xz */
    UNPACK_RAW         /* anything, in gzip, zstd or xz: what is compressed is not looked into */
};
/* Opens the archive in `bytes`, which it borrows. The caller frees *out with archive_read_free(). */
sx_status unpack_open(struct archive **out, struct sx_str bytes, enum unpack_kinds kinds,
                      struct sx_error *err);

/* What libarchive has just failed with. */
sx_status unpack_fail(struct archive *a, struct sx_error *err);

/* The entry's path, in UTF-8 where that can be told; absent when it has none. */
struct sx_str unpack_name(struct archive_entry *entry);

#endif
