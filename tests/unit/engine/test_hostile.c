/* A folder of things that harm: each is told as failed, no document of another file is lost, and
 * whoever syncs lives. The reader that misbehaves at a word is put in place of ingest_read(). */
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "index/base/str.h"
#include "index/extract/extract.h"
#include "index/extract/pool.h"
#include "tests/support/support.h"

#define GOOD 40 /* files that can be read, of each folder */

static sx_status write_for_ever(struct sx_str uri, const struct ingest_sink *sink,
                                struct sx_error *err)
{
    char body[4096];
    const struct sx_doc doc = {.uri = uri, .body = str_make(body, sizeof(body))};
    sx_status rc = SX_OK;

    memset(body, 'x', sizeof(body));
    while (rc == SX_OK)
        rc = sink->doc(sink->ctx, &doc, 0, err);
    return rc;
}

static sx_status give_nonsense(struct sx_str uri, const struct ingest_sink *sink,
                               struct sx_error *err)
{
    const struct sx_doc doc = {.uri = uri, .body = str_of("\xFF\xFE no UTF-8")};

    return sink->doc(sink->ctx, &doc, 0, err);
}

static sx_status give_bad_json(struct sx_str uri, const struct ingest_sink *sink,
                               struct sx_error *err)
{
    const struct sx_doc doc = {
        .uri = uri, .body = str_of("text"), .extra = str_of("{},\"ok\":false")};

    return sink->doc(sink->ctx, &doc, 0, err);
}

static sx_status half_then_crash(struct sx_str uri, const struct ingest_sink *sink,
                                 struct sx_error *err)
{
    static char large[1 << 20]; /* sent at once */
    const struct sx_doc doc = {
        .uri = uri, .title = str_of("half"), .body = str_make(large, sizeof(large))};

    memset(large, 'x', sizeof(large));
    sx_status rc = sink->doc(sink->ctx, &doc, 0, err);
    raise(SIGKILL);
    return rc;
}

static sx_status misbehave(enum media m, struct sx_str uri, struct sx_str bytes,
                           const struct ingest_sink *sink, struct sx_error *err)
{
    static const char *const words[] = {"crash", "loop", "ever", "nonsense", "json", "half"};
    size_t which = 0;

    while (which < 6 && memmem(bytes.ptr, bytes.len, words[which], strlen(words[which])) == NULL)
        which++;
    switch (which) {
    case 0:
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
        break;
    case 1:
        for (volatile int i = 0;; i = !i)
            continue;
    case 2:
        return write_for_ever(uri, sink, err);
    case 3:
        return give_nonsense(uri, sink, err);
    case 4:
        return give_bad_json(uri, sink, err);
    case 5:
        return half_then_crash(uri, sink, err);
    default:
        break;
    }
    return ingest_read(m, uri, bytes, sink, err);
}

/* ---- the bed -------------------------------------------------------------------------------- */

struct bed {
    char *data, *root;
    struct sx_extract *extract; /* of the group */
    struct sx_index *ix;
    struct sx_reader *r;
    unsigned wrong;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

static struct sx_extract *start(void)
{
    struct extract_setup setup;
    struct sx_extract *x;
    struct sx_error err;

    extract_defaults(&setup, NULL);
    setup.read = misbehave;
    setup.helpers = 2;
    setup.time_ms = 1500;
    setup.out_bytes = 2 << 20;
    must(extract_start(&x, &setup, &err), &err);
    return x;
}

static void open_bed(struct bed *b, struct sx_extract *x)
{
    struct sx_error err;

    b->data = temp_dir();
    b->root = temp_dir();
    b->extract = x;
    must(sx_index_open(&b->ix, b->data, &(struct sx_index_options){.extract = x}, &err), &err);
    must(sx_reader_open(&b->r, b->ix, &err), &err);
}

static void close_bed(struct bed *b)
{
    sx_reader_close(b->r);
    sx_index_close(b->ix);
    temp_dir_remove(b->data);
    temp_dir_remove(b->root);
}

static const char *path_of(const struct bed *b, const char *name)
{
    static _Thread_local char path[4096];

    snprintf(path, sizeof(path), "%s/%s", b->root, name);
    return path;
}

static void write_file(const struct bed *b, const char *name, const char *text)
{
    FILE *f = fopen(path_of(b, name), "w");

    if (f == NULL)
        abort();
    fputs(text, f);
    fclose(f);
}

static void write_good(const struct bed *b)
{
    char name[64], text[128];

    for (int i = 0; i < GOOD; i++) {
        snprintf(name, sizeof(name), "%02d.%s", i, i % 2 == 0 ? "html" : "txt");
        snprintf(text, sizeof(text), "%sferry number %d", i % 2 == 0 ? "<p>" : "", i);
        write_file(b, name, text);
    }
}

static sx_status sync_root(struct bed *b, struct sx_error *err)
{
    bool more = true;
    sx_status rc = sx_sync_begin(b->ix, b->root, err);

    while (rc == SX_OK && more)
        rc = sx_sync_step(b->ix, 20, &more, NULL, NULL, err);
    return rc;
}

static uint64_t found(struct bed *b, const char *query)
{
    struct sx_count count = {0};

    sx_reader_count(b->r, str_of(query), SX_MATCH_ALL, NULL, &count, NULL);
    return count.total;
}

static bool ends(struct sx_str s, const char *with)
{
    size_t n = strlen(with);

    return s.len >= n && memcmp(s.ptr + s.len - n, with, n) == 0;
}

/* False: it is not listed. */
static bool reason_of(struct bed *b, const char *name, char reason[320], bool *retry)
{
    struct sx_failed_list *list = NULL;
    bool listed = false;

    if (sx_reader_failed(b->r, 0, 100, &list, NULL) != SX_OK)
        return false;
    for (size_t i = 0; i < list->count; i++)
        if (ends(list->items[i].uri, name)) {
            snprintf(reason, 320, "%.*s", (int)list->items[i].reason.len,
                     list->items[i].reason.ptr);
            *retry = list->items[i].retry;
            listed = true;
        }
    sx_failed_list_free(list);
    return listed;
}

static void fails_as(struct bed *b, const char *name, const char *with, bool retry)
{
    bool again = !retry;
    char reason[320] = "";

    if (!reason_of(b, name, reason, &again) || strstr(reason, with) == NULL || again != retry)
        fail_msg("%s: '%s' (retry %d) instead of '%s'", name, reason, again, with);
}

static void sparse_file(const struct bed *b, const char *name, off_t size)
{
    write_file(b, name, "");
    assert_int_equal(truncate(path_of(b, name), size), 0);
}

/* ---- tests ------------------------------------------------------------------------------------ */

static void each_harmful_thing_is_told_and_the_rest_is_found(void **state)
{
    struct bed b = {0};
    struct sx_error err;
    struct sx_stats stats;
    bool device;

    (void)state;
    struct sx_extract *x = start();
    open_bed(&b, x);
    write_good(&b);
    write_file(&b, "10-crash.html", "<p>crash");
    write_file(&b, "20-loop.html", "<p>loop");
    write_file(&b, "21-ever.html", "<p>for ever");
    write_file(&b, "22-nonsense.html", "<p>nonsense");
    write_file(&b, "23-json.html", "<p>json");
    write_file(&b, "24-half.html", "<p>half");
    sparse_file(&b, "30-large.html", (off_t)2 << 30);
    assert_int_equal(mkfifo(path_of(&b, "31-pipe.html"), 0600), 0);
    assert_int_equal(symlink("/etc/passwd", path_of(&b, "32-link.txt")), 0);
    assert_int_equal(symlink("/etc", path_of(&b, "33-link")), 0);
    device = mknod(path_of(&b, "34-zero"), S_IFCHR | 0600, makedev(1, 5)) == 0;
    write_file(&b, "35.bin", "\x89PNG\r\n");
    must(sync_root(&b, &err), &err);
    assert_int_equal(found(&b, "ferry"), GOOD);
    fails_as(&b, "10-crash.html", "crashed (signal 11", false);
    fails_as(&b, "20-loop.html", "longer than 1500 ms", false);
    fails_as(&b, "21-ever.html", "too large", false);
    fails_as(&b, "22-nonsense.html", "not valid UTF-8", false);
    fails_as(&b, "23-json.html", "garbled", false);
    fails_as(&b, "24-half.html", "killed", false);
    fails_as(&b, "30-large.html", "larger than", true);
    fails_as(&b, "31-pipe.html", "not a regular file", true);
    fails_as(&b, "32-link.txt", "symbolic link", true);
    fails_as(&b, "33-link", "symbolic link", true);
    if (device)
        fails_as(&b, "34-zero", "not a regular file", true);
    fails_as(&b, "35.bin", "not a kind of file", false);
    assert_int_equal(found(&b, "root bash nologin"), 0);
    must(sx_reader_stats(b.r, &stats, &err), &err);
    assert_int_equal(stats.coverage.failed, device ? 12 : 11);
    must(sx_index_check(b.ix, &err), &err);
    must(sync_root(&b, &err), &err); /* nothing harmful is tried again */
    assert_int_equal(sx_sync_progress(b.ix).unchanged, GOOD + 7);
    close_bed(&b);
    sx_extract_stop(x);
}

static void *sync_in_a_thread(void *arg)
{
    struct bed *b = arg;
    struct sx_error err;
    char reason[320];
    bool retry;

    for (int i = 0; i < 3; i++) {
        write_good(b);
        write_file(b, "10-crash.html", "<p>crash");
        b->wrong += sync_root(b, &err) != SX_OK;
        b->wrong += found(b, "ferry") != GOOD;
        b->wrong += !reason_of(b, "10-crash.html", reason, &retry);
    }
    return NULL;
}

static void indexes_share_the_helpers(void **state)
{
    struct sx_extract *x = start();
    struct bed beds[4] = {{0}};
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        open_bed(&beds[i], x);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sync_in_a_thread, &beds[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(beds[i].wrong, 0);
        close_bed(&beds[i]);
    }
    sx_extract_stop(x);
}

/* Whenever the spawner is killed, with all it started, what it had in hand is read again. */
static void a_spawner_that_is_killed_is_replaced(void **state)
{
    struct bed b = {0};
    struct sx_error err;
    bool more = true;

    (void)state;
    struct sx_extract *x = start();
    open_bed(&b, x);
    spawner_break(x->spawner, false);
    write_good(&b);
    write_file(&b, "20-loop.html", "<p>loop");
    must(sx_sync_begin(b.ix, b.root, &err), &err);
    for (int i = 0; more; i++) {
        must(sx_sync_step(b.ix, 0, &more, NULL, NULL, &err), &err);
        if (i == 10 || i == 30)
            spawner_break(x->spawner, false);
    }
    assert_int_equal(found(&b, "ferry"), GOOD);
    fails_as(&b, "20-loop.html", "longer than 1500 ms", false);
    assert_int_equal(sx_sync_progress(b.ix).failed, 1);
    assert_in_range(sx_sync_progress(b.ix).restarts, 1, 3);
    close_bed(&b);
    sx_extract_stop(x);
}

/* Without the spawner and what replaces it no helper can be had: files wait for the next start, and text is read. */
static void files_wait_when_no_reader_can_be_started(void **state)
{
    struct bed b = {0};
    struct sx_error err;

    (void)state;
    struct sx_extract *x = start();
    open_bed(&b, x);
    write_file(&b, "known.html", "<p>canoe");
    must(sync_root(&b, &err), &err);
    write_good(&b);
    write_file(&b, "known.html", "<p>kayak");
    spawner_break(x->spawner, true);
    must(sync_root(&b, &err), &err);
    assert_int_equal(found(&b, "ferry"), GOOD / 2);
    fails_as(&b, "00.html", "restart searchd", true);
    fails_as(&b, "known.html", "restart searchd", true);
    assert_int_equal(found(&b, "canoe"), 1); /* what was known stays */
    sx_reader_close(b.r);
    sx_index_close(b.ix);
    sx_extract_stop(x);
    x = start();
    must(sx_index_open(&b.ix, b.data, &(struct sx_index_options){.extract = x}, &err), &err);
    must(sx_reader_open(&b.r, b.ix, &err), &err);
    must(sync_root(&b, &err), &err);
    assert_int_equal(found(&b, "ferry"), GOOD);
    assert_int_equal(found(&b, "kayak"), 1);
    assert_int_equal(found(&b, "canoe"), 0);
    close_bed(&b);
    sx_extract_stop(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_harmful_thing_is_told_and_the_rest_is_found),
        cmocka_unit_test(indexes_share_the_helpers),
        cmocka_unit_test(a_spawner_that_is_killed_is_replaced),
        cmocka_unit_test(files_wait_when_no_reader_can_be_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
