/* Sets of segments, and what the writer, readers and upkeep do with them. */
#include "index/engine/reach.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/blockmax/guard.h"
#include "index/engine/index.h"
#include "index/engine/upkeep.h"
#include "index/rank/score.h"

/* Tokens of one segment in memory; a transaction with more makes several. */
#define SPILL_TOKENS ((size_t)1000 * 1000)
/* So few are not worth another thread's while. */
#define CLOSE_TOKENS ((size_t)1 << 15)

/* ---- sets ------------------------------------------------------------------------------------- */

struct segset *segset_new(struct segment *const *at, size_t count, uint64_t purged)
{
    struct segset *s = mem_alloc(sizeof(*s) + count * sizeof(struct segment *));

    if (s == NULL)
        return NULL;
    atomic_init(&s->refs, 1);
    s->whole = true;
    s->next = 1; /* the first rowid */
    s->purged = purged;
    s->count = count;
    for (size_t i = 0; i < count; i++) {
        s->at[i] = segment_ref(at[i]);
        s->whole = s->whole && at[i]->first == s->next;
        s->next = at[i]->next;
    }
    return s;
}

void reach_drop(struct segset *set)
{
    if (set == NULL || atomic_fetch_sub(&set->refs, 1) != 1)
        return;
    for (size_t i = 0; i < set->count; i++)
        segment_unref(set->at[i]);
    mem_free(set);
}

static struct segset *take(struct segset *set)
{
    if (set != NULL)
        atomic_fetch_add(&set->refs, 1);
    return set;
}

int reach_init(struct reach *r)
{
    memset(r, 0, sizeof(*r));
    r->now = segset_new(NULL, 0, 0);
    return chunks_init(&r->gone, sizeof(_Atomic(uint64_t))) == 0 && r->now != NULL ? 0 : -1;
}

void reach_release(struct reach *r)
{
    reach_drop(r->now);
    reach_drop(r->before);
    chunks_release(&r->gone);
    memset(r, 0, sizeof(*r));
}

/* ---- what is gone ----------------------------------------------------------------------------- */

uint64_t reach_gone(const struct memory *m, uint64_t rowid, uint64_t upto)
{
    const _Atomic(uint64_t) *at = chunks_get(&m->reach.gone, rowid);
    uint64_t generation = at == NULL ? 0 : atomic_load_explicit(at, memory_order_relaxed);

    return generation <= upto ? generation : 0;
}

/* False: memory ran out. */
static bool mark(struct reach *r, uint64_t rowid, uint64_t generation)
{
    _Atomic(uint64_t) *at = chunks_at(&r->gone, rowid);

    if (at == NULL)
        return false;
    atomic_store_explicit(at, generation, memory_order_relaxed);
    return true;
}

static struct segment *segment_with(const struct segset *set, uint64_t rowid)
{
    size_t low = 0, high = set == NULL ? 0 : set->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set->at[middle]->next <= rowid)
            low = middle + 1;
        else
            high = middle;
    }
    return set != NULL && low < set->count && set->at[low]->first <= rowid ? set->at[low] : NULL;
}

static void kill(const struct segset *set, uint64_t rowid)
{
    struct segment *s = segment_with(set, rowid);

    if (s != NULL)
        segment_kill(s, rowid);
}

static bool is_gone(const void *ctx, uint64_t rowid)
{
    const struct reach_snapshot *of = ctx;
    const _Atomic(uint64_t) *at = chunks_get(of->gone, rowid);
    uint64_t generation = at == NULL ? 0 : atomic_load_explicit(at, memory_order_relaxed);

    return generation != 0 && generation <= of->generation;
}

/* Impacts are made for it; it may be off. */
double reach_average(const struct state *s)
{
    double words = score_combined(s->title_words, s->body_words);

    return s->docs == 0 || words <= 0 ? 1 : words / (double)s->docs;
}

/* With the lock held, where others may look. */
static void note_committed(struct sx_index *ix)
{
    struct reach *r = &ix->memory->reach;

    r->committed_next = (uint64_t)ix->committed.next_id;
    r->committed = ix->committed.generation;
    r->average = reach_average(&ix->committed);
    r->docs = ix->committed.docs;
    r->sum = ix->committed.sum;
    r->names = ix->memory->docs.name_count;
}

/* ---- opening ---------------------------------------------------------------------------------- */

bool reach_note(struct reach_docs *d, uint64_t rowid)
{
    uint64_t word = rowid / 64;

    if (word >= d->words) {
        size_t grown = word < 1024 ? 1024 : (size_t)word * 2;
        uint64_t *bits = mem_realloc(d->bits, grown * sizeof(*bits));
        if (bits == NULL)
            return false;
        memset(bits + d->words, 0, (grown - d->words) * sizeof(*bits));
        d->bits = bits;
        d->words = grown;
    }
    d->bits[word] |= UINT64_C(1) << (rowid % 64);
    return true;
}

static bool noted(const struct reach_docs *d, uint64_t rowid)
{
    return rowid / 64 < d->words && d->bits[rowid / 64] >> (rowid % 64) & 1;
}

struct comparing {
    struct memory *m;
    const struct reach_docs *docs;
};

/* Documents of the segment that the index has no more are gone; false: it is not about those that the
 * index has, or memory ran out. */
static bool compare(const struct comparing *c, struct segment *s)
{
    uint32_t count = (uint32_t)(s->next - s->first);

    for (uint32_t i = 0; i < count; i++) {
        uint64_t rowid = s->first + i;
        const struct docrow *row = doctable_get(&c->m->docs, (int64_t)rowid);
        if (noted(c->docs, rowid)) {
            if (row == NULL || segment_title_length(s, i) != row->title_len ||
                segment_body_length(s, i) != row->body_len ||
                segment_checksum(s, i) != row->checksum)
                return false;
        } else if (segment_has(s, i)) {
            segment_kill(s, rowid);
            if (!mark(&c->m->reach, rowid, 1))
                return false;
        }
    }
    return true;
}

static void compare_all(void *arg)
{
    const struct comparing *c = arg;
    struct segset *set = c->m->reach.now;

    for (size_t i = 0; i < set->count; i++)
        if (!atomic_load(&set->at[i]->damaged) && !compare(c, set->at[i]))
            atomic_store(&set->at[i]->damaged, true);
}

void reach_open(struct sx_index *ix, struct segset *files, const struct reach_docs *docs)
{
    struct reach *r = &ix->memory->reach;
    struct comparing c = {ix->memory, docs};
    uint64_t next = (uint64_t)ix->committed.next_id;
    const void *at;

    reach_drop(r->now);
    r->now = files;
    for (size_t i = 0; files != NULL && i < files->count; i++)
        if (files->at[i]->next > next)
            atomic_store(&files->at[i]->damaged, true);
    /* Each time that it is left, one more is damaged. */
    for (size_t i = 0; files != NULL && i <= files->count && !guard_run(compare_all, &c, &at); i++)
        guard_blame(files->at, files->count, at);
    reach_heal(ix, ix->memory);
    note_committed(ix);
    ix->changes.from = next;
}

/* ---- the open transaction --------------------------------------------------------------------- */

static void make(struct task *task, struct analyzer *an)
{
    struct making *m = (struct making *)(void *)((char *)task - offsetof(struct making, task));
    uint8_t id[SEGMENT_ID_BYTES] = {0}; /* it gets one when it becomes a file */
    struct buf bytes = {0};

    (void)an;
    m->made = NULL;
    if (inverter_write(m->v, m->first, m->next, m->average, id, -1, &bytes, NULL) == SX_OK)
        segment_of_memory(&m->made, &bytes, NULL);
    buf_release(&bytes);
    inverter_clear(m->v);
}

/* Waits for the segment that is being made. */
static void finish(struct sx_index *ix)
{
    struct reach_changes *c = &ix->changes;
    struct making *m = &c->making;

    if (m->v == NULL)
        return;
    crew_wait(ix->crew, &m->task, ix->an);
    if (c->put == NULL)
        c->put = m->v;
    else
        inverter_free(m->v);
    m->v = NULL;
    c->lost = c->lost || m->made == NULL;
    if (m->made != NULL)
        c->spilled[c->spilled_count++] = m->made;
}

/* The documents that were put since the last segment become one; `next` is behind the last. */
static void spill(struct sx_index *ix, uint64_t next, double average)
{
    struct reach_changes *c = &ix->changes;
    struct making *m = &c->making;

    finish(ix);
    struct segment **grown =
        mem_realloc(c->spilled, (c->spilled_count + 1) * sizeof(struct segment *));
    if (grown == NULL) {
        c->lost = true;
        return;
    }
    c->spilled = grown;
    *m = (struct making){
        .task.run = make, .v = c->put, .first = c->from, .next = next, .average = average};
    c->from = m->next;
    c->put = NULL;
    crew_give(ix->crew, &m->task);
}

static void spill_rest(struct sx_index *ix)
{
    spill(ix, (uint64_t)ix->next.next_id, reach_average(&ix->next));
}

void reach_put(struct sx_index *ix, int64_t rowid)
{
    struct reach_changes *c = &ix->changes;

    if (c->put == NULL)
        c->put = inverter_new();
    c->lost = c->lost || c->put == NULL || inverter_begin(c->put, (uint64_t)rowid) != 0;
}

void reach_token(struct sx_index *ix, bool body, uint32_t position, struct sx_str term,
                 uint32_t number, bool beside)
{
    struct reach_changes *c = &ix->changes;

    c->lost = c->lost || inverter_numbered(c->put, body, position, term, number, beside) != 0;
}

void reach_put_end(struct sx_index *ix, const struct stored_doc *d, double average)
{
    struct reach_changes *c = &ix->changes;

    if (c->lost)
        return;
    inverter_lengths(c->put, (struct doc_length){d->title_len, d->body_len, d->put_checksum});
    if (inverter_tokens(c->put) > SPILL_TOKENS)
        spill(ix, (uint64_t)d->id + 1, average);
}

void reach_delete(struct sx_index *ix, int64_t rowid)
{
    struct reach_changes *c = &ix->changes;

    if (!c->lost && c->put != NULL && (uint64_t)rowid >= c->from) {
        inverter_drop(c->put, (uint64_t)rowid);
        return;
    }
    if (c->killed_count == c->killed_cap) {
        size_t cap = c->killed_cap == 0 ? 64 : 2 * c->killed_cap;
        uint64_t *grown = mem_realloc(c->killed, cap * sizeof(*grown));
        if (grown == NULL) {
            c->forgot = true;
            return;
        }
        c->killed = grown;
        c->killed_cap = cap;
    }
    c->killed[c->killed_count++] = (uint64_t)rowid;
}

static void forget(struct sx_index *ix)
{
    struct reach_changes *c = &ix->changes;
    struct making *m = &c->making;

    if (m->v != NULL) {
        crew_cancel(ix->crew, &m->task);
        segment_unref(m->made);
        inverter_free(m->v);
        m->v = NULL;
    }
    for (size_t i = 0; i < c->spilled_count; i++)
        segment_unref(c->spilled[i]);
    c->spilled_count = 0;
    c->killed_count = 0;
    c->lost = false;
    c->forgot = false;
    c->emptied = false;
    if (c->put != NULL)
        inverter_clear(c->put);
}

void reach_rolled_back(struct sx_index *ix)
{
    forget(ix);
    ix->changes.from = (uint64_t)ix->committed.next_id;
}

void reach_changes_release(struct reach_changes *c)
{
    inverter_free(c->put);
    mem_free(c->spilled);
    mem_free(c->killed);
    memset(c, 0, sizeof(*c));
}

/* ---- COMMIT ----------------------------------------------------------------------------------- */

/* The set with the transaction's segments; NULL: memory ran out. */
static struct segset *with_new(const struct segset *old, const struct reach_changes *c)
{
    size_t count = (old == NULL ? 0 : old->count) + c->spilled_count;
    struct segment **at = mem_alloc((count + 1) * sizeof(struct segment *));
    size_t n = 0;

    if (at == NULL)
        return NULL;
    for (size_t i = 0; old != NULL && i < old->count; i++)
        at[n++] = old->at[i];
    for (size_t i = 0; i < c->spilled_count; i++)
        at[n++] = c->spilled[i];
    struct segset *set = segset_new(at, n, old == NULL ? 0 : old->purged);
    mem_free(at);
    return set;
}

void reach_close(struct sx_index *ix)
{
    const struct reach_changes *c = &ix->changes;

    if (ix->coming == NULL && !c->lost && c->put != NULL && inverter_tokens(c->put) > CLOSE_TOKENS)
        spill_rest(ix);
}

void reach_register(struct sx_index *ix, uint64_t generation)
{
    struct reach *r = &ix->memory->reach;
    struct reach_changes *c = &ix->changes;

    if (ix->coming != NULL)
        return; /* it has a reach of its own, still empty */
    if (!c->lost && (uint64_t)ix->next.next_id > c->from) {
        if (c->put == NULL)
            c->put = inverter_new();
        c->lost = c->put == NULL;
        if (!c->lost)
            spill_rest(ix);
    }
    finish(ix);
    pthread_mutex_lock(&ix->lock);
    struct segset *set = c->forgot ? NULL : with_new(r->now, c);
    for (size_t i = 0; set != NULL && i < c->killed_count; i++) {
        kill(set, c->killed[i]);
        r->recent[r->kills++ % RECENT_KILLS] = c->killed[i];
        if (!mark(r, c->killed[i], generation)) {
            reach_drop(set);
            set = NULL;
        }
    }
    r->before = r->now;
    r->now = set; /* NULL: upkeep makes it anew */
    r->epoch += set == NULL;
    c->emptied = set == NULL;
    pthread_mutex_unlock(&ix->lock);
}

void reach_withdraw(struct sx_index *ix)
{
    struct reach *r = &ix->memory->reach;
    struct reach_changes *c = &ix->changes;
    size_t count = 0;

    if (ix->coming != NULL)
        return;
    pthread_mutex_lock(&ix->lock);
    for (size_t i = 0; i < c->killed_count; i++)
        mark(r, c->killed[i], 0);
    /* Upkeep may have merged what was there before: only what is not committed goes. */
    struct segset *now = r->now;
    while (now != NULL && count < now->count && now->at[count]->first < r->committed_next)
        count++;
    struct segset *back = now == NULL ? take(r->before) : segset_new(now->at, count, now->purged);
    r->now = back;
    pthread_mutex_unlock(&ix->lock);
    reach_drop(now);
    reach_drop(r->before);
    r->before = NULL;
}

void reach_committed(struct sx_index *ix)
{
    struct reach *r = &ix->memory->reach;

    pthread_mutex_lock(&ix->lock);
    note_committed(ix);
    r->epoch += ix->changes.emptied; /* what was begun amid COMMIT does not see it either */
    pthread_mutex_unlock(&ix->lock);
    reach_drop(r->before);
    r->before = NULL;
    forget(ix);
    ix->changes.from = (uint64_t)ix->committed.next_id;
    upkeep_after_commit(ix);
}

/* ---- readers ---------------------------------------------------------------------------------- */

struct segset *reach_now(struct sx_index *ix, struct memory *m)
{
    pthread_mutex_lock(&ix->lock);
    struct segset *set = take(m->reach.now);
    pthread_mutex_unlock(&ix->lock);
    return set;
}

struct segset *reach_take(struct sx_index *ix, struct memory *m, const struct state *snap)
{
    struct segset *set = reach_now(ix, m);

    if (set != NULL && set->whole && set->next >= (uint64_t)snap->next_id &&
        set->purged <= snap->generation)
        return set;
    reach_drop(set);
    return NULL;
}

struct bm_view reach_view(const struct segset *set, const struct memory *m,
                          const struct state *snap, struct reach_snapshot *of)
{
    *of = (struct reach_snapshot){&m->reach.gone, snap->generation};
    return (struct bm_view){set->at, set->count, (uint64_t)snap->next_id, is_gone, of};
}

/* ---- upkeep ----------------------------------------------------------------------------------- */

/* What went since the generation that a segment was made of is dead in it, too. */
static void kill_gone(const struct memory *m, struct segment *s, uint64_t since)
{
    for (uint64_t rowid = s->first; rowid < s->next; rowid++) {
        if (chunks_get(&m->reach.gone, rowid) == NULL)
            rowid |= CHUNK_ITEMS - 1; /* to the end of the chunk */
        else if (reach_gone(m, rowid, UINT64_MAX) > since)
            segment_kill(s, rowid);
    }
}

/* The last deletions; with the lock held. False: there were more than are kept. */
static bool kill_recent(const struct reach *r, struct segment *s, uint64_t from)
{
    if (r->kills - from > RECENT_KILLS)
        return false;
    for (uint64_t i = from; i < r->kills; i++) {
        uint64_t rowid = r->recent[i % RECENT_KILLS];
        if (rowid >= s->first && rowid < s->next)
            segment_kill(s, rowid);
    }
    return true;
}

/* The set with `made` in place of [from, to). */
static struct segset *with_made(const struct segset *old, size_t from, size_t to,
                                struct segment *made, uint64_t purged)
{
    size_t count = old == NULL ? 0 : old->count;
    struct segment **at = mem_alloc((count + 1) * sizeof(struct segment *));
    size_t n = 0;

    if (at == NULL)
        return NULL;
    for (size_t i = 0; i < from && i < count; i++)
        at[n++] = old->at[i];
    at[n++] = made;
    for (size_t i = to; i < count; i++)
        at[n++] = old->at[i];
    struct segset *set =
        segset_new(at, n, old != NULL && old->purged > purged ? old->purged : purged);
    mem_free(at);
    return set;
}

/* Where in the set `made` goes: between segments, or in the place of some, just. */
static bool find_place(const struct segset *set, const struct segment *made, size_t *from,
                       size_t *to)
{
    size_t count = set == NULL ? 0 : set->count;

    *from = 0;
    while (*from < count && set->at[*from]->next <= made->first)
        ++*from;
    *to = *from;
    while (*to < count && set->at[*to]->first < made->next)
        ++*to;
    return *from == *to ||
           (set->at[*from]->first == made->first && set->at[*to - 1]->next == made->next);
}

bool reach_replace(struct sx_index *ix, struct memory *m, struct segment *made,
                   struct reach_origin of)
{
    struct reach *r = &m->reach;
    struct segset *set = NULL, *old;
    size_t from, to;

    /* All that is long is done before the lock is taken, for which searches wait. */
    pthread_mutex_lock(&ix->lock);
    uint64_t kills = r->kills;
    pthread_mutex_unlock(&ix->lock);
    kill_gone(m, made, of.generation);
    pthread_mutex_lock(&ix->lock);
    old = r->now;
    if (r->epoch == of.epoch && made->next <= r->committed_next &&
        find_place(old, made, &from, &to) && kill_recent(r, made, kills))
        set = with_made(old, from, to, made, of.purged);
    if (set != NULL)
        r->now = set;
    pthread_mutex_unlock(&ix->lock);
    if (set != NULL)
        reach_drop(old);
    segment_unref(made);
    return set != NULL;
}

void reach_heal(struct sx_index *ix, struct memory *m)
{
    struct reach *r = &m->reach;
    size_t n = 0;

    pthread_mutex_lock(&ix->lock);
    struct segset *old = r->now;
    for (size_t i = 0; old != NULL && i < old->count; i++)
        n += !atomic_load(&old->at[i]->damaged);
    if (old != NULL && n < old->count) {
        struct segment **at = mem_alloc((n + 1) * sizeof(struct segment *));
        n = 0;
        for (size_t i = 0; at != NULL && i < old->count; i++)
            if (!atomic_load(&old->at[i]->damaged))
                at[n++] = old->at[i];
        r->now = at == NULL ? NULL : segset_new(at, n, old->purged);
        mem_free(at);
    } else {
        old = NULL;
    }
    pthread_mutex_unlock(&ix->lock);
    reach_drop(old);
}
