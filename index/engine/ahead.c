/* A ring. */
#include "index/engine/ahead.h"

static struct prepared *given(struct ahead *a, size_t i)
{
    return &a->ring[(a->first + i) % AHEAD_GIVEN];
}

void ahead_release(struct ahead *a)
{
    for (size_t i = 0; i < AHEAD_GIVEN; i++)
        prepared_release(&a->ring[i]);
}

struct prepared *ahead_room(struct ahead *a)
{
    return a->count == AHEAD_GIVEN || a->bytes >= AHEAD_BYTES ? NULL : given(a, a->count);
}

void ahead_give(struct ahead *a, struct crew *crew)
{
    struct prepared *p = given(a, a->count++);

    a->bytes += p->bytes;
    p->task.run = prepare_task;
    crew_give(crew, &p->task);
}

struct prepared *ahead_next(struct ahead *a, struct crew *crew, struct analyzer *an)
{
    if (a->count == 0)
        return NULL;
    struct prepared *p = given(a, 0);
    crew_wait(crew, &p->task, an);
    return p;
}

void ahead_done(struct ahead *a)
{
    struct prepared *p = given(a, 0);

    a->bytes -= p->bytes;
    prepared_clear(p);
    a->first = (a->first + 1) % AHEAD_GIVEN;
    a->count--;
}

void ahead_stop(struct ahead *a, struct crew *crew)
{
    while (a->count > 0) {
        crew_cancel(crew, &given(a, 0)->task);
        ahead_done(a);
    }
}
