/* The command line of searchc. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum mode {
    MODE_SEARCH,
    MODE_COUNT,
    MODE_PARSE,
    MODE_BATCH,
    MODE_PUT,
    MODE_DELETE,
    MODE_GET,
    MODE_FAILED,
    MODE_STATS,
    MODE_PING,
    MODE_RAW,
    MODE_REINDEX,
};

enum format {
    FORMAT_DEFAULT,
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_JSONL,
    FORMAT_TSV,
    FORMAT_PATHS,
    FORMAT_TREC,
    FORMAT_URIS /* -l */
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

#define NO_NUMBER (-1L)

struct options {
    int mode;   /* enum mode */
    int format; /* enum format */
    int color;  /* enum color */
    bool uris;  /* -l */
    bool nul;   /* -0 */
    bool explain;
    long limit;  /* NO_NUMBER: the daemon's default */
    long offset; /* NO_NUMBER: none */
    /* As written; NULL: not given. */
    const char *socket, *collection, *match, *sort, *cursor, *facets;
    const char *since, *until, *source, *lang, *type;
    const char *argument; /* of the mode */
    char **words;
    size_t word_count;
};

/* Exit status, as scripts see it. */
enum {
    EXIT_HITS = 0,
    EXIT_NONE = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3,
    EXIT_REFUSED = 4,
    EXIT_PARTIAL = 5,
    EXIT_INTERRUPTED = 130
};

/* Whether --cursor takes it: 1 to 64 letters, digits, dots, dashes and underscores, which a shell
 * leaves alone. */
bool cursor_valid(const char *text);

/* Whether --reindex takes it, and what stands where: failed, type:T, older:V, between commas. An
 * absent type is NULL, an absent version 0. */
struct reindex {
    bool failed;
    const char *type; /* not ended where the text goes on: */
    size_t type_len;
    unsigned long older;
};
bool reindex_read(const char *text, struct reindex *out);

/* Reads the command line. True: go on; false: *status is the exit status, all is said. */
bool options_parse(struct options *o, int argc, char **argv, int *status);

#endif
