#include "virtual_table.h"

typedef struct watch_table {
    sqlite3_vtab base;
    csqlite_savepoints watcher;
} watch_table;

static int connect_table(sqlite3 *database, void *watcher, int argument_count, const char *const *arguments,
                         sqlite3_vtab **made, char **message)
{
    int status = csqlite_make_table(database, "CREATE TABLE watch(column_of_none)", sizeof(watch_table), made);

    (void)argument_count, (void)arguments, (void)message;
    if (status == SQLITE_OK) {
        ((watch_table *)*made)->watcher = *(const csqlite_savepoints *)watcher;
    }
    return status;
}

static int plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1;
    info->estimatedRows = 0;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    (void)table;
    return csqlite_make_cursor(sizeof(**made), made);
}

static int filter(sqlite3_vtab_cursor *cursor, int number, const char *text, int count, sqlite3_value **values)
{
    (void)cursor, (void)number, (void)text, (void)count, (void)values;
    return SQLITE_OK;
}

static int next_row(sqlite3_vtab_cursor *cursor)
{
    (void)cursor;
    return SQLITE_OK;
}

static int is_at_end(sqlite3_vtab_cursor *cursor)
{
    (void)cursor;
    return 1;
}

static int column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int index)
{
    (void)cursor, (void)index;
    sqlite3_result_null(context);
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *cursor, sqlite3_int64 *id)
{
    (void)cursor;
    *id = 0;
    return SQLITE_OK;
}

static int update(sqlite3_vtab *table, int count, sqlite3_value **values, sqlite3_int64 *id)
{
    (void)table, (void)count, (void)values, (void)id;
    return SQLITE_READONLY;
}

static int nothing(sqlite3_vtab *table)
{
    (void)table;
    return SQLITE_OK;
}

static int began(sqlite3_vtab *base, int number)
{
    watch_table *table = (watch_table *)base;

    table->watcher.began(table->watcher.context, number);
    return SQLITE_OK;
}

static int released(sqlite3_vtab *table, int number)
{
    (void)table, (void)number;
    return SQLITE_OK;
}

static int undone(sqlite3_vtab *base, int number)
{
    watch_table *table = (watch_table *)base;

    table->watcher.undone(table->watcher.context, number);
    return SQLITE_OK;
}

static const sqlite3_module watch_module = {
    .iVersion = 2,
    .xConnect = connect_table,
    .xBestIndex = plan,
    .xDisconnect = csqlite_free_table,
    .xOpen = open_cursor,
    .xClose = csqlite_free_cursor,
    .xFilter = filter,
    .xNext = next_row,
    .xEof = is_at_end,
    .xColumn = column,
    .xRowid = row_id,
    .xUpdate = update,
    .xBegin = nothing,
    .xCommit = nothing,
    .xRollback = nothing,
    .xSavepoint = began,
    .xRelease = released,
    .xRollbackTo = undone,
};

int csqlite_watch_savepoints(sqlite3 *database, const char *name, const csqlite_savepoints *watcher)
{
    csqlite_savepoints *copy = sqlite3_malloc(sizeof(*copy));

    if (!copy) {
        return SQLITE_NOMEM;
    }
    *copy = *watcher;
    /* On failure the library calls the destructor itself. */
    return sqlite3_create_module_v2(database, name, &watch_module, copy, sqlite3_free);
}
