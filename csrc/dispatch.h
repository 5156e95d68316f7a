#pragma once

// Hot loops are plain C++ that the compiler vectorises; on x86-64 with GNU ifunc support each is
// built for several instruction sets and the loader picks one at run time. Results are the same.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__) && !defined(ABLC_NO_DISPATCH)
#define ABLC_DISPATCH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ABLC_DISPATCH
#endif

#if defined(__GNUC__)
#define ABLC_INLINE inline __attribute__((always_inline))
#define ABLC_RESTRICT __restrict__
#else
#define ABLC_INLINE inline
#define ABLC_RESTRICT
#endif
