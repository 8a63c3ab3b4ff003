/* The elements that do something to the text around them, sorted by name. */
#include "index/ingest/html_element.h"

#include <stdlib.h>
#include <string.h>

static const struct html_element elements[] = {
    {"address", KIND_BLOCK, ROLE_CONTAINER},
    {"article", KIND_BLOCK, ROLE_ARTICLE},
    {"aside", KIND_BLOCK, ROLE_ASIDE},
    {"audio", KIND_SPACED, ROLE_CONTROL},
    {"blockquote", KIND_BLOCK, ROLE_QUOTE},
    {"body", KIND_BLOCK, ROLE_PAGE},
    {"br", KIND_BLOCK, ROLE_NONE},
    {"button", KIND_SPACED, ROLE_CONTROL},
    {"caption", KIND_BLOCK, ROLE_CAPTION},
    {"center", KIND_BLOCK, ROLE_CONTAINER},
    {"dd", KIND_BLOCK, ROLE_PARAGRAPH},
    {"details", KIND_BLOCK, ROLE_CONTAINER},
    {"dialog", KIND_BLOCK, ROLE_DIALOG},
    {"dir", KIND_BLOCK, ROLE_LIST},
    {"div", KIND_BLOCK, ROLE_CONTAINER},
    {"dl", KIND_BLOCK, ROLE_CONTAINER},
    {"dt", KIND_BLOCK, ROLE_PARAGRAPH},
    {"fieldset", KIND_BLOCK, ROLE_CONTAINER},
    {"figcaption", KIND_BLOCK, ROLE_CAPTION},
    {"figure", KIND_BLOCK, ROLE_FIGURE},
    {"footer", KIND_BLOCK, ROLE_FOOTER},
    {"form", KIND_BLOCK, ROLE_FORM},
    {"frameset", KIND_BLOCK, ROLE_PAGE},
    {"h1", KIND_HEADING, ROLE_HEADING1},
    {"h2", KIND_BLOCK, ROLE_HEADING},
    {"h3", KIND_BLOCK, ROLE_HEADING},
    {"h4", KIND_BLOCK, ROLE_HEADING},
    {"h5", KIND_BLOCK, ROLE_HEADING},
    {"h6", KIND_BLOCK, ROLE_HEADING},
    {"head", KIND_BLOCK, ROLE_PAGE},
    {"header", KIND_BLOCK, ROLE_HEADER},
    {"hgroup", KIND_BLOCK, ROLE_CONTAINER},
    {"hr", KIND_BLOCK, ROLE_NONE},
    {"html", KIND_BLOCK, ROLE_PAGE},
    {"iframe", KIND_SPACED, ROLE_CONTROL},
    {"img", KIND_SPACED, ROLE_NONE},
    {"input", KIND_SPACED, ROLE_NONE},
    {"label", KIND_SPACED, ROLE_CONTROL},
    {"legend", KIND_BLOCK, ROLE_CONTROL},
    {"li", KIND_BLOCK, ROLE_ITEM},
    {"listing", KIND_PRE, ROLE_CODE},
    {"main", KIND_BLOCK, ROLE_MAIN},
    {"menu", KIND_BLOCK, ROLE_NAV},
    {"nav", KIND_BLOCK, ROLE_NAV},
    {"noscript", KIND_DROPPED, ROLE_NONE},
    {"object", KIND_SPACED, ROLE_CONTROL},
    {"ol", KIND_BLOCK, ROLE_LIST},
    {"optgroup", KIND_BLOCK, ROLE_CONTROL},
    {"option", KIND_BLOCK, ROLE_CONTROL},
    {"p", KIND_BLOCK, ROLE_PARAGRAPH},
    {"pre", KIND_PRE, ROLE_CODE},
    {"search", KIND_BLOCK, ROLE_NAV},
    {"section", KIND_BLOCK, ROLE_CONTAINER},
    {"select", KIND_SPACED, ROLE_CONTROL},
    {"summary", KIND_BLOCK, ROLE_PARAGRAPH},
    {"svg", KIND_DROPPED, ROLE_NONE},
    {"table", KIND_BLOCK, ROLE_TABLE},
    {"tbody", KIND_BLOCK, ROLE_NONE},
    {"td", KIND_SPACED, ROLE_CELL},
    {"template", KIND_DROPPED, ROLE_NONE},
    {"textarea", KIND_PRE, ROLE_CONTROL},
    {"tfoot", KIND_BLOCK, ROLE_NONE},
    {"th", KIND_SPACED, ROLE_CELL},
    {"thead", KIND_BLOCK, ROLE_NONE},
    {"title", KIND_TITLE, ROLE_NONE},
    {"tr", KIND_BLOCK, ROLE_NONE},
    {"ul", KIND_BLOCK, ROLE_LIST},
    {"video", KIND_SPACED, ROLE_CONTROL},
};

static int by_name(const void *key, const void *element)
{
    return strcmp(key, ((const struct html_element *)element)->name);
}

const struct html_element *html_element_find(const char *name)
{
    static const struct html_element any = {"", KIND_INLINE, ROLE_NONE};
    const struct html_element *e = bsearch(name, elements, sizeof(elements) / sizeof(elements[0]),
                                           sizeof(elements[0]), by_name);

    return e == NULL ? &any : e;
}
