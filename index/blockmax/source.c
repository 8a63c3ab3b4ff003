/* Frequent terms stay lists, of which the blocks of a range are decoded; what is rare is read at
 * once, as is everything when it is many terms. */
#include "index/blockmax/source.h"

#include <stdlib.h>

#include "index/base/str.h"
#include "index/rank/score.h"

/* More lists than this are read whole, frequent or not: each costs something in every range. */
#define BIG_MAX 8

/* Postings that are read whole, at most: about 180 MB. Who asks for more does without block-max. */
#define READ_MAX ((uint64_t)4 << 20)

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

/* All postings of the small lists, sorted by range. */
static sx_status read_small(struct source *src, struct pool *mem, struct sx_error *err)
{
    uint32_t ranges = src->s->ranges;
    struct list *l = pool_array(mem, 1, sizeof(*l));
    uint64_t n = 0;

    for (size_t i = 0; i < src->small_count; i++)
        n += src->small[i].n;
    if (n > READ_MAX)
        return sx_fail(err, SX_ENOMEM, "the words stand for too many postings");
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

/* The postings of one document are added up. */
static void flatten_range(struct source *src, uint32_t range, struct slot *room)
{
    const struct read_posting *p = src->read + src->read_first[range];
    const struct read_posting *end = src->read + src->read_first[range + 1];

    memset(room->bits, 0, sizeof(room->bits));
    for (; p < end; p++) {
        uint32_t doc = p->doc & (RANGE_DOCS - 1);
        struct phrase_tf *tf = &room->tf[doc];
        if (!has_document(room->bits, doc))
            *tf = (struct phrase_tf){0, 0};
        set_document(room->bits, doc);
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
            return segment_fail(err);
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

static float x_of(float impact)
{
    return impact < 1 ? (float)SCORE_K1 * impact / (1 - impact) : 1e30f;
}

static float impact_of(float x)
{
    return x / (x + (float)SCORE_K1);
}

static float x_of_posting(const struct segment *s, const struct posting *p)
{
    double len = score_combined(segment_title_length(s, p->doc), segment_body_length(s, p->doc));

    return (float)(score_combined(p->title, p->body) / score_length_norm(len, s->average));
}

/* Most x of the postings that are read, of one range or stretch. */
static float most_read(const struct source *src, uint32_t from, uint32_t to)
{
    float most = 0;

    for (uint32_t i = from; i < to; i++) {
        float x = x_of_posting(src->s, &src->flat[i]);
        most = x > most ? x : most;
    }
    return most;
}

/* Impacts do not add up where two terms stand in one document, but x does. */
void source_impacts(const struct source *src, float *out)
{
    uint32_t ranges = src->s->ranges;
    bool plain = src->big_count + (src->flat_count > 0) <= 1;

    memset(out, 0, ranges * sizeof(*out));
    for (size_t i = 0; i < src->big_count; i++) {
        for (uint32_t r = 0; r < ranges; r++) {
            float impact = (float)list_impact(&src->big[i], r) * (1 / IMPACT_ONE);
            out[r] = plain ? impact : out[r] + x_of(impact);
        }
    }
    for (uint32_t r = 0; src->flat_count > 0 && r < ranges; r++) {
        if (src->flat_first[r] == src->flat_first[r + 1])
            continue;
        float x = most_read(src, src->flat_first[r], src->flat_first[r + 1]);
        out[r] = plain ? impact_of(x) : out[r] + x;
    }
    for (uint32_t r = 0; !plain && r < ranges; r++)
        out[r] = impact_of(out[r]);
}

/* Adds most x by stretch of the postings that are read. */
static void add_read(const struct source *src, uint32_t range, float x[RANGE_STRETCHES])
{
    uint32_t at = src->flat_first[range], end = src->flat_first[range + 1];

    while (at < end) {
        uint32_t stretch = src->flat[at].doc / STRETCH_DOCS, from = at;
        while (at < end && src->flat[at].doc / STRETCH_DOCS == stretch)
            at++;
        x[stretch % RANGE_STRETCHES] += most_read(src, from, at);
    }
}

static void list_stretches(const struct list *l, uint32_t range, float out[RANGE_STRETCHES])
{
    uint32_t first = range * RANGE_STRETCHES;
    uint32_t count = segment_stretches(l->s->next - l->s->first) - first;

    if (l->stretches == NULL) {
        float impact = (float)list_impact(l, range) * (1 / IMPACT_ONE);
        for (uint32_t w = 0; w < RANGE_STRETCHES; w++)
            out[w] = impact;
        return;
    }
    for (uint32_t w = 0; w < RANGE_STRETCHES; w++)
        out[w] = w < count ? (float)l->stretches[first + w] * (1 / STRETCH_ONE) : 0;
}

void source_stretches(const struct source *src, uint32_t range, float out[RANGE_STRETCHES])
{
    float one[RANGE_STRETCHES];

    if (src->big_count == 1 && src->flat_count == 0) {
        list_stretches(&src->big[0], range, out);
        return;
    }
    memset(out, 0, RANGE_STRETCHES * sizeof(*out));
    for (size_t i = 0; i < src->big_count; i++) {
        list_stretches(&src->big[i], range, one);
        for (uint32_t w = 0; w < RANGE_STRETCHES; w++)
            out[w] += x_of(one[w]);
    }
    if (src->flat_count > 0)
        add_read(src, range, out);
    for (uint32_t w = 0; w < RANGE_STRETCHES; w++)
        out[w] = impact_of(out[w]);
}

/* ---- a range ---------------------------------------------------------------------------------- */

/* Documents [from, to) of the segment. */
struct span {
    uint32_t from, to;
};

/* The next run of stretches of a range; false: there is none. */
static bool next_span(uint32_t range, uint32_t *stretches, struct span *out)
{
    uint32_t first, count;

    if (*stretches == 0)
        return false;
    first = (uint32_t)__builtin_ctz(*stretches);
    count = (uint32_t)__builtin_ctz(~(*stretches >> first));
    *stretches &= ~(((UINT32_C(1) << count) - 1) << first);
    out->from = (range << RANGE_BITS) + first * STRETCH_DOCS;
    out->to = out->from + count * STRETCH_DOCS;
    return true;
}

/* All from the first to the last. */
static uint32_t fill_between(uint32_t stretches)
{
    uint32_t last = stretches == 0 ? 0 : 31 - (uint32_t)__builtin_clz(stretches);
    uint32_t first = stretches == 0 ? 0 : (uint32_t)__builtin_ctz(stretches);

    return stretches == 0 ? 0 : ((UINT32_C(2) << last) - 1) & ~((UINT32_C(1) << first) - 1);
}

/* The postings of a block that are in the span: [*from, *to) of it. Whether the next block may have
 * some, too. */
static bool part_of_block(struct list *l, uint32_t block, struct span span, uint32_t *from,
                          uint32_t *to)
{
    list_block(l, block);
    *from = l->doc[0] >= span.from ? 0 : list_place(l, span.from);
    *to = l->doc[l->count - 1] < span.to ? l->count : list_place(l, span.to);
    return *to == l->count;
}

/* The block to begin with: that at hand, the one behind it, or by a search. */
static uint32_t first_block(const struct list *l, uint32_t doc)
{
    if (l->block != NO_BLOCK && l->doc[0] <= doc && doc <= l->doc[l->count - 1])
        return l->block;
    return list_block_of(l, doc);
}

/* Where there is nothing of the span so far. */
static void load_span(struct list *l, struct span span, uint32_t low, struct slot *out)
{
    uint32_t from, to;
    bool more = true;

    for (uint32_t b = first_block(l, span.from); more && b < l->blocks; b++) {
        more = part_of_block(l, b, span, &from, &to);
        if (from < to)
            list_counts(l);
        uint32_t word = 0;
        uint64_t bits = 0;
        for (uint32_t i = from; i < to; i++) {
            uint32_t doc = l->doc[i] - low;
            if (doc / 64 != word) {
                out->bits[word] |= bits;
                word = doc / 64;
                bits = 0;
            }
            bits |= UINT64_C(1) << (doc % 64);
            out->tf[doc] = (struct phrase_tf){l->title[i], l->body[i]};
        }
        out->bits[word] |= bits;
    }
}

static void add_counts(struct slot *out, uint32_t doc, uint32_t title, uint32_t body)
{
    if (!has_document(out->bits, doc))
        out->tf[doc] = (struct phrase_tf){0, 0};
    set_document(out->bits, doc);
    out->tf[doc].title += title;
    out->tf[doc].body += body;
}

static void add_span(struct list *l, struct span span, uint32_t low, struct slot *out)
{
    uint32_t from, to;
    bool more = true;

    for (uint32_t b = first_block(l, span.from); more && b < l->blocks; b++) {
        more = part_of_block(l, b, span, &from, &to);
        if (from < to)
            list_counts(l);
        for (uint32_t i = from; i < to; i++)
            add_counts(out, l->doc[i] - low, l->title[i], l->body[i]);
    }
}

void source_load(struct source *src, uint32_t range, uint32_t stretches, struct slot *out)
{
    uint32_t low = range << RANGE_BITS;
    struct span span;

    memset(out->bits, 0, sizeof(out->bits));
    for (size_t i = 0; i < src->big_count; i++) {
        uint32_t wanted = stretches;
        if (src->big[i].n / src->s->ranges < PACK_BLOCK) /* a block or so: no use in jumping */
            wanted = fill_between(stretches);
        for (uint32_t left = wanted; next_span(range, &left, &span);) {
            if (i == 0)
                load_span(&src->big[i], span, low, out);
            else
                add_span(&src->big[i], span, low, out);
        }
    }
    if (src->flat_count == 0)
        return;
    for (uint32_t i = src->flat_first[range]; i < src->flat_first[range + 1]; i++) {
        const struct posting *p = &src->flat[i];
        if (stretches >> ((p->doc - low) / STRETCH_DOCS) & 1)
            add_counts(out, p->doc - low, p->title, p->body);
    }
}

static void add_bits(struct list *l, struct span span, uint64_t bits[RANGE_WORDS])
{
    uint32_t from, to;
    bool more = true;

    for (uint32_t b = first_block(l, span.from); more && b < l->blocks; b++) {
        more = part_of_block(l, b, span, &from, &to);
        uint32_t word = 0;
        uint64_t here = 0;
        for (uint32_t i = from; i < to; i++) {
            uint32_t doc = l->doc[i] - span.from;
            if (doc / 64 != word) {
                bits[word] |= here;
                word = doc / 64;
                here = 0;
            }
            here |= UINT64_C(1) << (doc % 64);
        }
        bits[word] |= here;
    }
}

void source_load_bits(struct source *src, uint32_t range, uint64_t bits[RANGE_WORDS])
{
    uint32_t low = range << RANGE_BITS;

    for (size_t i = 0; i < src->big_count; i++)
        add_bits(&src->big[i], (struct span){low, low + RANGE_DOCS}, bits);
    if (src->flat_count == 0)
        return;
    for (uint32_t i = src->flat_first[range]; i < src->flat_first[range + 1]; i++)
        set_document(bits, src->flat[i].doc - low);
}

void source_all_bits(struct source *src, uint64_t *bits)
{
    for (size_t i = 0; i < src->big_count; i++) {
        struct list *l = &src->big[i];
        for (uint32_t b = 0; b < l->blocks; b++) {
            list_block(l, b);
            for (uint32_t k = 0; k < l->count; k++)
                set_document(bits, l->doc[k]);
        }
    }
    for (size_t i = 0; i < src->flat_count; i++)
        set_document(bits, src->flat[i].doc);
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
        places_tidy(out);
    return rc;
}
