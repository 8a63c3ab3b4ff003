/* One printer a format. All read the hit's JSON as the daemon sent it, and leave out what it lacks,
 * so that an older or newer daemon changes what is shown, not whether. */
#include "client/formats.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "client/explain.h"
#include "client/table.h"
#include "index/base/sha256.h"
#include "index/base/str.h"

#define MARKS_MAX 64 /* of one passage that are shown */
#define INDENT 4

static const cJSON *get(const cJSON *v, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(v, key);
}

/* ---- text ------------------------------------------------------------------------------ */

/* Rank, date and source, then the title in bold, wrapped under itself. Without a title the uri
 * takes its place. */
static void header(const struct session *s, const cJSON *hit, struct buf *out)
{
    const char *title = reply_text(hit, "title"), *uri = reply_text(hit, "uri");
    struct wrap w = {.out = out, .t = &s->terminal, .indent = INDENT};
    struct sx_str date = str_of(reply_text(hit, "date")),
                  source = str_of(reply_text(hit, "source"));
    size_t before = out->len;

    buf_printf(out, "%2" PRIu64 "  ", reply_number(hit, "rank"));
    w.column = out->len - before;
    if (date.len > 10)
        date.len = 10; /* the day is enough for eyes */
    if (date.len > 0) {
        w.column += escape_text(out, date) + 2;
        buf_puts(out, "  ");
    }
    if (source.len > 0) {
        w.column += escape_text(out, source) + 2;
        buf_puts(out, "  ");
    }
    const struct sx_str text = str_of(title[0] == '\0' ? uri : title);
    const struct text_mark all = {0, text.len};
    wrap_text(&w, text, &all, 1, STYLE_TITLE);
    buf_putc(out, '\n');
    if (title[0] == '\0')
        return;
    buf_printf(out, "%*s", INDENT, "");
    style_on(out, &s->terminal, STYLE_DIM);
    escape_text(out, str_of(uri));
    style_off(out, &s->terminal);
    buf_putc(out, '\n');
}

#define ELLIPSIS "\xe2\x80\xa6" /* … */

/* The text, with an ellipsis where it plainly begins or ends inside a sentence; returns how many
 * bytes stand before it. */
static size_t with_ellipses(struct sx_str text, struct buf *out)
{
    if (text.len > 0 && islower((unsigned char)text.ptr[0]))
        buf_puts(out, ELLIPSIS " ");
    size_t before = out->len;
    buf_put_str(out, text);
    if (text.len > 0 &&
        (isalnum((unsigned char)text.ptr[text.len - 1]) || text.ptr[text.len - 1] == ','))
        buf_puts(out, " " ELLIPSIS);
    return before;
}

static void passage(const struct session *s, const cJSON *snippet, struct buf *out)
{
    struct text_mark marks[MARKS_MAX];
    struct wrap w = {.out = out, .t = &s->terminal, .indent = INDENT, .column = INDENT};
    size_t count = 0;
    const cJSON *pair;
    struct buf text = {0};
    size_t before = with_ellipses(str_of(reply_text(snippet, "text")), &text);

    cJSON_ArrayForEach(pair, get(snippet, "marks"))
    {
        const cJSON *from = cJSON_GetArrayItem(pair, 0), *to = cJSON_GetArrayItem(pair, 1);
        if (count < MARKS_MAX && cJSON_IsNumber(from) && cJSON_IsNumber(to) &&
            from->valuedouble >= 0 && to->valuedouble > from->valuedouble)
            marks[count++] = (struct text_mark){before + (size_t)from->valuedouble,
                                                before + (size_t)to->valuedouble};
    }
    buf_printf(out, "%*s", INDENT, "");
    wrap_text(&w, buf_str(&text), marks, count, STYLE_MARK);
    buf_putc(out, '\n');
    out->failed = out->failed || text.failed;
    buf_release(&text);
}

static void missing(const cJSON *list, struct buf *out)
{
    const cJSON *item;

    if (cJSON_GetArraySize(list) == 0)
        return;
    buf_printf(out, "%*smissing:", INDENT, "");
    cJSON_ArrayForEach(item, list)
    {
        buf_puts(out, item == list->child ? " " : ", ");
        escape_text(out, str_of(cJSON_GetStringValue(item)));
    }
    buf_putc(out, '\n');
}

static void text_hit(const struct session *s, const cJSON *reply, const cJSON *hit, struct buf *out)
{
    const cJSON *snippet;

    header(s, hit, out);
    cJSON_ArrayForEach(snippet, get(hit, "snippets")) passage(s, snippet, out);
    missing(get(hit, "missing"), out);
    explain_hit(s, reply, hit, out);
    buf_putc(out, '\n');
}

void format_summary(const cJSON *reply, struct buf *out)
{
    const cJSON *coverage = get(reply, "coverage");
    const char *cursor = reply_text(reply, "cursor");
    uint64_t total = reply_number(reply, "total"), all = reply_number(reply, "total_all");

    if (total == 0)
        buf_puts(out, "nothing found");
    else
        buf_printf(out, "%s%" PRIu64 " %s",
                   strcmp(reply_text(reply, "relation"), "gte") == 0 ? "at least " : "", total,
                   total == 1 ? "document" : "documents");
    if (total > 0 && get(reply, "total_all") != NULL && all < total)
        buf_printf(out, " (%" PRIu64 " with every word)", all);
    buf_printf(out, ", %.1f ms", (double)reply_number(reply, "took_us") / 1000);
    if (reply_flag(reply, "partial"))
        buf_puts(out, "; incomplete: out of time");
    if (reply_number(coverage, "pending") > 0)
        buf_printf(out, "; %" PRIu64 " files still to be read", reply_number(coverage, "pending"));
    if (reply_number(coverage, "failed") > 0)
        buf_printf(out, "; %" PRIu64 " files could not be read (--failed)",
                   reply_number(coverage, "failed"));
    if (cursor_valid(cursor)) /* it is to be copied to a shell */
        buf_printf(out, "; more: --cursor %s", cursor);
}

/* ---- columns --------------------------------------------------------------------------- */

/* On a terminal whatever commands it is escaped. */
static void safe(const struct session *s, struct sx_str text, struct buf *out)
{
    if (s->terminal.tty)
        escape_text(out, text);
    else
        buf_put_str(out, text);
}

/* A value without the characters that separate rows and columns. */
static void column(const struct session *s, struct sx_str text, struct buf *out)
{
    static const char meant[] = "\t\n\r\\", letters[] = "tnr\\";
    struct buf value = {0};

    for (size_t i = 0; i < text.len; i++) {
        const char *found = memchr(meant, text.ptr[i], sizeof(meant) - 1);
        if (found != NULL)
            buf_printf(&value, "\\%c", letters[found - meant]);
        else
            buf_putc(&value, text.ptr[i]);
    }
    safe(s, buf_str(&value), out);
    out->failed = out->failed || value.failed;
    buf_release(&value);
}

static void tsv_hit(const struct session *s, const cJSON *hit, struct buf *out)
{
    static const char *const keys[] = {"date", "source", "title", "uri"};

    buf_printf(out, "%" PRIu64 "\t", reply_number(hit, "rank"));
    json_print(get(hit, "score"), out);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        buf_putc(out, '\t');
        column(s, str_of(reply_text(hit, keys[i])), out);
    }
    buf_putc(out, '\n');
}

/* The path of a file: URI, else the uri as it is. */
static void path_of(const char *uri, struct buf *out)
{
    unsigned char byte;

    if (strncmp(uri, "file:///", 8) != 0) {
        buf_puts(out, uri);
        return;
    }
    for (const char *p = uri + 7; *p != '\0'; p++) {
        if (*p == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2]) &&
            hex_decode(p + 1, 1, &byte) == 0 && byte != 0) {
            buf_putc(out, (char)byte);
            p += 2;
        } else {
            buf_putc(out, *p);
        }
    }
}

static void uri_hit(const struct session *s, const cJSON *hit, bool path, struct buf *out)
{
    struct buf value = {0};

    if (path)
        path_of(reply_text(hit, "uri"), &value);
    else
        buf_puts(&value, reply_text(hit, "uri"));
    if (s->o->nul)
        buf_put_str(out, buf_str(&value));
    else
        safe(s, buf_str(&value), out);
    buf_putc(out, s->o->nul ? '\0' : '\n');
    out->failed = out->failed || value.failed;
    buf_release(&value);
}

void format_trec(const char *qid, const cJSON *hit, struct buf *out)
{
    buf_printf(out, "%s Q0 ", qid);
    for (const char *p = reply_text(hit, "uri"); *p != '\0'; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7F)
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*p);
        else
            buf_putc(out, *p);
    }
    buf_printf(out, " %" PRIu64 " ", reply_number(hit, "rank"));
    json_print(get(hit, "score"), out);
    buf_puts(out, " searchd\n");
}

static void json_value(const struct session *s, const cJSON *v, struct buf *out)
{
    struct buf line = {0};

    json_print(v, &line);
    if (s->terminal.tty)
        escape_json(out, buf_str(&line));
    else
        buf_put_str(out, buf_str(&line));
    out->failed = out->failed || line.failed;
    buf_release(&line);
}

void format_head(const struct session *s, const cJSON *reply, struct buf *out)
{
    if (s->o->format <= FORMAT_TEXT)
        explain_query(s, reply, out);
}

void format_hit(const struct session *s, const cJSON *reply, const cJSON *hit, struct buf *out)
{
    enum format format = (enum format)s->o->format;

    switch (format) {
    case FORMAT_JSON:
    case FORMAT_JSONL:
        json_value(s, hit, out);
        buf_putc(out, '\n');
        break;
    case FORMAT_TSV:
        tsv_hit(s, hit, out);
        break;
    case FORMAT_PATHS:
    case FORMAT_URIS:
        uri_hit(s, hit, format == FORMAT_PATHS, out);
        break;
    case FORMAT_TREC:
        format_trec("1", hit, out);
        break;
    case FORMAT_DEFAULT:
    case FORMAT_TEXT:
        text_hit(s, reply, hit, out);
        break;
    }
}

/* ---- facets ---------------------------------------------------------------------------- */

/* One table, so that the counts of all facets line up. */
static void text_facets(const struct session *s, const cJSON *facets, struct buf *out)
{
    struct table t = {.columns = "ler"};
    const cJSON *facet, *item;

    cJSON_ArrayForEach(facet, facets)
    {
        cJSON_ArrayForEach(item, facet)
        {
            table_text(&t, str_of(item == facet->child ? facet->string : ""), STYLE_TITLE);
            if (cJSON_IsString(get(item, "value")))
                table_text(&t, str_of(reply_text(item, "value")), STYLE_PLAIN);
            else
                table_text(&t, str_of("(none)"), STYLE_DIM);
            table_printf(&t, STYLE_PLAIN, "%" PRIu64, reply_number(item, "count"));
            table_row(&t);
        }
        if (cJSON_GetArraySize(facet) > 0)
            table_row(&t);
    }
    table_print(&t, &s->terminal, 0, out);
    table_release(&t);
}

static void tsv_facets(const struct session *s, const cJSON *facets, struct buf *out)
{
    const cJSON *facet, *item;

    cJSON_ArrayForEach(facet, facets)
    {
        cJSON_ArrayForEach(item, facet)
        {
            buf_puts(out, "facet\t");
            column(s, str_of(facet->string), out);
            buf_putc(out, '\t');
            column(s, str_of(reply_text(item, "value")), out);
            buf_printf(out, "\t%" PRIu64 "\n", reply_number(item, "count"));
        }
    }
}

/* A line that cannot be taken for a hit. */
static void json_facets(const struct session *s, const cJSON *facets, struct buf *out)
{
    buf_puts(out, "{\"facets\":");
    json_value(s, facets, out);
    buf_puts(out, "}\n");
}

void format_tail(const struct session *s, const cJSON *reply, struct buf *out)
{
    const cJSON *facets = get(reply, "facets");

    if (s->o->facets == NULL || facets == NULL)
        return;
    if (s->o->format == FORMAT_JSONL)
        json_facets(s, facets, out);
    else if (s->o->format == FORMAT_TSV)
        tsv_facets(s, facets, out);
    else
        text_facets(s, facets, out);
}
