// A hook provider in the manner of real drivers: rundown, push lock, work item, list of clients.
#pragma once

#define HOOK_TAG 0x6b6f6f48

typedef struct _HOOK_CLIENT {
  LIST_ENTRY link;
  HANDLE nmr_binding_handle;
  GUID client_module_id;
  const void* client_binding_context;
  const TEST_DISPATCH* client_dispatch;
  PIO_WORKITEM detach_work_item;
  _Guarded_by_(lock) BOOLEAN detaching;
  EX_PUSH_LOCK lock;
  EX_RUNDOWN_REF rundown;
  struct _HOOK_PROVIDER* provider;
} HOOK_CLIENT;

typedef struct _HOOK_PROVIDER {
  HANDLE nmr_provider_handle;
  PDEVICE_OBJECT device;
  EX_PUSH_LOCK lock;
  _Guarded_by_(lock) LIST_ENTRY list;
} HOOK_PROVIDER;

static HOOK_PROVIDER provider_context;
static EX_RUNDOWN_REF provider_rundown = {.Count = EX_RUNDOWN_ACTIVE};

_Requires_exclusive_lock_held_(client->lock) static void mark_detaching(
    _Inout_ HOOK_CLIENT* client) {
  client->detaching = TRUE;
}

_Function_class_(IO_WORKITEM_ROUTINE) _IRQL_requires_max_(PASSIVE_LEVEL) static VOID
    detach_work_item(_In_ PDEVICE_OBJECT device, _In_opt_ PVOID context) {
  HOOK_CLIENT* client = (HOOK_CLIENT*)context;
  PIO_WORKITEM work_item;
  UNREFERENCED_PARAMETER(device);
  _Analysis_assume_(client != NULL);
  work_item = client->detach_work_item;
  ExWaitForRundownProtectionRelease(&client->rundown);
  NmrProviderDetachClientComplete(client->nmr_binding_handle);
  IoFreeWorkItem(work_item);
}

static NTSTATUS attach_client(_In_ HANDLE nmr_binding_handle, _In_ void* provider,
                              _In_ PNPI_REGISTRATION_INSTANCE client_instance,
                              _In_ void* client_binding_context, _In_ const void* client_dispatch,
                              _Outptr_ void** provider_binding_context,
                              _Outptr_result_maybenull_ const void** provider_dispatch) {
  HOOK_PROVIDER* context = (HOOK_PROVIDER*)provider;
  HOOK_CLIENT* client = NULL;
  NTSTATUS status = STATUS_SUCCESS;

  if (client_instance->ModuleId == NULL || client_instance->ModuleId->Type != MIT_GUID) {
    status = STATUS_INVALID_PARAMETER;
    goto Exit;
  }
  client = (HOOK_CLIENT*)ExAllocatePoolUninitialized(NonPagedPoolNx, sizeof(*client), HOOK_TAG);
  if (client == NULL) {
    status = STATUS_NO_MEMORY;
    goto Exit;
  }
  memset(client, 0, sizeof(*client));
  client->detach_work_item = IoAllocateWorkItem(context->device);
  if (client->detach_work_item == NULL) {
    status = STATUS_INSUFFICIENT_RESOURCES;
    goto Exit;
  }
  client->provider = context;
  client->nmr_binding_handle = nmr_binding_handle;
  client->client_module_id = client_instance->ModuleId->Guid;
  client->client_binding_context = client_binding_context;
  client->client_dispatch = (const TEST_DISPATCH*)client_dispatch;
  ExInitializePushLock(&client->lock);
  ExInitializeRundownProtection(&client->rundown);

  LOCK_ACQUIRE(&context->lock, Exclusive);
  InsertTailList(&context->list, &client->link);
  LOCK_RELEASE(&context->lock, Exclusive);
  *provider_binding_context = client;
  *provider_dispatch = NULL;
  client = NULL;

Exit:
  if (client != NULL) {
    ExFreePoolWithTag(client, HOOK_TAG);
  }
  return status;
}

static NTSTATUS detach_client(_In_ void* provider_binding_context) {
  HOOK_CLIENT* client = (HOOK_CLIENT*)provider_binding_context;
  HOOK_PROVIDER* context = client->provider;
  LOCK_ACQUIRE(&context->lock, Exclusive);
  RemoveEntryList(&client->link);
  LOCK_RELEASE(&context->lock, Exclusive);
  LOCK_ACQUIRE(&client->lock, Exclusive);
  mark_detaching(client);
  LOCK_RELEASE(&client->lock, Exclusive);
  IoQueueWorkItem(client->detach_work_item, detach_work_item, DelayedWorkQueue, client);
  return STATUS_PENDING;
}

static void cleanup_binding_context(_Frees_ptr_ void* provider_binding_context) {
  ExFreePool(provider_binding_context);
}

static const NPI_MODULEID provider_module_id = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {.Guid = {0x85e0d8ef, 0x579e, 0x4931, {0xb0, 0x72, 0x8e, 0xe2, 0x26, 0xbb, 0x2e, 0x9d}}}};

static const NPI_PROVIDER_CHARACTERISTICS provider_characteristics = {
    0,
    sizeof(NPI_PROVIDER_CHARACTERISTICS),
    attach_client,
    detach_client,
    cleanup_binding_context,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &TEST_NPIID, &provider_module_id, 0, NULL},
};

NTSTATUS hook_invoke(ULONG argument);
NTSTATUS hook_invoke(ULONG argument) {
  NTSTATUS status = STATUS_NOT_FOUND;
  LIST_ENTRY* entry;
  if (!ExAcquireRundownProtection(&provider_rundown)) return STATUS_DELETE_PENDING;
  LOCK_ACQUIRE(&provider_context.lock, Shared);
  for (entry = provider_context.list.Flink; entry != &provider_context.list; entry = entry->Flink) {
    HOOK_CLIENT* client = CONTAINING_RECORD(entry, HOOK_CLIENT, link);
    if (ExAcquireRundownProtection(&client->rundown)) {
      status = client->client_dispatch->Invoke(client->client_binding_context, argument, NULL);
      ExReleaseRundownProtection(&client->rundown);
    }
  }
  LOCK_RELEASE(&provider_context.lock, Shared);
  ExReleaseRundownProtection(&provider_rundown);
  return status;
}

static DRIVER_UNLOAD driver_unload;
_Use_decl_annotations_ static VOID driver_unload(PDRIVER_OBJECT driver) {
  UNREFERENCED_PARAMETER(driver);
  ExWaitForRundownProtectionRelease(&provider_rundown);
  if (NmrDeregisterProvider(provider_context.nmr_provider_handle) == STATUS_PENDING) {
    NT_VERIFY(
        NT_SUCCESS(NmrWaitForProviderDeregisterComplete(provider_context.nmr_provider_handle)));
  } else {
    ASSERT(FALSE);
  }
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(_In_ PDRIVER_OBJECT driver, _In_ PUNICODE_STRING registry_path) {
  UNREFERENCED_PARAMETER(registry_path);
  driver->DriverUnload = driver_unload;
  provider_context.device = driver->DeviceObject;
  ExInitializePushLock(&provider_context.lock);
  InitializeListHead(&provider_context.list);
  return NmrRegisterProvider(&provider_characteristics, &provider_context,
                             &provider_context.nmr_provider_handle);
}
