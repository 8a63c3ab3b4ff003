/* The one thread that changes a collection: group commit of puts and deletes, and between
 * commits, in small slices, folders and upkeep. */
#ifndef DAEMON_WRITER_H
#define DAEMON_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "daemon/mailbox.h"
#include "daemon/queue.h"

struct sx_index;
struct writer;

#define WRITER_JOBS_MAX 100000 /* requests that wait; what bounds them is their bytes */

/* Starts the thread. `index` is its own until writer_stop(). Roots are those of `conf`; at most
 * `max_bytes` of requests wait. */
sx_status writer_start(struct writer **out, const char *name, struct sx_index *index,
                       const struct config_collection *conf, size_t max_bytes, struct mailbox *mail,
                       struct sx_error *err);
/* Answers what is queued, commits, ends the thread. NULL is fine. */
void writer_stop(struct writer *w);

struct queue *writer_queue(struct writer *w);
/* The loop: takes over the roots and the rescan time of `conf`, and scans now. */
sx_status writer_reload(struct writer *w, const struct config_collection *conf,
                        struct sx_error *err);
/* The loop: makes a rebuild that runs, and those that wait, give up. */
void writer_interrupt(struct writer *w);
/* Whether the index takes no more writes (a failed fsync): the process must be restarted. */
bool writer_broken(const struct writer *w);

#endif
