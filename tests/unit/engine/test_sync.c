/* A folder and the index in line: what is added, changed, renamed, removed, or cannot be read. */
#include <searchd/index.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/ingest/walk.h"
#include "tests/support/bed.h"

static size_t events, failed_events;

static void note(void *ctx, const struct sx_sync_event *ev)
{
    (void)ctx;
    assert_non_null(ev->path);
    assert_true((ev->stage == NULL) == (ev->reason == NULL));
    events++;
    failed_events += ev->stage != NULL;
}

/* In slices as small as can be. */
static void sync_root(struct bed *b, const char *root)
{
    struct sx_error err;
    bool more = true;

    events = 0;
    failed_events = 0;
    must(sx_sync_begin(b->ix, root, &err), &err);
    for (int i = 0; more; i++) {
        assert_true(i < 10000);
        must(sx_sync_step(b->ix, 0, &more, note, NULL, &err), &err);
    }
    b->last = sx_sync_progress(b->ix);
    assert_int_equal(b->last.pending, 0);
    must(sx_index_check(b->ix, &err), &err);
}

static void assert_progress(struct bed *b, uint64_t added, uint64_t updated, uint64_t unchanged,
                            uint64_t removed, uint64_t failed)
{
    assert_int_equal(b->last.added, added);
    assert_int_equal(b->last.updated, updated);
    assert_int_equal(b->last.unchanged, unchanged);
    assert_int_equal(b->last.removed, removed);
    assert_int_equal(b->last.failed, failed);
}

/* Waits until a file's time says whether it changes again. */
static void let_settle(struct bed *b, const char *name)
{
    struct walk_file f;

    do
        assert_int_equal(walk_look(path_of(b, name), &f), WALK_FILE);
    while (clock_wall_ns() - f.changed_ns < 100000000);
}

/* The number of failures; the first one's ending and stage, when there is one. */
static uint64_t failures(struct bed *b, const char *uri_end, const char *stage)
{
    struct sx_failed_list *list;
    struct sx_error err;

    must(sx_reader_failed(b->r, 0, 10, &list, &err), &err);
    uint64_t total = list->total;
    assert_int_equal(list->count, total);
    if (total > 0 && uri_end != NULL) {
        struct sx_str uri = list->items[0].uri;
        size_t len = strlen(uri_end);
        if (uri.len < len || memcmp(uri.ptr + uri.len - len, uri_end, len) != 0)
            fail_msg("%.*s", (int)uri.len, uri.ptr);
        assert_true(str_is(list->items[0].stage, stage));
        assert_true(list->items[0].reason.len > 0 && list->items[0].at > 0);
    }
    sx_failed_list_free(list);
    return total;
}

/* ---- what changes in a folder ------------------------------------------------------------- */

static void files_come_change_and_go(void **state)
{
    struct bed *b = *state;

    write_file(b, "a.txt", "ferry at dawn");
    write_file(b, "b b.md", "# Train\n\nat noon\n");
    assert_int_equal(mkdir(path_of(b, "sub"), 0700), 0);
    write_file(b, "sub/c.html", "<title>Bus</title><p>at night</p>");
    let_settle(b, "sub/c.html");
    sync_root(b, b->root);
    assert_progress(b, 3, 0, 0, 0, 0);
    assert_int_equal(b->last.docs, 3);
    assert_int_equal(events, 3);
    assert_int_equal(found(b, "at type:html"), 1);
    sync_root(b, b->root);
    assert_progress(b, 0, 0, 3, 0, 0);
    assert_int_equal(events, 0);
    write_file(b, "a.txt", "canoe at dawn");
    assert_int_equal(unlink(path_of(b, "sub/c.html")), 0);
    sync_root(b, b->root);
    assert_progress(b, 0, 1, 1, 1, 0);
    assert_int_equal(found(b, "ferry"), 0);
    assert_int_equal(found(b, "canoe"), 1);
    assert_int_equal(found(b, "night"), 0);
    assert_int_equal(found(b, "at"), 2);
}

static void a_touched_file_is_not_put_again(void **state)
{
    struct bed *b = *state;
    struct sx_results *res;
    struct sx_error err;
    struct sx_search s = {.query = str_of("ferry"), .limit = 1};

    write_file(b, "a.txt", "ferry");
    sync_root(b, b->root);
    write_file(b, "a.txt", "ferry");
    sync_root(b, b->root);
    assert_progress(b, 0, 0, 1, 0, 0);
    assert_int_equal(b->last.docs, 0);
    sync_root(b, b->root);
    assert_progress(b, 0, 0, 1, 0, 0);
    must(sx_reader_search(b->r, &s, &res, &err), &err);
    assert_int_equal(res->coverage.docs, 1);
    assert_int_equal(res->coverage.failed, 0);
    assert_int_equal(res->coverage.pending, 0);
    assert_memory_equal(res->hits[0].uri.ptr, "file:///", 8);
    sx_results_free(res);
}

static void a_renamed_file_moves(void **state)
{
    struct bed *b = *state;
    struct sx_stored *got;
    struct sx_error err;
    char from[4096], uri[4200];

    write_file(b, "a.txt", "ferry");
    sync_root(b, b->root);
    snprintf(from, sizeof(from), "%s", path_of(b, "a.txt"));
    assert_int_equal(rename(from, path_of(b, "z.txt")), 0);
    sync_root(b, b->root);
    assert_progress(b, 0, 0, 0, 0, 0);
    assert_int_equal(b->last.moved, 1);
    assert_int_equal(b->last.docs, 0); /* not put again */
    assert_int_equal(found(b, "ferry"), 1);
    snprintf(uri, sizeof(uri), "file://%s", path_of(b, "z.txt"));
    must(sx_reader_get_uri(b->r, str_of(uri), &got, &err), &err);
    sx_stored_free(got);
    snprintf(uri, sizeof(uri), "file://%s", from);
    assert_int_equal(sx_reader_get_uri(b->r, str_of(uri), &got, &err), SX_ENOTFOUND);
}

static void only_what_lies_below_the_root_is_swept(void **state)
{
    struct bed *b = *state;
    char one[4096], two[4096];
    struct sx_doc d = {.uri = str_of("file:///elsewhere"), .body = str_of("ferry")};
    struct sx_error err;

    snprintf(one, sizeof(one), "%s", path_of(b, "one"));
    snprintf(two, sizeof(two), "%s", path_of(b, "one-more"));
    assert_int_equal(mkdir(one, 0700) + mkdir(two, 0700), 0);
    write_file(b, "one/a.txt", "ferry");
    write_file(b, "one-more/a.txt", "ferry");
    sync_root(b, one);
    sync_root(b, two);
    must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
    assert_int_equal(found(b, "ferry"), 3);
    assert_int_equal(unlink(path_of(b, "one/a.txt")), 0);
    sync_root(b, one);
    assert_progress(b, 0, 0, 0, 1, 0);
    assert_int_equal(found(b, "ferry"), 2);
}

static void many_files_are_swept_in_pages(void **state)
{
    struct bed *b = *state;
    char name[32];

    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof(name), "%d.txt", i);
        write_file(b, name, "ferry");
    }
    sync_root(b, b->root);
    assert_int_equal(found(b, "ferry"), 600);
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof(name), "%d.txt", i);
        if (i % 100 != 0)
            assert_int_equal(unlink(path_of(b, name)), 0);
    }
    sync_root(b, b->root);
    assert_progress(b, 0, 0, 6, 594, 0);
    assert_int_equal(found(b, "ferry"), 6);
}

/* ---- what cannot be read ------------------------------------------------------------------- */

static void a_root_that_is_not_there_is_an_error(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    bool more = true;

    write_file(b, "a.txt", "ferry");
    assert_int_equal(sx_sync_begin(b->ix, path_of(b, "none"), &err), SX_ENOTFOUND);
    must(sx_sync_step(b->ix, 0, &more, NULL, NULL, &err), &err);
    assert_false(more);
    assert_int_equal(failures(b, "none", "read"), 1); /* for who asks over the socket */
    assert_int_equal(mkdir(path_of(b, "none"), 0700), 0);
    sync_root(b, path_of(b, "none"));
    assert_int_equal(failures(b, NULL, NULL), 0);
}

static uint64_t generation(struct bed *b)
{
    return stats_of(b).generation;
}

static void a_folder_at_rest_costs_no_commit(void **state)
{
    struct bed *b = *state;

    write_file(b, "a.txt", "ferry");
    assert_int_equal(mkfifo(path_of(b, "pipe"), 0600), 0);
    assert_int_equal(symlink("a.txt", path_of(b, "link")), 0);
    let_settle(b, "a.txt");
    sync_root(b, b->root);
    uint64_t before = generation(b);
    sync_root(b, b->root);
    assert_int_equal(b->last.unchanged, 1);
    assert_int_equal(generation(b), before);
    assert_int_equal(failures(b, "link", "read"), 2);
}

static void the_first_file_keeps_a_uri_until_it_goes(void **state)
{
    struct bed *b = *state;

    write_file(b, "a.jsonl", "{\"uri\":\"u\",\"body\":\"alpha\"}\n");
    sync_root(b, b->root);
    write_file(b, "b.jsonl",
               "{\"uri\":\"u\",\"body\":\"beta\"}\n{\"uri\":\"v\",\"body\":\"beta\"}\n");
    sync_root(b, b->root);
    assert_int_equal(found(b, "alpha"), 1);
    assert_int_equal(found(b, "beta"), 1);
    assert_int_equal(failures(b, "b.jsonl#1", "put"), 1);
    assert_int_equal(unlink(path_of(b, "b.jsonl")), 0);
    sync_root(b, b->root);
    assert_int_equal(found(b, "alpha"), 1);
    assert_int_equal(failures(b, NULL, NULL), 0);
    write_file(b, "b.jsonl", "{\"uri\":\"u\",\"body\":\"beta\"}\n");
    sync_root(b, b->root);
    assert_int_equal(unlink(path_of(b, "a.jsonl")), 0);
    sync_root(b, b->root); /* one sync is enough: what was kept out comes in */
    assert_int_equal(found(b, "alpha"), 0);
    assert_int_equal(found(b, "beta"), 1);
    assert_int_equal(failures(b, NULL, NULL), 0);
}

/* A file may come from anyone, in a mail, say. */
static void a_file_takes_no_document_that_was_put(void **state)
{
    struct bed *b = *state;
    struct sx_doc d = {.uri = str_of("note:1"), .body = str_of("harbour")};
    struct sx_error err;

    must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
    write_file(b, "a.jsonl",
               "{\"uri\":\"note:1\",\"body\":\"ferry\"}\n{\"uri\":\"note:2\",\"body\":\"ferry\"}\n"
               "{\"uri\":\"file:///etc/motd\",\"body\":\"ferry\"}\n");
    sync_root(b, b->root);
    assert_int_equal(found(b, "harbour"), 1);
    assert_int_equal(found(b, "ferry"), 1);
    assert_int_equal(failures(b, "a.jsonl#1", "put"), 2);
    assert_int_equal(unlink(path_of(b, "a.jsonl")), 0);
    sync_root(b, b->root);
    assert_int_equal(found(b, "harbour"), 1);
    assert_int_equal(failures(b, NULL, NULL), 0);
}

static void a_reason_is_text_whatever_a_file_is_called(void **state)
{
    struct bed *b = *state;
    struct sx_failed_list *list;
    struct sx_error err;

    write_file(b, "n\xff.jsonl", "{\"uri\":\"u\",\"body\":\"ferry\"}\n");
    sync_root(b, b->root);
    write_file(b, "second.jsonl", "{\"uri\":\"u\",\"body\":\"ferry\"}\n");
    sync_root(b, b->root); /* the reason names the first */
    must(sx_reader_failed(b->r, 0, 10, &list, &err), &err);
    assert_int_equal(list->count, 1);
    assert_int_equal(utf8_check(list->items[0].reason.ptr, list->items[0].reason.len),
                     list->items[0].reason.len);
    sx_failed_list_free(list);
}

static void bad_lines_fail_alone(void **state)
{
    struct bed *b = *state;

    write_file(b, "d.jsonl",
               "{\"uri\":\"u:1\",\"body\":\"ferry one\"}\n"
               "{\"uri\":\"u:2\",\"body\":\n"
               "{\"uri\":\"u:3\",\"body\":\"ferry three\",\"date\":\"2025-02-30\"}\n"
               "{\"body\":\"ferry four\"}\n");
    sync_root(b, b->root);
    assert_int_equal(b->last.docs, 2);
    assert_progress(b, 1, 0, 0, 0, 1);
    assert_int_equal(failed_events, 2);
    assert_int_equal(found(b, "ferry"), 2);
    assert_int_equal(failures(b, "d.jsonl#2", "parse"), 2);
    sync_root(b, b->root); /* an unchanged file keeps its failures */
    assert_int_equal(failures(b, "d.jsonl#2", "parse"), 2);
    write_file(b, "d.jsonl", "{\"uri\":\"u:2\",\"body\":\"ferry two\"}\n");
    sync_root(b, b->root);
    assert_progress(b, 0, 1, 0, 0, 0);
    assert_int_equal(failures(b, NULL, NULL), 0);
    assert_int_equal(found(b, "ferry"), 1);
    write_file(b, "d.jsonl", "nothing\n");
    sync_root(b, b->root);
    assert_int_equal(failures(b, "d.jsonl#1", "parse"), 1);
    assert_int_equal(unlink(path_of(b, "d.jsonl")), 0);
    sync_root(b, b->root);
    assert_int_equal(failures(b, NULL, NULL), 0);
    assert_int_equal(found(b, "ferry"), 0);
}

/* A mailbox is a file of many documents; they go with it, and a bad one goes alone. */
static void items_of_a_file_come_fail_and_go_with_it(void **state)
{
    struct bed *b = *state;

    write_file(b, "m.mbox",
               "From a@b.example Fri Aug 15 10:00:00 2025\nSubject: one\n\nferry one\n\n"
               "From a@b.example Fri Aug 15 10:00:00 2025\n\n"
               "From a@b.example Fri Aug 15 10:00:00 2025\nSubject: two\nContent-Type: "
               "multipart/mixed; boundary=b\n\n--b\n\nferry two\n--b\nContent-Type: text/plain; "
               "name=n.txt\n\nferry three\n--b--\n");
    sync_root(b, b->root);
    assert_int_equal(b->last.docs, 3);
    assert_int_equal(found(b, "ferry"), 3);
    assert_progress(b, 1, 0, 0, 0, 1);
    assert_int_equal(failures(b, "m.mbox#message/2", "parse"), 1);
    assert_int_equal(unlink(path_of(b, "m.mbox")), 0);
    sync_root(b, b->root);
    assert_int_equal(failures(b, NULL, NULL), 0);
    assert_int_equal(found(b, "ferry"), 0);
}

static void so_many_bad_lines_are_told_and_no_more(void **state)
{
    struct bed *b = *state;
    FILE *f = fopen(path_of(b, "d.jsonl"), "w");

    assert_non_null(f);
    for (int i = 0; i < 5000; i++)
        fputs("x\n", f);
    fputs("{\"uri\":\"u:1\",\"body\":\"ferry\"}\n", f);
    fclose(f);
    sync_root(b, b->root);
    assert_int_equal(found(b, "ferry"), 1);
    assert_int_equal(failed_events, 1001);
}

/* A folder that becomes a link between the listing and the reading leads nowhere. */
static void a_link_in_place_of_a_folder_is_not_followed(void **state)
{
    struct bed *b = *state;
    char sub[4096], away[4096], secret[4200];
    struct sx_error err;
    bool more = true;

    snprintf(sub, sizeof(sub), "%s", path_of(b, "sub"));
    snprintf(away, sizeof(away), "%s/outside", b->dir);
    snprintf(secret, sizeof(secret), "%s/a.txt", away);
    assert_int_equal(mkdir(sub, 0700) + mkdir(away, 0700), 0);
    write_file(b, "sub/a.txt", "ferry");
    FILE *f = fopen(secret, "w");
    assert_non_null(f);
    fputs("secret ferry", f);
    fclose(f);
    must(sx_sync_begin(b->ix, b->root, &err), &err);
    must(sx_sync_step(b->ix, 0, &more, note, NULL, &err), &err); /* lists the file */
    assert_int_equal(sx_sync_progress(b->ix).pending, 1);
    assert_int_equal(unlink(path_of(b, "sub/a.txt")) + rmdir(sub) + symlink(away, sub), 0);
    while (more)
        must(sx_sync_step(b->ix, 0, &more, note, NULL, &err), &err);
    assert_int_equal(found(b, "secret"), 0);
    assert_int_equal(unlink(sub), 0);
}

static void a_file_of_no_known_kind_fails(void **state)
{
    struct bed *b = *state;
    FILE *f;

    f = fopen(path_of(b, "x.bin"), "wb");
    assert_non_null(f);
    for (int i = 0; i < 600; i++)
        fputc(i % 256, f);
    fclose(f);
    sync_root(b, b->root);
    assert_int_equal(b->last.failed, 1);
    assert_int_equal(failed_events, 1);
    assert_int_equal(failures(b, "x.bin", "parse"), 1);
    assert_int_equal(unlink(path_of(b, "x.bin")), 0);
    sync_root(b, b->root);
    assert_int_equal(failures(b, NULL, NULL), 0);
}

/* While a pipe stands in the place of a file nothing blocks and what was known stays; once the
 * file is back, the same to the nanosecond, its failure is forgotten. */
static void a_file_that_was_kept_from_us_comes_back(void **state)
{
    struct bed *b = *state;
    char away[4096], path[4096];

    write_file(b, "a.txt", "ferry");
    snprintf(path, sizeof(path), "%s", path_of(b, "a.txt"));
    snprintf(away, sizeof(away), "%s/away", b->dir);
    sync_root(b, b->root);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    sync_root(b, b->root);
    assert_int_equal(b->last.failed, 1);
    assert_int_equal(failures(b, "a.txt", "read"), 1);
    assert_int_equal(found(b, "ferry"), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(away, path), 0);
    sync_root(b, b->root);
    assert_int_equal(failures(b, NULL, NULL), 0);
    assert_int_equal(found(b, "ferry"), 1);
}

/* Root may list every folder and read every file: as root, the test is somebody else. */
static int set_up_as_somebody(void **state)
{
    if (getuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    return set_up(state);
}

static int tear_down_as_somebody(void **state)
{
    int rc = tear_down(state);

    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    return rc;
}

/* A folder that cannot be listed loses nothing. */
static void a_folder_kept_from_us_is_not_swept(void **state)
{
    struct bed *b = *state;

    assert_int_equal(mkdir(path_of(b, "sub"), 0700), 0);
    write_file(b, "sub/a.txt", "ferry");
    sync_root(b, b->root);
    assert_int_equal(chmod(path_of(b, "sub"), 0), 0);
    sync_root(b, b->root);
    assert_int_equal(failures(b, "sub", "read"), 1);
    assert_int_equal(found(b, "ferry"), 1);
    assert_int_equal(chmod(path_of(b, "sub"), 0700), 0);
    sync_root(b, b->root);
    assert_int_equal(failures(b, NULL, NULL), 0);
    assert_int_equal(found(b, "ferry"), 1);
}

/* A file that changed and may not be read keeps what was known of it. */
static void a_file_without_permission_is_read_later(void **state)
{
    struct bed *b = *state;

    write_file(b, "a.txt", "ferry");
    sync_root(b, b->root);
    write_file(b, "a.txt", "train");
    assert_int_equal(chmod(path_of(b, "a.txt"), 0), 0);
    sync_root(b, b->root);
    assert_int_equal(failures(b, "a.txt", "read"), 1);
    assert_int_equal(found(b, "ferry"), 1);
    assert_int_equal(chmod(path_of(b, "a.txt"), 0600), 0);
    sync_root(b, b->root);
    assert_int_equal(failures(b, NULL, NULL), 0);
    assert_int_equal(found(b, "ferry"), 0);
    assert_int_equal(found(b, "train"), 1);
}

/* ---- cut short ------------------------------------------------------------------------------- */

/* A sync that was never finished is done by the next one. */
static void an_interrupted_sync_goes_on(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    char name[32];
    uint64_t there = 0;
    bool more = true;

    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "%d.txt", i);
        write_file(b, name, "ferry");
    }
    must(sx_sync_begin(b->ix, b->root, &err), &err);
    while (more && there == 0) { /* how many steps that takes depends on those who read ahead */
        must(sx_sync_step(b->ix, 0, &more, NULL, NULL, &err), &err);
        there = found(b, "ferry");
    }
    assert_true(more);
    assert_in_range(there, 1, 19);
    assert_int_equal(sx_sync_progress(b->ix).pending, 20 - there);
    sx_reader_close(b->r);
    sx_index_close(b->ix);
    must(sx_index_open(&b->ix, b->dir, NULL, &err), &err);
    must(sx_reader_open(&b->r, b->ix, &err), &err);
    sync_root(b, b->root);
    assert_progress(b, 20 - there, 0, there, 0, 0);
    assert_int_equal(found(b, "ferry"), 20);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define as_somebody(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, set_up_as_somebody, tear_down_as_somebody)

/* The last stands, and the others are told where they are missed. */
static void items_of_one_uri_in_a_file_are_told(void **state)
{
    struct bed *b = *state;
    struct sx_doc put = {.body = str_of("put")};
    struct sx_error err;
    char uri[4200];

    /* A document that was put by the uri of a line is no line. */
    snprintf(uri, sizeof(uri), "file://%s#3", path_of(b, "a.jsonl"));
    put.uri = str_of(uri);
    must(sx_index_put(b->ix, &put, 1, NULL, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
    write_file(b, "a.jsonl",
               "{\"uri\":\"x\",\"body\":\"first\"}\n{\"uri\":\"x\",\"body\":\"second\"}\n"
               "{\"body\":\"third\"}\n");
    for (int i = 0; i < 2; i++) {
        sync_root(b, b->root);
        assert_int_equal(found(b, "first"), 0);
        assert_int_equal(found(b, "second"), 1);
        assert_int_equal(found(b, "third"), 1);
        assert_int_equal(failures(b, "a.jsonl#2", "parse"), 1);
    }
    assert_int_equal(b->last.unchanged, 1);
    write_file(b, "a.jsonl", "{\"uri\":\"x\",\"body\":\"first\"}\n");
    sync_root(b, b->root);
    assert_int_equal(failures(b, NULL, NULL), 0);
    assert_int_equal(found(b, "first"), 1);
}

/* An empty file among others is told as one inside an archive is. */
static void an_empty_file_is_told(void **state)
{
    struct bed *b = *state;

    write_file(b, "a.txt", "");
    write_file(b, "b.txt", "ferry");
    sync_root(b, b->root);
    assert_progress(b, 1, 0, 0, 0, 1);
    assert_int_equal(failures(b, "a.txt", "parse"), 1);
    write_file(b, "a.txt", "ferry");
    sync_root(b, b->root);
    assert_int_equal(failures(b, NULL, NULL), 0);
    assert_int_equal(found(b, "ferry"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(items_of_one_uri_in_a_file_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_file_is_told, set_up, tear_down),
        with_folder(files_come_change_and_go),
        with_folder(a_touched_file_is_not_put_again),
        with_folder(a_renamed_file_moves),
        with_folder(only_what_lies_below_the_root_is_swept),
        with_folder(many_files_are_swept_in_pages),
        with_folder(a_root_that_is_not_there_is_an_error),
        with_folder(a_folder_at_rest_costs_no_commit),
        with_folder(the_first_file_keeps_a_uri_until_it_goes),
        with_folder(a_file_takes_no_document_that_was_put),
        with_folder(a_reason_is_text_whatever_a_file_is_called),
        with_folder(bad_lines_fail_alone),
        with_folder(items_of_a_file_come_fail_and_go_with_it),
        with_folder(so_many_bad_lines_are_told_and_no_more),
        with_folder(a_link_in_place_of_a_folder_is_not_followed),
        with_folder(a_file_of_no_known_kind_fails),
        with_folder(a_file_that_was_kept_from_us_comes_back),
        as_somebody(a_folder_kept_from_us_is_not_swept),
        as_somebody(a_file_without_permission_is_read_later),
        with_folder(an_interrupted_sync_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
