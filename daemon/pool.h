/* Worker threads behind one queue, each with a reader of every collection. */
#ifndef DAEMON_POOL_H
#define DAEMON_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/mailbox.h"
#include "daemon/queue.h"
#include "index/base/error.h"

struct collection;
struct pool;
struct sx_reader;

/* Opens the readers, so that a failure shows before anybody is served, and starts the threads.
 * `collections` and `mail` must outlive the pool. */
sx_status pool_start(struct pool **out, size_t threads, const struct collection *collections,
                     size_t count, size_t queue_max, struct mailbox *mail, struct sx_error *err);
/* Waits until what is queued is answered, ends the threads, closes the readers. NULL is fine. */
void pool_stop(struct pool *p);

/* From now on jobs are answered `busy` (or run again), those that are queued included. NULL is
 * fine. */
void pool_refuse(struct pool *p, bool on);

struct queue *pool_queue(struct pool *p);
size_t pool_threads(const struct pool *p);
size_t pool_collections(const struct pool *p);
const char *pool_collection_name(const struct pool *p, size_t i);
struct sx_reader *pool_reader(const struct pool *p, size_t thread, size_t collection);

#endif
