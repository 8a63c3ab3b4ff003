/* Opening, verifying, and the dictionary. */
#include "index/blockmax/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/blockmax/guard.h"
#include "index/blockmax/unions.h"

/* ---- life ------------------------------------------------------------------------------------- */

static uint64_t page_count(const struct segment *s)
{
    return (s->pages.at - HEADER_BYTES + PAGE_BYTES - 1) / PAGE_BYTES;
}

static bool read_section(struct segment *s, enum header_at at, struct section *out)
{
    out->at = get64(s->bytes + at);
    out->length = get64(s->bytes + at + 8);
    return out->at >= HEADER_BYTES && out->at <= s->size && out->length <= s->size - out->at;
}

/* Whether the header is whole and says what fits the file. */
static bool read_header(struct segment *s)
{
    const uint8_t *h = s->bytes;
    uint64_t average = get64(h + HEADER_AVERAGE);
    uint32_t crc = get32(h + HEADER_CRC + 4); /* of the pages' checksums */

    if (s->size < HEADER_BYTES || memcmp(h, SEGMENT_MAGIC, 8) != 0 ||
        get32(h + HEADER_VERSION) != SEGMENT_VERSION || get64(h + HEADER_SIZE) != s->size ||
        (uint32_t)crc32(crc, h, HEADER_CRC) != get32(h + HEADER_CRC))
        return false;
    memcpy(s->id, h + HEADER_ID, sizeof(s->id));
    memcpy(&s->average, &average, sizeof(s->average));
    s->docs = get32(h + HEADER_DOCS);
    s->first = get64(h + HEADER_FIRST);
    s->next = get64(h + HEADER_NEXT);
    s->terms = get64(h + HEADER_TERMS);
    if (!(s->average > 0) || !isfinite(s->average) || s->next < s->first ||
        s->next - s->first > UINT32_MAX - RANGE_DOCS || !read_section(s, HEADER_LISTS, &s->lists) ||
        !read_section(s, HEADER_DICT, &s->dict) || !read_section(s, HEADER_INDEX, &s->index) ||
        !read_section(s, HEADER_LENGTHS, &s->lengths) || !read_section(s, HEADER_PAGES, &s->pages))
        return false;
    s->ranges = segment_ranges(s->next - s->first);
    s->dict_blocks = (s->terms + DICT_BLOCK - 1) / DICT_BLOCK;
    return s->index.length == s->dict_blocks * 4 &&
           s->lengths.length == (s->next - s->first) * LENGTHS_BYTES &&
           (!s->mapped || (s->pages.length == page_count(s) * 4 &&
                           (uint32_t)crc32(0, h + s->pages.at, (uInt)s->pages.length) == crc));
}

static sx_status set_up(struct segment *s, struct sx_error *err)
{
    static _Atomic(uint64_t) opened;

    s->number = atomic_fetch_add(&opened, 1) + 1;
    if (!read_header(s))
        return sx_fail(err, SX_ECORRUPT, "the header of a segment is damaged");
    s->dead = mem_zalloc((s->next - s->first) / 64 + 1, sizeof(*s->dead));
    s->heads = mem_zalloc(s->dict_blocks, sizeof(*s->heads));
    if (s->mapped)
        s->verified = mem_zalloc(page_count(s) / 64 + 1, sizeof(*s->verified));
    bool many = s->next - s->first >= RANGE_DOCS;
    if (many)
        s->unions = unions_new(s->ranges);
    return s->dead == NULL || s->heads == NULL || (s->mapped && s->verified == NULL) ||
                   (many && s->unions == NULL)
               ? sx_fail_oom(err)
               : SX_OK;
}

static sx_status opened(struct segment **out, struct segment *s, sx_status rc)
{
    *out = rc == SX_OK ? s : NULL;
    if (rc != SX_OK)
        segment_unref(s);
    return rc;
}

sx_status segment_of_memory(struct segment **out, struct buf *bytes, struct sx_error *err)
{
    struct segment *s = mem_zalloc(1, sizeof(*s));

    *out = NULL;
    if (s == NULL) {
        buf_release(bytes);
        return sx_fail_oom(err);
    }
    char *fitting = mem_realloc(bytes->data, bytes->len);
    s->bytes = (const uint8_t *)(fitting == NULL ? bytes->data : fitting);
    s->size = bytes->len;
    *bytes = (struct buf){0};
    atomic_init(&s->refs, 1);
    return opened(out, s, set_up(s, err));
}

static sx_status map(struct segment *s, int fd, struct sx_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return sx_fail(err, SX_EIO, "read a segment: %s", strerror(errno));
    if (st.st_size < HEADER_BYTES)
        return sx_fail(err, SX_ECORRUPT, "a segment is cut short");
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return sx_fail(err, errno == ENOMEM ? SX_ENOMEM : SX_EIO, "map a segment: %s",
                       strerror(errno));
    s->bytes = at;
    s->size = (uint64_t)st.st_size;
    s->mapped = true;
    return SX_OK;
}

struct set_up_call {
    struct segment *s;
    struct sx_error *err;
    sx_status rc;
};

static void enter_set_up(void *arg)
{
    struct set_up_call *c = arg;

    c->rc = set_up(c->s, c->err);
}

/* What it allocates is the segment's. */
static sx_status set_up_mapped(struct segment *s, struct sx_error *err)
{
    struct set_up_call c = {.s = s, .err = err};
    const void *at;

    return guard_run(enter_set_up, &c, &at) ? c.rc
                                            : sx_fail(err, SX_ECORRUPT, "a segment cannot be read");
}

sx_status segment_of_file(struct segment **out, const char *path, const struct segment_name *name,
                          struct sx_error *err)
{
    struct segment *s = mem_zalloc(1, sizeof(*s));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    sx_status rc;

    *out = NULL;
    if (s == NULL)
        rc = sx_fail_oom(err);
    else if (fd < 0)
        rc = sx_fail(err, errno == ENOENT ? SX_ECORRUPT : SX_EIO, "open segment '%s': %s", path,
                     strerror(errno));
    else
        rc = map(s, fd, err);
    if (fd >= 0)
        close(fd);
    if (s == NULL)
        return rc;
    atomic_init(&s->refs, 1);
    if (rc == SX_OK)
        rc = set_up_mapped(s, err);
    if (rc == SX_OK && (memcmp(s->id, name->id, sizeof(s->id)) != 0 || s->first != name->first ||
                        s->next != name->next || s->size != name->size))
        rc = sx_fail(err, SX_ECORRUPT, "segment '%s' is another than the index names", path);
    return opened(out, s, rc);
}

struct segment *segment_ref(struct segment *s)
{
    atomic_fetch_add(&s->refs, 1);
    return s;
}

void segment_unref(struct segment *s)
{
    if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    if (s->mapped)
        munmap((void *)(uintptr_t)s->bytes, s->size);
    else
        mem_free((void *)(uintptr_t)s->bytes);
    mem_free((void *)(uintptr_t)s->verified);
    mem_free((void *)(uintptr_t)s->dead);
    mem_free((void *)(uintptr_t)s->heads);
    unions_free(s->unions);
    mem_free(s);
}

void segment_kill(struct segment *s, uint64_t rowid)
{
    uint64_t doc = rowid - s->first;
    uint64_t bit = UINT64_C(1) << (doc % 64);

    if (!(atomic_fetch_or(&s->dead[doc / 64], bit) & bit))
        atomic_fetch_add(&s->dead_count, 1);
}

sx_status segment_fail(struct sx_error *err)
{
    return sx_fail(err, SX_ECORRUPT, "a segment is damaged");
}

/* ---- pages ------------------------------------------------------------------------------------ */

static bool verify_page(struct segment *s, uint64_t page)
{
    uint64_t at = HEADER_BYTES + page * PAGE_BYTES;
    uint64_t length = s->pages.at - at < PAGE_BYTES ? s->pages.at - at : PAGE_BYTES;
    uint32_t crc = (uint32_t)crc32(0, s->bytes + at, (uInt)length);

    if (crc != get32(s->bytes + s->pages.at + page * 4)) {
        atomic_store(&s->damaged, true);
        return false;
    }
    atomic_fetch_or(&s->verified[page / 64], UINT64_C(1) << (page % 64));
    return true;
}

bool segment_verify(struct segment *s, uint64_t at, uint64_t length)
{
    if (s->verified == NULL)
        return true;
    if (length == 0 || at < HEADER_BYTES || at > s->pages.at || length > s->pages.at - at) {
        atomic_store(&s->damaged, true);
        return false;
    }
    uint64_t last = (at + length - 1 - HEADER_BYTES) / PAGE_BYTES;
    for (uint64_t page = (at - HEADER_BYTES) / PAGE_BYTES; page <= last; page++) {
        uint64_t word = atomic_load_explicit(&s->verified[page / 64], memory_order_relaxed);
        if (!(word >> (page % 64) & 1) && !verify_page(s, page))
            return false;
    }
    return true;
}

void segment_give_back(const struct segment *s, uint64_t *from, uint64_t to)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t end = to - to % page;

    if (!s->mapped || end <= *from)
        return;
    madvise((void *)(uintptr_t)(s->bytes + *from), end - *from, MADV_DONTNEED);
    *from = end;
}

bool segment_verify_lengths(struct segment *s, uint32_t from, uint32_t to)
{
    if (atomic_load_explicit(&s->lengths_verified, memory_order_relaxed))
        return true;
    if (!segment_verify(s, s->lengths.at + (uint64_t)from * LENGTHS_BYTES,
                        (uint64_t)(to - from) * LENGTHS_BYTES))
        return false;
    if (from == 0 && to == s->next - s->first)
        atomic_store_explicit(&s->lengths_verified, true, memory_order_relaxed);
    return true;
}

/* ---- terms ------------------------------------------------------------------------------------ */

static inline uint64_t get_varint(const uint8_t **at)
{
    const uint8_t *p = *at;
    uint64_t v = *p++; /* most are one byte */

    for (unsigned shift = 7; p[-1] >= 0x80 && shift < 64; shift += 7)
        v = (v ^ UINT64_C(1) << shift) | (uint64_t)*p++ << shift;
    *at = p;
    return v;
}

static uint64_t block_at(const struct segment *s, uint64_t block)
{
    return get32(s->bytes + s->index.at + block * 4);
}

static uint64_t block_end(const struct segment *s, uint64_t block)
{
    return block + 1 < s->dict_blocks ? block_at(s, block + 1) : s->dict.length;
}

/* The bytes of a block of the dictionary; NULL: damaged. */
static const uint8_t *open_block(struct segment *s, uint64_t block)
{
    if (!segment_verify(s, s->index.at + block * 4, block + 1 < s->dict_blocks ? 8 : 4))
        return NULL;
    uint64_t at = block_at(s, block);
    uint64_t end = block_end(s, block);
    if (end < at || end > s->dict.length || !segment_verify(s, s->dict.at + at, end - at))
        return NULL;
    return s->bytes + s->dict.at + at;
}

/* How a term is written: what it shares with the one before it, and what follows. */
struct spelling {
    uint64_t shared, rest;
    const uint8_t *bytes;
};

/* Reads the term at `w->at`, the `w->number`th; w->term is still the one before it. */
static struct spelling read_entry(struct term_walk *w)
{
    struct spelling sp = {0};

    if (w->number % DICT_BLOCK == 0)
        w->list = get_varint(&w->at);
    else
        sp.shared = get_varint(&w->at);
    sp.rest = get_varint(&w->at);
    if (sp.shared > w->len || sp.rest > TERM_BYTES_MAX - sp.shared) { /* not of a verified page */
        atomic_store(&w->s->damaged, true);
        sp.shared = 0;
        sp.rest = 0;
    }
    sp.bytes = w->at;
    w->len = sp.shared + sp.rest;
    w->at += sp.rest;
    uint64_t n = get_varint(&w->at);
    uint64_t more = get_varint(&w->at);
    uint64_t list = get_varint(&w->at);
    w->entry = (struct term_entry){
        .n = (uint32_t)n,
        .f = n + more,
        .flags = (unsigned)(list & ((1U << TERM_FLAG_BITS) - 1)),
        .list = w->list,
        .list_bytes = list >> TERM_FLAG_BITS,
        .positions_bytes = get_varint(&w->at),
    };
    w->list += w->entry.list_bytes + w->entry.positions_bytes;
    return sp;
}

static void read_term(struct term_walk *w)
{
    struct spelling sp = read_entry(w);

    memcpy(w->term + sp.shared, sp.bytes, sp.rest);
}

bool term_walk_next(struct term_walk *w)
{
    w->number++;
    w->end = w->number >= w->s->terms;
    if (w->end)
        return true;
    if (w->number % DICT_BLOCK == 0) {
        w->at = open_block(w->s, w->number / DICT_BLOCK);
        if (w->at == NULL)
            return false;
    }
    read_term(w);
    return !atomic_load_explicit(&w->s->damaged, memory_order_relaxed);
}

static bool first_of_block(struct term_walk *w, uint64_t block)
{
    w->number = block * DICT_BLOCK;
    w->len = 0;
    w->at = open_block(w->s, block);
    if (w->at != NULL)
        read_term(w);
    return w->at != NULL;
}

/* How a term begins: where two heads differ, they are in the order of their terms. */
static uint64_t head_of(struct sx_str term)
{
    uint64_t head = 0;

    for (size_t i = 0; i < sizeof(head) && i < term.len; i++)
        head |= (uint64_t)(uint8_t)term.ptr[i] << (56 - 8 * i);
    return head;
}

/* Whether the block begins at `from` or before; reads it only where its head is not known or does not
 * tell. False: the segment is damaged. */
static bool begins_before(struct term_walk *w, uint64_t block, struct sx_str from, uint64_t head,
                          bool *before)
{
    uint64_t known = atomic_load_explicit(&w->s->heads[block], memory_order_relaxed);

    *before = known < head;
    if (known != 0 && known != head)
        return true;
    if (!first_of_block(w, block))
        return false;
    if (known == 0)
        atomic_store_explicit(&w->s->heads[block], head_of(term_walk_term(w)),
                              memory_order_relaxed);
    *before = str_order(term_walk_term(w), from) <= 0;
    return true;
}

/* The block that a term is in, if any is. False: the segment is damaged. */
static bool find_block(struct term_walk *w, struct sx_str term, uint64_t *block)
{
    uint64_t low = 0, high = w->s->dict_blocks; /* it is of [low, high) */
    uint64_t head = head_of(term);
    bool before;

    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (!begins_before(w, middle, term, head, &before))
            return false;
        if (before)
            low = middle;
        else
            high = middle;
    }
    *block = low;
    return true;
}

bool term_walk_begin(struct term_walk *w, struct segment *s, struct sx_str from)
{
    uint64_t block;

    w->s = s;
    w->list = 0;
    w->end = s->terms == 0;
    if (w->end)
        return true;
    if (!find_block(w, from, &block) || !first_of_block(w, block))
        return false;
    while (!w->end && str_order(term_walk_term(w), from) < 0)
        if (!term_walk_next(w))
            return false;
    return true;
}

/* How the term that is written so is to another, of which the term before it, which is before that, too, shares the
 * first *met bytes: below zero, 0, above. *met is what this one shares. */
static int order_of(struct spelling sp, struct sx_str term, uint64_t *met)
{
    uint64_t i = 0;

    if (sp.shared != *met)
        return sp.shared > *met ? -1 : 1;
    while (i < sp.rest && *met < term.len && sp.bytes[i] == (uint8_t)term.ptr[*met]) {
        i++;
        ++*met;
    }
    if (*met == term.len)
        return i < sp.rest;
    return i < sp.rest && sp.bytes[i] > (uint8_t)term.ptr[*met] ? 1 : -1;
}

/* Looks for a term in one block, without putting the others together. False: damaged. */
static bool find_in_block(struct term_walk *w, uint64_t block, struct sx_str term, bool *found)
{
    uint64_t met = 0, end = (block + 1) * DICT_BLOCK;
    int order = -1;

    w->number = block * DICT_BLOCK;
    w->len = 0;
    w->at = open_block(w->s, block);
    if (w->at == NULL)
        return false;
    for (; order < 0 && w->number < end && w->number < w->s->terms; w->number++)
        order = order_of(read_entry(w), term, &met);
    *found = order == 0;
    return !atomic_load_explicit(&w->s->damaged, memory_order_relaxed);
}

bool segment_find(struct segment *s, struct sx_str term, struct term_entry *out, bool *found)
{
    struct term_walk w = {.s = s};
    uint64_t block;

    *found = false;
    if (s->terms == 0)
        return true;
    if (!find_block(&w, term, &block) || !find_in_block(&w, block, term, found))
        return false;
    if (*found)
        *out = w.entry;
    return true;
}
