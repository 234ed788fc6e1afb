/* addresses.c: socket addresses as values, their texts, and the system's resolver. */
#include "sockets.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct sockaddr_in6) <= sizeof(((platform_address *)0)->native), "an IPv6 address has to fit");
_Static_assert(sizeof(struct sockaddr_un) <= sizeof(((platform_address *)0)->native), "a path has to fit");

#define UNIX_PATH_LIMIT (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

struct sockaddr_in weir_ipv4_of(const platform_address *address) {
    struct sockaddr_in native;
    memcpy(&native, address->native, sizeof native);
    return native;
}

struct sockaddr_in6 weir_ipv6_of(const platform_address *address) {
    struct sockaddr_in6 native;
    memcpy(&native, address->native, sizeof native);
    return native;
}

struct sockaddr_un weir_unix_of(const platform_address *address) {
    struct sockaddr_un native;
    memcpy(&native, address->native, sizeof native);
    return native;
}

int weir_family_of(const platform_address *address) {
    ADDRESS_FAMILY family;
    memcpy(&family, address->native, sizeof family);
    return family;
}

void weir_address_from(const void *native, int length, platform_address *address) {
    platform_address made = {0};
    size_t count = length < 0 ? 0 : (size_t)length;
    if (count > sizeof made.native) count = sizeof made.native;
    memcpy(made.native, native, count);
    made.length = (uint32_t)count;
    switch (weir_family_of(&made)) {
    case AF_INET: made.family = PLATFORM_ADDRESS_IPV4; break;
    case AF_INET6: made.family = PLATFORM_ADDRESS_IPV6; break;
    default: made.family = PLATFORM_ADDRESS_UNIX; break;
    }
    *address = made;
}

static void make_ipv4(struct in_addr host, uint16_t port, platform_address *address) {
    struct sockaddr_in native = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = host};
    weir_address_from(&native, sizeof native, address);
}

static void make_ipv6(struct in6_addr host, uint32_t scope, uint16_t port, platform_address *address) {
    struct sockaddr_in6 native = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = host};
    native.sin6_scope_id = scope;
    weir_address_from(&native, sizeof native, address);
}

/* ---- literals ---- */

/* Decimal digits up to `end`, at least one; false beyond the limit. */
static bool parse_number(const char *text, const char *end, uint32_t limit, uint32_t *number) {
    uint64_t value = 0;
    if (text == end) return false;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9') return false;
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > limit) return false;
    }
    *number = (uint32_t)value;
    return true;
}

/* Four decimal numbers without leading zeros, which others read as octal. */
static bool parse_ipv4(const char *text, struct in_addr *host) {
    uint32_t value = 0;
    for (int part = 0; part < 4; part++) {
        const char *end = text + strcspn(text, ".");
        uint32_t number;
        if (!parse_number(text, end, 255, &number) || (*text == '0' && end - text > 1)) return false;
        if (*end != (part < 3 ? '.' : 0)) return false;
        value = value << 8 | number;
        text = end + 1;
    }
    host->s_addr = htonl(value);
    return true;
}

/* Scopes of Windows are the numbers of interfaces. */
static bool parse_ipv6(const char *text, struct in6_addr *host, uint32_t *scope) {
    char digits[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "%");
    if (length >= sizeof digits) return false;
    memcpy(digits, text, length);
    digits[length] = 0;
    *scope = 0;
    const char *name = text + length;
    if (*name == '%' && !parse_number(name + 1, name + strlen(name), UINT32_MAX, scope)) return false;
    return inet_pton(AF_INET6, digits, host) == 1;
}

platform_status platform_address_literal(const char *host, uint16_t port, platform_address *address) {
    struct in_addr ipv4;
    struct in6_addr ipv6;
    uint32_t scope;
    platform_status status = weir_network_start();
    if (status != PLATFORM_OK) return status;
    if (parse_ipv4(host, &ipv4)) make_ipv4(ipv4, port, address);
    else if (parse_ipv6(host, &ipv6, &scope)) make_ipv6(ipv6, scope, port, address);
    else return weir_fail(ERROR_INVALID_PARAMETER);
    return PLATFORM_OK;
}

platform_status platform_address_any(uint16_t port, platform_address *address) {
    make_ipv6(in6addr_any, 0, port, address);
    return PLATFORM_OK;
}

/* ---- paths ---- */

size_t platform_unix_path_limit(void) { return UNIX_PATH_LIMIT; }

platform_status platform_address_unix(const char *path, size_t length, platform_address *address) {
    struct sockaddr_un native = {.sun_family = AF_UNIX};
    if (length == 0) return weir_fail(ERROR_INVALID_PARAMETER);
    if (path[0] == 0) return weir_fail(ERROR_NOT_SUPPORTED);
    if (memchr(path, 0, length) != NULL) return weir_fail(ERROR_INVALID_PARAMETER);
    if (length > UNIX_PATH_LIMIT) return weir_fail(ERROR_FILENAME_EXCED_RANGE);
    memcpy(native.sun_path, path, length);
    weir_address_from(&native, sizeof native, address);
    return PLATFORM_OK;
}

/* ---- names ---- */

static size_t take_addresses(const ADDRINFOW *found, uint16_t port, platform_address *addresses, size_t capacity) {
    size_t count = 0;
    for (; found != NULL && count < capacity; found = found->ai_next) {
        platform_address one;
        weir_address_from(found->ai_addr, (int)found->ai_addrlen, &one);
        if (one.family == PLATFORM_ADDRESS_IPV4) {
            make_ipv4(weir_ipv4_of(&one).sin_addr, port, &addresses[count++]);
        } else if (one.family == PLATFORM_ADDRESS_IPV6) {
            struct sockaddr_in6 native = weir_ipv6_of(&one);
            make_ipv6(native.sin6_addr, native.sin6_scope_id, port, &addresses[count++]);
        }
    }
    return count;
}

platform_status platform_resolve(const char *host, uint16_t port, platform_address *addresses, size_t capacity,
                                 size_t *count) {
    /* To the resolver no name means this machine. */
    if (*host == 0) return weir_fail(WSAHOST_NOT_FOUND);
    platform_status status = weir_network_start();
    if (status != PLATFORM_OK) return status;
    wchar_t *wide = weir_wide(host);
    if (wide == NULL) return weir_failed();
    ADDRINFOW *found = NULL;
    const ADDRINFOW wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    int code = GetAddrInfoW(wide, NULL, &wanted, &found);
    free(wide);
    if (code != 0) return weir_fail((DWORD)code);
    size_t taken = take_addresses(found, port, addresses, capacity);
    FreeAddrInfoW(found);
    if (taken == 0) return weir_fail(WSANO_DATA);
    *count = taken;
    return PLATFORM_OK;
}

/* ---- texts ---- */

#define TEXT_CAPACITY 128

/* Without the NUL that some calls count. */
static size_t write_path(const platform_address *address, char *text) {
    struct sockaddr_un native = weir_unix_of(address);
    size_t start = offsetof(struct sockaddr_un, sun_path);
    size_t room = address->length > start ? address->length - start : 0;
    if (room > sizeof native.sun_path) room = sizeof native.sun_path;
    const char *end = memchr(native.sun_path, 0, room);
    size_t length = end == NULL ? room : (size_t)(end - native.sun_path);
    memcpy(text, native.sun_path, length);
    return length;
}

static size_t write_decimal(char *text, uint32_t number) {
    char digits[10];
    size_t count = 0, length = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) text[length++] = digits[--count];
    return length;
}

static size_t write_ipv4(struct in_addr host, char *text) {
    uint32_t value = ntohl(host.s_addr);
    size_t length = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        length += write_decimal(text + length, value >> shift & 255);
        if (shift > 0) text[length++] = '.';
    }
    return length;
}

static size_t write_ipv6(struct sockaddr_in6 native, char *text) {
    struct in6_addr host = native.sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&host)) {
        struct in_addr mapped;
        memcpy(&mapped, host.s6_addr + 12, sizeof mapped);
        return write_ipv4(mapped, text);
    }
    if (inet_ntop(AF_INET6, &host, text, INET6_ADDRSTRLEN) == NULL) return 0;
    size_t length = strlen(text);
    if (native.sin6_scope_id == 0) return length;
    text[length++] = '%';
    return length + write_decimal(text + length, native.sin6_scope_id);
}

platform_status platform_address_text(const platform_address *address, char *buffer, size_t capacity, size_t *length) {
    char text[TEXT_CAPACITY];
    size_t count = 0;
    switch (address->family) {
    case PLATFORM_ADDRESS_IPV4: count = write_ipv4(weir_ipv4_of(address).sin_addr, text); break;
    case PLATFORM_ADDRESS_IPV6: count = write_ipv6(weir_ipv6_of(address), text); break;
    case PLATFORM_ADDRESS_UNIX: count = write_path(address, text); break;
    default: return weir_fail(ERROR_INVALID_PARAMETER);
    }
    *length = count;
    if (count >= capacity) return weir_fail(ERROR_INSUFFICIENT_BUFFER);
    memcpy(buffer, text, count);
    buffer[count] = 0;
    return PLATFORM_OK;
}

uint16_t platform_address_port(const platform_address *address) {
    if (address->family == PLATFORM_ADDRESS_IPV4) return ntohs(weir_ipv4_of(address).sin_port);
    if (address->family == PLATFORM_ADDRESS_IPV6) return ntohs(weir_ipv6_of(address).sin6_port);
    return 0;
}
