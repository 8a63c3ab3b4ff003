/* The inside of a helper: blocking, single-threaded, with nothing to lose. What goes wrong here
 * ends the process, which whoever asked sees as the end of the stream. */
#include "index/extract/helper.h"

#include <errno.h>
#include <sys/socket.h>
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

static void answer(struct job *job, const struct frame_request *r, struct sx_str in,
                   helper_reader read)
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
    struct sx_str uri = str_make(in.ptr, r->uri_len);
    struct sx_str bytes = str_make(in.ptr + r->uri_len, in.len - r->uri_len);
    sx_status rc = read((enum media)r->media, uri, bytes, &sink, &err);

    if (!buf_ok(&job->out)) { /* what was not sent is lost, so that all of the file failed */
        buf_release(&job->out);
        rc = sx_fail_oom(&err);
    }
    frame_put_end(&job->out, rc, &err);
    flush(job);
}

_Noreturn void helper_run(int fd, helper_reader read, const struct sandbox_limits *limits)
{
    struct job job = {.fd = fd};
    struct frame_request r;
    struct buf in = {0};

    sandbox_enter(SANDBOX_READER, limits);
    while (receive(fd, &r, sizeof(r)) && r.magic == FRAME_MAGIC) {
        size_t len = (size_t)r.uri_len + r.bytes_len;
        char *room = buf_reserve(&in, len + 1);
        if (room == NULL || !receive(fd, room, len))
            break;
        answer(&job, &r, str_make(room, len), read);
        if (in.cap > KEEP_MAX)
            buf_release(&in);
    }
    _exit(0);
}
