// Assertions, bug checks and debug output.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"

EXTERN_C_START

// Returns whether the assertion holds; does not return if not.
FORCEINLINE BOOLEAN nmrcheck_assert(int holds, const char* expression, const char* file, int line) {
  if (!holds) {
    nmrcheck_assert_failed(expression, file, line);
  }
  return TRUE;
}

FORCEINLINE DECLSPEC_NORETURN VOID KeBugCheckEx(_In_ ULONG BugCheckCode,
                                                _In_ ULONG_PTR BugCheckParameter1,
                                                _In_ ULONG_PTR BugCheckParameter2,
                                                _In_ ULONG_PTR BugCheckParameter3,
                                                _In_ ULONG_PTR BugCheckParameter4) {
  nmrcheck_bug_check(BugCheckCode, BugCheckParameter1, BugCheckParameter2, BugCheckParameter3,
                     BugCheckParameter4);
}

FORCEINLINE DECLSPEC_NORETURN VOID KeBugCheck(_In_ ULONG BugCheckCode) {
  nmrcheck_bug_check(BugCheckCode, 0, 0, 0, 0);
}

ULONG DbgPrint(_In_ PCSTR Format, ...);
ULONG DbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCSTR Format, ...);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define KeBugCheckEx(...) NMRCHECK_AT(KeBugCheckEx(__VA_ARGS__))
#define KeBugCheck(...) NMRCHECK_AT(KeBugCheck(__VA_ARGS__))
#define DbgPrint(...) NMRCHECK_AT(DbgPrint(__VA_ARGS__))
#define DbgPrintEx(...) NMRCHECK_AT(DbgPrintEx(__VA_ARGS__))
#endif

#define DPFLTR_IHVNETWORK_ID 79
#define DPFLTR_IHVDRIVER_ID 77
#define DPFLTR_ERROR_LEVEL 0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL 2
#define DPFLTR_INFO_LEVEL 3

#define FAST_FAIL_CORRUPT_LIST_ENTRY 3
#define FAST_FAIL_INVALID_ARG 5
#define FAST_FAIL_FATAL_APP_EXIT 7
#define FAST_FAIL_INVALID_REFERENCE_COUNT 14
#ifndef __fastfail
#define __fastfail(code) NMRCHECK_AT(nmrcheck_fast_fail(code))
#endif
#define RtlFailFast(code) __fastfail(code)

#define NMRCHECK_ASSERT(expression) \
  nmrcheck_assert((expression) ? 1 : 0, #expression, __FILE__, __LINE__)

// Evaluated in every build.
#define NT_FRE_ASSERT(expression) NMRCHECK_ASSERT(expression)
#define NT_FRE_ASSERTMSG(message, expression) NMRCHECK_ASSERT(expression)

// On unless the driver is compiled as a free build, DBG=0.
#if defined(DBG) && !DBG
#define NMRCHECK_ASSERT_CHECKED(expression) ((void)0)
#define NT_VERIFY(expression) ((expression) ? TRUE : FALSE)
#define RTL_VERIFY(expression) ((expression) ? TRUE : FALSE)
#define KdPrint(arguments) ((void)0)
#define KdPrintEx(arguments) ((void)0)
#else
#define NMRCHECK_ASSERT_CHECKED(expression) NMRCHECK_ASSERT(expression)
#define NT_VERIFY(expression) NMRCHECK_ASSERT(expression)
#define RTL_VERIFY(expression) NMRCHECK_ASSERT(expression)
#define KdPrint(arguments) DbgPrint arguments
#define KdPrintEx(arguments) DbgPrintEx arguments
#endif
#ifndef ASSERT
#define ASSERT(expression) NMRCHECK_ASSERT_CHECKED(expression)
#endif
#define ASSERTMSG(message, expression) NMRCHECK_ASSERT_CHECKED(expression)
#define NT_ASSERT(expression) NMRCHECK_ASSERT_CHECKED(expression)
#define NT_ASSERTMSG(message, expression) NMRCHECK_ASSERT_CHECKED(expression)
#define RTL_ASSERT(expression) NMRCHECK_ASSERT_CHECKED(expression)
#define PAGED_CODE() NMRCHECK_ASSERT_CHECKED(KeGetCurrentIrql() <= APC_LEVEL)
