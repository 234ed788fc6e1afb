/* SQLite as it is, and what Swift cannot say to it: functions with a variable number of arguments, destructors that are no
 * functions, and virtual tables.
 */
#ifndef CSQLITE_H
#define CSQLITE_H

/* The distribution's library has the hook; its header shows the declarations only to those who ask. */
#ifndef SQLITE_ENABLE_PREUPDATE_HOOK
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#endif

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Binds bytes. A copy is made, or, if they are `borrowed`, they stay as they are until the parameter is bound again or the
 * bindings are cleared. */
int csqlite_bind_text(sqlite3_stmt *statement, int index, const void *bytes, uint64_t count, bool borrowed);
int csqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, uint64_t count, bool borrowed);

/* A function's result; the bytes are copied. */
void csqlite_result_text(sqlite3_context *context, const void *bytes, uint64_t count);
void csqlite_result_blob(sqlite3_context *context, const void *bytes, uint64_t count);

/* Turns one of the switches of sqlite3_db_config on or off. */
int csqlite_switch(sqlite3 *database, int option, bool on);

/* Where a row that is shorter than its table's declaration lacks a column, this version of SQLite reports this one value as the
 * old one, which is NULL, and not the column's default. NULL if it could not be found out. */
const sqlite3_value *csqlite_missing_value(sqlite3 *database);

/* What a watcher of savepoints hears. Savepoints are numbered from 0, those of statements among them: the library opens one
 * around a statement that may fail after its first change. */
typedef struct csqlite_savepoints {
    void *context;
    void (*began)(void *context, int number);
    /* What happened since `number` began is undone; the savepoint itself stays. */
    void (*undone)(void *context, int number);
} csqlite_savepoints;

/* Makes a virtual table `name` that has no rows. A statement that would write to it lets the watcher hear of every savepoint until
 * the end of the transaction. */
int csqlite_watch_savepoints(sqlite3 *database, const char *name, const csqlite_savepoints *watcher);

/* Gives the connection `generate_series(start, stop, step)`: a table of the whole numbers from `start`, 0 unless given, by `step`, 1
 * unless given, up to `stop`; backwards if `step` is negative. An argument that is NULL makes it empty. */
int csqlite_make_series(sqlite3 *database);

#endif
