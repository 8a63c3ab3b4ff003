/* The best first, or all; in ranges of documents. */
#include "index/blockmax/search.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/blockmax/leaves.h"
#include "index/rank/score.h"

/* Bounds are single precision, sums of them in any order: what is left out must be below the floor by
 * more than that can be off. */
#define MARGIN 1.00001f

struct bm_search {
    struct leaves l;
    float *acc;     /* by document of the range: what its loaded leaves score, at most */
    float *k1_norm; /* k1 · the norm of its length */
    uint64_t bits[RANGE_WORDS]; /* documents that are still looked at */
    uint32_t *order;            /* leaves that score, by their bound in the range, least first */
    size_t scored;
    bool *skipped; /* by leaf: its bound is in `rest`, it is not in `acc` */
    sx_status stopped;
};

static sx_status fail_damaged(struct sx_error *err)
{
    return sx_fail(err, SX_ECORRUPT, "a segment is damaged");
}

static float most_of(const struct bm_search *b, uint32_t leaf)
{
    return (float)(b->l.ask->leaves[leaf].weight * (SCORE_K1 + 1.0));
}

sx_status bm_begin(struct bm_search **out, const struct bm_ask *ask, struct pool *mem,
                   struct sx_error *err)
{
    struct bm_search *b = mem_zalloc(1, sizeof(*b));

    *out = b;
    if (b == NULL)
        return sx_fail_oom(err);
    sx_status rc = leaves_open(&b->l, ask, mem, err);
    b->acc = pool_array(mem, RANGE_DOCS, sizeof(*b->acc));
    b->k1_norm = pool_array(mem, RANGE_DOCS, sizeof(*b->k1_norm));
    b->order = pool_array(mem, ask->leaf_count + 1, sizeof(*b->order));
    b->skipped = pool_array(mem, ask->leaf_count + 1, sizeof(*b->skipped));
    if (rc == SX_OK &&
        (b->acc == NULL || b->k1_norm == NULL || b->order == NULL || b->skipped == NULL))
        rc = sx_fail_oom(err);
    for (uint32_t i = 0; rc == SX_OK && i < ask->leaf_count; i++)
        if (ask->leaves[i].weight > 0)
            b->order[b->scored++] = i;
    if (rc != SX_OK) {
        bm_end(b);
        *out = NULL;
    }
    return rc;
}

void bm_end(struct bm_search *b)
{
    if (b == NULL)
        return;
    leaves_close(&b->l);
    mem_free(b);
}

/* ---- documents -------------------------------------------------------------------------------- */

static bool is_visible(const struct bm_search *b, uint32_t doc)
{
    const struct segment *s = b->l.part->s;

    return !segment_is_dead(s, doc) || !b->l.ask->view.gone(b->l.ask->view.ctx, s->first + doc);
}

/* Counts all leaves in a document of the range. */
static sx_status count_leaves(struct bm_search *b, uint32_t doc)
{
    for (uint32_t i = 0; i < b->l.ask->leaf_count; i++) {
        struct phrase_tf *tf = &b->l.ask->tf[i];
        if (b->l.ask->leaves[i].near_count > 0)
            continue;
        *tf = (struct phrase_tf){0, 0};
        if (!has_document(b->l.states[i].bits, doc))
            continue;
        sx_status rc = leaves_count(&b->l, i, doc, tf);
        if (rc != SX_OK)
            return rc;
    }
    return SX_OK;
}

static int load_all(struct bm_search *b)
{
    for (uint32_t i = 0; i < b->l.ask->leaf_count; i++)
        if (leaves_load(&b->l, i) != 0)
            return -1;
    return 0;
}

/* Whether a score may reach the floor. */
static bool reaches(float score, double floor)
{
    return floor < 0 || (double)(score * MARGIN) >= floor;
}

/* Shows what is left of the range; a score that is not wanted has no bound. */
static sx_status see_left(struct bm_search *b, bool bounded)
{
    const struct bm_ask *ask = b->l.ask;
    uint32_t low = b->l.range << RANGE_BITS;

    if (load_all(b) != 0)
        return SX_ENOMEM;
    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        for (uint64_t left = b->bits[w]; left != 0; left &= left - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(left);
            if ((bounded && !reaches(b->acc[doc], ask->floor(ask->ctx))) ||
                !is_visible(b, low + doc))
                continue;
            sx_status rc = count_leaves(b, doc);
            if (rc == SX_OK)
                rc = ask->see(ask->ctx, b->l.part->s->first + low + doc);
            if (rc != SX_OK)
                return rc;
        }
    }
    return SX_OK;
}

/* ---- candidates ------------------------------------------------------------------------------- */

static bool is_empty(const uint64_t *bits)
{
    uint64_t any = 0;

    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        any |= bits[w];
    return any == 0;
}

/* Keeps the documents that have one of the leaves; `first`: there are none so far to keep. -1:
 * memory ran out. */
static int keep_clause(struct bm_search *b, const uint32_t *leaves, size_t count, bool first)
{
    uint64_t one[RANGE_WORDS] = {0};

    for (size_t i = 0; i < count; i++) {
        if (leaves_load(&b->l, leaves[i]) != 0)
            return -1;
        for (uint32_t w = 0; w < RANGE_WORDS; w++)
            one[w] |= b->l.states[leaves[i]].bits[w];
    }
    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        b->bits[w] = first ? one[w] : b->bits[w] & one[w];
    return 0;
}

static int keep_clauses(struct bm_search *b, const struct bm_clause *clauses, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (keep_clause(b, clauses[i].leaves, clauses[i].count, i == 0) != 0)
            return -1;
        if (is_empty(b->bits))
            return 0;
    }
    return 0;
}

/* ---- scores, at most -------------------------------------------------------------------------- */

static void begin_scores(struct bm_search *b)
{
    const struct segment *s = b->l.part->s;
    uint32_t low = b->l.range << RANGE_BITS;
    float fixed = (float)(SCORE_K1 * (1.0 - SCORE_B));
    float by_length = (float)(SCORE_K1 * SCORE_B / b->l.ask->avglen);

    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        for (uint64_t left = b->bits[w]; left != 0; left &= left - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(left);
            float len = (float)SCORE_TITLE_WEIGHT * (float)segment_title_length(s, low + doc) +
                        (float)segment_body_length(s, low + doc);
            b->acc[doc] = 0;
            b->k1_norm[doc] = fixed + by_length * len;
        }
    }
}

static void add_scores(struct bm_search *b, uint32_t leaf)
{
    const struct leaf_state *st = &b->l.states[leaf];
    float most = most_of(b, leaf);

    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        for (uint64_t left = b->bits[w] & st->bits[w]; left != 0; left &= left - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(left);
            float tf =
                (float)SCORE_TITLE_WEIGHT * (float)st->tf[doc].title + (float)st->tf[doc].body;
            b->acc[doc] += most * tf / (tf + b->k1_norm[doc]);
        }
    }
}

/* Drops what cannot reach the floor, though it had all of `rest` on top. */
static void drop_low(struct bm_search *b, float rest, double floor)
{
    if (floor < 0)
        return;
    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        uint64_t kept = b->bits[w];
        for (uint64_t left = kept; left != 0; left &= left - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(left);
            if (!reaches(b->acc[doc] + rest, floor))
                kept &= ~(UINT64_C(1) << (doc % 64));
        }
        b->bits[w] = kept;
    }
}

static float bound_of(const struct bm_search *b, uint32_t leaf)
{
    return most_of(b, leaf) * b->l.part->bounds[leaf][b->l.range];
}

/* Orders the leaves that score by what they can in the range. They are few, and nearly in order. */
static void order_leaves(struct bm_search *b)
{
    for (size_t i = 1; i < b->scored; i++) {
        uint32_t leaf = b->order[i];
        float bound = bound_of(b, leaf);
        size_t at = i;
        for (; at > 0 && bound_of(b, b->order[at - 1]) > bound; at--)
            b->order[at] = b->order[at - 1];
        b->order[at] = leaf;
    }
}

/* The leaves that a document can have all of and stay below the floor are skipped: who has no other
 * is no candidate. Returns the sum of their bounds. */
static float skip_leaves(struct bm_search *b, double floor)
{
    float rest = 0;
    bool more = floor >= 0;

    memset(b->skipped, 0, b->l.ask->leaf_count * sizeof(*b->skipped));
    for (size_t i = 0; i < b->scored && more; i++) {
        float bound = bound_of(b, b->order[i]);
        more = !reaches(rest + bound, floor);
        if (more) {
            rest += bound;
            b->skipped[b->order[i]] = true;
        }
    }
    return rest;
}

/* The candidates: documents that have a leaf that is not skipped. */
static int keep_essential(struct bm_search *b)
{
    size_t from = 0;

    while (from < b->scored && b->skipped[b->order[from]])
        from++;
    return keep_clause(b, b->order + from, b->scored - from, true);
}

/* Whether the clause is just the leaves that score. */
static bool is_all_scored(const struct bm_search *b, const struct bm_clause *clause)
{
    if (clause->count != b->scored)
        return false;
    for (size_t i = 0; i < clause->count; i++)
        if (b->l.ask->leaves[clause->leaves[i]].weight <= 0)
            return false;
    return true;
}

/* Sees what of a range may be kept. */
static sx_status see_best(struct bm_search *b, const struct bm_clause *clauses, size_t count)
{
    const struct bm_ask *ask = b->l.ask;
    double floor = ask->floor(ask->ctx);
    float rest = 0;
    int rc;

    order_leaves(b);
    if (count == 1 && is_all_scored(b, &clauses[0])) {
        rest = skip_leaves(b, floor);
        rc = keep_essential(b);
    } else {
        skip_leaves(b, -1);
        rc = keep_clauses(b, clauses, count);
    }
    if (rc != 0)
        return SX_ENOMEM;
    if (is_empty(b->bits))
        return SX_OK;
    begin_scores(b);
    for (size_t i = b->scored; i-- > 0;) { /* those that score most first */
        uint32_t leaf = b->order[i];
        if (!b->l.states[leaf].loaded) {
            float bound = bound_of(b, leaf);
            if (!b->skipped[leaf])
                rest += bound;
            b->skipped[leaf] = true;
        } else {
            add_scores(b, leaf);
        }
    }
    drop_low(b, rest, floor);
    for (size_t i = b->scored; i-- > 0 && !is_empty(b->bits);) {
        uint32_t leaf = b->order[i];
        if (!b->skipped[leaf])
            continue;
        if (leaves_load(&b->l, leaf) != 0)
            return SX_ENOMEM;
        add_scores(b, leaf);
        rest -= bound_of(b, leaf);
        drop_low(b, rest > 0 ? rest : 0, floor);
    }
    return is_empty(b->bits) ? SX_OK : see_left(b, true);
}

/* ---- ranges, best first ----------------------------------------------------------------------- */

struct ranged {
    float bound;
    uint32_t part, range;
};

static void sift(struct ranged *heap, size_t i, size_t count)
{
    struct ranged r = heap[i];

    for (size_t kid = 2 * i + 1; kid < count; kid = 2 * i + 1) {
        if (kid + 1 < count && heap[kid + 1].bound > heap[kid].bound)
            kid++;
        if (heap[kid].bound <= r.bound)
            break;
        heap[i] = heap[kid];
        i = kid;
    }
    heap[i] = r;
}

/* Whether a range has postings of each clause. */
static bool has_clauses(const struct part *p, uint32_t range, const struct bm_clause *clauses,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool one = false;
        for (size_t k = 0; k < clauses[i].count && !one; k++)
            one = p->bounds[clauses[i].leaves[k]][range] > 0;
        if (!one)
            return false;
    }
    return true;
}

/* The bounds of all ranges, to `totals`. */
static void add_up(const struct bm_search *b, const struct part *p, float *totals)
{
    memset(totals, 0, p->s->ranges * sizeof(*totals));
    for (size_t i = 0; i < b->scored; i++) {
        float most = most_of(b, b->order[i]);
        const float *bounds = p->bounds[b->order[i]];
        for (uint32_t r = 0; r < p->s->ranges; r++)
            totals[r] += most * bounds[r];
    }
}

static struct ranged *find_ranges(struct bm_search *b, const struct bm_clause *clauses,
                                  size_t count, size_t *found)
{
    size_t all = 0, most = 1;

    for (size_t i = 0; i < b->l.part_count; i++) {
        uint32_t ranges = b->l.parts[i].s->ranges;
        all += ranges;
        most = ranges > most ? ranges : most;
        if (b->l.parts[i].bounds == NULL && leaves_bounds(&b->l, &b->l.parts[i]) != 0)
            return NULL;
    }
    struct ranged *heap = pool_array(b->l.mem, all + 1, sizeof(*heap));
    float *totals = pool_array(b->l.mem, most, sizeof(*totals));
    if (heap == NULL || totals == NULL)
        return NULL;
    *found = 0;
    for (size_t i = 0; i < b->l.part_count; i++) {
        const struct part *p = &b->l.parts[i];
        add_up(b, p, totals);
        for (uint32_t r = 0; r < p->s->ranges && r << RANGE_BITS < p->below; r++)
            if (has_clauses(p, r, clauses, count))
                heap[(*found)++] = (struct ranged){totals[r], (uint32_t)i, r};
    }
    for (size_t i = *found / 2; i-- > 0;)
        sift(heap, i, *found);
    return heap;
}

static sx_status tell(struct bm_search *b, sx_status rc, struct sx_error *err)
{
    if (rc == SX_ENOMEM)
        return sx_fail_oom(err);
    for (size_t i = 0; i < b->l.part_count; i++)
        if (atomic_load(&b->l.parts[i].s->damaged))
            return fail_damaged(err);
    return rc;
}

sx_status bm_best(struct bm_search *b, const struct bm_clause *clauses, size_t count, bool *pruned,
                  struct sx_error *err)
{
    const struct bm_ask *ask = b->l.ask;
    size_t left = 0;
    struct ranged *heap = find_ranges(b, clauses, count, &left);
    sx_status rc = SX_OK;

    *pruned = false;
    if (heap == NULL)
        return sx_fail_oom(err);
    for (; left > 0 && rc == SX_OK; sift(heap, 0, --left)) {
        if (!reaches(heap[0].bound, ask->floor(ask->ctx)))
            break;
        leaves_move(&b->l, &b->l.parts[heap[0].part], heap[0].range);
        rc = see_best(b, clauses, count);
        heap[0] = heap[left - 1];
        if (rc == SX_OK)
            rc = ask->look_up(ask->ctx);
    }
    *pruned = ask->floor(ask->ctx) >= 0;
    return tell(b, rc, err);
}

sx_status bm_all(struct bm_search *b, const struct bm_clause *clauses, size_t count,
                 struct sx_error *err)
{
    const struct bm_ask *ask = b->l.ask;
    sx_status rc = SX_OK;

    for (size_t i = 0; i < b->l.part_count; i++) {
        struct part *p = &b->l.parts[i];
        for (uint32_t r = 0; r < p->s->ranges && r << RANGE_BITS < p->below && rc == SX_OK; r++) {
            leaves_move(&b->l, p, r);
            if (keep_clauses(b, clauses, count) != 0)
                rc = SX_ENOMEM;
            else if (!is_empty(b->bits))
                rc = see_left(b, false);
            if (rc == SX_OK)
                rc = ask->look_up(ask->ctx);
        }
    }
    return tell(b, rc, err);
}

/* ---- counting --------------------------------------------------------------------------------- */

/* Bits of the range at hand, of a leaf that is one source. */
static void load_bits(struct bm_search *b, uint32_t leaf, uint64_t *bits)
{
    memset(bits, 0, RANGE_WORDS * sizeof(*bits));
    source_load_bits(&b->l.part->sources[b->l.states[leaf].first], b->l.range, bits);
}

static uint64_t count_bits(struct bm_search *b, uint64_t *bits)
{
    const struct segment *s = b->l.part->s;
    uint32_t low = b->l.range << RANGE_BITS;
    uint64_t count = 0;

    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        uint32_t doc = low + w * 64;
        if (doc >= b->l.part->below)
            break;
        if (b->l.part->below - doc < 64)
            bits[w] &= (UINT64_C(1) << (b->l.part->below - doc)) - 1;
        uint64_t dead = atomic_load_explicit(&s->dead[doc / 64], memory_order_relaxed);
        for (uint64_t left = bits[w] & dead; left != 0; left &= left - 1)
            if (!is_visible(b, doc + (uint32_t)__builtin_ctzll(left)))
                bits[w] &= ~(left & -left);
        count += (uint64_t)__builtin_popcountll(bits[w]);
    }
    return count;
}

static void count_range(struct bm_search *b, const uint32_t *leaves, size_t count, uint64_t *one,
                        uint64_t *all)
{
    uint64_t bits[RANGE_WORDS], any[RANGE_WORDS], every[RANGE_WORDS];

    load_bits(b, leaves[0], any);
    memcpy(every, any, sizeof(every));
    for (size_t i = 1; i < count; i++) {
        load_bits(b, leaves[i], bits);
        for (uint32_t w = 0; w < RANGE_WORDS; w++) {
            any[w] |= bits[w];
            every[w] &= bits[w];
        }
    }
    *one += count_bits(b, any);
    *all += count == 1 ? 0 : count_bits(b, every);
}

/* Whether it takes only documents, not positions, to say where the leaf stands. */
static bool is_countable(const struct leaf_state *st)
{
    return st->simple && st->leaf->field == BM_BOTH;
}

/* Whether the lists of a part count without being read. */
static bool is_plain(const struct part *p, const struct leaf_state *st)
{
    const struct source *src = &p->sources[st->first];

    return src->big_count + src->small_count <= 1 && p->below == p->s->next - p->s->first &&
           atomic_load(&p->s->dead_count) == 0;
}

sx_status bm_count(struct bm_search *b, const uint32_t *leaves, size_t count, bool free,
                   uint64_t *one, uint64_t *all, bool *counted, struct sx_error *err)
{
    const struct bm_ask *ask = b->l.ask;
    sx_status rc = SX_OK;

    *one = 0;
    *all = 0;
    *counted = count > 0 && (count == 1 || !free);
    for (size_t i = 0; i < count; i++)
        *counted = *counted && is_countable(&b->l.states[leaves[i]]);
    for (size_t i = 0; *counted && free && i < b->l.part_count; i++)
        *counted = is_plain(&b->l.parts[i], &b->l.states[leaves[0]]);
    if (!*counted)
        return SX_OK;
    for (size_t i = 0; i < b->l.part_count && rc == SX_OK; i++) {
        struct part *p = &b->l.parts[i];
        if (count == 1 && is_plain(p, &b->l.states[leaves[0]])) {
            *one += p->sources[b->l.states[leaves[0]].first].n;
            continue;
        }
        for (uint32_t r = 0; r < p->s->ranges && r << RANGE_BITS < p->below && rc == SX_OK; r++) {
            leaves_move(&b->l, p, r);
            count_range(b, leaves, count, one, all);
            rc = ask->look_up(ask->ctx);
        }
    }
    if (count == 1)
        *all = *one;
    return tell(b, rc, err);
}

/* ---- one document ----------------------------------------------------------------------------- */

static struct part *part_of(struct bm_search *b, uint64_t rowid)
{
    for (size_t i = 0; i < b->l.part_count; i++) {
        const struct segment *s = b->l.parts[i].s;
        if (rowid >= s->first && rowid < s->next)
            return &b->l.parts[i];
    }
    return NULL;
}

sx_status bm_look(struct bm_search *b, uint64_t rowid, bool *found, struct sx_error *err)
{
    struct part *p = part_of(b, rowid);

    *found = false;
    if (p == NULL || rowid - p->s->first >= p->below)
        return SX_OK;
    uint32_t doc = (uint32_t)(rowid - p->s->first);
    leaves_move(&b->l, p, doc >> RANGE_BITS);
    if (load_all(b) != 0)
        return sx_fail_oom(err);
    *found = is_visible(b, doc);
    return tell(b, *found ? count_leaves(b, doc & (RANGE_DOCS - 1)) : SX_OK, err);
}

sx_status bm_places(struct bm_search *b, uint32_t leaf, uint64_t rowid, struct places *out)
{
    uint32_t doc = (uint32_t)(rowid - b->l.part->s->first);

    return leaves_places(&b->l, leaf, doc & (RANGE_DOCS - 1), out);
}
