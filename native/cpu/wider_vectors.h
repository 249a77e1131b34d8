#pragma once

/// Before a function whose loops are plain C++: compiled for wider vectors as well, and chosen by
/// GCC's own dispatch where the processor has them. The sanitizers cannot start with it.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FEWSOUND_WIDER_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define FEWSOUND_WIDER_VECTORS
#endif
