// Situations: what should occur in some execution of a scenario, lest "verified" say nothing.
//
// They are recognised from events, and observe only. All but one are facts of the trace: executions
// that differ in the order of independent steps only agree on them, so that a search which makes
// one of these executions misses none. The exception is kUnloadWithWork, whose two ends touch
// nothing in common; it is a fact of the one execution. That a callback came before the return of
// NdisIfRegisterInterface is none for the same reason, and is not among them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/rule.h"
#include "sim/run/execution.h"

namespace nmrcheck::model {

class InterfacesView;
class Kernel;
class View;
struct BindingView;

namespace situation {

inline constexpr std::string_view kRefusedOffer = "refused offer";
inline constexpr std::string_view kLateOffer = "late offer";
inline constexpr std::string_view kDeregisterDuringOffer = "deregister during an offer";
inline constexpr std::string_view kDetachInRegister = "detach inside a registration";
inline constexpr std::string_view kBothDeregister = "both ends deregister";
inline constexpr std::string_view kDetachDuringCall = "detach during a call";
inline constexpr std::string_view kPendingDetach = "pending detach";
inline constexpr std::string_view kCallWhileDetaching = "call while detaching";
inline constexpr std::string_view kEarlyCompletion = "early completion";
inline constexpr std::string_view kCleanupDuringDetach = "cleanup during a detach callback";
inline constexpr std::string_view kCleanupInCompletion = "cleanup inside a completion";
inline constexpr std::string_view kUnloadWithWork = "unload with a queued work item";
inline constexpr std::string_view kCallbackDuringDeregister = "callback during a deregistration";
inline constexpr std::string_view kCallbackAfterDeregister = "callback after a deregistration";
inline constexpr std::string_view kCallbackOutlivesDeregister =
    "callback outlives a deregistration";
inline constexpr std::string_view kRefusedInterface = "refused interface";
inline constexpr std::string_view kDuplicateLuid = "duplicate LUID refused";
inline constexpr std::string_view kIndexGivenAgain = "index given again";
inline constexpr std::string_view kRefusedFree = "refused free of a LUID index";
inline constexpr std::string_view kPowerFailed = "power failed";

}  // namespace situation

struct SituationInfo {
  std::string_view name;
  std::string_view meaning;  // what happened, one sentence without its full stop
};

// All that are recognised, in a fixed order. Designs mark others themselves (NMRCHECK_REACHED).
std::span<const SituationInfo> situations();

// Null if there is none of that name.
const SituationInfo* find_situation(std::string_view name);

// Tells the execution which situations it comes to.
class Situations {
 public:
  // All four outlive the object.
  Situations(sim::Execution& execution, const View& view, const InterfacesView& interfaces,
             const Kernel& kernel)
      : execution_(execution), view_(view), interfaces_(interfaces), kernel_(kernel) {}

  // Requires: the views have the event folded in.
  void observe(const Event& event) {
    if (kWatched.contains(event.kind)) look_at(event);
  }

 private:
  static constexpr EventSet kWatched{
      EventKind::kAttachCalled,      EventKind::kAttachReturned,     EventKind::kCallBegan,
      EventKind::kDeregisterMet,     EventKind::kDetachCalled,       EventKind::kDetachReturned,
      EventKind::kCleanupCalled,     EventKind::kCompletionCalled,   EventKind::kWorkQueued,
      EventKind::kWorkEnded,         EventKind::kUnloadCalled,       EventKind::kUnloadReturned,
      EventKind::kIfCallbackCalled,  EventKind::kIfCallbackReturned, EventKind::kInterfaceInserted,
      EventKind::kInterfaceReturned, EventKind::kLuidFreed,          EventKind::kRestarted};

  void look_at(const Event& event);
  void note(std::uint32_t row);
  void observe_detach(const Event& event);
  void observe_work(const Event& event);
  void observe_interface(const Event& event);
  bool given_before(const Event& inserted) const;
  bool registering(const BindingView& binding) const;
  bool inside_registrar(const char* client_function, const char* provider_function) const;

  sim::Execution& execution_;
  const View& view_;
  const InterfacesView& interfaces_;
  const Kernel& kernel_;
  std::uint64_t noted_ = 0;          // rows of the table, a bit each
  std::vector<std::uint32_t> work_;  // items that are queued or run, by module
  std::uint64_t unloading_ = 0;      // modules, the first 64; the others are not looked at
};

}  // namespace nmrcheck::model
