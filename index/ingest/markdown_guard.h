/* What a text would cost md4c beyond reading it once. */
#ifndef INDEX_INGEST_MARKDOWN_GUARD_H
#define INDEX_INGEST_MARKDOWN_GUARD_H

#include <stdbool.h>

#include "index/base/buf.h"

struct markdown_cost {
    bool too_much;      /* not to be given to md4c */
    bool tildes;        /* not with strikethrough */
    struct sx_str text; /* what to give it: the text, or `mem` */
};

/* Weighs a text. A blank line is put into a run of lines whose links would cost too much: then
 * out->text is in `mem`. False: memory ran out. */
bool markdown_weigh(struct sx_str text, struct buf *mem, struct markdown_cost *out);

#endif
