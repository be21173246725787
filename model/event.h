// Facts in the past tense: the only input of rules.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "sim/core/ids.h"
#include "sim/core/place.h"

namespace nmrcheck::model {

// Positions in creation order within one world.
enum class ModuleId : std::uint32_t {};
enum class RegistrationId : std::uint32_t {};
enum class BindingId : std::uint32_t {};
// Of the registry of network interfaces.
enum class IfProviderId : std::uint32_t {};
enum class InterfaceId : std::uint32_t {};

inline constexpr ModuleId kNoModule{0xffffffffu};
inline constexpr RegistrationId kNoRegistration{0xffffffffu};
inline constexpr BindingId kNoBinding{0xffffffffu};
inline constexpr IfProviderId kNoIfProvider{0xffffffffu};
inline constexpr InterfaceId kNoInterface{0xffffffffu};

constexpr std::uint32_t index(ModuleId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t index(RegistrationId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t index(BindingId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t index(IfProviderId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t index(InterfaceId id) { return static_cast<std::uint32_t>(id); }

// The two ends of a binding, and the two kinds of registration.
enum class Side : std::uint8_t { kClient, kProvider };

constexpr Side peer_of(Side side) {
  return side == Side::kClient ? Side::kProvider : Side::kClient;
}
constexpr std::uint32_t index(Side side) { return static_cast<std::uint32_t>(side); }
constexpr const char* to_string(Side side) { return side == Side::kClient ? "client" : "provider"; }

// The 16 bytes of an NPI's identifier.
using NpiId = std::array<std::uint8_t, 16>;

struct InterfaceFacts;

// What crosses the registrar: given to a function or a callback, or handed out by it. What it does
// not have is null.
struct Passed {
  const void* handle = nullptr;   // the registration handle, or the handle of the side's binding
  const void* context = nullptr;  // registration context, or binding context, of the own side
  const void* dispatch = nullptr;
  const void* peer_context = nullptr;  // binding context and dispatch table of the other side
  const void* peer_dispatch = nullptr;
};

// What a module wrote into its characteristics, as far as rules look at it.
struct Description {
  std::uint32_t version = 0;
  std::uint32_t instance_version = 0;
  bool lengths_fit = true;  // Length, Size and ModuleId->Length
  bool has_attach = true;   // the attach callback; likewise the detach callback
  bool has_detach = true;
  const void* npi = nullptr;  // where the three lie
  const void* module_id = nullptr;
  const void* npi_characteristics = nullptr;
  std::uint32_t module_id_type = 0;
  std::uint64_t fingerprint = 0;  // of the bytes of NpiId and ModuleId
};

// What a driver keeps of an interface where it survives a restart.
struct Record {
  std::uint64_t net_luid = 0;
  std::array<std::uint8_t, 16> interface_guid{};
  std::uint32_t if_index = 0;  // 0: none
  std::uint32_t flags = 0;
};

enum class EventKind : std::uint8_t {
  // NmrRegister*: module, side, registration; Called: the registration context is passed; npi;
  // has_cleanup; `pointer` is the characteristics, `cell` where the handle goes, `description`;
  // `block` is how many bindings at a time the module declared, 0 for any number. Returned: status;
  // if it is success, the handle is passed.
  kRegisterCalled,
  kRegisterReturned,
  // Paranoid registrars only (CP-03): the registration is undone, and the call will fail.
  kRegistrationRolledBack,
  // A registration handle was given to a function: side (of the function), registration if the
  // handle names one. Followed by Called if it is of the right kind and alive.
  kRegistrationHandleUsed,
  kDeregisterCalled,
  kDeregisterReturned,
  kWaitCalled,
  kWaitReturned,  // `description` is what the characteristics say now
  // Callbacks of the module on `side` of `binding`; Returned: status. AttachCalled: registration
  // and peer_registration; handle and registration context are passed, to the provider also the
  // client's binding context and dispatch table. AttachReturned by a provider that accepts: its
  // binding context and dispatch table; `block` has bit 0 set if it stored the context, bit 1 if
  // the table. DetachCalled, CleanupCalled: the binding context is passed.
  kAttachCalled,
  kAttachReturned,
  kDetachCalled,
  kDetachReturned,
  kCleanupCalled,
  kCleanupReturned,
  // A binding handle was given to a function: side (of the function), binding if it names one.
  kBindingHandleUsed,
  // NmrClientAttachProvider for `binding`; Called: the client's context and table are passed;
  // Returned: status; the provider's are passed if it is success.
  kClientAttachCalled,
  kClientAttachReturned,
  // A deregistration has come to `binding` and finds neither an attachment nor a mere proposal:
  // `block` is the BindingPhase that it is in.
  kDeregisterMet,
  // Nmr{Client,Provider}Detach*Complete entered by `side`.
  kCompletionCalled,
  kCompletionReturned,
  // The binding is closed for `side`: its registration may drain.
  kBindingClosed,
  // Paranoid registrars only (CP-18): the waits do not wait for the cleanups of `binding`.
  kCleanupNotAwaited,
  // A call through a dispatch table; `side` is the caller's.
  kCallBegan,
  kCallEnded,
  // WSK. `pointer` is the application's WSK_REGISTRATION, `name` the function. Registered: the
  // client dispatch table is passed; module. CaptureCalled: `block` is the time to wait for, in
  // milliseconds. Captured: binding. ReleaseCalled and DeregisterCalled whether or not they are
  // due. DeregisterReturned also when WskRegister fails after all.
  kWskRegistered,
  kWskCaptureCalled,
  kWskCaptured,
  kWskReleaseCalled,
  kWskDeregisterCalled,
  kWskDeregisterReturned,
  // `block` sockets are open on `binding`.
  kWskSocketsChanged,
  // The module calls through a table that is NULL.
  kNullTableCalled,
  // Declared by the design: `side` holds a reference to its peer from Taken to Dropped, and a
  // request of it is pending from Pended to Completed.
  kReferenceTaken,
  kReferenceDropped,
  kRequestPended,
  kRequestCompleted,
  // Declared by the design: `status` has the NMRCHECK_NPI_ bits of what `npi` defines.
  kNpiDeclared,
  // Memory: `block` of the heap is about to be freed (it may be dead already: a double free); a
  // dead block is about to be accessed.
  kMemoryFreed,
  kFreedMemoryTouched,
  // Paged memory, `block`, is touched at DISPATCH_LEVEL or inside a detach or cleanup callback.
  kPagedMemoryTouched,
  // What is used at `pointer` was never initialized: an object or memory of `block` (kNoBlock if it
  // lies in none). And: an object is initialized for the first time after a callback or a call
  // through a dispatch table used it.
  kUsedUninitialized,
  kInitializedLate,
  // The variable that a registration handle goes to, `pointer`, is read before it is stored.
  kUnsetHandleRead,
  // The address in `pointer` is no memory but a handle.
  kHandleDereferenced,
  // A fiber is about to acquire a lock that it holds already: `pointer` is the lock.
  kLockRecursed,
  // A work item of the module; Ended: its routine has returned.
  kWorkQueued,
  kWorkEnded,
  // A function is called above the highest IRQL that it allows, `status`.
  kIrqlExceeded,
  // Inside the detach or cleanup callback of `side`:
  // `name` is about to do what may wait,
  // or what needs an IRQL below DISPATCH_LEVEL.
  kMayBlock,
  // Network interfaces; all have `interfaces` (model/interface_facts.h), `module`, which is the
  // caller, and `name`, the function. NdisIfRegisterProvider; Called: `pointer` is the
  // characteristics, described. Returned: status; the provider if it is success.
  kIfProviderCalled,
  kIfProviderReturned,
  // A provider handle, `pointer`, was given to a function: the provider if it is, or was, one's.
  kIfProviderHandleUsed,
  // NdisIfDeregisterProvider with a live handle, `pointer`: `block` interfaces count as registered.
  kIfProviderDeregistering,
  kIfProviderDeregistered,
  // NdisIfRegisterInterface with a live handle; Called: provider, luid; `pointer` is the
  // information, described. Inserted: interface, index. Returned: status; interface and index if it
  // is success.
  kInterfaceCalled,
  kInterfaceInserted,
  kInterfaceReturned,
  // An index was given to a function. `status` 1: interface has it; 0: interface had it, if any.
  kInterfaceIndexUsed,
  // NdisIfDeregisterInterface of a registered interface, inside of `block` of its callbacks:
  // `status` is the answer to U11 if there are any. Deregistered: it is about to return.
  kInterfaceDeregistering,
  kInterfaceDeregistered,
  // A NET_LUID was given to NdisIfGetInterfaceIndexFromNetLuid:
  // luid; status;
  // interface and index if it is success.
  kLuidUsed,
  // NdisIfAllocateNetLuidIndex returned `status`: luid without its reserved bits if it is success.
  // NdisIfFreeNetLuidIndex; Freeing: about to decide; Freed: status.
  kLuidAllocated,
  kLuidFreeing,
  kLuidFreed,
  // NdisIfAddIfStackEntry: index over lower_index; Adding: `status` is 1 if both ends are
  // registered, `block` is 1 if a circle stops the system; Added: status. NdisIfDeleteIfStackEntry:
  // `block` is 1 if there was such a pair.
  kStackEntryAdding,
  kStackEntryAdded,
  kStackEntryDeleted,
  // NdisIfQueryBindingIfIndex: `pointer` is the handle, `block` is 1 if it is open; status;
  // if it is success, interface and index of the highest,
  // lower and lower_index of the lowest interface.
  kBindingQueried,
  // A query or set callback of `interface`; Called: `block` is the object's identifier, `pointer`
  // the buffer and `cell` its length, null if there is none. Returned: status, answer.
  kIfCallbackCalled,
  kIfCallbackReturned,
  // The answers to two queries of one interface between which nobody changed what both used: answer
  // of the single object, and compared, of OID_GEN_INTERFACE_INFO.
  kIfAnswersCompared,
  // The module's entry routine returned the error `status`: its image is gone.
  kEntryFailed,
  // The module's unload routine.
  kUnloadCalled,
  kUnloadReturned,
  // The module has written or removed its durable record `name`;
  // `record` is what it holds, or held,
  // null if there was none.
  kRecordCommitted,
  kRecordErased,
  // Boot number `block` begins; `status` is 1 if power failed in the last one. Its fibers may still
  // do what they would have done before the failure.
  kRestarted,
  // No fiber can go on: `text` says who waits for what.
  kDeadlocked,
  // Every fiber has ended.
  kEnded,
};

inline constexpr std::uint32_t kNoBlock = 0xffffffffu;
inline constexpr std::uint32_t kEventKinds = static_cast<std::uint32_t>(EventKind::kEnded) + 1;

struct Event {
  EventKind kind = EventKind::kEnded;
  Side side = Side::kClient;
  ModuleId module = kNoModule;
  RegistrationId registration = kNoRegistration;
  RegistrationId peer_registration = kNoRegistration;
  BindingId binding = kNoBinding;
  std::uint32_t status = 0;  // NTSTATUS bits
  std::uint32_t block = 0;
  const void* pointer = nullptr;
  const char* name = "";  // of the function, static storage
  // Null if nothing is; all belong to the emitter and live until emit() returns.
  const Passed* passed = nullptr;
  const NpiId* npi = nullptr;
  const Description* description = nullptr;
  const void* cell = nullptr;
  bool has_cleanup = false;
  const InterfaceFacts* interfaces = nullptr;
  sim::FiberId fiber = sim::kNoFiber;
  sim::Place place;
  const std::string* text = nullptr;
  const Record* record = nullptr;
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
