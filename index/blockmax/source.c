/* Opening a source: frequent terms stay lists; what is rare is read at once, as is everything when it is many
 * terms; what is asked for again is kept as one. */
#include "index/blockmax/source.h"

#include <math.h>
#include <stdlib.h>

#include "index/base/str.h"
#include "index/blockmax/impacts.h"
#include "index/rank/score.h"

/* More lists than this are read whole, frequent or not: each costs something in every range. */
#define BIG_MAX 8

/* Of a range so many postings are sorted one by one. */
#define FEW 24

/* All bits of the number of a list that is read whole: more lists have more terms than a search may. */
#define READ_LISTS 0xffffffU

/* Of several terms with at least one posting in so many documents the impacts together may be kept. */
#define UNITED_DOCS 64

/* Bytes that a posting takes while it is read whole. */
#define READ_BYTES 37

/* Takes `bytes` of what a search may take; false: that is too much. */
static bool take_memory(uint64_t *left, uint64_t bytes)
{
    *left -= bytes < *left ? bytes : *left;
    return *left > 0;
}

static sx_status fail_too_much(struct sx_error *err)
{
    return sx_fail(err, SX_ENOMEM, "the words stand for too many postings");
}

/* ---- opening ---------------------------------------------------------------------------------- */

struct entries {
    struct term_entry *list;
    size_t count, cap;
    struct pool *mem;
    struct memo *memo;
};

static bool add_entry(struct entries *e, const struct term_entry *entry)
{
    if (e->count == e->cap) {
        size_t cap = e->cap == 0 ? 8 : e->cap * 2;
        struct term_entry *grown = pool_array(e->mem, cap, sizeof(*grown));
        if (grown == NULL)
            return false;
        if (e->count > 0)
            memcpy(grown, e->list, e->count * sizeof(*grown));
        e->list = grown;
        e->cap = cap;
    }
    e->list[e->count++] = *entry;
    return true;
}

static sx_status add_term(struct entries *e, struct segment *s, struct sx_str term, bool prefix,
                          struct sx_error *err)
{
    struct term_walk w;
    struct term_entry entry;
    bool found, whole;

    if (!prefix) {
        if (!memo_find(e->memo, s, term, &entry, &found))
            return segment_fail(err);
        return !found || add_entry(e, &entry) ? SX_OK : sx_fail_oom(err);
    }
    for (whole = term_walk_begin(&w, s, term);
         whole && !w.end && str_begins(term_walk_term(&w), term); whole = term_walk_next(&w))
        if (!add_entry(e, &w.entry))
            return sx_fail_oom(err);
    return whole ? SX_OK : segment_fail(err);
}

static int by_list(const void *a, const void *b)
{
    const struct term_entry *x = a, *y = b;

    return (x->list > y->list) - (x->list < y->list);
}

static void drop_doubles(struct entries *e)
{
    size_t kept = 0;

    if (e->count < 2)
        return;
    qsort(e->list, e->count, sizeof(*e->list), by_list);
    for (size_t i = 0; i < e->count; i++)
        if (kept == 0 || e->list[kept - 1].list != e->list[i].list)
            e->list[kept++] = e->list[i];
    e->count = kept;
}

static uint8_t impact_of(const struct segment *s, uint32_t doc, uint32_t title, uint32_t body)
{
    double len = score_combined(segment_title_length(s, doc), segment_body_length(s, doc));
    double tf = score_combined(title, body);
    double impact =
        ceil(tf / (tf + SCORE_K1 * score_length_norm(len, s->average)) * (double)IMPACT_ONE);

    return impact < (double)IMPACT_ONE ? (uint8_t)impact : UINT8_MAX;
}

/* Where each range begins, from counts in first[range + 1]. */
static void add_up(uint32_t *first, uint32_t ranges)
{
    for (uint32_t r = 1; r <= ranges; r++)
        first[r] += first[r - 1];
}

/* One list is opened; its documents are read when something asks for them all. */
static sx_status open_one(struct source *src, struct pool *mem, uint64_t *left,
                          struct sx_error *err)
{
    struct list *l = pool_array(mem, 1, sizeof(*l));

    if (!take_memory(left, (uint64_t)src->small->n * READ_BYTES))
        return fail_too_much(err);
    if (l == NULL)
        return sx_fail_oom(err);
    if (!list_open(l, src->s, src->small))
        return segment_fail(err);
    src->one = l;
    return SX_OK;
}

const uint8_t *source_impacts(struct source *src, struct list *l, struct pool *mem)
{
    uint8_t *impacts;

    if (l->each != NULL)
        return l->each;
    impacts = pool_array(mem, l->n, 1);
    if (impacts == NULL)
        return NULL;
    list_block(l, 0); /* there is one */
    list_counts(l);
    for (uint32_t i = 0; i < l->count; i++)
        __builtin_prefetch(segment_lengths(src->s, l->doc[i]));
    for (uint32_t i = 0; i < l->count; i++)
        impacts[i] = impact_of(src->s, l->doc[i], l->title[i], l->body[i]);
    return impacts;
}

int source_ready(struct source *src, struct pool *mem)
{
    struct list *l = src->one;
    uint32_t ranges = src->s->ranges;

    if (l == NULL || src->flat != NULL || src->united != NULL)
        return 0;
    src->flat = pool_array(mem, (size_t)l->blocks * PACK_BLOCK, sizeof(*src->flat));
    src->flat_first = pool_array(mem, (size_t)ranges + 1, sizeof(*src->flat_first));
    src->flat_impacts = source_impacts(src, l, mem);
    if (src->flat == NULL || src->flat_first == NULL || src->flat_impacts == NULL)
        return -1;
    for (uint32_t b = 0; b < l->blocks; b++) {
        list_block(l, b);
        memcpy(src->flat + src->flat_count, l->doc, sizeof(l->doc));
        src->flat_count += l->count;
    }
    memset(src->flat_first, 0, ((size_t)ranges + 1) * sizeof(*src->flat_first));
    for (size_t i = 0; i < src->flat_count; i++)
        src->flat_first[(src->flat[i] >> RANGE_BITS) + 1]++;
    add_up(src->flat_first, ranges);
    return 0;
}

/* Sort the postings of a range by document; `room` is for as many. */
static void sort_few(struct read_posting *p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct read_posting one = p[i];
        size_t at = i;
        for (; at > 0 && p[at - 1].doc > one.doc; at--)
            p[at] = p[at - 1];
        p[at] = one;
    }
}

static void sort_many(struct read_posting *p, size_t n, struct read_posting *room)
{
    uint32_t first[RANGE_DOCS + 1] = {0};

    for (size_t i = 0; i < n; i++)
        first[p[i].doc % RANGE_DOCS + 1]++;
    for (uint32_t doc = 0; doc < RANGE_DOCS; doc++)
        first[doc + 1] += first[doc];
    for (size_t i = 0; i < n; i++)
        room[first[p[i].doc % RANGE_DOCS]++] = p[i];
    memcpy(p, room, n * sizeof(*p));
}

/* All postings of the small lists, by range, then by document. */
static sx_status read_small(struct source *src, uint64_t n, struct pool *mem, struct sx_error *err)
{
    uint32_t ranges = src->s->ranges;
    struct list *l = pool_array(mem, 1, sizeof(*l));
    struct read_posting *all = pool_array(mem, n + 1, sizeof(*all));
    struct read_posting *sorted = pool_array(mem, n + 1, sizeof(*sorted));
    uint32_t *first = pool_array(mem, (size_t)ranges + 2, sizeof(*first));

    if (l == NULL || all == NULL || sorted == NULL || first == NULL)
        return sx_fail_oom(err);
    memset(first, 0, ((size_t)ranges + 2) * sizeof(*first));
    n = 0;
    for (size_t i = 0; i < src->small_count; i++) {
        if (!list_open(l, src->s, &src->small[i]))
            return segment_fail(err);
        for (uint32_t b = 0; b < l->blocks; b++) {
            list_block(l, b);
            list_counts(l);
            for (uint32_t k = 0; l->each == NULL && k < l->count; k++)
                __builtin_prefetch(segment_lengths(src->s, l->doc[k])); /* for the impact */
            for (uint32_t k = 0; k < l->count; k++) {
                all[n++] = (struct read_posting){.doc = l->doc[k],
                                                 .list = (uint32_t)i & READ_LISTS,
                                                 .title = l->title[k],
                                                 .body = l->body[k],
                                                 .impact = list_impact(l, k)};
                first[(l->doc[k] >> RANGE_BITS) + 2]++;
            }
        }
    }
    add_up(first + 1, ranges);
    for (uint64_t i = 0; i < n; i++)
        sorted[first[(all[i].doc >> RANGE_BITS) + 1]++] = all[i];
    for (uint32_t r = 0; r < ranges; r++) {
        if (first[r + 1] - first[r] <= FEW)
            sort_few(sorted + first[r], first[r + 1] - first[r]);
        else
            sort_many(sorted + first[r], first[r + 1] - first[r], all);
    }
    src->read = sorted;
    src->read_first = first;
    return SX_OK;
}

/* Lists the documents of sorted postings, each once. */
static void flatten_range(struct source *src, const struct read_posting *p, size_t n,
                          uint8_t *impacts)
{
    for (size_t i = 0; i < n;) {
        uint32_t doc = p[i].doc, impact = p[i].impact, title = p[i].title, body = p[i].body;
        for (i++; i < n && p[i].doc == doc; i++) {
            title += p[i].title;
            body += p[i].body;
            impact = 0;
        }
        src->flat[src->flat_count] = doc;
        impacts[src->flat_count++] =
            impact > 0 ? (uint8_t)impact : impact_of(src->s, doc, title, body);
    }
}

/* Lists the documents of all that is read. */
static sx_status flatten(struct source *src, struct pool *mem, struct sx_error *err)
{
    uint32_t ranges = src->s->ranges;
    size_t count = (size_t)src->read_first[ranges] + 1;
    uint8_t *impacts = pool_array(mem, count, 1);

    src->flat = pool_array(mem, count, sizeof(*src->flat));
    src->flat_impacts = impacts;
    src->flat_first = pool_array(mem, (size_t)ranges + 1, sizeof(*src->flat_first));
    if (src->flat == NULL || impacts == NULL || src->flat_first == NULL)
        return sx_fail_oom(err);
    for (uint32_t r = 0; r < ranges; r++) {
        uint32_t from = src->read_first[r];
        src->flat_first[r] = (uint32_t)src->flat_count;
        flatten_range(src, src->read + from, src->read_first[r + 1] - from, impacts);
    }
    src->flat_first[ranges] = (uint32_t)src->flat_count;
    return SX_OK;
}

static sx_status read_whole(struct source *src, struct pool *mem, uint64_t *left,
                            struct sx_error *err)
{
    uint64_t n = 0;

    for (size_t i = 0; i < src->small_count; i++)
        n += src->small[i].n;
    if (!take_memory(left, n * READ_BYTES))
        return fail_too_much(err);
    sx_status rc = read_small(src, n, mem, err);
    return rc == SX_OK ? flatten(src, mem, err) : rc;
}

/* Lists that are read where they are needed: those that are frequent, unless they are many. */
static size_t count_big(const struct source *src, const struct entries *e)
{
    size_t big = 0;

    for (size_t i = 0; i < e->count; i++)
        big += list_has_stretches(e->list[i].n, src->s->ranges) != 0;
    return big > BIG_MAX ? 0 : big;
}

static bool is_read(const struct source *src, const struct term_entry *e, size_t big)
{
    return big == 0 || !list_has_stretches(e->n, src->s->ranges);
}

static sx_status open_lists(struct source *src, struct entries *e, size_t big, struct pool *mem,
                            uint64_t *left, struct sx_error *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < e->count; i++)
        src->shared = src->shared || (e->count > 1 && (e->list[i].flags & TERM_BESIDE));
    if (!take_memory(left, big * sizeof(*src->big)))
        return fail_too_much(err);
    src->big = pool_array(mem, big, sizeof(*src->big));
    if (src->big == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < e->count; i++) {
        if (is_read(src, &e->list[i], big))
            e->list[kept++] = e->list[i];
        else if (!list_open(&src->big[src->big_count++], src->s, &e->list[i]))
            return segment_fail(err);
    }
    src->small = e->list;
    src->small_count = kept;
    if (kept == 1)
        return open_one(src, mem, left, err);
    if (kept > 0 && src->united == NULL)
        return read_whole(src, mem, left, err);
    if (kept > 0) {
        src->read = src->united->read;
        src->read_first = src->united->read_first;
    }
    return SX_OK;
}

/* Joins the impacts of all ranges. -1: memory ran out. */
static int join_all(struct source *src, struct pool *mem, struct united *out)
{
    uint32_t ranges = src->s->ranges;
    size_t stretches = (size_t)ranges * RANGE_STRETCHES;
    uint8_t *most = pool_array(mem, stretches, 1);
    struct slot all;

    if (most == NULL || !slot_init(&all, ranges, mem) || source_ready(src, mem) != 0)
        return -1;
    source_load(src, 0, ranges, NULL, &all);
    memset(most, 0, stretches);
    for (size_t i = 0; i < stretches * STRETCH_DOCS; i++)
        if (all.impacts[i] > most[i / STRETCH_DOCS])
            most[i / STRETCH_DOCS] = all.impacts[i];
    *out = (struct united){all.impacts, most, src->read, src->read_first};
    return 0;
}

/* Makes what is kept of its terms together. It takes no part of what the search may take: without it the
 * search would go as well. */
static sx_status unite(struct source *src, struct united_key key, struct pool *mem,
                       struct sx_error *err)
{
    struct united made;

    if (join_all(src, mem, &made) != 0)
        return sx_fail_oom(err);
    src->united = unions_add(src->s->unions, key, &made);
    return SX_OK;
}

/* Opens their lists, or finds them as one. */
static sx_status open_entries(struct source *src, struct entries *e, struct pool *mem,
                              struct source_room *room, struct sx_error *err)
{
    struct united_key key = {.count = e->count};
    size_t big = count_big(src, e);
    bool wanted = false;

    for (size_t i = 0; i < e->count; i++) {
        src->n += e->list[i].n;
        key.read += is_read(src, &e->list[i], big) ? e->list[i].n : 0;
    }
    if (e->count > 1 && src->s->unions != NULL &&
        src->n >= (src->s->next - src->s->first) / UNITED_DOCS) {
        uint64_t *lists = pool_array(mem, e->count, sizeof(*lists));
        if (lists == NULL)
            return sx_fail_oom(err);
        for (size_t i = 0; i < e->count; i++)
            lists[i] = e->list[i].list;
        key.lists = lists;
        key.postings = src->n;
        key.read = e->count - big > 1 ? key.read : 0;
        src->united = unions_get(src->s->unions, key, &wanted);
    }
    sx_status rc =
        open_lists(src, e, big, mem, &room->left, err); /* which takes the entries apart */
    if (rc != SX_OK || !wanted || !room->unites)
        return rc;
    room->unites = false;
    return unite(src, key, mem, err);
}

sx_status source_open(struct source *src, struct segment *s, const struct source_terms *sets,
                      size_t set_count, struct pool *mem, struct source_room *room,
                      struct sx_error *err)
{
    struct entries e = {.mem = mem, .memo = room->memo};
    sx_status rc = SX_OK;
    size_t terms = 0;

    memset(src, 0, sizeof(*src));
    src->s = s;
    for (size_t i = 0; i < set_count; i++) {
        for (size_t k = 0; k < sets[i].count && rc == SX_OK; k++)
            rc = add_term(&e, s, sets[i].terms[k], sets[i].prefix, err);
        terms += sets[i].count;
    }
    if (terms > 1)
        drop_doubles(&e);
    return rc == SX_OK && e.count > 0 ? open_entries(src, &e, mem, room, err) : rc;
}

void source_close(struct source *src)
{
    if (src->united != NULL)
        unions_put(src->s->unions, src->united);
    src->united = NULL;
}

/* ---- impacts ---------------------------------------------------------------------------------- */

const uint8_t *source_stretches(struct source *src, struct pool *mem, uint64_t *left)
{
    size_t count = (size_t)src->s->ranges * RANGE_STRETCHES;

    if (src->united != NULL)
        return src->united->stretches;
    if (source_ready(src, mem) != 0)
        return NULL;
    if (src->big_count == 1 && src->flat_count == 0)
        return src->big->stretches;
    uint8_t *most = take_memory(left, count) ? pool_array(mem, count, 1) : NULL;
    if (most == NULL)
        return NULL;
    memset(most, 0, count);
    for (size_t i = 0; i < src->flat_count; i++) {
        uint8_t *here = &most[src->flat[i] / STRETCH_DOCS];
        *here = src->flat_impacts[i] > *here ? src->flat_impacts[i] : *here;
    }
    for (size_t i = 0; i < src->big_count; i++)
        impacts_join(most, src->big[i].stretches, count);
    return most;
}
