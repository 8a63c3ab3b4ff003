/* Lines of a file or of standard input, numbered, each of bounded length. */
#ifndef CLIENT_LINES_H
#define CLIENT_LINES_H

#include "index/base/buf.h"
#include "index/base/error.h"

struct lines {
    int fd;
    const char *name; /* for messages */
    uint64_t size;    /* bytes of a regular file, else 0 */
    uint64_t read;    /* bytes so far */
    size_t number;    /* of the line last given, from 1 */
    size_t max;       /* bytes of a line */
    struct buf buf;
    size_t head;
    bool ended;
};

enum line { LINE_END, LINE_GIVEN, LINE_TOO_LONG, LINE_FAILED };

/* Opens `path`, "-" being standard input. The caller calls lines_close() in any case. */
sx_status lines_open(struct lines *l, const char *path, size_t max, struct sx_error *err);
void lines_close(struct lines *l);

/* The next line without its newline; it borrows from `l` until the next call. A longer one than
 * the maximum is skipped. LINE_FAILED: errno says why. */
enum line lines_next(struct lines *l, struct sx_str *out);

#endif
