/* libFuzzer: any bytes as a query. What parses must print as a query that parses to the same
 * tree and prints the same, and rewriting takes no last word away; an error must name a byte of
 * the query. */
#include <stdlib.h>

#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/query/rewrite.h"
#include "index/text/analyzer.h"
#include "index/text/lang.h"

#define NOW 1755252007

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_printed(const struct query *q, struct analyzer *an)
{
    struct arena mem = {0};
    struct query again;

    check(query_parse(&again, q->parsed, NOW, an, &mem, NULL) == SX_OK);
    check(ast_equal(q->root, again.root));
    check(str_eq(q->parsed, again.parsed));
    check(q->leaf_count == again.leaf_count);
    arena_release(&mem);
}

/* What is searched asks for a word where the query does. */
static void check_rewritten(const struct query *q, struct arena *mem)
{
    static const int langs[] = {LANG_EN};
    const struct ast *root;

    check(query_rewrite(q->root, langs, 1, mem, &root, NULL) == SX_OK);
    check((root == NULL) == (q->root == NULL));
    check(root == NULL || query_is_item(root) == query_is_item(q->root));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct analyzer *an;
    struct sx_str text = str_make((const char *)data, size);
    struct arena mem = {0};
    struct sx_error err = {0};
    struct query q;
    sx_status rc;

    if (an == NULL)
        an = analyzer_new();
    check(an != NULL);
    rc = query_parse(&q, text, NOW, an, &mem, &err);
    if (rc == SX_OK && utf8_check(text.ptr, text.len) == text.len)
        check_printed(&q, an);
    if (rc == SX_OK)
        check_rewritten(&q, &mem);
    if (rc != SX_OK)
        check(err.offset >= 0 && (size_t)err.offset <= size);
    arena_release(&mem);
    return 0;
}
