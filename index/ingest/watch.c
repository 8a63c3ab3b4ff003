/* Watching a root by inotify, which has no watches for trees: one a folder. They are known by small
 * numbers, under which the folder's path is kept; a folder that is moved away loses its watches and those below it, and
 * where it comes back they are made anew.
 *
 * A folder that appears is watched first and told then, so that whoever looks into it at that sees
 * what was made there before the watch. */
#include <searchd/index.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/error.h"
#include "index/base/str.h"

#define EVENTS                                                                                     \
    (IN_CLOSE_WRITE | IN_MOVE_SELF | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE |         \
     IN_ATTRIB | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK)
#define READ_BYTES ((size_t)64 << 10)
#define PATHS_MAX 10000 /* told one by one; of more, that there are many */

struct paths {
    char **items;
    size_t count, cap;
};

struct sx_watch {
    int fd;
    char *root;
    char **folders; /* by watch; NULL: no such watch */
    size_t folder_cap;
    struct paths news; /* of the last take */
    bool all, lost;
    struct paths todo; /* folders still to be watched */
    char lacks[128];
};

/* ---- lists of paths --------------------------------------------------------------------------- */

static void paths_clear(struct paths *p)
{
    while (p->count > 0)
        mem_free(p->items[--p->count]);
}

static void paths_release(struct paths *p)
{
    paths_clear(p);
    mem_free(p->items);
    *p = (struct paths){0};
}

/* Takes `path`, which may be NULL: memory ran out. */
static bool paths_add_take(struct paths *p, char *path)
{
    if (path != NULL && p->count == p->cap) {
        size_t cap = p->cap == 0 ? 16 : p->cap * 2;
        char **grown = mem_realloc(p->items, cap * sizeof(*grown));
        if (grown == NULL) {
            mem_free(path);
            return false;
        }
        p->items = grown;
        p->cap = cap;
    }
    if (path != NULL)
        p->items[p->count++] = path;
    return path != NULL;
}

/* FOLDER/NAME, the caller's to free; NULL: memory ran out. */
static char *join(const char *folder, const char *name)
{
    struct buf b = {0};

    buf_puts(&b, folder);
    if (b.len == 0 || b.data[b.len - 1] != '/')
        buf_putc(&b, '/');
    buf_puts(&b, name);
    if (buf_cstr(&b) == NULL)
        buf_release(&b);
    return b.data;
}

/* ---- watches ---------------------------------------------------------------------------------- */

/* Takes `path`. */
static bool keep_take(struct sx_watch *w, int wd, char *path)
{
    size_t at = (size_t)wd;

    if (at >= w->folder_cap) {
        size_t cap = w->folder_cap == 0 ? 64 : w->folder_cap;
        while (cap <= at)
            cap *= 2;
        char **grown = mem_realloc(w->folders, cap * sizeof(*grown));
        if (grown == NULL) {
            mem_free(path);
            return false;
        }
        memset(grown + w->folder_cap, 0, (cap - w->folder_cap) * sizeof(*grown));
        w->folders = grown;
        w->folder_cap = cap;
    }
    mem_free(w->folders[at]);
    w->folders[at] = path;
    return true;
}

static void cannot(struct sx_watch *w)
{
    if (w->lacks[0] == '\0')
        snprintf(w->lacks, sizeof(w->lacks), "%s",
                 errno == ENOSPC ? "more folders than fs.inotify.max_user_watches allows"
                                 : strerror(errno));
}

/* Puts the folders in `path` on the list. */
static bool list_folders(struct sx_watch *w, const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *e;
    struct stat st;
    bool ok = true;

    while (ok && dir != NULL && (e = readdir(dir)) != NULL) {
        bool folder = e->d_type == DT_DIR;
        if (e->d_name[0] == '.')
            continue;
        if (e->d_type == DT_UNKNOWN)
            folder = fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISDIR(st.st_mode);
        if (folder)
            ok = paths_add_take(&w->todo, join(path, e->d_name));
    }
    if (dir != NULL)
        closedir(dir);
    return ok;
}

/* Watches a folder and all below it. False: memory ran out. */
static bool watch_tree(struct sx_watch *w, const char *path)
{
    bool ok = paths_add_take(&w->todo, mem_strndup(path, strlen(path)));

    while (ok && w->todo.count > 0) {
        char *folder = w->todo.items[--w->todo.count];
        int wd = inotify_add_watch(w->fd, folder, EVENTS);
        if (wd >= 0) {
            ok = list_folders(w, folder);
            if (!keep_take(w, wd, folder))
                ok = false;
            continue;
        }
        if (errno != ENOENT && errno != ENOTDIR)
            cannot(w);
        mem_free(folder);
    }
    paths_clear(&w->todo);
    return ok;
}

/* A folder is no longer where it was. */
static void unwatch_tree(struct sx_watch *w, const char *path)
{
    size_t len = strlen(path);

    for (size_t i = 0; i < w->folder_cap; i++) {
        const char *f = w->folders[i];
        if (f != NULL && strncmp(f, path, len) == 0 && (f[len] == '\0' || f[len] == '/'))
            inotify_rm_watch(w->fd, (int)i); /* forgotten at IN_IGNORED */
    }
}

/* ---- life --------------------------------------------------------------------------------------- */

sx_status sx_watch_open(struct sx_watch **out, const char *root, struct sx_error *err)
{
    struct sx_watch *w = mem_zalloc(1, sizeof(*w));
    char *real = realpath(root, NULL);

    *out = NULL;
    if (w == NULL || real == NULL) {
        sx_status rc = w == NULL ? sx_fail_oom(err) : sx_fail_errno(err, "cannot resolve", root);
        mem_free(w);
        free(real);
        return rc;
    }
    w->root = mem_strndup(real, strlen(real));
    free(real);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    sx_status rc = SX_OK;
    if (w->fd < 0)
        rc = sx_fail_errno(err, "cannot watch", root);
    else if (w->root == NULL || !watch_tree(w, w->root))
        rc = sx_fail_oom(err);
    if (rc != SX_OK)
        sx_watch_close(w);
    else
        *out = w;
    return rc;
}

void sx_watch_close(struct sx_watch *w)
{
    if (w == NULL)
        return;
    if (w->fd >= 0)
        close(w->fd);
    for (size_t i = 0; i < w->folder_cap; i++)
        mem_free(w->folders[i]);
    mem_free(w->folders);
    paths_release(&w->news);
    paths_release(&w->todo);
    mem_free(w->root);
    mem_free(w);
}

int sx_watch_fd(const struct sx_watch *w)
{
    return w->fd;
}

const char *sx_watch_lacks(const struct sx_watch *w)
{
    return w->lacks;
}

/* ---- events --------------------------------------------------------------------------------------- */

/* A file that was made is told when it is closed; one that nobody will close, now: a link to one
 * that was there, or a thing that is no file. */
static bool is_ready(const char *path)
{
    struct stat st;

    return lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1;
}

static bool is_last(const struct paths *p, const char *path)
{
    return p->count > 0 && strcmp(p->items[p->count - 1], path) == 0;
}

/* False: memory ran out. */
static bool take_event(struct sx_watch *w, const struct inotify_event *e)
{
    const char *folder = e->wd >= 0 && (size_t)e->wd < w->folder_cap ? w->folders[e->wd] : NULL;

    if (e->mask & IN_Q_OVERFLOW)
        w->all = true;
    if (folder != NULL && (e->mask & (IN_IGNORED | IN_MOVE_SELF)) && strcmp(folder, w->root) == 0) {
        snprintf(w->lacks, sizeof(w->lacks), "the folder is gone, or was moved");
        w->lost = true;
    }
    if (folder != NULL && (e->mask & IN_IGNORED)) {
        mem_free(w->folders[e->wd]);
        w->folders[e->wd] = NULL;
        return true;
    }
    if (folder == NULL || e->len == 0 || e->name[0] == '.' || e->name[0] == '\0')
        return true;
    char *path = join(folder, e->name);
    bool ok = path != NULL;
    if (ok && (e->mask & IN_ISDIR)) {
        if (e->mask & (IN_MOVED_FROM | IN_DELETE))
            unwatch_tree(w, path);
        else
            ok = watch_tree(w, path);
    } else if (ok && e->mask & IN_CREATE && !is_ready(path)) {
        mem_free(path);
        return true;
    }
    if (!ok || w->all || is_last(&w->news, path)) {
        mem_free(path);
        return ok;
    }
    if (w->news.count == PATHS_MAX)
        w->all = true;
    return paths_add_take(&w->news, path);
}

sx_status sx_watch_take(struct sx_watch *w, struct sx_watch_news *out, struct sx_error *err)
{
    _Alignas(struct inotify_event) char room[READ_BYTES];
    bool ok = true;
    ssize_t n;

    *out = (struct sx_watch_news){0};
    paths_clear(&w->news);
    w->all = false;
    w->lost = false;
    while (ok && !w->all && w->news.count < PATHS_MAX &&
           (n = read(w->fd, room, sizeof(room))) > 0) {
        for (ssize_t at = 0; ok && at < n;) {
            const struct inotify_event *e = (const void *)(room + at);
            ok = take_event(w, e);
            at += (ssize_t)(sizeof(*e) + e->len);
        }
    }
    if (!ok)
        return sx_fail_oom(err);
    out->all = w->all;
    out->lost = w->lost;
    out->paths = (const char *const *)w->news.items;
    out->count = w->all ? 0 : w->news.count;
    return SX_OK;
}
