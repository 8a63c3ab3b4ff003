/* The inside of a helper: blocking, single-threaded, with nothing to lose. What goes wrong here
 * ends the process, which whoever asked sees as the end of the stream. */
#include "index/extract/helper.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/buf.h"
#include "index/base/str.h"
#include "index/extract/frame.h"

#define SEND_AT ((size_t)128 << 10) /* bytes of reply gathered before they are sent */
#define KEEP_MAX ((size_t)4 << 20)  /* bytes of memory kept for the next file */

struct job {
    int fd;
    struct buf out;
};

static bool receive(int fd, void *to, size_t len)
{
    char *at = to;

    while (len > 0) {
        ssize_t n = recv(fd, at, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* A request, and the descriptor that comes with it; -1: none. */
static bool receive_request(int from, struct frame_request *r, int *fd)
{
    struct iovec iov = {.iov_base = r, .iov_len = sizeof(*r)};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } room;
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room)};
    ssize_t n;

    *fd = -1;
    do
        n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return false;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c != NULL && c->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(c), sizeof(*fd));
    return receive(from, (char *)r + n, sizeof(*r) - (size_t)n) && r->magic == FRAME_MAGIC;
}

static void flush(struct job *job)
{
    const char *at = job->out.data;
    size_t len = job->out.len;

    if (!buf_ok(&job->out))
        _exit(1);
    while (len > 0) {
        ssize_t n = send(job->fd, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            _exit(1);
        at += n;
        len -= (size_t)n;
    }
    if (job->out.cap > KEEP_MAX)
        buf_release(&job->out);
    buf_clear(&job->out);
}

static sx_status gathered(struct job *job, struct sx_error *err)
{
    if (!buf_ok(&job->out))
        return sx_fail_oom(err);
    if (job->out.len >= SEND_AT)
        flush(job);
    return SX_OK;
}

static sx_status send_doc(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct job *job = ctx;

    frame_put_doc(&job->out, doc, line);
    return gathered(job, err);
}

static sx_status send_foreign(void *ctx, const struct sx_doc *doc, size_t line,
                              struct sx_error *err)
{
    struct job *job = ctx;

    frame_put_foreign(&job->out, doc, line);
    return gathered(job, err);
}

static void send_line(void *ctx, size_t line, const struct sx_error *why)
{
    struct job *job = ctx;

    frame_put_line(&job->out, line, why);
    if (job->out.len >= SEND_AT)
        flush(job);
}

static void send_item(void *ctx, struct sx_str uri, const struct sx_error *why)
{
    struct job *job = ctx;

    frame_put_item(&job->out, uri, why);
    if (job->out.len >= SEND_AT)
        flush(job);
}

static void answer(struct job *job, const struct frame_request *r, struct sx_str uri,
                   struct sx_str bytes, helper_reader read)
{
    const struct ingest_options options = {.keep_boilerplate =
                                               (r->flags & FRAME_KEEP_BOILERPLATE) != 0};
    const struct ingest_sink sink = {.doc = send_doc,
                                     .failed = send_line,
                                     .item = send_item,
                                     .ctx = job,
                                     .options = &options,
                                     .foreign = send_foreign};
    struct sx_error err = {.offset = SX_NO_OFFSET};
    sx_status rc = read((enum media)r->media, uri, bytes, &sink, &err);

    if (!buf_ok(&job->out)) { /* what was not sent is lost, so that all of the file failed */
        buf_release(&job->out);
        rc = sx_fail_oom(&err);
    }
    frame_put_end(&job->out, rc, &err);
    flush(job);
}

/* The file behind `fd`, which is closed, in place of its bytes: pages of it are in memory only while
 * they are read, and it takes no room of what the reader may have. */
static void answer_mapped(struct job *job, const struct frame_request *r, struct sx_str uri, int fd,
                          helper_reader read)
{
    struct stat st;
    void *at = MAP_FAILED;

    if (fd >= 0 && fstat(fd, &st) == 0 && (uint64_t)st.st_size >= r->bytes_len)
        at = mmap(NULL, r->bytes_len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        _exit(1);
    close(fd);
    madvise(at, r->bytes_len, MADV_SEQUENTIAL);
    answer(job, r, uri, str_make(at, r->bytes_len), read);
    munmap(at, r->bytes_len);
}

_Noreturn void helper_run(int fd, helper_reader read, const struct sandbox_limits *limits)
{
    struct job job = {.fd = fd};
    struct frame_request r;
    struct buf in = {0};
    int file;

    sandbox_enter(SANDBOX_READER, limits);
    while (receive_request(fd, &r, &file)) {
        bool mapped = (r.flags & FRAME_MAPPED) != 0;
        size_t len = (size_t)r.uri_len + (mapped ? 0 : r.bytes_len);
        buf_clear(&in);
        char *room = buf_reserve(&in, len + 1);
        if (room == NULL || !receive(fd, room, len))
            break;
        struct sx_str uri = str_make(room, r.uri_len);
        if (mapped)
            answer_mapped(&job, &r, uri, file, read);
        else
            answer(&job, &r, uri, str_make(room + r.uri_len, r.bytes_len), read);
        if (in.cap > KEEP_MAX)
            buf_release(&in);
    }
    _exit(0);
}
