/* Options are rows: the parser, the check of values and --help all read the same table. */
#include "client/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index/base/date.h"
#include "index/base/str.h"

enum kind {
    TEXT,
    FILTER,
    DATE,
    CURSOR,
    NUMBER,
    CHOICE,
    LIST,
    FORMAT,
    COLOR,
    FLAG,
    MODE,
    HELP,
    VERSION
};

struct row {
    const char *name; /* long name, or NULL */
    char letter;      /* or 0 */
    enum kind kind;
    size_t at;           /* of the member that it sets */
    long value;          /* NUMBER: largest; MODE: which */
    const char *arg;     /* name of the argument, or NULL */
    const char *choices; /* CHOICE, LIST, FORMAT, COLOR: separated by | in the order of the enum */
    const char *help;
};

#define CURSOR_BYTES_MAX 64
#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
    {"socket", 0, TEXT, AT(socket), 0, "ADDR", NULL,
     "unix:/path or tcp:HOST:PORT; else $SEARCHC_SOCKET"},
    {NULL, 'C', TEXT, AT(collection), 0, "NAME", NULL, "search this collection"},
    {NULL, 'n', NUMBER, AT(limit), 1000, "N", NULL, "at most N hits (10; --batch to trec: 1000)"},
    {"offset", 0, NUMBER, AT(offset), 10000, "N", NULL, "leave out the first N hits"},
    {"cursor", 0, CURSOR, AT(cursor), 0, "C", NULL, "go on where an answer ended, which told C"},
    {"match", 0, CHOICE, AT(match), 0, "HOW", "best|all|any",
     "documents with every word first, only, or not first"},
    {"sort", 0, CHOICE, AT(sort), 0, "BY", "score|date|-date", "best, oldest or newest first"},
    {"since", 0, DATE, AT(since), 0, "DATE", NULL,
     "published then or later: 2025, 2025-08, 2025-08-15"},
    {"until", 0, DATE, AT(until), 0, "DATE", NULL, "published then or before"},
    {"source", 0, FILTER, AT(source), 0, "S", NULL, "published by S"},
    {"lang", 0, FILTER, AT(lang), 0, "L", NULL, "in language L: en, ar"},
    {"type", 0, FILTER, AT(type), 0, "T", NULL, "of type T: html, text"},
    {"format", 0, FORMAT, AT(format), 0, "F", "text|json|jsonl|tsv|paths|trec",
     "how hits are printed"},
    {"facets", 0, LIST, AT(facets), 0, "F", "source|lang|type|year|month",
     "also count by these: one, or several between commas"},
    {"explain", 0, FLAG, AT(explain), 0, NULL, NULL, "show what each score is made of"},
    {NULL, '0', FLAG, AT(nul), 0, NULL, NULL, "end what -l and paths print with NUL"},
    {NULL, 'l', FLAG, AT(uris), 0, NULL, NULL, "print uris only"},
    {NULL, 'c', MODE, 0, MODE_COUNT, NULL, NULL, "count only"},
    {"parse", 0, MODE, 0, MODE_PARSE, NULL, NULL, "show how the query is read"},
    {"color", 0, COLOR, AT(color), 0, "WHEN", "auto|always|never",
     "colours (auto: on a terminal, unless NO_COLOR)"},
    {"batch", 0, MODE, 0, MODE_BATCH, "FILE|-", NULL, "one query a line: TEXT or QID<TAB>TEXT"},
    {"put", 0, MODE, 0, MODE_PUT, "FILE|-", NULL,
     "put documents: JSON Lines with uri, title, body …"},
    {"delete", 0, MODE, 0, MODE_DELETE, NULL, NULL, "delete the documents with these uris"},
    {"get", 0, MODE, 0, MODE_GET, "DOC", NULL, "print a document by uri or by hash"},
    {"failed", 0, MODE, 0, MODE_FAILED, NULL, NULL, "list the files that could not be read"},
    {"reindex", 0, MODE, 0, MODE_REINDEX, "WHICH", NULL,
     "read files of the roots again: failed, type:T, older:V"},
    {"stats", 0, MODE, 0, MODE_STATS, NULL, NULL, "what the daemon holds and does"},
    {"ping", 0, MODE, 0, MODE_PING, NULL, NULL, "ask whether the daemon answers"},
    {"raw", 0, MODE, 0, MODE_RAW, "JSON", NULL, "send a request as it is, print the reply"},
    {"version", 0, VERSION, 0, 0, NULL, NULL, "print the version"},
    {"help", 'h', HELP, 0, 0, NULL, NULL, "print this"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void print_help(void)
{
    char left[64];

    printf("usage: searchc [options] WORD...\n"
           "Searches what searchd has indexed. All words are one query; a single argument is\n"
           "taken as it is; a query that begins with '-' goes behind --.\n\n");
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        const char *arg = r->choices != NULL ? r->choices : r->arg != NULL ? r->arg : "";
        int n = r->letter == 0
                    ? snprintf(left, sizeof(left), "    ")
                    : snprintf(left, sizeof(left), "-%c%s", r->letter, r->name == NULL ? "" : ", ");
        snprintf(left + n, sizeof(left) - (size_t)n, "%s%s%s%s", r->name == NULL ? "" : "--",
                 r->name == NULL ? "" : r->name, arg[0] == '\0' ? "" : " ", arg);
        printf(strlen(left) > 28 ? "  %s\n%32s%s\n" : "  %-30s%s%s\n", left, "", r->help);
    }
    printf("\nExit status: 0 hits, 1 none, 2 usage or query error, 3 daemon out of reach,\n"
           "4 refused or failed, 5 answer incomplete, 130 interrupted.\n");
}

static bool usage(const char *what, const char *which, const char *expected)
{
    fprintf(stderr, "searchc: %s%s%s%s (searchc --help shows the options)\n", what, which,
            expected == NULL ? "" : ": expected ", expected == NULL ? "" : expected);
    return false;
}

/* The place of `text` in "a|b|c", or -1. */
static int choice_of(const char *choices, const char *text, size_t len)
{
    for (int i = 0; len > 0; i++) {
        size_t n = strcspn(choices, "|");
        if (n == len && memcmp(choices, text, n) == 0)
            return i;
        if (choices[n] == '\0')
            break;
        choices += n + 1;
    }
    return -1;
}

static bool set_choice(const struct row *r, const char *arg, int first, void *member)
{
    int choice = choice_of(r->choices, arg, strlen(arg));

    if (choice < 0)
        return usage("--", r->name, r->choices);
    if (r->kind == CHOICE)
        *(const char **)member = arg;
    else
        *(int *)member = first + choice;
    return true;
}

/* Choices between commas, none of them twice. */
static bool set_list(const struct row *r, const char *arg, const char **member)
{
    unsigned seen = 0;

    for (const char *p = arg;; p++) {
        size_t len = strcspn(p, ",");
        int choice = choice_of(r->choices, p, len);
        if (choice < 0 || (seen & 1U << choice) != 0)
            return usage("--", r->name, r->choices);
        seen |= 1U << choice;
        p += len;
        if (*p == '\0')
            break;
    }
    *member = arg;
    return true;
}

static bool set_number(const struct row *r, const char *arg, long *member)
{
    char *end, expected[40], name[2] = {r->letter, '\0'};

    errno = 0;
    *member = strtol(arg, &end, 10);
    if (end != arg && *end == '\0' && errno == 0 && *member >= 0 && *member <= r->value)
        return true;
    snprintf(expected, sizeof(expected), "a number from 0 to %ld", r->value);
    return usage(r->name == NULL ? "-" : "--", r->name == NULL ? name : r->name, expected);
}

static bool set_mode(struct options *o, const struct row *r, const char *arg)
{
    if (o->mode != MODE_SEARCH && o->mode != (int)r->value)
        return usage("one operation at a time", "", NULL);
    o->mode = (int)r->value;
    if (arg != NULL)
        o->argument = arg;
    return true;
}

bool cursor_valid(const char *text)
{
    static const char taken[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strlen(text);

    return len > 0 && len <= CURSOR_BYTES_MAX && strspn(text, taken) == len;
}

/* Takes one option; false: all is said and *status set. */
static bool take(struct options *o, const struct row *r, const char *arg, int *status)
{
    void *member = (char *)o + r->at;
    struct date_span span;

    switch (r->kind) {
    case FILTER:
        if (arg[0] == '\0' || strchr(arg, '"') != NULL)
            return usage("--", r->name, "a value without quotes");
        *(const char **)member = arg;
        return true;
    case DATE:
        if (!date_parse(str_of(arg), &span))
            return usage("--", r->name, "a date: 2025, 2025-08, 2025-08-15");
        *(const char **)member = arg;
        return true;
    case CURSOR:
        if (!cursor_valid(arg))
            return usage("--", r->name, "what the last line of an answer told");
        *(const char **)member = arg;
        return true;
    case TEXT:
        *(const char **)member = arg;
        return true;
    case NUMBER:
        return set_number(r, arg, member);
    case CHOICE:
    case COLOR:
        return set_choice(r, arg, COLOR_AUTO, member);
    case LIST:
        return set_list(r, arg, member);
    case FORMAT:
        return set_choice(r, arg, FORMAT_TEXT, member);
    case FLAG:
        *(bool *)member = true;
        return true;
    case MODE:
        return set_mode(o, r, arg);
    case HELP:
        print_help();
        break;
    case VERSION:
        printf("searchc %s\n", SEARCHD_VERSION);
        break;
    }
    *status = EXIT_HITS;
    return false;
}

/* What getopt_long() needs, from the rows. Rows without a letter return 256 + their place. */
static void getopt_tables(struct option *longs, char *shorts)
{
    *shorts++ = ':';
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        if (r->name != NULL)
            *longs++ = (struct option){r->name, r->arg != NULL, NULL, 256 + (int)i};
        if (r->letter != 0)
            *shorts++ = r->letter;
        if (r->letter != 0 && r->arg != NULL)
            *shorts++ = ':';
    }
    *shorts = '\0';
    memset(longs, 0, sizeof(*longs));
}

static const struct row *row_of(int found)
{
    if (found >= 256)
        return &rows[found - 256];
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].letter == found)
            return &rows[i];
    return NULL;
}

/* What belongs to a search, and only to some. */
static bool check_search(const struct options *o)
{
    if (o->cursor != NULL && o->mode != MODE_SEARCH)
        return usage("--cursor", " goes with one search", NULL);
    if (o->cursor != NULL && o->offset != NO_NUMBER)
        return usage("--cursor and --offset", "", "one of them");
    if (o->facets != NULL && o->mode != MODE_SEARCH && o->mode != MODE_BATCH)
        return usage("--facets", " goes with searches", NULL);
    if (o->facets != NULL && o->format > FORMAT_TSV)
        return usage("--facets --format", "", "text|json|jsonl|tsv");
    if (o->explain && o->mode != MODE_SEARCH && o->mode != MODE_BATCH)
        return usage("--explain", " goes with searches", NULL);
    if (o->explain && o->format > FORMAT_JSONL)
        return usage("--explain --format", "", "text|json|jsonl");
    return true;
}

bool reindex_read(const char *text, struct reindex *out)
{
    *out = (struct reindex){0};
    for (;; text++) {
        size_t len = strcspn(text, ",");
        char *end;
        if (len == 6 && memcmp(text, "failed", 6) == 0) {
            out->failed = true;
        } else if (len > 5 && memcmp(text, "type:", 5) == 0) {
            out->type = text + 5;
            out->type_len = len - 5;
        } else if (len > 6 && memcmp(text, "older:", 6) == 0 && text[6] >= '1' && text[6] <= '9') {
            errno = 0;
            out->older = strtoul(text + 6, &end, 10);
            if (end != text + len || errno != 0 || out->older > UINT32_MAX)
                return false;
        } else {
            return false;
        }
        text += len;
        if (*text == '\0')
            return true;
    }
}

/* What only the whole line can tell. */
static bool check(const struct options *o)
{
    bool filtered = o->since != NULL || o->until != NULL || o->source != NULL || o->lang != NULL ||
                    o->type != NULL;
    bool asks = o->mode == MODE_SEARCH || o->mode == MODE_COUNT || o->mode == MODE_PARSE;

    if (asks && o->word_count == 0 && !filtered)
        return usage("what shall be searched?", "", NULL);
    if (o->mode == MODE_DELETE && o->word_count == 0)
        return usage("--delete", "", "uris");
    if (!asks && o->mode != MODE_DELETE && o->word_count > 0)
        return usage("no words go with this operation: ", o->words[0], NULL);
    struct reindex which;
    if (o->mode == MODE_REINDEX && !reindex_read(o->argument, &which))
        return usage("--reindex ", o->argument,
                     "failed, type:T or older:VERSION, or several between commas");
    if (o->mode == MODE_BATCH && o->format != FORMAT_DEFAULT && o->format != FORMAT_JSONL &&
        o->format != FORMAT_TREC)
        return usage("--batch --format", "", "jsonl|trec");
    return check_search(o);
}

bool options_parse(struct options *o, int argc, char **argv, int *status)
{
    struct option longs[ROWS + 1];
    char shorts[2 * ROWS + 2];
    int found;

    *o = (struct options){.limit = NO_NUMBER, .offset = NO_NUMBER};
    *status = EXIT_USAGE;
    getopt_tables(longs, shorts);
    opterr = 0;
    while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct row *r = row_of(found);
        if (found == ':')
            return usage(argv[optind - 1], " needs an argument", NULL);
        if (r == NULL)
            return usage("unknown option ", argv[optind - 1], NULL);
        if (!take(o, r, optarg, status))
            return false;
    }
    o->words = argv + optind;
    o->word_count = (size_t)(argc - optind);
    if (o->uris)
        o->format = FORMAT_URIS;
    return check(o);
}
