/* Items of containers on their way to a reader: where they stand, what they may cost, and how
 * they are told. */
#ifndef INDEX_INGEST_ITEM_H
#define INDEX_INGEST_ITEM_H

#include <stdbool.h>

#include "index/base/buf.h"
#include "index/ingest/reader.h"

/* The reading of one file, with all that is inside. */
struct nest {
    const struct ingest_sink *sink;
    const struct ingest_limits *limits;
    uint64_t bytes, items; /* unpacked so far */
    uint64_t told;         /* documents and failures so far */
    bool oom;              /* memory ran out where it could not be said at once */
    bool ended;            /* the sink refused, or a limit of the whole file was passed */
};

/* One thing that is read: the file itself, or what stands in a container. It borrows all. */
struct item {
    struct nest *nest;
    unsigned depth;       /* containers around it; 0: the file itself */
    struct sx_str uri;    /* its own */
    struct sx_str parent; /* the container's uri; absent for the file itself */
    struct sx_str entry;  /* what the container calls it; valid UTF-8 */
    struct sx_str name;   /* whose ending breaks ties between kinds */
    struct sx_str more;   /* further members of `extra`, "\"key\":value,…", or absent */
    struct sx_str source; /* of documents that name none */
    enum media likely;    /* what the container says it is; MEDIA_NONE: nothing */
};

/* The item `entry` of the container `in`: a zeroed one with its place. `uri` is what the caller
 * has made with item_uri(). */
struct item item_inside(const struct item *in, struct sx_str uri, struct sx_str entry);

/* "PARENT" + `kind` ("!/", "#message/") + `name`, with what a URI cannot hold in `name` percent-encoded ('/' stays);
 * a second # becomes a slash. Replaces what is in `out`. */
void item_uri(const struct item *in, const char *kind, struct sx_str name, struct buf *out);

/* Appends `,"key":"value"`, without the comma when `members` is empty; nothing for an empty
 * value. `value` is valid UTF-8. */
void item_member(struct buf *members, const char *key, struct sx_str value);

/* Whether the JSON object `extra` (absent is empty) has `key`. */
bool item_has_key(struct sx_str extra, const char *key);

/* Reads what is inside: finds out the kind of `bytes` and gives them to its reader. A failure of
 * the item is told, and SX_OK is returned; but the failure of what has its file's own uri (it was
 * only compressed), want of memory and the end of the nest are returned. */
sx_status item_read(const struct item *it, struct sx_str bytes, struct sx_error *err);

/* Reads as `m`; every failure is returned. */
sx_status item_read_as(const struct item *it, enum media m, struct sx_str bytes,
                       struct sx_error *err);

/* Whether a document has neither title nor text. */
bool item_is_blank(const struct sx_doc *doc);

/* Hands a document that was made from the item to the sink, with where it stood in its extra and
 * nothing else changed but an absent source. `line` as in doc_sink. */
sx_status item_doc(const struct item *it, const struct sx_doc *doc, size_t line,
                   struct sx_error *err);

/* Hands the bytes of an item to the sink's `foreign`, or fails when there is none. */
sx_status item_foreign(const struct item *it, enum media m, struct sx_str bytes,
                       struct sx_error *err);

/* Tells that a line of the item failed. */
void item_line_failed(const struct item *it, size_t line, const struct sx_error *why);

/* The end of an item that has failed with `rc`: tells it and returns SX_OK, or returns `rc` with
 * `why` in `err`, as item_read() does. */
sx_status item_over(const struct item *it, sx_status rc, const struct sx_error *why,
                    struct sx_error *err);

/* Counts one more item, or `n` unpacked bytes more. SX_ELIMIT, SX_ETOOLARGE: over the limit of
 * the whole file, and the nest has ended. */
sx_status nest_count(struct nest *n, struct sx_error *err);
sx_status nest_charge(struct nest *n, uint64_t bytes, struct sx_error *err);

/* Whether bytes of an item are too many: SX_ETOOLARGE. */
sx_status nest_fits(const struct nest *n, uint64_t bytes, struct sx_error *err);

#endif
