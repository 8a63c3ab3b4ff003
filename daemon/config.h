/* What the operator decides: an INI file, with the command line laid over it.
 *
 * Every key has a default, so that no file is needed. One table of keys (config.c) reads,
 * checks and explains them. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <searchd/index.h>

#include "index/base/error.h"

#define CONFIG_DEFAULT_FILE "/etc/searchd/searchd.conf"
#define CONFIG_LINE_MAX 198 /* bytes of a line; inih would split a longer one silently */
#define CONFIG_LISTEN_MAX 16
#define CONFIG_ROOTS_MAX 64
#define CONFIG_COLLECTIONS_MAX 64

struct config_limits {
    uint64_t max_connections;
    uint64_t timeout_ms;   /* of a search that names none */
    uint64_t line_bytes;   /* of a request line */
    uint64_t put_bytes;    /* of a put's line */
    uint64_t in_flight;    /* requests of one connection */
    uint64_t request_ms;   /* from the first byte of a line to its newline */
    uint64_t stall_ms;     /* without progress of a peer that owes us a read */
    uint64_t idle_ms;      /* without any traffic; 0: for ever */
    uint64_t queue;        /* searches that wait for a worker */
    uint64_t unsent_bytes; /* of replies in memory, all connections together */
    uint64_t write_bytes;  /* of puts and deletes that wait for the writer */
};

/* Of the processes that read files. */
struct config_files {
    uint64_t readers; /* 0: one a core, at most 8 */
    uint64_t timeout_ms, memory_mb;
};

struct config_collection {
    char *name;
    char *data; /* its folder; never NULL once config_finish() ran */
    char *roots[CONFIG_ROOTS_MAX];
    size_t root_count;
    uint64_t rescan_s;
    bool relaxed;
    bool keep_boilerplate;
    char *languages[SX_LANGUAGES_MAX]; /* codes */
    size_t language_count;             /* 0: the most frequent ones */
};

struct config {
    char *listen[CONFIG_LISTEN_MAX];
    size_t listen_count;
    uint64_t workers; /* 0: one a core */
    bool admin_on_tcp;
    char *data; /* parent of the collections' folders */
    int log_level;
    struct config_limits limits;
    struct config_files files;
    struct config_collection collections[CONFIG_COLLECTIONS_MAX];
    size_t collection_count; /* the first is the default one */
};

/* Fills in the defaults. config_release() frees; it is safe on a zeroed one. */
void config_init(struct config *c);
void config_release(struct config *c);

/* Reads the INI file `path` over what `c` has. SX_ENOTFOUND: there is no such file. SX_EREQUEST:
 * the message names file, line and what was expected. */
sx_status config_read(struct config *c, const char *path, struct sx_error *err);

/* The same from memory; `path` is for messages. */
sx_status config_read_text(struct config *c, const char *path, const char *text, size_t len,
                           struct sx_error *err);

/* Appends a copy of `value` to a list of at most `max`. SX_ELIMIT when it is full. */
sx_status config_append(char **list, size_t *count, size_t max, const char *value,
                        struct sx_error *err);

/* Adds the default collection if there is none, and the folders that were left out. */
sx_status config_finish(struct config *c, struct sx_error *err);

/* One [collection NAME] by name, or NULL. */
struct config_collection *config_find(struct config *c, const char *name);

/* The default of --data: /var/lib/searchd for root, else $XDG_DATA_HOME/searchd or
 * ~/.local/share/searchd. The caller frees it with mem_free(); NULL: memory ran out. */
char *config_default_data(void);

/* Visits every key as "[section] key" with what it expects, for tests and documentation. */
void config_keys(void (*visit)(void *ctx, const char *section, const char *key,
                               const char *expects),
                 void *ctx);

#endif
