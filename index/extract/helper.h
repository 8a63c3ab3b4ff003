/* A helper process: reads one file after another in the sandbox, until nobody asks. */
#ifndef INDEX_EXTRACT_HELPER_H
#define INDEX_EXTRACT_HELPER_H

#include "index/extract/sandbox.h"
#include "index/ingest/reader.h"

/* ingest_read(), or what a test puts in its place. */
typedef sx_status (*helper_reader)(enum media m, struct sx_str uri, struct sx_str bytes,
                                   const struct ingest_sink *sink, struct sx_error *err);

/* Enters the sandbox and answers the requests that come over `fd`, the only descriptor it has
 * besides 0 to 2, which lead nowhere. It ends with the stream, or at the first thing amiss. */
_Noreturn void helper_run(int fd, helper_reader read, const struct sandbox_limits *limits);

#endif
