// What has happened so far, folded from events: the memory that rules share.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/event.h"

namespace nmrcheck::model {

struct SideView {
  ModuleId module = kNoModule;
  bool attach_called = false;
  bool attach_returned = false;
  std::uint32_t attach_status = 0;
  std::uint32_t detach_calls = 0;
  bool detach_returned = false;
  std::uint32_t detach_status = 0;
  std::uint32_t completions = 0;
  // The side is done: its detach callback returned other than PENDING, or it entered its
  // completion.
  bool done = false;
  bool done_by_return = false;
  std::uint32_t open_calls = 0;  // calls of this side into the peer that have not returned
  std::uint32_t cleanup_calls = 0;
  bool cleanup_returned = false;
  bool closed = false;
};

struct BindingView {
  std::array<SideView, 2> sides;
  bool accepted = false;         // ProviderAttachClient returned success
  bool client_attached = false;  // NmrClientAttachProvider returned success
  std::uint32_t attach_calls = 0;
  std::uint32_t last_attach_status = 0;

  SideView& side(Side side) { return sides[index(side)]; }
  const SideView& side(Side side) const { return sides[index(side)]; }
  bool both_done() const { return sides[0].done && sides[1].done; }
};

struct RegistrationView {
  Side side = Side::kClient;
  ModuleId module = kNoModule;
  const void* characteristics = nullptr;
  bool returned = false;
  std::uint32_t deregister_calls = 0;
  std::uint32_t wait_calls = 0;
  bool closed = false;  // the wait returned success
};

class View {
 public:
  void fold(const Event& event);

  // An event names a binding or registration before anything is known of it: all fields default.
  const BindingView& binding(BindingId id) const;
  const RegistrationView& registration(RegistrationId id) const;
  std::uint32_t binding_count() const { return static_cast<std::uint32_t>(bindings_.size()); }
  std::uint32_t registration_count() const {
    return static_cast<std::uint32_t>(registrations_.size());
  }

 private:
  BindingView& binding_at(BindingId id);
  RegistrationView& registration_at(RegistrationId id);
  void fold_binding(const Event& event);
  void fold_registration(const Event& event);

  std::vector<BindingView> bindings_;
  std::vector<RegistrationView> registrations_;
};

}  // namespace nmrcheck::model
