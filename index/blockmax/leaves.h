/* The leaves of a search over its segments, a range of documents at a time. Private to search.c. */
#ifndef INDEX_BLOCKMAX_LEAVES_H
#define INDEX_BLOCKMAX_LEAVES_H

#include "index/blockmax/phrase.h"
#include "index/blockmax/search.h"
#include "index/blockmax/source.h"

/* Bytes that a search may take for what grows with its words, at most. Who asks for more does without
 * block-max. */
#define SEARCH_BYTES ((uint64_t)192 << 20)

/* What is said of work to bm_ask.look_up(), in units of about three nanoseconds: of opening a leaf, of
 * a range and of each leaf in it, and of each leaf of a document that is seen. */
#define SEARCH_WORK_OPEN 300
#define SEARCH_WORK_RANGE 150
#define SEARCH_WORK_LEAF 50
#define SEARCH_WORK_SEEN 16
#define SEARCH_WORK_PHRASE 100

/* A segment, its terms opened. */
struct part {
    struct segment *s;
    uint32_t below; /* local documents from here on are not of the snapshot */
    struct source *sources;
    struct phrase **phrases; /* by leaf; NULL: it is none of terms that are a list each */
    const uint8_t **here;    /* by leaf, then by stretch: impacts at most; see leaves_bounds() */
};

/* A leaf in the range at hand. */
struct leaf_state {
    const struct bm_leaf *leaf;
    uint32_t first;    /* its sources: of each phrase its terms, but of a simple leaf one for all */
    bool simple;       /* all its phrases are one term */
    bool is_loaded;    /* `in` is of the range at hand */
    const uint8_t *in; /* its impacts, at most, by document */
    struct slot own;   /* where they are, unless it is simple */
};

/* Whether it takes only documents, not positions, to say where the leaf stands. */
static inline bool leaves_is_countable(const struct leaf_state *st)
{
    return st->simple && st->leaf->field == BM_BOTH;
}

struct leaves {
    const struct bm_ask *ask;
    struct pool *mem;
    struct source_room room;
    struct part *parts;
    size_t part_count;
    struct leaf_state *states;
    uint32_t source_count;   /* of a part */
    struct slot *slots;      /* by source; made when first needed */
    const uint8_t **meeting; /* room for the terms of a phrase */
    struct places *places;   /* by source: room */
    struct places phrase;
    /* the range at hand */
    struct part *part;
    uint32_t range;
};

sx_status leaves_open(struct leaves *l, const struct bm_ask *ask, struct pool *mem,
                      struct sx_error *err);
void leaves_close(struct leaves *l);

/* Reads what leaves_bounds() reads: who loads without it calls this. -1: memory ran out. */
int leaves_ready(struct leaves *l);

/* The segment's impacts are for its own average length. With a longer one, lengths weigh less: no x
 * grows by more than the ratio of the two, and no impact by more than x does. */
static inline float leaves_drift(const struct leaves *l, const struct segment *s)
{
    return l->ask->avglen > s->average ? (float)(l->ask->avglen / s->average) : 1.0f;
}

/* Fills p->here, without the drift. -1: memory ran out. */
int leaves_bounds(struct leaves *l, struct part *p);

/* To another range, or to none; nothing is loaded. */
#define NO_RANGE UINT32_MAX
void leaves_move(struct leaves *l, struct part *p, uint32_t range);
/* Loads a leaf where it is not, at least in some stretches; what more is loaded then is not asked for
 * again before the next move. -1: memory ran out. */
int leaves_load(struct leaves *l, uint32_t leaf, uint32_t stretches);
/* What counts of a leaf that is of one field. */
static inline struct phrase_tf leaves_in_field(struct phrase_tf tf, enum bm_field field)
{
    return (struct phrase_tf){field == BM_BODY ? 0 : tf.title, field == BM_TITLE ? 0 : tf.body};
}

/* How often a leaf, which is no NEAR, stands in a document of the part at hand, by positions where it
 * takes them. */
sx_status leaves_count(struct leaves *l, uint32_t leaf, uint32_t doc, struct phrase_tf *out);
/* A document may be counted soon, and its places read. */
void leaves_expect(const struct leaves *l, const struct part *p, uint32_t doc);
sx_status leaves_places(struct leaves *l, uint32_t leaf, uint32_t doc, struct places *out);

#endif
