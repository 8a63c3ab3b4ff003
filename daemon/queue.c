/* A mutex, a condition and a list. */
#include "daemon/queue.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "daemon/job.h"

bool queue_init(struct queue *q, size_t max_count, size_t max_bytes)
{
    pthread_condattr_t attr;
    memset(q, 0, sizeof *q);
    q->max_count = max_count;
    q->max_bytes = max_bytes;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(&q->filled, &attr) == 0;
    pthread_condattr_destroy(&attr);
    if (ok && pthread_mutex_init(&q->lock, NULL) != 0) {
        pthread_cond_destroy(&q->filled);
        ok = false;
    }
    return ok;
}

void queue_release(struct queue *q)
{
    while (q->head != NULL) {
        struct job *job = q->head;
        q->head = job->next;
        job_free(job);
    }
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->lock);
}

bool queue_push(struct queue *q, struct job *job)
{
    pthread_mutex_lock(&q->lock);
    bool fits = q->count == 0 || (q->count < q->max_count && job->cost <= q->max_bytes &&
                                  q->bytes <= q->max_bytes - job->cost);
    bool take = fits && !q->closed;
    if (take) {
        job->next = NULL;
        if (q->head == NULL)
            q->head = job;
        else
            q->tail->next = job;
        q->tail = job;
        q->count++;
        q->bytes += job->cost;
        pthread_cond_signal(&q->filled);
    }
    pthread_mutex_unlock(&q->lock);
    return take;
}

/* With the lock held. False: the time is over. */
static bool wait_until(struct queue *q, uint64_t until_ns)
{
    if (until_ns == QUEUE_FOREVER)
        return pthread_cond_wait(&q->filled, &q->lock) == 0;
    struct timespec ts = {.tv_sec = (time_t)(until_ns / 1000000000),
                          .tv_nsec = (long)(until_ns % 1000000000)};
    return pthread_cond_timedwait(&q->filled, &q->lock, &ts) != ETIMEDOUT;
}

struct job *queue_pop(struct queue *q, uint64_t until_ns)
{
    pthread_mutex_lock(&q->lock);
    while (q->head == NULL && !q->closed && !q->woken)
        if (until_ns == 0 || !wait_until(q, until_ns))
            break;
    struct job *job = q->head;
    if (job != NULL) {
        q->head = job->next;
        q->count--;
        q->bytes -= job->cost;
        job->next = NULL;
    } else {
        q->woken = false;
    }
    pthread_mutex_unlock(&q->lock);
    return job;
}

void queue_limit(struct queue *q, size_t max_count, size_t max_bytes)
{
    pthread_mutex_lock(&q->lock);
    q->max_count = max_count;
    q->max_bytes = max_bytes;
    pthread_mutex_unlock(&q->lock);
}

void queue_wake(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->woken = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
}

bool queue_closed(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    bool closed = q->closed;
    pthread_mutex_unlock(&q->lock);
    return closed;
}

size_t queue_count(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    size_t count = q->count;
    pthread_mutex_unlock(&q->lock);
    return count;
}
