/* One buffer: lines are handed out of it where they lie, the rest moves to its front. */
#include "client/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/str.h"

#define READ_SIZE (256 << 10)

sx_status lines_open(struct lines *l, const char *path, size_t max, struct sx_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    struct stat st;

    *l = (struct lines){.fd = STDIN_FILENO, .name = standard ? "standard input" : path, .max = max};
    if (!standard)
        l->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (l->fd < 0)
        return sx_fail_errno(err, "cannot open", path);
    if (fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode))
        l->size = (uint64_t)st.st_size;
    return SX_OK;
}

void lines_close(struct lines *l)
{
    if (l->fd > STDIN_FILENO)
        close(l->fd);
    buf_release(&l->buf);
}

/* Reads more behind what is there; false when that failed. */
static bool fill(struct lines *l)
{
    ssize_t n;

    buf_consume(&l->buf, l->head);
    l->head = 0;
    char *room = buf_reserve(&l->buf, READ_SIZE);
    if (room == NULL) {
        errno = ENOMEM;
        return false;
    }
    do
        n = read(l->fd, room, READ_SIZE);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return false;
    buf_advance(&l->buf, (size_t)n);
    l->read += (uint64_t)n;
    l->ended = n == 0;
    return true;
}

enum line lines_next(struct lines *l, struct sx_str *out)
{
    size_t searched = l->head;
    const char *newline = NULL;
    bool skipping = false;

    for (;;) {
        if (l->buf.len > searched)
            newline = memchr(l->buf.data + searched, '\n', l->buf.len - searched);
        if (newline != NULL || l->ended)
            break;
        if (skipping || l->buf.len - l->head > l->max) {
            skipping = true;
            l->head = l->buf.len;
        }
        searched = l->buf.len - l->head; /* fill() moves the line to the front */
        if (!fill(l))
            return LINE_FAILED;
    }
    if (newline == NULL && l->head == l->buf.len && !skipping)
        return LINE_END;
    size_t end = newline == NULL ? l->buf.len : (size_t)(newline - l->buf.data);
    *out = str_make(l->buf.data + l->head, end - l->head);
    l->head = newline == NULL ? end : end + 1;
    l->number++;
    return skipping || out->len > l->max ? LINE_TOO_LONG : LINE_GIVEN;
}
