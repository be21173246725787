// What has happened so far, folded from events: the memory that rules share.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/event.h"
#include "model/nmr/wsk_view.h"

namespace nmrcheck::model {

struct SideView {
  ModuleId module = kNoModule;
  RegistrationId registration = kNoRegistration;
  const void* handle = nullptr;
  const void* context = nullptr;  // binding context; of a provider: once it accepted
  const void* dispatch = nullptr;
  std::uint32_t attach_callbacks = 0;
  bool attach_returned = false;  // the last of them
  std::uint32_t attach_status = 0;
  std::uint32_t detach_calls = 0;
  bool detach_returned = false;
  std::uint32_t detach_status = 0;
  std::uint32_t completions = 0;
  // The side is done: its detach callback returned other than PENDING, or it entered its
  // completion.
  bool done = false;
  bool done_by_return = false;
  bool completed_early = false;  // while the detach callback was in progress
  std::uint32_t open_calls = 0;  // calls of this side into the peer that have not returned
  std::uint32_t references = 0;  // declared, and not dropped
  std::uint32_t requests = 0;    // declared as pending
  bool declares_references = false;
  std::uint32_t cleanup_calls = 0;
  bool cleanup_returned = false;
  std::uint32_t closings = 0;
};

// Calls into the peer that have begun, as far as the design tells.
constexpr std::uint32_t calls_in_progress(const SideView& side) {
  return side.open_calls + side.references;
}

struct BindingView {
  std::array<SideView, 2> sides;
  bool accepted = false;           // ProviderAttachClient returned success
  bool client_attached = false;    // NmrClientAttachProvider returned success
  std::uint32_t attach_calls = 0;  // of NmrClientAttachProvider
  std::uint32_t last_attach_status = 0;
  bool cleanup_awaited = true;  // by the waits for the deregistrations

  SideView& side(Side side) { return sides[index(side)]; }
  const SideView& side(Side side) const { return sides[index(side)]; }
  bool both_done() const { return sides[0].done && sides[1].done; }
};

struct RegistrationView {
  Side side = Side::kClient;
  ModuleId module = kNoModule;
  const void* characteristics = nullptr;
  const void* context = nullptr;
  const void* handle = nullptr;  // once NmrRegister* returned
  NpiId npi{};
  Description description;         // as of the registration
  const void* cell = nullptr;      // where the handle goes
  std::uint32_t bindings_max = 0;  // declared; 0: any number
  bool has_cleanup = false;
  bool returned = false;
  bool failed = false;  // NmrRegister* returned an error
  std::uint32_t deregister_calls = 0;
  bool deregister_returned = false;
  std::uint32_t wait_calls = 0;
  bool rolled_back = false;  // undone by the registrar, before the call fails
  // The wait returned success, or NmrDeregister* did, or the registration failed.
  bool closed = false;
};

// What a design declared of an NPI: NMRCHECK_NPI_ bits.
struct NpiFacts {
  NpiId npi{};
  std::uint32_t bits = 0;
};

class View {
 public:
  void fold(const Event& event);

  // An event may name a binding or registration before anything is known of it: all fields default.
  const BindingView& binding(BindingId id) const;
  const RegistrationView& registration(RegistrationId id) const;
  const WskViews& wsk() const { return wsk_; }
  // Null if nothing is declared of the NPI.
  const NpiFacts* facts(const NpiId& npi) const;
  std::uint32_t binding_count() const { return static_cast<std::uint32_t>(bindings_.size()); }
  std::uint32_t registration_count() const {
    return static_cast<std::uint32_t>(registrations_.size());
  }

 private:
  BindingView& binding_at(BindingId id);
  RegistrationView& registration_at(RegistrationId id);
  void fold_binding(const Event& event);
  void fold_attach(const Event& event, BindingView& binding);
  void fold_registration(const Event& event);

  std::vector<BindingView> bindings_;
  std::vector<RegistrationView> registrations_;
  WskViews wsk_;
  std::vector<NpiFacts> facts_;
};

}  // namespace nmrcheck::model
