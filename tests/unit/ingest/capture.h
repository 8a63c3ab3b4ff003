/* A sink that keeps what a reader hands out, for tests. */
#ifndef TESTS_UNIT_INGEST_CAPTURE_H
#define TESTS_UNIT_INGEST_CAPTURE_H

#include <stdbool.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/reader.h"
#include "tests/support/support.h"

#define CAPTURED_MAX 16

struct captured {
    char *uri, *title, *body, *source, *date, *lang, *type, *extra; /* NULL: absent */
    size_t line;
};

struct capture {
    struct captured docs[CAPTURED_MAX];
    size_t count;
    size_t failed_lines[CAPTURED_MAX];
    char failed_why[CAPTURED_MAX][320];
    size_t failed;
    sx_status refuse; /* what the sink answers */
};

static inline char *capture_copy(struct sx_str s)
{
    return s.ptr == NULL ? NULL : strndup(s.ptr, s.len);
}

static inline sx_status capture_doc(void *ctx, const struct sx_doc *doc, size_t line,
                                    struct sx_error *err)
{
    struct capture *c = ctx;

    if (c->refuse != SX_OK)
        return sx_fail(err, c->refuse, "refused");
    assert_true(c->count < CAPTURED_MAX);
    c->docs[c->count++] = (struct captured){
        capture_copy(doc->uri),    capture_copy(doc->title), capture_copy(doc->body),
        capture_copy(doc->source), capture_copy(doc->date),  capture_copy(doc->lang),
        capture_copy(doc->type),   capture_copy(doc->extra), line};
    return SX_OK;
}

static inline void capture_failed(void *ctx, size_t line, const struct sx_error *err)
{
    struct capture *c = ctx;

    assert_true(c->failed < CAPTURED_MAX);
    snprintf(c->failed_why[c->failed], sizeof(c->failed_why[0]), "%s", err->msg);
    c->failed_lines[c->failed++] = line;
}

static inline void capture_release(struct capture *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct captured *d = &c->docs[i];
        char *all[] = {d->uri, d->title, d->body, d->source, d->date, d->lang, d->type, d->extra};
        for (size_t n = 0; n < sizeof(all) / sizeof(all[0]); n++)
            free(all[n]);
    }
    memset(c, 0, sizeof(*c));
}

static inline sx_status capture_read(struct capture *c, enum media m, struct sx_str bytes,
                                     struct sx_error *err)
{
    const struct ingest_sink sink = {.doc = capture_doc, .failed = capture_failed, .ctx = c};

    memset(err, 0, sizeof(*err));
    return ingest_read(m, str_of("file:///x"), bytes, &sink, err);
}

/* Reads one document, which must go well; c->docs[0] is it. */
static inline struct captured *capture_one(struct capture *c, enum media m, const char *bytes)
{
    struct sx_error err;

    memset(c, 0, sizeof(*c));
    if (capture_read(c, m, str_of(bytes), &err) != SX_OK)
        fail_msg("not read: %s", err.msg);
    assert_int_equal(c->count, 1);
    return &c->docs[0];
}

/* NULL stands for absent. */
static inline void assert_member(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else if (got == NULL)
        fail_msg("absent, but should be '%s'", want);
    else
        assert_string_equal(got, want);
}

#endif
