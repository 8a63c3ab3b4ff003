/* The table of operations and of their parameters. PROTOCOL.md is the same in words; a test
 * holds the two together. */
#include "daemon/ops.h"

#include <stddef.h>
#include <string.h>

#include "index/base/sha256.h"
#include "index/base/str.h"

#define AT(name) offsetof(struct request, name)
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

#define COLLECTION                                                                                 \
    {                                                                                              \
        "collection", param_str, AT(collection), 1, 64, NULL, false, "which index"                 \
    }
#define QUERY(required)                                                                            \
    {                                                                                              \
        "query", param_str, AT(query), 0, SX_QUERY_MAX, NULL, required, "in the query language"    \
    }
#define MATCH                                                                                      \
    {                                                                                              \
        "match", param_choice, AT(match), 0, 0, "best all any", false, "best, all or any"          \
    }
#define TIMEOUT                                                                                    \
    {                                                                                              \
        "timeout_ms", param_u64, AT(timeout_ms), 1, REQUEST_TIMEOUT_MAX, NULL, false, "deadline"   \
    }
#define DOC                                                                                        \
    {                                                                                              \
        "doc", param_str, AT(doc), 64, 64, NULL, false, "a document by its SHA-256, in hex"        \
    }

static const struct param search_params[] = {
    QUERY(true),
    COLLECTION,
    MATCH,
    {"limit", param_u64, AT(limit), 0, SX_LIMIT_MAX, NULL, false, "hits on the page"},
    {"offset", param_u64, AT(offset), 0, REQUEST_INT_MAX - 1, NULL, false, "hits before it"},
    {"cursor", param_str, AT(cursor), 1, SX_CURSOR_MAX, NULL, false, "the page behind this one"},
    {"sort", param_choice, AT(sort), 0, 0, "score date -date", false, "score, date or -date"},
    {"fields", param_set, AT(fields), 0, 0, "title uri source date lang type", false,
     "stored fields of a hit"},
    {"snippets", param_u64, AT(snippets), 0, SX_SNIPPETS_MAX, NULL, false, "passages a hit"},
    {"facets", param_set, AT(facets), 0, 0, "source lang type year month", false,
     "documents by value"},
    {"explain", param_bool, AT(explain), 0, 0, NULL, false, "what the scores are made of"},
    {"exact_total", param_bool, AT(exact_total), 0, 0, NULL, false, "count every match"},
    {"forms", param_bool, AT(forms), 0, 0, NULL, false, "tell the words' other forms"},
    {"proximity", param_bool, AT(proximity), 0, 0, NULL, false,
     "closeness of words orders the first"},
    {"engine", param_choice, AT(engine), 0, 0, "auto fts5 blockmax", false,
     "auto, fts5 or blockmax"},
    TIMEOUT,
};

static const struct param batch_params[] = {
    {"searches", param_searches, 0, 0, 0, NULL, true, "parameters of each search"},
    COLLECTION,
    TIMEOUT,
};

static const struct param count_params[] = {QUERY(true), COLLECTION, MATCH, TIMEOUT};

static const struct param get_params[] = {
    {"uri", param_str, AT(uri), 1, SX_URI_MAX, NULL, false, "a document by its key"},
    DOC,
    {"bytes", param_range, 0, 0, 0, NULL, false, "[start, end) of the body"},
    COLLECTION,
};

static const struct param put_params[] = {
    {"docs", param_docs, 0, 0, 0, NULL, true, "documents, all or none of them"},
    COLLECTION,
};

static const struct param delete_params[] = {
    {"uri", param_uris, 0, 0, 0, NULL, false, "a key, or an array of keys"},
    DOC,
    QUERY(false),
    COLLECTION,
};

static const struct param reindex_params[] = {
    {"failed", param_bool, AT(failed), 0, 0, NULL, false, "files of which something failed"},
    {"type", param_str, AT(type), 1, SX_META_MAX, NULL, false, "files of a type: html, pdf"},
    {"extractor_older_than", param_u64, AT(older), 1, UINT32_MAX, NULL, false,
     "files that an extractor of an earlier version has read"},
    COLLECTION,
};

static const struct param failed_params[] = {
    {"offset", param_u64, AT(offset), 0, REQUEST_INT_MAX - 1, NULL, false, "entries to skip"},
    {"limit", param_u64, AT(limit), 0, SX_LIMIT_MAX, NULL, false, "entries"},
    COLLECTION,
};

static const struct param parse_params[] = {QUERY(true)};
static const struct param check_params[] = {COLLECTION};
static const struct param rebuild_params[] = {COLLECTION};
static const struct param cancel_params[] = {
    {"target", param_id, AT(target), 0, 0, NULL, true, "id of a request of this connection"},
};

static sx_status valid_doc(const struct request *req, struct sx_error *err)
{
    unsigned char hash[32];
    if (req->doc.ptr != NULL && hex_decode(req->doc.ptr, sizeof hash, hash) != 0)
        return sx_fail_at(err, SX_EREQUEST, "doc", SX_NO_OFFSET, "doc must be 64 hex digits");
    return SX_OK;
}

static sx_status check_search(const struct request *req, struct sx_error *err)
{
    if (req->cursor.ptr != NULL && (req->offset > 0 || req->facets != 0 || req->explain))
        return sx_fail_at(err, SX_EREQUEST, "cursor", SX_NO_OFFSET,
                          "offset, facets and explain do not go with a cursor");
    if (req->offset + req->limit > SX_WINDOW_MAX)
        return sx_fail_at(err, SX_ELIMIT, "offset", SX_NO_OFFSET, "offset + limit is more than %d",
                          SX_WINDOW_MAX);
    return SX_OK;
}

static sx_status check_get(const struct request *req, struct sx_error *err)
{
    if ((req->uri.ptr == NULL) == (req->doc.ptr == NULL))
        return sx_fail(err, SX_EREQUEST, "get needs either uri or doc");
    return valid_doc(req, err);
}

static sx_status check_delete(const struct request *req, struct sx_error *err)
{
    if ((req->uris != NULL) + (req->doc.ptr != NULL) + (req->query.ptr != NULL) != 1)
        return sx_fail(err, SX_EREQUEST, "delete needs one of uri, doc and query");
    return valid_doc(req, err);
}

static sx_status check_reindex(const struct request *req, struct sx_error *err)
{
    if (!req->failed && req->type.ptr == NULL && req->older == 0)
        return sx_fail(err, SX_EREQUEST,
                       "reindex needs at least one of failed (true), type and "
                       "extractor_older_than");
    return SX_OK;
}

const struct op ops[] = {
    {.name = "search",
     .lane = LANE_READ,
     .run = op_search,
     .check = check_search,
     .params = search_params,
     .param_count = COUNT(search_params),
     .help = "best hits of a query"},
    {.name = "batch",
     .lane = LANE_READ,
     .run = op_batch,
     .params = batch_params,
     .param_count = COUNT(batch_params),
     .help = "many searches on one snapshot"},
    {.name = "count",
     .lane = LANE_READ,
     .run = op_count_matches,
     .params = count_params,
     .param_count = COUNT(count_params),
     .help = "how many documents match, exactly"},
    {.name = "get",
     .lane = LANE_READ,
     .run = op_get,
     .check = check_get,
     .params = get_params,
     .param_count = COUNT(get_params),
     .help = "a stored document"},
    {.name = "parse",
     .lane = LANE_READ,
     .run = op_parse,
     .params = parse_params,
     .param_count = COUNT(parse_params),
     .help = "how a query is read"},
    {.name = "failed",
     .lane = LANE_READ,
     .run = op_failed,
     .params = failed_params,
     .param_count = COUNT(failed_params),
     .help = "files that could not be read"},
    {.name = "put",
     .lane = LANE_WRITE,
     .admin = true,
     .bulk = true,
     .run = op_put,
     .params = put_params,
     .param_count = COUNT(put_params),
     .help = "stores documents"},
    {.name = "delete",
     .lane = LANE_WRITE,
     .admin = true,
     .run = op_delete,
     .check = check_delete,
     .params = delete_params,
     .param_count = COUNT(delete_params),
     .help = "removes documents"},
    {.name = "reindex",
     .lane = LANE_WRITE,
     .admin = true,
     .rescan = true,
     .run = op_reindex,
     .check = check_reindex,
     .params = reindex_params,
     .param_count = COUNT(reindex_params),
     .help = "reads files of the roots again"},
    {.name = "check",
     .lane = LANE_WRITE,
     .admin = true,
     .alone = true,
     .run = op_check,
     .params = check_params,
     .param_count = COUNT(check_params),
     .help = "verifies the index"},
    {.name = "rebuild",
     .lane = LANE_WRITE,
     .admin = true,
     .alone = true,
     .run = op_rebuild,
     .params = rebuild_params,
     .param_count = COUNT(rebuild_params),
     .help = "indexes the stored text anew"},
    {.name = "stats", .lane = LANE_CONTROL, .run = op_stats, .help = "figures and health"},
    {.name = "hello",
     .lane = LANE_LOOP,
     .run = op_hello,
     .help = "versions, limits, collections, operations"},
    {.name = "ping", .lane = LANE_LOOP, .run = op_ping, .help = "whether anybody is there"},
    {.name = "cancel",
     .lane = LANE_LOOP,
     .run = op_cancel,
     .params = cancel_params,
     .param_count = COUNT(cancel_params),
     .help = "gives up a request in flight"},
    {.name = "reload",
     .lane = LANE_LOOP,
     .admin = true,
     .run = op_reload,
     .help = "reads the configuration again"},
};

const size_t op_count = COUNT(ops);

const struct op *op_find(const char *name)
{
    for (size_t i = 0; i < op_count; i++)
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    return NULL;
}
