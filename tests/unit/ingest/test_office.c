/* DOCX, ODT and EPUB by their parts: what is text, what is not, what they say of themselves. */
#include "tests/ingest/pack.h"
#include "tests/unit/ingest/capture.h"

struct entry {
    const char *name, *bytes;
};

static void pack(struct buf *out, const struct entry *entries)
{
    struct pack p;

    pack_begin(&p, PACK_ZIP, NULL);
    for (; entries->name != NULL; entries++)
        pack_add(&p, entries->name, str_of(entries->bytes));
    pack_end(&p);
    *out = p.bytes;
}

static sx_status read_entries(struct capture *c, enum media m, const struct entry *entries,
                              struct sx_error *err)
{
    struct buf zip;
    sx_status rc;

    memset(c, 0, sizeof(*c));
    pack(&zip, entries);
    rc = capture_read(c, m, buf_str(&zip), err);
    buf_release(&zip);
    return rc;
}

static void docx_has_the_text_that_stands(void **state)
{
    static const struct entry entries[] = {
        {"[Content_Types].xml", "<Types/>"},
        {"docProps/core.xml",
         "<c><dc:creator>Ann</dc:creator><dcterms:created>2025-01-02T03:04:05Z</dcterms:created>"
         "<dc:language>en-US</dc:language></c>"},
        {"word/footnotes.xml", "<f><p><r><t>A note.</t></r></p></f>"},
        {"word/document.xml",
         "<w:document><w:body><w:p><w:pPr><w:pStyle w:val='Heading1'/></w:pPr><w:r><w:t>The head"
         "</w:t></w:r></w:p><w:p><w:r><w:t xml:space='preserve'>One </w:t></w:r><w:r><w:t>word"
         "</w:t></w:r><w:r><w:tab/><w:t>tab</w:t><w:br/><w:t>line</w:t></w:r></w:p><w:p><w:del>"
         "<w:r><w:delText>struck</w:delText></w:r></w:del><w:ins><w:r><w:t>put in</w:t></w:r>"
         "</w:ins><w:instrText>HYPERLINK</w:instrText></w:p><mc:AlternateContent><mc:Choice><w:p>"
         "<w:r><w:t>box</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>box</w:t></w:r>"
         "</w:p></mc:Fallback></mc:AlternateContent></w:body></w:document>"},
        {NULL, NULL},
    };
    struct capture c;
    struct sx_error err;

    (void)state;
    assert_int_equal(read_entries(&c, MEDIA_DOCX, entries, &err), SX_OK);
    assert_string_equal(c.docs[0].body, "The head\nOne word tab\nline\nput in\nbox\nA note.");
    assert_string_equal(c.docs[0].title, "The head");
    assert_string_equal(c.docs[0].date, "2025-01-02T03:04:05Z");
    assert_string_equal(c.docs[0].extra, "{\"author\":\"Ann\"}");
    assert_member(c.docs[0].lang, NULL);
    capture_release(&c);
}

static void odt_has_the_text_that_stands(void **state)
{
    static const struct entry entries[] = {
        {"meta.xml", "<m><dc:title>T</dc:title><meta:creation-date>2025-02-03</meta:creation-date>"
                     "<dc:date>2025-09-09</dc:date></m>"},
        {"content.xml",
         "<office:document-content><office:automatic-styles><p>no</p></office:automatic-styles>"
         "<office:body><office:text><text:tracked-changes><text:p>struck</text:p>"
         "</text:tracked-changes><text:h>Head</text:h><text:p>a<text:s text:c='3'/>b"
         "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>note"
         "</text:p></text:note-body></text:note></text:p><office:annotation><text:p>comment"
         "</text:p></office:annotation><text:p>end <text:span>span</text:span></text:p>"
         "</office:text></office:body></office:document-content>"},
        {NULL, NULL},
    };
    struct capture c;
    struct sx_error err;

    (void)state;
    assert_int_equal(read_entries(&c, MEDIA_ODT, entries, &err), SX_OK);
    assert_string_equal(c.docs[0].body, "Head\na b\nnote\nend span");
    assert_string_equal(c.docs[0].title, "T");
    assert_string_equal(c.docs[0].date, "2025-02-03");
    capture_release(&c);
}

static void chapters_come_in_the_order_of_the_spine(void **state)
{
    static const struct entry entries[] = {
        {"META-INF/container.xml", "<c><rootfile full-path='a/b/p.opf'/></c>"},
        {"a/b/p.opf",
         "<package><metadata><dc:title>T</dc:title><dc:creator>Ann</dc:creator><dc:creator>Bea"
         "</dc:creator><dc:publisher>P</dc:publisher></metadata><manifest><item id='1' "
         "href='one%20x.xhtml'/><item id='2' href='../two.xhtml#f'/><item id='3' "
         "href='none.xhtml'/>"
         "<item id='nav' href='nav.xhtml'/></manifest><spine><itemref idref='2'/><itemref "
         "idref='1'/><itemref idref='3'/><itemref idref='2'/></spine></package>"},
        {"a/b/one x.xhtml", "<html><head><title>no</title></head><body><p>one</p></body></html>"},
        {"a/two.xhtml", "<html><body><p>two</p></body></html>"},
        {"a/b/nav.xhtml", "<p>contents</p>"},
        {NULL, NULL},
    };
    struct capture c;
    struct sx_error err;

    (void)state;
    assert_int_equal(read_entries(&c, MEDIA_EPUB, entries, &err), SX_OK);
    assert_string_equal(c.docs[0].body, "two\n\none");
    assert_string_equal(c.docs[0].source, "P");
    assert_string_equal(c.docs[0].extra, "{\"author\":\"Ann, Bea\"}");
    capture_release(&c);
}

static void what_is_locked_or_missing_is_named(void **state)
{
    static const struct entry odt[] = {
        {"content.xml", "\xFF\xFE rubbish"},
        {"META-INF/manifest.xml", "<m><manifest:encryption-data/></m>"},
        {NULL, NULL},
    };
    static const struct entry epub[] = {
        {"META-INF/container.xml", "<c><rootfile full-path='p.opf'/></c>"},
        {"META-INF/encryption.xml", "<e><CipherReference URI='c.xhtml'/></e>"},
        {"p.opf", "<p><item id='1' href='c.xhtml'/><itemref idref='1'/></p>"},
        {"c.xhtml", "rubbish"},
        {NULL, NULL},
    };
    static const struct entry none[] = {{"x.xml", "<x/>"}, {NULL, NULL}};
    static const struct {
        enum media media;
        const struct entry *entries;
        const char *why;
    } rows[] = {
        {MEDIA_ODT, odt, "encrypted"},
        {MEDIA_EPUB, epub, "encrypted"},
        {MEDIA_DOCX, none, "damaged: no word/document.xml in it"},
        {MEDIA_ODT, none, "damaged: no content.xml in it"},
        {MEDIA_EPUB, none, "damaged: no META-INF/container.xml in it"},
    };
    static char locked[1024];
    struct capture c;
    struct sx_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(read_entries(&c, rows[i].media, rows[i].entries, &err), SX_EREQUEST);
        assert_string_equal(err.msg, rows[i].why);
    }
    memcpy(locked, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
    memcpy(locked + 600, "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e", 31);
    assert_int_equal(media_detect("x.doc", str_make(locked, sizeof(locked))), MEDIA_DOCX);
    assert_int_equal(capture_read(&c, MEDIA_DOCX, str_make(locked, sizeof(locked)), &err),
                     SX_EREQUEST);
    assert_string_equal(err.msg, "encrypted");
}

/* By the entries, not by the name. */
static void a_zip_is_what_is_in_it(void **state)
{
    static const struct entry docx[] = {
        {"word/document.xml", "<d/>"}, {"[Content_Types].xml", "<T/>"}, {NULL, NULL}};
    static const struct entry plain[] = {
        {"word/document.xml", "<d/>"}, {"a.txt", "[Content_Types].xml"}, {NULL, NULL}};
    static const struct {
        const char *name;
        const struct entry *entries;
        enum media media;
    } rows[] = {
        {"x.zip", docx, MEDIA_DOCX},
        {"x.txt", docx, MEDIA_DOCX},
        {"x.docx", plain, MEDIA_ARCHIVE},
        {"x.epub", plain, MEDIA_ARCHIVE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf zip;
        pack(&zip, rows[i].entries);
        assert_int_equal(media_detect(rows[i].name, buf_str(&zip)), rows[i].media);
        zip.len -= 30; /* its list of entries is gone: the name decides */
        assert_int_equal(media_detect("x.odt", buf_str(&zip)), MEDIA_ODT);
        buf_release(&zip);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(docx_has_the_text_that_stands),
        cmocka_unit_test(odt_has_the_text_that_stands),
        cmocka_unit_test(chapters_come_in_the_order_of_the_spine),
        cmocka_unit_test(what_is_locked_or_missing_is_named),
        cmocka_unit_test(a_zip_is_what_is_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
