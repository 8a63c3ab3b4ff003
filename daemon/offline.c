/* One pass over the collections, on the main thread. */
#include "daemon/offline.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <searchd/index.h>

#include "daemon/options.h"

#define SLICE_MS 200
#define BAR_CELLS 30

static void print_failed(void *ctx, const struct sx_sync_event *ev)
{
    bool tty = *(const bool *)ctx;
    if (ev->reason == NULL)
        return;
    fprintf(stderr, "%s", tty ? "\r\033[K" : "");
    for (const char *p = ev->path; *p != '\0'; p++) /* a name must not drive the terminal */
        fputc((unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p, stderr);
    fprintf(stderr, ": %s: %s\n", ev->stage, ev->reason);
}

/* How many of the files that were found are done, once it is known what there is to read. */
static void print_progress(const struct sx_sync_progress *p)
{
    char bar[BAR_CELLS + 1];
    uint64_t done = p->files - p->pending;
    size_t cells = p->files == 0 ? 0 : (size_t)(done * BAR_CELLS / p->files);
    if (!p->listed) {
        fprintf(stderr, "\r\033[Klooking: %llu files, %llu to be read",
                (unsigned long long)p->files, (unsigned long long)p->pending);
        return;
    }
    for (size_t i = 0; i < BAR_CELLS; i++)
        bar[i] = i < cells ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "\r\033[K[%s] %llu of %llu files, %llu documents, %llu failed", bar,
            (unsigned long long)done, (unsigned long long)p->files, (unsigned long long)p->docs,
            (unsigned long long)p->failed);
}

static void print_summary(const char *root, const struct sx_sync_progress *p)
{
    printf("%s: %llu files, %llu added, %llu updated, %llu moved, %llu unchanged, %llu removed, "
           "%llu failed, %llu documents\n",
           root, (unsigned long long)p->files, (unsigned long long)p->added,
           (unsigned long long)p->updated, (unsigned long long)p->moved,
           (unsigned long long)p->unchanged, (unsigned long long)p->removed,
           (unsigned long long)p->failed, (unsigned long long)p->docs);
}

/* Adds to *failed. */
static sx_status index_root(struct sx_index *ix, const char *root, uint64_t *failed,
                            struct sx_error *err)
{
    bool tty = isatty(STDERR_FILENO) != 0;
    bool more = true;
    sx_status rc = sx_sync_begin(ix, root, err);
    while (rc == SX_OK && more) {
        rc = sx_sync_step(ix, SLICE_MS, &more, print_failed, &tty, err);
        struct sx_sync_progress now = sx_sync_progress(ix);
        if (tty)
            print_progress(&now);
    }
    if (tty)
        fprintf(stderr, "\r\033[K");
    if (rc != SX_OK)
        return rc;
    struct sx_sync_progress p = sx_sync_progress(ix);
    print_summary(root, &p);
    *failed += p.failed;
    return SX_OK;
}

static sx_status index_collection(const struct config_collection *col, struct sx_extract *extract,
                                  uint64_t *failed, struct sx_error *err)
{
    struct sx_index_options opt = {.relaxed = col->relaxed,
                                   .keep_boilerplate = col->keep_boilerplate,
                                   .languages = (const char *const *)col->languages,
                                   .language_count = col->language_count,
                                   .extract = extract};
    struct sx_index *ix = NULL;
    bool more = true;
    sx_status rc = sx_index_open(&ix, col->data, &opt, err);
    for (size_t i = 0; i < col->root_count && rc == SX_OK; i++)
        rc = index_root(ix, col->roots[i], failed, err);
    while (rc == SX_OK && more)
        rc = sx_index_maintain(ix, SLICE_MS, &more, err);
    sx_index_close(ix);
    return rc;
}

static void say_failed(const struct config_collection *col, const struct sx_error *err)
{
    fprintf(stderr, "searchd: collection %s: %s\n", col->name, err->msg);
}

int offline_index(const struct config *c, struct sx_extract *extract, const char *file)
{
    uint64_t failed = 0;
    size_t roots = 0;
    for (size_t i = 0; i < c->collection_count; i++) {
        struct sx_error err = {.offset = -1};
        const struct config_collection *col = &c->collections[i];
        roots += col->root_count;
        if (col->root_count > 0 && index_collection(col, extract, &failed, &err) != SX_OK) {
            say_failed(col, &err);
            return EXIT_FAILURE;
        }
    }
    if (roots == 0) {
        fprintf(stderr, "searchd: --index-only needs a --root, or a root in %s\n", file);
        return EXIT_USAGE;
    }
    return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static sx_status check_collection(const struct config_collection *col, struct sx_error *err)
{
    struct sx_index *ix = NULL;
    struct sx_reader *reader = NULL;
    struct sx_stats stats;
    struct sx_error why = {0};
    const struct sx_index_options opt = {.existing = true};
    sx_status rc = sx_index_open(&ix, col->data, &opt, err);
    if (rc == SX_OK)
        rc = sx_index_check(ix, err);
    if (rc == SX_OK)
        rc = sx_reader_open(&reader, ix, err);
    if (rc == SX_OK)
        rc = sx_reader_stats(reader, &stats, err);
    if (rc == SX_OK)
        printf("%s: sound, %llu documents%s%s\n", col->name,
               (unsigned long long)stats.coverage.docs, sx_index_stale(ix, &why) ? "; stale: " : "",
               why.msg);
    sx_reader_close(reader);
    sx_index_close(ix);
    return rc;
}

int offline_check(const struct config *c)
{
    int status = EXIT_SUCCESS;
    for (size_t i = 0; i < c->collection_count; i++) {
        struct sx_error err = {.offset = -1};
        if (check_collection(&c->collections[i], &err) == SX_OK)
            continue;
        say_failed(&c->collections[i], &err);
        status = EXIT_FAILURE;
    }
    return status;
}
