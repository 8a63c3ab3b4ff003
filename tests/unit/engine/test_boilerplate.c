/* What is around the main text of a page: not searched but shown, or searched where it is kept. */
#include <searchd/index.h>

#include <stdio.h>

#include "index/base/str.h"
#include "tests/support/support.h"

static const char page[] =
    "<!doctype html><title>Ferry stops</title><nav><a href=/>Lighthouse</a></nav><main>"
    "<p>The ferry between the two harbours was taken out of service on Thursday after an "
    "inspection "
    "found cracks in its hull, the company that runs it said.</p></main>";

struct bed {
    char *data, *root;
    struct sx_index *ix;
    struct sx_reader *r;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

static void read_page(struct bed *b, bool keep)
{
    const struct sx_index_options opt = {.relaxed = true, .keep_boilerplate = keep};
    struct sx_error err;
    char path[4096];
    bool more = true;

    b->data = temp_dir();
    b->root = temp_dir();
    snprintf(path, sizeof(path), "%s/a.html", b->root);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(page, f);
    fclose(f);
    must(sx_index_open(&b->ix, b->data, &opt, &err), &err);
    must(sx_sync_begin(b->ix, b->root, &err), &err);
    while (more)
        must(sx_sync_step(b->ix, 100, &more, NULL, NULL, &err), &err);
    must(sx_reader_open(&b->r, b->ix, &err), &err);
}

static void done(struct bed *b)
{
    sx_reader_close(b->r);
    sx_index_close(b->ix);
    temp_dir_remove(b->data);
    temp_dir_remove(b->root);
}

static size_t found(struct bed *b, const char *query)
{
    struct sx_search s = {.query = str_of(query), .limit = 1};
    struct sx_results *res;
    struct sx_error err;

    must(sx_reader_search(b->r, &s, &res, &err), &err);
    size_t n = res->hit_count;
    sx_results_free(res);
    return n;
}

static void it_is_shown_but_not_found(void **state)
{
    struct bed b;
    struct sx_stored *stored;
    struct sx_error err;
    char uri[4200];

    (void)state;
    read_page(&b, false);
    assert_int_equal(found(&b, "cracks"), 1);
    assert_int_equal(found(&b, "lighthouse"), 0);
    snprintf(uri, sizeof(uri), "file://%s/a.html", b.root);
    must(sx_reader_get_uri(b.r, str_of(uri), &stored, &err), &err);
    assert_true(str_is(stored->doc.extra, "{\"boilerplate\":\"Lighthouse\"}"));
    sx_stored_free(stored);
    done(&b);
}

static void it_is_found_where_it_is_kept(void **state)
{
    struct bed b;

    (void)state;
    read_page(&b, true);
    assert_int_equal(found(&b, "cracks"), 1);
    assert_int_equal(found(&b, "lighthouse"), 1);
    done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_shown_but_not_found),
        cmocka_unit_test(it_is_found_where_it_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
