/* Any bytes as an archive or a document that is one; the first byte chooses. */
#include "tests/fuzz/items.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const enum media kinds[] = {MEDIA_ARCHIVE, MEDIA_DOCX, MEDIA_ODT, MEDIA_EPUB};

    return items_run(data, size, kinds, sizeof(kinds) / sizeof(kinds[0]));
}
