/* The whole daemon in a thread of the test, while memory runs out at every allocation in turn:
 * a request is answered or its connection ends, and the next one is served. */
#include "tests/support/support.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/server.h"
#include "index/base/alloc.h"

struct fixture {
    char *dir;
    char data[128], listen[128], path[108];
    struct options options;
    pthread_t thread;
    int status;
};

static void *serve(void *arg)
{
    struct fixture *f = arg;
    struct config conf;
    struct sx_error err;
    if (options_config(&f->options, &conf, &err) != SX_OK) {
        config_release(&conf);
        f->status = -1;
        return NULL;
    }
    f->status = server_run(&conf, &f->options, NULL);
    return NULL;
}

/* -1: nobody listens. */
static int try_connect(const struct fixture *f)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 30};
    memcpy(to.sun_path, f->path, sizeof to.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

/* One request; *reply is "" when the connection ended instead. */
static void ask(const struct fixture *f, const char *line, size_t len, char *reply, size_t size)
{
    int fd = try_connect(f);
    size_t got = 0;
    ssize_t n;
    assert_true(fd >= 0);
    for (size_t at = 0; at < len && (n = send(fd, line + at, len - at, MSG_NOSIGNAL)) > 0;)
        at += (size_t)n;
    shutdown(fd, SHUT_WR);
    while (got < size - 1 && (n = recv(fd, reply + got, size - 1 - got, 0)) > 0)
        got += (size_t)n;
    reply[got] = '\0';
    close(fd);
}

static int start(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    *state = f;
    f->dir = temp_dir();
    snprintf(f->data, sizeof f->data, "%.90s/data", f->dir);
    snprintf(f->path, sizeof f->path, "%.90s/s", f->dir);
    snprintf(f->listen, sizeof f->listen, "unix:%s", f->path);
    f->options = (struct options){.data = f->data, .listen = {f->listen}, .listen_count = 1};
    log_set_level(LOG_LEVEL_ERROR);
    assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
    int fd;
    char reply[100];
    while ((fd = try_connect(f)) < 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    close(fd);
    /* A socket listens before the daemon has all its memory; an answer shows that it has. */
    ask(f, "{\"op\":\"ping\"}\n", 14, reply, sizeof reply);
    assert_string_equal(reply, "{\"ok\":true}\n");
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    kill(getpid(), SIGTERM);
    pthread_join(f->thread, NULL);
    int status = f->status;
    temp_dir_remove(f->dir);
    free(f);
    return status;
}

/* Fails each allocation that the request makes, one after the other. */
static int sweep(const struct fixture *f, const char *line, size_t len)
{
    char reply[65536], ping[100];
    int failures = 0;
    for (long n = 0;; n++) {
        mem_fail_anywhere_after(n);
        ask(f, line, len, reply, sizeof reply);
        int failed = mem_failed();
        mem_fail_after(-1);
        if (reply[0] != '\0') {
            assert_int_equal(reply[strlen(reply) - 1], '\n');
            assert_ptr_equal(strchr(reply, '\n'), reply + strlen(reply) - 1);
        }
        ask(f, "{\"op\":\"ping\"}\n", 14, ping, sizeof ping);
        assert_string_equal(ping, "{\"ok\":true}\n");
        if (!failed) {
            if (strncmp(reply, "{\"id\":1,\"ok\":true", 17) != 0)
                fail_msg("%.*s: %s", (int)len, line, reply);
            return failures;
        }
        failures++;
    }
}

static void every_request_survives_a_failing_allocator(void **state)
{
    static const char *const lines[] = {
        "{\"id\":1,\"op\":\"put\",\"docs\":[{\"uri\":\"a\",\"body\":\"one two\",\"k\":1}]}",
        "{\"id\":1,\"op\":\"ping\"}",
        "{\"id\":1,\"query\":\"one +two\"}",
        "{\"id\":1,\"op\":\"count\",\"query\":\"one\"}",
        "{\"id\":1,\"op\":\"get\",\"uri\":\"a\"}",
        "{\"id\":1,\"op\":\"parse\",\"query\":\"one\"}",
        "{\"id\":1,\"op\":\"failed\"}",
        "{\"id\":1,\"op\":\"stats\"}",
        "{\"id\":1,\"op\":\"hello\"}",
        "{\"id\":1,\"op\":\"reload\"}",
        "{\"id\":1,\"op\":\"delete\",\"uri\":[\"b\",\"c\"]}",
        "{\"id\":1,\"op\":\"cancel\",\"target\":7}",
        "{\"id\":1,\"op\":\"check\"}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int failures = sweep(*state, lines[i], strlen(lines[i]));
        print_message("%d failed allocations: %s\n", failures, lines[i]);
        assert_true(failures > 0);
    }
}

static void a_long_line_survives_a_failing_allocator(void **state)
{
    size_t pad = 200000;
    char *line = malloc(pad + 100);
    assert_non_null(line);
    int n = snprintf(line, pad + 100, "{\"id\":1,\"op\":\"ping\",\"x_\":\"%0*d\"}\n", (int)pad, 0);
    assert_true(sweep(*state, line, (size_t)n) > 0);
    free(line);
}

/* On a socket that is taken, so that it never comes to serve. */
static void starting_survives_a_failing_allocator(void **state)
{
    const struct fixture *running = *state;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char data[128], address[128];
    int taken = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(data, sizeof data, "%.90s/second", running->dir);
    snprintf(at.sun_path, sizeof at.sun_path, "%.90s/taken", running->dir);
    snprintf(address, sizeof address, "unix:%.107s", at.sun_path);
    assert_int_equal(bind(taken, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(taken, 1), 0); /* nobody accepts: full, it still counts as alive */
    struct options o = {.data = data, .listen = {address}, .listen_count = 1};
    int failed = 1;
    for (long n = 0; failed && n < 2000; n++) {
        struct config conf;
        struct sx_error err;
        mem_fail_anywhere_after(n);
        if (options_config(&o, &conf, &err) == SX_OK)
            assert_int_equal(server_run(&conf, &o, NULL), EXIT_FAILURE);
        else
            config_release(&conf);
        failed = mem_failed();
        mem_fail_after(-1);
    }
    assert_false(failed);
    close(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_survives_a_failing_allocator),
        cmocka_unit_test(a_long_line_survives_a_failing_allocator),
        cmocka_unit_test(starting_survives_a_failing_allocator),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
