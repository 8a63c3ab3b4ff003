/* What reaches a terminal: escaped, coloured, wrapped to its width. */
#ifndef CLIENT_TERMINAL_H
#define CLIENT_TERMINAL_H

#include <stdbool.h>

#include "client/options.h"
#include "index/base/buf.h"

struct terminal {
    bool tty; /* standard output is one */
    bool color;
    size_t width; /* columns to fill */
};

/* Looks at standard output, the environment and --color; sets the locale's character type. */
void terminal_init(struct terminal *t, enum color color);

/* Appends `s` (UTF-8) so that a terminal shows it and obeys none of it: C0, DEL, C1 and bidi
 * controls and line separators become \x1b or \u202e. Returns the columns it fills. */
size_t escape_text(struct buf *out, struct sx_str s);

/* Appends a JSON text with the same characters as \u escapes: the same JSON to a parser. */
void escape_json(struct buf *out, struct sx_str s);

/* Columns of one code point; 1 where the locale cannot tell. */
size_t char_width(unsigned cp);

enum style { STYLE_PLAIN, STYLE_TITLE, STYLE_DIM, STYLE_MARK };

/* Begin and end a style; nothing without colour. */
void style_on(struct buf *out, const struct terminal *t, enum style s);
void style_off(struct buf *out, const struct terminal *t);

struct text_mark {
    size_t start, end; /* bytes */
};

/* Text that fills lines up to a width, later ones indented. */
struct wrap {
    struct buf *out;
    const struct terminal *t;
    size_t indent;
    size_t column; /* columns already filled in this line */
};

/* Appends `s` word by word, white space as one space, with the marks (ascending) in style. */
void wrap_text(struct wrap *w, struct sx_str s, const struct text_mark *marks, size_t count,
               enum style style);

#endif
