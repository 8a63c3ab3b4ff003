/* A search for one word: its postings of the greatest impacts first. The bytes of all parts are gone
 * through for those that are among the best; of the others nothing is read. Of few postings all are seen. */
#include "index/blockmax/scan.h"

#include <math.h>
#include <string.h>

#include "index/blockmax/impacts.h"
#include "index/rank/score.h"

/* Impacts are rounded up from what may be off by less than this. */
#define MARGIN 0.999999999

/* Up to so many impacts each stands for itself; of more, the greatest of every 16 do. */
#define FEW (8 * IMPACT_ROW)

/* Postings that are looked up together. */
#define BATCH 64

/* To see so many postings takes less than to choose among them. */
#define SEEN_ALL 32

_Static_assert(SEEN_ALL <= PACK_BLOCK, "a list of so few is one block");

/* What a part has of the word. */
struct word {
    struct part *part;
    struct source *src;
    struct list *list;      /* NULL: it is several lists, which are read */
    const uint8_t *impacts; /* by posting; of a dense list at most, by stretch */
    size_t count;
    size_t rows;         /* of the impacts; the last one is filled with zeros, */
    const uint8_t *last; /* and is here */
    uint8_t *most;       /* by row, 16 each: impacts_fold(); with room behind */
    double scale;        /* of a score in impacts */
};

struct chosen {
    struct word *of;
    uint32_t at, doc; /* its number, and its document */
    float bound;      /* of its score */
    uint8_t impact;
    struct phrase_tf tf;
};

struct single {
    struct bm_search *b;
    struct word *words; /* of each part that has it */
    size_t word_count;
    struct chosen batch[BATCH];
    size_t found;
};

/* ---- opening ---------------------------------------------------------------------------------- */

static bool is_single(const struct bm_search *b, const struct bm_clause *clauses, size_t count)
{
    const struct leaves *l = &b->l;

    if (l->ask->leaf_count != 1 || count != 1 || clauses[0].count != 1 || !l->states[0].simple ||
        !(l->ask->leaves[0].weight > 0) || l->ask->keep == 0)
        return false;
    for (size_t i = 0; i < l->part_count; i++) {
        const struct source *src = &l->parts[i].sources[0];
        if (src->united != NULL || src->big_count > (src->small_count == 0))
            return false;
    }
    return true;
}

/* Of few postings, all of which stay, none need to be known. */
static const uint8_t *find_impacts(struct single *x, struct word *w)
{
    struct pool *mem = x->b->l.mem;
    uint8_t *any;

    if (w->list->each != NULL || w->list->n > x->b->l.ask->keep)
        return source_impacts(w->src, w->list, mem);
    any = pool_array(mem, w->list->n, 1);
    if (any != NULL)
        memset(any, UINT8_MAX, w->list->n);
    return any;
}

/* Makes the last row whole. -1: memory ran out. */
static int fill_rows(struct single *x, struct word *w)
{
    struct pool *mem = x->b->l.mem;
    size_t from = w->count <= FEW ? 0 : (w->rows - 1) * IMPACT_ROW, rest = w->count - from;
    size_t room = (rest + IMPACT_ROW - 1) / IMPACT_ROW * IMPACT_ROW;
    uint8_t *last = pool_array(mem, room, 1);

    w->most = pool_array(mem, 2 * w->rows, 16);
    if (last == NULL || w->most == NULL)
        return -1;
    memcpy(last, w->impacts + from, rest);
    memset(last + rest, 0, room - rest);
    if (from == 0)
        w->impacts = last;
    w->last = last + room - IMPACT_ROW;
    impacts_fold(w->most, w->impacts, w->rows - 1);
    impacts_fold(w->most + (w->rows - 1) * 16, w->last, 1);
    return 0;
}

/* -1: memory ran out. */
static int open_word(struct single *x, struct part *p, struct word *w)
{
    const struct bm_ask *ask = x->b->l.ask;

    *w = (struct word){.part = p, .src = &p->sources[0], .list = source_list(&p->sources[0])};
    w->scale = (double)IMPACT_ONE * MARGIN /
               (ask->leaves[0].weight * (SCORE_K1 + 1.0) * (double)leaves_drift(&x->b->l, p->s));
    if (w->list == NULL) {
        w->impacts = w->src->flat_impacts;
        w->count = w->src->flat_count;
    } else if (w->list->dense) {
        w->impacts = w->list->stretches;
        w->count = (size_t)p->s->ranges * RANGE_STRETCHES;
    } else {
        w->impacts = find_impacts(x, w);
        w->count = w->list->n;
    }
    w->rows = (w->count + IMPACT_ROW - 1) / IMPACT_ROW;
    return w->impacts == NULL ? -1 : fill_rows(x, w);
}

static int open_words(struct single *x)
{
    const struct leaves *l = &x->b->l;

    x->words = pool_array(l->mem, l->part_count + 1, sizeof(*x->words));
    x->word_count = 0;
    x->found = 0;
    if (x->words == NULL)
        return -1;
    for (size_t i = 0; i < l->part_count; i++)
        if (l->parts[i].sources[0].n > 0 &&
            open_word(x, &l->parts[i], &x->words[x->word_count++]) != 0)
            return -1;
    return 0;
}

/* ---- the best --------------------------------------------------------------------------------- */

/* The impact that it takes to reach a score; above 255: none does. */
static unsigned least_of(const struct word *w, double score)
{
    double least = score * w->scale;

    if (!(least > 1))
        return 1;
    if (least > UINT8_MAX)
        return UINT8_MAX + 1;
    unsigned whole = (unsigned)least;
    return whole + ((double)whole < least);
}

/* Some impacts by which the best are found. */
struct sample {
    const uint8_t *impacts;
    size_t count;
};

static struct sample take_sample(const struct word *w, size_t keep)
{
    uint8_t *most = w->most;
    size_t count = w->rows * 16;

    if (w->count <= FEW)
        return (struct sample){w->impacts, (w->count + 15) / 16 * 16};
    while (count / 16 >= 8 * keep) {
        size_t rows = count / IMPACT_ROW; /* a few fewer do as well */
        impacts_fold(most + count, most, rows);
        most += count;
        count = rows * 16;
    }
    return (struct sample){most, count};
}

/* A score that the bounds of as many as are kept reach, and about the highest; 0: they are fewer. */
static double choose(const struct single *x, struct sample *samples)
{
    size_t keep = x->b->l.ask->keep;
    unsigned best = 0;

    for (size_t i = 0; i < x->word_count; i++)
        samples[i] = take_sample(&x->words[i], keep);
    for (unsigned bit = 128; bit > 0; bit /= 2) {
        size_t n = 0;
        for (size_t i = 0; i < x->word_count && n < keep; i++) {
            unsigned least = least_of(&x->words[i], (double)(best | bit) / x->words[0].scale);
            if (least <= UINT8_MAX)
                n += impacts_count(samples[i].impacts, samples[i].count, (uint8_t)least);
        }
        best |= n >= keep ? bit : 0;
    }
    return (double)best / x->words[0].scale;
}

/* ---- seeing ----------------------------------------------------------------------------------- */

/* Finds out which posting it is; the next steps find it fetched. */
static void find_posting(struct chosen *p)
{
    struct list *l = p->of->list;

    if (l->dense)
        p->at = list_number(l, p->doc);
    if (p->at < l->n)
        list_fetch(l, p->at / PACK_BLOCK);
}

/* What only a damaged list does not have is no document. */
static void read_posting(struct chosen *p)
{
    struct list *l = p->of->list;

    if (p->at >= l->n) {
        p->doc = UINT32_MAX;
        return;
    }
    if (!l->dense) {
        list_block(l, p->at / PACK_BLOCK);
        p->doc = l->doc[p->at % PACK_BLOCK];
    }
    struct list_count count = list_count_of(l, p->at);
    p->tf = (struct phrase_tf){count.title, count.body};
}

/* A document of the part at hand, whose counts are known. */
static sx_status see_counted(struct bm_search *b, uint32_t doc, struct phrase_tf tf)
{
    const struct bm_ask *ask = b->l.ask;

    if (!scan_sees(b, doc))
        return SX_OK;
    ask->tf[0] = leaves_in_field(tf, ask->leaves[0].field);
    sx_status rc = ask->see(ask->ctx, b->l.part->s->first + doc);
    return rc == SX_OK ? ask->look_up(ask->ctx, SEARCH_WORK_SEEN) : rc;
}

static sx_status see(struct single *x, const struct chosen *p)
{
    if (x->b->l.part != p->of->part)
        leaves_move(&x->b->l, p->of->part, NO_RANGE);
    return p->of->list == NULL ? scan_see(x->b, p->doc) : see_counted(x->b, p->doc, p->tf);
}

/* Drops what cannot reach the floor any more; the others are found, the best first. */
static size_t sort_batch(struct single *x, struct chosen *order[BATCH])
{
    const struct bm_ask *ask = x->b->l.ask;
    double floor = ask->floor(ask->ctx);
    size_t n = 0;

    for (size_t i = 0; i < x->found; i++) {
        struct chosen *p = &x->batch[i];
        size_t at = n;
        if (p->impact < least_of(p->of, floor))
            continue;
        for (n++; at > 0 && order[at - 1]->bound < p->bound; at--)
            order[at] = order[at - 1];
        order[at] = p;
        if (p->of->list != NULL)
            find_posting(p);
    }
    return n;
}

/* Sees what was found. */
static sx_status see_batch(struct single *x)
{
    const struct bm_ask *ask = x->b->l.ask;
    struct chosen *order[BATCH];
    size_t n = sort_batch(x, order);
    sx_status rc = SX_OK;

    x->found = 0;
    for (size_t i = 0; i < n; i++) {
        struct chosen *p = order[i];
        if (p->of->list != NULL)
            read_posting(p);
        else
            p->doc = p->of->src->flat[p->at];
        ask->expect(ask->ctx, p->of->part->s->first + p->doc);
    }
    for (size_t i = 0; i < n && rc == SX_OK; i++) {
        const struct chosen *p = order[i];
        if (p->doc < p->of->part->below && p->impact >= least_of(p->of, ask->floor(ask->ctx)))
            rc = see(x, p);
    }
    return rc;
}

/* Impacts from `least` to `most` are looked for. */
struct window {
    unsigned least, most;
};

/* Of 64 side by side. */
static sx_status find_some(struct single *x, struct word *w, const uint8_t *impacts, size_t first,
                           struct window win)
{
    uint64_t found = impacts_from(impacts, (uint8_t)win.least);
    sx_status rc = SX_OK;

    if (win.most < UINT8_MAX)
        found &= ~impacts_from(impacts, (uint8_t)(win.most + 1));
    for (; found != 0 && rc == SX_OK; found &= found - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(found), at = (uint32_t)first + i;
        x->batch[x->found++] = (struct chosen){.of = w,
                                               .at = at,
                                               .doc = at,
                                               .bound = (float)(impacts[i] / w->scale),
                                               .impact = impacts[i]};
        if (x->found == BATCH)
            rc = see_batch(x);
    }
    return rc;
}

/* The stretches of a dense list are fetched before they are looked at. */
static sx_status find_in_stretches(struct single *x, struct word *w, const uint8_t *most,
                                   size_t first, struct window win)
{
    uint64_t reach = impacts_from(most, (uint8_t)win.least);
    sx_status rc = SX_OK;

    for (uint64_t left = reach; left != 0; left &= left - 1)
        impacts_fetch(w->list->each + (first + (size_t)__builtin_ctzll(left)) * STRETCH_DOCS);
    for (; reach != 0 && rc == SX_OK; reach &= reach - 1) {
        size_t doc = (first + (size_t)__builtin_ctzll(reach)) * STRETCH_DOCS;
        rc = find_some(x, w, w->list->each + doc, doc, win);
    }
    return rc;
}

static sx_status find_in_row(struct single *x, struct word *w, size_t row, struct window win)
{
    const uint8_t *impacts = row + 1 < w->rows ? w->impacts + row * IMPACT_ROW : w->last;
    bool dense = w->list != NULL && w->list->dense;
    sx_status rc = SX_OK;

    for (size_t i = 0; i < IMPACT_ROW && rc == SX_OK; i += 64) {
        size_t first = row * IMPACT_ROW + i;
        rc = dense ? find_in_stretches(x, w, impacts + i, first, win)
                   : find_some(x, w, impacts + i, first, win);
    }
    return rc;
}

/* Sees what may score so much, unless it may score as much as what was seen before. */
static sx_status see_from(struct single *x, double score, double before)
{
    const struct bm_ask *ask = x->b->l.ask;
    sx_status rc = SX_OK;

    for (size_t i = 0; i < x->word_count && rc == SX_OK; i++) {
        struct word *w = &x->words[i];
        struct window win = {least_of(w, score), least_of(w, before) - 1};
        for (size_t row = 0; win.least <= win.most && row < w->rows && rc == SX_OK; row++)
            if (impacts_any_from(w->most + row * 16, (uint8_t)win.least))
                rc = find_in_row(x, w, row, win);
        if (rc == SX_OK)
            rc = ask->look_up(ask->ctx, SEARCH_WORK_RANGE + w->rows);
    }
    return rc == SX_OK ? see_batch(x) : rc;
}

/* ---- few -------------------------------------------------------------------------------------- */

static bool are_few(const struct leaves *l)
{
    uint64_t n = 0;

    for (size_t i = 0; i < l->part_count; i++)
        n += l->parts[i].sources[0].n;
    return n <= SEEN_ALL;
}

static sx_status see_all_of(struct bm_search *b, struct part *p)
{
    const struct bm_ask *ask = b->l.ask;
    struct source *src = &p->sources[0];
    struct list *l = source_list(src);
    const uint32_t *docs = src->flat;
    size_t n = src->flat_count;
    sx_status rc = SX_OK;

    leaves_move(&b->l, p, NO_RANGE);
    if (l != NULL) {
        list_block(l, 0);
        list_counts(l);
        docs = l->doc;
        n = l->count;
    }
    for (size_t i = 0; i < n; i++)
        ask->expect(ask->ctx, p->s->first + docs[i]);
    for (size_t i = 0; i < n && rc == SX_OK; i++)
        if (docs[i] < p->below)
            rc = l != NULL ? see_counted(b, docs[i], (struct phrase_tf){l->title[i], l->body[i]})
                           : scan_see(b, docs[i]);
    return rc;
}

static sx_status see_all(struct bm_search *b)
{
    sx_status rc = SX_OK;

    for (size_t i = 0; i < b->l.part_count && rc == SX_OK; i++)
        if (b->l.parts[i].sources[0].n > 0)
            rc = see_all_of(b, &b->l.parts[i]);
    return rc;
}

sx_status single_see(struct bm_search *b, const struct bm_clause *clauses, size_t count, bool *done,
                     bool *pruned)
{
    const struct bm_ask *ask = b->l.ask;
    struct single x;

    *done = is_single(b, clauses, count);
    if (!*done)
        return SX_OK;
    *pruned = !are_few(&b->l);
    if (!*pruned)
        return see_all(b);
    x.b = b;
    b->l.part = NULL;
    struct sample *samples = pool_array(b->l.mem, b->l.part_count + 1, sizeof(*samples));
    if (samples == NULL || open_words(&x) != 0)
        return SX_ENOMEM;
    double floor = ask->floor(ask->ctx), best = x.word_count == 0 ? 0 : choose(&x, samples);
    double seen = best > floor ? best : floor;
    sx_status rc = see_from(&x, seen, HUGE_VAL);
    /* Where what was chosen is deleted, or scores less by now, it takes more to fill the list. */
    floor = ask->floor(ask->ctx);
    if (rc == SX_OK && floor < seen)
        rc = see_from(&x, floor, seen);
    *pruned = ask->floor(ask->ctx) >= 0;
    return rc;
}
