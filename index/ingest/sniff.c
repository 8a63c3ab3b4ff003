/* Packed kinds share their first bytes, so their lists of entries are looked at; text and mail
 * share theirs, so header lines are counted. Nothing here trusts a length it has read. */
#include "index/ingest/sniff.h"

#include <string.h>
#include <strings.h>

#define ZLIB_CONST
#include <zlib.h>

#include "index/base/str.h"
#include "index/ingest/meta.h"

/* ---- gzip, tar ------------------------------------------------------------------------- */

bool sniff_gzip(struct sx_str bytes, const char *with)
{
    unsigned char out[64];
    size_t len = strlen(with);
    z_stream z = {.next_in = (const Bytef *)bytes.ptr,
                  .avail_in = bytes.len < 4096 ? (uInt)bytes.len : 4096,
                  .next_out = out,
                  .avail_out = sizeof(out)};

    if (bytes.len < 2 || memcmp(bytes.ptr, "\x1F\x8B", 2) != 0 || inflateInit2(&z, 15 + 16) != Z_OK)
        return false;
    inflate(&z, Z_SYNC_FLUSH);
    size_t got = sizeof(out) - z.avail_out;
    inflateEnd(&z);
    return got >= len && memcmp(out, with, len) == 0;
}

bool sniff_is_tar(struct sx_str bytes)
{
    return bytes.len >= 512 && memcmp(bytes.ptr + 257, "ustar", 5) == 0;
}

/* ---- zip ------------------------------------------------------------------------------- */

#define END_LEN 22        /* of the record that ends a zip, without its comment */
#define ENTRY_LEN 46      /* of an entry in the list, without its name */
#define ENTRIES_LOOK 4096 /* entries looked at */

static size_t get16(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;

    return (size_t)b[0] | (size_t)b[1] << 8;
}

static size_t get32(const char *p)
{
    return get16(p) | get16(p + 2) << 16;
}

bool sniff_is_zip(struct sx_str s)
{
    return (s.len >= 4 && memcmp(s.ptr, "PK\3\4", 4) == 0) ||
           (s.len >= END_LEN && memcmp(s.ptr, "PK\5\6", 4) == 0); /* one without entries */
}

/* The list of entries, from its first to the end of the bytes; absent when it is not found. */
static struct sx_str find_list(struct sx_str s)
{
    size_t least = s.len > 0xFFFF + END_LEN ? s.len - 0xFFFF - END_LEN : 0;

    if (s.len < END_LEN)
        return str_of(NULL);
    for (size_t at = s.len - END_LEN + 1; at-- > least;) {
        if (memcmp(s.ptr + at, "PK\5\6", 4) != 0)
            continue;
        size_t from = get32(s.ptr + at + 16);
        if (from < at)
            return str_make(s.ptr + from, at - from);
    }
    return str_of(NULL);
}

/* What the name of an entry says about the zip. */
static const struct {
    const char *name;
    unsigned bit;
} telling[] = {
    {"[Content_Types].xml", 1}, {"word/document.xml", 2},      {"META-INF/container.xml", 4},
    {"content.xml", 8},         {"META-INF/manifest.xml", 16},
};

static unsigned look_at_list(struct sx_str list)
{
    unsigned seen = 0;

    for (int n = 0; n < ENTRIES_LOOK && list.len >= ENTRY_LEN; n++) {
        size_t name = get16(list.ptr + 28);
        size_t all = ENTRY_LEN + name + get16(list.ptr + 30) + get16(list.ptr + 32);
        if (memcmp(list.ptr, "PK\1\2", 4) != 0 || all > list.len)
            break;
        struct sx_str entry = str_make(list.ptr + ENTRY_LEN, name);
        for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++) {
            if (str_is(entry, telling[i].name))
                seen |= telling[i].bit;
        }
        list = str_make(list.ptr + all, list.len - all);
    }
    return seen;
}

/* ODT and EPUB begin with an entry "mimetype", not compressed, so that its bytes show. */
static bool says_it_is(struct sx_str s, const char *type)
{
    size_t len = strlen(type);

    return s.len > 38 + len && memcmp(s.ptr + 30, "mimetype", 8) == 0 &&
           memmem(s.ptr + 38, len + 64 < s.len - 38 ? len + 64 : s.len - 38, type, len) != NULL;
}

static bool ends(const char *path, const char *with)
{
    size_t len = strlen(path), n = strlen(with);

    return len > n && strcasecmp(path + len - n, with) == 0;
}

enum media sniff_zip(const char *path, struct sx_str s)
{
    struct sx_str list = find_list(s);
    unsigned seen = list.ptr == NULL ? 0 : look_at_list(list);
    bool unknown = list.ptr == NULL;

    if ((seen & 3) == 3 || (unknown && ends(path, ".docx")))
        return MEDIA_DOCX;
    if (says_it_is(s, "application/epub+zip") || (unknown && ends(path, ".epub")))
        return MEDIA_EPUB;
    if ((says_it_is(s, "application/vnd.oasis.opendocument.text") && !unknown) ||
        (unknown && ends(path, ".odt")))
        return MEDIA_ODT;
    if ((seen & 4) != 0 && ends(path, ".epub"))
        return MEDIA_EPUB;
    return (seen & 24) == 24 && ends(path, ".odt") ? MEDIA_ODT : MEDIA_ARCHIVE;
}

bool sniff_is_locked_office(struct sx_str s)
{
    static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";

    return s.len > 512 && memcmp(s.ptr, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) == 0 &&
           memmem(s.ptr, s.len, name, sizeof(name) - 1) != NULL;
}

/* ---- mail ------------------------------------------------------------------------------ */

#define HEADERS_LOOK 200 /* lines */

/* Headers that a message has; of these, `sure` ones that nothing else begins with. */
static const struct {
    const char *name;
    bool sure;
} known[] = {
    {"Received", true},       {"Return-Path", true},  {"Message-ID", true}, {"MIME-Version", true},
    {"DKIM-Signature", true}, {"Delivered-To", true}, {"X-Mailer", true},   {"In-Reply-To", true},
    {"ARC-Seal", true},       {"From", false},        {"To", false},        {"Subject", false},
    {"Date", false},          {"Cc", false},          {"Reply-To", false},  {"Content-Type", false},
    {"Sender", false},        {"References", true},
};

/* The name of a header line, absent when it is none. */
static struct sx_str header_name(struct sx_str line)
{
    size_t n = 0;

    while (n < line.len && line.ptr[n] > ' ' && line.ptr[n] < 0x7F && line.ptr[n] != ':')
        n++;
    return n > 0 && n < line.len && line.ptr[n] == ':' ? str_make(line.ptr, n) : str_of(NULL);
}

static int row_of(struct sx_str name)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i].name) == name.len &&
            strncasecmp(known[i].name, name.ptr, name.len) == 0)
            return (int)i;
    }
    return -1;
}

/* Mail is what begins with headers of which one is sure and two are known, or, since a text may
 * begin with a date and a source, three are known and one says from whom. */
bool sniff_is_mail(struct sx_str bytes, bool named)
{
    struct sx_str line;
    int sure = 0, count = 0;
    bool from = false;

    for (int n = 0; n < HEADERS_LOOK && meta_line(&bytes, &line); n++) {
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (line.len == 0)
            break;
        if (n > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
            continue; /* goes on the line before */
        struct sx_str name = header_name(line);
        if (name.ptr == NULL)
            return false;
        int row = row_of(name);
        if (row < 0)
            continue;
        count++;
        sure += known[row].sure;
        from = from || strcasecmp(known[row].name, "From") == 0;
    }
    return named ? count > 0 : (sure > 0 && count > 1) || (from && count > 2);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "From someone@example.org Fri Aug 15 10:00:00 2025": a time and a year stand in it. */
bool sniff_is_from_line(struct sx_str line)
{
    bool time = false, year = false;

    if (line.len < 20 || line.len > 1000 || memcmp(line.ptr, "From ", 5) != 0)
        return false;
    for (size_t i = 5, len; i < line.len; i += len + 1) {
        const char *word = line.ptr + i, *space = memchr(word, ' ', line.len - i);
        len = space == NULL ? line.len - i : (size_t)(space - word);
        size_t digits = 0;
        while (digits < len && is_digit(word[digits]))
            digits++;
        time = time || (digits > 0 && digits <= 2 && digits < len && word[digits] == ':');
        year = year ||
               (digits == 4 && (word[0] == '1' || word[0] == '2') && (len == 4 || word[4] == '\r'));
    }
    return time && year;
}

bool sniff_is_mbox(struct sx_str bytes)
{
    struct sx_str line;

    if (!meta_line(&bytes, &line) || !sniff_is_from_line(line) || !meta_line(&bytes, &line))
        return false;
    return line.len > 0 && (line.ptr[0] == '>' || header_name(line).ptr != NULL);
}
