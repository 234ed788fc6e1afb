/* resolve.c: names of hosts, as the system's resolver knows them. */
#define _DEFAULT_SOURCE

#include "sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

static platform_status resolver_failure(int code, int system_code) {
    switch (code) {
    case EAI_SYSTEM: return weir_fail(system_code);
    case EAI_MEMORY: return weir_fail(ENOMEM);
    case EAI_AGAIN:
    case EAI_FAIL: return weir_fail(ETIMEDOUT);
    default: return weir_fail(ENOENT);
    }
}

/* localhost means this machine, whatever the resolver's files say or lack. */
static size_t loopback_addresses(uint16_t port, platform_address *addresses, size_t capacity) {
    size_t count = 0;
    if (count < capacity) weir_address_ipv4(INADDR_LOOPBACK, port, &addresses[count++]);
    if (count < capacity) weir_address_ipv6_loopback(port, &addresses[count++]);
    return count;
}

static size_t copy_addresses(const struct addrinfo *found, uint16_t port, platform_address *addresses,
                             size_t capacity) {
    size_t count = 0;
    for (; found != NULL && count < capacity; found = found->ai_next) {
        platform_address *address = &addresses[count];
        if (found->ai_addrlen > sizeof address->native) continue;
        memset(address, 0, sizeof *address);
        memcpy(address->native, found->ai_addr, found->ai_addrlen);
        if (weir_address_finish(address, found->ai_addrlen) != PLATFORM_OK || !weir_is_internet(address)) continue;
        weir_address_set_port(address, port);
        count++;
    }
    return count;
}

platform_status platform_resolve(const char *host, uint16_t port, platform_address *addresses, size_t capacity,
                                 size_t *count) {
    platform_address literal;
    if (platform_address_literal(host, port, &literal) == PLATFORM_OK) {
        if (capacity > 0) addresses[0] = literal;
        *count = capacity > 0 ? 1 : 0;
        return PLATFORM_OK;
    }
    bool local = strcasecmp(host, "localhost") == 0;
    struct addrinfo hints = {0}, *found = NULL;
    hints.ai_socktype = SOCK_STREAM;
    /* Addresses of kinds that this machine has; loopback does not count as having one. */
    hints.ai_flags = local ? 0 : AI_ADDRCONFIG;
    int code = getaddrinfo(host, NULL, &hints, &found);
    if (code != 0 && local) {
        *count = loopback_addresses(port, addresses, capacity);
        return PLATFORM_OK;
    }
    if (code != 0) return resolver_failure(code, errno);
    *count = copy_addresses(found, port, addresses, capacity);
    freeaddrinfo(found);
    return PLATFORM_OK;
}
