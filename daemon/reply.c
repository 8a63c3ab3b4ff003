/* The words of a reply. */
#include "daemon/reply.h"

#include <string.h>

#include "index/base/json.h"
#include "index/base/str.h"
#include "index/base/utf8.h"

#define RETRY_AFTER_MS 200

void reply_begin(struct buf *out, struct sx_str id)
{
    buf_putc(out, '{');
    if (id.ptr != NULL) {
        buf_puts(out, "\"id\":");
        buf_put_str(out, id);
        buf_putc(out, ',');
    }
    buf_puts(out, "\"ok\":true");
}

void reply_end(struct buf *out)
{
    buf_puts(out, "}\n");
}

static void put_key(struct buf *out, const char *key)
{
    buf_puts(out, ",\"");
    buf_puts(out, key);
    buf_puts(out, "\":");
}

void reply_str(struct buf *out, const char *key, struct sx_str value)
{
    if (value.ptr == NULL)
        return;
    put_key(out, key);
    json_print_str(value, out);
}

void reply_u64(struct buf *out, const char *key, uint64_t value)
{
    put_key(out, key);
    buf_put_u64(out, value);
}

void reply_bool(struct buf *out, const char *key, bool value)
{
    put_key(out, key);
    buf_puts(out, value ? "true" : "false");
}

void reply_strs(struct buf *out, const char *key, const struct sx_str *values, size_t count)
{
    put_key(out, key);
    buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_putc(out, ',');
        json_print_str(values[i], out);
    }
    buf_putc(out, ']');
}

static bool come_again(sx_status code)
{
    return code == SX_EBUSY || code == SX_ESTARTING || code == SX_ESHUTDOWN || code == SX_ELOCKED;
}

/* What an error quotes of a peer's words may end within a character: such bytes are left out. */
static void put_words(struct buf *out, const char *key, const char *words)
{
    char valid[sizeof((struct sx_error *)0)->msg];
    size_t n = 0;
    for (size_t left = strlen(words); left > 0;) {
        size_t good = utf8_check(words, left), step = good < left ? good + 1 : good;
        memcpy(valid + n, words, good);
        n += good;
        words += step;
        left -= step;
    }
    reply_str(out, key, str_make(valid, n));
}

void reply_failure(struct buf *out, struct sx_str id, const struct sx_error *err)
{
    buf_putc(out, '{');
    if (id.ptr != NULL) {
        buf_puts(out, "\"id\":");
        buf_put_str(out, id);
        buf_putc(out, ',');
    }
    buf_printf(out, "\"ok\":false,\"error\":{\"code\":\"%s\"", sx_status_name(err->code));
    put_words(out, "message", err->msg);
    if (err->param[0] != '\0')
        put_words(out, "param", err->param);
    if (err->offset >= 0)
        reply_u64(out, "offset", (uint64_t)err->offset);
    if (come_again(err->code))
        reply_u64(out, "retry_after_ms", RETRY_AFTER_MS);
    buf_puts(out, "}}");
}

void reply_error(struct buf *out, struct sx_str id, const struct sx_error *err)
{
    reply_failure(out, id, err);
    buf_putc(out, '\n');
}

void reply_coverage(struct buf *out, const struct sx_coverage *c)
{
    buf_puts(out, ",\"coverage\":{\"docs\":");
    buf_put_u64(out, c->docs);
    reply_u64(out, "failed", c->failed);
    reply_u64(out, "pending", c->pending);
    buf_putc(out, '}');
}
