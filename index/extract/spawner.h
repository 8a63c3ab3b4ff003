/* The process that starts all others: it has one thread and little memory, so that it may fork at
 * any time, cheaply and safely, while the daemon has many threads. It is forked off before the
 * first thread is started, waits for orders, and ends, with all it started, when nobody can give
 * it any more. One that has been killed is replaced. */
#ifndef INDEX_EXTRACT_SPAWNER_H
#define INDEX_EXTRACT_SPAWNER_H

#include <stdbool.h>
#include <sys/types.h>

#include "index/base/error.h"
#include "index/extract/helper.h"

struct spawner;

struct spawner_setup {
    helper_reader read;
    struct sandbox_limits reader;
    struct sandbox_limits program;
    const char *pdftotext; /* absolute path; need not be there */
};

/* Forks: call it before any thread is started. *lacks is what sandboxes will lack. The caller stops
 * it. */
sx_status spawner_start(struct spawner **out, const struct spawner_setup *setup, int *lacks,
                        struct sx_error *err);
/* Ends it and all that it started. NULL is fine. */
void spawner_stop(struct spawner *s);

/* Tests only: kills it, as if it had died; `keeper`: and what would replace it. */
void spawner_break(struct spawner *s, bool keeper);

/* The rest: any thread. SX_EBUSY: the spawner is gone for good, or a process cannot be made now. */

/* Whether it is there, or another in its place. */
sx_status spawner_alive(struct spawner *s, struct sx_error *err);
/* How often it was replaced since the last call. */
unsigned spawner_renewed(struct spawner *s);
/* Starts a helper that answers over `fd`, of which the caller closes its own copy. */
sx_status spawner_reader(struct spawner *s, int fd, pid_t *pid, struct sx_error *err);
/* Starts pdftotext, from `in` to `out`, its complaints to `complaints`; likewise. */
sx_status spawner_pdftotext(struct spawner *s, int in, int out, int complaints, pid_t *pid,
                            struct sx_error *err);
/* Kills what was started, unless it has ended or does so within `grace_ms`, and says how it ended:
 * *status as waitpid() has it. Every process that was started must be ended so, once. While it has
 * grace, nobody else is served. SX_EBUSY: it ended with the spawner that had started it. */
sx_status spawner_end(struct spawner *s, pid_t pid, unsigned grace_ms, int *status,
                      struct sx_error *err);

#endif
