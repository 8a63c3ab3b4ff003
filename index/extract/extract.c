/* The pool: helpers that wait for work, each with its end of a socket, and the conversation with
 * the one that has it. A helper that fails in any way is ended, never used again. */
#include "index/extract/extract.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/cores.h"
#include "index/base/str.h"
#include "index/extract/frame.h"
#include "index/extract/pool.h"

#define HELPERS_DEFAULT_MAX 8
#define TIME_MS 20000
#define MEMORY ((uint64_t)1 << 30)
#define OUT_BYTES ((uint64_t)64 << 20)
#define OUT_RATIO 32
#define PROCESSOR_S 600                  /* of a helper's life, at the very most */
#define FILES_MAX 2000                   /* a helper reads, then a fresh one takes its place; */
#define BUSY_MAX_NS (60 * 1000000000ull) /* so, too, after as much time */
#define LARGE ((size_t)8 << 20)          /* a file after which the helper's memory is given back */
#define KEEP_MAX ((size_t)4 << 20)
#define PDFTOTEXT "/usr/bin/pdftotext"

struct helper {
    struct helper *next;
    int fd;
    pid_t pid;
    struct buf in;
    unsigned files;
    uint64_t busy_ns;
};

/* ---- life ------------------------------------------------------------------------------------- */

void extract_defaults(struct extract_setup *s, const struct sx_extract_options *opt)
{
    unsigned cores = cores_online();
    unsigned helpers = cores < HELPERS_DEFAULT_MAX ? cores : HELPERS_DEFAULT_MAX;
    const struct sx_extract_options none = {0};

    opt = opt == NULL ? &none : opt;
    *s = (struct extract_setup){
        .helpers = opt->helpers == 0 ? helpers : opt->helpers,
        .time_ms = opt->timeout_ms == 0 ? TIME_MS : opt->timeout_ms,
        .memory = opt->memory_bytes == 0 ? MEMORY : opt->memory_bytes,
        .out_bytes = OUT_BYTES,
        .read = ingest_read,
        .pdftotext = PDFTOTEXT,
    };
}

sx_status extract_start(struct sx_extract **out, const struct extract_setup *setup,
                        struct sx_error *err)
{
    const struct spawner_setup spawner = {
        .read = setup->read,
        .reader = {.memory = setup->memory,
                   .mapped = INGEST_LONG_MAX,
                   .cpu_s = PROCESSOR_S,
                   .max_files = 8},
        .program = {.memory = setup->memory, .cpu_s = setup->time_ms / 1000 + 2, .max_files = 32},
        .pdftotext = setup->pdftotext,
    };
    struct sx_extract *x = mem_zalloc(1, sizeof(*x));

    *out = NULL;
    if (x == NULL)
        return sx_fail_oom(err);
    x->setup = *setup;
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->freed, NULL);
    sx_status rc = spawner_start(&x->spawner, &spawner, &x->lacks, err);
    if (rc != SX_OK) {
        sx_extract_stop(x);
        return rc;
    }
    *out = x;
    return SX_OK;
}

sx_status sx_extract_start(struct sx_extract **out, const struct sx_extract_options *opt,
                           struct sx_error *err)
{
    struct extract_setup setup;

    extract_defaults(&setup, opt);
    return extract_start(out, &setup, err);
}

const char *sx_extract_lacks(const struct sx_extract *x)
{
    return sandbox_lacks(x->lacks);
}

unsigned extract_helpers(const struct sx_extract *x)
{
    return x->setup.helpers;
}

unsigned extract_restarts(struct sx_extract *x)
{
    return x == NULL ? 0 : spawner_renewed(x->spawner);
}

static void helper_free(struct helper *h)
{
    close(h->fd);
    buf_release(&h->in);
    mem_free(h);
}

void sx_extract_stop(struct sx_extract *x)
{
    if (x == NULL)
        return;
    while (x->idle != NULL) {
        struct helper *h = x->idle;
        x->idle = h->next;
        helper_free(h);
    }
    spawner_stop(x->spawner);
    pthread_cond_destroy(&x->freed);
    pthread_mutex_destroy(&x->lock);
    mem_free(x);
}

/* ---- patience --------------------------------------------------------------------------------- */

#define LOOK_NS 100000000u /* between two looks at whether the file is still wanted */

struct patience patience_for(const struct sx_extract *x, uint64_t bytes,
                             const struct ingest_sink *sink)
{
    uint64_t times = bytes / INGEST_FILE_MAX;
    unsigned ms = x->setup.time_ms * (unsigned)(times > 1 ? times : 1);

    return (struct patience){.time_ms = ms,
                             .left_ns = (uint64_t)ms * 1000000u,
                             .left_bytes = x->setup.out_bytes + OUT_RATIO * bytes,
                             .stopped = sink->stopped};
}

sx_status patience_poll(struct patience *p, struct pollfd *fds, unsigned count)
{
    while (p->left_ns > 0) {
        uint64_t before = clock_now_ns();
        uint64_t some = p->stopped != NULL && p->left_ns > LOOK_NS ? LOOK_NS : p->left_ns;
        struct timespec wait = {.tv_sec = (time_t)(some / 1000000000u),
                                .tv_nsec = (long)(some % 1000000000u)};
        if (p->stopped != NULL && *p->stopped)
            return SX_ECANCELLED;
        int n = ppoll(fds, count, &wait, NULL);
        uint64_t took = clock_now_ns() - before;
        p->left_ns = took < p->left_ns ? p->left_ns - took : 0;
        if (n > 0)
            return SX_OK;
        if (n < 0 && errno != EINTR)
            return SX_EBUSY;
    }
    return SX_ETIMEOUT;
}

sx_status explain_death(const struct patience *p, sx_status rc, int status, struct sx_error *err)
{
    int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

    if (rc == SX_ETIMEOUT)
        return sx_fail(err, SX_EREQUEST, "reading it took longer than %u ms and was stopped",
                       p->time_ms);
    if (rc == SX_ECANCELLED)
        return sx_fail(err, rc, "given up");
    if (rc == SX_ETOOLARGE)
        return sx_fail(err, SX_EREQUEST, "what was read from it grew too large and was stopped");
    if (sig == SIGSYS)
        return sx_fail(err, SX_EREQUEST,
                       "its reader tried what it may not do and was stopped (seccomp)");
    if (sig == SIGBUS)
        return sx_fail(err, SX_EREQUEST, "it was cut off, or cannot be read, while it was read");
    if (sig == SIGXCPU)
        return sx_fail(err, SX_EREQUEST, "its reader used too much processor time");
    if (sig != 0 && sig != SIGKILL)
        return sx_fail(err, SX_EREQUEST, "its reader crashed (signal %d, %s)", sig, strsignal(sig));
    return sx_fail(err, SX_EREQUEST, "its reader was killed or gave up");
}

/* ---- helpers ---------------------------------------------------------------------------------- */

static sx_status helper_new(struct sx_extract *x, struct helper **out, struct sx_error *err)
{
    struct helper *h = mem_zalloc(1, sizeof(*h));
    int ends[2];

    if (h == NULL)
        return sx_fail_oom(err);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        mem_free(h);
        return sx_fail(err, SX_EBUSY, "a reader cannot be started: %s", strerror(errno));
    }
    h->fd = ends[0];
    sx_status rc = spawner_reader(x->spawner, ends[1], &h->pid, err);
    close(ends[1]);
    if (rc != SX_OK) {
        helper_free(h);
        return rc;
    }
    *out = h;
    return SX_OK;
}

/* The place of a helper that is gone may be taken. */
static void give_up_place(struct sx_extract *x)
{
    pthread_mutex_lock(&x->lock);
    x->count--;
    pthread_cond_signal(&x->freed);
    pthread_mutex_unlock(&x->lock);
}

/* Waits until there is one; `fresh`: one that has read nothing yet. */
static sx_status helper_take(struct sx_extract *x, bool fresh, struct helper **out,
                             struct sx_error *err)
{
    struct helper *h;
    int status;

    pthread_mutex_lock(&x->lock);
    while (x->idle == NULL && x->count >= EXTRACT_SIDES * x->setup.helpers)
        pthread_cond_wait(&x->freed, &x->lock);
    h = x->idle;
    if (h != NULL)
        x->idle = h->next;
    else
        x->count++;
    pthread_mutex_unlock(&x->lock);
    *out = h;
    if (h != NULL && !fresh)
        return SX_OK;
    if (h != NULL) { /* its place is ours */
        spawner_end(x->spawner, h->pid, 0, &status, NULL);
        helper_free(h);
    }
    sx_status rc = helper_new(x, out, err);
    if (rc != SX_OK)
        give_up_place(x);
    return rc;
}

/* Ends it; *status says how it did. SX_EBUSY: it went with its spawner. */
static sx_status helper_end_take(struct sx_extract *x, struct helper *h, int *status,
                                 struct sx_error *err)
{
    sx_status rc = spawner_end(x->spawner, h->pid, 0, status, err);

    helper_free(h);
    give_up_place(x);
    return rc;
}

static void helper_return_take(struct sx_extract *x, struct helper *h, uint64_t file_bytes)
{
    int status;

    if (h->files >= FILES_MAX || h->busy_ns >= BUSY_MAX_NS || file_bytes >= LARGE) {
        helper_end_take(x, h, &status, NULL);
        return;
    }
    pthread_mutex_lock(&x->lock);
    h->next = x->idle;
    x->idle = h;
    pthread_cond_signal(&x->freed);
    pthread_mutex_unlock(&x->lock);
}

/* ---- a conversation ----------------------------------------------------------------------------- */

/* The file that is read: its bytes, or where they are. */
struct subject {
    enum media media;
    struct sx_str uri;
    struct sx_str bytes;
    int fd; /* -1: there are bytes */
    uint64_t size;
};

struct talk {
    struct helper *h;
    struct patience patience;
    const struct ingest_sink *sink;
    struct foreign foreign; /* what the helper leaves to others */
    bool answered;          /* something came back */
    bool sink_failed;       /* the failure is the caller's own */
};

/* With a descriptor, unless it is -1. SX_EIO: the helper is gone. */
static sx_status send_all(struct talk *t, struct iovec *iov, size_t count, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr head;
    } room = {.head = {.cmsg_level = SOL_SOCKET,
                       .cmsg_type = SCM_RIGHTS,
                       .cmsg_len = CMSG_LEN(sizeof(int))}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = count};

    if (fd >= 0) {
        memcpy(CMSG_DATA(&room.head), &fd, sizeof(fd));
        m.msg_control = &room;
        m.msg_controllen = sizeof(room);
    }

    while (m.msg_iovlen > 0) {
        ssize_t n = sendmsg(t->h->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            struct pollfd p = {.fd = t->h->fd, .events = POLLOUT};
            sx_status rc = patience_poll(&t->patience, &p, 1);
            if (rc != SX_OK)
                return rc;
            continue;
        }
        if (n < 0)
            return SX_EIO;
        m.msg_control = NULL; /* it has gone with the first bytes */
        m.msg_controllen = 0;
        for (size_t left = (size_t)n; m.msg_iovlen > 0;) {
            if (left < m.msg_iov->iov_len) {
                m.msg_iov->iov_base = (char *)m.msg_iov->iov_base + left;
                m.msg_iov->iov_len -= left;
                break;
            }
            left -= m.msg_iov->iov_len;
            m.msg_iov++;
            m.msg_iovlen--;
        }
    }
    return SX_OK;
}

static sx_status send_request(struct talk *t, const struct subject *f)
{
    const struct ingest_options *options = t->sink->options;
    bool keep = options != NULL && options->keep_boilerplate;
    struct frame_request r = {.magic = FRAME_MAGIC,
                              .flags = (keep ? FRAME_KEEP_BOILERPLATE : 0) |
                                       (f->fd >= 0 ? FRAME_MAPPED : 0),
                              .media = (uint32_t)f->media,
                              .uri_len = (uint32_t)f->uri.len,
                              .bytes_len = f->size};
    struct iovec iov[3] = {{&r, sizeof(r)},
                           {(void *)(uintptr_t)f->uri.ptr, f->uri.len},
                           {(void *)(uintptr_t)f->bytes.ptr, f->bytes.len}};

    return send_all(t, iov, 3, f->fd);
}

/* Some more bytes of the answer. SX_EIO: the stream has ended. */
static sx_status receive_some(struct talk *t, struct sx_error *err)
{
    struct buf *in = &t->h->in;
    size_t want = in->len < (64u << 10) ? (64u << 10) : in->len;
    char *room = buf_reserve(in, want);

    if (room == NULL)
        return sx_fail_oom(err);
    for (;;) {
        ssize_t n = recv(t->h->fd, room, want, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            struct pollfd p = {.fd = t->h->fd, .events = POLLIN};
            sx_status rc = patience_poll(&t->patience, &p, 1);
            if (rc != SX_OK)
                return rc;
            continue;
        }
        if (n <= 0)
            return SX_EIO;
        t->answered = true;
        if ((uint64_t)n > t->patience.left_bytes)
            return SX_ETOOLARGE;
        t->patience.left_bytes -= (uint64_t)n;
        buf_advance(in, (size_t)n);
        return SX_OK;
    }
}

/* All frames that are there. *ended: the last was the end, whose code is returned. */
static sx_status deliver(struct talk *t, bool *ended, struct sx_error *err)
{
    struct sx_str in = buf_str(&t->h->in);
    struct frame_head head;
    struct sx_str body;
    bool whole = true;
    sx_status rc = SX_OK;
    sx_status said = SX_OK;

    while (rc == SX_OK && !*ended) {
        rc = frame_next(&in, &head, &body, &whole, err);
        if (rc != SX_OK || !whole)
            break;
        if (head.kind == FRAME_END) {
            rc = frame_end(body, &said, err);
            *ended = rc == SX_OK;
        } else {
            const struct ingest_sink others = {.foreign = foreign_doc, .ctx = &t->foreign};
            bool foreign = head.kind == FRAME_FOREIGN;
            rc = frame_deliver(&head, body, foreign ? &others : t->sink, err);
            t->sink_failed = rc != SX_OK;
        }
    }
    buf_consume(&t->h->in, t->h->in.len - in.len);
    return rc == SX_OK ? said : rc;
}

/* *ended: the helper has answered to the end and waits for the next file. */
static sx_status converse(struct talk *t, const struct subject *f, bool *ended,
                          struct sx_error *err)
{
    sx_status rc = send_request(t, f);

    while (rc == SX_OK && !*ended) {
        rc = receive_some(t, err);
        if (rc == SX_OK)
            rc = deliver(t, ended, err);
    }
    return rc;
}

/* A helper may say what it likes, but blame only the file. */
static sx_status fault_of_file(sx_status rc, struct sx_error *err)
{
    if (rc != SX_OK && rc != SX_ETOOLARGE && rc != SX_ELIMIT)
        rc = err->code = SX_EREQUEST;
    return rc;
}

/* By the helper in hand, which is consumed. *again: the helper was dead before it saw the file. */
static sx_status ask_take(struct sx_extract *x, struct helper *h, const struct subject *f,
                          const struct ingest_sink *sink, bool *again, struct sx_error *err)
{
    struct talk t = {
        .h = h, .patience = patience_for(x, f->size, sink), .sink = sink, .foreign = {x, sink, 0}};
    bool fresh = h->files == 0;
    bool ended = false;
    uint64_t began = clock_now_ns();
    struct sx_error why = {.offset = SX_NO_OFFSET};
    int status = 0;
    sx_status rc = converse(&t, f, &ended, err);

    h->files++;
    h->busy_ns += clock_now_ns() - began;
    *again = false;
    if (ended && h->in.len > 0) {
        ended = false;
        rc = sx_fail(err, SX_EREQUEST, "its reader said more than an answer");
    }
    if (ended && rc != SX_ENOMEM) {
        if (h->in.cap > KEEP_MAX)
            buf_release(&h->in);
        helper_return_take(x, h, f->size);
        return fault_of_file(rc, err);
    }
    sx_status gone = helper_end_take(x, h, &status, &why);
    if (ended)
        return sx_fail(err, SX_EREQUEST, "reading it takes more memory than a reader may have");
    if (t.sink_failed || rc == SX_ENOMEM || rc == SX_EREQUEST)
        return rc;
    *again = rc == SX_EIO && !fresh && !t.answered;
    if (rc == SX_EIO && gone != SX_OK) {
        *err = why;
        return gone;
    }
    return explain_death(&t.patience, rc, status, err);
}

static sx_status ask(struct sx_extract *x, const struct subject *f, const struct ingest_sink *sink,
                     struct sx_error *err)
{
    struct helper *h;
    bool again = false;
    sx_status rc = helper_take(x, false, &h, err);

    if (rc == SX_OK)
        rc = ask_take(x, h, f, sink, &again, err);
    if (!again)
        return rc;
    /* What another file left behind in a helper is not held against this one. */
    rc = helper_take(x, true, &h, err);
    return rc == SX_OK ? ask_take(x, h, f, sink, &again, err) : rc;
}

/* No library parses these. */
static bool is_read_here(const struct sx_extract *x, enum media m)
{
    return x == NULL || m == MEDIA_TEXT || m == MEDIA_JSONL || m == MEDIA_NONE;
}

sx_status extract_ready(const struct sx_extract *x, enum media m, struct sx_error *err)
{
    return is_read_here(x, m) ? SX_OK : spawner_alive(x->spawner, err);
}

sx_status extract_read(struct sx_extract *x, enum media m, struct sx_str uri, struct sx_str bytes,
                       const struct ingest_sink *sink, struct sx_error *err)
{
    struct sx_error own = {.offset = SX_NO_OFFSET};

    err = err == NULL ? &own : err;
    if (bytes.len > INGEST_FILE_MAX)
        return sx_fail(err, SX_ETOOLARGE, "the file is larger than %zu MiB", INGEST_FILE_MAX >> 20);
    if (is_read_here(x, m) || bytes.len == 0) /* which fails as such, whatever its name says */
        return ingest_read(m, uri, bytes, sink, err);
    if (m == MEDIA_PDF)
        return pdf_read(x, uri, bytes, sink, err);
    const struct subject f = {m, uri, bytes, -1, bytes.len};
    return ask(x, &f, sink, err);
}

sx_status extract_read_long(struct sx_extract *x, enum media m, struct sx_str uri, int fd,
                            uint64_t size, const struct ingest_sink *sink, struct sx_error *err)
{
    const struct subject f = {m, uri, str_make(NULL, 0), fd, size};

    return ask(x, &f, sink, err);
}
