/* Operations on a reader: each one snapshot, each reply written straight into its buffer. */
#include "daemon/ops.h"

#include <time.h>

#include "daemon/pool.h"
#include "daemon/reply.h"
#include "index/base/json.h"
#include "index/base/str.h"
#include "index/base/utf8.h"

sx_status op_count_matches(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    struct sx_limits limits = job_limits(job);
    struct sx_count count;
    sx_status rc = sx_reader_count(ctx->reader, job->req.query, (enum sx_match)job->req.match,
                                   &limits, &count, err);
    if (rc != SX_OK)
        return rc;
    struct buf *out = &job->reply;
    reply_begin(out, job->req.id);
    reply_u64(out, "total", count.total);
    reply_u64(out, "total_all", count.all);
    reply_str(out, "relation", str_of("eq"));
    reply_u64(out, "generation", count.generation);
    reply_coverage(out, &count.coverage);
    reply_end(out);
    return SX_OK;
}

/* The part of the body that was asked for, cut where code points begin. */
static struct sx_str body_part(struct request *req, struct sx_str body)
{
    if (!req->has_bytes || body.ptr == NULL)
        return body;
    size_t end = req->bytes_end < body.len ? req->bytes_end : body.len;
    size_t start = req->bytes_start < end ? req->bytes_start : end;
    start = utf8_floor(body.ptr, body.len, start);
    end = utf8_floor(body.ptr, body.len, end);
    req->bytes_start = start;
    req->bytes_end = end;
    return str_make(body.ptr + start, end - start);
}

/* What the document was read from. */
static void put_file(struct buf *out, const struct sx_stored *s)
{
    buf_printf(out, ",\"file\":{\"extractor\":%u", s->extractor);
    if (s->file_hash[0] != '\0')
        reply_str(out, "sha256", str_of(s->file_hash));
    buf_putc(out, '}');
}

static void put_stored(struct buf *out, struct request *req, const struct sx_stored *s)
{
    const struct sx_doc *doc = &s->doc;
    struct sx_str body = body_part(req, doc->body);
    reply_begin(out, req->id);
    buf_puts(out, ",\"document\":{\"doc\":");
    json_print_str(str_of(s->hash), out);
    reply_str(out, "uri", doc->uri);
    reply_str(out, "title", doc->title);
    reply_str(out, "body", body);
    if (req->has_bytes)
        buf_printf(out, ",\"bytes\":[%llu,%llu]", (unsigned long long)req->bytes_start,
                   (unsigned long long)req->bytes_end);
    if (req->has_bytes)
        reply_u64(out, "body_bytes", doc->body.len);
    reply_str(out, "source", doc->source);
    reply_str(out, "date", doc->date);
    reply_str(out, "lang", doc->lang);
    if (doc->lang.ptr != NULL)
        reply_str(out, "lang_from", str_of(s->lang_detected ? "detected" : "given"));
    reply_str(out, "type", doc->type);
    if (s->extractor != 0 || s->file_hash[0] != '\0')
        put_file(out, s);
    if (doc->extra.ptr != NULL) {
        buf_puts(out, ",\"extra\":"); /* JSON already: it was checked when it was put */
        buf_put_str(out, doc->extra);
    }
    buf_putc(out, '}');
    reply_u64(out, "generation", s->generation);
    reply_end(out);
}

sx_status op_get(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    struct request *req = &job->req;
    struct sx_stored *stored = NULL;
    sx_status rc = req->uri.ptr != NULL ? sx_reader_get_uri(ctx->reader, req->uri, &stored, err)
                                        : sx_reader_get_doc(ctx->reader, req->doc, &stored, err);
    if (rc == SX_OK)
        put_stored(&job->reply, req, stored);
    sx_stored_free(stored);
    return rc;
}

sx_status op_parse(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    (void)ctx;
    struct sx_results *res = NULL;
    sx_status rc = sx_query_parse(job->req.query, &res, err);
    if (rc == SX_OK) {
        reply_begin(&job->reply, job->req.id);
        reply_str(&job->reply, "parsed", res->parsed);
        reply_strs(&job->reply, "warnings", res->warnings, res->warning_count);
        reply_end(&job->reply);
    }
    sx_results_free(res);
    return rc;
}

static void put_failed(struct buf *out, const struct sx_failed *f)
{
    time_t at = (time_t)f->at;
    struct tm tm;
    char when[32] = "";
    if (gmtime_r(&at, &tm) != NULL)
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_puts(out, "{\"uri\":");
    json_print_str(f->uri, out);
    reply_str(out, "stage", f->stage);
    reply_str(out, "reason", f->reason);
    reply_str(out, "at", str_of(when));
    reply_bool(out, "retry", f->retry);
    buf_putc(out, '}');
}

sx_status op_failed(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    struct sx_failed_list *list = NULL;
    sx_status rc = sx_reader_failed(ctx->reader, job->req.offset, job->req.limit, &list, err);
    if (rc == SX_OK) {
        struct buf *out = &job->reply;
        reply_begin(out, job->req.id);
        reply_u64(out, "total", list->total);
        buf_puts(out, ",\"failed\":[");
        for (size_t i = 0; i < list->count; i++) {
            if (i > 0)
                buf_putc(out, ',');
            put_failed(out, &list->items[i]);
        }
        buf_putc(out, ']');
        reply_end(out);
    }
    sx_failed_list_free(list);
    return rc;
}

static void put_sync(struct buf *out, const struct sx_sync_progress *p)
{
    buf_printf(out, ",\"sync\":{\"files\":%llu", (unsigned long long)p->files);
    reply_u64(out, "pending", p->pending);
    reply_u64(out, "added", p->added);
    reply_u64(out, "updated", p->updated);
    reply_u64(out, "moved", p->moved);
    reply_u64(out, "unchanged", p->unchanged);
    reply_u64(out, "removed", p->removed);
    reply_u64(out, "failed", p->failed);
    reply_u64(out, "docs", p->docs);
    reply_bool(out, "listed", p->listed);
    buf_putc(out, '}');
}

/* By type; what has none is null. */
static void put_types(struct buf *out, const struct sx_types *t)
{
    buf_puts(out, ",\"types\":[");
    for (size_t i = 0; i < t->count; i++) {
        const char *name = t->items[i].name;
        buf_puts(out, i > 0 ? ",{\"type\":" : "{\"type\":");
        if (name[0] == '\0')
            buf_puts(out, "null");
        else
            json_print_str(str_of(name), out);
        reply_u64(out, "docs", t->items[i].docs);
        reply_u64(out, "files", t->items[i].files);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

static void put_stats(struct buf *out, const struct sx_stats *s)
{
    reply_u64(out, "generation", s->generation);
    reply_coverage(out, &s->coverage);
    reply_u64(out, "title_words", s->title_words);
    reply_u64(out, "body_words", s->body_words);
    reply_u64(out, "file_bytes", s->file_bytes);
    reply_u64(out, "wal_bytes", s->wal_bytes);
    reply_u64(out, "cached_terms", s->cached_terms);
    buf_printf(out,
               ",\"blockmax\":{\"reached\":%s,\"documents\":%llu,\"segments\":%llu,"
               "\"file_bytes\":%llu,\"memory_bytes\":%llu",
               s->blockmax.reached ? "true" : "false", (unsigned long long)s->blockmax.docs,
               (unsigned long long)s->blockmax.segments, (unsigned long long)s->blockmax.file_bytes,
               (unsigned long long)s->blockmax.memory_bytes);
    if (s->blockmax.failure[0] != '\0')
        reply_str(out, "failure", str_of(s->blockmax.failure));
    buf_putc(out, '}');
    reply_u64(out, "schema_version", s->schema_version);
    reply_u64(out, "analyzer_version", s->analyzer_version);
    reply_u64(out, "index_analyzer", s->index_analyzer);
    reply_u64(out, "extractor_version", s->extractor_version);
    reply_bool(out, "stale", s->stale);
    if (s->stale)
        reply_str(out, "hint", str_of(STALE_HINT));
    buf_puts(out, ",\"languages\":[");
    for (size_t i = 0; i < s->language_count; i++)
        buf_printf(out, "%s{\"code\":\"%s\",\"ready\":%s}", i > 0 ? "," : "", s->languages[i].code,
                   s->languages[i].ready ? "true" : "false");
    buf_putc(out, ']');
    put_sync(out, &s->sync);
}

/* The server's own figures first, as the loop copied them; then one object a collection. */
sx_status op_stats(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    struct buf *out = &job->reply;
    const struct job_counters *c = &job->counters;
    reply_begin(out, job->req.id);
    reply_u64(out, "uptime_s", c->uptime_s);
    reply_u64(out, "connections", c->connections);
    reply_u64(out, "in_flight", c->in_flight);
    reply_u64(out, "queued", c->queued_reads);
    reply_u64(out, "requests", c->requests);
    reply_u64(out, "rejected", c->rejected);
    buf_puts(out, ",\"collections\":{");
    for (size_t i = 0; i < pool_collections(ctx->pool); i++) {
        struct sx_stats stats;
        struct sx_types types;
        struct sx_reader *reader = pool_reader(ctx->pool, 0, i);
        sx_status rc = sx_reader_stats(reader, &stats, err);
        if (rc == SX_OK)
            rc = sx_reader_types(reader, &types, err);
        if (rc != SX_OK)
            return rc;
        if (i > 0)
            buf_putc(out, ',');
        json_print_str(str_of(pool_collection_name(ctx->pool, i)), out);
        buf_puts(out, ":{\"ok\":true");
        put_stats(out, &stats);
        put_types(out, &types);
        buf_putc(out, '}');
    }
    buf_putc(out, '}');
    reply_end(out);
    return SX_OK;
}
