/* Stems. Most are Snowball's, over folded terms: of the families of forms in the tests about as
 * many meet in one stem as do with their accents. What suffers is mended by rows of endings
 * applied before Snowball or after it. Arabic, Korean and Turkish are done by rows alone, taken
 * off again and again: Snowball has no Korean, its Turkish needs the dots that folding takes
 * away, and its Arabic parts a noun from the same noun with its article. */
#include "index/text/stem.h"

#include <string.h>

#include <libstemmer.h>

#include "index/base/alloc.h"
#include "index/base/utf8.h"
#include "index/text/lang.h"

/* Puts `to` in place of `from` where at least `leave` letters stand beside it. Of several rows
 * the first that fits is taken; a row without `from` ends them. */
struct row {
    const char *from, *to;
    unsigned leave;
};

static const struct row ar_prefixes[] = {
    {"وال", "", 2},  {"فال", "", 2}, {"بال", "", 2}, {"كال", "", 2},
    {"ال", "", 2},   {"لل", "", 3},  {"و", "", 5}, /* it begins many short words */
    {NULL, NULL, 0},
};
static const struct row ar_endings[] = {
    {"ها", "", 3}, {"هم", "", 3}, {"ات", "", 3},   {"ون", "", 3}, {"ين", "", 3},
    {"ان", "", 3}, {"يه", "", 3}, {"ية", "", 3},   {"ه", "", 3},  {"ة", "", 3},
    {"ي", "", 3},  {"ا", "", 3},  {NULL, NULL, 0},
};

static const struct row fr_before[] = {
    {"ees", "es", 2}, /* parlées */
    {"ee", "e", 2},
    {NULL, NULL, 0},
};

/* Particles and the endings of 하다, 되다 and 이다. */
static const struct row ko_endings[] = {
    {"했습니다", "", 1}, {"됐습니다", "", 1}, {"습니다", "", 2}, {"합니다", "", 1},
    {"됩니다", "", 1},   {"입니다", "", 1},   {"했다고", "", 1}, {"한다고", "", 1},
    {"된다고", "", 1},   {"됐다고", "", 1},   {"이라고", "", 1}, {"이라는", "", 1},
    {"이었다", "", 1},   {"하면서", "", 1},   {"되면서", "", 1}, {"했지만", "", 1},
    {"하지만", "", 1},   {"에서", "", 1},     {"에게", "", 1},   {"한테", "", 1},
    {"께서", "", 1},     {"까지", "", 1},     {"부터", "", 1},   {"처럼", "", 1},
    {"보다", "", 1},     {"으로", "", 1},     {"로서", "", 2},   {"로써", "", 2},
    {"이나", "", 2},     {"마다", "", 1},     {"조차", "", 2},   {"밖에", "", 1},
    {"라고", "", 2},     {"라는", "", 2},     {"라며", "", 2},   {"이며", "", 2},
    {"이다", "", 2},     {"였다", "", 2},     {"하고", "", 2},   {"하는", "", 2},
    {"하다", "", 2},     {"하며", "", 2},     {"하여", "", 2},   {"하기", "", 2},
    {"하지", "", 2},     {"해서", "", 2},     {"했다", "", 2},   {"했던", "", 2},
    {"한다", "", 2},     {"됐다", "", 2},     {"된다", "", 2},   {"되는", "", 2},
    {"되다", "", 2},     {"되고", "", 2},     {"되며", "", 2},   {"됐던", "", 2},
    {"를", "", 2},       {"는", "", 2},       {"은", "", 2},     {"이", "", 2},
    {"가", "", 2},       {"을", "", 2},       {"의", "", 2},     {"에", "", 2},
    {"께", "", 2},       {"로", "", 2},       {"와", "", 2},     {"과", "", 2},
    {"도", "", 2},       {"만", "", 2},       {"나", "", 2},     {"들", "", 2},
    {"한", "", 2},       {"할", "", 2},       {"된", "", 2},     {"될", "", 2},
    {NULL, NULL, 0},
};

static const struct row nl_after[] = {
    {"z", "s", 2}, /* huizen */
    {"v", "f", 2}, /* brieven */
    {NULL, NULL, 0},
};

static const struct row pt_before[] = {
    {"oes", "ao", 2}, /* eleições */
    {"aes", "ao", 3}, /* alemães */
    {"ais", "al", 3}, /* jornais, but not país */
    {NULL, NULL, 0},
};

static const struct row sv_after[] = {
    {"itet", "itet", 2}, /* universitet is no definite form */
    {"et", "", 4},       /* beslutet */
    {"an", "", 4},       /* skolan */
    {NULL, NULL, 0},
};

static const struct row tr_endings[] = {
    {"lar", "", 3}, {"ler", "", 3}, {"dan", "", 3}, {"den", "", 3}, {"tan", "", 3},
    {"ten", "", 3}, {"nin", "", 3}, {"nun", "", 3}, {"nda", "", 3}, {"nde", "", 3},
    {"da", "", 3},  {"de", "", 3},  {"ta", "", 3},  {"te", "", 3},  {"in", "", 3},
    {"un", "", 3},  {"im", "", 3},  {"um", "", 3},  {"si", "", 3},  {"su", "", 3},
    {"yi", "", 3},  {"yu", "", 3},  {"i", "", 3},   {"u", "", 3},   {NULL, NULL, 0},
};
static const struct row tr_after[] = {
    {"g", "k", 3}, /* çocuğu */
    {"b", "p", 3}, /* kitabı */
    {NULL, NULL, 0},
};

/* How a language is stemmed, in this order; NULL: not so. */
static const struct method {
    const struct row *prefixes, *before, *endings; /* `endings` until none fits */
    const char *algorithm;                         /* Snowball's */
    const struct row *after;
} methods[LANG_COUNT] = {
    [LANG_AR] = {.prefixes = ar_prefixes, .endings = ar_endings},
    [LANG_CA] = {.algorithm = "catalan"},
    [LANG_DA] = {.algorithm = "danish"},
    [LANG_DE] = {.algorithm = "german"},
    [LANG_EL] = {.algorithm = "greek"},
    [LANG_EN] = {.algorithm = "english"},
    [LANG_ES] = {.algorithm = "spanish"},
    [LANG_EU] = {.algorithm = "basque"},
    [LANG_FI] = {.algorithm = "finnish"},
    [LANG_FR] = {.before = fr_before, .algorithm = "french"},
    [LANG_GA] = {.algorithm = "irish"},
    [LANG_HI] = {.algorithm = "hindi"},
    [LANG_HR] = {.algorithm = "serbian"},
    [LANG_HU] = {.algorithm = "hungarian"},
    [LANG_HY] = {.algorithm = "armenian"},
    [LANG_ID] = {.algorithm = "indonesian"},
    [LANG_IT] = {.algorithm = "italian"},
    [LANG_KO] = {.endings = ko_endings},
    [LANG_LT] = {.algorithm = "lithuanian"},
    [LANG_NE] = {.algorithm = "nepali"},
    [LANG_NL] = {.algorithm = "dutch", .after = nl_after},
    [LANG_NO] = {.algorithm = "norwegian"},
    [LANG_PT] = {.before = pt_before, .algorithm = "portuguese"},
    [LANG_RO] = {.algorithm = "romanian"},
    [LANG_RU] = {.algorithm = "russian"},
    [LANG_SR] = {.algorithm = "serbian"},
    [LANG_SV] = {.algorithm = "swedish", .after = sv_after},
    [LANG_TA] = {.algorithm = "tamil"},
    [LANG_TR] = {.endings = tr_endings, .after = tr_after},
    [LANG_YI] = {.algorithm = "yiddish"},
};

struct stemmer {
    struct sb_stemmer *snowball[LANG_COUNT]; /* NULL: not yet asked for */
    char word[STEM_TERM_MAX * 2];            /* the work in hand; no row makes it longer */
    size_t len;
};

struct stemmer *stemmer_new(void)
{
    return mem_zalloc(1, sizeof(struct stemmer));
}

void stemmer_free(struct stemmer *s)
{
    if (s == NULL)
        return;
    for (int lang = 0; lang < LANG_COUNT; lang++)
        sb_stemmer_delete(s->snowball[lang]);
    mem_free(s);
}

bool stem_has(int lang)
{
    return lang >= 0 && lang < LANG_COUNT &&
           (methods[lang].algorithm != NULL || methods[lang].endings != NULL);
}

static size_t letters(const char *p, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)p[i] & 0xC0) != 0x80;
    return count;
}

/* Whether all of `term` is written as the language is. Serbian is written in two scripts. */
static bool is_of(int lang, struct sx_str term)
{
    enum script script = lang_script(lang);
    size_t size;

    if (term.len > STEM_TERM_MAX || letters(term.ptr, term.len) < 3)
        return false;
    for (size_t i = 0; i < term.len; i += size) {
        enum script have = script_of(utf8_next(term.ptr + i, term.len - i, &size));
        if (have != script && !(lang == LANG_SR && have == SCRIPT_LATIN))
            return false;
    }
    return true;
}

static bool replace_start(struct stemmer *s, const struct row *rows)
{
    for (; rows != NULL && rows->from != NULL; rows++) {
        size_t from = strlen(rows->from);
        if (s->len <= from || memcmp(s->word, rows->from, from) != 0 ||
            letters(s->word + from, s->len - from) < rows->leave)
            continue;
        s->len -= from;
        memmove(s->word, s->word + from, s->len);
        return true;
    }
    return false;
}

static bool replace_end(struct stemmer *s, const struct row *rows)
{
    for (; rows != NULL && rows->from != NULL; rows++) {
        size_t from = strlen(rows->from), to = strlen(rows->to);
        if (s->len <= from || memcmp(s->word + s->len - from, rows->from, from) != 0 ||
            letters(s->word, s->len - from) < rows->leave)
            continue;
        memcpy(s->word + s->len - from, rows->to, to);
        s->len -= from - to;
        return true;
    }
    return false;
}

static int run_snowball(struct stemmer *s, int lang)
{
    if (s->snowball[lang] == NULL)
        s->snowball[lang] = sb_stemmer_new(methods[lang].algorithm, NULL);
    if (s->snowball[lang] == NULL)
        return STEM_NOMEM;
    const unsigned char *word = (const unsigned char *)s->word;
    const unsigned char *stem = sb_stemmer_stem(s->snowball[lang], word, (int)s->len);
    if (stem == NULL)
        return STEM_NOMEM;
    size_t len = (size_t)sb_stemmer_length(s->snowball[lang]);
    if (len == 0 || len > sizeof(s->word))
        return 0; /* as it was */
    memcpy(s->word, stem, len);
    s->len = len;
    return 0;
}

int stem_term(struct stemmer *s, int lang, struct sx_str term, struct sx_str *out)
{
    *out = term;
    if (!stem_has(lang) || !is_of(lang, term))
        return 0;
    const struct method *method = &methods[lang];
    memcpy(s->word, term.ptr, term.len);
    s->len = term.len;
    replace_start(s, method->prefixes);
    replace_end(s, method->before);
    while (replace_end(s, method->endings))
        ;
    if (method->algorithm != NULL && run_snowball(s, lang) != 0)
        return STEM_NOMEM;
    replace_end(s, method->after);
    *out = (struct sx_str){s->word, s->len};
    return 0;
}
