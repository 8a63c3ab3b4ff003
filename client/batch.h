/* Operations over a file of queries or documents. */
#ifndef CLIENT_BATCH_H
#define CLIENT_BATCH_H

#include "client/session.h"

/* --batch: searches line by line, many under way, the answers in order. */
int run_batch(struct session *s);

/* --put: documents as JSON Lines. */
int run_put(struct session *s);

#endif
