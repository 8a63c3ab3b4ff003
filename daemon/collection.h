/* One open index and its writer, as the rest of the daemon sees them. */
#ifndef DAEMON_COLLECTION_H
#define DAEMON_COLLECTION_H

#include "daemon/config.h"

struct mailbox;
struct sx_extract;
struct sx_index;
struct writer;

struct collection {
    char *name;
    struct sx_index *index; /* the writer's, once that runs */
    struct writer *writer;  /* NULL before collection_start() and after collection_stop() */
};

/* Opens the index in its folder; `extract` (may be NULL) reads the files of its roots. A failure leaves `c` safe to close. */
sx_status collection_open(struct collection *c, const struct config_collection *conf,
                          struct sx_extract *extract, uint64_t lock_wait_ms, struct sx_error *err);
/* Starts the writer. */
sx_status collection_start(struct collection *c, const struct config_collection *conf,
                           size_t max_bytes, struct mailbox *mail, struct sx_error *err);
/* Ends the writer after what it has queued; readers may still be open. */
void collection_stop(struct collection *c);
/* Closes the index, after all readers. Safe on a zeroed one. */
void collection_close(struct collection *c);

#endif
