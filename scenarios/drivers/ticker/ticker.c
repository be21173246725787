// An event source: each binding has a timer, whose DPC calls the client. A detach that comes too
// late to cancel the timer is completed by the DPC.
#include "ticker.h"

#define TICKER_TAG 'kciT'
#define TICKER_PERIOD (-10 * 1000 * 10)  // 10 ms, relative

typedef struct _TICKER_BINDING {
  HANDLE NmrBindingHandle;
  TICKER_CLIENT_DISPATCH Client;
  PVOID ClientContext;
  KTIMER Timer;
  KDPC Dpc;

  KSPIN_LOCK Lock;  // protects what follows
  ULONG TicksLeft;
  BOOLEAN Ticking;  // the timer is set, or its DPC is queued or runs
  BOOLEAN Detaching;
} TICKER_BINDING, *PTICKER_BINDING;

static HANDLE NmrProviderHandle;

static VOID TickerSetTimer(_In_ PTICKER_BINDING Binding) {
  LARGE_INTEGER dueTime;

  dueTime.QuadPart = TICKER_PERIOD;
  KeSetTimer(&Binding->Timer, dueTime, &Binding->Dpc);
}

static NTSTATUS NTAPI TickerStart(_In_ PVOID ProviderBindingContext, _In_ ULONG Ticks) {
  PTICKER_BINDING binding = (PTICKER_BINDING)ProviderBindingContext;
  NTSTATUS status = STATUS_INVALID_DEVICE_STATE;
  KIRQL oldIrql;

  KeAcquireSpinLock(&binding->Lock, &oldIrql);
  if (!binding->Ticking && !binding->Detaching && Ticks != 0) {
    binding->Ticking = TRUE;
    binding->TicksLeft = Ticks;
    TickerSetTimer(binding);
    status = STATUS_SUCCESS;
  }
  KeReleaseSpinLock(&binding->Lock, oldIrql);
  return status;
}

static KDEFERRED_ROUTINE TickerDpc;

_Use_decl_annotations_ static VOID NTAPI TickerDpc(PKDPC Dpc, PVOID DeferredContext,
                                                   PVOID SystemArgument1, PVOID SystemArgument2) {
  PTICKER_BINDING binding = (PTICKER_BINDING)DeferredContext;
  BOOLEAN complete = FALSE;
  BOOLEAN detaching;
  ULONG left;

  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(SystemArgument1);
  UNREFERENCED_PARAMETER(SystemArgument2);

  KeAcquireSpinLockAtDpcLevel(&binding->Lock);
  left = --binding->TicksLeft;
  detaching = binding->Detaching;
  KeReleaseSpinLockFromDpcLevel(&binding->Lock);

  if (!detaching) {
    binding->Client.Tick(binding->ClientContext, left);
  }

  KeAcquireSpinLockAtDpcLevel(&binding->Lock);
  if (left != 0 && !binding->Detaching) {
    TickerSetTimer(binding);
  } else {
    binding->Ticking = FALSE;
    complete = binding->Detaching;
  }
  KeReleaseSpinLockFromDpcLevel(&binding->Lock);
#ifndef CANCEL_UNHEEDED
  if (complete) {
    NmrProviderDetachClientComplete(binding->NmrBindingHandle);
  }
#else
  UNREFERENCED_PARAMETER(complete);
#endif
}

static const TICKER_PROVIDER_DISPATCH TickerProviderDispatch = {
    TICKER_NPI_VERSION, sizeof(TICKER_PROVIDER_DISPATCH), TickerStart};

static NTSTATUS NTAPI TickerAttachClient(_In_ HANDLE NmrBindingHandle, _In_ PVOID ProviderContext,
                                         _In_ PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance,
                                         _In_ PVOID ClientBindingContext,
                                         _In_ CONST VOID* ClientDispatch,
                                         _Out_ PVOID* ProviderBindingContext,
                                         _Out_ CONST VOID** ProviderDispatch) {
  PTICKER_BINDING binding;

  UNREFERENCED_PARAMETER(ProviderContext);
  UNREFERENCED_PARAMETER(ClientRegistrationInstance);

  binding = (PTICKER_BINDING)ExAllocatePoolZero(NonPagedPoolNx, sizeof(*binding), TICKER_TAG);
  if (binding == NULL) {
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  binding->NmrBindingHandle = NmrBindingHandle;
  binding->Client = *(const TICKER_CLIENT_DISPATCH*)ClientDispatch;
  binding->ClientContext = ClientBindingContext;
  KeInitializeSpinLock(&binding->Lock);
  KeInitializeTimer(&binding->Timer);
  KeInitializeDpc(&binding->Dpc, TickerDpc, binding);
  *ProviderBindingContext = binding;
  *ProviderDispatch = &TickerProviderDispatch;
  return STATUS_SUCCESS;
}

static NTSTATUS NTAPI TickerDetachClient(_In_ PVOID ProviderBindingContext) {
  PTICKER_BINDING binding = (PTICKER_BINDING)ProviderBindingContext;
  NTSTATUS status = STATUS_SUCCESS;
  KIRQL oldIrql;

  KeAcquireSpinLock(&binding->Lock, &oldIrql);
  binding->Detaching = TRUE;
#ifdef CANCEL_UNHEEDED
  // The bug: a timer that was cancelled is taken for a DPC that does not run. If the timer went off
  // before, its DPC is about to call the client, or in the middle of it.
  KeCancelTimer(&binding->Timer);
#else
  if (binding->Ticking) {
    if (KeCancelTimer(&binding->Timer)) {
      binding->Ticking = FALSE;
    } else {
      status = STATUS_PENDING;
    }
  }
#endif
  KeReleaseSpinLock(&binding->Lock, oldIrql);
  return status;
}

static VOID NTAPI TickerCleanupBindingContext(_In_ PVOID ProviderBindingContext) {
  ExFreePoolWithTag(ProviderBindingContext, TICKER_TAG);
}

static const NPI_MODULEID TickerModuleId = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {{0x6de27a15, 0x08bf, 0x4c9d, {0x94, 0xd3, 0x2b, 0xf6, 0x51, 0xa0, 0x7e, 0xc8}}}};

static const NPI_PROVIDER_CHARACTERISTICS TickerCharacteristics = {
    0,
    sizeof(NPI_PROVIDER_CHARACTERISTICS),
    TickerAttachClient,
    TickerDetachClient,
    TickerCleanupBindingContext,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &TICKER_NPI_ID, &TickerModuleId, 0, NULL}};

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD TickerUnload;

_Use_decl_annotations_ static VOID NTAPI TickerUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  PAGED_CODE();
  if (NmrDeregisterProvider(NmrProviderHandle) == STATUS_PENDING) {
    NmrWaitForProviderDeregisterComplete(NmrProviderHandle);
  }
#ifndef DPCS_NOT_FLUSHED
  KeFlushQueuedDpcs();  // the DPC that completed a detach may not have returned
#endif
}

_Use_decl_annotations_ NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject,
                                                  PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = TickerUnload;
  return NmrRegisterProvider(&TickerCharacteristics, NULL, &NmrProviderHandle);
}
