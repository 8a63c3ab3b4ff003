/* The benchmark: how fast a corpus is indexed, and how fast each kind of query is answered, in
 * the library and over the socket.
 *
 *   bench index CORPUS.jsonl DIR             index into DIR with the library, durable commits
 *   bench library DIR QUERIES.tsv [ROUNDS]   query that index with the library
 *   bench rows DIR QUERIES.tsv [ROUNDS [SECONDS [HITS]]]
 *                                             the table of the comparison with peers (rows.h)
 *   bench socket ADDRESS QUERIES.tsv [ROUNDS] query a running daemon
 *   bench memory PID                          peak memory of a process so far
 *
 * QUERIES.tsv has a line a query, KIND TAB QUERY. A kind that begins with `and` is asked with
 * match=all, `or` with match=any, `phrase` as a phrase; `term` and `prefix` as they are; and
 * each of two words or more also with match=best, as kind NAME/best. The features of a search are
 * timed on and2_mid and term_mid, each as a kind NAME/FEATURE, by the side of NAME/best or NAME. One
 * warming round is not counted. Times are of one client that waits for each answer. */
#include <searchd/client.h>
#include <searchd/index.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "index/base/buf.h"
#include "index/base/clock.h"
#include "index/base/docjson.h"
#include "index/base/json.h"
#include "index/base/str.h"
#include "tests/bench/rows.h"
#include "tests/bench/stats.h"

#define KINDS_MAX 64
#define QUERIES_MAX 20000
#define BATCH_DOCS 2500
#define COMMIT_DOCS 20000 /* a multiple of it */

static void die(const char *what, const struct sx_error *err)
{
    fprintf(stderr, "bench: %s: %s\n", what, err == NULL ? "failed" : err->msg);
    exit(1);
}

/* ---- queries --------------------------------------------------------------------------------- */

struct kind {
    char name[40];
    struct series times;
    uint64_t hits;
};

struct question {
    struct kind *kind;
    char *text;
    enum sx_match match;
    const struct feature *with; /* NULL: a plain search */
};

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

struct questions {
    struct kind kinds[KINDS_MAX];
    size_t kind_count;
    struct question items[QUERIES_MAX];
    size_t count;
};

static struct kind *kind_named(struct questions *q, const char *name)
{
    for (size_t i = 0; i < q->kind_count; i++)
        if (strcmp(q->kinds[i].name, name) == 0)
            return &q->kinds[i];
    if (q->kind_count == KINDS_MAX)
        die("too many kinds of query", NULL);
    struct kind *k = &q->kinds[q->kind_count++];
    snprintf(k->name, sizeof(k->name), "%s", name);
    return k;
}

static void add(struct questions *q, const char *kind, const char *text, enum sx_match match)
{
    if (q->count == QUERIES_MAX)
        die("too many queries", NULL);
    struct question *item = &q->items[q->count++];
    item->kind = kind_named(q, kind);
    item->text = strdup(text);
    item->match = match;
    if (item->text == NULL)
        die("out of memory", NULL);
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

static struct questions *read_questions(const char *path)
{
    static struct questions q;
    char line[4096];
    FILE *f = fopen(path, "r");

    if (f == NULL)
        die(path, NULL);
    while (fgets(line, sizeof(line), f) != NULL)
        add_line(&q, line);
    fclose(f);
    return &q;
}

static void print_table(struct questions *q)
{
    printf("| kind | queries | hits/query | median ms | p99 ms |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < q->kind_count; i++) {
        struct kind *k = &q->kinds[i];
        printf("| %s | %zu | %.1f | %.3f | %.3f |\n", k->name, k->times.count,
               (double)k->hits / (double)(k->times.count == 0 ? 1 : k->times.count),
               series_at(&k->times, 0.5) / 1000, series_at(&k->times, 0.99) / 1000);
        series_release(&k->times);
    }
}

/* ---- indexing ---------------------------------------------------------------------------------- */

struct batch {
    struct arena mem;
    cJSON *trees[BATCH_DOCS];
    struct sx_doc docs[BATCH_DOCS];
    size_t count;
};

static void batch_put(struct batch *b, struct sx_index *ix)
{
    struct sx_error err;

    if (sx_index_put(ix, b->docs, b->count, NULL, &err) != SX_OK)
        die("put", &err);
    for (size_t i = 0; i < b->count; i++)
        cJSON_Delete(b->trees[i]);
    arena_release(&b->mem);
    b->count = 0;
}

static void batch_add(struct batch *b, const char *line, size_t len)
{
    struct sx_error err;

    if (json_parse(str_make(line, len), 1000, &b->trees[b->count], &err) != SX_OK ||
        docjson_read(b->trees[b->count], true, &b->mem, &b->docs[b->count], &err) != SX_OK)
        die("a line of the corpus", &err);
    b->count++;
}

static uint64_t index_file(struct sx_index *ix, const char *path, uint64_t *bytes)
{
    static struct batch b;
    struct sx_error err;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    uint64_t docs = 0;
    FILE *f = fopen(path, "r");

    if (f == NULL)
        die(path, NULL);
    while ((len = getline(&line, &cap, f)) > 0) {
        *bytes += (uint64_t)len;
        batch_add(&b, line, (size_t)len);
        docs++;
        if (b.count == BATCH_DOCS)
            batch_put(&b, ix);
        if (docs % COMMIT_DOCS == 0 && sx_index_commit(ix, &err) != SX_OK)
            die("commit", &err);
    }
    batch_put(&b, ix);
    if (sx_index_commit(ix, &err) != SX_OK)
        die("commit", &err);
    free(line);
    fclose(f);
    return docs;
}

static int run_index(const char *corpus, const char *dir)
{
    struct sx_index *ix;
    struct sx_error err;
    struct stat st = {0};
    char path[4096];
    bool more = true;
    uint64_t bytes = 0;
    uint64_t start = clock_now_ns();

    if (sx_index_open(&ix, dir, NULL, &err) != SX_OK)
        die("open", &err);
    uint64_t docs = index_file(ix, corpus, &bytes);
    double indexed = (double)(clock_now_ns() - start) / 1e9;
    while (more)
        if (sx_index_maintain(ix, 20, &more, &err) != SX_OK)
            die("maintain", &err);
    if (sx_index_settle(ix, &err) != SX_OK)
        die("settle", &err);
    double merged = (double)(clock_now_ns() - start) / 1e9;
    sx_index_close(ix);
    snprintf(path, sizeof(path), "%s/index.db", dir);
    stat(path, &st);
    printf("| documents | MB of JSON | s to commit all | documents/s | s with merges | peak MB | "
           "file MB |\n|---|---|---|---|---|---|---|\n");
    printf("| %llu | %.1f | %.1f | %.0f | %.1f | %.1f | %.1f |\n", (unsigned long long)docs,
           (double)bytes / 1e6, indexed, (double)docs / indexed, merged, peak_mb(0),
           (double)st.st_size / 1e6);
    return 0;
}

/* ---- querying ---------------------------------------------------------------------------------- */

static void ask_library(struct sx_reader *r, struct question *item, bool counted)
{
    struct sx_results *res;
    struct sx_error err;
    struct sx_search s = {
        .query = str_of(item->text), .match = item->match, .limit = 10, .snippets = 1};

    if (item->with != NULL) {
        s.sort = item->with->sort;
        s.explain = item->with->explain;
        s.facets = item->with->facets ? (1U << SX_FACET_COUNT) - 1 : 0;
    }
    uint64_t start = clock_now_ns();
    if (sx_reader_search(r, &s, &res, &err) != SX_OK)
        die(item->text, &err);
    if (counted) {
        series_add(&item->kind->times, (double)(clock_now_ns() - start) / 1000);
        item->kind->hits += res->total;
    }
    sx_results_free(res);
}

static int run_library(const char *dir, struct questions *q, int rounds)
{
    struct sx_index *ix;
    struct sx_reader *r;
    struct sx_error err;
    uint64_t start = clock_now_ns();

    if (sx_index_open(&ix, dir, NULL, &err) != SX_OK || sx_reader_open(&r, ix, &err) != SX_OK)
        die("open", &err);
    printf("opened in %.1f ms", (double)(clock_now_ns() - start) / 1e6);
    if (sx_index_settle(ix, &err) != SX_OK)
        die("settle", &err);
    printf(", settled in %.1f ms\n\n", (double)(clock_now_ns() - start) / 1e6);
    for (int round = 0; round <= rounds; round++)
        for (size_t i = 0; i < q->count; i++)
            ask_library(r, &q->items[i], round > 0);
    print_table(q);
    sx_reader_close(r);
    sx_index_close(ix);
    return 0;
}

static void ask_socket(struct sx_client *c, struct question *item, bool counted, struct buf *line)
{
    static const char *const names[] = {"best", "all", "any"};
    struct sx_error err;
    struct sx_str reply;

    buf_clear(line);
    buf_puts(line, "{\"query\":");
    json_print_str(str_of(item->text), line);
    buf_printf(line, ",\"match\":\"%s\"", names[item->match]);
    if (item->with != NULL && item->with->facets)
        buf_puts(line, ",\"facets\":[\"source\",\"lang\",\"type\",\"year\",\"month\"]");
    if (item->with != NULL && item->with->sort == SX_SORT_DATE_DESC)
        buf_puts(line, ",\"sort\":\"-date\"");
    if (item->with != NULL && item->with->explain)
        buf_puts(line, ",\"explain\":true");
    buf_putc(line, '}');
    uint64_t start = clock_now_ns();
    if (sx_client_request(c, buf_str(line), &reply, &err) != SX_OK)
        die(item->text, &err);
    if (counted)
        series_add(&item->kind->times, (double)(clock_now_ns() - start) / 1000);
    if (memmem(reply.ptr, reply.len, "\"ok\":true", 9) == NULL) {
        fprintf(stderr, "bench: %s: %.*s\n", item->text, (int)reply.len, reply.ptr);
        exit(1);
    }
}

static int run_socket(const char *address, struct questions *q, int rounds)
{
    struct sx_client *c;
    struct sx_error err;
    struct buf line = {0};

    if (sx_client_open(&c, address, 0, &err) != SX_OK)
        die("connect", &err);
    for (int round = 0; round <= rounds; round++)
        for (size_t i = 0; i < q->count; i++)
            ask_socket(c, &q->items[i], round > 0, &line);
    print_table(q);
    buf_release(&line);
    sx_client_close(c);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "index") == 0)
        return run_index(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "memory") == 0) {
        printf("peak memory %.1f MB\n", peak_mb((int)strtol(argv[2], NULL, 10)));
        return 0;
    }
    if (argc >= 4 && argc <= 7 && strcmp(argv[1], "rows") == 0)
        return rows_run(argv[2], argv[3], argc > 4 ? (int)strtol(argv[4], NULL, 10) : 5,
                        argc > 5 ? strtod(argv[5], NULL) : 5, argc > 6 ? argv[6] : NULL);
    if (argc < 4 || (strcmp(argv[1], "library") != 0 && strcmp(argv[1], "socket") != 0)) {
        fprintf(stderr, "usage: bench index CORPUS.jsonl DIR\n"
                        "       bench library DIR QUERIES.tsv [ROUNDS]\n"
                        "       bench rows DIR QUERIES.tsv [ROUNDS [SECONDS [HITS]]]\n"
                        "       bench socket ADDRESS QUERIES.tsv [ROUNDS]\n"
                        "       bench memory PID\n");
        return 2;
    }
    int rounds = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 5;
    struct questions *q = read_questions(argv[3]);
    return argv[1][0] == 'l' ? run_library(argv[2], q, rounds) : run_socket(argv[2], q, rounds);
}
