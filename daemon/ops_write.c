/* Operations on the writer's thread. They leave their reply open: the generation is known only
 * after the commit that they share with others. */
#include "daemon/ops.h"

#include "daemon/reply.h"

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

sx_status op_check(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    sx_status rc = sx_index_check(ctx->index, err);
    if (rc != SX_OK)
        return rc;
    reply_begin(&job->reply, job->req.id);
    reply_end(&job->reply);
    return SX_OK;
}
