/* child.c: child processes. */
#include "command_line.h"

#include <stdlib.h>

struct platform_child {
    HANDLE process;
    DWORD number;
    HANDLE ends[3]; /* our ends of the child's standard streams, NULL where there is no pipe */
    bool own_group;
};

/* ---- starting ---- */

/* All that CreateProcessW takes. */
typedef struct {
    wchar_t *program, *line, *environment, *directory;
    HANDLE streams[3];   /* the child's ends, inheritable; NULL where we have no such stream to pass on */
    HANDLE inherited[3]; /* the same without gaps */
    DWORD inherited_count;
    LPPROC_THREAD_ATTRIBUTE_LIST attributes;
} launch;

/* An inheritable duplicate; the original keeps to itself. */
static DWORD inheritable(HANDLE original, HANDLE *duplicate) {
    HANDLE here = GetCurrentProcess();
    if (DuplicateHandle(here, original, here, duplicate, 0, TRUE, DUPLICATE_SAME_ACCESS)) return ERROR_SUCCESS;
    return GetLastError();
}

static DWORD pass_on(DWORD which, HANDLE *inner) {
    HANDLE ours = GetStdHandle(which);
    if (ours == NULL || ours == INVALID_HANDLE_VALUE) return ERROR_SUCCESS;
    return inheritable(ours, inner);
}

static DWORD open_null(bool is_input, HANDLE *inner) {
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    DWORD access = is_input ? GENERIC_READ : GENERIC_WRITE;
    HANDLE null = CreateFileW(L"NUL", access, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit, OPEN_EXISTING, 0, NULL);
    if (null == INVALID_HANDLE_VALUE) return GetLastError();
    *inner = null;
    return ERROR_SUCCESS;
}

static DWORD open_pipe(bool is_input, HANDLE *inner, HANDLE *outer) {
    HANDLE reading, writing;
    if (!CreatePipe(&reading, &writing, NULL, 0)) return GetLastError();
    HANDLE childs = is_input ? reading : writing;
    DWORD code = inheritable(childs, inner);
    CloseHandle(childs);
    if (code == ERROR_SUCCESS) *outer = is_input ? writing : reading;
    else CloseHandle(is_input ? writing : reading);
    return code;
}

static DWORD open_stream(uint32_t kind, int stream, HANDLE *inner, HANDLE *outer) {
    static const DWORD which[3] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    switch (kind) {
    case PLATFORM_STREAM_INHERIT: return pass_on(which[stream], inner);
    case PLATFORM_STREAM_NULL: return open_null(stream == 0, inner);
    case PLATFORM_STREAM_PIPE: return open_pipe(stream == 0, inner, outer);
    default: return ERROR_INVALID_PARAMETER;
    }
}

/* Names the handles that the child gets. Without such a list it would get every inheritable handle of this process,
 * also those that another thread has just made for another child. */
static DWORD make_attributes(launch *plan) {
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    plan->attributes = malloc(size);
    if (plan->attributes == NULL) return ERROR_NOT_ENOUGH_MEMORY;
    if (!InitializeProcThreadAttributeList(plan->attributes, 1, 0, &size)) {
        DWORD code = GetLastError();
        free(plan->attributes);
        plan->attributes = NULL;
        return code;
    }
    if (plan->inherited_count == 0) return ERROR_SUCCESS;
    size_t bytes = plan->inherited_count * sizeof plan->inherited[0];
    if (UpdateProcThreadAttribute(plan->attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, plan->inherited, bytes,
                                  NULL, NULL)) {
        return ERROR_SUCCESS;
    }
    return GetLastError();
}

static platform_status prepare(const platform_child_options *options, launch *plan, platform_child *child) {
    plan->program = weir_find_program(options->arguments[0]);
    if (plan->program == NULL) return weir_failed();
    plan->line = weir_command_line(options->arguments);
    if (plan->line == NULL) return weir_failed();
    if (options->environment != NULL) {
        plan->environment = weir_environment_block(options->environment);
        if (plan->environment == NULL) return weir_failed();
    }
    if (options->directory != NULL) {
        plan->directory = weir_path(options->directory);
        if (plan->directory == NULL) return weir_failed();
        DWORD attributes = GetFileAttributesW(plan->directory);
        if (attributes == INVALID_FILE_ATTRIBUTES) return weir_fail_path(plan->directory, GetLastError());
        if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0) return weir_fail(ERROR_DIRECTORY);
    }
    const uint32_t kinds[3] = {options->input, options->output, options->error};
    for (int stream = 0; stream < 3; stream++) {
        DWORD code = open_stream(kinds[stream], stream, &plan->streams[stream], &child->ends[stream]);
        if (code != ERROR_SUCCESS) return weir_fail(code);
        if (plan->streams[stream] != NULL) plan->inherited[plan->inherited_count++] = plan->streams[stream];
    }
    DWORD code = make_attributes(plan);
    return code == ERROR_SUCCESS ? PLATFORM_OK : weir_fail(code);
}

static platform_status create(const launch *plan, platform_child *child) {
    STARTUPINFOEXW startup = {0};
    startup.StartupInfo.cb = sizeof startup;
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = plan->streams[0];
    startup.StartupInfo.hStdOutput = plan->streams[1];
    startup.StartupInfo.hStdError = plan->streams[2];
    startup.lpAttributeList = plan->attributes;
    DWORD flags = EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT;
    if (child->own_group) flags |= CREATE_NEW_PROCESS_GROUP;

    /* The directory of a process has the old limit, and a prefix would come out of GetCurrentDirectory again. */
    bool network = false;
    const wchar_t *directory = plan->directory == NULL ? NULL : weir_plain_path(plan->directory, &network);
    if (network) directory = plan->directory;
    PROCESS_INFORMATION made;
    if (!CreateProcessW(plan->program, plan->line, NULL, NULL, plan->inherited_count > 0, flags, plan->environment,
                        directory, &startup.StartupInfo, &made)) {
        return weir_fail_last();
    }
    CloseHandle(made.hThread);
    child->process = made.hProcess;
    child->number = made.dwProcessId;
    return PLATFORM_OK;
}

static void clean_up(launch *plan) {
    for (int stream = 0; stream < 3; stream++) {
        if (plan->streams[stream] != NULL) CloseHandle(plan->streams[stream]);
    }
    if (plan->attributes != NULL) {
        DeleteProcThreadAttributeList(plan->attributes);
        free(plan->attributes);
    }
    free(plan->program);
    free(plan->line);
    free(plan->environment);
    free(plan->directory);
}

platform_status platform_child_start(const platform_child_options *options, platform_child **result) {
    if (options->arguments == NULL || options->arguments[0] == NULL || *options->arguments[0] == 0) {
        return weir_fail(ERROR_INVALID_PARAMETER);
    }
    platform_child *child = calloc(1, sizeof *child);
    if (child == NULL) return weir_fail(ERROR_NOT_ENOUGH_MEMORY);
    child->own_group = options->own_group;
    launch plan = {0};
    platform_status status = prepare(options, &plan, child);
    if (status == PLATFORM_OK) status = create(&plan, child);
    clean_up(&plan);
    if (status == PLATFORM_OK) *result = child;
    else platform_child_free(child);
    return status;
}

/* ---- what the owner does ---- */

static platform_handle end_of(const platform_child *child, int stream) {
    return child->ends[stream] == NULL ? PLATFORM_NO_HANDLE : weir_number(child->ends[stream]);
}

platform_handle platform_child_input(const platform_child *child) { return end_of(child, 0); }
platform_handle platform_child_output(const platform_child *child) { return end_of(child, 1); }
platform_handle platform_child_error(const platform_child *child) { return end_of(child, 2); }

void platform_child_close_input(platform_child *child) {
    if (child->ends[0] != NULL) CloseHandle(child->ends[0]);
    child->ends[0] = NULL;
}

uint64_t platform_child_process_id(const platform_child *child) { return child->number; }

static bool has_ended(const platform_child *child) { return WaitForSingleObject(child->process, 0) == WAIT_OBJECT_0; }

/* Asks a child that listens by its event; false if it does not. */
static bool ask_by_event(const platform_child *child, int32_t reason) {
    wchar_t name[WEIR_STOP_NAME_CAPACITY];
    weir_stop_name(name, child->number, reason);
    HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, name);
    if (event == NULL) return false;
    bool asked = SetEvent(event) != 0;
    CloseHandle(event);
    return asked;
}

platform_status platform_child_signal(platform_child *child, uint32_t signal) {
    if (signal < PLATFORM_SIGNAL_INTERRUPT || signal > PLATFORM_SIGNAL_KILL) return weir_fail(ERROR_INVALID_PARAMETER);
    if (has_ended(child)) return weir_fail(ERROR_FILE_NOT_FOUND);
    if (signal == PLATFORM_SIGNAL_KILL) {
        if (TerminateProcess(child->process, 1)) return PLATFORM_OK;
        DWORD code = GetLastError();
        return weir_fail(has_ended(child) ? ERROR_FILE_NOT_FOUND : code);
    }
    int32_t reason = signal == PLATFORM_SIGNAL_INTERRUPT ? PLATFORM_STOP_INTERRUPT : PLATFORM_STOP_TERMINATE;
    if (ask_by_event(child, reason)) return PLATFORM_OK;
    /* A console event reaches a whole group: without one of its own that would be ours. */
    if (child->own_group && GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, child->number)) return PLATFORM_OK;
    return weir_fail(has_ended(child) ? ERROR_FILE_NOT_FOUND : ERROR_NOT_SUPPORTED);
}

const char *platform_signal_name(int32_t number) {
    (void)number;
    return NULL;
}

platform_status platform_child_wait(platform_child *child, int64_t deadline, platform_exit_status *status) {
    for (;;) {
        DWORD milliseconds = weir_milliseconds_until(deadline);
        DWORD ended = WaitForSingleObject(child->process, milliseconds);
        if (ended == WAIT_OBJECT_0) break;
        if (ended != WAIT_TIMEOUT) return weir_fail_last();
        if (milliseconds == 0) return weir_fail(WAIT_TIMEOUT);
    }
    DWORD code;
    if (!GetExitCodeProcess(child->process, &code)) return weir_fail_last();
    status->signaled = false;
    status->code = (int32_t)code;
    return PLATFORM_OK;
}

void platform_child_free(platform_child *child) {
    for (int stream = 0; stream < 3; stream++) {
        if (child->ends[stream] != NULL) CloseHandle(child->ends[stream]);
    }
    if (child->process != NULL) CloseHandle(child->process);
    free(child);
}
