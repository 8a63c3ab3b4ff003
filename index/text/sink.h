/* Where tokens go. */
#ifndef INDEX_TEXT_SINK_H
#define INDEX_TEXT_SINK_H

#include "index/text/analyzer.h"

struct sink {
    token_fn fn;
    void *ctx;
};

static inline int sink_put(const struct sink *to, const struct token *t)
{
    return to->fn(to->ctx, t);
}

#endif
