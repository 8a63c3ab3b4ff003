/* The index of one test. */
#include "tests/search/world.h"
void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s (%s)", sx_status_name(rc), err->msg, err->param);
}

static void open_index(struct world *w)
{
    struct sx_error err = {0};

    must(sx_index_open(&w->ix, w->dir, &w->options, &err), &err);
    must(sx_reader_open(&w->reader, w->ix, &err), &err);
}

static void close_index(struct world *w)
{
    sx_reader_close(w->reader);
    sx_index_close(w->ix);
}

void world_open(struct world *w, const char *const *languages, size_t language_count)
{
    *w = (struct world){
        .dir = temp_dir(),
        .options = {.relaxed = true, .languages = languages, .language_count = language_count}};
    open_index(w);
}

void world_reopen(struct world *w)
{
    close_index(w);
    open_index(w);
}

void world_close(struct world *w)
{
    close_index(w);
    temp_dir_remove(w->dir);
}

void world_put(struct world *w, size_t number, struct sx_str title, struct sx_str body)
{
    char uri[24];
    struct sx_error err = {0};

    snprintf(uri, sizeof(uri), "%zu", number);
    struct sx_doc doc = {.uri = str_of(uri), .title = title, .body = body};
    must(sx_index_put(w->ix, &doc, 1, NULL, &err), &err);
}

void world_commit(struct world *w)
{
    struct sx_error err = {0};

    must(sx_index_commit(w->ix, &err), &err);
}

void world_maintain(struct world *w)
{
    struct sx_error err = {0};
    bool more = true;

    while (more)
        must(sx_index_maintain(w->ix, 100, &more, &err), &err);
}

struct sx_results *world_search(struct world *w, struct sx_str query, size_t limit, size_t snippets)
{
    struct sx_search ask = {.query = query,
                            .match = SX_MATCH_ALL,
                            .limit = limit,
                            .snippets = snippets,
                            .exact_total = true};
    struct sx_results *res = NULL;
    struct sx_error err = {0};
    sx_status rc = sx_reader_search(w->reader, &ask, &res, &err);

    if (rc != SX_OK)
        fail_msg("'%.*s': %s: %s", (int)query.len, query.ptr, sx_status_name(rc), err.msg);
    return res;
}

const struct sx_hit *world_hit(const struct sx_results *res, size_t number)
{
    char uri[24];

    snprintf(uri, sizeof(uri), "%zu", number);
    for (size_t i = 0; i < res->hit_count; i++)
        if (str_is(res->hits[i].uri, uri))
            return &res->hits[i];
    return NULL;
}
