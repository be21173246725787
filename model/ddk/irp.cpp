// Packets are pool memory of whoever allocates them.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <wdm_irp.h>

#include "model/ddk/driver_program.h"

using nmrcheck::model::current_kernel;
using nmrcheck::model::current_world;
using nmrcheck::model::PoolKind;

extern "C" {

PIRP IoAllocateIrp(CCHAR, BOOLEAN) {
  constexpr ULONG kTag = ' prI';
  return static_cast<PIRP>(current_kernel().allocate(sizeof(IRP), PoolKind::kNonPaged, kTag, true));
}

VOID IoFreeIrp(PIRP Irp) { current_kernel().free(Irp, "IoFreeIrp"); }

VOID IoReuseIrp(PIRP Irp, NTSTATUS Iostatus) {
  *Irp = {};
  Irp->IoStatus.Status = Iostatus;
}

VOID IoCompleteRequest(PIRP Irp, CCHAR) {
  current_kernel().touch(Irp, "IoCompleteRequest");
  if (Irp->CompletionRoutine == nullptr ||
      Irp->CompletionRoutine(nullptr, Irp, Irp->Context) != STATUS_MORE_PROCESSING_REQUIRED) {
    current_world().broken("KRN-ASSERT-01",
                           "a packet is completed, and no completion routine takes it back with "
                           "STATUS_MORE_PROCESSING_REQUIRED",
                           current_kernel().place());
  }
}

}  // extern "C"
