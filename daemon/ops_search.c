/* Searching, alone and in batches: each reply written straight into its buffer. */
#include "daemon/ops.h"

#include "daemon/reply.h"
#include "index/base/clock.h"
#include "index/base/json.h"
#include "index/base/str.h"

static const char *const field_names[] = {[SX_FIELD_TITLE] = "title", [SX_FIELD_BODY] = "body"};

/* [from,to] */
static void put_range(struct buf *out, uint64_t from, uint64_t to)
{
    buf_putc(out, '[');
    buf_put_u64(out, from);
    buf_putc(out, ',');
    buf_put_u64(out, to);
    buf_putc(out, ']');
}

static void put_snippet(struct buf *out, const struct sx_snippet *s)
{
    buf_puts(out, "{\"field\":\"");
    buf_puts(out, field_names[s->field]);
    buf_puts(out, "\"");
    reply_str(out, "text", s->text);
    buf_puts(out, ",\"marks\":[");
    for (size_t i = 0; i < s->mark_count; i++) {
        if (i > 0)
            buf_putc(out, ',');
        put_range(out, s->marks[i].start, s->marks[i].end);
    }
    buf_puts(out, "],\"bytes\":");
    put_range(out, s->start, s->end);
    if (s->page != 0)
        reply_u64(out, "page", s->page);
    buf_putc(out, '}');
}

/* ---- explanations -------------------------------------------------------------------------------- */

static void put_number(struct buf *out, const char *key, double value)
{
    buf_printf(out, ",\"%s\":", key);
    json_print_double(value, out);
}

static void put_pair(struct buf *out, const struct sx_plan *plan, size_t number)
{
    const struct sx_pair *p = &plan->pairs[number];

    buf_puts(out, "{\"pair\":[");
    json_print_str(plan->leaves[p->left].text, out);
    buf_putc(out, ',');
    json_print_str(plan->leaves[p->right].text, out);
    buf_putc(out, ']');
}

static void put_explanation(struct buf *out, const struct sx_explanation *e,
                            const struct sx_plan *plan)
{
    buf_puts(out, ",\"explain\":{\"length\":");
    json_print_double(e->length, out);
    put_number(out, "norm", e->norm);
    buf_puts(out, ",\"leaves\":[");
    for (size_t i = 0; i < e->leaf_count; i++) {
        const struct sx_leaf_score *l = &e->leaves[i];
        buf_puts(out, i > 0 ? ",{\"leaf\":" : "{\"leaf\":");
        json_print_str(plan->leaves[l->leaf].text, out);
        reply_u64(out, "title", l->title);
        reply_u64(out, "body", l->body);
        put_number(out, "tf", l->tf);
        put_number(out, "score", l->score);
        buf_putc(out, '}');
    }
    buf_puts(out, "],\"proximity\":[");
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct sx_pair_score *p = &e->pairs[i];
        buf_puts(out, i > 0 ? "," : "");
        put_pair(out, plan, p->pair);
        put_number(out, "adjacent", p->adjacent);
        put_number(out, "near", p->near);
        put_number(out, "score", p->score);
        buf_putc(out, '}');
    }
    buf_puts(out, "]}");
}

static void put_leaf(struct buf *out, const struct sx_leaf *l)
{
    buf_puts(out, "{\"leaf\":");
    json_print_str(l->text, out);
    reply_u64(out, "asked", l->asked);
    put_number(out, "weight", l->weight);
    buf_puts(out, ",\"words\":[");
    for (size_t i = 0; i < l->word_count; i++) {
        buf_puts(out, i > 0 ? ",{\"term\":" : "{\"term\":");
        json_print_str(l->words[i].term, out);
        reply_u64(out, "documents", l->words[i].n);
        reply_u64(out, "occurrences", l->words[i].f);
        put_number(out, "weight", l->words[i].weight);
        buf_putc(out, '}');
    }
    buf_puts(out, "]}");
}

static void put_plan(struct buf *out, const struct sx_plan *plan)
{
    buf_puts(out, ",\"explain\":{\"rewritten\":");
    json_print_str(plan->rewritten, out);
    reply_u64(out, "documents", plan->docs);
    put_number(out, "average_length", plan->average_length);
    buf_puts(out, ",\"leaves\":[");
    for (size_t i = 0; i < plan->leaf_count; i++) {
        buf_puts(out, i > 0 ? "," : "");
        put_leaf(out, &plan->leaves[i]);
    }
    buf_puts(out, "],\"pairs\":[");
    for (size_t i = 0; i < plan->pair_count; i++) {
        buf_puts(out, i > 0 ? "," : "");
        put_pair(out, plan, i);
        reply_u64(out, "asked", plan->pairs[i].asked);
        put_number(out, "weight", plan->pairs[i].weight);
        buf_putc(out, '}');
    }
    buf_puts(out, "],\"passes\":[");
    for (size_t i = 0; i < plan->pass_count; i++) {
        buf_printf(out, "%s{\"reading\":\"%s\"", i > 0 ? "," : "", plan->passes[i].reading);
        reply_str(out, "candidates", plan->passes[i].proposed);
        reply_u64(out, "matches", plan->passes[i].matches);
        buf_putc(out, '}');
    }
    buf_puts(out, "]}");
}

/* ---- results --------------------------------------------------------------------------------------- */

static void put_facets(struct buf *out, const struct sx_results *res)
{
    static const char *const names[] = {"source", "lang", "type", "year", "month"};

    buf_puts(out, ",\"facets\":{");
    for (size_t i = 0; i < res->facet_count; i++) {
        const struct sx_facet_counts *f = &res->facets[i];
        buf_printf(out, "%s\"%s\":[", i > 0 ? "," : "", names[f->facet]);
        for (size_t k = 0; k < f->count; k++) {
            buf_puts(out, k > 0 ? ",{\"value\":" : "{\"value\":");
            if (f->values[k].value.ptr == NULL)
                buf_puts(out, "null");
            else
                json_print_str(f->values[k].value, out);
            reply_u64(out, "count", f->values[k].count);
            buf_putc(out, '}');
        }
        buf_putc(out, ']');
    }
    buf_putc(out, '}');
}

static void put_hit(struct buf *out, const struct sx_hit *hit, uint64_t fields,
                    const struct sx_plan *plan)
{
    buf_puts(out, "{\"rank\":");
    buf_put_u64(out, hit->rank);
    buf_puts(out, ",\"score\":");
    json_print_double(hit->score, out);
    reply_str(out, "doc", str_of(hit->doc));
    if (fields & HIT_URI)
        reply_str(out, "uri", hit->uri);
    if (fields & HIT_TITLE)
        reply_str(out, "title", hit->title);
    if (fields & HIT_SOURCE)
        reply_str(out, "source", hit->source);
    if (fields & HIT_DATE)
        reply_str(out, "date", hit->date);
    if (fields & HIT_LANG)
        reply_str(out, "lang", hit->lang);
    if (fields & HIT_TYPE)
        reply_str(out, "type", hit->type);
    reply_strs(out, "missing", hit->missing, hit->missing_count);
    buf_puts(out, ",\"snippets\":[");
    for (size_t i = 0; i < hit->snippet_count; i++) {
        if (i > 0)
            buf_putc(out, ',');
        put_snippet(out, &hit->snippets[i]);
    }
    buf_putc(out, ']');
    if (hit->explanation != NULL)
        put_explanation(out, hit->explanation, plan);
    buf_putc(out, '}');
}

static void put_forms(struct buf *out, const struct sx_results *res)
{
    buf_puts(out, ",\"forms\":[");
    for (size_t i = 0; i < res->form_count; i++) {
        const struct sx_forms *f = &res->forms[i];
        buf_puts(out, i > 0 ? ",{\"word\":" : "{\"word\":");
        json_print_str(f->word, out);
        reply_strs(out, "forms", f->forms, f->count);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

/* What stands between `"ok":true` and the end of the reply. */
static void put_results(struct buf *out, const struct request *req, uint64_t begun_ns,
                        const struct sx_results *res)
{
    reply_u64(out, "total", res->total);
    reply_str(out, "relation", str_of(res->total_exact ? "eq" : "gte"));
    reply_u64(out, "total_all", res->total_all);
    reply_str(out, "parsed", res->parsed);
    if (req->forms)
        put_forms(out, res);
    reply_strs(out, "warnings", res->warnings, res->warning_count);
    reply_u64(out, "generation", res->generation);
    reply_str(out, "engine", str_of(res->engine));
    reply_u64(out, "took_us", (clock_now_ns() - begun_ns) / 1000);
    reply_bool(out, "partial", res->partial);
    reply_coverage(out, &res->coverage);
    buf_puts(out, ",\"hits\":[");
    for (size_t i = 0; i < res->hit_count; i++) {
        if (i > 0)
            buf_putc(out, ',');
        put_hit(out, &res->hits[i], req->fields, res->plan);
    }
    buf_putc(out, ']');
    if (req->facets != 0)
        put_facets(out, res);
    if (res->plan != NULL)
        put_plan(out, res->plan);
    reply_str(out, "cursor", res->cursor);
}

/* Runs a search and writes its whole reply, without the newline. */
static sx_status search(struct sx_reader *r, struct job *job, const struct request *req,
                        uint64_t begun_ns, struct sx_error *err)
{
    struct sx_search ask = {.query = req->query,
                            .match = (enum sx_match)req->match,
                            .sort = (enum sx_sort)req->sort,
                            .offset = req->offset,
                            .limit = req->limit,
                            .cursor = req->cursor,
                            .snippets = req->snippets,
                            .exact_total = req->exact_total,
                            .facets = (unsigned)req->facets,
                            .explain = req->explain,
                            .engine = (enum sx_engine)req->engine,
                            .no_proximity = !req->proximity,
                            .limits = job_limits(job)};
    struct sx_results *res = NULL;
    sx_status rc = sx_reader_search(r, &ask, &res, err);

    if (rc == SX_OK) {
        reply_begin(&job->reply, req->id);
        put_results(&job->reply, req, begun_ns, res);
        buf_putc(&job->reply, '}');
    }
    sx_results_free(res);
    return rc;
}

sx_status op_search(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    sx_status rc = search(ctx->reader, job, &job->req, job->received_ns, err);

    if (rc == SX_OK)
        buf_putc(&job->reply, '\n');
    return rc;
}

/* One search that fails is told in its place, unless the whole batch is given up. */
static sx_status search_batched(struct sx_reader *r, struct job *job, struct batched *b,
                                struct sx_error *err)
{
    size_t before = job->reply.len;
    sx_status rc = b->err.code;

    if (job_stopped(job))
        return sx_fail(err, SX_ECANCELLED, "the request was cancelled");
    if (rc == SX_OK && job->deadline_ns != 0 && clock_now_ns() > job->deadline_ns)
        rc = sx_fail(&b->err, SX_ETIMEOUT, "the deadline of the batch passed");
    if (rc == SX_OK)
        rc = b->err.code = search(r, job, &b->req, clock_now_ns(), &b->err);
    if (rc == SX_OK)
        return SX_OK;
    if (rc == SX_ECANCELLED || rc == SX_ENOMEM) {
        *err = b->err;
        return rc;
    }
    job->reply.len = before;
    reply_failure(&job->reply, b->req.id, &b->err);
    return SX_OK;
}

sx_status op_batch(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    struct request *req = &job->req;
    struct buf *out = &job->reply;
    struct sx_stats stats;
    sx_status rc = sx_reader_hold(ctx->reader, err);

    if (rc != SX_OK)
        return rc;
    rc = sx_reader_stats(ctx->reader, &stats, err);
    reply_begin(out, req->id);
    reply_u64(out, "generation", stats.generation);
    buf_puts(out, ",\"replies\":[");
    for (size_t i = 0; i < req->search_count && rc == SX_OK; i++) {
        if (i > 0)
            buf_putc(out, ',');
        rc = search_batched(ctx->reader, job, &req->searches[i], err);
    }
    sx_reader_release(ctx->reader);
    buf_putc(out, ']');
    reply_end(out);
    return rc;
}
