/* By length, blocks of letters (struct edits_word): a scan reads nothing else of most terms. The
 * bytes lie in chunks of their own. */
#include "index/store/termlist.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/str.h"

#define BLOCK_TERMS 512
#define CHUNK_BYTES 32768
#define TERM_BYTES_MAX (4 * EDITS_POINTS_MAX)

_Static_assert(TERM_BYTES_MAX <= UINT8_MAX, "a length is one byte");

/* Those below `count` are whole and never change; who reads `count` sees them. */
struct block {
    _Atomic(struct block *) next;
    _Atomic(uint32_t) count;
    uint64_t letters[BLOCK_TERMS];
    const unsigned char *terms[BLOCK_TERMS]; /* a length, and as many bytes */
};

struct chunk {
    struct chunk *before;
    unsigned char bytes[CHUNK_BYTES];
};

struct termlist {
    _Atomic(struct block *) first[EDITS_POINTS_MAX + 1]; /* by length in code points */
    /* of the thread that adds */
    struct block *last[EDITS_POINTS_MAX + 1];
    struct chunk *chunk;
    size_t used; /* of the chunk */
    size_t bytes;
};

struct termlist *termlist_new(void)
{
    struct termlist *l = mem_zalloc(1, sizeof(*l));

    if (l != NULL)
        l->bytes = sizeof(*l);
    return l;
}

static struct block *following(const struct block *b)
{
    return atomic_load_explicit(&b->next, memory_order_acquire);
}

static struct block *first_of(const struct termlist *l, uint32_t length)
{
    return atomic_load_explicit(&l->first[length], memory_order_acquire);
}

void termlist_free(struct termlist *l)
{
    if (l == NULL)
        return;
    for (uint32_t length = 0; length <= EDITS_POINTS_MAX; length++)
        for (struct block *b = first_of(l, length), *next; b != NULL; b = next) {
            next = following(b);
            mem_free(b);
        }
    for (struct chunk *c = l->chunk, *before; c != NULL; c = before) {
        before = c->before;
        mem_free(c);
    }
    mem_free(l);
}

size_t termlist_bytes(const struct termlist *l)
{
    return l->bytes;
}

/* ---- adding ---------------------------------------------------------------------------------- */

static const unsigned char *keep(struct termlist *l, struct sx_str term)
{
    if (l->chunk == NULL || CHUNK_BYTES - l->used < term.len + 1) {
        struct chunk *c = mem_alloc(sizeof(*c));
        if (c == NULL)
            return NULL;
        c->before = l->chunk;
        l->chunk = c;
        l->used = 0;
        l->bytes += sizeof(*c);
    }
    unsigned char *at = l->chunk->bytes + l->used;
    at[0] = (unsigned char)term.len;
    memcpy(at + 1, term.ptr, term.len);
    l->used += term.len + 1;
    return at;
}

/* The block of a length that has room. */
static struct block *room(struct termlist *l, uint32_t length)
{
    struct block *last = l->last[length];

    if (last != NULL && atomic_load_explicit(&last->count, memory_order_relaxed) < BLOCK_TERMS)
        return last;
    struct block *b = mem_zalloc(1, sizeof(*b));
    if (b == NULL)
        return NULL;
    l->bytes += sizeof(*b);
    l->last[length] = b;
    atomic_store_explicit(last == NULL ? &l->first[length] : &last->next, b, memory_order_release);
    return b;
}

int termlist_add(struct termlist *l, struct sx_str term)
{
    struct edits_word word;

    if (term.len == 0 || edits_word(&word, term) != 0)
        return 0;
    struct block *b = room(l, word.count);
    const unsigned char *kept = b == NULL ? NULL : keep(l, term);
    if (kept == NULL)
        return -1;
    uint32_t at = atomic_load_explicit(&b->count, memory_order_relaxed);
    b->letters[at] = word.letters;
    b->terms[at] = kept;
    atomic_store_explicit(&b->count, at + 1, memory_order_release);
    return 0;
}

/* ---- scanning -------------------------------------------------------------------------------- */

static int scan_block(const struct block *b, uint64_t letters, unsigned edits,
                      int (*each)(void *ctx, struct sx_str term), void *ctx)
{
    uint32_t count = atomic_load_explicit(&b->count, memory_order_acquire);

    for (uint32_t i = 0; i < count; i++) {
        if (!edits_may_join(b->letters[i], letters, edits))
            continue;
        int rc = each(ctx, str_make((const char *)b->terms[i] + 1, b->terms[i][0]));
        if (rc != 0)
            return rc;
    }
    return 0;
}

int termlist_scan(const struct termlist *l, const struct edits_word *word, unsigned edits,
                  int (*each)(void *ctx, struct sx_str term), void *ctx)
{
    uint32_t shortest = word->count > edits ? word->count - edits : 0;
    int rc = 0;

    for (uint32_t n = shortest; n <= word->count + edits && n <= EDITS_POINTS_MAX; n++)
        for (struct block *b = first_of(l, n); b != NULL && rc == 0; b = following(b))
            rc = scan_block(b, word->letters, edits, each, ctx);
    return rc;
}
