/* Clusters and runs. The folded clusters of a run lie one behind another in `form`, so that pairs
 * and dictionary words are stretches of it. */
#include "index/text/cluster.h"

#include <string.h>

#include "index/base/utf8.h"
#include "index/text/chars.h"

/* Units of a cluster that count; a hostile one is no longer to fold than a word. */
#define CLUSTER_UNITS 32
#define NO_WORD RUN_CLUSTERS_MAX

enum {
    THAI_SARA_AA = 0x0E32,
    THAI_SARA_AM = 0x0E33,
    THAI_NIKHAHIT = 0x0E4D,
    LAO_AA = 0x0EB2,
    LAO_AM = 0x0EB3,
    LAO_NIGGAHITA = 0x0ECD,
    MYANMAR_VIRAMA = 0x1039,
    KHMER_COENG = 0x17D2,
    HALFWIDTH_VOICED = 0xFF9E,
    HALFWIDTH_SEMI_VOICED = 0xFF9F
};

/* Whether `cp` belongs to the cluster before it, whose last code point is `last`. `ring`: the
 * cluster holds the first half of SARA AM, which NFKC takes apart. */
static bool extends(uint32_t cp, uint32_t last, bool ring)
{
    if (cp >= 0x3400 && cp < 0xA000)
        return false;
    if (last == KHMER_COENG || last == MYANMAR_VIRAMA)
        return char_is_unspaced(cp) || char_is_mark(cp);
    if (cp == THAI_SARA_AA || cp == LAO_AA)
        return ring;
    return cp == THAI_SARA_AM || cp == LAO_AM || cp == HALFWIDTH_VOICED ||
           cp == HALFWIDTH_SEMI_VOICED || char_is_mark(cp);
}

size_t cluster_end(const char *text, size_t len, size_t at)
{
    size_t size;
    uint32_t last = char_next(text + at, len - at, &size);
    bool ring = last == THAI_NIKHAHIT || last == LAO_NIGGAHITA;

    for (at += size; at < len; at += size) {
        uint32_t cp = char_next(text + at, len - at, &size);
        if (!extends(cp, last, ring))
            break;
        ring = ring || cp == THAI_NIKHAHIT || cp == LAO_NIGGAHITA;
        last = cp;
    }
    return at;
}

void run_begin(struct run *r, struct fold *fold, const char *text, size_t len)
{
    r->text = text;
    r->len = len;
    r->fold = fold;
    r->end = 0;
    r->count = 0;
    r->word = NO_WORD;
}

/* Tells clusters [from, to) of the run as one token at the first. */
static int tell(const struct run *r, enum token_kind kind, uint32_t from, uint32_t to,
                const struct sink *sink)
{
    uint32_t at = r->clusters[from].at;
    struct token token = {
        .term = {r->form + at, r->clusters[to].at - at},
        .start = r->clusters[from].start,
        .end = r->clusters[to - 1].end,
        .kind = kind,
        .span = to - from,
    };
    char dict[TERM_MAX];

    if (kind == TOKEN_DICT) {
        memcpy(dict, token.term.ptr, token.term.len);
        dict[token.term.len++] = DICT_MARK;
        token.term.ptr = dict;
    }
    return sink_put(sink, &token);
}

/* Tells all clusters but the last, which becomes the first. `word_ends`: the word in hand ends
 * with the last. */
static int tell_known(struct run *r, bool word_ends, const struct sink *to)
{
    struct run_cluster *c = r->clusters;
    uint32_t last = r->count - 1;
    int rc = 0;

    if (!word_ends || r->word >= last || c[r->count].at - c[r->word].at >= TERM_MAX)
        r->word = NO_WORD;
    for (uint32_t i = 0; i < last && rc == 0; i++) {
        rc = tell(r, TOKEN_WORD, i, i + 1, to);
        if (rc == 0)
            rc = tell(r, TOKEN_PAIR, i, i + 2, to);
        if (rc == 0 && i == r->word)
            rc = tell(r, TOKEN_DICT, i, r->count, to);
    }
    memmove(r->form, r->form + c[last].at, c[last + 1].at - c[last].at);
    c[1].at = c[last + 1].at - c[last].at;
    c[0] = (struct run_cluster){c[last].start, c[last].end, 0};
    r->count = 1;
    r->word = NO_WORD;
    return rc;
}

static int add(struct run *r, const char *form, size_t len, uint32_t start, uint32_t end,
               const struct sink *to)
{
    int rc = 0;

    if (r->count == RUN_CLUSTERS_MAX)
        rc = tell_known(r, false, to);
    struct run_cluster *c = &r->clusters[r->count++];
    if (r->count == 1)
        c->at = 0;
    c->start = start;
    c->end = end;
    memcpy(r->form + c->at, form, len);
    c[1].at = c->at + (uint32_t)len;
    return rc;
}

/* Whether a cluster of only `cp` folds to itself: Chinese, kana but the half-width ones, Thai. */
static bool is_plain(uint32_t cp)
{
    return (cp >= 0x4E00 && cp < 0xA000) || (cp >= 0x3041 && cp <= 0x3096) ||
           (cp >= 0x30A1 && cp <= 0x30FC && cp != 0x30FB) || (cp >= 0x0E01 && cp < THAI_SARA_AM) ||
           (cp >= 0x0E40 && cp <= 0x0E46);
}

static int32_t widen(const char *text, size_t start, size_t end, UChar units[CLUSTER_UNITS])
{
    int32_t n = 0;

    for (size_t size; start < end && n < CLUSTER_UNITS - 1; start += size) {
        uint32_t cp = char_next(text + start, end - start, &size);
        U16_APPEND_UNSAFE(units, n, cp);
    }
    return n;
}

/* Adds a cluster by its folded form, which is several where one sign stands for a word (U+3300),
 * and may be none. */
static int add_folded(struct run *r, uint32_t start, uint32_t end, const struct sink *to)
{
    UChar units[CLUSTER_UNITS];
    struct sx_str form;
    bool reshaped;
    int rc = 0;

    if (!fold_word(r->fold, units, widen(r->text, start, end, units), &form, &reshaped))
        return ANALYZER_NOMEM;
    for (size_t at = 0, next; at < form.len && rc == 0; at = next) {
        next = form.ptr[at] == ' ' ? at + 1 : cluster_end(form.ptr, form.len, at);
        size_t len = next - at;
        if (form.ptr[at] == ' ')
            continue;
        if (len > RUN_CLUSTER_BYTES)
            len = utf8_floor(form.ptr + at, len, RUN_CLUSTER_BYTES);
        rc = add(r, form.ptr + at, len, start, end, to);
    }
    return rc;
}

int run_word(struct run *r, uint32_t start, uint32_t end, const struct sink *to)
{
    int rc = 0;

    if (start > r->end)
        rc = run_finish(r, to);
    r->word = start < r->end ? NO_WORD : r->count;
    if (start > r->end)
        r->end = start;
    while (rc == 0 && r->end < end) {
        uint32_t at = r->end;
        size_t size;
        uint32_t cp = char_next(r->text + at, r->len - at, &size);
        r->end = (uint32_t)cluster_end(r->text, r->len, at);
        if (r->end - at == size && is_plain(cp))
            rc = add(r, r->text + at, size, at, r->end, to);
        else
            rc = add_folded(r, at, r->end, to);
    }
    return rc == 0 && r->count > 0 ? tell_known(r, r->end == end, to) : rc;
}

int run_finish(struct run *r, const struct sink *to)
{
    bool held = r->count > 0;

    r->count = 0;
    return held ? tell(r, TOKEN_WORD, 0, 1, to) : 0;
}
