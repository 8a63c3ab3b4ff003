/* What a sync need not do, and what it is told to do again: files that move, some paths instead of a
 * root, files read again on demand; and what is told of the files that documents came from. */
#include <searchd/index.h>

#include <sys/stat.h>
#include <unistd.h>

#include "index/base/file.h"
#include "index/base/sha256.h"
#include "index/base/str.h"
#include "tests/support/bed.h"

static int set_up_with_readers(void **state)
{
    struct sx_error err;

    set_up_closed(state);
    struct bed *b = *state;
    must(sx_extract_start(&b->extract, NULL, &err), &err);
    open_bed(b);
    return 0;
}

static void move_file(const struct bed *b, const char *from, const char *to)
{
    assert_int_equal(rename(path_of(b, from), path_of(b, to)), 0);
}

static void go_on(struct bed *b)
{
    struct sx_error err;
    bool more = true;

    while (more)
        must(sx_sync_step(b->ix, 0, &more, NULL, NULL, &err), &err);
    b->last = sx_sync_progress(b->ix);
    must(sx_index_check(b->ix, &err), &err);
}

static void sync_root(struct bed *b)
{
    struct sx_error err;

    must(sx_sync_begin(b->ix, b->root, &err), &err);
    go_on(b);
}

static void sync_path(struct bed *b, const char *name)
{
    const char *path = path_of(b, name);
    struct sx_error err;

    must(sx_sync_begin_paths(b->ix, &path, 1, &err), &err);
    go_on(b);
}

/* The caller frees it. */
static struct sx_stored *get(struct bed *b, const char *name)
{
    struct sx_stored *got;
    struct sx_error err;
    char uri[4200];

    snprintf(uri, sizeof(uri), "file://%s", path_of(b, name));
    must(sx_reader_get_uri(b->r, str_of(uri), &got, &err), &err);
    return got;
}

static void fails_with(struct bed *b, const char *reason, bool retry)
{
    struct sx_failed_list *list;
    struct sx_error err;

    must(sx_reader_failed(b->r, 0, 10, &list, &err), &err);
    assert_int_equal(list->count, 1);
    char *found_reason = strndup(list->items[0].reason.ptr, list->items[0].reason.len);
    if (strstr(found_reason, reason) == NULL)
        fail_msg("'%s' instead of '%s'", found_reason, reason);
    free(found_reason);
    assert_int_equal(list->items[0].retry, retry);
    sx_failed_list_free(list);
}

/* ---- moves ---------------------------------------------------------------------------------- */

static void a_moved_file_keeps_its_documents(void **state)
{
    struct bed *b = *state;

    write_file(b, "a.html", "<title>Ferry</title><p>at dawn");
    write_file(b, "l.jsonl",
               "{\"body\":\"train one\"}\n{\"uri\":\"own\",\"body\":\"train two\"}\n");
    sync_root(b);
    move_file(b, "a.html", "b.html");
    move_file(b, "l.jsonl", "m.jsonl");
    sync_root(b);
    assert_int_equal(b->last.moved, 2);
    assert_int_equal(b->last.added + b->last.removed + b->last.docs, 0);
    assert_int_equal(found(b, "ferry"), 1);
    assert_int_equal(found(b, "train"), 2);
    sx_stored_free(get(b, "m.jsonl#1"));
    struct sx_stored *s = get(b, "b.html");
    struct sha256 h;
    unsigned char hash[32];
    char hex[65];
    sha256_init(&h);
    sha256_update(&h, s->doc.uri.ptr, s->doc.uri.len);
    sha256_update(&h, "\0Ferry\0at dawn", 14);
    sha256_final(&h, hash);
    hex_encode(hash, 32, hex);
    assert_string_equal(s->hash, hex); /* of the new uri */
    sx_stored_free(s);
    sync_root(b);
    assert_int_equal(b->last.unchanged, 2);
}

static void a_copy_is_no_move(void **state)
{
    struct bed *b = *state;

    write_file(b, "a.txt", "ferry");
    sync_root(b);
    write_file(b, "b.txt", "ferry");
    sync_root(b);
    assert_int_equal(b->last.moved, 0);
    assert_int_equal(b->last.added, 1);
    assert_int_equal(found(b, "ferry"), 2);
}

static void a_file_of_another_kind_is_read_again(void **state)
{
    struct bed *b = *state;

    write_file(b, "a.txt", "# Ferry\n\nat dawn\n");
    sync_root(b);
    move_file(b, "a.txt", "a.md");
    sync_root(b);
    assert_int_equal(b->last.moved, 0);
    assert_int_equal(found(b, "title:ferry type:markdown"), 1);
    assert_int_equal(found(b, "ferry"), 1);
}

static void a_file_that_failed_fails_again_where_it_goes(void **state)
{
    struct bed *b = *state;

    write_file(b, "a.jsonl", "{\"body\":\"one\"}\n{\n");
    sync_root(b);
    move_file(b, "a.jsonl", "b.jsonl");
    sync_root(b);
    assert_int_equal(b->last.moved, 0);
    fails_with(b, "", false);
    assert_int_equal(found(b, "one"), 1);
}

static void a_folder_that_moves_moves_its_files(void **state)
{
    struct bed *b = *state;

    assert_int_equal(mkdir(path_of(b, "x"), 0700), 0);
    write_file(b, "x/a.txt", "ferry one");
    write_file(b, "x/b.txt", "ferry two");
    sync_root(b);
    move_file(b, "x", "y");
    const char *paths[] = {path_of(b, "x"), path_of(b, "y")};
    struct sx_error err;
    must(sx_sync_begin_paths(b->ix, paths, 2, &err), &err);
    go_on(b);
    assert_int_equal(b->last.moved, 2);
    assert_int_equal(found(b, "ferry"), 2);
    sx_stored_free(get(b, "y/a.txt"));
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void a_path_is_synced_alone(void **state)
{
    struct bed *b = *state;

    write_file(b, "a.txt", "ferry");
    write_file(b, "b.txt", "ferry");
    sync_path(b, "a.txt");
    assert_int_equal(b->last.files, 1);
    assert_int_equal(found(b, "ferry"), 1);
    write_file(b, "a.txt", "train");
    sync_path(b, "a.txt");
    assert_int_equal(b->last.updated, 1);
    sync_root(b);
    assert_int_equal(found(b, "ferry"), 1);
    assert_int_equal(unlink(path_of(b, "a.txt")), 0);
    sync_path(b, "a.txt");
    assert_int_equal(b->last.removed, 1);
    assert_int_equal(found(b, "train"), 0);
    assert_int_equal(found(b, "ferry"), 1);
    sync_path(b, "never.txt");
    assert_int_equal(b->last.files + b->last.removed, 0);
}

static void a_folder_is_synced_with_all_below(void **state)
{
    struct bed *b = *state;

    assert_int_equal(mkdir(path_of(b, "x"), 0700) + mkdir(path_of(b, "x/y"), 0700), 0);
    write_file(b, "x/a.txt", "ferry");
    write_file(b, "x/y/b.txt", "ferry");
    write_file(b, "xx.txt", "ferry");
    sync_path(b, "x");
    assert_int_equal(b->last.added, 2);
    sync_root(b);
    assert_int_equal(found(b, "ferry"), 3);
    assert_int_equal(unlink(path_of(b, "x/y/b.txt")) + rmdir(path_of(b, "x/y")), 0);
    sync_path(b, "x/y");
    assert_int_equal(b->last.removed, 1);
    assert_int_equal(found(b, "ferry"), 2);
    assert_int_equal(unlink(path_of(b, "x/a.txt")) + rmdir(path_of(b, "x")), 0);
    write_file(b, "x", "now a file, with a train");
    sync_path(b, "x");
    assert_int_equal(found(b, "ferry"), 1);
    assert_int_equal(found(b, "train"), 1);
}

static void a_path_that_leads_by_a_link_is_not_followed(void **state)
{
    struct bed *b = *state;
    char away[4200];

    snprintf(away, sizeof(away), "%s/away", b->dir);
    assert_int_equal(mkdir(away, 0700), 0);
    assert_int_equal(symlink(away, path_of(b, "x")), 0);
    assert_int_equal(mkdir(path_of(b, "x/sub"), 0700), 0);
    write_file(b, "x/sub/a.txt", "secret");
    sync_path(b, "x/sub");
    sync_path(b, "x/sub/a.txt");
    sync_path(b, "x");
    assert_int_equal(found(b, "secret"), 0);
    sync_root(b);
    fails_with(b, "symbolic link", true);
}

/* ---- on demand -------------------------------------------------------------------------------- */

static size_t reread(struct bed *b, struct sx_reread which)
{
    size_t files;
    struct sx_error err;

    must(sx_index_reread(b->ix, &which, &files, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
    sync_root(b);
    return files;
}

static void files_are_read_again_on_demand(void **state)
{
    struct bed *b = *state;
    size_t files;
    struct sx_error err;

    write_file(b, "a.txt", "ferry");
    write_file(b, "b.html", "<p>ferry");
    write_file(b, "c.jsonl", "{\n");
    sync_root(b);
    struct sx_stats stats = stats_of(b);
    assert_int_equal(reread(b, (struct sx_reread){.type = str_of("html")}), 1);
    assert_int_equal(b->last.updated, 1);
    assert_int_equal(b->last.unchanged, 2);
    assert_int_equal(reread(b, (struct sx_reread){.failed = true}), 1);
    assert_int_equal(b->last.failed, 1);
    assert_int_equal(reread(b, (struct sx_reread){.before = stats.extractor_version}), 0);
    assert_int_equal(reread(b, (struct sx_reread){.before = stats.extractor_version + 1}), 3);
    assert_int_equal(reread(b, (struct sx_reread){.failed = true, .type = str_of("html")}), 0);
    assert_int_equal(sx_index_reread(b->ix, &(struct sx_reread){0}, &files, &err), SX_EREQUEST);
    assert_int_equal(found(b, "ferry"), 2);
}

/* ---- what is told ------------------------------------------------------------------------------ */

static void a_document_names_its_file(void **state)
{
    struct bed *b = *state;
    struct sx_doc d = {.uri = str_of("put"), .body = str_of("train")};
    struct sx_stored *got;
    struct sx_error err;

    write_file(b, "a.txt", "abc");
    sync_root(b);
    got = get(b, "a.txt");
    assert_string_equal(got->file_hash,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(got->extractor > 0);
    sx_stored_free(got);
    must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
    must(sx_reader_get_uri(b->r, str_of("put"), &got, &err), &err);
    assert_string_equal(got->file_hash, "");
    assert_int_equal(got->extractor, 0);
    sx_stored_free(got);
}

static void documents_and_files_are_counted_by_type(void **state)
{
    struct bed *b = *state;
    struct sx_types types;
    struct sx_error err;
    struct sx_doc d = {.uri = str_of("put"), .body = str_of("train")};

    write_file(b, "a.txt", "ferry");
    write_file(b, "b.jsonl", "{\"body\":\"one\",\"type\":\"text\"}\n{\"body\":\"two\"}\n");
    sync_root(b);
    must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
    struct sx_stats stats = stats_of(b);
    must(sx_reader_types(b->r, &types, &err), &err);
    assert_int_equal(types.count, 3);
    assert_string_equal(types.items[0].name, "");
    assert_int_equal(types.items[0].docs, 1);
    assert_int_equal(types.items[0].files, 0);
    assert_string_equal(types.items[1].name, "jsonl");
    assert_int_equal(types.items[1].docs, 1);
    assert_int_equal(types.items[1].files, 1);
    assert_string_equal(types.items[2].name, "text");
    assert_int_equal(types.items[2].docs, 2);
    assert_int_equal(types.items[2].files, 1);
    assert_int_equal(stats.sync.files, 2);
    assert_int_equal(stats.sync.docs, 3);
}

static void copy_sample(struct bed *b, const char *name)
{
    struct buf bytes = {0};
    struct sx_error err;
    char path[4096];

    snprintf(path, sizeof(path), "%s/tests/unit/extract/pdf/%s", source_dir(), name);
    must(file_read(path, 1 << 20, &bytes, &err), &err);
    FILE *f = fopen(path_of(b, name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, f), bytes.len);
    fclose(f);
    buf_release(&bytes);
}

static uint32_t page_of(struct bed *b, const char *query)
{
    struct sx_search ask = {.query = str_of(query), .limit = 1, .snippets = 1};
    struct sx_results *res;
    struct sx_error err;

    must(sx_reader_search(b->r, &ask, &res, &err), &err);
    assert_int_equal(res->hit_count, 1);
    assert_int_equal(res->hits[0].snippet_count, 1);
    uint32_t page = res->hits[0].snippets[0].page;
    sx_results_free(res);
    return page;
}

static void a_passage_tells_its_page(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    struct sx_doc odd[] = {
        {.uri = str_of("1"), .body = str_of("canoe"), .extra = str_of("{\"page_bytes\":7}")},
        {.uri = str_of("2"), .body = str_of("kayak"), .extra = str_of("{\"page_bytes\":[]}")},
        {.uri = str_of("3"),
         .body = str_of("raft"),
         .extra = str_of("{\"a\":\"\\\"page_bytes\\\":[0\"}")},
        {.uri = str_of("4"),
         .body = str_of("a barge and a tug"),
         .extra = str_of("{\"page_bytes\":[0,12,99999999999999999999999]}")},
    };

    copy_sample(b, "two-pages.pdf");
    sync_root(b);
    assert_int_equal(page_of(b, "ferry sails"), 1);
    assert_int_equal(page_of(b, "train night"), 2);
    assert_int_equal(page_of(b, "timetable"), 0); /* in the title */
    must(sx_index_put(b->ix, odd, 4, NULL, &err), &err);
    must(sx_index_commit(b->ix, &err), &err);
    assert_int_equal(page_of(b, "canoe"), 0);
    assert_int_equal(page_of(b, "kayak"), 0);
    assert_int_equal(page_of(b, "raft"), 0);
    assert_int_equal(page_of(b, "tug"), 2);
}

static void a_scanned_file_is_told_and_comes_when_it_has_text(void **state)
{
    struct bed *b = *state;

    copy_sample(b, "scanned.pdf");
    sync_root(b);
    fails_with(b, "scanned", false);
    sync_root(b);
    assert_int_equal(b->last.unchanged, 1); /* not tried again */
    fails_with(b, "scanned", false);
    copy_sample(b, "two-pages.pdf");
    move_file(b, "two-pages.pdf", "scanned.pdf");
    sync_root(b);
    assert_int_equal(found(b, "ferry type:pdf"), 1);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, set_up_with_readers, tear_down)

/* What changes while a root is read is not read last, nor swept as what the walk did not meet. */
static void paths_go_before_a_root_that_runs(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    char name[32];
    bool more = true;

    write_file(b, "gone.txt", "canoe");
    sync_root(b);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "f%03d.txt", i);
        write_file(b, name, "ferry");
    }
    must(sx_sync_begin(b->ix, b->root, &err), &err);
    while (!sx_sync_progress(b->ix).listed || sx_sync_progress(b->ix).added < 5)
        must(sx_sync_step(b->ix, 0, &more, NULL, NULL, &err), &err);
    write_file(b, "a.txt", "kayak"); /* which the walk is past */
    write_file(b, "f150.txt", "kayak too");
    assert_int_equal(unlink(path_of(b, "gone.txt")), 0);
    assert_int_equal(unlink(path_of(b, "f160.txt")), 0);
    const char *const paths[] = {path_of(b, "a.txt"), path_of(b, "f150.txt"),
                                 path_of(b, "gone.txt"), path_of(b, "f160.txt")};
    must(sx_sync_begin_paths(b->ix, paths, 4, &err), &err);
    for (more = true; more;)
        must(sx_sync_step(b->ix, 0, &more, NULL, NULL, &err), &err);
    assert_int_equal(sx_sync_progress(b->ix).added, 2);
    assert_int_equal(sx_sync_progress(b->ix).removed, 1);
    assert_int_equal(found(b, "kayak"), 2);
    assert_int_equal(found(b, "canoe"), 0);
    assert_true(found(b, "ferry") < 198);
    go_on(b); /* with the root */
    assert_int_equal(b->last.added, 198);
    assert_int_equal(b->last.failed, 0);
    assert_int_equal(found(b, "ferry"), 198);
    assert_int_equal(found(b, "kayak"), 2);
    sync_root(b);
    assert_int_equal(b->last.unchanged, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths_go_before_a_root_that_runs, set_up_with_readers,
                                        tear_down),
        with_folder(a_moved_file_keeps_its_documents),
        with_folder(a_copy_is_no_move),
        with_folder(a_file_of_another_kind_is_read_again),
        with_folder(a_file_that_failed_fails_again_where_it_goes),
        with_folder(a_folder_that_moves_moves_its_files),
        with_folder(a_path_is_synced_alone),
        with_folder(a_folder_is_synced_with_all_below),
        with_folder(a_path_that_leads_by_a_link_is_not_followed),
        with_folder(files_are_read_again_on_demand),
        with_folder(a_document_names_its_file),
        with_folder(documents_and_files_are_counted_by_type),
        with_folder(a_passage_tells_its_page),
        with_folder(a_scanned_file_is_told_and_comes_when_it_has_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
