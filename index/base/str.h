/* Helpers for struct sx_str, the borrowed run of bytes. */
#ifndef INDEX_BASE_STR_H
#define INDEX_BASE_STR_H

#include <stdbool.h>
#include <string.h>

#include <searchd/str.h>

/* A literal or any C string as a run; NULL stays absent. */
static inline struct sx_str str_of(const char *z)
{
    struct sx_str s = {z, z == NULL ? 0 : strlen(z)};
    return s;
}

static inline struct sx_str str_make(const char *ptr, size_t len)
{
    struct sx_str s = {ptr, len};
    return s;
}

static inline bool str_eq(struct sx_str a, struct sx_str b)
{
    if (a.len != b.len || a.ptr == NULL || b.ptr == NULL)
        return a.len == b.len && a.len == 0;
    return memcmp(a.ptr, b.ptr, a.len) == 0;
}

static inline bool str_is(struct sx_str a, const char *z)
{
    return str_eq(a, str_of(z));
}

static inline bool str_begins(struct sx_str s, struct sx_str with)
{
    return s.len >= with.len && (with.len == 0 || memcmp(s.ptr, with.ptr, with.len) == 0);
}

/* In the order of bytes, what is shorter first: below, at or above 0. */
static inline int str_order(struct sx_str a, struct sx_str b)
{
    size_t both = a.len < b.len ? a.len : b.len;
    int order = both == 0 ? 0 : memcmp(a.ptr, b.ptr, both);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

#endif
