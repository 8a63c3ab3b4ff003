/* Documents from JSON Lines, in batches, a few of them under way.
 *
 * The text of a line goes into the request as it is; a scan makes sure that it is one JSON object,
 * so that it cannot break its batch. The daemon takes a batch or leaves it and names the document
 * at fault: that line is reported and the batch sent again without it. Since a later line may
 * replace an earlier one's document, whatever was sent behind a refused batch is then sent again
 * behind it: putting twice changes nothing, putting in another order would. */
#include "client/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/lines.h"
#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/str.h"

#define BATCH_DOCS 500
#define BATCH_BYTES (1 << 20)
#define LINE_MAX_BYTES ((16 << 20) - 4096) /* what the daemon takes of a put, less the frame */
#define VALUES_MAX (1 << 20)
#define UNDER_WAY 4
#define BAR_WIDTH 24
#define DRAW_NS 100000000 /* the bar moves ten times a second */

struct doc {
    size_t line;    /* in the file; 0: refused, goes before the batch is sent again */
    size_t at, len; /* in the text */
    bool taken;     /* the daemon has taken it once */
};

struct batch {
    struct buf text; /* the documents' lines, one behind the other */
    struct doc docs[BATCH_DOCS];
    size_t count;
    size_t slices; /* requests it is sent as: more once the daemon found one too much */
};

struct put {
    struct session *s;
    struct lines lines;
    struct batch *batches;          /* UNDER_WAY + 1: the last is being filled */
    struct batch *queue[UNDER_WAY]; /* sent, oldest first */
    size_t queued;
    struct batch *filling;
    struct buf request;
    uint64_t put, replaced, refused;
    uint64_t began_ns, drawn_ns;
    bool bar;
};

/* ---- telling --------------------------------------------------------------------------- */

static void wipe_bar(struct put *p)
{
    if (p->bar && p->drawn_ns != 0)
        fprintf(stderr, "\r\033[K");
}

static void draw_bar(struct put *p)
{
    uint64_t now = clock_now_ns();
    double seconds = (double)(now - p->began_ns) / 1e9;
    double part = p->lines.size == 0 ? 0 : (double)p->lines.read / (double)p->lines.size;
    int full = (int)(part * BAR_WIDTH);

    if (!p->bar || now - p->drawn_ns < DRAW_NS)
        return;
    p->drawn_ns = now;
    fprintf(stderr, "\r\033[K");
    if (p->lines.size > 0)
        fprintf(stderr, "[%.*s%*s] %3.0f %%  ", full, "########################", BAR_WIDTH - full,
                "", 100 * part);
    fprintf(stderr, "%" PRIu64 " documents, %.0f/s", p->put,
            seconds > 0 ? (double)p->put / seconds : 0);
}

static void refuse(struct put *p, size_t line, const char *why)
{
    wipe_bar(p);
    complain("%s:%zu: %s", p->lines.name, line, why);
    p->refused++;
}

static int out_of_memory(void)
{
    complain("out of memory");
    return EXIT_REFUSED;
}

/* ---- batches --------------------------------------------------------------------------- */

static struct batch *free_batch(struct put *p)
{
    for (size_t i = 0; i <= UNDER_WAY; i++) {
        bool used = false;
        for (size_t k = 0; k < p->queued; k++)
            used = used || p->queue[k] == &p->batches[i];
        if (!used)
            return &p->batches[i];
    }
    return NULL; /* cannot be: there is one more than the queue holds */
}

static void start_batch(struct put *p)
{
    p->filling = free_batch(p);
    buf_clear(&p->filling->text);
    p->filling->count = 0;
    p->filling->slices = 1;
}

/* Where slice `i` of a batch begins; slice i + 1 begins where it ends. */
static size_t slice_at(const struct batch *b, size_t i)
{
    return b->count * i / b->slices;
}

static int send_slice(struct put *p, const struct batch *b, size_t from, size_t to)
{
    struct sx_error err;

    buf_clear(&p->request);
    request_begin(p->s, "put", &p->request);
    buf_puts(&p->request, ",\"docs\":[");
    for (size_t i = from; i < to; i++) {
        if (i > from)
            buf_putc(&p->request, ',');
        buf_put(&p->request, b->text.data + b->docs[i].at, b->docs[i].len);
    }
    buf_puts(&p->request, "]}");
    if (!buf_ok(&p->request))
        return out_of_memory();
    sx_status rc = sx_client_send(p->s->client, buf_str(&p->request), &err);
    if (rc == SX_OK)
        return 0;
    wipe_bar(p);
    complain("%s", err.msg);
    return exit_of_status(rc);
}

static int send_batch(struct put *p, const struct batch *b)
{
    int status = 0;

    for (size_t i = 0; i < b->slices && status == 0; i++)
        status = send_slice(p, b, slice_at(b, i), slice_at(b, i + 1));
    return status;
}

/* The index in "docs[17].date", or -1. */
static long fault_index(const char *param)
{
    char *end;

    if (strncmp(param, "docs[", 5) != 0)
        return -1;
    long index = strtol(param + 5, &end, 10);
    return end != param + 5 && *end == ']' && index >= 0 ? index : -1;
}

/* Whether the request was more than the daemon takes at once, whatever is in it. */
static bool too_much(const struct sx_error *err)
{
    return (err->code == SX_ETOOLARGE || err->code == SX_ELIMIT) && fault_index(err->param) < 0;
}

/* Reports and marks the document at fault of a slice; false when the fault is not a document's. */
static bool mark_faulty(struct put *p, struct batch *b, size_t from, size_t to,
                        const struct sx_error *err)
{
    long index = fault_index(err->param);
    char why[512];

    if (too_much(err) && to - from == 1)
        index = 0; /* there is nobody else to blame */
    if (index < 0 || (size_t)index >= to - from)
        return false;
    const char *key = strchr(err->param, '.');
    bool named = key == NULL || strstr(err->msg, key + 1) != NULL;
    snprintf(why, sizeof(why), "%s%s%s", named ? "" : key + 1, named ? "" : ": ", err->msg);
    refuse(p, b->docs[from + (size_t)index].line, why);
    b->docs[from + (size_t)index].line = 0;
    return true;
}

/* Takes the marked documents out, and divides the batch so that each slice has a document. */
static void renew(struct batch *b, bool divide)
{
    size_t kept = 0;

    for (size_t i = 0; i < b->count; i++)
        if (b->docs[i].line != 0)
            b->docs[kept++] = b->docs[i];
    b->count = kept;
    if (divide)
        b->slices *= 2;
    if (b->slices > b->count)
        b->slices = b->count;
}

/* Counts what a slice replaced, but not what it replaced of its own, sent before. */
static void count_replaced(struct put *p, struct batch *b, size_t from, size_t to, uint64_t told)
{
    for (size_t i = from; i < to; i++) {
        told -= b->docs[i].taken && told > 0;
        b->docs[i].taken = true;
    }
    p->replaced += told;
}

enum verdict { TAKEN, LATER, FAULTY, DIVIDE, FATAL };

/* Receives the answer to one slice; *status is set where it is FATAL. */
static enum verdict judge_slice(struct put *p, struct batch *b, size_t slice, int *status)
{
    size_t from = slice_at(b, slice), to = slice_at(b, slice + 1);
    enum verdict verdict = FATAL;
    struct sx_str line = {0};
    struct sx_error err;
    cJSON *reply = NULL;
    sx_status rc = sx_client_receive(p->s->client, &line, &err);

    *status = exit_of_status(rc);
    if (rc == SX_OK) {
        rc = reply_parse(line, &reply, &err);
        *status = exit_of(reply);
        uint64_t ms = rc == SX_OK ? 0 : reply_retry_ms(reply);
        if (rc == SX_OK) {
            count_replaced(p, b, from, to, reply_number(reply, "replaced"));
            verdict = TAKEN;
        } else if (ms > 0) {
            session_wait_ms(ms);
            verdict = LATER;
        } else if (*status == EXIT_USAGE && mark_faulty(p, b, from, to, &err)) {
            verdict = FAULTY;
        } else if (too_much(&err)) {
            verdict = DIVIDE;
        }
    }
    if (verdict == FATAL) {
        wipe_bar(p);
        complain("%s%s%s", reply == NULL ? "" : reply_code(reply), reply == NULL ? "" : ": ",
                 err.msg);
    }
    cJSON_Delete(reply);
    return verdict;
}

/* Receives the answers to `b`. *again: it must be sent once more, changed or later. */
static int judge(struct put *p, struct batch *b, bool *again)
{
    bool changed = false, divide = false;
    int status = 0;

    for (size_t i = 0; i < b->slices; i++) {
        enum verdict verdict = judge_slice(p, b, i, &status);
        if (verdict == FATAL)
            return status;
        changed = changed || verdict != TAKEN;
        divide = divide || verdict == DIVIDE;
    }
    if (changed) {
        renew(b, divide);
        *again = true;
    }
    return 0;
}

/* Sends the whole queue again, in order, without the batches of which nothing is left. */
static int send_again(struct put *p)
{
    size_t kept = 0;
    int status = 0;

    for (size_t i = 0; i < p->queued && status == 0; i++) {
        if (p->queue[i]->count == 0)
            continue;
        p->queue[kept++] = p->queue[i];
        status = send_batch(p, p->queue[i]);
    }
    p->queued = kept;
    return status;
}

/* Settles the oldest batch: counted and gone, or everything that is under way is sent again. */
static int settle(struct put *p)
{
    struct batch *b = p->queue[0];
    bool again = false;
    int status = judge(p, b, &again);

    if (status != 0)
        return status;
    if (again) {
        for (size_t i = 1; i < p->queued && status == 0; i++)
            status = judge(p, p->queue[i], &again);
        return status != 0 ? status : send_again(p);
    }
    p->put += b->count;
    p->queued--;
    memmove(p->queue, p->queue + 1, p->queued * sizeof(struct batch *));
    draw_bar(p);
    return 0;
}

/* Sends the batch that is being filled and begins the next. */
static int flush_batch(struct put *p)
{
    int status = 0;

    while (status == 0 && p->queued == UNDER_WAY)
        status = settle(p);
    if (status != 0 || p->filling->count == 0)
        return status;
    p->queue[p->queued++] = p->filling;
    status = send_batch(p, p->filling);
    start_batch(p);
    return status;
}

/* ---- lines ----------------------------------------------------------------------------- */

static bool blank(struct sx_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (strchr(" \t\r", s.ptr[i]) == NULL || s.ptr[i] == '\0')
            return false;
    return true;
}

/* Whether the line is one JSON object; a line that is not is reported. */
static bool acceptable(struct put *p, struct sx_str line)
{
    struct sx_error err;
    char why[400];
    size_t at = 0;

    if (json_scan(line, VALUES_MAX, &err) != SX_OK) {
        snprintf(why, sizeof(why), "byte %" PRId64 ": %s", err.offset + 1, err.msg);
        refuse(p, p->lines.number, why);
        return false;
    }
    while (line.ptr[at] == ' ' || line.ptr[at] == '\t')
        at++;
    if (line.ptr[at] != '{')
        refuse(p, p->lines.number, "a document must be an object");
    return line.ptr[at] == '{';
}

static int add_line(struct put *p, struct sx_str line)
{
    struct batch *b = p->filling;
    int status = 0;

    if (blank(line) || !acceptable(p, line))
        return 0;
    if (b->count == BATCH_DOCS || (b->count > 0 && b->text.len + line.len > BATCH_BYTES))
        status = flush_batch(p);
    if (status != 0)
        return status;
    b = p->filling;
    b->docs[b->count++] = (struct doc){p->lines.number, b->text.len, line.len, false};
    buf_put_str(&b->text, line);
    return buf_ok(&b->text) ? 0 : out_of_memory();
}

static int put_lines(struct put *p)
{
    struct sx_str line;
    enum line got = LINE_GIVEN;
    int status = 0;

    while (status == 0 && (got = lines_next(&p->lines, &line)) != LINE_END) {
        if (got == LINE_FAILED) {
            complain("%s: %s", p->lines.name, strerror(errno));
            status = EXIT_USAGE;
        } else if (got == LINE_TOO_LONG) {
            refuse(p, p->lines.number, "longer than 16 MiB");
        } else {
            status = add_line(p, line);
        }
    }
    if (status == 0)
        status = flush_batch(p);
    while (status == 0 && p->queued > 0)
        status = settle(p);
    return status;
}

static void summarize(struct put *p)
{
    double seconds = (double)(clock_now_ns() - p->began_ns) / 1e9;

    wipe_bar(p);
    fprintf(stderr,
            "%" PRIu64 " documents put (%" PRIu64 " replaced), %" PRIu64
            " refused, %.1f s, %.0f/s\n",
            p->put, p->replaced, p->refused, seconds, seconds > 0 ? (double)p->put / seconds : 0);
}

int run_put(struct session *s)
{
    struct put p = {.s = s, .bar = isatty(STDERR_FILENO) == 1, .began_ns = clock_now_ns()};
    struct sx_error err;
    int status;

    p.batches = mem_zalloc(UNDER_WAY + 1, sizeof(*p.batches));
    if (p.batches == NULL)
        return out_of_memory();
    if (lines_open(&p.lines, s->o->argument, LINE_MAX_BYTES, &err) != SX_OK) {
        complain("%s", err.msg);
        status = EXIT_USAGE;
    } else {
        start_batch(&p);
        status = put_lines(&p);
        summarize(&p);
    }
    lines_close(&p.lines);
    for (size_t i = 0; i <= UNDER_WAY; i++)
        buf_release(&p.batches[i].text);
    mem_free(p.batches);
    buf_release(&p.request);
    return status == 0 && p.refused > 0 ? EXIT_REFUSED : status;
}
