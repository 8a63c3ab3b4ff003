/* The operations that are one request and one answer. */
#ifndef CLIENT_OPERATIONS_H
#define CLIENT_OPERATIONS_H

#include "client/session.h"

int run_delete(struct session *s); /* the words are uris */
int run_get(struct session *s);
int run_reindex(struct session *s); /* the argument says which */
int run_failed(struct session *s);
int run_stats(struct session *s);
int run_ping(struct session *s);
int run_raw(struct session *s);

#endif
