/* A bounded queue of jobs between threads. */
#ifndef DAEMON_QUEUE_H
#define DAEMON_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job;

#define QUEUE_FOREVER UINT64_MAX

struct queue {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t filled;
    struct job *head, *tail;
    size_t count, bytes;
    size_t max_count, max_bytes;
    bool closed, woken;
};

/* Bounds the number of jobs and the sum of their cost. False: the system refused. */
bool queue_init(struct queue *q, size_t max_count, size_t max_bytes);
void queue_release(struct queue *q); /* frees the jobs that are left */

/* Any thread. False: full or closed; the job stays the caller's. One job larger than max_bytes is
 * taken when nothing else waits. */
bool queue_push(struct queue *q, struct job *job);

/* The oldest job, waiting for one until the monotonic time `until_ns` (0: not at all,
 * QUEUE_FOREVER). NULL: none came, queue_wake() was called, or the queue is closed and empty. */
struct job *queue_pop(struct queue *q, uint64_t until_ns);

/* Changes the bounds; what is queued already stays. */
void queue_limit(struct queue *q, size_t max_count, size_t max_bytes);
/* Makes a waiting queue_pop(), or the next one, return. */
void queue_wake(struct queue *q);
/* Takes no more jobs; those inside still come out. */
void queue_close(struct queue *q);
bool queue_closed(struct queue *q);
size_t queue_count(struct queue *q);

#endif
