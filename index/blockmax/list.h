/* The postings of one term in one segment, a block at a time. Nothing is allocated. */
#ifndef INDEX_BLOCKMAX_LIST_H
#define INDEX_BLOCKMAX_LIST_H

#include "index/blockmax/columns.h"
#include "index/blockmax/intersect.h"
#include "index/blockmax/segment.h"

#define NO_BLOCK UINT32_MAX

/* Positions of a block that are decoded together, at most. */
#define LIST_GAPS 2048

/* Numbers behind those that list_field() was asked for, which it may write over, too. */
#define LIST_SLACK 4

struct list {
    struct segment *s;
    uint32_t n, blocks;
    unsigned flags;
    const uint8_t *directory; /* a row a block; NULL: there is one block */
    const uint8_t *stretches; /* impact at most, by stretch; NULL: not stored */
    const uint8_t *each;      /* impact by posting, or by document; NULL: not stored */
    bool dense;               /* by document; then there are */
    const uint8_t *ranks;     /* a row a range */
    const uint8_t *data;
    uint64_t positions, positions_bytes;
    bool positions_verified;
    /* the block at hand */
    uint32_t block;               /* NO_BLOCK: none */
    uint32_t count;               /* postings in it */
    uint32_t sought;              /* the place that was sought last */
    uint32_t known, known_number; /* the document whose posting was, or is told, and its number */
    uint32_t doc[PACK_BLOCK];
    uint32_t read;         /* the block whose counts are, or NO_BLOCK */
    bool counted;          /* title and body are decoded */
    uint32_t counts_asked; /* how often one posting's were */
    uint32_t title[PACK_BLOCK], body[PACK_BLOCK];
    bool summed;                     /* so is `before` */
    uint32_t before[PACK_BLOCK + 1]; /* positions before those of each; behind the last, all */
    bool in_columns;                 /* the same, in bytes */
    struct block_columns columns;
    const uint8_t *positions_at; /* of that block */
    uint32_t placed;             /* the block whose positions are read, or NO_BLOCK */
    uint32_t asked;              /* how often they were */
    bool kept; /* `gaps` has all of them, each as what it is above the one before */
    uint32_t gaps[LIST_GAPS + LIST_SLACK];
};

/* Where the positions of a posting are, and how many. */
struct list_spot {
    uint32_t number;          /* of the posting, among all of the list */
    uint32_t count[2];        /* by field: 0 title, 1 body */
    uint32_t from, all;       /* positions of its block before its own, and all of them */
    const uint8_t *positions; /* those of its block: first a width for each group */
};

/* False: the segment is damaged. */
bool list_open(struct list *l, struct segment *s, const struct term_entry *e);
/* Decodes the documents of a block, then its counts. */
void list_block(struct list *l, uint32_t block);
void list_counts(struct list *l);
/* The impact of the posting at `place` of the block at hand; 0: the list has none. */
static inline uint8_t list_impact(const struct list *l, uint32_t place)
{
    if (l->each == NULL)
        return 0;
    return l->dense ? l->each[l->doc[place]] : l->each[(size_t)l->block * PACK_BLOCK + place];
}

/* The last document of a block, which need not be at hand. */
uint32_t list_last(const struct list *l, uint32_t block);
/* Fetches a block, which is decoded soon. */
void list_fetch(const struct list *l, uint32_t block);
/* The block that has the first document >= `doc`; l->blocks: there is none. */
uint32_t list_block_of(const struct list *l, uint32_t doc);
/* The same, by steps from the block at hand unless that is behind it. */
uint32_t list_block_ahead(const struct list *l, uint32_t doc);
/* Where in the block at hand the first document >= `doc` is; l->count: behind it. */
uint32_t list_place(const struct list *l, uint32_t doc);
/* The postings of the block at hand that are of documents [first, end): [*from, *to). Whether the next
 * block may have some, too. */
bool list_part(const struct list *l, uint32_t first, uint32_t end, uint32_t *from, uint32_t *to);
/* Posting `doc` by its place in its block, which is at hand then; *found false: there is none. */
uint32_t list_seek(struct list *l, uint32_t doc, bool *found);

/* Which of `n` ascending documents, 65536 at most, have a posting: their places, and the postings' numbers, in
 * order. Returns how many they are. INTERSECT_SLACK more behind `docs` are written over. */
uint32_t list_meet(struct list *l, uint32_t *docs, uint32_t n, uint16_t *places, uint32_t *numbers);

/* The number of posting `doc` among all of the list; NO_POSTING: there is none. */
#define NO_POSTING UINT32_MAX
#define NOT_KNOWN (UINT32_MAX - 1) /* of a number that was not sought yet */
uint32_t list_number(struct list *l, uint32_t doc);
/* Tells it, so that it need not be sought: it is believed until another document is told or sought. */
static inline void list_know(struct list *l, uint32_t doc, uint32_t number)
{
    l->known = doc;
    l->known_number = number;
}

/* The counts of a posting by its number, from any block; that at hand stays. Zeros where a damaged list has
 * no such posting. */
struct list_count {
    uint32_t title, body;
};
struct list_count list_count_of(struct list *l, uint32_t number);
/* The spot of a posting by its number, from any block; that at hand stays. Zeros where a damaged list has no such
 * posting. */
struct list_spot list_find_in(struct list *l, uint32_t number);
static inline struct list_spot list_find(struct list *l, uint32_t number)
{
    uint32_t place = number % PACK_BLOCK;

    if (number / PACK_BLOCK != l->read || !l->in_columns || number >= l->n)
        return list_find_in(l, number);
    return (struct list_spot){.number = number,
                              .count = {l->columns.title[place], l->columns.body[place]},
                              .from = l->columns.before[place],
                              .all = l->columns.before[PACK_BLOCK],
                              .positions = l->positions_at};
}
/* Before positions are read by their spots. False: the segment is damaged. */
bool list_verify_positions(struct list *l);
/* Positions in one field; `out` may be written up to LIST_SLACK beyond them. False: the segment is
 * damaged. */
bool list_field(struct list *l, const struct list_spot *spot, int field, uint32_t *out);
/* Whether so many positions in one field, 2 or more, follow one another. False: the segment is damaged. */
bool list_repeats(struct list *l, const struct list_spot *spot, int field, uint32_t times,
                  bool *found);
/* What is read soon of some documents below the segment's, which are told one right after the other. It is loaded, so
 * under a guard, as all that reads. First what tells which posting is the document's. */
void list_expect_place(const struct list *l, uint32_t doc);
/* Once that is there, what tells where its block is. `number` is the posting's, or NOT_KNOWN. Returns it, NO_POSTING, or
 * NOT_KNOWN where it takes more to tell. */
uint32_t list_expect_block(const struct list *l, uint32_t doc, uint32_t number);
/* Then its block and, if `positions`, those; `number` is as list_expect_block() told, or NOT_KNOWN. */
void list_expect_document(const struct list *l, uint32_t doc, uint32_t number, bool positions);
/* The row of the directory that a posting's block has. */
static inline void list_expect_row(const struct list *l, uint32_t number)
{
    if (l->directory != NULL && number < l->n)
        __builtin_prefetch(l->directory + (size_t)(number / PACK_BLOCK) * DIRECTORY_BYTES);
}
/* A posting may be read soon, in order: its block is fetched, unless it is *there, which it is then. */
static inline void list_expect_posting(const struct list *l, uint32_t number, uint32_t *there)
{
    uint32_t block = number / PACK_BLOCK;

    if (block < l->blocks && block != *there)
        list_fetch(l, block);
    *there = block;
}
/* Positions may be. */
static inline void list_expect_field(const struct list_spot *spot)
{
    /* Where a gap takes about eight bits, it is there. */
    __builtin_prefetch(spot->positions);
    __builtin_prefetch(spot->positions + spot->from);
}
/* Those of the whole block: of each posting the title's, then the body's. */
bool list_block_positions(struct list *l, uint32_t *out);

#endif
