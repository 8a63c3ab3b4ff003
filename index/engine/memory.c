/* Pinning, handing over and letting go of what memory keeps. */
#include "index/engine/memory.h"

#include "index/base/alloc.h"
#include "index/engine/index.h"
#include "index/engine/words.h"

#define TERM_CACHE_MAX 16384

struct memory *memory_new(void)
{
    struct memory *m = mem_zalloc(1, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->refs = 1;
    m->terms = termcache_new(TERM_CACHE_MAX);
    bool reaches = reach_init(&m->reach) == 0;
    if (doctable_init(&m->docs) != 0 || m->terms == NULL || !reaches) {
        memory_free(m);
        return NULL;
    }
    return m;
}

void memory_free(struct memory *m)
{
    if (m == NULL)
        return;
    doctable_release(&m->docs);
    termcache_free(m->terms);
    words_free(m->words);
    reach_release(&m->reach);
    mem_free(m);
}

int memory_add(struct memory *m, const struct stored_doc *d, struct analyzer *an)
{
    struct docrow row = {
        .at = d->at,
        .title_len = d->title_len,
        .body_len = d->body_len,
        .checksum = d->put_checksum,
        .source = doctable_name(&m->docs, d->doc.source, an),
        .lang = doctable_name(&m->docs, d->doc.lang, an),
        .type = doctable_name(&m->docs, d->doc.type, an),
    };

    if (row.source == UINT32_MAX || row.lang == UINT32_MAX || row.type == UINT32_MAX)
        return -1;
    return doctable_set(&m->docs, d->id, &row);
}

/* ---- readers --------------------------------------------------------------------------------- */

struct memory *memory_pin(struct sx_index *ix)
{
    pthread_mutex_lock(&ix->lock);
    struct memory *m = ix->memory;
    m->refs++;
    pthread_mutex_unlock(&ix->lock);
    return m;
}

void memory_unpin(struct sx_index *ix, struct memory *m)
{
    while (m != NULL) {
        pthread_mutex_lock(&ix->lock);
        bool last = --m->refs == 0;
        pthread_mutex_unlock(&ix->lock);
        if (!last)
            return;
        struct memory *next = m->next;
        memory_free(m);
        m = next; /* whose reference went with it */
    }
}

/* Passing the lock, a reader also sees what the writer added before the COMMIT of its snapshot. */
struct memory *memory_follow(struct sx_index *ix, struct memory *m, uint64_t generation)
{
    struct memory *pinned = m;

    pthread_mutex_lock(&ix->lock);
    while (m->next != NULL && m->next->since <= generation)
        m = m->next;
    m->refs++;
    pthread_mutex_unlock(&ix->lock);
    memory_unpin(ix, pinned);
    return m;
}

/* ---- the writer ------------------------------------------------------------------------------ */

void memory_register(struct sx_index *ix, uint64_t generation, const struct deltas *d)
{
    pthread_mutex_lock(&ix->lock);
    if (ix->coming == NULL) {
        termcache_register(ix->memory->terms, generation, d);
    } else {
        termcache_start(ix->coming->terms, generation);
        ix->coming->since = generation;
        ix->coming->refs++;
        ix->memory->next = ix->coming;
    }
    pthread_mutex_unlock(&ix->lock);
}

void memory_withdraw(struct sx_index *ix, uint64_t generation)
{
    if (ix->coming == NULL) {
        termcache_withdraw(ix->memory->terms, generation);
        return;
    }
    pthread_mutex_lock(&ix->lock);
    ix->memory->next = NULL;
    pthread_mutex_unlock(&ix->lock);
    memory_unpin(ix, ix->coming);
}

void memory_committed(struct sx_index *ix)
{
    struct memory *old = ix->memory;

    if (ix->coming == NULL)
        return;
    pthread_mutex_lock(&ix->lock);
    ix->memory = ix->coming;
    pthread_mutex_unlock(&ix->lock);
    ix->coming = NULL;
    memory_unpin(ix, old);
}

void memory_rolled_back(struct sx_index *ix)
{
    memory_unpin(ix, ix->coming);
    ix->coming = NULL;
}
