/* Writing beside, syncing, renaming. */
#include "index/engine/segfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zlib.h>

#include "index/base/alloc.h"
#include "index/base/file.h"
#include "index/base/sha256.h"
#include "index/engine/reach.h"

#define MANIFEST_BYTES_MAX ((size_t)1 << 20)
#define MANIFEST_HEAD "searchd blockmax 1\n"
#define NAME_MAX_BYTES 512
#define HEX_BYTES ((size_t)2 * SEGMENT_ID_BYTES)

static sx_status fail_io(const char *what, const char *path, struct sx_error *err)
{
    return sx_fail(err, errno == ENOSPC || errno == EDQUOT ? SX_EFULL : SX_EIO, "%s '%s': %s", what,
                   path, strerror(errno));
}

static sx_status path_of(const char *folder, const char *name, struct buf *out,
                         struct sx_error *err)
{
    buf_clear(out);
    buf_printf(out, "%s/%s", folder, name);
    return buf_cstr(out) == NULL ? sx_fail_oom(err) : SX_OK;
}

sx_status segfiles_folder(const char *dir, struct buf *out, struct sx_error *err)
{
    sx_status rc = path_of(dir, "blockmax", out, err);

    return rc == SX_OK ? file_make_dirs(out->data, err) : rc;
}

sx_status segfiles_room(const char *folder, uint64_t bytes, struct sx_error *err)
{
    struct statvfs fs;

    if (statvfs(folder, &fs) != 0)
        return fail_io("look at the disk of", folder, err);
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (free_bytes >= 2 * bytes)
        return SX_OK;
    return sx_fail(err, SX_EFULL,
                   "%" PRIu64
                   " bytes are free on the disk: too few for a segment of about %" PRIu64,
                   free_bytes, bytes);
}

/* Syncs a folder, so that what was renamed in it stays so. */
static sx_status sync_folder(const char *folder, struct sx_error *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fail_io("open", folder, err);
    int rc = fsync(fd);
    sx_status status = rc == 0 ? SX_OK : fail_io("sync", folder, err);
    close(fd);
    return status;
}

static sx_status rename_in(const char *folder, const char *from, const char *to,
                           struct sx_error *err)
{
    struct buf a = {0}, b = {0};
    sx_status rc = path_of(folder, from, &a, err);

    if (rc == SX_OK)
        rc = path_of(folder, to, &b, err);
    if (rc == SX_OK && rename(a.data, b.data) != 0)
        rc = fail_io("rename", a.data, err);
    if (rc == SX_OK)
        rc = sync_folder(folder, err);
    buf_release(&a);
    buf_release(&b);
    return rc;
}

/* ---- the manifest ----------------------------------------------------------------------------- */

static bool read_line(const char **at, struct segment_name *f)
{
    char hex[HEX_BYTES + 1];
    int used = 0;

    if (sscanf(*at, "segment %32s %" SCNu64 " %" SCNu64 " %" SCNu64 "\n%n", hex, &f->first,
               &f->next, &f->size, &used) != 4 ||
        used == 0 || strlen(hex) != HEX_BYTES || hex_decode(hex, SEGMENT_ID_BYTES, f->id) != 0)
        return false;
    *at += used;
    return true;
}

/* The last line is the checksum of those before it. */
static bool parse(struct buf *text, struct manifest *out)
{
    const char *at = buf_cstr(text);
    const char *last = at == NULL ? NULL : strstr(at, "\ncrc ");
    uint32_t crc;
    int used = 0;

    if (last == NULL || sscanf(last, "\ncrc %8" SCNx32 "\n%n", &crc, &used) != 1 || used != 14 ||
        last + used != at + text->len ||
        (uint32_t)crc32(0, (const uint8_t *)at, (uInt)(last + 1 - at)) != crc ||
        strncmp(at, MANIFEST_HEAD, strlen(MANIFEST_HEAD)) != 0)
        return false;
    at += strlen(MANIFEST_HEAD);
    used = 0;
    if (sscanf(at, "analyzer %" SCNu64 "\n%n", &out->analyzer, &used) != 1 || used == 0)
        return false;
    at += used;
    while (at <= last && out->count < SEGMENT_FILES_MAX)
        if (!read_line(&at, &out->files[out->count++]))
            return false;
    return at == last + 1;
}

sx_status manifest_read(const char *folder, struct manifest *out, struct sx_error *err)
{
    struct buf path = {0}, text = {0};
    sx_status rc = path_of(folder, "manifest", &path, err);

    memset(out, 0, sizeof(*out));
    if (rc == SX_OK)
        rc = file_read(path.data, MANIFEST_BYTES_MAX, &text, err);
    if (rc == SX_OK && !parse(&text, out))
        rc = sx_fail(err, SX_ECORRUPT, "'%s' is damaged", path.data);
    buf_release(&path);
    buf_release(&text);
    return rc;
}

static void print(const struct manifest *m, struct buf *out)
{
    char hex[2 * SEGMENT_ID_BYTES + 1];

    buf_puts(out, MANIFEST_HEAD);
    buf_printf(out, "analyzer %" PRIu64 "\n", m->analyzer);
    for (size_t i = 0; i < m->count; i++) {
        const struct segment_name *f = &m->files[i];
        hex_encode(f->id, SEGMENT_ID_BYTES, hex);
        buf_printf(out, "segment %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", hex, f->first, f->next,
                   f->size);
    }
    if (buf_ok(out))
        buf_printf(out, "crc %08" PRIx32 "\n",
                   (uint32_t)crc32(0, (const uint8_t *)out->data, (uInt)out->len));
}

static sx_status write_all(int fd, const char *path, struct sx_str bytes, struct sx_error *err)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_io("write", path, err);
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
    return fdatasync(fd) == 0 ? SX_OK : fail_io("sync", path, err);
}

sx_status manifest_write(const char *folder, const struct manifest *m, struct sx_error *err)
{
    struct buf path = {0}, text = {0};
    sx_status rc = path_of(folder, "manifest.new", &path, err);

    print(m, &text);
    if (rc == SX_OK && !buf_ok(&text))
        rc = sx_fail_oom(err);
    if (rc == SX_OK) {
        int fd = open(path.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        rc = fd < 0 ? fail_io("open", path.data, err)
                    : write_all(fd, path.data, buf_str(&text), err);
        if (fd >= 0)
            close(fd);
    }
    if (rc == SX_OK)
        rc = rename_in(folder, "manifest.new", "manifest", err);
    buf_release(&path);
    buf_release(&text);
    return rc;
}

/* ---- segments --------------------------------------------------------------------------------- */

static void file_name(const uint8_t id[SEGMENT_ID_BYTES], const char *ending, char *out)
{
    char hex[2 * SEGMENT_ID_BYTES + 1];

    hex_encode(id, SEGMENT_ID_BYTES, hex);
    snprintf(out, NAME_MAX_BYTES, "%s%s", hex, ending);
}

sx_status segfile_begin(const char *folder, uint8_t id[SEGMENT_ID_BYTES], int *fd,
                        struct sx_error *err)
{
    char name[NAME_MAX_BYTES];
    struct buf path = {0};

    *fd = -1;
    if (getrandom(id, SEGMENT_ID_BYTES, 0) != SEGMENT_ID_BYTES)
        return sx_fail(err, SX_EIO, "no random bytes: %s", strerror(errno));
    file_name(id, ".new", name);
    sx_status rc = path_of(folder, name, &path, err);
    if (rc == SX_OK) {
        *fd = open(path.data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (*fd < 0)
            rc = fail_io("make", path.data, err);
    }
    buf_release(&path);
    return rc;
}

static void remove_in(const char *folder, const char *name)
{
    struct buf path = {0};

    if (path_of(folder, name, &path, NULL) == SX_OK)
        unlink(path.data);
    buf_release(&path);
}

void segfile_abandon(const char *folder, const uint8_t id[SEGMENT_ID_BYTES], int fd)
{
    char name[NAME_MAX_BYTES];

    if (fd < 0)
        return;
    close(fd);
    file_name(id, ".new", name);
    remove_in(folder, name);
}

void segfile_remove(const char *folder, const uint8_t id[SEGMENT_ID_BYTES])
{
    char name[NAME_MAX_BYTES];

    file_name(id, ".segment", name);
    remove_in(folder, name);
}

sx_status segfile_end(const char *folder, const struct segment_name *name, int fd,
                      struct segment **out, struct sx_error *err)
{
    char from[NAME_MAX_BYTES], to[NAME_MAX_BYTES];
    sx_status rc = fdatasync(fd) == 0 ? SX_OK : fail_io("sync a segment in", folder, err);

    *out = NULL;
    file_name(name->id, ".new", from);
    file_name(name->id, ".segment", to);
    if (rc == SX_OK)
        rc = rename_in(folder, from, to, err);
    if (rc == SX_OK)
        rc = segfile_open(folder, name, out, err);
    close(fd);
    if (rc != SX_OK) {
        remove_in(folder, from);
        remove_in(folder, to);
    }
    return rc;
}

sx_status segfile_open(const char *folder, const struct segment_name *name, struct segment **out,
                       struct sx_error *err)
{
    char file[NAME_MAX_BYTES];
    struct buf path = {0};

    *out = NULL;
    file_name(name->id, ".segment", file);
    sx_status rc = path_of(folder, file, &path, err);
    if (rc == SX_OK)
        rc = segment_of_file(out, path.data, name, err);
    buf_release(&path);
    return rc;
}

static struct segset *load_named(const char *folder, const struct manifest *man)
{
    struct segment *at[SEGMENT_FILES_MAX];
    size_t count = 0;
    struct sx_error err;

    for (size_t i = 0; i < man->count; i++) {
        const struct segment_name *f = &man->files[i];
        bool behind = f->first > 0 && (count == 0 || f->first >= at[count - 1]->next);
        if (behind && segfile_open(folder, f, &at[count], &err) == SX_OK)
            count++;
    }
    struct segset *set = segset_new(at, count, 0);
    for (size_t i = 0; i < count; i++)
        segment_unref(at[i]);
    return set;
}

struct segset *segfiles_load(const char *dir, uint64_t analyzer)
{
    struct buf folder = {0};
    struct sx_error err;
    struct manifest *man = mem_zalloc(1, sizeof(*man));
    struct segset *set = NULL;

    if (man != NULL && path_of(dir, "blockmax", &folder, &err) == SX_OK) {
        if (manifest_read(folder.data, man, &err) != SX_OK || man->analyzer != analyzer)
            man->count = 0;
        set = load_named(folder.data, man);
    }
    mem_free(man);
    buf_release(&folder);
    return set;
}

/* ---- the table of documents -------------------------------------------------------------------- */

sx_status tablefile_begin(const char *folder, int *fd, struct sx_error *err)
{
    struct buf path = {0};
    sx_status rc = path_of(folder, TABLE_FILE ".new", &path, err);

    *fd = -1;
    if (rc == SX_OK) {
        *fd = open(path.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        rc = *fd < 0 ? fail_io("make", path.data, err) : SX_OK;
    }
    buf_release(&path);
    return rc;
}

sx_status tablefile_end(const char *folder, int fd, sx_status made, struct sx_error *err)
{
    if (made == SX_OK && fdatasync(fd) != 0)
        made = fail_io("sync the table of documents in", folder, err);
    close(fd);
    if (made == SX_OK)
        made = rename_in(folder, TABLE_FILE ".new", TABLE_FILE, err);
    if (made != SX_OK)
        remove_in(folder, TABLE_FILE ".new");
    return made;
}

/* ---- what is not named ------------------------------------------------------------------------- */

static bool is_named(const struct manifest *m, const char *file)
{
    char name[NAME_MAX_BYTES];

    for (size_t i = 0; i < m->count; i++) {
        file_name(m->files[i].id, ".segment", name);
        if (strcmp(name, file) == 0)
            return true;
    }
    return false;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), e = strlen(ending);

    return n >= e && strcmp(name + n - e, ending) == 0;
}

void segfiles_sweep(const char *folder, const struct manifest *m)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (ends_with(name, ".new") || (ends_with(name, ".segment") && !is_named(m, name)))
            remove_in(folder, name);
    }
    if (dir != NULL)
        closedir(dir);
}
