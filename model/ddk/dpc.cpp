// DPCs and timers: thunks to the simulated kernel.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <wdm.h>

#include "model/ddk/driver_program.h"

using nmrcheck::model::current_kernel;
using nmrcheck::model::Work;

namespace {

// The routine and its context are read when the DPC begins.
Work work_of(PKDPC dpc, PVOID argument1, PVOID argument2) {
  const auto run = [](const Work& work) {
    const auto* begun = static_cast<PKDPC>(work.arguments[0]);
    begun->DeferredRoutine(static_cast<PKDPC>(work.arguments[0]), begun->DeferredContext,
                           work.arguments[1], work.arguments[2]);
  };
  return {run, nullptr, {dpc, argument1, argument2}};
}

}  // namespace

extern "C" {

VOID KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext) {
  current_kernel().initialize_dpc(Dpc);
  Dpc->DeferredRoutine = DeferredRoutine;
  Dpc->DeferredContext = DeferredContext;
}
BOOLEAN KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2) {
  const Work work = work_of(Dpc, SystemArgument1, SystemArgument2);
  return current_kernel().queue_dpc(Dpc, work) ? TRUE : FALSE;
}
BOOLEAN KeRemoveQueueDpc(PRKDPC Dpc) { return current_kernel().remove_dpc(Dpc) ? TRUE : FALSE; }
VOID KeFlushQueuedDpcs(VOID) { current_kernel().flush_dpcs(); }

VOID KeInitializeTimer(PKTIMER Timer) { current_kernel().initialize_timer(Timer); }
BOOLEAN KeSetTimer(PKTIMER Timer, LARGE_INTEGER, PKDPC Dpc) {
  const Work work = Dpc == nullptr ? Work{} : work_of(Dpc, nullptr, nullptr);
  return current_kernel().set_timer(Timer, work) ? TRUE : FALSE;
}
BOOLEAN KeCancelTimer(PKTIMER Timer) { return current_kernel().cancel_timer(Timer) ? TRUE : FALSE; }

}  // extern "C"
