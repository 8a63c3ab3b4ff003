/* Making listeners. */
#include "daemon/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "index/base/address.h"

#define FIRST_INHERITED 3
#define BACKLOG 4096

/* A socket file from an earlier life is removed; one that answers is not. */
static sx_status clear_path(const struct address *a, const char *path, struct sx_error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return SX_OK;
    if (!S_ISSOCK(st.st_mode))
        return sx_fail(err, SX_EIO, "'%s' is there and is no socket", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return sx_fail_errno(err, "make a socket for", path);
    int rc = connect(fd, (const struct sockaddr *)&a->addr, a->len);
    int why = errno;
    close(fd);
    if (rc == 0 || why == EAGAIN) /* EAGAIN: alive, with a full backlog */
        return sx_fail(err, SX_ELOCKED, "another process listens on '%s'", path);
    if (why != ECONNREFUSED) {
        errno = why;
        return sx_fail_errno(err, "look at the socket", path);
    }
    return unlink(path) == 0 ? SX_OK : sx_fail_errno(err, "remove the stale socket", path);
}

static sx_status bind_unix(struct listener *l, const struct address *a, struct sx_error *err)
{
    const struct sockaddr_un *sun = (const struct sockaddr_un *)(const void *)&a->addr;
    sx_status rc = clear_path(a, sun->sun_path, err);
    if (rc != SX_OK)
        return rc;
    mode_t before = umask(0117); /* before any thread: nobody else makes a file now */
    int bound = bind(l->fd, (const struct sockaddr *)sun, a->len);
    umask(before);
    struct stat st;
    if (bound != 0 || lstat(sun->sun_path, &st) != 0)
        return sx_fail_errno(err, "listen on", sun->sun_path);
    snprintf(l->path, sizeof l->path, "%s", sun->sun_path);
    l->dev = st.st_dev;
    l->ino = st.st_ino;
    return SX_OK;
}

static sx_status bind_tcp(struct listener *l, const struct address *a, struct sx_error *err)
{
    int yes = 1;
    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (a->addr.ss_family == AF_INET6)
        setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    if (bind(l->fd, (const struct sockaddr *)&a->addr, a->len) != 0)
        return errno == EADDRINUSE
                   ? sx_fail(err, SX_ELOCKED, "another process listens on '%s'", a->text)
                   : sx_fail_errno(err, "listen on", a->text);
    return SX_OK;
}

sx_status listen_open(struct listener *l, const char *address, struct sx_error *err)
{
    struct address a;
    memset(l, 0, sizeof *l);
    l->fd = -1;
    sx_status rc = address_parse(&a, address, err);
    if (rc != SX_OK)
        return rc;
    snprintf(l->text, sizeof l->text, "%s", a.text);
    l->tcp = !a.is_unix;
    l->fd = socket(a.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return sx_fail_errno(err, "make a socket for", a.text);
    rc = a.is_unix ? bind_unix(l, &a, err) : bind_tcp(l, &a, err);
    if (rc == SX_OK && listen(l->fd, BACKLOG) != 0)
        rc = sx_fail_errno(err, "listen on", a.text);
    if (rc != SX_OK)
        listen_close(l);
    return rc;
}

void listen_close(struct listener *l)
{
    struct stat st;
    if (l->fd < 0)
        return;
    if (l->path[0] != '\0' && lstat(l->path, &st) == 0 && st.st_dev == l->dev &&
        st.st_ino == l->ino)
        unlink(l->path);
    close(l->fd);
    l->fd = -1;
}

static sx_status adopt(struct listener *l, int fd, struct sx_error *err)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof addr;
    int listening = 0;
    socklen_t size = sizeof listening;
    memset(l, 0, sizeof *l);
    l->fd = fd;
    if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening)
        return sx_fail(err, SX_EREQUEST, "LISTEN_FDS: descriptor %d is no listening socket", fd);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    l->tcp = addr.ss_family != AF_UNIX;
    snprintf(l->text, sizeof l->text, "%s:fd%d", l->tcp ? "tcp" : "unix", fd);
    return SX_OK;
}

sx_status listen_inherited(struct listener *list, size_t max, size_t *count, struct sx_error *err)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    bool ours = pid != NULL && fds != NULL && strtol(pid, NULL, 10) == (long)getpid();
    long n = ours ? strtol(fds, NULL, 10) : 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    *count = 0;
    if (n < 0 || (size_t)n > max)
        return sx_fail(err, SX_EREQUEST, "LISTEN_FDS: expected at most %zu sockets", max);
    for (; *count < (size_t)n; ++*count) {
        sx_status rc = adopt(&list[*count], FIRST_INHERITED + (int)*count, err);
        if (rc != SX_OK)
            return rc;
    }
    return SX_OK;
}
