/* What DOCX, ODT and EPUB say of themselves: Dublin Core elements in one XML part. */
#ifndef INDEX_INGEST_PROPERTIES_H
#define INDEX_INGEST_PROPERTIES_H

#include <stdbool.h>

#include "index/base/buf.h"
#include "index/ingest/item.h"

struct meta;
struct sx_doc;

/* A zeroed struct properties with its `meta` is empty and valid. */
struct properties {
    struct meta *meta;  /* takes title, date, source (publisher) and lang */
    struct buf authors; /* "A, B" */
    struct buf value;   /* of the element that is open */
    int open;           /* its row, plus one; 0: none */
    bool no_language;   /* is that of the program that wrote it, not of the text */
};

void properties_release(struct properties *p);

/* Reads a whole part; faults are as in xml_read(). */
sx_status properties_read(struct sx_str xml, struct properties *p, struct sx_error *err);

/* The same by events, for who reads other elements of the part too. */
void properties_start(struct properties *p, const char *name);
void properties_text(struct properties *p, struct sx_str text);
void properties_end(struct properties *p, const char *name);

/* Fills `doc` from what was read and hands it out for the item; authors go to its extra. */
sx_status properties_doc(struct properties *p, const struct item *it, struct sx_doc *doc,
                         struct sx_error *err);

#endif
