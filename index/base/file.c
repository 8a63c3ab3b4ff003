/* Folders, locks, whole files. */
#include "index/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"

static sx_status make_one(const char *dir, struct sx_error *err)
{
    if (mkdir(dir, 0700) == 0 || errno == EEXIST)
        return SX_OK;
    return sx_fail_errno(err, "cannot make folder", dir);
}

sx_status file_make_dirs(const char *dir, struct sx_error *err)
{
    size_t len = strlen(dir);
    char *path = mem_strndup(dir, len);
    sx_status rc = SX_OK;

    if (path == NULL)
        return sx_fail_oom(err);
    for (size_t i = 1; i < len && rc == SX_OK; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        rc = make_one(path, err);
        path[i] = '/';
    }
    if (rc == SX_OK)
        rc = make_one(path, err);
    mem_free(path);
    return rc;
}

sx_status file_lock(const char *path, uint64_t wait_ms, int *fd, struct sx_error *err)
{
    uint64_t deadline = clock_now_ns() + wait_ms * 1000000u;
    int f = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (f < 0)
        return sx_fail_errno(err, "cannot open", path);
    while (flock(f, LOCK_EX | LOCK_NB) != 0) {
        int saved = errno;
        if (saved == EWOULDBLOCK && clock_now_ns() < deadline) {
            poll(NULL, 0, 10);
            continue;
        }
        close(f);
        if (saved == EWOULDBLOCK)
            return sx_fail(err, SX_ELOCKED, "'%s' is held by another process", path);
        errno = saved;
        return sx_fail_errno(err, "cannot lock", path);
    }
    *fd = f;
    return SX_OK;
}

sx_status file_read_open(int fd, const char *path, size_t max, struct buf *out,
                         struct sx_error *err)
{
    size_t start = out->len;

    for (;;) {
        char *room = buf_reserve(out, 64 << 10);
        if (room == NULL)
            return sx_fail_oom(err);
        ssize_t n = read(fd, room, 64 << 10);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sx_fail_errno(err, "cannot read", path);
        if (n == 0)
            return SX_OK;
        buf_advance(out, (size_t)n);
        if (out->len - start > max)
            return sx_fail(err, SX_ETOOLARGE, "file is larger than %zu bytes", max);
    }
}

static int64_t ns_of(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Whether `fd` is open (else errno says why) and leads to a regular file. Closes it if not. */
static sx_status look_take(int fd, const char *path, struct file_facts *facts, struct sx_error *err)
{
    struct stat st;
    sx_status rc = SX_OK;

    if (fd < 0)
        return sx_fail_errno(err, "cannot open", path);
    if (fstat(fd, &st) != 0)
        rc = sx_fail_errno(err, "cannot stat", path);
    else if (!S_ISREG(st.st_mode))
        rc = sx_fail(err, SX_EREQUEST, "not a regular file");
    else
        *facts = (struct file_facts){(uint64_t)st.st_size, ns_of(st.st_ctim), ns_of(st.st_mtim)};
    if (rc != SX_OK)
        close(fd);
    return rc;
}

/* Opens `path` folder by folder, so that no link in it is followed; -1 with errno. */
static int open_no_links(const char *path)
{
    const char *at = path + strspn(path, "/");
    int fd = open(at == path ? "." : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    for (size_t n; fd >= 0 && *at != '\0'; at += n + strspn(at + n, "/")) {
        char name[NAME_MAX + 1];
        n = strcspn(at, "/");
        if (n > NAME_MAX) {
            close(fd);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, at, n);
        name[n] = '\0';
        bool folder = at[n] != '\0';
        /* O_NONBLOCK: a FIFO put in place of the file must not hang the reader. */
        int next = openat(fd, name,
                          O_CLOEXEC | O_NOFOLLOW |
                              (folder ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK));
        int saved = errno;
        close(fd);
        errno = saved;
        fd = next;
    }
    return fd;
}

sx_status file_open_in_place(const char *path, int *fd, struct file_facts *facts,
                             struct sx_error *err)
{
    *fd = open_no_links(path);
    return look_take(*fd, path, facts, err);
}

sx_status file_read(const char *path, size_t max, struct buf *out, struct sx_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    struct file_facts facts = {0};
    sx_status rc = look_take(fd, path, &facts, err);

    if (rc != SX_OK)
        return rc;
    if (facts.size > max)
        rc = sx_fail(err, SX_ETOOLARGE, "file of %llu bytes is larger than %zu",
                     (unsigned long long)facts.size, max);
    else
        rc = file_read_open(fd, path, max, out, err);
    close(fd);
    return rc;
}
