// Copying, filling and comparing memory.
#pragma once

#include "ntdef.h"

// Declared as the C library declares them, so that its headers may come before or after.
#if defined(__cplusplus) && defined(__GLIBC__)
#define NMRCHECK_NOEXCEPT noexcept
#else
#define NMRCHECK_NOEXCEPT
#endif

EXTERN_C_START

void* memcpy(void* target, const void* source, size_t size) NMRCHECK_NOEXCEPT;
void* memmove(void* target, const void* source, size_t size) NMRCHECK_NOEXCEPT;
void* memset(void* target, int value, size_t size) NMRCHECK_NOEXCEPT;
int memcmp(const void* left, const void* right, size_t size) NMRCHECK_NOEXCEPT;
size_t strlen(const char* text) NMRCHECK_NOEXCEPT;
int strcmp(const char* left, const char* right) NMRCHECK_NOEXCEPT;
int strncmp(const char* left, const char* right, size_t size) NMRCHECK_NOEXCEPT;

#define RtlCopyMemory(target, source, size) memcpy((target), (source), (size))
#define RtlMoveMemory(target, source, size) memmove((target), (source), (size))
#define RtlFillMemory(target, size, value) memset((target), (value), (size))
#define RtlZeroMemory(target, size) memset((target), 0, (size))
#define RtlCopyBytes RtlCopyMemory
#define RtlZeroBytes RtlZeroMemory
#define RtlEqualMemory(left, right, size) (!memcmp((left), (right), (size)))

// Returns how many bytes are equal, counted from the start.
FORCEINLINE SIZE_T RtlCompareMemory(_In_ const VOID* Source1, _In_ const VOID* Source2,
                                    _In_ SIZE_T Length) {
  SIZE_T equal = 0;
  while (equal < Length && ((const UCHAR*)Source1)[equal] == ((const UCHAR*)Source2)[equal]) {
    ++equal;
  }
  return equal;
}

FORCEINLINE PVOID RtlSecureZeroMemory(_Out_ PVOID Target, _In_ SIZE_T Size) {
  SIZE_T done;
  for (done = 0; done < Size; ++done) {
    ((volatile UCHAR*)Target)[done] = 0;
  }
  return Target;
}

EXTERN_C_END
