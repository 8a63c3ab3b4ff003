/* Errors: a code and one line of words, made where the fault is known. */
#include "index/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[SX_STATUS_COUNT] = {
    [SX_OK] = "ok",
    [SX_EJSON] = "bad_json",
    [SX_EREQUEST] = "bad_request",
    [SX_EOP] = "unknown_op",
    [SX_EPARAM] = "unknown_param",
    [SX_EVERSION] = "bad_version",
    [SX_EQUERY] = "bad_query",
    [SX_ECURSOR] = "bad_cursor",
    [SX_ENOTFOUND] = "not_found",
    [SX_ECOLLECTION] = "no_collection",
    [SX_ETOOLARGE] = "too_large",
    [SX_ELIMIT] = "limit_exceeded",
    [SX_EFORBIDDEN] = "forbidden",
    [SX_EREADONLY] = "read_only",
    [SX_EBUSY] = "busy",
    [SX_ESTARTING] = "starting",
    [SX_ESHUTDOWN] = "shutting_down",
    [SX_ETIMEOUT] = "timeout",
    [SX_ECANCELLED] = "cancelled",
    [SX_EFULL] = "disk_full",
    [SX_EIO] = "io_error",
    [SX_ECORRUPT] = "corrupt",
    [SX_ENOMEM] = "internal",
    [SX_ELOCKED] = "busy",
    [SX_EUNREACHABLE] = "unreachable",
    [SX_EINTERNAL] = "internal",
};

const char *sx_status_name(sx_status code)
{
    if ((unsigned)code >= SX_STATUS_COUNT || names[code] == NULL)
        return "internal";
    return names[code];
}

__attribute__((format(printf, 5, 0))) static void fill(struct sx_error *err, sx_status code,
                                                       const char *param, int64_t offset,
                                                       const char *fmt, va_list ap)
{
    err->code = code;
    err->offset = offset;
    snprintf(err->param, sizeof(err->param), "%s", param);
    vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
}

sx_status sx_fail(struct sx_error *err, sx_status code, const char *fmt, ...)
{
    va_list ap;

    if (err == NULL)
        return code;
    va_start(ap, fmt);
    fill(err, code, "", SX_NO_OFFSET, fmt, ap);
    va_end(ap);
    return code;
}

sx_status sx_fail_at(struct sx_error *err, sx_status code, const char *param, int64_t offset,
                     const char *fmt, ...)
{
    va_list ap;

    if (err == NULL)
        return code;
    va_start(ap, fmt);
    fill(err, code, param, offset, fmt, ap);
    va_end(ap);
    return code;
}

sx_status sx_fail_oom(struct sx_error *err)
{
    return sx_fail(err, SX_ENOMEM, "out of memory");
}

sx_status sx_fail_errno(struct sx_error *err, const char *what, const char *path)
{
    int saved = errno;
    sx_status code = SX_EIO;

    if (saved == ENOSPC || saved == EDQUOT)
        code = SX_EFULL;
    else if (saved == ENOMEM)
        code = SX_ENOMEM;
    else if (saved == ENOENT)
        code = SX_ENOTFOUND;
    return sx_fail(err, code, "%s '%s': %s", what, path, strerror(saved));
}
