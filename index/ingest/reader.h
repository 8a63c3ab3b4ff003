/* From the bytes of a file to documents.
 *
 * Readers keep nothing between files, touch no index and open no file; they hand each document to
 * a sink. A container (an archive, a mailbox, a feed …) holds items. Each becomes documents or is
 * told as failed under a uri of its own, and one that fails does not stop the others:
 *
 *     PARENT!/path/inside       an entry of an archive
 *     PARENT#message/N          a message of an mbox
 *     PARENT#attachment/N       what a message carries; PARENT#message/N/attachment/N
 *     PARENT#item/N             an item of a feed
 *     PARENT#record/N           a record of a WARC file
 *     PARENT#LINE               a line of JSON Lines, a row of CSV
 *
 * The document's `extra` has the uri of the container in "parent" and what the container calls
 * the item in "entry". Entries of one name are all handed out; a folder is no item, a link is one that
 * fails.
 * What is only compressed (x.txt.gz) is no container: it keeps the uri of the file. */
#ifndef INDEX_INGEST_READER_H
#define INDEX_INGEST_READER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "index/base/error.h"

#include <searchd/str.h>

struct sx_doc;

/* The largest file that is read; and of the kinds that are read piece by piece (ingest_is_long()).
 * A larger one is failed as such, never cut. */
#define INGEST_FILE_MAX ((size_t)64 << 20)
#define INGEST_LONG_MAX ((uint64_t)4 << 30)

/* What a container may cost. Over `item_bytes` and `depth` one item fails, over `ratio` one
 * archive; over `total_bytes` and `items` the file ends there, and fails after what was read. */
struct ingest_limits {
    uint64_t item_bytes;  /* of one item, unpacked; nested containers count as items too */
    uint64_t total_bytes; /* unpacked from one file, at all depths together */
    uint64_t items;       /* in one file, at all depths together */
    unsigned depth;       /* containers within one another, the file itself being the first */
    unsigned ratio;       /* bytes unpacked for each byte of an archive … */
    uint64_t ratio_from;  /* … asked from so many bytes on: small ones do no harm */
};

/* 64 MiB, 512 MiB, 200,000, 6, 300, 16 MiB. Memory is bounded by depth times item_bytes. Of a file
 * above INGEST_FILE_MAX, in proportion to it: 8 times its bytes, one item for each KiB. */
extern const struct ingest_limits ingest_limits_default;

enum media {
    MEDIA_NONE,
    MEDIA_TEXT,
    MEDIA_HTML,
    MEDIA_MARKDOWN,
    MEDIA_JSONL,
    MEDIA_PDF,  /* by another program: see `foreign` of struct ingest_sink, and index/extract */
    MEDIA_MAIL, /* one message, RFC 5322 and MIME */
    MEDIA_MBOX, /* messages behind "From " lines */
    MEDIA_FEED, /* RSS, Atom */
    MEDIA_CSV,  /* rows separated by commas, semicolons or tabs */
    MEDIA_WARC, /* of the web, also as .warc.gz */
    MEDIA_DOCX, /* an encrypted one too, which is told as such */
    MEDIA_ODT,
    MEDIA_EPUB,
    MEDIA_ARCHIVE, /* zip, tar; gzip, zstd, xz, with or without tar inside */
    MEDIA_COUNT
};

/* Raised by whoever changes what a reader makes of a file, so that those read before can be found
 * and read again. */
#define INGEST_VERSION 3

/* By content first, then by the name's ending. MEDIA_NONE: not a kind that is read (binary). */
enum media media_detect(const char *path, struct sx_str bytes);
/* Whether files of this kind are sequences of which a reader holds one item at a time: archives,
 * WARC, mboxes, JSON Lines. */
bool ingest_is_long(enum media m);
/* "text", "html", "mail" …: what a document's `type` says. */
const char *media_name(enum media m);

/* Takes one document, whose strings live until it returns. `line` is the line in a JSON Lines or
 * CSV file, else 0. Anything but SX_OK stops the reader, which returns it. */
typedef sx_status (*doc_sink)(void *ctx, const struct sx_doc *doc, size_t line,
                              struct sx_error *err);

/* A line that could not be read while others can: JSON Lines, CSV. */
typedef void (*line_failed)(void *ctx, size_t line, const struct sx_error *err);

/* The same of an item of a container, or of a line of such an item ("URI#LINE"). */
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
    const struct ingest_limits *limits; /* NULL: the defaults */
    /* Takes an item of a container that another program reads: a PDF, whose bytes are the body of
     * `doc` and no text. NULL: such items fail. */
    doc_sink foreign;
    const struct ingest_options *options; /* NULL: the defaults */
    /* Set by another thread when the file is not wanted any more: readers in processes of their own
     * are ended soon, with SX_ECANCELLED. NULL: never. */
    const atomic_bool *stopped;
};

/* "libxml2 2.9.14" */
const char *ingest_library_version(void);

/* Has libraries load what they read from disk once, and look there no more: ingest_read() opens no
 * file after it. For a process that only reads documents, before it gives up the right to open
 * files: it sets TZ in the environment where it is not set. Again is harmless. */
void ingest_prepare(void);

/* Reads one file's bytes as `m`. `uri` is the document's key, and the base of the keys of what is
 * inside. Bytes that are no UTF-8: a BOM's charset or Latin-1 (windows-1252) is converted, and
 * failed when it cannot be. SX_EREQUEST: not readable, says why; a file that has no text or no item is
 * "empty". SX_ETOOLARGE: larger than a
 * limit, SX_ELIMIT: more items than a limit; both say which, and what was read before stands. */
sx_status ingest_read(enum media m, struct sx_str uri, struct sx_str bytes,
                      const struct ingest_sink *sink, struct sx_error *err);

#endif
