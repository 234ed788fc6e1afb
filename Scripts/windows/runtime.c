/* runtime.c: what Embedded Swift expects from its platform, for weir.exe.
 *
 * Embedded Swift carries its runtime inside the compiled modules and leaves a handful of C functions to the platform. A
 * Windows C library has some of them under other names and some not at all; the rest are here, each with the reason why
 * its answer is enough. Linked into the verification build for Windows only (Scripts/windows-build).
 */
#include "platform.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Swift allocates with posix_memalign and releases with free. On Windows aligned memory has an allocator of its own and
 * must not reach free, so the build renames both symbols in Swift's objects to this pair. Nothing else uses them: memory
 * never crosses between Swift's allocator and C's. */
int weir_swift_allocate(void **memory, size_t alignment, size_t size);
void weir_swift_free(void *memory);

int weir_swift_allocate(void **memory, size_t alignment, size_t size) {
    /* Of size 0 _aligned_malloc may return NULL, which Swift reads as "out of memory". */
    void *block = _aligned_malloc(size > 0 ? size : 1, alignment);
    if (block == NULL) {
        return ENOMEM;
    }
    *memory = block;
    return 0;
}

void weir_swift_free(void *memory) { _aligned_free(memory); }

/* ---- chance ------------------------------------------------------------------------------------------------------ */

/* Seeds of hash tables, and SystemRandomNumberGenerator. It may not fail: predictable answers would be worse than none. */
void arc4random_buf(void *buffer, size_t length);

void arc4random_buf(void *buffer, size_t length) {
    if (platform_random(buffer, length) != PLATFORM_OK) {
        abort();
    }
}

/* ---- stack protector --------------------------------------------------------------------------------------------- */

/* The compiler puts this word behind the arrays of a frame and looks at it before the function returns. Its lowest byte
 * is 0, so that a runaway copy of a C string cannot reproduce it. A constant finds accidents, which is all that a
 * verification build asks of it. */
uintptr_t __stack_chk_guard = 0x5ca1ab1e0ddba100u;

_Noreturn void __stack_chk_fail(void);

_Noreturn void __stack_chk_fail(void) {
    static const char sentence[] = "weir: a stack frame was overwritten\n";
    fwrite(sentence, 1, sizeof sentence - 1, stderr);
    abort();
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* Double(text). The parser of mingw-w64 itself rounds correctly; the one of msvcrt.dll does not always. The process never
 * leaves the C locale, so the decimal point is a point. Returns where parsing ended. */
const char *_swift_stdlib_strtod_clocale(const char *text, double *result);

const char *_swift_stdlib_strtod_clocale(const char *text, double *result) {
    char *end;
    *result = __mingw_strtod(text, &end);
    return end;
}

/* ---- Unicode ----------------------------------------------------------------------------------------------------- */

/* The tables behind canonical equivalence and grapheme breaking. Weir compares and cuts text by bytes, as its formats ask
 * for, so these describe a world in which every scalar is in normal form, composes with nothing and is a character of its
 * own. Text is then equal exactly when its bytes are. */

/* Combining class 0, and "yes" to every quick check of a normal form. */
uint16_t _swift_stdlib_getNormData(uint32_t scalar);
uint16_t _swift_stdlib_getNormData(uint32_t scalar) {
    (void)scalar;
    return 0;
}

/* UINT32_MAX: the two scalars have no composed form. */
uint32_t _swift_stdlib_getComposition(uint32_t first, uint32_t second);
uint32_t _swift_stdlib_getComposition(uint32_t first, uint32_t second) {
    (void)first;
    (void)second;
    return UINT32_MAX;
}

/* Asked only for a scalar whose quick check said "no", which none does. */
uint32_t _swift_stdlib_getDecompositionEntry(uint32_t scalar);
uint32_t _swift_stdlib_getDecompositionEntry(uint32_t scalar) {
    (void)scalar;
    return 0;
}

extern const uint8_t _swift_stdlib_nfd_decompositions[];
const uint8_t _swift_stdlib_nfd_decompositions[1] = {0};

/* UINT8_MAX: of no special class, so a break stands on either side. */
uint8_t _swift_stdlib_getGraphemeBreakProperty(uint32_t scalar);
uint8_t _swift_stdlib_getGraphemeBreakProperty(uint32_t scalar) {
    (void)scalar;
    return UINT8_MAX;
}

bool _swift_stdlib_isExtendedPictographic(uint32_t scalar);
bool _swift_stdlib_isExtendedPictographic(uint32_t scalar) {
    (void)scalar;
    return false;
}

bool _swift_stdlib_isInCB_Consonant(uint32_t scalar);
bool _swift_stdlib_isInCB_Consonant(uint32_t scalar) {
    (void)scalar;
    return false;
}
