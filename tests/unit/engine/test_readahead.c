/* What reading ahead of the writer must not change: the order, what is read at all, what is told;
 * and what it is for: a slow file holds nobody, and little is held in memory. */
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/engine/index.h"
#include "index/engine/readahead.h"
#include "tests/ingest/pack.h"
#include "tests/support/bed.h"

static char order[64]; /* first letters of files, as they are told */

#define SLOW_MS 1500 /* a file that has "loop" in it */

static sx_status read_slowly(enum media m, struct sx_str uri, struct sx_str bytes,
                             const struct ingest_sink *sink, struct sx_error *err)
{
    if (memmem(bytes.ptr, bytes.len, "loop", 4) != NULL)
        for (volatile int i = 0;; i = !i)
            continue;
    return ingest_read(m, uri, bytes, sink, err);
}

static sx_status refuse(enum media m, struct sx_str uri, struct sx_str bytes,
                        const struct ingest_sink *sink, struct sx_error *err)
{
    (void)m;
    (void)uri;
    (void)bytes;
    (void)sink;
    return sx_fail(err, SX_EREQUEST, "was extracted");
}

/* Three lines, of which the index refuses the second. */
static sx_status read_bad_date(enum media m, struct sx_str uri, struct sx_str bytes,
                               const struct ingest_sink *sink, struct sx_error *err)
{
    static const char *const lines[][3] = {{"first", "ferry at dawn", ""},
                                           {"second", "ferry", "soon"},
                                           {"third", "ferry at noon", ""}};
    sx_status rc = SX_OK;

    (void)m;
    (void)uri;
    (void)bytes;
    for (size_t i = 0; i < 3 && rc == SX_OK; i++) {
        const struct sx_doc doc = {
            .uri = str_of(lines[i][0]), .body = str_of(lines[i][1]), .date = str_of(lines[i][2])};
        rc = sink->doc(sink->ctx, &doc, i + 1, err);
    }
    return rc;
}

/* The index, with another reader of files. */
static void reopen(struct bed *b, helper_reader read)
{
    struct extract_setup setup;
    struct sx_error err;

    close_bed(b);
    sx_extract_stop(b->extract);
    b->extract = NULL;
    extract_defaults(&setup, NULL);
    setup.read = read;
    setup.helpers = 2;
    if (read == read_slowly)
        setup.time_ms = SLOW_MS;
    if (read != NULL)
        must(extract_start(&b->extract, &setup, &err), &err);
    open_bed(b);
}

static void write_bytes(const struct bed *b, const char *name, struct sx_str bytes)
{
    FILE *f = fopen(path_of(b, name), "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
    fclose(f);
}

static void note(void *ctx, const struct sx_sync_event *ev)
{
    const char *name = strrchr(ev->path, '/') + 1;
    size_t len = strlen(order);

    (void)ctx;
    if (len + 1 < sizeof(order))
        order[len] = name[0];
}

static void begin(struct bed *b)
{
    struct sx_error err;

    memset(order, 0, sizeof(order));
    must(sx_sync_begin(b->ix, b->root, &err), &err);
}

static void finish(struct bed *b)
{
    struct sx_error err;
    bool more = true;

    while (more)
        must(sx_sync_step(b->ix, 20, &more, note, NULL, &err), &err);
    b->last = sx_sync_progress(b->ix);
    must(sx_index_check(b->ix, &err), &err);
}

static void sync_root(struct bed *b)
{
    begin(b);
    finish(b);
}

static uint64_t failures(struct bed *b)
{
    struct sx_failed_list *list;
    struct sx_error err;

    must(sx_reader_failed(b->r, 0, 10, &list, &err), &err);
    uint64_t total = list->total;
    sx_failed_list_free(list);
    return total;
}

/* ---- order, and what is read ------------------------------------------------------------------ */

static void files_are_written_in_the_order_of_the_list(void **state)
{
    struct bed *b = *state;
    char name[] = "b.html";

    reopen(b, read_slowly);
    write_file(b, "a.html", "<p>loop");
    for (name[0] = 'b'; name[0] <= 'z'; name[0]++)
        write_file(b, name, "<p>ferry");
    sync_root(b);
    assert_string_equal(order, "abcdefghijklmnopqrstuvwxyz");
    assert_int_equal(b->last.failed, 1);
    assert_int_equal(found(b, "ferry"), 25);
}

static void unchanged_and_moved_files_are_not_extracted(void **state)
{
    struct bed *b = *state;

    reopen(b, read_slowly);
    write_file(b, "a.html", "<p>ferry at dawn");
    write_file(b, "b.html", "<p>train at noon");
    sync_root(b);
    reopen(b, refuse);
    write_file(b, "a.html", "<p>ferry at dawn");
    assert_int_equal(rename(path_of(b, "b.html"), path_of(b, "c.html")), 0);
    sync_root(b);
    assert_int_equal(b->last.failed, 0);
    assert_int_equal(b->last.unchanged, 1);
    assert_int_equal(b->last.moved, 1);
    write_file(b, "d.html", "<p>and the refusal shows");
    sync_root(b);
    assert_int_equal(b->last.failed, 1);
}

/* Both may be the one that is gone; the first is. */
static void of_two_copies_of_a_file_that_is_gone_one_has_moved(void **state)
{
    struct bed *b = *state;

    reopen(b, read_slowly);
    write_file(b, "a.html", "<p>ferry at dawn");
    sync_root(b);
    assert_int_equal(rename(path_of(b, "a.html"), path_of(b, "b.html")), 0);
    write_file(b, "c.html", "<p>ferry at dawn");
    sync_root(b);
    assert_int_equal(b->last.moved, 1);
    assert_int_equal(b->last.added, 1);
    assert_int_equal(found(b, "ferry"), 2);
}

/* ---- much, and large ---------------------------------------------------------------------------- */

static void put_lines(struct buf *out, int from, int count)
{
    for (int i = from; i < from + count; i++)
        buf_printf(out, "{\"uri\":\"line-%d\",\"body\":\"ferry %d\",\"filler\":\"%0300d\"}\n", i, i,
                   i);
    assert_true(buf_ok(out));
}

/* More than is read ahead, and more documents than are held. */
static void a_large_file_comes_in_parts(void **state)
{
    struct bed *b = *state;
    struct buf lines = {0};

    reopen(b, NULL);
    put_lines(&lines, 0, 30000);
    assert_true(lines.len > 2 * READAHEAD_FILE_BYTES);
    write_file(b, "a.txt", "ferry before");
    write_bytes(b, "b.jsonl", buf_str(&lines));
    write_file(b, "c.txt", "ferry after");
    sync_root(b);
    assert_string_equal(order, "abc");
    assert_int_equal(b->last.docs, 30002);
    assert_int_equal(found(b, "ferry"), 30002);
    buf_release(&lines);
}

/* The parts of a large file are put in slices, between which others write; what was put of it when
 * it is given up is read again. */
static void a_large_file_is_put_in_slices(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    struct buf lines = {0};
    const struct sx_doc doc = {.uri = str_of("put"), .body = str_of("put meanwhile")};
    bool more = true;
    int slices = 0;

    reopen(b, NULL);
    put_lines(&lines, 0, 30000);
    write_bytes(b, "b.jsonl", buf_str(&lines));
    for (int times = 0; times < 2; times++) {
        begin(b);
        while (sx_sync_progress(b->ix).docs == 0)
            must(sx_sync_step(b->ix, 0, &more, note, NULL, &err), &err);
        assert_true(found(b, "ferry") > 0);
        assert_int_equal(order[0], '\0');
        must(sx_index_put(b->ix, &doc, 1, NULL, &err), &err);
        must(sx_index_commit(b->ix, &err), &err);
    }
    for (; more; slices++)
        must(sx_sync_step(b->ix, 0, &more, note, NULL, &err), &err);
    assert_true(slices > 5);
    assert_int_equal(found(b, "ferry"), 30000);
    assert_int_equal(sx_sync_progress(b->ix).docs, 30000);
    assert_string_equal(order, "b");
    begin(b);
    while (!sx_sync_progress(b->ix).listed)
        must(sx_sync_step(b->ix, 0, &more, note, NULL, &err), &err);
    finish(b);
    assert_int_equal(b->last.unchanged, 1);
    buf_release(&lines);
}

/* Small as files, large when read: begun beside others, and given up until their turn. */
static void a_file_that_turns_out_large_comes_in_parts(void **state)
{
    struct bed *b = *state;
    struct buf lines = {0};
    struct pack p;
    char name[] = "a.zip";

    reopen(b, ingest_read);
    for (int i = 0; i < 3; i++) {
        buf_clear(&lines);
        put_lines(&lines, i * 30000, 30000);
        pack_begin(&p, PACK_ZIP, NULL);
        pack_add(&p, "lines.jsonl", buf_str(&lines));
        pack_end(&p);
        assert_true(p.bytes.len < READAHEAD_FILE_BYTES);
        name[0] = (char)('a' + i);
        write_bytes(b, name, buf_str(&p.bytes));
        buf_release(&p.bytes);
    }
    sync_root(b);
    assert_string_equal(order, "abc");
    assert_int_equal(b->last.docs, 90000);
    assert_int_equal(b->last.failed, 0);
    buf_release(&lines);
}

static void put_record(FILE *f, const char *type, const char *head, const char *body, size_t filler)
{
    fprintf(f,
            "WARC/1.0\r\nWARC-Type: %s\r\nContent-Type: application/http\r\n"
            "Content-Length: %zu\r\n\r\n%s%s",
            type, strlen(head) + strlen(body) + filler, head, body);
    for (; filler > 0; filler--)
        fputc('x', f);
    fputs("\r\n\r\n", f);
}

/* More than a reader may hold, by a descriptor. */
static void a_long_file_is_not_held_in_memory(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
    struct bed *b = *state;
    struct sx_failed_list *list;
    struct sx_error err;

    reopen(b, NULL);
    FILE *f = fopen(path_of(b, "a.warc"), "w");
    assert_non_null(f);
    put_record(f, "response", head, "<p>ferry at the beginning", 0);
    for (int i = 0; i < 9; i++)
        put_record(f, "request", "GET / HTTP/1.1\r\n\r\n", "", 8 << 20);
    put_record(f, "response", head, "<p>ferry at the end", 0);
    fclose(f);
    sync_root(b); /* in this process it would be held */
    must(sx_reader_failed(b->r, 0, 10, &list, &err), &err);
    assert_int_equal(list->count, 1);
    assert_non_null(memmem(list->items[0].reason.ptr, list->items[0].reason.len, "larger", 6));
    sx_failed_list_free(list);
    reopen(b, ingest_read);
    sync_root(b);
    assert_int_equal(b->last.failed, 0);
    assert_int_equal(found(b, "ferry"), 2);
    sync_root(b);
    assert_int_equal(b->last.unchanged, 1);
}

/* A file that fails in every line, and one beside it: what is told is kept, the rest is counted. */
static void failures_of_a_file_are_held_in_little_memory(void **state)
{
    struct bed *b = *state;
    struct readahead *a;
    struct readahead_file *f = NULL;
    struct file_row none = {0};
    struct finds part;
    struct buf lines = {0};
    struct sx_error err;
    size_t kept = 0;

    reopen(b, ingest_read);
    for (int i = 0; i < 20000; i++)
        buf_puts(&lines, "x\n");
    write_bytes(b, "a.jsonl", buf_str(&lines));
    write_file(b, "b.html", "<p>ferry");
    must(readahead_open(&a, b->extract, false, &err), &err);
    must(readahead_give(a, path_of(b, "a.jsonl"), lines.len, &none, &err), &err);
    while (f == NULL) {
        readahead_wait(a, clock_now_ns() + 1000000000u, &f);
        if (f == NULL && readahead_asks(a) != NULL)
            readahead_answer(a, readahead_asks(a), false);
    }
    while (readahead_take(a, f, &part) && kept <= 20000) {
        assert_true(finds_memory(&part) < 1 << 20);
        for (const struct find *one = part.first; one != NULL; one = one->next)
            kept++;
        finds_release(&part);
    }
    assert_int_equal(kept, FINDS_FAILED_MAX);
    assert_int_equal(f->untold, 20000 - FINDS_FAILED_MAX);
    readahead_drop(a);
    readahead_close(a);
    sync_root(b);
    assert_int_equal(b->last.failed, 1);
    assert_int_equal(failures(b), FINDS_FAILED_MAX + 1);
    assert_int_equal(found(b, "ferry"), 1);
    buf_release(&lines);
}

/* ---- prepared ---------------------------------------------------------------------------------- */

static void documents_are_prepared_before_the_writer_has_them(void **state)
{
    struct bed *b = *state;
    struct buf lines = {0};

    reopen(b, ingest_read);
    write_file(b, "a.html", "<p>ferry");
    put_lines(&lines, 0, 30000); /* in parts */
    write_bytes(b, "b.jsonl", buf_str(&lines));
    sync_root(b);
    assert_int_equal(found(b, "ferry"), 30001);
    assert_null(b->ix->one.docs); /* the writer has prepared none */
    buf_release(&lines);
}

/* The thread leaves them to the writer, which tells of them; those around them are prepared. */
static void documents_that_are_not_valid_are_told_by_the_writer(void **state)
{
    struct bed *b = *state;
    struct sx_failed_list *list;
    struct sx_error err;

    reopen(b, read_bad_date);
    write_file(b, "a.html", "<p>ferry");
    sync_root(b);
    assert_int_equal(found(b, "dawn"), 1);
    assert_int_equal(found(b, "noon"), 1);
    assert_int_equal(found(b, "ferry"), 2);
    assert_null(b->ix->one.docs);
    must(sx_reader_failed(b->r, 0, 10, &list, &err), &err);
    assert_int_equal(list->count, 1);
    assert_true(str_eq(list->items[0].reason,
                       str_of("'soon' is no date: expected ISO 8601 such as 2025-08-15")));
    sx_failed_list_free(list);
}

/* ---- in between -------------------------------------------------------------------------------- */

static void a_slow_file_does_not_hold_the_writer(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    bool more = true;
    uint64_t began = clock_now_ns();
    const struct sx_doc doc = {.uri = str_of("put"), .body = str_of("put meanwhile")};

    reopen(b, read_slowly);
    write_file(b, "a.html", "<p>loop");
    begin(b);
    for (int i = 0; i < 5; i++)
        must(sx_sync_step(b->ix, 20, &more, note, NULL, &err), &err);
    assert_true(more);
    assert_int_equal(sx_sync_progress(b->ix).pending, 1);
    must(sx_index_put(b->ix, &doc, 1, NULL, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
    assert_int_equal(found(b, "meanwhile"), 1);
    assert_true(clock_now_ns() - began < SLOW_MS * (uint64_t)1000000);
    finish(b);
    assert_int_equal(b->last.failed, 1);
}

static void what_is_read_in_vain_is_left(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    char name[32];
    bool more = true;

    reopen(b, read_slowly);
    write_file(b, "00.html", "<p>loop");
    for (int i = 1; i < 90; i++) {
        snprintf(name, sizeof(name), "%02d.html", i);
        write_file(b, name, "<p>ferry");
    }
    begin(b);
    must(sx_sync_step(b->ix, 5, &more, note, NULL, &err), &err);
    assert_true(more);
    assert_int_equal(unlink(path_of(b, "00.html")), 0);
    sync_root(b); /* anew */
    assert_int_equal(b->last.added, 89);
    assert_int_equal(found(b, "ferry"), 89);
    write_file(b, "zz.html", "<p>loop");
    begin(b);
    must(sx_sync_step(b->ix, 5, &more, note, NULL, &err), &err);
    assert_true(more); /* and is closed */
}

/* Who ends, or has other files, does not wait as long as a file may take. */
static void readers_of_files_that_are_dropped_are_ended(void **state)
{
    struct bed *b = *state;
    struct extract_setup setup;
    struct readahead *a;
    struct readahead_file *f = NULL;
    struct file_row none = {0};
    struct sx_error err;

    extract_defaults(&setup, NULL);
    setup.read = read_slowly;
    setup.time_ms = 60000;
    must(extract_start(&b->extract, &setup, &err), &err);
    write_file(b, "a.html", "<p>loop");
    must(readahead_open(&a, b->extract, false, &err), &err);
    must(readahead_give(a, path_of(b, "a.html"), 7, &none, &err), &err);
    while ((f = readahead_asks(a)) == NULL)
        readahead_wait(a, clock_now_ns() + 1000000000u, &f);
    readahead_answer(a, f, false);
    readahead_wait(a, clock_now_ns() + 200000000u, &f);
    assert_null(f); /* it is being read */
    uint64_t began = clock_now_ns();
    readahead_close(a);
    assert_true(clock_now_ns() - began < 30000000000u);
}

static void a_file_that_goes_after_it_was_listed_is_passed_over(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    bool more = true;

    reopen(b, NULL);
    write_file(b, "a.txt", "ferry");
    write_file(b, "b.txt", "ferry");
    begin(b);
    while (!sx_sync_progress(b->ix).listed)
        must(sx_sync_step(b->ix, 0, &more, note, NULL, &err), &err);
    assert_int_equal(unlink(path_of(b, "b.txt")), 0);
    finish(b);
    assert_int_equal(b->last.failed, 0);
    assert_int_equal(found(b, "ferry"), 1);
}

/* Wherever memory runs out, in a thread that reads or the writer's, nothing is missed by the next
 * sync, and no file is told as failed for it. */
static void memory_runs_out_while_files_are_read(void **state)
{
    struct bed *b = *state;
    char text[256];
    bool fired = true;
    unsigned told = 0;

    reopen(b, NULL);
    for (long n = 0; fired; n++) {
        struct sx_error err;
        bool more = true;
        snprintf(text, sizeof(text), "<title>A page</title><p>ferry, time %ld", n);
        write_file(b, "a.html", text);
        snprintf(text, sizeof(text), "{\"body\":\"ferry %ld\"}\n{\"uri\":\"\"}\n", n);
        write_file(b, "b.jsonl", text);
        mem_fail_anywhere_after(n);
        sx_status rc = sx_sync_begin(b->ix, b->root, &err);
        while (rc == SX_OK && more)
            rc = sx_sync_step(b->ix, 20, &more, NULL, NULL, &err);
        fired = mem_failed() != 0;
        mem_fail_after(-1);
        assert_true(rc == SX_OK || (rc == SX_ENOMEM && fired));
        told += rc == SX_ENOMEM;
        sync_root(b);
        assert_int_equal(found(b, "ferry"), 2);
        snprintf(text, sizeof(text), "%ld", n);
        assert_int_equal(found(b, text), 2);
        assert_int_equal(failures(b), 1); /* of the line that has no uri */
    }
    assert_in_range(told, 20, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_written_in_the_order_of_the_list, set_up_closed,
                                        tear_down),
        cmocka_unit_test_setup_teardown(unchanged_and_moved_files_are_not_extracted, set_up_closed,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_two_copies_of_a_file_that_is_gone_one_has_moved,
                                        set_up_closed, tear_down),
        cmocka_unit_test_setup_teardown(a_large_file_comes_in_parts, set_up_closed, tear_down),
        cmocka_unit_test_setup_teardown(a_large_file_is_put_in_slices, set_up_closed, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_turns_out_large_comes_in_parts, set_up_closed,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_long_file_is_not_held_in_memory, set_up_closed,
                                        tear_down),
        cmocka_unit_test_setup_teardown(failures_of_a_file_are_held_in_little_memory, set_up_closed,
                                        tear_down),
        cmocka_unit_test_setup_teardown(documents_are_prepared_before_the_writer_has_them,
                                        set_up_closed, tear_down),
        cmocka_unit_test_setup_teardown(documents_that_are_not_valid_are_told_by_the_writer,
                                        set_up_closed, tear_down),
        cmocka_unit_test_setup_teardown(memory_runs_out_while_files_are_read, set_up_closed,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_slow_file_does_not_hold_the_writer, set_up_closed,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_read_in_vain_is_left, set_up_closed, tear_down),
        cmocka_unit_test_setup_teardown(readers_of_files_that_are_dropped_are_ended, set_up_closed,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_goes_after_it_was_listed_is_passed_over,
                                        set_up_closed, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
