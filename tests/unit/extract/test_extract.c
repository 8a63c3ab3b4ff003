/* Reading in other processes: what comes back, and what a reader may do to itself and nobody else.
 * The readers that misbehave are here, in place of ingest_read(). */
#include "index/extract/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/base/str.h"
#include "tests/support/support.h"

/* ---- readers that misbehave ------------------------------------------------------------------ */

static sx_status tell(struct sx_str uri, const char *what, const struct ingest_sink *sink,
                      struct sx_error *err)
{
    const struct sx_doc doc = {.uri = uri, .body = str_of(what)};

    return sink->doc(sink->ctx, &doc, 0, err);
}

static sx_status write_for_ever(struct sx_str uri, const struct ingest_sink *sink,
                                struct sx_error *err)
{
    sx_status rc = SX_OK;

    while (rc == SX_OK)
        rc = tell(uri, "again and again and again and again and again and again and again", sink,
                  err);
    return rc;
}

static void eat_memory(void)
{
    static void **last; /* each piece holds the one before */

    for (;;) {
        void **p = malloc(1 << 20);
        if (p == NULL)
            return;
        memset(p, 1, 1 << 20);
        *p = (void *)last;
        last = p;
    }
}

static void crash(void)
{
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would make it an exit */
    raise(SIGSEGV);
}

static const char *failed_as(long rc)
{
    return rc >= 0 ? "done" : errno == EACCES ? "refused" : strerror(errno);
}

static sx_status misbehave(enum media m, struct sx_str uri, struct sx_str bytes,
                           const struct ingest_sink *sink, struct sx_error *err)
{
    static unsigned files;
    char count[16];

    files++;
    if (str_is(bytes, "crash"))
        crash();
    if (str_is(bytes, "crash later") && files > 1)
        crash();
    if (str_is(bytes, "loop"))
        for (volatile int i = 0;; i = !i)
            continue;
    if (str_is(bytes, "for ever"))
        return write_for_ever(uri, sink, err);
    if (str_is(bytes, "memory")) {
        eat_memory();
        return sx_fail_oom(err);
    }
    if (str_is(bytes, "exit"))
        _exit(0);
    if (str_is(bytes, "open"))
        return tell(uri, failed_as(open("/etc/passwd", O_RDONLY)), sink, err);
    if (str_is(bytes, "write"))
        return tell(uri, failed_as(open("/tmp/searchd-escaped", O_WRONLY | O_CREAT, 0600)), sink,
                    err);
    if (str_is(bytes, "socket"))
        return tell(uri, failed_as(socket(AF_INET, SOCK_STREAM, 0)), sink, err);
    if (str_is(bytes, "unlink"))
        unlink("/tmp/searchd-escaped");
    if (bytes.len > 4 && memcmp(bytes.ptr, "box:", 4) == 0) { /* a container of one PDF */
        const struct sx_doc doc = {.uri = str_of("file:///a!/b.pdf"),
                                   .body = str_make(bytes.ptr + 4, bytes.len - 4),
                                   .source = str_of("Box"),
                                   .extra = str_of("{\"parent\":\"file:///a\"}")};
        return sink->foreign(sink->ctx, &doc, 0, err);
    }
    if (str_is(bytes, "options"))
        return tell(uri, sink->options->keep_boilerplate ? "keep" : "drop", sink, err);
    if (str_is(bytes, "files")) {
        snprintf(count, sizeof(count), "%u", files);
        return tell(uri, count, sink, err);
    }
    return ingest_read(m, uri, bytes, sink, err);
}

/* ---- the bed ------------------------------------------------------------------------------- */

struct bed {
    struct sx_extract *x;
    struct extract_setup setup;
};

struct got {
    size_t docs, failed;
    char uri[256], title[256], body[8192], extra[1024], type[16], date[64];
    struct sx_error why; /* of the last line */
    sx_status answer;    /* of the sink */
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

static void start(struct bed *b)
{
    struct sx_error err;

    must(extract_start(&b->x, &b->setup, &err), &err);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    extract_defaults(&b->setup, NULL);
    b->setup.read = misbehave;
    b->setup.helpers = 2;
    b->setup.memory = 256 << 20;
    start(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    sx_extract_stop(b->x);
    free(b);
    return 0;
}

static void copy(char *to, size_t room, struct sx_str s)
{
    snprintf(to, room, "%.*s", (int)s.len, s.ptr == NULL ? "" : s.ptr);
}

static sx_status take(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct got *g = ctx;

    (void)line;
    g->docs++;
    copy(g->uri, sizeof(g->uri), doc->uri);
    copy(g->title, sizeof(g->title), doc->title);
    copy(g->body, sizeof(g->body), doc->body);
    copy(g->extra, sizeof(g->extra), doc->extra);
    copy(g->type, sizeof(g->type), doc->type);
    copy(g->date, sizeof(g->date), doc->date);
    return g->answer == SX_OK ? SX_OK : sx_fail(err, g->answer, "the sink says no");
}

static void take_line(void *ctx, size_t line, const struct sx_error *why)
{
    struct got *g = ctx;

    (void)line;
    g->failed++;
    g->why = *why;
}

static sx_status read_as(struct bed *b, enum media m, struct sx_str bytes, struct got *g,
                         struct sx_error *err)
{
    const struct ingest_sink sink = {.doc = take, .failed = take_line, .ctx = g};

    return extract_read(b->x, m, str_of("file:///a"), bytes, &sink, err);
}

static void fails(struct bed *b, const char *bytes, const char *with)
{
    struct got g = {0};
    struct sx_error err = {0};

    assert_int_equal(read_as(b, MEDIA_HTML, str_of(bytes), &g, &err), SX_EREQUEST);
    if (strstr(err.msg, with) == NULL)
        fail_msg("'%s' instead of '%s'", err.msg, with);
}

static void says(struct bed *b, const char *bytes, const char *what)
{
    struct got g = {0};
    struct sx_error err;

    must(read_as(b, MEDIA_HTML, str_of(bytes), &g, &err), &err);
    assert_int_equal(g.docs, 1);
    assert_string_equal(g.body, what);
}

static void still_well(struct bed *b)
{
    struct got g = {0};
    struct sx_error err;

    must(read_as(b, MEDIA_HTML, str_of("<title>A ferry</title><p>at dawn"), &g, &err), &err);
    assert_int_equal(g.docs, 1);
    assert_string_equal(g.title, "A ferry");
    assert_string_equal(g.body, "at dawn");
    assert_string_equal(g.type, "html");
    assert_string_equal(g.uri, "file:///a");
}

/* ---- what comes back ------------------------------------------------------------------------ */

static void a_document_comes_back_whole(void **state)
{
    still_well(*state);
}

static void markdown_too(void **state)
{
    struct got g = {0};
    struct sx_error err;

    must(read_as(*state, MEDIA_MARKDOWN, str_of("# Ferry\n\nat *dawn*\n"), &g, &err), &err);
    assert_string_equal(g.title, "Ferry");
    assert_string_equal(g.type, "markdown");
}

static void a_large_document_comes_back_whole(void **state)
{
    struct buf page = {0};
    struct got g = {0};
    struct sx_error err;

    buf_puts(&page, "<title>big</title>");
    while (page.len < (9u << 20))
        buf_puts(&page, "<p>The ferry sails at dawn, and nobody is on board.</p>\n");
    must(read_as(*state, MEDIA_HTML, buf_str(&page), &g, &err), &err);
    assert_string_equal(g.title, "big");
    assert_int_equal(g.docs, 1);
    buf_release(&page);
    still_well(*state);
}

static void text_and_json_lines_are_read_here(void **state)
{
    struct got g = {0};
    struct sx_error err;

    /* where "crash" is but a word */
    must(read_as(*state, MEDIA_TEXT, str_of("crash"), &g, &err), &err);
    assert_string_equal(g.body, "crash");
    must(read_as(*state, MEDIA_JSONL, str_of("{\"body\":\"one\"}\n{\n"), &g, &err), &err);
    assert_string_equal(g.body, "one");
    assert_int_equal(g.failed, 1);
}

static void without_a_pool_all_is_read_here(void **state)
{
    struct got g = {0};
    struct sx_error err;
    struct bed none = {0};

    (void)state;
    must(read_as(&none, MEDIA_HTML, str_of("<p>at dawn"), &g, &err), &err);
    assert_string_equal(g.body, "at dawn");
    assert_int_equal(read_as(&none, MEDIA_PDF, str_of("%PDF-1.4"), &g, &err), SX_EREQUEST);
}

static void what_a_reader_says_of_a_file_comes_back(void **state)
{
    struct got g = {0};
    struct sx_error err;
    const char bytes[] = "<p>\0\1\2\3\0\0\0\0\0\0";

    assert_int_equal(read_as(*state, MEDIA_HTML, str_make(bytes, sizeof(bytes) - 1), &g, &err),
                     SX_EREQUEST);
    assert_non_null(strstr(err.msg, "binary"));
    still_well(*state);
}

static void the_failure_of_the_sink_is_its_own(void **state)
{
    struct got g = {.answer = SX_EFULL};
    struct sx_error err;

    assert_int_equal(read_as(*state, MEDIA_HTML, str_of("<p>a"), &g, &err), SX_EFULL);
    assert_string_equal(err.msg, "the sink says no");
    still_well(*state);
}

static void take_item(void *ctx, struct sx_str uri, const struct sx_error *why)
{
    struct got *g = ctx;

    g->failed++;
    copy(g->uri, sizeof(g->uri), uri);
    g->why = *why;
}

/* The PDF of a container. */
static void read_box(struct bed *b, const char *name, struct got *g)
{
    const struct ingest_sink sink = {.doc = take, .item = take_item, .ctx = g};
    struct buf box = {0};
    struct sx_error err;
    char path[4096];

    buf_puts(&box, "box:");
    snprintf(path, sizeof(path), "%s/tests/unit/extract/pdf/%s", source_dir(), name);
    must(file_read(path, 1 << 20, &box, &err), &err);
    must(extract_read(b->x, MEDIA_HTML, str_of("file:///a"), buf_str(&box), &sink, &err), &err);
    buf_release(&box);
}

static void a_pdf_in_a_container_is_read(void **state)
{
    struct got g = {0}, bad = {0};

    read_box(*state, "two-pages.pdf", &g);
    assert_int_equal(g.docs, 1);
    assert_string_equal(g.uri, "file:///a!/b.pdf");
    assert_string_equal(g.title, "Ferry <timetable> & more");
    assert_string_equal(g.extra, "{\"parent\":\"file:///a\",\"page_bytes\":[0,35]}");
    read_box(*state, "scanned.pdf", &bad);
    assert_int_equal(bad.docs, 0);
    assert_int_equal(bad.failed, 1);
    assert_string_equal(bad.uri, "file:///a!/b.pdf");
    assert_non_null(strstr(bad.why.msg, "scanned"));
    still_well(*state);
}

static void options_arrive(void **state)
{
    const struct ingest_options options = {.keep_boilerplate = true};
    struct got g = {0};
    struct sx_error err;
    const struct ingest_sink sink = {.doc = take, .ctx = &g, .options = &options};
    struct bed *b = *state;

    says(b, "options", "drop");
    must(extract_read(b->x, MEDIA_HTML, str_of("u"), str_of("options"), &sink, &err), &err);
    assert_string_equal(g.body, "keep");
}

static void a_helper_reads_many_files(void **state)
{
    says(*state, "files", "1");
    says(*state, "files", "2");
    says(*state, "files", "3");
}

/* ---- what goes wrong ------------------------------------------------------------------------ */

static void a_crash_is_the_file_s_failure(void **state)
{
    fails(*state, "crash", "crashed (signal 11");
    still_well(*state);
    fails(*state, "exit", "gave up");
    still_well(*state);
}

static void a_loop_is_stopped(void **state)
{
    struct bed *b = *state;

    sx_extract_stop(b->x);
    b->setup.time_ms = 600;
    start(b);
    uint64_t began = clock_now_ns();
    fails(b, "loop", "longer than 600 ms");
    assert_true(clock_now_ns() - began >= b->setup.time_ms * UINT64_C(1000000));
    still_well(b);
}

static void who_writes_for_ever_is_stopped(void **state)
{
    struct bed *b = *state;

    sx_extract_stop(b->x);
    b->setup.out_bytes = 1 << 20;
    start(b);
    fails(b, "for ever", "too large");
    still_well(b);
}

static void who_eats_memory_is_stopped(void **state)
{
    struct bed *b = *state;

    if (SANDBOX_SANITIZED) {
        print_message("skipped: a sanitizer's memory has no limit\n");
        skip();
    }
    sx_extract_stop(b->x);
    start(b);
    fails(b, "memory", "more memory");
    still_well(b);
}

/* What another file did to a helper is no fault of the next. */
static void a_helper_that_died_is_replaced_unnoticed(void **state)
{
    struct got g = {0};
    struct sx_error err;

    still_well(*state);
    must(read_as(*state, MEDIA_HTML, str_of("crash later"), &g, &err), &err);
    assert_string_equal(g.body, "crash later");
}

static void a_reader_can_reach_nothing(void **state)
{
    struct bed *b = *state;

    if (sx_extract_lacks(b->x)[0] != '\0') {
        print_message("skipped: this kernel lacks %s\n", sx_extract_lacks(b->x));
        skip();
    }
    says(b, "open", "refused");
    says(b, "write", "refused");
    says(b, "socket", "refused");
    fails(b, "unlink", "may not do");
    assert_int_equal(access("/tmp/searchd-escaped", F_OK), -1);
    still_well(b);
}

/* Each allocation of ours fails in turn: the call fails for want of memory, or does without. */
static void memory_runs_out_here(void **state)
{
    bool fired = true;

    for (long n = 0; fired; n++) {
        struct got g = {0};
        struct sx_error err;
        mem_fail_after(n);
        sx_status rc = read_as(*state, MEDIA_HTML, str_of("<title>a</title><p>b"), &g, &err);
        fired = mem_failed() != 0;
        mem_fail_after(-1);
        assert_true(rc == SX_ENOMEM || (rc == SX_OK && g.docs == 1));
        assert_true(n < 1000);
    }
    still_well(*state);
}

/* ---- many at once ---------------------------------------------------------------------------- */

struct crowd {
    struct bed *b;
    unsigned wrong;
};

static void *read_a_lot(void *arg)
{
    static const char *const files[] = {"<p>one", "crash", "<p>two", "exit", "<p>three"};
    struct crowd *c = arg;

    for (unsigned i = 0; i < 60; i++) {
        struct got g = {0};
        struct sx_error err = {0};
        const char *file = files[i % 5];
        sx_status rc = read_as(c->b, MEDIA_HTML, str_of(file), &g, &err);
        bool page = file[0] == '<';
        if (page ? rc != SX_OK || strcmp(g.body, file + 3) != 0 : rc != SX_EREQUEST)
            c->wrong++;
    }
    return NULL;
}

static void many_threads_share_the_helpers(void **state)
{
    pthread_t threads[6];
    struct crowd crowds[6];

    for (int i = 0; i < 6; i++) {
        crowds[i] = (struct crowd){.b = *state};
        assert_int_equal(pthread_create(&threads[i], NULL, read_a_lot, &crowds[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(crowds[i].wrong, 0);
    }
}

#define with_pool(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_pool(a_document_comes_back_whole),
        with_pool(markdown_too),
        with_pool(a_large_document_comes_back_whole),
        with_pool(text_and_json_lines_are_read_here),
        cmocka_unit_test(without_a_pool_all_is_read_here),
        with_pool(what_a_reader_says_of_a_file_comes_back),
        with_pool(the_failure_of_the_sink_is_its_own),
        with_pool(a_pdf_in_a_container_is_read),
        with_pool(options_arrive),
        with_pool(a_helper_reads_many_files),
        with_pool(a_crash_is_the_file_s_failure),
        with_pool(a_loop_is_stopped),
        with_pool(who_writes_for_ever_is_stopped),
        with_pool(who_eats_memory_is_stopped),
        with_pool(a_helper_that_died_is_replaced_unnoticed),
        with_pool(a_reader_can_reach_nothing),
        with_pool(memory_runs_out_here),
        with_pool(many_threads_share_the_helpers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
