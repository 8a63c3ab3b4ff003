/* What a reply says, read from its JSON. */
#ifndef CLIENT_LIB_REPLY_H
#define CLIENT_LIB_REPLY_H

#include "index/base/json.h"

/* Parses a reply line; the caller frees *out with cJSON_Delete(), also when the reply is an
 * error. SX_OK: {"ok":true …}; else the daemon's error, or SX_EINTERNAL when this is no reply. */
sx_status reply_parse(struct sx_str line, cJSON **out, struct sx_error *err);

/* The error code as written ("bad_query"), "internal" when there is none. Borrows from `reply`. */
const char *reply_code(const cJSON *reply);

/* How long to wait before asking again; 0 when asking again does not help. */
uint64_t reply_retry_ms(const cJSON *reply);

/* A string member, "" when there is none. Borrows from `obj`. */
const char *reply_text(const cJSON *obj, const char *key);

/* A whole number, 0 when there is none. */
uint64_t reply_number(const cJSON *obj, const char *key);

bool reply_flag(const cJSON *obj, const char *key);

#endif
