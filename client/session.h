/* One run of searchc: the connection, the terminal, and how faults are told. */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include <searchd/client.h>

#include "client/lib/reply.h"
#include "client/options.h"
#include "client/terminal.h"

struct session {
    const struct options *o;
    struct terminal terminal;
    struct sx_client *client;
};

/* Connects; an exit status other than 0 when that failed, which is told. */
int session_open(struct session *s, const struct options *o);
void session_close(struct session *s);

/* From here on Ctrl-C also sends `line` (static, with its newline; NULL: nothing) and ends the
 * process with 130. */
void session_on_interrupt(const struct session *s, const char *line);

/* Asks. *reply is the caller's (cJSON_Delete()) when 0 comes back; *line, which may be NULL,
 * borrows from the connection until its next use. Otherwise the exit status, the fault told. */
int session_ask(struct session *s, struct buf *request, struct sx_str *line, cJSON **reply);

/* Begins a request: {"op":"OP", the collection. The caller goes on with ,"key":value and }. */
void request_begin(const struct session *s, const char *op, struct buf *out);
/* Adds ,"key":"value". */
void request_text(struct buf *out, const char *key, const char *value);

/* The exit status of a daemon's refusal. */
int exit_of(const cJSON *reply);
/* The exit status of a failed call of the library. */
int exit_of_status(sx_status rc);

/* Sleeps, before asking again what the daemon put off. */
void session_wait_ms(uint64_t ms);

/* Tells "searchc: …" on standard error, escaped. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Writes to standard output and empties `out`; false when memory ran out. */
bool emit(struct buf *out);
/* Writes a JSON line: pretty and escaped on a terminal, else as it is. */
void emit_json(const struct session *s, struct sx_str line, bool pretty);

#endif
