// A client whose session remembers the address of its binding: the next binding may lie there.
//
// Bindings are slots of a small pool. A session is opened on the first provider, which then leaves
// for another one to come: the session must end, not go on with the newcomer.
#include <optional>

#include "scenarios/nmr/alone.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

struct Pool;

struct Slot {
  Pool* pool;
  HANDLE handle;
  PVOID provider;
  CONST VOID* dispatch;
  LONG serial;  // 0: free
  LONG calls;
  BOOLEAN attached;  // calls may begin
  BOOLEAN detaching;
};

struct Pool {
  HANDLE registration;
  NPI_CLIENT_CHARACTERISTICS characteristics;
  KSPIN_LOCK lock;  // protects what follows
  LONG serials;
  std::array<Slot, 2> slots;
  Slot* session;        // the binding that the session was opened on, by address
  LONG session_serial;  // and by number; 0: there is no session
};

void lock(KSPIN_LOCK& spin_lock, auto code) {
  KIRQL irql;
  KeAcquireSpinLock(&spin_lock, &irql);
  code();
  KeReleaseSpinLock(&spin_lock, irql);
}

Slot* reserve(Pool& pool, HANDLE handle) {
  Slot* found = nullptr;
  lock(pool.lock, [&] {
    for (Slot& slot : pool.slots) {
      if (found == nullptr && slot.serial == 0) found = &slot;
    }
    if (found != nullptr) *found = {.pool = &pool, .handle = handle, .serial = ++pool.serials};
  });
  return found;
}

NTSTATUS attach(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  auto& pool = *static_cast<Pool*>(context);
  Slot* slot = reserve(pool, handle);
  if (slot == nullptr) return STATUS_NOINTERFACE;
  PVOID provider = nullptr;
  CONST VOID* dispatch = nullptr;
  const NTSTATUS status =
      NmrClientAttachProvider(handle, slot, &small::kClientDispatch, &provider, &dispatch);
  lock(pool.lock, [&] {
    slot->provider = provider;
    slot->dispatch = dispatch;
    slot->attached = NT_SUCCESS(status);
    if (!slot->attached) slot->serial = 0;
  });
  return status;
}

NTSTATUS detach(PVOID context) {
  auto& slot = *static_cast<Slot*>(context);
  NTSTATUS status = STATUS_SUCCESS;
  lock(slot.pool->lock, [&] {
    slot.attached = FALSE;
    slot.detaching = TRUE;
    if (slot.calls > 0) status = STATUS_PENDING;
  });
  return status;
}

VOID free_slot(PVOID context) {
  auto& slot = *static_cast<Slot*>(context);
  lock(slot.pool->lock, [&] { slot.serial = 0; });
}

void open_session(Pool& pool) {
  lock(pool.lock, [&] {
    for (Slot& slot : pool.slots) {
      if (pool.session_serial != 0 || !slot.attached) continue;
      pool.session = &slot;
      pool.session_serial = slot.serial;
    }
  });
}

// The binding of the session, with a call counted, or null.
template <bool kByAddress>
Slot* begin_call(Pool& pool) {
  Slot* found = nullptr;
  lock(pool.lock, [&] {
    for (Slot& slot : pool.slots) {
      const bool same = kByAddress ? &slot == pool.session : slot.serial == pool.session_serial;
      if (same && slot.attached) found = &slot;
    }
    if (found != nullptr) ++found->calls;
  });
  return found;
}

template <bool kByAddress>
void call(Pool& pool) {
  Slot* slot = begin_call<kByAddress>(pool);
  if (slot == nullptr) return;
  NT_ASSERT(slot->serial == pool.session_serial);  // the provider that the session is with
  NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(slot->dispatch), Request, slot->provider);
  const HANDLE handle = slot->handle;
  bool last = false;
  lock(pool.lock, [&] { last = --slot->calls == 0 && slot->detaching; });
  if (last) NmrClientDetachProviderComplete(handle);
}

void enter(Pool& pool) {
  pool.characteristics = kit::client_characteristics(attach, detach, free_slot);
  const NTSTATUS status = NmrRegisterClient(&pool.characteristics, &pool, &pool.registration);
  if (!NT_SUCCESS(status)) pool.registration = nullptr;
}

void unload(Pool& pool) {
  if (pool.registration != nullptr) kit::deregister_client(pool.registration);
}

template <bool kByAddress>
void drive(model::World& world, const ParameterValues& values) {
  const auto client = alone::load(
      world, "client.sys",
      alone::Module<Pool>{.enter = enter, .threads = {call<kByAddress>}, .unload = unload});
  Pool* pool = client.globals;
  const peers::Habits habits = alone::habits(values);
  const std::array providers{
      peers::load_provider(world, "first.sys", peers::kKitProvider, habits),
      peers::load_provider(world, "second.sys", peers::kKitProvider, habits)};
  peers::enter(*providers[0]);
  kit::in_driver(client.driver, "DriverEntry", [=] { enter(*pool); });
  kit::in_driver(client.driver, "open", [=] { open_session(*pool); });
  std::optional<sim::FiberId> early;
  if (alone::value(values, "early") == 1) {
    early = kit::start_thread(client.driver, "early call", [=] { call<kByAddress>(*pool); });
  }
  peers::leave(*providers[0]);
  peers::enter(*providers[1]);
  const sim::FiberId caller =
      kit::start_thread(client.driver, "session", [=] { call<kByAddress>(*pool); });
  if (early) kit::join(*early);
  alone::unload(world, client, {caller});
  for (peers::Peer* provider : providers) peers::unload(world, *provider);
}

}  // namespace

void add_designs_identity(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/address-as-identity",
            "A client's session knows its binding by an address that the next binding takes over.",
            {"KRN-ASSERT-01"},
            "nmr/address-as-identity-fixed",
            "follows from reuse of memory",
            {alone::callers(0),
             {"early", "whether the session also calls while its provider leaves", 0, 0, 1},
             kit::kNoFaults},
            kit::make<drive<true>>},
           "It knows it by a number that is used once.", kit::make<drive<false>>);
}

}  // namespace nmrcheck::designs
