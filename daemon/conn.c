/* A connection's life. Entered from four places (readable, writable, jobs back, the clock); each
 * ends in conn_settle(), behind jobs by the server, which does all that can be done now and frees
 * what is dead. */
#include "daemon/conn.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/ops.h"
#include "daemon/server.h"
#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/str.h"

#define FIRST_ESTIMATE ((size_t)64 << 10)
#define WRITE_PIECES 64
#define NS_PER_MS ((uint64_t)1000000)

struct out {
    struct out *next;
    struct buf bytes;
    size_t sent;
};

/* What a finished reply costs: many small ones must not pass for little. */
static size_t memory_of(const struct buf *reply)
{
    return reply->cap + sizeof(struct out);
}

static void count_unsent(struct conn *c, size_t more, size_t less)
{
    c->unsent += more;
    c->unsent -= less;
    server_count_unsent(c->server, more, less);
}

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);

/* ---- life ---- */

struct conn *conn_new(struct server *s, int fd, bool tcp)
{
    struct conn *c = mem_zalloc(1, sizeof *c);
    if (c == NULL) {
        close(fd);
        return NULL;
    }
    *c = (struct conn){
        .server = s, .fd = fd, .tcp = tcp, .estimate = FIRST_ESTIMATE, .active_ns = clock_now_ns()};
    event_assign(&c->readable, s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(&c->writable, s->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
    if (!server_add_conn(s, c)) {
        close(fd);
        mem_free(c);
        return NULL;
    }
    if (event_add(&c->readable, NULL) != 0) {
        conn_kill(c);
        return NULL;
    }
    return c;
}

/* Whether a worker reads its line: always the last one, and not to be looked into. */
static bool in_parsing(const struct conn *c, const struct job *job)
{
    return c->parsing && job->conn_next == NULL;
}

static bool is_write(const struct job *job)
{
    return job->req.op != NULL && job->req.op->lane == LANE_WRITE;
}

/* Jobs with workers come back to nobody and are freed then; a search is told to give up. */
static void drop_jobs(struct conn *c)
{
    while (c->jobs != NULL) {
        struct job *job = c->jobs;
        c->jobs = job->conn_next;
        if (job->state != JOB_RUNNING)
            server_free_job(c->server, job);
        else if (in_parsing(c, job) || !is_write(job))
            atomic_store(&job->stop, true);
    }
}

void conn_kill(struct conn *c)
{
    drop_jobs(c);
    while (c->out != NULL) {
        struct out *o = c->out;
        c->out = o->next;
        buf_release(&o->bytes);
        mem_free(o);
    }
    count_unsent(c, 0, c->unsent);
    event_del(&c->readable);
    event_del(&c->writable);
    close(c->fd);
    server_remove_conn(c->server, c);
    c->server->held -= c->held;
    lines_release(&c->lines);
    buf_release(&c->rest);
    mem_free(c);
}

/* ---- replies ---- */

static void restart_stall(struct conn *c)
{
    c->sent_ns = clock_now_ns();
    c->taken = 0;
}

static void send_take(struct conn *c, struct job *job)
{
    struct out *o = mem_zalloc(1, sizeof *o);
    if (o == NULL) { /* a reply that cannot be sent must not be skipped */
        c->dead = true;
    } else {
        o->bytes = job->reply;
        job->reply = (struct buf){0};
        if (c->out == NULL) {
            c->out = o;
            restart_stall(c); /* from now the peer owes us a read */
        } else {
            c->out_tail->next = o;
        }
        c->out_tail = o;
    }
    c->job_count--;
    server_free_job(c->server, job);
}

/* Sends what is finished, in order; one with an id may overtake. */
static void send_done(struct conn *c)
{
    bool held = false; /* an earlier request without id is unanswered */
    for (struct job **at = &c->jobs; *at != NULL;) {
        struct job *job = *at;
        bool has_id = !in_parsing(c, job) && job->req.id.ptr != NULL;
        if (job->state == JOB_DONE && (has_id || !held)) {
            *at = job->conn_next;
            send_take(c, job);
            continue;
        }
        held = held || !has_id;
        at = &job->conn_next;
    }
}

static void job_done(struct conn *c, struct job *job)
{
    if (!buf_ok(&job->reply) || job->reply.len == 0) {
        struct sx_error err = {.offset = SX_NO_OFFSET};
        sx_fail_oom(&err);
        job_fail(job, &err);
        if (!buf_ok(&job->reply))
            c->dead = true;
    }
    job->state = JOB_DONE;
    count_unsent(c, memory_of(&job->reply), 0);
    size_t faded = c->estimate - c->estimate / 4;
    c->estimate = job->reply.len > faded ? job->reply.len : faded;
    if (c->unsent > (server_unsent_full(c->server) ? CONN_TIGHT : CONN_CHOKE))
        c->choked = true;
}

static void job_refused(struct conn *c, struct job *job, const struct sx_error *err)
{
    job_fail(job, err);
    job_done(c, job);
}

/* Drops the bytes that the socket took. */
static void sent(struct conn *c, size_t n)
{
    c->taken += n;
    for (struct out *o; n > 0 && (o = c->out) != NULL;) {
        size_t left = o->bytes.len - o->sent;
        if (n < left) {
            o->sent += n;
            return;
        }
        n -= left;
        c->out = o->next;
        count_unsent(c, 0, memory_of(&o->bytes));
        buf_release(&o->bytes);
        mem_free(o);
    }
}

static void write_out(struct conn *c)
{
    c->blocked = false;
    while (c->out != NULL && !c->dead && !c->blocked) {
        struct iovec pieces[WRITE_PIECES];
        size_t count = 0;
        for (struct out *o = c->out; o != NULL && count < WRITE_PIECES; o = o->next)
            pieces[count++] = (struct iovec){o->bytes.data + o->sent, o->bytes.len - o->sent};
        struct msghdr msg = {.msg_iov = pieces, .msg_iovlen = count};
        ssize_t n = sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            sent(c, (size_t)n);
            c->active_ns = clock_now_ns();
            /* One byte now and then is no reading. */
            if (c->taken >= CONN_TAKEN || c->out == NULL)
                restart_stall(c);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            c->blocked = true;
        } else if (errno != EINTR) {
            c->dead = true;
        }
    }
    if (c->unsent <= (server_unsent_full(c->server) ? CONN_TIGHT : CONN_RESUME))
        c->choked = false;
}

/* ---- requests ---- */

static void start(struct conn *c, struct job *job)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    if (server_dispatch(c->server, job, c->tcp, &err) != SX_OK)
        job_refused(c, job, &err);
    else if (job->state == JOB_DONE)
        job_done(c, job);
    else
        c->running++;
}

/* How many may run at once: so many that their replies, if like the last ones, are no more than
 * a stopped connection may hold. */
static unsigned may_run(const struct conn *c)
{
    return (unsigned)(CONN_CHOKE / (c->estimate + 1)) + 1;
}

/* Whether one more may start now. */
static bool has_room(const struct conn *c)
{
    /* Unsent replies that only wait for their turn need the one before them to run. */
    bool full = c->choked && (c->out != NULL || c->running > 0);
    return !full && c->running < may_run(c);
}

static void start_waiting(struct conn *c)
{
    for (struct job *job = c->jobs; job != NULL && has_room(c); job = job->conn_next)
        if (job->state == JOB_WAITING)
            start(c, job);
}

/* Whether sending has made room for one that waits: no event would tell of it later. */
static bool may_start(const struct conn *c)
{
    for (struct job *job = c->jobs; job != NULL && has_room(c); job = job->conn_next)
        if (job->state == JOB_WAITING)
            return true;
    return false;
}

/* A job whose line is read. What never waits behind searches begins at once. */
static void admit(struct conn *c, struct job *job)
{
    uint64_t ms =
        job->req.timeout_ms != 0 ? job->req.timeout_ms : c->server->conf.limits.timeout_ms;
    job->deadline_ns = job->received_ns + ms * NS_PER_MS;
    if (job->req.op->lane == LANE_LOOP || job->req.op->lane == LANE_CONTROL)
        start(c, job);
}

static struct job *add_job(struct conn *c, size_t cost)
{
    struct job *job = job_new();
    if (job == NULL)
        return NULL;
    job->conn_id = c->id;
    job->received_ns = clock_now_ns();
    job->line_limit = c->server->conf.limits.line_bytes;
    job->cost = cost;
    c->server->held += cost;
    c->server->requests++;
    struct job **at = &c->jobs;
    while (*at != NULL)
        at = &(*at)->conn_next;
    *at = job;
    c->job_count++;
    return job;
}

static void parse_later(struct conn *c, struct job *job, struct sx_str line)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    if (c->lines.part.data == line.ptr) { /* the usual case: hand the buffer over */
        job->line = c->lines.part;
        job->line.len = line.len;
        c->lines.part = (struct buf){0};
    } else {
        buf_put(&job->line, line.ptr, line.len);
    }
    if (!buf_ok(&job->line))
        sx_fail_oom(&err);
    else if (server_dispatch_line(c->server, job, &err) == SX_OK)
        c->parsing = true;
    if (err.code != SX_OK) {
        buf_release(&job->line);
        job_refused(c, job, &err);
    }
}

static void take_line(struct conn *c, enum line_event event, struct sx_str line)
{
    struct server *s = c->server;
    struct sx_error err = {.offset = SX_NO_OFFSET};
    struct job *job = add_job(c, event == LINE_READY ? line.len : 0);
    if (job == NULL) {
        c->dead = true;
        return;
    }
    bool large = event == LINE_TOO_LARGE;
    if (large ? c->lines.limit < job->line_limit
              : line.len > CONN_INLINE && s->held > SERVER_HELD_MAX)
        sx_fail(&err, SX_EBUSY, "too many long requests at once");
    else if (large)
        sx_fail(&err, SX_ETOOLARGE, "the line is longer than %zu bytes", c->lines.limit);
    else if (line.len > CONN_INLINE) {
        parse_later(c, job, line);
        return;
    } else
        request_read(&job->req, line, job->line_limit, &err);
    if (err.code != SX_OK)
        job_refused(c, job, &err);
    else
        admit(c, job);
}

/* ---- input ---- */

/* No line is looked at while this holds. */
static bool stopped(const struct conn *c)
{
    return c->dead || c->closing || c->shut || c->parsing || c->choked ||
           c->job_count >= c->server->conf.limits.in_flight;
}

static void follow_limits(struct conn *c)
{
    const struct config *conf = &c->server->conf;
    bool bulk = !c->tcp || conf->admin_on_tcp;
    c->lines.limit = conf->limits.line_bytes;
    c->lines.put_limit = bulk ? conf->limits.put_bytes : conf->limits.line_bytes;
    /* Little memory left for lines: long ones are skipped, and answered busy. */
    if (c->server->held > SERVER_HELD_MAX && c->lines.limit > CONN_INLINE)
        c->lines.limit = c->lines.put_limit = CONN_INLINE;
}

/* Counts a partial line, and times it. */
static void note_partial(struct conn *c)
{
    if (!lines_partial(&c->lines)) {
        lines_release(&c->lines); /* an idle connection holds no memory */
        c->line_ns = 0;
    }
    c->server->held += c->lines.part.len - c->held;
    c->held = c->lines.part.len;
    if (c->line_ns == 0 && lines_partial(&c->lines))
        c->line_ns = clock_now_ns();
}

/* Looks at lines until the input or the connection stops. */
static void feed(struct conn *c, struct sx_str *input)
{
    follow_limits(c);
    while (input->len > 0 && !stopped(c)) {
        struct sx_str line = {0};
        enum line_event event = lines_next(&c->lines, input, &line);
        if (event == LINE_HTTP)
            log_info("connection closed: it speaks HTTP");
        if (event == LINE_HTTP || event == LINE_NOMEM)
            c->dead = true;
        else if (event != LINE_NONE)
            take_line(c, event, line);
        note_partial(c);
        start_waiting(c);
        send_done(c);
    }
}

/* The rest of what was read before the connection was stopped. */
static void feed_rest(struct conn *c)
{
    struct sx_str input = buf_str(&c->rest);
    feed(c, &input);
    buf_consume(&c->rest, c->rest.len - input.len);
    if (c->rest.len == 0)
        buf_release(&c->rest);
}

/* A last line without its newline counts. */
static void feed_end(struct conn *c)
{
    struct sx_str line = {0};
    enum line_event event = lines_end(&c->lines, &line);
    c->closing = true;
    if (event == LINE_NONE)
        return;
    take_line(c, event, line);
    note_partial(c);
}

static void set_event(struct event *ev, bool want)
{
    bool have = event_pending(ev, EV_READ | EV_WRITE, NULL) != 0;
    if (want && !have)
        event_add(ev, NULL);
    else if (!want && have)
        event_del(ev);
}

/* While the daemon stops, a connection with nothing left to say is told so. */
static void say_goodbye(struct conn *c)
{
    if (c->shut || !server_stopping(c->server) || !(c->drained || c->eof) || c->rest.len > 0)
        return;
    shutdown(c->fd, SHUT_WR);
    c->shut = true;
}

void conn_settle(struct conn *c)
{
    for (bool again = true; again && !c->dead;) {
        start_waiting(c);
        send_done(c);
        write_out(c);
        again = !stopped(c) && (c->rest.len > 0 || c->eof);
        if (again && c->rest.len > 0)
            feed_rest(c);
        else if (again)
            feed_end(c);
        else
            again = may_start(c);
    }
    if (c->jobs == NULL && c->out == NULL) {
        say_goodbye(c);
        c->dead = c->dead || c->closing || (c->shut && c->eof);
    }
    if (c->dead) {
        conn_kill(c);
        return;
    }
    set_event(&c->readable, !c->eof && (c->shut || (!stopped(c) && c->rest.len == 0)));
    set_event(&c->writable, c->blocked);
}

/* Whether the peer has closed both halves, or is gone: nobody will read an answer. */
static bool gone(const struct conn *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static void read_in(struct conn *c)
{
    struct server *s = c->server;
    ssize_t n = recv(c->fd, s->scratch, sizeof s->scratch, MSG_DONTWAIT);
    c->drained = n < (ssize_t)sizeof s->scratch;
    if (n < 0) {
        c->dead = errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
        return;
    }
    c->active_ns = clock_now_ns();
    if (n == 0) {
        c->eof = true;
        c->dead = gone(c);
        return;
    }
    struct sx_str input = {s->scratch, (size_t)n};
    if (c->shut) /* what comes now is not carried out: the peer sees our end */
        return;
    feed(c, &input);
    if (input.len > 0 && !c->dead && !c->closing) {
        buf_put(&c->rest, input.ptr, input.len);
        c->dead = !buf_ok(&c->rest);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    read_in(arg);
    conn_settle(arg);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    conn_settle(arg);
}

/* ---- from the server ---- */

void conn_job_back(struct conn *c, struct job *job)
{
    bool parsed = in_parsing(c, job);
    if (parsed)
        c->parsing = false;
    else
        c->running--;
    if (parsed && job->reply.len == 0) {
        job->state = JOB_WAITING;
        admit(c, job);
    } else {
        job_done(c, job);
    }
}

static bool since(uint64_t now, uint64_t then, uint64_t ms)
{
    return now > then && now - then > ms * NS_PER_MS;
}

/* A line that took too long: said, and no more is read. */
static void end_slow_line(struct conn *c)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    sx_fail(&err, SX_ETIMEOUT, "the request line was not finished in time");
    lines_release(&c->lines);
    c->lines.skipping = false;
    note_partial(c);
    struct job *job = add_job(c, 0);
    if (job == NULL)
        c->dead = true;
    else
        job_refused(c, job, &err);
    c->closing = true;
}

/* Nobody reads, nobody is there, or nothing was said for too long. */
static bool overdue(const struct conn *c, uint64_t now)
{
    const struct config_limits *limits = &c->server->conf.limits;
    if (c->out != NULL && since(now, c->sent_ns, limits->stall_ms)) {
        log_info("connection closed: its peer does not read");
        return true;
    }
    if (c->jobs != NULL)
        return gone(c);
    return c->out == NULL && c->rest.len == 0 && limits->idle_ms != 0 &&
           since(now, c->active_ns, limits->idle_ms);
}

void conn_tick(struct conn *c, uint64_t now)
{
    if (overdue(c, now)) {
        conn_kill(c);
        return;
    }
    if (c->line_ns == 0)
        return;
    if (stopped(c) || c->eof) {
        c->line_ns = now; /* it is we who do not read */
    } else if (since(now, c->line_ns, c->server->conf.limits.request_ms)) {
        end_slow_line(c);
        conn_settle(c);
    }
}

void conn_stop(struct conn *c)
{
    if (!c->eof && !stopped(c) && c->rest.len == 0)
        read_in(c);
    conn_settle(c);
}

static void cancel_job(struct conn *c, struct job *job)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    if (job->state == JOB_RUNNING) {
        atomic_store(&job->stop, true);
        return;
    }
    sx_fail(&err, SX_ECANCELLED, "cancelled before it began");
    job_refused(c, job, &err);
}

bool conn_cancel(struct conn *c, struct sx_str id)
{
    bool any = false;
    for (struct job *job = c->jobs; job != NULL; job = job->conn_next) {
        if (job->state == JOB_DONE || job->req.op->lane == LANE_LOOP || job->req.id.ptr == NULL ||
            !str_eq(job->req.id, id))
            continue;
        cancel_job(c, job);
        any = true;
    }
    return any;
}

void conn_cancel_all(struct conn *c)
{
    for (struct job *job = c->jobs; job != NULL; job = job->conn_next)
        if (job->state == JOB_RUNNING)
            atomic_store(&job->stop, true);
}
