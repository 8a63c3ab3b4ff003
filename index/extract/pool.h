/* What the ways of reading in another process share. Private to this folder. */
#ifndef INDEX_EXTRACT_POOL_H
#define INDEX_EXTRACT_POOL_H

#include <pthread.h>

#include "index/base/buf.h"
#include "index/extract/extract.h"
#include "index/extract/spawner.h"

struct helper;

struct sx_extract {
    struct extract_setup setup;
    struct spawner *spawner;
    int lacks;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct helper *idle; /* the last used first: its memory is warm */
    unsigned count;      /* started, idle or not */
};

/* How long a process may still be waited for, and how much it may still say. */
struct patience {
    unsigned time_ms; /* of the file, at the beginning */
    uint64_t left_ns;
    uint64_t left_bytes;
    const atomic_bool *stopped; /* as of struct ingest_sink */
};

/* For a file of so many bytes. */
struct patience patience_for(const struct sx_extract *x, uint64_t bytes,
                             const struct ingest_sink *sink);
/* Waits for `events` of poll() on `fds`; SX_ETIMEOUT when the time is over, SX_ECANCELLED when the
 * file is not wanted any more. */
struct pollfd;
sx_status patience_poll(struct patience *p, struct pollfd *fds, unsigned count);

/* The failure of a file by what its process came to: SX_EREQUEST, or SX_ENOMEM and SX_EBUSY as
 * they are. `status` is as waitpid() has it. */
sx_status explain_death(const struct patience *p, sx_status rc, int status, struct sx_error *err);

/* A PDF; the contract of extract_read(). */
sx_status pdf_read(struct sx_extract *x, struct sx_str uri, struct sx_str bytes,
                   const struct ingest_sink *sink, struct sx_error *err);

/* PDFs inside one container: `sink` gets their documents, and their failures as an item's. */
struct foreign {
    struct sx_extract *x;
    const struct ingest_sink *sink;
    uint64_t took_ns;
};
/* A doc_sink of a struct foreign. */
sx_status foreign_doc(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err);

#endif
