// What the designs after real bugs share: clients of the small provider that calls.
#pragma once

#include "scenarios/nmr/calling.h"

namespace nmrcheck::designs::small {

// A client's attach callback: its globals are its binding context, kDispatch its table.
template <const kit::ClientDispatch& kDispatch>
NTSTATUS attach_with(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = *static_cast<Driver*>(context);
  client.binding = binding;
  return NmrClientAttachProvider(binding, context, &kDispatch, &client.peer_context,
                                 &client.peer_dispatch);
}

template <class T>
T* allocate() {
  return static_cast<T*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(T), kTag));
}

inline void release(PVOID memory) { ExFreePoolWithTag(memory, kTag); }

inline void do_nothing(Driver&) {}

}  // namespace nmrcheck::designs::small
