/* The operations, as rows: what reads their parameters, runs them, and tells `hello`. */
#ifndef DAEMON_OPS_H
#define DAEMON_OPS_H

#include "daemon/job.h"

/* What a reply says beside `stale`. */
#define STALE_HINT "made by another analyzer: takes no writes until the operation rebuild is run"

struct server;

/* Who runs it. LOOP and CONTROL never wait behind searches. */
enum lane { LANE_LOOP, LANE_CONTROL, LANE_READ, LANE_WRITE };

/* What a lane gives an operation; the rest is NULL. */
struct op_ctx {
    struct server *server;       /* LOOP */
    struct sx_reader *reader;    /* CONTROL, READ: of the job's collection */
    const struct pool *pool;     /* CONTROL: all readers */
    struct sx_index *index;      /* WRITE */
    const atomic_bool *stopping; /* WRITE: the daemon is: give up what takes long */
};

/* Writes a whole reply, except for LANE_WRITE: the writer adds the generation and ends it. */
typedef sx_status (*op_fn)(const struct op_ctx *ctx, struct job *job, struct sx_error *err);

struct op {
    const char *name;
    enum lane lane;
    bool admin;  /* closed on TCP unless the configuration opens it */
    bool bulk;   /* may have a line of put_bytes */
    bool alone;  /* LANE_WRITE: no transaction, the whole reply is its own */
    bool rescan; /* LANE_WRITE: the roots are looked through once it is committed */
    op_fn run;
    sx_status (*check)(const struct request *req, struct sx_error *err); /* across parameters */
    const struct param *params;
    size_t param_count;
    const char *help;
};

extern const struct op ops[];
extern const size_t op_count;

/* NULL: there is none of that name. */
const struct op *op_find(const char *name);

sx_status op_search(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_batch(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_count_matches(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_get(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_parse(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_failed(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_stats(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_put(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_delete(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_reindex(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_check(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_rebuild(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_hello(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_ping(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_cancel(const struct op_ctx *ctx, struct job *job, struct sx_error *err);
sx_status op_reload(const struct op_ctx *ctx, struct job *job, struct sx_error *err);

#endif
