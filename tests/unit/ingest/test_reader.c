/* All readers: the sample corpus, memory that runs out at each place, and damaged bytes. */
#include "index/base/alloc.h"
#include "index/base/date.h"
#include "index/base/file.h"
#include "index/base/utf8.h"
#include "index/ingest/walk.h"
#include "tests/unit/ingest/capture.h"

#define MUTATIONS 2000

/* What is counted over documents, all of which must be sound. */
struct tally {
    size_t docs, failed;
    size_t dated, sourced, titled;
    size_t all_words; /* documents with Unit, 8200 and Netherlands */
    size_t one_word;  /* with only some of them */
};

static bool has(struct sx_str text, const char *word)
{
    return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

static void assert_sound(struct sx_str s)
{
    if (s.ptr == NULL)
        return;
    assert_int_equal(utf8_check(s.ptr, s.len), s.len);
    assert_true(s.len == 0 || memchr(s.ptr, '\0', s.len) == NULL);
}

static sx_status tally_doc(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct tally *t = ctx;
    struct date_span span;
    const struct sx_str all[] = {doc->uri,  doc->title, doc->body, doc->source,
                                 doc->date, doc->lang,  doc->type};
    int words = has(doc->body, "Unit") + has(doc->body, "8200") + has(doc->body, "Netherlands");

    (void)line;
    (void)err;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        assert_sound(all[i]);
    assert_true(doc->uri.len > 0);
    assert_non_null(doc->body.ptr);
    assert_true(doc->date.len == 0 || date_parse(doc->date, &span));
    t->docs++;
    t->dated += doc->date.len > 0;
    t->sourced += doc->source.len > 0;
    t->titled += doc->title.len > 0;
    t->all_words += words == 3;
    t->one_word += words > 0 && words < 3;
    return SX_OK;
}

static void tally_failed(void *ctx, size_t line, const struct sx_error *err)
{
    struct tally *t = ctx;

    assert_true(line > 0);
    assert_true(err->msg[0] != '\0');
    t->failed++;
}

static void tally_item(void *ctx, struct sx_str uri, const struct sx_error *err)
{
    assert_true(uri.len > 0);
    tally_failed(ctx, 1, err);
}

static sx_status read_into(struct tally *t, enum media m, struct sx_str bytes, struct sx_error *err)
{
    const struct ingest_sink sink = {
        .doc = tally_doc, .failed = tally_failed, .ctx = t, .item = tally_item};

    memset(err, 0, sizeof(*err));
    return ingest_read(m, str_of("file:///sample"), bytes, &sink, err);
}

/* Calls `each` for every file of the corpus. */
static void for_each_sample(void (*each)(enum media m, struct sx_str bytes, void *ctx), void *ctx)
{
    char root[4096];
    struct walk *w;
    struct walk_file file;
    struct sx_error err;
    struct buf bytes = {0};
    bool more;

    snprintf(root, sizeof(root), "%s/tests/corpus", source_dir());
    assert_int_equal(walk_open(&w, root, &err), SX_OK);
    while (walk_next(w, &file, &more, &err) == SX_OK && more) {
        buf_clear(&bytes);
        assert_int_equal(file_read(file.path, INGEST_FILE_MAX, &bytes, &err), SX_OK);
        each(media_detect(file.path, buf_str(&bytes)), buf_str(&bytes), ctx);
    }
    walk_close(w);
    buf_release(&bytes);
}

static void read_sample(enum media m, struct sx_str bytes, void *ctx)
{
    struct sx_error err;

    if (read_into(ctx, m, bytes, &err) != SX_OK)
        fail_msg("%s", err.msg);
}

static void the_corpus_is_read_whole(void **state)
{
    struct tally t = {0};

    (void)state;
    for_each_sample(read_sample, &t);
    assert_int_equal(t.docs, 24);
    assert_int_equal(t.failed, 0);
    assert_int_equal(t.titled, t.docs);
    assert_int_equal(t.dated, t.docs);
    assert_int_equal(t.sourced, t.docs);
    assert_true(t.all_words >= 2);
    assert_true(t.one_word >= 3);
}

static void starve(enum media m, struct sx_str bytes, void *ctx)
{
    sx_status rc = SX_ENOMEM;

    (void)ctx;
    for (long n = 0; rc != SX_OK; n++) {
        struct tally t = {0};
        struct sx_error err;
        mem_fail_after(n);
        rc = read_into(&t, m, bytes, &err);
        assert_int_equal(rc, mem_failed() ? SX_ENOMEM : SX_OK);
        mem_fail_after(-1);
    }
}

static void memory_running_out_is_told_by_each_reader(void **state)
{
    static const struct {
        enum media media;
        const char *bytes;
    } more[] = {
        {MEDIA_TEXT, "Source: caf\xE9\nDate: 15 August 2025\nA title of four words\n\nText."},
        {MEDIA_HTML, "<html lang=en><title>T</title><meta charset=koi8-r>\r\n<h1>\xC1</h1>&#146;"},
        {MEDIA_HTML,
         "<title>Ferry stops | Courier</title><script type=application/ld+json>{\"@type\":"
         "\"Report\",\"author\":\"A\",\"headline\":\"&amp;\"}</script><nav><a>Menu</a></nav>"
         "<h1>Ferry stops</h1><p>By Ada Quill<p>15 August 2025<time>1.5.2025</time>"
         "<p>The ferry between the two harbours was taken out of service on Thursday after "
         "an inspection found cracks in its hull, the company that runs it said.</p>"},
        {MEDIA_MARKDOWN, "+++\nauthors = [\"a\", \"b\"]\ntags = [\"c\", \"d\"]\n+++\ntext"},
        {MEDIA_TEXT, "Published: 2025-08-15T10:00:00Z\nBy - Ada Quill 15 August 2025\n\nx"},
        {MEDIA_MARKDOWN, "---\ntitle: T\r\n---\n<div>raw</div>\n\n&eacute; `c`"},
        {MEDIA_JSONL, "{\"body\":\"b\",\"date\":\"1 May 2025\",\"lang\":\"EN\",\"k\":[1]}\n{\"id\":"
                      "7,\"body\":\"c\"}\nbad"},
    };

    (void)state;
    for_each_sample(starve, NULL);
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        starve(more[i].media, str_of(more[i].bytes), NULL);
}

/* ---- damage ---------------------------------------------------------------------------- */

static uint64_t seed = 0x9E3779B97F4A7C15u;

static size_t roll(size_t below)
{
    seed ^= seed << 13; /* xorshift64 */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return below == 0 ? 0 : (size_t)(seed % below);
}

/* One change: a byte, a run copied elsewhere, a cut, or a piece of markup put in. */
static void mutate(struct buf *b)
{
    static const char *const pieces[] = {
        "<", ">",   "</p>",  "<!--",  "<svg>", "<noscript>", "&#", "\"",
        "{", "}\n", "---\n", "```\n", "\xC3",  "\xFF\xFE",   "|",  "<title>"};
    const char *piece = pieces[roll(sizeof(pieces) / sizeof(pieces[0]))];
    size_t at = roll(b->len), len = roll(b->len - at);

    if (b->len == 0)
        return;
    switch (roll(4)) {
    case 0:
        b->data[at] = (char)roll(256);
        break;
    case 1:
        memmove(b->data + roll(b->len - len), b->data + at, len);
        break;
    case 2:
        b->len = roll(8) == 0 ? at : b->len;
        break;
    default:
        len = strlen(piece) < b->len - at ? strlen(piece) : b->len - at;
        memcpy(b->data + at, piece, len);
        break;
    }
}

static void damage(enum media m, struct sx_str bytes, void *ctx)
{
    struct tally *t = ctx;

    for (int i = 0; i < MUTATIONS; i++) {
        struct buf copy = {0};
        struct sx_error err;
        buf_put_str(&copy, bytes);
        for (size_t n = roll(8) + 1; n > 0; n--)
            mutate(&copy);
        sx_status rc = read_into(t, m, buf_str(&copy), &err);
        if (rc != SX_OK) {
            assert_int_equal(rc, SX_EREQUEST);
            assert_true(err.msg[0] != '\0');
        }
        media_detect("x.txt", buf_str(&copy));
        buf_release(&copy);
    }
}

static void damaged_bytes_give_sound_documents_or_a_reason(void **state)
{
    struct tally t = {0};

    (void)state;
    for_each_sample(damage, &t);
    assert_true(t.docs > MUTATIONS);
    assert_true(t.failed > 0);
}

/* Whatever it was to be, inside a container or not. */
static void what_has_no_text_is_told_as_empty(void **state)
{
    static const struct {
        enum media media;
        const char *bytes;
    } files[] = {
        {MEDIA_NONE, ""},
        {MEDIA_TEXT, ""},
        {MEDIA_HTML, ""},
        {MEDIA_MARKDOWN, ""},
        {MEDIA_JSONL, ""},
        {MEDIA_PDF, ""},
        {MEDIA_MAIL, ""},
        {MEDIA_MBOX, ""},
        {MEDIA_FEED, ""},
        {MEDIA_CSV, ""},
        {MEDIA_WARC, ""},
        {MEDIA_DOCX, ""},
        {MEDIA_ODT, ""},
        {MEDIA_EPUB, ""},
        {MEDIA_ARCHIVE, ""},
        {MEDIA_TEXT, "\n \t\r\n"},
        {MEDIA_HTML, "<div></div>"},
        {MEDIA_MARKDOWN, "---"},
        {MEDIA_JSONL, "\n\n"},
    };
    struct capture c = {0};
    struct sx_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        assert_int_equal(capture_read(&c, files[i].media, str_of(files[i].bytes), &err),
                         SX_EREQUEST);
        if (strncmp(err.msg, "empty", 5) != 0)
            fail_msg("%s: %s", media_name(files[i].media), err.msg);
        assert_int_equal(c.count, 0);
    }
    const struct captured *line = capture_one(&c, MEDIA_JSONL, "{\"uri\":\"a\",\"body\":\"\"}");
    assert_string_equal(line->body, ""); /* it says so of itself */
    capture_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_no_text_is_told_as_empty),
        cmocka_unit_test(the_corpus_is_read_whole),
        cmocka_unit_test(memory_running_out_is_told_by_each_reader),
        cmocka_unit_test(damaged_bytes_give_sound_documents_or_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
