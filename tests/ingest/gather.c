/* What every reader promises is looked at here, for each document and each failure. */
#include "tests/ingest/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <searchd/index.h>

#include "index/base/date.h"
#include "index/base/file.h"
#include "index/base/json.h"
#include "index/base/str.h"
#include "index/base/utf8.h"

/* The list with room for one more; it doubles, since some files have 100,000 items. */
static void *grown(void *list, size_t count)
{
    bool full = (count & (count - 1)) == 0;
    void *more =
        full ? realloc(list, (count == 0 ? 1 : count * 2) * sizeof(struct gathered)) : list;

    if (more == NULL)
        abort();
    return more;
}

static char *copy(struct sx_str s)
{
    return s.ptr == NULL ? NULL : strndup(s.ptr, s.len);
}

static bool is_sound(struct sx_str s)
{
    return utf8_check(s.ptr, s.len) == s.len && (s.len == 0 || memchr(s.ptr, '\0', s.len) == NULL);
}

/* SX_EINTERNAL: it is not; SX_ENOMEM: that cannot be told. */
static sx_status check_doc(const struct sx_doc *d)
{
    const struct sx_str all[] = {d->uri,  d->title, d->body, d->source,
                                 d->date, d->lang,  d->type, d->extra};
    struct date_span span;
    bool sound = d->uri.len > 0 && d->uri.len <= SX_URI_MAX && d->body.ptr != NULL;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        sound = sound && is_sound(all[i]);
    if (sound && d->extra.len > 0) {
        sx_status rc = json_scan(d->extra, 1000000, NULL);
        if (rc == SX_ENOMEM)
            return rc;
        sound = d->extra.ptr[0] == '{' && rc == SX_OK;
    }
    return sound && (d->date.len == 0 || date_parse(d->date, &span)) ? SX_OK : SX_EINTERNAL;
}

static sx_status take(void *ctx, const struct sx_doc *d, size_t line, struct sx_error *err)
{
    struct gather *g = ctx;

    sx_status rc = check_doc(d);

    (void)line;
    if (rc == SX_ENOMEM)
        return sx_fail_oom(err);
    g->unsound += rc != SX_OK;
    g->docs = grown(g->docs, g->doc_count);
    g->docs[g->doc_count++] = (struct gathered){copy(d->uri),    copy(d->title), copy(d->body),
                                                copy(d->source), copy(d->date),  copy(d->lang),
                                                copy(d->type),   copy(d->extra), NULL};
    return SX_OK;
}

static void take_failed(void *ctx, struct sx_str uri, const struct sx_error *err)
{
    struct gather *g = ctx;

    g->unsound += uri.len == 0 || uri.len > SX_URI_MAX || !is_sound(uri) || err->msg[0] == '\0' ||
                  err->code == SX_OK;
    g->fails = grown(g->fails, g->fail_count);
    g->fails[g->fail_count++] = (struct gathered){.uri = copy(uri), .why = copy(str_of(err->msg))};
}

static void take_line(void *ctx, size_t line, const struct sx_error *err)
{
    char place[32];

    snprintf(place, sizeof(place), "#%zu", line);
    take_failed(ctx, str_of(place), err);
}

sx_status gather_read(struct gather *g, const char *name, struct sx_str bytes,
                      const struct ingest_limits *limits)
{
    const struct ingest_sink sink = {
        .doc = take, .failed = take_line, .ctx = g, .item = take_failed, .limits = limits};
    struct sx_error err = {0};
    char uri[512];
    sx_status rc;

    memset(g, 0, sizeof(*g));
    snprintf(uri, sizeof(uri), "file:///%s", name);
    rc = ingest_read(media_detect(name, bytes), str_of(uri), bytes, &sink, &err);
    if (rc != SX_OK)
        take_failed(g, str_of(uri), &err);
    return rc;
}

void gather_release(struct gather *g)
{
    for (size_t i = 0; i < g->doc_count; i++) {
        struct gathered *d = &g->docs[i];
        char *const all[] = {d->uri,  d->title, d->body, d->source,
                             d->date, d->lang,  d->type, d->extra};
        for (size_t n = 0; n < sizeof(all) / sizeof(all[0]); n++)
            free(all[n]);
    }
    for (size_t i = 0; i < g->fail_count; i++) {
        free(g->fails[i].uri);
        free(g->fails[i].why);
    }
    free(g->docs);
    free(g->fails);
    memset(g, 0, sizeof(*g));
}

bool gather_file(const char *path, struct buf *out)
{
    struct sx_error err;

    return file_read(path, INGEST_FILE_MAX, out, &err) == SX_OK;
}
