/* Any of several words, word after word, the one that may score most first: of its documents those are looked
 * at that can reach the floor with what the words behind it score at most there; who was met by a word before it
 * is not met again. (MaxScore: Turtle and Flood, "Query evaluation: strategies and optimizations", 1995; a list
 * at a time, of which impacts alone say which postings are read.) */
#include "index/blockmax/scan.h"

#include <string.h>

#include "index/blockmax/impacts.h"

/* Documents that are found together, at most: those that score most are seen first. */
#define FOUND_MOST 2048

/* Of documents that are looked up, so many are fetched ahead. */
#define FETCHED 16

/* With more words what those behind one score at most says little, and each is looked up for each. */
#define WORDS_MAX 8

/* Blocks that wait while they are fetched, and the one that is looked at. */
#define IN_FLIGHT 4

/* What is told of work is a unit for so many documents that are looked up for a word, or impacts gone through. */
#define LOOKED_UP 2
#define GONE_THROUGH 64

/* Where no floor is known, those are looked at first that may score most: for each that is kept so many, and
 * some more. */
#define FIRST(keep) (2 * (keep) + 32)

/* A word in the part at hand. */
struct word {
    struct source *src;
    const uint8_t *here;  /* impacts at most, by stretch */
    const uint8_t *dense; /* impacts by document; NULL: */
    struct list *list;    /* the one list, with impacts by posting; NULL: all is in src->flat */
    uint16_t weight;
    /* Of its postings in those that were found, or NO_POSTING: it has none; NULL: they are not kept. */
    uint32_t *numbers;
};

struct any {
    struct bm_search *b;
    struct word *words;
    size_t count, at; /* words, and the one at hand */
    uint16_t *rest;   /* by stretch: what the words behind it score at most, */
    uint64_t *reach;  /* and bit by stretch: with it they can reach the floor */
    size_t stretches, chunks;
    uint64_t **met; /* those that were met (marks.h) */
    uint16_t floor;
    /* documents that were found, in order */
    uint32_t n;
    uint32_t docs[FOUND_MOST + INTERSECT_SLACK];
    uint16_t sums[FOUND_MOST];  /* what they score at most by the words that were looked up, */
    uint16_t rests[FOUND_MOST]; /* and by the others */
    uint8_t impacts[FOUND_MOST];
    uint16_t places[FOUND_MOST];
    uint32_t numbers[FOUND_MOST];
};

/* ---- words ------------------------------------------------------------------------------------ */

/* False: its postings are in several places. */
static bool open_word(const struct bm_search *b, const struct part *p, uint32_t leaf,
                      struct word *out)
{
    const struct leaf_state *st = &b->l.states[leaf];
    struct source *src = &p->sources[st->first];

    *out = (struct word){.src = src, .here = p->here[leaf], .weight = b->at->weight[leaf]};
    if (!st->simple)
        return false;
    out->dense = source_dense(src);
    out->list = source_listed(src);
    return out->dense != NULL || out->list != NULL || src->big_count == 0;
}

static size_t number_of(const struct part *p, const struct word *w)
{
    return (size_t)(w->src - p->sources);
}

/* Makes room for what scan_meet() may be told. False: memory ran out. */
static bool keep_numbers(struct bm_search *b, const struct part *p, struct word *words,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i].list == NULL || number_of(p, &words[i]) >= KNOWN_SOURCES)
            continue;
        words[i].numbers = pool_array(b->l.mem, FOUND_MOST, sizeof(*words[i].numbers));
        if (words[i].numbers == NULL)
            return false;
    }
    return true;
}

/* *can false: other ways are gone. NULL: so it is, or memory ran out. */
static struct any *begin(struct bm_search *b, const struct part *p, bool *can)
{
    struct word *words = pool_array(b->l.mem, b->scored + 1, sizeof(*words));
    size_t count = 0;

    *can = true;
    for (size_t i = 0; words != NULL && *can && i < b->scored; i++) {
        *can = open_word(b, p, b->order[i], &words[count]);
        count += words[count].src->n > 0;
    }
    *can = *can && count <= WORDS_MAX;
    if (words == NULL || !*can)
        return NULL;
    struct any *a = pool_array(b->l.mem, 1, sizeof(*a));
    if (a == NULL || !keep_numbers(b, p, words, count))
        return NULL;
    a->b = b;
    a->words = words;
    a->count = count;
    a->n = 0;
    a->stretches = (size_t)p->s->ranges * RANGE_STRETCHES;
    a->chunks = bounds_chunks(p);
    a->rest = pool_array(b->l.mem, a->chunks * 64 + 1, sizeof(*a->rest));
    a->reach = pool_array(b->l.mem, a->chunks + 1, sizeof(*a->reach));
    a->met = marks_new(b->l.mem, p->s->ranges);
    if (a->rest == NULL || a->reach == NULL || a->met == NULL)
        return NULL;
    memcpy(a->rest, b->at->most, a->chunks * 64 * sizeof(*a->rest));
    return a;
}

/* ---- documents that were found ---------------------------------------------------------------- */

static void read_dense(struct any *a, const uint8_t *dense)
{
    for (uint32_t i = 0; i < a->n; i++) {
        if (i + FETCHED < a->n)
            __builtin_prefetch(dense + a->docs[i + FETCHED]);
        a->impacts[i] = dense[a->docs[i]];
    }
}

static void read_listed(struct any *a, const struct word *w)
{
    uint32_t found = list_meet(w->list, a->docs, a->n, a->places, a->numbers);

    memset(a->impacts, 0, a->n);
    for (uint32_t i = 0; i < found; i++)
        a->impacts[a->places[i]] = w->list->each[a->numbers[i]];
    if (w->numbers == NULL)
        return;
    memset(w->numbers, 0xff, a->n * sizeof(*w->numbers)); /* NO_POSTING */
    for (uint32_t i = 0; i < found; i++)
        w->numbers[a->places[i]] = a->numbers[i];
}

static void read_flat(struct any *a, const struct source *src)
{
    for (uint32_t i = 0, at = 0; i < a->n; i++) {
        uint32_t doc = a->docs[i], first = src->flat_first[doc >> RANGE_BITS];
        uint32_t end = src->flat_first[(doc >> RANGE_BITS) + 1];
        at = at > first ? at : first;
        while (at < end && src->flat[at] < doc)
            at++;
        a->impacts[i] = at < end && src->flat[at] == doc ? src->flat_impacts[at] : 0;
    }
}

/* The impacts of a word in the documents that were found; 0: it is not there. */
static void read_word(struct any *a, const struct word *w)
{
    if (w->dense != NULL)
        read_dense(a, w->dense);
    else if (w->list != NULL)
        read_listed(a, w);
    else
        read_flat(a, w->src);
}

/* Keeps those at a->places[0 … kept), with what is known of the words before `behind`. */
static void compact(struct any *a, uint32_t kept, size_t behind)
{
    for (uint32_t i = 0; i < kept; i++) {
        a->docs[i] = a->docs[a->places[i]];
        a->sums[i] = a->sums[a->places[i]];
        a->rests[i] = a->rests[a->places[i]];
    }
    for (size_t k = a->at; k < behind; k++) {
        uint32_t *numbers = a->words[k].numbers;
        for (uint32_t i = 0; numbers != NULL && i < kept; i++)
            numbers[i] = numbers[a->places[i]];
    }
    a->n = kept;
}

/* Adds what a word behind scores, and keeps who can still reach the floor. */
static void add_word(struct any *a, size_t behind)
{
    const struct word *w = &a->words[behind];
    uint32_t kept = 0;

    read_word(a, w);
    for (uint32_t i = 0; i < a->n; i++) {
        uint8_t most = w->here[a->docs[i] / STRETCH_DOCS];
        a->sums[i] = impact_add(a->sums[i], a->impacts[i], w->weight);
        a->rests[i] = (uint16_t)(a->rests[i] - impact_part(most, w->weight));
        a->places[kept] = (uint16_t)i;
        kept += (uint32_t)a->sums[i] + a->rests[i] >= a->floor;
    }
    compact(a, kept, behind + 1);
}

/* Drops who was met by a word before. Who was found by one and not met scores too little. */
static void drop_met(struct any *a)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < a->n; i++) {
        a->places[kept] = (uint16_t)i;
        kept += !marks_has(a->met, a->docs[i]);
    }
    compact(a, kept, a->count);
}

/* What is known of one that was found. */
static struct known known_of(const struct any *a, uint32_t i)
{
    struct known known = scan_unknown;

    for (size_t k = a->at; k < a->count; k++)
        if (a->words[k].numbers != NULL)
            known.numbers[number_of(a->b->l.part, &a->words[k])] = a->words[k].numbers[i];
    return known;
}

/* Sees those that were found and score from `least` to `most`. */
static sx_status meet_found(struct any *a, uint16_t least, uint16_t most)
{
    struct bm_search *b = a->b;
    sx_status rc = SX_OK;

    for (uint32_t i = 0; i < a->n && !b->lows.wanted; i++)
        if (a->sums[i] >= least && a->sums[i] <= most)
            scan_expect(b, a->docs[i]);
    for (uint32_t i = 0; i < a->n && rc == SX_OK; i++) {
        if (a->sums[i] >= least && a->sums[i] <= most && a->sums[i] >= a->floor) {
            struct known known = known_of(a, i);
            if (marks_set(b->l.mem, a->met, a->docs[i]) != 0)
                return SX_ENOMEM;
            rc = scan_meet(b, a->docs[i], a->sums[i], 0, &known);
            a->floor = scan_least_now(b);
        }
    }
    return rc;
}

/* Looks up what else those that were found have, the rarest first, which leaves fewer for the others, and sees
 * who may be kept, the best first. */
static sx_status see_found(struct any *a)
{
    const struct bm_ask *ask = a->b->l.ask;
    size_t work = a->n * (a->count - a->at) / LOOKED_UP;
    struct greatest best;

    while (a->n > 0 && a->docs[a->n - 1] >= a->b->l.part->below) /* of another snapshot */
        a->n--;
    for (size_t i = a->at + 1; i < a->count && a->n > 0; i++)
        add_word(a, i);
    drop_met(a);
    greatest_begin(&best, ask->keep < GREATEST_MOST ? ask->keep : GREATEST_MOST);
    for (uint32_t i = 0; i < a->n; i++)
        greatest_add(&best, (float)a->sums[i]);
    uint16_t great = (uint16_t)greatest_last(&best, 0);
    sx_status rc = meet_found(a, great, UINT16_MAX);
    if (rc == SX_OK && great > 0)
        rc = meet_found(a, 0, (uint16_t)(great - 1));
    a->n = 0;
    return rc == SX_OK ? ask->look_up(ask->ctx, work) : rc;
}

/* ---- the word at hand ------------------------------------------------------------------------- */

/* Notes a document, of which there is room for one, unless it cannot reach the floor. */
static inline void note(struct any *a, uint32_t doc, uint8_t impact, uint16_t weight)
{
    uint16_t sum = impact_part(impact, weight), rest = a->rest[doc / STRETCH_DOCS];

    a->docs[a->n] = doc;
    a->sums[a->n] = sum;
    a->rests[a->n] = rest;
    a->n += (uint32_t)sum + rest >= a->floor; /* without a branch that nobody could predict */
}

/* Makes room for so many more. */
static sx_status make_room(struct any *a, uint32_t more)
{
    return a->n + more <= FOUND_MOST ? SX_OK : see_found(a);
}

/* Impacts of the word from `least` to `most`. */
struct span {
    unsigned least, most;
};

static sx_status find_flat(struct any *a, struct span span)
{
    const struct word *w = &a->words[a->at];
    const uint8_t *impacts = w->src->flat_impacts;
    sx_status rc = SX_OK;

    for (size_t i = 0; i < w->src->flat_count && rc == SX_OK; i++) {
        if (impacts[i] < span.least || impacts[i] > span.most)
            continue;
        rc = make_room(a, 1);
        note(a, w->src->flat[i], impacts[i], w->weight);
    }
    return rc;
}

/* The impact that the word must have where those behind it score so much. */
static unsigned least_with(const struct any *a, uint16_t rest)
{
    return impact_for(a->floor > rest ? (uint32_t)(a->floor - rest) : 0, a->words[a->at].weight);
}

/* Bits of 64 impacts. */
static uint64_t in_span(const uint8_t *impacts, struct span span)
{
    if (span.least > span.most)
        return 0;
    uint64_t above = span.most < UINT8_MAX ? impacts_from(impacts, (uint8_t)(span.most + 1)) : 0;
    return impacts_from(impacts, (uint8_t)span.least) & ~above;
}

static sx_status find_in_stretch(struct any *a, size_t stretch, struct span span)
{
    const struct word *w = &a->words[a->at];
    const uint8_t *impacts = w->dense + stretch * STRETCH_DOCS;
    sx_status rc = make_room(a, STRETCH_DOCS);

    for (uint64_t found = in_span(impacts, span); found != 0; found &= found - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(found);
        note(a, (uint32_t)stretch * STRETCH_DOCS + i, impacts[i], w->weight);
    }
    return rc;
}

static sx_status find_dense(struct any *a, struct span span)
{
    const struct word *w = &a->words[a->at];
    sx_status rc = SX_OK;

    for (size_t c = 0; c < a->chunks && rc == SX_OK; c++) {
        for (uint64_t left = a->reach[c]; left != 0 && rc == SX_OK; left &= left - 1) {
            size_t stretch = c * 64 + (size_t)__builtin_ctzll(left);
            unsigned least = least_with(a, a->rest[stretch]);
            if (least <= w->here[stretch])
                rc = find_in_stretch(
                    a, stretch, (struct span){least > span.least ? least : span.least, span.most});
        }
    }
    return rc;
}

/* Postings of a block that have such an impact: bits of each half. */
struct postings {
    uint32_t block;
    uint64_t bits[2];
};

/* False: there are none. */
static bool find_postings(const struct list *l, uint32_t block, struct span span,
                          struct postings *out)
{
    uint32_t from = block * PACK_BLOCK, left = l->n - from;
    const uint8_t *each = l->each + from;
    uint8_t last[PACK_BLOCK] = {0};

    if (left < PACK_BLOCK)
        each = memcpy(last, each, left);
    *out = (struct postings){block, {in_span(each, span), in_span(each + 64, span)}};
    return (out->bits[0] | out->bits[1]) != 0;
}

static sx_status find_in_block(struct any *a, const struct postings *p)
{
    const struct word *w = &a->words[a->at];
    const uint8_t *each = w->list->each + (size_t)p->block * PACK_BLOCK;
    sx_status rc = make_room(a, PACK_BLOCK);

    list_block(w->list, p->block);
    for (uint32_t half = 0; half < 2; half++) {
        for (uint64_t left = p->bits[half]; left != 0; left &= left - 1) {
            uint32_t place = half * 64 + (uint32_t)__builtin_ctzll(left);
            if (w->numbers != NULL)
                w->numbers[a->n] = p->block * PACK_BLOCK + place;
            note(a, w->list->doc[place], each[place], w->weight);
        }
    }
    return rc;
}

/* The greatest that those behind the word score in a chunk where it can reach the floor; -1: it cannot. */
static int most_in(const struct any *a, size_t chunk)
{
    const uint16_t *rest = a->rest + chunk * 64;
    uint16_t most = 0;

    if (a->reach[chunk] == 0)
        return -1;
    for (size_t i = 0; i < 64; i += 16) {
        uint16_t one = impacts_greatest(rest + i);
        most = one > most ? one : most;
    }
    return most;
}

/* A block is decoded where a posting of it has the impact that it takes with all that those behind the word
 * score at most in its chunks. */
static sx_status find_listed(struct any *a, struct span span)
{
    struct list *l = a->words[a->at].list;
    struct postings ahead[IN_FLIGHT];
    size_t n = 0;     /* blocks that have some: of them all but the last ones were looked at */
    size_t chunk = 0; /* that `most` is of */
    int most = most_in(a, 0);
    sx_status rc = SX_OK;

    for (uint32_t block = 0; block < l->blocks && rc == SX_OK; block++) {
        size_t last = list_last(l, block) / STRETCH_DOCS / 64;
        int of_all = most;
        while (chunk < last) {
            most = most_in(a, ++chunk);
            of_all = most > of_all ? most : of_all;
        }
        unsigned least = of_all < 0 ? UINT8_MAX + 1 : least_with(a, (uint16_t)of_all);
        least = least > span.least ? least : span.least;
        if (!find_postings(l, block, (struct span){least, span.most}, &ahead[n % IN_FLIGHT]))
            continue;
        list_fetch(l, block);
        if (++n >= IN_FLIGHT)
            rc = find_in_block(a, &ahead[n % IN_FLIGHT]);
    }
    for (size_t i = n < IN_FLIGHT ? 0 : n - IN_FLIGHT + 1; i < n && rc == SX_OK; i++)
        rc = find_in_block(a, &ahead[i % IN_FLIGHT]);
    return rc;
}

/* Of the word at hand. */
static sx_status find_all(struct any *a, struct span span)
{
    const struct word *w = &a->words[a->at];
    sx_status rc = w->dense != NULL  ? find_dense(a, span)
                   : w->list != NULL ? find_listed(a, span)
                                     : find_flat(a, span);

    return rc == SX_OK ? see_found(a) : rc;
}

/* An impact that about so many postings of the word have; 1: they are fewer. */
static unsigned great_impact(const struct word *w, size_t want)
{
    const uint8_t *impacts = w->list != NULL ? w->list->each : w->src->flat_impacts;
    size_t count = (w->list != NULL ? w->list->n : w->src->flat_count) / 16 * 16;
    unsigned great = 1;

    for (unsigned bit = 128; bit > 1 && w->dense == NULL; bit /= 2)
        if (impacts_count(impacts, count, (uint8_t)((great & ~1U) | bit)) >= want)
            great |= bit;
    return great > 1 ? great & ~1U : 1;
}

/* Sees what has the word at hand, and none before it. */
static sx_status see_word(struct any *a)
{
    unsigned most = UINT8_MAX;
    sx_status rc = SX_OK;

    if (a->floor == 0) {
        unsigned great = great_impact(&a->words[a->at], FIRST(a->b->l.ask->keep));
        rc = great > 1 ? find_all(a, (struct span){great, most}) : SX_OK;
        most = great > 1 ? great - 1 : most;
    }
    if (rc == SX_OK)
        rc = find_all(a, (struct span){1, most});
    size_t work = a->chunks + (size_t)a->words[a->at].src->n / GONE_THROUGH;
    return rc == SX_OK ? a->b->l.ask->look_up(a->b->l.ask->ctx, work) : rc;
}

/* Finds where the next word, with those behind it, can reach the floor, and what those score at most. False: it
 * is nowhere. */
static bool find_reach(struct any *a)
{
    const struct word *w = &a->words[a->at];
    uint64_t any = 0;

    a->floor = scan_least_now(a->b);
    for (size_t c = 0; c < a->chunks; c++) {
        a->reach[c] = a->b->at->can[c] & impacts_reaching(a->rest + c * 64, a->floor);
        any |= a->reach[c];
    }
    impacts_take(a->rest, w->here, a->stretches, w->weight);
    return any != 0;
}

sx_status any_see(struct bm_search *b, uint32_t part, const struct bm_clause *clauses, size_t count,
                  bool *done)
{
    const struct part *p = &b->l.parts[part];
    sx_status rc = SX_OK;

    *done = count == 1 && range_is_scored(b, &clauses[0]);
    if (!*done)
        return SX_OK;
    scan_move(b, part, NO_RANGE);
    struct any *a = begin(b, p, done);
    if (a == NULL)
        return *done ? SX_ENOMEM : SX_OK;
    for (a->at = 0; a->at < a->count && rc == SX_OK && find_reach(a); a->at++)
        rc = see_word(a);
    memset(b->at->can, 0, a->chunks * sizeof(*b->at->can)); /* what is left cannot reach it */
    return rc;
}
