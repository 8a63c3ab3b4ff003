/* Where a daemon listens and a client connects: "unix:/path", "tcp:HOST:PORT". */
#ifndef INDEX_BASE_ADDRESS_H
#define INDEX_BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "index/base/error.h"

#define ADDRESS_TEXT_MAX 160

struct address {
    bool is_unix;
    char text[ADDRESS_TEXT_MAX]; /* as written, for messages */
    struct sockaddr_storage addr;
    socklen_t len;
};

/* Reads "unix:/path", a bare "/path", "tcp:127.0.0.1:7700", "tcp:[::1]:7700" or
 * "tcp:localhost:7700" (numeric addresses and localhost only: no name is looked up; port 0 is for
 * a listener that takes any). SX_EREQUEST says what is wrong with it. */
sx_status address_parse(struct address *out, const char *text, struct sx_error *err);

/* The default socket: unix:/run/searchd/searchd.sock for root, else
 * unix:$XDG_RUNTIME_DIR/searchd.sock, else unix:/tmp/searchd-UID.sock. */
sx_status address_default(struct address *out, struct sx_error *err);

#endif
