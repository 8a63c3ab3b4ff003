/* Small tables for eyes: cells that line up in columns, whatever script they are in. */
#ifndef CLIENT_TABLE_H
#define CLIENT_TABLE_H

#include "client/terminal.h"

#define TABLE_COLUMNS_MAX 8

/* Release it with table_release(). */
struct table {
    /* A letter a column: l begins and r ends where the others of its column do; e is an l that is
     * cut where the row would be wider than the terminal. */
    const char *columns;
    struct buf text;  /* of all cells, escaped */
    struct buf cells; /* struct cell */
    size_t column;    /* of the next cell */
};

/* Add the next cell of the row: nothing, text that is escaped, or ASCII. */
void table_skip(struct table *t);
void table_text(struct table *t, struct sx_str text, enum style style);
void table_printf(struct table *t, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Makes the cell just added one that others need not make room for: the last of its row. */
void table_widen(struct table *t);
/* Ends the row; one without cells is a blank line. */
void table_row(struct table *t);

/* Appends all rows, each behind `indent` spaces, and remembers failure in `out`. */
void table_print(const struct table *t, const struct terminal *terminal, size_t indent,
                 struct buf *out);

void table_release(struct table *t);

#endif
