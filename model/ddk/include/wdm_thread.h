// System threads, and references to their objects.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "wdm_event.h"

EXTERN_C_START

typedef struct _KTHREAD *PKTHREAD, *PRKTHREAD;
typedef struct _ETHREAD* PETHREAD;
typedef struct _EPROCESS* PEPROCESS;
typedef struct _OBJECT_TYPE* POBJECT_TYPE;

typedef struct _CLIENT_ID {
  HANDLE UniqueProcess;
  HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

typedef struct _OBJECT_HANDLE_INFORMATION {
  ULONG HandleAttributes;
  ACCESS_MASK GrantedAccess;
} OBJECT_HANDLE_INFORMATION, *POBJECT_HANDLE_INFORMATION;

#define STANDARD_RIGHTS_REQUIRED 0x000F0000L
#define SYNCHRONIZE 0x00100000L
#define THREAD_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xFFFF)

typedef VOID(NTAPI KSTART_ROUTINE)(_In_ PVOID StartContext);
typedef KSTART_ROUTINE* PKSTART_ROUTINE;

extern POBJECT_TYPE* PsThreadType;

NTSTATUS PsCreateSystemThread(_Out_ PHANDLE ThreadHandle, _In_ ULONG DesiredAccess,
                              _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                              _In_opt_ HANDLE ProcessHandle, _Out_opt_ PCLIENT_ID ClientId,
                              _In_ PKSTART_ROUTINE StartRoutine, _In_opt_ PVOID StartContext);
// Does not return if it succeeds.
NTSTATUS PsTerminateSystemThread(_In_ NTSTATUS ExitStatus);
NTSTATUS ObReferenceObjectByHandle(_In_ HANDLE Handle, _In_ ACCESS_MASK DesiredAccess,
                                   _In_opt_ POBJECT_TYPE ObjectType,
                                   _In_ KPROCESSOR_MODE AccessMode, _Out_ PVOID* Object,
                                   _Out_opt_ POBJECT_HANDLE_INFORMATION HandleInformation);
LONG_PTR ObfReferenceObject(_In_ PVOID Object);
LONG_PTR ObfDereferenceObject(_In_ PVOID Object);
// The calling thread; its address tells threads apart and can be waited for, no more.
PKTHREAD KeGetCurrentThread(VOID);
NTSTATUS ZwClose(_In_ HANDLE Handle);

EXTERN_C_END

#define PsGetCurrentThread() ((PETHREAD)KeGetCurrentThread())
#define PsGetCurrentThreadId() ((HANDLE)KeGetCurrentThread())
#define ObReferenceObject(Object) ObfReferenceObject(Object)
#define ObDereferenceObject(Object) ObfDereferenceObject(Object)

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define PsCreateSystemThread(...) NMRCHECK_AT(PsCreateSystemThread(__VA_ARGS__))
#define PsTerminateSystemThread(...) NMRCHECK_AT(PsTerminateSystemThread(__VA_ARGS__))
#define ObReferenceObjectByHandle(...) NMRCHECK_AT(ObReferenceObjectByHandle(__VA_ARGS__))
#define ObfReferenceObject(...) NMRCHECK_AT(ObfReferenceObject(__VA_ARGS__))
#define ObfDereferenceObject(...) NMRCHECK_AT(ObfDereferenceObject(__VA_ARGS__))
#define ZwClose(...) NMRCHECK_AT(ZwClose(__VA_ARGS__))
#endif
