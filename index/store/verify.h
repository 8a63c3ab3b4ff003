/* SQLite's and FTS5's own integrity checks. */
#ifndef INDEX_STORE_VERIFY_H
#define INDEX_STORE_VERIFY_H

#include "index/store/db.h"

/* The structure of the file, and that every document has its text and the other way round. */
sx_status verify_file(struct db *c, struct sx_error *err);
/* The postings; `text`: also against the stored text, which must have been indexed by today's
 * analyzer. */
sx_status verify_fts(struct db *c, bool text, struct sx_error *err);

#endif
