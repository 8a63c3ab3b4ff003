/* Of several words, many ranges at a time: where any will do, those that cannot reach the floor together are
 * only looked up, in the documents of the others (MaxScore: Turtle and Flood, "Query evaluation: strategies
 * and optimizations", 1995; by windows of documents, with the greatest that each word scores there). Where
 * all are needed, in those of the rarest. */
#include "index/blockmax/scan.h"

#include <string.h>

#include "index/blockmax/impacts.h"

#define WINDOW_STRETCHES ((size_t)SLOT_RANGES * RANGE_STRETCHES)
#define WINDOW_CHUNKS (WINDOW_STRETCHES / 64)

/* With more words the windows of each cost more than they save, and the room for them is not counted. */
#define WORDS_MAX 32

/* Where more are found in a stretch, its documents are better added up together. */
#define CROWDED 4

/* Of candidates that are looked up in a dense list, so many are fetched ahead. */
#define FETCHED 16

/* More than any impact. */
#define NO_IMPACT 256

struct word {
    struct source *src;
    const uint8_t *here;  /* impacts at most, by stretch of the segment */
    const uint8_t *dense; /* impacts by document; NULL: */
    struct list *list;    /* the one list, with impacts by posting; NULL: it is loaded */
    struct slot *slot;
    uint16_t weight;
    uint16_t most; /* that it adds in the window */
    uint32_t rest; /* that all words behind it add together */
};

struct window {
    struct word words[WORDS_MAX];
    struct slot slots[WORDS_MAX]; /* of any part */
    size_t count, needed;         /* words; each candidate has one of the first, that are needed, */
    bool all;                     /* and all others, too */
    uint32_t range, ranges;
    uint16_t floor;
    uint64_t reach[WINDOW_CHUNKS];    /* stretches where some may reach it */
    uint16_t least[WINDOW_STRETCHES]; /* impact that the word at hand must have, by stretch */
    uint64_t bits[SLOT_DOCS / 64];    /* candidates */
    uint16_t docs[SLOT_DOCS];         /* the same, */
    uint16_t sums[SLOT_DOCS];         /* with what they score at most */
    uint32_t found, stretches;
};

static uint64_t next_bit(uint64_t *bits)
{
    uint64_t at = (uint64_t)__builtin_ctzll(*bits);

    *bits &= *bits - 1;
    return at;
}

/* ---- words ------------------------------------------------------------------------------------ */

static void begin_words(struct bm_search *b, struct window *w)
{
    const struct part *p = b->l.part;

    w->count = b->scored;
    for (size_t i = 0; i < b->scored; i++) {
        uint32_t leaf = b->order[i];
        struct source *src = &p->sources[b->l.states[leaf].first];
        w->words[i] = (struct word){.src = src,
                                    .here = p->here[leaf],
                                    .dense = source_dense(src),
                                    .list = source_listed(src),
                                    .slot = &w->slots[i],
                                    .weight = b->at->weight[leaf]};
    }
}

static uint8_t greatest(const uint8_t *impacts, uint32_t ranges)
{
    uint8_t most[RANGE_STRETCHES] = {0};

    for (uint32_t r = 0; r < ranges; r++, impacts += RANGE_STRETCHES)
        for (size_t i = 0; i < RANGE_STRETCHES; i++)
            most[i] = impacts[i] > most[i] ? impacts[i] : most[i];
    for (size_t i = 1; i < RANGE_STRETCHES; i++)
        most[0] = most[i] > most[0] ? most[i] : most[0];
    return most[0];
}

static bool goes_before(const struct window *w, const struct word *a, const struct word *b)
{
    return w->all ? a->src->n < b->src->n : a->most > b->most;
}

/* Finds the words that are needed, and sorts them to the front: the rarest, or those that add most in the
 * window. */
static void weigh_words(struct window *w)
{
    uint32_t rest = 0;

    for (size_t i = 0; i < w->count; i++) {
        struct word one = w->words[i];
        size_t at = i;
        one.most = impact_part(greatest(one.here + (size_t)w->range * RANGE_STRETCHES, w->ranges),
                               one.weight);
        for (; at > 0 && goes_before(w, &one, &w->words[at - 1]); at--)
            w->words[at] = w->words[at - 1];
        w->words[at] = one;
    }
    w->needed = 1;
    for (size_t i = w->count; i > 0; i--) {
        w->words[i - 1].rest = rest;
        rest += w->words[i - 1].most;
        if (!w->all && w->needed < i && rest >= w->floor)
            w->needed = i;
    }
}

/* Impacts of the word in the window, by document. NULL: memory ran out. */
static const uint8_t *load_word(const struct bm_search *b, const struct window *w,
                                struct word *word)
{
    if (word->dense != NULL)
        return word->dense + ((size_t)w->range << RANGE_BITS);
    if (word->slot->impacts == NULL && !slot_init(word->slot, SLOT_RANGES, b->l.mem))
        return NULL;
    return source_load(word->src, w->range, w->ranges, w->reach, word->slot);
}

/* ---- candidates ------------------------------------------------------------------------------- */

/* Finds the stretches; false: there are none. */
static bool find_stretches(const struct bm_search *b, struct window *w)
{
    uint32_t stretches = w->ranges * RANGE_STRETCHES;
    size_t low = (size_t)w->range * RANGE_STRETCHES;

    memset(w->reach, 0, sizeof(w->reach));
    w->stretches = 0;
    for (size_t c = 0; c * 64 < stretches; c++) {
        uint64_t can = b->at->can[low / 64 + c];
        if (can != 0)
            can &= impacts_reaching(b->at->most + low + c * 64, w->floor);
        w->reach[c] = can;
        w->stretches += bits_count(can);
    }
    return w->stretches > 0;
}

/* What the word must have, with all that the others add at most, by stretch. */
static void find_least(const struct bm_search *b, struct window *w, const struct word *word)
{
    size_t low = (size_t)w->range * RANGE_STRETCHES;

    for (size_t i = 0; i < WINDOW_STRETCHES; i++)
        w->least[i] = NO_IMPACT;
    for (size_t c = 0; c < WINDOW_CHUNKS; c++) {
        for (uint64_t left = w->reach[c]; left != 0;) {
            size_t at = c * 64 + next_bit(&left);
            uint32_t rest =
                (uint32_t)b->at->most[low + at] - impact_part(word->here[low + at], word->weight);
            uint32_t least = w->floor > rest ? w->floor - rest : 0;
            w->least[at] = (uint16_t)impact_for(least, word->weight);
        }
    }
}

static void mark_loaded(struct window *w, const uint8_t *impacts)
{
    for (size_t c = 0; c < WINDOW_CHUNKS; c++) {
        for (uint64_t left = w->reach[c]; left != 0;) {
            size_t at = c * 64 + next_bit(&left);
            if (w->least[at] < NO_IMPACT)
                w->bits[at] |= impacts_from(impacts + at * STRETCH_DOCS, (uint8_t)w->least[at]);
        }
    }
}

static void mark_one(struct window *w, uint32_t doc, uint8_t impact)
{
    w->bits[doc / 64] |= (uint64_t)(impact >= w->least[doc / STRETCH_DOCS]) << (doc % 64);
}

static void mark_list(struct window *w, struct list *l)
{
    uint32_t low = w->range << RANGE_BITS, end = (w->range + w->ranges) << RANGE_BITS;
    uint32_t from, to;
    bool more = true;

    for (uint32_t block = list_block_ahead(l, low); more && block < l->blocks; block++) {
        list_block(l, block);
        more = list_part(l, low, end, &from, &to);
        const uint8_t *each = l->each + (size_t)block * PACK_BLOCK;
        for (uint32_t k = from; k < to; k++) /* without a branch that nobody could predict */
            mark_one(w, l->doc[k] - low, each[k]);
    }
}

/* Marks the documents that the word stands in as it must. -1: memory ran out. */
static int mark(const struct bm_search *b, struct window *w, struct word *word)
{
    find_least(b, w, word);
    if (word->list != NULL) {
        mark_list(w, word->list);
        return 0;
    }
    const uint8_t *impacts = load_word(b, w, word);
    if (impacts == NULL)
        return -1;
    mark_loaded(w, impacts);
    return 0;
}

/* Lists those that are marked. */
static void list_marked(struct window *w)
{
    w->found = 0;
    for (size_t c = 0; c < WINDOW_CHUNKS; c++) {
        for (uint64_t left = w->reach[c]; left != 0;) {
            size_t at = c * 64 + next_bit(&left);
            for (uint64_t docs = w->bits[at]; docs != 0;) {
                w->docs[w->found] = (uint16_t)(at * STRETCH_DOCS + next_bit(&docs));
                w->sums[w->found++] = 0;
            }
        }
    }
}

/* Adds what the `i`th word scores, and keeps who can reach the floor with the words behind it. */
static int add_word(const struct bm_search *b, struct window *w, size_t i)
{
    struct word *word = &w->words[i];
    uint32_t low = w->range << RANGE_BITS, kept = 0;
    bool sought = word->list != NULL && source_is_sought(word->src, w->ranges, w->found);
    const uint8_t *impacts = sought ? NULL : load_word(b, w, word);

    if (!sought && impacts == NULL)
        return -1;
    uint16_t least = (uint16_t)(w->floor > word->rest ? w->floor - word->rest : 0);
    for (uint32_t k = 0; k < w->found; k++) {
        uint8_t impact;
        if (word->dense != NULL && k + FETCHED < w->found)
            __builtin_prefetch(impacts + w->docs[k + FETCHED]);
        if (sought) {
            bool there;
            uint32_t place = list_seek(word->list, low + w->docs[k], &there);
            impact = there ? list_impact(word->list, place) : 0;
        } else {
            impact = impacts[w->docs[k]];
        }
        w->docs[kept] = w->docs[k];
        w->sums[kept] = impact_add(w->sums[k], impact, word->weight);
        kept += w->sums[kept] >= least && (impact > 0 || !w->all);
    }
    w->found = kept;
    return 0;
}

/* ---- windows ---------------------------------------------------------------------------------- */

/* Finds who may be kept. *crowded: they are too many, and are not added up. -1: memory ran out. */
static int find_candidates(const struct bm_search *b, struct window *w, bool *crowded)
{
    weigh_words(w);
    memset(w->bits, 0, sizeof(w->bits));
    for (size_t i = 0; i < w->needed; i++)
        if (mark(b, w, &w->words[i]) != 0)
            return -1;
    *crowded = bits_sum(w->bits, SLOT_DOCS / 64) > (uint64_t)CROWDED * w->stretches;
    if (*crowded)
        return 0;
    list_marked(w);
    for (size_t i = 0; i < w->count && w->found > 0; i++)
        if (add_word(b, w, i) != 0)
            return -1;
    return 0;
}

static sx_status meet_candidates(struct bm_search *b, const struct window *w)
{
    uint32_t low = w->range << RANGE_BITS;
    sx_status rc = SX_OK;

    for (uint32_t k = 0; k < w->found && !b->lows.wanted; k++)
        if (low + w->docs[k] < b->l.part->below)
            scan_expect(b, low + w->docs[k]);
    for (uint32_t k = 0; k < w->found && rc == SX_OK; k++)
        if (low + w->docs[k] < b->l.part->below && w->sums[k] >= scan_least_now(b))
            rc = scan_meet(b, low + w->docs[k], w->sums[k], 0, &scan_unknown);
    return rc;
}

/* Whether all leaves that score are words, each alone in a clause. */
static bool is_all(const struct bm_search *b, const struct bm_clause *clauses, size_t count)
{
    if (count != b->scored)
        return false;
    for (size_t i = 0; i < b->scored; i++) {
        bool known = false;
        for (size_t k = 0; k < count && !known; k++)
            known = clauses[k].count == 1 && clauses[k].leaves[0] == b->order[i];
        if (!known)
            return false;
    }
    return true;
}

/* The room is the same for all parts. */
static struct window *room(struct bm_search *b)
{
    if (b->window != NULL)
        return b->window;
    b->window = pool_array(b->l.mem, 1, sizeof(*b->window));
    if (b->window != NULL)
        memset(b->window->slots, 0, sizeof(b->window->slots));
    return b->window;
}

int maxscore_begin(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                   size_t count, bool *can)
{
    bool all = is_all(b, clauses, count);

    *can = b->scored <= WORDS_MAX && (all || (count == 1 && range_is_scored(b, &clauses[0])));
    for (size_t i = 0; *can && i < b->scored; i++)
        *can = b->l.states[b->order[i]].simple;
    if (!*can)
        return 0;
    struct window *w = room(b);
    if (w == NULL)
        return -1;
    scan_move(b, part, NO_RANGE);
    w->all = all;
    begin_words(b, w);
    return 0;
}

sx_status maxscore_see(struct bm_search *b, uint32_t part, uint32_t range, bool *done)
{
    struct window *w = b->window;
    bool crowded;

    scan_move(b, part, NO_RANGE);
    w->range = range;
    w->ranges = scan_window(&b->l.parts[part], range);
    w->floor = scan_least_now(b);
    *done = w->floor > 0;
    if (!*done || !find_stretches(b, w))
        return SX_OK;
    if (find_candidates(b, w, &crowded) != 0)
        return SX_ENOMEM;
    *done = !crowded;
    sx_status rc = crowded ? SX_OK : meet_candidates(b, w);
    return rc == SX_OK ? b->l.ask->look_up(b->l.ask->ctx, w->ranges * b->range_work) : rc;
}
