/* How fast HTML pages are read: bench_pages THREADS SECONDS [FILE...]
 *
 * Without files, a page of 28 KB is made up, as news sites send them: menus, scripts, JSON-LD, an
 * article, related links, comments and a footer around it. Reading is from bytes to a document with
 * its main text; nothing is indexed. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <searchd/index.h>

#include "index/base/buf.h"
#include "index/base/file.h"
#include "index/base/str.h"
#include "index/ingest/reader.h"

#define PAGES_MAX 4096
#define THREADS_MAX 64
#define PAGE_BYTES 28000

static struct buf pages[PAGES_MAX];
static size_t page_count;
static double until; /* seconds of the clock */

struct work {
    pthread_t thread;
    size_t first; /* page to begin with */
    uint64_t pages, bytes, body;
};

static double now(clockid_t of)
{
    struct timespec t;

    clock_gettime(of, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- a page ------------------------------------------------------------------------------ */

static void put_links(struct buf *b, const char *class, int count)
{
    buf_printf(b, "<div class=\"%s\"><ul class=\"list\">\n", class);
    for (int i = 0; i < count; i++)
        buf_printf(b,
                   "<li class=\"item item-%d\"><a href=\"https://courier.example/news/%d/a-story\" "
                   "class=\"link\" data-id=\"%d\">A story of the day, number %d</a></li>\n",
                   i, i, i * 7919, i);
    buf_puts(b, "</ul></div>\n");
}

static void put_paragraph(struct buf *b, int i)
{
    buf_printf(b,
               "<p class=\"article__paragraph\">The ferry, as witness %d said on Thursday, had "
               "been waiting at the quay since the morning, and nobody on board knew <a "
               "href=\"/%d\">what had happened</a> &mdash; \xE2\x80\x9Cwe were told to stay "
               "below,\xE2\x80\x9D she said. Engineers found cracks near the engine room; the "
               "company expects repairs to take until the spring.</p>\n",
               i, i);
}

static void make_page(struct buf *b)
{
    buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Ferry "
                "stops | Courier</title>\n<meta property=\"og:site_name\" content=\"Courier\">\n");
    for (int i = 0; i < 30; i++)
        buf_printf(b, "<link rel=\"preload\" href=\"/static/chunk-%d.js\" as=\"script\">\n", i);
    buf_puts(b,
             "<script type=\"application/ld+json\">{\"@context\":\"https://schema.org\",\"@type\":"
             "\"NewsArticle\",\"headline\":\"Ferry stops\",\"datePublished\":\"2025-08-15\","
             "\"author\":[{\"@type\":\"Person\",\"name\":\"Ada Quill\"}]}</script>\n<script>");
    for (int i = 0; i < 40; i++)
        buf_printf(b, "window.queue=window.queue||[];queue.push({id:%d,kind:'view'});\n", i);
    buf_puts(b, "</script></head><body class=\"page has-sidebar\"><header class=\"site-header\">");
    put_links(b, "nav-main", 30);
    buf_puts(b, "</header><main><article><h1>Ferry stops</h1><p>By Ada Quill</p>\n");
    for (int i = 0; b->len < PAGE_BYTES - 7400; i++)
        put_paragraph(b, i);
    buf_puts(b, "</article>\n<section class=\"comments\">\n");
    for (int i = 0; i < 10; i++)
        buf_printf(
            b,
            "<div class=\"comment\"><b>reader%d</b><time datetime=\"2025-08-%d\">now</time>"
            "<p>I have said for years that this would come, and nobody listened.</p></div>\n",
            i, 16 + i);
    buf_puts(b, "</section></main><aside class=\"sidebar\">\n");
    put_links(b, "most-read", 20);
    buf_puts(b, "</aside><footer>\n");
    put_links(b, "footer-links", 20);
    buf_puts(b, "<p>Courier, 3 Quay Street. All rights reserved.</p></footer></body></html>\n");
}

/* ---- reading ----------------------------------------------------------------------------- */

static sx_status take(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct work *w = ctx;

    (void)line;
    (void)err;
    w->body += doc->body.len;
    return SX_OK;
}

static void *run(void *arg)
{
    struct work *w = arg;
    const struct ingest_sink sink = {.doc = take, .ctx = w};
    struct sx_error err;

    for (size_t i = w->first; now(CLOCK_MONOTONIC) < until; i++) {
        struct sx_str bytes = buf_str(&pages[i % page_count]);
        if (ingest_read(MEDIA_HTML, str_of("file:///x"), bytes, &sink, &err) != SX_OK)
            continue; /* a page that is refused costs time, too */
        w->pages++;
        w->bytes += bytes.len;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct work works[THREADS_MAX];
    int threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 0, begun;
    struct work sum = {0};
    struct sx_error err;

    if (threads < 1 || threads > THREADS_MAX || seconds <= 0) {
        fprintf(stderr, "usage: bench_pages THREADS SECONDS [FILE...]\n");
        return 2;
    }
    for (int i = 3; i < argc && page_count < PAGES_MAX; i++) {
        if (file_read(argv[i], INGEST_FILE_MAX, &pages[page_count], &err) != SX_OK) {
            fprintf(stderr, "%s\n", err.msg);
            return 2;
        }
        page_count++;
    }
    if (page_count == 0)
        make_page(&pages[page_count++]);
    begun = now(CLOCK_MONOTONIC);
    until = begun + seconds;
    for (int i = 0; i < threads; i++) {
        works[i].first = (size_t)i;
        if (pthread_create(&works[i].thread, NULL, run, &works[i]) != 0)
            abort();
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(works[i].thread, NULL);
        sum.pages += works[i].pages;
        sum.bytes += works[i].bytes;
        sum.body += works[i].body;
    }
    double took = now(CLOCK_MONOTONIC) - begun, cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    double n = (double)sum.pages;
    printf(
        "%.0f pages of %.1f KB, %.1f KB of main text each, with %d threads in %.2f s: %.0f pages "
        "a second, %.0f a second of one processor (%.1f MB)\n",
        n, (double)sum.bytes / n / 1e3, (double)sum.body / n / 1e3, threads, took, n / took,
        n / cpu, (double)sum.bytes / cpu / 1e6);
    for (size_t i = 0; i < page_count; i++)
        buf_release(&pages[i]);
    return 0;
}
