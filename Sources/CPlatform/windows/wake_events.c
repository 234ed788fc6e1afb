/* wake_events.c: sleeping on a word that other processes share, by named events.
 *
 * WaitOnAddress reaches one process only. So each wake-up count has an event of its own, named for the file, the word's
 * place in it and the count. A sleeper with ticket t makes or opens the event of t's count, sees that the word is still
 * t, and waits. A waker that moves the word on from t opens that same event, if there is one, and sets it.
 *
 * Why no wake-up is lost. The sleeper looks at the word after the event exists; the waker looks for the event after it
 * changed the word. So either the sleeper sees the change, or the waker finds the event. An event is set once and never
 * reset: two events used in turn, each reset before its next use, would need a reset that may come late and take away
 * the wake-up of a later turn. The event goes with the last handle to it, even when its sleepers are killed.
 *
 * The stop event of this process ends every wait as well. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define NAME_PREFIX L"Global\\weir-wake-"
#define NAME_PREFIX_LENGTH (sizeof NAME_PREFIX / sizeof(wchar_t) - 1)
#define NAME_CAPACITY (NAME_PREFIX_LENGTH + 16 + 1 + 16 + 1 + 16 + 1 + 8 + 1)

struct platform_wake {
    uint32_t *word; /* first: platform_wake_all in the header reads it */
    wchar_t name[NAME_CAPACITY];
    wchar_t *name_end; /* where the count is written */
};

/* Where the word lies in its file: a view of ours begins at offset 0. */
static uint64_t offset_of(const uint32_t *word) {
    MEMORY_BASIC_INFORMATION view;
    if (VirtualQuery(word, &view, sizeof view) == 0) return 0;
    return (uint64_t)((const uint8_t *)word - (const uint8_t *)view.AllocationBase);
}

platform_status platform_wake_open(platform_handle file, uint32_t *word, platform_wake **wake) {
    platform_file_info info;
    platform_status status = platform_file_describe(file, &info);
    if (status != PLATFORM_OK) return status;
    platform_wake *made = malloc(sizeof *made);
    if (made == NULL) return weir_fail(ERROR_NOT_ENOUGH_MEMORY);
    made->word = word;
    memcpy(made->name, NAME_PREFIX, sizeof NAME_PREFIX);
    wchar_t *at = weir_hexadecimal(made->name + NAME_PREFIX_LENGTH, info.volume, 16);
    *at++ = L'-';
    at = weir_hexadecimal(at, info.index, 16);
    *at++ = L'-';
    at = weir_hexadecimal(at, offset_of(word), 16);
    *at++ = L'-';
    made->name_end = at;
    *wake = made;
    return PLATFORM_OK;
}

void platform_wake_close(platform_wake *wake) { free(wake); }

/* The name of the event for a ticket. Not kept in the wake, which threads share. */
static void name_event(const platform_wake *wake, uint32_t ticket, wchar_t name[NAME_CAPACITY]) {
    size_t length = (size_t)(wake->name_end - wake->name);
    memcpy(name, wake->name, length * sizeof *name);
    weir_hexadecimal(name + length, ticket >> 1, 8);
}

uint32_t platform_wake_prepare(platform_wake *wake) {
    uint32_t ticket = platform_or_u32(wake->word, 1) | 1;
    platform_fence_full();
    return ticket;
}

/* Without an event, for instance because another user's process has made it for itself: look again and again. */
static platform_status poll_word(const uint32_t *word, uint32_t ticket, int64_t deadline) {
    weir_backoff backoff = {WEIR_BACKOFF_START};
    while (platform_load_acquire_u32(word) == ticket && platform_stop_requested() == PLATFORM_STOP_NONE) {
        if (!weir_backoff_sleep(&backoff, deadline)) return weir_fail(WAIT_TIMEOUT);
    }
    return PLATFORM_OK;
}

static platform_status wait_for_event(HANDLE event, const uint32_t *word, uint32_t ticket, int64_t deadline) {
    HANDLE stop = weir_stop_event();
    HANDLE both[2] = {event, stop};
    for (;;) {
        if (platform_load_acquire_u32(word) != ticket) return PLATFORM_OK;
        DWORD milliseconds = weir_milliseconds_until(deadline);
        if (milliseconds == 0) return weir_fail(WAIT_TIMEOUT);
        DWORD ended = WaitForMultipleObjects(stop == NULL ? 1 : 2, both, FALSE, milliseconds);
        if (ended == WAIT_OBJECT_0 || ended == WAIT_OBJECT_0 + 1) return PLATFORM_OK;
        if (ended == WAIT_FAILED) return weir_fail_last();
    }
}

platform_status platform_wake_wait(platform_wake *wake, uint32_t ticket, int64_t deadline) {
    if (platform_stop_requested() != PLATFORM_STOP_NONE) return PLATFORM_OK;
    if (platform_load_acquire_u32(wake->word) != ticket) return PLATFORM_OK;
    if (deadline == PLATFORM_NO_WAIT) return weir_fail(WAIT_TIMEOUT);

    wchar_t name[NAME_CAPACITY];
    name_event(wake, ticket, name);
    const DWORD access = SYNCHRONIZE | EVENT_MODIFY_STATE;
    HANDLE event = CreateEventExW(weir_public_event(), name, CREATE_EVENT_MANUAL_RESET, access);
    if (event == NULL) return poll_word(wake->word, ticket, deadline);
    platform_fence_full();
    platform_status status = wait_for_event(event, wake->word, ticket, deadline);
    CloseHandle(event);
    return status;
}

void platform_wake_sleepers(platform_wake *wake) {
    uint32_t seen = platform_load_relaxed_u32(wake->word);
    while (seen & 1) {
        /* One more wake-up counted, and bit 0 cleared by the carry. */
        if (!platform_compare_exchange_u32(wake->word, &seen, seen + 1)) continue;
        wchar_t name[NAME_CAPACITY];
        name_event(wake, seen, name);
        platform_fence_full();
        HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, name);
        if (event != NULL) {
            SetEvent(event);
            CloseHandle(event);
        }
        return;
    }
}
