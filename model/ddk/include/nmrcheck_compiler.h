// The keywords of Microsoft's compiler, in terms of GCC and Clang.
#pragma once

#ifndef __declspec
#define __declspec(attribute) NMRCHECK_DECLSPEC_##attribute
#endif
#define NMRCHECK_DECLSPEC_align(bytes) __attribute__((__aligned__(bytes)))
#define NMRCHECK_DECLSPEC_allocate(section)
#define NMRCHECK_DECLSPEC_allocator
#define NMRCHECK_DECLSPEC_code_seg(section)
#define NMRCHECK_DECLSPEC_deprecated __attribute__((__deprecated__))
#define NMRCHECK_DECLSPEC_dllexport
#define NMRCHECK_DECLSPEC_dllimport
#define NMRCHECK_DECLSPEC_guard(kind)
#define NMRCHECK_DECLSPEC_noalias
#define NMRCHECK_DECLSPEC_noinline __attribute__((__noinline__))
#define NMRCHECK_DECLSPEC_noreturn __attribute__((__noreturn__))
#define NMRCHECK_DECLSPEC_nothrow
#define NMRCHECK_DECLSPEC_novtable
#define NMRCHECK_DECLSPEC_restrict
#define NMRCHECK_DECLSPEC_selectany __attribute__((__weak__))
#define NMRCHECK_DECLSPEC_uuid(text)

// External linkage in C, as Microsoft's __forceinline has, so that both `__forceinline` and
// `static __forceinline` compile. Taking the address of the former in C does not link.
#ifndef __forceinline
#define __forceinline inline __attribute__((__always_inline__))
#endif
#ifndef FORCEINLINE
#define FORCEINLINE __forceinline
#endif
#define CFORCEINLINE FORCEINLINE

#ifndef __int64
#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long
#endif

#ifndef __cdecl
#define __cdecl
#define __stdcall
#define __fastcall
#define __vectorcall
#endif
#ifndef __unaligned
#define __unaligned
#endif
#ifndef __ptr64
#define __ptr64
#endif
#ifndef __pragma
#define __pragma(text)
#endif

#define NTAPI
#define FASTCALL
#define NTSYSAPI
#define NTSYSCALLAPI
#define NTKERNELAPI
#define NTHALAPI
#define UNALIGNED
#define RESTRICTED_POINTER
#define DECLSPEC_IMPORT
#define DECLSPEC_EXPORT
#define DECLSPEC_ALIGN(bytes) __attribute__((__aligned__(bytes)))
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(SYSTEM_CACHE_ALIGNMENT_SIZE)
#define DECLSPEC_SELECTANY __attribute__((__weak__))
#define DECLSPEC_NOINLINE __attribute__((__noinline__))
#define DECLSPEC_NORETURN __attribute__((__noreturn__))
#define DECLSPEC_NOTHROW
#define DECLSPEC_NOVTABLE
#define DECLSPEC_RESTRICT
#define DECLSPEC_DEPRECATED
#define DECLSPEC_DEPRECATED_DDK

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#define C_ASSERT(expression) static_assert(expression, #expression)
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#define C_ASSERT(expression) _Static_assert(expression, #expression)
// Parameter directions of old code. C++ libraries use these names, so C++ does without.
#define IN
#define OUT
#define OPTIONAL
#endif
