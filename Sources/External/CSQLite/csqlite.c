#include "csqlite.h"

static sqlite3_destructor_type ownership(bool borrowed) { return borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT; }

/* An empty text or blob is no NULL, so it needs an address. */
static const void *address(const void *bytes) { return bytes ? bytes : ""; }

int csqlite_bind_text(sqlite3_stmt *statement, int index, const void *bytes, uint64_t count, bool borrowed)
{
    return sqlite3_bind_text64(statement, index, address(bytes), count, ownership(borrowed), SQLITE_UTF8);
}

int csqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, uint64_t count, bool borrowed)
{
    return sqlite3_bind_blob64(statement, index, address(bytes), count, ownership(borrowed));
}

void csqlite_result_text(sqlite3_context *context, const void *bytes, uint64_t count)
{
    sqlite3_result_text64(context, address(bytes), count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

void csqlite_result_blob(sqlite3_context *context, const void *bytes, uint64_t count)
{
    sqlite3_result_blob64(context, address(bytes), count, SQLITE_TRANSIENT);
}

int csqlite_switch(sqlite3 *database, int option, bool on)
{
    return sqlite3_db_config(database, option, on ? 1 : 0, (int *)0);
}

const sqlite3_value *csqlite_missing_value(sqlite3 *database)
{
    sqlite3_stmt *statement = 0;
    const sqlite3_value *value;

    /* A column that a statement does not have is the same value as one that a row does not have. */
    if (sqlite3_prepare_v2(database, "SELECT 1", -1, &statement, 0) != SQLITE_OK) {
        return 0;
    }
    value = sqlite3_column_value(statement, 1);
    sqlite3_finalize(statement);
    return value;
}
