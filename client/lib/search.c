/* A search as one call: the reply's tree stays and the hits borrow from it. */
#include <searchd/client.h>

#include "client/lib/reply.h"
#include "index/base/alloc.h"
#include "index/base/str.h"

struct owned_hits {
    struct sx_client_hits hits; /* first: what the caller holds */
    struct sx_client_hit *items;
    cJSON *reply;
};

static void fill_hit(struct sx_client_hit *hit, const cJSON *v)
{
    const cJSON *snippets = cJSON_GetObjectItemCaseSensitive(v, "snippets");
    const cJSON *score = cJSON_GetObjectItemCaseSensitive(v, "score");

    hit->rank = (size_t)reply_number(v, "rank");
    hit->score = cJSON_IsNumber(score) ? score->valuedouble : 0;
    hit->doc = reply_text(v, "doc");
    hit->uri = reply_text(v, "uri");
    hit->title = reply_text(v, "title");
    hit->source = reply_text(v, "source");
    hit->date = reply_text(v, "date");
    hit->lang = reply_text(v, "lang");
    hit->snippet = reply_text(snippets == NULL ? NULL : snippets->child, "text");
}

static sx_status fill(struct owned_hits *o, struct sx_error *err)
{
    const cJSON *v, *list = cJSON_GetObjectItemCaseSensitive(o->reply, "hits");
    int count = cJSON_GetArraySize(list);

    o->items = mem_zalloc((size_t)count, sizeof(*o->items));
    if (o->items == NULL)
        return sx_fail_oom(err);
    cJSON_ArrayForEach(v, list) fill_hit(&o->items[o->hits.count++], v);
    o->hits.items = o->items;
    o->hits.total = reply_number(o->reply, "total");
    o->hits.total_all = reply_number(o->reply, "total_all");
    o->hits.total_exact = str_is(str_of(reply_text(o->reply, "relation")), "eq");
    o->hits.partial = reply_flag(o->reply, "partial");
    return SX_OK;
}

static sx_status ask(struct sx_client *c, const char *query, size_t limit, struct sx_str *reply,
                     struct sx_error *err)
{
    struct buf request = {0};
    sx_status rc;

    buf_puts(&request, "{\"op\":\"search\",\"query\":");
    json_print_str(str_of(query), &request);
    buf_printf(&request, ",\"limit\":%zu}", limit);
    rc = buf_ok(&request) ? sx_client_request(c, buf_str(&request), reply, err) : sx_fail_oom(err);
    buf_release(&request);
    return rc;
}

sx_status sx_client_search(struct sx_client *c, const char *query, size_t limit,
                           struct sx_client_hits **out, struct sx_error *err)
{
    struct owned_hits *o = mem_zalloc(1, sizeof(*o));
    struct sx_str reply = {0};
    sx_status rc;

    *out = NULL;
    if (o == NULL)
        return sx_fail_oom(err);
    rc = ask(c, query, limit, &reply, err);
    if (rc == SX_OK)
        rc = reply_parse(reply, &o->reply, err);
    if (rc == SX_OK)
        rc = fill(o, err);
    if (rc != SX_OK) {
        sx_client_hits_free(&o->hits);
        return rc;
    }
    *out = &o->hits;
    return SX_OK;
}

void sx_client_hits_free(struct sx_client_hits *hits)
{
    struct owned_hits *o = (struct owned_hits *)(void *)hits;

    if (o == NULL)
        return;
    cJSON_Delete(o->reply);
    mem_free(o->items);
    mem_free(o);
}
