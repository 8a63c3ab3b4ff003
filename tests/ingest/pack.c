/* libarchive's writer, into a buffer. */
#include "tests/ingest/pack.h"

#include <stdlib.h>

#include <archive.h>
#include <archive_entry.h>

static la_ssize_t take(struct archive *a, void *ctx, const void *bytes, size_t n)
{
    (void)a;
    buf_put(&((struct pack *)ctx)->bytes, bytes, n);
    return (la_ssize_t)n;
}

static void require(int rc)
{
    if (rc < ARCHIVE_WARN) /* a name that is no UTF-8 is only worth a warning */
        abort();
}

void pack_begin(struct pack *p, enum pack_kind kind, const char *filter)
{
    *p = (struct pack){.a = archive_write_new()};
    require(kind == PACK_ZIP   ? archive_write_set_format_zip(p->a)
            : kind == PACK_TAR ? archive_write_set_format_pax_restricted(p->a)
                               : archive_write_set_format_raw(p->a));
    if (filter != NULL)
        require(archive_write_add_filter_by_name(p->a, filter));
    archive_write_set_bytes_in_last_block(p->a, 1);
    require(archive_write_open(p->a, p, NULL, take, NULL));
}

static void begin_entry(struct pack *p, const char *name, uint64_t size)
{
    struct archive_entry *e = archive_entry_new();

    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (la_int64_t)size);
    require(archive_write_header(p->a, e));
    archive_entry_free(e);
}

static void put(struct pack *p, struct sx_str bytes)
{
    if (bytes.len > 0 && archive_write_data(p->a, bytes.ptr, bytes.len) != (la_ssize_t)bytes.len)
        abort();
}

void pack_add_first_and_many(struct pack *p, const char *name, struct sx_str first,
                             struct sx_str piece, uint64_t count)
{
    begin_entry(p, name, first.len + piece.len * count);
    put(p, first);
    for (; count > 0; count--)
        put(p, piece);
}

void pack_add_many(struct pack *p, const char *name, struct sx_str piece, uint64_t count)
{
    pack_add_first_and_many(p, name, (struct sx_str){NULL, 0}, piece, count);
}

void pack_add(struct pack *p, const char *name, struct sx_str bytes)
{
    pack_add_many(p, name, bytes, 1);
}

void pack_add_link(struct pack *p, const char *name, const char *to)
{
    struct archive_entry *e = archive_entry_new();

    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFLNK);
    archive_entry_set_symlink(e, to);
    archive_entry_set_perm(e, 0777);
    require(archive_write_header(p->a, e));
    archive_entry_free(e);
}

void pack_end(struct pack *p)
{
    require(archive_write_close(p->a));
    archive_write_free(p->a);
}
