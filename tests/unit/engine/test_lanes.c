/* Syncs side by side: what changed does not wait for a large file or a mass of them, which go on where
 * they were; and however they are mixed, in the end the index is what the folder is. */
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/engine/index.h"
#include "index/engine/readahead.h"
#include "tests/support/bed.h"

#define NAMES 12
#define LINES 60 /* of a large file, which has more bytes than are read ahead */

/* Documents that are many bytes and few words, each with `word`. */
static void write_large(const struct bed *b, const char *name, const char *word)
{
    static char dots[90000];
    FILE *f = fopen(path_of(b, name), "w");

    assert_non_null(f);
    memset(dots, '.', sizeof(dots) - 1);
    for (int i = 0; i < LINES; i++)
        fprintf(f, "{\"body\":\"%s %s\"}\n", word, dots);
    assert_true(ftell(f) > (long)READAHEAD_FILE_BYTES);
    fclose(f);
}

/* False: that sync has come to its end. */
static bool step(struct bed *b)
{
    struct sx_error err;
    bool more;

    must(sx_sync_step(b->ix, 0, &more, NULL, NULL, &err), &err);
    return more;
}

static void step_to_the_end(struct bed *b)
{
    while (sx_sync_progress(b->ix).left)
        step(b);
}

static void begin_root(struct bed *b)
{
    struct sx_error err;

    must(sx_sync_begin(b->ix, b->root, &err), &err);
}

static void begin_path(struct bed *b, const char *name)
{
    const char *path = path_of(b, name);
    struct sx_error err;

    must(sx_sync_begin_paths(b->ix, &path, 1, &err), &err);
}

/* Changes a file and waits until that is found; how many steps it took. */
static unsigned change(struct bed *b, const char *name, const char *word)
{
    unsigned steps = 0;

    write_file(b, name, word);
    for (begin_path(b, name); found(b, word) == 0; steps++)
        step(b);
    return steps;
}

/* Steps of a root until a part of its large file is found. */
static void begin_root_amid(struct bed *b)
{
    for (begin_root(b); sx_sync_progress(b->ix).docs == 0;)
        step(b);
    assert_in_range(found(b, "ferry"), 1, LINES - 1);
}

static void a_large_file_goes_on_behind_changes(void **state)
{
    struct bed *b = *state;
    char word[32];
    unsigned changes = 0;

    write_large(b, "large.jsonl", "ferry");
    begin_root_amid(b);
    while (found(b, "ferry") < LINES) { /* as something changes all the time */
        snprintf(word, sizeof(word), "canoe%u", changes++);
        assert_in_range(change(b, "a.txt", word), 1, 20);
        assert_in_range(changes, 1, 500);
        step(b);
    }
    assert_in_range(changes, 2, 500); /* it was not read while nothing else was */
    step_to_the_end(b);
    assert_int_equal(sx_sync_progress(b->ix).failed, 0);
    begin_root(b);
    step_to_the_end(b);
    assert_int_equal(sx_sync_progress(b->ix).unchanged, 2);
}

static void a_large_change_makes_room_for_the_next(void **state)
{
    struct bed *b = *state;

    for (int i = 0; i < 6; i++) { /* the first is read, the others wait for it */
        char name[32];
        snprintf(name, sizeof(name), "large%d.jsonl", i);
        write_large(b, name, "ferry");
        for (begin_path(b, name); sx_sync_progress(b->ix).changes;)
            step(b);
        assert_true(sx_sync_progress(b->ix).left);
    }
    change(b, "a.txt", "canoe");
    assert_true(found(b, "ferry") < 6 * LINES);
    step_to_the_end(b);
    assert_int_equal(found(b, "ferry"), 6 * LINES);
}

static void a_small_change_goes_before_a_large_one_beside_it(void **state)
{
    struct bed *b = *state;
    struct sx_error err;

    write_large(b, "large.jsonl", "ferry");
    write_file(b, "z.txt", "canoe");
    const char *const paths[] = {path_of(b, "large.jsonl"), path_of(b, "z.txt")};
    must(sx_sync_begin_paths(b->ix, paths, 2, &err), &err);
    while (found(b, "canoe") == 0)
        step(b);
    assert_int_equal(found(b, "ferry"), 0);
    step_to_the_end(b);
    assert_int_equal(found(b, "ferry"), LINES);
}

/* What was put of changes before they had to wait is told with the rest. */
static void what_waits_tells_all_that_it_did(void **state)
{
    struct bed *b = *state;

    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof(name), "large%d.jsonl", i);
        write_large(b, name, "ferry");
        for (begin_path(b, name); sx_sync_progress(b->ix).changes;)
            step(b);
    }
    assert_int_equal(mkdir(path_of(b, "sub"), 0755), 0);
    write_file(b, "sub/a.txt", "canoe");
    write_large(b, "sub/large.jsonl", "kayak");
    begin_path(b, "sub");
    step_to_the_end(b);
    assert_int_equal(found(b, "canoe"), 1);
    assert_in_range(sx_sync_progress(b->ix).added, 2, 5);
}

static void write_lines(const struct bed *b, const char *name, const char *word, int count)
{
    FILE *f = fopen(path_of(b, name), "w");

    assert_non_null(f);
    for (int i = 0; i < count; i++)
        fprintf(f, "{\"body\":\"%s\"}\n", word);
    fclose(f);
}

/* The old documents of a file go, whether it is replaced or removed. */
static void very_many_documents_go_behind_changes(void **state)
{
    struct bed *b = *state;
    struct sx_error err;

    assert_int_equal(mkdir(path_of(b, "sub"), 0755), 0);
    for (int round = 0; round < 3; round++) {
        write_lines(b, "sub/large.jsonl", "ferry", 6000);
        begin_root(b);
        step_to_the_end(b);
        assert_int_equal(found(b, "ferry"), 6000);
        if (round == 0)
            write_lines(b, "sub/large.jsonl", "kayak", 5000);
        else
            assert_int_equal(unlink(path_of(b, "sub/large.jsonl")), 0);
        begin_path(b, round == 1 ? "sub" : "sub/large.jsonl");
        while (found(b, "ferry") == 6000)
            step(b);
        change(b, "a.txt", round % 2 == 0 ? "canoe" : "rowing");
        assert_in_range(found(b, "ferry"), 1, 5999);
        step_to_the_end(b);
        assert_int_equal(found(b, "ferry"), 0);
        assert_int_equal(found(b, "kayak"), round == 0 ? 5000 : 0);
        must(sx_index_check(b->ix, &err), &err);
    }
}

/* It comes back, as it was, while its documents go. */
static void a_file_that_is_back_has_all_its_documents(void **state)
{
    struct bed *b = *state;

    assert_int_equal(mkdir(path_of(b, "sub"), 0755), 0);
    write_lines(b, "sub/large.jsonl", "ferry", 6000);
    begin_root(b);
    step_to_the_end(b);
    assert_int_equal(rename(path_of(b, "sub/large.jsonl"), path_of(b, ".away")), 0);
    begin_path(b, "sub");
    while (found(b, "ferry") == 6000)
        step(b);
    assert_int_equal(rename(path_of(b, ".away"), path_of(b, "sub/large.jsonl")), 0);
    begin_path(b, "sub/large.jsonl");
    step_to_the_end(b);
    assert_int_equal(found(b, "ferry"), 6000);
}

/* What one lane has read ahead, or put a part of, changes by way of another. */
static void what_has_changed_since_is_not_put(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    char name[32];

    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "f%02d.txt", i);
        write_file(b, name, "ferry");
    }
    for (begin_root(b); sx_sync_progress(b->ix).added < 5;)
        step(b);
    write_file(b, "f20.txt", "canoe");
    assert_int_equal(unlink(path_of(b, "f21.txt")), 0);
    assert_int_equal(rename(path_of(b, "f22.txt"), path_of(b, "a.txt")), 0);
    const char *const paths[] = {path_of(b, "f20.txt"), path_of(b, "f21.txt"),
                                 path_of(b, "f22.txt"), path_of(b, "a.txt")};
    must(sx_sync_begin_paths(b->ix, paths, 4, &err), &err);
    step_to_the_end(b);
    assert_int_equal(found(b, "ferry"), 38);
    assert_int_equal(found(b, "canoe"), 1);
    must(sx_index_check(b->ix, &err), &err);
}

/* Of what the root's lane has read ahead, the last file was another when it did so than it is now, and
 * than it was known to be: its hash on record alone does not tell. */
static void what_has_changed_there_and_back_is_not_put(void **state)
{
    struct bed *b = *state;
    char name[32];

    write_file(b, "z.txt", "first");
    begin_root(b);
    step_to_the_end(b);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "f%02d.txt", i);
        write_file(b, name, "ferry");
    }
    write_file(b, "z.txt", "second");
    for (begin_root(b); sx_sync_progress(b->ix).added < 20;) /* it has read the others, too */
        step(b);
    change(b, "z.txt", "second");
    while (sx_sync_progress(b->ix).changes)
        step(b);
    change(b, "z.txt", "first");
    step_to_the_end(b);
    assert_int_equal(found(b, "ferry"), 40);
    assert_int_equal(found(b, "second"), 0);
    assert_int_equal(found(b, "first"), 1);
}

/* Each change is done in one slice, and the next is there at once. */
static void changes_without_end_leave_turns_to_others(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    unsigned rounds = 0;
    bool more;

    write_large(b, "large.jsonl", "ferry");
    for (begin_root(b); found(b, "ferry") < LINES; rounds++) {
        assert_in_range(rounds, 0, 500);
        write_file(b, "a.txt", rounds % 2 == 0 ? "canoe" : "kayak");
        begin_path(b, "a.txt");
        must(sx_sync_step(b->ix, 1000, &more, NULL, NULL, &err), &err);
    }
    step_to_the_end(b);
}

static uint64_t failures(struct bed *b)
{
    return stats_of(b).coverage.failed;
}

/* A link takes the place of a large file that is being read, and goes again. */
static void a_failure_goes_with_its_reason(void **state)
{
    struct bed *b = *state;

    write_large(b, "large.jsonl", "ferry");
    begin_root_amid(b);
    assert_int_equal(rename(path_of(b, "large.jsonl"), path_of(b, ".away")), 0);
    assert_int_equal(symlink(path_of(b, ".away"), path_of(b, "large.jsonl")), 0);
    begin_path(b, "large.jsonl");
    step_to_the_end(b);
    assert_int_equal(failures(b), 1);
    assert_int_equal(rename(path_of(b, ".away"), path_of(b, "large.jsonl")), 0);
    begin_path(b, "large.jsonl");
    step_to_the_end(b);
    assert_int_equal(failures(b), 0);
    assert_int_equal(found(b, "ferry"), LINES);
}

static void a_large_file_that_changes_amid_is_begun_anew(void **state)
{
    struct bed *b = *state;
    struct sx_error err;

    write_large(b, "large.jsonl", "ferry");
    begin_root_amid(b);
    write_file(b, "large.jsonl", "{\"body\":\"small\"}\n");
    begin_path(b, "large.jsonl");
    step_to_the_end(b);
    assert_int_equal(found(b, "ferry"), 0);
    assert_int_equal(found(b, "small"), 1);

    write_large(b, "large.jsonl", "ferry");
    begin_root_amid(b);
    assert_int_equal(unlink(path_of(b, "large.jsonl")), 0);
    begin_path(b, "large.jsonl");
    step_to_the_end(b);
    assert_int_equal(found(b, "ferry"), 0);

    write_large(b, "large.jsonl", "ferry");
    begin_root_amid(b);
    write_large(b, "large.jsonl", "kayak");
    begin_path(b, "large.jsonl");
    step_to_the_end(b);
    assert_int_equal(found(b, "ferry"), 0);
    assert_int_equal(found(b, "kayak"), LINES);
    must(sx_index_check(b->ix, &err), &err);
}

static void a_root_begins_and_paths_end_in_any_order(void **state)
{
    struct bed *b = *state;

    write_large(b, "large.jsonl", "ferry");
    begin_path(b, "large.jsonl");
    while (found(b, "ferry") == 0)
        step(b);
    begin_root(b);
    step_to_the_end(b);
    assert_int_equal(found(b, "ferry"), LINES);
    write_large(b, "large.jsonl", "kayak");
    begin_path(b, "large.jsonl");
    while (found(b, "kayak") == 0)
        step(b);
    sx_sync_end(b->ix);
    assert_false(sx_sync_progress(b->ix).left);
    begin_root(b);
    step_to_the_end(b);
    assert_int_equal(found(b, "kayak"), LINES);
    assert_int_equal(found(b, "ferry"), 0);
}

/* ---- anything, in any order -------------------------------------------------------------------- */

/* The folder as it should be found: of each name a word and how many documents have it. */
struct twin {
    struct bed *b;
    uint64_t seed;
    unsigned seq, word[NAMES], docs[NAMES];
    char *told[2 * NAMES]; /* changed paths that no sync knows yet */
    size_t told_count;
};

static const char *name_of(size_t i)
{
    static char names[8][32];
    static unsigned next;
    char *name = names[next++ % 8];

    snprintf(name, sizeof(names[0]), "%s%02zu.jsonl", i % 3 == 0 ? "sub/" : "", i);
    return name;
}

/* splitmix64, by Steele, Lea and Flood */
static unsigned random_of(struct twin *t, unsigned n)
{
    uint64_t z = t->seed += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (unsigned)((z ^ z >> 31) % n);
}

static void begin_told(struct twin *t)
{
    struct sx_error err;

    if (t->told_count == 0)
        return;
    must(sx_sync_begin_paths(t->b->ix, (const char *const *)t->told, t->told_count, &err), &err);
    while (t->told_count > 0)
        free(t->told[--t->told_count]);
}

static void tell(struct twin *t, size_t i)
{
    if (t->told_count == 2 * NAMES)
        begin_told(t);
    t->told[t->told_count++] = strdup(path_of(t->b, name_of(i)));
}

static void write_some(struct twin *t, size_t i)
{
    char word[32], text[64];

    t->word[i] = ++t->seq;
    snprintf(word, sizeof(word), "word%u", t->seq);
    if (random_of(t, 4) == 0) {
        t->docs[i] = LINES;
        write_large(t->b, name_of(i), word);
    } else {
        t->docs[i] = 1;
        snprintf(text, sizeof(text), "{\"body\":\"%s\"}\n", word);
        write_file(t->b, name_of(i), text);
    }
    tell(t, i);
}

static void move_some(struct twin *t, size_t from, size_t to)
{
    if (t->docs[from] == 0 || from == to)
        return;
    assert_int_equal(rename(path_of(t->b, name_of(from)), path_of(t->b, name_of(to))), 0);
    t->word[to] = t->word[from];
    t->docs[to] = t->docs[from];
    t->docs[from] = 0;
    tell(t, from);
    tell(t, to);
}

static void remove_some(struct twin *t, size_t i)
{
    if (t->docs[i] == 0)
        return;
    assert_int_equal(unlink(path_of(t->b, name_of(i))), 0);
    t->docs[i] = 0;
    tell(t, i);
}

static void do_something(struct twin *t)
{
    size_t i = random_of(t, NAMES), j = random_of(t, NAMES);

    switch (random_of(t, 12)) {
    case 0:
        write_some(t, i);
        break;
    case 1:
        move_some(t, i, j);
        break;
    case 2:
        remove_some(t, i);
        break;
    case 3:
        begin_told(t);
        break;
    case 4:
        if (random_of(t, 8) == 0)
            begin_root(t->b);
        break;
    default:
        step(t->b);
    }
}

static void assert_same(struct twin *t)
{
    uint64_t all = 0;
    char query[64];

    for (size_t i = 0; i < NAMES; i++) {
        if (t->docs[i] == 0)
            continue;
        snprintf(query, sizeof(query), "word%u", t->word[i]);
        if (found(t->b, query) != t->docs[i])
            fail_msg("%s: %s is found %llu times, not %u", name_of(i), query,
                     (unsigned long long)found(t->b, query), t->docs[i]);
        all += t->docs[i];
    }
    assert_int_equal(found(t->b, "word*"), all);
}

static void in_the_end_the_index_is_what_the_folder_is(void **state)
{
    const char *seed = getenv("SEARCHD_SEED");
    struct twin t = {.b = *state, .seed = seed == NULL ? 3 : strtoull(seed, NULL, 10)};
    struct sx_error err;

    assert_int_equal(mkdir(path_of(t.b, "sub"), 0755), 0);
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 60; i++)
            do_something(&t);
        begin_told(&t);
        step_to_the_end(t.b);
        assert_same(&t);
        must(sx_index_check(t.b->ix, &err), &err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_large_file_goes_on_behind_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_change_makes_room_for_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_small_change_goes_before_a_large_one_beside_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_waits_tells_all_that_it_did, set_up, tear_down),
        cmocka_unit_test_setup_teardown(very_many_documents_go_behind_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_back_has_all_its_documents, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_has_changed_since_is_not_put, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_changed_there_and_back_is_not_put, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(changes_without_end_leave_turns_to_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failure_goes_with_its_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_file_that_changes_amid_is_begun_anew, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_root_begins_and_paths_end_in_any_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(in_the_end_the_index_is_what_the_folder_is, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
