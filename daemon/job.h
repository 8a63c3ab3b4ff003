/* A request on its way: loop -> queue -> worker -> mailbox -> loop.
 *
 * The loop makes and frees every job. While a job is with a worker, that worker owns `req`,
 * `line` and `reply`; the loop touches only what is marked as its own, and `stop`. */
#ifndef DAEMON_JOB_H
#define DAEMON_JOB_H

#include <stdatomic.h>

#include "daemon/request.h"
#include "index/base/buf.h"

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE };

struct job_counters { /* the server's, copied by the loop for `stats` */
    uint64_t uptime_s, connections, in_flight, requests, queued_reads, rejected;
};

struct job {
    struct job *next;      /* queue or mailbox: whoever holds it */
    struct job *conn_next; /* loop: the requests of one connection, in order */
    enum job_state state;  /* loop */
    uint64_t conn_id;      /* not a pointer: the peer may hang up */
    uint64_t received_ns;
    uint64_t deadline_ns; /* 0: none */
    size_t cost;          /* bytes of its line, for the limits on memory */
    size_t line_limit;    /* for `line` */
    size_t collection;    /* index of the collection, resolved by the loop */
    struct buf line;      /* a long line, still to be parsed; else empty */
    struct request req;
    struct buf reply; /* complete, with its newline */
    struct job_counters counters;
    atomic_bool stop; /* loop sets: nobody wants the answer */
};

/* NULL: memory ran out. */
struct job *job_new(void);
/* NULL is fine. */
void job_free(struct job *job);

/* Makes `err` the reply, in place of whatever was written. */
void job_fail(struct job *job, const struct sx_error *err);

/* Whether nobody wants its answer any more: struct sx_limits.stop. */
bool job_stopped(void *job);
/* What a search for it has to keep to. */
struct sx_limits job_limits(struct job *job);

#endif
