/* A connection over a socketpair, its loop turned by hand: what it counts, and its clocks. */
#include "tests/support/support.h"

#include <sys/socket.h>
#include <unistd.h>

#include <searchd/index.h>

#include "daemon/log.h"
#include "daemon/server.h"
#include "index/base/alloc.h"

#define NS_PER_MS ((uint64_t)1000000)

struct fixture {
    char *dir;
    struct server *server;
    struct conn *conn;
    int peer;
};

static int setup(void **state)
{
    static char name[] = "default";
    struct fixture *f = calloc(1, sizeof *f);
    struct server *s = calloc(1, sizeof *s);
    struct sx_error err;
    char *dir = temp_dir();
    int fds[2], small = 1;
    assert_non_null(f);
    assert_non_null(s);
    log_set_level(LOG_LEVEL_ERROR);
    config_init(&s->conf);
    s->base = event_base_new();
    s->collections[0].name = name;
    assert_int_equal(sx_index_open(&s->collections[0].index, dir, NULL, &err), SX_OK);
    s->collection_count = 1;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    /* The kernel's least: so a few bytes read make room for a few more. */
    assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    *f = (struct fixture){.dir = dir, .server = s, .peer = fds[1]};
    f->conn = conn_new(s, fds[0], false);
    assert_non_null(f->conn);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    if (f->server->conn_count > 0)
        conn_kill(f->conn);
    assert_int_equal(f->server->unsent, 0);
    close(f->peer);
    event_base_free(f->server->base);
    mem_free(f->server->table);
    mem_free(f->server->reuse);
    config_release(&f->server->conf);
    sx_index_close(f->server->collections[0].index);
    temp_dir_remove(f->dir);
    free(f->server);
    free(f);
    return 0;
}

static void turn(struct fixture *f)
{
    event_base_loop(f->server->base, EVLOOP_NONBLOCK);
}

static void ask(struct fixture *f, const char *line, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(send(f->peer, line, strlen(line), 0), strlen(line));
    for (int i = 0; i < 10; i++)
        turn(f);
}

/* Reads at least `n` bytes, and then until the daemon has sent some more. */
static void take(struct fixture *f, size_t n)
{
    char bytes[256];
    uint64_t before = f->conn->active_ns;
    for (size_t got = 0; got < n || f->conn->active_ns == before;) {
        ssize_t one = recv(f->peer, bytes, sizeof bytes, 0);
        assert_true(one > 0);
        got += (size_t)one;
        turn(f);
    }
}

static void take_all(struct fixture *f)
{
    char bytes[4096];
    do
        turn(f);
    while (recv(f->peer, bytes, sizeof bytes, 0) > 0);
}

/* When a peer that has shown nothing since `from` is overdue. */
static uint64_t overdue_from(const struct fixture *f, uint64_t from)
{
    return from + f->server->conf.limits.stall_ms * NS_PER_MS + 1;
}

static void a_trickle_does_not_renew_the_stall_clock(void **state)
{
    struct fixture *f = *state;
    ask(f, "{\"op\":\"hello\"}\n", 20);
    assert_true(f->conn->blocked);
    uint64_t late = overdue_from(f, f->conn->sent_ns);
    take(f, 1024);
    take(f, 1024);
    conn_tick(f->conn, late - 1);
    assert_int_equal(f->server->conn_count, 1);
    conn_tick(f->conn, late);
    assert_int_equal(f->server->conn_count, 0);
}

static void taking_much_or_all_renews_it(void **state)
{
    struct fixture *f = *state;
    ask(f, "{\"op\":\"hello\"}\n", 30);
    assert_true(f->conn->blocked);
    uint64_t late = overdue_from(f, f->conn->sent_ns);
    take(f, CONN_TAKEN + 16384); /* the socket holds some that were counted before */
    assert_true(f->conn->blocked);
    conn_tick(f->conn, late);
    assert_int_equal(f->server->conn_count, 1);
    take_all(f);
    ask(f, "{\"op\":\"hello\"}\n", 10);
    assert_true(f->conn->blocked);
    late = overdue_from(f, f->conn->sent_ns);
    take_all(f); /* less than would count, but all */
    ask(f, "{\"op\":\"hello\"}\n", 10);
    assert_true(f->conn->blocked);
    conn_tick(f->conn, late);
    assert_int_equal(f->server->conn_count, 1);
}

static void replies_are_counted_until_they_are_gone(void **state)
{
    struct fixture *f = *state;
    ask(f, "{\"op\":\"hello\"}\n", 20);
    assert_true(f->server->unsent > 20 * 1024);
    assert_int_equal(f->server->unsent, f->conn->unsent);
    take_all(f);
    assert_int_equal(f->server->unsent, 0);
    assert_int_equal(f->conn->unsent, 0);
    ask(f, "{\"op\":\"hello\"}\n", 20);
    conn_kill(f->conn);
    assert_int_equal(f->server->unsent, 0);
}

/* Small replies cost more than their bytes, and a full server lets nobody gather many. */
static void a_full_server_stops_who_does_not_read(void **state)
{
    struct fixture *f = *state;
    const char *line = "{\"op\":\"ping\"}\n";
    f->server->conf.limits.unsent_bytes = 0;
    ask(f, "{\"op\":\"hello\"}\n", 4);
    assert_true(f->conn->choked);
    while (send(f->peer, line, strlen(line), 0) > 0)
        turn(f);
    assert_true(f->server->unsent < 65536);
    f->server->conf.limits.unsent_bytes = 1 << 20;
    take_all(f);
    assert_false(f->conn->choked);
    assert_int_equal(f->server->unsent, 0);
}

/* A worker's answer, of so many bytes in so much memory. */
static void answer(struct fixture *f, size_t len, size_t memory)
{
    struct job *job = queue_pop(pool_queue(f->server->readers), 0);
    assert_non_null(job);
    assert_true(buf_reserve(&job->reply, memory));
    for (size_t i = 0; i < len; i++)
        buf_putc(&job->reply, i + 1 < len ? 'x' : '\n');
    conn_job_back(f->conn, job);
    conn_settle(f->conn);
}

/* The last answer that runs comes back just when the socket takes all: nothing else will happen
 * then that could start those behind it. */
static void what_waits_starts_once_all_is_sent(void **state)
{
    struct fixture *f = *state;
    struct sx_error err;
    int large = 1 << 17;
    assert_int_equal(pool_start(&f->server->readers, 0, f->server->collections, 1, 100, NULL, &err),
                     SX_OK);
    ask(f, "{\"query\":\"a\"}\n", 6);
    unsigned running = f->conn->running;
    assert_in_range(running, 2, 5);
    answer(f, 8192, CONN_CHOKE);
    assert_true(f->conn->choked && f->conn->blocked);
    while (f->conn->running > 1)
        answer(f, 8192, 8192);
    assert_int_equal(f->conn->job_count, 7 - running);
    assert_int_equal(setsockopt(f->conn->fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof large), 0);
    answer(f, 8192, 8192);
    assert_int_equal(f->conn->unsent, 0);
    assert_int_equal(f->conn->running, 6 - running);
    conn_kill(f->conn);
    pool_stop(f->server->readers);
    f->server->readers = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_trickle_does_not_renew_the_stall_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(taking_much_or_all_renews_it, setup, teardown),
        cmocka_unit_test_setup_teardown(replies_are_counted_until_they_are_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_server_stops_who_does_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_waits_starts_once_all_is_sent, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
