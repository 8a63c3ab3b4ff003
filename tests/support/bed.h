/* An index in a folder of its own, with a reader, beside a folder of files: what most tests of the
 * engine begin with. */
#ifndef TESTS_BED_H
#define TESTS_BED_H

#include <searchd/index.h>

#include "tests/support/support.h"

struct bed {
    char *dir;                  /* of the index */
    char *root;                 /* of files */
    struct sx_extract *extract; /* of the index when it is opened, or NULL; stopped at the end */
    struct sx_index *ix;
    struct sx_reader *r;
    struct sx_sync_progress last; /* for the test to keep */
};

/* Fails the test with the message unless it went well. */
void must(sx_status rc, const struct sx_error *err);

void open_bed(struct bed *b);
/* Closes reader and index, if they are open. */
void close_bed(struct bed *b);

/* For cmocka: *state is a struct bed; set_up() opens it, set_up_closed() does not. */
int set_up(void **state);
int set_up_closed(void **state);
int tear_down(void **state);

/* The path of a name below the root; the last eight stay as they are. */
const char *path_of(const struct bed *b, const char *name);
void write_file(const struct bed *b, const char *name, const char *text);

/* Puts a document; it is not committed. */
void put(struct bed *b, const char *uri, const char *body);
void commit(struct bed *b);
/* How many documents match all of a query. */
uint64_t found(struct bed *b, const char *query);
struct sx_stats stats_of(struct bed *b);

#endif
