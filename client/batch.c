/* Many searches, pipelined. Answers come in the order of the questions; one that the daemon puts
 * off is asked again and the later ones wait for it, so that the output is in order too. */
#include "client/batch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/formats.h"
#include "client/lines.h"
#include "client/search.h"
#include "index/base/str.h"

#define UNDER_WAY 16 /* the daemon takes 32 of a connection */
#define TREC_LIMIT 1000
#define LINE_MAX_BYTES (1 << 20)

struct question {
    struct buf qid, text, request, reply;
    bool answered;
};

struct batch {
    struct session *s;
    struct lines lines;
    struct question ring[UNDER_WAY]; /* in order of the output, from `first` on */
    size_t first, count;
    size_t sent[UNDER_WAY]; /* places in the ring, in order of the wire */
    size_t sent_count;
    size_t questions, found;
    int status; /* the worst so far: a refusal, else EXIT_PARTIAL, else 0 */
};

static int fail(const struct sx_error *err)
{
    complain("%s", err->msg);
    return exit_of_status(err->code);
}

static int send_question(struct batch *b, size_t place)
{
    struct sx_error err;

    if (sx_client_send(b->s->client, buf_str(&b->ring[place].request), &err) != SX_OK)
        return fail(&err);
    b->sent[b->sent_count++] = place;
    return 0;
}

/* `text` or `qid<TAB>text`; without a qid the number of the line is it. */
static bool make_question(struct batch *b, struct question *q, struct sx_str line)
{
    const char *tab = memchr(line.ptr, '\t', line.len);
    struct buf query = {0};

    buf_clear(&q->qid);
    buf_clear(&q->text);
    buf_clear(&q->request);
    q->answered = false;
    if (tab == NULL) {
        buf_printf(&q->qid, "%zu", b->lines.number);
    } else {
        size_t len = (size_t)(tab - line.ptr);
        buf_put(&q->qid, line.ptr, len);
        line = str_make(tab + 1, line.len - len - 1);
    }
    buf_put_str(&q->text, line);
    query_text(b->s->o, line, &query);
    search_request(b->s, NULL, buf_str(&query), &q->request);
    bool ok =
        buf_cstr(&q->qid) != NULL && buf_ok(&q->text) && buf_ok(&query) && buf_ok(&q->request);
    buf_release(&query);
    return ok;
}

/* Reads the next line and asks it. *more is false at the end of the file. */
static int ask_next(struct batch *b, bool *more)
{
    struct sx_str line;
    size_t place = (b->first + b->count) % UNDER_WAY;

    switch (lines_next(&b->lines, &line)) {
    case LINE_END:
        *more = false;
        return 0;
    case LINE_FAILED:
        complain("%s: %s", b->lines.name, strerror(errno));
        return EXIT_USAGE;
    case LINE_TOO_LONG:
        complain("%s:%zu: line too long", b->lines.name, b->lines.number);
        b->status = EXIT_USAGE;
        return 0;
    case LINE_GIVEN:
        break;
    }
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return 0;
    if (!make_question(b, &b->ring[place], line)) {
        complain("out of memory");
        return EXIT_REFUSED;
    }
    b->count++;
    b->questions++;
    return send_question(b, place);
}

/* One reply of a line: the daemon's, with qid and query in front. */
static void print_jsonl(const struct question *q, struct buf *out)
{
    buf_puts(out, "{\"qid\":");
    json_print_str(buf_str(&q->qid), out);
    buf_puts(out, ",\"query\":");
    json_print_str(buf_str(&q->text), out);
    buf_putc(out, ',');
    buf_put(out, q->reply.data + 1, q->reply.len - 1);
}

/* Prints the first of the ring, which is answered, and counts it. */
static int print_first(struct batch *b)
{
    struct question *q = &b->ring[b->first];
    struct buf out = {0};
    struct sx_error err;
    cJSON *reply = NULL;
    sx_status rc =
        buf_ok(&q->reply) ? reply_parse(buf_str(&q->reply), &reply, &err) : sx_fail_oom(&err);
    const cJSON *hit, *hits = cJSON_GetObjectItemCaseSensitive(reply, "hits");
    int status = rc == SX_OK ? search_status(b->s->o, reply) : exit_of(reply);
    bool found = search_found(b->s->o, reply);

    if (reply == NULL)
        return fail(&err);
    if (rc != SX_OK)
        complain("%s: %s: %s", buf_cstr(&q->qid), reply_code(reply), err.msg);
    else if (!found)
        complain("%s: nothing found: %.*s", buf_cstr(&q->qid), (int)q->text.len, q->text.data);
    if (b->s->o->format == FORMAT_TREC) {
        cJSON_ArrayForEach(hit, hits) format_trec(buf_cstr(&q->qid), hit, &out);
        emit(&out);
    } else {
        print_jsonl(q, &out);
        emit_json(b->s, buf_str(&out), false);
    }
    if (found)
        b->found++;
    if (status != EXIT_HITS && status != EXIT_NONE && (b->status == 0 || rc != SX_OK))
        b->status = status;
    cJSON_Delete(reply);
    buf_release(&out);
    b->first = (b->first + 1) % UNDER_WAY;
    b->count--;
    return 0;
}

/* Receives one reply: kept for its turn, or its question asked again. */
static int receive_one(struct batch *b)
{
    struct sx_str line;
    struct sx_error err;
    size_t place = b->sent[0];
    struct question *q = &b->ring[place];
    cJSON *reply;

    if (sx_client_receive(b->s->client, &line, &err) != SX_OK)
        return fail(&err);
    memmove(b->sent, b->sent + 1, --b->sent_count * sizeof(b->sent[0]));
    buf_clear(&q->reply);
    buf_put_str(&q->reply, line);
    if (memmem(line.ptr, line.len, "\"ok\":true", 9) == NULL) {
        reply_parse(line, &reply, NULL);
        uint64_t ms = reply_retry_ms(reply);
        cJSON_Delete(reply);
        if (ms > 0) {
            session_wait_ms(ms);
            return send_question(b, place);
        }
    }
    q->answered = true;
    return 0;
}

static int run(struct batch *b)
{
    bool more = true;
    int status = 0;

    while (status == 0 && (more || b->count > 0)) {
        if (more && b->count < UNDER_WAY)
            status = ask_next(b, &more);
        else if (b->ring[b->first].answered)
            status = print_first(b);
        else
            status = receive_one(b);
    }
    if (status == 0)
        status = b->status;
    if (status == 0 && b->found == 0)
        status = EXIT_NONE;
    return status;
}

int run_batch(struct session *s)
{
    struct options o = *s->o;
    struct session own = *s;
    struct batch b = {.s = &own};
    struct sx_error err;
    int status;

    if (o.format == FORMAT_TREC && o.limit == NO_NUMBER)
        o.limit = TREC_LIMIT;
    own.o = &o;
    if (lines_open(&b.lines, o.argument, LINE_MAX_BYTES, &err) != SX_OK) {
        complain("%s", err.msg);
        status = EXIT_USAGE;
    } else {
        status = run(&b);
    }
    lines_close(&b.lines);
    for (size_t i = 0; i < UNDER_WAY; i++) {
        buf_release(&b.ring[i].qid);
        buf_release(&b.ring[i].text);
        buf_release(&b.ring[i].request);
        buf_release(&b.ring[i].reply);
    }
    return status;
}
