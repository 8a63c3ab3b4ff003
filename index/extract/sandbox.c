/* The system's side of the sandbox. The constants and structures of Landlock are those of the
 * kernel's interface (linux/landlock.h), asked by number, as the C library has no wrappers; rights
 * that the kernel does not know yet are left out, as it says to. */
#include "index/extract/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- limits ----------------------------------------------------------------------------- */

static void limit(__rlimit_resource_t what, uint64_t to)
{
    struct rlimit r = {to, to};

    setrlimit(what, &r); /* what is lower already stays so */
}

static void set_limits(const struct sandbox_limits *l)
{
    if (!SANDBOX_SANITIZED) {
        limit(RLIMIT_DATA, l->memory); /* what is written to, however it was had */
        limit(RLIMIT_AS, l->memory + l->mapped);
    }
    limit(RLIMIT_CPU, l->cpu_s);
    limit(RLIMIT_NOFILE, l->max_files);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_MEMLOCK, 0);
}

/* ---- Landlock --------------------------------------------------------------------------- */

/* All rights over files by the version of the interface that brought them. */
#define RIGHTS_1 ((UINT64_C(1) << 13) - 1)
#define RIGHT_REFER (UINT64_C(1) << 13)
#define RIGHT_TRUNCATE (UINT64_C(1) << 14)
#define RIGHT_IOCTL (UINT64_C(1) << 15)
#define RIGHTS_TCP UINT64_C(3)
#define SCOPES UINT64_C(3) /* abstract sockets, signals */

/* As of version 6; older kernels take the beginning of it. */
struct ruleset {
    uint64_t files;
    uint64_t net;
    uint64_t scoped;
};

static bool allow_below(int ruleset, const char *path, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = rights};
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT;
    rule.parent_fd = fd;
    bool ok = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    close(fd);
    return ok;
}

static bool allow_usr(int ruleset)
{
    const uint64_t file = LANDLOCK_ACCESS_FS_READ_FILE;
    const uint64_t all = file | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;

    return allow_below(ruleset, "/usr", all) && allow_below(ruleset, "/lib", all) &&
           allow_below(ruleset, "/lib64", all) && allow_below(ruleset, "/etc/ld.so.cache", file);
}

static bool enter_landlock(enum sandbox_profile profile)
{
    struct ruleset r = {.files = RIGHTS_1};
    size_t size = sizeof(r.files);
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    if (version < 1)
        return false;
    r.files |= version >= 2 ? RIGHT_REFER : 0;
    r.files |= version >= 3 ? RIGHT_TRUNCATE : 0;
    r.files |= version >= 5 ? RIGHT_IOCTL : 0;
    if (version >= 4) {
        r.net = RIGHTS_TCP;
        size = offsetof(struct ruleset, scoped);
    }
    if (version >= 6) {
        r.scoped = SCOPES;
        size = sizeof(r);
    }
    int fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
    if (fd < 0)
        return false;
    bool ok = profile != SANDBOX_PDFTOTEXT || allow_usr(fd);
    ok = ok && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    close(fd);
    return ok;
}

/* ---- seccomp ---------------------------------------------------------------------------- */

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What computing and talking over an open descriptor takes. */
static const int basic_calls[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(readv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(lseek),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getrusage),
};

/* What a library may try, and is told that it cannot: it then does without. */
static const int refused_calls[] = {
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(statx),
    SCMP_SYS(socket),
    SCMP_SYS(ioctl),
    SCMP_SYS(getcwd),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getdents64),
};

/* More of what a program takes to be loaded and to read files. */
static const int loader_calls[] = {
    SCMP_SYS(execve),     SCMP_SYS(mprotect),        SCMP_SYS(mmap),
    SCMP_SYS(arch_prctl), SCMP_SYS(access),          SCMP_SYS(readlink),
    SCMP_SYS(pread64),    SCMP_SYS(set_tid_address), SCMP_SYS(rseq),
    SCMP_SYS(statx),      SCMP_SYS(set_robust_list), SCMP_SYS(stat),
    SCMP_SYS(lstat),      SCMP_SYS(getdents64),      SCMP_SYS(fcntl),
    SCMP_SYS(fadvise64),  SCMP_SYS(uname),           SCMP_SYS(sysinfo),
    SCMP_SYS(readlinkat), SCMP_SYS(faccessat),       SCMP_SYS(faccessat2),
    SCMP_SYS(getuid),     SCMP_SYS(geteuid),         SCMP_SYS(getgid),
    SCMP_SYS(getegid),    SCMP_SYS(getcwd),          SCMP_SYS(sched_getaffinity),
    SCMP_SYS(prlimit64),  SCMP_SYS(statfs),          SCMP_SYS(getppid),
};

/* What a sanitizer does besides, to tell what it found. */
static const int sanitizer_calls[] = {
    SCMP_SYS(sigaltstack), SCMP_SYS(prctl),   SCMP_SYS(tgkill),
    SCMP_SYS(kill),        SCMP_SYS(fcntl),   SCMP_SYS(getppid),
    SCMP_SYS(getuid),      SCMP_SYS(clone),   SCMP_SYS(wait4),
    SCMP_SYS(dup),         SCMP_SYS(pipe2),   SCMP_SYS(ptrace),
    SCMP_SYS(mincore),     SCMP_SYS(msync),   SCMP_SYS(geteuid),
    SCMP_SYS(getgid),      SCMP_SYS(getegid), SCMP_SYS(set_robust_list),
};

static bool allow(scmp_filter_ctx f, const int *calls, size_t count)
{
    bool ok = true;

    for (size_t i = 0; i < count && ok; i++) {
        int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
        ok = rc == 0 || rc == -EEXIST;
    }
    return ok;
}

/* Memory may be mapped, but none that runs; a file only where a descriptor of it was sent. */
static bool add_reader_rules(scmp_filter_ctx f)
{
    bool ok = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                               SCMP_A2_64(SCMP_CMP_MASKED_EQ,
                                          SANDBOX_SANITIZED ? 0 : 4 /* PROT_EXEC */, 0)) == 0;
    ok = ok && seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                SCMP_A2_64(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0)) == 0;
    /* abort() raises a signal in its own thread. */
    ok = ok && seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                SCMP_A0_64(SCMP_CMP_EQ, (uint64_t)getpid(), 0)) == 0;
    if (SANDBOX_SANITIZED)
        ok = ok && allow(f, sanitizer_calls, COUNT(sanitizer_calls));
    for (size_t i = 0; i < COUNT(refused_calls) && ok; i++)
        ok = seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), refused_calls[i], 0) == 0;
    return ok;
}

/* Files are opened to be read only, which also holds where Landlock is lacking. */
static bool add_pdftotext_rules(scmp_filter_ctx f)
{
    bool ok = allow(f, loader_calls, COUNT(loader_calls));
    if (SANDBOX_SANITIZED) /* until another program takes its place */
        ok = ok && allow(f, sanitizer_calls, COUNT(sanitizer_calls));

    ok = ok && seccomp_rule_add(
                   f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                   SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)) == 0;
    ok = ok && seccomp_rule_add(
                   f, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
                   SCMP_A1_64(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)) == 0;
    ok = ok && seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(ioctl), 0) == 0;
    ok = ok && seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 0) == 0;
    return ok;
}

static bool enter_seccomp(enum sandbox_profile profile)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);

    if (f == NULL)
        return false;
    bool ok = allow(f, basic_calls, COUNT(basic_calls));
    ok = ok && (profile == SANDBOX_READER ? add_reader_rules(f) : add_pdftotext_rules(f));
    ok = ok && seccomp_load(f) == 0;
    seccomp_release(f);
    return ok;
}

int sandbox_enter(enum sandbox_profile profile, const struct sandbox_limits *limits)
{
    int lacks = 0;

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    /* Before the limits: both open descriptors for a moment. */
    if (!enter_landlock(profile))
        lacks |= SANDBOX_NO_LANDLOCK;
    set_limits(limits);
    if (!enter_seccomp(profile))
        lacks |= SANDBOX_NO_SECCOMP;
    return lacks;
}

const char *sandbox_lacks(int bits)
{
    static const char *const words[] = {"", "Landlock", "seccomp", "Landlock and seccomp"};

    return words[bits & 3];
}
