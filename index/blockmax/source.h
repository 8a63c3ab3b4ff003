/* The postings of several terms as one: of a word with its forms, of all that begins so. In one segment,
 * a range of documents at a time. Co-located terms apart (see `shared`), counts add up. */
#ifndef INDEX_BLOCKMAX_SOURCE_H
#define INDEX_BLOCKMAX_SOURCE_H

#include "index/base/places.h"
#include "index/base/pool.h"
#include "index/blockmax/list.h"
#include "index/blockmax/writer.h"

#define RANGE_WORDS (RANGE_DOCS / 64)

/* Bits by document. */
static inline bool has_document(const uint64_t *bits, uint32_t doc)
{
    return bits[doc / 64] >> (doc % 64) & 1;
}

static inline void set_document(uint64_t *bits, uint32_t doc)
{
    bits[doc / 64] |= UINT64_C(1) << (doc % 64);
}

/* A range of documents: which of them have it, and how often; `tf` holds where the bit is set. */
struct slot {
    uint64_t bits[RANGE_WORDS];
    struct phrase_tf tf[RANGE_DOCS];
};

/* Of a list that is read whole. */
struct read_posting {
    uint32_t doc, list; /* number in `small` */
    uint32_t title, body;
};

struct source {
    struct segment *s;
    struct list *big; /* lists with impacts: read where they are needed */
    size_t big_count;
    struct term_entry *small; /* the others */
    size_t small_count;
    struct read_posting *read; /* all of theirs, by range; in order where there is one list */
    struct posting *flat;      /* the same, a posting a document, in order */
    size_t flat_count;
    uint32_t *read_first, *flat_first; /* by range, and behind the last; NULL: none */
    /* Two of its terms may stand at one position: then counts are upper bounds, and only positions
     * tell. */
    bool shared;
    uint64_t n; /* postings */
};

struct source_terms {
    const struct sx_str *terms;
    size_t count;
    bool prefix; /* all that begin so */
};

/* Opens several sets of terms together; a term that is in two counts once. SX_ECORRUPT: the segment is
 * damaged. What it needs is of `mem`. */
sx_status source_open(struct source *src, struct segment *s, const struct source_terms *sets,
                      size_t set_count, struct pool *mem, struct sx_error *err);
/* Impacts, at the segment's average length, at most: by range, into out[ranges]; or by stretch of one
 * range. */
void source_impacts(const struct source *src, float *out);
void source_stretches(const struct source *src, uint32_t range, float out[RANGE_STRETCHES]);

/* Stretches of a range: bit by stretch, which is a word of a slot. */
#define ALL_STRETCHES 0xffffU

/* Fills those stretches of a slot, and maybe some of those between. */
void source_load(struct source *src, uint32_t range, uint32_t stretches, struct slot *out);
/* Only the bits, of all. */
void source_load_bits(struct source *src, uint32_t range, uint64_t bits[RANGE_WORDS]);
/* Sets the bits of all its documents, in the whole segment. */
void source_all_bits(struct source *src, uint64_t *bits);
/* Where it stands in a document, each position once, in order, in `out`, which is empty. SX_ECORRUPT,
 * SX_ENOMEM: without words. */
sx_status source_places(struct source *src, uint32_t doc, struct places *out);

#endif
