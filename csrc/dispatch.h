#pragma once

#include <cstddef>  // says whether the C library is glibc

// Hot loops are plain C++ that the compiler vectorises. On x86-64 with GNU ifunc support (GCC,
// glibc) each is built for several instruction sets, AVX-512, AVX2, SSE4 and SSE2, and the loader
// picks one at run time. Elsewhere the code uses what every machine of the target has: NEON on
// AArch64. Results are the same.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && \
    !defined(ABLC_NO_DISPATCH)
#define ABLC_DISPATCH \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "arch=x86-64-v2", "default")))
// Where compilers miss an instruction that matters, a function has a second body for AVX2.
#include <immintrin.h>
#define ABLC_AVX2 __attribute__((target("arch=x86-64-v3")))
#define ABLC_BASELINE __attribute__((target("default")))
#else
#define ABLC_DISPATCH
#define ABLC_BASELINE
#endif

#if defined(__GNUC__)
#define ABLC_INLINE inline __attribute__((always_inline))
#define ABLC_RESTRICT __restrict__
#else
#define ABLC_INLINE inline
#define ABLC_RESTRICT
#endif

// Lanes of two vectors by number: first those of a, then those of b.
#if __has_builtin(__builtin_shufflevector)
#define ABLC_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else  // GCC before 12
#define ABLC_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, decltype(a){__VA_ARGS__})
#endif
