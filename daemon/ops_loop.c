/* Operations that the loop answers itself, at once. */
#include "daemon/ops.h"

#include "daemon/reply.h"
#include "daemon/server.h"
#include "index/base/json.h"
#include "index/base/str.h"

#define PROTOCOL_VERSION 1

sx_status op_ping(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    (void)ctx;
    (void)err;
    reply_begin(&job->reply, job->req.id);
    reply_end(&job->reply);
    return SX_OK;
}

static void put_limits(struct buf *out, const struct config_limits *l)
{
    buf_printf(out, ",\"limits\":{\"line_bytes\":%llu", (unsigned long long)l->line_bytes);
    reply_u64(out, "put_bytes", l->put_bytes);
    reply_u64(out, "in_flight", l->in_flight);
    reply_u64(out, "timeout_ms", l->timeout_ms);
    reply_u64(out, "max_connections", l->max_connections);
    reply_u64(out, "query_bytes", SX_QUERY_MAX);
    reply_u64(out, "query_words", SX_QUERY_WORDS_MAX);
    reply_u64(out, "query_depth", SX_QUERY_DEPTH_MAX);
    reply_u64(out, "expansions", SX_EXPANSIONS_MAX);
    reply_u64(out, "fuzzy_terms", SX_FUZZY_TERMS_MAX);
    reply_u64(out, "near", SX_NEAR_MAX);
    reply_u64(out, "near_operands", SX_NEAR_OPERANDS_MAX);
    reply_u64(out, "nears", SX_QUERY_NEARS_MAX);
    reply_u64(out, "facet_values", SX_FACET_VALUES_MAX);
    reply_u64(out, "cursor_seconds", SX_CURSOR_SECONDS);
    reply_u64(out, "cursor_bytes", SX_CURSOR_BYTES);
    reply_u64(out, "batch_searches", REQUEST_SEARCHES_MAX);
    reply_u64(out, "window", SX_WINDOW_MAX);
    reply_u64(out, "limit", SX_LIMIT_MAX);
    reply_u64(out, "snippets", SX_SNIPPETS_MAX);
    reply_u64(out, "json_depth", JSON_DEPTH_MAX);
    buf_putc(out, '}');
}

static void put_operation(struct buf *out, const struct op *op)
{
    buf_puts(out, "{\"op\":");
    json_print_str(str_of(op->name), out);
    reply_str(out, "help", str_of(op->help));
    reply_bool(out, "admin", op->admin);
    buf_puts(out, ",\"params\":[");
    for (size_t i = 0; i < op->param_count; i++) {
        buf_puts(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        json_print_str(str_of(op->params[i].name), out);
        reply_bool(out, "required", op->params[i].required);
        reply_str(out, "help", str_of(op->params[i].help));
        buf_putc(out, '}');
    }
    buf_puts(out, "]}");
}

static void put_collections(struct buf *out, const struct server *s)
{
    size_t stale = 0;

    buf_puts(out, ",\"collections\":[");
    for (size_t i = 0; i < s->collection_count; i++) {
        buf_puts(out, i > 0 ? "," : "");
        json_print_str(str_of(s->collections[i].name), out);
    }
    buf_puts(out, "],\"stale\":[");
    for (size_t i = 0; i < s->collection_count; i++) {
        if (!sx_index_stale(s->collections[i].index, NULL))
            continue;
        buf_puts(out, stale++ > 0 ? "," : "");
        json_print_str(str_of(s->collections[i].name), out);
    }
    buf_putc(out, ']');
    if (stale > 0)
        reply_str(out, "hint", str_of(STALE_HINT));
}

sx_status op_hello(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    (void)err;
    const struct server *s = ctx->server;
    struct buf *out = &job->reply;
    reply_begin(out, job->req.id);
    reply_u64(out, "protocol", PROTOCOL_VERSION);
    reply_str(out, "version", str_of(SEARCHD_VERSION));
    reply_str(out, "versions", str_of(sx_version()));
    reply_u64(out, "analyzer", s->analyzer_version);
    reply_str(out, "collection", str_of(s->collections[0].name));
    put_collections(out, s);
    put_limits(out, &s->conf.limits);
    buf_puts(out, ",\"operations\":[");
    for (size_t i = 0; i < op_count; i++) {
        buf_puts(out, i > 0 ? "," : "");
        put_operation(out, &ops[i]);
    }
    buf_putc(out, ']');
    reply_end(out);
    return SX_OK;
}

sx_status op_cancel(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    (void)err;
    struct conn *c = server_conn(ctx->server, job->conn_id);
    bool cancelled = c != NULL && conn_cancel(c, job->req.target);
    reply_begin(&job->reply, job->req.id);
    reply_bool(&job->reply, "cancelled", cancelled);
    reply_end(&job->reply);
    return SX_OK;
}

sx_status op_reload(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    char restart[256];
    sx_status rc = server_reload(ctx->server, restart, sizeof restart, err);
    if (rc != SX_OK)
        return rc;
    reply_begin(&job->reply, job->req.id);
    reply_str(&job->reply, "needs_restart", str_of(restart));
    reply_end(&job->reply);
    return SX_OK;
}
