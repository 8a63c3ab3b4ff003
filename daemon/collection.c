/* Opening and closing a collection. */
#include "daemon/collection.h"

#include <string.h>

#include <searchd/index.h>

#include "daemon/log.h"
#include "daemon/writer.h"
#include "index/base/alloc.h"

sx_status collection_open(struct collection *c, const struct config_collection *conf,
                          struct sx_extract *extract, uint64_t lock_wait_ms, struct sx_error *err)
{
    memset(c, 0, sizeof *c);
    c->name = mem_strndup(conf->name, strlen(conf->name));
    if (c->name == NULL)
        return sx_fail_oom(err);
    struct sx_index_options opt = {.relaxed = conf->relaxed,
                                   .keep_boilerplate = conf->keep_boilerplate,
                                   .lock_wait_ms = lock_wait_ms,
                                   .languages = (const char *const *)conf->languages,
                                   .language_count = conf->language_count,
                                   .extract = extract};
    sx_status rc = sx_index_open(&c->index, conf->data, &opt, err);
    struct sx_error why;
    if (rc == SX_OK && sx_index_stale(c->index, &why))
        log_warn("index stale collection=%s roots=%zu why=\"%s\"; roots are not read until then",
                 c->name, conf->root_count, why.msg);
    return rc;
}

sx_status collection_start(struct collection *c, const struct config_collection *conf,
                           size_t max_bytes, struct mailbox *mail, struct sx_error *err)
{
    return writer_start(&c->writer, c->name, c->index, conf, max_bytes, mail, err);
}

void collection_stop(struct collection *c)
{
    writer_stop(c->writer);
    c->writer = NULL;
}

void collection_close(struct collection *c)
{
    collection_stop(c);
    sx_index_close(c->index);
    mem_free(c->name);
    memset(c, 0, sizeof *c);
}
