/* A file of rows is right if it adds up, with those that came since, to what the index says of all its
 * documents; so a file of another time or of another index is no danger. */
#include "index/engine/documents.h"

#include "index/base/alloc.h"
#include "index/blockmax/guard.h"
#include "index/engine/index.h"
#include "index/engine/segfiles.h"
#include "index/store/docfile.h"

/* So few are read from SQLite as fast. */
#define FEW 2000
/* So many more than the file has are read from SQLite: one in so many, and a few. */
#define TAIL_SHARE 16

/* ---- loading ---------------------------------------------------------------------------------- */

struct tally {
    uint64_t docs, sum;
};

static sx_status add_up(void *arg, const struct stored_doc *d)
{
    struct tally *t = arg;

    t->docs++;
    t->sum += doc_sum(d->id, d->put_checksum, d->title_len, d->body_len);
    return SX_OK;
}

struct loading {
    struct sx_index *ix;
    struct reach_docs *docs;
    struct tally sum;
};

static sx_status take_stored(void *arg, const struct stored_doc *d)
{
    struct loading *l = arg;

    add_up(&l->sum, d);
    return reach_note(l->docs, (uint64_t)d->id) ? index_remember(l->ix, d) : SX_ENOMEM;
}

static bool take_names(struct doctable *t, struct docfile *f, struct analyzer *an)
{
    struct sx_str name;

    for (uint32_t i = 1; i <= f->names; i++)
        if (!docfile_name(f, &name) || doctable_name(t, name, an) != i)
            return false;
    return true;
}

/* The rows into the table, and added up; `langs`: how many there are of each name. */
static bool take_rows(struct loading *l, struct docfile *f, uint64_t *langs)
{
    uint64_t rowid;
    struct docrow row;

    while (docfile_row(f, &rowid, &row)) {
        if (doctable_set(&l->ix->memory->docs, (int64_t)rowid, &row) != 0 ||
            !reach_note(l->docs, rowid))
            return false;
        l->sum.docs++;
        l->sum.sum += doc_sum((int64_t)rowid, row.checksum, row.title_len, row.body_len);
        langs[row.lang]++;
    }
    return docfile_whole(f);
}

/* False: the file is not of this index, or memory ran out. */
static bool take_file(struct loading *l, struct docfile *f, uint64_t *langs)
{
    struct sx_index *ix = l->ix;
    const struct state *s = &ix->committed;

    return doc_each(&ix->w, (int64_t)f->next, add_up, &l->sum, NULL) == SX_OK &&
           l->sum.docs + f->rows == s->docs && take_names(&ix->memory->docs, f, ix->an) &&
           take_rows(l, f, langs) && l->sum.sum == s->sum;
}

/* What was taken of a file may be wrong: as if nothing had been. */
static sx_status begin_anew(struct loading *l, struct sx_error *err)
{
    struct doctable *t = &l->ix->memory->docs;

    doctable_release(t);
    mem_free(l->docs->bits);
    *l->docs = (struct reach_docs){NULL, 0};
    l->sum = (struct tally){0, 0};
    return doctable_init(t) == 0 ? SX_OK : sx_fail_oom(err);
}

static char *path_of(const struct sx_index *ix)
{
    struct buf path = {0};

    buf_printf(&path, "%s/blockmax/" TABLE_FILE, ix->dir);
    if (buf_cstr(&path) == NULL)
        buf_release(&path);
    return path.data;
}

/* All that the file has; *next: the first rowid that is still to be read. */
static sx_status load_file(struct loading *l, int64_t *next, struct sx_error *err)
{
    struct sx_index *ix = l->ix;
    const struct state *s = &ix->committed;
    struct docfile f = {.fd = -1};
    char *path = path_of(ix);
    uint64_t *langs = NULL;
    bool taken = false;

    *next = 0;
    if (path != NULL && docfile_open(&f, path, NULL) == SX_OK && s->summed && f.rows <= s->docs &&
        f.next <= (uint64_t)s->next_id)
        langs = mem_zalloc((size_t)f.names + 1, sizeof(*langs));
    if (langs != NULL)
        taken = take_file(l, &f, langs);
    for (uint32_t i = 1; taken && i <= f.names; i++)
        if (langs[i] > 0)
            languages_count(ix, doctable_name_get(&ix->memory->docs, i)->text, (int64_t)langs[i]);
    if (taken) {
        *next = (int64_t)f.next;
        ix->upkeep.documents = (struct documents_file){f.rows, f.next, true};
    }
    docfile_close(&f);
    mem_free(path);
    mem_free(langs);
    return taken ? SX_OK : begin_anew(l, err);
}

/* An index of an older schema gets its sum now, not at its next commit, which may be far. What fails is
 * tried again at the next opening. */
static void keep_sum(struct sx_index *ix)
{
    if (db_begin_write(&ix->w, NULL) == SX_OK && state_set(&ix->w, &ix->committed, NULL) == SX_OK)
        db_commit(&ix->w, NULL);
    db_rollback(&ix->w);
}

sx_status documents_load(struct sx_index *ix, struct reach_docs *docs, struct sx_error *err)
{
    struct loading l = {.ix = ix, .docs = docs};
    int64_t next;
    sx_status rc = load_file(&l, &next, err);

    if (rc == SX_OK)
        rc = doc_each(&ix->w, next, take_stored, &l, err);
    if (rc != SX_OK || next > 0)
        return rc;
    ix->committed.sum = l.sum.sum;
    if (!ix->committed.summed) {
        ix->committed.summed = true;
        keep_sum(ix);
    }
    return SX_OK;
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* What there is to write: memory and the set pinned, the rest true of `generation`. */
struct writing {
    struct memory *m;
    struct segset *set;
    uint64_t generation, next;
    struct tally want, sum;
    uint32_t names;
    struct docfile_writer out;
};

static void pin(struct sx_index *ix, struct writing *w)
{
    *w = (struct writing){.m = memory_pin(ix)};
    pthread_mutex_lock(&ix->lock);
    const struct reach *r = &w->m->reach;
    w->generation = r->committed;
    w->next = r->committed_next;
    w->want = (struct tally){r->docs, r->sum};
    w->names = r->names;
    pthread_mutex_unlock(&ix->lock);
    w->set = reach_now(ix, w->m);
}

static void unpin(struct sx_index *ix, struct writing *w)
{
    reach_drop(w->set);
    memory_unpin(ix, w->m);
}

/* The documents of a segment that live in the generation. */
static void put_segment(struct writing *w, const struct segment *s)
{
    uint32_t docs = (uint32_t)(s->next - s->first);

    for (uint32_t i = 0; i < docs; i++) {
        uint64_t rowid = s->first + i;
        if (!segment_has(s, i) ||
            (segment_is_dead(s, i) && reach_gone(w->m, rowid, w->generation) != 0))
            continue;
        const struct docrow *row = doctable_get(&w->m->docs, (int64_t)rowid);
        if (row == NULL)
            continue;
        docfile_put(&w->out, rowid, row);
        w->sum.docs++;
        w->sum.sum += doc_sum((int64_t)rowid, row->checksum, row->title_len, row->body_len);
    }
}

static void put_all(void *arg)
{
    struct writing *w = arg;

    for (size_t i = 0; i < w->set->count; i++)
        put_segment(w, w->set->at[i]);
}

static sx_status write_rows(struct writing *w, int fd, struct sx_error *err)
{
    const void *at;

    docfile_begin(&w->out, fd, &w->m->docs, w->names);
    bool readable = guard_run(put_all, w, &at);
    sx_status rc = docfile_end(&w->out, w->next, err);
    if (!readable)
        guard_blame(w->set->at, w->set->count, at);
    if (rc == SX_OK && (w->sum.docs != w->want.docs || w->sum.sum != w->want.sum))
        rc = sx_fail(err, SX_EBUSY, "the segments do not have just the documents of the index");
    return rc;
}

static sx_status write_file(struct sx_index *ix, struct writing *w, struct sx_error *err)
{
    struct buf folder = {0};
    int fd = -1;
    sx_status rc = segfiles_folder(ix->dir, &folder, err);

    if (rc == SX_OK)
        rc = segfiles_room(folder.data, w->want.docs * DOCFILE_ROW_BYTES, err);
    if (rc == SX_OK)
        rc = tablefile_begin(folder.data, &fd, err);
    if (rc == SX_OK)
        rc = tablefile_end(folder.data, fd, write_rows(w, fd, err), err);
    buf_release(&folder);
    return rc;
}

bool documents_due(struct sx_index *ix, bool closing)
{
    struct writing w;

    pin(ix, &w);
    unpin(ix, &w);
    const struct documents_file *f = &ix->upkeep.documents;
    if (w.want.docs <= FEW)
        return false;
    /* What came since is read behind the file; where any has gone it does not serve. */
    uint64_t came = w.next - f->next;
    uint64_t went = f->rows + came - w.want.docs;
    if (f->rows == 0 || (closing && went > 0))
        return true;
    return came + went > FEW + f->rows / TAIL_SHARE;
}

sx_status documents_write(struct sx_index *ix, struct sx_error *err)
{
    struct writing w;
    sx_status rc;

    pin(ix, &w);
    if (w.set == NULL || !w.set->whole || w.set->next != w.next)
        rc = sx_fail(err, SX_EBUSY, "the segments do not reach all documents");
    else
        rc = write_file(ix, &w, err);
    if (rc == SX_OK) {
        ix->upkeep.documents.rows = w.want.docs;
        ix->upkeep.documents.next = w.next;
    }
    unpin(ix, &w);
    return rc;
}
