/* The command line of searchd: one table for getopt_long, --help and the tests. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "daemon/config.h"

#define EXIT_USAGE 2

enum mode { MODE_SERVE, MODE_INDEX_ONLY, MODE_CHECK, MODE_VERSION, MODE_HELP };

struct options {
    enum mode mode;
    const char *config; /* NULL: the default file, if it is there. All borrow from argv. */
    const char *data;
    const char *listen[CONFIG_LISTEN_MAX];
    size_t listen_count;
    const char *roots[CONFIG_ROOTS_MAX];
    size_t root_count;
};

struct option_row {
    char letter; /* 0: none */
    const char *name;
    const char *value; /* what it takes, or NULL */
    const char *help;
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* Reads the command line. False: it was wrong, and stderr says how. */
bool options_read(struct options *o, int argc, char **argv);
void options_help(FILE *out);

/* The configuration file that is read. */
const char *options_file(const struct options *o);
/* The whole configuration: defaults, file, options. The caller releases `c` in any case. */
sx_status options_config(const struct options *o, struct config *c, struct sx_error *err);

#endif
