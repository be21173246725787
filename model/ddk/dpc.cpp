// DPCs and timers: thunks to the simulated kernel.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <wdm.h>

#include "model/ddk/driver_program.h"

using nmrcheck::model::current_kernel;
using nmrcheck::model::Work;

namespace {

Work work_of(PKDPC dpc) {
  const auto run = [](const Work& work) {
    const auto routine = reinterpret_cast<PKDEFERRED_ROUTINE>(work.routine);
    routine(static_cast<PKDPC>(work.arguments[0]), work.arguments[1], work.arguments[2],
            work.arguments[3]);
  };
  return {run,
          reinterpret_cast<void (*)()>(dpc->DeferredRoutine),
          {dpc, dpc->DeferredContext, dpc->SystemArgument1, dpc->SystemArgument2}};
}

}  // namespace

extern "C" {

VOID KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext) {
  current_kernel().initialize_dpc(Dpc);
  Dpc->DeferredRoutine = DeferredRoutine;
  Dpc->DeferredContext = DeferredContext;
  Dpc->SystemArgument1 = nullptr;
  Dpc->SystemArgument2 = nullptr;
}
BOOLEAN KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2) {
  current_kernel().touch(Dpc, "KeInsertQueueDpc");
  Work work = work_of(Dpc);
  work.arguments[2] = SystemArgument1;
  work.arguments[3] = SystemArgument2;
  return current_kernel().queue_dpc(Dpc, work) ? TRUE : FALSE;
}
BOOLEAN KeRemoveQueueDpc(PRKDPC Dpc) { return current_kernel().remove_dpc(Dpc) ? TRUE : FALSE; }
VOID KeFlushQueuedDpcs(VOID) { current_kernel().flush_dpcs(); }

VOID KeInitializeTimer(PKTIMER Timer) { current_kernel().initialize_timer(Timer); }
BOOLEAN KeSetTimer(PKTIMER Timer, LARGE_INTEGER, PKDPC Dpc) {
  current_kernel().touch(Dpc, "KeSetTimer");
  return current_kernel().set_timer(Timer, Dpc == nullptr ? Work{} : work_of(Dpc)) ? TRUE : FALSE;
}
BOOLEAN KeCancelTimer(PKTIMER Timer) { return current_kernel().cancel_timer(Timer) ? TRUE : FALSE; }

}  // extern "C"
