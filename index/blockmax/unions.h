/* Several terms of a segment as one, kept in memory for who asks again: the forms of a word, or all that
 * begins so. Else each search reads and joins their lists.
 *
 * A segment keeps those that have spared most: at most UNIONS_MAX and UNIONS_BYTES, each a byte and a 64th
 * for a document; and in UNIONS_READ bytes a document, a quarter of UNIONS_BYTES at most, all that goes
 * with them. What one spares is counted in postings each time it is asked for; it is not made before it is
 * asked for again. Counts fade, so that what was frequent once gives way. Any thread; one mutex inside,
 * which nobody holds while a union is made, copied or read. */
#ifndef INDEX_BLOCKMAX_UNIONS_H
#define INDEX_BLOCKMAX_UNIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNIONS_MAX 48
#define UNIONS_BYTES ((size_t)128 << 20)
#define UNIONS_READ 16

/* Of a list that is read whole. */
struct read_posting {
    uint32_t doc;
    uint32_t list : 24;  /* number among those that are */
    uint32_t impact : 8; /* 0: its list has none */
    uint32_t title, body;
};

/* One union, which stays as it is. */
struct united {
    const uint8_t *impacts;   /* by document of all ranges, 0 where no term stands (impacts.h) */
    const uint8_t *stretches; /* the greatest of each stretch */
    const struct read_posting *read; /* of the rare terms, in order of documents; NULL: none */
    const uint32_t *read_first;      /* by range, and behind the last; NULL with `read` */
};

/* Which one: where the lists of its terms are, in order. And what it is about: all its postings, and those
 * that are read. */
struct united_key {
    const uint64_t *lists;
    size_t count;
    uint64_t postings, read;
};

struct unions;

/* For a segment of so many ranges. NULL: memory ran out. */
struct unions *unions_new(uint32_t ranges);
void unions_free(struct unions *u); /* NULL is fine */

/* One that is kept, until unions_put(); else NULL, and *wanted says whether it is worth being made. */
const struct united *unions_get(struct unions *u, struct united_key key, bool *wanted);
/* Keeps what was made, of which it takes a copy, and gets it. NULL: memory ran out, or others are worth
 * more. */
const struct united *unions_add(struct unions *u, struct united_key key, const struct united *made);
void unions_put(struct unions *u, const struct united *one);

/* How many are kept. */
size_t unions_count(struct unions *u);

#endif
