/* Two growing arrays and a stack that is the chain of parents. */
#include "index/ingest/html_outline.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/ingest/meta.h"

/* Real pages have a few thousand blocks. */
#define NODES_MAX 200000
#define RUNS_MAX 200000

void html_outline_release(struct html_outline *o)
{
    mem_free(o->nodes);
    mem_free(o->runs);
    memset(o, 0, sizeof(*o));
}

/* Room for one more; false: full, or memory ran out. */
static bool grow(struct html_outline *o, void **array, size_t size, size_t count, size_t *cap,
                 size_t max)
{
    void *more;

    if (count < *cap)
        return true;
    if (count >= max) {
        o->full = true;
        return false;
    }
    size_t cap_now = *cap == 0 ? 256 : *cap * 2;
    more = mem_realloc(*array, cap_now * size);
    if (more == NULL) {
        o->failed = true;
        return false;
    }
    *array = more;
    *cap = cap_now;
    return true;
}

static void add_node(struct html_outline *o, size_t depth, enum html_role role, unsigned hints)
{
    void *nodes = o->nodes;
    bool room = grow(o, &nodes, sizeof(*o->nodes), o->node_count, &o->node_cap, NODES_MAX);

    o->nodes = nodes;
    if (!room)
        return;
    o->nodes[o->node_count] = (struct html_node){.parent = o->open,
                                                 .depth = (uint32_t)depth,
                                                 .role = (uint8_t)role,
                                                 .hints = (uint8_t)hints};
    o->open = (uint32_t)o->node_count++;
}

void html_outline_open(struct html_outline *o, size_t depth, enum html_role role, unsigned hints)
{
    if (o->node_count == 0)
        add_node(o, 0, ROLE_PAGE, 0);
    if (o->full || o->failed)
        return;
    add_node(o, depth, role, hints);
    o->broken = true;
}

void html_outline_close(struct html_outline *o, size_t depth)
{
    while (o->open > 0 && o->nodes[o->open].depth >= depth) {
        o->open = o->nodes[o->open].parent;
        o->broken = true;
    }
}

void html_outline_text(struct html_outline *o, size_t from, size_t to, bool in_link)
{
    void *runs = o->runs;
    struct html_run *last;

    if (from >= to || o->full || o->failed)
        return;
    if (o->node_count == 0)
        add_node(o, 0, ROLE_PAGE, 0);
    last = o->run_count == 0 ? NULL : &o->runs[o->run_count - 1];
    if (last != NULL && !o->broken && last->node == o->open && last->to == from) {
        last->to = (uint32_t)to;
        last->link += in_link ? (uint32_t)(to - from) : 0;
        return;
    }
    bool room = grow(o, &runs, sizeof(*o->runs), o->run_count, &o->run_cap, RUNS_MAX);
    o->runs = runs;
    if (!room || runs == NULL)
        return;
    o->broken = false;
    o->runs[o->run_count++] = (struct html_run){.from = (uint32_t)from,
                                                .to = (uint32_t)to,
                                                .link = in_link ? (uint32_t)(to - from) : 0,
                                                .node = o->open};
}

void html_outline_cut(struct html_outline *o, size_t len)
{
    while (o->run_count > 0 && o->runs[o->run_count - 1].from >= len)
        o->run_count--;
    if (o->run_count > 0 && o->runs[o->run_count - 1].to > len) {
        struct html_run *last = &o->runs[o->run_count - 1];
        last->to = (uint32_t)len;
        if (last->link > last->to - last->from)
            last->link = last->to - last->from;
    }
    o->broken = true;
}

struct sx_str html_run_text(const struct html_run *r, struct sx_str body)
{
    return meta_trim(str_make(body.ptr + r->from, r->to - r->from));
}
