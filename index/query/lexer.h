/* Query text to lexemes. Every text has lexemes; the one error is a quote without an end. */
#ifndef INDEX_QUERY_LEXER_H
#define INDEX_QUERY_LEXER_H

#include "index/query/ast.h"

enum lexeme_kind {
    LEX_END,
    LEX_OPEN,   /* ( */
    LEX_CLOSE,  /* ) */
    LEX_WORD,   /* a run of characters */
    LEX_PHRASE, /* "…" */
    LEX_FIELD,  /* title: or body:, directly before a word, a phrase or ( */
    LEX_FILTER, /* source: and its like, with the value */
    LEX_PLUS,
    LEX_MINUS,
    LEX_AND,
    LEX_OR,
    LEX_NOT,
    LEX_NEAR /* NEAR/5, with its number */
};

struct lexeme {
    enum lexeme_kind kind;
    size_t offset;          /* of its first byte */
    struct sx_str text;     /* as written: a run, or what stands between quotes */
    size_t value_offset;    /* FILTER: where the value begins, its quote counted */
    enum ast_field field;   /* FIELD */
    enum ast_filter filter; /* FILTER */
    size_t number;          /* NEAR */
    struct sx_str name; /* before the colon: of a FILTER, or of a WORD that looks like a field */
};

/* What directly precedes decides what a run may be: `-AND` and `title:-x` are words. */
enum lexer_after { AFTER_ANY, AFTER_SIGN, AFTER_FIELD };

struct lexer {
    struct sx_str text;
    size_t at;
    enum lexer_after after;
};

void lexer_init(struct lexer *lx, struct sx_str text);

/* Reads the next lexeme; after the last one LEX_END for ever. Its text borrows from the query's.
 * SX_EQUERY: a quote is not closed. */
sx_status lexer_next(struct lexer *lx, struct lexeme *out, struct sx_error *err);

/* Whether `text` is one run of characters, so that a filter's value needs no quotes. */
bool lexer_is_run(struct sx_str text);

/* Appends `text` with each run of white space as one space, and none at the ends. */
void lexer_squeeze(struct sx_str text, struct buf *out);

#endif
