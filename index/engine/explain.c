/* Explanations: the plan and the parts of a score, as they were computed. */
#include <string.h>

#include "index/base/str.h"
#include "index/engine/search.h"
#include "index/rank/score.h"

static struct sx_str printed(struct search *s, const struct ast *n)
{
    struct buf text = {0};
    struct sx_str out = str_make("", 0);

    if (n != NULL)
        query_print(n, true, &text);
    if (!buf_ok(&text))
        out = str_make(NULL, 0);
    else if (text.len > 0)
        out = arena_str(&s->mem, buf_str(&text));
    buf_release(&text);
    return out;
}

static bool tell_leaf(struct search *s, const struct leaf *l, struct sx_leaf *out)
{
    struct sx_weighed *words = arena_array(&s->mem, l->word_count + 1, sizeof(*words));

    *out = (struct sx_leaf){
        .text = printed(s, l->ast),
        .asked = l->asked,
        .weight = l->weight,
        .words = words,
        .word_count = l->word_count,
    };
    for (size_t i = 0; words != NULL && i < l->word_count; i++)
        words[i] = (struct sx_weighed){l->words[i].term, l->words[i].counts.n, l->words[i].counts.f,
                                       l->words[i].weight};
    return words != NULL && out->text.ptr != NULL;
}

sx_status explain_plan(struct search *s, struct sx_error *err)
{
    const struct plan *p = &s->plan;
    struct sx_plan *out = arena_new(&s->mem, sizeof(*out));
    struct sx_leaf *leaves = arena_array(&s->mem, p->leaf_count + 1, sizeof(*leaves));
    struct sx_pair *pairs = arena_array(&s->mem, p->pair_count + 1, sizeof(*pairs));

    s->leaf_numbers = arena_array(&s->mem, p->leaf_count + 1, sizeof(*s->leaf_numbers));
    if (out == NULL || leaves == NULL || pairs == NULL || s->leaf_numbers == NULL)
        return sx_fail_oom(err);
    *out = (struct sx_plan){
        .rewritten = printed(s, s->rewritten),
        .docs = s->snap.docs,
        .average_length = s->run.avglen,
        .leaves = leaves,
        .pairs = pairs,
        .passes = s->run.passes,
        .pass_count = s->run.pass_count,
    };
    if (out->rewritten.ptr == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < p->leaf_count; i++) {
        if (p->leaves[i].asked == 0)
            continue;
        s->leaf_numbers[i] = out->leaf_count;
        if (!tell_leaf(s, &p->leaves[i], &leaves[out->leaf_count++]))
            return sx_fail_oom(err);
    }
    for (size_t i = 0; i < p->pair_count; i++) {
        const struct pair *pair = &p->pairs[i];
        pairs[out->pair_count++] = (struct sx_pair){
            s->leaf_numbers[pair->left], s->leaf_numbers[pair->right], pair->asked, pair->weight};
    }
    s->res.plan = out;
    return SX_OK;
}

/* How many leaves and pairs stand in the document, at most. */
static size_t count_leaves(const struct search *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->plan.leaf_count; i++)
        count += run_leaf_tf(&s->run, i) > 0;
    return count;
}

static size_t count_pairs(const struct search *s)
{
    size_t count = 0;
    double adjacent, near;

    for (size_t i = 0; i < s->plan.pair_count; i++) {
        run_pair_tf(&s->run, i, &adjacent, &near);
        count += near > 0;
    }
    return count;
}

static void tell_leaves(const struct search *s, double norm, struct sx_explanation *out,
                        struct sx_leaf_score *scores)
{
    for (size_t i = 0; i < s->plan.leaf_count; i++) {
        const struct leaf *l = &s->plan.leaves[i];
        double tf = run_leaf_tf(&s->run, i);
        if (l->asked == 0 || !(tf > 0))
            continue;
        scores[out->leaf_count++] =
            (struct sx_leaf_score){s->leaf_numbers[i], s->run.tf[i].title, s->run.tf[i].body, tf,
                                   score_leaf(l->asked, l->weight, tf, norm)};
    }
}

static void tell_pairs(const struct search *s, double norm, struct sx_explanation *out,
                       struct sx_pair_score *scores)
{
    double adjacent, near;

    for (size_t i = 0; i < s->plan.pair_count; i++) {
        const struct pair *pair = &s->plan.pairs[i];
        run_pair_tf(&s->run, i, &adjacent, &near);
        if (near > 0)
            scores[out->pair_count++] = (struct sx_pair_score){
                i, adjacent, near, score_pair(pair->asked, pair->weight, adjacent, near, norm)};
    }
}

sx_status explain_hit(struct search *s, int64_t rowid, bool near, struct sx_hit *hit,
                      struct sx_error *err)
{
    const struct docrow *row = doctable_get(&s->r->memory->docs, rowid);
    struct sx_explanation *out = arena_new(&s->mem, sizeof(*out));
    struct sx_leaf_score *leaves = arena_array(&s->mem, count_leaves(s) + 1, sizeof(*leaves));
    struct sx_pair_score *pairs = arena_array(&s->mem, count_pairs(s) + 1, sizeof(*pairs));

    if (out == NULL || leaves == NULL || pairs == NULL)
        return sx_fail_oom(err);
    out->length = score_combined(row->title_len, row->body_len);
    out->norm = score_length_norm(out->length, s->run.avglen);
    out->leaves = leaves;
    out->pairs = pairs;
    tell_leaves(s, out->norm, out, leaves);
    if (near)
        tell_pairs(s, out->norm, out, pairs);
    hit->explanation = out;
    return SX_OK;
}
