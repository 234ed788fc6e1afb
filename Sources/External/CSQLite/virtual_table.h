/* What virtual tables have in common: how they and their cursors come and go. */
#ifndef CSQLITE_VIRTUAL_TABLE_H
#define CSQLITE_VIRTUAL_TABLE_H

#include "csqlite.h"
#include <stddef.h>

/* Declares the table, and makes one of `size` bytes that begins with a sqlite3_vtab and is zero. */
int csqlite_make_table(sqlite3 *database, const char *declaration, size_t size, sqlite3_vtab **made);
int csqlite_free_table(sqlite3_vtab *table);

/* Makes a cursor of `size` bytes that begins with a sqlite3_vtab_cursor and is zero. */
int csqlite_make_cursor(size_t size, sqlite3_vtab_cursor **made);
int csqlite_free_cursor(sqlite3_vtab_cursor *cursor);

#endif
