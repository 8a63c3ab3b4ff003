/* Connections in poll(): as soon as a reply has come, the next request goes out. */
#include "tests/bench/load.h"

#include <searchd/client.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "index/base/clock.h"

#define CONNECTIONS_MAX 64
#define IN_FLIGHT_MAX 32 /* of a connection: what the daemon works on */
#define REPLY_MAX ((size_t)4 << 20)
#define PLACES 10 /* digits of an id */

/* A request without its id: what follows it. */
struct line {
    char *text;
    size_t len;
};

struct peer {
    struct sx_client *client; /* for its socket */
    char *in;                 /* the reply that comes */
    size_t in_len, seen;      /* bytes of it in which there is no newline */
    uint64_t sent_ns[IN_FLIGHT_MAX];
};

struct load {
    struct line *lines;
    size_t line_count, next;
    struct peer peers[CONNECTIONS_MAX];
    size_t peer_count, in_flight;
    struct series times;
    bool counting;
    uint64_t failed;
};

/* ---- requests ---------------------------------------------------------------------------------- */

static void add_line(struct load *l, const struct question *q)
{
    struct buf text = {0};

    question_request(q, &text);
    buf_puts(&text, "}\n");
    if (!buf_ok(&text))
        bench_die("out of memory", NULL);
    text.data[0] = ','; /* in the place of the brace */
    l->lines[l->line_count++] = (struct line){text.data, text.len};
}

static void take_lines(struct load *l, const struct questions *all)
{
    l->lines = calloc(all->count + 1, sizeof(*l->lines));
    if (l->lines == NULL)
        bench_die("out of memory", NULL);
    for (size_t i = 0; i < all->count; i++) {
        const struct question *q = &all->items[i];
        const char *space = strchr(q->text, ' ');
        bool two = space != NULL && strchr(space + 1, ' ') == NULL;
        if (two && q->with == NULL && q->match == SX_MATCH_BEST)
            add_line(l, q);
    }
    if (l->line_count == 0)
        bench_die("no question is of two words", NULL);
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            bench_die("send", NULL);
        bytes += n;
        len -= (size_t)n;
    }
}

/* The id of a request is its slot. */
static void put_request(struct load *l, struct peer *p, size_t slot, struct buf *out)
{
    const struct line *line = &l->lines[l->next++ % l->line_count];

    buf_printf(out, "{\"id\":%zu", slot);
    buf_put(out, line->text, line->len);
    p->sent_ns[slot] = clock_now_ns();
}

/* ---- replies ----------------------------------------------------------------------------------- */

static void take_reply(struct load *l, struct peer *p, const char *reply, size_t len,
                       struct buf *out)
{
    static const char head[] = "{\"id\":", ok[] = ",\"ok\":true";
    char *end;
    size_t slot = len < PLACES + sizeof(head) || memcmp(reply, head, sizeof(head) - 1) != 0
                      ? IN_FLIGHT_MAX
                      : strtoul(reply + sizeof(head) - 1, &end, 10);

    if (slot >= l->in_flight)
        bench_die("a reply that nobody asked for", NULL);
    l->failed += strncmp(end, ok, sizeof(ok) - 1) != 0;
    if (l->counting)
        series_add(&l->times, (double)(clock_now_ns() - p->sent_ns[slot]) / 1000);
    put_request(l, p, slot, out);
}

static void receive(struct load *l, struct peer *p)
{
    static struct buf out;
    int fd = sx_client_fd(p->client);
    ssize_t n = recv(fd, p->in + p->in_len, REPLY_MAX - p->in_len, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        bench_die("the daemon has hung up", NULL);
    p->in_len += (size_t)n;
    const char *at = p->in;
    char *newline;
    buf_clear(&out);
    while ((newline = memchr(at + p->seen, '\n', p->in_len - p->seen)) != NULL) {
        size_t len = (size_t)(newline - at) + 1;
        take_reply(l, p, at, len, &out);
        at += len;
        p->in_len -= len;
        p->seen = 0;
    }
    memmove(p->in, at, p->in_len);
    p->seen = p->in_len;
    if (p->in_len == REPLY_MAX || !buf_ok(&out))
        bench_die("a reply that is too long", NULL);
    send_all(fd, out.data, out.len);
}

static void go_on_until(struct load *l, uint64_t end_ns)
{
    struct pollfd fds[CONNECTIONS_MAX];

    for (size_t i = 0; i < l->peer_count; i++)
        fds[i] = (struct pollfd){.fd = sx_client_fd(l->peers[i].client), .events = POLLIN};
    while (clock_now_ns() < end_ns) {
        if (poll(fds, l->peer_count, 1000) < 0 && errno != EINTR)
            bench_die("poll", NULL);
        for (size_t i = 0; i < l->peer_count; i++)
            if (fds[i].revents != 0)
                receive(l, &l->peers[i]);
    }
}

static void begin(struct load *l, const char *address)
{
    struct sx_error err;
    struct buf out = {0};

    for (size_t i = 0; i < l->peer_count; i++) {
        struct peer *p = &l->peers[i];
        if (sx_client_open(&p->client, address, 0, &err) != SX_OK)
            bench_die("connect", &err);
        p->in = malloc(REPLY_MAX);
        if (p->in == NULL)
            bench_die("out of memory", NULL);
        buf_clear(&out);
        for (size_t slot = 0; slot < l->in_flight; slot++)
            put_request(l, p, slot, &out);
        if (!buf_ok(&out))
            bench_die("out of memory", NULL);
        send_all(sx_client_fd(p->client), out.data, out.len);
    }
    buf_release(&out);
}

static void end(struct load *l)
{
    for (size_t i = 0; i < l->peer_count; i++) {
        sx_client_close(l->peers[i].client);
        free(l->peers[i].in);
    }
    for (size_t i = 0; i < l->line_count; i++)
        free(l->lines[i].text);
    free(l->lines);
    series_release(&l->times);
}

int load_run(const char *address, const struct questions *all, double seconds, size_t connections,
             size_t in_flight)
{
    static struct load l;

    if (connections == 0 || connections > CONNECTIONS_MAX || in_flight == 0 ||
        in_flight > IN_FLIGHT_MAX)
        bench_die("connections or requests in flight: too many, or none", NULL);
    l.peer_count = connections;
    l.in_flight = in_flight;
    take_lines(&l, all);
    begin(&l, address);
    /* Every question has been answered before it counts. */
    go_on_until(&l, clock_now_ns() + (uint64_t)(seconds / 5 * 1e9));
    l.counting = true;
    uint64_t start = clock_now_ns();
    go_on_until(&l, start + (uint64_t)(seconds * 1e9));
    double took = (double)(clock_now_ns() - start) / 1e9;
    printf("| connections | in flight on each | queries a second | median ms | p99 ms | failed |\n"
           "|---|---|---|---|---|---|\n| %zu | %zu | %.0f | %.2f | %.2f | %llu |\n",
           connections, in_flight, (double)l.times.count / took, series_at(&l.times, 0.5) / 1000,
           series_at(&l.times, 0.99) / 1000, (unsigned long long)l.failed);
    int status = l.failed > 0;
    end(&l);
    return status;
}
