/* A document as JSON writes it: the keys of `put`, of --put and of JSON Lines files. */
#ifndef INDEX_BASE_DOCJSON_H
#define INDEX_BASE_DOCJSON_H

#include "index/base/arena.h"
#include "index/base/json.h"

struct sx_doc;

/* Reads uri (or id, a string or number), title, body, source, date, lang, type from `obj`; other
 * keys are gathered as one JSON object in doc->extra (an `id` beside a `uri` too). A null is as
 * absent. Strings borrow from `obj` or `mem`. `uri` may be missing only when `need_uri` is false;
 * lengths and the date are the index's to check. SX_EREQUEST names the key in err->param, which is
 * empty when `obj` is no object. */
sx_status docjson_read(const cJSON *obj, bool need_uri, struct arena *mem, struct sx_doc *doc,
                       struct sx_error *err);

#endif
