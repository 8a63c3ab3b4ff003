/* The tokens of texts, written down: what one thread analyses another indexes, and what is indexed in
 * several ways is analysed once. Each term is kept once, and numbered. */
#ifndef INDEX_TEXT_RECORD_H
#define INDEX_TEXT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/base/arena.h"
#include "index/text/analyzer.h"

#define RECORD_UNKNOWN UINT32_MAX

struct record_term {
    struct sx_str text;
    uint64_t hash;   /* hash_bytes() */
    uint32_t number; /* what it is to whoever reads the record: at first RECORD_UNKNOWN */
};

struct record {
    struct record_term *terms;
    size_t term_count, term_cap;
    uint32_t *tokens; /* see record_term_of() */
    size_t token_count, token_cap;
    uint64_t *table; /* open addressing: high half of the hash, term + 1 */
    size_t mask;
    struct arena text;
    uint64_t read_in; /* of whoever reads it: what `number` holds for, */
    size_t numbered;  /* and of how many terms */
};

/* A zeroed struct record is empty. */
void record_release(struct record *r);
/* Forgets all texts, keeps a reasonable amount of memory. */
void record_clear(struct record *r);

/* Bytes of memory that it has. */
size_t record_memory(const struct record *r);

/* Appends the tokens of a text; *words: how many of them take a position. -1: memory ran out, or
 * what analyzer_run() says; the record is then to be cleared. */
int record_text(struct record *r, struct analyzer *an, struct sx_str text, uint32_t *words);

/* Of a token: its term's place in `terms`, and whether it stands beside the one before it. */
static inline uint32_t record_term_of(uint32_t token)
{
    return token >> 1;
}

static inline bool record_is_beside(uint32_t token)
{
    return (token & 1) != 0;
}

#endif
