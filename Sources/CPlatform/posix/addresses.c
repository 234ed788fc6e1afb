/* addresses.c: socket addresses and their texts. */
#define _DEFAULT_SOURCE

#include "sockets.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)
#define PATH_LIMIT (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

_Static_assert(sizeof(struct sockaddr_storage) <= sizeof(((platform_address *)0)->native), "every address fits");
_Static_assert(sizeof(struct sockaddr_un) <= sizeof(((platform_address *)0)->native), "every path fits");

/* Addresses are copied in and out: the words of a platform_address have a type of their own. */

static void store(platform_address *address, uint32_t family, const void *native, size_t length) {
    memset(address, 0, sizeof *address);
    address->family = family;
    address->length = (uint32_t)length;
    memcpy(address->native, native, length);
}

static struct sockaddr_in ipv4_of(const platform_address *address) {
    struct sockaddr_in native;
    memcpy(&native, address->native, sizeof native);
    return native;
}

static struct sockaddr_in6 ipv6_of(const platform_address *address) {
    struct sockaddr_in6 native;
    memcpy(&native, address->native, sizeof native);
    return native;
}

static void store_ipv6(const struct in6_addr *host, uint16_t port, uint32_t scope, platform_address *address) {
    struct sockaddr_in6 native = {0};
    native.sin6_family = AF_INET6;
    native.sin6_addr = *host;
    native.sin6_port = htons(port);
    native.sin6_scope_id = scope;
    store(address, PLATFORM_ADDRESS_IPV6, &native, sizeof native);
}

void weir_address_ipv4(uint32_t host, uint16_t port, platform_address *address) {
    struct sockaddr_in native = {0};
    native.sin_family = AF_INET;
    native.sin_addr.s_addr = htonl(host);
    native.sin_port = htons(port);
    store(address, PLATFORM_ADDRESS_IPV4, &native, sizeof native);
}

void weir_address_ipv6_loopback(uint16_t port, platform_address *address) {
    store_ipv6(&in6addr_loopback, port, 0, address);
}

platform_status platform_address_any(uint16_t port, platform_address *address) {
    store_ipv6(&in6addr_any, port, 0, address);
    return PLATFORM_OK;
}

bool weir_address_is_any_ipv6(const platform_address *address) {
    if (address->family != PLATFORM_ADDRESS_IPV6) return false;
    struct sockaddr_in6 native = ipv6_of(address);
    return IN6_IS_ADDR_UNSPECIFIED(&native.sin6_addr);
}

/* An interface's name or its number; 0 if it is neither. */
static uint32_t scope_of(const char *text) {
    uint32_t index = if_nametoindex(text);
    if (index != 0) return index;
    uint64_t number = 0;
    for (const char *at = text; *at != 0; at++) {
        if (*at < '0' || *at > '9') return 0;
        number = number * 10 + (uint64_t)(*at - '0');
        if (number > UINT32_MAX) return 0;
    }
    return (uint32_t)number;
}

/* inet_pton and not getaddrinfo: that one also takes "1" and "0x7f.1" for addresses. */
platform_status platform_address_literal(const char *host, uint16_t port, platform_address *address) {
    struct in_addr ipv4;
    if (inet_pton(AF_INET, host, &ipv4) == 1) {
        weir_address_ipv4(ntohl(ipv4.s_addr), port, address);
        return PLATFORM_OK;
    }
    char text[INET6_ADDRSTRLEN];
    const char *percent = strchr(host, '%');
    size_t length = percent != NULL ? (size_t)(percent - host) : strlen(host);
    if (length >= sizeof text) return weir_fail(EINVAL);
    memcpy(text, host, length);
    text[length] = 0;
    struct in6_addr ipv6;
    if (inet_pton(AF_INET6, text, &ipv6) != 1) return weir_fail(EINVAL);
    uint32_t scope = percent != NULL ? scope_of(percent + 1) : 0;
    if (percent != NULL && scope == 0) return weir_fail(EINVAL);
    store_ipv6(&ipv6, port, scope, address);
    return PLATFORM_OK;
}

platform_status platform_address_unix(const char *path, size_t length, platform_address *address) {
    if (length == 0) return weir_fail(EINVAL);
    bool abstract = path[0] == 0;
    if (abstract && !weir_has_abstract_names) return weir_fail(ENOTSUP);
    if (!abstract && memchr(path, 0, length) != NULL) return weir_fail(EINVAL);
    if (length > PATH_LIMIT) return weir_fail(ENAMETOOLONG);
    struct sockaddr_un native = {0};
    native.sun_family = AF_UNIX;
    memcpy(native.sun_path, path, length);
    /* All bytes of an abstract name count; a path has its 0 behind it. */
    store(address, PLATFORM_ADDRESS_UNIX, &native, PATH_OFFSET + length + (abstract ? 0 : 1));
    return PLATFORM_OK;
}

size_t platform_unix_path_limit(void) { return PATH_LIMIT; }

platform_status weir_address_finish(platform_address *address, socklen_t length) {
    struct sockaddr native;
    memcpy(&native, address->native, sizeof native);
    address->length = length < sizeof address->native ? (uint32_t)length : (uint32_t)sizeof address->native;
    switch (native.sa_family) {
    case AF_INET: address->family = PLATFORM_ADDRESS_IPV4; return PLATFORM_OK;
    case AF_INET6: address->family = PLATFORM_ADDRESS_IPV6; return PLATFORM_OK;
    case AF_UNIX: address->family = PLATFORM_ADDRESS_UNIX; return PLATFORM_OK;
    /* Some systems give unnamed Unix-domain sockets no address at all. */
    case AF_UNSPEC: address->family = PLATFORM_ADDRESS_UNIX; address->length = 0; return PLATFORM_OK;
    default: return weir_fail(EAFNOSUPPORT);
    }
}

void weir_address_set_port(platform_address *address, uint16_t port) {
    if (address->family == PLATFORM_ADDRESS_IPV4) {
        struct sockaddr_in native = ipv4_of(address);
        native.sin_port = htons(port);
        memcpy(address->native, &native, sizeof native);
    } else if (address->family == PLATFORM_ADDRESS_IPV6) {
        struct sockaddr_in6 native = ipv6_of(address);
        native.sin6_port = htons(port);
        memcpy(address->native, &native, sizeof native);
    }
}

uint16_t platform_address_port(const platform_address *address) {
    if (address->family == PLATFORM_ADDRESS_IPV4) return ntohs(ipv4_of(address).sin_port);
    if (address->family == PLATFORM_ADDRESS_IPV6) return ntohs(ipv6_of(address).sin6_port);
    return 0;
}

static platform_status ipv6_text(const platform_address *address, char *buffer, size_t capacity, size_t *length) {
    char text[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE + 12];
    struct sockaddr_in6 native = ipv6_of(address);
    if (IN6_IS_ADDR_V4MAPPED(&native.sin6_addr)) {
        inet_ntop(AF_INET, native.sin6_addr.s6_addr + 12, text, INET6_ADDRSTRLEN);
        return weir_text(text, strlen(text), buffer, capacity, length);
    }
    inet_ntop(AF_INET6, &native.sin6_addr, text, INET6_ADDRSTRLEN);
    if (native.sin6_scope_id != 0) {
        char *end = text + strlen(text);
        *end++ = '%';
        if (if_indextoname(native.sin6_scope_id, end) == NULL) snprintf(end, 12, "%u", (unsigned)native.sin6_scope_id);
    }
    return weir_text(text, strlen(text), buffer, capacity, length);
}

static platform_status unix_text(const platform_address *address, char *buffer, size_t capacity, size_t *length) {
    char text[sizeof address->native];
    if (address->length <= PATH_OFFSET) return weir_text("", 0, buffer, capacity, length);
    size_t count = address->length - PATH_OFFSET;
    memcpy(text, (const char *)address->native + PATH_OFFSET, count);
    /* On Linux only names that somebody gave begin with a 0; elsewhere it is how an unnamed socket looks. */
    if (text[0] != 0 || !weir_has_abstract_names) {
        const char *end = memchr(text, 0, count);
        return weir_text(text, end != NULL ? (size_t)(end - text) : count, buffer, capacity, length);
    }
    for (size_t at = 0; at < count; at++) {
        if (text[at] == 0) text[at] = '@';
    }
    return weir_text(text, count, buffer, capacity, length);
}

platform_status platform_address_text(const platform_address *address, char *buffer, size_t capacity, size_t *length) {
    if (address->family == PLATFORM_ADDRESS_IPV6) return ipv6_text(address, buffer, capacity, length);
    if (address->family == PLATFORM_ADDRESS_UNIX) return unix_text(address, buffer, capacity, length);
    if (address->family != PLATFORM_ADDRESS_IPV4) return weir_fail(EINVAL);
    char text[INET_ADDRSTRLEN];
    struct sockaddr_in native = ipv4_of(address);
    inet_ntop(AF_INET, &native.sin_addr, text, sizeof text);
    return weir_text(text, strlen(text), buffer, capacity, length);
}
