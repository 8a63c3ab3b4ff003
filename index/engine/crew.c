/* A queue, and threads that take from its front. */
#include "index/engine/crew.h"

#include <pthread.h>
#include <sched.h>

#include "index/base/alloc.h"
#include "index/text/analyzer.h"

#define THREADS_MAX 16

struct crew {
    pthread_mutex_t lock; /* guards all below, and the states of tasks */
    pthread_cond_t given, done;
    struct task *first, **last;
    bool stop;
    unsigned wanted, started;
    bool tried; /* to start them */
    pthread_t threads[THREADS_MAX];
};

/* Those that this process may use. */
static unsigned processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

struct crew *crew_new(void)
{
    struct crew *c = mem_zalloc(1, sizeof(*c));
    unsigned count = processors();

    if (c == NULL)
        return NULL;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->given, NULL);
    pthread_cond_init(&c->done, NULL);
    c->last = &c->first;
    c->wanted = count == 0 ? 0 : count - 1 > THREADS_MAX ? THREADS_MAX : count - 1;
    return c;
}

void crew_free(struct crew *c)
{
    if (c == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_broadcast(&c->given);
    pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->started; i++)
        pthread_join(c->threads[i], NULL);
    pthread_cond_destroy(&c->given);
    pthread_cond_destroy(&c->done);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

unsigned crew_threads(const struct crew *c)
{
    return c->wanted;
}

/* Takes `t` out of the queue. */
static void unlink_task(struct crew *c, struct task *t)
{
    struct task **at = &c->first;

    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    if (c->last == &t->next)
        c->last = at;
}

static void *work(void *arg)
{
    struct crew *c = arg;
    struct analyzer *an = analyzer_new();

    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        struct task *t = c->first;
        if (t == NULL) {
            pthread_cond_wait(&c->given, &c->lock);
            continue;
        }
        unlink_task(c, t);
        t->state = TASK_BEGUN;
        pthread_mutex_unlock(&c->lock);
        t->run(t, an);
        pthread_mutex_lock(&c->lock);
        t->state = TASK_DONE;
        pthread_cond_broadcast(&c->done);
    }
    pthread_mutex_unlock(&c->lock);
    analyzer_free(an);
    return NULL;
}

/* Fewer than are wanted do as well. */
static void start(struct crew *c)
{
    c->tried = true;
    while (c->started < c->wanted && pthread_create(&c->threads[c->started], NULL, work, c) == 0)
        c->started++;
}

static void give(struct crew *c, struct task *t, bool first)
{
    pthread_mutex_lock(&c->lock);
    if (!c->tried)
        start(c);
    t->state = TASK_GIVEN;
    t->next = first ? c->first : NULL;
    *(first ? &c->first : c->last) = t;
    if (t->next == NULL)
        c->last = &t->next;
    pthread_cond_signal(&c->given);
    pthread_mutex_unlock(&c->lock);
}

void crew_give(struct crew *c, struct task *t)
{
    give(c, t, false);
}

void crew_give_first(struct crew *c, struct task *t)
{
    give(c, t, true);
}

void crew_wait(struct crew *c, struct task *t, struct analyzer *an)
{
    pthread_mutex_lock(&c->lock);
    bool here = t->state == TASK_GIVEN;
    if (here)
        unlink_task(c, t);
    while (t->state == TASK_BEGUN)
        pthread_cond_wait(&c->done, &c->lock);
    t->state = TASK_IDLE;
    pthread_mutex_unlock(&c->lock);
    if (here)
        t->run(t, an);
}

void crew_cancel(struct crew *c, struct task *t)
{
    pthread_mutex_lock(&c->lock);
    if (t->state == TASK_GIVEN)
        unlink_task(c, t);
    while (t->state == TASK_BEGUN)
        pthread_cond_wait(&c->done, &c->lock);
    t->state = TASK_IDLE;
    pthread_mutex_unlock(&c->lock);
}
