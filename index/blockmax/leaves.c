/* Opening, bounding, loading and counting leaves. */
#include "index/blockmax/leaves.h"

#include "index/blockmax/impacts.h"
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
    size_t near = 0; /* operands of one, which may be the same leaf */

    l->states = pool_array(l->mem, ask->leaf_count + 1, sizeof(*l->states));
    if (l->states == NULL)
        return false;
    for (size_t i = 0; i < ask->leaf_count; i++) {
        const struct bm_leaf *leaf = &ask->leaves[i];
        l->states[i] =
            (struct leaf_state){.leaf = leaf, .first = l->source_count, .simple = is_simple(leaf)};
        near = leaf->near_count > near ? leaf->near_count : near;
        if (l->states[i].simple) {
            l->source_count++;
            continue;
        }
        for (size_t k = 0; k < leaf->phrase_count; k++)
            l->source_count += (uint32_t)leaf->phrases[k].count;
    }
    l->slots = pool_array(l->mem, l->source_count + 1, sizeof(*l->slots));
    l->meeting = pool_array(l->mem, l->source_count + near + 1, sizeof(const uint8_t *));
    l->places = pool_array(l->mem, l->source_count + (size_t)1, sizeof(*l->places));
    if (l->places != NULL)
        memset(l->places, 0, l->source_count * sizeof(*l->places));
    if (l->slots == NULL || l->meeting == NULL || l->places == NULL)
        return false;
    memset(l->slots, 0, l->source_count * sizeof(*l->slots));
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
    return source_open(&p->sources[st->first], p->s, sets, leaf->phrase_count, l->mem, &l->room,
                       err);
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
            rc = source_open(src++, p->s, &set, 1, l->mem, &l->room, err);
        }
    }
    return rc;
}

/* Whether the leaf is one phrase of terms that are a list each. */
static bool is_of_lists(const struct part *p, const struct leaf_state *st)
{
    if (st->simple || st->leaf->phrase_count != 1)
        return false;
    for (size_t k = 0; k < st->leaf->phrases[0].count; k++)
        if (source_list(&p->sources[st->first + k]) == NULL)
            return false;
    return true;
}

static sx_status join_phrase(struct leaves *l, struct part *p, uint32_t leaf, struct sx_error *err)
{
    const struct leaf_state *st = &l->states[leaf];
    enum bm_field field = st->leaf->field;

    p->phrases[leaf] = NULL;
    if (!is_of_lists(p, st))
        return SX_OK;
    p->phrases[leaf] = phrase_open(&p->sources[st->first], st->leaf->phrases[0].count,
                                   field != BM_BODY, field != BM_TITLE, l->mem);
    return p->phrases[leaf] == NULL ? sx_fail_oom(err) : SX_OK;
}

static sx_status open_part(struct leaves *l, struct part *p, struct segment *s,
                           struct sx_error *err)
{
    uint64_t docs = s->next - s->first;
    bool unites = l->room.unites;
    sx_status rc = SX_OK;

    p->s = s;
    p->below =
        (uint32_t)(l->ask->view.below - s->first < docs ? l->ask->view.below - s->first : docs);
    p->here = NULL;
    p->sources = pool_array(l->mem, l->source_count + (size_t)1, sizeof(*p->sources));
    p->phrases = pool_array(l->mem, l->ask->leaf_count + 1, sizeof(struct phrase *));
    if (p->sources != NULL)
        memset(p->sources, 0, l->source_count * sizeof(*p->sources)); /* closed */
    if (p->sources == NULL || p->phrases == NULL)
        return sx_fail_oom(err);
    for (uint32_t i = 0; i < l->ask->leaf_count && rc == SX_OK; i++) {
        rc = l->states[i].simple ? open_simple(l, p, &l->states[i], err)
                                 : open_phrases(l, p, &l->states[i], err);
        if (rc == SX_OK)
            rc = join_phrase(l, p, i, err);
        if (rc == SX_OK)
            rc = l->ask->look_up(l->ask->ctx, SEARCH_WORK_OPEN);
    }
    if (rc == SX_OK && l->room.unites != unites)
        rc = l->ask->look_up(l->ask->ctx, (size_t)s->ranges * SEARCH_WORK_RANGE);
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
    l->room = (struct source_room){SEARCH_BYTES, true, ask->memo};
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
    places_release(&l->phrase);
    for (size_t i = 0; i < l->part_count; i++)
        for (uint32_t k = 0; l->parts[i].sources != NULL && k < l->source_count; k++)
            source_close(&l->parts[i].sources[k]);
}

int leaves_ready(struct leaves *l)
{
    for (size_t i = 0; i < l->part_count; i++)
        for (uint32_t k = 0; k < l->source_count; k++)
            if (source_ready(&l->parts[i].sources[k], l->mem) != 0)
                return -1;
    return 0;
}

/* ---- bounds ----------------------------------------------------------------------------------- */

/* A phrase stands no more often than each of its terms. */
static const uint8_t *bound_phrase(struct leaves *l, struct source *src, size_t terms, size_t count)
{
    const uint8_t *one = source_stretches(src, l->mem, &l->room.left);
    uint8_t *most = terms == 1 ? NULL : pool_array(l->mem, count, 1);

    if (terms == 1 || one == NULL || most == NULL)
        return terms == 1 ? one : NULL;
    memcpy(most, one, count);
    for (size_t k = 1; k < terms; k++) {
        one = source_stretches(src + k, l->mem, &l->room.left);
        if (one == NULL)
            return NULL;
        impacts_least(most, one, count);
    }
    return most;
}

/* Another phrase may stand in the same document. */
static const uint8_t *bound_phrases(struct leaves *l, const struct part *p,
                                    const struct leaf_state *st, size_t count)
{
    struct source *src = &p->sources[st->first];
    uint8_t *most = pool_array(l->mem, count, 1);

    if (most == NULL)
        return NULL;
    memset(most, 0, count);
    for (size_t i = 0; i < st->leaf->phrase_count; i++) {
        const uint8_t *one = bound_phrase(l, src, st->leaf->phrases[i].count, count);
        if (one == NULL)
            return NULL;
        impacts_join(most, one, count);
        src += st->leaf->phrases[i].count;
    }
    return most;
}

/* NEAR stands no more often than any of its words. */
static const uint8_t *bound_near(struct leaves *l, const struct part *p, const struct bm_leaf *near,
                                 size_t count)
{
    uint8_t *most = pool_array(l->mem, count, 1);

    if (most == NULL)
        return NULL;
    memset(most, UINT8_MAX, count);
    for (size_t i = 0; i < near->near_count; i++)
        impacts_least(most, p->here[near->near[i]], count);
    return most;
}

int leaves_bounds(struct leaves *l, struct part *p)
{
    size_t count = (size_t)p->s->ranges * RANGE_STRETCHES;

    if (p->here != NULL)
        return 0;
    const uint8_t **here = pool_array(l->mem, l->ask->leaf_count + 1, sizeof(*here));
    if (here == NULL)
        return -1;
    p->here = here;
    for (int near = 0; near < 2; near++) { /* of leaves that are none */
        for (uint32_t i = 0; i < l->ask->leaf_count; i++) {
            const struct leaf_state *st = &l->states[i];
            if ((st->leaf->near_count > 0) != near)
                continue;
            here[i] = near         ? bound_near(l, p, st->leaf, count)
                      : st->simple ? source_stretches(&p->sources[st->first], l->mem, &l->room.left)
                                   : bound_phrases(l, p, st, count);
            if (here[i] == NULL)
                return -1;
        }
    }
    return 0;
}

/* ---- a range ---------------------------------------------------------------------------------- */

void leaves_move(struct leaves *l, struct part *p, uint32_t range)
{
    l->part = p;
    l->range = range;
    for (size_t i = 0; i < l->ask->leaf_count; i++)
        l->states[i].is_loaded = false;
}

/* Joins to `out` what stands no more often than each of several. */
static void meet(const uint8_t *const *of, size_t count, uint32_t stretches, struct slot *out)
{
    uint8_t least[STRETCH_DOCS];

    for (; stretches != 0; stretches &= stretches - 1) {
        uint32_t from = (uint32_t)__builtin_ctz(stretches) * STRETCH_DOCS;
        memcpy(least, of[0] + from, sizeof(least));
        for (size_t i = 1; i < count; i++)
            impacts_least(least, of[i] + from, STRETCH_DOCS);
        for (uint64_t left = impacts_standing(least); left != 0; left &= left - 1) {
            uint32_t doc = (uint32_t)__builtin_ctzll(left);
            slot_join(out, from + doc, least[doc]);
        }
    }
}

static int load_source(struct leaves *l, uint32_t source, uint32_t stretches, const uint8_t **out)
{
    struct slot *slot = &l->slots[source];

    if (slot->impacts == NULL && !slot_init(slot, 1, l->mem))
        return -1;
    *out = source_load_some(&l->part->sources[source], l->range, stretches, slot);
    return 0;
}

static int load_near(struct leaves *l, struct leaf_state *st, uint32_t stretches)
{
    const struct bm_leaf *near = st->leaf;

    for (size_t i = 0; i < near->near_count; i++)
        if (leaves_load(l, near->near[i], stretches) != 0)
            return -1;
    for (size_t i = 0; i < near->near_count; i++)
        l->meeting[i] = l->states[near->near[i]].in;
    meet(l->meeting, near->near_count, stretches, &st->own);
    return 0;
}

static int load_phrases(struct leaves *l, struct leaf_state *st, uint32_t stretches)
{
    uint32_t source = st->first;

    for (size_t i = 0; i < st->leaf->phrase_count; i++) {
        size_t terms = st->leaf->phrases[i].count;
        for (size_t k = 0; k < terms; k++)
            if (load_source(l, source++, stretches, &l->meeting[k]) != 0)
                return -1;
        meet(l->meeting, terms, stretches, &st->own);
    }
    return 0;
}

int leaves_load(struct leaves *l, uint32_t leaf, uint32_t stretches)
{
    struct leaf_state *st = &l->states[leaf];

    if (st->is_loaded)
        return 0;
    if (st->simple) {
        if (load_source(l, st->first, stretches, &st->in) != 0)
            return -1;
    } else {
        if (st->own.impacts == NULL && !slot_init(&st->own, 1, l->mem))
            return -1;
        slot_clear(&st->own);
        if ((st->leaf->near_count > 0 ? load_near(l, st, stretches)
                                      : load_phrases(l, st, stretches)) != 0)
            return -1;
        st->in = st->own.impacts;
    }
    st->is_loaded = true;
    return 0;
}

/* ---- positions -------------------------------------------------------------------------------- */

static sx_status term_places(struct leaves *l, uint32_t source, uint32_t doc)
{
    struct places *p = &l->places[source];

    places_clear(p);
    return source_places(&l->part->sources[source], doc, p);
}

/* Keeps the starts that are `k` before one of `at`; returns how many. */
static size_t keep_before(uint32_t *starts, size_t count, const uint32_t *at, size_t n, uint32_t k)
{
    size_t kept = 0;

    for (size_t i = 0, j = 0; i < count && j < n;) {
        uint32_t start = starts[i], want = start + k, is = at[j];
        starts[kept] = start;
        kept += want == is;
        i += want <= is;
        j += is <= want;
    }
    return kept;
}

/* Adds where each term of a phrase follows the one before it. */
static int add_starts(const struct places *terms, size_t count, int field, struct places *out)
{
    size_t n = terms[0].count[field], before = out->count[field];
    uint32_t *starts = n == 0 ? NULL : places_extend(out, field, n);

    if (n == 0)
        return 0;
    if (starts == NULL)
        return -1;
    memcpy(starts, terms[0].at[field], n * sizeof(*starts));
    for (size_t k = 1; k < count && n > 0; k++)
        n = keep_before(starts, n, terms[k].at[field], terms[k].count[field], (uint32_t)k);
    out->count[field] = before + n;
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
        const struct places *p = &l->places[source + k];
        if (rc != SX_OK || p->count[0] + p->count[1] == 0)
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
    if (st->simple && spec->field == BM_BOTH)
        return source_places(&l->part->sources[source], doc, out);
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

void leaves_expect(const struct leaves *l, const struct part *p, uint32_t doc)
{
    for (size_t i = 0; i < l->source_count; i++) {
        const struct list *list = source_list(&p->sources[i]);
        if (list != NULL)
            list_expect_document(list, doc, NOT_KNOWN, true);
    }
}

sx_status leaves_count(struct leaves *l, uint32_t leaf, uint32_t doc, struct phrase_tf *out)
{
    const struct leaf_state *st = &l->states[leaf];
    struct source *src = &l->part->sources[st->first];
    uint32_t source = st->first;
    sx_status rc = SX_OK;

    *out = (struct phrase_tf){0, 0};
    if (st->simple && !src->shared) {
        *out = leaves_in_field(source_count(src, doc), st->leaf->field);
        return SX_OK;
    }
    if (l->part->phrases[leaf] != NULL)
        return phrase_seek(l->part->phrases[leaf], doc) ? phrase_count(l->part->phrases[leaf], out)
                                                        : SX_OK;
    if (!st->leaf->sum) {
        rc = leaves_places(l, leaf, doc, &l->phrase);
        *out = (struct phrase_tf){(uint32_t)l->phrase.count[0], (uint32_t)l->phrase.count[1]};
        return rc;
    }
    for (size_t i = 0; i < st->leaf->phrase_count && rc == SX_OK; i++) {
        places_clear(&l->phrase);
        rc = phrase_places(l, &st->leaf->phrases[i], source, doc, st->leaf->field, &l->phrase);
        source += (uint32_t)st->leaf->phrases[i].count;
        out->title += (uint32_t)l->phrase.count[0];
        out->body += (uint32_t)l->phrase.count[1];
    }
    return rc;
}
