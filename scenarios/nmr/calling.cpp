// The parts of the small provider that calls.
#include "scenarios/nmr/calling.h"

namespace nmrcheck::designs::small {

NTSTATUS attach_client_to_call(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance,
                               PVOID client_context, CONST VOID* client_dispatch,
                               PVOID* provider_context, CONST VOID** provider_dispatch) {
  Driver& provider = *static_cast<Driver*>(context);
  const NTSTATUS status = attach_client(binding, context, instance, client_context, client_dispatch,
                                        provider_context, provider_dispatch);
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  provider.attached = TRUE;
  KeReleaseSpinLock(&provider.lock, irql);
  return status;
}

void end_upcall(Driver& provider) {
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  const bool last = --provider.calls == 0 && provider.detaching;
  KeReleaseSpinLock(&provider.lock, irql);
  if (last) NmrProviderDetachClientComplete(provider.binding);
}

void notify_peer(const Driver& provider) {
  NMRCHECK_CALL(static_cast<const kit::ClientDispatch*>(provider.peer_dispatch), Notify,
                provider.peer_context);
}

void notify_once(Driver& provider) {
  if (!begin_call(provider)) return;
  notify_peer(provider);
  end_upcall(provider);
}

}  // namespace nmrcheck::designs::small
