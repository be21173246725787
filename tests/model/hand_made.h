// Worlds without drivers: kernel calls and events by hand, and what the rules say to them.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/world.h"
#include "sim/run/trace.h"

namespace nmrcheck::model::test {

// Runs on the main fiber of a fresh world. Bodies own no host resources across a step.
using Body = std::function<void(World&)>;

// The violation of the first schedule, or nothing.
std::optional<sim::Violation> violation_of(const Body& body);

// Its rule; "" if none is broken.
std::string verdict_of(const Body& body);

// The situations that the first schedule comes to, in the order in which they come up.
std::vector<std::string_view> situations_of(const Body& body);
// The rules of its hints.
std::vector<std::string> hints_of(const Body& body);

// What the first schedule does under a profile.
sim::Trace trace_of(const Body& body, std::string_view profile);

// How many of all schedules end in each verdict.
std::map<std::string, int> verdicts_of(const Body& body);

// What a registrar reports of its doings, well or badly behaved: each function is one fact, or what
// a registrar does in one go. The two sides have a module each.
class Script {
 public:
  explicit Script(World& world);

  // Facts about registrations; contexts and handles differ for each.
  void register_called(Side side, RegistrationId id, std::uint8_t npi = 1, bool cleanup = true);
  void register_returned(Side side, RegistrationId id, std::uint32_t status = kStatusSuccess);
  void deregister_called(Side side, RegistrationId id);
  void deregister_returned(Side side, RegistrationId id);
  void wait_returned(Side side, RegistrationId id);

  // Facts about bindings. Those that begin a callback or a function push its frame, those that end
  // one pop it.
  void client_attach_called(BindingId id, RegistrationId client, RegistrationId provider);
  void client_attach_returned(BindingId id, std::uint32_t status);
  void attach_function_called(BindingId id);
  void attach_function_returned(BindingId id, std::uint32_t status);
  void provider_attach_called(BindingId id, RegistrationId client, RegistrationId provider);
  void provider_attach_returned(BindingId id, std::uint32_t status);
  void detach_called(BindingId id, Side side);
  void detach_returned(BindingId id, Side side, std::uint32_t status = kStatusSuccess);
  void completed(BindingId id, Side side);
  void cleanup_called(BindingId id, Side side);
  void cleanup_returned(BindingId id, Side side);
  void closed(BindingId id, Side side);

  // A client (0) and a provider (1) of one NPI, both registered.
  void register_both(bool cleanup = true);
  // An offer from start to end that both sides answer with `status`.
  void offer(BindingId id, RegistrationId client, RegistrationId provider,
             std::uint32_t status = kStatusSuccess);
  void deregister(Side side, RegistrationId id);
  void detach(BindingId id, Side side, std::uint32_t status = kStatusSuccess);
  void cleanup(BindingId id, Side side);
  // Cleanups and closes both sides.
  void finish(BindingId id);
  // Waits for ever.
  [[noreturn]] void hang();

  // What the script passes for a registration, and for a side of a binding.
  static Passed of(RegistrationId id);
  static Passed of(BindingId id, Side side);

  Kernel& kernel() { return kernel_; }
  ModuleId module(Side side) const { return modules_[index(side)]; }

 private:
  void begin(const Frame& frame, const Event& event);
  void end(const Event& event);

  Kernel& kernel_;
  std::array<ModuleId, 2> modules_{};
};

}  // namespace nmrcheck::model::test
