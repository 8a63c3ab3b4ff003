/* The walk holds one open folder and, for each level above, its sorted names: no recursion, one
 * descriptor however deep the tree. It goes down by openat() without following links, so that no
 * link put in place of a folder leads outside, and up by "..", checked to be the folder it left.
 *
 * A folder sorts as its name with a slash, so that the paths come in byte order. */
#include "index/ingest/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/arena.h"
#include "index/base/buf.h"
#include "index/base/str.h"

/* The names of one folder. */
struct level {
    struct arena memory;
    char **names; /* folders end in a slash */
    size_t count, room, next;
    size_t path_len; /* of the folder's path, with its slash */
    dev_t dev;
    ino_t ino;
};

struct walk {
    char *root;
    int fd; /* the folder of the deepest level; -1 before the first step and at the end */
    struct level *levels;
    size_t depth, room;
    struct buf path;
    char problem[128];
    bool begun;
};

/* ---- life ------------------------------------------------------------------------------ */

sx_status walk_open(struct walk **out, const char *root, struct sx_error *err)
{
    char *real = realpath(root, NULL);
    struct stat st;
    struct walk *w;

    if (real == NULL && (errno == ENOENT || errno == ENOTDIR))
        return sx_fail(err, SX_ENOTFOUND, "no such folder: '%s'", root);
    if (real == NULL)
        return sx_fail_errno(err, "cannot resolve", root);
    if (stat(real, &st) != 0 || !S_ISDIR(st.st_mode)) {
        free(real);
        return sx_fail(err, SX_ENOTFOUND, "no such folder: '%s'", root);
    }
    w = mem_zalloc(1, sizeof(*w));
    if (w != NULL)
        w->root = mem_strndup(real, strcmp(real, "/") == 0 ? 0 : strlen(real));
    free(real);
    if (w == NULL || w->root == NULL) {
        mem_free(w);
        return sx_fail_oom(err);
    }
    w->fd = -1;
    *out = w;
    return SX_OK;
}

static void level_release(struct level *l)
{
    arena_release(&l->memory);
    mem_free(l->names);
}

void walk_close(struct walk *w)
{
    if (w == NULL)
        return;
    while (w->depth > 0)
        level_release(&w->levels[--w->depth]);
    if (w->fd >= 0)
        close(w->fd);
    mem_free(w->levels);
    mem_free(w->root);
    buf_release(&w->path);
    mem_free(w);
}

const char *walk_root(const struct walk *w)
{
    return w->root;
}

/* ---- one folder ------------------------------------------------------------------------ */

static bool is_folder(int fd, const struct dirent *e)
{
    struct stat st;

    if (e->d_type != DT_UNKNOWN)
        return e->d_type == DT_DIR;
    return fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static bool level_add(struct level *l, const struct dirent *e, bool folder)
{
    size_t len = strlen(e->d_name);
    char *name = arena_new(&l->memory, len + 2);

    if (name == NULL)
        return false;
    memcpy(name, e->d_name, len);
    if (folder)
        name[len] = '/';
    if (l->count == l->room) {
        size_t room = l->room == 0 ? 64 : l->room * 2;
        char **names = mem_realloc(l->names, room * sizeof(*names));
        if (names == NULL)
            return false;
        l->names = names;
        l->room = room;
    }
    l->names[l->count++] = name;
    return true;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lists the folder open as `fd`. SX_EIO: cannot be listed, errno says why. */
static sx_status level_list(struct level *l, int fd, struct sx_error *err)
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* closedir() closes it */
    DIR *dir = own < 0 ? NULL : fdopendir(own);
    sx_status rc = SX_OK;
    struct dirent *e;

    if (dir == NULL) {
        if (own >= 0)
            close(own);
        return SX_EIO;
    }
    while (rc == SX_OK && (errno = 0, e = readdir(dir)) != NULL) {
        if (e->d_name[0] != '.' && !level_add(l, e, is_folder(fd, e)))
            rc = sx_fail_oom(err);
    }
    int saved = errno;
    closedir(dir);
    errno = saved;
    if (rc == SX_OK && saved != 0)
        return SX_EIO;
    if (l->count > 0)
        qsort(l->names, l->count, sizeof(*l->names), by_bytes);
    return rc;
}

/* ---- steps ----------------------------------------------------------------------------- */

static int64_t nanoseconds(const struct timespec *t)
{
    return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static void fill(struct walk_file *out, const char *path, const struct stat *st)
{
    out->path = path;
    out->size = st == NULL ? 0 : (uint64_t)st->st_size;
    out->changed_ns = st == NULL ? 0 : nanoseconds(&st->st_ctim);
    out->modified_ns = st == NULL ? 0 : nanoseconds(&st->st_mtim);
    out->problem = NULL;
}

static void report(struct walk *w, struct walk_file *out, const struct stat *st)
{
    fill(out, buf_cstr(&w->path), st); /* has room: see set_path() */
}

/* Why a thing that is no folder is no file to be read; NULL: it is one. */
static const char *odd_kind(const struct stat *st)
{
    if (S_ISREG(st->st_mode))
        return NULL;
    return S_ISLNK(st->st_mode) ? "a symbolic link, which is not followed" : "not a regular file";
}

static void report_problem(struct walk *w, struct walk_file *out, const char *why)
{
    report(w, out, NULL);
    snprintf(w->problem, sizeof(w->problem), "%s", why);
    out->problem = w->problem;
}

/* The path becomes its first `keep` bytes and `name`. */
static sx_status set_path(struct walk *w, size_t keep, const char *name, struct sx_error *err)
{
    w->path.len = keep;
    buf_puts(&w->path, name);
    if (!buf_ok(&w->path) || buf_cstr(&w->path) == NULL)
        return sx_fail_oom(err);
    return SX_OK;
}

static sx_status more_levels(struct walk *w, struct sx_error *err)
{
    size_t room = w->room == 0 ? 16 : w->room * 2;
    struct level *levels;

    if (w->depth < w->room)
        return SX_OK;
    levels = mem_realloc(w->levels, room * sizeof(*levels));
    if (levels == NULL)
        return sx_fail_oom(err);
    w->levels = levels;
    w->room = room;
    return SX_OK;
}

/* Enters the folder open as `fd`, whose path stands in w->path; `fd` is consumed. SX_EIO: it
 * cannot be listed, errno says why, and the walk is where it was. */
static sx_status push_take(struct walk *w, int fd, struct sx_error *err)
{
    struct level l = {0};
    struct stat st;
    sx_status rc = more_levels(w, err);

    if (rc == SX_OK)
        rc = fstat(fd, &st) == 0 ? level_list(&l, fd, err) : SX_EIO;
    if (rc != SX_OK) {
        int saved = errno;
        level_release(&l);
        close(fd);
        errno = saved;
        return rc;
    }
    l.path_len = w->path.len;
    l.dev = st.st_dev;
    l.ino = st.st_ino;
    w->levels[w->depth++] = l;
    if (w->fd >= 0)
        close(w->fd);
    w->fd = fd;
    return SX_OK;
}

/* Back to the folder above. */
static sx_status pop(struct walk *w, struct sx_error *err)
{
    struct level *up;
    struct stat st;
    int fd = -1;

    level_release(&w->levels[--w->depth]);
    if (w->depth > 0) {
        up = &w->levels[w->depth - 1];
        fd = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) != 0 || st.st_dev != up->dev || st.st_ino != up->ino) {
            if (fd >= 0)
                close(fd);
            return sx_fail(err, SX_EIO, "a folder below '%s' was moved while it was read", w->root);
        }
    }
    close(w->fd);
    w->fd = fd;
    return SX_OK;
}

/* Goes into the folder `name` (with its slash) or tells why not. */
static sx_status descend(struct walk *w, const char *name, struct walk_file *out, bool *told,
                         struct sx_error *err)
{
    sx_status rc = SX_EIO;
    int fd = -1;

    *told = false;
    if (w->path.len >= PATH_MAX) {
        errno = ENAMETOOLONG;
    } else {
        fd = openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0)
            rc = push_take(w, fd, err);
    }
    if (rc != SX_EIO)
        return rc;
    if (errno == ENOENT)
        return SX_OK; /* gone since it was listed */
    *told = true;
    w->path.len--; /* a folder is named without its slash */
    report_problem(w, out, strerror(errno));
    return SX_OK;
}

/* A file; *told is false for what is gone since it was listed. */
static void look_at(struct walk *w, const char *name, struct walk_file *out, bool *told)
{
    struct stat st;

    *told = true;
    if (w->path.len >= PATH_MAX) {
        report_problem(w, out, strerror(ENAMETOOLONG));
    } else if (fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        *told = errno != ENOENT;
        report_problem(w, out, strerror(errno));
    } else if (odd_kind(&st) == NULL) {
        report(w, out, &st);
    } else {
        report_problem(w, out, odd_kind(&st));
    }
}

/* The root itself: here a failure ends the walk. */
static sx_status begin(struct walk *w, struct sx_error *err)
{
    const char *root = w->root[0] == '\0' ? "/" : w->root;
    sx_status rc;
    int fd;

    rc = set_path(w, 0, w->root, err);
    if (rc == SX_OK)
        rc = set_path(w, w->path.len, "/", err);
    if (rc != SX_OK)
        return rc;
    fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = fd < 0 ? SX_EIO : push_take(w, fd, err);
    return rc == SX_EIO ? sx_fail_errno(err, "cannot list", root) : rc;
}

sx_status walk_next(struct walk *w, struct walk_file *out, bool *more, struct sx_error *err)
{
    sx_status rc = w->begun ? SX_OK : begin(w, err);
    bool told = false;

    w->begun = w->begun || rc == SX_OK;
    *more = false;
    while (rc == SX_OK && !told && w->depth > 0) {
        struct level *l = &w->levels[w->depth - 1];
        if (l->next == l->count) {
            rc = pop(w, err);
            continue;
        }
        const char *name = l->names[l->next];
        rc = set_path(w, l->path_len, name, err);
        if (rc != SX_OK)
            break;
        l->next++;
        if (name[strlen(name) - 1] == '/')
            rc = descend(w, name, out, &told, err);
        else
            look_at(w, name, out, &told);
    }
    *more = rc == SX_OK && told;
    return rc;
}

enum walk_kind walk_look(const char *path, struct walk_file *out)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        fill(out, path, NULL);
        out->problem = strerror(errno);
        return errno == ENOENT || errno == ENOTDIR ? WALK_GONE : WALK_FILE;
    }
    fill(out, path, &st);
    out->problem = odd_kind(&st);
    return S_ISDIR(st.st_mode) ? WALK_FOLDER : WALK_FILE;
}

void walk_uri(const char *path, struct buf *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~/";
    static const char digit[] = "0123456789ABCDEF";

    buf_puts(out, "file://");
    for (; *path != '\0'; path++) {
        unsigned char c = (unsigned char)*path;
        if (strchr(plain, c) != NULL) {
            buf_putc(out, *path);
        } else {
            buf_putc(out, '%');
            buf_putc(out, digit[c >> 4]);
            buf_putc(out, digit[c & 15]);
        }
    }
}
