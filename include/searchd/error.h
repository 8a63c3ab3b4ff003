/* Status codes and the error that explains one.
 *
 * Zero is success. A function that can fail takes a struct sx_error; whoever first knows the
 * fault fills it and everyone above passes the code on. Every code has one name, the error
 * code of the wire protocol (daemon/PROTOCOL.md), given by sx_status_name(). */
#ifndef SEARCHD_ERROR_H
#define SEARCHD_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sx_status {
    SX_OK = 0,
    SX_EJSON,        /* bad_json: not JSON as RFC 8259 and this protocol have it */
    SX_EREQUEST,     /* bad_request: a value missing, of the wrong type or out of range */
    SX_EOP,          /* unknown_op */
    SX_EPARAM,       /* unknown_param */
    SX_EVERSION,     /* bad_version: a file or peer of another version */
    SX_EQUERY,       /* bad_query: the query cannot be parsed, or expands to too much */
    SX_ECURSOR,      /* bad_cursor: of another search, or no longer kept */
    SX_ENOTFOUND,    /* not_found */
    SX_ECOLLECTION,  /* no_collection */
    SX_ETOOLARGE,    /* too_large: one thing over its limit */
    SX_ELIMIT,       /* limit_exceeded: too many things */
    SX_EFORBIDDEN,   /* forbidden */
    SX_EREADONLY,    /* read_only: the index takes no more writes */
    SX_EBUSY,        /* busy: come again */
    SX_ESTARTING,    /* starting */
    SX_ESHUTDOWN,    /* shutting_down */
    SX_ETIMEOUT,     /* timeout */
    SX_ECANCELLED,   /* cancelled */
    SX_EFULL,        /* disk_full */
    SX_EIO,          /* io_error */
    SX_ECORRUPT,     /* corrupt */
    SX_ENOMEM,       /* internal: memory ran out */
    SX_ELOCKED,      /* busy: another process holds the index */
    SX_EUNREACHABLE, /* unreachable: no daemon answers (client only, never on the wire) */
    SX_EINTERNAL,    /* internal */
    SX_STATUS_COUNT
} sx_status;

struct sx_error {
    sx_status code;
    int64_t offset; /* byte offset in the input that is at fault, or -1 */
    char param[48]; /* the parameter at fault ("query", "docs[17].date"), or "" */
    char msg[320];  /* one line, no full stop */
};

/* The wire name of a code: "bad_query". Never NULL. */
const char *sx_status_name(sx_status code);

#ifdef __cplusplus
}
#endif
#endif
