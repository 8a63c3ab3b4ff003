/* A fixed table by hash: what comes later takes the place of what was there. Segments do not change, and no two
 * have the same number. */
#include "index/blockmax/memo.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/base/hash.h"

#define SLOTS 1024
#define TERM_MOST 31 /* bytes: longer terms are not kept */

struct known_term {
    uint64_t segment; /* its number; 0: free */
    struct term_entry entry;
    bool found;
    uint8_t length;
    char term[TERM_MOST];
};

struct memo {
    struct known_term slots[SLOTS];
};

struct memo *memo_new(void)
{
    return mem_zalloc(1, sizeof(struct memo));
}

void memo_free(struct memo *m)
{
    mem_free(m);
}

bool memo_find(struct memo *m, struct segment *s, struct sx_str term, struct term_entry *out,
               bool *found)
{
    if (m == NULL || term.len == 0 || term.len > TERM_MOST)
        return segment_find(s, term, out, found);
    struct known_term *k = &m->slots[(hash_bytes(term.ptr, term.len) + s->number) % SLOTS];
    if (k->segment == s->number && k->length == term.len &&
        memcmp(k->term, term.ptr, term.len) == 0) {
        *out = k->entry;
        *found = k->found;
        return true;
    }
    memset(out, 0, sizeof(*out));
    if (!segment_find(s, term, out, found))
        return false;
    *k = (struct known_term){
        .segment = s->number, .entry = *out, .found = *found, .length = (uint8_t)term.len};
    memcpy(k->term, term.ptr, term.len);
    return true;
}
