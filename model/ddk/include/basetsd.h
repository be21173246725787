// Integers of fixed and of pointer size, as the LLP64 model of Windows has them.
#pragma once

#include <stddef.h>
#include <stdint.h>

// As with Microsoft's compiler, size_t, SIZE_T, ULONG_PTR, ULONG64 and uint64_t are one type.
typedef int8_t INT8, *PINT8;
typedef int16_t INT16, *PINT16;
typedef int32_t INT32, *PINT32;
typedef int64_t INT64, *PINT64;
typedef uint8_t UINT8, *PUINT8;
typedef uint16_t UINT16, *PUINT16;
typedef uint32_t UINT32, *PUINT32;
typedef uint64_t UINT64, *PUINT64;
typedef int32_t LONG32, *PLONG32;
typedef uint32_t ULONG32, *PULONG32;
typedef uint32_t DWORD32, *PDWORD32;
typedef int64_t LONG64, *PLONG64;
typedef uint64_t ULONG64, *PULONG64;
typedef uint64_t DWORD64, *PDWORD64;
typedef intptr_t INT_PTR, *PINT_PTR;
typedef uintptr_t UINT_PTR, *PUINT_PTR;
typedef intptr_t LONG_PTR, *PLONG_PTR;
typedef uintptr_t ULONG_PTR, *PULONG_PTR;
typedef uintptr_t DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T;
typedef LONG_PTR SSIZE_T, *PSSIZE_T;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;

#define MAXUINT8 ((UINT8) ~((UINT8)0))
#define MAXUINT16 ((UINT16) ~((UINT16)0))
#define MAXUINT32 ((UINT32) ~((UINT32)0))
#define MAXUINT64 ((UINT64) ~((UINT64)0))
#define MAXULONG_PTR ((ULONG_PTR) ~((ULONG_PTR)0))
#define MAXSIZE_T ((SIZE_T) ~((SIZE_T)0))

#define PtrToUlong(pointer) ((ULONG)(ULONG_PTR)(pointer))
#define PtrToLong(pointer) ((LONG)(LONG_PTR)(pointer))
#define UlongToPtr(value) ((void*)(ULONG_PTR)(ULONG)(value))
#define LongToPtr(value) ((void*)(LONG_PTR)(LONG)(value))
#define UlongToHandle(value) ((HANDLE)UlongToPtr(value))
#define HandleToUlong(handle) PtrToUlong(handle)
