/* Opening, bounding, loading and counting leaves. */
#include "index/blockmax/leaves.h"

#include "index/base/alloc.h"
#include "index/rank/score.h"

/* ---- opening ---------------------------------------------------------------------------------- */

static bool is_simple(const struct bm_leaf *leaf)
{
    for (size_t i = 0; i < leaf->phrase_count; i++)
        if (leaf->phrases[i].count > 1)
            return false;
    return leaf->near_count == 0 && !leaf->sum;
}

/* Numbers the sources of each leaf. */
static bool number(struct leaves *l)
{
    const struct bm_ask *ask = l->ask;

    l->states = pool_array(l->mem, ask->leaf_count + 1, sizeof(*l->states));
    if (l->states == NULL)
        return false;
    for (size_t i = 0; i < ask->leaf_count; i++) {
        const struct bm_leaf *leaf = &ask->leaves[i];
        l->states[i] =
            (struct leaf_state){.leaf = leaf, .first = l->source_count, .simple = is_simple(leaf)};
        if (l->states[i].simple) {
            l->source_count++;
            continue;
        }
        for (size_t k = 0; k < leaf->phrase_count; k++)
            l->source_count += (uint32_t)leaf->phrases[k].count;
    }
    l->slots = pool_array(l->mem, l->source_count + 1, sizeof(struct slot *));
    l->places = mem_zalloc(l->source_count + (size_t)1, sizeof(*l->places));
    if (l->slots == NULL || l->places == NULL)
        return false;
    memset(l->slots, 0, l->source_count * sizeof(struct slot *));
    return true;
}

static sx_status open_simple(struct leaves *l, struct part *p, const struct leaf_state *st,
                             struct sx_error *err)
{
    const struct bm_leaf *leaf = st->leaf;
    struct source_terms *sets = pool_array(l->mem, leaf->phrase_count, sizeof(*sets));

    if (sets == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < leaf->phrase_count; i++)
        sets[i] = (struct source_terms){leaf->phrases[i].terms, 1, leaf->phrases[i].prefix};
    return source_open(&p->sources[st->first], p->s, sets, leaf->phrase_count, l->mem, err);
}

static sx_status open_phrases(struct leaves *l, struct part *p, const struct leaf_state *st,
                              struct sx_error *err)
{
    struct source *src = &p->sources[st->first];
    sx_status rc = SX_OK;

    for (size_t i = 0; i < st->leaf->phrase_count; i++) {
        const struct bm_phrase *phrase = &st->leaf->phrases[i];
        for (size_t k = 0; k < phrase->count && rc == SX_OK; k++) {
            struct source_terms set = {&phrase->terms[k], 1,
                                       phrase->prefix && k + 1 == phrase->count};
            rc = source_open(src++, p->s, &set, 1, l->mem, err);
        }
    }
    return rc;
}

static sx_status open_part(struct leaves *l, struct part *p, struct segment *s,
                           struct sx_error *err)
{
    uint64_t docs = s->next - s->first;
    sx_status rc = SX_OK;

    p->s = s;
    p->below =
        (uint32_t)(l->ask->view.below - s->first < docs ? l->ask->view.below - s->first : docs);
    p->bounds = NULL;
    p->apart = NULL;
    p->sources = pool_array(l->mem, l->source_count + (size_t)1, sizeof(*p->sources));
    if (p->sources == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < l->ask->leaf_count && rc == SX_OK; i++)
        rc = l->states[i].simple ? open_simple(l, p, &l->states[i], err)
                                 : open_phrases(l, p, &l->states[i], err);
    if (rc == SX_OK && !segment_verify_lengths(s, 0, (uint32_t)docs))
        rc = segment_fail(err);
    return rc;
}

sx_status leaves_open(struct leaves *l, const struct bm_ask *ask, struct pool *mem,
                      struct sx_error *err)
{
    sx_status rc = SX_OK;

    memset(l, 0, sizeof(*l));
    l->ask = ask;
    l->mem = mem;
    l->parts = pool_array(mem, ask->view.count + 1, sizeof(*l->parts));
    if (l->parts == NULL || !number(l))
        return sx_fail_oom(err);
    for (size_t i = 0; i < ask->view.count && rc == SX_OK; i++) {
        if (ask->view.segments[i]->first >= ask->view.below)
            break;
        rc = open_part(l, &l->parts[l->part_count++], ask->view.segments[i], err);
    }
    return rc;
}

void leaves_close(struct leaves *l)
{
    for (uint32_t i = 0; l->places != NULL && i < l->source_count; i++)
        places_release(&l->places[i]);
    mem_free(l->places);
    l->places = NULL;
    places_release(&l->phrase);
}

/* ---- bounds ----------------------------------------------------------------------------------- */

/* The segment's impacts are for its own average length. With a longer one, lengths weigh less: no x
 * grows by more than the ratio of the two, and no impact by more than x does. */
static float drift(const struct leaves *l, const struct segment *s)
{
    return l->ask->avglen > s->average ? (float)(l->ask->avglen / s->average) : 1.0f;
}

static void apply_drift(float *impact, size_t count, float ratio)
{
    for (size_t i = 0; i < count && ratio > 1; i++)
        impact[i] = impact[i] * ratio < 1 ? impact[i] * ratio : 1;
}

static void keep_least(float *out, const float *other, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = other[i] < out[i] ? other[i] : out[i];
}

/* Adds the impacts of another phrase, which may stand in the same document: x adds up. */
static void add_impacts(float *out, const float *other, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float a = out[i], b = other[i];
        if (a >= 1 || b >= 1) {
            out[i] = 1;
        } else if (b > 0) {
            float x = a / (1 - a) + b / (1 - b); /* in units of k1 */
            out[i] = x / (x + 1);
        }
    }
}

/* Impacts of a source: all ranges, or the stretches of one. */
struct where {
    bool ranges;
    uint32_t range;
    size_t count;
};

static void impacts_of(const struct source *src, const struct where *at, float *out)
{
    if (at->ranges)
        source_impacts(src, out);
    else
        source_stretches(src, at->range, out);
}

/* A phrase stands no more often than each of its terms. `room` is for twice as many. */
static void bound_leaf(const struct part *p, const struct leaf_state *st, const struct where *at,
                       float *out, float *room)
{
    const struct source *src = &p->sources[st->first];
    float *phrase = room, *term = room + at->count;

    if (st->simple) {
        impacts_of(src, at, out);
        return;
    }
    memset(out, 0, at->count * sizeof(*out));
    for (size_t i = 0; i < st->leaf->phrase_count; i++) {
        impacts_of(src++, at, phrase);
        for (size_t k = 1; k < st->leaf->phrases[i].count; k++) {
            impacts_of(src++, at, term);
            keep_least(phrase, term, at->count);
        }
        add_impacts(out, phrase, at->count);
    }
}

int leaves_bounds(struct leaves *l, struct part *p)
{
    struct where at = {true, 0, p->s->ranges};
    float *room = pool_array(l->mem, 2 * at.count + 1, sizeof(*room));

    p->bounds = pool_array(l->mem, l->ask->leaf_count + 1, sizeof(float *));
    if (room == NULL || p->bounds == NULL)
        return -1;
    for (uint32_t i = 0; i < l->ask->leaf_count; i++) {
        p->bounds[i] = pool_array(l->mem, at.count + 1, sizeof(float));
        if (p->bounds[i] == NULL)
            return -1;
        if (l->states[i].leaf->near_count > 0)
            continue;
        bound_leaf(p, &l->states[i], &at, p->bounds[i], room);
        apply_drift(p->bounds[i], at.count, drift(l, p->s));
    }
    /* NEAR stands no more often than any of its words. */
    for (uint32_t i = 0; i < l->ask->leaf_count; i++) {
        const struct bm_leaf *near = l->states[i].leaf;
        for (size_t k = 0; k < near->near_count; k++) {
            if (k == 0)
                memcpy(p->bounds[i], p->bounds[near->near[0]], at.count * sizeof(float));
            keep_least(p->bounds[i], p->bounds[near->near[k]], at.count);
        }
    }
    return 0;
}

void leaves_stretches(const struct leaves *l, const struct part *p, uint32_t leaf, uint32_t range,
                      float out[RANGE_STRETCHES])
{
    const struct leaf_state *st = &l->states[leaf];
    const struct where at = {false, range, RANGE_STRETCHES};
    float room[2 * RANGE_STRETCHES];

    if (st->leaf->near_count == 0) {
        bound_leaf(p, st, &at, out, room);
        apply_drift(out, RANGE_STRETCHES, drift(l, p->s));
        return;
    }
    leaves_stretches(l, p, st->leaf->near[0], range, out);
    for (size_t i = 1; i < st->leaf->near_count; i++) {
        leaves_stretches(l, p, st->leaf->near[i], range, room);
        keep_least(out, room, RANGE_STRETCHES);
    }
}

/* ---- the whole of a part ---------------------------------------------------------------------- */

/* Its sources: those of the phrases, or one. */
static size_t sources_of(const struct leaf_state *st)
{
    size_t count = 0;

    for (size_t i = 0; !st->simple && i < st->leaf->phrase_count; i++)
        count += st->leaf->phrases[i].count;
    return st->simple ? 1 : count;
}

uint64_t leaves_postings(const struct leaves *l, const struct part *p, uint32_t leaf)
{
    const struct leaf_state *st = &l->states[leaf];
    uint64_t n = 0;

    for (size_t i = 0; i < st->leaf->near_count; i++)
        n += leaves_postings(l, p, st->leaf->near[i]);
    for (size_t i = 0; st->leaf->near_count == 0 && i < sources_of(st); i++)
        n += p->sources[st->first + i].n;
    return n;
}

void leaves_all_bits(struct leaves *l, struct part *p, uint32_t leaf, uint64_t *bits,
                     uint64_t *room)
{
    const struct leaf_state *st = &l->states[leaf];
    size_t words = (size_t)p->s->ranges * RANGE_WORDS;
    struct source *src = &p->sources[st->first];

    if (st->leaf->near_count > 0) { /* in no other documents than its first word */
        leaves_all_bits(l, p, st->leaf->near[0], bits, room);
        return;
    }
    if (st->simple) {
        source_all_bits(src, bits);
        return;
    }
    for (size_t i = 0; i < st->leaf->phrase_count; i++) {
        size_t terms = st->leaf->phrases[i].count;
        uint64_t *every = room, *one = room + words;
        memset(every, 0xff, words * sizeof(*every));
        for (size_t k = 0; k < terms; k++) {
            memset(one, 0, words * sizeof(*one));
            source_all_bits(src++, one);
            for (size_t w = 0; w < words; w++)
                every[w] &= one[w];
        }
        for (size_t w = 0; w < words; w++)
            bits[w] |= every[w];
    }
}

/* ---- a range ---------------------------------------------------------------------------------- */

void leaves_move(struct leaves *l, struct part *p, uint32_t range)
{
    if (l->part == p && l->range == range)
        return;
    l->part = p;
    l->range = range;
    for (size_t i = 0; i < l->ask->leaf_count; i++)
        l->states[i].loaded = 0;
}

static struct slot *slot_of(struct leaves *l, uint32_t source)
{
    if (l->slots[source] == NULL)
        l->slots[source] = pool_array(l->mem, 1, sizeof(**l->slots));
    return l->slots[source];
}

static struct slot *own_slot(struct leaves *l, struct leaf_state *st)
{
    if (st->own == NULL)
        st->own = pool_array(l->mem, 1, sizeof(*st->own));
    if (st->own != NULL) {
        st->bits = st->own->bits;
        st->tf = st->own->tf;
        memset(st->bits, 0, sizeof(st->own->bits));
    }
    return st->own;
}

/* Keeps what stands in the leaf's field. */
static void keep_field(struct leaf_state *st)
{
    enum bm_field field = st->leaf->field;

    if (field == BM_BOTH)
        return;
    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        for (uint64_t left = st->bits[w]; left != 0; left &= left - 1) {
            struct phrase_tf *tf = &st->tf[w * 64 + (uint32_t)__builtin_ctzll(left)];
            *(field == BM_TITLE ? &tf->body : &tf->title) = 0;
            if (tf->title + tf->body == 0)
                st->bits[w] &= ~(left & -left);
        }
    }
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Adds one phrase, whose terms are loaded, to its leaf. */
static void add_phrase(struct leaves *l, struct leaf_state *st, uint32_t source, size_t terms)
{
    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        uint64_t both = l->slots[source]->bits[w];
        for (size_t k = 1; k < terms; k++)
            both &= l->slots[source + k]->bits[w];
        for (; both != 0; both &= both - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(both);
            struct phrase_tf tf = l->slots[source]->tf[doc];
            for (size_t k = 1; k < terms; k++) {
                tf.title = least(tf.title, l->slots[source + k]->tf[doc].title);
                tf.body = least(tf.body, l->slots[source + k]->tf[doc].body);
            }
            if (!has_document(st->bits, doc))
                st->tf[doc] = (struct phrase_tf){0, 0};
            st->bits[w] |= UINT64_C(1) << (doc % 64);
            st->tf[doc].title += tf.title;
            st->tf[doc].body += tf.body;
        }
    }
}

static int load_phrases(struct leaves *l, struct leaf_state *st, uint32_t stretches)
{
    uint32_t source = st->first;

    if (own_slot(l, st) == NULL)
        return -1;
    st->exact = false;
    for (size_t i = 0; i < st->leaf->phrase_count; i++) {
        size_t terms = st->leaf->phrases[i].count;
        for (size_t k = 0; k < terms; k++) {
            struct slot *slot = slot_of(l, source + (uint32_t)k);
            if (slot == NULL)
                return -1;
            source_load(&l->part->sources[source + k], l->range, stretches, slot);
        }
        add_phrase(l, st, source, terms);
        source += (uint32_t)terms;
    }
    return 0;
}

/* NEAR stands no more often than any of its words. */
static void count_nearest(const struct leaves *l, struct leaf_state *st, uint32_t doc)
{
    const struct bm_leaf *near = st->leaf;

    st->tf[doc] = l->states[near->near[0]].tf[doc];
    for (size_t i = 1; i < near->near_count; i++) {
        const struct phrase_tf *tf = &l->states[near->near[i]].tf[doc];
        st->tf[doc].title = least(st->tf[doc].title, tf->title);
        st->tf[doc].body = least(st->tf[doc].body, tf->body);
    }
}

static int load_near(struct leaves *l, struct leaf_state *st, uint32_t stretches)
{
    const struct bm_leaf *near = st->leaf;

    for (size_t i = 0; i < near->near_count; i++)
        if (leaves_load(l, near->near[i], stretches) != 0)
            return -1;
    if (own_slot(l, st) == NULL)
        return -1;
    st->exact = false;
    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        st->bits[w] = stretches >> w & 1 ? UINT64_MAX : 0;
        for (size_t i = 0; i < near->near_count; i++)
            st->bits[w] &= l->states[near->near[i]].bits[w];
    }
    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        for (uint64_t left = st->bits[w]; left != 0; left &= left - 1)
            count_nearest(l, st, w * 64 + (uint32_t)__builtin_ctzll(left));
    return 0;
}

static int load_simple(struct leaves *l, struct leaf_state *st, uint32_t stretches)
{
    struct source *src = &l->part->sources[st->first];
    struct slot *slot = slot_of(l, st->first);

    if (slot == NULL)
        return -1;
    source_load(src, l->range, stretches, slot);
    st->bits = slot->bits;
    st->tf = slot->tf;
    st->exact = !src->shared;
    return 0;
}

/* Documents from part->below on are not of the snapshot. */
static void cut(const struct leaves *l, uint64_t *bits)
{
    uint32_t low = l->range << RANGE_BITS;

    uint32_t below = l->part->below > low ? l->part->below - low : 0;

    if (below >= RANGE_DOCS)
        return;
    for (uint32_t w = below / 64; w < RANGE_WORDS; w++)
        bits[w] &= w == below / 64 ? (UINT64_C(1) << (below % 64)) - 1 : 0;
}

int leaves_load(struct leaves *l, uint32_t leaf, uint32_t stretches)
{
    struct leaf_state *st = &l->states[leaf];
    int rc;

    if ((stretches & ~st->loaded) == 0)
        return 0;
    if (st->leaf->near_count > 0)
        rc = load_near(l, st, stretches);
    else
        rc = st->simple ? load_simple(l, st, stretches) : load_phrases(l, st, stretches);
    if (rc != 0)
        return rc;
    cut(l, st->bits);
    keep_field(st);
    st->loaded = stretches;
    return 0;
}

/* ---- positions -------------------------------------------------------------------------------- */

static sx_status term_places(struct leaves *l, uint32_t source, uint32_t doc)
{
    struct places *p = &l->places[source];

    places_clear(p);
    return source_places(&l->part->sources[source], (l->range << RANGE_BITS) + doc, p);
}

/* Adds where each term of a phrase follows the one before it. */
static int add_starts(const struct places *terms, size_t count, int field, struct places *out)
{
    const uint32_t *first = terms[0].at[field];

    for (size_t i = 0; i < terms[0].count[field]; i++) {
        bool stands = true;
        for (size_t k = 1; k < count && stands; k++) {
            const uint32_t *at = terms[k].at[field];
            size_t low = 0, high = terms[k].count[field];
            while (low < high) {
                size_t middle = (low + high) / 2;
                if (at[middle] < first[i] + k)
                    low = middle + 1;
                else
                    high = middle;
            }
            stands = low < terms[k].count[field] && at[low] == first[i] + k;
        }
        if (stands && places_add(out, field, first[i]) != 0)
            return -1;
    }
    return 0;
}

static int append(struct places *to, const struct places *from, int field)
{
    uint32_t *room;

    if (from->count[field] == 0)
        return 0;
    room = places_extend(to, field, from->count[field]);
    if (room == NULL)
        return -1;
    memcpy(room, from->at[field], from->count[field] * sizeof(*room));
    return 0;
}

static sx_status phrase_places(struct leaves *l, const struct bm_phrase *phrase, uint32_t source,
                               uint32_t doc, enum bm_field field, struct places *out)
{
    for (uint32_t k = 0; k < phrase->count; k++) {
        sx_status rc = term_places(l, source + k, doc);
        if (rc != SX_OK)
            return rc;
    }
    for (int f = 0; f < 2; f++) {
        if (field == (f == 0 ? BM_BODY : BM_TITLE))
            continue;
        int rc = phrase->count == 1 ? append(out, &l->places[source], f)
                                    : add_starts(&l->places[source], phrase->count, f, out);
        if (rc != 0)
            return SX_ENOMEM;
    }
    return SX_OK;
}

sx_status leaves_places(struct leaves *l, uint32_t leaf, uint32_t doc, struct places *out)
{
    const struct leaf_state *st = &l->states[leaf];
    const struct bm_leaf *spec = st->leaf;
    uint32_t source = st->first;
    sx_status rc = SX_OK;

    places_clear(out);
    if (st->simple) /* one source for all its phrases */
        return phrase_places(l, &spec->phrases[0], source, doc, spec->field, out);
    for (size_t i = 0; i < spec->phrase_count && rc == SX_OK; i++) {
        rc = phrase_places(l, &spec->phrases[i], source, doc, spec->field, out);
        source += (uint32_t)spec->phrases[i].count;
    }
    if (rc == SX_OK && spec->phrase_count > 1)
        places_tidy(out);
    return rc;
}

sx_status leaves_count(struct leaves *l, uint32_t leaf, uint32_t doc, struct phrase_tf *out)
{
    const struct leaf_state *st = &l->states[leaf];
    uint32_t source = st->first;
    sx_status rc = SX_OK;

    *out = st->tf[doc];
    if (st->exact || st->leaf->near_count > 0)
        return SX_OK;
    if (!st->leaf->sum) {
        rc = leaves_places(l, leaf, doc, &l->phrase);
        *out = (struct phrase_tf){(uint32_t)l->phrase.count[0], (uint32_t)l->phrase.count[1]};
        return rc;
    }
    *out = (struct phrase_tf){0, 0};
    for (size_t i = 0; i < st->leaf->phrase_count && rc == SX_OK; i++) {
        places_clear(&l->phrase);
        rc = phrase_places(l, &st->leaf->phrases[i], source, doc, st->leaf->field, &l->phrase);
        source += (uint32_t)st->leaf->phrases[i].count;
        out->title += (uint32_t)l->phrase.count[0];
        out->body += (uint32_t)l->phrase.count[1];
    }
    return rc;
}
