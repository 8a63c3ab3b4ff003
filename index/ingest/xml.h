/* XML as a stream of events, for documents from anywhere: no DTD is read, no entity is expanded
 * but the five of XML itself, nothing is fetched. */
#ifndef INDEX_INGEST_XML_H
#define INDEX_INGEST_XML_H

#include "index/base/error.h"

#include <searchd/str.h>

/* Names come without their prefix. `atts` is name, value, …, NULL, the names as written. */
struct xml_events {
    void (*start)(void *ctx, const char *name, const char **atts);
    void (*end)(void *ctx, const char *name);
    void (*text)(void *ctx, struct sx_str text);
};

/* Parses `bytes`, in UTF-8 or what they say of themselves. Small faults are passed over.
 * SX_EREQUEST: cut off, too deep or too broken to go on; the events up to there were given. */
sx_status xml_read(struct sx_str bytes, const struct xml_events *events, void *ctx,
                   struct sx_error *err);

/* The value of an attribute, by its name without prefix; absent when there is none. */
struct sx_str xml_attribute(const char **atts, const char *name);

#endif
