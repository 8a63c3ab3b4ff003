/* Hits as people and programs want them. */
#ifndef CLIENT_FORMATS_H
#define CLIENT_FORMATS_H

#include "client/session.h"

/* Append a reply of a search in the session's format, other than json: what is told of the query,
 * each hit, and what is told of all that was found. */
void format_head(const struct session *s, const cJSON *reply, struct buf *out);
void format_hit(const struct session *s, const cJSON *reply, const cJSON *hit, struct buf *out);
void format_tail(const struct session *s, const cJSON *reply, struct buf *out);

/* Appends one line of a TREC run; white space and controls in a uri are percent-encoded, since a
 * run separates its columns by spaces. */
void format_trec(const char *qid, const cJSON *hit, struct buf *out);

/* The counts and the time of a reply, for people, and how they go on. */
void format_summary(const cJSON *reply, struct buf *out);

#endif
