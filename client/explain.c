/* The reply tells once what the collection says of each leaf, and each hit only its own part. A
 * reader wants both in one row, so that a hit's table looks up the leaf by its text. */
#include "client/explain.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "client/table.h"
#include "index/base/str.h"

#define INDENT 4
#define LABEL 17 /* columns before what is said of the query */
#define ALMOST 1e-6

static const cJSON *get(const cJSON *v, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(v, key);
}

static double real(const cJSON *v, const char *key)
{
    const cJSON *number = get(v, key);

    return cJSON_IsNumber(number) ? number->valuedouble : 0;
}

/* ---- the query ------------------------------------------------------------------------- */

/* A line of the form "label  text", the text in a block of its own. */
static void labelled(const struct session *s, struct sx_str label, struct sx_str text,
                     struct buf *out)
{
    struct wrap w = {.out = out, .t = &s->terminal, .indent = LABEL};
    const struct text_mark none = {0, 0};

    style_on(out, &s->terminal, STYLE_DIM);
    w.column = escape_text(out, label);
    style_off(out, &s->terminal);
    size_t space = w.column < LABEL ? LABEL - w.column : 1;
    buf_printf(out, "%*s", (int)space, "");
    w.column += space;
    wrap_text(&w, text, &none, 0, STYLE_PLAIN);
    buf_putc(out, '\n');
}

static void pass(const struct session *s, const cJSON *item, struct buf *out)
{
    struct buf label = {0}, text = {0};
    const cJSON *matches = get(item, "matches");

    buf_printf(&label, "pass %s", reply_text(item, "reading"));
    if (cJSON_IsNumber(matches)) {
        json_print_number(matches, &text);
        buf_puts(&text, matches->valuedouble == 1 ? " match: " : " matches: ");
    }
    buf_puts(&text, reply_text(item, "candidates"));
    labelled(s, buf_str(&label), buf_str(&text), out);
    out->failed = out->failed || label.failed || text.failed;
    buf_release(&label);
    buf_release(&text);
}

void explain_query(const struct session *s, const cJSON *reply, struct buf *out)
{
    const cJSON *explain = get(reply, "explain"), *item;
    struct buf text = {0};

    if (!cJSON_IsObject(explain))
        return;
    labelled(s, str_of("query rewritten"), str_of(reply_text(explain, "rewritten")), out);
    buf_printf(&text, "N %" PRIu64 ", average length %.1f", reply_number(explain, "documents"),
               real(explain, "average_length"));
    labelled(s, str_of("documents"), buf_str(&text), out);
    cJSON_ArrayForEach(item, get(explain, "passes")) pass(s, item, out);
    buf_putc(out, '\n');
    out->failed = out->failed || text.failed;
    buf_release(&text);
}

/* ---- a hit ----------------------------------------------------------------------------- */

static void titles(struct table *t, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        table_text(t, str_of(names[i]), STYLE_DIM);
    table_row(t);
}

/* A number with its own digits, or with four behind the point; an empty cell where there is none. */
static void cell_number(struct table *t, const cJSON *v, const char *key)
{
    const cJSON *number = get(v, key);
    struct buf digits = {0};

    if (cJSON_IsNumber(number))
        json_print_number(number, &digits);
    table_text(t, buf_str(&digits), STYLE_PLAIN);
    t->text.failed = t->text.failed || digits.failed;
    buf_release(&digits);
}

static void cell_fixed(struct table *t, const cJSON *v, const char *key)
{
    if (cJSON_IsNumber(get(v, key)))
        table_printf(t, STYLE_PLAIN, "%.4f", real(v, key));
    else
        table_skip(t);
}

/* A leaf or a pair, and how often the query has it where that is not once. */
static void cell_name(struct table *t, struct sx_str name, const cJSON *known)
{
    const cJSON *asked = get(known, "asked");
    struct buf text = {0};

    buf_put_str(&text, name);
    if (cJSON_IsNumber(asked) && asked->valuedouble != 1) {
        buf_puts(&text, " \xc3\x97"); /* × */
        json_print_number(asked, &text);
    }
    table_text(t, buf_str(&text), STYLE_PLAIN);
    t->text.failed = t->text.failed || text.failed;
    buf_release(&text);
}

static void leaf(struct table *t, const cJSON *known, const cJSON *item)
{
    static const char *const counts[] = {"tf", "title", "body"};
    const cJSON *words = get(known, "words"), *word;
    bool phrase = cJSON_GetArraySize(words) > 1;
    struct buf name = {0};

    cell_fixed(t, item, "score");
    cell_name(t, str_of(reply_text(item, "leaf")), known);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        cell_number(t, item, counts[i]);
    cell_fixed(t, known, "weight");
    if (!phrase && words != NULL) {
        cell_number(t, words->child, "documents");
        cell_number(t, words->child, "occurrences");
    }
    table_row(t);
    if (!phrase)
        return;
    cJSON_ArrayForEach(word, words)
    {
        buf_clear(&name);
        buf_printf(&name, "  %s", reply_text(word, "term"));
        table_skip(t);
        table_text(t, buf_str(&name), STYLE_PLAIN);
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
            table_skip(t);
        cell_fixed(t, word, "weight");
        cell_number(t, word, "documents");
        cell_number(t, word, "occurrences");
        table_row(t);
        t->text.failed = t->text.failed || name.failed;
    }
    buf_release(&name);
}

static void pair(struct table *t, const cJSON *known, const cJSON *item)
{
    const cJSON *words = get(item, "pair"), *word;
    struct buf name = {0};

    cJSON_ArrayForEach(word, words)
    {
        const char *text = cJSON_GetStringValue(word);
        buf_printf(&name, "%s%s", word == words->child ? "" : " + ", text == NULL ? "?" : text);
    }
    cell_fixed(t, item, "score");
    cell_name(t, buf_str(&name), known);
    cell_number(t, item, "adjacent");
    cell_number(t, item, "near");
    table_skip(t);
    cell_fixed(t, known, "weight");
    table_row(t);
    t->text.failed = t->text.failed || name.failed;
    buf_release(&name);
}

/* What the reply says of the leaf or pair of a hit, or NULL. */
static const cJSON *known_of(const cJSON *list, const char *key, const cJSON *item)
{
    const cJSON *known;

    cJSON_ArrayForEach(known, list)
    {
        if (cJSON_Compare(get(known, key), get(item, key), true))
            return known;
    }
    return NULL;
}

/* The sum is the score: a row that says so, or what it is instead. */
static void sum_row(struct table *t, double sum, const cJSON *explain, const cJSON *hit)
{
    const cJSON *score = get(hit, "score");
    double differs = cJSON_IsNumber(score) ? fabs(sum - score->valuedouble) : 0;
    struct buf text = {0};

    table_printf(t, STYLE_TITLE, "%.4f", sum);
    if (differs > ALMOST * fmax(1, fabs(sum)))
        buf_printf(&text, "sum, but the score is %.4f", score->valuedouble);
    else
        buf_puts(&text, cJSON_IsNumber(score) ? "sum = score" : "sum");
    buf_printf(&text, "; length %" PRIu64 ", norm %.4g", reply_number(explain, "length"),
               real(explain, "norm"));
    table_text(t, buf_str(&text), STYLE_PLAIN);
    table_widen(t);
    table_row(t);
    t->text.failed = t->text.failed || text.failed;
    buf_release(&text);
}

void explain_hit(const struct session *s, const cJSON *reply, const cJSON *hit, struct buf *out)
{
    static const char *const of_leaves[] = {"score", "leaf",   "tf", "title",
                                            "body",  "weight", "n",  "F"};
    static const char *const of_pairs[] = {"score", "pair", "adjacent", "near", "", "weight"};
    const cJSON *explain = get(hit, "explain"), *query = get(reply, "explain"), *item;
    struct table t = {.columns = "rerrrrrr"};
    double sum = 0;

    if (!cJSON_IsObject(explain))
        return;
    if (cJSON_GetArraySize(get(explain, "leaves")) > 0)
        titles(&t, of_leaves, sizeof(of_leaves) / sizeof(of_leaves[0]));
    cJSON_ArrayForEach(item, get(explain, "leaves"))
    {
        leaf(&t, known_of(get(query, "leaves"), "leaf", item), item);
        sum += real(item, "score");
    }
    if (cJSON_GetArraySize(get(explain, "proximity")) > 0)
        titles(&t, of_pairs, sizeof(of_pairs) / sizeof(of_pairs[0]));
    cJSON_ArrayForEach(item, get(explain, "proximity"))
    {
        pair(&t, known_of(get(query, "pairs"), "pair", item), item);
        sum += real(item, "score");
    }
    sum_row(&t, sum, explain, hit);
    table_print(&t, &s->terminal, INDENT, out);
    table_release(&t);
}
