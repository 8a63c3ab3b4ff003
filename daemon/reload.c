/* Reading the configuration again while serving: limits, log level, folders. What was opened at
 * the start (sockets, threads, indexes) stays as it is, and is told. A fault keeps the old one. */
#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/server.h"
#include "daemon/writer.h"

static bool same_list(char *const *a, size_t n, char *const *b, size_t m)
{
    if (n != m)
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return true;
}

static bool same_collections(const struct config *a, const struct config *b)
{
    if (a->collection_count != b->collection_count)
        return false;
    for (size_t i = 0; i < a->collection_count; i++) {
        const struct config_collection *x = &a->collections[i], *y = &b->collections[i];
        if (strcmp(x->name, y->name) != 0 || strcmp(x->data, y->data) != 0 ||
            x->relaxed != y->relaxed || x->keep_boilerplate != y->keep_boilerplate ||
            !same_list(x->languages, x->language_count, y->languages, y->language_count))
            return false;
    }
    return true;
}

/* The names of what differs and cannot be changed while running. */
static void name_restart(const struct config *old, const struct config *new, char *out, size_t size)
{
    bool listen = !same_list(old->listen, old->listen_count, new->listen, new->listen_count);
    bool files = memcmp(&old->files, &new->files, sizeof(old->files)) != 0;
    snprintf(out, size, "%s%s%s%s", listen ? "listen " : "",
             old->workers != new->workers ? "workers " : "", files ? "files " : "",
             same_collections(old, new) ? "" : "collections ");
    size_t n = strlen(out);
    if (n > 0)
        out[n - 1] = '\0';
}

static void apply_roots(struct server *s, struct config *new)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    for (size_t i = 0; i < s->collection_count; i++) {
        struct config_collection *col = config_find(new, s->collections[i].name);
        if (col != NULL && writer_reload(s->collections[i].writer, col, &err) != SX_OK)
            log_warn("reload of folders failed collection=%s why=\"%s\"", s->collections[i].name,
                     err.msg);
        queue_limit(writer_queue(s->collections[i].writer), WRITER_JOBS_MAX,
                    new->limits.write_bytes);
    }
}

sx_status server_reload(struct server *s, char *restart, size_t size, struct sx_error *err)
{
    struct config new;
    sx_status rc = options_config(s->options, &new, err);
    if (rc != SX_OK) {
        log_error("reload failed, the old configuration stays why=\"%s\"", err->msg);
        config_release(&new);
        return rc;
    }
    name_restart(&s->conf, &new, restart, size);
    log_set_level((enum log_level) new.log_level);
    apply_roots(s, &new);
    queue_limit(pool_queue(s->readers), new.limits.queue, SIZE_MAX);
    s->conf.limits = new.limits;
    s->conf.admin_on_tcp = new.admin_on_tcp;
    server_limit_conns(s);
    config_release(&new);
    log_info("reloaded needs_restart=\"%s\"", restart);
    return SX_OK;
}
