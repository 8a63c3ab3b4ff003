/* n and F of terms: from the dictionary, or, once documents are dead or behind the snapshot, from the
 * postings. */
#include <string.h>

#include "index/base/str.h"
#include "index/blockmax/list.h"
#include "index/blockmax/search.h"

static bool is_whole(const struct segment *s, const struct bm_view *view)
{
    return s->next <= view->below && atomic_load(&s->dead_count) == 0;
}

/* False: the segment is damaged. */
static bool count_list(const struct bm_view *view, struct segment *s, const struct term_entry *e,
                       struct bm_counts *out)
{
    struct list l;

    if (!list_open(&l, s, e))
        return false;
    for (uint32_t b = 0; b < l.blocks; b++) {
        list_block(&l, b);
        list_counts(&l);
        for (uint32_t i = 0; i < l.count; i++) {
            uint64_t rowid = s->first + l.doc[i];
            if (rowid >= view->below)
                return true;
            if (segment_is_dead(s, l.doc[i]) && view->gone(view->ctx, rowid))
                continue;
            out->n++;
            out->f += l.title[i] + l.body[i];
        }
    }
    return true;
}

static bool count_term(const struct bm_view *view, struct segment *s, const struct term_entry *e,
                       struct bm_counts *out, bool *known)
{
    out->terms++;
    if (e->flags & TERM_UNCOUNTED) {
        *known = false;
        return true;
    }
    if (is_whole(s, view)) {
        out->n += e->n;
        out->f += e->f;
        return true;
    }
    /* What stands twice at one position counts twice in F. */
    *known = *known && !(e->flags & TERM_REPEATED);
    return count_list(view, s, e, out);
}

sx_status bm_term_counts(const struct bm_view *view, struct sx_str term, bool prefix,
                         struct bm_counts *out, bool *known, struct sx_error *err)
{
    struct term_walk w;
    bool whole = true;

    memset(out, 0, sizeof(*out));
    *known = true;
    for (size_t i = 0; i < view->count && whole; i++) {
        struct segment *s = view->segments[i];
        if (s->first >= view->below)
            break;
        whole = term_walk_begin(&w, s, term);
        while (whole && !w.end && str_begins(term_walk_term(&w), term) &&
               (prefix || w.len == term.len)) {
            whole = count_term(view, s, &w.entry, out, known) && (!prefix || term_walk_next(&w));
            if (!prefix)
                break;
        }
    }
    return whole ? SX_OK : segment_fail(err);
}
