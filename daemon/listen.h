/* Listening sockets: made from addresses, or handed over by systemd. */
#ifndef DAEMON_LISTEN_H
#define DAEMON_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "index/base/error.h"

struct event;

struct listener {
    int fd;
    bool tcp;
    char text[160]; /* the address, for the log */
    char path[108]; /* the socket file to remove; "" when it is not ours */
    dev_t dev;      /* which file that is, so that a successor's is left alone */
    ino_t ino;
    struct event *event; /* the server's */
};

/* Opens one address. A Unix socket that nobody answers on is replaced; SX_ELOCKED: somebody does.
 * Its mode is 0660. */
sx_status listen_open(struct listener *l, const char *address, struct sx_error *err);
/* Closes it and removes its socket file. */
void listen_close(struct listener *l);

/* Sockets from systemd ($LISTEN_FDS), at most `max`; *count is 0 without any. Clears the
 * variables, so that no child takes them for its own. */
sx_status listen_inherited(struct listener *list, size_t max, size_t *count, struct sx_error *err);

#endif
