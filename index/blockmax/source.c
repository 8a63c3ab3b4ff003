/* Frequent terms stay lists, of which the blocks of a range are decoded; what is rare is read at
 * once, as is everything when it is many terms. */
#include "index/blockmax/source.h"

#include <stdlib.h>

#include "index/rank/score.h"

/* More lists than this are read whole, frequent or not: each costs something in every range. */
#define BIG_MAX 8

/* ---- opening ---------------------------------------------------------------------------------- */

static sx_status fail_damaged(struct sx_error *err)
{
    return sx_fail(err, SX_ECORRUPT, "a segment is damaged");
}

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

static bool begins(struct sx_str term, struct sx_str prefix)
{
    return term.len >= prefix.len && memcmp(term.ptr, prefix.ptr, prefix.len) == 0;
}

static sx_status add_term(struct entries *e, struct segment *s, struct sx_str term, bool prefix,
                          struct sx_error *err)
{
    struct term_walk w;
    struct term_entry entry;
    bool found, whole;

    if (!prefix) {
        if (!segment_find(s, term, &entry, &found))
            return fail_damaged(err);
        return !found || add_entry(e, &entry) ? SX_OK : sx_fail_oom(err);
    }
    for (whole = term_walk_begin(&w, s, term); whole && !w.end && begins(term_walk_term(&w), term);
         whole = term_walk_next(&w))
        if (!add_entry(e, &w.entry))
            return sx_fail_oom(err);
    return whole ? SX_OK : fail_damaged(err);
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

/* All postings of the small lists, sorted by range. */
static sx_status read_small(struct source *src, struct pool *mem, struct sx_error *err)
{
    uint32_t ranges = src->s->ranges;
    struct list *l = pool_array(mem, 1, sizeof(*l));
    uint64_t n = 0;

    for (size_t i = 0; i < src->small_count; i++)
        n += src->small[i].n;
    struct read_posting *all = pool_array(mem, n + 1, sizeof(*all));
    src->read = pool_array(mem, n + 1, sizeof(*src->read));
    src->read_first = pool_array(mem, (size_t)ranges + 2, sizeof(*src->read_first));
    if (l == NULL || all == NULL || src->read == NULL || src->read_first == NULL)
        return sx_fail_oom(err);
    memset(src->read_first, 0, ((size_t)ranges + 2) * sizeof(*src->read_first));
    n = 0;
    for (size_t i = 0; i < src->small_count; i++) {
        if (!list_open(l, src->s, &src->small[i]))
            return fail_damaged(err);
        for (uint32_t b = 0; b < l->blocks; b++) {
            list_block(l, b);
            list_counts(l);
            for (uint32_t k = 0; k < l->count; k++) {
                all[n++] = (struct read_posting){l->doc[k], (uint32_t)i, l->title[k], l->body[k]};
                src->read_first[(l->doc[k] >> RANGE_BITS) + 2]++;
            }
        }
    }
    for (uint32_t r = 2; r < ranges + 2; r++)
        src->read_first[r] += src->read_first[r - 1];
    if (src->small_count == 1) {
        src->read = all;
        memmove(src->read_first, src->read_first + 1,
                ((size_t)ranges + 1) * sizeof(*src->read_first));
        return SX_OK;
    }
    for (uint64_t i = 0; i < n; i++)
        src->read[src->read_first[(all[i].doc >> RANGE_BITS) + 1]++] = all[i];
    return SX_OK;
}

static void set_bit(uint64_t *bits, uint32_t doc)
{
    bits[doc / 64] |= UINT64_C(1) << (doc % 64);
}

static bool has_bit(const uint64_t *bits, uint32_t doc)
{
    return bits[doc / 64] >> (doc % 64) & 1;
}

/* The postings of one document are added up. */
static void flatten_range(struct source *src, uint32_t range, struct slot *room)
{
    const struct read_posting *p = src->read + src->read_first[range];
    const struct read_posting *end = src->read + src->read_first[range + 1];

    memset(room->bits, 0, sizeof(room->bits));
    for (; p < end; p++) {
        uint32_t doc = p->doc & (RANGE_DOCS - 1);
        struct phrase_tf *tf = &room->tf[doc];
        if (!has_bit(room->bits, doc))
            *tf = (struct phrase_tf){0, 0};
        set_bit(room->bits, doc);
        tf->title += p->title;
        tf->body += p->body;
    }
    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        for (uint64_t left = room->bits[w]; left != 0; left &= left - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(left);
            src->flat[src->flat_count++] = (struct posting){
                (range << RANGE_BITS) + doc, room->tf[doc].title, room->tf[doc].body};
        }
    }
}

static sx_status flatten(struct source *src, struct pool *mem, struct sx_error *err)
{
    uint32_t ranges = src->s->ranges;
    struct slot *room = pool_array(mem, 1, sizeof(*room));

    src->flat = pool_array(mem, (size_t)src->read_first[ranges] + 1, sizeof(*src->flat));
    src->flat_first = pool_array(mem, (size_t)ranges + 1, sizeof(*src->flat_first));
    if (room == NULL || src->flat == NULL || src->flat_first == NULL)
        return sx_fail_oom(err);
    for (uint32_t r = 0; r < ranges; r++) {
        src->flat_first[r] = (uint32_t)src->flat_count;
        if (src->read_first[r + 1] > src->read_first[r])
            flatten_range(src, r, room);
    }
    src->flat_first[ranges] = (uint32_t)src->flat_count;
    return SX_OK;
}

static sx_status open_lists(struct source *src, struct entries *e, struct pool *mem,
                            struct sx_error *err)
{
    size_t big = 0, kept = 0;

    for (size_t i = 0; i < e->count; i++) {
        big += list_has_impacts(e->list[i].n, src->s->ranges) != 0;
        src->n += e->list[i].n;
        src->shared = src->shared || (e->count > 1 && (e->list[i].flags & TERM_BESIDE));
    }
    if (big > BIG_MAX)
        big = 0;
    src->big = pool_array(mem, big, sizeof(*src->big));
    if (src->big == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < e->count; i++) {
        if (big == 0 || !list_has_impacts(e->list[i].n, src->s->ranges))
            e->list[kept++] = e->list[i];
        else if (!list_open(&src->big[src->big_count++], src->s, &e->list[i]))
            return fail_damaged(err);
    }
    src->small = e->list;
    src->small_count = kept;
    if (kept == 0)
        return SX_OK;
    sx_status rc = read_small(src, mem, err);
    return rc == SX_OK ? flatten(src, mem, err) : rc;
}

sx_status source_open(struct source *src, struct segment *s, const struct source_terms *sets,
                      size_t set_count, struct pool *mem, struct sx_error *err)
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
    return rc == SX_OK && e.count > 0 ? open_lists(src, &e, mem, err) : rc;
}

/* ---- impacts ---------------------------------------------------------------------------------- */

const struct list *source_plain(const struct source *src)
{
    return src->big_count == 1 && src->small_count == 0 ? &src->big[0] : NULL;
}

void source_impacts(const struct source *src, float *x)
{
    const struct segment *s = src->s;
    const float k1 = (float)SCORE_K1;

    memset(x, 0, s->ranges * sizeof(*x));
    for (size_t i = 0; i < src->flat_count; i++) {
        const struct posting *p = &src->flat[i];
        double len =
            score_combined(segment_title_length(s, p->doc), segment_body_length(s, p->doc));
        float at = (float)(score_combined(p->title, p->body) / score_length_norm(len, s->average));
        if (at > x[p->doc >> RANGE_BITS])
            x[p->doc >> RANGE_BITS] = at;
    }
    for (size_t i = 0; i < src->big_count; i++) {
        for (uint32_t r = 0; r < s->ranges; r++) {
            float impact = (float)list_impact(&src->big[i], r);
            x[r] += impact < IMPACT_ONE ? k1 * impact / (IMPACT_ONE - impact) : 1e30f;
        }
    }
}

/* ---- a range ---------------------------------------------------------------------------------- */

/* The postings of a block that are in the range: [*from, *to) of it. */
static bool stretch(struct list *l, uint32_t block, uint32_t low, uint32_t *from, uint32_t *to)
{
    uint32_t high = low + RANGE_DOCS;

    list_block(l, block);
    *from = l->doc[0] >= low ? 0 : list_place(l, low);
    *to = l->doc[l->count - 1] < high ? l->count : list_place(l, high);
    return *to == l->count;
}

static void load_list(struct list *l, uint32_t low, struct slot *out)
{
    uint32_t from, to;
    bool more = true;

    for (uint32_t b = list_block_of(l, low); more && b < l->blocks; b++) {
        more = stretch(l, b, low, &from, &to);
        if (from < to)
            list_counts(l);
        for (uint32_t i = from; i < to; i++) {
            uint32_t doc = l->doc[i] - low;
            set_bit(out->bits, doc);
            out->tf[doc] = (struct phrase_tf){l->title[i], l->body[i]};
        }
    }
}

static void add_counts(struct slot *out, uint32_t doc, uint32_t title, uint32_t body)
{
    if (!has_bit(out->bits, doc))
        out->tf[doc] = (struct phrase_tf){0, 0};
    set_bit(out->bits, doc);
    out->tf[doc].title += title;
    out->tf[doc].body += body;
}

static void add_list(struct list *l, uint32_t low, struct slot *out)
{
    uint32_t from, to;
    bool more = true;

    for (uint32_t b = list_block_of(l, low); more && b < l->blocks; b++) {
        more = stretch(l, b, low, &from, &to);
        if (from < to)
            list_counts(l);
        for (uint32_t i = from; i < to; i++)
            add_counts(out, l->doc[i] - low, l->title[i], l->body[i]);
    }
}

void source_load(struct source *src, uint32_t range, struct slot *out)
{
    uint32_t low = range << RANGE_BITS;

    memset(out->bits, 0, sizeof(out->bits));
    for (size_t i = 0; i < src->big_count; i++) {
        if (i == 0)
            load_list(&src->big[i], low, out);
        else
            add_list(&src->big[i], low, out);
    }
    if (src->flat_count == 0)
        return;
    for (uint32_t i = src->flat_first[range]; i < src->flat_first[range + 1]; i++) {
        const struct posting *p = &src->flat[i];
        add_counts(out, p->doc - low, p->title, p->body);
    }
}

void source_load_bits(struct source *src, uint32_t range, uint64_t bits[RANGE_WORDS])
{
    uint32_t low = range << RANGE_BITS;
    uint32_t from, to;

    for (size_t i = 0; i < src->big_count; i++) {
        struct list *l = &src->big[i];
        bool more = true;
        for (uint32_t b = list_block_of(l, low); more && b < l->blocks; b++) {
            more = stretch(l, b, low, &from, &to);
            for (uint32_t k = from; k < to; k++)
                set_bit(bits, l->doc[k] - low);
        }
    }
    if (src->flat_count == 0)
        return;
    for (uint32_t i = src->flat_first[range]; i < src->flat_first[range + 1]; i++)
        set_bit(bits, src->flat[i].doc - low);
}

/* ---- places ----------------------------------------------------------------------------------- */

/* Adds those of one list, which may come in between what is there. */
static sx_status add_places(struct list *l, uint32_t doc, struct places *out)
{
    bool found;
    uint32_t place = list_seek(l, doc, &found);

    if (!found)
        return SX_OK;
    list_counts(l);
    uint32_t *title = places_extend(out, 0, l->title[place]);
    uint32_t *body = places_extend(out, 1, l->body[place]);
    if (title == NULL || body == NULL)
        return SX_ENOMEM;
    return list_positions(l, place, title, body) ? SX_OK : SX_ECORRUPT;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Sorts the places of several lists; a position counts once. */
static void tidy(struct places *p)
{
    for (int f = 0; f < 2; f++) {
        size_t kept = 0;
        if (p->count[f] > 1)
            qsort(p->at[f], p->count[f], sizeof(*p->at[f]), by_number);
        for (size_t i = 0; i < p->count[f]; i++)
            if (kept == 0 || p->at[f][kept - 1] != p->at[f][i])
                p->at[f][kept++] = p->at[f][i];
        p->count[f] = kept;
    }
}

sx_status source_places(struct source *src, uint32_t doc, struct places *out)
{
    struct list l;
    sx_status rc = SX_OK;
    size_t lists = 0;

    for (size_t i = 0; i < src->big_count && rc == SX_OK; i++, lists++)
        rc = add_places(&src->big[i], doc, out);
    if (src->flat_count > 0) {
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
        tidy(out);
    return rc;
}
