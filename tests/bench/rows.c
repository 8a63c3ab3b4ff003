/* Words are asked for in quotes in one variant, as they are in the other: the peers know no forms
 * of a word, so only the quoted ones mean the same there and here. */
#include "tests/bench/rows.h"

#include <searchd/index.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index/base/clock.h"
#include "tests/bench/stats.h"

#define TOP 10
#define LINE_MAX_BYTES 4096

/* A row set. Whatever else a search can be told to do differently, such as by which engine it is
 * answered, becomes a member here, and is given to the search in ask(). */
static const struct variant {
    const char *name;
    bool quoted;    /* single words: no other forms */
    bool proximity; /* closeness of words orders the first hits */
} variants[] = {
    {.name = "searchd", .quoted = true},
    {.name = "searchd-near", .quoted = true, .proximity = true},
    {.name = "searchd-forms", .proximity = true},
};

static const struct mode {
    const char *name;
    bool exact_total;
    bool page; /* the time of the whole call; else until the hits are known */
} modes[] = {
    {.name = "top10", .exact_total = false},
    {.name = "total", .exact_total = true},
    {.name = "page", .page = true},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct question {
    char *kind;
    char *words;                 /* with spaces between */
    char *text[COUNT(variants)]; /* the query of each variant */
    enum sx_match match;
};

struct questions {
    struct question *items;
    size_t count, cap;
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    return 1;
}

/* ---- reading ----------------------------------------------------------------------------------- */

/* "a" "b", "a b" or a*; unquoted, a b. The caller frees it; NULL: out of memory. */
static char *query_of(const char *kind, char *words, bool quoted)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    if (strncmp(kind, "phrase", 6) == 0) {
        fprintf(out, "\"%s\"", words);
    } else if (strcmp(kind, "prefix") == 0) {
        fprintf(out, "%s*", words);
    } else {
        const char *quote = quoted ? "\"" : "";
        const char *word = words;
        while (*word != '\0') {
            int n = (int)strcspn(word, " ");
            fprintf(out, "%s%s%.*s%s", word == words ? "" : " ", quote, n, word, quote);
            word += n + (word[n] == ' ');
        }
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static bool add_line(struct questions *all, char *line)
{
    char *tab = strchr(line, '\t');

    if (tab == NULL || tab[1] == '\0')
        return false;
    *tab = '\0';
    for (char *c = tab + 1; *c != '\0'; c++)
        if (*c == '\t')
            *c = ' ';
    if (all->count == all->cap) {
        all->cap = all->cap == 0 ? 512 : all->cap * 2;
        struct question *more = realloc(all->items, all->cap * sizeof(*more));
        if (more == NULL)
            return false;
        all->items = more;
    }
    struct question *q = &all->items[all->count++];
    *q = (struct question){.kind = strdup(line), .words = strdup(tab + 1)};
    if (q->kind == NULL || q->words == NULL)
        return false;
    q->match = strncmp(line, "and", 3) == 0 ? SX_MATCH_ALL : SX_MATCH_ANY;
    for (size_t v = 0; v < COUNT(variants); v++) {
        q->text[v] = query_of(q->kind, q->words, variants[v].quoted);
        if (q->text[v] == NULL)
            return false;
    }
    return true;
}

static int read_questions(struct questions *all, const char *path)
{
    char line[LINE_MAX_BYTES], why[64];
    size_t number = 0;
    int status = 0;
    FILE *f = fopen(path, "r");

    if (f == NULL)
        return fail(path, "cannot be read");
    while (status == 0 && fgets(line, sizeof(line), f) != NULL) {
        number++;
        line[strcspn(line, "\r\n")] = '\0';
        if (!add_line(all, line)) {
            snprintf(why, sizeof(why), "line %zu is not kind TAB word TAB word ...", number);
            status = fail(path, why);
        }
    }
    fclose(f);
    if (status == 0 && all->count == 0)
        status = fail(path, "has no question");
    return status;
}

static void questions_release(struct questions *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free(all->items[i].kind);
        free(all->items[i].words);
        for (size_t v = 0; v < COUNT(variants); v++)
            free(all->items[i].text[v]);
    }
    free(all->items);
}

/* ---- asking ------------------------------------------------------------------------------------ */

/* The machine may be shared: time that this thread did not run is no time of the search. */
static double cpu_us(void)
{
    return (double)clock_thread_ns() / 1e3;
}

/* The caller frees the results; NULL: failed, and said so. */
static struct sx_results *ask(struct sx_reader *r, const struct question *q, size_t variant,
                              const struct mode *mode)
{
    struct sx_results *res;
    struct sx_error err;
    struct sx_search s = {
        .query = {.ptr = q->text[variant], .len = strlen(q->text[variant])},
        .match = q->match,
        .limit = TOP,
        .exact_total = mode->exact_total,
        .no_proximity = !variants[variant].proximity,
        .timed = true,
    };

    if (sx_reader_search(r, &s, &res, &err) == SX_OK)
        return res;
    fail(q->text[variant], err.msg);
    return NULL;
}

/* All questions of a kind, once. */
static int ask_round(struct sx_reader *r, const struct questions *all, const char *kind, size_t v,
                     const struct mode *mode, struct series *times)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct question *q = &all->items[i];
        if (strcmp(q->kind, kind) != 0)
            continue;
        double start = cpu_us();
        struct sx_results *res = ask(r, q, v, mode);
        if (res == NULL)
            return 1;
        series_add(times, mode->page ? cpu_us() - start : (double)res->found_ns / 1000);
        sx_results_free(res);
    }
    return 0;
}

static int measure(struct sx_reader *r, const struct questions *all, const char *kind, size_t v,
                   const struct mode *mode, int rounds, double seconds)
{
    struct series warming = {0}, times = {0};
    int status = ask_round(r, all, kind, v, mode, &warming);
    double end = cpu_us() + seconds * 1e6;

    for (int i = 0; status == 0 && i < rounds && (i == 0 || cpu_us() < end); i++)
        status = ask_round(r, all, kind, v, mode, &times);
    if (status == 0) {
        printf("%s\t%s\t%s\t%.4f\t%.4f\n", variants[v].name, kind, mode->name,
               series_at(&times, 0.5) / 1000, series_at(&times, 0.99) / 1000);
        fflush(stdout);
    }
    series_release(&warming);
    series_release(&times);
    return status;
}

static int write_hits(struct sx_reader *r, const struct questions *all, size_t v, const char *path)
{
    static const struct mode exact = {.name = "hits", .exact_total = true};
    char name[LINE_MAX_BYTES];

    snprintf(name, sizeof(name), "%s.%s.hits", path, variants[v].name);
    FILE *out = fopen(name, "w");
    if (out == NULL)
        return fail(name, "cannot be written");
    for (size_t i = 0; i < all->count; i++) {
        const struct question *q = &all->items[i];
        struct sx_results *res = ask(r, q, v, &exact);
        if (res == NULL) {
            fclose(out);
            return 1;
        }
        fprintf(out, "%s\t%s\t%llu\t", q->kind, q->words, (unsigned long long)res->total);
        for (size_t h = 0; h < res->hit_count; h++)
            fprintf(out, "%s%.*s", h == 0 ? "" : ",", (int)res->hits[h].uri.len,
                    res->hits[h].uri.ptr);
        fprintf(out, "\n");
        sx_results_free(res);
    }
    return fclose(out) == 0 ? 0 : fail(name, "cannot be written");
}

static int run_variant(struct sx_reader *r, const struct questions *all, size_t v, int rounds,
                       double seconds)
{
    int status = 0;

    for (size_t i = 0; i < all->count && status == 0; i++) {
        const char *kind = all->items[i].kind;
        if (i > 0 && strcmp(all->items[i - 1].kind, kind) == 0)
            continue;
        for (size_t m = 0; m < COUNT(modes) && status == 0; m++)
            status = measure(r, all, kind, v, &modes[m], rounds, seconds);
    }
    return status;
}

int rows_run(const char *dir, const char *questions, int rounds, double seconds, const char *hits)
{
    struct questions all = {0};
    struct sx_index *ix = NULL;
    struct sx_reader *r = NULL;
    struct sx_error err;
    int status = read_questions(&all, questions);

    if (status == 0 &&
        (sx_index_open(&ix, dir, NULL, &err) != SX_OK || sx_index_settle(ix, &err) != SX_OK ||
         sx_reader_open(&r, ix, &err) != SX_OK))
        status = fail(dir, err.msg);
    for (size_t v = 0; v < COUNT(variants) && status == 0; v++) {
        if (hits != NULL)
            status = write_hits(r, &all, v, hits);
        if (status == 0)
            status = run_variant(r, &all, v, rounds, seconds);
    }
    sx_reader_close(r);
    sx_index_close(ix);
    questions_release(&all);
    return status;
}
