// The Network Module Registrar: its structures, callbacks and functions.
#pragma once

#include "netiodef.h"
#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "ntstatus.h"

EXTERN_C_START

typedef struct _NPI_REGISTRATION_INSTANCE {
  USHORT Version;  // 0
  USHORT Size;     // Of this structure.
  PNPIID NpiId;
  PNPI_MODULEID ModuleId;
  ULONG Number;
  CONST VOID* NpiSpecificCharacteristics;  // May be NULL.
} NPI_REGISTRATION_INSTANCE;
typedef CONST struct _NPI_REGISTRATION_INSTANCE* PNPI_REGISTRATION_INSTANCE;

typedef struct _NPI {
  HANDLE Handle;
  CONST VOID* Dispatch;
} NPI;

typedef NTSTATUS(NTAPI NPI_CLIENT_ATTACH_PROVIDER_FN)(
    _In_ HANDLE NmrBindingHandle, _In_ PVOID ClientContext,
    _In_ PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance);
typedef NPI_CLIENT_ATTACH_PROVIDER_FN* PNPI_CLIENT_ATTACH_PROVIDER_FN;

typedef NTSTATUS(NTAPI NPI_CLIENT_DETACH_PROVIDER_FN)(_In_ PVOID ClientBindingContext);
typedef NPI_CLIENT_DETACH_PROVIDER_FN* PNPI_CLIENT_DETACH_PROVIDER_FN;

typedef VOID(NTAPI NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN)(_In_ PVOID ClientBindingContext);
typedef NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN* PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN;

typedef NTSTATUS(NTAPI NPI_PROVIDER_ATTACH_CLIENT_FN)(
    _In_ HANDLE NmrBindingHandle, _In_ PVOID ProviderContext,
    _In_ PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance, _In_ PVOID ClientBindingContext,
    _In_ CONST VOID* ClientDispatch, _Out_ PVOID* ProviderBindingContext,
    _Out_ CONST VOID** ProviderDispatch);
typedef NPI_PROVIDER_ATTACH_CLIENT_FN* PNPI_PROVIDER_ATTACH_CLIENT_FN;

typedef NTSTATUS(NTAPI NPI_PROVIDER_DETACH_CLIENT_FN)(_In_ PVOID ProviderBindingContext);
typedef NPI_PROVIDER_DETACH_CLIENT_FN* PNPI_PROVIDER_DETACH_CLIENT_FN;

typedef VOID(NTAPI NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN)(_In_ PVOID ProviderBindingContext);
typedef NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN* PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN;

typedef struct _NPI_CLIENT_CHARACTERISTICS {
  USHORT Version;  // 0
  USHORT Length;   // Of this structure.
  PNPI_CLIENT_ATTACH_PROVIDER_FN ClientAttachProvider;
  PNPI_CLIENT_DETACH_PROVIDER_FN ClientDetachProvider;
  PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN ClientCleanupBindingContext;  // May be NULL.
  NPI_REGISTRATION_INSTANCE ClientRegistrationInstance;
} NPI_CLIENT_CHARACTERISTICS;
typedef CONST struct _NPI_CLIENT_CHARACTERISTICS* PNPI_CLIENT_CHARACTERISTICS;

typedef struct _NPI_PROVIDER_CHARACTERISTICS {
  USHORT Version;  // 0
  USHORT Length;   // Of this structure.
  PNPI_PROVIDER_ATTACH_CLIENT_FN ProviderAttachClient;
  PNPI_PROVIDER_DETACH_CLIENT_FN ProviderDetachClient;
  PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN ProviderCleanupBindingContext;  // May be NULL.
  NPI_REGISTRATION_INSTANCE ProviderRegistrationInstance;
} NPI_PROVIDER_CHARACTERISTICS;
typedef CONST struct _NPI_PROVIDER_CHARACTERISTICS* PNPI_PROVIDER_CHARACTERISTICS;

_Must_inspect_result_ NTSTATUS
NmrRegisterClient(_In_ PNPI_CLIENT_CHARACTERISTICS ClientCharacteristics,
                  _In_opt_ __drv_aliasesMem PVOID ClientContext, _Out_ PHANDLE NmrClientHandle);
_Must_inspect_result_ NTSTATUS NmrRegisterProvider(
    _In_ PNPI_PROVIDER_CHARACTERISTICS ProviderCharacteristics,
    _In_opt_ __drv_aliasesMem PVOID ProviderContext, _Out_ PHANDLE NmrProviderHandle);
NTSTATUS NmrDeregisterClient(_In_ HANDLE NmrClientHandle);
NTSTATUS NmrDeregisterProvider(_In_ HANDLE NmrProviderHandle);
NTSTATUS NmrWaitForClientDeregisterComplete(_In_ HANDLE NmrClientHandle);
NTSTATUS NmrWaitForProviderDeregisterComplete(_In_ HANDLE NmrProviderHandle);
NTSTATUS NmrClientAttachProvider(_In_ HANDLE NmrBindingHandle,
                                 _In_ __drv_aliasesMem PVOID ClientBindingContext,
                                 _In_ CONST VOID* ClientDispatch,
                                 _Out_ PVOID* ProviderBindingContext,
                                 _Out_ CONST VOID** ProviderDispatch);
VOID NmrClientDetachProviderComplete(_In_ HANDLE NmrBindingHandle);
VOID NmrProviderDetachClientComplete(_In_ HANDLE NmrBindingHandle);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define NmrRegisterClient(...) NMRCHECK_AT(NmrRegisterClient(__VA_ARGS__))
#define NmrRegisterProvider(...) NMRCHECK_AT(NmrRegisterProvider(__VA_ARGS__))
#define NmrDeregisterClient(...) NMRCHECK_AT(NmrDeregisterClient(__VA_ARGS__))
#define NmrDeregisterProvider(...) NMRCHECK_AT(NmrDeregisterProvider(__VA_ARGS__))
#define NmrWaitForClientDeregisterComplete(...) \
  NMRCHECK_AT(NmrWaitForClientDeregisterComplete(__VA_ARGS__))
#define NmrWaitForProviderDeregisterComplete(...) \
  NMRCHECK_AT(NmrWaitForProviderDeregisterComplete(__VA_ARGS__))
#define NmrClientAttachProvider(...) NMRCHECK_AT(NmrClientAttachProvider(__VA_ARGS__))
#define NmrClientDetachProviderComplete(...) \
  NMRCHECK_AT(NmrClientDetachProviderComplete(__VA_ARGS__))
#define NmrProviderDetachClientComplete(...) \
  NMRCHECK_AT(NmrProviderDetachClientComplete(__VA_ARGS__))
#endif
