/* A writer's thread that keeps to its pace, and a reader. */
#include "tests/bench/puts.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "index/base/arena.h"
#include "index/base/clock.h"
#include "index/base/docjson.h"
#include "index/base/json.h"
#include "index/base/str.h"

#define NS_PER_SECOND 1000000000
#define COMPARE_ONE_IN 20
#define REPLACE_ONE_IN 4

struct writing {
    struct sx_index *ix;
    FILE *corpus;
    double rate;
    atomic_bool stop;
    size_t put;
    struct series times; /* of a put with its commit */
};

struct asking {
    size_t asked, reached, compared, differ;
};

/* ---- the writer -------------------------------------------------------------------------------- */

static void put_line(struct writing *w, const char *line, size_t len)
{
    struct arena mem = {0};
    struct sx_error err;
    struct sx_doc doc;
    cJSON *tree;
    char uri[40];
    size_t number = w->put % REPLACE_ONE_IN == 0 ? w->put / 2 : w->put;

    if (json_parse(str_make(line, len), 1000, &tree, &err) != SX_OK ||
        docjson_read(tree, true, &mem, &doc, &err) != SX_OK)
        bench_die("a line of the corpus", &err);
    snprintf(uri, sizeof(uri), "bench:put:%zu", number);
    doc.uri = str_of(uri);
    uint64_t start = clock_now_ns();
    if (sx_index_put(w->ix, &doc, 1, NULL, &err) != SX_OK || sx_index_commit(w->ix, &err) != SX_OK)
        bench_die("put", &err);
    series_add(&w->times, (double)(clock_now_ns() - start) / 1000);
    w->put++;
    cJSON_Delete(tree);
    arena_release(&mem);
}

static void *write_on(void *arg)
{
    struct writing *w = arg;
    uint64_t start = clock_now_ns();
    char *line = NULL;
    size_t cap = 0;
    struct sx_error err;
    bool more;

    while (!atomic_load(&w->stop)) {
        ssize_t len = getline(&line, &cap, w->corpus);
        if (len <= 0)
            bench_die("the corpus has no more documents", NULL);
        put_line(w, line, (size_t)len);
        uint64_t due = start + (uint64_t)((double)w->put / w->rate * NS_PER_SECOND);
        if (clock_now_ns() < due && sx_index_maintain(w->ix, 5, &more, &err) != SX_OK)
            bench_die("maintain", &err);
        struct timespec at = {(time_t)(due / NS_PER_SECOND), (long)(due % NS_PER_SECOND)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
    free(line);
    return NULL;
}

/* ---- the reader -------------------------------------------------------------------------------- */

static bool alike(const struct sx_results *a, const struct sx_results *b)
{
    if (a->hit_count != b->hit_count)
        return false;
    for (size_t i = 0; i < a->hit_count; i++)
        if (!str_eq(a->hits[i].uri, b->hits[i].uri) ||
            fabs(a->hits[i].score - b->hits[i].score) > 1e-9 * fabs(b->hits[i].score))
            return false;
    return true;
}

static void compare(struct sx_reader *r, const struct question *q, struct asking *a)
{
    struct sx_results *found[2];
    struct sx_search s = question_search(q);
    struct sx_error err;

    if (sx_reader_hold(r, &err) != SX_OK)
        bench_die("hold", &err);
    for (int i = 0; i < 2; i++) {
        s.engine = i == 0 ? SX_ENGINE_AUTO : SX_ENGINE_FTS5;
        if (sx_reader_search(r, &s, &found[i], &err) != SX_OK)
            bench_die(q->text, &err);
    }
    sx_reader_release(r);
    a->compared++;
    if (!alike(found[0], found[1])) {
        a->differ++;
        fprintf(stderr, "bench: %s: the engines differ\n", q->text);
    }
    sx_results_free(found[0]);
    sx_results_free(found[1]);
}

static void ask(struct sx_reader *r, struct question *q, struct asking *a)
{
    struct sx_search s = question_search(q);
    struct sx_results *res;
    struct sx_error err;
    uint64_t start = clock_now_ns();

    if (sx_reader_search(r, &s, &res, &err) != SX_OK)
        bench_die(q->text, &err);
    series_add(&q->kind->times, (double)(clock_now_ns() - start) / 1000);
    q->kind->hits += res->total;
    a->asked++;
    a->reached += strcmp(res->engine, "blockmax") == 0;
    sx_results_free(res);
    if (a->asked % COMPARE_ONE_IN == 0)
        compare(r, q, a);
}

static int tell(struct questions *all, struct writing *w, const struct asking *a, double took)
{
    double share = 100.0 * (double)a->reached / (double)(a->asked == 0 ? 1 : a->asked);

    printf("%zu documents put, %.1f a second, each durable: median %.2f ms, p99 %.2f ms\n\n",
           w->put, (double)w->put / took, series_at(&w->times, 0.5) / 1000,
           series_at(&w->times, 0.99) / 1000);
    printf("%zu queries, %zu by block-max: %.3f in 100; %zu held against FTS5, %zu differ\n\n",
           a->asked, a->reached, share, a->compared, a->differ);
    questions_print(all);
    return share >= 99 && a->differ == 0 ? 0 : 1;
}

int puts_run(const char *dir, struct questions *all, const char *corpus, double seconds,
             double rate)
{
    struct writing w = {.rate = rate, .corpus = fopen(corpus, "r")};
    struct asking a = {0};
    struct sx_reader *r;
    struct sx_error err;
    pthread_t thread;

    if (w.corpus == NULL)
        bench_die(corpus, NULL);
    if (sx_index_open(&w.ix, dir, NULL, &err) != SX_OK || sx_index_settle(w.ix, &err) != SX_OK ||
        sx_reader_open(&r, w.ix, &err) != SX_OK)
        bench_die(dir, &err);
    if (pthread_create(&thread, NULL, write_on, &w) != 0)
        bench_die("a thread", NULL);
    uint64_t start = clock_now_ns(), end = start + (uint64_t)(seconds * NS_PER_SECOND);
    for (size_t i = 0; clock_now_ns() < end; i++)
        ask(r, &all->items[i % all->count], &a);
    atomic_store(&w.stop, true);
    pthread_join(thread, NULL);
    int status = tell(all, &w, &a, (double)(clock_now_ns() - start) / 1e9);
    sx_reader_close(r);
    sx_index_close(w.ix);
    fclose(w.corpus);
    series_release(&w.times);
    return status;
}
