/* The daemon: everything that the loop owns. */
#ifndef DAEMON_SERVER_H
#define DAEMON_SERVER_H

#include <event2/event.h>

#include "daemon/collection.h"
#include "daemon/config.h"
#include "daemon/conn.h"
#include "daemon/listen.h"
#include "daemon/mailbox.h"
#include "daemon/options.h"
#include "daemon/pace.h"
#include "daemon/pool.h"

#define SERVER_HELD_MAX ((size_t)128 << 20) /* bytes of request lines, all connections together */
#define SERVER_SCRATCH ((size_t)64 << 10)   /* bytes of one read */
#define EXIT_BROKEN 70                      /* restart me: the index takes no more writes */

struct server {
    struct event_base *base;
    struct config conf;
    const struct options *options; /* laid over the configuration again at each reload */
    struct sx_extract *extract;    /* the caller's */
    struct collection collections[CONFIG_COLLECTIONS_MAX];
    size_t collection_count;
    struct pool *readers, *control;
    struct mailbox mail;
    bool mail_ready;
    struct listener listeners[CONFIG_LISTEN_MAX];
    size_t listener_count;
    struct event *mail_event, *tick_event;
    struct event *signals[3];
    struct conn *conns;  /* list */
    struct conn **table; /* by the low half of a connection's id */
    uint32_t *reuse;     /* how often each place was used: the high half */
    size_t table_size, conn_count;
    size_t conn_max; /* fewer than configured where the file limit is lower */
    unsigned analyzer_version;
    size_t held;    /* bytes of request lines in memory */
    size_t unsent;  /* bytes of finished replies in memory */
    size_t running; /* jobs with workers */
    struct pace pace;
    uint64_t requests, rejected;
    uint64_t started_ns, stop_ns; /* stop_ns: when stopping began; 0: it has not */
    bool accept_paused;
    bool hurry; /* the grace is over */
    int exit_status;
    char scratch[SERVER_SCRATCH];
};

/* Opens everything, serves until told to stop, closes everything; the exit status. `extract` reads
 * the files of roots; NULL: this process does. */
int server_run(struct config *conf, const struct options *options, struct sx_extract *extract);

/* For connections. */
struct conn *server_conn(struct server *s, uint64_t id); /* NULL: it is gone */
bool server_add_conn(struct server *s, struct conn *c);  /* gives it an id; false: no memory */
void server_remove_conn(struct server *s, struct conn *c);

/* Sends a job to whoever runs it, or runs it here and now. On failure the job stays the caller's
 * and `err` says why; else its state tells whether it is JOB_RUNNING or JOB_DONE. */
sx_status server_dispatch(struct server *s, struct job *job, bool tcp, struct sx_error *err);
/* The same for a line that is still to be parsed. */
sx_status server_dispatch_line(struct server *s, struct job *job, struct sx_error *err);
/* Frees a job and what it held. */
void server_free_job(struct server *s, struct job *job);

/* Counts replies that are finished and those that are gone. */
void server_count_unsent(struct server *s, size_t more, size_t less);
/* Whether they take more memory than they may: searches are answered `busy` then, and connections
 * that do not read are stopped early. */
bool server_unsent_full(const struct server *s);

bool server_stopping(const struct server *s);
/* Begins to stop, once; a second call hurries. */
void server_stop(struct server *s, int exit_status);
/* Sets conn_max by the configuration and the limit on descriptors. */
void server_limit_conns(struct server *s);
/* Reads the configuration again. *restart lists the keys that need a restart, or is "". */
sx_status server_reload(struct server *s, char *restart, size_t size, struct sx_error *err);

#endif
