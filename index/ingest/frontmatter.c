/* Line by line, without a YAML parser: what people write there is keys, words and short lists. A
 * block that is never closed, or holds a line that front matter cannot have, is text. */
#include "index/ingest/frontmatter.h"

#include <string.h>
#include <strings.h>

#include "index/base/buf.h"
#include "index/base/str.h"
#include "index/ingest/meta.h"

#define LINES_MAX 500 /* a longer block is no front matter */

enum list { ONE, JOINED, TAGS };

static const struct key {
    const char *name;
    enum meta_field field;
    unsigned rank;
    enum list list;
} keys[] = {
    {"title", META_TITLE, 1, ONE},
    {"date", META_DATE, 1, ONE},
    {"published", META_DATE, 2, ONE},
    {"created", META_DATE, 3, ONE},
    {"source", META_SOURCE, 1, ONE},
    {"publisher", META_SOURCE, 2, ONE},
    {"site", META_SOURCE, 3, ONE},
    {"lang", META_LANG, 1, ONE},
    {"language", META_LANG, 2, ONE},
    {"author", META_AUTHOR, 1, JOINED},
    {"authors", META_AUTHOR, 2, JOINED},
    {"canonical", META_CANONICAL, 1, ONE},
    {"canonical_url", META_CANONICAL, 1, ONE},
    {"url", META_CANONICAL, 2, ONE},
    {"tags", META_COUNT, 0, TAGS},
    {"keywords", META_COUNT, 0, TAGS},
    {"categories", META_COUNT, 0, TAGS},
};

struct front {
    struct meta *m;
    const char *fence;      /* "---" or "+++" */
    char sign;              /* between a key and its value */
    const struct key *open; /* its list may follow on the next lines */
    struct buf joined;
};

static struct sx_str unquote(struct sx_str s)
{
    s = meta_trim(s);
    if (s.len >= 2 && (s.ptr[0] == '"' || s.ptr[0] == '\'') && s.ptr[s.len - 1] == s.ptr[0])
        s = str_make(s.ptr + 1, s.len - 2);
    return s;
}

static void take_item(struct front *f, const struct key *key, struct sx_str item)
{
    item = unquote(item);
    if (item.len == 0)
        return;
    if (key->list == TAGS) {
        meta_tag(f->m, item);
        return;
    }
    if (f->joined.len > 0)
        buf_puts(&f->joined, ", ");
    buf_put_str(&f->joined, item);
}

/* What was joined is the value of the key that was open. */
static void close_list(struct front *f)
{
    if (f->open != NULL && f->joined.len > 0)
        meta_guess(f->m, f->open->field, f->open->rank, "front-matter", 1, buf_str(&f->joined));
    f->m->tags.failed = f->m->tags.failed || f->joined.failed;
    buf_clear(&f->joined);
    f->open = NULL;
}

/* "a, b" or "[a, 'b']" */
static void take_list(struct front *f, const struct key *key, struct sx_str s)
{
    if (s.len >= 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']')
        s = str_make(s.ptr + 1, s.len - 2);
    else if (key->list == JOINED) { /* one name may have a comma */
        take_item(f, key, s);
        return;
    }
    while (s.len > 0) {
        const char *comma = memchr(s.ptr, ',', s.len);
        size_t len = comma == NULL ? s.len : (size_t)(comma - s.ptr);
        take_item(f, key, str_make(s.ptr, len));
        len += comma != NULL;
        s = str_make(s.ptr + len, s.len - len);
    }
}

static void take_key(struct front *f, struct sx_str name, struct sx_str value)
{
    name = meta_trim(name);
    value = meta_trim(value);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct key *k = &keys[i];
        if (strlen(k->name) != name.len || strncasecmp(name.ptr, k->name, name.len) != 0)
            continue;
        if (k->list == ONE) {
            meta_guess(f->m, k->field, k->rank, "front-matter", 1, unquote(value));
            return;
        }
        f->open = k;
        take_list(f, k, value);
        return;
    }
}

/* "- name: X" and "- X" below a key; false: not an item. */
static bool take_dashed(struct front *f, struct sx_str line)
{
    struct sx_str item = meta_trim(line);

    if (item.len < 2 || item.ptr[0] != '-' || item.ptr[1] != ' ')
        return false;
    item = meta_trim(str_make(item.ptr + 2, item.len - 2));
    if (item.len > 5 && strncasecmp(item.ptr, "name:", 5) == 0)
        item = str_make(item.ptr + 5, item.len - 5);
    if (f->open != NULL)
        take_item(f, f->open, item);
    return true;
}

/* A line that front matter may have: a key, a comment, a table's head, or what goes on from the
 * line before. */
static bool is_front_line(const struct front *f, struct sx_str line)
{
    return line.len == 0 || strchr(" \t#-]", line.ptr[0]) != NULL ||
           (f->sign == '=' && line.ptr[0] == '[') || memchr(line.ptr, f->sign, line.len) != NULL;
}

static void read_lines(struct front *f, struct sx_str front)
{
    struct sx_str line;

    while (meta_line(&front, &line)) {
        const char *sign = line.len == 0 ? NULL : memchr(line.ptr, f->sign, line.len);
        if (line.len == 0 || line.ptr[0] == '#' || take_dashed(f, line))
            continue;
        if (line.ptr[0] == '[' && f->sign == '=')
            break; /* a table: its keys are not the document's */
        if (line.ptr[0] == ' ' || line.ptr[0] == '\t' || sign == NULL)
            continue;
        close_list(f);
        size_t at = (size_t)(sign - line.ptr);
        take_key(f, str_make(line.ptr, at), str_make(line.ptr + at + 1, line.len - at - 1));
    }
    close_list(f);
}

struct sx_str frontmatter_read(struct sx_str text, struct meta *m)
{
    struct sx_str rest = text, line, front;
    struct front f = {.m = m, .fence = "---", .sign = ':'};
    int lines = 0;

    if (!meta_line(&rest, &line))
        return text;
    if (str_is(line, "+++")) {
        f.fence = "+++";
        f.sign = '=';
    } else if (!str_is(line, "---")) {
        return text;
    }
    front = rest;
    while (meta_line(&rest, &line) && !str_is(line, f.fence)) {
        if (!is_front_line(&f, line) || ++lines > LINES_MAX)
            return text;
    }
    if (!str_is(line, f.fence) || line.ptr < front.ptr)
        return text; /* never closed: a rule, not front matter */
    front.len = (size_t)(line.ptr - front.ptr);
    read_lines(&f, front);
    buf_release(&f.joined);
    return rest;
}
