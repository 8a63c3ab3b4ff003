/* The file of the table of documents: it serves the next process where it is right, and where there is any
 * doubt the table is what SQLite says. */
#include <searchd/index.h>

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/file.h"
#include "index/base/str.h"
#include "index/engine/index.h"
#include "tests/support/support.h"

#define MANY 3000 /* enough for a file */

struct bed {
    char *dir;
    char file[512], kept[512];
    struct sx_index *ix;
    struct sx_reader *r;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

static void open_bed(struct bed *b)
{
    struct sx_error err;

    must(sx_index_open(&b->ix, b->dir, NULL, &err), &err);
    must(sx_reader_open(&b->r, b->ix, &err), &err);
}

static void close_bed(struct bed *b)
{
    sx_reader_close(b->r);
    sx_index_close(b->ix);
}

/* As after kill -9: nothing is written when it ends. */
static void abandon_bed(struct bed *b)
{
    char there[600];

    snprintf(there, sizeof(there), "%s.there", b->file);
    assert_int_equal(rename(b->file, there), 0);
    close_bed(b);
    unlink(b->file);
    assert_int_equal(rename(there, b->file), 0);
}

/* Whether the file has served. */
static bool reopen(struct bed *b)
{
    open_bed(b);
    return b->ix->upkeep.documents.served;
}

static void put(struct bed *b, int number, const char *body)
{
    char uri[16];
    struct sx_error err;

    snprintf(uri, sizeof(uri), "%d", number);
    struct sx_doc d = {.uri = str_of(uri),
                       .title = str_of(number % 5 == 0 ? "A harbour" : ""),
                       .body = str_of(body),
                       .source = str_of(number % 3 == 0 ? "Gazette" : "Courier"),
                       .lang = str_of(number % 4 == 0 ? "de" : "en"),
                       .type = str_of(number % 7 == 0 ? "pdf" : "html"),
                       .date = str_of(number % 2 == 0 ? "2021-05" : "2012")};
    must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
}

static void put_many(struct bed *b, int from, int to)
{
    char body[96];
    struct sx_error err;

    for (int i = from; i < to; i++) {
        snprintf(body, sizeof(body), "harbour %s ferry%d x%dx y%dy", i % 3 == 0 ? "train" : "tide",
                 i % 50, i, i);
        put(b, i, body);
    }
    must(sx_index_commit(b->ix, &err), &err);
}

static void drop(struct bed *b, const char *uri)
{
    struct sx_error err;
    size_t deleted;

    must(sx_index_delete_uri(b->ix, str_of(uri), &deleted, &err), &err);
    assert_int_equal(deleted, 1);
    must(sx_index_commit(b->ix, &err), &err);
}

static void settle(struct bed *b)
{
    struct sx_error err;

    must(sx_index_settle(b->ix, &err), &err);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->dir = temp_dir();
    snprintf(b->file, sizeof(b->file), "%s/blockmax/documents", b->dir);
    snprintf(b->kept, sizeof(b->kept), "%s/kept", b->dir);
    open_bed(b);
    put_many(b, 0, MANY);
    settle(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;
    struct sx_error err;

    must(sx_index_check(b->ix, &err), &err);
    close_bed(b);
    temp_dir_remove(b->dir);
    free(b);
    return 0;
}

static void ask(struct bed *b, const char *query, size_t total)
{
    struct sx_results *res[2];
    struct sx_error err;
    struct sx_search s = {.query = str_of(query),
                          .limit = 20,
                          .exact_total = true,
                          .sort = SX_SORT_DATE_DESC,
                          .match = SX_MATCH_ALL};

    for (int i = 0; i < 2; i++) {
        s.engine = i == 0 ? SX_ENGINE_AUTO : SX_ENGINE_FTS5;
        must(sx_reader_search(b->r, &s, &res[i], &err), &err);
        if (res[i]->total != total)
            fail_msg("%s: %s found %zu of %zu", query, res[i]->engine, (size_t)res[i]->total,
                     total);
    }
    for (size_t i = 0; i < res[0]->hit_count; i++) {
        assert_true(str_eq(res[0]->hits[i].uri, res[1]->hits[i].uri));
        assert_true(fabs(res[0]->hits[i].score - res[1]->hits[i].score) <=
                    1e-9 * res[1]->hits[i].score);
    }
    sx_results_free(res[0]);
    sx_results_free(res[1]);
}

/* What rests on the table: filters, dates, lengths. */
static void ask_all(struct bed *b, int n)
{
    size_t counts[4] = {0, 0, 0, 0};

    for (int i = 0; i < n; i++) {
        counts[0] += i % 3 == 0;
        counts[1] += i % 4 == 0;
        counts[2] += i % 2 == 0;
        counts[3] += i % 7 == 0 && i % 3 != 0;
    }
    ask(b, "harbour", (size_t)n);
    ask(b, "harbour source:gazette", counts[0]);
    ask(b, "harbour lang:de", counts[1]);
    ask(b, "harbour date:2021-05", counts[2]);
    ask(b, "harbour type:pdf source:courier", counts[3]);
}

static void copy(const char *from, const char *to)
{
    struct buf bytes = {0};
    struct sx_error err;

    must(file_read(from, (size_t)1 << 30, &bytes, &err), &err);
    FILE *f = fopen(to, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
    buf_release(&bytes);
}

static void a_file_serves_the_next_process(void **state)
{
    struct bed *b = *state;

    close_bed(b);
    assert_true(reopen(b));
    ask_all(b, MANY);
    put_many(b, MANY, MANY + 10);
    ask_all(b, MANY + 10);
    assert_int_equal(b->ix->languages.committed.docs[lang_number(str_of("de"))], MANY / 4 + 3);
}

static void what_came_since_is_read_behind_it(void **state)
{
    struct bed *b = *state;

    put_many(b, MANY, MANY + 100);
    abandon_bed(b);
    assert_true(reopen(b));
    ask_all(b, MANY + 100);
}

static void a_file_with_what_has_gone_since_does_not_serve(void **state)
{
    struct bed *b = *state;

    put_many(b, MANY, MANY + 100);
    drop(b, "0");
    abandon_bed(b);
    assert_false(reopen(b));
    ask(b, "harbour", MANY + 99);
    ask(b, "harbour lang:de", (MANY + 100) / 4 - 1);
}

static void what_has_gone_is_written_when_the_index_closes(void **state)
{
    struct bed *b = *state;

    drop(b, "0");
    put_many(b, 3, 6); /* nothing has changed */
    put(b, 9, "harbour another ferry");
    put_many(b, MANY, MANY + 1);
    close_bed(b);
    assert_true(reopen(b));
    ask(b, "harbour", MANY);
    ask(b, "harbour lang:de", (MANY + 1 + 3) / 4 - 1);
}

/* For one document that changes, all are not written; once many have, they are. */
static void few_changes_wait_until_the_index_closes(void **state)
{
    struct bed *b = *state;
    struct stat before, after;

    assert_int_equal(stat(b->file, &before), 0);
    drop(b, "0");
    put_many(b, MANY, MANY + 2);
    settle(b);
    assert_int_equal(stat(b->file, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    put_many(b, MANY, 2 * MANY);
    settle(b);
    assert_int_equal(stat(b->file, &after), 0);
    assert_int_not_equal(before.st_size, after.st_size);
}

static void fault(struct bed *b, const char *what)
{
    int fd = open(b->file, O_RDWR);
    char byte;

    assert_true(fd >= 0);
    if (str_is(str_of(what), "lost")) {
        assert_int_equal(unlink(b->file), 0);
    } else if (str_is(str_of(what), "cut")) {
        assert_int_equal(ftruncate(fd, 40000), 0);
    } else if (str_is(str_of(what), "empty")) {
        assert_int_equal(ftruncate(fd, 0), 0);
    } else { /* garbled, in its last row */
        off_t end = lseek(fd, 0, SEEK_END);
        assert_int_equal(pread(fd, &byte, 1, end - 30), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, end - 30), 1);
    }
    close(fd);
}

static void a_damaged_file_does_not_serve(void **state)
{
    static const char *const faults[] = {"lost", "cut", "empty", "garbled"};
    struct bed *b = *state;
    struct sx_stats stats;
    struct sx_error err;

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        close_bed(b);
        fault(b, faults[i]);
        assert_false(reopen(b));
        ask_all(b, MANY);
        must(sx_reader_stats(b->r, &stats, &err), &err);
        assert_true(stats.blockmax.reached); /* the segments were not told nonsense */
        assert_int_equal(stats.blockmax.docs, MANY);
        settle(b);
        close_bed(b);
        assert_true(reopen(b)); /* it was written again */
    }
    ask_all(b, MANY);
}

/* The rows of another past: as many documents, words and commits. */
static void a_file_of_another_past_is_not_believed(void **state)
{
    struct bed *b = *state;
    char db[600], copied[600];

    snprintf(db, sizeof(db), "%s/index.db", b->dir);
    snprintf(copied, sizeof(copied), "%s/kept.db", b->dir);
    close_bed(b);
    copy(db, copied);
    open_bed(b);
    put(b, MANY, "harbour train one");
    put_many(b, MANY + 1, MANY + 1);
    drop(b, "1");
    settle(b);
    close_bed(b);
    copy(b->file, b->kept);
    copy(copied, db);
    open_bed(b);
    put(b, MANY + 2, "harbour train two");
    put_many(b, MANY + 1, MANY + 1);
    drop(b, "5");
    settle(b);
    close_bed(b);
    copy(b->kept, b->file);
    assert_false(reopen(b));
    ask(b, "harbour", MANY);
    ask(b, "harbour lang:de", MANY / 4);
}

/* Whichever allocation fails, the index opens with the right table, or says that memory ran out. */
static void opening_survives_want_of_memory(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    size_t served = 0, fallen = 0, failed = 0;
    bool more = true;

    put_many(b, MANY, MANY + 20); /* behind the file */
    abandon_bed(b);
    copy(b->file, b->kept);
    for (long n = 0; more; n++) {
        mem_fail_after(n);
        sx_status rc = sx_index_open(&b->ix, b->dir, NULL, &err);
        more = mem_failed() != 0;
        mem_fail_after(-1);
        failed += rc != SX_OK;
        if (rc != SX_OK) {
            assert_int_equal(rc, SX_ENOMEM);
            continue;
        }
        served += b->ix->upkeep.documents.served;
        fallen += !b->ix->upkeep.documents.served;
        must(sx_reader_open(&b->r, b->ix, &err), &err);
        ask(b, "harbour lang:de", MANY / 4 + 5);
        close_bed(b);
        copy(b->kept, b->file);
    }
    print_message("%zu failed, %zu read SQLite, %zu the file\n", failed, fallen, served);
    assert_true(failed > 0 && fallen > 0 && served > 0);
    open_bed(b);
}

/* ---- a document that gets another uri ---------------------------------------------------------- */

static void sync_root(struct bed *b, const char *root)
{
    struct sx_error err;
    bool more = true;

    must(sx_sync_begin(b->ix, root, &err), &err);
    while (more)
        must(sx_sync_step(b->ix, 0, &more, NULL, NULL, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
}

static void name_of_segment(struct bed *b, char *out)
{
    char manifest[600];
    struct buf text = {0};
    struct sx_error err;

    snprintf(manifest, sizeof(manifest), "%s/blockmax/manifest", b->dir);
    must(file_read(manifest, 1 << 20, &text, &err), &err);
    assert_int_equal(sscanf(strstr(buf_cstr(&text), "segment "), "segment %32s", out), 1);
    buf_release(&text);
}

static void a_file_that_moves_leaves_its_segment_alone(void **state)
{
    struct bed *b = *state;
    char *root = temp_dir();
    char from[600], to[600], before[40], after[40];

    snprintf(from, sizeof(from), "%s/letter.txt", root);
    snprintf(to, sizeof(to), "%s/moved.txt", root);
    FILE *f = fopen(from, "w");
    assert_non_null(f);
    fputs("A letter about the harbour train.", f);
    fclose(f);
    sync_root(b, root);
    put_many(b, MANY, 2 * MANY);
    settle(b);
    name_of_segment(b, before);
    assert_int_equal(rename(from, to), 0);
    sync_root(b, root);
    assert_int_equal(sx_sync_progress(b->ix).moved, 1);
    for (int i = 0; i < 2; i++) { /* by the file, and by SQLite */
        close_bed(b);
        if (i == 1)
            fault(b, "lost");
        assert_int_equal(reopen(b), i == 0);
        settle(b);
        name_of_segment(b, after);
        assert_string_equal(before, after);
        ask(b, "letter", 1);
    }
    temp_dir_remove(root);
}

#define with_bed(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_bed(a_file_serves_the_next_process),
        with_bed(what_came_since_is_read_behind_it),
        with_bed(a_file_with_what_has_gone_since_does_not_serve),
        with_bed(what_has_gone_is_written_when_the_index_closes),
        with_bed(few_changes_wait_until_the_index_closes),
        with_bed(a_damaged_file_does_not_serve),
        with_bed(a_file_of_another_past_is_not_believed),
        with_bed(opening_survives_want_of_memory),
        with_bed(a_file_that_moves_leaves_its_segment_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
