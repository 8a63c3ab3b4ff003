/* A segment is written from front to back, but for its header; the dictionary gathers in memory
 * meanwhile. Each page's checksum is made as its bytes pass by. */
#include "index/blockmax/writer.h"

#include <errno.h>
#include <unistd.h>
#include <zlib.h>

#include "index/base/alloc.h"
#include "index/rank/score.h"

/* So much is written at once, and so aligned in the file: then Linux can keep it in huge pages, which are mapped as
 * such. */
#define OUT_BYTES ((size_t)2 << 20)
#define VARINT_MAX 10

struct segment_writer {
    struct writer_options opt;
    int fd;
    int io_errno;   /* of a write that failed */
    struct buf out; /* all of it, or what is still to be written to the file */
    uint64_t written;
    struct buf dict, index, pages;
    uint32_t crc;      /* of the page at hand */
    size_t page_bytes; /* of it */
    uint64_t terms;
    struct buf last;            /* the term before */
    struct buf list, positions; /* of the term at hand */
    struct buf packed;          /* positions of the block at hand */
    uint32_t ranges;
    double *norms; /* by document: what its length adds to tf, in the denominator of a score */
    bool failed;
    bool too_large; /* an offset does not fit into 32 bits */
};

static double norm_of(const struct doc_length *len, double average)
{
    return SCORE_K1 * score_length_norm(score_combined(len->title, len->body), average);
}

struct segment_writer *segment_writer_new(const struct writer_options *opt, int fd)
{
    struct segment_writer *w = mem_zalloc(1, sizeof(*w));
    uint8_t header[HEADER_BYTES] = {0};
    uint64_t docs = opt->next - opt->first;

    if (w == NULL)
        return NULL;
    w->opt = *opt;
    w->fd = fd;
    w->ranges = segment_ranges(docs);
    buf_put(&w->out, header, sizeof(header));
    w->written = sizeof(header);
    w->norms = mem_alloc((docs + 1) * sizeof(*w->norms));
    if (w->norms == NULL) {
        segment_writer_free(w);
        return NULL;
    }
    for (uint64_t i = 0; i < docs; i++)
        w->norms[i] = norm_of(&opt->lengths[i], opt->average);
    return w;
}

void segment_writer_free(struct segment_writer *w)
{
    if (w == NULL)
        return;
    buf_release(&w->out);
    buf_release(&w->dict);
    buf_release(&w->index);
    buf_release(&w->pages);
    buf_release(&w->last);
    buf_release(&w->list);
    buf_release(&w->positions);
    buf_release(&w->packed);
    mem_free(w->norms);
    mem_free(w);
}

/* ---- bytes ------------------------------------------------------------------------------------ */

static void put_varint(struct buf *b, uint64_t v)
{
    char bytes[VARINT_MAX];
    size_t n = 0;

    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (char)(v | 0x80);
    bytes[n++] = (char)v;
    buf_put(b, bytes, n);
}

static void put_u32(struct buf *b, uint32_t v)
{
    uint8_t bytes[4];

    put32(bytes, v);
    buf_put(b, bytes, sizeof(bytes));
}

/* The first bytes that wait. */
static void flush(struct segment_writer *w, size_t bytes)
{
    size_t at = 0;

    while (at < bytes && w->io_errno == 0) {
        size_t left = bytes - at < OUT_BYTES ? bytes - at : OUT_BYTES;
        ssize_t n = write(w->fd, w->out.data + at, left);
        if (n > 0)
            at += (size_t)n;
        else if (n < 0 && errno != EINTR)
            w->io_errno = errno;
    }
    buf_consume(&w->out, bytes);
}

static void end_page(struct segment_writer *w)
{
    put_u32(&w->pages, w->crc);
    w->crc = 0;
    w->page_bytes = 0;
}

/* Behind the header all bytes pass here. */
static void emit(struct segment_writer *w, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    if (w->fd >= 0 && w->out.len >= OUT_BYTES)
        flush(w, w->out.len / OUT_BYTES * OUT_BYTES);
    buf_put(&w->out, p, n);
    w->written += n;
    while (n > 0) {
        size_t part = PAGE_BYTES - w->page_bytes < n ? PAGE_BYTES - w->page_bytes : n;
        if (w->fd >= 0) /* what stays in memory is not read back */
            w->crc = (uint32_t)crc32(w->crc, p, (uInt)part);
        w->page_bytes += part;
        p += part;
        n -= part;
        if (w->page_bytes == PAGE_BYTES)
            end_page(w);
    }
}

static void emit_buf(struct segment_writer *w, struct buf *b)
{
    w->failed = w->failed || !buf_ok(b);
    emit(w, b->data, b->len);
    buf_clear(b);
}

/* ---- lists ------------------------------------------------------------------------------------ */

struct columns {
    uint32_t doc[PACK_BLOCK], title[PACK_BLOCK], body[PACK_BLOCK];
};

static void put_packed(struct buf *b, const uint32_t *v, size_t n, unsigned width)
{
    size_t size = n == PACK_BLOCK ? pack_block_size(width) : pack_run_size(n, width);
    char *to = buf_reserve(b, size);

    if (to == NULL)
        return;
    if (n == PACK_BLOCK)
        pack_block(v, width, (uint8_t *)to);
    else
        pack_run(v, n, width, (uint8_t *)to);
    buf_advance(b, size);
}

static void put_block(struct buf *b, const struct posting *p, size_t n, uint32_t before)
{
    struct columns c;

    for (size_t i = 0; i < n; i++) {
        c.doc[i] = p[i].doc - before - 1;
        c.title[i] = p[i].title;
        c.body[i] = p[i].body;
        before = p[i].doc;
    }
    uint8_t widths[3] = {(uint8_t)pack_width(c.doc, n), (uint8_t)pack_width(c.title, n),
                         (uint8_t)pack_width(c.body, n)};
    buf_put(b, widths, sizeof(widths));
    put_packed(b, c.doc, n, widths[0]);
    put_packed(b, c.title, n, widths[1]);
    put_packed(b, c.body, n, widths[2]);
}

/* Positions on their way: those of a group, and the groups that are packed. */
struct groups {
    uint32_t group[POSITIONS_GROUP];
    size_t filled;
    struct buf *widths, *packed;
};

static void end_group(struct groups *g)
{
    if (g->filled == 0)
        return;
    unsigned width = pack_width(g->group, g->filled);
    size_t size = pack_run_size(g->filled, width);
    char *to = buf_reserve(g->packed, size);
    if (to != NULL) {
        pack_run(g->group, g->filled, width, (uint8_t *)to);
        buf_advance(g->packed, size);
    }
    buf_putc(g->widths, (char)width);
    g->filled = 0;
}

/* The positions of a block's postings: within a field each as what it is above the one before it,
 * less 1. A width for each group, then the groups. */
static void put_positions(struct segment_writer *w, const struct posting *p, size_t n,
                          const uint32_t *at)
{
    struct groups g = {.widths = &w->positions, .packed = &w->packed};

    for (size_t i = 0; i < n; i++) {
        uint32_t fields[2] = {p[i].title, p[i].body};
        for (int f = 0; f < 2; f++) {
            uint32_t before = UINT32_MAX;
            for (uint32_t k = 0; k < fields[f]; k++) {
                g.group[g.filled++] = *at - before - 1;
                before = *at++;
                if (g.filled == POSITIONS_GROUP)
                    end_group(&g);
            }
        }
    }
    end_group(&g);
    w->failed = w->failed || !buf_ok(&w->packed);
    buf_put(&w->positions, w->packed.data, w->packed.len);
    buf_clear(&w->packed);
}

/* Rounded up, without a call for each posting. */
static uint8_t impact_of(const struct segment_writer *w, const struct posting *p)
{
    double tf = score_combined(p->title, p->body);
    double impact = tf / (tf + w->norms[p->doc]) * (double)IMPACT_ONE;
    unsigned whole = (unsigned)impact;

    whole += (double)whole < impact;
    return whole < UINT8_MAX ? (uint8_t)whole : UINT8_MAX;
}

/* The postings of a dense list before each stretch; of another there are none. */
static void put_ranks(const struct segment_writer *w, const struct term_postings *t, uint8_t *row)
{
    bool dense = list_is_dense((uint32_t)t->n, w->opt.next - w->opt.first) != 0;
    uint32_t at = 0;

    for (uint32_t r = 0; dense && r < w->ranges; r++, row += RANK_BYTES) {
        uint32_t before = at;
        put32(row, before);
        for (uint32_t i = 0; i < RANGE_STRETCHES; i++) {
            uint64_t end = ((uint64_t)r * RANGE_STRETCHES + i + 1) * STRETCH_DOCS;
            put16(row + 4 + 2 * (size_t)i, (uint16_t)(at - before));
            while (at < t->n && t->postings[at].doc < end)
                at++;
        }
    }
}

static void put_impacts(struct segment_writer *w, const struct term_postings *t)
{
    uint64_t docs = w->opt.next - w->opt.first;
    uint32_t n = (uint32_t)t->n;
    size_t stretches = list_has_stretches(n, w->ranges) ? (size_t)w->ranges * RANGE_STRETCHES : 0;
    size_t each_bytes = list_each_bytes(n, docs);
    bool dense = list_is_dense(n, docs) != 0;

    size_t before = stretches + list_rank_bytes(n, docs);
    before += list_padding(w->written + w->list.len + before, n, docs);
    uint8_t *most = (uint8_t *)buf_reserve(&w->list, before + each_bytes);
    if (each_bytes == 0 || most == NULL)
        return;
    uint8_t *each = most + before;
    memset(most, 0, before + (dense ? each_bytes : 0));
    put_ranks(w, t, most + stretches);
    for (uint32_t i = 0; i < n; i++) {
        const struct posting *p = &t->postings[i];
        uint8_t impact = impact_of(w, p);
        each[dense ? p->doc : i] = impact;
        if (stretches > 0 && most[p->doc / STRETCH_DOCS] < impact)
            most[p->doc / STRETCH_DOCS] = impact;
    }
    buf_advance(&w->list, before + each_bytes);
}

/* The directory of a list of several blocks: last document, offset of the block and of its
 * positions; filled as they are written. */
static void put_list(struct segment_writer *w, const struct term_postings *t)
{
    uint32_t blocks = list_blocks((uint32_t)t->n);
    const uint32_t *at = t->positions;
    uint32_t before = UINT32_MAX;
    size_t entries = blocks > 1 ? (size_t)blocks * DIRECTORY_BYTES : 0;
    char *room = buf_reserve(&w->list, entries);

    buf_advance(&w->list, room == NULL ? 0 : entries);
    put_impacts(w, t);
    size_t base = w->list.len;
    for (uint32_t b = 0; b < blocks; b++) {
        const struct posting *p = t->postings + (size_t)b * PACK_BLOCK;
        size_t n = t->n - (size_t)b * PACK_BLOCK;
        n = n > PACK_BLOCK ? PACK_BLOCK : n;
        if (entries > 0 && buf_ok(&w->list)) {
            uint8_t *row = (uint8_t *)w->list.data + (size_t)b * DIRECTORY_BYTES;
            put32(row, p[n - 1].doc);
            put32(row + 4, (uint32_t)(w->list.len - base));
            put32(row + 8, (uint32_t)w->positions.len);
        }
        w->too_large =
            w->too_large || w->list.len - base > UINT32_MAX || w->positions.len > UINT32_MAX;
        put_block(&w->list, p, n, before);
        put_positions(w, p, n, at);
        for (size_t i = 0; i < n; i++)
            at += p[i].title + p[i].body;
        before = p[n - 1].doc;
    }
}

/* ---- the dictionary --------------------------------------------------------------------------- */

static size_t shared_prefix(struct sx_str a, struct sx_str b)
{
    size_t n = 0;

    while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
        n++;
    return n;
}

static void put_term(struct segment_writer *w, const struct term_postings *t)
{
    size_t shared = 0;

    if (w->terms % DICT_BLOCK == 0) {
        w->too_large = w->too_large || w->dict.len > UINT32_MAX;
        put_u32(&w->index, (uint32_t)w->dict.len);
        put_varint(&w->dict, w->written);
    } else {
        shared = shared_prefix(buf_str(&w->last), t->term);
        put_varint(&w->dict, shared);
    }
    put_varint(&w->dict, t->term.len - shared);
    buf_put(&w->dict, t->term.ptr + shared, t->term.len - shared);
    put_varint(&w->dict, t->n);
    put_varint(&w->dict, t->f - t->n);
    put_varint(&w->dict, (uint64_t)w->list.len << TERM_FLAG_BITS | t->flags);
    put_varint(&w->dict, w->positions.len);
    buf_clear(&w->last);
    buf_put_str(&w->last, t->term);
    w->terms++;
}

void segment_writer_term(struct segment_writer *w, const struct term_postings *t)
{
    put_list(w, t);
    put_term(w, t);
    emit_buf(w, &w->list);
    emit_buf(w, &w->positions);
}

/* ---- the end ---------------------------------------------------------------------------------- */

static void put_section(uint8_t *header, enum header_at at, uint64_t offset, uint64_t length)
{
    put64(header + at, offset);
    put64(header + at + 8, length);
}

static void emit_lengths(struct segment_writer *w)
{
    uint64_t docs = w->opt.next - w->opt.first;

    for (uint64_t i = 0; i < docs; i++) {
        uint8_t bytes[LENGTHS_BYTES];
        put32(bytes, w->opt.lengths[i].title);
        put32(bytes + 4, w->opt.lengths[i].body);
        put32(bytes + 8, w->opt.lengths[i].checksum);
        emit(w, bytes, sizeof(bytes));
    }
}

static void pad(struct segment_writer *w)
{
    static const uint8_t zeros[PACK_SLACK + 8];

    emit(w, zeros, PACK_SLACK + 7 - (w->written + PACK_SLACK + 7) % 8);
}

static void emit_rest(struct segment_writer *w, uint8_t *header)
{
    uint64_t at = w->written;
    uint64_t average;

    memcpy(header + HEADER_MAGIC, SEGMENT_MAGIC, 8);
    put32(header + HEADER_VERSION, SEGMENT_VERSION);
    put32(header + HEADER_DOCS, w->opt.docs);
    memcpy(header + HEADER_ID, w->opt.id, SEGMENT_ID_BYTES);
    put64(header + HEADER_FIRST, w->opt.first);
    put64(header + HEADER_NEXT, w->opt.next);
    memcpy(&average, &w->opt.average, sizeof(average));
    put64(header + HEADER_AVERAGE, average);
    put64(header + HEADER_TERMS, w->terms);
    put_section(header, HEADER_LISTS, HEADER_BYTES, at - HEADER_BYTES);
    pad(w);
    put_section(header, HEADER_DICT, w->written, w->dict.len);
    emit_buf(w, &w->dict);
    pad(w);
    put_section(header, HEADER_INDEX, w->written, w->index.len);
    emit_buf(w, &w->index);
    pad(w);
    at = w->written;
    emit_lengths(w);
    put_section(header, HEADER_LENGTHS, at, w->written - at);
    if (w->page_bytes > 0)
        end_page(w);
    put_section(header, HEADER_PAGES, w->written, w->pages.len);
    w->failed = w->failed || !buf_ok(&w->pages);
    buf_put(&w->out, w->pages.data, w->pages.len);
    w->written += w->pages.len;
    put64(header + HEADER_SIZE, w->written);
}

static sx_status fail_write(const struct segment_writer *w, struct sx_error *err)
{
    sx_status code = w->io_errno == ENOSPC || w->io_errno == EDQUOT ? SX_EFULL : SX_EIO;

    return sx_fail(err, code, "write a segment: %s", strerror(w->io_errno));
}

sx_status segment_writer_end(struct segment_writer *w, struct buf *out, struct sx_error *err)
{
    uint8_t header[HEADER_BYTES] = {0};

    emit_rest(w, header);
    if (w->failed || !buf_ok(&w->out))
        return sx_fail_oom(err);
    if (w->too_large)
        return sx_fail(err, SX_ETOOLARGE, "a segment has more than 4 GiB of one term or of terms");
    /* The pages' checksums are the header's business, too. */
    uint32_t crc = (uint32_t)crc32(0, (const uint8_t *)w->pages.data, (uInt)w->pages.len);
    put32(header + HEADER_CRC + 4, crc);
    put32(header + HEADER_CRC, (uint32_t)crc32(crc, header, HEADER_CRC));
    if (w->fd < 0) {
        memcpy(w->out.data, header, sizeof(header));
        *out = w->out;
        w->out = (struct buf){0};
        return SX_OK;
    }
    flush(w, w->out.len);
    if (w->io_errno == 0 && pwrite(w->fd, header, sizeof(header), 0) != (ssize_t)sizeof(header))
        w->io_errno = errno;
    return w->io_errno == 0 ? SX_OK : fail_write(w, err);
}
