/* One immutable segment: the postings of a range of documents, in memory or mapped from a file.
 *
 * Any thread may read it. What is mapped is verified page by page when it is first looked at; a
 * function that finds a fault says so (false), marks the segment damaged, and what it gave is not
 * to be used. */
#ifndef INDEX_BLOCKMAX_SEGMENT_H
#define INDEX_BLOCKMAX_SEGMENT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "index/base/buf.h"
#include "index/base/error.h"
#include "index/blockmax/format.h"

struct unions;

struct section {
    uint64_t at, length; /* bytes */
};

struct segment {
    const uint8_t *bytes;
    uint64_t size;
    bool mapped;
    uint64_t number; /* of all that this process has opened; from 1 on */
    uint8_t id[SEGMENT_ID_BYTES];
    uint64_t first, next; /* rowids */
    uint32_t docs;        /* when it was made */
    uint32_t ranges;
    double average;
    uint64_t terms;
    struct section lists, dict, index, lengths, pages;
    uint64_t dict_blocks;
    _Atomic(uint64_t) *verified; /* bit by page; NULL: all is */
    _Atomic(bool) lengths_verified;
    /* By block of the dictionary: how its first term begins, as a number (8 bytes, the first one highest);
     * 0: it was not looked at yet. */
    _Atomic(uint64_t) *heads;
    _Atomic(bool) damaged;
    /* Bit by local document: it was deleted in some snapshot. The writer of the index sets them. */
    _Atomic(uint64_t) *dead;
    _Atomic(uint32_t) dead_count;
    struct unions *unions; /* what terms of it are together; NULL: it is small */
    _Atomic(unsigned) refs;
};

/* What a manifest says of a file. */
struct segment_name {
    uint8_t id[SEGMENT_ID_BYTES];
    uint64_t first, next, size;
};

/* With one reference. Takes over what `bytes` holds, also when it fails. */
sx_status segment_of_memory(struct segment **out, struct buf *bytes, struct sx_error *err);
/* Maps a file that has to be the one named. SX_ECORRUPT: it is not, or its header is damaged. Not
 * under a guard (guard.h): it has one of its own. */
sx_status segment_of_file(struct segment **out, const char *path, const struct segment_name *name,
                          struct sx_error *err);
struct segment *segment_ref(struct segment *s);
void segment_unref(struct segment *s); /* NULL is fine */

/* Marks a document dead; `rowid` is one of its. */
void segment_kill(struct segment *s, uint64_t rowid);
static inline bool segment_is_dead(const struct segment *s, uint32_t doc)
{
    return atomic_load_explicit(&s->dead[doc / 64], memory_order_relaxed) >> (doc % 64) & 1;
}

/* SX_ECORRUPT, in words: for whoever was told that it is damaged. */
sx_status segment_fail(struct sx_error *err);

/* Verifies the pages of a stretch of the file. */
bool segment_verify(struct segment *s, uint64_t at, uint64_t length);

/* What was read of a file in front of `to`, and is not read again soon, leaves this process's memory,
 * though not the system's. *from: where that began, and where it will begin the next time. */
void segment_give_back(const struct segment *s, uint64_t *from, uint64_t to);

/* Lengths of a document; segment_verify_lengths() comes before, for a range of documents. */
bool segment_verify_lengths(struct segment *s, uint32_t from, uint32_t to);
static inline const uint8_t *segment_lengths(const struct segment *s, uint32_t doc)
{
    return s->bytes + s->lengths.at + (uint64_t)doc * LENGTHS_BYTES;
}
static inline uint32_t segment_title_length(const struct segment *s, uint32_t doc)
{
    return get32(segment_lengths(s, doc));
}
static inline uint32_t segment_body_length(const struct segment *s, uint32_t doc)
{
    return get32(segment_lengths(s, doc) + 4);
}
static inline uint32_t segment_checksum(const struct segment *s, uint32_t doc)
{
    return get32(segment_lengths(s, doc) + 8);
}

/* Whether it has the document. */
static inline bool segment_has(const struct segment *s, uint32_t doc)
{
    return segment_title_length(s, doc) != UINT32_MAX;
}

/* ---- terms ------------------------------------------------------------------------------------ */

struct term_entry {
    uint32_t n;
    uint64_t f;
    unsigned flags;
    uint64_t list, list_bytes; /* offset in the file; the positions follow the list */
    uint64_t positions_bytes;
};

/* *found false: no document has the term. */
bool segment_find(struct segment *s, struct sx_str term, struct term_entry *out, bool *found);

/* The terms from one on, in the order of their bytes. */
#define TERM_BYTES_MAX 255
struct term_walk {
    struct segment *s;
    uint64_t number;
    const uint8_t *at;
    uint64_t list; /* where that of the next term begins */
    char term[TERM_BYTES_MAX];
    size_t len;
    struct term_entry entry;
    bool end;
};
/* To the first term that is not before `from`. */
bool term_walk_begin(struct term_walk *w, struct segment *s, struct sx_str from);
bool term_walk_next(struct term_walk *w);
static inline struct sx_str term_walk_term(const struct term_walk *w)
{
    return (struct sx_str){w->term, w->len};
}

#endif
