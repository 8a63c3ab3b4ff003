/* Reading a request. What a peer wrote is looked at only here; everything behind it works on
 * values that are known to be in range. */
#include "daemon/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ops.h"
#include "index/base/docjson.h"
#include "index/base/sha256.h"
#include "index/base/str.h"

/* A tree may have this many values and one more for each 8 bytes of its line: real documents take
 * more, and a line of `[1,1,…` must not cost 40 times its size. A value takes 80 bytes, 112 with its
 * key: a put of 16 MiB of nothing else holds 180 to 240 MB. */
#define VALUES_BASE 1024
#define VALUES_BYTES 8

static struct sx_str *str_field(struct request *req, const struct param *p)
{
    return (struct sx_str *)(void *)((char *)req + p->at);
}

static uint64_t *u64_field(struct request *req, const struct param *p)
{
    return (uint64_t *)(void *)((char *)req + p->at);
}

static const cJSON *member(const cJSON *obj, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(obj, name);
}

sx_status param_str(struct request *req, const struct param *p, const cJSON *obj,
                    struct sx_error *err)
{
    struct sx_str *out = str_field(req, p);
    sx_status rc = json_get_str(obj, p->name, out, err);
    if (rc != SX_OK || out->ptr == NULL)
        return rc;
    if (out->len < p->min)
        return sx_fail_at(err, SX_EREQUEST, p->name, SX_NO_OFFSET,
                          "%s must have at least %" PRIu64 " bytes", p->name, p->min);
    if (p->max != 0 && out->len > p->max)
        return sx_fail_at(err, SX_ETOOLARGE, p->name, SX_NO_OFFSET,
                          "%s is longer than %" PRIu64 " bytes", p->name, p->max);
    return SX_OK;
}

static sx_status not_in_range(const struct param *p, const cJSON *item, struct sx_error *err)
{
    struct buf value = {0};
    if (cJSON_IsNumber(item)) { /* of at most 63 bytes; anything else may be as long as the line */
        buf_puts(&value, " = ");
        json_print_number(item, &value);
    }
    const char *text = buf_cstr(&value);
    sx_status rc = text == NULL
                       ? sx_fail_oom(err)
                       : sx_fail_at(err, SX_EREQUEST, p->name, SX_NO_OFFSET,
                                    "%s%s: expected an integer from %" PRIu64 " to %" PRIu64,
                                    p->name, text, p->min, p->max);
    buf_release(&value);
    return rc;
}

sx_status param_u64(struct request *req, const struct param *p, const cJSON *obj,
                    struct sx_error *err)
{
    sx_status rc = json_get_u64(obj, p->name, p->min, p->max, u64_field(req, p), NULL);
    return rc == SX_OK ? SX_OK : not_in_range(p, member(obj, p->name), err);
}

sx_status param_bool(struct request *req, const struct param *p, const cJSON *obj,
                     struct sx_error *err)
{
    return json_get_bool(obj, p->name, (bool *)((char *)req + p->at), err);
}

/* Index of `word` in the list of choices, or -1. */
static int choice_index(const char *choices, const char *word)
{
    size_t len = strlen(word);
    int index = 0;
    for (const char *at = choices; *at != '\0'; index++) {
        size_t n = strcspn(at, " ");
        if (n == len && memcmp(at, word, n) == 0)
            return index;
        at += n + (at[n] == ' ');
    }
    return -1;
}

static sx_status not_a_choice(const struct param *p, struct sx_error *err)
{
    return sx_fail_at(err, SX_EREQUEST, p->name, SX_NO_OFFSET, "%s must be among: %s", p->name,
                      p->choices);
}

sx_status param_choice(struct request *req, const struct param *p, const cJSON *obj,
                       struct sx_error *err)
{
    const cJSON *item = member(obj, p->name);
    int index = cJSON_IsString(item) ? choice_index(p->choices, item->valuestring) : -1;
    if (index < 0)
        return not_a_choice(p, err);
    *u64_field(req, p) = (uint64_t)index;
    return SX_OK;
}

sx_status param_set(struct request *req, const struct param *p, const cJSON *obj,
                    struct sx_error *err)
{
    const cJSON *list = member(obj, p->name), *item;
    uint64_t set = 0;
    if (!cJSON_IsArray(list))
        return sx_fail_at(err, SX_EREQUEST, p->name, SX_NO_OFFSET, "%s must be an array of: %s",
                          p->name, p->choices);
    cJSON_ArrayForEach(item, list)
    {
        int index = cJSON_IsString(item) ? choice_index(p->choices, item->valuestring) : -1;
        if (index < 0)
            return not_a_choice(p, err);
        set |= (uint64_t)1 << index;
    }
    *u64_field(req, p) = set;
    return SX_OK;
}

static bool whole_number(const cJSON *item, uint64_t *out)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
        !(item->valuedouble < (double)REQUEST_INT_MAX))
        return false;
    *out = (uint64_t)item->valuedouble;
    return !((double)*out < item->valuedouble);
}

sx_status param_range(struct request *req, const struct param *p, const cJSON *obj,
                      struct sx_error *err)
{
    const cJSON *list = member(obj, p->name);
    const cJSON *first = cJSON_IsArray(list) ? list->child : NULL;
    const cJSON *second = first == NULL ? NULL : first->next;
    if (second == NULL || second->next != NULL || !whole_number(first, &req->bytes_start) ||
        !whole_number(second, &req->bytes_end) || req->bytes_start > req->bytes_end)
        return sx_fail_at(err, SX_EREQUEST, p->name, SX_NO_OFFSET,
                          "%s must be [start, end] with 0 <= start <= end", p->name);
    req->has_bytes = true;
    return SX_OK;
}

static bool valid_uri(const cJSON *item)
{
    if (!cJSON_IsString(item))
        return false;
    size_t len = strlen(item->valuestring);
    return len > 0 && len <= SX_URI_MAX;
}

sx_status param_uris(struct request *req, const struct param *p, const cJSON *obj,
                     struct sx_error *err)
{
    const cJSON *value = member(obj, p->name);
    bool list = cJSON_IsArray(value);
    const cJSON *item = list ? value->child : value;
    size_t count = 0;
    for (const cJSON *i = item; i != NULL; i = list ? i->next : NULL) {
        if (!valid_uri(i))
            return sx_fail_at(err, SX_EREQUEST, p->name, SX_NO_OFFSET,
                              "%s must be a string of 1 to %d bytes, or an array of such", p->name,
                              SX_URI_MAX);
        count++;
    }
    if (count > REQUEST_URIS_MAX)
        return sx_fail_at(err, SX_ELIMIT, p->name, SX_NO_OFFSET, "%s has more than %d entries",
                          p->name, REQUEST_URIS_MAX);
    req->uris = arena_array(&req->mem, count + 1, sizeof *req->uris);
    if (req->uris == NULL)
        return sx_fail_oom(err);
    for (; req->uri_count < count; item = item->next)
        req->uris[req->uri_count++] = str_of(item->valuestring);
    return SX_OK;
}

/* Puts "docs[17]." before the key that docjson_read() named. */
static void name_document(struct sx_error *err, size_t index)
{
    if (err == NULL)
        return;
    char key[sizeof err->param];
    memcpy(key, err->param, sizeof key);
    snprintf(err->param, sizeof err->param, "docs[%zu]%s%.20s", index, key[0] == '\0' ? "" : ".",
             key);
}

sx_status param_docs(struct request *req, const struct param *p, const cJSON *obj,
                     struct sx_error *err)
{
    const cJSON *list = member(obj, p->name), *item;
    if (!cJSON_IsArray(list) || list->child == NULL)
        return sx_fail_at(err, SX_EREQUEST, p->name, SX_NO_OFFSET,
                          "%s must be an array of at least one document", p->name);
    req->docs = arena_array(&req->mem, (size_t)cJSON_GetArraySize(list), sizeof *req->docs);
    if (req->docs == NULL)
        return sx_fail_oom(err);
    cJSON_ArrayForEach(item, list)
    {
        struct sx_doc *doc = &req->docs[req->doc_count];
        sx_status rc = cJSON_IsObject(item) ? docjson_read(item, true, &req->mem, doc, err)
                                            : sx_fail_at(err, SX_EREQUEST, "", SX_NO_OFFSET,
                                                         "a document must be an object");
        if (rc != SX_OK) {
            name_document(err, req->doc_count);
            return rc;
        }
        req->doc_count++;
    }
    return SX_OK;
}

/* A string of at most 64 bytes, or a whole number below 2^53, as JSON text in `mem`. */
static sx_status read_id(struct request *req, const char *name, const cJSON *item,
                         struct sx_str *out, struct sx_error *err)
{
    struct buf text = {0};
    uint64_t number;
    if (cJSON_IsString(item) && strlen(item->valuestring) <= REQUEST_ID_MAX)
        json_print_str(str_of(item->valuestring), &text);
    else if (whole_number(item, &number))
        buf_printf(&text, "%" PRIu64, number);
    else
        return sx_fail_at(err, SX_EREQUEST, name, SX_NO_OFFSET,
                          "%s must be a string of at most %d bytes, or a whole number below 2^53",
                          name, REQUEST_ID_MAX);
    *out = arena_str(&req->mem, buf_str(&text));
    bool ok = buf_ok(&text) && out->ptr != NULL;
    buf_release(&text);
    return ok ? SX_OK : sx_fail_oom(err);
}

sx_status param_id(struct request *req, const struct param *p, const cJSON *obj,
                   struct sx_error *err)
{
    return read_id(req, p->name, member(obj, p->name), str_field(req, p), err);
}

/* "search" when there is none. */
static sx_status read_op(struct request *req, struct sx_error *err)
{
    const cJSON *item = member(req->tree, "op");
    if (item != NULL && !cJSON_IsString(item))
        return sx_fail_at(err, SX_EREQUEST, "op", SX_NO_OFFSET, "op must be a string");
    const char *name = item == NULL ? "search" : item->valuestring;
    req->op = op_find(name);
    if (req->op == NULL)
        return sx_fail_at(err, SX_EOP, "op", SX_NO_OFFSET, "there is no operation '%.40s'", name);
    return SX_OK;
}

static bool known_member(const struct op *op, const char *name)
{
    if (strcmp(name, "op") == 0 || strcmp(name, "id") == 0 || strncmp(name, "x_", 2) == 0)
        return true;
    for (size_t i = 0; i < op->param_count; i++)
        if (strcmp(op->params[i].name, name) == 0)
            return true;
    return false;
}

static sx_status read_params(struct request *req, struct sx_error *err)
{
    const struct op *op = req->op;
    for (const cJSON *item = req->tree->child; item != NULL; item = item->next)
        if (!known_member(op, item->string)) {
            char name[41];
            snprintf(name, sizeof name, "%s", item->string);
            return sx_fail_at(err, SX_EPARAM, name, SX_NO_OFFSET, "%s has no parameter '%s'",
                              op->name, name);
        }
    for (size_t i = 0; i < op->param_count; i++) {
        const struct param *p = &op->params[i];
        if (member(req->tree, p->name) == NULL) {
            if (p->required)
                return sx_fail_at(err, SX_EREQUEST, p->name, SX_NO_OFFSET, "%s needs %s", op->name,
                                  p->name);
            continue;
        }
        sx_status rc = p->read(req, p, req->tree, err);
        if (rc != SX_OK)
            return rc;
    }
    return op->check == NULL ? SX_OK : op->check(req, err);
}

static void set_defaults(struct request *req)
{
    *req = (struct request){.limit = 10,
                            .snippets = 1,
                            .proximity = true,
                            .fields = HIT_TITLE | HIT_URI | HIT_SOURCE | HIT_DATE | HIT_LANG};
}

/* Reads one search of a batch; its strings are in `mem`, or borrow from the batch's tree. */
static sx_status read_batched(struct arena *mem, cJSON *tree, struct request *out,
                              struct sx_error *err)
{
    struct request req;

    set_defaults(&req);
    req.tree = tree;
    req.mem = *mem;
    req.op = op_find("search");
    const cJSON *id = member(tree, "id");
    sx_status rc = id == NULL ? SX_OK : read_id(&req, "id", id, &req.id, err);
    if (rc == SX_OK && (member(tree, "op") != NULL || member(tree, "collection") != NULL ||
                        member(tree, "timeout_ms") != NULL))
        rc = sx_fail_at(err, SX_EREQUEST, "searches", SX_NO_OFFSET,
                        "op, collection and timeout_ms are of the batch, not of its searches");
    if (rc == SX_OK)
        rc = read_params(&req, err);
    *mem = req.mem;
    *out = req;
    out->tree = NULL;
    memset(&out->mem, 0, sizeof out->mem);
    return rc;
}

sx_status param_searches(struct request *req, const struct param *p, const cJSON *obj,
                         struct sx_error *err)
{
    const cJSON *list = member(obj, p->name);
    int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    uint64_t hits = 0;

    if (count == 0)
        return sx_fail_at(err, SX_EREQUEST, p->name, SX_NO_OFFSET,
                          "%s must be an array of at least one search", p->name);
    if (count > REQUEST_SEARCHES_MAX)
        return sx_fail_at(err, SX_ELIMIT, p->name, SX_NO_OFFSET, "%s has more than %d entries",
                          p->name, REQUEST_SEARCHES_MAX);
    req->searches = arena_array(&req->mem, (size_t)count, sizeof *req->searches);
    if (req->searches == NULL)
        return sx_fail_oom(err);
    for (cJSON *item = list->child; item != NULL; item = item->next) {
        struct batched *b = &req->searches[req->search_count++];
        if (!cJSON_IsObject(item))
            return sx_fail_at(err, SX_EREQUEST, p->name, SX_NO_OFFSET, "%s[%zu] must be an object",
                              p->name, req->search_count - 1);
        b->err.code = read_batched(&req->mem, item, &b->req, &b->err);
        if (b->err.code == SX_ENOMEM)
            return sx_fail_oom(err);
        hits += b->err.code == SX_OK ? b->req.limit : 0;
    }
    if (hits > SX_WINDOW_MAX)
        return sx_fail_at(err, SX_ELIMIT, p->name, SX_NO_OFFSET,
                          "the limits of all %s together are more than %d", p->name, SX_WINDOW_MAX);
    return SX_OK;
}

sx_status request_read(struct request *req, struct sx_str line, size_t line_limit,
                       struct sx_error *err)
{
    set_defaults(req);
    sx_status rc = json_parse(line, VALUES_BASE + line.len / VALUES_BYTES, &req->tree, err);
    if (rc != SX_OK)
        return rc;
    if (!cJSON_IsObject(req->tree))
        return sx_fail(err, SX_EREQUEST, "a request must be an object");
    const cJSON *id = member(req->tree, "id");
    if (id != NULL && (rc = read_id(req, "id", id, &req->id, err)) != SX_OK)
        return rc;
    rc = read_op(req, err);
    if (rc != SX_OK)
        return rc;
    if (line.len > line_limit && !req->op->bulk)
        return sx_fail(err, SX_ETOOLARGE, "the line is longer than %zu bytes", line_limit);
    return read_params(req, err);
}

void request_release(struct request *req)
{
    cJSON_Delete(req->tree);
    arena_release(&req->mem);
    memset(req, 0, sizeof *req);
}
