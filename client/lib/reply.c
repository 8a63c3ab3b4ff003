/* Getters that give "", 0 or false for what is absent or of another type: within version 1 a reply
 * only ever gains members. */
#include "client/lib/reply.h"

#include <string.h>

#define REPLY_VALUES_MAX (64 << 20)
#define RETRY_MS 100 /* when the daemon names none */

const char *reply_text(const cJSON *obj, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(obj, key));

    return text == NULL ? "" : text;
}

uint64_t reply_number(const cJSON *obj, const char *key)
{
    uint64_t n = 0;

    return json_get_u64(obj, key, 0, UINT64_MAX, &n, NULL) == SX_OK ? n : 0;
}

bool reply_flag(const cJSON *obj, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(obj, key));
}

static const cJSON *error_of(const cJSON *reply)
{
    return cJSON_GetObjectItemCaseSensitive(reply, "error");
}

const char *reply_code(const cJSON *reply)
{
    const char *code = reply_text(error_of(reply), "code");

    return code[0] == '\0' ? "internal" : code;
}

uint64_t reply_retry_ms(const cJSON *reply)
{
    const char *code = reply_code(reply);
    uint64_t ms = reply_number(error_of(reply), "retry_after_ms");

    if (strcmp(code, "busy") != 0 && strcmp(code, "starting") != 0)
        return 0;
    return ms == 0 ? RETRY_MS : ms;
}

/* The status of a wire code; a later daemon's new code is SX_EINTERNAL here. */
static sx_status status_of(const char *code)
{
    for (sx_status s = SX_EJSON; s < SX_STATUS_COUNT; s++)
        if (strcmp(sx_status_name(s), code) == 0 && s != SX_ENOMEM)
            return s;
    return SX_EINTERNAL;
}

static sx_status daemon_error(const cJSON *reply, struct sx_error *err)
{
    const cJSON *e = error_of(reply);
    const cJSON *offset = cJSON_GetObjectItemCaseSensitive(e, "offset");
    const char *message = reply_text(e, "message");

    return sx_fail_at(err, status_of(reply_code(reply)), reply_text(e, "param"),
                      cJSON_IsNumber(offset) ? (int64_t)offset->valuedouble : SX_NO_OFFSET, "%s",
                      message[0] == '\0' ? reply_code(reply) : message);
}

sx_status reply_parse(struct sx_str line, cJSON **out, struct sx_error *err)
{
    sx_status rc = json_parse(line, REPLY_VALUES_MAX, out, err);

    if (rc == SX_ENOMEM)
        return rc;
    if (rc != SX_OK || !cJSON_IsObject(*out))
        return sx_fail(err, SX_EINTERNAL, "the daemon sent something that is no reply");
    return reply_flag(*out, "ok") ? SX_OK : daemon_error(*out, err);
}
