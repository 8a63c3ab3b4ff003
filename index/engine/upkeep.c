/* One step after the other: heal, fill a gap, merge; until there is none to take. */
#include "index/engine/upkeep.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/blockmax/guard.h"
#include "index/blockmax/merge.h"
#include "index/engine/gaps.h"
#include "index/engine/index.h"
#include "index/engine/segfiles.h"

#define MERGE_MAX 64
#define TIER_BITS 3 /* a tier is eight times the one before */

/* A segment of so many bytes is a file; so much in memory goes to one when the index closes, or is idle;
 * so little is merged by the writer itself. */
#define FILE_BYTES ((uint64_t)6 << 20)
#define FLUSH_BYTES ((uint64_t)128 << 10)
#define MEMORY_BYTES ((uint64_t)48 << 20) /* so much goes to a file when it is there */
#define INLINE_BYTES ((uint64_t)512 << 10)
#define FILE_TOKENS ((size_t)1 << 20) /* about as much, before it is made */
#define TOKEN_BYTES 4                 /* what one takes in a file, about */
#define SMALL_GAP 2000                /* rowids: made when the index opens */
#define GAP_TOKENS ((size_t)8 << 20)
#define IDLE_SECONDS ((uint64_t)5)
#define NS_PER_SECOND ((uint64_t)1000000000)
#define IN_VAIN_MAX 4 /* steps one after the other that fail */

/* ---- merging ---------------------------------------------------------------------------------- */

struct job {
    struct memory *m;
    struct segset *set;
    uint64_t next, generation; /* committed */
    uint64_t epoch;
    uint64_t bytes_max, memory_max;
    double average;
};

static void job_begin(struct sx_index *ix, struct job *j)
{
    j->m = memory_pin(ix);
    pthread_mutex_lock(&ix->lock);
    j->next = j->m->reach.committed_next;
    j->generation = j->m->reach.committed;
    j->average = j->m->reach.average;
    j->epoch = j->m->reach.epoch;
    j->bytes_max = ix->upkeep.bytes_max;
    j->memory_max = ix->upkeep.memory_max;
    pthread_mutex_unlock(&ix->lock);
    j->set = reach_now(ix, j->m);
}

static void job_end(struct sx_index *ix, struct job *j)
{
    reach_drop(j->set);
    memory_unpin(ix, j->m);
}

/* Bit by rowid: gone, and so left out. *purged: the last generation that one went in. False: memory
 * ran out. */
static bool find_gone(const struct job *j, size_t from, size_t to, uint64_t **out, uint64_t *purged)
{
    uint64_t first = j->set->at[from]->first, next = j->set->at[to - 1]->next;
    uint32_t dead = 0;

    *out = NULL;
    *purged = 0;
    for (size_t i = from; i < to; i++)
        dead += atomic_load(&j->set->at[i]->dead_count);
    if (dead == 0)
        return true;
    *out = mem_zalloc((next - first) / 64 + 1, sizeof(**out));
    if (*out == NULL)
        return false;
    for (uint64_t rowid = first; rowid < next; rowid++) {
        uint64_t gone = reach_gone(j->m, rowid, j->generation);
        if (gone == 0)
            continue;
        (*out)[(rowid - first) / 64] |= UINT64_C(1) << ((rowid - first) % 64);
        *purged = gone > *purged ? gone : *purged;
    }
    return true;
}

static sx_status write_manifest(struct sx_index *ix, struct memory *m, const char *folder,
                                struct sx_error *err)
{
    struct manifest *man = mem_zalloc(1, sizeof(*man));
    struct segset *set = reach_now(ix, m);
    sx_status rc = SX_OK;

    if (man == NULL) {
        reach_drop(set);
        return sx_fail_oom(err);
    }
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        const struct segment *s = set->at[i];
        if (!s->mapped)
            continue;
        if (man->count == SEGMENT_FILES_MAX) { /* until they are merged */
            reach_drop(set);
            mem_free(man);
            return SX_OK;
        }
        struct segment_name *f = &man->files[man->count++];
        *f = (struct segment_name){.first = s->first, .next = s->next, .size = s->size};
        memcpy(f->id, s->id, sizeof(f->id));
    }
    man->analyzer = atomic_load(&ix->analyzer);
    rc = manifest_write(folder, man, err);
    if (rc == SX_OK)
        segfiles_sweep(folder, man);
    reach_drop(set);
    mem_free(man);
    return rc;
}

/* What makes the bytes of a segment: in memory where fd < 0. */
typedef sx_status (*segment_maker)(void *ctx, const uint8_t *id, int fd, struct buf *out,
                                   struct sx_error *err);

/* A segment that is to be. */
struct plan_segment {
    struct reach_origin of;
    uint64_t first, next; /* rowids */
    bool file;            /* else in memory */
    uint64_t bytes;       /* about so many */
};

/* Makes it, and puts it into the set. */
static sx_status make_segment(struct sx_index *ix, const struct job *j,
                              const struct plan_segment *p, segment_maker maker, void *ctx,
                              struct sx_error *err)
{
    struct segment_name name = {.first = p->first, .next = p->next};
    bool file = p->file;
    struct buf folder = {0}, bytes = {0};
    struct segment *made = NULL;
    int fd = -1;
    sx_status rc = file ? segfiles_folder(ix->dir, &folder, err) : SX_OK;

    if (rc == SX_OK && file)
        rc = segfiles_room(folder.data, p->bytes, err);
    if (rc == SX_OK && file)
        rc = segfile_begin(folder.data, name.id, &fd, err);
    if (rc == SX_OK)
        rc = maker(ctx, name.id, fd, &bytes, err);
    if (rc == SX_OK && !file)
        rc = segment_of_memory(&made, &bytes, err);
    if (rc == SX_OK && file) {
        name.size = (uint64_t)lseek(fd, 0, SEEK_END);
        rc = segfile_end(folder.data, &name, fd, &made, err);
    } else if (file) {
        segfile_abandon(folder.data, name.id, fd);
    }
    if (rc == SX_OK && !reach_replace(ix, j->m, made, p->of)) {
        if (file)
            segfile_remove(folder.data, name.id);
        rc = sx_fail(err, SX_EBUSY, "the segments have changed meanwhile");
    }
    if (rc == SX_OK && file)
        rc = write_manifest(ix, j->m, folder.data, err);
    buf_release(&folder);
    buf_release(&bytes);
    return rc;
}

struct merge_call {
    struct merge_options opt;
    struct buf *out;
    struct sx_error *err;
    sx_status rc;
};

static void enter_merge(void *ctx)
{
    struct merge_call *c = ctx;

    c->rc = segment_merge(&c->opt, c->out, c->err);
}

static sx_status merge_to(void *ctx, const uint8_t *id, int fd, struct buf *out,
                          struct sx_error *err)
{
    struct merge_call *c = ctx;
    const void *at;

    c->opt.id = id;
    c->opt.fd = fd;
    c->out = out;
    c->err = err;
    if (guard_run(enter_merge, c, &at))
        return c->rc;
    guard_blame(c->opt.in, c->opt.count, at); /* what it had allocated is lost */
    return sx_fail(err, SX_ECORRUPT, "a segment could not be read");
}

static uint64_t bytes_of(const struct job *j, size_t from, size_t to)
{
    uint64_t bytes = 0;

    for (size_t i = from; i < to; i++)
        bytes += j->set->at[i]->size;
    return bytes;
}

static sx_status merge(struct sx_index *ix, const struct job *j, size_t from, size_t to, bool flush,
                       struct sx_error *err)
{
    uint64_t *gone = NULL;
    uint64_t purged = 0;
    uint64_t bytes = bytes_of(j, from, to);

    if (!find_gone(j, from, to, &gone, &purged))
        return sx_fail_oom(err);
    struct merge_call c = {.opt = {.in = j->set->at + from,
                                   .count = to - from,
                                   .dropped = gone,
                                   .average = j->average,
                                   .stop = flush ? NULL : &ix->upkeep.stop}};
    struct plan_segment p = {.of = {j->generation, purged, j->epoch},
                             .first = j->set->at[from]->first,
                             .next = j->set->at[to - 1]->next,
                             .file = flush || bytes >= FILE_BYTES,
                             .bytes = bytes};
    sx_status rc = make_segment(ix, j, &p, merge_to, &c, err);
    mem_free(gone);
    return rc;
}

/* ---- which ------------------------------------------------------------------------------------ */

/* So many segments become one; the first has at most `share` times the documents of all behind it, or it would be
 * written again for little. */
struct pace {
    size_t width;
    uint64_t share;
};

/* While documents come, each is written again a few times; an idle index is made the best to search. */
static const struct pace BUSY = {8, 1}, IDLE = {2, 8};

static unsigned tier_of(const struct segment *s)
{
    return (31 - (unsigned)__builtin_clz(s->docs | 1)) / TIER_BITS;
}

/* Segments at the end of the set, each beginning where the one before it ends, all committed; down to
 * the first of a higher tier, to rowid `low`, and to what is too much. */
static size_t tail(const struct job *j, unsigned tier, uint64_t low, size_t end, uint64_t share)
{
    size_t from = end;
    uint64_t behind = 0, bytes = 0;

    while (from > 0 && end - from < MERGE_MAX) {
        const struct segment *s = j->set->at[from - 1];
        bytes += s->size;
        if (tier_of(s) > tier || s->first < low || bytes > j->bytes_max ||
            (from < end && s->next != j->set->at[from]->first))
            break;
        behind += s->docs;
        from--;
    }
    for (; from < end; from++) {
        behind -= j->set->at[from]->docs;
        if (j->set->at[from]->docs <= behind * share)
            break;
    }
    return from;
}

static size_t committed_end(const struct job *j)
{
    size_t end = j->set == NULL ? 0 : j->set->count;

    while (end > 0 && j->set->at[end - 1]->next > j->next)
        end--;
    return end;
}

/* A run that is to be merged, from rowid `low` on; false: none. */
static bool pick(const struct job *j, struct pace pace, uint64_t low, size_t *from, size_t *to)
{
    size_t end = committed_end(j);

    if (j->set == NULL)
        return false;
    for (size_t i = 0; i < end; i++) {
        const struct segment *s = j->set->at[i];
        *from = i;
        *to = i + 1;
        if (s->first >= low && atomic_load(&s->dead_count) > s->docs / 2 + 64)
            return true;
    }
    *to = end;
    for (unsigned tier = 0; tier <= 32 / TIER_BITS; tier++) {
        *from = tail(j, tier, low, end, pace.share);
        if (end - *from >= pace.width)
            return true;
    }
    return false;
}

/* What is in memory alone, at the end; false: that is less than `least` bytes. */
static bool pick_memory(const struct job *j, uint64_t least, size_t *from, size_t *to)
{
    *to = committed_end(j);
    *from = *to;
    if (j->set == NULL)
        return false;
    while (*from > 0 && !j->set->at[*from - 1]->mapped &&
           (*from == *to || j->set->at[*from - 1]->next == j->set->at[*from]->first))
        --*from;
    return bytes_of(j, *from, *to) >= least;
}

/* ---- gaps ------------------------------------------------------------------------------------- */

static bool find_gap(const struct job *j, uint64_t *first, uint64_t *below)
{
    *first = 1;
    for (size_t i = 0; j->set != NULL && i < j->set->count; i++) {
        *below = j->set->at[i]->first;
        if (*below > *first)
            return true;
        *first = j->set->at[i]->next;
    }
    *below = j->next;
    return *first < *below;
}

struct gap_write {
    struct inverter *v;
    uint64_t first, next;
    double average;
};

static sx_status write_gap(void *ctx, const uint8_t *id, int fd, struct buf *out,
                           struct sx_error *err)
{
    const struct gap_write *w = ctx;

    return inverter_write(w->v, w->first, w->next, w->average, id, fd, out, err);
}

static sx_status read_gap(struct sx_index *ix, struct db *c, struct analyzer *an, uint64_t first,
                          uint64_t below, struct inverter *v, uint64_t *next, uint64_t *generation,
                          struct sx_error *err)
{
    struct state snap;
    sx_status rc = db_begin_read(c, err);

    if (rc == SX_OK)
        rc = state_get(c, &snap, err);
    if (rc == SX_OK) {
        *generation = snap.generation;
        rc = gap_read(c, ix->crew, an, first, below, GAP_TOKENS, &ix->upkeep.stop, v, next, err);
    }
    db_rollback(c);
    return rc;
}

/* Makes one segment of the first gap. */
static sx_status fill_gap(struct sx_index *ix, const struct job *j, struct db *c,
                          struct analyzer *an, uint64_t first, uint64_t below, struct sx_error *err)
{
    struct inverter *v = inverter_new();
    uint64_t generation = 0, next = 0;

    if (v == NULL)
        return sx_fail_oom(err);
    sx_status rc = read_gap(ix, c, an, first, below, v, &next, &generation, err);
    if (rc == SX_OK) {
        struct gap_write w = {v, first, next, j->average};
        size_t tokens = inverter_tokens(v);
        struct plan_segment p = {.of = {generation, generation, j->epoch},
                                 .first = first,
                                 .next = next,
                                 .file = tokens >= FILE_TOKENS,
                                 .bytes = tokens * TOKEN_BYTES};
        rc = make_segment(ix, j, &p, write_gap, &w, err);
    }
    inverter_free(v);
    return rc;
}

/* ---- steps ------------------------------------------------------------------------------------ */

/* The thread's own. */
struct worker {
    struct sx_index *ix;
    struct db c;
    struct analyzer *an;
    uint64_t given_up; /* where the gap begins that cannot be filled; 0: none */
};

static sx_status open_worker(struct worker *w, struct sx_error *err)
{
    if (w->an == NULL)
        w->an = analyzer_new();
    if (w->an == NULL)
        return sx_fail_oom(err);
    return w->c.sq != NULL ? SX_OK : db_open(&w->c, w->ix->path, false, false, err);
}

/* Merges what the writer keeps its hands off meanwhile. */
static sx_status merge_apart(struct sx_index *ix, const struct job *j, size_t from, size_t to,
                             bool flush, struct sx_error *err)
{
    if (j->set == NULL)
        return SX_OK;
    pthread_mutex_lock(&ix->lock);
    ix->upkeep.busy_below = j->set->at[to - 1]->next;
    pthread_mutex_unlock(&ix->lock);
    sx_status rc = merge(ix, j, from, to, flush, err);
    pthread_mutex_lock(&ix->lock);
    ix->upkeep.busy_below = 0;
    pthread_mutex_unlock(&ix->lock);
    return rc;
}

/* A gap that cannot be filled, for a document that cannot be read, is not tried again and again. */
static sx_status fill(struct worker *w, const struct job *j, uint64_t first, uint64_t below,
                      struct sx_error *err)
{
    sx_status rc = open_worker(w, err);

    if (rc != SX_OK)
        return rc;
    rc = fill_gap(w->ix, j, &w->c, w->an, first, below, err);
    if (rc == SX_ECORRUPT)
        w->given_up = first;
    return rc;
}

/* Takes one step, if there is one. */
static sx_status step(struct worker *w, bool idle, bool *worked, struct sx_error *err)
{
    struct job j;
    size_t from, to;
    uint64_t first, below;
    sx_status rc = SX_OK;

    *worked = false;
    if (sx_index_stale(w->ix, NULL))
        return SX_OK;
    job_begin(w->ix, &j);
    reach_heal(w->ix, j.m);
    reach_drop(j.set);
    j.set = reach_now(w->ix, j.m);
    bool many = j.set != NULL && j.set->count >= MERGE_MAX;
    bool much = pick_memory(&j, j.memory_max, &from, &to);
    bool merges = much || pick(&j, BUSY, 0, &from, &to);
    *worked = true;
    if (find_gap(&j, &first, &below) && first != w->given_up && !(many && merges))
        rc = fill(w, &j, first, below, err);
    else if (merges)
        rc = merge_apart(w->ix, &j, from, to, much, err);
    else if (idle && pick_memory(&j, FLUSH_BYTES, &from, &to))
        rc = merge_apart(w->ix, &j, from, to, true, err);
    else if (idle && documents_due(w->ix, false))
        rc = documents_write(w->ix, err);
    else if (idle && pick(&j, IDLE, 0, &from, &to)) /* last: it takes most, and may find no room */
        rc = merge_apart(w->ix, &j, from, to, false, err);
    else
        *worked = false;
    job_end(w->ix, &j);
    return rc;
}

/* ---- the thread ------------------------------------------------------------------------------- */

/* What the last step said, for sx_index_settle(). */
static void note(struct sx_index *ix, sx_status rc, const struct sx_error *err)
{
    pthread_mutex_lock(&ix->lock);
    ix->upkeep.failure = *err;
    ix->upkeep.failure.code = rc;
    pthread_mutex_unlock(&ix->lock);
}

void upkeep_failure(struct sx_index *ix, char *out, size_t size)
{
    pthread_mutex_lock(&ix->lock);
    const struct sx_error *e = &ix->upkeep.failure;
    bool told = e->code != SX_OK && e->code != SX_EBUSY && e->code != SX_ECANCELLED;
    snprintf(out, size, "%s", told ? e->msg : "");
    pthread_mutex_unlock(&ix->lock);
}

/* Until something is told, or a moment of CLOCK_MONOTONIC has come. */
static void sleep_until(struct sx_index *ix, uint64_t ns)
{
    struct timespec at = {(time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND)};

    pthread_cond_timedwait(&ix->upkeep.wake, &ix->lock, &at);
}

/* Waits for work; *idle: there was none for some time. False: stop. */
static bool wait_for_work(struct sx_index *ix, bool *idle)
{
    struct upkeep *u = &ix->upkeep;

    *idle = false;
    pthread_mutex_lock(&ix->lock);
    while (!u->wanted && !u->hurry && !atomic_load(&u->stop) && !*idle) {
        u->idle = true;
        pthread_cond_broadcast(&u->wake);
        if (u->settled) {
            pthread_cond_wait(&u->wake, &ix->lock);
            continue;
        }
        sleep_until(ix, u->changed_at + IDLE_SECONDS * NS_PER_SECOND);
        *idle = !u->settled && clock_now_ns() >= u->changed_at + IDLE_SECONDS * NS_PER_SECOND;
    }
    u->idle = false;
    u->wanted = false;
    *idle = *idle || u->hurry;
    u->settled = *idle; /* until something new comes */
    bool go = !atomic_load(&u->stop);
    pthread_mutex_unlock(&ix->lock);
    return go;
}

static void work_through(struct worker *w, bool idle)
{
    struct sx_error err = {0};
    sx_status rc = SX_OK;
    bool worked = true;
    unsigned in_vain = 0;

    while (worked && in_vain < IN_VAIN_MAX && !atomic_load(&w->ix->upkeep.stop)) {
        rc = step(w, idle, &worked, &err);
        in_vain = rc == SX_OK ? 0 : in_vain + 1;
        /* The next step heals a damaged segment, and sees what has changed meanwhile. */
        if (rc != SX_OK && rc != SX_EBUSY && rc != SX_ECORRUPT)
            break;
    }
    note(w->ix, rc, &err);
}

static void *work(void *arg)
{
    struct worker w = {.ix = arg};
    bool idle = false;

    while (wait_for_work(w.ix, &idle)) {
        work_through(&w, idle);
        if (!idle)
            continue;
        pthread_mutex_lock(&w.ix->lock);
        w.ix->upkeep.hurry = false;
        pthread_mutex_unlock(&w.ix->lock);
    }
    if (w.c.sq != NULL)
        db_close(&w.c);
    analyzer_free(w.an);
    return NULL;
}

void upkeep_wake(struct sx_index *ix)
{
    pthread_mutex_lock(&ix->lock);
    ix->upkeep.wanted = true;
    ix->upkeep.settled = false;
    ix->upkeep.changed_at = clock_now_ns();
    if (ix->upkeep.ready)
        pthread_cond_broadcast(&ix->upkeep.wake);
    pthread_mutex_unlock(&ix->lock);
}

/* ---- the writer's side ------------------------------------------------------------------------ */

/* Something has come: what was done when idle is to be done again. */
static void unsettle(struct sx_index *ix)
{
    pthread_mutex_lock(&ix->lock);
    ix->upkeep.changed_at = clock_now_ns();
    if (ix->upkeep.settled && ix->upkeep.ready)
        pthread_cond_broadcast(&ix->upkeep.wake);
    ix->upkeep.settled = false;
    pthread_mutex_unlock(&ix->lock);
}

void upkeep_after_commit(struct sx_index *ix)
{
    struct job j;
    size_t from, to;
    struct sx_error err;

    job_begin(ix, &j);
    pthread_mutex_lock(&ix->lock);
    uint64_t low = ix->upkeep.busy_below;
    pthread_mutex_unlock(&ix->lock);
    bool merges = pick(&j, BUSY, low, &from, &to);
    bool inlined = merges && bytes_of(&j, from, to) <= INLINE_BYTES &&
                   merge(ix, &j, from, to, false, &err) == SX_OK;
    bool much = !inlined && pick_memory(&j, j.memory_max, &from, &to);
    if (j.set == NULL || !j.set->whole || j.set->next < j.next || (merges && !inlined) || much)
        upkeep_wake(ix);
    else
        unsettle(ix);
    job_end(ix, &j);
}

/* What little is missing is made here. */
static void fill_small_gap(struct sx_index *ix)
{
    struct job j;
    uint64_t first, below;
    struct sx_error err;

    job_begin(ix, &j);
    if (find_gap(&j, &first, &below) && below == j.next && below - first <= SMALL_GAP)
        fill_gap(ix, &j, &ix->w, ix->an, first, below, &err);
    job_end(ix, &j);
}

void upkeep_start(struct sx_index *ix)
{
    struct upkeep *u = &ix->upkeep;
    pthread_condattr_t attr;

    if (!sx_index_stale(ix, NULL))
        fill_small_gap(ix);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    u->ready = pthread_cond_init(&u->wake, &attr) == 0;
    pthread_condattr_destroy(&attr);
    u->bytes_max = SEGMENT_BYTES_MAX;
    u->memory_max = MEMORY_BYTES;
    u->wanted = true;
    /* Without the thread there is less speed, and nothing else. */
    u->started = u->ready && pthread_create(&u->thread, NULL, work, ix) == 0;
}

void upkeep_stop(struct sx_index *ix)
{
    struct upkeep *u = &ix->upkeep;
    struct sx_error err;
    struct job j;
    size_t from, to;

    atomic_store(&u->stop, true);
    if (u->started) {
        upkeep_wake(ix);
        pthread_join(u->thread, NULL);
        job_begin(ix, &j);
        if (pick_memory(&j, FLUSH_BYTES, &from, &to) && !sx_index_stale(ix, NULL))
            merge(ix, &j, from, to, true, &err);
        job_end(ix, &j);
        if (documents_due(ix, true))
            documents_write(ix, &err);
    }
    if (u->ready)
        pthread_cond_destroy(&u->wake);
    u->started = false;
    u->ready = false;
}

sx_status sx_index_settle(struct sx_index *ix, struct sx_error *err)
{
    struct upkeep *u = &ix->upkeep;
    sx_status rc;

    if (!u->started)
        return sx_fail(err, SX_EINTERNAL, "the thread of upkeep could not be started");
    pthread_mutex_lock(&ix->lock);
    u->failure.code = SX_OK;
    u->hurry = true;
    pthread_cond_broadcast(&u->wake);
    while (u->hurry || !u->idle)
        pthread_cond_wait(&u->wake, &ix->lock);
    rc = u->failure.code;
    if (rc != SX_OK && err != NULL)
        *err = u->failure;
    pthread_mutex_unlock(&ix->lock);
    return rc;
}
