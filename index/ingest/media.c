/* What kind of document some bytes are. Content decides where it is plain, since names lie; the
 * name decides between kinds that look alike. */
#include "index/ingest/reader.h"

#include <string.h>
#include <strings.h>

#include "index/base/str.h"
#include "index/ingest/charset.h"
#include "index/ingest/meta.h"
#include "index/ingest/sniff.h"

#define SNIFF 8192 /* bytes looked at for NUL */

/* Formats that may begin without a NUL byte, and are no text. */
static const char *const signatures[] = {
    "\x89PNG", "\xFF\xD8\xFF", "GIF8", "{\\rtf", "%!PS", "BZh", "7z\xBC\xAF", "\xD0\xCF\x11\xE0",
};

/* Kinds that begin with a signature of their own. */
static const struct {
    const char *bytes;
    size_t len;
    enum media media;
} magics[] = {
    {"\x1F\x8B", 2, MEDIA_ARCHIVE}, {"\x28\xB5\x2F\xFD", 4, MEDIA_ARCHIVE},
    {"%PDF-", 5, MEDIA_PDF},        {"\xFD\x37zXZ\0", 6, MEDIA_ARCHIVE},
    {"WARC/0.", 7, MEDIA_WARC},     {"WARC/1.", 7, MEDIA_WARC},
};

static const struct {
    const char *ending;
    enum media media;
} endings[] = {
    {".html", MEDIA_HTML},    {".htm", MEDIA_HTML},          {".xhtml", MEDIA_HTML},
    {".md", MEDIA_MARKDOWN},  {".markdown", MEDIA_MARKDOWN}, {".jsonl", MEDIA_JSONL},
    {".ndjson", MEDIA_JSONL}, {".csv", MEDIA_CSV},           {".tsv", MEDIA_CSV},
    {".eml", MEDIA_MAIL},     {".mbox", MEDIA_MBOX},         {".mbx", MEDIA_MBOX},
};

static bool begins(struct sx_str s, const char *with)
{
    size_t len = strlen(with);

    return s.len >= len && strncasecmp(s.ptr, with, len) == 0;
}

static bool is_binary(struct sx_str bytes)
{
    size_t len = bytes.len < SNIFF ? bytes.len : SNIFF;

    if (charset_is_wide(bytes))
        return false;
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        size_t n = strlen(signatures[i]);
        if (bytes.len >= n && memcmp(bytes.ptr, signatures[i], n) == 0)
            return true;
    }
    return len > 0 && memchr(bytes.ptr, '\0', len) != NULL;
}

/* Past an XML declaration, comments and instructions, which may stand before the first tag. */
static struct sx_str skip_prolog(struct sx_str s)
{
    for (;;) {
        s = meta_trim(s);
        const char *close = begins(s, "<?")     ? memmem(s.ptr, s.len, "?>", 2)
                            : begins(s, "<!--") ? memmem(s.ptr, s.len, "-->", 3)
                                                : NULL;
        if (close == NULL)
            return s;
        size_t skip = (size_t)(close - s.ptr) + 2;
        s = str_make(s.ptr + skip, s.len - skip);
        if (s.len > 0 && s.ptr[0] == '>')
            s = str_make(s.ptr + 1, s.len - 1);
    }
}

static bool looks_like_html(struct sx_str s)
{
    s = skip_prolog(s);
    return begins(s, "<!doctype html") || begins(s, "<html") || begins(s, "<head>") ||
           begins(s, "<body");
}

static bool looks_like_feed(struct sx_str s)
{
    s = skip_prolog(s);
    if (begins(s, "<!doctype rss")) {
        const char *close = memmem(s.ptr, s.len, "<rss", 4);
        return close != NULL;
    }
    return begins(s, "<rss ") || begins(s, "<rss>") || begins(s, "<feed ") || begins(s, "<feed>") ||
           begins(s, "<rdf:RDF");
}

/* The first line is one whole object that has a body. */
static bool looks_like_jsonl(struct sx_str s)
{
    struct sx_str line;

    s = meta_trim(s);
    if (!meta_line(&s, &line))
        return false;
    line = meta_trim(line);
    return line.len > 2 && line.ptr[0] == '{' && line.ptr[line.len - 1] == '}' &&
           memmem(line.ptr, line.len, "\"body\"", 6) != NULL;
}

static enum media by_ending(const char *path)
{
    size_t len = strlen(path);

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t n = strlen(endings[i].ending);
        if (len > n && strcasecmp(path + len - n, endings[i].ending) == 0)
            return endings[i].media;
    }
    return MEDIA_TEXT;
}

static enum media by_magic(struct sx_str bytes)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        if (bytes.len >= magics[i].len && memcmp(bytes.ptr, magics[i].bytes, magics[i].len) == 0)
            return magics[i].media;
    }
    return MEDIA_NONE;
}

/* Packed kinds, where what is inside tells more than the first bytes. */
static enum media packed(const char *path, struct sx_str bytes)
{
    enum media m = by_magic(bytes);

    if (m == MEDIA_ARCHIVE && sniff_gzip(bytes, "WARC/"))
        return MEDIA_WARC;
    if (m != MEDIA_NONE)
        return m;
    if (sniff_is_zip(bytes))
        return sniff_zip(path, bytes);
    if (sniff_is_tar(bytes))
        return MEDIA_ARCHIVE;
    return sniff_is_locked_office(bytes) ? MEDIA_DOCX : MEDIA_NONE;
}

enum media media_detect(const char *path, struct sx_str bytes)
{
    enum media named = by_ending(path), m = packed(path, bytes);

    if (m != MEDIA_NONE)
        return m;
    if (sniff_is_mbox(bytes))
        return MEDIA_MBOX;
    if (sniff_is_mail(bytes, named == MEDIA_MAIL))
        return MEDIA_MAIL; /* may hold NUL: each part is looked at by itself */
    if (is_binary(bytes))
        return MEDIA_NONE;
    bytes = charset_skip_bom(bytes);
    if (named == MEDIA_MARKDOWN)
        return named; /* may well begin with a tag */
    if (looks_like_html(bytes))
        return MEDIA_HTML;
    if (looks_like_feed(bytes))
        return MEDIA_FEED;
    if (looks_like_jsonl(bytes))
        return MEDIA_JSONL;
    return named == MEDIA_MAIL || named == MEDIA_MBOX ? MEDIA_TEXT : named;
}
