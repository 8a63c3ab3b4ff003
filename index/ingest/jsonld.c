/* cJSON behind a look at depth and size: it is lax where pages are, and these scripts come from
 * strangers. Objects are looked for at the top, in arrays there and in @graph, no deeper, so that
 * what an article cites or recommends is not taken for the page's. */
#include "index/ingest/jsonld.h"

#include <string.h>

#include "index/base/json.h"
#include "index/base/str.h"
#include "index/ingest/meta.h"
#include "index/ingest/readers.h"

#define DEPTH_MAX 32
#define VALUES_MAX 20000
#define OBJECTS_MAX 200 /* looked at in a script */
#define NAMES_MAX 8     /* authors that are named */
#define CHANGED_CONFIDENCE .5

void jsonld_release(struct jsonld *ld)
{
    buf_release(&ld->headline);
    memset(ld, 0, sizeof(*ld));
}

/* Whether cJSON may have it: its depth and number of values are bounded. */
static bool is_small(struct sx_str s)
{
    size_t depth = 0, values = 0;
    bool quoted = false;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
            continue;
        }
        quoted = c == '"';
        depth += c == '{' || c == '[';
        depth -= (c == '}' || c == ']') && depth > 0;
        values += c == ',' || c == ':' || c == '[';
        if (depth > DEPTH_MAX || values > VALUES_MAX)
            return false;
    }
    return true;
}

/* ---- members ----------------------------------------------------------------------------- */

static const char *text_of(const cJSON *v)
{
    return cJSON_IsString(v) ? v->valuestring : NULL;
}

static const char *member(const cJSON *obj, const char *key)
{
    return text_of(cJSON_GetObjectItemCaseSensitive(obj, key));
}

/* "Tom &amp; Co" becomes "Tom & Co": pages escape here what they need not. */
static void put_unescaped(const char *z, struct buf *out)
{
    for (size_t i = 0; z[i] != '\0';) {
        size_t len = z[i] == '&' ? strcspn(z + i, "; <") : 0;
        if (len > 1 && len < 12 && z[i + len] == ';') {
            html_entity(str_make(z + i, len + 1), out);
            i += len + 1;
        } else {
            buf_putc(out, z[i++]);
        }
    }
}

static void offer(struct meta *m, enum meta_field field, unsigned rank, double confidence,
                  const char *value)
{
    struct buf plain = {0};

    if (value == NULL)
        return;
    put_unescaped(value, &plain);
    if (buf_ok(&plain) && plain.len > 0)
        meta_guess(m, field, rank, "json-ld", confidence, buf_str(&plain));
    m->extra.failed = m->extra.failed || plain.failed;
    buf_release(&plain);
}

/* The name of a person or an organisation: a string, an object, or an array of them. */
static void put_names(const cJSON *v, struct buf *out, int *count)
{
    const cJSON *item;
    const char *name = text_of(v);

    if (cJSON_IsArray(v)) {
        cJSON_ArrayForEach(item, v)
        {
            if (!cJSON_IsArray(item))
                put_names(item, out, count);
        }
        return;
    }
    if (cJSON_IsObject(v))
        name = member(v, "name");
    if (name == NULL || name[0] == '\0' || *count >= NAMES_MAX)
        return;
    if ((*count)++ > 0)
        buf_puts(out, ", ");
    buf_puts(out, name);
}

static void offer_names(struct meta *m, enum meta_field field, unsigned rank, const cJSON *v)
{
    struct buf names = {0};
    int count = 0;

    put_names(v, &names, &count);
    if (count > 0)
        offer(m, field, rank, 1, buf_cstr(&names));
    m->extra.failed = m->extra.failed || names.failed;
    buf_release(&names);
}

/* ---- objects ----------------------------------------------------------------------------- */

static bool names_article(const char *type)
{
    static const char *const others[] = {"BlogPosting", "LiveBlogPosting", "SocialMediaPosting",
                                         "DiscussionForumPosting", "Report"};
    size_t len = type == NULL ? 0 : strlen(type);

    for (size_t i = 0; len > 0 && i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(type, others[i]) == 0)
            return true;
    }
    return len >= 7 && strcmp(type + len - 7, "Article") == 0; /* NewsArticle and its kin */
}

static bool is_article(const cJSON *obj)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(obj, "@type"), *item;

    if (cJSON_IsArray(type)) {
        cJSON_ArrayForEach(item, type)
        {
            if (names_article(text_of(item)))
                return true;
        }
    }
    return names_article(text_of(type));
}

static void note_day(struct jsonld *ld, const char *published)
{
    if (published == NULL || strlen(published) < 10)
        return;
    if (ld->day[0] == '\0')
        memcpy(ld->day, published, 10);
    else if (memcmp(ld->day, published, 10) != 0)
        ld->many = true;
}

static void read_article(struct jsonld *ld, const cJSON *obj, struct meta *m)
{
    const char *headline = member(obj, "headline"), *published = member(obj, "datePublished");
    const cJSON *page = cJSON_GetObjectItemCaseSensitive(obj, "mainEntityOfPage");

    if (headline == NULL)
        headline = member(obj, "name");
    if (ld->articles++ == 0 && headline != NULL)
        put_unescaped(headline, &ld->headline);
    note_day(ld, published);
    offer(m, META_DATE, 1, .98, published);
    offer(m, META_DATE, 2, .9, member(obj, "dateCreated"));
    offer(m, META_DATE, JSONLD_CHANGED, CHANGED_CONFIDENCE, member(obj, "dateModified"));
    offer_names(m, META_AUTHOR, 1, cJSON_GetObjectItemCaseSensitive(obj, "author"));
    offer_names(m, META_SOURCE, 2, cJSON_GetObjectItemCaseSensitive(obj, "publisher"));
    offer(m, META_LANG, 2, 1, member(obj, "inLanguage"));
    offer(m, META_CANONICAL, 3, 1, cJSON_IsObject(page) ? member(page, "@id") : text_of(page));
    offer(m, META_CANONICAL, 3, 1, member(obj, "url"));
}

static void read_object(struct jsonld *ld, const cJSON *obj, int *budget, struct meta *m)
{
    const cJSON *graph = cJSON_GetObjectItemCaseSensitive(obj, "@graph"), *item;
    const char *type = member(obj, "@type");

    if (!cJSON_IsObject(obj) || (*budget)-- <= 0)
        return;
    if (is_article(obj))
        read_article(ld, obj, m);
    else if (type != NULL &&
             (strcmp(type, "WebSite") == 0 || strcmp(type, "NewsMediaOrganization") == 0))
        offer(m, META_SOURCE, 4, 1, member(obj, "name"));
    if (cJSON_IsArray(graph)) {
        cJSON_ArrayForEach(item, graph)
        {
            if (cJSON_GetObjectItemCaseSensitive(item, "@graph") == NULL)
                read_object(ld, item, budget, m);
        }
    }
}

void jsonld_read(struct jsonld *ld, struct sx_str script, struct meta *m)
{
    int budget = OBJECTS_MAX;
    const cJSON *item;
    size_t from = 0;
    cJSON *json;

    if (script.len == 0)
        return;
    /* Comment and CDATA marks may stand around it. */
    while (from < script.len && script.ptr[from] != '{' &&
           (script.ptr[from] != '[' || (from > 0 && script.ptr[from - 1] == '!') ||
            (from > 0 && script.ptr[from - 1] == 'A')))
        from++;
    script = str_make(script.ptr + from, script.len - from);
    if (script.len == 0 || script.len > JSONLD_MAX || !is_small(script))
        return;
    json = cJSON_ParseWithLengthOpts(script.ptr, script.len, NULL, 0);
    if (json == NULL) {
        sx_status rc = json_scan(script, VALUES_MAX, NULL);
        if (rc == SX_OK || rc == SX_ENOMEM)
            m->extra.failed = true; /* the text is sound, so that memory ran out */
    }
    if (cJSON_IsArray(json)) {
        cJSON_ArrayForEach(item, json) read_object(ld, item, &budget, m);
    } else {
        read_object(ld, json, &budget, m);
    }
    cJSON_Delete(json);
}

void jsonld_settle(struct jsonld *ld, struct meta *m)
{
    static const enum meta_field of_one[] = {META_DATE, META_AUTHOR, META_CANONICAL};

    if (!ld->many)
        return;
    for (size_t i = 0; i < sizeof(of_one) / sizeof(of_one[0]); i++) {
        const char *from = m->from[of_one[i]];
        if (m->rank[of_one[i]] != 0 && from != NULL && strcmp(from, "json-ld") == 0)
            meta_drop(m, of_one[i]);
    }
    ld->headline.len = 0; /* a failure stays noted */
}
