/* Birth, death and failure of a job. */
#include "daemon/job.h"

#include "daemon/reply.h"
#include "index/base/alloc.h"

struct job *job_new(void)
{
    struct job *job = mem_zalloc(1, sizeof *job);
    if (job != NULL)
        atomic_init(&job->stop, false);
    return job;
}

void job_free(struct job *job)
{
    if (job == NULL)
        return;
    request_release(&job->req);
    buf_release(&job->line);
    buf_release(&job->reply);
    mem_free(job);
}

void job_fail(struct job *job, const struct sx_error *err)
{
    buf_release(&job->reply);
    reply_error(&job->reply, job->req.id, err);
}

bool job_stopped(void *job)
{
    return atomic_load_explicit(&((struct job *)job)->stop, memory_order_relaxed);
}

struct sx_limits job_limits(struct job *job)
{
    return (struct sx_limits){
        .deadline_ns = job->deadline_ns, .stop = job_stopped, .stop_ctx = job};
}
