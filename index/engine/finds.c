/* Kept in one arena, so that what a file gave goes at once. */
#include "index/engine/finds.h"

#include "index/base/str.h"

void finds_release(struct finds *f)
{
    prepared_release(&f->prepared);
    arena_release(&f->mem);
    *f = (struct finds){0};
}

static struct find *append(struct finds *f, enum find_kind kind)
{
    struct find *new = f->oom ? NULL : arena_new(&f->mem, sizeof(*new));

    if (new == NULL) {
        f->oom = true;
        return NULL;
    }
    new->kind = kind;
    if (f->first == NULL)
        f->first = new;
    else
        f->last->next = new;
    f->last = new;
    return new;
}

/* An absent run stays absent. */
static struct sx_str keep(struct finds *f, struct sx_str s)
{
    struct sx_str copy = arena_str(&f->mem, s);

    f->oom = f->oom || (s.ptr != NULL && copy.ptr == NULL);
    return copy;
}

sx_status finds_doc(struct finds *f, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct find *new = append(f, FIND_DOC);

    if (new == NULL)
        return sx_fail_oom(err);
    new->line = line;
    new->doc = (struct sx_doc){.uri = keep(f, doc->uri),
                               .title = keep(f, doc->title),
                               .body = keep(f, doc->body),
                               .source = keep(f, doc->source),
                               .date = keep(f, doc->date),
                               .lang = keep(f, doc->lang),
                               .type = keep(f, doc->type),
                               .extra = keep(f, doc->extra)};
    return f->oom ? sx_fail_oom(err) : SX_OK;
}

static void keep_failure(struct finds *f, enum find_kind kind, size_t line, struct sx_str uri,
                         const struct sx_error *why)
{
    struct find *new = append(f, kind);

    if (new == NULL)
        return;
    new->line = line;
    new->uri = keep(f, uri);
    new->why = keep(f, str_of(why->msg)).ptr;
}

void finds_line(struct finds *f, size_t line, const struct sx_error *why)
{
    keep_failure(f, FIND_LINE, line, str_of(""), why);
}

void finds_item(struct finds *f, struct sx_str uri, const struct sx_error *why)
{
    keep_failure(f, FIND_ITEM, 0, uri, why);
}

void finds_prepare(struct finds *f, struct analyzer *an)
{
    struct sx_error why; /* which the writer finds again, to tell it */

    for (struct find *d = f->first; d != NULL; d = d->next) {
        if (d->kind != FIND_DOC || doc_validate(&d->doc, "", &why) != SX_OK)
            continue;
        if (prepared_add(&f->prepared, &d->doc, 0) != 0)
            break;
        d->prepared = f->prepared.count;
    }
    prepare_all(&f->prepared, an);
}

size_t finds_memory(const struct finds *f)
{
    return f->mem.used + prepared_memory(&f->prepared);
}
