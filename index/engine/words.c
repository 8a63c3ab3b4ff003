/* Claiming, loading, growing and dropping the terms in memory. */
#include "index/engine/words.h"

#include "index/base/alloc.h"
#include "index/engine/index.h"

void words_free(struct words *w)
{
    if (w == NULL)
        return;
    termlist_free(w->read);
    termlist_free(w->added);
    mem_free(w);
}

static struct words *words_new(void)
{
    struct words *w = mem_zalloc(1, sizeof(*w));

    if (w == NULL)
        return NULL;
    w->read = termlist_new();
    w->added = termlist_new();
    if (w->read != NULL && w->added != NULL)
        return w;
    words_free(w);
    return NULL;
}

static void let_go(struct sx_index *ix, struct words *w)
{
    pthread_mutex_lock(&ix->lock);
    bool last = --w->refs == 0;
    pthread_mutex_unlock(&ix->lock);
    if (last)
        words_free(w);
}

/* Makes a memory forget them, unless it has others by now. For good: they are too many. */
static void drop(struct sx_index *ix, struct memory *m, struct words *w, bool for_good)
{
    pthread_mutex_lock(&ix->lock);
    bool had = m->words == w;
    if (had)
        m->words = NULL;
    m->words_refused = m->words_refused || for_good;
    pthread_mutex_unlock(&ix->lock);
    if (had)
        let_go(ix, w);
}

/* ---- readers --------------------------------------------------------------------------------- */

void words_claim(struct sx_reader *r)
{
    struct sx_index *ix = r->ix;

    if (r->memory != NULL) /* a snapshot has begun: it is too late */
        return;
    struct memory *m = memory_pin(ix);
    pthread_mutex_lock(&ix->lock);
    bool wanted = m->words == NULL && !m->words_refused;
    pthread_mutex_unlock(&ix->lock);
    struct words *w = wanted ? words_new() : NULL;
    if (w != NULL) {
        pthread_mutex_lock(&ix->lock);
        if (m->words == NULL) {
            w->refs = 2;
            m->words = w;
            r->words = w;
            r->claimed = m;
        }
        pthread_mutex_unlock(&ix->lock);
    }
    if (r->claimed != NULL)
        return; /* with its pin */
    words_free(w);
    memory_unpin(ix, m);
}

static void unclaim(struct sx_reader *r)
{
    memory_unpin(r->ix, r->claimed);
    r->claimed = NULL;
}

static void give_up(struct sx_reader *r)
{
    bool too_many = termlist_bytes(r->words->read) > r->ix->words_max;

    drop(r->ix, r->claimed, r->words, too_many);
    let_go(r->ix, r->words);
    r->words = NULL;
    unclaim(r);
}

static sx_status load(struct sx_reader *r, const struct state *snap, struct sx_error *err)
{
    struct words *w = r->words;
    bool all = false;
    sx_status rc = SX_OK;

    if (r->claimed == r->memory) /* else a rebuild came between */
        rc = fuzzy_load(&r->c, w->read, r->ix->words_max, &all, err);
    if (!all) {
        give_up(r);
        return rc;
    }
    pthread_mutex_lock(&r->ix->lock);
    w->loaded = true;
    if (w->upto < snap->generation)
        w->upto = snap->generation;
    pthread_mutex_unlock(&r->ix->lock);
    unclaim(r);
    return SX_OK;
}

sx_status words_take(struct sx_reader *r, const struct state *snap, struct sx_error *err)
{
    if (r->claimed != NULL)
        return load(r, snap, err);
    pthread_mutex_lock(&r->ix->lock);
    struct words *w = r->memory->words;
    if (w != NULL && w->loaded && w->upto >= snap->generation) {
        w->refs++;
        r->words = w;
    }
    pthread_mutex_unlock(&r->ix->lock);
    return SX_OK;
}

void words_leave(struct sx_reader *r)
{
    if (r->claimed != NULL)
        give_up(r);
    else if (r->words != NULL)
        let_go(r->ix, r->words);
    r->words = NULL;
}

sx_status words_near(const struct words *w, struct db *c, struct fuzzy_word word, struct arena *mem,
                     struct sx_str **out, size_t *count, bool *more, struct sx_error *err)
{
    if (w == NULL)
        return fuzzy_of(c, word, mem, out, count, more, err);
    const struct termlist *lists[] = {w->read, w->added};
    return fuzzy_in(lists, 2, word, mem, out, count, more, err);
}

/* ---- the writer ------------------------------------------------------------------------------ */

void words_committed(struct sx_index *ix)
{
    pthread_mutex_lock(&ix->lock);
    struct words *w = ix->memory->words;
    bool loaded = w != NULL && w->loaded;
    if (w != NULL)
        w->refs++;
    pthread_mutex_unlock(&ix->lock);
    if (w == NULL)
        return;
    bool lost = fuzzy_fresh(&ix->fresh, w->added) != 0;
    size_t bytes = termlist_bytes(w->added) + (loaded ? termlist_bytes(w->read) : 0);
    if (lost || bytes > ix->words_max) {
        drop(ix, ix->memory, w, bytes > ix->words_max);
    } else {
        pthread_mutex_lock(&ix->lock);
        w->upto = ix->committed.generation;
        pthread_mutex_unlock(&ix->lock);
    }
    let_go(ix, w);
}
