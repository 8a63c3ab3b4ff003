/* The keys of a document are rows; whatever is no row goes to `extra`. */
#include "index/base/docjson.h"

#include <stddef.h>
#include <string.h>

#include <searchd/index.h>

#include "index/base/str.h"

struct doc_key {
    const char *name;
    size_t at; /* of the member of struct sx_doc */
};

static const struct doc_key keys[] = {
    {"uri", offsetof(struct sx_doc, uri)},   {"title", offsetof(struct sx_doc, title)},
    {"body", offsetof(struct sx_doc, body)}, {"source", offsetof(struct sx_doc, source)},
    {"date", offsetof(struct sx_doc, date)}, {"lang", offsetof(struct sx_doc, lang)},
    {"type", offsetof(struct sx_doc, type)},
};

static sx_status wrong(struct sx_error *err, const char *key, const char *what)
{
    return sx_fail_at(err, SX_EREQUEST, key, SX_NO_OFFSET, "%s %s", key, what);
}

/* The member that `key` fills, or NULL. */
static struct sx_str *member(struct sx_doc *doc, const char *key)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(key, keys[i].name) == 0)
            return (struct sx_str *)(void *)((char *)doc + keys[i].at);
    return NULL;
}

/* A numeric id becomes its digits. */
static sx_status number_text(const cJSON *v, struct arena *mem, struct sx_str *out,
                             struct sx_error *err)
{
    struct buf text = {0};

    json_print_number(v, &text);
    *out = buf_ok(&text) ? arena_str(mem, buf_str(&text)) : str_of(NULL);
    buf_release(&text);
    return out->ptr == NULL ? sx_fail_oom(err) : SX_OK;
}

/* `id` is the uri of a document that has none. */
static sx_status read_id(const cJSON *id, struct arena *mem, struct sx_doc *doc,
                         struct sx_error *err)
{
    if (cJSON_IsNumber(id))
        return number_text(id, mem, &doc->uri, err);
    if (!cJSON_IsString(id))
        return wrong(err, "id", "must be a string or a number");
    doc->uri = str_of(id->valuestring);
    return SX_OK;
}

static void add_extra(const cJSON *v, struct buf *extra)
{
    buf_putc(extra, extra->len == 0 ? '{' : ',');
    json_print_str(str_of(v->string), extra);
    buf_putc(extra, ':');
    json_print(v, extra);
}

static sx_status keep_extra(struct buf *extra, struct arena *mem, struct sx_doc *doc,
                            struct sx_error *err)
{
    if (extra->len == 0 && buf_ok(extra))
        return SX_OK;
    buf_putc(extra, '}');
    if (!buf_ok(extra))
        return sx_fail_oom(err);
    doc->extra = arena_str(mem, buf_str(extra));
    return doc->extra.ptr == NULL ? sx_fail_oom(err) : SX_OK;
}

/* Fills `doc` and gathers the rest in `extra`. */
static sx_status read_members(const cJSON *obj, struct arena *mem, struct sx_doc *doc,
                              struct buf *extra, struct sx_error *err)
{
    bool has_uri = cJSON_IsString(cJSON_GetObjectItemCaseSensitive(obj, "uri"));
    const cJSON *v;

    cJSON_ArrayForEach(v, obj)
    {
        struct sx_str *into = member(doc, v->string);
        sx_status rc = SX_OK;
        if (into == NULL && !has_uri && strcmp(v->string, "id") == 0)
            rc = read_id(v, mem, doc, err);
        else if (into == NULL)
            add_extra(v, extra);
        else if (cJSON_IsString(v))
            *into = str_of(v->valuestring);
        else if (!cJSON_IsNull(v))
            rc = wrong(err, v->string, "must be a string");
        if (rc != SX_OK)
            return rc;
    }
    return SX_OK;
}

sx_status docjson_read(const cJSON *obj, bool need_uri, struct arena *mem, struct sx_doc *doc,
                       struct sx_error *err)
{
    struct buf extra = {0};
    sx_status rc;

    memset(doc, 0, sizeof(*doc));
    if (!cJSON_IsObject(obj))
        return sx_fail(err, SX_EREQUEST, "a document must be an object");
    rc = read_members(obj, mem, doc, &extra, err);
    if (rc == SX_OK && need_uri && doc->uri.ptr == NULL)
        rc = wrong(err, "uri", "is missing");
    if (rc == SX_OK && doc->body.ptr == NULL)
        rc = wrong(err, "body", "is missing");
    if (rc == SX_OK)
        rc = keep_extra(&extra, mem, doc, err);
    buf_release(&extra);
    return rc;
}
