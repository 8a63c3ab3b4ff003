/* What kind of document some bytes are. Content decides where it is plain, since names lie; the
 * name decides between kinds that look alike. */
#include "index/ingest/reader.h"

#include <string.h>
#include <strings.h>

#include "index/base/str.h"
#include "index/ingest/charset.h"
#include "index/ingest/meta.h"

#define SNIFF 8192 /* bytes looked at for NUL */

/* Formats that may begin without a NUL byte, and are no text. */
static const char *const signatures[] = {
    "PK\3\4", "\x1F\x8B", "\x89PNG", "\xFF\xD8\xFF", "GIF8",
    "{\\rtf", "%!PS",     "BZh",     "\xFD\x37zXZ",  "7z\xBC\xAF",
};

static const struct {
    const char *ending;
    enum media media;
} endings[] = {
    {".html", MEDIA_HTML},    {".htm", MEDIA_HTML},          {".xhtml", MEDIA_HTML},
    {".md", MEDIA_MARKDOWN},  {".markdown", MEDIA_MARKDOWN}, {".jsonl", MEDIA_JSONL},
    {".ndjson", MEDIA_JSONL},
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

/* Past an XML declaration and comments, which may stand before the first tag. */
static struct sx_str skip_prolog(struct sx_str s)
{
    for (;;) {
        s = meta_trim(s);
        const char *close = begins(s, "<?xml")  ? memmem(s.ptr, s.len, "?>", 2)
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

enum media media_detect(const char *path, struct sx_str bytes)
{
    enum media named = by_ending(path);

    if (bytes.len >= 5 && memcmp(bytes.ptr, "%PDF-", 5) == 0)
        return MEDIA_PDF;
    if (is_binary(bytes))
        return MEDIA_NONE;
    bytes = charset_skip_bom(bytes);
    if (named == MEDIA_MARKDOWN)
        return named; /* may well begin with a tag */
    if (looks_like_html(bytes))
        return MEDIA_HTML;
    if (looks_like_jsonl(bytes))
        return MEDIA_JSONL;
    return named;
}

const char *media_name(enum media m)
{
    static const char *const names[] = {"none", "text", "html", "markdown", "jsonl", "pdf"};

    return names[m];
}
