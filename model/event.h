// Facts in the past tense: the only input of rules.
#pragma once

#include <cstdint>
#include <string>

#include "sim/core/ids.h"
#include "sim/core/place.h"

namespace nmrcheck::model {

// Positions in creation order within one world.
enum class ModuleId : std::uint32_t {};
enum class RegistrationId : std::uint32_t {};
enum class BindingId : std::uint32_t {};

inline constexpr ModuleId kNoModule{0xffffffffu};
inline constexpr RegistrationId kNoRegistration{0xffffffffu};
inline constexpr BindingId kNoBinding{0xffffffffu};

constexpr std::uint32_t index(ModuleId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t index(RegistrationId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t index(BindingId id) { return static_cast<std::uint32_t>(id); }

// The two ends of a binding, and the two kinds of registration.
enum class Side : std::uint8_t { kClient, kProvider };

constexpr Side peer_of(Side side) {
  return side == Side::kClient ? Side::kProvider : Side::kClient;
}
constexpr std::uint32_t index(Side side) { return static_cast<std::uint32_t>(side); }
constexpr const char* to_string(Side side) { return side == Side::kClient ? "client" : "provider"; }

enum class EventKind : std::uint8_t {
  // NmrRegister*: module, side, registration; Returned: status.
  kRegisterCalled,
  kRegisterReturned,
  // A registration handle was given to a function: side (of the function), registration if the
  // handle names one. Followed by Called if it is of the right kind and alive.
  kRegistrationHandleUsed,
  kDeregisterCalled,
  kDeregisterReturned,
  kWaitCalled,
  kWaitReturned,
  // Callbacks of the module on `side` of `binding`; Returned: status.
  kAttachCalled,
  kAttachReturned,
  kDetachCalled,
  kDetachReturned,
  kCleanupCalled,
  kCleanupReturned,
  // A binding handle was given to a function: side (of the function), binding if it names one.
  kBindingHandleUsed,
  // NmrClientAttachProvider for `binding`; Returned: status.
  kClientAttachCalled,
  kClientAttachReturned,
  // Nmr{Client,Provider}Detach*Complete entered by `side`.
  kCompletionCalled,
  kCompletionReturned,
  // The binding is closed for `side`: its registration may drain.
  kBindingClosed,
  // A call through a dispatch table; `side` is the caller's.
  kCallBegan,
  kCallEnded,
  // Memory: `block` of the heap is about to be freed (it may be dead already: a double free); a
  // dead block is about to be accessed.
  kMemoryFreed,
  kFreedMemoryTouched,
  // A fiber is about to acquire a lock that it holds already: `pointer` is the lock.
  kLockRecursed,
  // The module's unload routine.
  kUnloadCalled,
  kUnloadReturned,
  // No fiber can go on: `text` says who waits for what.
  kDeadlocked,
  // Every fiber has ended.
  kEnded,
};

inline constexpr std::uint32_t kEventKinds = static_cast<std::uint32_t>(EventKind::kEnded) + 1;

struct Event {
  EventKind kind = EventKind::kEnded;
  Side side = Side::kClient;
  ModuleId module = kNoModule;
  RegistrationId registration = kNoRegistration;
  BindingId binding = kNoBinding;
  std::uint32_t status = 0;  // NTSTATUS bits
  std::uint32_t block = 0;
  const void* pointer = nullptr;
  const char* name = "";  // of the function, static storage
  sim::FiberId fiber = sim::kNoFiber;
  sim::Place place;
  const std::string* text = nullptr;
};

// Who takes note of events: the world, which folds them into the view and asks the rules.
class EventSink {
 public:
  // May end the execution: on a fiber it then does not return.
  virtual void emit(const Event& event) = 0;

  // Ends the execution because the rule `id` is broken in a way that the emitter itself has seen.
  [[noreturn]] virtual void broken(const char* id, std::string message, sim::Place place) = 0;

 protected:
  ~EventSink() = default;
};

}  // namespace nmrcheck::model
