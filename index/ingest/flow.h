/* Text put together from the runs and blocks of a document: words keep apart, blocks stand on
 * lines of their own, white space is squeezed. */
#ifndef INDEX_INGEST_FLOW_H
#define INDEX_INGEST_FLOW_H

#include "index/base/buf.h"

enum flow_gap { FLOW_NONE, FLOW_SPACE, FLOW_LINE };

/* A zeroed struct flow is empty and valid. */
struct flow {
    struct buf text;
    enum flow_gap gap; /* before the next text */
};

/* What separates the next text from the last: at least `gap`. */
void flow_break(struct flow *f, enum flow_gap gap);
void flow_put(struct flow *f, struct sx_str run);
void flow_release(struct flow *f);

#endif
