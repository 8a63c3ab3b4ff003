/* The folders of a collection, watched: a thread that sleeps until one of them stirs, and then wakes
 * the writer, whose the watches are. */
#ifndef DAEMON_WATCHER_H
#define DAEMON_WATCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/queue.h"
#include "index/base/error.h"

struct sx_watch;
struct watcher;

/* Starts the thread, which wakes `queue`. */
sx_status watcher_start(struct watcher **out, struct queue *queue, struct sx_error *err);
/* Ends the thread and closes the watches. NULL is fine. */
void watcher_stop(struct watcher *w);

/* ---- the writer's thread ---- */

/* Closes all. */
void watcher_clear(struct watcher *w);
/* Watches `root` as number `at`, anew unless the watch that is there lacks nothing. *lacks says
 * what of it cannot be watched, or is NULL; it lives as long as the watch. */
void watcher_open(struct watcher *w, size_t at, const char *root, const char **lacks);
/* NULL: it is not watched. */
struct sx_watch *watcher_get(struct watcher *w, size_t at);
/* Whether something has stirred since the last call. */
bool watcher_stirred(struct watcher *w);

#endif
