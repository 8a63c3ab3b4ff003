/* What a document says about itself (title, date, source, language), brought to one form. */
#ifndef INDEX_INGEST_META_H
#define INDEX_INGEST_META_H

#include <stdbool.h>

#include "index/base/buf.h"
#include "index/ingest/charset.h"

struct sx_doc;

#define META_TAGS_MAX 64

/* Author and canonical address have no member of their own in a document: they go to `extra`. */
enum meta_field {
    META_TITLE,
    META_DATE,
    META_SOURCE,
    META_LANG,
    META_AUTHOR,
    META_CANONICAL,
    META_COUNT
};

/* A zeroed struct meta is empty and valid. */
struct meta {
    struct buf value[META_COUNT];
    unsigned rank[META_COUNT];      /* of the value held; 0: none */
    const char *from[META_COUNT];   /* where it stood, a literal; NULL: not told */
    double confidence[META_COUNT];  /* that it is right; 1: the document says so itself */
    char charset[CHARSET_NAME_MAX]; /* that the file was in; "": UTF-8 */
    struct buf tags;                /* JSON strings with commas between */
    size_t tag_count;
    struct sx_str left_out; /* text that is no part of the body; borrowed */
    struct buf extra;
};

/* Bytes of left-out text that `extra` keeps. */
#define META_LEFT_OUT_MAX ((size_t)32 << 10)

void meta_release(struct meta *m);

/* Offers `written` for `field`; it is taken, in normal form, when it makes sense and nothing of
 * the same or a better rank (1 is the best) is held. White space becomes single spaces. A date
 * is ISO 8601 (kept as written) or as datetext_at() reads it (becomes 2025-08-15); a language is a BCP 47 tag (en_us becomes en-US); source and author are no address,
 * a canonical address is nothing but one; what is absent is not taken.
 * Memory running out is remembered: see meta_ok(). */
bool meta_offer(struct meta *m, enum meta_field field, unsigned rank, struct sx_str written);
/* The same, and says where it stood and how sure that is (0 to 1). */
bool meta_guess(struct meta *m, enum meta_field field, unsigned rank, const char *from,
                double confidence, struct sx_str written);
/* Forgets what is held for `field`. */
void meta_drop(struct meta *m, enum meta_field field);
/* Adds a word that files the document; the first META_TAGS_MAX are kept. */
void meta_tag(struct meta *m, struct sx_str tag);
bool meta_ok(const struct meta *m);

/* Points the document's members at what is held; what is not held stays as it was. `extra` becomes
 * an object of what else there is:
 *   charset             that the file was in, when it was not UTF-8
 *   author, canonical, tags
 *   date_from, date_confidence      when meta_guess() brought it; of title, source and author only
 *                                   when the confidence is below 1
 *   boilerplate         what was left out of the body, at most META_LEFT_OUT_MAX bytes
 *   boilerplate_cut     how many more bytes there were
 * Call it once. */
void meta_fill(struct meta *m, struct sx_doc *doc);

/* The date or tag in normal form at the end of `out`; false leaves `out` alone. */
bool meta_date(struct sx_str written, struct buf *out);
bool meta_lang(struct sx_str written, struct buf *out);

/* Without white space at both ends. */
struct sx_str meta_trim(struct sx_str s);

/* Takes the next line, without its end, off *rest; false when nothing is left. */
bool meta_line(struct sx_str *rest, struct sx_str *line);

#endif
