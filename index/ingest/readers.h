/* One reader for each kind of document; all have the contract of ingest_read(). Those of
 * containers and of what is made of parts are told where they stand by an item (item.h). */
#ifndef INDEX_INGEST_READERS_H
#define INDEX_INGEST_READERS_H

#include "index/base/buf.h"
#include "index/ingest/item.h"
#include "index/ingest/reader.h"

sx_status text_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                    struct sx_error *err);
sx_status html_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                    struct sx_error *err);
sx_status markdown_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                        struct sx_error *err);
sx_status jsonl_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                     struct sx_error *err);

sx_status archive_items_read(const struct item *it, struct sx_str bytes, struct sx_error *err);
sx_status docx_read(const struct item *it, struct sx_str bytes, struct sx_error *err);
sx_status odt_read(const struct item *it, struct sx_str bytes, struct sx_error *err);
sx_status epub_read(const struct item *it, struct sx_str bytes, struct sx_error *err);
sx_status mail_read(const struct item *it, struct sx_str bytes, struct sx_error *err);
sx_status mbox_read(const struct item *it, struct sx_str bytes, struct sx_error *err);
sx_status feed_read(const struct item *it, struct sx_str bytes, struct sx_error *err);
sx_status csv_read(const struct item *it, struct sx_str bytes, struct sx_error *err);
sx_status warc_read(const struct item *it, struct sx_str bytes, struct sx_error *err);

/* item_read() for bytes whose content type ("text/html; charset=koi8-r") is known, if to nobody
 * but who wrote it. */
sx_status typed_read(const struct item *it, struct sx_str type, struct sx_str bytes,
                     struct sx_error *err);

/* Appends the visible text of a whole page that is part of something else, without its head. */
sx_status fragment_read(struct sx_str html, struct buf *out, struct sx_error *err);

/* Appends the visible text of a piece of HTML (valid UTF-8 without NUL). */
sx_status html_fragment(struct sx_str html, struct buf *out, struct sx_error *err);

/* Appends what an entity ("&eacute;", "&#233;", "&#xE9;") stands for, or it as it is. */
void html_entity(struct sx_str entity, struct buf *out);

#endif
