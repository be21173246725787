// Pool, work items, system threads, debug output: thunks to the simulated kernel.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <wdm.h>

#include "model/ddk/driver_program.h"
#include "model/ddk/pool.h"
#include "model/ddk/threads.h"

using nmrcheck::model::current_kernel;
using nmrcheck::model::PoolKind;

// Its layout is the kernel's own business.
struct _IO_WORKITEM {
  PDEVICE_OBJECT device;
  PVOID reserved[3];
};

namespace nmrcheck::model {
namespace {

// Thread objects and handles are tokens that no driver can dereference.
constexpr std::uintptr_t kThreadObjects = 0xFFFFE00200001000u;
constexpr std::uintptr_t kThreadStride = 0x40;

struct ThreadTerminated {};  // thrown by PsTerminateSystemThread, caught by the thread's fiber

void* object_of_thread(sim::FiberId thread) {
  return reinterpret_cast<void*>(kThreadObjects + sim::index(thread) * kThreadStride);
}

void (*erased(auto* routine))() { return reinterpret_cast<void (*)()>(routine); }

PoolKind kind_of(POOL_TYPE type) {
  return (type & 1) == PagedPool ? PoolKind::kPaged : PoolKind::kNonPaged;
}

// What drivers are given, unless it fails.
PVOID allocate(SIZE_T bytes, PoolKind kind, ULONG tag, bool zeroed) {
  if (current_kernel().may_fail("allocation")) return nullptr;
  return current_kernel().allocate(bytes, kind, tag, zeroed);
}

}  // namespace

PVOID allocate_pool(POOL_TYPE type, SIZE_T bytes, ULONG tag) {
  return allocate(bytes, kind_of(type), tag, (type & POOL_ZERO_ALLOCATION) != 0);
}

std::optional<sim::FiberId> thread_of_object(const void* object) {
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(object) - kThreadObjects;
  if (offset % kThreadStride != 0 || offset / kThreadStride >= sim::kFibersMax) return std::nullopt;
  return sim::FiberId{static_cast<std::uint32_t>(offset / kThreadStride)};
}

}  // namespace nmrcheck::model

using nmrcheck::model::thread_of_object;
using nmrcheck::model::ThreadTerminated;

extern "C" {

PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag) {
  const bool paged = (Flags & POOL_FLAG_PAGED) != 0;
  const bool zeroed = (Flags & POOL_FLAG_UNINITIALIZED) == 0;
  const PoolKind kind = paged ? PoolKind::kPaged : PoolKind::kNonPaged;
  return nmrcheck::model::allocate(NumberOfBytes, kind, Tag, zeroed);
}
PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  return nmrcheck::model::allocate_pool(PoolType, NumberOfBytes, Tag);
}
PVOID ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes) {
  return nmrcheck::model::allocate_pool(PoolType, NumberOfBytes, 0);
}
PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  PVOID memory = nmrcheck::model::allocate_pool(PoolType, NumberOfBytes, Tag);
  if (memory == nullptr && (PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0) {
    current_kernel().broken("KRN-ASSERT-01", "ExAllocatePoolWithQuotaTag raises an exception");
  }
  return memory;
}
PVOID ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  return nmrcheck::model::allocate(NumberOfBytes, nmrcheck::model::kind_of(PoolType), Tag, true);
}
PVOID ExAllocatePoolUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  return nmrcheck::model::allocate(NumberOfBytes, nmrcheck::model::kind_of(PoolType), Tag, false);
}
VOID ExFreePool(PVOID P) { current_kernel().free(P, "ExFreePool"); }
VOID ExFreePoolWithTag(PVOID P, ULONG Tag) { current_kernel().free(P, "ExFreePoolWithTag", Tag); }

PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject) {
  void* memory = nmrcheck::model::allocate(sizeof(_IO_WORKITEM), PoolKind::kNonPaged, 0, true);
  if (memory != nullptr) static_cast<PIO_WORKITEM>(memory)->device = DeviceObject;
  return static_cast<PIO_WORKITEM>(memory);
}
VOID IoFreeWorkItem(PIO_WORKITEM IoWorkItem) {
  current_kernel().free(IoWorkItem, "IoFreeWorkItem");
}
ULONG IoSizeofWorkItem(VOID) { return sizeof(_IO_WORKITEM); }
VOID IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem) {
  current_kernel().touch(IoWorkItem, "IoInitializeWorkItem");
  IoWorkItem->device = static_cast<PDEVICE_OBJECT>(IoObject);
}
VOID IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem) {
  current_kernel().touch(IoWorkItem, "IoUninitializeWorkItem");
}
VOID IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine, WORK_QUEUE_TYPE,
                     PVOID Context) {
  const auto run = [](const nmrcheck::model::Work& work) {
    const auto routine = reinterpret_cast<PIO_WORKITEM_ROUTINE>(work.routine);
    routine(static_cast<PDEVICE_OBJECT>(work.arguments[0]), work.arguments[1]);
  };
  current_kernel().queue_work(
      "work item", true,
      {run, nmrcheck::model::erased(WorkerRoutine), {IoWorkItem->device, Context, nullptr}},
      IoWorkItem);
}
VOID IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                       WORK_QUEUE_TYPE, PVOID Context) {
  const auto run = [](const nmrcheck::model::Work& work) {
    const auto routine = reinterpret_cast<PIO_WORKITEM_ROUTINE_EX>(work.routine);
    routine(work.arguments[0], work.arguments[1], static_cast<PIO_WORKITEM>(work.arguments[2]));
  };
  current_kernel().queue_work(
      "work item", true,
      {run, nmrcheck::model::erased(WorkerRoutine), {IoWorkItem->device, Context, IoWorkItem}},
      IoWorkItem);
}
VOID ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE) {
  const auto run = [](const nmrcheck::model::Work& work) {
    reinterpret_cast<PWORKER_THREAD_ROUTINE>(work.routine)(work.arguments[0]);
  };
  current_kernel().queue_work("work item", false,
                              {run,
                               nmrcheck::model::erased(WorkItem->WorkerRoutine),
                               {WorkItem->Parameter, nullptr, nullptr}},
                              WorkItem);
}

NTSTATUS PsCreateSystemThread(PHANDLE ThreadHandle, ULONG, POBJECT_ATTRIBUTES, HANDLE, PCLIENT_ID,
                              PKSTART_ROUTINE StartRoutine, PVOID StartContext) {
  current_kernel().require_irql_at_most(nmrcheck::model::kPassiveLevel, "PsCreateSystemThread");
  if (current_kernel().may_fail("creation of a thread")) return STATUS_INSUFFICIENT_RESOURCES;
  const auto thread = current_kernel().start_thread("system thread", [=] {
    try {
      StartRoutine(StartContext);
    } catch (const ThreadTerminated&) {
    }
  });
  *ThreadHandle = nmrcheck::model::object_of_thread(thread);
  return STATUS_SUCCESS;
}
NTSTATUS PsTerminateSystemThread(NTSTATUS) { throw ThreadTerminated{}; }

NTSTATUS ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK, POBJECT_TYPE, KPROCESSOR_MODE,
                                   PVOID* Object, POBJECT_HANDLE_INFORMATION) {
  if (!thread_of_object(Handle)) return STATUS_INVALID_HANDLE;
  *Object = Handle;
  return STATUS_SUCCESS;
}
LONG_PTR ObfReferenceObject(PVOID) { return 1; }
LONG_PTR ObfDereferenceObject(PVOID) { return 0; }
PKTHREAD KeGetCurrentThread(VOID) {
  return static_cast<PKTHREAD>(
      nmrcheck::model::object_of_thread(current_kernel().execution().current()));
}
NTSTATUS ZwClose(HANDLE Handle) {
  return thread_of_object(Handle) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

// Drivers pass *PsThreadType on; what it points to is nobody's business.
static POBJECT_TYPE type_of_threads = nullptr;
POBJECT_TYPE* PsThreadType = &type_of_threads;

// Output of drivers goes to the trace, without its arguments: formats may name any type.
ULONG DbgPrint(PCSTR Format, ...) {
  current_kernel().execution().note(std::string("DbgPrint: ") + Format);
  return 0;
}
ULONG DbgPrintEx(ULONG, ULONG, PCSTR Format, ...) {
  current_kernel().execution().note(std::string("DbgPrint: ") + Format);
  return 0;
}

}  // extern "C"
