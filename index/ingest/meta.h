/* What a document says about itself (title, date, source, language), brought to one form. */
#ifndef INDEX_INGEST_META_H
#define INDEX_INGEST_META_H

#include <stdbool.h>

#include "index/base/buf.h"
#include "index/ingest/charset.h"

struct sx_doc;

enum meta_field { META_TITLE, META_DATE, META_SOURCE, META_LANG, META_COUNT };

/* A zeroed struct meta is empty and valid. */
struct meta {
    struct buf value[META_COUNT];
    unsigned rank[META_COUNT];      /* of the value held; 0: none */
    char charset[CHARSET_NAME_MAX]; /* that the file was in; "": UTF-8 */
    struct buf extra;
};

void meta_release(struct meta *m);

/* Offers `written` for `field`; it is taken, in normal form, when it makes sense and nothing of
 * the same or a better rank (1 is the best) is held. White space becomes single spaces. A date
 * is ISO 8601 (kept as written) or in English words ("15 August 2025", "Aug 15, 2025"; becomes
 * 2025-08-15); a language is a BCP 47 tag (en_us becomes en-US); a source is no address;
 * what is absent is not taken.
 * Memory running out is remembered: see meta_ok(). */
bool meta_offer(struct meta *m, enum meta_field field, unsigned rank, struct sx_str written);
bool meta_ok(const struct meta *m);

/* Points the document's members at what is held; what is not held stays as it was. A charset
 * other than UTF-8 is recorded in `extra`. */
void meta_fill(struct meta *m, struct sx_doc *doc);

/* The date or tag in normal form at the end of `out`; false leaves `out` alone. */
bool meta_date(struct sx_str written, struct buf *out);
bool meta_lang(struct sx_str written, struct buf *out);

/* Without white space at both ends. */
struct sx_str meta_trim(struct sx_str s);

/* Takes the next line, without its end, off *rest; false when nothing is left. */
bool meta_line(struct sx_str *rest, struct sx_str *line);

#endif
