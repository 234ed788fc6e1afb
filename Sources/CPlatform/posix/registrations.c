/* registrations.c: a table that is as long as the highest socket number. */
#include "registrations.h"

#include <stdlib.h>
#include <string.h>

static platform_status make_room(weir_registrations *all, size_t needed) {
    if (needed <= all->count) return PLATFORM_OK;
    size_t count = all->count < 64 ? 64 : all->count;
    while (count < needed) count *= 2;
    weir_registration *larger = realloc(all->slots, count * sizeof *larger);
    if (larger == NULL) return weir_fail(ENOMEM);
    memset(larger + all->count, 0, (count - all->count) * sizeof *larger);
    all->slots = larger;
    all->count = count;
    return PLATFORM_OK;
}

weir_registration *weir_registrations_find(const weir_registrations *all, int socket) {
    if (socket < 0 || (size_t)socket >= all->count || all->slots[socket].generation == 0) return NULL;
    return &all->slots[socket];
}

platform_status weir_registrations_add(weir_registrations *all, int socket, uint32_t interest, uint64_t token) {
    if (socket < 0) return weir_fail(EBADF);
    if (weir_registrations_find(all, socket) != NULL) return weir_fail(EEXIST);
    platform_status status = make_room(all, (size_t)socket + 1);
    if (status != PLATFORM_OK) return status;
    weir_registration added = {.token = token, .generation = ++all->generation, .interest = interest};
    all->slots[socket] = added;
    return PLATFORM_OK;
}
