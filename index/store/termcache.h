/* n and F of the words that are asked for, kept in memory and true for each reader's snapshot.
 *
 * Reading them from FTS5 costs a walk over the word's postings. So a reader that had to do it
 * leaves the result here, and the writer applies each transaction's deltas instead of dropping
 * it. An entry knows the generation from which its counts hold, and the counts before that: a
 * reader whose snapshot is older than both gets none and counts for itself.
 *
 *   claim (at the newest generation) ── deltas gather ──> fill adds what the reader counted
 *
 * The writer registers generation g + 1 before its COMMIT, and takes it back when that fails, so
 * that no reader can see a snapshot that is not registered. Any thread; one mutex inside. */
#ifndef INDEX_STORE_TERMCACHE_H
#define INDEX_STORE_TERMCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <searchd/str.h>

struct deltas;
struct termcache;

struct cached_counts {
    uint64_t n, f;
};

enum termcache_state {
    TERMCACHE_HIT,     /* *out holds */
    TERMCACHE_CLAIMED, /* count it, then termcache_fill() or termcache_abandon() */
    TERMCACHE_MISS     /* count it for yourself */
};

/* `max` entries; NULL: memory ran out. */
struct termcache *termcache_new(size_t max);
void termcache_free(struct termcache *tc);
/* The generation that holds now: once, at open. */
void termcache_start(struct termcache *tc, uint64_t generation);

enum termcache_state termcache_get(struct termcache *tc, uint64_t generation, struct sx_str term,
                                   struct cached_counts *out);
void termcache_fill(struct termcache *tc, struct sx_str term, struct cached_counts counts);
void termcache_abandon(struct termcache *tc, struct sx_str term);

/* The writer, before COMMIT: `generation` is about to hold, with these changes. */
void termcache_register(struct termcache *tc, uint64_t generation, const struct deltas *d);
/* The COMMIT failed: `generation`, the one registered last, never was. */
void termcache_withdraw(struct termcache *tc, uint64_t generation);

size_t termcache_count(struct termcache *tc);

#endif
