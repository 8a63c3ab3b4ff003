/* A gap is written only when text follows, so that none stands at either end. */
#include "index/ingest/flow.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void flow_break(struct flow *f, enum flow_gap gap)
{
    if (gap > f->gap)
        f->gap = gap;
}

void flow_put(struct flow *f, struct sx_str run)
{
    for (size_t from = 0, to; from < run.len; from = to) {
        for (to = from; to < run.len && !is_space(run.ptr[to]); to++)
            continue;
        if (to == from) {
            to++;
            flow_break(f, FLOW_SPACE);
            continue;
        }
        if (f->gap != FLOW_NONE && f->text.len > 0)
            buf_putc(&f->text, f->gap == FLOW_LINE ? '\n' : ' ');
        f->gap = FLOW_NONE;
        buf_put(&f->text, run.ptr + from, to - from);
    }
}

void flow_release(struct flow *f)
{
    buf_release(&f->text);
    memset(f, 0, sizeof(*f));
}
