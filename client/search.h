/* Searching: the request that options make, and the operations that take a query. */
#ifndef CLIENT_SEARCH_H
#define CLIENT_SEARCH_H

#include "client/session.h"

/* Appends the query that is sent: `text` and the filters of the options. Side by side binds
 * loosest in the query language, so that a filter holds for all of `text`. */
void query_text(const struct options *o, struct sx_str text, struct buf *out);

/* Appends a whole search request; `id` may be NULL. */
void search_request(const struct session *s, const char *id, struct sx_str query, struct buf *out);

/* Whether a search found something: hits, or where none were wanted (-n 0), documents. */
bool search_found(const struct options *o, const cJSON *reply);

/* What a search gives as an exit status. */
int search_status(const struct options *o, const cJSON *reply);

int run_search(struct session *s);
int run_count(struct session *s);
int run_parse(struct session *s);

#endif
