/* The benchmark: how fast a corpus is indexed, and how fast each kind of query is answered, in
 * the library and over the socket.
 *
 *   bench index CORPUS.jsonl DIR             index into DIR with the library, durable commits
 *   bench library DIR QUERIES.tsv [ROUNDS]   query that index with the library
 *   bench rows DIR QUERIES.tsv [ROUNDS [SECONDS [HITS]]]
 *                                             the table of the comparison with peers (rows.h)
 *   bench socket ADDRESS QUERIES.tsv [ROUNDS] query a running daemon
 *   bench load ADDRESS QUERIES.tsv [SECONDS [CONNECTIONS [IN_FLIGHT]]]
 *                                             how many it answers a second (load.h)
 *   bench puts DIR QUERIES.tsv CORPUS.jsonl [SECONDS [RATE]]
 *                                             query that index while it grows (puts.h)
 *   bench memory PID                          peak memory of a process so far
 *
 * QUERIES.tsv has a line a query, KIND TAB QUERY. A kind that begins with `and` is asked with
 * match=all, `or` with match=any, `phrase` as a phrase; `term` and `prefix` as they are; and
 * each of two words or more also with match=best, as kind NAME/best. The features of a search are
 * timed on and2_mid and term_mid, each as a kind NAME/FEATURE, by the side of NAME/best or NAME. One
 * warming round is not counted. Times are of one client that waits for each answer. */
#include <searchd/client.h>
#include <searchd/index.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "index/base/buf.h"
#include "index/base/clock.h"
#include "index/base/docjson.h"
#include "index/base/json.h"
#include "index/base/str.h"
#include "tests/bench/load.h"
#include "tests/bench/puts.h"
#include "tests/bench/questions.h"
#include "tests/bench/rows.h"
#include "tests/bench/stats.h"

#define BATCH_DOCS 2500
#define COMMIT_DOCS 20000 /* a multiple of it */

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
        bench_die("put", &err);
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
        bench_die("a line of the corpus", &err);
    b->count++;
}

/* A corpus, of which the next batch is read and parsed while the last is indexed, as a daemon's
 * connections do for its writer. */
struct reading {
    FILE *f;
    struct batch batches[2], *next;
    uint64_t bytes;
    pthread_t thread;
};

static void *read_batch(void *arg)
{
    struct reading *r = arg;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    while (r->next->count < BATCH_DOCS && (len = getline(&line, &cap, r->f)) > 0) {
        r->bytes += (uint64_t)len;
        batch_add(r->next, line, (size_t)len);
    }
    free(line);
    return NULL;
}

static void begin_reading(struct reading *r)
{
    if (pthread_create(&r->thread, NULL, read_batch, r) != 0)
        bench_die("a thread", NULL);
}

static uint64_t index_file(struct sx_index *ix, const char *path, uint64_t *bytes)
{
    static struct reading r;
    struct sx_error err;
    uint64_t docs = 0;

    r.f = fopen(path, "r");
    if (r.f == NULL)
        bench_die(path, NULL);
    r.next = r.batches;
    for (begin_reading(&r);;) {
        struct batch *b = r.next;
        pthread_join(r.thread, NULL);
        if (b->count == 0)
            break;
        docs += b->count;
        r.next = &r.batches[b == r.batches];
        begin_reading(&r);
        batch_put(b, ix);
        if (docs % COMMIT_DOCS == 0 && sx_index_commit(ix, &err) != SX_OK)
            bench_die("commit", &err);
    }
    if (sx_index_commit(ix, &err) != SX_OK)
        bench_die("commit", &err);
    fclose(r.f);
    *bytes = r.bytes;
    return docs;
}

/* While FTS5 merges, as when a daemon is idle. */
static void *settle(void *arg)
{
    struct sx_error err;

    if (sx_index_settle(arg, &err) != SX_OK)
        bench_die("settle", &err);
    return NULL;
}

static int run_index(const char *corpus, const char *dir)
{
    struct sx_index *ix;
    struct sx_error err;
    struct stat st = {0};
    pthread_t settling;
    char path[4096];
    bool more = true;
    uint64_t bytes = 0;
    uint64_t start = clock_now_ns();

    if (sx_index_open(&ix, dir, NULL, &err) != SX_OK)
        bench_die("open", &err);
    uint64_t docs = index_file(ix, corpus, &bytes);
    double indexed = (double)(clock_now_ns() - start) / 1e9;
    if (pthread_create(&settling, NULL, settle, ix) != 0)
        bench_die("a thread", NULL);
    while (more)
        if (sx_index_maintain(ix, 20, &more, &err) != SX_OK)
            bench_die("maintain", &err);
    pthread_join(settling, NULL);
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
    struct sx_search s = question_search(item);
    uint64_t start = clock_now_ns();

    if (sx_reader_search(r, &s, &res, &err) != SX_OK)
        bench_die(item->text, &err);
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
    uint64_t start = clock_now_ns(), cpu = clock_thread_ns();

    if (sx_index_open(&ix, dir, NULL, &err) != SX_OK || sx_reader_open(&r, ix, &err) != SX_OK)
        bench_die("open", &err);
    printf("opened in %.1f ms (%.1f of CPU)", (double)(clock_now_ns() - start) / 1e6,
           (double)(clock_thread_ns() - cpu) / 1e6);
    if (sx_index_settle(ix, &err) != SX_OK)
        bench_die("settle", &err);
    printf(", settled in %.1f ms\n\n", (double)(clock_now_ns() - start) / 1e6);
    for (int round = 0; round <= rounds; round++)
        for (size_t i = 0; i < q->count; i++)
            ask_library(r, &q->items[i], round > 0);
    questions_print(q);
    sx_reader_close(r);
    sx_index_close(ix);
    return 0;
}

static void ask_socket(struct sx_client *c, struct question *item, bool counted, struct buf *line)
{
    struct sx_error err;
    struct sx_str reply;

    buf_clear(line);
    question_request(item, line);
    buf_putc(line, '}');
    uint64_t start = clock_now_ns();
    if (sx_client_request(c, buf_str(line), &reply, &err) != SX_OK)
        bench_die(item->text, &err);
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
        bench_die("connect", &err);
    for (int round = 0; round <= rounds; round++)
        for (size_t i = 0; i < q->count; i++)
            ask_socket(c, &q->items[i], round > 0, &line);
    questions_print(q);
    buf_release(&line);
    sx_client_close(c);
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: bench index CORPUS.jsonl DIR\n"
                    "       bench library DIR QUERIES.tsv [ROUNDS]\n"
                    "       bench rows DIR QUERIES.tsv [ROUNDS [SECONDS [HITS]]]\n"
                    "       bench socket ADDRESS QUERIES.tsv [ROUNDS]\n"
                    "       bench load ADDRESS QUERIES.tsv [SECONDS [CONNECTIONS [IN_FLIGHT]]]\n"
                    "       bench puts DIR QUERIES.tsv CORPUS.jsonl [SECONDS [RATE]]\n"
                    "       bench memory PID\n");
    return 2;
}

static double number(int argc, char **argv, int at, double otherwise)
{
    return argc > at ? strtod(argv[at], NULL) : otherwise;
}

static int run(int argc, char **argv)
{
    const char *what = argv[1];

    if (strcmp(what, "index") == 0)
        return run_index(argv[2], argv[3]);
    if (strcmp(what, "rows") == 0)
        return rows_run(argv[2], argv[3], (int)number(argc, argv, 4, 5), number(argc, argv, 5, 5),
                        argc > 6 ? argv[6] : NULL);
    if (strcmp(what, "library") == 0)
        return run_library(argv[2], questions_read(argv[3]), (int)number(argc, argv, 4, 5));
    if (strcmp(what, "socket") == 0)
        return run_socket(argv[2], questions_read(argv[3]), (int)number(argc, argv, 4, 5));
    if (strcmp(what, "load") == 0)
        return load_run(argv[2], questions_read(argv[3]), number(argc, argv, 4, 10),
                        (size_t)number(argc, argv, 5, 2), (size_t)number(argc, argv, 6, 16));
    if (strcmp(what, "puts") == 0 && argc > 4)
        return puts_run(argv[2], questions_read(argv[3]), argv[4], number(argc, argv, 5, 20),
                        number(argc, argv, 6, 100));
    return usage();
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "memory") == 0) {
        printf("peak memory %.1f MB\n", peak_mb((int)strtol(argv[2], NULL, 10)));
        return 0;
    }
    return argc < 4 ? usage() : run(argc, argv);
}
