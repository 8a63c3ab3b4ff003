/* The life of a worker: take a job, parse it or run it, post it. */
#include "daemon/pool.h"

#include <stdatomic.h>

#include <searchd/index.h>

#include "daemon/collection.h"
#include "daemon/ops.h"
#include "index/base/alloc.h"
#include "index/base/clock.h"

struct worker {
    struct pool *pool;
    pthread_t thread;
    struct sx_reader **readers; /* one a collection; this thread's own */
};

struct pool {
    struct queue queue;
    atomic_bool refusing; /* loop sets */
    struct mailbox *mail;
    const struct collection *collections;
    size_t collection_count;
    struct worker *workers;
    size_t worker_count, started;
};

struct queue *pool_queue(struct pool *p)
{
    return &p->queue;
}

size_t pool_threads(const struct pool *p)
{
    return p->worker_count;
}

void pool_refuse(struct pool *p, bool on)
{
    if (p != NULL)
        atomic_store_explicit(&p->refusing, on, memory_order_relaxed);
}

size_t pool_collections(const struct pool *p)
{
    return p->collection_count;
}

const char *pool_collection_name(const struct pool *p, size_t i)
{
    return p->collections[i].name;
}

struct sx_reader *pool_reader(const struct pool *p, size_t thread, size_t collection)
{
    return p->workers[thread].readers[collection];
}

/* A long line: parsed here, so that it does not hold up the loop, which then sends it on. */
static void parse(struct job *job)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    if (request_read(&job->req, buf_str(&job->line), job->line_limit, &err) != SX_OK)
        job_fail(job, &err);
    buf_release(&job->line);
}

static sx_status run(struct worker *w, struct job *job, struct sx_error *err)
{
    if (atomic_load_explicit(&w->pool->refusing, memory_order_relaxed))
        return sx_fail(err, SX_EBUSY, "too many replies wait for their readers");
    if (job_stopped(job))
        return sx_fail(err, SX_ECANCELLED, "cancelled before it began");
    if (job->deadline_ns != 0 && clock_now_ns() >= job->deadline_ns)
        return sx_fail(err, SX_ETIMEOUT, "the deadline passed before it began");
    struct op_ctx ctx = {.reader = w->readers[job->collection], .pool = w->pool};
    return job->req.op->run(&ctx, job, err);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    struct job *job;
    while ((job = queue_pop(&p->queue, QUEUE_FOREVER)) != NULL) {
        struct sx_error err = {.offset = SX_NO_OFFSET};
        if (job->line.data != NULL)
            parse(job);
        else if (run(w, job, &err) != SX_OK)
            job_fail(job, &err);
        mailbox_post(p->mail, job);
    }
    return NULL;
}

static sx_status open_readers(struct pool *p, struct worker *w, struct sx_error *err)
{
    w->pool = p;
    w->readers = mem_zalloc(p->collection_count, sizeof(struct sx_reader *));
    if (w->readers == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < p->collection_count; i++) {
        sx_status rc = sx_reader_open(&w->readers[i], p->collections[i].index, err);
        if (rc != SX_OK)
            return rc;
    }
    return SX_OK;
}

static void close_readers(struct pool *p, struct worker *w)
{
    for (size_t i = 0; w->readers != NULL && i < p->collection_count; i++)
        sx_reader_close(w->readers[i]);
    mem_free(w->readers);
}

static sx_status start_workers(struct pool *p, struct sx_error *err)
{
    for (size_t i = 0; i < p->worker_count; i++) {
        sx_status rc = open_readers(p, &p->workers[i], err);
        if (rc != SX_OK)
            return rc;
    }
    for (; p->started < p->worker_count; p->started++) {
        struct worker *w = &p->workers[p->started];
        if (pthread_create(&w->thread, NULL, work, w) != 0)
            return sx_fail(err, SX_EINTERNAL, "a worker thread cannot be started");
    }
    return SX_OK;
}

sx_status pool_start(struct pool **out, size_t threads, const struct collection *collections,
                     size_t count, size_t queue_max, struct mailbox *mail, struct sx_error *err)
{
    *out = NULL;
    struct pool *p = mem_zalloc(1, sizeof *p);
    if (p == NULL)
        return sx_fail_oom(err);
    p->workers = mem_zalloc(threads, sizeof *p->workers);
    if (p->workers == NULL || !queue_init(&p->queue, queue_max, SIZE_MAX)) {
        mem_free(p->workers);
        mem_free(p);
        return sx_fail_oom(err);
    }
    p->worker_count = threads;
    p->mail = mail;
    p->collections = collections;
    p->collection_count = count;
    sx_status rc = start_workers(p, err);
    if (rc != SX_OK) {
        pool_stop(p);
        return rc;
    }
    *out = p;
    return SX_OK;
}

void pool_stop(struct pool *p)
{
    if (p == NULL)
        return;
    queue_close(&p->queue);
    for (size_t i = 0; i < p->started; i++)
        pthread_join(p->workers[i].thread, NULL);
    for (size_t i = 0; i < p->worker_count; i++)
        close_readers(p, &p->workers[i]);
    queue_release(&p->queue);
    mem_free(p->workers);
    mem_free(p);
}
