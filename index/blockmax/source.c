/* Frequent terms stay lists, of which the blocks of a range are decoded; what is rare is read at
 * once, as is everything when it is many terms. */
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

/* Where fewer are left than one in so many postings, each is looked up. */
#define SOUGHT 8

/* Bytes that a posting takes while it is read whole. */
#define READ_BYTES 45

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
        if (!segment_find(s, term, &entry, &found))
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
static sx_status open_one(struct source *src, struct pool *mem, struct sx_error *err)
{
    struct list *l = pool_array(mem, 1, sizeof(*l));

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

    if (l == NULL || src->flat != NULL)
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

/* All postings of the small lists, sorted by range. */
static sx_status read_small(struct source *src, uint64_t n, struct pool *mem, struct sx_error *err)
{
    uint32_t ranges = src->s->ranges;
    struct list *l = pool_array(mem, 1, sizeof(*l));
    struct read_posting *all = pool_array(mem, n + 1, sizeof(*all));

    src->read = pool_array(mem, n + 1, sizeof(*src->read));
    src->read_first = pool_array(mem, (size_t)ranges + 2, sizeof(*src->read_first));
    if (l == NULL || all == NULL || src->read == NULL || src->read_first == NULL)
        return sx_fail_oom(err);
    memset(src->read_first, 0, ((size_t)ranges + 2) * sizeof(*src->read_first));
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
                src->read_first[(l->doc[k] >> RANGE_BITS) + 2]++;
            }
        }
    }
    add_up(src->read_first + 1, ranges);
    for (uint64_t i = 0; i < n; i++)
        src->read[src->read_first[(all[i].doc >> RANGE_BITS) + 1]++] = all[i];
    return SX_OK;
}

/* Counts by document of a range, and the impact of the posting that has them, if that is one. */
struct tally {
    uint64_t bits[RANGE_WORDS];
    struct phrase_tf tf[RANGE_DOCS];
    uint8_t impacts[RANGE_DOCS];
};

/* The next document. */
static void put_flat(struct source *src, uint32_t doc, struct phrase_tf tf, uint32_t impact,
                     uint8_t *impacts)
{
    src->flat[src->flat_count] = doc;
    src->flat_tf[src->flat_count] = tf;
    impacts[src->flat_count++] =
        impact > 0 ? (uint8_t)impact : impact_of(src->s, doc, tf.title, tf.body);
}

/* The postings of one document are added up. */
static void flatten_many(struct source *src, uint32_t range, struct tally *room, uint8_t *impacts)
{
    const struct read_posting *p = src->read + src->read_first[range];
    const struct read_posting *end = src->read + src->read_first[range + 1];

    memset(room->bits, 0, sizeof(room->bits));
    for (; p < end; p++) {
        uint32_t doc = p->doc & (RANGE_DOCS - 1);
        struct phrase_tf *tf = &room->tf[doc];
        bool first = !has_document(room->bits, doc);
        if (first)
            *tf = (struct phrase_tf){0, 0};
        room->impacts[doc] = first ? (uint8_t)p->impact : 0;
        set_document(room->bits, doc);
        tf->title += p->title;
        tf->body += p->body;
    }
    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        for (uint64_t left = room->bits[w]; left != 0; left &= left - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(left);
            put_flat(src, (range << RANGE_BITS) + doc, room->tf[doc], room->impacts[doc], impacts);
        }
    }
}

/* The same of a few, which are sorted. */
static void flatten_few(struct source *src, uint32_t range, uint8_t *impacts)
{
    struct read_posting *p = src->read + src->read_first[range];
    size_t n = src->read_first[range + 1] - src->read_first[range];

    for (size_t i = 1; i < n; i++) {
        struct read_posting one = p[i];
        size_t at = i;
        for (; at > 0 && p[at - 1].doc > one.doc; at--)
            p[at] = p[at - 1];
        p[at] = one;
    }
    for (size_t i = 0; i < n;) {
        uint32_t doc = p[i].doc, impact = p[i].impact;
        struct phrase_tf tf = {p[i].title, p[i].body};
        for (i++; i < n && p[i].doc == doc; i++) {
            tf.title += p[i].title;
            tf.body += p[i].body;
            impact = 0;
        }
        put_flat(src, doc, tf, impact, impacts);
    }
}

static sx_status flatten(struct source *src, struct pool *mem, struct sx_error *err)
{
    uint32_t ranges = src->s->ranges;
    struct tally *room = pool_array(mem, 1, sizeof(*room));

    size_t count = (size_t)src->read_first[ranges] + 1;
    uint8_t *impacts = pool_array(mem, count, 1);
    src->flat = pool_array(mem, count, sizeof(*src->flat));
    src->flat_tf = pool_array(mem, count, sizeof(*src->flat_tf));
    src->flat_impacts = impacts;
    src->flat_first = pool_array(mem, (size_t)ranges + 1, sizeof(*src->flat_first));
    if (room == NULL || src->flat == NULL || src->flat_tf == NULL || impacts == NULL ||
        src->flat_first == NULL)
        return sx_fail_oom(err);
    for (uint32_t r = 0; r < ranges; r++) {
        src->flat_first[r] = (uint32_t)src->flat_count;
        if (src->read_first[r + 1] - src->read_first[r] <= FEW)
            flatten_few(src, r, impacts);
        else
            flatten_many(src, r, room, impacts);
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
    if (src->small_count == 1)
        return open_one(src, mem, err);
    sx_status rc = read_small(src, n, mem, err);
    return rc == SX_OK ? flatten(src, mem, err) : rc;
}

static sx_status open_lists(struct source *src, struct entries *e, struct pool *mem, uint64_t *left,
                            struct sx_error *err)
{
    size_t big = 0, kept = 0;

    for (size_t i = 0; i < e->count; i++) {
        big += list_has_stretches(e->list[i].n, src->s->ranges) != 0;
        src->n += e->list[i].n;
        src->shared = src->shared || (e->count > 1 && (e->list[i].flags & TERM_BESIDE));
    }
    if (big > BIG_MAX)
        big = 0;
    if (!take_memory(left, big * sizeof(*src->big)))
        return fail_too_much(err);
    src->big = pool_array(mem, big, sizeof(*src->big));
    if (src->big == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < e->count; i++) {
        if (big == 0 || !list_has_stretches(e->list[i].n, src->s->ranges))
            e->list[kept++] = e->list[i];
        else if (!list_open(&src->big[src->big_count++], src->s, &e->list[i]))
            return segment_fail(err);
    }
    src->small = e->list;
    src->small_count = kept;
    return kept == 0 ? SX_OK : read_whole(src, mem, left, err);
}

sx_status source_open(struct source *src, struct segment *s, const struct source_terms *sets,
                      size_t set_count, struct pool *mem, uint64_t *left, struct sx_error *err)
{
    struct entries e = {.mem = mem};
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
    return rc == SX_OK && e.count > 0 ? open_lists(src, &e, mem, left, err) : rc;
}

/* ---- impacts ---------------------------------------------------------------------------------- */

const uint8_t *source_stretches(struct source *src, struct pool *mem, uint64_t *left)
{
    size_t count = (size_t)src->s->ranges * RANGE_STRETCHES;

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

/* ---- ranges ----------------------------------------------------------------------------------- */

bool slot_init(struct slot *s, uint32_t ranges, struct pool *mem)
{
    size_t docs = (size_t)ranges << RANGE_BITS;

    *s = (struct slot){.impacts = pool_array(mem, docs, 1), .docs = docs};
    if (s->impacts == NULL)
        return false;
    memset(s->impacts, 0, docs);
    return true;
}

void slot_clear(struct slot *s)
{
    if (s->used)
        memset(s->impacts, 0, s->docs);
    s->used = false;
}

void slot_join(struct slot *s, uint32_t doc, uint8_t impact)
{
    s->impacts[doc] = impact_join(s->impacts[doc], impact); /* where none is, it is the other */
    s->used = true;
}

/* Documents [from, to) of the segment, of which those matter that are in some stretches. */
struct span {
    uint32_t from, to;
    const uint64_t *stretches; /* by bit from `from` on; NULL: all */
};

static void load_dense(const struct list *l, struct span span, uint32_t low, struct slot *room)
{
    const uint8_t *each = l->each + span.from;
    uint8_t *to = room->impacts + (span.from - low);
    bool alone = !room->used;

    for (size_t i = 0; i < (span.to - span.from) / STRETCH_DOCS; i++) {
        size_t at = i * STRETCH_DOCS;
        if (span.stretches != NULL && !(span.stretches[i / 64] >> (i % 64) & 1))
            continue;
        if (alone)
            memcpy(to + at, each + at, STRETCH_DOCS);
        else
            impacts_join(to + at, each + at, STRETCH_DOCS);
    }
    room->used = true;
}

/* Where nothing else is, a posting takes no look at what is there. */
static void load_list(struct list *l, struct span span, uint32_t low, struct slot *room)
{
    uint32_t from, to;
    bool more = true, alone = !room->used;

    for (uint32_t b = list_block_ahead(l, span.from); more && b < l->blocks; b++) {
        list_block(l, b);
        more = list_part(l, span.from, span.to, &from, &to);
        const uint8_t *each = l->each + (size_t)b * PACK_BLOCK;
        for (uint32_t i = from; !alone && i < to; i++)
            slot_join(room, l->doc[i] - low, each[i]);
        for (uint32_t i = from; alone && i < to; i++)
            room->impacts[l->doc[i] - low] = each[i];
    }
    room->used = true;
}

struct list *source_list(const struct source *src)
{
    if (src->small_count == 0)
        return src->big_count == 1 ? src->big : NULL;
    return src->big_count == 0 ? src->one : NULL;
}

struct list *source_listed(const struct source *src)
{
    struct list *l = source_list(src);

    return l != NULL && l->each != NULL && !l->dense ? l : NULL;
}

bool source_is_sought(const struct source *src, uint32_t ranges, uint32_t docs)
{
    return src->n * ranges / src->s->ranges / SOUGHT > docs;
}

const uint8_t *source_dense(const struct source *src)
{
    const struct list *l = source_list(src);

    return l != NULL && l->dense ? l->each : NULL;
}

unsigned source_rounding(const struct source *src)
{
    size_t lists = src->big_count + (src->small_count > 0);

    return src->shared ? 0 : lists == 0 ? 1 : 2 * (unsigned)lists - 1;
}

/* Of the postings that are read, those of the ranges of the span; a few more do no harm. */
static void load_read(const struct source *src, struct span span, uint32_t low, struct slot *room)
{
    uint32_t end = src->flat_first[(span.to + RANGE_DOCS - 1) >> RANGE_BITS];

    for (uint32_t i = src->flat_first[span.from >> RANGE_BITS]; i < end; i++)
        slot_join(room, src->flat[i] - low, src->flat_impacts[i]);
}

static const uint8_t *load_part(struct source *src, struct span span, uint32_t low,
                                struct slot *room)
{
    const uint8_t *dense = source_dense(src);

    if (dense != NULL)
        return dense + low;
    slot_clear(room);
    for (size_t i = 0; i < src->big_count; i++)
        if (src->big[i].dense)
            load_dense(&src->big[i], span, low, room);
    for (size_t i = 0; i < src->big_count; i++)
        if (!src->big[i].dense)
            load_list(&src->big[i], span, low, room);
    if (src->flat_count > 0)
        load_read(src, span, low, room);
    return room->impacts;
}

const uint8_t *source_load(struct source *src, uint32_t range, uint32_t ranges,
                           const uint64_t *stretches, struct slot *room)
{
    uint32_t end = range + ranges < src->s->ranges ? range + ranges : src->s->ranges;
    struct span span = {range << RANGE_BITS, end << RANGE_BITS, stretches};

    return load_part(src, span, span.from, room);
}

const uint8_t *source_load_some(struct source *src, uint32_t range, uint32_t stretches,
                                struct slot *room)
{
    uint32_t low = range << RANGE_BITS;
    uint32_t first = (uint32_t)__builtin_ctz(stretches);
    uint32_t behind = 32 - (uint32_t)__builtin_clz(stretches);
    struct span span = {low + first * STRETCH_DOCS, low + behind * STRETCH_DOCS, NULL};

    return load_part(src, span, low, room);
}

/* Where a document is among those that are read; flat_count: it is not. */
static size_t find_read(const struct source *src, uint32_t doc)
{
    uint32_t range = doc >> RANGE_BITS;

    if (src->flat_count == 0)
        return 0;
    size_t low = src->flat_first[range], end = src->flat_first[range + 1], high = end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (src->flat[middle] < doc)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && src->flat[low] == doc ? low : src->flat_count;
}

static void add_count(struct list *l, uint32_t doc, struct phrase_tf *tf)
{
    uint32_t number = list_number(l, doc);

    if (number == NO_POSTING)
        return;
    struct list_count count = list_count_of(l, number);
    tf->title += count.title;
    tf->body += count.body;
}

struct phrase_tf source_count(struct source *src, uint32_t doc)
{
    struct phrase_tf tf = {0, 0};
    size_t at = src->flat_tf == NULL ? src->flat_count : find_read(src, doc);

    for (size_t i = 0; i < src->big_count; i++)
        add_count(&src->big[i], doc, &tf);
    if (src->one != NULL)
        add_count(src->one, doc, &tf);
    if (at < src->flat_count) {
        tf.title += src->flat_tf[at].title;
        tf.body += src->flat_tf[at].body;
    }
    return tf;
}

static void add_bits(struct list *l, struct span span, uint64_t *bits)
{
    uint32_t from, to;
    bool more = true;

    for (uint32_t b = list_block_ahead(l, span.from); more && b < l->blocks; b++) {
        list_block(l, b);
        more = list_part(l, span.from, span.to, &from, &to);
        for (uint32_t i = from; i < to; i++)
            set_document(bits, l->doc[i] - span.from);
    }
}

static void add_dense(const struct list *l, struct span span, uint64_t *bits)
{
    uint64_t some[RANGE_WORDS];

    for (uint32_t doc = span.from; doc < span.to; doc += RANGE_DOCS, bits += RANGE_WORDS) {
        impacts_stand(l->each + doc, RANGE_WORDS, some);
        for (uint32_t w = 0; w < RANGE_WORDS; w++)
            bits[w] |= some[w];
    }
}

void source_load_bits(struct source *src, uint32_t range, uint32_t ranges, uint64_t *bits)
{
    struct span span = {range << RANGE_BITS, (range + ranges) << RANGE_BITS, NULL};

    for (size_t i = 0; i < src->big_count; i++) {
        if (src->big[i].dense)
            add_dense(&src->big[i], span, bits);
        else
            add_bits(&src->big[i], span, bits);
    }
    if (src->flat_count == 0)
        return;
    for (uint32_t i = src->flat_first[range]; i < src->flat_first[range + ranges]; i++)
        set_document(bits, src->flat[i] - span.from);
}

/* ---- places ----------------------------------------------------------------------------------- */

/* Adds those of one list, which may come in between what is there. */
static sx_status add_places(struct list *l, uint32_t doc, struct places *out)
{
    struct list_spot spot = {.number = list_number(l, doc)};

    if (spot.number == NO_POSTING)
        return SX_OK;
    list_find(l, &spot);
    for (int f = 0; f < 2; f++) {
        uint32_t *at = places_extend(out, f, spot.count[f] + LIST_SLACK);
        if (at == NULL)
            return SX_ENOMEM;
        out->count[f] -= LIST_SLACK;
        if (spot.count[f] > 0 && !list_field(l, &spot, f, at))
            return SX_ECORRUPT;
    }
    return SX_OK;
}

sx_status source_places(struct source *src, uint32_t doc, struct places *out)
{
    struct list l;
    sx_status rc = SX_OK;
    size_t lists = 0;

    for (size_t i = 0; i < src->big_count && rc == SX_OK; i++, lists++)
        rc = add_places(&src->big[i], doc, out);
    if (src->one != NULL && rc == SX_OK) {
        lists++;
        rc = add_places(src->one, doc, out);
    } else if (src->small_count > 1) {
        uint32_t range = doc >> RANGE_BITS;
        for (uint32_t i = src->read_first[range]; i < src->read_first[range + 1] && rc == SX_OK;
             i++) {
            if (src->read[i].doc != doc)
                continue;
            lists++;
            if (!list_open(&l, src->s, &src->small[src->read[i].list]))
                return SX_ECORRUPT;
            rc = add_places(&l, doc, out);
        }
    }
    if (rc == SX_OK && lists > 1)
        places_tidy(out);
    return rc;
}
