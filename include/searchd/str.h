/* A borrowed run of bytes, the one string type of every interface here. */
#ifndef SEARCHD_STR_H
#define SEARCHD_STR_H

#include <stddef.h>

/* `len` bytes at `ptr`, not ended by NUL; ptr NULL means absent. */
struct sx_str {
    const char *ptr;
    size_t len;
};

#endif
