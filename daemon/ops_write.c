/* Operations on the writer's thread. They leave their reply open: the generation is known only
 * after the commit that they share with others. */
#include "daemon/ops.h"

#include "daemon/reply.h"
#include "index/base/clock.h"
#include "index/base/str.h"

sx_status op_put(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    size_t replaced = 0;
    sx_status rc = sx_index_put(ctx->index, job->req.docs, job->req.doc_count, &replaced, err);
    if (rc != SX_OK)
        return rc;
    reply_begin(&job->reply, job->req.id);
    reply_u64(&job->reply, "put", job->req.doc_count);
    reply_u64(&job->reply, "replaced", replaced);
    return SX_OK;
}

sx_status op_delete(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    const struct request *req = &job->req;
    size_t deleted = 0;
    sx_status rc = SX_OK;
    if (req->query.ptr != NULL)
        rc = sx_index_delete_query(ctx->index, req->query, &deleted, err);
    else if (req->doc.ptr != NULL)
        rc = sx_index_delete_doc(ctx->index, req->doc, &deleted, err);
    for (size_t i = 0; i < req->uri_count && rc == SX_OK; i++) {
        size_t one = 0;
        rc = sx_index_delete_uri(ctx->index, req->uris[i], &one, err);
        deleted += one;
    }
    if (rc != SX_OK)
        return rc;
    reply_begin(&job->reply, job->req.id);
    reply_u64(&job->reply, "deleted", deleted);
    return SX_OK;
}

sx_status op_reindex(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    const struct request *req = &job->req;
    const struct sx_reread which = {
        .failed = req->failed, .type = req->type, .before = (unsigned)req->older};
    size_t files = 0;
    sx_status rc = sx_index_reread(ctx->index, &which, &files, err);
    if (rc != SX_OK)
        return rc;
    reply_begin(&job->reply, req->id);
    reply_u64(&job->reply, "files", files);
    return SX_OK;
}

sx_status op_check(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    sx_status rc = sx_index_check(ctx->index, err);
    if (rc != SX_OK)
        return rc;
    reply_begin(&job->reply, job->req.id);
    if (sx_index_stale(ctx->index, NULL)) {
        reply_bool(&job->reply, "stale", true);
        reply_str(&job->reply, "hint", str_of(STALE_HINT));
    }
    reply_end(&job->reply);
    return SX_OK;
}

struct rebuild {
    struct job *job;
    const atomic_bool *stopping;
};

static bool give_up(void *arg)
{
    const struct rebuild *r = arg;
    return job_stopped(r->job) || atomic_load_explicit(r->stopping, memory_order_relaxed);
}

sx_status op_rebuild(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    struct rebuild r = {job, ctx->stopping};
    const struct sx_limits limits = {.stop = give_up, .stop_ctx = &r};
    uint64_t docs;
    uint64_t began_ns = clock_now_ns();
    sx_status rc = sx_index_rebuild(ctx->index, &limits, &docs, err);
    if (rc != SX_OK)
        return rc;
    reply_begin(&job->reply, job->req.id);
    reply_u64(&job->reply, "docs", docs);
    reply_u64(&job->reply, "ms", (clock_now_ns() - began_ns) / 1000000);
    reply_end(&job->reply);
    return SX_OK;
}
