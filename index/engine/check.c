/* Verifying an index: SQLite's structure, FTS5 against the text (of a stale index by itself), each
 * document's checksum and hash, and the counts of the state row against what is there. */
#include "index/engine/index.h"

#include <string.h>

#include "index/base/str.h"
#include "index/store/verify.h"

struct tally {
    struct sx_index *ix;
    struct sx_error *err;
    uint64_t docs, title_words, body_words, sum;
};

static sx_status check_doc(void *arg, const struct stored_doc *row)
{
    struct tally *t = arg;
    struct stored_doc d = *row;
    unsigned char hash[DOC_HASH_BYTES];

    sx_status rc = doc_text(&t->ix->w, &d, t->err);
    if (rc != SX_OK)
        return rc;
    doc_hash(&d.doc, hash);
    if (memcmp(hash, d.hash, sizeof(hash)) != 0)
        return sx_fail(t->err, SX_ECORRUPT, "document '%.*s' does not have its hash",
                       (int)(d.doc.uri.len > 200 ? 200 : d.doc.uri.len), d.doc.uri.ptr);
    t->docs++;
    t->title_words += d.title_len;
    t->body_words += d.body_len;
    t->sum += doc_sum(d.id, d.put_checksum, d.title_len, d.body_len);
    return SX_OK;
}

sx_status sx_index_check(struct sx_index *ix, struct sx_error *err)
{
    struct sx_error own;
    struct state now;
    struct tally t = {.ix = ix, .err = err == NULL ? &own : err};

    if (ix->in_transaction)
        return sx_fail(err, SX_EBUSY, "a transaction is open: commit it before a check");
    sx_status rc = verify_file(&ix->w, t.err);
    if (rc == SX_OK)
        rc = doc_each(&ix->w, 0, check_doc, &t, t.err);
    doc_done(&ix->w);
    if (rc == SX_OK)
        rc = verify_fts(&ix->w, !sx_index_stale(ix, NULL), t.err);
    if (rc == SX_OK)
        rc = state_get(&ix->w, &now, t.err);
    if (rc != SX_OK)
        return rc;
    if (now.docs != t.docs || now.title_words != t.title_words || now.body_words != t.body_words)
        return sx_fail(
            err, SX_ECORRUPT,
            "the index counts %llu documents and %llu words, but has %llu and %llu",
            (unsigned long long)now.docs, (unsigned long long)(now.title_words + now.body_words),
            (unsigned long long)t.docs, (unsigned long long)(t.title_words + t.body_words));
    if (now.summed && now.sum != t.sum)
        return sx_fail(err, SX_ECORRUPT, "the documents are not those that the index has counted");
    return SX_OK;
}
