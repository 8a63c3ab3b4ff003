/* From a line to a request: strict JSON, then the operation's row, then one row a parameter.
 *
 * No I/O and no shared state, so that any thread may do it and a fuzzer can. */
#ifndef DAEMON_REQUEST_H
#define DAEMON_REQUEST_H

#include <searchd/index.h>

#include "index/base/arena.h"
#include "index/base/json.h"

struct op;

#define REQUEST_ID_MAX 64                   /* bytes of a string id */
#define REQUEST_URIS_MAX 1000               /* uris of one delete */
#define REQUEST_SEARCHES_MAX 1000           /* searches of one batch */
#define REQUEST_TIMEOUT_MAX 60000           /* milliseconds one request may ask for */
#define REQUEST_INT_MAX ((uint64_t)1 << 53) /* exclusive: what every JSON reader keeps exact */

/* Stored fields a hit may bring, in the order of the choices in ops.c. */
enum hit_field {
    HIT_TITLE = 1,
    HIT_URI = 2,
    HIT_SOURCE = 4,
    HIT_DATE = 8,
    HIT_LANG = 16,
    HIT_TYPE = 32
};

/* All parameters of all operations, with their defaults filled in. */
struct request {
    const struct op *op; /* NULL until it is known */
    struct sx_str id;    /* as JSON text; absent: none */
    cJSON *tree;         /* what the strings below borrow from, */
    struct arena mem;    /* or this */
    struct sx_str collection, query, uri, doc, target, cursor, type;
    uint64_t match, sort, engine; /* index of the choice */
    uint64_t limit, offset, snippets, timeout_ms;
    uint64_t fields; /* set of enum hit_field */
    uint64_t facets; /* set of 1 << enum sx_facet */
    uint64_t older;  /* than this version of the extractor */
    bool exact_total, forms, explain, failed, proximity;
    bool has_bytes;
    uint64_t bytes_start, bytes_end; /* [start, end) of the body */
    struct sx_str *uris;
    size_t uri_count;
    struct sx_doc *docs;
    size_t doc_count;
    struct batched *searches;
    size_t search_count;
};

/* One search of a batch: a request of its own but for tree and memory, or why it is none. */
struct batched {
    struct request req;
    struct sx_error err; /* SX_OK: none */
};

/* Reads one line (without its newline). On failure req->id is set if it could be read, so that
 * the reply can carry it. `line_limit` bounds every operation but put. Release in any case. */
sx_status request_read(struct request *req, struct sx_str line, size_t line_limit,
                       struct sx_error *err);
void request_release(struct request *req);

/* Readers of one parameter's value, for the rows in ops.c. */
struct param;
typedef sx_status (*param_fn)(struct request *req, const struct param *p, const cJSON *obj,
                              struct sx_error *err);

struct param {
    const char *name;
    param_fn read;
    size_t at;           /* offset of the field in struct request */
    uint64_t min, max;   /* numbers: the range; strings: bytes */
    const char *choices; /* separated by one space */
    bool required;
    const char *help;
};

sx_status param_str(struct request *req, const struct param *p, const cJSON *obj,
                    struct sx_error *err);
sx_status param_u64(struct request *req, const struct param *p, const cJSON *obj,
                    struct sx_error *err);
sx_status param_bool(struct request *req, const struct param *p, const cJSON *obj,
                     struct sx_error *err);
/* One of the choices, as its index. */
sx_status param_choice(struct request *req, const struct param *p, const cJSON *obj,
                       struct sx_error *err);
/* An array of choices, as a set of bits. */
sx_status param_set(struct request *req, const struct param *p, const cJSON *obj,
                    struct sx_error *err);
/* [start, end) */
sx_status param_range(struct request *req, const struct param *p, const cJSON *obj,
                      struct sx_error *err);
/* A string or an array of strings, into uris. */
sx_status param_uris(struct request *req, const struct param *p, const cJSON *obj,
                     struct sx_error *err);
/* An array of documents, into docs. */
sx_status param_docs(struct request *req, const struct param *p, const cJSON *obj,
                     struct sx_error *err);
/* An array of searches, into searches. */
sx_status param_searches(struct request *req, const struct param *p, const cJSON *obj,
                         struct sx_error *err);
/* An id of another request, as JSON text. */
sx_status param_id(struct request *req, const struct param *p, const cJSON *obj,
                   struct sx_error *err);

#endif
