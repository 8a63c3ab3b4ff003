/* From the bytes of a file to UTF-8. */
#ifndef INDEX_INGEST_CHARSET_H
#define INDEX_INGEST_CHARSET_H

#include <stdbool.h>

#include "index/base/buf.h"
#include "index/base/error.h"

#define CHARSET_NAME_MAX 40 /* bytes, with the NUL */

/* Whether a BOM says UTF-16 or UTF-32, where NUL bytes are no sign of a binary file. */
bool charset_is_wide(struct sx_str bytes);

/* `bytes` without a UTF-8 BOM. */
struct sx_str charset_skip_bom(struct sx_str bytes);

/* What an HTML page says of itself in <meta charset>, <meta content="…charset="> or <?xml
 * encoding>; "" when nothing. */
void charset_declared(struct sx_str html, char out[CHARSET_NAME_MAX]);

/* *text is valid UTF-8 without NUL, with \n as the only line end, and borrows from `bytes` or
 * from `mem`. In this order: a BOM, UTF-8 if it is that, `declared` ("" is none), what the
 * letters look like, windows-1252. Damaged UTF-8 or UTF-16 gets U+FFFD where a character is
 * broken. `used` says which charset it was, "" for UTF-8. SX_EREQUEST: a binary file.
 * SX_ETOOLARGE: over SX_TEXT_MAX. */
sx_status charset_decode(struct sx_str bytes, const char *declared, struct buf *mem,
                         struct sx_str *text, char used[CHARSET_NAME_MAX], struct sx_error *err);

#endif
