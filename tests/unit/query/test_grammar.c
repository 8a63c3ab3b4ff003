/* Every example of the user's description of the query language, run as it is printed there. */
#include "tests/support/support.h"

#include "index/base/str.h"
#include "index/query/ast.h"
#include "index/text/analyzer.h"

#define NOW 1755252007 /* 2025-08-15T10:00:07Z */

/* Cuts spaces off both ends. */
static struct sx_str trim(const char *p, size_t n)
{
    while (n > 0 && (*p == ' ' || *p == '\n')) {
        p++;
        n--;
    }
    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\n'))
        n--;
    return str_make(p, n);
}

static void run_example(struct analyzer *an, struct sx_str query, struct sx_str expected)
{
    struct arena mem = {0};
    struct sx_error err = {0};
    struct query q;
    char got[512];

    if (query_parse(&q, query, NOW, an, &mem, &err) == SX_OK)
        snprintf(got, sizeof(got), "%.*s", (int)q.parsed.len, q.parsed.ptr);
    else
        snprintf(got, sizeof(got), "error %lld: %s", (long long)err.offset, err.msg);
    if (!str_is(expected, got))
        fail_msg("%.*s => %s, not %.*s", (int)query.len, query.ptr, got, (int)expected.len,
                 expected.ptr);
    arena_release(&mem);
}

static void every_example_holds(void **state)
{
    struct analyzer *an = analyzer_new();
    char path[4096], line[512];
    int examples = 0;
    FILE *f;

    (void)state;
    assert_non_null(an);
    snprintf(path, sizeof(path), "%s/index/query/GRAMMAR.md", source_dir());
    f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        char *arrow = strstr(line, " =>");

        if (strncmp(line, "    ", 4) != 0 || arrow == NULL)
            continue;
        run_example(an, trim(line, (size_t)(arrow - line)), trim(arrow + 3, strlen(arrow + 3)));
        examples++;
    }
    fclose(f);
    analyzer_free(an);
    assert_true(examples >= 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
