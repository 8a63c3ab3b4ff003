/* The lines at the top of a Markdown file that say what it is: YAML's simple forms between ---, or
 * TOML's between +++. */
#ifndef INDEX_INGEST_FRONTMATTER_H
#define INDEX_INGEST_FRONTMATTER_H

#include <searchd/str.h>

struct meta;

/* Offers what the front matter names to `m` and returns the text behind it, or all of `text` when
 * it has none. Keys: title; date, published, created; source, publisher, site; lang, language;
 * author, authors; canonical, url; tags, keywords, categories. A value is one line, in quotes or
 * not; of lists ([a, b], or lines "- a" below the key) authors are joined and tags are taken one by
 * one. Other keys, and deeper levels, are passed over. */
struct sx_str frontmatter_read(struct sx_str text, struct meta *m);

#endif
