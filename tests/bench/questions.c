/* Reading a file of questions, and writing each as the library and the daemon take it. */
#include "tests/bench/questions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index/base/json.h"
#include "index/base/str.h"

#define KINDS_MAX 64
#define QUERIES_MAX 20000

/* One thing more that a search can be asked for, or another way to write it. */
static const struct feature {
    const char *name;
    const char *between; /* two words */
    const char *before, *behind;
    enum sx_sort sort;
    bool facets, explain;
} features[] = {
    {.name = "quoted", .between = "\" \"", .before = "\"", .behind = "\""},
    {.name = "near", .between = " NEAR/10 "},
    {.name = "fuzzy", .between = "~ ", .behind = "~"},
    {.name = "facets", .facets = true},
    {.name = "date", .sort = SX_SORT_DATE_DESC},
    {.name = "explain", .explain = true},
};

void bench_die(const char *what, const struct sx_error *err)
{
    fprintf(stderr, "bench: %s: %s\n", what, err == NULL ? "failed" : err->msg);
    exit(1);
}

static struct kind *kind_named(struct questions *q, const char *name)
{
    for (size_t i = 0; i < q->kind_count; i++)
        if (strcmp(q->kinds[i].name, name) == 0)
            return &q->kinds[i];
    if (q->kind_count == KINDS_MAX)
        bench_die("too many kinds of query", NULL);
    struct kind *k = &q->kinds[q->kind_count++];
    snprintf(k->name, sizeof(k->name), "%s", name);
    return k;
}

static void add(struct questions *q, const char *kind, const char *text, enum sx_match match)
{
    if (q->count == QUERIES_MAX)
        bench_die("too many queries", NULL);
    struct question *item = &q->items[q->count++];
    item->kind = kind_named(q, kind);
    item->text = strdup(text);
    item->match = match;
    if (item->text == NULL)
        bench_die("out of memory", NULL);
}

static void add_features(struct questions *q, const char *kind, const char *text)
{
    char name[64], query[1024];
    const char *space = strchr(text, ' ');

    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        const struct feature *f = &features[i];
        const char *between = f->between == NULL ? " " : f->between;
        snprintf(name, sizeof(name), "%.32s/%s", kind, f->name);
        if (space == NULL && strcmp(f->name, "near") == 0)
            continue;
        snprintf(query, sizeof(query), "%s%.*s%s%s%s", f->before == NULL ? "" : f->before,
                 (int)(space == NULL ? strlen(text) : (size_t)(space - text)), text,
                 space == NULL ? "" : between, space == NULL ? "" : space + 1,
                 f->behind == NULL ? "" : f->behind);
        add(q, name, query, SX_MATCH_BEST);
        q->items[q->count - 1].with = f;
    }
}

static void add_line(struct questions *q, char *line)
{
    char best[64];
    char phrase[1024];
    char *tab = strchr(line, '\t');

    line[strcspn(line, "\r\n")] = '\0';
    if (tab == NULL)
        return;
    *tab = '\0';
    const char *text = tab + 1;
    if (strncmp(line, "phrase", 6) == 0) {
        snprintf(phrase, sizeof(phrase), "\"%s\"", text);
        add(q, line, phrase, SX_MATCH_ALL);
        return;
    }
    add(q, line, text, strncmp(line, "and", 3) == 0 ? SX_MATCH_ALL : SX_MATCH_ANY);
    if (strcmp(line, "and2_mid") == 0 || strcmp(line, "term_mid") == 0)
        add_features(q, line, text);
    if (strchr(text, ' ') == NULL)
        return;
    snprintf(best, sizeof(best), "%.32s/best", line);
    add(q, best, text, SX_MATCH_BEST);
}

struct questions *questions_read(const char *path)
{
    static struct kind kinds[KINDS_MAX];
    static struct question items[QUERIES_MAX];
    static struct questions q = {.kinds = kinds, .items = items};
    char line[4096];
    FILE *f = fopen(path, "r");

    if (f == NULL)
        bench_die(path, NULL);
    while (fgets(line, sizeof(line), f) != NULL)
        add_line(&q, line);
    fclose(f);
    return &q;
}

struct sx_search question_search(const struct question *q)
{
    struct sx_search s = {.query = str_of(q->text), .match = q->match, .limit = 10, .snippets = 1};

    if (q->with != NULL) {
        s.sort = q->with->sort;
        s.explain = q->with->explain;
        s.facets = q->with->facets ? (1U << SX_FACET_COUNT) - 1 : 0;
    }
    return s;
}

void question_request(const struct question *q, struct buf *out)
{
    static const char *const names[] = {"best", "all", "any"};

    buf_puts(out, "{\"query\":");
    json_print_str(str_of(q->text), out);
    buf_printf(out, ",\"match\":\"%s\"", names[q->match]);
    if (q->with != NULL && q->with->facets)
        buf_puts(out, ",\"facets\":[\"source\",\"lang\",\"type\",\"year\",\"month\"]");
    if (q->with != NULL && q->with->sort == SX_SORT_DATE_DESC)
        buf_puts(out, ",\"sort\":\"-date\"");
    if (q->with != NULL && q->with->explain)
        buf_puts(out, ",\"explain\":true");
}

void questions_print(struct questions *q)
{
    printf("| kind | queries | hits/query | median ms | p99 ms |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < q->kind_count; i++) {
        struct kind *k = &q->kinds[i];
        if (k->times.count == 0)
            continue;
        printf("| %s | %zu | %.1f | %.3f | %.3f |\n", k->name, k->times.count,
               (double)k->hits / (double)k->times.count, series_at(&k->times, 0.5) / 1000,
               series_at(&k->times, 0.99) / 1000);
        series_release(&k->times);
    }
}
