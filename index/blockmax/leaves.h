/* The leaves of a search over its segments, a range of documents at a time. Private to search.c. */
#ifndef INDEX_BLOCKMAX_LEAVES_H
#define INDEX_BLOCKMAX_LEAVES_H

#include "index/blockmax/search.h"
#include "index/blockmax/source.h"

/* A segment, its terms opened. */
struct part {
    struct segment *s;
    uint32_t below; /* local documents from here on are not of the snapshot */
    struct source *sources;
    float **bounds;  /* by leaf, then by range: impacts at most; made by leaves_bounds() */
    uint16_t *apart; /* by range: stretches that have no candidate; NULL: it is not known */
};

/* A leaf in the range at hand. */
struct leaf_state {
    const struct bm_leaf *leaf;
    uint32_t first;  /* its sources: of each phrase its terms, but of a simple leaf one for all */
    bool simple;     /* all its phrases are one term */
    uint32_t loaded; /* stretches of the range at hand that `bits` and `tf` are of */
    uint64_t *bits;  /* where it may stand: surely where `exact` */
    struct phrase_tf *tf; /* how often at most */
    bool exact;
    struct slot *own; /* what the two point to unless they are a source's */
};

struct leaves {
    const struct bm_ask *ask;
    struct pool *mem;
    struct part *parts;
    size_t part_count;
    struct leaf_state *states;
    uint32_t source_count; /* of a part */
    struct slot **slots;   /* by source; made when first needed */
    struct places *places; /* by source: room */
    struct places phrase;
    /* the range at hand */
    struct part *part;
    uint32_t range;
};

sx_status leaves_open(struct leaves *l, const struct bm_ask *ask, struct pool *mem,
                      struct sx_error *err);
void leaves_close(struct leaves *l);

/* The bounds of a part, by leaf. -1: memory ran out. */
int leaves_bounds(struct leaves *l, struct part *p);
/* The same by stretch of one range. */
void leaves_stretches(const struct leaves *l, const struct part *p, uint32_t leaf, uint32_t range,
                      float out[RANGE_STRETCHES]);

/* Postings of a leaf in a part. */
uint64_t leaves_postings(const struct leaves *l, const struct part *p, uint32_t leaf);
/* Sets the bits of all documents of a part where a leaf may stand; `room` has twice as many bits. */
void leaves_all_bits(struct leaves *l, struct part *p, uint32_t leaf, uint64_t *bits,
                     uint64_t *room);

/* To another range; nothing is loaded. */
void leaves_move(struct leaves *l, struct part *p, uint32_t range);
/* Loads stretches of a leaf where they are not; others are lost then. -1: memory ran out. */
int leaves_load(struct leaves *l, uint32_t leaf, uint32_t stretches);
/* How often a leaf stands in a document of the range, which its bits have; exactly, by positions
 * where it takes them. */
sx_status leaves_count(struct leaves *l, uint32_t leaf, uint32_t doc, struct phrase_tf *out);
sx_status leaves_places(struct leaves *l, uint32_t leaf, uint32_t doc, struct places *out);

#endif
