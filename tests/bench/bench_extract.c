/* What the sandbox costs: one small page read many times, in this process and in a helper.
 *   bench_extract FILE [TIMES] */
#include <stdio.h>
#include <stdlib.h>

#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/base/str.h"
#include "index/extract/extract.h"
#include "tests/bench/stats.h"

static sx_status count(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    size_t *docs = ctx;

    (void)line;
    (void)err;
    *docs += doc->body.ptr != NULL;
    return SX_OK;
}

static void measure(struct sx_extract *x, enum media m, struct sx_str bytes, size_t times,
                    struct series *us)
{
    size_t docs = 0;
    const struct ingest_sink sink = {.doc = count, .ctx = &docs};
    struct sx_error err;

    for (size_t i = 0; i < times; i++) {
        uint64_t began = clock_now_ns();
        if (extract_read(x, m, str_of("file:///a"), bytes, &sink, &err) != SX_OK) {
            fprintf(stderr, "bench_extract: %s\n", err.msg);
            exit(1);
        }
        series_add(us, (double)(clock_now_ns() - began) / 1e3);
    }
}

int main(int argc, char **argv)
{
    struct sx_extract *x;
    struct buf bytes = {0};
    struct sx_error err;
    size_t times = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 5000;

    if (argc < 2 || times == 0) {
        fprintf(stderr, "usage: bench_extract FILE [TIMES]\n");
        return 2;
    }
    if (sx_extract_start(&x, NULL, &err) != SX_OK ||
        file_read(argv[1], INGEST_FILE_MAX, &bytes, &err) != SX_OK) {
        fprintf(stderr, "bench_extract: %s\n", err.msg);
        return 1;
    }
    enum media m = media_detect(argv[1], buf_str(&bytes));
    printf("%s, %zu bytes, %zu times\n\n| | median ms | p99 ms |\n|---|---|---|\n", media_name(m),
           bytes.len, times);
    for (int pass = m == MEDIA_PDF; pass < 2; pass++) {
        struct series us = {0};
        measure(pass == 0 ? NULL : x, m, buf_str(&bytes), times, &us);
        printf("| %s | %.3f | %.3f |\n", pass == 0 ? "this process" : "a helper",
               series_at(&us, 0.5) / 1e3, series_at(&us, 0.99) / 1e3);
        series_release(&us);
    }
    buf_release(&bytes);
    sx_extract_stop(x);
    return 0;
}
