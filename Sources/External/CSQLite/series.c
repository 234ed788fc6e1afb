/* generate_series(start, stop, step): whole numbers as the rows of a table, as SQLite's own shell has them
 * (https://www.sqlite.org/series.html). */
#include "virtual_table.h"

enum { VALUE, START, STOP, STEP };
/* Which of the arguments are there, as the plan tells the filter. */
enum { HAS_START = 1, HAS_STOP = 2, HAS_STEP = 4 };

static const sqlite3_int64 USUAL_STOP = 0xffffffff;

typedef struct series_cursor {
    sqlite3_vtab_cursor base;
    sqlite3_int64 start, stop, step;
    sqlite3_int64 value;
    /* How many numbers come after `value`. */
    uint64_t left;
    bool is_at_end;
} series_cursor;

static int connect_table(sqlite3 *database, void *context, int argument_count, const char *const *arguments,
                         sqlite3_vtab **made, char **message)
{
    int status = csqlite_make_table(
        database, "CREATE TABLE series(value INTEGER, start INTEGER HIDDEN, stop INTEGER HIDDEN, step INTEGER HIDDEN)",
        sizeof(**made), made);

    (void)context, (void)argument_count, (void)arguments, (void)message;
    if (status == SQLITE_OK) {
        /* Views may use it: it reaches nothing. */
        sqlite3_vtab_config(database, SQLITE_VTAB_INNOCUOUS);
    }
    return status;
}

static int plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    int argument[] = {-1, -1, -1};
    int given = 0;
    int count = 0;

    (void)table;
    for (int index = 0; index < info->nConstraint; index++) {
        const struct sqlite3_index_constraint *constraint = &info->aConstraint[index];
        if (constraint->iColumn < START || constraint->op != SQLITE_INDEX_CONSTRAINT_EQ) {
            continue;
        }
        if (!constraint->usable) {
            /* An argument that another table of this order would give later. */
            return SQLITE_CONSTRAINT;
        }
        argument[constraint->iColumn - START] = index;
    }
    for (int place = 0; place < 3; place++) {
        if (argument[place] >= 0) {
            given |= 1 << place;
            info->aConstraintUsage[argument[place]].argvIndex = ++count;
            info->aConstraintUsage[argument[place]].omit = 1;
        }
    }
    info->idxNum = given;
    info->estimatedRows = (given & HAS_STOP) != 0 ? 1000 : 1000000000;
    info->estimatedCost = (double)info->estimatedRows;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    (void)table;
    return csqlite_make_cursor(sizeof(series_cursor), made);
}

static int filter(sqlite3_vtab_cursor *base, int given, const char *text, int count, sqlite3_value **values)
{
    series_cursor *cursor = (series_cursor *)base;
    int next = 0;
    uint64_t distance;

    (void)text;
    cursor->start = (given & HAS_START) != 0 ? sqlite3_value_int64(values[next++]) : 0;
    cursor->stop = (given & HAS_STOP) != 0 ? sqlite3_value_int64(values[next++]) : USUAL_STOP;
    cursor->step = (given & HAS_STEP) != 0 ? sqlite3_value_int64(values[next++]) : 1;
    if (cursor->step == 0) {
        cursor->step = 1;
    }
    cursor->is_at_end = cursor->start > cursor->stop;
    for (int index = 0; index < count; index++) {
        if (sqlite3_value_type(values[index]) == SQLITE_NULL) {
            cursor->is_at_end = true;
        }
    }
    if (cursor->is_at_end) {
        return SQLITE_OK;
    }
    /* Without signs nothing overflows: not between the two ends of the range, nor the smallest number turned around. */
    distance = cursor->step > 0 ? (uint64_t)cursor->step : 0 - (uint64_t)cursor->step;
    cursor->left = ((uint64_t)cursor->stop - (uint64_t)cursor->start) / distance;
    cursor->value = cursor->start;
    if (cursor->step < 0) {
        /* The same numbers, backwards. */
        cursor->value = (sqlite3_int64)((uint64_t)cursor->start + cursor->left * distance);
    }
    return SQLITE_OK;
}

static int next_row(sqlite3_vtab_cursor *base)
{
    series_cursor *cursor = (series_cursor *)base;

    if (cursor->left == 0) {
        cursor->is_at_end = true;
    } else {
        cursor->left -= 1;
        cursor->value = (sqlite3_int64)((uint64_t)cursor->value + (uint64_t)cursor->step);
    }
    return SQLITE_OK;
}

static int is_at_end(sqlite3_vtab_cursor *base) { return ((series_cursor *)base)->is_at_end; }

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index)
{
    const series_cursor *cursor = (series_cursor *)base;
    sqlite3_int64 value = cursor->value;

    switch (index) {
    case START: value = cursor->start; break;
    case STOP: value = cursor->stop; break;
    case STEP: value = cursor->step; break;
    default: break;
    }
    sqlite3_result_int64(context, value);
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
    *id = ((series_cursor *)base)->value;
    return SQLITE_OK;
}

/* Without xCreate there is one such table, which nobody has to make. */
static const sqlite3_module series_module = {
    .iVersion = 0,
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
};

int csqlite_make_series(sqlite3 *database)
{
    return sqlite3_create_module_v2(database, "generate_series", &series_module, NULL, NULL);
}
