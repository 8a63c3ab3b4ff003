/* The structure of a word.
 *
 * A word is a tree: at the loosest joint that it has, it falls into parts, and these at tighter
 * ones: user.name@example.com into user.name and example.com, then user, name, example, com.
 * Every node but the root is a part, so that what is typed alone finds it inside. */
#include "index/text/compound.h"

#include <unicode/utf16.h>

#include "index/base/utf8.h"
#include "index/text/chars.h"

static const struct level {
    unsigned char first, last; /* classes that part at this level */
} levels[] = {
    {CHAR_AT, CHAR_AT},
    {CHAR_DOT, CHAR_DOT},
    {CHAR_COMMA, CHAR_COMMA},
    {CHAR_UNDERSCORE, CHAR_UNDERSCORE},
    {CHAR_MIDDLE_DOT, CHAR_APOSTROPHE},
};

enum {
    LEVEL_DOT = 1,
    LEVEL_CASE = sizeof(levels) / sizeof(levels[0]), /* parts by capitals */
    LEVEL_END
};

static bool is_letter(unsigned char class)
{
    return class <= CHAR_HEBREW;
}

/* The class of the next char that is no mark, or CHAR_MARK. */
static unsigned char class_after(const struct compound *c, size_t i)
{
    while (++i < c->count) {
        if (c->chars[i].class != CHAR_MARK)
            return c->chars[i].class;
    }
    return CHAR_MARK;
}

/* ---- what does not count ------------------------------------------------------------------- */

/* Whether the digits and commas from `i` on are groups of thousands; *end is behind them. */
static bool is_grouped(const struct compound *c, size_t i, size_t *end)
{
    size_t digits = 0, groups = 0;
    bool grouped = true;

    for (; i < c->count && (c->chars[i].class == CHAR_DIGIT || c->chars[i].class == CHAR_COMMA);
         i++) {
        if (c->chars[i].class == CHAR_DIGIT) {
            digits++;
            continue;
        }
        grouped = grouped && (groups == 0 ? digits >= 1 && digits <= 3 : digits == 3);
        groups++;
        digits = 0;
    }
    *end = i;
    return grouped && groups > 0 && digits == 3;
}

/* 5,000,000 */
static void drop_commas(struct compound *c)
{
    for (size_t i = 0, end; i < c->count; i = end + 1) {
        if (!is_grouped(c, i, &end))
            continue;
        for (; i < end; i++)
            c->chars[i].dropped = c->chars[i].class == CHAR_COMMA;
    }
}

/* Where the stretch that begins at `from` ends if it is single letters with dots between, two
 * letters or more, and no more than that up to an @; else `from`. */
static size_t acronym_end(const struct compound *c, size_t from)
{
    size_t letters = 0, i = from;
    bool letter_due = true;

    for (; i < c->count && c->chars[i].class != CHAR_AT; i++) {
        unsigned char class = c->chars[i].class;
        if (class == CHAR_MARK && i > from)
            continue;
        if (letter_due ? !is_letter(class) : class != CHAR_DOT)
            return from;
        letters += letter_due;
        letter_due = !letter_due;
    }
    return letters >= 2 && !letter_due ? i : from;
}

/* U.S.A: the dots then part nothing. */
static void drop_dots(struct compound *c)
{
    for (size_t i = 0; i < c->count; i++) {
        size_t end = acronym_end(c, i);
        for (; i < end; i++) {
            if (c->chars[i].class == CHAR_DOT) {
                c->chars[i].class = CHAR_GERESH;
                c->chars[i].dropped = true;
            }
        }
        while (i < c->count && c->chars[i].class != CHAR_AT)
            i++;
    }
}

static bool is_l(uint32_t cp)
{
    return cp == 'l' || cp == 'L';
}

/* Settles a quote or dot behind `before`, the last char but marks: Hebrew's and Catalan's part
 * nothing. */
static void settle_joint(struct compound_char *joint, const struct compound_char *before,
                         uint32_t after)
{
    if (joint->class == CHAR_APOSTROPHE && before->class == CHAR_HEBREW)
        joint->class = CHAR_GERESH;
    if (joint->class == CHAR_MIDDLE_DOT && is_l(before->cp) && is_l(after))
        joint->class = CHAR_GERESH;
    joint->dropped = joint->class >= CHAR_GERESH;
}

/* Settles all joints, and finds the capitals that begin parts: aB, and the B of ABc. */
static void settle(struct compound *c)
{
    static const struct compound_char none = {.class = CHAR_MARK};
    const struct compound_char *before = &none;

    for (size_t i = 0; i < c->count; i++) {
        struct compound_char *ch = &c->chars[i];
        if (ch->class == CHAR_MARK)
            continue;
        if (ch->class == CHAR_UPPER)
            ch->begins_part = before->class == CHAR_LOWER ||
                              (before->class == CHAR_UPPER && class_after(c, i) == CHAR_LOWER);
        else if (ch->class >= CHAR_GERESH)
            settle_joint(ch, before, i + 1 < c->count ? ch[1].cp : 0);
        c->joined = c->joined || ch->begins_part;
        before = ch;
    }
}

void compound_read(struct compound *c, const char *text, uint32_t start, uint32_t end)
{
    size_t size;
    unsigned seen = 0;

    c->count = 0;
    for (; start < end && c->count < COMPOUND_MAX; start += (uint32_t)size) {
        struct compound_char *ch = &c->chars[c->count++];
        ch->cp = char_next(text + start, end - start, &size);
        ch->at = start;
        ch->class = (unsigned char)char_class(ch->cp);
        ch->dropped = ch->begins_part = false;
        seen |= 1U << ch->class;
    }
    c->chars[c->count].at = start;
    c->cut = start < end;
    c->joined = seen >= 1U << CHAR_AT;
    settle(c);
    if ((seen & 1U << CHAR_DOT) != 0)
        drop_dots(c);
    if ((seen & 1U << CHAR_COMMA) != 0)
        drop_commas(c);
}

int32_t compound_units(const struct compound *c, struct compound_part part,
                       UChar out[2 * COMPOUND_MAX])
{
    int32_t n = 0;

    for (size_t i = part.from; i < part.to; i++) {
        if (!c->chars[i].dropped)
            U16_APPEND_UNSAFE(out, n, c->chars[i].cp);
    }
    return n;
}

/* ---- parts --------------------------------------------------------------------------------- */

struct splitter {
    const struct compound *c;
    struct compound_part *out;
    size_t count, leaves;
};

static void add(struct splitter *s, uint32_t from, uint32_t to)
{
    if (s->count < COMPOUND_PARTS_MAX)
        s->out[s->count++] = (struct compound_part){from, to};
}

static bool parts_at(const struct compound *c, size_t level, uint32_t i)
{
    return c->chars[i].class >= levels[level].first && c->chars[i].class <= levels[level].last;
}

/* The next part at `level` of chars [at, to); false: there is none. */
static bool next_part(const struct compound *c, size_t level, uint32_t at, uint32_t to,
                      struct compound_part *out)
{
    if (level == LEVEL_CASE) {
        out->from = at++;
        while (at < to && !c->chars[at].begins_part)
            at++;
    } else {
        while (at < to && parts_at(c, level, at))
            at++;
        out->from = at;
        while (at < to && !parts_at(c, level, at))
            at++;
    }
    out->to = at;
    return out->from < to;
}

static bool holds_letter(const struct compound *c, uint32_t from, uint32_t to)
{
    while (from < to && !is_letter(c->chars[from].class))
        from++;
    return from < to;
}

/* Adds example.com of www.example.com: the ends of two parts or more. */
static void add_endings(struct splitter *s, uint32_t from, uint32_t to)
{
    struct compound_part part, next;
    size_t left = COMPOUND_PARTS;

    if (!next_part(s->c, LEVEL_DOT, from, to, &part) ||
        !next_part(s->c, LEVEL_DOT, part.to, to, &part))
        return;
    while (left-- > 0 && next_part(s->c, LEVEL_DOT, part.to, to, &next)) {
        if (holds_letter(s->c, part.from, to))
            add(s, part.from, to);
        part = next;
    }
}

/* Adds the parts of chars [from, to), which are one part at every looser level. */
static void split(struct splitter *s, size_t level, uint32_t from, uint32_t to)
{
    struct compound_part part = {from, from};

    if (level == LEVEL_END) {
        s->leaves++;
        return;
    }
    while (s->leaves < COMPOUND_PARTS && next_part(s->c, level, part.to, to, &part)) {
        if (part.to - part.from < to - from)
            add(s, part.from, part.to);
        split(s, level + 1, part.from, part.to);
    }
    if (level == LEVEL_DOT)
        add_endings(s, from, to);
}

size_t compound_parts(const struct compound *c, struct compound_part out[COMPOUND_PARTS_MAX])
{
    struct splitter s = {.c = c, .out = out};

    if (c->joined && !c->cut)
        split(&s, 0, 0, (uint32_t)c->count);
    return s.count;
}

bool compound_is_possessive(const struct compound *c, struct compound_part first)
{
    return first.from == 0 && first.to + 2 == c->count && c->chars[first.to].dropped &&
           (c->chars[first.to + 1].cp | 0x20) == 's';
}
