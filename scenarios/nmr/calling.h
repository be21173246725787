// A small provider that calls its client, counted under its lock: what small.h has for clients.
#pragma once

#include "scenarios/nmr/small.h"

namespace nmrcheck::designs::small {

// Accepts, and lets calls to the client begin. Its detach callback is detach_counting.
NTSTATUS attach_client_to_call(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE,
                               PVOID client_context, CONST VOID* client_dispatch,
                               PVOID* provider_context, CONST VOID** provider_dispatch);
// Ends what begin_call began, for a provider.
void end_upcall(Driver& provider);
// The upcall itself, for those who hold a reference.
void notify_peer(const Driver& provider);
// All of the above: a thread of the provider.
void notify_once(Driver& provider);

inline constexpr Provider kCallingProvider{
    .attach = attach_client_to_call, .detach = detach_counting, .thread = notify_once};

}  // namespace nmrcheck::designs::small
