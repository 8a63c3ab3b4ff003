/* A sorted table of words, and a few pairs of words that say more than each alone. */
#include "index/ingest/html_hints.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "index/base/str.h"
#include "index/ingest/html_outline.h"

#define LOOK_MAX 256
#define WORD_MAX 20
#define ID_WORDS_MAX 2

enum { ABOUT_OTHERS = 128 }; /* the next word says nothing of this element */

/* Sorted: it is searched by halves. */
static const struct word {
    const char *word;
    unsigned hints;
} words[] = {
    {"ad", HINT_AWAY},
    {"ads", HINT_AWAY},
    {"adsbygoogle", HINT_AWAY},
    {"advert", HINT_AWAY},
    {"advertisement", HINT_AWAY},
    {"advertising", HINT_AWAY},
    {"adverts", HINT_AWAY},
    {"anzeige", HINT_AWAY},
    {"anzeigen", HINT_AWAY},
    {"articlebody", HINT_MAIN},
    {"aside", HINT_AWAY},
    {"avatar", HINT_AWAY},
    {"banner", HINT_AWAY},
    {"bio", HINT_AWAY},
    {"breadcrumb", HINT_AWAY},
    {"breadcrumbs", HINT_AWAY},
    {"colophon", HINT_AWAY},
    {"comentarios", HINT_COMMENT},
    {"comment", HINT_COMMENT},
    {"commentaires", HINT_COMMENT},
    {"commenti", HINT_COMMENT},
    {"commentlist", HINT_COMMENT},
    {"comments", HINT_COMMENT},
    {"compartir", HINT_AWAY},
    {"complementary", HINT_AWAY},
    {"condividi", HINT_AWAY},
    {"consent", HINT_AWAY},
    {"contentinfo", HINT_AWAY},
    {"cookie", HINT_AWAY},
    {"cookiebot", HINT_AWAY},
    {"cookies", HINT_AWAY},
    {"copyright", HINT_AWAY},
    {"delen", HINT_AWAY},
    {"didomi", HINT_AWAY},
    {"disclaimer", HINT_AWAY},
    {"discussion", HINT_COMMENT},
    {"disqus", HINT_COMMENT},
    {"dropdown", HINT_AWAY},
    {"footer", HINT_AWAY},
    {"gdpr", HINT_AWAY},
    {"has", ABOUT_OTHERS},
    {"hide", ABOUT_OTHERS},
    {"impressum", HINT_AWAY},
    {"is", ABOUT_OTHERS},
    {"jumpbox", HINT_AWAY},
    {"kommentare", HINT_COMMENT},
    {"login", HINT_AWAY},
    {"masthead", HINT_AWAY},
    {"meistgelesen", HINT_AWAY},
    {"menu", HINT_AWAY},
    {"menubar", HINT_AWAY},
    {"metered", HINT_AWAY},
    {"modal", HINT_AWAY},
    {"nav", HINT_AWAY},
    {"navbar", HINT_AWAY},
    {"navigation", HINT_AWAY},
    {"newsletter", HINT_AWAY},
    {"no", ABOUT_OTHERS},
    {"not", ABOUT_OTHERS},
    {"onetrust", HINT_AWAY},
    {"online", HINT_AWAY},
    {"onlinelist", HINT_AWAY},
    {"outbrain", HINT_AWAY},
    {"overlay", HINT_AWAY},
    {"pager", HINT_AWAY},
    {"pagination", HINT_AWAY},
    {"partager", HINT_AWAY},
    {"paywall", HINT_AWAY},
    {"popular", HINT_AWAY},
    {"popup", HINT_AWAY},
    {"postprofile", HINT_AWAY},
    {"profile", HINT_AWAY},
    {"promo", HINT_AWAY},
    {"promoted", HINT_AWAY},
    {"promotion", HINT_AWAY},
    {"pubblicita", HINT_AWAY},
    {"publicidad", HINT_AWAY},
    {"publicidade", HINT_AWAY},
    {"publicite", HINT_AWAY},
    {"rail", HINT_AWAY},
    {"reacties", HINT_COMMENT},
    {"reactions", HINT_COMMENT},
    {"reclame", HINT_AWAY},
    {"recommendation", HINT_AWAY},
    {"recommendations", HINT_AWAY},
    {"recommended", HINT_AWAY},
    {"reklama", HINT_AWAY},
    {"related", HINT_AWAY},
    {"respond", HINT_COMMENT},
    {"rodape", HINT_AWAY},
    {"search", HINT_AWAY},
    {"share", HINT_AWAY},
    {"sharing", HINT_AWAY},
    {"show", ABOUT_OTHERS},
    {"sidebar", HINT_AWAY},
    {"signature", HINT_AWAY},
    {"signin", HINT_AWAY},
    {"signup", HINT_AWAY},
    {"skip", HINT_AWAY},
    {"social", HINT_AWAY},
    {"socials", HINT_AWAY},
    {"sponsor", HINT_AWAY},
    {"sponsored", HINT_AWAY},
    {"sponsors", HINT_AWAY},
    {"subnav", HINT_AWAY},
    {"subscribe", HINT_AWAY},
    {"subscription", HINT_AWAY},
    {"taboola", HINT_AWAY},
    {"tagcloud", HINT_AWAY},
    {"teaser", HINT_AWAY},
    {"teasers", HINT_AWAY},
    {"teilen", HINT_AWAY},
    {"toc", HINT_AWAY},
    {"toolbar", HINT_AWAY},
    {"topbar", HINT_AWAY},
    {"trending", HINT_AWAY},
    {"truste", HINT_AWAY},
    {"usercentrics", HINT_AWAY},
    {"userinfo", HINT_AWAY},
    {"werbung", HINT_AWAY},
    {"widget", HINT_AWAY},
    {"widgets", HINT_AWAY},
    {"with", ABOUT_OTHERS},
    {"without", ABOUT_OTHERS},
};

static const struct {
    const char *first, *second;
    unsigned hints;
} pairs[] = {
    {"article", "body", HINT_MAIN},  {"article", "content", HINT_MAIN},
    {"article", "text", HINT_MAIN},  {"entry", "content", HINT_MAIN},
    {"post", "content", HINT_MAIN},  {"post", "body", HINT_MAIN},
    {"story", "body", HINT_MAIN},    {"story", "content", HINT_MAIN},
    {"main", "content", HINT_MAIN},  {"bread", "crumb", HINT_AWAY},
    {"bread", "crumbs", HINT_AWAY},  {"most", "read", HINT_AWAY},
    {"most", "viewed", HINT_AWAY},   {"most", "popular", HINT_AWAY},
    {"most", "shared", HINT_AWAY},   {"top", "stories", HINT_AWAY},
    {"read", "more", HINT_AWAY},     {"read", "also", HINT_AWAY},
    {"read", "next", HINT_AWAY},     {"see", "also", HINT_AWAY},
    {"more", "from", HINT_AWAY},     {"more", "on", HINT_AWAY},
    {"more", "stories", HINT_AWAY},  {"more", "news", HINT_AWAY},
    {"more", "articles", HINT_AWAY}, {"up", "next", HINT_AWAY},
    {"sign", "up", HINT_AWAY},       {"sign", "in", HINT_AWAY},
    {"log", "in", HINT_AWAY},        {"side", "bar", HINT_AWAY},
    {"side", "column", HINT_AWAY},   {"author", "box", HINT_AWAY},
    {"author", "card", HINT_AWAY},   {"about", "author", HINT_AWAY},
    {"user", "info", HINT_AWAY},     {"call", "out", HINT_AWAY},
    {"latest", "news", HINT_AWAY},   {"site", "header", HINT_AWAY},
};

/* Words that are often written together with others: relatedposts, cookiebar. */
static const struct word beginnings[] = {
    {"related", HINT_AWAY},    {"sidebar", HINT_AWAY},   {"cookie", HINT_AWAY},
    {"newsletter", HINT_AWAY}, {"advert", HINT_AWAY},    {"breadcrumb", HINT_AWAY},
    {"comment", HINT_COMMENT}, {"recommend", HINT_AWAY},
};

static int by_word(const void *key, const void *row)
{
    return strcmp(key, ((const struct word *)row)->word);
}

/* The next word in small letters; false at the end. */
static bool next_word(struct sx_str *s, char out[WORD_MAX])
{
    size_t i = 0, n = 0;

    while (i < s->len && !((s->ptr[i] | 0x20) >= 'a' && (s->ptr[i] | 0x20) <= 'z'))
        i++;
    for (; i < s->len; i++) {
        char c = s->ptr[i];
        bool capital = c >= 'A' && c <= 'Z';
        if ((!capital && (c < 'a' || c > 'z')) ||
            (capital && n > 0 && s->ptr[i - 1] >= 'a' && s->ptr[i - 1] <= 'z'))
            break;
        if (n + 1 < WORD_MAX)
            out[n++] = (char)(c | 0x20);
    }
    out[n] = '\0';
    *s = str_make(s->ptr + i, s->len - i);
    return n > 0;
}

static unsigned of_pair(const char *first, const char *second)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strcmp(pairs[i].second, second) == 0 && strcmp(pairs[i].first, first) == 0)
            return pairs[i].hints;
    }
    return 0;
}

static unsigned of_word(const char *word)
{
    const struct word *row =
        bsearch(word, words, sizeof(words) / sizeof(words[0]), sizeof(words[0]), by_word);

    if (row != NULL)
        return row->hints;
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        if (strncmp(word, beginnings[i].word, strlen(beginnings[i].word)) == 0)
            return beginnings[i].hints;
    }
    return 0;
}

unsigned html_hints_of(struct sx_str names)
{
    char word[WORD_MAX], before[WORD_MAX] = "";
    unsigned hints = 0;
    bool others = false;

    if (names.len == 0)
        return 0; /* an attribute without a value */
    if (names.len > LOOK_MAX)
        names.len = LOOK_MAX;
    while (next_word(&names, word)) {
        unsigned said = of_word(word);

        if (before[0] != '\0')
            said |= of_pair(before, word);
        if (!others)
            hints |= said & ~(unsigned)ABOUT_OTHERS;
        others = (said & ABOUT_OTHERS) != 0;
        memcpy(before, word, sizeof(before));
    }
    return hints;
}

unsigned html_hints_of_id(struct sx_str id)
{
    char word[WORD_MAX];
    struct sx_str rest = id;
    int count = 0;

    if (id.len == 0 || id.len > LOOK_MAX)
        return 0;
    while (next_word(&rest, word))
        count++;
    return count <= ID_WORDS_MAX ? html_hints_of(id) : 0;
}

bool html_style_hides(struct sx_str style)
{
    for (size_t i = 0; i + 12 <= style.len; i++) {
        if (strncasecmp(style.ptr + i, "display:none", 12) == 0 ||
            (i + 13 <= style.len && strncasecmp(style.ptr + i, "display: none", 13) == 0))
            return true;
    }
    return false;
}
