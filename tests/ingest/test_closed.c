/* Once ingest_prepare() was called, no reader opens a file, makes one, or calls for anything else
 * outside its memory: a child process that would die of it reads all samples. */
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "index/base/str.h"
#include "tests/ingest/gather.h"
#include "tests/support/support.h"

#define FILES_MAX 128

static char names[FILES_MAX][64];
static struct buf files[FILES_MAX];
static size_t file_count;

static void keep(const char *name, struct sx_str bytes)
{
    assert_true(file_count < FILES_MAX);
    snprintf(names[file_count], sizeof(names[0]), "%s", name);
    buf_put_str(&files[file_count++], bytes);
}

static void load_samples(void)
{
    char folder[4096], path[4400];
    struct dirent *entry;

    snprintf(folder, sizeof(folder), "%s/tests/ingest/samples", source_dir());
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        struct buf bytes = {0};
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        assert_true(gather_file(path, &bytes));
        keep(entry->d_name, buf_str(&bytes));
        buf_release(&bytes);
    }
    closedir(dir);
}

/* What makes libraries look on disk: charsets and entities. */
static void load_traps(void)
{
    static const char *const charsets[] = {"koi8-r", "x-no-such-charset", "iso-2022-kr", "utf-7",
                                           "../../../etc/passwd"};
    char text[512];

    for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
        snprintf(text, sizeof(text),
                 "From: =?%s?Q?=E1?= <a@b>\nMIME-Version: 1.0\nContent-Type: text/plain; "
                 "charset=%s\n\nna\xEFve\n",
                 charsets[i], charsets[i]);
        keep("trap.eml", str_of(text));
        snprintf(text, sizeof(text), "<html><meta charset=%s><p>na\xEFve", charsets[i]);
        keep("trap.html", str_of(text));
        snprintf(
            text, sizeof(text),
            "<?xml version=\"1.0\" encoding=\"%s\"?><!DOCTYPE rss SYSTEM \"http://a.example/x\" "
            "[<!ENTITY e SYSTEM \"file:///etc/passwd\">]><rss><channel><item><title>&e;\xEF"
            "</title></item></channel></rss>",
            charsets[i]);
        keep("trap.rss", str_of(text));
    }
}

/* Any of these ends the process. */
static bool forbid(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef SYS_open
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_open, 6, 0),
#else
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 6, 0),
#endif
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_newfstatat, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* The child's part: its exit status is what became of file `i`, 2 is "not forbidden". */
static void read_closed(int out)
{
    ingest_prepare();
    if (!forbid())
        _exit(2);
    for (size_t i = 0; i < file_count; i++) {
        struct gather g;
        unsigned char at = (unsigned char)i;
        if (write(out, &at, 1) != 1)
            _exit(3);
        gather_read(&g, names[i], buf_str(&files[i]), NULL);
        bool lost = g.doc_count + g.fail_count == 0 || g.unsound > 0;
        gather_release(&g);
        if (lost)
            _exit(4);
    }
    _exit(0);
}

static void readers_open_nothing(void **state)
{
    int ends[2], status;
    unsigned char at = 0, next;

    (void)state;
    load_samples();
    load_traps();
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        read_closed(ends[1]);
    close(ends[1]);
    while (read(ends[0], &next, 1) == 1)
        at = next;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    for (size_t i = 0; i < file_count; i++)
        buf_release(&files[i]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
        print_message("SKIPPED: this kernel takes no seccomp filter\n");
        skip();
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("reading %s ended with status %#x (31: it made a forbidden call)", names[at],
                 (unsigned)status);
    print_message("%zu files read with no file opened\n", file_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_open_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
