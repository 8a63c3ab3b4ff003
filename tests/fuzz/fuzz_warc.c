/* Any bytes as a web archive, plain or compressed. */
#include "tests/fuzz/items.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const enum media kinds[] = {MEDIA_WARC};

    return items_run(data, size, kinds, sizeof(kinds) / sizeof(kinds[0]));
}
