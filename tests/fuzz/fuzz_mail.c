/* Any bytes as a message or a mailbox; the first byte chooses. */
#include "tests/fuzz/items.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const enum media kinds[] = {MEDIA_MAIL, MEDIA_MBOX};

    return items_run(data, size, kinds, sizeof(kinds) / sizeof(kinds[0]));
}
