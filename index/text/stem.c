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
    unsigned char leave, from_len, to_len;
};
#define ROW(from, to, leave)                                                                       \
    {                                                                                              \
        from, to, leave, sizeof(from) - 1, sizeof(to) - 1                                          \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, NULL, 0, 0, 0                                                                        \
    }

static const struct row ar_prefixes[] = {
    ROW("وال", "", 2),
    ROW("فال", "", 2),
    ROW("بال", "", 2),
    ROW("كال", "", 2),
    ROW("ال", "", 2),
    ROW("لل", "", 3),
    ROW("و", "", 5), /* it begins many short words */
    END,
};
static const struct row ar_endings[] = {
    ROW("ها", "", 3),
    ROW("هم", "", 3),
    ROW("ات", "", 3),
    ROW("ون", "", 3),
    ROW("ين", "", 3),
    ROW("ان", "", 3),
    ROW("يه", "", 3),
    ROW("ية", "", 3),
    ROW("ه", "", 3),
    ROW("ة", "", 3),
    ROW("ي", "", 3),
    ROW("ا", "", 3),
    END,
};

static const struct row fr_before[] = {
    ROW("ees", "es", 2), /* parlées */
    ROW("ee", "e", 2),
    END,
};

/* Particles and the endings of 하다, 되다 and 이다. */
static const struct row ko_endings[] = {
    ROW("했습니다", "", 1),
    ROW("됐습니다", "", 1),
    ROW("습니다", "", 2),
    ROW("합니다", "", 1),
    ROW("됩니다", "", 1),
    ROW("입니다", "", 1),
    ROW("했다고", "", 1),
    ROW("한다고", "", 1),
    ROW("된다고", "", 1),
    ROW("됐다고", "", 1),
    ROW("이라고", "", 1),
    ROW("이라는", "", 1),
    ROW("이었다", "", 1),
    ROW("하면서", "", 1),
    ROW("되면서", "", 1),
    ROW("했지만", "", 1),
    ROW("하지만", "", 1),
    ROW("에서", "", 1),
    ROW("에게", "", 1),
    ROW("한테", "", 1),
    ROW("께서", "", 1),
    ROW("까지", "", 1),
    ROW("부터", "", 1),
    ROW("처럼", "", 1),
    ROW("보다", "", 1),
    ROW("으로", "", 1),
    ROW("로서", "", 2),
    ROW("로써", "", 2),
    ROW("이나", "", 2),
    ROW("마다", "", 1),
    ROW("조차", "", 2),
    ROW("밖에", "", 1),
    ROW("라고", "", 2),
    ROW("라는", "", 2),
    ROW("라며", "", 2),
    ROW("이며", "", 2),
    ROW("이다", "", 2),
    ROW("였다", "", 2),
    ROW("하고", "", 2),
    ROW("하는", "", 2),
    ROW("하다", "", 2),
    ROW("하며", "", 2),
    ROW("하여", "", 2),
    ROW("하기", "", 2),
    ROW("하지", "", 2),
    ROW("해서", "", 2),
    ROW("했다", "", 2),
    ROW("했던", "", 2),
    ROW("한다", "", 2),
    ROW("됐다", "", 2),
    ROW("된다", "", 2),
    ROW("되는", "", 2),
    ROW("되다", "", 2),
    ROW("되고", "", 2),
    ROW("되며", "", 2),
    ROW("됐던", "", 2),
    ROW("를", "", 2),
    ROW("는", "", 2),
    ROW("은", "", 2),
    ROW("이", "", 2),
    ROW("가", "", 2),
    ROW("을", "", 2),
    ROW("의", "", 2),
    ROW("에", "", 2),
    ROW("께", "", 2),
    ROW("로", "", 2),
    ROW("와", "", 2),
    ROW("과", "", 2),
    ROW("도", "", 2),
    ROW("만", "", 2),
    ROW("나", "", 2),
    ROW("들", "", 2),
    ROW("한", "", 2),
    ROW("할", "", 2),
    ROW("된", "", 2),
    ROW("될", "", 2),
    END,
};

static const struct row nl_after[] = {
    ROW("z", "s", 2), /* huizen */
    ROW("v", "f", 2), /* brieven */
    END,
};

static const struct row pt_before[] = {
    ROW("oes", "ao", 2), /* eleições */
    ROW("aes", "ao", 3), /* alemães */
    ROW("ais", "al", 3), /* jornais, but not país */
    END,
};

static const struct row sv_after[] = {
    ROW("itet", "itet", 2), /* universitet is no definite form */
    ROW("et", "", 4),       /* beslutet */
    ROW("an", "", 4),       /* skolan */
    END,
};

static const struct row tr_endings[] = {
    ROW("lar", "", 3), ROW("ler", "", 3), ROW("dan", "", 3), ROW("den", "", 3), ROW("tan", "", 3),
    ROW("ten", "", 3), ROW("nin", "", 3), ROW("nun", "", 3), ROW("nda", "", 3), ROW("nde", "", 3),
    ROW("da", "", 3),  ROW("de", "", 3),  ROW("ta", "", 3),  ROW("te", "", 3),  ROW("in", "", 3),
    ROW("un", "", 3),  ROW("im", "", 3),  ROW("um", "", 3),  ROW("si", "", 3),  ROW("su", "", 3),
    ROW("yi", "", 3),  ROW("yu", "", 3),  ROW("i", "", 3),   ROW("u", "", 3),   END,
};
static const struct row tr_after[] = {
    ROW("g", "k", 3), /* çocuğu */
    ROW("b", "p", 3), /* kitabı */
    END,
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

static bool replace_start(struct stemmer *s, const struct row *row)
{
    for (; row != NULL && row->from != NULL; row++) {
        size_t len = row->from_len;
        if (s->len <= len || memcmp(s->word, row->from, len) != 0 ||
            letters(s->word + len, s->len - len) < row->leave)
            continue;
        s->len -= len;
        memmove(s->word, s->word + len, s->len);
        return true;
    }
    return false;
}

static bool replace_end(struct stemmer *s, const struct row *row)
{
    for (; row != NULL && row->from != NULL; row++) {
        size_t len = row->from_len;
        /* The last byte first: it turns most rows away. */
        if (s->len <= len || s->word[s->len - 1] != row->from[len - 1] ||
            memcmp(s->word + s->len - len, row->from, len) != 0 ||
            letters(s->word, s->len - len) < row->leave)
            continue;
        memcpy(s->word + s->len - len, row->to, row->to_len);
        s->len -= len - row->to_len;
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
