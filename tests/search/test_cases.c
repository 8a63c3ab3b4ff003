/* The table cases.txt, against an index: what a search finds, and what it does not.
 *
 * Each found text must also show where: its passage has a mark. And each query is asked again as
 * it was printed, which must find the same. */
#include "index/base/buf.h"
#include "index/base/utf8.h"
#include "tests/search/world.h"

#define GROUP_CASES_MAX 100
#define FIELDS 4

enum verdict { FINDS, MISSES, KNOWN_TO_MISS, KNOWN_TO_FIND, VERDICTS };

static const char *const verdicts[VERDICTS] = {"finds", "misses", "known to miss", "known to find"};

struct case_row {
    enum verdict verdict;
    size_t line;
    char *query, *title, *text, *why; /* in the group's line buffers */
};

struct group {
    const char *name;
    const char *languages[SX_LANGUAGES_MAX];
    size_t language_count;
    struct case_row rows[GROUP_CASES_MAX];
    size_t count;
};

struct sums {
    size_t verdicts[VERDICTS];
    size_t groups, failed;
};

/* ---- reading the table --------------------------------------------------------------------- */

static char *read_table(void)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/tests/search/cases.txt", source_dir());
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be opened", path);
    struct buf b = {0};
    for (size_t n = 1; n > 0;) {
        char *room = buf_reserve(&b, 65536);
        assert_non_null(room);
        n = fread(room, 1, 65536, file);
        buf_advance(&b, n);
    }
    assert_int_equal(ferror(file), 0);
    fclose(file);
    char *text = strdup(buf_cstr(&b));
    assert_non_null(text);
    buf_release(&b);
    return text;
}

/* Writes the code point of each \uXXXX in its place. */
static void unescape(char *s)
{
    char *to = s;

    while (*s != '\0') {
        if (s[0] == '\\' && s[1] == 'u') {
            char hex[5] = {0};
            memcpy(hex, s + 2, 4);
            assert_int_equal(strspn(hex, "0123456789ABCDEFabcdef"), 4);
            to += utf8_encode((uint32_t)strtoul(hex, NULL, 16), to);
            s += 6;
        } else {
            *to++ = *s++;
        }
    }
    *to = '\0';
}

/* Cuts what stands in front of `separator` off *rest; NULL: it does not come. */
static char *cut(char **rest, const char *separator)
{
    char *found = strstr(*rest, separator);
    char *first = *rest;

    if (found == NULL)
        return NULL;
    *found = '\0';
    *rest = found + strlen(separator);
    return first;
}

static char *without_end_spaces(char *s)
{
    size_t len = strlen(s);

    while (len > 0 && s[len - 1] == ' ')
        s[--len] = '\0';
    return s;
}

static enum verdict read_verdict(const char *word, size_t line)
{
    size_t i = 0;

    while (i < VERDICTS && strcmp(word, verdicts[i]) != 0)
        i++;
    if (i == VERDICTS)
        fail_msg("cases.txt:%zu: '%s' is no verdict", line, word);
    return (enum verdict)i;
}

static void read_case(struct group *g, char *row, size_t line)
{
    char *verdict = cut(&row, "| "), *query = cut(&row, " | "), *text = cut(&row, " | ");

    if (verdict == NULL || query == NULL || text == NULL)
        fail_msg("cases.txt:%zu: not %d fields", line, FIELDS);
    assert_true(g->count < GROUP_CASES_MAX);
    struct case_row *c = &g->rows[g->count++];
    *c = (struct case_row){.verdict = read_verdict(without_end_spaces(verdict), line),
                           .line = line,
                           .query = query,
                           .text = text,
                           .why = row};
    unescape(query);
    unescape(text);
    if (text[0] == '<') {
        c->title = text + 1;
        c->text = strstr(text, "> ");
        assert_non_null(c->text);
        *c->text = '\0';
        c->text += 2;
    }
}

/* [en de] name */
static void read_heading(struct group *g, char *row, size_t line)
{
    char *name = row + 1;
    char *languages = cut(&name, "] ");

    if (languages == NULL)
        fail_msg("cases.txt:%zu: no heading", line);
    *g = (struct group){.name = name};
    for (char *code = strtok_r(languages, " ", &languages); code != NULL;
         code = strtok_r(NULL, " ", &languages)) {
        assert_true(g->language_count < SX_LANGUAGES_MAX);
        g->languages[g->language_count++] = code;
    }
}

/* ---- asking -------------------------------------------------------------------------------- */

static bool has_mark(const struct sx_hit *hit)
{
    for (size_t i = 0; i < hit->snippet_count; i++)
        if (hit->snippets[i].mark_count > 0)
            return true;
    return false;
}

static void complain(const struct group *g, const struct case_row *c, const char *what,
                     struct sums *sums)
{
    sums->failed++;
    print_error("cases.txt:%zu [%s] %s: '%s' in '%s' (%s): %s\n", c->line, g->name,
                verdicts[c->verdict], c->query, c->text, c->why, what);
}

static void check(struct world *w, const struct group *g, const struct case_row *c,
                  struct sums *sums)
{
    bool expected = c->verdict == FINDS || c->verdict == KNOWN_TO_FIND;
    struct sx_results *res = world_search(w, str_of(c->query), g->count, 1);
    struct sx_results *again = world_search(w, res->parsed, g->count, 0);
    const struct sx_hit *hit = world_hit(res, c->line);

    if ((hit != NULL) != expected)
        complain(g, c, hit != NULL ? "was found" : "was not found", sums);
    if (hit != NULL && !has_mark(hit))
        complain(g, c, "the passage has no mark", sums);
    if (again->total != res->total || (world_hit(again, c->line) != NULL) != (hit != NULL))
        complain(g, c, "as it was printed, the query finds something else", sums);
    if (c->verdict >= KNOWN_TO_MISS)
        print_message("%s: %s in %s: %s\n", verdicts[c->verdict], c->query, c->text, c->why);
    sums->verdicts[c->verdict]++;
    sx_results_free(again);
    sx_results_free(res);
}

static void run_group(const struct group *g, struct sums *sums)
{
    struct world w;
    struct sx_error err = {0};

    if (g->count == 0)
        return;
    world_open(&w, g->languages, g->language_count);
    for (size_t i = 0; i < g->count; i++)
        world_put(&w, g->rows[i].line, str_of(g->rows[i].title), str_of(g->rows[i].text));
    world_commit(&w);
    for (size_t i = 0; i < g->count; i++)
        check(&w, g, &g->rows[i], sums);
    must(sx_index_check(w.ix, &err), &err);
    world_close(&w);
    sums->groups++;
}

static void searches_find_what_the_table_says(void **state)
{
    char *table = read_table();
    char *rest = table;
    struct group group = {0};
    struct sums sums = {0};
    size_t line = 0;

    (void)state;
    for (char *row = cut(&rest, "\n"); row != NULL; row = cut(&rest, "\n")) {
        line++;
        if (row[0] == '[') {
            run_group(&group, &sums);
            read_heading(&group, row, line);
        } else if (row[0] != '#' && row[0] != '\0') {
            read_case(&group, row, line);
        }
    }
    run_group(&group, &sums);
    size_t known = sums.verdicts[KNOWN_TO_MISS] + sums.verdicts[KNOWN_TO_FIND];
    print_message("%zu cases in %zu groups: %zu are found, %zu are not, and %zu are known to go "
                  "wrong\n",
                  sums.verdicts[FINDS] + sums.verdicts[MISSES] + known, sums.groups,
                  sums.verdicts[FINDS], sums.verdicts[MISSES], known);
    free(table);
    if (sums.failed > 0)
        fail_msg("%zu complaints", sums.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_find_what_the_table_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
