/* Whether a page can be given to the parser. */
#ifndef INDEX_INGEST_HTML_GUARD_H
#define INDEX_INGEST_HTML_GUARD_H

#include <stdbool.h>

#include <searchd/str.h>

/* False when a tag has more attributes (about a thousand) than can be parsed in sensible time. */
bool html_tags_are_sane(struct sx_str html);

#endif
