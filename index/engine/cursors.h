/* Lists that a cursor goes on in: what a search found, best first, kept for its next pages.
 *
 * A list is immutable and counted; the one that has the rest takes the place of the one that has the
 * beginning. When memory is short, lists nobody has gone on in go first, the oldest of them before,
 * unless the others take most of it. Any thread. */
#ifndef INDEX_ENGINE_CURSORS_H
#define INDEX_ENGINE_CURSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <searchd/str.h>

struct list_item {
    int64_t rowid;
    double score;
};

/* What belongs to the list besides its documents. */
struct list_head {
    uint64_t search; /* fingerprint of query, match and sort */
    int64_t below;   /* the documents of its snapshot have smaller rowids */
    uint64_t total, total_all;
    bool total_exact;
    bool whole; /* there are no more documents than these, or none that a page may reach */
    bool near;  /* closeness of words is in the scores of the first SX_PROXIMITY_HITS */
};

struct list {
    struct list_head head;
    struct list_item *items;
    size_t count;
    /* The rest is of cursors.c. */
    uint64_t id;
    unsigned refs;
    bool kept, used; /* among the lists kept; whether one has gone on in it */
    uint64_t at_ns;  /* last use */
    struct list *chain, *older, *newer;
};

struct cursors;

struct cursors *cursors_new(void);    /* NULL: memory ran out */
void cursors_free(struct cursors *c); /* NULL is fine; no list may be in hand */

/* A list of `count` items to be filled in, in the caller's hand; NULL: memory ran out. */
struct list *list_new(const struct list_head *head, size_t count);
/* Keeps a list: as `id`, in place of the one that had it, or under a new number where id is 0. It
 * stays in the caller's hand. Returns its number. */
uint64_t cursors_keep(struct cursors *c, struct list *l, uint64_t id);
/* The list `id`, in the caller's hand; NULL: it is not kept, or no longer. */
struct list *cursors_get(struct cursors *c, uint64_t id);
/* Out of the caller's hand; NULL is fine. */
void cursors_put(struct cursors *c, struct list *l);

#endif
