/* One reader for each kind of document; all have the contract of ingest_read(). */
#ifndef INDEX_INGEST_READERS_H
#define INDEX_INGEST_READERS_H

#include "index/base/buf.h"
#include "index/ingest/reader.h"

sx_status text_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                    struct sx_error *err);
sx_status html_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                    struct sx_error *err);
sx_status markdown_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                        struct sx_error *err);
sx_status jsonl_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                     struct sx_error *err);

/* Appends the visible text of a piece of HTML (valid UTF-8 without NUL). */
sx_status html_fragment(struct sx_str html, struct buf *out, struct sx_error *err);

/* Appends what an entity ("&eacute;", "&#233;", "&#xE9;") stands for, or it as it is. */
void html_entity(struct sx_str entity, struct buf *out);

#endif
