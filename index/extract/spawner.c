/* Orders go over a socket that keeps messages apart, one order and one answer at a time. Only this
 * process waits for its children, and only when it is told to, so that no number of a process is
 * used again while somebody may still name it.
 *
 * Behind it stands its keeper, which does nothing but fork it, at the start and when it was killed:
 * by then the daemon has threads and cannot. */
#include "index/extract/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/str.h"

#define FDS_MAX 3
#define OWN_FD 3 /* where each process has its socket, behind the standard ones */

enum order_kind { ORDER_PROBE, ORDER_READER, ORDER_PDFTOTEXT, ORDER_END, ORDER_SPAWNER };

struct order {
    int32_t kind;
    int32_t pid; /* ORDER_END; of the keeper's answer to ORDER_SPAWNER, which brings a socket */
    uint32_t grace_ms;
};

struct answer {
    int32_t error; /* errno; 0: done */
    int32_t value; /* a process, or how it ended, or what is lacking */
};

struct spawner {
    pthread_mutex_t lock; /* one order at a time */
    int fd;               /* -1: none has been started yet; under the lock, as is the next */
    pid_t pid;
    int keeper_fd;
    pid_t keeper;
    atomic_uint renewed;
};

/* ---- messages ------------------------------------------------------------------------------- */

union fds_room {
    char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
    struct cmsghdr align;
};

static bool send_order(int to, const struct order *o, const int *fds, size_t count)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)o, .iov_len = sizeof(*o)};
    union fds_room room;
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    memset(&room, 0, sizeof(room));
    m.msg_control = room.bytes;
    m.msg_controllen = count == 0 ? 0 : CMSG_SPACE(sizeof(int) * count);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c != NULL) { /* there are some */
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * count);
    }
    do
        n = sendmsg(to, &m, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(*o);
}

/* Descriptors that did not come are -1. */
static bool receive_order(int from, struct order *o, int fds[FDS_MAX])
{
    struct iovec iov = {.iov_base = o, .iov_len = sizeof(*o)};
    union fds_room room;
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room)};
    ssize_t n;

    for (size_t i = 0; i < FDS_MAX; i++)
        fds[i] = -1;
    do
        n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(*o))
        return false;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c != NULL && c->cmsg_type == SCM_RIGHTS) {
        size_t len = c->cmsg_len - CMSG_LEN(0);
        memcpy(fds, CMSG_DATA(c), len < sizeof(int) * FDS_MAX ? len : sizeof(int) * FDS_MAX);
    }
    return true;
}

/* ---- the spawner's own process ---------------------------------------------------------------- */

static void close_from(int first)
{
    if (close_range((unsigned)first, UINT_MAX, 0) == 0)
        return;
    long max = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < (max > 0 && max < 65536 ? max : 65536); fd++)
        close(fd);
}

/* `fd` becomes OWN_FD, and nothing else stays open but the standard three. */
static void keep_only(int fd)
{
    if (fd != OWN_FD)
        dup2(fd, OWN_FD);
    close_from(OWN_FD + 1);
}

/* The standard three lead nowhere; what a sanitizer has to say still goes to the terminal. */
static void silence(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = 0; fd < 3 && null >= 0; fd++) {
        if (fd == STDERR_FILENO && SANDBOX_SANITIZED)
            continue;
        dup2(null, fd);
    }
    if (null > 2)
        close(null);
}

/* In a child: it goes when the spawner does. */
static void tie_to(pid_t spawner)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != spawner)
        _exit(1);
}

static _Noreturn void run_probe(const struct spawner_setup *setup)
{
    _exit(sandbox_enter(SANDBOX_READER, &setup->reader));
}

static _Noreturn void run_reader(const struct spawner_setup *setup, int fd)
{
    prctl(PR_SET_NAME, "searchd-reader", 0, 0, 0);
    keep_only(fd);
    helper_run(OWN_FD, setup->read, &setup->reader);
}

static _Noreturn void run_pdftotext(const struct spawner_setup *setup, const int fds[FDS_MAX])
{
    char *const argv[] = {(char *)(uintptr_t) "pdftotext",
                          (char *)(uintptr_t) "-enc",
                          (char *)(uintptr_t) "UTF-8",
                          (char *)(uintptr_t) "-htmlmeta",
                          (char *)(uintptr_t) "-",
                          (char *)(uintptr_t) "-",
                          NULL};
    char *const env[] = {(char *)(uintptr_t) "LC_ALL=C.UTF-8", NULL};
    int moved[FDS_MAX];

    for (int i = 0; i < FDS_MAX; i++) /* out of the way of what takes their places */
        moved[i] = fcntl(fds[i], F_DUPFD, 16);
    for (int i = 0; i < FDS_MAX; i++)
        dup2(moved[i], i);
    close_from(FDS_MAX);
    signal(SIGPIPE, SIG_DFL);
    sandbox_enter(SANDBOX_PDFTOTEXT, &setup->program);
    execve(setup->pdftotext, argv, env);
    _exit(127);
}

/* Waits for a process to end by itself. */
static void let_end(pid_t pid, unsigned grace_ms)
{
    struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

    if (p.fd < 0)
        return;
    poll(&p, 1, (int)grace_ms);
    close(p.fd);
}

static void end_child(pid_t pid, unsigned grace_ms, struct answer *a)
{
    int status = 0;
    siginfo_t info;
    pid_t got;

    /* What a spawner before this one had started went with it, and the number may be another's. */
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        a->error = errno;
        return;
    }
    if (grace_ms > 0)
        let_end(pid, grace_ms);
    kill(pid, SIGKILL); /* one that has ended is still there until it is waited for */
    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    a->error = got < 0 ? errno : 0;
    a->value = status;
}

static void probe(const struct spawner_setup *setup, struct answer *a)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0)
        run_probe(setup);
    /* A kernel that kills it for leaving has a seccomp that cannot be used. */
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        a->value = SANDBOX_NO_SECCOMP;
    else
        a->value = WEXITSTATUS(status);
}

static void start_child(const struct spawner_setup *setup, const struct order *o,
                        const int fds[FDS_MAX], struct answer *a)
{
    pid_t own = getpid();
    pid_t pid = fork();

    if (pid == 0) {
        tie_to(own);
        if (o->kind == ORDER_READER)
            run_reader(setup, fds[0]);
        run_pdftotext(setup, fds);
    }
    a->error = pid < 0 ? errno : 0;
    a->value = pid;
}

static void carry_out(const struct spawner_setup *setup, const struct order *o,
                      const int fds[FDS_MAX], struct answer *a)
{
    bool program = o->kind == ORDER_PDFTOTEXT;

    if (o->kind == ORDER_PROBE)
        probe(setup, a);
    else if (o->kind == ORDER_END)
        end_child(o->pid, o->grace_ms, a);
    else if (fds[0] < 0 || (program && (fds[1] < 0 || fds[2] < 0)))
        a->error = EBADF;
    else if (program && access(setup->pdftotext, X_OK) != 0)
        a->error = errno;
    else
        start_child(setup, o, fds, a);
}

static sx_status take_nothing(void *ctx, const struct sx_doc *doc, size_t line,
                              struct sx_error *err)
{
    (void)ctx;
    (void)doc;
    (void)line;
    (void)err;
    return SX_OK;
}

/* Reads pages of our own, so that what libraries set up at their first use is there before they
 * can open no file, and once for all helpers. */
static void warm_up(helper_reader read)
{
    static const char *const pages[] = {
        "<title>A page</title><p>caf&eacute; and tea</p>",
        "<meta charset=windows-1251><p>\xcf\xf0\xe8\xe2\xe5\xf2</p>",
        "<p>Caf\xe9 et th\xe9 \xe0 la cr\xe8me, d\xe9j\xe0</p>",
    };
    const struct ingest_sink sink = {.doc = take_nothing};

    if (read != ingest_read)
        return;
    ingest_prepare();
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        read(MEDIA_HTML, str_of("about:us"), str_of(pages[i]), &sink, NULL);
}

/* A process of its own, without anything but its socket. */
static void settle_down(const char *name, int control)
{
    setsid(); /* what a terminal sends is not for us */
    prctl(PR_SET_NAME, name, 0, 0, 0);
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    keep_only(control);
    silence();
}

static _Noreturn void spawner_run(const struct spawner_setup *setup, int control)
{
    struct order o;
    int fds[FDS_MAX];

    settle_down("searchd-spawner", control);
    warm_up(setup->read);
    while (receive_order(OWN_FD, &o, fds)) {
        struct answer a = {0};
        ssize_t n;
        carry_out(setup, &o, fds, &a);
        for (size_t i = 0; i < FDS_MAX; i++)
            if (fds[i] >= 0)
                close(fds[i]);
        do
            n = send(OWN_FD, &a, sizeof(a), MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            break;
    }
    _exit(0); /* and with it all that it started */
}

/* ---- the keeper's process ------------------------------------------------------------------------ */

static void end_spawner(pid_t pid, int signal)
{
    if (pid > 0 && signal != 0)
        kill(pid, signal);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* Its end of a socket that leads to the spawner; -1 with errno. */
static int fork_spawner(const struct spawner_setup *setup, pid_t *pid)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    *pid = fork();
    if (*pid == 0)
        spawner_run(setup, ends[1]);
    close(ends[1]);
    if (*pid < 0) {
        close(ends[0]);
        return -1;
    }
    return ends[0];
}

static _Noreturn void keeper_run(const struct spawner_setup *setup, int control)
{
    struct order o;
    int none[FDS_MAX];
    pid_t pid = 0;
    bool heard = true;

    settle_down("searchd-keeper", control);
    while (heard && receive_order(OWN_FD, &o, none)) {
        end_spawner(pid, SIGKILL);
        int fd = fork_spawner(setup, &pid);
        o.pid = pid;
        heard = send_order(OWN_FD, &o, &fd, fd < 0 ? 0 : 1);
        if (fd >= 0)
            close(fd);
    }
    end_spawner(pid, 0); /* it ends as we do: nobody can give it orders any more */
    _exit(0);
}

/* ---- who gives the orders --------------------------------------------------------------------- */

static sx_status gone(struct sx_error *err)
{
    return sx_fail(err, SX_EBUSY, "the process that starts readers has ended: restart searchd");
}

/* One order and its answer; false: nobody is there. */
static bool talk(int fd, const struct order *o, const int *fds, size_t count, struct answer *a)
{
    ssize_t n;

    if (fd < 0 || !send_order(fd, o, fds, count))
        return false;
    do
        n = recv(fd, a, sizeof(*a), 0);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(*a);
}

/* Under the lock: another spawner, in place of the one that has died, and all it started with it. */
static bool renew(struct spawner *s)
{
    struct order o = {.kind = ORDER_SPAWNER};
    int fds[FDS_MAX];

    if (!send_order(s->keeper_fd, &o, NULL, 0) || !receive_order(s->keeper_fd, &o, fds) ||
        fds[0] < 0)
        return false;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = fds[0];
    s->pid = o.pid;
    return true;
}

static bool renew_dead(struct spawner *s)
{
    bool done = renew(s);

    if (done)
        atomic_fetch_add(&s->renewed, 1);
    return done;
}

static sx_status command(struct spawner *s, const struct order *o, const int *fds, size_t count,
                         int *value, struct sx_error *err)
{
    struct answer a;

    pthread_mutex_lock(&s->lock);
    bool done = talk(s->fd, o, fds, count, &a);
    if (!done && o->kind != ORDER_END && renew_dead(s))
        done = talk(s->fd, o, fds, count, &a);
    pthread_mutex_unlock(&s->lock);
    if (!done)
        return gone(err);
    if (a.error == ENOENT)
        return sx_fail(err, SX_EREQUEST, "pdftotext is not installed (package poppler-utils)");
    if (a.error == ECHILD)
        return sx_fail(err, SX_EBUSY, "a reader ended with the process that had started it");
    if (a.error != 0)
        return sx_fail(err, SX_EBUSY, "a reader cannot be started: %s", strerror(a.error));
    *value = a.value;
    return SX_OK;
}

static sx_status start_keeper(struct spawner *s, const struct spawner_setup *setup,
                              struct sx_error *err)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return sx_fail_errno(err, "cannot make", "a socket");
    s->keeper_fd = ends[0];
    s->keeper = fork();
    if (s->keeper == 0)
        keeper_run(setup, ends[1]);
    close(ends[1]);
    return s->keeper < 0 ? sx_fail_errno(err, "cannot fork", "the spawner") : SX_OK;
}

sx_status spawner_start(struct spawner **out, const struct spawner_setup *setup, int *lacks,
                        struct sx_error *err)
{
    const struct order o = {.kind = ORDER_PROBE};
    struct spawner *s = mem_zalloc(1, sizeof(*s));

    *out = NULL;
    if (s == NULL)
        return sx_fail_oom(err);
    pthread_mutex_init(&s->lock, NULL);
    s->fd = -1;
    s->keeper_fd = -1;
    sx_status rc = start_keeper(s, setup, err);
    if (rc == SX_OK && !renew(s))
        rc = gone(err);
    if (rc == SX_OK)
        rc = command(s, &o, NULL, 0, lacks, err);
    if (rc != SX_OK) {
        spawner_stop(s);
        return rc;
    }
    *out = s;
    return SX_OK;
}

void spawner_stop(struct spawner *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        close(s->fd);
    if (s->keeper_fd >= 0)
        close(s->keeper_fd);
    end_spawner(s->keeper, 0);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

static bool has_ended(int fd)
{
    struct pollfd p = {.fd = fd}; /* its end is told unasked */

    return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

void spawner_break(struct spawner *s, bool keeper)
{
    struct pollfd p = {.fd = s->fd};

    if (keeper)
        kill(s->keeper, SIGKILL);
    kill(s->pid, SIGKILL);
    while (!has_ended(s->fd))
        poll(&p, 1, -1);
    p.fd = s->keeper_fd;
    while (keeper && !has_ended(s->keeper_fd))
        poll(&p, 1, -1);
}

unsigned spawner_renewed(struct spawner *s)
{
    return atomic_exchange(&s->renewed, 0);
}

sx_status spawner_alive(struct spawner *s, struct sx_error *err)
{
    pthread_mutex_lock(&s->lock);
    bool alive = !has_ended(s->fd) || renew_dead(s);
    pthread_mutex_unlock(&s->lock);
    return alive ? SX_OK : gone(err);
}

static sx_status start(struct spawner *s, enum order_kind kind, const int *fds, size_t count,
                       pid_t *pid, struct sx_error *err)
{
    const struct order o = {.kind = (int32_t)kind};
    int value = 0;
    sx_status rc = command(s, &o, fds, count, &value, err);

    *pid = value;
    return rc;
}

sx_status spawner_reader(struct spawner *s, int fd, pid_t *pid, struct sx_error *err)
{
    return start(s, ORDER_READER, &fd, 1, pid, err);
}

sx_status spawner_pdftotext(struct spawner *s, int in, int out, int complaints, pid_t *pid,
                            struct sx_error *err)
{
    const int fds[FDS_MAX] = {in, out, complaints};

    return start(s, ORDER_PDFTOTEXT, fds, FDS_MAX, pid, err);
}

sx_status spawner_end(struct spawner *s, pid_t pid, unsigned grace_ms, int *status,
                      struct sx_error *err)
{
    const struct order o = {.kind = ORDER_END, .pid = pid, .grace_ms = grace_ms};

    *status = 0;
    return command(s, &o, NULL, 0, status, err);
}
