/* Documents in SQLite: a row of doc, a row of text, a row of FTS5, written and removed together. */
#ifndef INDEX_STORE_DOCS_H
#define INDEX_STORE_DOCS_H

#include "index/base/arena.h"
#include "index/store/db.h"

#define DOC_HASH_BYTES 32

/* The row of state: what a snapshot is. */
struct state {
    uint64_t generation;
    int64_t next_id;
    uint64_t docs, title_words, body_words, failed;
    uint64_t analyzer;
    uint64_t sum; /* of doc_sum() of all documents, */
    bool summed;  /* where that is known: older indexes did not keep it */
};

/* A stored document; strings as the reading function says. */
struct stored_doc {
    int64_t id;
    struct sx_doc doc;
    unsigned char hash[DOC_HASH_BYTES];
    int64_t at; /* DATE_NONE: none */
    uint32_t title_len, body_len;
    uint32_t checksum;
    uint32_t put_checksum; /* what it was before the document got another uri */
    int64_t file;          /* 0: none */
    bool lang_detected;    /* doc.lang was found out, not given */
};

sx_status state_get(struct db *c, struct state *out, struct sx_error *err);
sx_status state_set(struct db *c, const struct state *s, struct sx_error *err);

/* SHA-256 of uri NUL title NUL body. */
void doc_hash(const struct sx_doc *d, unsigned char out[DOC_HASH_BYTES]);
/* CRC-32 of all that is stored of a document; an absent value differs from an empty one. */
uint32_t doc_checksum(const struct sx_doc *d);

/* Tells a document, by what segments and the table of documents know of it. Those of a set are added up, so that
 * sets can be compared. */
uint64_t doc_sum(int64_t id, uint32_t put_checksum, uint32_t title_len, uint32_t body_len);

/* Finds the row of doc (no title, body, extra). *found false: none. Strings borrow from the
 * statement and live until it is used again or doc_done() is called. */
enum doc_key { DOC_KEY_URI, DOC_KEY_HASH, DOC_KEY_ID, DOC_KEY_AFTER /* the next id */ };
sx_status doc_find(struct db *c, enum doc_key by, struct sx_str key, int64_t id,
                   struct stored_doc *out, bool *found, struct sx_error *err);
/* Reads title, body and extra of out->id into out->doc, borrowed likewise, and verifies the
 * checksum: SX_ECORRUPT names the uri. */
sx_status doc_text(struct db *c, struct stored_doc *out, struct sx_error *err);
/* Both at once, by id. *found false: none, or its text is not there. SX_ECORRUPT: a part is damaged,
 * and *out not to be used; the two above tell which, and give the row if that is good. */
sx_status doc_whole(struct db *c, int64_t id, struct stored_doc *out, bool *found,
                    struct sx_error *err);
/* Resets the statements behind these. */
void doc_done(struct db *c);

/* Inserts into text, fts and doc. d->id must be new. */
sx_status doc_insert(struct db *c, const struct stored_doc *d, struct sx_error *err);
/* Indexes d's text once more, its words having been removed, and stores its lengths. */
sx_status doc_reindex(struct db *c, const struct stored_doc *d, struct sx_error *err);
/* Gives a document, whose text doc_text() has read, another uri; title and body stay, and so do
 * their words. d->hash and d->checksum become those of it under that uri; d->put_checksum stays. */
sx_status doc_rename(struct db *c, struct stored_doc *d, struct sx_str uri, struct sx_error *err);
/* Removes from fts (which needs the old text), text and doc. */
sx_status doc_remove(struct db *c, const struct stored_doc *d, struct sx_error *err);

/* Calls `fn` for each row of doc from an id on, in id order, without text. */
sx_status doc_each(struct db *c, int64_t from,
                   sx_status (*fn)(void *ctx, const struct stored_doc *d), void *ctx,
                   struct sx_error *err);

#endif
