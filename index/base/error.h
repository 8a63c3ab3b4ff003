/* Filling struct sx_error: the one place where messages are made. */
#ifndef INDEX_BASE_ERROR_H
#define INDEX_BASE_ERROR_H

#include <stddef.h>

#include <searchd/error.h>

#define SX_NO_OFFSET ((int64_t)-1)

/* Fills `err` (may be NULL) and returns `code`, so that a fault is `return sx_fail(…)`. */
sx_status sx_fail(struct sx_error *err, sx_status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with the parameter at fault and the byte offset in it (SX_NO_OFFSET: none). */
sx_status sx_fail_at(struct sx_error *err, sx_status code, const char *param, int64_t offset,
                     const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* SX_ENOMEM with fixed words; allocates nothing. */
sx_status sx_fail_oom(struct sx_error *err);

/* SX_EIO or SX_EFULL by errno, "what 'path': strerror". */
sx_status sx_fail_errno(struct sx_error *err, const char *what, const char *path);

#endif
