/* A small blocking client of searchd, for any C program.
 *
 *     struct sx_client *c;
 *     struct sx_client_hits *hits;
 *     struct sx_error err;
 *
 *     if (sx_client_open(&c, NULL, 0, &err) != SX_OK ||
 *         sx_client_search(c, "unit 8200", 10, &hits, &err) != SX_OK) {
 *         fprintf(stderr, "%s\n", err.msg);
 *         return 1;
 *     }
 *     for (size_t i = 0; i < hits->count; i++)
 *         printf("%s\n    %s\n", hits->items[i].title, hits->items[i].snippet);
 *     sx_client_hits_free(hits);
 *     sx_client_close(c);
 *
 * A client belongs to one thread at a time. Writing to a daemon that has gone raises no SIGPIPE;
 * signals interrupt nothing. Strings of documents are as the documents have them: escape control
 * characters before a terminal sees them. */
#ifndef SEARCHD_CLIENT_H
#define SEARCHD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <searchd/error.h>
#include <searchd/str.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SX_CLIENT_TIMEOUT_MS 60000      /* what a timeout of 0 means */
#define SX_CLIENT_REPLY_MAX (512 << 20) /* bytes of replies waiting to be received */

struct sx_client;

/* Connects to "unix:/path", "/path" or "tcp:HOST:PORT"; NULL: $SEARCHC_SOCKET, else the daemon's
 * default. `timeout_ms` bounds connecting, each send and each receive. The caller closes *out.
 * SX_EREQUEST: no such address can be; SX_EUNREACHABLE: nobody answers there. */
sx_status sx_client_open(struct sx_client **out, const char *address, unsigned timeout_ms,
                         struct sx_error *err);

/* Hangs up. Requests without a reply may or may not have been done. NULL is fine. */
void sx_client_close(struct sx_client *c);

/* The address it is connected to, as written. Lives as long as `c`. */
const char *sx_client_address(const struct sx_client *c);

/* The socket, for select() and for signal handlers. It stays the client's. */
int sx_client_fd(const struct sx_client *c);

/* Sends one request: a JSON text without a newline, which is added. Any number may be sent before
 * their replies are received (the daemon works on 32 of a connection): replies that come
 * meanwhile are kept, so that the two sides never wait for each other; SX_ETOOLARGE once they
 * are more than SX_CLIENT_REPLY_MAX. After SX_EUNREACHABLE, SX_ETIMEOUT or SX_ETOOLARGE the
 * connection is of no further use. */
sx_status sx_client_send(struct sx_client *c, struct sx_str request, struct sx_error *err);

/* Receives the next reply line, without its newline, in the order of the requests (unless they
 * have an `id`). *reply borrows from `c` until its next call. Fails as sx_client_send(). */
sx_status sx_client_receive(struct sx_client *c, struct sx_str *reply, struct sx_error *err);

/* Sends and receives: for when nothing else is under way. */
sx_status sx_client_request(struct sx_client *c, struct sx_str request, struct sx_str *reply,
                            struct sx_error *err);

struct sx_client_hit {
    size_t rank; /* 1 is the first */
    double score;
    /* Ended by NUL, "" where there is none. */
    const char *doc, *uri, *title, *source, *date, *lang;
    const char *snippet; /* the best passage */
};

struct sx_client_hits {
    const struct sx_client_hit *items;
    size_t count;
    uint64_t total, total_all; /* documents that match; of those, with every word */
    bool total_exact;          /* else `total` is a lower bound */
    bool partial;              /* a deadline cut the search */
};

/* Searches as a person does: best match, by score, at most `limit` hits. The caller frees *out
 * with sx_client_hits_free(). What the daemon refuses comes back as its code, message, parameter
 * and offset in `err`. */
sx_status sx_client_search(struct sx_client *c, const char *query, size_t limit,
                           struct sx_client_hits **out, struct sx_error *err);
void sx_client_hits_free(struct sx_client_hits *hits);

#ifdef __cplusplus
}
#endif
#endif
