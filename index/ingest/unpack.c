/* Names and formats: what is the same wherever libarchive is used. */
#include "index/ingest/unpack.h"

#include <errno.h>
#include <pthread.h>

#include <archive.h>
#include <archive_entry.h>

#include "index/base/str.h"

/* ---- the locale -----------------------------------------------------------------------

 * libarchive brings names to the charset of the locale, and in the C locale loses those that are
 * not ASCII. So this thread has UTF-8 while it unpacks. */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t utf8; /* written once; (locale_t)0: the system has none */

static void make_locale(void)
{
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

locale_t unpack_locale(void)
{
    pthread_once(&once, make_locale);
    return utf8 == (locale_t)0 ? (locale_t)0 : uselocale(utf8);
}

void unpack_locale_end(locale_t before)
{
    if (before != (locale_t)0)
        uselocale(before);
}

/* ---- libarchive ------------------------------------------------------------------------ */

/* Only the formats that are wanted: each is one more parser for hostile bytes. The raw
 * one takes what is compressed and no tar; without a compression it would take anything. */
sx_status unpack_open(struct archive **out, struct sx_str bytes, enum unpack_kinds kinds,
                      struct sx_error *err)
{
    struct archive *a = archive_read_new();
    int rc = ARCHIVE_OK;
    sx_status status;

    *out = a;
    if (a == NULL)
        return sx_fail_oom(err);
    if (kinds != UNPACK_PLAIN) {
        rc |= archive_read_support_filter_gzip(a);
        rc |= archive_read_support_filter_zstd(a);
        rc |= archive_read_support_filter_xz(a);
        rc |= archive_read_support_format_raw(a);
    }
    if (kinds != UNPACK_RAW) {
        rc |= archive_read_support_format_tar(a);
        rc |= archive_read_support_format_zip(a);
    }
    if (rc == ARCHIVE_OK)
        rc = archive_read_open_memory(a, bytes.ptr, bytes.len);
    if (rc == ARCHIVE_OK)
        return SX_OK;
    status = unpack_fail(a, err);
    archive_read_free(a);
    *out = NULL;
    return status;
}

sx_status unpack_fail(struct archive *a, struct sx_error *err)
{
    const char *why = archive_error_string(a);

    if (archive_errno(a) == ENOMEM)
        return sx_fail_oom(err);
    return sx_fail(err, SX_EREQUEST, "damaged or cut off: %s",
                   why != NULL ? why : "nothing that can be unpacked");
}

struct sx_str unpack_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);

    return str_of(name != NULL ? name : archive_entry_pathname(entry));
}
