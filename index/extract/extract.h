/* Reading files in processes of their own: what comes from outside is parsed where it can do no
 * harm, and what a file does to its reader is told as the file's failure.
 *
 *   caller ── file's bytes ──> helper (sandboxed; from a pool) ── documents ──> caller's sink
 *                 └─────────> pdftotext (sandboxed; one a file)
 *
 * Plain text and JSON Lines are read in the caller's own process: their readers are small and know
 * no pointers but the text's own. Any thread; each call takes a helper for itself. */
#ifndef INDEX_EXTRACT_EXTRACT_H
#define INDEX_EXTRACT_EXTRACT_H

#include <searchd/index.h>

#include "index/extract/helper.h"

/* Users at once, none of whom waits for another's helper. */
#define EXTRACT_SIDES 3

struct extract_setup {
    unsigned helpers;   /* at most so many at once, of each side */
    unsigned time_ms;   /* that a file may take, but for the sink's own time; a long one for each
                         * INGEST_FILE_MAX of it */
    uint64_t memory;    /* bytes of a reader's address space */
    uint64_t out_bytes; /* of reply to a file, and 32 times the file's bytes more */
    helper_reader read;
    const char *pdftotext;
};

/* The defaults, by way of the public options, which may be NULL. */
void extract_defaults(struct extract_setup *s, const struct sx_extract_options *opt);
/* sx_extract_start() with all that can be set. */
sx_status extract_start(struct sx_extract **out, const struct extract_setup *setup,
                        struct sx_error *err);

/* How many files each side can have read at once. */
unsigned extract_helpers(const struct sx_extract *x);

/* How often since the last call the process that starts readers was replaced. NULL is fine. */
unsigned extract_restarts(struct sx_extract *x);

/* Whether a file of this kind can be read now. SX_EBUSY: another time. */
sx_status extract_ready(const struct sx_extract *x, enum media m, struct sx_error *err);

/* Reads one file above INGEST_FILE_MAX of a kind that ingest_is_long(), of `size` bytes behind `fd`, which stays
 * the caller's, without holding it in memory: in another process, which may take more time for it, as its size
 * is. `x` is not NULL. What changes in it meanwhile is the file's fault. */
sx_status extract_read_long(struct sx_extract *x, enum media m, struct sx_str uri, int fd,
                            uint64_t size, const struct ingest_sink *sink, struct sx_error *err);

/* Reads one file: the contract of ingest_read(). `x` NULL: in this process. SX_EREQUEST is the
 * file's fault, of which one is that its reader crashed, took too long or wanted too much; documents
 * it gave before are with the sink. SX_EBUSY is nobody's: the file may be read another time. */
sx_status extract_read(struct sx_extract *x, enum media m, struct sx_str uri, struct sx_str bytes,
                       const struct ingest_sink *sink, struct sx_error *err);

#endif
