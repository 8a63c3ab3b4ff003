/* What a leaf means is what the analyzer finds in it; what it prints as is what was written, in
 * lower case, which changes no term and makes no operator or field of a word. */
#include "index/query/leaf.h"

#include "index/base/date.h"
#include "index/base/hash.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/text/analyzer.h"

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

/* The terms of one leaf while the analyzer tells them. */
struct terms {
    struct arena *mem;
    struct sx_str *items;
    size_t count, cap;
    size_t last_end; /* where the word of the last one ends in the text */
};

/* Keeps one term a position: what stands beside it there is another spelling of the same. */
static int add_term(void *ctx, const struct token *t)
{
    struct terms *terms = ctx;

    if (t->kind != TOKEN_WORD)
        return 0;
    if (terms->count == terms->cap) {
        size_t cap = terms->cap == 0 ? 2 : terms->cap * 2;
        struct sx_str *grown = arena_array(terms->mem, cap, sizeof(*grown));

        if (grown == NULL)
            return ANALYZER_NOMEM;
        if (terms->count > 0)
            memcpy(grown, terms->items, terms->count * sizeof(*grown));
        terms->items = grown;
        terms->cap = cap;
    }
    terms->items[terms->count] = arena_str(terms->mem, t->term);
    terms->last_end = t->end;
    return terms->items[terms->count++].ptr == NULL ? ANALYZER_NOMEM : 0;
}

static sx_status analyze(struct leaves *l, struct sx_str text, struct terms *terms,
                         struct sx_error *err)
{
    *terms = (struct terms){.mem = l->mem};
    if (analyzer_run(l->an, text.ptr, text.len, add_term, terms) != 0)
        return sx_fail_oom(err);
    return SX_OK;
}

static void set_terms(struct ast *node, const struct terms *terms)
{
    node->terms = terms->items;
    node->term_count = terms->count;
}

/* ---- words, prefixes, phrases -------------------------------------------------------------- */

static size_t code_points(struct sx_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* A star that ends the run and directly follows its last word makes a prefix, unless that word
 * is one character: it would stand for too much of any vocabulary. */
static sx_status make_word(struct leaves *l, const struct lexeme *lex, struct ast *node,
                           struct sx_error *err)
{
    struct sx_str run = lex->text;
    bool star = run.len > 1 && run.ptr[run.len - 1] == '*';
    struct terms terms;
    sx_status rc;

    rc = analyze(l, str_make(run.ptr, run.len - star), &terms, err);
    if (rc != SX_OK || terms.count == 0)
        return rc;
    set_terms(node, &terms);
    node->kind = AST_WORD;
    if (star && terms.last_end == run.len - 1) {
        run.len--;
        if (code_points(terms.items[terms.count - 1]) >= 2)
            node->kind = AST_PREFIX;
        else
            rc = warn(l, lex->text, "is too short for a prefix: searched as a word", err);
    }
    if (rc == SX_OK && lex->name.len > 0)
        rc = warn_name(l, lex->name, "is no field: searched as words", err);
    if (rc != SX_OK)
        return rc;
    analyzer_lower(run.ptr, run.len, &l->scratch);
    return keep(l, &node->text, err);
}

static sx_status make_phrase(struct leaves *l, const struct lexeme *lex, struct ast *node,
                             struct sx_error *err)
{
    struct sx_str text;
    struct terms terms;
    sx_status rc;

    lexer_squeeze(lex->text, &l->scratch);
    rc = keep(l, &text, err);
    if (rc == SX_OK)
        rc = analyze(l, text, &terms, err);
    if (rc != SX_OK)
        return rc;
    set_terms(node, &terms);
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
    struct terms terms = {.mem = l->mem};
    sx_status rc;

    lexer_squeeze(lex->text, &l->scratch);
    rc = keep(l, &value, err);
    if (rc == SX_OK && lex->filter == AST_SOURCE)
        rc = analyze(l, value, &terms, err);
    if (rc != SX_OK)
        return rc;
    set_terms(node, &terms);
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
    return node->term_count > 0;
}

/* ---- distinct leaves ----------------------------------------------------------------------- */

/* Bytes that are the same exactly for leaves that mean the same. */
static void put_key(const struct ast *node, struct buf *out)
{
    int64_t head[] = {node->kind, node->field, node->filter, node->date_lo, node->date_hi};

    buf_put(out, head, sizeof(head));
    for (size_t i = 0; i < node->term_count; i++) {
        buf_put(out, &node->terms[i].len, sizeof(node->terms[i].len));
        buf_put_str(out, node->terms[i]);
    }
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
    size_t words = node->term_count > 0 ? node->term_count : 1;
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

sx_status leaves_make(struct leaves *l, const struct lexeme *lex, enum ast_field field,
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
    return count_leaf(l, node, err);
}
