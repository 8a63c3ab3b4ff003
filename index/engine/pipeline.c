/* Chunks of documents in a ring. */
#include "index/engine/pipeline.h"

static struct prepared *given(struct pipeline *a, size_t i)
{
    return &a->ring[(a->first + i) % PIPELINE_GIVEN];
}

void pipeline_release(struct pipeline *a)
{
    for (size_t i = 0; i < PIPELINE_GIVEN; i++)
        prepared_release(&a->ring[i]);
}

struct prepared *pipeline_room(struct pipeline *a)
{
    return a->count == PIPELINE_GIVEN || a->bytes >= PIPELINE_BYTES ? NULL : given(a, a->count);
}

void pipeline_give(struct pipeline *a, struct crew *crew)
{
    struct prepared *p = given(a, a->count++);

    a->bytes += p->bytes;
    p->task.run = prepare_task;
    crew_give(crew, &p->task);
}

struct prepared *pipeline_next(struct pipeline *a, struct crew *crew, struct analyzer *an)
{
    if (a->used == a->count)
        return NULL;
    struct prepared *p = given(a, a->used++);
    crew_wait(crew, &p->task, an);
    return p;
}

static void drop_first(struct pipeline *a)
{
    struct prepared *p = given(a, 0);

    a->bytes -= p->bytes;
    prepared_clear(p);
    a->first = (a->first + 1) % PIPELINE_GIVEN;
    a->count--;
}

void pipeline_done(struct pipeline *a, size_t keep)
{
    for (; a->used > keep; a->used--)
        drop_first(a);
}

void pipeline_stop(struct pipeline *a, struct crew *crew)
{
    pipeline_done(a, 0);
    while (a->count > 0) {
        crew_cancel(crew, &given(a, 0)->task);
        drop_first(a);
    }
}
