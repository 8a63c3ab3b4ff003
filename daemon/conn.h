/* One connection: bytes to lines, lines to jobs, replies to bytes, in the order promised.
 *
 * All of it belongs to the loop. A connection stops reading, and starts none of its requests,
 * while much of its output is unsent; so no peer can make the daemon hold more than a little
 * beyond its largest reply. */
#ifndef DAEMON_CONN_H
#define DAEMON_CONN_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "daemon/job.h"
#include "daemon/lines.h"

struct server;

#define CONN_CHOKE ((size_t)256 << 10) /* unsent bytes at which a connection stops */
#define CONN_RESUME ((size_t)32 << 10) /* and goes on */
#define CONN_TIGHT ((size_t)4 << 10)   /* both, while the server's memory for replies is full */
#define CONN_TAKEN ((size_t)64 << 10)  /* bytes whose taking shows that a peer reads */
#define CONN_INLINE ((size_t)64 << 10) /* a longer line is parsed by a worker */

struct out; /* a reply that is being sent */

struct conn {
    struct server *server;
    struct conn *prev, *next; /* all connections */
    struct conn *next_due;    /* of those about to be settled, if `due` */
    bool due;
    uint64_t id;
    int fd;
    bool tcp;
    struct event readable, writable;
    struct lines lines;
    struct buf rest;  /* bytes read and not looked at: the connection was stopped */
    struct job *jobs; /* in the order of their lines; the conn's until they run */
    unsigned job_count, running;
    struct out *out, *out_tail;
    size_t unsent;      /* memory of finished replies, sent in part or held for their turn */
    size_t taken;       /* bytes sent since sent_ns */
    size_t estimate;    /* of the next reply, by the last ones */
    size_t held;        /* bytes of a partial line that count against the server's limit */
    uint64_t line_ns;   /* when the partial line began; 0: there is none */
    uint64_t active_ns; /* last byte read or written */
    uint64_t sent_ns;   /* when the peer last showed that it reads, or began to owe it */
    bool parsing;       /* a worker reads a long line; later lines wait, to keep their order */
    bool choked;        /* too much unsent */
    bool blocked;       /* the socket takes no more for now */
    bool eof;           /* the peer has ended its half */
    bool drained;       /* the last read emptied the socket */
    bool closing;       /* no more lines; close once all is sent */
    bool shut;          /* our half is ended: the daemon stops */
    bool dead;          /* to be freed by whoever entered */
};

/* Takes the socket. NULL: memory ran out, and the socket is closed. */
struct conn *conn_new(struct server *s, int fd, bool tcp);
/* Ends it at once; searches it waits for are given up. */
void conn_kill(struct conn *c);

/* A job of this connection has come back from its worker. Takes it; conn_settle() is due. */
void conn_job_back(struct conn *c, struct job *job);
/* Does all that can be done now: sends, reads on, starts what waits. May free `c`, and no other. */
void conn_settle(struct conn *c);
/* Once a second: deadlines, and peers that are gone. May free `c`. */
void conn_tick(struct conn *c, uint64_t now);
/* The daemon begins to stop: looks at what has arrived, refuses the rest. May free `c`. */
void conn_stop(struct conn *c);
/* Gives up the requests of this connection that carry `id`; false: there is none. */
bool conn_cancel(struct conn *c, struct sx_str id);
/* Gives up all of them, writes included. */
void conn_cancel_all(struct conn *c);

#endif
