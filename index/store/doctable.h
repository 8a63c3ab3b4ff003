/* What ranking and filtering ask of every matching document, in memory by rowid: lengths, date,
 * and the names of source, language and type.
 *
 * A rowid is never used twice (a replaced document gets a new one), so a row is written once and
 * serves readers of every snapshot that can see it. The writer fills rows before its COMMIT; a
 * reader takes the lock of the index after it began its transaction, which orders the two. */
#ifndef INDEX_STORE_DOCTABLE_H
#define INDEX_STORE_DOCTABLE_H

#include <stdint.h>

#include <searchd/str.h>

#include "index/store/chunks.h"

struct docrow {
    int64_t at;                   /* the date's beginning, seconds since 1970; DATE_NONE: none */
    uint32_t title_len, body_len; /* words */
    uint32_t source, lang, type;  /* names; 0: none */
    uint32_t checksum;            /* stored_doc.put_checksum */
};

/* Each distinct source, language and type once, with the words of it for source filters. */
struct name {
    struct sx_str text;  /* as given */
    struct sx_str words; /* \1the\1guardian\1: its terms, each between marks */
};

struct doctable {
    struct chunks rows;  /* struct docrow by rowid */
    struct chunks names; /* struct name by number, from 1 */
    uint32_t name_count;
    uint32_t *buckets; /* open addressing over names; the writer's only */
    uint32_t bucket_count;
};

struct analyzer;

int doctable_init(struct doctable *t); /* -1: memory ran out; release all the same */
void doctable_release(struct doctable *t);

/* The number of a name, new if need be; 0 for an absent one; UINT32_MAX: memory ran out. `an`
 * makes its words. The writer's thread (or before there are readers). */
uint32_t doctable_name(struct doctable *t, struct sx_str text, struct analyzer *an);
const struct name *doctable_name_get(const struct doctable *t, uint32_t number); /* NULL for 0 */

int doctable_set(struct doctable *t, int64_t rowid, const struct docrow *row); /* -1: no memory */
/* NULL where no such row was ever set near. */
const struct docrow *doctable_get(const struct doctable *t, int64_t rowid);

#endif
