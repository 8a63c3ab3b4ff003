/* Reading the command line and laying it over the file. */
#include "daemon/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index/base/address.h"
#include "index/base/alloc.h"

enum {
    OPT_CONFIG,
    OPT_DATA,
    OPT_LISTEN,
    OPT_ROOT,
    OPT_INDEX_ONLY,
    OPT_CHECK,
    OPT_VERSION,
    OPT_HELP
};
#define LONG_BASE 1000 /* above every letter */

const struct option_row option_rows[] = {
    [OPT_CONFIG] = {0, "config", "FILE", "configuration (" CONFIG_DEFAULT_FILE ", if it is there)"},
    [OPT_DATA] = {0, "data", "DIR", "where the indexes live"},
    [OPT_LISTEN] = {0, "listen", "ADDR", "unix:/path or tcp:127.0.0.1:7700; may be repeated"},
    [OPT_ROOT] = {0, "root", "DIR", "keep the default index in line with this folder; repeatable"},
    [OPT_INDEX_ONLY] = {0, "index-only", NULL, "index the folders, say what was done, and exit"},
    [OPT_CHECK] = {0, "check", NULL, "verify the indexes, and exit"},
    [OPT_VERSION] = {0, "version", NULL, "versions of this program and its libraries"},
    [OPT_HELP] = {'h', "help", NULL, "this text"},
};
const size_t option_row_count = sizeof option_rows / sizeof *option_rows;

void options_help(FILE *out)
{
    fputs("usage: searchd [options]\n"
          "Serves full-text search over a socket. Runs in the foreground, logs to stderr.\n\n",
          out);
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *r = &option_rows[i];
        char left[40];
        snprintf(left, sizeof left, "%s--%s %s", r->letter == 'h' ? "-h, " : "    ", r->name,
                 r->value == NULL ? "" : r->value);
        fprintf(out, "  %-24s %s\n", left, r->help);
    }
    fputs("\nExit status: 0 good; 1 failed; 2 wrong options or configuration; 70 restart me.\n"
          "See searchd(8).\n",
          out);
}

static bool append(const char **list, size_t *count, size_t max, const char *value)
{
    if (*count == max) {
        fprintf(stderr, "searchd: '%s' is one too many: at most %zu\n", value, max);
        return false;
    }
    list[(*count)++] = value;
    return true;
}

static bool take(struct options *o, int row, const char *value)
{
    switch (row) {
    case OPT_CONFIG:
        o->config = value;
        return true;
    case OPT_DATA:
        o->data = value;
        return true;
    case OPT_LISTEN:
        return append(o->listen, &o->listen_count, CONFIG_LISTEN_MAX, value);
    case OPT_ROOT:
        return append(o->roots, &o->root_count, CONFIG_ROOTS_MAX, value);
    default:
        o->mode = MODE_INDEX_ONLY + (enum mode)(row - OPT_INDEX_ONLY);
        return true;
    }
}

bool options_read(struct options *o, int argc, char **argv)
{
    struct option longs[sizeof option_rows / sizeof *option_rows + 1] = {0};
    memset(o, 0, sizeof *o);
    for (size_t i = 0; i < option_row_count; i++)
        longs[i] = (struct option){option_rows[i].name,
                                   option_rows[i].value != NULL ? required_argument : no_argument,
                                   NULL, LONG_BASE + (int)i};
    optind = 1;
    int c;
    while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        int row = c == 'h' ? OPT_HELP : c - LONG_BASE;
        if (c == '?' || !take(o, row, optarg))
            return false;
    }
    if (optind < argc) {
        fprintf(stderr, "searchd: '%s' is no option; see --help\n", argv[optind]);
        return false;
    }
    return true;
}

static sx_status absolute(char **out, const char *path, struct sx_error *err)
{
    char cwd[PATH_MAX];
    const char *base = path[0] == '/' ? NULL : getcwd(cwd, sizeof cwd);
    size_t size = strlen(path) + (base == NULL ? 0 : strlen(base) + 1) + 1;
    *out = mem_alloc(size);
    if (*out == NULL)
        return sx_fail_oom(err);
    snprintf(*out, size, "%s%s%s", base == NULL ? "" : base, base == NULL ? "" : "/", path);
    return SX_OK;
}

static sx_status lay_listen(const struct options *o, struct config *c, struct sx_error *err)
{
    struct address a;
    if (o->listen_count > 0) {
        while (c->listen_count > 0)
            mem_free(c->listen[--c->listen_count]);
    } else if (c->listen_count == 0) {
        sx_status rc = address_default(&a, err);
        return rc != SX_OK
                   ? rc
                   : config_append(c->listen, &c->listen_count, CONFIG_LISTEN_MAX, a.text, err);
    }
    for (size_t i = 0; i < o->listen_count; i++) {
        sx_status rc = address_parse(&a, o->listen[i], err);
        if (rc == SX_OK)
            rc = config_append(c->listen, &c->listen_count, CONFIG_LISTEN_MAX, o->listen[i], err);
        if (rc != SX_OK)
            return rc;
    }
    return SX_OK;
}

/* The roots of the command line join those of the default collection. */
static sx_status lay_roots(const struct options *o, struct config *c, struct sx_error *err)
{
    struct config_collection *col = &c->collections[0];
    for (size_t i = 0; i < o->root_count; i++) {
        char *path;
        sx_status rc = absolute(&path, o->roots[i], err);
        if (rc == SX_OK)
            rc = config_append(col->roots, &col->root_count, CONFIG_ROOTS_MAX, path, err);
        mem_free(path);
        if (rc != SX_OK)
            return rc;
    }
    return SX_OK;
}

const char *options_file(const struct options *o)
{
    return o->config != NULL ? o->config : CONFIG_DEFAULT_FILE;
}

sx_status options_config(const struct options *o, struct config *c, struct sx_error *err)
{
    config_init(c);
    sx_status rc = config_read(c, options_file(o), err);
    if (rc != SX_OK && (rc != SX_ENOTFOUND || o->config != NULL))
        return rc;
    if (err != NULL)
        *err = (struct sx_error){.offset = -1}; /* no file is no fault */
    if (o->data != NULL) {
        mem_free(c->data);
        c->data = NULL;
        rc = absolute(&c->data, o->data, err);
        if (rc != SX_OK)
            return rc;
    }
    rc = lay_listen(o, c, err);
    if (rc == SX_OK)
        rc = config_finish(c, err);
    if (rc == SX_OK)
        rc = lay_roots(o, c, err);
    return rc;
}
