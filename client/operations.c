/* Each asks, then prints: for eyes, or the reply as it came with --format json. */
#include "client/operations.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "index/base/clock.h"
#include "index/base/str.h"

#define URIS_A_REQUEST 500
#define FAILED_A_REQUEST 100

static bool as_json(const struct session *s)
{
    return s->o->format == FORMAT_JSON || s->o->format == FORMAT_JSONL;
}

int run_delete(struct session *s)
{
    struct buf request = {0};
    uint64_t deleted = 0;
    cJSON *reply;
    int status = 0;

    for (size_t i = 0; i < s->o->word_count && status == 0;) {
        buf_clear(&request);
        request_begin(s, "delete", &request);
        buf_puts(&request, ",\"uri\":[");
        for (size_t n = 0; n < URIS_A_REQUEST && i < s->o->word_count; n++, i++) {
            buf_puts(&request, n == 0 ? "" : ",");
            json_print_str(str_of(s->o->words[i]), &request);
        }
        buf_puts(&request, "]}");
        status = session_ask(s, &request, NULL, &reply);
        deleted += reply_number(reply, "deleted");
        cJSON_Delete(reply);
    }
    buf_release(&request);
    if (status != 0)
        return status;
    fprintf(stderr, "%" PRIu64 " deleted\n", deleted);
    return deleted > 0 ? EXIT_HITS : EXIT_NONE;
}

int run_reindex(struct session *s)
{
    struct buf request = {0};
    struct reindex which;
    cJSON *reply;

    if (!reindex_read(s->o->argument, &which)) /* options.c has refused it */
        return EXIT_USAGE;
    request_begin(s, "reindex", &request);
    if (which.failed)
        buf_puts(&request, ",\"failed\":true");
    if (which.type != NULL) {
        buf_puts(&request, ",\"type\":");
        json_print_str(str_make(which.type, which.type_len), &request);
    }
    if (which.older != 0)
        buf_printf(&request, ",\"extractor_older_than\":%lu", which.older);
    buf_putc(&request, '}');
    int status = session_ask(s, &request, NULL, &reply);
    uint64_t files = reply_number(reply, "files");
    cJSON_Delete(reply);
    buf_release(&request);
    if (status != 0)
        return status;
    fprintf(stderr, "%" PRIu64 " files are read again\n", files);
    return files > 0 ? EXIT_HITS : EXIT_NONE;
}

/* ---- get ------------------------------------------------------------------------------- */

static bool is_hash(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

/* On a terminal each line is escaped and stays a line; else the text is as it is stored. */
static void append_text(const struct session *s, const char *text, struct buf *out)
{
    if (!s->terminal.tty) {
        buf_puts(out, text);
        return;
    }
    for (;;) {
        size_t len = strcspn(text, "\n");
        escape_text(out, str_make(text, len));
        if (text[len] == '\0')
            return;
        buf_putc(out, '\n');
        text += len + 1;
    }
}

/* What is known of the document, a blank line, the text. */
static void print_document(const struct session *s, const cJSON *doc)
{
    static const char *const keys[] = {"title", "uri", "source", "date", "lang", "type", "doc"};
    struct buf out = {0};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *value = reply_text(doc, keys[i]);
        if (value[0] == '\0')
            continue;
        buf_printf(&out, "%s: ", keys[i]);
        style_on(&out, &s->terminal, i == 0 ? STYLE_TITLE : STYLE_DIM);
        escape_text(&out, str_of(value));
        style_off(&out, &s->terminal);
        buf_putc(&out, '\n');
    }
    buf_putc(&out, '\n');
    append_text(s, reply_text(doc, "body"), &out);
    buf_putc(&out, '\n');
    emit(&out);
    buf_release(&out);
}

int run_get(struct session *s)
{
    struct buf request = {0}, json = {0};
    cJSON *reply;

    request_begin(s, "get", &request);
    request_text(&request, is_hash(s->o->argument) ? "doc" : "uri", s->o->argument);
    buf_putc(&request, '}');
    int status = session_ask(s, &request, NULL, &reply);
    const cJSON *doc = cJSON_GetObjectItemCaseSensitive(reply, "document");
    if (status == 0 && as_json(s)) {
        json_print(doc, &json);
        emit_json(s, buf_str(&json), s->o->format == FORMAT_JSON);
    } else if (status == 0) {
        print_document(s, doc);
    }
    cJSON_Delete(reply);
    buf_release(&request);
    buf_release(&json);
    return status;
}

/* ---- failed ---------------------------------------------------------------------------- */

static void print_failed(const struct session *s, const cJSON *item)
{
    struct buf out = {0};

    if (as_json(s)) {
        json_print(item, &out);
        emit_json(s, buf_str(&out), false);
    } else {
        escape_text(&out, str_of(reply_text(item, "uri")));
        buf_puts(&out, "\n    ");
        escape_text(&out, str_of(reply_text(item, "stage")));
        buf_puts(&out, ": ");
        escape_text(&out, str_of(reply_text(item, "reason")));
        if (reply_flag(item, "retry"))
            buf_puts(&out, " (is tried again)");
        buf_putc(&out, '\n');
        emit(&out);
    }
    buf_release(&out);
}

int run_failed(struct session *s)
{
    struct buf request = {0};
    uint64_t offset = 0, total = 0;
    const cJSON *item;
    cJSON *reply;
    int status, got;

    do {
        buf_clear(&request);
        request_begin(s, "failed", &request);
        buf_printf(&request, ",\"offset\":%" PRIu64 ",\"limit\":%d}", offset, FAILED_A_REQUEST);
        status = session_ask(s, &request, NULL, &reply);
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(reply, "failed");
        cJSON_ArrayForEach(item, list) print_failed(s, item);
        got = cJSON_GetArraySize(list);
        offset += (uint64_t)got;
        total = reply_number(reply, "total");
        cJSON_Delete(reply);
    } while (status == 0 && got > 0 && offset < total);
    buf_release(&request);
    if (status != 0)
        return status;
    fflush(stdout);
    fprintf(stderr, "%" PRIu64 " could not be read\n", total);
    return total > 0 ? EXIT_HITS : EXIT_NONE;
}

/* ---- the rest -------------------------------------------------------------------------- */

int run_stats(struct session *s)
{
    struct buf request = {0};
    struct sx_str line;
    cJSON *reply;

    request_begin(s, "stats", &request);
    buf_putc(&request, '}');
    int status = session_ask(s, &request, &line, &reply);
    if (status == 0)
        emit_json(s, line, s->o->format != FORMAT_JSONL);
    cJSON_Delete(reply);
    buf_release(&request);
    return status;
}

int run_ping(struct session *s)
{
    struct buf request = {0};
    uint64_t began = clock_now_ns();
    cJSON *reply;

    buf_puts(&request, "{\"op\":\"ping\"}");
    int status = session_ask(s, &request, NULL, &reply);
    if (status == 0)
        printf("%s answers, %.2f ms\n", sx_client_address(s->client),
               (double)(clock_now_ns() - began) / 1e6);
    cJSON_Delete(reply);
    buf_release(&request);
    return status;
}

/* Newlines in JSON are white space: a text of several lines becomes one. */
int run_raw(struct session *s)
{
    struct buf request = {0};
    struct sx_str line = {0};
    struct sx_error err;
    cJSON *reply = NULL;
    int status = 0;

    buf_puts(&request, s->o->argument);
    for (size_t i = 0; i < request.len; i++)
        if (request.data[i] == '\n')
            request.data[i] = ' ';
    sx_status rc = buf_ok(&request) ? sx_client_request(s->client, buf_str(&request), &line, &err)
                                    : sx_fail_oom(&err);
    if (rc == SX_OK) {
        emit_json(s, line, s->o->format != FORMAT_JSONL);
        if (reply_parse(line, &reply, &err) != SX_OK)
            status = exit_of(reply);
        else if (reply_flag(reply, "partial"))
            status = EXIT_PARTIAL;
    } else {
        complain("%s", err.msg);
        status = exit_of_status(rc);
    }
    cJSON_Delete(reply);
    buf_release(&request);
    return status;
}
