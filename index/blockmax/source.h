/* The postings of several terms as one: of a word with its forms, of all that begins so. In one segment,
 * a range of documents at a time. Co-located terms apart (see `shared`), counts add up. */
#ifndef INDEX_BLOCKMAX_SOURCE_H
#define INDEX_BLOCKMAX_SOURCE_H

#include "index/base/places.h"
#include "index/base/pool.h"
#include "index/blockmax/list.h"
#include "index/blockmax/memo.h"
#include "index/blockmax/unions.h"
#include "index/blockmax/writer.h"

#define RANGE_WORDS (RANGE_DOCS / 64)

/* Stretches of a range: bit by stretch, which is a word of bits by document. */
#define ALL_STRETCHES 0xffffU

/* Bits by document. */
static inline bool has_document(const uint64_t *bits, uint32_t doc)
{
    return bits[doc / 64] >> (doc % 64) & 1;
}

static inline void set_document(uint64_t *bits, uint32_t doc)
{
    bits[doc / 64] |= UINT64_C(1) << (doc % 64);
}

/* Documents looked at together: a range, or, where postings are few, up to so many ranges. */
#define SLOT_RANGES 16
#define SLOT_DOCS ((size_t)SLOT_RANGES * RANGE_DOCS)

/* Room for the impacts of some documents side by side, 0 where it does not stand. */
struct slot {
    uint8_t *impacts;
    size_t docs;
    bool used; /* they are not all 0 */
};

struct source {
    struct segment *s;
    struct list *big; /* lists with stretches: read where they are needed */
    size_t big_count;
    struct term_entry *small; /* the others */
    size_t small_count;
    const struct read_posting
        *read;                  /* all of theirs, in order of documents; NULL: there is one list */
    const uint32_t *read_first; /* by range, and behind the last; NULL with `read` */
    struct list *one;           /* the list that is read whole, where it is one */
    uint32_t *flat; /* documents of `read` or `one`, each once; see source_ready(); NULL: none */
    const uint8_t *flat_impacts;
    size_t flat_count;
    uint32_t *flat_first; /* by range, and behind the last */
    /* Two of its terms may stand at one position: then counts are upper bounds, and only positions
     * tell. */
    bool shared;
    uint64_t n;                  /* postings */
    const struct united *united; /* all of them as one, where that is kept */
};

struct source_terms {
    const struct sx_str *terms;
    size_t count;
    bool prefix; /* all that begin so */
};

/* What a search may still take, and what its reader knows. */
struct source_room {
    uint64_t left;     /* bytes */
    bool unites;       /* a union may be made for those to come; one a search, which waits for it */
    struct memo *memo; /* NULL: nothing */
};

/* Opens several sets of terms together; a term that is in two counts once. SX_ECORRUPT: the segment is
 * damaged. What it needs is of `mem`, and counted off room->left; SX_ENOMEM: more than that.
 * source_close() comes before `mem` is cleared, also after a failure; a zeroed
 * source is closed. */
sx_status source_open(struct source *src, struct segment *s, const struct source_terms *sets,
                      size_t set_count, struct pool *mem, struct source_room *room,
                      struct sx_error *err);
void source_close(struct source *src);
/* Reads what is not read yet: of what is one list nothing is before it is asked for. -1: memory ran
 * out. */
int source_ready(struct source *src, struct pool *mem);
/* Impacts by posting of a list of the source, which is not dense. NULL: memory ran out. */
const uint8_t *source_impacts(struct source *src, struct list *l, struct pool *mem);
/* Impacts, at the segment's average length, at most, by stretch of all ranges. NULL: memory ran out. */
const uint8_t *source_stretches(struct source *src, struct pool *mem, uint64_t *left);

/* An empty slot for `ranges` ranges at a time. False: memory ran out. */
bool slot_init(struct slot *s, uint32_t ranges, struct pool *mem);
void slot_clear(struct slot *s);
/* One more impact in a document. */
void slot_join(struct slot *s, uint32_t doc, uint8_t impact);

/* From here on it is to be ready.

 * The impacts, at most, of whole ranges, by document, at most as many as the slot is for; they stay in the
 * slot, unless they are there as they are. Bits of `stretches` say which matter; NULL: all. */
const uint8_t *source_load(struct source *src, uint32_t range, uint32_t ranges,
                           const uint64_t *stretches, struct slot *room);
/* Of one range what lies between the first and the last of `stretches`, which are some, at least. */
const uint8_t *source_load_some(struct source *src, uint32_t range, uint32_t stretches,
                                struct slot *room);
/* How often it stands in a document; at most, where it is shared. */
struct phrase_tf source_count(struct source *src, uint32_t doc);
/* Impacts by document of all ranges, where they are there as source_load() would give them; else NULL. */
const uint8_t *source_dense(const struct source *src);
/* By how much source_load() says too much at most, in 1/255 of what the source scores at most: each list
 * rounds up, and so does each join. 0: that is not known. */
unsigned source_rounding(const struct source *src);
/* Sets the bits of ranges that it has. */
void source_load_bits(struct source *src, uint32_t range, uint32_t ranges, uint64_t *bits);
/* The list of a source that is just one; else NULL. */
struct list *source_list(const struct source *src);
/* The same, where it has an impact by posting. */
struct list *source_listed(const struct source *src);
/* Whether to look so many documents of some ranges up takes less than to go through all postings there. */
bool source_is_sought(const struct source *src, uint32_t ranges, uint32_t docs);
/* Where it stands in a document, each position once, in order, in `out`, which is empty. SX_ECORRUPT,
 * SX_ENOMEM: without words. */
sx_status source_places(struct source *src, uint32_t doc, struct places *out);

#endif
