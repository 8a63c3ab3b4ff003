/* Which reader reads what. */
#include "index/ingest/reader.h"

#include <libxml/parser.h>
#include <libxml/xmlversion.h>

#include "index/base/str.h"
#include "index/ingest/readers.h"

sx_status ingest_read(enum media m, struct sx_str uri, struct sx_str bytes,
                      const struct ingest_sink *sink, struct sx_error *err)
{
    if (bytes.len > INGEST_FILE_MAX)
        return sx_fail(err, SX_ETOOLARGE, "the file is larger than %zu MiB", INGEST_FILE_MAX >> 20);
    if (bytes.ptr == NULL)
        bytes = str_of(""); /* so that no reader meets a null pointer */
    switch (m) {
    case MEDIA_TEXT:
        return text_read(uri, bytes, sink, err);
    case MEDIA_HTML:
        return html_read(uri, bytes, sink, err);
    case MEDIA_MARKDOWN:
        return markdown_read(uri, bytes, sink, err);
    case MEDIA_JSONL:
        return jsonl_read(uri, bytes, sink, err);
    case MEDIA_PDF:
        return sx_fail(err, SX_EREQUEST, "a PDF is read by pdftotext alone");
    case MEDIA_NONE:
    case MEDIA_COUNT:
        break;
    }
    return sx_fail(err, SX_EREQUEST, "not a kind of file that is read");
}

void ingest_prepare(void)
{
    xmlInitParser();
}

const char *ingest_library_version(void)
{
    return "libxml2 " LIBXML_DOTTED_VERSION;
}
