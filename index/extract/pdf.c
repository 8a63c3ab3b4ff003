/* PDF by way of pdftotext, one process a file: it reads the file from memory that has no name and
 * writes to pipes. With -htmlmeta it puts a head with what the PDF says of itself before the text,
 * which stands as it is between <pre> and </pre>; a form feed ends each page.
 *
 * A document's extra tells where its pages begin, in bytes of the body: {"page_bytes":[0,812,…]}. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/extract/pool.h"
#include "index/ingest/meta.h"
#include "index/ingest/readers.h"

#define GRACE_MS 1000
#define COMPLAINTS_MAX ((size_t)64 << 10)
#define PAGES_MAX 100000 /* whose beginnings are told */

/* ---- the process ------------------------------------------------------------------------------ */

struct run {
    struct sx_extract *x;
    struct patience patience;
    struct buf out, complaints;
    int from[2]; /* -1: ended */
};

/* `bytes` as a file of no name, at its beginning; -1 with errno. */
static int as_file(struct sx_str bytes)
{
    int fd = memfd_create("searchd-pdf", MFD_CLOEXEC);
    size_t done = 0;

    while (fd >= 0 && done < bytes.len) {
        ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int saved = errno;
            close(fd);
            errno = saved;
            return -1;
        }
        done += (size_t)n;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* What stands in the pipe; its end closes it. */
static sx_status drain(struct run *r, int which)
{
    struct buf *to = which == 0 ? &r->out : &r->complaints;
    char *room = buf_reserve(to, 64 << 10);

    if (room == NULL)
        return SX_ENOMEM;
    ssize_t n = read(r->from[which], room, 64 << 10);
    if (n < 0 && errno == EINTR)
        return SX_OK;
    if (n <= 0) {
        close(r->from[which]);
        r->from[which] = -1;
        return SX_OK;
    }
    if ((uint64_t)n > r->patience.left_bytes)
        return SX_ETOOLARGE;
    r->patience.left_bytes -= (uint64_t)n;
    if (which == 0 || to->len < COMPLAINTS_MAX) /* more of them are all alike */
        buf_advance(to, (size_t)n);
    return SX_OK;
}

static sx_status drain_both(struct run *r)
{
    sx_status rc = SX_OK;

    while (rc == SX_OK && (r->from[0] >= 0 || r->from[1] >= 0)) {
        struct pollfd p[2] = {{.fd = r->from[0], .events = POLLIN},
                              {.fd = r->from[1], .events = POLLIN}};
        rc = patience_poll(&r->patience, p, 2);
        for (int i = 0; i < 2 && rc == SX_OK; i++)
            if (p[i].revents != 0)
                rc = drain(r, i);
    }
    return rc;
}

static sx_status start(struct run *r, struct sx_str bytes, pid_t *pid, struct sx_error *err)
{
    int fds[5] = {-1, -1, -1, -1, -1}; /* the file, two pipes */
    sx_status rc = SX_OK;

    fds[0] = as_file(bytes);
    if (fds[0] < 0 || pipe2(fds + 1, O_CLOEXEC) != 0 || pipe2(fds + 3, O_CLOEXEC) != 0)
        rc = sx_fail(err, SX_EBUSY, "a reader cannot be started: %s", strerror(errno));
    else
        rc = spawner_pdftotext(r->x->spawner, fds[0], fds[2], fds[4], pid, err);
    if (rc == SX_OK) {
        r->from[0] = fds[1];
        r->from[1] = fds[3];
        fds[1] = fds[3] = -1;
    }
    close_all(fds, 5);
    return rc;
}

static bool complains(const struct run *r, const char *of)
{
    return r->complaints.len > 0 &&
           memmem(r->complaints.data, r->complaints.len, of, strlen(of)) != NULL;
}

/* The words of pdftotext 22.12 (its exit codes are: 1 cannot be opened, 3 permissions). */
static sx_status explain(const struct run *r, int status, struct sx_error *err)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

    if (code < 0)
        return explain_death(&r->patience, SX_EIO, status, err);
    if (complains(r, "Incorrect password"))
        return sx_fail(err, SX_EREQUEST, "encrypted: the PDF asks for a password");
    if (complains(r, "Unsupported") && complains(r, "security handler"))
        return sx_fail(err, SX_EREQUEST, "encrypted in a way that pdftotext does not know");
    if (code == 3)
        return sx_fail(err, SX_EREQUEST, "the PDF forbids taking its text");
    if (code == 127)
        return sx_fail(err, SX_EREQUEST, "pdftotext cannot be run in the sandbox");
    return sx_fail(err, SX_EREQUEST, "damaged: pdftotext cannot read the PDF");
}

static sx_status convert(struct run *r, struct sx_str bytes, struct sx_error *err)
{
    int status = 0;
    pid_t pid = 0;
    sx_status rc = start(r, bytes, &pid, err);

    if (rc != SX_OK)
        return rc;
    rc = drain_both(r);
    close_all(r->from, 2);
    /* When its output has ended, so has it, or is about to. */
    sx_status ended = spawner_end(r->x->spawner, pid, rc == SX_OK ? GRACE_MS : 0, &status, err);
    if (rc == SX_ENOMEM)
        return sx_fail_oom(err);
    if (ended != SX_OK)
        return ended;
    if (rc != SX_OK)
        return explain_death(&r->patience, rc, status, err);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? SX_OK : explain(r, status, err);
}

/* ---- its output ------------------------------------------------------------------------------- */

/* What stands between `open` and `close` in the head. */
static struct sx_str between(struct sx_str head, const char *open, const char *close)
{
    const char *a = memmem(head.ptr, head.len, open, strlen(open));

    if (a == NULL)
        return str_of("");
    a += strlen(open);
    size_t left = head.len - (size_t)(a - head.ptr);
    const char *b = memmem(a, left, close, strlen(close));
    return b == NULL ? str_of("") : str_make(a, (size_t)(b - a));
}

/* The head escapes & < > " and nothing else. */
static void offer(struct meta *m, enum meta_field field, struct sx_str escaped)
{
    struct buf text = {0};

    for (size_t i = 0; i < escaped.len;) {
        const char *at = escaped.ptr + i;
        const char *end = *at == '&' ? memchr(at, ';', escaped.len - i) : NULL;
        if (end != NULL && end - at < 10) {
            html_entity(str_make(at, (size_t)(end - at) + 1), &text);
            i += (size_t)(end - at) + 1;
        } else {
            buf_putc(&text, *at);
            i++;
        }
    }
    if (buf_ok(&text) && utf8_check(text.data, text.len) == text.len && text.len > 0 &&
        memchr(text.data, '\0', text.len) == NULL)
        meta_offer(m, field, 1, buf_str(&text));
    buf_release(&text);
}

/* Splits the head off: *text is what pdftotext read. */
static bool split(struct sx_str all, struct sx_str *head, struct sx_str *text)
{
    static const char open[] = "<body>\n<pre>\n";
    static const char close[] = "</pre>\n</body>\n</html>\n";
    const char *at = all.len == 0 ? NULL : memmem(all.ptr, all.len, open, strlen(open));

    if (at == NULL)
        return false;
    *head = str_make(all.ptr, (size_t)(at - all.ptr));
    at += strlen(open);
    *text = str_make(at, all.len - (size_t)(at - all.ptr));
    if (text->len >= strlen(close) &&
        memcmp(text->ptr + text->len - strlen(close), close, strlen(close)) == 0)
        text->len -= strlen(close);
    return true;
}

static bool is_blank(const struct buf *b)
{
    for (size_t i = 0; i < b->len; i++)
        if ((unsigned char)b->data[i] > ' ')
            return false;
    return true;
}

/* How far there is neither a form feed nor a NUL. */
static size_t plain_run(struct sx_str s)
{
    size_t n = 0;

    while (n < s.len && s.ptr[n] != '\f' && s.ptr[n] != '\0')
        n++;
    return n;
}

/* The text with U+FFFD for each broken byte and NUL, and a newline for each form feed; where the
 * pages that these end begin goes to `offsets`. Returns how many there are. */
static size_t take_text(struct sx_str text, struct buf *body, struct buf *offsets)
{
    size_t pages = 0, begin = 0;

    while (text.len > 0) {
        size_t n = utf8_check(text.ptr, plain_run(text));
        buf_put(body, text.ptr, n);
        if (n < text.len && text.ptr[n] == '\f') {
            if (pages < PAGES_MAX)
                buf_printf(offsets, "%s%zu", pages > 0 ? "," : "", begin);
            pages++;
            buf_putc(body, '\n');
            begin = body->len;
        } else if (n < text.len) {
            buf_puts(body, "\xEF\xBF\xBD");
        }
        n += n < text.len;
        text = str_make(text.ptr + n, text.len - n);
    }
    return pages;
}

static sx_status deliver(struct sx_str uri, struct sx_str all, const struct ingest_sink *sink,
                         struct sx_error *err)
{
    struct sx_doc doc = {.uri = uri, .type = str_of(media_name(MEDIA_PDF))};
    struct meta meta = {0};
    struct buf body = {0};
    struct buf extra = {0};
    struct sx_str head, text;
    sx_status rc;

    if (!split(all, &head, &text))
        return sx_fail(err, SX_EREQUEST, "pdftotext's answer is garbled");
    offer(&meta, META_TITLE, between(head, "<title>", "</title>"));
    offer(&meta, META_DATE, between(head, "<meta name=\"CreationDate\" content=\"", "\"/>"));
    buf_puts(&extra, "{\"page_bytes\":[");
    size_t pages = take_text(text, &body, &extra);
    buf_puts(&extra, "]}");
    meta_fill(&meta, &doc);
    doc.body = buf_str(&body);
    doc.extra = buf_str(&extra);
    if (!buf_ok(&body) || !buf_ok(&extra) || !meta_ok(&meta))
        rc = sx_fail_oom(err);
    else if (is_blank(&body))
        rc = sx_fail(err, SX_EREQUEST, "scanned: no text on its %zu page%s", pages,
                     pages == 1 ? "" : "s");
    else
        rc = sink->doc(sink->ctx, &doc, 0, err);
    meta_release(&meta);
    buf_release(&body);
    buf_release(&extra);
    return rc;
}

sx_status pdf_read(struct sx_extract *x, struct sx_str uri, struct sx_str bytes,
                   const struct ingest_sink *sink, struct sx_error *err)
{
    struct run r = {.x = x, .patience = patience_for(x, bytes.len, sink), .from = {-1, -1}};
    sx_status rc = convert(&r, bytes, err);

    if (rc == SX_OK)
        rc = deliver(uri, buf_str(&r.out), sink, err);
    buf_release(&r.out);
    buf_release(&r.complaints);
    return rc;
}
