/* The walk: every regular file once, in byte order of the paths, and nothing else. */
#include "index/ingest/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "tests/support/support.h"

static void make_file(const char *root, const char *name)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *p = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(name, f);
    fclose(f);
}

/* The names below the root, "name\n" each, with "!problem" behind those that have one. */
static sx_status list(const char *root, struct buf *out, struct sx_error *err)
{
    struct walk *w;
    struct walk_file file;
    bool more = true;
    sx_status rc = walk_open(&w, root, err);

    if (rc != SX_OK)
        return rc;
    while ((rc = walk_next(w, &file, &more, err)) == SX_OK && more) {
        const char *base = walk_root(w);
        assert_int_equal(strncmp(file.path, base, strlen(base)), 0);
        buf_puts(out, file.path + strlen(base) + 1);
        if (file.problem != NULL)
            buf_printf(out, "!%s", file.problem);
        else
            assert_int_equal(file.size, strlen(file.path + strlen(base) + 1));
        buf_puts(out, "\n");
    }
    walk_close(w);
    return rc;
}

static void assert_list(const char *root, const char *want)
{
    struct buf out = {0};
    struct sx_error err = {0};

    if (list(root, &out, &err) != SX_OK)
        fail_msg("%s", err.msg);
    assert_string_equal(buf_cstr(&out), want);
    buf_release(&out);
}

static void files_come_in_byte_order_of_their_paths(void **state)
{
    static const char *const names[] = {"b/x", "a.txt", "a/y",       "a/b/z",
                                        "a-b", "a0",    "\xFFlatin", "B"};
    char *dir = temp_dir();

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        make_file(dir, names[i]);
    assert_list(dir, "B\na-b\na.txt\na/b/z\na/y\na0\nb/x\n\xFFlatin\n");
    temp_dir_remove(dir);
}

static void links_are_told_and_dot_names_left_out(void **state)
{
    char *dir = temp_dir();

    (void)state;
    make_file(dir, "a/file");
    make_file(dir, ".hidden");
    make_file(dir, ".git/config");
    make_file(dir, "a/.swp");
    assert_int_equal(chdir(dir), 0);
    assert_int_equal(symlink("a/file", "link"), 0);
    assert_int_equal(symlink("..", "a/loop"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_list(dir, "a/file\na/loop!a symbolic link, which is not followed\n"
                     "dangling!a symbolic link, which is not followed\n"
                     "link!a symbolic link, which is not followed\n");
    assert_int_equal(chdir("/"), 0);
    temp_dir_remove(dir);
}

static void what_cannot_be_read_is_told(void **state)
{
    char *dir = temp_dir();

    (void)state;
    make_file(dir, "z");
    make_file(dir, "closed/file");
    assert_int_equal(chdir(dir), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(chmod("closed", 0), 0);
    if (geteuid() != 0)
        assert_list(dir, "closed!Permission denied\nfifo!not a regular file\nz\n");
    else /* root may list it all the same */
        assert_list(dir, "closed/file\nfifo!not a regular file\nz\n");
    assert_int_equal(chmod("closed", 0700), 0);
    assert_int_equal(chdir("/"), 0);
    temp_dir_remove(dir);
}

static void no_folder_is_not_found(void **state)
{
    char *dir = temp_dir();
    char path[4096];
    struct buf out = {0};
    struct sx_error err = {0};

    (void)state;
    assert_list(dir, "");
    make_file(dir, "file");
    snprintf(path, sizeof(path), "%s/file", dir);
    assert_int_equal(list(path, &out, &err), SX_ENOTFOUND);
    snprintf(path, sizeof(path), "%s/missing", dir);
    assert_int_equal(list(path, &out, &err), SX_ENOTFOUND);
    assert_non_null(strstr(err.msg, path));
    temp_dir_remove(dir);
}

/* Deeper than descriptors reach, and past the longest path. */
static void a_deep_tree_is_walked_with_one_descriptor(void **state)
{
    char *dir = temp_dir();
    struct walk *w;
    struct walk_file file;
    struct sx_error err;
    bool more = true;
    size_t files = 0, problems = 0;

    (void)state;
    assert_int_equal(chdir(dir), 0);
    for (int i = 0; i < 2500; i++) {
        close(open("f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        assert_int_equal(mkdir("d", 0700), 0);
        assert_int_equal(chdir("d"), 0);
    }
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(walk_open(&w, dir, &err), SX_OK);
    while (walk_next(w, &file, &more, &err) == SX_OK && more) {
        files += file.problem == NULL;
        problems += file.problem != NULL;
        assert_true(strlen(file.path) <= 4096);
    }
    walk_close(w);
    assert_false(more);
    assert_true(files > 2000);
    assert_in_range(problems, 1, 2); /* where paths become too long: the folder, maybe the file */
    char command[64];                /* nftw() cannot go that deep */
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
    free(dir);
}

static void a_folder_that_moves_away_is_told(void **state)
{
    char *dir = temp_dir();
    struct walk *w;
    struct walk_file file;
    struct sx_error err;
    bool more;

    (void)state;
    make_file(dir, "a/b/1");
    make_file(dir, "a/c");
    make_file(dir, "z/1");
    assert_int_equal(walk_open(&w, dir, &err), SX_OK);
    assert_int_equal(walk_next(w, &file, &more, &err), SX_OK);
    assert_true(more);
    assert_int_equal(chdir(dir), 0);
    assert_int_equal(rename("a/b", "z/b"), 0);
    assert_int_equal(walk_next(w, &file, &more, &err), SX_EIO);
    assert_non_null(strstr(err.msg, "moved"));
    walk_close(w);
    assert_int_equal(chdir("/"), 0);
    temp_dir_remove(dir);
}

static void memory_running_out_is_told(void **state)
{
    char *dir = temp_dir();
    sx_status rc = SX_ENOMEM;

    (void)state;
    make_file(dir, "a/b/c");
    make_file(dir, "d");
    for (long n = 0; rc != SX_OK; n++) {
        struct buf out = {0};
        struct sx_error err;
        assert_non_null(buf_reserve(&out, 4096)); /* the test's own, before the countdown */
        mem_fail_after(n);
        rc = list(dir, &out, &err);
        assert_int_equal(rc, mem_failed() ? SX_ENOMEM : SX_OK);
        mem_fail_after(-1);
        buf_release(&out);
    }
    temp_dir_remove(dir);
}

static void uris_encode_bytes(void **state)
{
    struct buf out = {0};

    (void)state;
    walk_uri("/srv/a b/%\xC3\xA9\xFF~x-1_.txt", &out);
    assert_string_equal(buf_cstr(&out), "file:///srv/a%20b/%25%C3%A9%FF~x-1_.txt");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_in_byte_order_of_their_paths),
        cmocka_unit_test(links_are_told_and_dot_names_left_out),
        cmocka_unit_test(what_cannot_be_read_is_told),
        cmocka_unit_test(no_folder_is_not_found),
        cmocka_unit_test(a_deep_tree_is_walked_with_one_descriptor),
        cmocka_unit_test(a_folder_that_moves_away_is_told),
        cmocka_unit_test(memory_running_out_is_told),
        cmocka_unit_test(uris_encode_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
