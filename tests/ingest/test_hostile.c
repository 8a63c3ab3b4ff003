/* Files made to harm: each ends within its limits and is accounted for, and what stands beside it
 * is read. Prints what became of each, and the CPU time it took. */
#include <time.h>

#include "index/base/str.h"
#include "tests/ingest/gather.h"
#include "tests/ingest/pack.h"
#include "tests/support/support.h"

#define SECONDS_MAX 30.0 /* of CPU time, for one file, with sanitizers */
#define MIB ((size_t)1 << 20)

static char letters[1 << 20]; /* zeros would pass for the end of a tar */

static struct sx_str megabyte(void)
{
    return str_make(letters, sizeof(letters));
}

/* Reads, and tells; the caller releases `g`. */
static void read_hostile(struct gather *g, const char *what, const char *name, struct sx_str bytes)
{
    struct timespec start, end;
    double took;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    gather_read(g, name, bytes, NULL);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    took = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    printf("%-34s %9zu bytes %6zu docs %6zu failed %6.2f s  %s\n", what, bytes.len, g->doc_count,
           g->fail_count, took, g->fail_count > 0 ? g->fails[g->fail_count - 1].why : "");
    assert_int_equal(g->unsound, 0);
    assert_true(g->doc_count + g->fail_count > 0);
    if (took > SECONDS_MAX)
        fail_msg("%s took %.1f s", what, took);
}

static bool told(const struct gather *g, const char *uri_end, const char *why)
{
    for (size_t i = 0; i < g->fail_count; i++) {
        const char *uri = g->fails[i].uri;
        size_t len = strlen(uri), n = strlen(uri_end);
        if (len >= n && strcmp(uri + len - n, uri_end) == 0 && strstr(g->fails[i].why, why) != NULL)
            return true;
    }
    return false;
}

static void assert_told(const struct gather *g, const char *uri_end, const char *why)
{
    if (told(g, uri_end, why))
        return;
    for (size_t i = 0; i < g->fail_count && i < 20; i++)
        printf("  %s: %s\n", g->fails[i].uri, g->fails[i].why);
    fail_msg("not told: %s: %s", uri_end, why);
}

/* A bomb ends at whichever limit it meets first. */
static void assert_too_much(const struct gather *g, const char *uri_end)
{
    if (!told(g, uri_end, "too large: more than 64 MiB"))
        assert_told(g, uri_end, "unpacks to more than 300 times its size");
}

static void assert_read(const struct gather *g, const char *text)
{
    for (size_t i = 0; i < g->doc_count; i++) {
        if (strstr(g->docs[i].body, text) != NULL)
            return;
    }
    fail_msg("nothing that was read has '%s'", text);
}

/* ---- bombs ----------------------------------------------------------------------------- */

static void an_entry_that_is_too_large_leaves_the_others(void **state)
{
    struct pack p;
    struct gather g;

    (void)state;
    pack_begin(&p, PACK_ZIP, NULL);
    pack_add(&p, "before.txt", str_of("The text before."));
    pack_add_many(&p, "large.txt", megabyte(), 400);
    pack_add(&p, "after.txt", str_of("The text behind."));
    pack_end(&p);
    read_hostile(&g, "one entry of 400 MiB, zip", "x.zip", buf_str(&p.bytes));
    assert_told(&g, "!/large.txt", "too large: more than 64 MiB");
    assert_read(&g, "The text before.");
    assert_read(&g, "The text behind.");
    gather_release(&g);
    buf_release(&p.bytes);
}

static void compressed_bombs_end_at_a_limit(void **state)
{
    static const char *const filters[] = {"gzip", "zstd", "xz"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pack p, q;
        struct gather g;
        char what[64];
        pack_begin(&p, PACK_RAW, filters[i]);
        pack_add_many(&p, "x", megabyte(), 300);
        pack_end(&p);
        snprintf(what, sizeof(what), "300 MiB of one letter, %s", filters[i]);
        read_hostile(&g, what, "x.txt.gz", buf_str(&p.bytes));
        assert_too_much(&g, "x.txt.gz");
        gather_release(&g);
        pack_begin(&q, PACK_ZIP, NULL);
        pack_add(&q, "bomb.gz", buf_str(&p.bytes));
        pack_add(&q, "after.txt", str_of("The text behind."));
        pack_end(&q);
        snprintf(what, sizeof(what), "the same in a zip, %s", filters[i]);
        read_hostile(&g, what, "x.zip", buf_str(&q.bytes));
        assert_too_much(&g, "!/bomb.gz");
        assert_read(&g, "The text behind.");
        gather_release(&g);
        buf_release(&q.bytes);
        pack_begin(&q, PACK_TAR, filters[i]);
        for (int n = 0; n < 6; n++)
            pack_add_many(&q, "letters.txt", megabyte(), 50);
        pack_end(&q);
        snprintf(what, sizeof(what), "a tar of 6 times 50 MiB, %s", filters[i]);
        read_hostile(&g, what, "x.tar.gz", buf_str(&q.bytes));
        assert_told(&g, "x.tar.gz", "unpacks to more than 300 times its size");
        gather_release(&g);
        buf_release(&q.bytes);
        buf_release(&p.bytes);
    }
}

/* Each level holds the one below sixteen times. */
static void nested_zips_end_at_a_limit(void **state)
{
    struct pack p, inner;
    struct gather g;

    (void)state;
    pack_begin(&inner, PACK_ZIP, NULL);
    pack_add_many(&inner, "0.dll", megabyte(), 40);
    pack_end(&inner);
    for (int level = 0; level < 5; level++) {
        pack_begin(&p, PACK_ZIP, NULL);
        for (int n = 0; n < 16; n++) {
            char name[32];
            snprintf(name, sizeof(name), "lib %x.zip", (unsigned)n);
            pack_add(&p, name, buf_str(&inner.bytes));
        }
        pack_end(&p);
        buf_release(&inner.bytes);
        inner = p;
    }
    read_hostile(&g, "zips in zips, 16 wide, 6 deep", "42.zip", buf_str(&inner.bytes));
    assert_told(&g, "42.zip", "unpacks to more than 512 MiB; the rest is not read");
    gather_release(&g);
    buf_release(&inner.bytes);
}

static void nesting_ends_at_its_depth(void **state)
{
    struct pack p, inner;
    struct gather g;

    (void)state;
    pack_begin(&inner, PACK_ZIP, NULL);
    pack_add(&inner, "deepest.txt", str_of("Too deep to be read."));
    pack_end(&inner);
    for (int level = 0; level < 200; level++) {
        pack_begin(&p, PACK_ZIP, NULL);
        pack_add(&p, "z", buf_str(&inner.bytes));
        pack_add(&p, "t.txt", str_of("A text on the way."));
        pack_end(&p);
        buf_release(&inner.bytes);
        inner = p;
    }
    read_hostile(&g, "200 zips in one another", "x.zip", buf_str(&inner.bytes));
    assert_told(&g, "!/z!/z!/z!/z!/z!/z", "nests deeper than 6 containers");
    assert_int_equal(g.doc_count, 6);
    gather_release(&g);
    buf_release(&inner.bytes);
}

/* Its sizes say 10 bytes, and there are 70 MiB. */
static void a_size_that_lies_is_seen_through(void **state)
{
    struct pack p;
    struct gather g;

    (void)state;
    pack_begin(&p, PACK_ZIP, NULL);
    pack_add_many(&p, "lie.txt", megabyte(), 70);
    pack_end(&p);
    uint32_t true_size = 70 * (uint32_t)MIB, lie = 10;
    for (size_t i = 0; i + 4 <= p.bytes.len; i++) {
        if (memcmp(p.bytes.data + i, &true_size, 4) == 0)
            memcpy(p.bytes.data + i, &lie, 4);
    }
    read_hostile(&g, "a zip that lies about a size", "x.zip", buf_str(&p.bytes));
    assert_int_equal(g.doc_count, 0);
    gather_release(&g);
    buf_release(&p.bytes);
}

static void a_web_archive_that_is_a_bomb(void **state)
{
    struct pack p;
    struct gather g;
    struct buf head = {0};

    (void)state;
    buf_puts(&head, "WARC/1.0\r\nWARC-Type: resource\r\nContent-Type: text/plain\r\n"
                    "WARC-Target-URI: http://a.example/first.txt\r\nContent-Length: 11\r\n\r\n"
                    "first text.\r\n\r\n"
                    "WARC/1.0\r\nWARC-Type: resource\r\nContent-Type: text/plain\r\n"
                    "WARC-Target-URI: http://a.example/a.txt\r\nContent-Length: 314572800\r\n\r\n");
    pack_begin(&p, PACK_RAW, "gzip");
    pack_add_first_and_many(&p, "x", buf_str(&head), megabyte(), 300);
    pack_end(&p);
    read_hostile(&g, "a record of 300 MiB, warc.gz", "x.warc.gz", buf_str(&p.bytes));
    assert_read(&g, "first text.");
    assert_told(&g, "#record/2", "");
    gather_release(&g);
    buf_release(&head);
    buf_release(&p.bytes);
}

/* ---- many ------------------------------------------------------------------------------ */

static void a_hundred_thousand_empty_entries(void **state)
{
    static const enum pack_kind kinds[] = {PACK_ZIP, PACK_TAR};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pack p;
        struct gather g;
        pack_begin(&p, kinds[i], i == 0 ? NULL : "gzip");
        for (int n = 0; n < 100000; n++) {
            char name[32];
            snprintf(name, sizeof(name), "%d.txt", n);
            pack_add(&p, name, str_of(""));
        }
        pack_add(&p, "last.txt", str_of("The last text."));
        pack_end(&p);
        read_hostile(&g, i == 0 ? "100,000 empty entries, zip" : "the same, tar.gz", "x.zip",
                     buf_str(&p.bytes));
        assert_int_equal(g.fail_count, 100000);
        assert_told(&g, "!/99999.txt", "empty");
        assert_read(&g, "The last text.");
        gather_release(&g);
        buf_release(&p.bytes);
    }
}

static void more_items_than_can_be(void **state)
{
    struct buf box = {0};
    struct gather g;

    (void)state;
    for (int n = 0; n < 200100; n++)
        buf_puts(&box, "From a@b.example Fri Aug 15 10:00:00 2025\nSubject: s\n\nText.\n\n");
    read_hostile(&g, "200,100 messages", "x.mbox", buf_str(&box));
    assert_told(&g, "x.mbox", "holds more than 200000 items; the rest is not read");
    gather_release(&g);
    buf_release(&box);
}

/* ---- names ----------------------------------------------------------------------------- */

static void paths_are_names_and_links_are_not_followed(void **state)
{
    static const char *const names[] = {"../../../../tmp/searchd-was-here",
                                        "/etc/passwd",
                                        "..\\..\\windows",
                                        "C:\\x",
                                        "a//b/./c",
                                        ".",
                                        "new\nline\x01\xFF"};
    struct pack p;
    struct gather g;

    (void)state;
    pack_begin(&p, PACK_TAR, NULL);
    pack_add_link(&p, "link", "/etc/passwd");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        pack_add(&p, names[i], str_of("Only a name."));
    pack_end(&p);
    read_hostile(&g, "paths that lead outside", "x.tar", buf_str(&p.bytes));
    assert_int_equal(g.doc_count, sizeof(names) / sizeof(names[0]));
    assert_int_equal(g.fail_count, 1);
    assert_told(&g, "!/link", "a link; it is not followed");
    for (size_t i = 0; i < g.doc_count; i++)
        assert_string_equal(g.docs[i].body, "Only a name.");
    assert_string_equal(g.docs[0].uri, "file:///x.tar!/../../../../tmp/searchd-was-here");
    gather_release(&g);
    buf_release(&p.bytes);
}

/* ---- XML ------------------------------------------------------------------------------- */

static const char laughs[] =
    "<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY a \"laughing a lot\">"
    "<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">"
    "<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\"><!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\">"
    "<!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\"><!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;\">"
    "<!ENTITY x SYSTEM \"file:///etc/passwd\"><!ENTITY % p SYSTEM \"http://a.example/p\"> %p;]>";

static void entities_are_not_expanded(void **state)
{
    struct buf feed = {0};
    struct pack p;
    struct gather g;

    (void)state;
    buf_puts(&feed, laughs);
    buf_puts(&feed, "<rss><channel><item><title a=\"&g;\">Title &g; &x;</title><description>&g;&x; "
                    "and text</description></item></channel></rss>");
    read_hostile(&g, "a billion laughs, feed", "x.rss", buf_str(&feed));
    for (size_t i = 0; i < g.doc_count; i++) {
        assert_null(strstr(g.docs[i].body, "laughing"));
        assert_null(strstr(g.docs[i].body, "root:"));
        assert_null(strstr(g.docs[i].title, "root:"));
    }
    gather_release(&g);
    buf_clear(&feed);
    buf_puts(&feed, laughs);
    buf_puts(&feed, "<w:document><w:body><w:p><w:r><w:t>Text &g;&x; of a letter</w:t></w:r></w:p>"
                    "</w:body></w:document>");
    pack_begin(&p, PACK_ZIP, NULL);
    pack_add(&p, "[Content_Types].xml", str_of("<Types/>"));
    pack_add(&p, "word/document.xml", buf_str(&feed));
    pack_end(&p);
    read_hostile(&g, "a billion laughs, docx", "x.docx", buf_str(&p.bytes));
    for (size_t i = 0; i < g.doc_count; i++)
        assert_null(strstr(g.docs[i].body, "laughing"));
    gather_release(&g);
    buf_release(&p.bytes);
    buf_release(&feed);
}

static void deep_and_wide_xml(void **state)
{
    struct buf xml = {0};
    struct gather g;

    (void)state;
    buf_puts(&xml, "<rss><channel><item><title>t</title>");
    for (int i = 0; i < 1000000; i++)
        buf_puts(&xml, "<a>");
    read_hostile(&g, "a million open elements", "x.rss", buf_str(&xml));
    assert_told(&g, "x.rss", "XML nests deeper than 1000 elements");
    gather_release(&g);
    buf_clear(&xml);
    buf_puts(&xml, "<rss><channel><item><title>t</title><a ");
    for (int i = 0; i < 1000000; i++)
        buf_printf(&xml, "a%d=\"\" ", i);
    buf_puts(&xml, "/></item></channel></rss>");
    read_hostile(&g, "a million attributes", "x.rss", buf_str(&xml));
    assert_told(&g, "x.rss", "too many attributes");
    gather_release(&g);
    buf_clear(&xml);
    buf_puts(&xml, "<rss><channel>");
    for (int i = 0; i < 20000; i++)
        buf_puts(&xml, "<item><title>A & B &nosuch; <b</title></item>");
    read_hostile(&g, "20,000 items full of faults", "x.rss", buf_str(&xml));
    gather_release(&g);
    buf_release(&xml);
}

/* Each mention of the chapter would be one more reading of it. */
static void a_book_that_repeats_a_chapter(void **state)
{
    struct buf opf = {0}, chapter = {0};
    struct pack p;
    struct gather g;

    (void)state;
    buf_puts(&opf, "<package><manifest><item id='c' href='c.xhtml'/></manifest><spine>");
    for (int i = 0; i < 15000; i++)
        buf_puts(&opf, "<itemref idref='c'/>");
    buf_puts(&opf, "</spine></package>");
    buf_puts(&chapter, "Once.");
    for (int i = 0; i < 100000; i++)
        buf_puts(&chapter, "<i></i>");
    pack_begin(&p, PACK_ZIP, NULL);
    pack_add(&p, "META-INF/container.xml", str_of("<c><rootfile full-path='p.opf'/></c>"));
    pack_add(&p, "p.opf", buf_str(&opf));
    pack_add(&p, "c.xhtml", buf_str(&chapter));
    pack_end(&p);
    read_hostile(&g, "a chapter 15,000 times, epub", "x.epub", buf_str(&p.bytes));
    assert_string_equal(g.docs[0].body, "Once.");
    gather_release(&g);
    buf_release(&p.bytes);
    buf_release(&opf);
    buf_release(&chapter);
}

/* ---- mail ------------------------------------------------------------------------------ */

static void endless_multiparts(void **state)
{
    struct buf mail = {0};
    struct gather g;

    (void)state;
    buf_puts(&mail, "From: a@b.example\nSubject: s\nDate: Fri, 15 Aug 2025 10:00:00 +0000\n");
    for (int i = 0; i < 100000; i++)
        buf_printf(&mail, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    read_hostile(&g, "100,000 multiparts, one in another", "x.eml", buf_str(&mail));
    assert_told(&g, "x.eml", "parts nest deeper than 32");
    gather_release(&g);
    buf_clear(&mail);
    for (int i = 0; i < 20000; i++)
        buf_puts(&mail, "From: a@b.example\nSubject: s\nMessage-ID: <a>\nContent-Type: "
                        "message/rfc822\n\n");
    read_hostile(&g, "20,000 messages, one in another", "x.eml", buf_str(&mail));
    assert_told(&g, "/attachment/1", "nests deeper than 6 containers");
    gather_release(&g);
    buf_clear(&mail);
    buf_puts(&mail, "From: a@b.example\nSubject: s\nMessage-ID: <a>\nContent-Type: "
                    "multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < 300000; i++)
        buf_puts(&mail, "--b\n\n");
    read_hostile(&g, "300,000 empty parts", "x.eml", buf_str(&mail));
    gather_release(&g);
    buf_release(&mail);
}

static void headers_without_end(void **state)
{
    struct buf mail = {0};
    struct gather g;

    (void)state;
    buf_puts(&mail, "From: a@b.example\nMessage-ID: <a>\nSubject: ");
    for (int i = 0; i < 2000000; i++)
        buf_puts(&mail, "=?utf-8?Q?");
    for (int i = 0; i < 500000; i++)
        buf_puts(&mail, "\n =?a?B?=?=\n X");
    buf_puts(&mail, "\nContent-Type: text/plain; ");
    for (int i = 0; i < 500000; i++)
        buf_printf(&mail, "charset*%d*=%%41; ", i % 70);
    buf_puts(&mail, "\n\nThe text of it.\n");
    read_hostile(&g, "headers of 40 MiB", "x.eml", buf_str(&mail));
    assert_read(&g, "The text of it.");
    gather_release(&g);
    buf_release(&mail);
}

/* ---- tables ---------------------------------------------------------------------------- */

static void tables_out_of_bounds(void **state)
{
    struct buf csv = {0};
    struct gather g;

    (void)state;
    buf_puts(&csv, "title,body");
    for (int i = 0; i < 1000000; i++)
        buf_puts(&csv, ",x");
    buf_puts(&csv, "\na,b\n");
    read_hostile(&g, "a million columns", "x.csv", buf_str(&csv));
    assert_int_equal(g.doc_count, 1);
    gather_release(&g);
    buf_clear(&csv);
    buf_puts(&csv, "title,body\nt,\"never closed ");
    for (int i = 0; i < 3000000; i++)
        buf_puts(&csv, "\"\"\n,,x");
    read_hostile(&g, "a quote that never closes", "x.csv", buf_str(&csv));
    assert_told(&g, "#2", "cut off: a quote is not closed");
    gather_release(&g);
    buf_clear(&csv);
    buf_puts(&csv, "body\n");
    for (int i = 0; i < 100000; i++)
        buf_puts(&csv, "a,b,c\n");
    buf_puts(&csv, "The last row.\n");
    read_hostile(&g, "100,000 rows of the wrong width", "x.csv", buf_str(&csv));
    assert_int_equal(g.fail_count, 100000);
    assert_read(&g, "The last row.");
    gather_release(&g);
    buf_release(&csv);
}

int main(void)
{
    memset(letters, 'a', sizeof(letters));
    setvbuf(stdout, NULL, _IOLBF, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_that_is_too_large_leaves_the_others),
        cmocka_unit_test(compressed_bombs_end_at_a_limit),
        cmocka_unit_test(nested_zips_end_at_a_limit),
        cmocka_unit_test(nesting_ends_at_its_depth),
        cmocka_unit_test(a_size_that_lies_is_seen_through),
        cmocka_unit_test(a_web_archive_that_is_a_bomb),
        cmocka_unit_test(a_hundred_thousand_empty_entries),
        cmocka_unit_test(more_items_than_can_be),
        cmocka_unit_test(paths_are_names_and_links_are_not_followed),
        cmocka_unit_test(entities_are_not_expanded),
        cmocka_unit_test(deep_and_wide_xml),
        cmocka_unit_test(a_book_that_repeats_a_chapter),
        cmocka_unit_test(endless_multiparts),
        cmocka_unit_test(headers_without_end),
        cmocka_unit_test(tables_out_of_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
