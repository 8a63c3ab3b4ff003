/* Rows of a fixed size behind the names. */
#include "index/store/docfile.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "index/base/str.h"

#define MAGIC "sxdocs1"
#define VERSION 1
#define PIECE ((size_t)256 << 10)

enum header_at {
    AT_VERSION = 8,
    AT_NAMES = 12,
    AT_ROWS = 16,
    AT_NEXT = 24,
    AT_NAME_BYTES = 32,
    AT_CRC = 40,
    AT_HEADER_CRC = 60,
    HEADER_BYTES = 64
};

static uint32_t get32(const char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return le32toh(v);
}

static uint64_t get64(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return le64toh(v);
}

static uint32_t crc_of(uint32_t crc, const char *p, size_t n)
{
    return (uint32_t)crc32_z(crc, (const unsigned char *)p, n);
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* Makes `n` bytes stand at f->at, if the file has them. */
static bool want(struct docfile *f, size_t n)
{
    if (f->in.len - f->at >= n)
        return true;
    buf_consume(&f->in, f->at);
    f->at = 0;
    while (f->in.len < n && f->unread > 0) {
        char *room = buf_reserve(&f->in, PIECE);
        size_t most = f->unread < PIECE ? (size_t)f->unread : PIECE;
        ssize_t got = room == NULL ? 0 : read(f->fd, room, most);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        f->crc = crc_of(f->crc, room, (size_t)got);
        f->unread -= (size_t)got;
        buf_advance(&f->in, (size_t)got);
    }
    return f->in.len >= n;
}

/* What the header says, if it fits the file. */
static bool take_header(struct docfile *f)
{
    const char *h = f->in.data;
    uint64_t body = f->unread + f->in.len - HEADER_BYTES;

    if (memcmp(h, MAGIC, sizeof(MAGIC)) != 0 || get32(h + AT_VERSION) != VERSION ||
        crc_of(0, h, AT_HEADER_CRC) != get32(h + AT_HEADER_CRC))
        return false;
    f->names = get32(h + AT_NAMES);
    f->rows = get64(h + AT_ROWS);
    f->next = get64(h + AT_NEXT);
    f->name_bytes = get64(h + AT_NAME_BYTES);
    f->want_crc = get32(h + AT_CRC);
    f->left = f->rows;
    f->at = HEADER_BYTES;
    f->crc = crc_of(0, h + HEADER_BYTES, f->in.len - HEADER_BYTES);
    return f->names <= f->name_bytes / sizeof(uint32_t) && f->name_bytes <= body &&
           (body - f->name_bytes) % DOCFILE_ROW_BYTES == 0 &&
           (body - f->name_bytes) / DOCFILE_ROW_BYTES == f->rows;
}

sx_status docfile_open(struct docfile *f, const char *path, struct sx_error *err)
{
    struct stat st;

    *f = (struct docfile){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)};
    if (f->fd < 0 || fstat(f->fd, &st) != 0)
        return sx_fail_errno(err, "cannot open", path);
    f->unread = (uint64_t)st.st_size;
    if (!S_ISREG(st.st_mode) || !want(f, HEADER_BYTES) || !take_header(f))
        return sx_fail(err, SX_ECORRUPT, "'%s' is damaged", path);
    return SX_OK;
}

void docfile_close(struct docfile *f)
{
    if (f->fd >= 0)
        close(f->fd);
    buf_release(&f->in);
}

bool docfile_name(struct docfile *f, struct sx_str *out)
{
    const size_t head = sizeof(uint32_t);

    if (f->name_bytes < head || !want(f, head))
        return false;
    uint32_t n = get32(f->in.data + f->at);
    if (n > f->name_bytes - head || !want(f, head + n))
        return false;
    *out = str_make(f->in.data + f->at + head, n);
    f->at += head + n;
    f->name_bytes -= head + n;
    return true;
}

bool docfile_row(struct docfile *f, uint64_t *rowid, struct docrow *out)
{
    if (f->left == 0 || f->name_bytes > 0 || !want(f, DOCFILE_ROW_BYTES))
        return false;
    const char *p = f->in.data + f->at;
    f->left--;
    f->at += DOCFILE_ROW_BYTES;
    f->rowid += (uint64_t)get32(p) + 1;
    *rowid = f->rowid;
    *out = (struct docrow){.title_len = get32(p + 4),
                           .body_len = get32(p + 8),
                           .checksum = get32(p + 12),
                           .source = get32(p + 16),
                           .lang = get32(p + 20),
                           .type = get32(p + 24),
                           .at = (int64_t)get64(p + 28)};
    return f->rowid < f->next && out->source <= f->names && out->lang <= f->names &&
           out->type <= f->names;
}

bool docfile_whole(const struct docfile *f)
{
    return f->left == 0 && f->unread == 0 && f->at == f->in.len && f->crc == f->want_crc;
}

/* ---- writing ---------------------------------------------------------------------------------- */

static void write_out(struct docfile_writer *w, const char *p, size_t n, off_t at)
{
    while (n > 0 && w->failed == 0) {
        ssize_t done = at < 0 ? write(w->fd, p, n) : pwrite(w->fd, p, n, at);
        if (done < 0 && errno != EINTR)
            w->failed = errno;
        if (done > 0) {
            p += done;
            n -= (size_t)done;
            at += at < 0 ? 0 : done;
        }
    }
}

static void flush(struct docfile_writer *w)
{
    if (!buf_ok(&w->out) && w->failed == 0)
        w->failed = ENOMEM;
    if (w->failed == 0 && w->out.len > 0) {
        w->crc = crc_of(w->crc, w->out.data, w->out.len);
        write_out(w, w->out.data, w->out.len, -1);
    }
    buf_clear(&w->out);
}

static void put32(struct buf *out, uint32_t v)
{
    v = htole32(v);
    buf_put(out, &v, sizeof(v));
}

static void put64(struct buf *out, uint64_t v)
{
    v = htole64(v);
    buf_put(out, &v, sizeof(v));
}

void docfile_begin(struct docfile_writer *w, int fd, const struct doctable *t, uint32_t names)
{
    static const char header[HEADER_BYTES];

    *w = (struct docfile_writer){.fd = fd, .names = names};
    write_out(w, header, sizeof(header), -1);
    for (uint32_t i = 1; i <= w->names; i++) {
        struct sx_str text = doctable_name_get(t, i)->text;
        put32(&w->out, (uint32_t)text.len);
        buf_put_str(&w->out, text);
        w->name_bytes += sizeof(uint32_t) + text.len;
        if (w->out.len >= PIECE)
            flush(w);
    }
    w->next = 1;
}

void docfile_put(struct docfile_writer *w, uint64_t rowid, const struct docrow *row)
{
    if (rowid < w->next || rowid - w->next > UINT32_MAX) {
        w->failed = w->failed == 0 ? EOVERFLOW : w->failed;
        return;
    }
    put32(&w->out, (uint32_t)(rowid - w->next));
    put32(&w->out, row->title_len);
    put32(&w->out, row->body_len);
    put32(&w->out, row->checksum);
    put32(&w->out, row->source);
    put32(&w->out, row->lang);
    put32(&w->out, row->type);
    put64(&w->out, (uint64_t)row->at);
    w->next = rowid + 1;
    w->rows++;
    if (w->out.len >= PIECE)
        flush(w);
}

sx_status docfile_end(struct docfile_writer *w, uint64_t next, struct sx_error *err)
{
    struct buf h = {0};

    flush(w);
    buf_put(&h, MAGIC, sizeof(MAGIC));
    put32(&h, VERSION);
    put32(&h, w->names);
    put64(&h, w->rows);
    put64(&h, next);
    put64(&h, w->name_bytes);
    put32(&h, w->crc);
    while (h.len < AT_HEADER_CRC && buf_ok(&h))
        buf_putc(&h, '\0');
    if (buf_ok(&h))
        put32(&h, crc_of(0, h.data, h.len));
    if (!buf_ok(&h) && w->failed == 0)
        w->failed = ENOMEM;
    write_out(w, h.data, h.len, 0);
    buf_release(&h);
    buf_release(&w->out);
    if (w->failed == 0)
        return SX_OK;
    if (w->failed == ENOMEM)
        return sx_fail_oom(err);
    return sx_fail(err, w->failed == ENOSPC || w->failed == EDQUOT ? SX_EFULL : SX_EIO,
                   "write the table of documents: %s", strerror(w->failed));
}
