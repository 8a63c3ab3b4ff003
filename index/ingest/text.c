/* Plain text. The body is the whole text, so that whatever is quoted from the file is found.
 * Lines at its top may name title, source and date; else the first line is the title when it
 * looks like one. Scraped pages begin with navigation: when in doubt there is no title. */
#include "index/ingest/readers.h"

#include <string.h>
#include <strings.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/ingest/charset.h"
#include "index/ingest/meta.h"

#define HEADER_LINES 10    /* header lines stand among the first of these */
#define TITLE_LINE_MAX 200 /* bytes */
#define TITLE_WORDS_MIN 4  /* fewer is a menu item as often as a title */

static const struct {
    const char *words;
    bool colon; /* must be followed by one */
    enum meta_field field;
} headers[] = {
    {"Title", true, META_TITLE},          {"Source", true, META_SOURCE},
    {"Credited from", true, META_SOURCE}, {"Date", true, META_DATE},
    {"Published", false, META_DATE},      {"Published on", false, META_DATE},
    {"Updated", false, META_DATE},
};

/* Whether `line` is a header line whose value makes sense; it is kept. */
static bool take_header(struct sx_str line, struct meta *m)
{
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        size_t len = strlen(headers[i].words);
        if (line.len <= len || strncasecmp(line.ptr, headers[i].words, len) != 0)
            continue;
        struct sx_str value = str_make(line.ptr + len, line.len - len);
        bool colon = value.ptr[0] == ':';
        if (!colon && (headers[i].colon || value.ptr[0] != ' '))
            continue;
        if (colon)
            value = str_make(value.ptr + 1, value.len - 1);
        if (meta_offer(m, headers[i].field, 1, value))
            return true;
    }
    return false;
}

/* Thai to Burmese and Khmer, and the East Asian scripts: no spaces between words. */
static bool is_unspaced(uint32_t c)
{
    return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) ||
           (c >= 0x1780 && c <= 0x17FF) || (c >= 0x3040 && c <= 0x9FFF) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

/* Words by spaces; in unspaced scripts two characters count as one. */
static size_t count_words(struct sx_str s)
{
    size_t words = 0, unspaced = 0, size;
    bool inside = false;

    for (size_t i = 0; i < s.len; i += size) {
        uint32_t c = utf8_next(s.ptr + i, s.len - i, &size);
        bool space = c == ' ' || c == '\t';
        unspaced += is_unspaced(c);
        words += !space && !inside;
        inside = !space;
    }
    return words + unspaced / 2;
}

static bool ends_like_a_sentence(struct sx_str s)
{
    static const char *const ends[] = {".", ",", ";", "!", "\xE3\x80\x82", "\xE0\xA5\xA4"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t n = strlen(ends[i]);
        if (s.len >= n && memcmp(s.ptr + s.len - n, ends[i], n) == 0)
            return true;
    }
    return false;
}

/* `rest` is what follows the line: a title has a text below it. */
static bool looks_like_title(struct sx_str line, struct sx_str rest)
{
    return line.len <= TITLE_LINE_MAX && !ends_like_a_sentence(line) &&
           count_words(line) >= TITLE_WORDS_MIN && meta_trim(rest).len > 0;
}

static void read_top(struct sx_str text, struct meta *m)
{
    struct sx_str rest = text, line;
    bool first = true;

    for (int n = 0; n < HEADER_LINES && meta_line(&rest, &line); n++) {
        line = meta_trim(line);
        if (line.len == 0 || take_header(line, m))
            continue;
        if (first && looks_like_title(line, rest))
            meta_offer(m, META_TITLE, 2, line);
        first = false;
    }
}

sx_status text_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                    struct sx_error *err)
{
    struct sx_doc doc = {.uri = uri, .type = str_of(media_name(MEDIA_TEXT))};
    struct buf mem = {0};
    struct meta meta = {0};
    sx_status rc = charset_decode(bytes, "", &mem, &doc.body, meta.charset, err);

    if (rc != SX_OK)
        goto out;
    read_top(doc.body, &meta);
    meta_fill(&meta, &doc);
    rc = meta_ok(&meta) ? sink->doc(sink->ctx, &doc, 0, err) : sx_fail_oom(err);
out:
    meta_release(&meta);
    buf_release(&mem);
    return rc;
}
