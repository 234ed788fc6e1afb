#include "virtual_table.h"
#include <string.h>

static void *make_zeros(size_t size)
{
    void *made = sqlite3_malloc64(size);

    return made ? memset(made, 0, size) : NULL;
}

int csqlite_make_table(sqlite3 *database, const char *declaration, size_t size, sqlite3_vtab **made)
{
    int status = sqlite3_declare_vtab(database, declaration);

    if (status != SQLITE_OK) {
        return status;
    }
    *made = make_zeros(size);
    return *made ? SQLITE_OK : SQLITE_NOMEM;
}

int csqlite_free_table(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

int csqlite_make_cursor(size_t size, sqlite3_vtab_cursor **made)
{
    *made = make_zeros(size);
    return *made ? SQLITE_OK : SQLITE_NOMEM;
}

int csqlite_free_cursor(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}
