/* What a leaf means is what the analyzer finds in it; what it prints as is what was written, in
 * lower case, which changes no term and makes no operator or field of a word. */
#include "index/query/leaf.h"

#include "index/base/date.h"
#include "index/base/hash.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/query/positions.h"
#include "index/text/analyzer.h"
#include "index/text/lang.h"
#include "index/text/stop.h"

#include <searchd/index.h>

#define BUCKETS 256
#define WARNINGS_MAX 32
#define SHOWN_MAX 60 /* bytes of the query that a message repeats */

/* A distinct leaf, in the list of its bucket. */
struct leaf_key {
    struct leaf_key *next;
    struct sx_str key;
};

sx_status leaves_init(struct leaves *l, struct analyzer *an, struct arena *mem, int64_t now,
                      struct sx_error *err)
{
    *l = (struct leaves){.an = an, .mem = mem, .now = now};
    l->buckets = arena_array(mem, BUCKETS, sizeof(struct leaf_key *));
    l->warnings = arena_array(mem, WARNINGS_MAX, sizeof(*l->warnings));
    return l->buckets == NULL || l->warnings == NULL ? sx_fail_oom(err) : SX_OK;
}

void leaves_release(struct leaves *l)
{
    buf_release(&l->scratch);
}

/* Copies the scratch buffer, which is then empty. */
static sx_status keep(struct leaves *l, struct sx_str *out, struct sx_error *err)
{
    struct sx_str s = buf_ok(&l->scratch) ? buf_str(&l->scratch) : str_make(NULL, 0);

    *out = s.len > 0 ? arena_str(l->mem, s) : str_make("", 0);
    if (!buf_ok(&l->scratch) || out->ptr == NULL)
        return sx_fail_oom(err);
    buf_clear(&l->scratch);
    return SX_OK;
}

/* ---- warnings ------------------------------------------------------------------------------ */

/* The first bytes of `s`, as many as a message may repeat. */
static struct sx_str shown(struct sx_str s)
{
    return str_make(s.ptr, s.len <= SHOWN_MAX ? s.len : utf8_floor(s.ptr, s.len, SHOWN_MAX));
}

/* Warns once of each `"subject": what`; the last place tells that there were more. */
static sx_status warn(struct leaves *l, struct sx_str subject, const char *what,
                      struct sx_error *err)
{
    struct sx_str text;

    if (l->warning_count == WARNINGS_MAX)
        return SX_OK;
    subject = shown(subject);
    if (l->warning_count == WARNINGS_MAX - 1)
        buf_puts(&l->scratch, "more warnings were left out");
    else
        buf_printf(&l->scratch, "\"%.*s\" %s", (int)subject.len, subject.ptr, what);
    for (size_t i = 0; i < l->warning_count; i++) {
        if (buf_ok(&l->scratch) && str_eq(l->warnings[i], buf_str(&l->scratch))) {
            buf_clear(&l->scratch);
            return SX_OK;
        }
    }
    sx_status rc = keep(l, &text, err);
    if (rc == SX_OK)
        l->warnings[l->warning_count++] = text;
    return rc;
}

static void put_lower_ascii(struct buf *out, struct sx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        buf_putc(out, c);
    }
}

/* Warns of what a name followed by a colon is. */
static sx_status warn_name(struct leaves *l, struct sx_str name, const char *what,
                           struct sx_error *err)
{
    char lower[SHOWN_MAX + 1];
    size_t n = name.len < SHOWN_MAX ? name.len : SHOWN_MAX;

    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(name.ptr[i] | 0x20); /* it is letters */
    lower[n] = ':';
    return warn(l, str_make(lower, n + 1), what, err);
}

/* ---- terms --------------------------------------------------------------------------------- */

/* Reads `text` and sets the terms that stand side by side wherever it does. */
static sx_status set_terms(struct leaves *l, struct sx_str text, struct ast *node,
                           struct positions *p, struct sx_error *err)
{
    sx_status rc = positions_read(p, l->an, text, l->mem, err);

    if (rc != SX_OK || p->count == 0)
        return rc;
    struct sx_str *terms = arena_array(l->mem, p->count, sizeof(*terms));
    if (terms == NULL)
        return sx_fail_oom(err);
    node->term_count = positions_terms(p, terms);
    node->terms = terms;
    node->span = (uint32_t)p->count;
    return SX_OK;
}

/* The words alone, as names of sources are compared by. */
static sx_status set_words(struct leaves *l, struct sx_str text, struct ast *node,
                           struct sx_error *err)
{
    struct positions p;
    sx_status rc = positions_read(&p, l->an, text, l->mem, err);

    if (rc != SX_OK || p.count == 0)
        return rc;
    struct sx_str *terms = arena_array(l->mem, p.count, sizeof(*terms));
    if (terms == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < p.count; i++)
        terms[i] = p.items[i].word;
    node->term_count = p.count;
    node->terms = terms;
    return SX_OK;
}

/* ---- words, prefixes, phrases -------------------------------------------------------------- */

static size_t code_points(struct sx_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* What an unquoted word finds beyond its own terms: the dictionary word, email for e-mail,
 * microsoft for Microsoft's. */
static void widen_word(struct ast *node, const struct positions *p, bool star)
{
    const struct position *first = &p->items[0];

    if (first->dict.len > 0 && first->dict_span == p->count) {
        node->whole = first->dict;
        node->paired = true;
    } else if (first->whole.len > 0 && first->whole_span == p->count && p->count > 1) {
        node->whole = first->whole;
    } else if (p->count == 1 && !star) {
        node->whole = first->bare;
    }
}

/* Whether the text holds a run of a script without spaces and more words than one. */
static bool is_run(const struct positions *p)
{
    bool run = false;

    for (size_t i = 0; i < p->count; i++)
        run = run || positions_in_run(p, i);
    return run && positions_unit(p, 0) < p->count;
}

static sx_status make_leaf(struct leaves *l, const struct lexeme *lex, enum ast_field field,
                           struct ast **out, struct sx_error *err);

static sx_status add_kid(struct leaves *l, struct ast *node, struct ast *kid, struct sx_error *err)
{
    if ((node->kid_count & (node->kid_count - 1)) == 0) { /* full at each power of two */
        size_t cap = node->kid_count == 0 ? 1 : 2 * node->kid_count;
        struct ast **grown = arena_array(l->mem, cap, sizeof(struct ast *));
        if (grown == NULL)
            return sx_fail_oom(err);
        if (node->kid_count > 0)
            memcpy(grown, node->kids, node->kid_count * sizeof(struct ast *));
        node->kids = grown;
    }
    node->kids[node->kid_count++] = kid;
    return SX_OK;
}

/* What may end a run and say how its last word is meant. */
struct suffix {
    size_t len; /* 0: none */
    bool star;
    uint32_t edits; /* of ~: 1, 2, or 0 for as many as suit the word */
};

/* `*`, `~`, `~1` or `~2`, with something before it. */
static struct suffix suffix_of(struct sx_str run)
{
    struct suffix s = {0};
    const char *end = run.ptr + run.len;

    if (run.len > 1 && end[-1] == '*')
        s = (struct suffix){.len = 1, .star = true};
    else if (run.len > 1 && end[-1] == '~')
        s.len = 1;
    else if (run.len > 2 && end[-2] == '~' && (end[-1] == '1' || end[-1] == '2'))
        s = (struct suffix){.len = 2, .edits = (uint32_t)(end[-1] - '0')};
    return s;
}

/* The words of a run of a script without spaces, side by side. Each is read for itself, so that
 * what is printed reads the same again. */
static sx_status make_run(struct leaves *l, const struct lexeme *lex, const struct positions *p,
                          struct ast *node, struct sx_error *err)
{
    size_t suffix = suffix_of(lex->text).len;
    sx_status rc = SX_OK;

    node->kind = AST_GROUP;
    node->run = true;
    for (size_t i = 0, unit; i < p->count && rc == SX_OK; i += unit) {
        struct lexeme word = *lex;
        struct ast *kid;

        unit = positions_unit(p, i);
        bool last = unit >= p->count - i;
        size_t start = p->items[i].start;
        size_t end = p->items[last ? p->count - 1 : i + unit - 1].end;
        if (last && end + suffix == lex->text.len)
            end += suffix;
        word.text = str_make(lex->text.ptr + start, end - start);
        word.offset = lex->offset + start;
        word.name = str_make("", 0);
        rc = make_leaf(l, &word, node->field, &kid, err);
        if (rc == SX_OK && kid != NULL && kid->kind != AST_GROUP)
            rc = add_kid(l, node, kid, err);
        for (size_t k = 0; rc == SX_OK && kid != NULL && k < kid->kid_count; k++)
            rc = add_kid(l, node, kid->kids[k], err);
    }
    if (node->kid_count == 1 && rc == SX_OK)
        *node = *node->kids[0];
    return rc;
}

/* Written with capitals behind the first letter, or with stops inside. */
static bool is_emphatic(struct sx_str run, struct sx_str lower)
{
    size_t first;
    size_t first_lower;
    utf8_next(run.ptr, run.len, &first);
    utf8_next(lower.ptr, lower.len, &first_lower);
    struct sx_str rest = str_make(run.ptr + first, run.len - first);
    struct sx_str rest_lower = str_make(lower.ptr + first_lower, lower.len - first_lower);

    return !str_eq(rest, rest_lower) || memchr(run.ptr, '.', run.len) != NULL;
}

/* Whether a word could be taken for one that says little, and its capitals show that it does not:
 * US, WHO, IT. They are printed, so that it reads the same again. */
static bool is_name(const struct ast *node)
{
    static const char *const operators[] = {"and", "or", "not"};

    if (node->term_count != 1 || node->whole.len > 0)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (str_eq(node->terms[0], str_of(operators[i])))
            return false;
    for (int lang = 0; lang < LANG_COUNT; lang++)
        if (stop_is(lang, node->terms[0]))
            return true;
    return false;
}

/* A word of one or two characters is near to too many others, and so is one of up to five when
 * two edits are meant silently. */
#define FUZZY_POINTS_MIN 3
#define FUZZY_TWO_EDITS_MIN 6

/* A star makes a prefix, unless the last word is one character: it would stand for too much of any
 * vocabulary. A tilde makes a fuzzy word of what is one term. What a suffix cannot mean, it does
 * not, and a warning says so. */
static sx_status apply_suffix(struct leaves *l, const struct lexeme *lex, const struct suffix *s,
                              struct ast *node, struct sx_error *err)
{
    size_t points = code_points(node->terms[node->term_count - 1]);

    if (node->paired) /* what follows a cluster is another position: nothing is said */
        return s->star ? SX_OK : warn(l, lex->text, "is searched as it is: ~ needs letters", err);
    if (s->star) {
        node->kind = points >= 2 ? AST_PREFIX : AST_WORD;
        return points >= 2
                   ? SX_OK
                   : warn(l, lex->text, "is too short for a prefix: searched as a word", err);
    }
    if (node->term_count > 1 || node->span > 1)
        return warn(l, lex->text, "is several words: searched without ~", err);
    if (points < FUZZY_POINTS_MIN)
        return warn(l, lex->text, "is too short for ~: searched as a word", err);
    node->kind = AST_FUZZY;
    node->edits = s->edits != 0 ? s->edits : points < FUZZY_TWO_EDITS_MIN ? 1 : 2;
    return SX_OK;
}

static sx_status make_word(struct leaves *l, const struct lexeme *lex, struct ast *node,
                           struct sx_error *err)
{
    struct sx_str run = lex->text;
    struct suffix suffix = suffix_of(run);
    struct positions p;
    sx_status rc = set_terms(l, str_make(run.ptr, run.len - suffix.len), node, &p, err);

    if (rc != SX_OK || node->term_count == 0)
        return rc;
    if (lex->name.len > 0)
        rc = warn_name(l, lex->name, "is no field: searched as words", err);
    if (rc == SX_OK && is_run(&p) && l->whole_runs) {
        node->kind = AST_PHRASE;
        analyzer_lower(run.ptr, run.len - suffix.len, &l->scratch);
        return keep(l, &node->text, err);
    }
    if (rc == SX_OK && is_run(&p))
        return make_run(l, lex, &p, node, err);
    if (p.items[p.count - 1].end != run.len - suffix.len)
        suffix.len = 0; /* it does not follow a word */
    node->kind = AST_WORD;
    widen_word(node, &p, suffix.len > 0);
    if (rc == SX_OK && suffix.len > 0) {
        rc = apply_suffix(l, lex, &suffix, node, err);
        struct sx_str bare = str_make(run.ptr, run.len - suffix.len);
        /* One that says nothing is printed where another stands before it, which else would. */
        if (node->kind != AST_WORD || suffix_of(bare).len == 0)
            run = bare;
    }
    if (rc != SX_OK)
        return rc;
    if (node->kind == AST_WORD)
        widen_word(node, &p, false);
    analyzer_lower(run.ptr, run.len, &l->scratch);
    node->emphatic = node->kind == AST_WORD && buf_ok(&l->scratch) &&
                     is_emphatic(run, buf_str(&l->scratch)) && is_name(node);
    if (node->emphatic) {
        buf_clear(&l->scratch);
        buf_put_str(&l->scratch, run);
    }
    return keep(l, &node->text, err);
}

static sx_status make_phrase(struct leaves *l, const struct lexeme *lex, struct ast *node,
                             struct sx_error *err)
{
    struct sx_str text;
    struct positions p;
    sx_status rc;

    lexer_squeeze(lex->text, &l->scratch);
    rc = keep(l, &text, err);
    if (rc == SX_OK)
        rc = set_terms(l, text, node, &p, err);
    if (rc != SX_OK)
        return rc;
    node->kind = AST_PHRASE;
    analyzer_lower(text.ptr, text.len, &l->scratch);
    return keep(l, &node->text, err);
}

/* ---- filters ------------------------------------------------------------------------------- */

/* Where ".." stands in a range, else the length. */
static size_t find_dots(struct sx_str s)
{
    for (size_t i = 0; i + 1 < s.len; i++) {
        if (s.ptr[i] == '.' && s.ptr[i + 1] == '.')
            return i;
    }
    return s.len;
}

/* A date, a relative one, or A..B with either end open; [*lo, *hi) is what it covers. */
static bool read_dates(struct sx_str s, int64_t now, int64_t *lo, int64_t *hi)
{
    size_t dots = find_dots(s);
    struct sx_str from = str_make(s.ptr, dots), to;
    struct date_span span;

    *lo = INT64_MIN;
    *hi = INT64_MAX;
    if (dots == s.len) {
        if (!date_parse(s, &span) && !date_parse_relative(s, now, &span))
            return false;
        *lo = span.lo;
        *hi = span.hi;
        return true;
    }
    to = str_make(s.ptr + dots + 2, s.len - dots - 2);
    if (from.len > 0) {
        if (!date_parse(from, &span))
            return false;
        *lo = span.lo;
    }
    if (to.len > 0) {
        if (!date_parse(to, &span))
            return false;
        *hi = span.hi;
    }
    return from.len + to.len > 0;
}

static sx_status make_date(struct leaves *l, const struct lexeme *lex, struct ast *node,
                           struct sx_error *err)
{
    struct sx_str text = shown(node->text);
    int64_t at = (int64_t)lex->value_offset;

    if (!read_dates(node->text, l->now, &node->date_lo, &node->date_hi))
        return sx_fail_at(err, SX_EQUERY, "query", at, "\"%.*s\" is no date", (int)text.len,
                          text.ptr);
    if (node->date_lo >= node->date_hi)
        return sx_fail_at(err, SX_EQUERY, "query", at, "\"%.*s\" ends before it begins",
                          (int)text.len, text.ptr);
    return SX_OK;
}

/* Leaves node->kind alone when the filter has no value to compare with. */
static sx_status make_filter(struct leaves *l, const struct lexeme *lex, struct ast *node,
                             struct sx_error *err)
{
    struct sx_str value;
    sx_status rc;

    lexer_squeeze(lex->text, &l->scratch);
    rc = keep(l, &value, err);
    if (rc == SX_OK && lex->filter == AST_SOURCE)
        rc = set_words(l, value, node, err);
    if (rc != SX_OK)
        return rc;
    node->kind = AST_FILTER;
    node->field = AST_ANY;
    node->filter = lex->filter;
    if (lex->filter == AST_DATE)
        buf_put_str(&l->scratch, value);
    else if (lex->filter == AST_SOURCE)
        analyzer_lower(value.ptr, value.len, &l->scratch);
    else
        put_lower_ascii(&l->scratch, value);
    rc = keep(l, &node->text, err);
    return rc == SX_OK && lex->filter == AST_DATE ? make_date(l, lex, node, err) : rc;
}

/* Whether there is anything in a leaf to search for or to compare with. */
static bool has_content(const struct ast *node)
{
    if (node->kind == AST_FILTER && node->filter != AST_SOURCE)
        return node->text.len > 0;
    return node->term_count > 0 || node->kid_count > 0;
}

/* ---- distinct leaves ----------------------------------------------------------------------- */

/* Bytes that are the same exactly for leaves that mean the same. */
static void put_key(const struct ast *node, struct buf *out)
{
    int64_t head[] = {node->kind,    node->field,   node->filter,
                      node->date_lo, node->date_hi, node->edits};

    buf_put(out, head, sizeof(head));
    for (size_t i = 0; i < node->term_count; i++) {
        buf_put(out, &node->terms[i].len, sizeof(node->terms[i].len));
        buf_put_str(out, node->terms[i]);
    }
    buf_putc(out, (char)('0' + node->paired));
    buf_put_str(out, node->whole);
    if (node->kind == AST_FILTER && node->filter != AST_SOURCE && node->filter != AST_DATE)
        buf_put_str(out, node->text);
}

/* FTS5 reads a word's positions anew for each time it stands in a phrase, and for one document at
 * a time it neither stops nor gives memory back. */
static bool repeats_too_often(const struct ast *node)
{
    for (size_t i = 0; i + SX_PHRASE_REPEATS_MAX < node->term_count; i++) {
        size_t times = 0;
        for (size_t k = i; k < node->term_count; k++)
            times += str_eq(node->terms[i], node->terms[k]);
        if (times > SX_PHRASE_REPEATS_MAX)
            return true;
    }
    return false;
}

/* Counts a leaf that was not there before, by its words: FTS5 opens postings for each, also for
 * one word many times in a phrase. Filters count against the limit too: each costs. */
static sx_status count_leaf(struct leaves *l, const struct ast *node, struct sx_error *err)
{
    struct leaf_key **at, *added;
    struct sx_str key;

    put_key(node, &l->scratch);
    if (!buf_ok(&l->scratch))
        return sx_fail_oom(err);
    key = buf_str(&l->scratch);
    at = &l->buckets[hash_bytes(key.ptr, key.len) % BUCKETS];
    for (; *at != NULL; at = &(*at)->next) {
        if (str_eq((*at)->key, key)) {
            buf_clear(&l->scratch);
            return SX_OK;
        }
    }
    size_t words = (node->term_count > 0 ? node->term_count : 1) + (node->whole.len > 0);
    if (words > SX_QUERY_WORDS_MAX - l->words)
        return sx_fail_at(err, SX_EQUERY, "query", (int64_t)node->offset,
                          "more than %d distinct words", SX_QUERY_WORDS_MAX);
    if (repeats_too_often(node))
        return sx_fail_at(err, SX_EQUERY, "query", (int64_t)node->offset,
                          "a phrase has one word more than %d times", SX_PHRASE_REPEATS_MAX);
    added = arena_new(l->mem, sizeof(*added));
    if (added == NULL)
        return sx_fail_oom(err);
    *at = added;
    l->words += words;
    l->distinct += node->kind != AST_FILTER;
    return keep(l, &added->key, err);
}

static sx_status make_leaf(struct leaves *l, const struct lexeme *lex, enum ast_field field,
                           struct ast **out, struct sx_error *err)
{
    struct ast *node = arena_new(l->mem, sizeof(*node));
    sx_status rc;

    *out = NULL;
    if (node == NULL)
        return sx_fail_oom(err);
    node->offset = lex->offset;
    node->field = field;
    if (lex->kind == LEX_PHRASE)
        rc = make_phrase(l, lex, node, err);
    else if (lex->kind == LEX_FILTER)
        rc = make_filter(l, lex, node, err);
    else
        rc = make_word(l, lex, node, err);
    if (rc != SX_OK)
        return rc;
    if (!has_content(node)) {
        if (lex->kind == LEX_FILTER)
            rc = warn_name(l, lex->name, "has no value: left out", err);
        return rc;
    }
    *out = node;
    return node->run ? SX_OK : count_leaf(l, node, err);
}

sx_status leaves_make(struct leaves *l, const struct lexeme *lex, enum ast_field field,
                      struct ast **out, struct sx_error *err)
{
    return make_leaf(l, lex, field, out, err);
}
