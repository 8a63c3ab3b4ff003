/* INI by inih, one table of keys.
 *
 * inih hands over section, key and value without the line, and returns the line of the first
 * fault, its own or ours; so we feed it the lines, count them, and compare at the end. */
#include "daemon/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "index/base/address.h"
#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/file.h"

#define FILE_MAX_BYTES (1 << 20)
#define KEY_COUNT_MAX 64
#define NAME_MAX_BYTES 64

struct key;
struct reader {
    struct config *config;
    struct config_collection *collection; /* of the section at hand */
    char section[128];
    uint64_t seen;      /* bit i: keys[i] was given in this section */
    struct sx_str rest; /* of the file */
    int line;           /* the one at hand */
    struct sx_error err;
    int err_line;
};

typedef sx_status (*key_fn)(struct reader *r, const struct key *k, const char *value);

struct key {
    const char *section;
    const char *name;
    key_fn set;
    size_t at; /* offset in struct config, or in the collection */
    uint64_t min, max;
    bool many; /* may be repeated */
    const char *expects;
};

static void *field(struct reader *r, const struct key *k)
{
    char *base = strcmp(k->section, "collection") == 0 ? (char *)r->collection : (char *)r->config;
    return base + k->at;
}

static sx_status expected(struct reader *r, const struct key *k, const char *value)
{
    return sx_fail(&r->err, SX_EREQUEST, "%s = %s: expected %s", k->name, value, k->expects);
}

static sx_status set_number(struct reader *r, const struct key *k, const char *value)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || n < k->min || n > k->max)
        return expected(r, k, value);
    *(uint64_t *)field(r, k) = n;
    return SX_OK;
}

static sx_status set_bool(struct reader *r, const struct key *k, const char *value)
{
    bool yes = strcmp(value, "yes") == 0;
    if (!yes && strcmp(value, "no") != 0)
        return expected(r, k, value);
    *(bool *)field(r, k) = yes;
    return SX_OK;
}

static sx_status set_path(struct reader *r, const struct key *k, const char *value)
{
    if (value[0] != '/')
        return expected(r, k, value);
    char **to = field(r, k);
    mem_free(*to);
    *to = mem_strndup(value, strlen(value));
    return *to == NULL ? sx_fail_oom(&r->err) : SX_OK;
}

static sx_status set_listen(struct reader *r, const struct key *k, const char *value)
{
    struct address address;
    if (address_parse(&address, value, NULL) != SX_OK)
        return expected(r, k, value);
    return config_append(r->config->listen, &r->config->listen_count, CONFIG_LISTEN_MAX, value,
                         &r->err);
}

static sx_status set_root(struct reader *r, const struct key *k, const char *value)
{
    if (value[0] != '/')
        return expected(r, k, value);
    return config_append(r->collection->roots, &r->collection->root_count, CONFIG_ROOTS_MAX, value,
                         &r->err);
}

static sx_status set_level(struct reader *r, const struct key *k, const char *value)
{
    int level = log_level_of(value);
    if (level < 0)
        return expected(r, k, value);
    r->config->log_level = level;
    return SX_OK;
}

static sx_status set_durability(struct reader *r, const struct key *k, const char *value)
{
    bool relaxed = strcmp(value, "relaxed") == 0;
    if (!relaxed && strcmp(value, "full") != 0)
        return expected(r, k, value);
    r->collection->relaxed = relaxed;
    return SX_OK;
}

static sx_status set_boilerplate(struct reader *r, const struct key *k, const char *value)
{
    bool keep = strcmp(value, "keep") == 0;
    if (!keep && strcmp(value, "drop") != 0)
        return expected(r, k, value);
    r->collection->keep_boilerplate = keep;
    return SX_OK;
}

static sx_status set_languages(struct reader *r, const struct key *k, const char *value)
{
    struct config_collection *col = r->collection;
    const char *at = value + strspn(value, ", ");
    while (*at != '\0') {
        char code[16];
        size_t n = strcspn(at, ", ");
        if (n >= sizeof code || !sx_language_known((struct sx_str){at, n}))
            return expected(r, k, value);
        snprintf(code, sizeof code, "%.*s", (int)n, at);
        sx_status rc =
            config_append(col->languages, &col->language_count, SX_LANGUAGES_MAX, code, &r->err);
        if (rc != SX_OK)
            return rc;
        at += n;
        at += strspn(at, ", ");
    }
    return col->language_count > 0 ? SX_OK : expected(r, k, value);
}

#define LIMIT(name, min, max, expects)                                                             \
    {                                                                                              \
        "limits", #name, set_number, offsetof(struct config, limits.name), min, max, false,        \
            expects                                                                                \
    }

static const struct key keys[] = {
    {"server", "listen", set_listen, 0, 0, 0, true, "unix:/path or tcp:127.0.0.1:PORT"},
    {"server", "workers", set_number, offsetof(struct config, workers), 0, 256, false,
     "a number from 0 (one a core) to 256"},
    {"server", "admin_on_tcp", set_bool, offsetof(struct config, admin_on_tcp), 0, 0, false,
     "yes or no"},
    {"server", "data", set_path, offsetof(struct config, data), 0, 0, false, "an absolute path"},
    LIMIT(max_connections, 1, 1000000, "a number from 1 to 1000000"),
    LIMIT(timeout_ms, 1, 3600000, "milliseconds from 1 to 3600000"),
    LIMIT(line_bytes, 1024, 64 << 20, "bytes from 1024 to 67108864"),
    LIMIT(put_bytes, 1024, 256 << 20, "bytes from 1024 to 268435456"),
    LIMIT(in_flight, 1, 1024, "a number from 1 to 1024"),
    LIMIT(request_ms, 100, 3600000, "milliseconds from 100 to 3600000"),
    LIMIT(stall_ms, 100, 3600000, "milliseconds from 100 to 3600000"),
    LIMIT(idle_ms, 0, 86400000, "milliseconds from 0 (never) to 86400000"),
    LIMIT(queue, 1, 1000000, "a number from 1 to 1000000"),
    LIMIT(unsent_bytes, 1024, (uint64_t)1 << 40, "bytes from 1024 to 1099511627776"),
    LIMIT(write_bytes, 1024, (uint64_t)1 << 32, "bytes from 1024 to 4294967296"),
    {"files", "readers", set_number, offsetof(struct config, files.readers), 0, 64, false,
     "a number from 0 (one a core) to 64"},
    {"files", "timeout_ms", set_number, offsetof(struct config, files.timeout_ms), 100, 3600000,
     false, "milliseconds from 100 to 3600000"},
    {"files", "memory_mb", set_number, offsetof(struct config, files.memory_mb), 256, 65536, false,
     "a number from 256 to 65536"},
    {"log", "level", set_level, 0, 0, 0, false, "error, warn, info or debug"},
    {"collection", "data", set_path, offsetof(struct config_collection, data), 0, 0, false,
     "an absolute path"},
    {"collection", "root", set_root, 0, 0, 0, true, "an absolute path"},
    {"collection", "rescan", set_number, offsetof(struct config_collection, rescan_s), 1, 86400,
     false, "seconds from 1 to 86400"},
    {"collection", "durability", set_durability, 0, 0, 0, false, "full or relaxed"},
    {"collection", "boilerplate", set_boilerplate, 0, 0, 0, false, "drop or keep"},
    {"collection", "languages", set_languages, 0, 0, 0, false, "codes such as en, nl; at most 4"},
};

#define KEY_COUNT (sizeof keys / sizeof *keys)
_Static_assert(KEY_COUNT <= KEY_COUNT_MAX, "one bit a key");

void config_keys(void (*visit)(void *ctx, const char *section, const char *key,
                               const char *expects),
                 void *ctx)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        visit(ctx, keys[i].section, keys[i].name, keys[i].expects);
}

void config_init(struct config *c)
{
    memset(c, 0, sizeof *c);
    c->log_level = LOG_LEVEL_INFO;
    c->limits = (struct config_limits){
        .max_connections = 16384,
        .timeout_ms = 2000,
        .line_bytes = 1 << 20,
        .put_bytes = 16 << 20,
        .in_flight = 32,
        .request_ms = 30000,
        .stall_ms = 60000,
        .queue = 4096,
        .unsent_bytes = 256 << 20,
        .write_bytes = 64 << 20,
    };
    c->files = (struct config_files){.timeout_ms = 20000, .memory_mb = 1024};
}

void config_release(struct config *c)
{
    for (size_t i = 0; i < c->listen_count; i++)
        mem_free(c->listen[i]);
    for (size_t i = 0; i < c->collection_count; i++) {
        struct config_collection *col = &c->collections[i];
        for (size_t j = 0; j < col->root_count; j++)
            mem_free(col->roots[j]);
        for (size_t j = 0; j < col->language_count; j++)
            mem_free(col->languages[j]);
        mem_free(col->name);
        mem_free(col->data);
    }
    mem_free(c->data);
    memset(c, 0, sizeof *c);
}

sx_status config_append(char **list, size_t *count, size_t max, const char *value,
                        struct sx_error *err)
{
    if (*count == max)
        return sx_fail(err, SX_ELIMIT, "'%s' is one too many: at most %zu", value, max);
    char *copy = mem_strndup(value, strlen(value));
    if (copy == NULL)
        return sx_fail_oom(err);
    list[(*count)++] = copy;
    return SX_OK;
}

struct config_collection *config_find(struct config *c, const char *name)
{
    for (size_t i = 0; i < c->collection_count; i++)
        if (strcmp(c->collections[i].name, name) == 0)
            return &c->collections[i];
    return NULL;
}

/* The name becomes a folder: no slash, no leading dot. */
static bool valid_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return n > 0 && n <= NAME_MAX_BYTES && name[n] == '\0' && name[0] != '.';
}

static sx_status add_collection(struct config *c, const char *name, struct sx_error *err)
{
    if (!valid_name(name))
        return sx_fail(err, SX_EREQUEST,
                       "[collection %s]: expected a name of letters, digits, '_', '-' and '.'",
                       name);
    if (c->collection_count == CONFIG_COLLECTIONS_MAX)
        return sx_fail(err, SX_ELIMIT, "more than %d collections", CONFIG_COLLECTIONS_MAX);
    struct config_collection *col = &c->collections[c->collection_count];
    memset(col, 0, sizeof *col);
    col->rescan_s = 60;
    col->name = mem_strndup(name, strlen(name));
    if (col->name == NULL)
        return sx_fail_oom(err);
    c->collection_count++;
    return SX_OK;
}

/* "collection NAME" selects or adds a collection; *kind is what the table calls the section. */
static sx_status enter_section(struct reader *r, const char *section)
{
    if (strncmp(section, "collection", 10) == 0 && section[10] == ' ') {
        const char *name = section + 10 + strspn(section + 10, " ");
        r->collection = config_find(r->config, name);
        if (r->collection == NULL) {
            sx_status rc = add_collection(r->config, name, &r->err);
            if (rc != SX_OK)
                return rc;
            r->collection = &r->config->collections[r->config->collection_count - 1];
        }
    } else if (strcmp(section, "server") != 0 && strcmp(section, "limits") != 0 &&
               strcmp(section, "files") != 0 && strcmp(section, "log") != 0) {
        return sx_fail(&r->err, SX_EREQUEST,
                       "[%s]: expected [server], [limits], [files], [log] or [collection NAME]",
                       section);
    }
    snprintf(r->section, sizeof r->section, "%s", section);
    r->seen = 0;
    return SX_OK;
}

static sx_status set_key(struct reader *r, const char *section, const char *name, const char *value)
{
    const char *kind = strncmp(section, "collection ", 11) == 0 ? "collection" : section;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const struct key *k = &keys[i];
        if (strcmp(k->section, kind) != 0 || strcmp(k->name, name) != 0)
            continue;
        if (!k->many && (r->seen & ((uint64_t)1 << i)) != 0)
            return sx_fail(&r->err, SX_EREQUEST, "%s is given twice in [%s]", name, section);
        r->seen |= (uint64_t)1 << i;
        return k->set(r, k, value);
    }
    return sx_fail(&r->err, SX_EREQUEST, "[%s] has no key '%s'", section, name);
}

/* inih's callback: non-zero is good. Only the first fault counts. */
static int take_pair(void *user, const char *section, const char *name, const char *value)
{
    struct reader *r = user;
    if (r->err.code != SX_OK)
        return 1;
    r->err_line = r->line; /* stands if this fails */
    if (strcmp(section, r->section) != 0 && enter_section(r, section) != SX_OK)
        return 0;
    return set_key(r, section, name, value) == SX_OK;
}

/* A section counts even when it has no keys, of which inih alone would say nothing. */
static void begin_section(struct reader *r, const char *line)
{
    char section[sizeof r->section];
    size_t len = line[0] == '[' ? strcspn(line, "]\n") : 0;
    if (len == 0 || line[len] != ']' || r->err.code != SX_OK)
        return;
    snprintf(section, sizeof section, "%.*s", (int)(len - 1), line + 1);
    r->err_line = r->line;
    if (strcmp(section, r->section) != 0)
        enter_section(r, section);
}

/* inih's fgets(), from memory. */
static char *next_line(char *out, int size, void *stream)
{
    struct reader *r = stream;
    if (r->rest.len == 0)
        return NULL;
    const char *end = memchr(r->rest.ptr, '\n', r->rest.len);
    size_t n = end == NULL ? r->rest.len : (size_t)(end - r->rest.ptr) + 1;
    if (n > (size_t)size - 1) /* never: such lines were refused before */
        n = (size_t)size - 1;
    memcpy(out, r->rest.ptr, n);
    out[n] = '\0';
    r->rest.ptr += n;
    r->rest.len -= n;
    r->line++;
    begin_section(r, out);
    return out;
}

/* Line number of the first line that inih would split, or 0. */
static size_t long_line(const char *text, size_t len)
{
    size_t line = 1, start = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && text[i] != '\n')
            continue;
        if (i - start > CONFIG_LINE_MAX)
            return line;
        start = i + 1;
        line++;
    }
    return 0;
}

sx_status config_read_text(struct config *c, const char *path, const char *text, size_t len,
                           struct sx_error *err)
{
    if (memchr(text, '\0', len) != NULL)
        return sx_fail(err, SX_EREQUEST, "%s: not a text file", path);
    size_t line = long_line(text, len);
    if (line != 0)
        return sx_fail(err, SX_EREQUEST, "%s:%zu: line is longer than %d bytes", path, line,
                       CONFIG_LINE_MAX);
    struct reader r = {.config = c,
                       .section = "\n", /* no section is named so */
                       .rest = {text, len}};
    int bad = ini_parse_stream(next_line, &r, take_pair, &r);
    if (bad < 0)
        return sx_fail_oom(err);
    if (r.err.code != SX_OK && (bad == 0 || bad >= r.err_line))
        return sx_fail(err, r.err.code, "%s:%d: %s", path, r.err_line, r.err.msg);
    if (bad > 0)
        return sx_fail(err, SX_EREQUEST, "%s:%d: expected [section] or key = value", path, bad);
    return SX_OK;
}

sx_status config_read(struct config *c, const char *path, struct sx_error *err)
{
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return sx_fail(err, SX_ENOTFOUND, "%s: no such file", path);
    struct buf text = {0};
    sx_status rc = file_read(path, FILE_MAX_BYTES, &text, err);
    if (rc != SX_OK && err != NULL && strstr(err->msg, path) == NULL) {
        struct sx_error why = *err;
        sx_fail(err, rc, "%s: %s", path, why.msg);
    }
    if (rc == SX_OK && buf_cstr(&text) == NULL)
        rc = sx_fail_oom(err);
    if (rc == SX_OK)
        rc = config_read_text(c, path, text.data, text.len, err);
    buf_release(&text);
    return rc;
}

/* "A/B", or NULL. */
static char *join(const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 2;
    char *path = mem_alloc(size);
    if (path != NULL)
        snprintf(path, size, "%s/%s", a, b);
    return path;
}

char *config_default_data(void)
{
    const char *xdg = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (geteuid() == 0)
        return mem_strndup("/var/lib/searchd", 16);
    if (xdg != NULL && xdg[0] == '/')
        return join(xdg, "searchd");
    return join(home != NULL && home[0] == '/' ? home : "/tmp", ".local/share/searchd");
}

sx_status config_finish(struct config *c, struct sx_error *err)
{
    if (c->data == NULL && (c->data = config_default_data()) == NULL)
        return sx_fail_oom(err);
    if (c->collection_count == 0) {
        sx_status rc = add_collection(c, "default", err);
        if (rc != SX_OK)
            return rc;
    }
    for (size_t i = 0; i < c->collection_count; i++) {
        struct config_collection *col = &c->collections[i];
        if (col->data == NULL && (col->data = join(c->data, col->name)) == NULL)
            return sx_fail_oom(err);
    }
    return SX_OK;
}
