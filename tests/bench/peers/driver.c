/* Reads queries.tsv, asks them by a driver, and prints what each kind took in each mode. */
#include "tests/bench/peers/driver.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUESTIONS_MAX 4096

static struct question questions[QUESTIONS_MAX];
static size_t question_count;

void driver_die(const char *what, const char *why)
{
    fprintf(stderr, "driver: %s: %s\n", what, why);
    exit(1);
}

int driver_next_doc(FILE *docs, char **id, char **title, char **body)
{
    static char *line;
    static size_t cap;
    ssize_t len = getline(&line, &cap, docs);

    if (len <= 0)
        return 0;
    line[strcspn(line, "\n")] = '\0';
    char *rest = line;
    *id = strsep(&rest, "\t");
    *title = strsep(&rest, "\t");
    *body = rest;
    if (*title == NULL || *body == NULL)
        driver_die("docs.tsv", "a line is not number TAB title TAB body");
    return 1;
}

static void read_questions(const char *path)
{
    char line[4096];
    FILE *f = fopen(path, "r");

    if (f == NULL)
        driver_die(path, "cannot be read");
    while (fgets(line, sizeof(line), f) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (question_count == QUESTIONS_MAX)
            driver_die(path, "too many queries");
        struct question *q = &questions[question_count++];
        char *rest = strdup(line);
        q->kind = strsep(&rest, "\t");
        while (rest != NULL && q->word_count < DRIVER_WORDS_MAX)
            q->words[q->word_count++] = strsep(&rest, "\t");
        if (q->word_count == 0)
            driver_die(path, "a line is not kind TAB word ...");
    }
    fclose(f);
}

/* ---- measuring ------------------------------------------------------------------------------- */

/* The machine may be shared: time that this thread did not run is no time of the search. */
static double cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

struct times {
    double *ms;
    size_t count, cap;
};

static void times_add(struct times *t, double ms)
{
    if (t->count == t->cap) {
        t->cap = t->cap == 0 ? 4096 : t->cap * 2;
        t->ms = (double *)realloc(t->ms, t->cap * sizeof(*t->ms));
        if (t->ms == NULL)
            driver_die("times", "out of memory");
    }
    t->ms[t->count++] = ms;
}

static double times_at(const struct times *t, double share)
{
    return t->count == 0 ? 0 : t->ms[(size_t)(share * (double)(t->count - 1) + 0.5)];
}

/* Rounds until there are `rounds`, or `seconds` of CPU time have passed: one at least, unless that
 * alone takes ten times as long: then what was asked by then is all. */
static void measure(const struct driver *d, const char *kind, int mode, int rounds, double seconds,
                    struct times *times)
{
    struct answer a;
    double spent = 0;

    times->count = 0;
    for (int i = 0; i < rounds && (i == 0 || spent < seconds * 1e3); i++) {
        for (size_t n = 0; n < question_count && spent < seconds * 1e4; n++) {
            if (strcmp(questions[n].kind, kind) != 0)
                continue;
            double before = cpu_ms();
            d->ask(&questions[n], mode, &a);
            times_add(times, cpu_ms() - before);
            spent += times->ms[times->count - 1];
        }
    }
    qsort(times->ms, times->count, sizeof(*times->ms), ascending);
}

static void write_hits(const struct driver *d, const char *path)
{
    struct answer a;
    int mode = 0;
    FILE *f = fopen(path, "w");

    if (f == NULL)
        driver_die(path, "cannot be written");
    while (strcmp(d->modes[mode], "total") != 0)
        mode++;
    for (size_t n = 0; n < question_count; n++) {
        struct question *q = &questions[n];
        d->ask(q, mode, &a);
        fprintf(f, "%s\t", q->kind);
        for (int i = 0; i < q->word_count; i++)
            fprintf(f, "%s%s", i == 0 ? "" : " ", q->words[i]);
        fprintf(f, "\t%llu\t", (unsigned long long)a.total);
        for (int i = 0; i < a.id_count; i++)
            fprintf(f, "%s%llu", i == 0 ? "" : ",", (unsigned long long)a.ids[i]);
        fprintf(f, "\n");
    }
    if (fclose(f) != 0)
        driver_die(path, "cannot be written");
}

static int search(const struct driver *d, char **arg)
{
    struct times times = {0};
    int rounds = (int)strtol(arg[3], NULL, 10);
    double seconds = strtod(arg[4], NULL);

    d->open(arg[0]);
    read_questions(arg[1]);
    for (size_t n = 0; n < question_count; n++)
        d->prepare(&questions[n]);
    write_hits(d, arg[5]);
    for (size_t n = 0; n < question_count; n++) {
        const char *kind = questions[n].kind;
        if (n > 0 && strcmp(questions[n - 1].kind, kind) == 0)
            continue;
        for (int mode = 0; d->modes[mode] != NULL; mode++) {
            measure(d, kind, mode, 1, seconds / 10, &times);
            measure(d, kind, mode, rounds, seconds, &times);
            printf("%s\t%s\t%s\t%.4f\t%.4f\n", arg[2], kind, d->modes[mode], times_at(&times, 0.5),
                   times_at(&times, 0.99));
            fflush(stdout);
        }
    }
    free(times.ms);
    return 0;
}

int driver_main(const struct driver *d, int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "index") == 0) {
        d->index(argv[2], argv[3]);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "merge") == 0 && d->merge != NULL) {
        d->merge(argv[2]);
        return 0;
    }
    if (argc == 8 && strcmp(argv[1], "search") == 0)
        return search(d, argv + 2);
    fprintf(stderr,
            "usage: %s index DOCS.tsv DIR | merge DIR | "
            "search DIR QUERIES.tsv NAME ROUNDS SECONDS HITS\n",
            argv[0]);
    return 2;
}
