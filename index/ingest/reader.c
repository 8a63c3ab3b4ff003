/* Which reader reads what. */
#include "index/ingest/reader.h"

#include <iconv.h>
#include <stdlib.h>
#include <time.h>

#include <archive.h>
#include <libxml/parser.h>
#include <libxml/xmlversion.h>
#include <unicode/udata.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/readers.h"
#include "index/ingest/unpack.h"

/* A leaf knows nothing of items; what it hands out is put in its place by an adapter. */
typedef sx_status (*leaf_reader)(struct sx_str uri, struct sx_str bytes,
                                 const struct ingest_sink *sink, struct sx_error *err);
typedef sx_status (*item_reader)(const struct item *it, struct sx_str bytes, struct sx_error *err);

static const struct {
    const char *name;
    leaf_reader leaf;
    item_reader item;
    bool nests; /* what is inside is read as files are */
} readers[MEDIA_COUNT] = {
    [MEDIA_NONE] = {"none", NULL, NULL, false},
    [MEDIA_TEXT] = {"text", text_read, NULL, false},
    [MEDIA_HTML] = {"html", html_read, NULL, false},
    [MEDIA_MARKDOWN] = {"markdown", markdown_read, NULL, false},
    [MEDIA_JSONL] = {"jsonl", jsonl_read, NULL, false},
    [MEDIA_PDF] = {"pdf", NULL, NULL, false},
    [MEDIA_MAIL] = {"mail", NULL, mail_read, true},
    [MEDIA_MBOX] = {"mbox", NULL, mbox_read, true},
    [MEDIA_FEED] = {"feed", NULL, feed_read, false},
    [MEDIA_CSV] = {"csv", NULL, csv_read, false},
    [MEDIA_WARC] = {"warc", NULL, warc_read, true},
    [MEDIA_DOCX] = {"docx", NULL, docx_read, false},
    [MEDIA_ODT] = {"odt", NULL, odt_read, false},
    [MEDIA_EPUB] = {"epub", NULL, epub_read, false},
    [MEDIA_ARCHIVE] = {"archive", NULL, archive_items_read, true},
};

const char *media_name(enum media m)
{
    return readers[m].name;
}

/* A line that says of itself that it has no text is believed; a file without any is told. */
static sx_status adapt_doc(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    if (line == 0 && item_is_blank(doc))
        return sx_fail(err, SX_EREQUEST, "empty: no text in it");
    return item_doc(ctx, doc, line, err);
}

static void adapt_failed(void *ctx, size_t line, const struct sx_error *why)
{
    item_line_failed(ctx, line, why);
}

sx_status item_read_as(const struct item *it, enum media m, struct sx_str bytes,
                       struct sx_error *err)
{
    struct item copy = *it; /* the adapter's context is not const */
    uint64_t told = it->nest->told;
    sx_status rc;
    const struct ingest_sink sink = {
        .doc = adapt_doc, .failed = adapt_failed, .ctx = &copy, .options = it->nest->sink->options};

    if (readers[m].nests && it->depth >= it->nest->limits->depth)
        return sx_fail(err, SX_ELIMIT, "nests deeper than %u containers", it->nest->limits->depth);
    if (readers[m].leaf != NULL)
        rc = readers[m].leaf(it->uri, bytes, &sink, err);
    else if (readers[m].item != NULL)
        rc = readers[m].item(it, bytes, err);
    else if (m == MEDIA_PDF)
        rc = item_foreign(it, m, bytes, err);
    else
        return sx_fail(err, SX_EREQUEST, "not a kind of file that is read");
    if (it->nest->oom)
        return sx_fail_oom(err);
    if (rc == SX_OK && it->nest->told == told)
        return sx_fail(err, SX_EREQUEST, "empty: nothing in it is a document");
    return rc;
}

bool ingest_is_long(enum media m)
{
    return m == MEDIA_ARCHIVE || m == MEDIA_WARC || m == MEDIA_MBOX || m == MEDIA_JSONL;
}

/* The defaults for a file of so many bytes. */
static struct ingest_limits limits_for(uint64_t bytes)
{
    struct ingest_limits l = ingest_limits_default;

    if (bytes > INGEST_FILE_MAX && bytes * 8 > l.total_bytes)
        l.total_bytes = bytes * 8;
    if (bytes > INGEST_FILE_MAX && bytes / 1024 > l.items)
        l.items = bytes / 1024;
    return l;
}

sx_status ingest_read(enum media m, struct sx_str uri, struct sx_str bytes,
                      const struct ingest_sink *sink, struct sx_error *err)
{
    struct nest nest = {.sink = sink, .limits = sink->limits};
    const struct item file = {.nest = &nest, .uri = uri, .name = uri};

    const struct ingest_limits by_size = limits_for(bytes.len);

    if (nest.limits == NULL)
        nest.limits = &by_size;
    if (bytes.len > (ingest_is_long(m) ? INGEST_LONG_MAX : INGEST_FILE_MAX))
        return sx_fail(
            err, SX_ETOOLARGE, "the file is larger than %llu MiB",
            (unsigned long long)((ingest_is_long(m) ? INGEST_LONG_MAX : INGEST_FILE_MAX) >> 20));
    if (bytes.len == 0)
        return sx_fail(err, SX_EREQUEST, "empty");
    return item_read_as(&file, m, bytes, err);
}

/* iconv, which libarchive asks for the names of entries, reads the list of its modules once; the
 * locale they are read in and the time zone are loaded by the first call that wants them. ICU
 * would look on disk for a charset that it does not know. */
void ingest_prepare(void)
{
    iconv_t names = iconv_open("UTF-8", "ASCII");
    UErrorCode ue = U_ZERO_ERROR;

    if (names != (iconv_t)-1)
        iconv_close(names);
    unpack_locale_end(unpack_locale());
    setenv("TZ", "UTC", 0); /* else the file of the local zone is looked at each time */
    tzset();
    udata_setFileAccess(UDATA_NO_FILES, &ue);
    xmlInitParser();
}

const char *ingest_library_version(void)
{
    return "libxml2 " LIBXML_DOTTED_VERSION ", libarchive " ARCHIVE_VERSION_ONLY_STRING;
}
