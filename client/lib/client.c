/* The connection: a non-blocking socket and poll(), so that every wait has an end and a send may
 * take in replies while the daemon takes no requests. */
#include <searchd/client.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "index/base/address.h"
#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/clock.h"
#include "index/base/error.h"
#include "index/base/str.h"

#define READ_SIZE (64 << 10)

struct sx_client {
    int fd;
    unsigned timeout_ms;
    struct buf in;   /* received, from `head` on not yet handed out */
    size_t head;     /* behind the last reply that was handed out */
    size_t searched; /* no newline between head and here */
    struct address address;
};

static sx_status unreachable(struct sx_client *c, const char *why, struct sx_error *err)
{
    return sx_fail(err, SX_EUNREACHABLE, "searchd at %s: %s", c->address.text, why);
}

/* ---- opening --------------------------------------------------------------------------- */

static sx_status resolve(struct address *out, const char *address, struct sx_error *err)
{
    const char *env = getenv("SEARCHC_SOCKET");

    if (address == NULL && env != NULL && env[0] != '\0')
        address = env;
    return address == NULL ? address_default(out, err) : address_parse(out, address, err);
}

/* Blocking, but for no longer than the timeout: a Unix socket whose backlog is full cannot be
 * polled for room. */
static sx_status dial(struct sx_client *c, struct sx_error *err)
{
    const struct timeval limit = {.tv_sec = c->timeout_ms / 1000,
                                  .tv_usec = (suseconds_t)(c->timeout_ms % 1000) * 1000};
    const int on = 1;
    int rc;

    c->fd = socket(c->address.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return unreachable(c, strerror(errno), err);
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    do
        rc = connect(c->fd, (const struct sockaddr *)&c->address.addr, c->address.len);
    while (rc < 0 && errno == EINTR);
    if (rc < 0 && errno != EISCONN)
        return unreachable(
            c, errno == EAGAIN || errno == EINPROGRESS ? "no answer in time" : strerror(errno),
            err);
    if (!c->address.is_unix)
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0)
        return unreachable(c, strerror(errno), err);
    return SX_OK;
}

sx_status sx_client_open(struct sx_client **out, const char *address, unsigned timeout_ms,
                         struct sx_error *err)
{
    struct sx_client *c = mem_zalloc(1, sizeof(*c));
    sx_status rc;

    *out = NULL;
    if (c == NULL)
        return sx_fail_oom(err);
    c->fd = -1;
    c->timeout_ms = timeout_ms == 0 ? SX_CLIENT_TIMEOUT_MS : timeout_ms;
    rc = resolve(&c->address, address, err);
    if (rc == SX_OK)
        rc = dial(c, err);
    if (rc != SX_OK) {
        sx_client_close(c);
        return rc;
    }
    *out = c;
    return SX_OK;
}

void sx_client_close(struct sx_client *c)
{
    if (c == NULL)
        return;
    if (c->fd >= 0)
        close(c->fd);
    buf_release(&c->in);
    mem_free(c);
}

const char *sx_client_address(const struct sx_client *c)
{
    return c->address.text;
}

int sx_client_fd(const struct sx_client *c)
{
    return c->fd;
}

/* ---- sending and receiving ------------------------------------------------------------- */

static uint64_t deadline_of(const struct sx_client *c)
{
    return clock_now_ns() + (uint64_t)c->timeout_ms * 1000000;
}

/* Waits for one of `events`; readable or writable, or a fault that the next call will tell. */
static sx_status wait_for(struct sx_client *c, short events, uint64_t deadline, short *ready,
                          struct sx_error *err)
{
    struct pollfd p = {.fd = c->fd, .events = events};
    int n;

    do {
        uint64_t now = clock_now_ns();
        n = now >= deadline ? 0 : poll(&p, 1, (int)((deadline - now) / 1000000) + 1);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return unreachable(c, strerror(errno), err);
    if (n == 0)
        return sx_fail(err, SX_ETIMEOUT, "searchd at %s did not answer within %u ms",
                       c->address.text, c->timeout_ms);
    *ready = p.revents;
    return SX_OK;
}

/* Takes in what has come, if anything. */
static sx_status take_in(struct sx_client *c, struct sx_error *err)
{
    if (c->in.len - c->head > SX_CLIENT_REPLY_MAX)
        return sx_fail(err, SX_ETOOLARGE, "replies of more than %d bytes", SX_CLIENT_REPLY_MAX);
    char *room = buf_reserve(&c->in, READ_SIZE);
    if (room == NULL)
        return sx_fail_oom(err);
    ssize_t n = recv(c->fd, room, READ_SIZE, 0);
    if (n > 0)
        buf_advance(&c->in, (size_t)n);
    else if (n == 0)
        return unreachable(c, "closed the connection", err);
    else if (errno != EAGAIN && errno != EINTR)
        return unreachable(c, strerror(errno), err);
    return SX_OK;
}

/* Writes all of it, taking in replies wherever the daemon makes it wait. */
static sx_status write_all(struct sx_client *c, const char *p, size_t len, int flags,
                           uint64_t deadline, struct sx_error *err)
{
    while (len > 0) {
        short ready = 0;
        ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL | flags);
        if (n >= 0) {
            p += n;
            len -= (size_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return unreachable(c, strerror(errno), err);
        sx_status rc = wait_for(c, POLLIN | POLLOUT, deadline, &ready, err);
        if (rc == SX_OK && (ready & POLLIN) != 0)
            rc = take_in(c, err);
        if (rc != SX_OK)
            return rc;
    }
    return SX_OK;
}

sx_status sx_client_send(struct sx_client *c, struct sx_str request, struct sx_error *err)
{
    uint64_t deadline = deadline_of(c);

    if (request.len == 0 || memchr(request.ptr, '\n', request.len) != NULL)
        return sx_fail(err, SX_EREQUEST, "a request is one line, without its newline");
    sx_status rc = write_all(c, request.ptr, request.len, MSG_MORE, deadline, err);
    if (rc != SX_OK)
        return rc;
    return write_all(c, "\n", 1, 0, deadline, err);
}

/* Drops what was handed out, when that is worth moving the rest. */
static void compact(struct sx_client *c)
{
    if (c->head < c->in.len && c->head < READ_SIZE)
        return;
    buf_consume(&c->in, c->head);
    c->searched -= c->head;
    c->head = 0;
}

sx_status sx_client_receive(struct sx_client *c, struct sx_str *reply, struct sx_error *err)
{
    uint64_t deadline = deadline_of(c);
    const char *newline = NULL;
    short ready;

    compact(c);
    for (;;) {
        if (c->in.len > c->searched)
            newline = memchr(c->in.data + c->searched, '\n', c->in.len - c->searched);
        if (newline != NULL)
            break;
        c->searched = c->in.len;
        sx_status rc = wait_for(c, POLLIN, deadline, &ready, err);
        if (rc == SX_OK)
            rc = take_in(c, err);
        if (rc != SX_OK)
            return rc;
    }
    size_t end = (size_t)(newline - c->in.data);
    *reply = str_make(c->in.data + c->head, end - c->head);
    c->head = c->searched = end + 1;
    return SX_OK;
}

sx_status sx_client_request(struct sx_client *c, struct sx_str request, struct sx_str *reply,
                            struct sx_error *err)
{
    sx_status rc = sx_client_send(c, request, err);

    return rc == SX_OK ? sx_client_receive(c, reply, err) : rc;
}
