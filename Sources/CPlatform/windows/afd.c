/* afd.c: requests to the driver below Winsock. */
#include "afd.h"

#include <mswsock.h>

#include <stdlib.h>

#define IOCTL_AFD_POLL 0x00012024u

#define STATUS_OF_SUCCESS ((NTSTATUS)0)
#define STATUS_OF_PENDING ((NTSTATUS)0x00000103)
#define STATUS_OF_CANCELLED ((NTSTATUS)0xC0000120)

#ifndef FILE_SKIP_SET_EVENT_ON_HANDLE
#define FILE_SKIP_SET_EVENT_ON_HANDLE 2
#endif

/* Exported by ntdll since Windows Vista; not every header declares it. */
NTSTATUS NTAPI NtCancelIoFileEx(HANDLE file, IO_STATUS_BLOCK *request, IO_STATUS_BLOCK *status);

/* ---- devices ---- */

/* To cancel one request the system searches all of the same handle. */
#define SOCKETS_PER_DEVICE 32

struct weir_afd_device {
    weir_afd_device *next;
    HANDLE handle;
    uint32_t sockets;
};

/* A handle to the driver that is no socket itself: any name below the driver's does. */
static NTSTATUS open_driver(HANDLE *handle) {
    static wchar_t path[] = L"\\Device\\Afd\\Weir";
    UNICODE_STRING name = {sizeof path - sizeof *path, sizeof path, path};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes, .ObjectName = &name};
    IO_STATUS_BLOCK status;
    const ULONG shared = FILE_SHARE_READ | FILE_SHARE_WRITE;
    return NtCreateFile(handle, SYNCHRONIZE, &attributes, &status, NULL, 0, shared, FILE_OPEN, 0, NULL, 0);
}

static weir_afd_device *open_device(HANDLE port) {
    weir_afd_device *made = calloc(1, sizeof *made);
    if (made == NULL) {
        weir_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    NTSTATUS status = open_driver(&made->handle);
    if (status != STATUS_OF_SUCCESS) {
        weir_fail(RtlNtStatusToDosError(status));
        free(made);
        return NULL;
    }
    if (CreateIoCompletionPort(made->handle, port, 0, 0) == NULL) {
        weir_fail_last();
        CloseHandle(made->handle);
        free(made);
        return NULL;
    }
    SetFileCompletionNotificationModes(made->handle, FILE_SKIP_SET_EVENT_ON_HANDLE); /* only saves time */
    return made;
}

weir_afd_device *weir_afd_join(weir_afd_devices *devices, HANDLE port) {
    weir_afd_device *device = devices->first;
    while (device != NULL && device->sockets == SOCKETS_PER_DEVICE) device = device->next;
    if (device == NULL) {
        device = open_device(port);
        if (device == NULL) return NULL;
        device->next = devices->first; /* the one with the most room is found first */
        devices->first = device;
    }
    device->sockets++;
    return device;
}

void weir_afd_leave(weir_afd_device *device) { device->sockets--; }

void weir_afd_close(weir_afd_devices *devices) {
    while (devices->first != NULL) {
        weir_afd_device *device = devices->first;
        devices->first = device->next;
        CloseHandle(device->handle);
        free(device);
    }
}

/* ---- base handles ---- */

static bool ask_handle(SOCKET socket, DWORD question, SOCKET *answer) {
    DWORD got;
    return WSAIoctl(socket, question, NULL, 0, answer, sizeof *answer, &got, NULL, NULL) == 0;
}

/* Layers may be stacked; more than a few are a circle. */
#define LAYERS_MAXIMUM 16

platform_status weir_afd_base(SOCKET socket, HANDLE *base) {
    for (int layer = 0; layer < LAYERS_MAXIMUM; layer++) {
        SOCKET below;
        if (ask_handle(socket, SIO_BASE_HANDLE, &below)) {
            *base = (HANDLE)below;
            return PLATFORM_OK;
        }
        if (WSAGetLastError() == WSAENOTSOCK) return weir_fail(WSAENOTSOCK);
        /* Some layers hide the base, and let through what they would poll themselves. */
        if (!ask_handle(socket, SIO_BSP_HANDLE_POLL, &below) || below == socket) break;
        socket = below;
    }
    return weir_fail(ERROR_NOT_SUPPORTED);
}

/* ---- requests ---- */

NTSTATUS weir_afd_submit(weir_afd_device *device, weir_afd_poll *poll, HANDLE base, ULONG events) {
    poll->status = (IO_STATUS_BLOCK){.Status = STATUS_OF_PENDING};
    poll->body.timeout.QuadPart = INT64_MAX;
    poll->body.count = 1;
    poll->body.exclusive = FALSE;
    poll->body.sockets[0].socket = base;
    poll->body.sockets[0].events = events;
    poll->body.sockets[0].status = STATUS_OF_SUCCESS;
    const ULONG size = sizeof poll->body; /* in and out */
    NTSTATUS status = NtDeviceIoControlFile(device->handle, NULL, NULL, poll, &poll->status, IOCTL_AFD_POLL,
                                            &poll->body, size, &poll->body, size);
    /* A request that succeeds at once sends its packet too. */
    return status == STATUS_OF_PENDING ? STATUS_OF_SUCCESS : status;
}

void weir_afd_cancel(weir_afd_device *device, weir_afd_poll *poll) {
    IO_STATUS_BLOCK status;
    NtCancelIoFileEx(device->handle, &poll->status, &status); /* "not found": its packet is on its way already */
}

ULONG weir_afd_events(const weir_afd_poll *poll, bool *failed) {
    NTSTATUS status = poll->status.Status;
    *failed = status != STATUS_OF_SUCCESS && status != STATUS_OF_CANCELLED;
    return status == STATUS_OF_SUCCESS && poll->body.count > 0 ? poll->body.sockets[0].events : 0;
}
