/* What block-max reaches: every committed snapshot, whatever becomes of its files. Each answer is held
 * against that of FTS5. */
#include <searchd/index.h>

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/buf.h"
#include "index/base/file.h"
#include "index/base/str.h"
#include "index/blockmax/guard.h"
#include "index/engine/index.h"
#include "tests/support/bed.h"

#define MANY 3000 /* enough for a file */

static void drop(struct bed *b, const char *uri)
{
    struct sx_error err;
    size_t deleted;

    must(sx_index_delete_uri(b->ix, str_of(uri), &deleted, &err), &err);
    assert_int_equal(deleted, 1);
}

static void settle(struct bed *b)
{
    struct sx_error err;

    must(sx_index_settle(b->ix, &err), &err);
}

static void put_many(struct bed *b, int from, int to)
{
    char uri[16], body[96];

    for (int i = from; i < to; i++) {
        snprintf(uri, sizeof(uri), "%d", i);
        /* Two words of its own, so that the postings fill pages of which none is looked at when a file
         * is opened. */
        snprintf(body, sizeof(body), "harbour %s ferry%d x%dx y%dy %s",
                 i % 3 == 0 ? "train" : "tide", i % 50, i, i, i % 7 == 0 ? "harbour ferry" : "");
        put(b, uri, body);
    }
    commit(b);
}

static struct sx_results *search(struct sx_reader *r, const char *query, enum sx_engine engine)
{
    struct sx_results *res = NULL;
    struct sx_error err;
    struct sx_search s = {
        .query = str_of(query), .limit = 20, .exact_total = true, .engine = engine};

    must(sx_reader_search(r, &s, &res, &err), &err);
    return res;
}

/* Whether block-max has answered; both engines say the same. */
static bool ask(struct sx_reader *r, const char *query, size_t total)
{
    struct sx_results *a = search(r, query, SX_ENGINE_AUTO);
    struct sx_results *f = search(r, query, SX_ENGINE_FTS5);
    bool reached = strcmp(a->engine, "blockmax") == 0;

    assert_int_equal(f->total, total);
    if (a->total != total)
        fail_msg("%s: %s found %llu of %zu", query, a->engine, (unsigned long long)a->total, total);
    assert_int_equal(a->hit_count, f->hit_count);
    for (size_t i = 0; i < a->hit_count; i++) {
        assert_true(str_eq(a->hits[i].uri, f->hits[i].uri));
        assert_true(fabs(a->hits[i].score - f->hits[i].score) <= 1e-9 * f->hits[i].score);
    }
    sx_results_free(a);
    sx_results_free(f);
    return reached;
}

/* All questions about documents [0, n) of put_many(). */
static bool ask_all(struct sx_reader *r, size_t n)
{
    bool reached = ask(r, "harbour", n);

    reached = ask(r, "+harbour train", n) && reached;
    reached = ask(r, "\"harbour train\"", (n + 2) / 3) && reached;
    return ask(r, "\"ferry\"", (n + 6) / 7) && reached;
}

/* ---- snapshots --------------------------------------------------------------------------------- */

static void every_commit_is_reached(void **state)
{
    struct bed *b = *state;
    char uri[16];

    for (int i = 0; i < 200; i++) {
        snprintf(uri, sizeof(uri), "%d", i);
        put(b, uri, i % 2 == 0 ? "harbour ferry" : "harbour");
        commit(b);
        assert_true(ask(b->r, "harbour", (size_t)i + 1));
        assert_true(ask(b->r, "ferry", (size_t)i / 2 + 1));
    }
    drop(b, "0");
    commit(b);
    assert_true(ask(b->r, "ferry", 99));
    put(b, "2", "train");
    commit(b);
    assert_true(ask(b->r, "ferry", 98));
}

static void what_is_rolled_back_was_never_there(void **state)
{
    struct bed *b = *state;

    put(b, "1", "harbour");
    commit(b);
    put(b, "2", "harbour ferry");
    drop(b, "1");
    sx_index_rollback(b->ix);
    assert_true(ask(b->r, "harbour", 1));
    put(b, "3", "harbour train"); /* by the same rowid */
    commit(b);
    assert_true(ask(b->r, "harbour", 2));
    ask(b->r, "ferry", 0);
    assert_true(ask(b->r, "train", 1));
}

static void a_document_that_comes_and_goes_in_one_transaction_is_not_found(void **state)
{
    struct bed *b = *state;

    put(b, "1", "harbour");
    put(b, "2", "harbour ferry");
    put(b, "2", "harbour train");
    drop(b, "1");
    commit(b);
    assert_true(ask(b->r, "harbour", 1));
    assert_true(ask(b->r, "train", 1));
}

static void a_snapshot_keeps_what_goes_after_it(void **state)
{
    struct bed *b = *state;
    struct sx_reader *later;
    struct sx_error err;

    put_many(b, 0, 100);
    must(sx_reader_open(&later, b->ix, &err), &err);
    must(sx_reader_hold(b->r, &err), &err);
    drop(b, "0");
    put(b, "new", "harbour");
    commit(b);
    assert_true(ask_all(b->r, 100));
    assert_true(ask(later, "harbour", 100));
    assert_true(ask(later, "\"harbour train\"", 33));
    settle(b);
    assert_true(ask_all(b->r, 100)); /* its set stays with it */
    sx_reader_release(b->r);
    assert_true(ask(b->r, "harbour", 100));
    sx_reader_close(later);
}

static void a_rebuild_is_reached_again(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    uint64_t docs;

    put_many(b, 0, 100);
    must(sx_index_rebuild(b->ix, NULL, &docs, &err), &err);
    ask_all(b->r, 100);
    settle(b);
    assert_true(ask_all(b->r, 100));
}

static void an_engine_can_be_asked_for(void **state)
{
    struct bed *b = *state;

    put_many(b, 0, 10);
    struct sx_results *res = search(b->r, "harbour", SX_ENGINE_BLOCKMAX);
    assert_string_equal(res->engine, "blockmax");
    sx_results_free(res);
    struct sx_stats stats = stats_of(b);
    assert_true(stats.blockmax.reached);
    assert_int_equal(stats.blockmax.docs, 10);
    assert_int_equal(stats.blockmax.segments, 1);
    assert_true(stats.blockmax.memory_bytes > 0);
    assert_int_equal(stats.blockmax.file_bytes, 0);
}

/* ---- files -------------------------------------------------------------------------------------- */

/* Calls `fn` for each file of block-max; how many there were. */
static size_t each_file(struct bed *b, const char *ending, void (*fn)(const char *path))
{
    char folder[512], path[1024];
    struct dirent *e;
    size_t count = 0;

    snprintf(folder, sizeof(folder), "%s/blockmax", b->dir);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while ((e = readdir(dir)) != NULL) {
        size_t n = strlen(e->d_name), k = strlen(ending);
        if (n < k || strcmp(e->d_name + n - k, ending) != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        fn(path);
        count++;
    }
    closedir(dir);
    return count;
}

static void remove_file(const char *path)
{
    assert_int_equal(unlink(path), 0);
}

static void cut_file(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size / 3), 0);
}

/* Where postings are, which nobody has looked at when the file is opened. */
static void garble_file(const char *path)
{
    static const char garbage[512] = "nothing that was ever written";
    int fd = open(path, O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 300), (ssize_t)sizeof(garbage));
    close(fd);
}

static void empty_file(const char *path)
{
    assert_int_equal(truncate(path, 0), 0);
}

static void files_serve_the_next_process(void **state)
{
    struct bed *b = *state;

    put_many(b, 0, MANY);
    settle(b);
    drop(b, "0");
    put(b, "0", "harbour train ferry0 harbour ferry");
    commit(b);
    close_bed(b);
    open_bed(b);
    struct sx_stats stats = stats_of(b);
    assert_true(stats.blockmax.reached);
    assert_true(stats.blockmax.file_bytes > 0);
    assert_int_equal(stats.blockmax.docs, MANY);
    assert_true(ask_all(b->r, MANY));
}

/* A fault while nobody looks: the next process answers rightly at once, and by block-max in the end. */
static void survive(struct bed *b, const char *ending, void (*fault)(const char *path))
{
    put_many(b, 0, MANY);
    settle(b);
    close_bed(b);
    assert_true(each_file(b, ending, fault) > 0);
    open_bed(b);
    ask_all(b->r, MANY);
    settle(b);
    assert_true(ask_all(b->r, MANY));
}

static void lost_segments_are_made_anew(void **state)
{
    survive(*state, ".segment", remove_file);
}

static void cut_segments_are_made_anew(void **state)
{
    survive(*state, ".segment", cut_file);
}

static void garbled_segments_are_made_anew(void **state)
{
    survive(*state, ".segment", garble_file);
}

static void a_lost_manifest_is_made_anew(void **state)
{
    survive(*state, "manifest", remove_file);
}

static void a_cut_manifest_is_made_anew(void **state)
{
    survive(*state, "manifest", cut_file);
}

static void an_empty_manifest_is_made_anew(void **state)
{
    survive(*state, "manifest", empty_file);
}

/* The same under an open index that has looked at the files already, or not yet. */
static void survive_open(struct bed *b, void (*fault)(const char *path), bool looked)
{
    put_many(b, 0, MANY);
    settle(b);
    if (looked)
        assert_true(ask_all(b->r, MANY));
    assert_true(each_file(b, ".segment", fault) > 0);
    ask_all(b->r, MANY);
    settle(b);
    ask_all(b->r, MANY);
}

static void segments_garbled_under_a_reader_are_made_anew(void **state)
{
    struct bed *b = *state;

    survive_open(b, garble_file, false);
    assert_true(ask_all(b->r, MANY));
}

static void segments_cut_under_a_reader_are_made_anew(void **state)
{
    struct bed *b = *state;

    guard_install(); /* cmocka takes the signal for each test */
    survive_open(b, cut_file, true);
    assert_true(ask_all(b->r, MANY));
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

/* Where files are kept while one is damaged. */
static char pristine[512];

static void keep_file(const char *path)
{
    char to[1024];

    snprintf(to, sizeof(to), "%s/%s", pristine, strrchr(path, '/') + 1);
    copy(path, to);
}

static void put_back(struct bed *b)
{
    char from[1024], to[1024];
    struct dirent *e;
    DIR *dir = opendir(pristine);

    assert_non_null(dir);
    each_file(b, ".segment", remove_file);
    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(from, sizeof(from), "%s/%s", pristine, e->d_name);
        snprintf(to, sizeof(to), "%s/blockmax/%s", b->dir, e->d_name);
        copy(from, to);
    }
    closedir(dir);
}

static uint64_t flip_at;

static void flip_bit(const char *path)
{
    struct stat st;
    char byte = 0;
    int fd = open(path, O_RDWR);

    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    off_t at = (off_t)(flip_at % (uint64_t)st.st_size);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= (char)(1 << (flip_at % 8));
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* One bit anywhere, in what counts words, says where they stand, or leads there. */
static void a_bit_that_flips_changes_no_answer(void **state)
{
    struct bed *b = *state;
    uint64_t random = 88172645463325252u;

    put_many(b, 0, MANY);
    settle(b);
    close_bed(b);
    snprintf(pristine, sizeof(pristine), "%s/pristine", b->dir);
    assert_int_equal(mkdir(pristine, 0700), 0);
    each_file(b, ".segment", keep_file);
    each_file(b, "manifest", keep_file);
    for (int i = 0; i < 40; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        flip_at = random >> 8;
        put_back(b);
        assert_int_equal(each_file(b, ".segment", flip_bit), 1);
        open_bed(b);
        ask(b->r, "harbour train", MANY);
        ask(b->r, "harbour NEAR/3 ferry", (MANY + 6) / 7);
        ask(b->r, "\"harbour train\"", (MANY + 2) / 3);
        ask(b->r, "x17* tide", 2000 + 36);
        close_bed(b);
    }
    open_bed(b);
}

static char names[4096];

static void note_name(const char *path)
{
    size_t used = strlen(names);

    snprintf(names + used, sizeof(names) - used, "%s ", strrchr(path, '/') + 1);
}

/* A few documents more do not have all others written again, and no file is left behind. */
static void what_is_large_is_not_merged_with_what_is_small(void **state)
{
    struct bed *b = *state;
    char before[sizeof(names)], uri[16];

    put_many(b, 0, MANY);
    settle(b);
    names[0] = '\0';
    assert_int_equal(each_file(b, ".segment", note_name), 1);
    snprintf(before, sizeof(before), "%s", names);
    for (int i = 0; i < 40; i++) {
        snprintf(uri, sizeof(uri), "few-%d", i);
        put(b, uri, "harbour");
        commit(b);
        if (i % 10 == 0)
            settle(b);
    }
    settle(b);
    names[0] = '\0';
    assert_int_equal(each_file(b, ".segment", note_name), 1);
    assert_string_equal(names, before);
    assert_true(ask(b->r, "harbour", MANY + 40));
}

/* An index that nothing comes to is made one segment, unless what came last is less than an eighth of it. */
static void an_idle_index_is_one_segment(void **state)
{
    struct bed *b = *state;

    put_many(b, 0, MANY);
    settle(b);
    put_many(b, MANY, MANY + MANY / 9);
    settle(b);
    assert_int_equal(stats_of(b).blockmax.segments, 2);
    put_many(b, MANY + MANY / 9, MANY + MANY / 4);
    assert_int_equal(stats_of(b).blockmax.segments, 3);
    settle(b);
    assert_int_equal(stats_of(b).blockmax.segments, 1);
    names[0] = '\0';
    assert_int_equal(each_file(b, ".segment", note_name), 1);
    assert_true(ask_all(b->r, MANY + MANY / 4));
}

/* Offsets in a segment have a limit, which merging keeps away from. */
static void segments_are_not_merged_beyond_their_limit(void **state)
{
    struct bed *b = *state;

    put_many(b, 0, MANY);
    settle(b);
    struct sx_stats stats = stats_of(b);
    assert_int_equal(stats.blockmax.segments, 1);
    pthread_mutex_lock(&b->ix->lock);
    b->ix->upkeep.bytes_max = stats.blockmax.file_bytes * 3 / 2;
    pthread_mutex_unlock(&b->ix->lock);
    for (int i = 1; i < 5; i++) {
        put_many(b, i * MANY, (i + 1) * MANY);
        settle(b);
        assert_int_equal(stats_of(b).blockmax.segments, i + 1);
    }
    assert_true(ask(b->r, "harbour", 5 * MANY));
    pthread_mutex_lock(&b->ix->lock);
    b->ix->upkeep.bytes_max = SEGMENT_BYTES_MAX;
    pthread_mutex_unlock(&b->ix->lock);
    put(b, "one more", "harbour");
    commit(b);
    settle(b);
    assert_true(stats_of(b).blockmax.segments < 3);
    assert_true(ask(b->r, "harbour", 5 * MANY + 1));
}

/* While documents come, too few to be merged, and nobody asks for anything to be settled. */
static void memory_goes_to_a_file_when_it_is_much(void **state)
{
    struct bed *b = *state;

    put_many(b, 0, 1000);
    uint64_t one = stats_of(b).blockmax.memory_bytes;
    assert_true(one > 0);
    pthread_mutex_lock(&b->ix->lock);
    b->ix->upkeep.memory_max = one * 5 / 2;
    pthread_mutex_unlock(&b->ix->lock);
    put_many(b, 1000, 2000);
    assert_true(stats_of(b).blockmax.memory_bytes > one);
    put_many(b, 2000, 3000);
    pthread_mutex_lock(&b->ix->lock);
    while (b->ix->upkeep.wanted || !b->ix->upkeep.idle)
        pthread_cond_wait(&b->ix->upkeep.wake, &b->ix->lock);
    pthread_mutex_unlock(&b->ix->lock);
    assert_true(stats_of(b).blockmax.memory_bytes < one);
    names[0] = '\0';
    assert_int_equal(each_file(b, ".segment", note_name), 1);
    assert_true(ask_all(b->r, 3000));
}

/* An index that was put back from a copy goes on with other documents by the same rowids: the
 * segments of the one that it replaces are not about them. */
static void segments_of_another_past_are_not_believed(void **state)
{
    struct bed *b = *state;
    char db[512], kept[512];

    snprintf(db, sizeof(db), "%s/index.db", b->dir);
    snprintf(kept, sizeof(kept), "%s/kept.db", b->dir);
    put_many(b, 0, 100);
    close_bed(b);
    copy(db, kept);
    open_bed(b);
    put_many(b, 100, MANY);
    settle(b);
    close_bed(b);
    copy(kept, db);
    open_bed(b);
    assert_true(ask_all(b->r, 100));
    for (int i = 0; i < 2; i++) {
        put(b, "other", i == 0 ? "unheard of" : "harbour ferry");
        commit(b);
        close_bed(b);
        open_bed(b);
        ask(b->r, "harbour", i == 0 ? 100 : 101);
    }
    settle(b);
    assert_true(ask(b->r, "harbour", 101));
}

#define with_bed(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_bed(every_commit_is_reached),
        with_bed(what_is_rolled_back_was_never_there),
        with_bed(a_document_that_comes_and_goes_in_one_transaction_is_not_found),
        with_bed(a_snapshot_keeps_what_goes_after_it),
        with_bed(a_rebuild_is_reached_again),
        with_bed(an_engine_can_be_asked_for),
        with_bed(files_serve_the_next_process),
        with_bed(lost_segments_are_made_anew),
        with_bed(cut_segments_are_made_anew),
        with_bed(garbled_segments_are_made_anew),
        with_bed(a_lost_manifest_is_made_anew),
        with_bed(a_cut_manifest_is_made_anew),
        with_bed(an_empty_manifest_is_made_anew),
        with_bed(segments_garbled_under_a_reader_are_made_anew),
        with_bed(segments_cut_under_a_reader_are_made_anew),
        with_bed(memory_goes_to_a_file_when_it_is_much),
        with_bed(an_idle_index_is_one_segment),
        with_bed(segments_are_not_merged_beyond_their_limit),
        with_bed(segments_of_another_past_are_not_believed),
        with_bed(a_bit_that_flips_changes_no_answer),
        with_bed(what_is_large_is_not_merged_with_what_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
