/* The loop: accepts, hands out, takes back, stops. */
#include "daemon/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/ops.h"
#include "daemon/reply.h"
#include "daemon/writer.h"
#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/cores.h"
#include "index/base/str.h"

#define ACCEPT_BURST 64
#define FDS_OF_OUR_OWN ((size_t)128) /* indexes, logs, listeners: not for connections */
#define NS_PER_S ((uint64_t)1000000000)
#define GRACE_NS (10 * NS_PER_S) /* for requests in flight when stopping begins */
#define LINGER_NS (1 * NS_PER_S) /* for peers to read the end and close */
#define LOCK_WAIT_MS 2000        /* for a predecessor that is still closing */
#define STATS_QUEUE 1024

/* ---- connections ---- */

static bool grow_table(struct server *s)
{
    size_t size = s->table_size == 0 ? 64 : s->table_size * 2;
    struct conn **table = mem_realloc(s->table, size * sizeof(struct conn *));
    if (table == NULL)
        return false;
    s->table = table;
    uint32_t *reuse = mem_realloc(s->reuse, size * sizeof *reuse);
    if (reuse == NULL)
        return false;
    s->reuse = reuse;
    for (size_t i = s->table_size; i < size; i++) {
        table[i] = NULL;
        reuse[i] = 0;
    }
    s->table_size = size;
    return true;
}

bool server_add_conn(struct server *s, struct conn *c)
{
    /* A descriptor is a small number that no other connection has: the place in the table. */
    size_t place = (size_t)c->fd;
    while (place >= s->table_size)
        if (!grow_table(s))
            return false;
    s->table[place] = c;
    c->id = (uint64_t)++s->reuse[place] << 32 | place;
    c->next = s->conns;
    if (s->conns != NULL)
        s->conns->prev = c;
    s->conns = c;
    s->conn_count++;
    return true;
}

static void set_accepting(struct server *s, bool on)
{
    s->accept_paused = !on;
    for (size_t i = 0; i < s->listener_count; i++) {
        struct event *ev = s->listeners[i].event;
        if (ev != NULL && on)
            event_add(ev, NULL);
        else if (ev != NULL)
            event_del(ev);
    }
}

void server_remove_conn(struct server *s, struct conn *c)
{
    s->table[(uint32_t)c->id] = NULL;
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    s->conn_count--;
    if (s->accept_paused && !server_stopping(s))
        set_accepting(s, true); /* there is a descriptor again */
}

struct conn *server_conn(struct server *s, uint64_t id)
{
    size_t place = (uint32_t)id;
    struct conn *c = place < s->table_size ? s->table[place] : NULL;
    return c != NULL && c->id == id ? c : NULL;
}

/* One line to say why, as far as the socket takes it at once. */
static void refuse(struct server *s, int fd)
{
    struct buf out = {0};
    struct sx_error err = {.offset = SX_NO_OFFSET};
    sx_fail(&err, SX_EBUSY, "too many connections");
    reply_error(&out, (struct sx_str){0}, &err);
    ssize_t n = buf_ok(&out) ? send(fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
    (void)n;
    buf_release(&out);
    close(fd);
    s->rejected++;
}

static void accept_failed(struct server *s)
{
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        log_warn("accepting paused connections=%zu why=\"%s\"", s->conn_count, strerror(errno));
        set_accepting(s, false); /* until a connection ends, or the next second */
    }
}

static void on_accept(evutil_socket_t listening, short what, void *arg)
{
    struct server *s = arg;
    (void)what;
    for (int i = 0; i < ACCEPT_BURST; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t len = sizeof peer;
        int fd = accept4(listening, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0) {
            accept_failed(s);
            return;
        }
        if (s->conn_count >= s->conn_max) {
            refuse(s, fd);
            continue;
        }
        bool tcp = peer.ss_family == AF_INET || peer.ss_family == AF_INET6;
        int yes = 1;
        if (tcp) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
        }
        if (conn_new(s, fd, tcp) == NULL)
            log_warn("connection refused why=\"out of memory\"");
    }
}

/* ---- jobs ---- */

bool server_stopping(const struct server *s)
{
    return s->stop_ns != 0;
}

void server_free_job(struct server *s, struct job *job)
{
    s->held -= job->cost;
    job_free(job);
}

void server_count_unsent(struct server *s, size_t more, size_t less)
{
    s->unsent += more;
    s->unsent -= less;
    pool_refuse(s->readers, server_unsent_full(s));
}

bool server_unsent_full(const struct server *s)
{
    return s->unsent > s->conf.limits.unsent_bytes;
}

static sx_status find_collection(struct server *s, struct job *job, struct sx_error *err)
{
    struct sx_str name = job->req.collection;
    if (name.ptr == NULL)
        return SX_OK; /* the first */
    for (size_t i = 0; i < s->collection_count; i++)
        if (str_is(name, s->collections[i].name)) {
            job->collection = i;
            return SX_OK;
        }
    return sx_fail_at(err, SX_ECOLLECTION, "collection", SX_NO_OFFSET,
                      "there is no collection '%.*s'", (int)name.len, name.ptr);
}

static void count_for(struct server *s, struct job *job)
{
    job->counters = (struct job_counters){
        .uptime_s = (clock_now_ns() - s->started_ns) / NS_PER_S,
        .connections = s->conn_count,
        .in_flight = s->running,
        .requests = s->requests,
        .queued_reads = queue_count(pool_queue(s->readers)),
        .rejected = s->rejected,
    };
}

static sx_status push(struct server *s, struct queue *q, struct job *job, struct sx_error *err)
{
    job->state = JOB_RUNNING; /* before the push: from then on it is the worker's */
    if (!queue_push(q, job)) {
        job->state = JOB_WAITING;
        return sx_fail(err, SX_EBUSY, "too many requests are waiting");
    }
    s->running++;
    return SX_OK;
}

static sx_status run_here(struct server *s, struct job *job, struct sx_error *err)
{
    struct op_ctx ctx = {.server = s};
    sx_status rc = job->req.op->run(&ctx, job, err);
    if (rc == SX_OK)
        job->state = JOB_DONE;
    return rc;
}

sx_status server_dispatch(struct server *s, struct job *job, bool tcp, struct sx_error *err)
{
    const struct op *op = job->req.op;
    if (server_stopping(s) && job->received_ns >= s->stop_ns)
        return sx_fail(err, SX_ESHUTDOWN, "the daemon is stopping");
    if (op->admin && tcp && !s->conf.admin_on_tcp)
        return sx_fail(err, SX_EFORBIDDEN, "%s is closed on TCP", op->name);
    sx_status rc = find_collection(s, job, err);
    if (rc != SX_OK)
        return rc;
    switch (op->lane) {
    case LANE_LOOP:
        return run_here(s, job, err);
    case LANE_CONTROL:
        count_for(s, job);
        return push(s, pool_queue(s->control), job, err);
    case LANE_READ:
        return push(s, pool_queue(s->readers), job, err);
    case LANE_WRITE:
        break;
    }
    struct writer *w = s->collections[job->collection].writer;
    if (writer_broken(w))
        return sx_fail(err, SX_EIO, "a write failed; the daemon is about to restart");
    return push(s, writer_queue(w), job, err);
}

sx_status server_dispatch_line(struct server *s, struct job *job, struct sx_error *err)
{
    return push(s, pool_queue(s->control), job, err);
}

/* The loop stands behind from when each worker has its next search until none waits. */
static void keep_pace(struct server *s)
{
    size_t waiting = queue_count(pool_queue(s->readers));
    if (waiting == 0 || waiting >= pool_threads(s->readers))
        pace_set(&s->pace, waiting > 0);
}

static void give_back(struct server *s, struct job *job, struct conn **due)
{
    struct conn *c = server_conn(s, job->conn_id);
    s->running--;
    if (c == NULL) {
        server_free_job(s, job);
        return;
    }
    conn_job_back(c, job);
    if (c->due)
        return;
    c->due = true;
    c->next_due = *due;
    *due = c;
}

/* A connection sends all its replies that are there at once. */
static void on_mail(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    struct conn *due = NULL;
    (void)fd;
    (void)what;
    for (struct job *job = mailbox_take(&s->mail), *next; job != NULL; job = next) {
        next = job->next;
        give_back(s, job, &due);
    }
    for (struct conn *c = due; c != NULL; c = due) {
        due = c->next_due;
        c->due = false;
        conn_settle(c);
    }
    keep_pace(s);
    for (size_t i = 0; i < s->collection_count; i++)
        if (writer_broken(s->collections[i].writer) && !server_stopping(s))
            server_stop(s, EXIT_BROKEN);
}

/* ---- stopping ---- */

static void each_conn(struct server *s, void (*visit)(struct conn *c))
{
    for (struct conn *c = s->conns, *next; c != NULL; c = next) {
        next = c->next; /* the visit may free c, and no other */
        visit(c);
    }
}

static void close_listeners(struct server *s)
{
    for (size_t i = 0; i < s->listener_count; i++) {
        if (s->listeners[i].event != NULL) {
            on_accept(s->listeners[i].fd, EV_READ, s); /* who is in the backlog is answered */
            event_free(s->listeners[i].event);
        }
        listen_close(&s->listeners[i]);
    }
    s->listener_count = 0;
}

void server_stop(struct server *s, int exit_status)
{
    if (server_stopping(s)) {
        s->hurry = true;
        return;
    }
    log_info("stopping connections=%zu in_flight=%zu", s->conn_count, s->running);
    notify_send("STOPPING=1");
    s->exit_status = exit_status;
    close_listeners(s);
    for (size_t i = 0; i < s->collection_count; i++)
        writer_interrupt(s->collections[i].writer);
    s->stop_ns = clock_now_ns();
    each_conn(s, conn_stop);
}

/* Whether the loop may end: all is answered and read, or the time for that is over. */
static bool stopped(struct server *s, uint64_t now)
{
    if (s->conn_count == 0 && s->running == 0)
        return true;
    if (s->hurry || now - s->stop_ns > GRACE_NS)
        return true;
    for (struct conn *c = s->conns; c != NULL; c = c->next)
        if (!c->shut)
            return false;
    return s->running == 0 && now - s->stop_ns > LINGER_NS;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    uint64_t now = clock_now_ns();
    (void)fd;
    (void)what;
    for (struct conn *c = s->conns, *next; c != NULL; c = next) {
        next = c->next;
        conn_tick(c, now);
    }
    if (s->accept_paused && !server_stopping(s))
        set_accepting(s, true);
}

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
    struct server *s = arg;
    char restart[256];
    struct sx_error err = {.offset = SX_NO_OFFSET};
    (void)what;
    if (sig == SIGHUP) /* server_reload() logs either way */
        server_reload(s, restart, sizeof restart, &err);
    else
        server_stop(s, 0);
}

/* ---- opening ---- */

void server_limit_conns(struct server *s)
{
    struct rlimit r;
    s->conn_max = s->conf.limits.max_connections;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0)
        return;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur == RLIM_INFINITY)
        return;
    size_t room = r.rlim_cur > 2 * FDS_OF_OUR_OWN ? r.rlim_cur - FDS_OF_OUR_OWN : r.rlim_cur / 2;
    if (room < s->conn_max) {
        log_warn("fewer connections than configured max_connections=%zu possible=%zu", s->conn_max,
                 room);
        s->conn_max = room;
    }
}

static sx_status open_listeners(struct server *s, struct sx_error *err)
{
    sx_status rc = listen_inherited(s->listeners, CONFIG_LISTEN_MAX, &s->listener_count, err);
    if (rc != SX_OK || s->listener_count > 0)
        return rc;
    for (size_t i = 0; i < s->conf.listen_count; i++) {
        rc = listen_open(&s->listeners[i], s->conf.listen[i], err);
        if (rc != SX_OK)
            return rc;
        s->listener_count++;
    }
    return SX_OK;
}

static sx_status open_collections(struct server *s, struct sx_error *err)
{
    for (size_t i = 0; i < s->conf.collection_count; i++) {
        s->collection_count = i + 1;
        sx_status rc = collection_open(&s->collections[i], &s->conf.collections[i], s->extract,
                                       LOCK_WAIT_MS, err);
        if (rc != SX_OK)
            return rc;
    }
    return SX_OK;
}

static sx_status start_threads(struct server *s, struct sx_error *err)
{
    size_t workers = s->conf.workers != 0 ? s->conf.workers : cores_online();
    s->mail_ready = mailbox_init(&s->mail);
    if (!s->mail_ready)
        return sx_fail(err, SX_EINTERNAL, "no eventfd to be had");
    sx_status rc = pool_start(&s->readers, workers, s->collections, s->collection_count,
                              s->conf.limits.queue, &s->mail, err);
    if (rc == SX_OK)
        rc = pool_start(&s->control, 1, s->collections, s->collection_count, STATS_QUEUE, &s->mail,
                        err);
    for (size_t i = 0; i < s->collection_count && rc == SX_OK; i++)
        rc = collection_start(&s->collections[i], &s->conf.collections[i],
                              s->conf.limits.write_bytes, &s->mail, err);
    return rc;
}

static bool add_signal(struct server *s, size_t at, int sig)
{
    s->signals[at] = evsignal_new(s->base, sig, on_signal, s);
    return s->signals[at] != NULL && event_add(s->signals[at], NULL) == 0;
}

static sx_status open_loop(struct server *s, struct sx_error *err)
{
    struct timeval second = {.tv_sec = 1};
    s->base = event_base_new();
    if (s->base == NULL)
        return sx_fail(err, SX_EINTERNAL, "no event loop to be had");
    s->mail_event = event_new(s->base, s->mail.fd, EV_READ | EV_PERSIST, on_mail, s);
    s->tick_event = event_new(s->base, -1, EV_PERSIST, on_tick, s);
    bool ok = s->mail_event != NULL && event_add(s->mail_event, NULL) == 0 &&
              s->tick_event != NULL && event_add(s->tick_event, &second) == 0 &&
              add_signal(s, 0, SIGTERM) && add_signal(s, 1, SIGINT) && add_signal(s, 2, SIGHUP);
    for (size_t i = 0; ok && i < s->listener_count; i++) {
        struct listener *l = &s->listeners[i];
        l->event = event_new(s->base, l->fd, EV_READ | EV_PERSIST, on_accept, s);
        ok = l->event != NULL && event_add(l->event, NULL) == 0;
    }
    return ok ? SX_OK : sx_fail_oom(err);
}

/* Signals go to the loop alone: threads are started with them blocked. */
static void block_signals(sigset_t *before)
{
    sigset_t set;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, before);
}

static sx_status server_open(struct server *s, struct sx_error *err)
{
    sigset_t before;
    server_limit_conns(s);
    sx_status rc = open_collections(s, err);
    if (rc == SX_OK)
        rc = open_listeners(s, err); /* umask: while there is one thread */
    if (rc != SX_OK)
        return rc;
    block_signals(&before);
    rc = start_threads(s, err);
    if (rc == SX_OK)
        rc = open_loop(s, err);
    pace_begin(&s->pace);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static void tell_ready(struct server *s)
{
    struct sx_stats all = {0}, one;
    struct buf listen = {0};
    for (size_t i = 0; i < s->collection_count; i++)
        if (sx_reader_stats(pool_reader(s->control, 0, i), &one, NULL) == SX_OK) {
            all.coverage.docs += one.coverage.docs;
            s->analyzer_version = one.analyzer_version;
        }
    for (size_t i = 0; i < s->listener_count; i++) {
        buf_puts(&listen, i > 0 ? "," : "");
        buf_puts(&listen, s->listeners[i].text);
    }
    const char *text = buf_cstr(&listen);
    log_info("ready listen=%s docs=%llu", text == NULL ? "" : text,
             (unsigned long long)all.coverage.docs);
    buf_release(&listen);
    notify_send("READY=1");
}

/* ---- closing ---- */

static void server_close(struct server *s)
{
    each_conn(s, conn_cancel_all); /* only after the grace is there anything left */
    each_conn(s, conn_kill);
    close_listeners(s);
    pool_stop(s->readers);
    pool_stop(s->control);
    for (size_t i = 0; i < s->collection_count; i++)
        collection_close(&s->collections[i]);
    if (s->mail_event != NULL)
        event_free(s->mail_event);
    if (s->tick_event != NULL)
        event_free(s->tick_event);
    for (size_t i = 0; i < 3; i++)
        if (s->signals[i] != NULL)
            event_free(s->signals[i]);
    if (s->base != NULL)
        event_base_free(s->base);
    if (s->mail_ready)
        mailbox_release(&s->mail);
    mem_free(s->table);
    mem_free(s->reuse);
    config_release(&s->conf);
    mem_free(s);
}

static void serve(struct server *s)
{
    while (!server_stopping(s) || !stopped(s, clock_now_ns()))
        if (event_base_loop(s->base, EVLOOP_ONCE) < 0)
            break;
}

int server_run(struct config *conf, const struct options *options, struct sx_extract *extract)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    struct server *s = mem_zalloc(1, sizeof *s);
    if (s == NULL) {
        config_release(conf);
        log_error("start failed why=\"out of memory\"");
        return EXIT_FAILURE;
    }
    s->conf = *conf;
    s->options = options;
    s->extract = extract;
    s->started_ns = clock_now_ns();
    if (server_open(s, &err) != SX_OK) {
        log_error("start failed code=%s why=\"%s\"", sx_status_name(err.code), err.msg);
        server_close(s);
        return EXIT_FAILURE;
    }
    tell_ready(s);
    serve(s);
    int status = s->exit_status;
    server_close(s);
    log_info("stopped");
    return status;
}
