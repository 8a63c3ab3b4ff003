/* All wanted parts are unpacked in one pass, since a zip's order is anybody's, and then found by
 * name. */
#include "index/ingest/parts.h"

#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "index/base/str.h"
#include "index/ingest/unpack.h"

#define CHUNK ((size_t)64 << 10)
#define PARTS_MAX 20000

void parts_release(struct parts *p)
{
    arena_release(&p->arena);
    memset(p, 0, sizeof(*p));
}

static int by_name(const void *a, const void *b)
{
    const struct part *x = a, *y = b;

    return str_order(x->name, y->name);
}

static struct part *find(const struct parts *p, struct sx_str name)
{
    const struct part key = {.name = name};

    return p->count == 0 ? NULL : bsearch(&key, p->list, p->count, sizeof(p->list[0]), by_name);
}

struct sx_str parts_find(const struct parts *p, struct sx_str name)
{
    const struct part *found = find(p, name);

    return found == NULL ? str_of(NULL) : found->bytes;
}

struct sx_str parts_take(struct parts *p, struct sx_str name)
{
    struct part *found = find(p, name);
    struct sx_str bytes = found == NULL ? str_of(NULL) : found->bytes;

    if (found != NULL)
        found->bytes = str_of(NULL);
    return bytes;
}

static sx_status keep(struct parts *p, struct sx_str name, struct sx_str bytes,
                      struct sx_error *err)
{
    if (p->count == PARTS_MAX)
        return sx_fail(err, SX_ELIMIT, "has more than %d parts", PARTS_MAX);
    if (p->count == p->room) {
        size_t room = p->room == 0 ? 16 : p->room * 2;
        struct part *list = arena_array(&p->arena, room, sizeof(*list));
        if (list == NULL)
            return sx_fail_oom(err);
        if (p->count > 0)
            memcpy(list, p->list, p->count * sizeof(*list));
        p->list = list;
        p->room = room;
    }
    struct part *part = &p->list[p->count];
    part->name = arena_str(&p->arena, name);
    part->bytes = arena_str(&p->arena, bytes);
    if (part->name.ptr == NULL || part->bytes.ptr == NULL)
        return sx_fail_oom(err);
    p->count++;
    return SX_OK;
}

static sx_status read_part(struct archive *a, const struct item *it, struct buf *out,
                           struct sx_error *err)
{
    la_ssize_t n;
    sx_status rc;

    buf_clear(out);
    do {
        char *at = buf_reserve(out, CHUNK);
        if (at == NULL)
            return sx_fail_oom(err);
        n = archive_read_data(a, at, CHUNK);
        if (n < 0)
            return unpack_fail(a, err);
        buf_advance(out, (size_t)n);
        rc = nest_charge(it->nest, (uint64_t)n, err);
        if (rc == SX_OK)
            rc = nest_fits(it->nest, out->len, err);
    } while (n > 0 && rc == SX_OK);
    return rc;
}

static sx_status load(struct parts *p, struct archive *a, const struct item *it,
                      bool (*wanted)(struct sx_str name), struct buf *bytes, struct sx_error *err)
{
    struct archive_entry *e;
    uint64_t all = 0;
    sx_status rc = SX_OK;

    while (rc == SX_OK) {
        int got = archive_read_next_header(a, &e);
        if (got == ARCHIVE_EOF)
            break;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            return unpack_fail(a, err);
        struct sx_str name = unpack_name(e);
        rc = nest_count(it->nest, err);
        if (rc != SX_OK || name.ptr == NULL || archive_entry_filetype(e) != AE_IFREG ||
            !wanted(name))
            continue;
        if (archive_entry_is_encrypted(e))
            return sx_fail(err, SX_EREQUEST, "encrypted");
        rc = read_part(a, it, bytes, err);
        all += bytes->len;
        if (rc == SX_OK)
            rc = nest_fits(it->nest, all, err);
        if (rc == SX_OK)
            rc = keep(p, name, buf_str(bytes), err);
    }
    return rc;
}

sx_status parts_load(struct parts *p, const struct item *it, struct sx_str zip,
                     bool (*wanted)(struct sx_str name), struct sx_error *err)
{
    struct archive *a;
    struct buf bytes = {0};
    locale_t before = unpack_locale();
    sx_status rc = unpack_open(&a, zip, UNPACK_PLAIN, err);

    if (rc == SX_OK)
        rc = load(p, a, it, wanted, &bytes, err);
    if (rc == SX_OK && p->count > 1)
        qsort(p->list, p->count, sizeof(p->list[0]), by_name);
    archive_read_free(a);
    unpack_locale_end(before);
    buf_release(&bytes);
    return rc;
}
