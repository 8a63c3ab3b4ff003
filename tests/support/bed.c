/* The bed: an index, a reader, a folder. */
#include "tests/support/bed.h"

#include "index/base/str.h"

void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s (%s)", sx_status_name(rc), err->msg, err->param);
}

void open_bed(struct bed *b)
{
    const struct sx_index_options opt = {.extract = b->extract};
    struct sx_error err;

    must(sx_index_open(&b->ix, b->dir, &opt, &err), &err);
    must(sx_reader_open(&b->r, b->ix, &err), &err);
}

void close_bed(struct bed *b)
{
    sx_reader_close(b->r);
    sx_index_close(b->ix);
    b->r = NULL;
    b->ix = NULL;
}

int set_up_closed(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->dir = temp_dir();
    b->root = temp_dir();
    *state = b;
    return 0;
}

int set_up(void **state)
{
    set_up_closed(state);
    open_bed(*state);
    return 0;
}

int tear_down(void **state)
{
    struct bed *b = *state;

    close_bed(b);
    sx_extract_stop(b->extract);
    temp_dir_remove(b->dir);
    temp_dir_remove(b->root);
    free(b);
    return 0;
}

const char *path_of(const struct bed *b, const char *name)
{
    static char paths[8][4096];
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof(paths[0]), "%s/%s", b->root, name);
    return path;
}

void write_file(const struct bed *b, const char *name, const char *text)
{
    FILE *f = fopen(path_of(b, name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

void put(struct bed *b, const char *uri, const char *body)
{
    const struct sx_doc d = {.uri = str_of(uri), .body = str_of(body)};
    struct sx_error err;

    must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
}

void commit(struct bed *b)
{
    struct sx_error err;

    must(sx_index_commit(b->ix, &err), &err);
}

uint64_t found(struct bed *b, const char *query)
{
    struct sx_count count;
    struct sx_error err;

    must(sx_reader_count(b->r, str_of(query), SX_MATCH_ALL, NULL, &count, &err), &err);
    return count.total;
}

struct sx_stats stats_of(struct bed *b)
{
    struct sx_stats stats;
    struct sx_error err;

    must(sx_reader_stats(b->r, &stats, &err), &err);
    return stats;
}
