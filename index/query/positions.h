/* What the analyzer finds in a piece of a query, position by position, and which terms stand for
 * it in the index. */
#ifndef INDEX_QUERY_POSITIONS_H
#define INDEX_QUERY_POSITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "index/base/arena.h"
#include "index/base/error.h"

struct analyzer;

/* One position. An absent term is empty. */
struct position {
    uint32_t start, end; /* of the word or cluster, in the text */
    struct sx_str word;  /* the word, or the cluster of an unspaced script */
    struct sx_str pair;  /* the cluster with the next one */
    struct sx_str dict;  /* the dictionary word that begins here */
    struct sx_str whole; /* the compound that begins here, in one */
    struct sx_str bare;  /* the word without a possessive 's or an elided l' */
    uint32_t dict_span, whole_span;
};

struct positions {
    struct position *items;
    size_t count, cap;
    struct arena *mem;
};

/* Reads `text`; everything is from `mem`. */
sx_status positions_read(struct positions *p, struct analyzer *an, struct sx_str text,
                         struct arena *mem, struct sx_error *err);

/* Whether position `i` is a cluster of a run of two or more. */
bool positions_in_run(const struct positions *p, size_t i);
/* How many positions from `i` on make one word of a query: a dictionary word, a compound, what one
 * sign stands for, or 1. */
size_t positions_unit(const struct positions *p, size_t i);
/* The terms that stand at adjacent positions wherever the text does; `out` has room for
 * p->count. Returns how many. */
size_t positions_terms(const struct positions *p, struct sx_str *out);

#endif
