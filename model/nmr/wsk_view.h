// What rules remember of WSK registrations.
#pragma once

#include <cstdint>
#include <vector>

#include "model/event.h"

namespace nmrcheck::model {

// One successful call of WskRegister.
struct WskView {
  const void* block = nullptr;     // the application's WSK_REGISTRATION
  const void* dispatch = nullptr;  // its WSK_CLIENT_DISPATCH
  ModuleId module = kNoModule;
  BindingId binding = kNoBinding;   // the latest that was captured
  std::uint32_t captures = 0;       // not released
  std::uint32_t over_releases = 0;  // releases of what was not captured
  std::uint32_t sockets = 0;        // open on the binding
  // Who took captures and has not released as many, as long as everybody releases his own.
  std::vector<sim::FiberId> captors;
  std::uint32_t deregister_calls = 0;
  bool closed = false;  // WskDeregister returned, or WskRegister failed after all
};

class WskViews {
 public:
  void fold(const Event& event);

  const std::vector<WskView>& all() const { return views_; }
  // The latest registration of the block, or null.
  const WskView* of_block(const void* block) const;
  // The registration whose captures the binding is for, or null.
  const WskView* of_binding(BindingId binding) const;

 private:
  std::vector<WskView> views_;
};

}  // namespace nmrcheck::model
