/* A look at bytes that may be mail or packed: what kind they are, without reading them. */
#ifndef INDEX_INGEST_SNIFF_H
#define INDEX_INGEST_SNIFF_H

#include <stdbool.h>

#include "index/ingest/reader.h"

/* Whether gzip's first unpacked bytes are `with`. */
bool sniff_gzip(struct sx_str bytes, const char *with);

bool sniff_is_zip(struct sx_str bytes);
/* Of a zip: DOCX, ODT, EPUB by what stands in its list of entries, else MEDIA_ARCHIVE; where the
 * list cannot be read, the name decides. */
enum media sniff_zip(const char *path, struct sx_str bytes);

bool sniff_is_tar(struct sx_str bytes);

/* An Office document that is encrypted: not a zip, but a compound file around one. */
bool sniff_is_locked_office(struct sx_str bytes);

/* Begins with a "From " line, with an address and a time, and then a header. */
bool sniff_is_mbox(struct sx_str bytes);
/* The same of one line, without its end. */
bool sniff_is_from_line(struct sx_str line);

/* Begins with header lines as messages have them; `named`: one that is known is enough. */
bool sniff_is_mail(struct sx_str bytes, bool named);

#endif
