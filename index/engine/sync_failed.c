/* What a sync could not read: told to its caller, and kept in the list of failures until it can
 * be read or is gone. */
#include "index/engine/sync.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/base/utf8.h"

/* Whether the failure is on record already, word for word: then nothing is written, so that a
 * folder at rest costs no commits. */
static bool is_known(struct sx_index *ix, struct sx_str uri, const char *reason)
{
    struct buf known = {0};
    bool found = false;
    sx_status rc = failed_reason(&ix->w, uri, &known, &found, NULL);
    bool same = rc == SX_OK && found && buf_ok(&known) && str_is(buf_str(&known), reason);

    buf_release(&known);
    return same;
}

/* A reason may name a path, whose bytes need not be UTF-8, or be cut amid a character. NULL: memory ran out. */
static const char *legible(const char *reason, struct buf *mem)
{
    size_t len = strlen(reason);

    for (size_t at = 0; at < len;) {
        size_t good = utf8_check(reason + at, len - at);
        buf_put(mem, reason + at, good);
        at += good;
        if (at < len) {
            buf_puts(mem, "\xEF\xBF\xBD");
            at++;
        }
    }
    return buf_cstr(mem);
}

static sx_status note(struct sx_index *ix, const char *path, struct sx_str uri, const char *stage,
                      const char *reason, int64_t file, struct sx_error *err)
{
    struct sync *s = ix->sync;
    struct sx_sync_event ev = {path, stage, reason};
    bool known = is_known(ix, uri, reason);
    sx_status rc = known ? SX_OK : write_begin(ix, err);

    if (rc == SX_OK && !known)
        rc = failed_put(&ix->w, uri, stage, reason, strcmp(stage, "parse") != 0, clock_wall(), file,
                        err);
    if (rc != SX_OK)
        return write_doom(ix, rc, err);
    ix->failed_touched = ix->failed_touched || !known;
    if (s != NULL && s->event != NULL)
        s->event(s->event_ctx, &ev);
    return SX_OK;
}

sx_status sync_note_failure(struct sx_index *ix, const char *path, struct sx_str uri,
                            const char *stage, const char *reason, int64_t file,
                            struct sx_error *err)
{
    struct buf mem = {0};
    const char *words = legible(reason, &mem);
    sx_status rc = words != NULL ? note(ix, path, uri, stage, words, file, err)
                                 : write_doom(ix, sx_fail_oom(err), err);

    buf_release(&mem);
    return rc;
}

/* The uri that stands for a root in the list of failures. */
static bool root_uri(const char *root, struct buf *uri)
{
    char cwd[PATH_MAX];
    struct buf path = {0};

    if (root[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        buf_printf(&path, "%s/", cwd);
    buf_puts(&path, root);
    if (buf_cstr(&path) != NULL)
        walk_uri(path.data, uri);
    bool ok = path.data != NULL && buf_ok(&path) && buf_ok(uri);
    buf_release(&path);
    return ok;
}

void sync_note_root(struct sx_index *ix, const char *root, const char *why)
{
    struct buf uri = {0};
    struct buf known = {0};
    bool found = false;
    struct sx_error err;

    if (root_uri(root, &uri) &&
        failed_reason(&ix->w, buf_str(&uri), &known, &found, &err) == SX_OK) {
        if (why != NULL) {
            sync_note_failure(ix, root, buf_str(&uri), "read", why, 0, &err);
        } else if (found && write_begin(ix, &err) == SX_OK) {
            if (failed_forget(&ix->w, buf_str(&uri), &err) != SX_OK)
                write_doom(ix, err.code, &err);
            ix->failed_touched = true;
        }
        sx_index_commit(ix, &err);
    }
    buf_release(&uri);
    buf_release(&known);
}
