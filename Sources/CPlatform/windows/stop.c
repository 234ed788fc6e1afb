/* stop.c: stop requests: Ctrl-C, Ctrl-Break, a console that closes, log-off, shutdown. Windows tells of them on a
 * thread of its own, so nothing here runs in a signal handler.
 *
 * A console reaches only processes that share it. A process that listens can also be asked by two named events, which
 * is how platform_child_signal reaches a child without a console, or apart from its group. */
#include "internal.h"

#include <string.h>

/* A console that closes ends the process when its handlers return, or after about this time. */
#define FINISH_MILLISECONDS 5000

static INIT_ONCE made_once = INIT_ONCE_STATIC_INIT;
static HANDLE arrived, finished;
static uint32_t requested = PLATFORM_STOP_NONE;
static uint32_t listening;

static BOOL CALLBACK make_events(PINIT_ONCE once, PVOID parameter, PVOID *context) {
    (void)once, (void)parameter, (void)context;
    arrived = CreateEventW(NULL, TRUE, FALSE, NULL);
    finished = CreateEventW(NULL, TRUE, FALSE, NULL);
    return TRUE;
}

HANDLE weir_stop_event(void) {
    InitOnceExecuteOnce(&made_once, make_events, NULL, NULL);
    return arrived;
}

void weir_stop_name(wchar_t name[WEIR_STOP_NAME_CAPACITY], DWORD process, int32_t reason) {
    static const wchar_t prefix[] = L"Local\\weir-stop-";
    memcpy(name, prefix, sizeof prefix);
    wchar_t *at = weir_hexadecimal(name + sizeof prefix / sizeof *prefix - 1, process, 8);
    *at++ = L'-';
    weir_hexadecimal(at, (uint64_t)reason, 1);
}

static BOOL WINAPI take_console_event(DWORD type) {
    platform_stop_request(type == CTRL_C_EVENT ? PLATFORM_STOP_INTERRUPT : PLATFORM_STOP_TERMINATE);
    if (type != CTRL_C_EVENT && type != CTRL_BREAK_EVENT && finished != NULL) {
        WaitForSingleObject(finished, FINISH_MILLISECONDS);
    }
    return TRUE;
}

static HANDLE asked[2]; /* for INTERRUPT and TERMINATE */

static DWORD WINAPI take_named_events(LPVOID context) {
    (void)context;
    for (;;) {
        DWORD which = WaitForMultipleObjects(2, asked, FALSE, INFINITE) - WAIT_OBJECT_0;
        if (which > 1) return 0;
        platform_stop_request(which == 0 ? PLATFORM_STOP_INTERRUPT : PLATFORM_STOP_TERMINATE);
    }
}

platform_status platform_stop_listen(void) {
    if (weir_stop_event() == NULL) return weir_fail(ERROR_NOT_ENOUGH_MEMORY);
    if (platform_exchange_u32(&listening, 1) != 0) return PLATFORM_OK;

    for (int32_t reason = PLATFORM_STOP_INTERRUPT; reason <= PLATFORM_STOP_TERMINATE; reason++) {
        wchar_t name[WEIR_STOP_NAME_CAPACITY];
        weir_stop_name(name, GetCurrentProcessId(), reason);
        asked[reason - 1] = CreateEventW(NULL, FALSE, FALSE, name);
        if (asked[reason - 1] == NULL) return weir_fail_last();
    }
    HANDLE thread = CreateThread(NULL, 0, take_named_events, NULL, 0, NULL);
    if (thread == NULL) return weir_fail_last();
    CloseHandle(thread);
    /* Fails in a process without a console, which nobody can press Ctrl-C for. */
    SetConsoleCtrlHandler(take_console_event, TRUE);
    return PLATFORM_OK;
}

int32_t platform_stop_requested(void) { return (int32_t)__atomic_load_n(&requested, __ATOMIC_SEQ_CST); }

int32_t platform_stop_wait(int64_t deadline) {
    HANDLE event = weir_stop_event();
    while (platform_stop_requested() == PLATFORM_STOP_NONE) {
        DWORD milliseconds = weir_milliseconds_until(deadline);
        if (milliseconds == 0) break;
        if (event == NULL) platform_sleep_until(platform_monotonic() + 5 * WEIR_MILLISECOND);
        else WaitForSingleObject(event, milliseconds);
    }
    return platform_stop_requested();
}

void platform_stop_request(int32_t reason) {
    HANDLE event = weir_stop_event();
    uint32_t none = PLATFORM_STOP_NONE;
    platform_compare_exchange_u32(&requested, &none, (uint32_t)reason); /* the first one stays */
    if (event != NULL) SetEvent(event);
}

void platform_stop_finished(void) {
    weir_stop_event();
    if (finished != NULL) SetEvent(finished);
}
