/* What a score is made of, for eyes. */
#ifndef CLIENT_EXPLAIN_H
#define CLIENT_EXPLAIN_H

#include "client/session.h"

/* Append what a reply's `explain` says of the query, and of one of its hits: a blank line stands
 * behind the first, none behind the second. Nothing where there is none. */
void explain_query(const struct session *s, const cJSON *reply, struct buf *out);
void explain_hit(const struct session *s, const cJSON *reply, const cJSON *hit, struct buf *out);

#endif
