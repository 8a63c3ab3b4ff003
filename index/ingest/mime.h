/* The syntax of mail (RFC 5322, MIME: RFC 2045 to 2047, 2231), read by hand. A library would have
 * to be GMime, which turns charsets over to iconv while it parses: that loads a module from disk
 * for each, and where documents are read no file can be opened. */
#ifndef INDEX_INGEST_MIME_H
#define INDEX_INGEST_MIME_H

#include <stdbool.h>

#include "index/base/buf.h"
#include "index/base/error.h"

/* A message or one of its parts: header lines, and what follows the empty line. */
struct mime_part {
    struct sx_str head, body;
};

/* Bytes that begin with no header line are all body. */
struct mime_part mime_split(struct sx_str bytes);

/* Replaces what is in `out` by the first header of that name, unfolded but not decoded; false and
 * empty when there is none. Memory running out shows by buf_ok(). */
bool mime_header(struct sx_str head, const char *name, struct buf *out);

/* Replaces what is in `out` by `raw` with its encoded words ("=?UTF-8?Q?=C3=A9?=") decoded: valid
 * UTF-8 without NUL. Words that cannot be decoded stay. */
void mime_words(struct sx_str raw, struct buf *out);

/* Whether a header's value begins with `what` ("text/", "text/html"), letters of either case. */
bool mime_is(struct sx_str value, const char *what);

/* Replaces what is in `out` by a parameter of a header's value (charset, boundary, filename), in
 * pieces and with a charset as RFC 2231 has it too; false and empty when there is none. */
bool mime_param(struct sx_str value, const char *name, struct buf *out);

/* Appends `body` without its Content-Transfer-Encoding ("base64", "quoted-printable"; any other
 * changes nothing). What is no base64 is passed over. */
void mime_decode(struct sx_str body, struct sx_str encoding, struct buf *out);

/* Brings text in `charset` ("": not told) to UTF-8, as charset_decode() does; but charsets that
 * are ASCII to the eye (iso-2022-jp) or wide are taken at their word. *text borrows from `mem` or
 * from `bytes`. */
sx_status mime_text(struct sx_str bytes, struct sx_str charset, struct buf *mem,
                    struct sx_str *text, struct sx_error *err);

/* The parts of a multipart body, one after the other. */
struct mime_parts {
    struct sx_str rest;
    struct sx_str boundary;
    bool open;   /* a part begins at `rest` */
    bool closed; /* the line that ends the last part was met */
};

void mime_parts_init(struct mime_parts *p, struct sx_str body, struct sx_str boundary);
/* False when there is no further one; then p->closed tells whether they were complete. */
bool mime_parts_next(struct mime_parts *p, struct mime_part *out);

/* Appends a date as mail and RSS write it ("Fri, 15 Aug 2025 10:00 +0200") in ISO 8601; false,
 * and nothing, when it is none. */
bool mime_date(struct sx_str written, struct buf *out);

#endif
