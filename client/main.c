/* searchc: the command line client. Each operation is a row: what runs, by its mode. */
#include <stdio.h>

#include "client/batch.h"
#include "client/operations.h"
#include "client/search.h"

static int (*const operations[])(struct session *s) = {
    [MODE_SEARCH] = run_search, [MODE_COUNT] = run_count,   [MODE_PARSE] = run_parse,
    [MODE_BATCH] = run_batch,   [MODE_PUT] = run_put,       [MODE_DELETE] = run_delete,
    [MODE_GET] = run_get,       [MODE_FAILED] = run_failed, [MODE_STATS] = run_stats,
    [MODE_PING] = run_ping,     [MODE_RAW] = run_raw,       [MODE_REINDEX] = run_reindex,
};

int main(int argc, char **argv)
{
    struct options o;
    struct session s;
    int status;

    json_init();
    if (options_parse(&o, argc, argv, &status)) {
        status = session_open(&s, &o);
        if (status == 0) {
            status = operations[o.mode](&s);
            session_close(&s);
        }
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("searchc: cannot write");
        return EXIT_REFUSED;
    }
    return status;
}
