/* Any bytes as a feed or a table; the first byte chooses. */
#include "tests/fuzz/items.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const enum media kinds[] = {MEDIA_FEED, MEDIA_CSV};

    return items_run(data, size, kinds, sizeof(kinds) / sizeof(kinds[0]));
}
