/* From the bytes of a file to documents: text, HTML, Markdown, JSON Lines.
 *
 * Readers keep nothing between files and touch no index; they hand each document to a sink. */
#ifndef INDEX_INGEST_READER_H
#define INDEX_INGEST_READER_H

#include <stdbool.h>

#include "index/base/error.h"

#include <searchd/str.h>

struct sx_doc;

/* The largest file that is read. A larger one is failed as such, never cut. */
#define INGEST_FILE_MAX ((size_t)64 << 20)

enum media {
    MEDIA_NONE,
    MEDIA_TEXT,
    MEDIA_HTML,
    MEDIA_MARKDOWN,
    MEDIA_JSONL,
    MEDIA_PDF, /* by another program: see index/extract */
    MEDIA_COUNT
};

/* Raised by whoever changes what a reader makes of a file, so that those read before can be found
 * and read again. */
#define INGEST_VERSION 1

/* By content first, then by the name's ending. MEDIA_NONE: not a kind that is read (binary). */
enum media media_detect(const char *path, struct sx_str bytes);
/* "text", "html", "markdown", "jsonl": what a document's `type` says. */
const char *media_name(enum media m);

/* Takes one document, whose strings live until it returns. `line` is the line in a JSON Lines
 * file, else 0. Anything but SX_OK stops the reader, which returns it. */
typedef sx_status (*doc_sink)(void *ctx, const struct sx_doc *doc, size_t line,
                              struct sx_error *err);

/* A line that could not be read while others can: JSON Lines. */
typedef void (*line_failed)(void *ctx, size_t line, const struct sx_error *err);

/* The same of an item of a container, which has a uri of its own. */
typedef void (*item_failed)(void *ctx, struct sx_str uri, const struct sx_error *err);

/* What the operator decides. A zeroed one has the defaults. */
struct ingest_options {
    bool keep_boilerplate; /* menus, comments and the like of HTML pages stay in the body */
};

struct ingest_sink {
    doc_sink doc;
    line_failed failed;
    void *ctx;
    item_failed item;
    const struct ingest_options *options; /* NULL: the defaults */
    /* Takes an item of a container that another program reads: a PDF, whose bytes are the body of
     * `doc` and no text. NULL: such items fail. */
    doc_sink foreign;
};

/* "libxml2 2.9.14" */
const char *ingest_library_version(void);

/* Has libraries load what they read from disk once. Call it before files can no longer be opened
 * (a sandbox). Again is harmless. */
void ingest_prepare(void);

/* Reads one file's bytes as `m`. `uri` is the document's key, and the base of the keys of JSON
 * Lines without uri or id ("URI#LINE"). Bytes that are no UTF-8: a BOM's charset or Latin-1
 * (windows-1252) is converted, and failed when it cannot be. SX_EREQUEST: not readable, says why. */
sx_status ingest_read(enum media m, struct sx_str uri, struct sx_str bytes,
                      const struct ingest_sink *sink, struct sx_error *err);

#endif
