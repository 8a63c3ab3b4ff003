/* The client library against a server of the test, a thread with one connection. */
#include "tests/support/support.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <searchd/client.h>

#include "index/base/alloc.h"
#include "index/base/json.h"
#include "index/base/str.h"

struct server {
    char *dir;
    char path[100];
    int listener;
    pthread_t thread;
    void (*serve)(struct server *s, FILE *in, FILE *out);
    char seen[200]; /* the first request, of the thread until it is joined */
};

static void *run_server(void *arg)
{
    struct server *s = arg;
    int fd = accept(s->listener, NULL, NULL);
    FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");

    s->serve(s, in, out);
    fclose(in);
    fclose(out);
    return NULL;
}

static void start(struct server *s, void (*serve)(struct server *s, FILE *in, FILE *out))
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    memset(s, 0, sizeof(*s));
    s->serve = serve;
    s->dir = temp_dir();
    snprintf(s->path, sizeof(s->path), "%s/s", s->dir);
    memcpy(un.sun_path, s->path, strlen(s->path) + 1);
    s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&un, sizeof(un)), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, run_server, s), 0);
}

static void finish(struct server *s)
{
    pthread_join(s->thread, NULL);
    close(s->listener);
    temp_dir_remove(s->dir);
}

static struct sx_client *connected(const struct server *s, unsigned timeout_ms)
{
    struct sx_client *c;
    struct sx_error err;

    if (sx_client_open(&c, s->path, timeout_ms, &err) != SX_OK)
        fail_msg("%s", err.msg);
    assert_string_equal(sx_client_address(c), s->path);
    return c;
}

/* ---- servers --------------------------------------------------------------------------- */

static void echo(struct server *s, FILE *in, FILE *out)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    (void)s;
    while ((n = getline(&line, &cap, in)) > 0) {
        fwrite(line, 1, (size_t)n, out);
        fflush(out);
    }
    free(line);
}

static void hang_up(struct server *s, FILE *in, FILE *out)
{
    (void)s;
    (void)in;
    fputs("{\"half\":", out);
}

static void say_nothing(struct server *s, FILE *in, FILE *out)
{
    (void)s;
    (void)out;
    while (fgetc(in) != EOF)
        ;
}

static void answer(struct server *s, FILE *in, FILE *out)
{
    if (fgets(s->seen, sizeof(s->seen), in) == NULL)
        return;
    fputs(
        "{\"ok\":true,\"total\":7,\"total_all\":2,\"relation\":\"gte\",\"partial\":true,\"hits\":["
        "{\"rank\":1,\"score\":2.5,\"uri\":\"u\",\"title\":\"t\",\"snippets\":[{\"text\":\"s\"}]},"
        "{\"rank\":2,\"score\":1,\"uri\":\"v\",\"date\":\"2025\",\"snippets\":[]}]}\n",
        out);
}

static void refuse(struct server *s, FILE *in, FILE *out)
{
    if (fgets(s->seen, sizeof(s->seen), in) != NULL)
        fputs("{\"ok\":false,\"error\":{\"code\":\"bad_query\",\"message\":\"unclosed quote\","
              "\"param\":\"query\",\"offset\":11}}\n",
              out);
}

/* ---- tests ----------------------------------------------------------------------------- */

/* 32 MB go out before a reply is taken: more than the kernel holds of either direction. */
static void pipelining_does_not_deadlock(void **state)
{
    enum { REQUESTS = 64, SIZE = 500000 };
    struct server s;
    struct sx_error err;
    struct sx_str reply;
    char *request = mem_alloc(SIZE);

    (void)state;
    start(&s, echo);
    struct sx_client *c = connected(&s, 0);
    for (int i = 0; i < REQUESTS; i++) {
        memset(request, 'a' + i % 26, SIZE);
        assert_int_equal(sx_client_send(c, str_make(request, (size_t)(SIZE - i)), &err), SX_OK);
    }
    for (int i = 0; i < REQUESTS; i++) {
        assert_int_equal(sx_client_receive(c, &reply, &err), SX_OK);
        assert_int_equal(reply.len, SIZE - i);
        assert_int_equal(reply.ptr[0], 'a' + i % 26);
        assert_int_equal(reply.ptr[reply.len - 1], 'a' + i % 26);
    }
    sx_client_close(c);
    mem_free(request);
    finish(&s);
}

static void replies_come_in_order_however_they_are_mixed(void **state)
{
    struct server s;
    struct sx_error err;
    struct sx_str reply;
    char text[32];
    int sent = 0, received = 0;

    (void)state;
    start(&s, echo);
    struct sx_client *c = connected(&s, 0);
    while (received < 5000) {
        for (int i = 0; i < 1 + sent % 7 && sent < 5000; i++) {
            snprintf(text, sizeof(text), "request %d", sent++);
            assert_int_equal(sx_client_send(c, str_of(text), &err), SX_OK);
        }
        snprintf(text, sizeof(text), "request %d", received++);
        assert_int_equal(sx_client_receive(c, &reply, &err), SX_OK);
        assert_true(str_is(reply, text));
    }
    sx_client_close(c);
    finish(&s);
}

static void a_request_is_one_line(void **state)
{
    struct server s;
    struct sx_error err;

    (void)state;
    start(&s, echo);
    struct sx_client *c = connected(&s, 0);
    assert_int_equal(sx_client_send(c, str_of("a\nb"), &err), SX_EREQUEST);
    assert_int_equal(sx_client_send(c, str_of(""), &err), SX_EREQUEST);
    sx_client_close(c);
    finish(&s);
}

static void a_daemon_that_hangs_up_is_unreachable(void **state)
{
    struct server s;
    struct sx_error err;
    struct sx_str reply;

    (void)state;
    start(&s, hang_up);
    struct sx_client *c = connected(&s, 0);
    assert_int_equal(sx_client_receive(c, &reply, &err), SX_EUNREACHABLE);
    pthread_join(s.thread, NULL); /* both its ends are closed now: no SIGPIPE may come */
    assert_int_equal(sx_client_send(c, str_of("{}"), &err), SX_EUNREACHABLE);
    sx_client_close(c);
    close(s.listener);
    temp_dir_remove(s.dir);
}

static void waiting_ends(void **state)
{
    struct server s;
    struct sx_error err;
    struct sx_str reply;

    (void)state;
    start(&s, say_nothing);
    struct sx_client *c = connected(&s, 50);
    assert_int_equal(sx_client_request(c, str_of("{}"), &reply, &err), SX_ETIMEOUT);
    sx_client_close(c);
    finish(&s);
}

static void nobody_there_is_unreachable(void **state)
{
    struct sx_client *c;
    struct sx_error err;

    (void)state;
    assert_int_equal(sx_client_open(&c, "/nonexistent/s", 0, &err), SX_EUNREACHABLE);
    assert_null(c);
    assert_non_null(strstr(err.msg, "/nonexistent/s"));
    assert_int_equal(sx_client_open(&c, "nonsense", 0, &err), SX_EREQUEST);
    setenv("SEARCHC_SOCKET", "unix:/nonexistent/env", 1);
    assert_int_equal(sx_client_open(&c, NULL, 0, &err), SX_EUNREACHABLE);
    assert_non_null(strstr(err.msg, "/nonexistent/env"));
    unsetenv("SEARCHC_SOCKET");
}

static void a_search_gives_its_hits(void **state)
{
    struct server s;
    struct sx_client_hits *hits;
    struct sx_error err;

    (void)state;
    start(&s, answer);
    struct sx_client *c = connected(&s, 0);
    assert_int_equal(sx_client_search(c, "a \"b\"\n", 2, &hits, &err), SX_OK);
    sx_client_close(c); /* the hits do not need it */
    finish(&s);
    assert_string_equal(s.seen, "{\"op\":\"search\",\"query\":\"a \\\"b\\\"\\n\",\"limit\":2}\n");
    assert_int_equal(hits->count, 2);
    assert_int_equal(hits->total, 7);
    assert_int_equal(hits->total_all, 2);
    assert_true(hits->partial && !hits->total_exact);
    assert_string_equal(hits->items[0].title, "t");
    assert_string_equal(hits->items[0].snippet, "s");
    assert_string_equal(hits->items[0].date, "");
    assert_true(hits->items[0].score == 2.5);
    assert_int_equal(hits->items[1].rank, 2);
    assert_string_equal(hits->items[1].uri, "v");
    assert_string_equal(hits->items[1].snippet, "");
    sx_client_hits_free(hits);
}

static void a_refusal_comes_back_whole(void **state)
{
    struct server s;
    struct sx_client_hits *hits;
    struct sx_error err;

    (void)state;
    start(&s, refuse);
    struct sx_client *c = connected(&s, 0);
    assert_int_equal(sx_client_search(c, "\"x", 10, &hits, &err), SX_EQUERY);
    assert_null(hits);
    assert_string_equal(err.msg, "unclosed quote");
    assert_string_equal(err.param, "query");
    assert_int_equal(err.offset, 11);
    sx_client_close(c);
    finish(&s);
}

static void memory_may_run_out_anywhere(void **state)
{
    sx_status rc;
    long n = 0;

    (void)state;
    json_init(); /* so that the tree's allocations fail too */
    do {
        struct server s;
        struct sx_client_hits *hits = NULL;
        struct sx_client *c;
        start(&s, answer);
        c = connected(&s, 0);
        mem_fail_after(n++);
        rc = sx_client_search(c, "x", 10, &hits, NULL);
        assert_int_equal(rc, mem_failed() ? SX_ENOMEM : SX_OK);
        mem_fail_after(-1);
        sx_client_hits_free(hits);
        sx_client_close(c);
        finish(&s);
    } while (rc != SX_OK);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelining_does_not_deadlock),
        cmocka_unit_test(replies_come_in_order_however_they_are_mixed),
        cmocka_unit_test(a_request_is_one_line),
        cmocka_unit_test(a_daemon_that_hangs_up_is_unreachable),
        cmocka_unit_test(waiting_ends),
        cmocka_unit_test(nobody_there_is_unreachable),
        cmocka_unit_test(a_search_gives_its_hits),
        cmocka_unit_test(a_refusal_comes_back_whole),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
