/* The filters of the command line become a part of the query, so that the daemon knows one way to
 * filter and `parsed` shows all of it. */
#include "client/search.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/formats.h"
#include "index/base/str.h"

#define CANCEL "{\"op\":\"cancel\",\"target\":\"searchc\"}\n"

/* ---- the request ----------------------------------------------------------------------- */

static void filter(struct buf *out, const char *name, const char *value)
{
    if (value != NULL)
        buf_printf(out, "%s%s:\"%s\"", out->len == 0 ? "" : " ", name, value);
}

void query_text(const struct options *o, struct sx_str text, struct buf *out)
{
    buf_put_str(out, text);
    if (o->since != NULL || o->until != NULL)
        buf_printf(out, "%sdate:%s..%s", out->len == 0 ? "" : " ", o->since == NULL ? "" : o->since,
                   o->until == NULL ? "" : o->until);
    filter(out, "source", o->source);
    filter(out, "lang", o->lang);
    filter(out, "type", o->type);
}

/* The words of the command line as one query. */
static void command_query(const struct options *o, struct buf *out)
{
    struct buf words = {0};

    for (size_t i = 0; i < o->word_count; i++) {
        if (i > 0)
            buf_putc(&words, ' ');
        buf_puts(&words, o->words[i]);
    }
    query_text(o, buf_str(&words), out);
    out->failed = out->failed || words.failed;
    buf_release(&words);
}

static bool needs_passages(int format)
{
    return format == FORMAT_DEFAULT || format == FORMAT_TEXT || format == FORMAT_JSON ||
           format == FORMAT_JSONL;
}

static void add_query(const struct options *o, struct sx_str query, struct buf *out)
{
    buf_puts(out, ",\"query\":");
    json_print_str(query, out);
    if (o->match != NULL)
        request_text(out, "match", o->match);
}

/* "a,b" as an array. */
static void add_facets(const char *names, struct buf *out)
{
    const char *before = ",\"facets\":[";

    for (const char *p = names; *p != '\0'; p += *p == ',') {
        size_t len = strcspn(p, ",");
        buf_puts(out, before);
        json_print_str(str_make(p, len), out);
        before = ",";
        p += len;
    }
    buf_putc(out, ']');
}

void search_request(const struct session *s, const char *id, struct sx_str query, struct buf *out)
{
    const struct options *o = s->o;

    request_begin(s, "search", out);
    if (id != NULL)
        request_text(out, "id", id);
    add_query(o, query, out);
    if (o->limit != NO_NUMBER)
        buf_printf(out, ",\"limit\":%ld", o->limit);
    if (o->offset != NO_NUMBER)
        buf_printf(out, ",\"offset\":%ld", o->offset);
    if (o->cursor != NULL)
        request_text(out, "cursor", o->cursor);
    if (o->facets != NULL)
        add_facets(o->facets, out);
    if (o->explain)
        buf_puts(out, ",\"explain\":true");
    if (o->sort != NULL)
        request_text(out, "sort", o->sort);
    if (!needs_passages(o->format))
        buf_puts(out, ",\"snippets\":0");
    buf_putc(out, '}');
}

/* ---- the reply ------------------------------------------------------------------------- */

bool search_found(const struct options *o, const cJSON *reply)
{
    if (o->limit == 0)
        return reply_number(reply, "total") > 0;
    return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(reply, "hits")) > 0;
}

int search_status(const struct options *o, const cJSON *reply)
{
    if (reply_flag(reply, "partial"))
        return EXIT_PARTIAL;
    return search_found(o, reply) ? EXIT_HITS : EXIT_NONE;
}

static void tell_warnings(const cJSON *reply)
{
    const cJSON *warning;

    cJSON_ArrayForEach(warning, cJSON_GetObjectItemCaseSensitive(reply, "warnings"))
    {
        const char *text = cJSON_GetStringValue(warning);
        complain("warning: %s", text == NULL ? "?" : text);
    }
}

static void print_hits(const struct session *s, const cJSON *reply)
{
    struct buf out = {0};
    const cJSON *hit;

    format_head(s, reply, &out);
    emit(&out);
    cJSON_ArrayForEach(hit, cJSON_GetObjectItemCaseSensitive(reply, "hits"))
    {
        format_hit(s, reply, hit, &out);
        if (!emit(&out))
            break;
    }
    format_tail(s, reply, &out);
    emit(&out);
    fflush(stdout); /* before the summary, which goes another way */
    buf_release(&out);
}

int run_search(struct session *s)
{
    struct buf query = {0}, request = {0}, summary = {0};
    struct sx_str line;
    cJSON *reply;

    command_query(s->o, &query);
    search_request(s, "searchc", buf_str(&query), &request);
    request.failed = request.failed || query.failed;
    session_on_interrupt(s, CANCEL);
    int status = session_ask(s, &request, &line, &reply);
    if (status == 0) {
        tell_warnings(reply);
        if (s->o->format == FORMAT_JSON)
            emit_json(s, line, true);
        else
            print_hits(s, reply);
        format_summary(reply, &summary);
        if (s->o->format <= FORMAT_TEXT && buf_ok(&summary))
            fprintf(stderr, "%s\n", buf_cstr(&summary));
        status = search_status(s->o, reply);
    }
    cJSON_Delete(reply);
    buf_release(&query);
    buf_release(&request);
    buf_release(&summary);
    return status;
}

int run_count(struct session *s)
{
    struct buf query = {0}, request = {0};
    struct sx_str line;
    cJSON *reply;

    command_query(s->o, &query);
    request_begin(s, "count", &request);
    add_query(s->o, buf_str(&query), &request);
    buf_putc(&request, '}');
    request.failed = request.failed || query.failed;
    int status = session_ask(s, &request, &line, &reply);
    if (status == 0) {
        uint64_t total = reply_number(reply, "total");
        tell_warnings(reply);
        if (s->o->format == FORMAT_JSON || s->o->format == FORMAT_JSONL)
            emit_json(s, line, s->o->format == FORMAT_JSON);
        else
            printf("%" PRIu64 "\n", total);
        status = total > 0 ? EXIT_HITS : EXIT_NONE;
    }
    cJSON_Delete(reply);
    buf_release(&query);
    buf_release(&request);
    return status;
}

int run_parse(struct session *s)
{
    struct buf query = {0}, request = {0}, out = {0};
    struct sx_str line;
    cJSON *reply;

    command_query(s->o, &query);
    buf_puts(&request, "{\"op\":\"parse\",\"query\":");
    json_print_str(buf_str(&query), &request);
    buf_putc(&request, '}');
    request.failed = request.failed || query.failed;
    int status = session_ask(s, &request, &line, &reply);
    if (status == 0 && (s->o->format == FORMAT_JSON || s->o->format == FORMAT_JSONL)) {
        emit_json(s, line, s->o->format == FORMAT_JSON);
    } else if (status == 0) {
        tell_warnings(reply);
        escape_text(&out, str_of(reply_text(reply, "parsed")));
        buf_putc(&out, '\n');
        emit(&out);
    }
    cJSON_Delete(reply);
    buf_release(&query);
    buf_release(&request);
    buf_release(&out);
    return status;
}
