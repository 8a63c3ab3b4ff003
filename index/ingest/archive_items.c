/* Archives (zip, tar) and compressed files (gzip, zstd, xz) with libarchive, from memory.
 *
 * Each regular entry is an item; its path is a name and nothing else, no file is ever opened or
 * made. What is passed over costs too where it must be unpacked to get past it, so the size of
 * an entry that is too large is charged before libarchive skips it. */
#include "index/ingest/readers.h"

#include <stdio.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "index/base/str.h"
#include "index/ingest/charset.h"
#include "index/ingest/unpack.h"

#define CHUNK ((size_t)64 << 10)

/* What a Mac puts beside the files of a zip: their icons and flags. */
#define MAC_FOLDER "__MACOSX/"

struct unpack {
    const struct item *it;
    struct archive *a;
    uint64_t in, out; /* bytes of the archive, and from it */
    size_t count;     /* entries so far */
    bool zip;
    bool whole;                   /* it is no archive, and was read as what is only compressed */
    struct buf bytes, uri, entry; /* of the entry that is read */
};

static bool is_compressed(struct sx_str s)
{
    return s.len >= 4 &&
           (memcmp(s.ptr, "\x1F\x8B", 2) == 0 || memcmp(s.ptr, "\xFD\x37zX", 4) == 0 ||
            memcmp(s.ptr, "\x28\xB5\x2F\xFD", 4) == 0);
}

/* ---- what it costs --------------------------------------------------------------------- */

static sx_status charge(struct unpack *u, uint64_t bytes, struct sx_error *err)
{
    const struct ingest_limits *l = u->it->nest->limits;
    sx_status rc = nest_charge(u->it->nest, bytes, err);

    if (rc != SX_OK)
        return rc;
    u->out += bytes;
    if (u->out <= l->ratio_from || u->out / l->ratio <= u->in)
        return SX_OK;
    return sx_fail(err, SX_ETOOLARGE, "unpacks to more than %u times its size", l->ratio);
}

/* The entry's bytes to u->bytes. *behind: whether what stands behind it can still be read. */
static sx_status read_bytes(struct unpack *u, struct buf *out, bool *behind, struct sx_error *err)
{
    la_ssize_t n;
    sx_status rc = SX_OK;

    *behind = false;
    do {
        char *at = buf_reserve(out, CHUNK);
        if (at == NULL)
            return sx_fail_oom(err);
        n = archive_read_data(u->a, at, CHUNK);
        if (n < 0) {
            *behind = n == ARCHIVE_FAILED || n == ARCHIVE_WARN;
            return unpack_fail(u->a, err);
        }
        buf_advance(out, (size_t)n);
        rc = charge(u, (uint64_t)n, err);
        if (rc == SX_OK)
            rc = nest_fits(u->it->nest, out->len, err);
    } while (n > 0 && rc == SX_OK);
    *behind = rc == SX_OK;
    return rc;
}

/* ---- entries --------------------------------------------------------------------------- */

/* A folder has no text of its own, and what a Mac puts beside files is none. */
static bool is_wanted(struct archive_entry *e)
{
    struct sx_str name = unpack_name(e);

    if (archive_entry_filetype(e) == AE_IFDIR)
        return false;
    return name.len < strlen(MAC_FOLDER) || memcmp(name.ptr, MAC_FOLDER, strlen(MAC_FOLDER)) != 0;
}

/* Why an entry is not read that is no file: what a link leads to stands under its own path, if it
 * stands in the archive. */
static sx_status check_kind(struct archive_entry *e, struct sx_error *err)
{
    if (archive_entry_filetype(e) == AE_IFLNK || archive_entry_hardlink_utf8(e) != NULL ||
        archive_entry_hardlink(e) != NULL)
        return sx_fail(err, SX_EREQUEST, "a link; it is not followed");
    if (archive_entry_filetype(e) != AE_IFREG)
        return sx_fail(err, SX_EREQUEST, "not a regular file");
    return SX_OK;
}

/* What can be said of an entry before its bytes are unpacked. */
static sx_status check_entry(struct unpack *u, struct archive_entry *e, bool *behind,
                             struct sx_error *err)
{
    uint64_t size = archive_entry_size_is_set(e) ? (uint64_t)archive_entry_size(e) : 0;
    sx_status rc;

    *behind = true;
    rc = check_kind(e, err);
    if (rc != SX_OK)
        return rc;
    if (archive_entry_is_encrypted(e))
        return sx_fail(err, SX_EREQUEST, "encrypted");
    if (archive_entry_size_is_set(e) && archive_entry_size(e) < 0)
        size = UINT64_MAX;
    rc = nest_fits(u->it->nest, size, err);
    if (rc == SX_OK || u->zip) /* of a zip, what is too large is passed over unread */
        return rc;
    if (charge(u, size, err) != SX_OK) {
        *behind = false;
        return SX_ETOOLARGE;
    }
    return nest_fits(u->it->nest, size, err);
}

/* One entry. What is returned ends the archive; the entry's own failures are told. */
static sx_status read_entry(struct unpack *u, struct archive_entry *e, struct sx_error *err)
{
    struct sx_str name = unpack_name(e);
    struct item it;
    struct sx_error why = {0};
    char charset[CHARSET_NAME_MAX], number[32];
    bool behind = true;
    sx_status rc;

    if (name.len == 0) { /* it cannot be told: its place will do */
        snprintf(number, sizeof(number), "entry-%zu", u->count);
        name = str_of(number);
    }
    item_uri(u->it, "!/", name, &u->uri);
    rc = charset_decode(name, "", &u->entry, &name, charset, &why);
    if (rc != SX_OK)
        name = str_of("");
    if (!buf_ok(&u->uri) || rc == SX_ENOMEM)
        return sx_fail_oom(err);
    it = item_inside(u->it, buf_str(&u->uri), name);
    rc = check_entry(u, e, &behind, &why);
    buf_clear(&u->bytes);
    if (rc == SX_OK)
        rc = read_bytes(u, &u->bytes, &behind, &why);
    if (rc != SX_OK && !behind) {
        item_over(&it, rc, &why, err);
        if (rc == SX_ENOMEM || u->it->nest->ended)
            return rc;
        return sx_fail(err, rc, "%s; the rest is not read", why.msg);
    }
    if (rc != SX_OK)
        return item_over(&it, rc, &why, err);
    return item_read(&it, buf_str(&u->bytes), err);
}

static sx_status no_entries(struct sx_error *err)
{
    return sx_fail(err, SX_EREQUEST, "empty: an archive without entries");
}

static bool is_zeros(struct sx_str s)
{
    return s.len > 0 && s.ptr[0] == '\0' && memcmp(s.ptr, s.ptr + 1, s.len - 1) == 0;
}

/* A file that is only compressed: what is inside keeps its uri, and its name without ".gz". */
static sx_status read_whole(struct unpack *u, struct sx_error *err)
{
    struct item it = *u->it;
    const char *dot = memrchr(it.name.ptr, '.', it.name.len);
    bool behind;
    sx_status rc;

    u->whole = true;
    rc = read_bytes(u, &u->bytes, &behind, err);
    if (rc != SX_OK)
        return rc;
    if (dot != NULL)
        it.name.len = (size_t)(dot - it.name.ptr);
    it.depth++;
    if (is_zeros(buf_str(&u->bytes)))
        return no_entries(err);
    return item_read(&it, buf_str(&u->bytes), err);
}

static sx_status read_entries(struct unpack *u, struct sx_error *err)
{
    struct archive_entry *e;
    sx_status rc = SX_OK;

    while (rc == SX_OK) {
        int got = archive_read_next_header(u->a, &e);
        if (got == ARCHIVE_EOF)
            break;
        if (got == ARCHIVE_RETRY || got == ARCHIVE_FATAL || got == ARCHIVE_FAILED)
            return unpack_fail(u->a, err);
        int format = archive_format(u->a) & ARCHIVE_FORMAT_BASE_MASK;
        u->zip = format == ARCHIVE_FORMAT_ZIP;
        if (format == ARCHIVE_FORMAT_RAW)
            return read_whole(u, err);
        u->count++;
        rc = nest_count(u->it->nest, err);
        if (rc == SX_OK && is_wanted(e))
            rc = read_entry(u, e, err);
    }
    return rc;
}

/* `kinds` as unpack_open() has them. */
static sx_status read_as(struct unpack *u, struct sx_str bytes, enum unpack_kinds kinds,
                         struct sx_error *err)
{
    sx_status rc = unpack_open(&u->a, bytes, kinds, err);

    if (rc == SX_OK)
        rc = read_entries(u, err);
    archive_read_free(u->a);
    return rc;
}

sx_status archive_items_read(const struct item *it, struct sx_str bytes, struct sx_error *err)
{
    struct unpack u = {.it = it, .in = bytes.len};
    locale_t before = unpack_locale();
    bool compressed = is_compressed(bytes);
    sx_status rc = read_as(&u, bytes, compressed ? UNPACK_COMPRESSED : UNPACK_PLAIN, err);

    /* Zeros are taken for the end of a tar, however many there are. */
    if (rc == SX_OK && u.count == 0 && !u.whole)
        rc = compressed ? read_as(&u, bytes, UNPACK_RAW, err) : no_entries(err);
    unpack_locale_end(before);
    buf_release(&u.bytes);
    buf_release(&u.uri);
    buf_release(&u.entry);
    return rc;
}
