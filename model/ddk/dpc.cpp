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

void initialize(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context, bool threaded) {
  current_kernel().initialize_dpc(dpc, threaded);
  dpc->DeferredRoutine = routine;
  dpc->DeferredContext = context;
}

bool set_timer(PKTIMER timer, PKDPC dpc, bool periodic) {
  const Work work = dpc == nullptr ? Work{} : work_of(dpc, nullptr, nullptr);
  return current_kernel().set_timer(timer, work, periodic);
}

}  // namespace

extern "C" {

VOID KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext) {
  initialize(Dpc, DeferredRoutine, DeferredContext, false);
}
VOID KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine,
                             PVOID DeferredContext) {
  initialize(Dpc, DeferredRoutine, DeferredContext, true);
}
VOID KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE) {
  current_kernel().touch(Dpc, "KeSetImportanceDpc");
}
VOID KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number) {
  current_kernel().target_dpc(Dpc, static_cast<std::uint8_t>(Number % NMRCHECK_PROCESSORS));
}
NTSTATUS KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber) {
  if (ProcNumber->Group != 0 || ProcNumber->Number >= NMRCHECK_PROCESSORS) {
    return STATUS_INVALID_PARAMETER;
  }
  current_kernel().target_dpc(Dpc, ProcNumber->Number);
  return STATUS_SUCCESS;
}
BOOLEAN KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2) {
  const Work work = work_of(Dpc, SystemArgument1, SystemArgument2);
  return current_kernel().queue_dpc(Dpc, work) ? TRUE : FALSE;
}
BOOLEAN KeRemoveQueueDpc(PRKDPC Dpc) { return current_kernel().remove_dpc(Dpc) ? TRUE : FALSE; }
VOID KeFlushQueuedDpcs(VOID) { current_kernel().flush_dpcs(); }

VOID KeInitializeTimer(PKTIMER Timer) { current_kernel().initialize_timer(Timer); }
VOID KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type) {
  current_kernel().initialize_timer(Timer, Type == SynchronizationTimer);
}
BOOLEAN KeReadStateTimer(PKTIMER Timer) { return current_kernel().read_timer(Timer); }
BOOLEAN KeSetTimer(PKTIMER Timer, LARGE_INTEGER, PKDPC Dpc) { return set_timer(Timer, Dpc, false); }
BOOLEAN KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER, LONG Period, PKDPC Dpc) {
  return set_timer(Timer, Dpc, Period != 0);
}
BOOLEAN KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER, ULONG Period, ULONG, PKDPC Dpc) {
  return set_timer(Timer, Dpc, Period != 0);
}
BOOLEAN KeCancelTimer(PKTIMER Timer) { return current_kernel().cancel_timer(Timer) ? TRUE : FALSE; }

}  // extern "C"
