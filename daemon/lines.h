/* From a stream of bytes to request lines, in memory bounded by the limit whatever comes. */
#ifndef DAEMON_LINES_H
#define DAEMON_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "index/base/buf.h"

enum line_event {
    LINE_NONE,      /* all bytes are taken; no line is complete */
    LINE_READY,     /* *line is one line, without its end */
    LINE_TOO_LARGE, /* a line over the limit has ended; its bytes are gone */
    LINE_HTTP,      /* the first line speaks another protocol */
    LINE_NOMEM
};

struct lines {
    struct buf part;  /* the line so far; no memory is held between lines */
    size_t limit;     /* of a line */
    size_t put_limit; /* of a line whose beginning shows a put */
    bool skipping;    /* the line is over its limit */
    bool begun;       /* the first line is complete */
    bool done;        /* `part` is a line that was handed out */
    bool is_put;      /* this long line may grow to put_limit */
};

/* A zeroed struct lines with its limits set is ready. */
void lines_release(struct lines *l);

/* Takes bytes from *input (advancing it) up to the end of one line. *line borrows from the input
 * or from `l`, until the next call. */
enum line_event lines_next(struct lines *l, struct sx_str *input, struct sx_str *line);

/* The end of input: a last line without its newline. */
enum line_event lines_end(struct lines *l, struct sx_str *line);

/* Whether a line has begun and not ended. */
bool lines_partial(const struct lines *l);

#endif
