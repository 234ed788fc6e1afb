/* afd.h: readiness of sockets, asked of the driver below Winsock.
 *
 * AFD_POLL is a request to the driver of sockets that completes when a socket is in one of some conditions, at once if
 * it is already. It is one-shot. Neither it nor the driver's name is documented by Microsoft, but they have not changed
 * since Windows NT and much software depends on them. */
#ifndef WEIR_WINDOWS_AFD_H
#define WEIR_WINDOWS_AFD_H

#include "sockets.h"

#include <winternl.h>

#define WEIR_AFD_RECEIVE 0x0001u
#define WEIR_AFD_SEND 0x0004u         /* room to write; a connect has succeeded */
#define WEIR_AFD_DISCONNECT 0x0008u   /* the peer has ended its side */
#define WEIR_AFD_ABORT 0x0010u        /* reset */
#define WEIR_AFD_LOCAL_CLOSE 0x0020u  /* the socket's last handle closed here */
#define WEIR_AFD_ACCEPT 0x0080u       /* a connection waits */
#define WEIR_AFD_CONNECT_FAIL 0x0100u

/* One request. The driver writes to it until its packet has been dequeued: until then it stays where it is, is used for
 * nothing else and is not freed, whatever became of the socket. */
typedef struct {
    IO_STATUS_BLOCK status; /* first: the packet names it */
    struct {
        LARGE_INTEGER timeout;
        ULONG count;
        ULONG exclusive;
        struct {
            HANDLE socket;
            ULONG events;
            NTSTATUS status;
        } sockets[1];
    } body;
} weir_afd_poll;

/* A handle to the driver, through which some sockets are polled. */
typedef struct weir_afd_device weir_afd_device;

/* The devices of one completion port. Begin with zeros; the caller locks. */
typedef struct {
    weir_afd_device *first;
} weir_afd_devices;

/* A device with room for one more socket; it is opened if there is none. NULL after weir_fail. */
weir_afd_device *weir_afd_join(weir_afd_devices *devices, HANDLE port);
void weir_afd_leave(weir_afd_device *device);
/* Closes them all. No request is outstanding. */
void weir_afd_close(weir_afd_devices *devices);

/* The handle that the driver knows a socket by, below all layers that wrap it. INVALID if it is no socket, UNSUPPORTED
 * if a layer hides it. */
platform_status weir_afd_base(SOCKET socket, HANDLE *base);

/* Submits a request. Unless it fails a packet with key 0 and the address of `poll` will come to the port. */
NTSTATUS weir_afd_submit(weir_afd_device *device, weir_afd_poll *poll, HANDLE base, ULONG events);
/* Asks for an end of the request, whose packet comes all the same. */
void weir_afd_cancel(weir_afd_device *device, weir_afd_poll *poll);

/* What a completed request found; `failed` when the request itself did not work. */
ULONG weir_afd_events(const weir_afd_poll *poll, bool *failed);

#endif
