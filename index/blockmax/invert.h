/* From the tokens of documents to a segment. Documents come in the order of their rowids, of each
 * the title's tokens, then the body's, as FTS5 is given them. */
#ifndef INDEX_BLOCKMAX_INVERT_H
#define INDEX_BLOCKMAX_INVERT_H

#include <stdbool.h>
#include <stddef.h>

#include "index/base/buf.h"
#include "index/base/error.h"
#include "index/blockmax/writer.h"

struct inverter;

struct inverter *inverter_new(void);    /* NULL: memory ran out */
void inverter_free(struct inverter *v); /* NULL is fine */
/* Forgets all documents, keeps a reasonable amount of memory. */
void inverter_clear(struct inverter *v);

/* The tokens that follow are document `rowid`'s, greater than those before it. */
int inverter_begin(struct inverter *v, uint64_t rowid);
void inverter_lengths(struct inverter *v, struct doc_length length);
/* `beside`: it takes no position of its own but stands at that of the token before it. -1: memory
 * ran out. */
int inverter_token(struct inverter *v, bool body, uint32_t position, struct sx_str term,
                   bool beside);
/* The same in two steps: what a term is here until inverter_clear() (its hash is hash_bytes();
 * UINT32_MAX: memory ran out), and a token of it. */
uint32_t inverter_term(struct inverter *v, struct sx_str text, uint64_t hash);
int inverter_posting(struct inverter *v, bool body, uint32_t position, uint32_t term, bool beside);
/* For a caller who numbers terms: `number` stands for `term` until inverter_clear(), and for no
 * other term. Either all tokens come by this, or none. */
int inverter_numbered(struct inverter *v, bool body, uint32_t position, struct sx_str term,
                      uint32_t number, bool beside);
/* The document is gone again. */
void inverter_drop(struct inverter *v, uint64_t rowid);

size_t inverter_tokens(const struct inverter *v);

/* Writes a segment of rowids [first, next), which all documents are of. */
sx_status inverter_write(struct inverter *v, uint64_t first, uint64_t next, double average,
                         const uint8_t id[SEGMENT_ID_BYTES], int fd, struct buf *out,
                         struct sx_error *err);

#endif
