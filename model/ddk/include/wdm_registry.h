// The registry, as far as drivers read their parameters with RtlQueryRegistryValues.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "ntstatus.h"

EXTERN_C_START

#define REG_NONE 0
#define REG_SZ 1
#define REG_EXPAND_SZ 2
#define REG_BINARY 3
#define REG_DWORD 4
#define REG_MULTI_SZ 7
#define REG_QWORD 11

#define RTL_REGISTRY_ABSOLUTE 0
#define RTL_REGISTRY_SERVICES 1
#define RTL_REGISTRY_CONTROL 2
#define RTL_REGISTRY_WINDOWS_NT 3
#define RTL_REGISTRY_DEVICEMAP 4
#define RTL_REGISTRY_USER 5
#define RTL_REGISTRY_HANDLE 0x40000000
#define RTL_REGISTRY_OPTIONAL 0x80000000

#define RTL_QUERY_REGISTRY_SUBKEY 0x00000001
#define RTL_QUERY_REGISTRY_TOPKEY 0x00000002
#define RTL_QUERY_REGISTRY_REQUIRED 0x00000004
#define RTL_QUERY_REGISTRY_NOVALUE 0x00000008
#define RTL_QUERY_REGISTRY_NOEXPAND 0x00000010
#define RTL_QUERY_REGISTRY_DIRECT 0x00000020
#define RTL_QUERY_REGISTRY_DELETE 0x00000040
#define RTL_QUERY_REGISTRY_TYPECHECK 0x00000100
#define RTL_QUERY_REGISTRY_TYPECHECK_SHIFT 24

typedef NTSTATUS(NTAPI RTL_QUERY_REGISTRY_ROUTINE)(_In_ PWSTR ValueName, _In_ ULONG ValueType,
                                                   _In_ PVOID ValueData, _In_ ULONG ValueLength,
                                                   _In_opt_ PVOID Context,
                                                   _In_opt_ PVOID EntryContext);
typedef RTL_QUERY_REGISTRY_ROUTINE* PRTL_QUERY_REGISTRY_ROUTINE;

typedef struct _RTL_QUERY_REGISTRY_TABLE {
  PRTL_QUERY_REGISTRY_ROUTINE QueryRoutine;
  ULONG Flags;
  PWSTR Name;
  PVOID EntryContext;
  ULONG DefaultType;
  PVOID DefaultData;
  ULONG DefaultLength;
} RTL_QUERY_REGISTRY_TABLE, *PRTL_QUERY_REGISTRY_TABLE;

// Every key exists and is empty: what the table requires is STATUS_OBJECT_NAME_NOT_FOUND, and all
// else has its default.
NTSTATUS RtlQueryRegistryValues(_In_ ULONG RelativeTo, _In_ PCWSTR Path,
                                _Inout_ PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                _In_opt_ PVOID Context, _In_opt_ PVOID Environment);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define RtlQueryRegistryValues(...) NMRCHECK_AT(RtlQueryRegistryValues(__VA_ARGS__))
#endif
