// The registry of network interfaces: every one that the documentation permits.
//
// Providers, interfaces, LUID indexes, the stack table, and the requester that calls providers
// back. What the documentation leaves open is asked as choice points U01 to U31 (choices.h).
// Source: the NdisIf* and NET_IF_INFORMATION reference pages of ndis.h, and the conceptual pages on
// NDIS network interfaces.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/answers.h"
#include "model/interface_facts.h"
#include "model/kernel/kernel.h"
#include "model/ndisif/interfaces.h"
#include "model/profile.h"

namespace nmrcheck::model {

// Calls a provider's callbacks: implemented by the WDK's face, which knows the C types. Each runs
// the driver's code on the current fiber and returns its NDIS_STATUS bits. Requires: the handler is
// not null.
class InterfaceCallouts {
 public:
  // `buffer` has *length bytes, and is null if that is 0; the callback changes *length.
  virtual std::uint32_t query(const ProviderHandlers& handlers, void* context, std::uint32_t object,
                              std::uint32_t* length, void* buffer) = 0;
  virtual std::uint32_t set(const ProviderHandlers& handlers, void* context, std::uint32_t object,
                            std::uint32_t length, void* buffer) = 0;
  // What the characteristics say now; both may be null.
  virtual ProviderHandlers handlers_of(const void* characteristics) = 0;

 protected:
  ~InterfaceCallouts() = default;
};

// What the requester asks for.
struct Requests {
  std::uint32_t per_interface = 1;  // requests at most; they may come at the same time
  // Of interface_objects(), as many as may be asked for, from the first on: the first is the usual.
  std::uint32_t objects = 1;
  // Not empty: these identifiers instead. What is viewed must outlive the registry.
  std::span<const std::uint32_t> identifiers;
  bool lengths = false;   // buffers of other lengths than the object's
  bool sets = false;      // as U23 allows
  bool compares = false;  // answers with those of OID_GEN_INTERFACE_INFO, as U26 allows
};

class InterfaceRegistry final {
 public:
  InterfaceRegistry(Kernel& kernel, const Profile& profile, InterfaceCallouts& callouts);

  // --- The functions of ndis.h ---

  // Each is called on a fiber, as code of the module that calls it, and is one step at least.
  // Statuses are NDIS_STATUS bits. Out variables must not be null; a call that fails leaves in them
  // what U04 says. Where a rule forbids what the caller does, the rule ends the execution; what is
  // said here of such calls holds where no rule is asked.

  // NdisIfRegisterProvider. `given` describes what is at `characteristics`. Stores a new handle.
  // Fails with INVALID_PARAMETER or NOT_SUPPORTED (U01, U02, U03, U07), or RESOURCES.
  std::uint32_t register_provider(const void* characteristics, const ProviderDescription& given,
                                  void** handle);
  // NdisIfDeregisterProvider. Returns when no callback of the provider runs or can begin. Nothing
  // happens if the handle is not live.
  void deregister_provider(void* handle);
  // NdisIfRegisterInterface. `given` describes what is at `information`. Stores a new index, and
  // has the interface asked as set_requests said. Fails with INVALID_PARAMETER, NOT_SUPPORTED or
  // BAD_VERSION (U01, U15, U27), DUPLICATE_OBJECTID, or RESOURCES, also when no index is free.
  std::uint32_t register_interface(void* handle, std::uint64_t luid, void* context,
                                   const void* information, const InterfaceDescription& given,
                                   std::uint32_t* index);
  // NdisIfDeregisterInterface. When it returns, U10 says which callbacks may still run. Nothing
  // happens if no interface has the index.
  void deregister_interface(std::uint32_t index);
  // NdisIfAllocateNetLuidIndex. Stores an index that is free for the type. Durable. Fails with
  // RESOURCES, also when none is free, or another status.
  std::uint32_t allocate_luid(std::uint32_t type, std::uint32_t* luid_index);
  // NdisIfFreeNetLuidIndex. Durable. Fails with INVALID_PARAMETER if it is not allocated, or if an
  // interface has it (U16).
  std::uint32_t free_luid(std::uint32_t type, std::uint32_t luid_index);
  // NdisIfAddIfStackEntry. Fails with INTERFACE_NOT_FOUND, RESOURCES, or, of one interface over
  // itself, INVALID_PARAMETER (U19). A pair that closes a circle breaks a rule.
  std::uint32_t add_stack_entry(std::uint32_t higher, std::uint32_t lower);
  // NdisIfDeleteIfStackEntry. Nothing happens if there is no such pair.
  void delete_stack_entry(std::uint32_t higher, std::uint32_t lower);
  // NdisIfQueryBindingIfIndex. Fails with INTERFACE_NOT_FOUND if the binding is not open, or an end
  // of it is not registered.
  std::uint32_t query_binding(const void* binding, const BindingEnds& ends);
  // NdisIfGetInterfaceIndexFromNetLuid and NdisIfGetNetLuidFromInterfaceIndex. Fail with
  // INTERFACE_NOT_FOUND (U08, and of a LUID U31).
  std::uint32_t index_of_luid(std::uint64_t luid, std::uint32_t* index);
  std::uint32_t luid_of_index(std::uint32_t index, std::uint64_t* luid);

  // --- The environment ---

  // What interfaces are asked for that are registered from now on.
  void set_requests(const Requests& requests) { requests_ = requests; }
  // Interface indexes and LUID indexes of a type are 1 to `most`. 24 bits by default.
  void limit_indexes(std::uint32_t most) { indexes_max_ = most; }
  void limit_luids(std::uint32_t most) { luids_max_ = most; }
  // A protocol driver's binding as NdisOpenAdapterEx makes it, over the interfaces with these
  // indexes; returns its handle.
  void* open_binding(std::uint32_t highest, std::uint32_t lowest);
  // NdisCloseAdapterEx, and a change of the filters on the adapter: a step each, on a fiber.
  // Nothing happens if it is no binding's handle.
  void close_binding(const void* binding);
  void rebind(const void* binding, std::uint32_t highest, std::uint32_t lowest);

  // Names all LUID indexes in the footprint of a step on a driver's record of one, since rules hold
  // records against them.
  void add_luids_recorded(sim::Footprint& footprint) { footprint.add({luids(), sim::Op::kUpdate}); }

  // --- What there is, of all boots: for tests ---

  // Requires: there is one of that number.
  const Interface& interface(InterfaceId id) const { return interfaces_[index(id)]; }
  const IfProvider& provider(IfProviderId id) const { return providers_[index(id)]; }
  std::uint32_t interface_count() const { return static_cast<std::uint32_t>(interfaces_.size()); }
  // The stack table of this boot: (higher, lower), each pair once, in the order in which they came.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> stack_pairs() const;

 private:
  class Call;  // of one of the functions: call.h

  struct Pair {
    std::uint32_t boot = 0;
    std::uint32_t higher = 0;
    std::uint32_t lower = 0;
    std::uint32_t times = 1;  // U19 (b)
  };
  struct FreedIndex {
    std::uint32_t boot = 0;
    std::uint32_t index = 0;
  };
  struct LuidTable {
    std::vector<std::uint32_t> used;   // sorted
    std::vector<std::uint32_t> freed;  // the latest last
  };
  struct NdisBinding {
    std::uint32_t highest = 0;
    std::uint32_t lowest = 0;
    bool open = true;
    sim::ObjectId object = sim::kNoObject;
  };
  // One request for a callback.
  struct Request {
    bool set = false;
    std::uint32_t object = 0;
    std::uint32_t length = 0;
  };
  // A request with its answer. Owned by the registry, since fibers may be dropped.
  struct Exchange {
    Request request;
    Answer answer;
    std::vector<std::uint8_t> bytes;  // of the buffer, as the callback left it
    std::vector<std::uint8_t> first;  // the same of the first of two callbacks with other poison
  };
  // Whether something that a fiber used was changed by another one before the fiber used it again.
  struct Comparison {
    sim::FiberId fiber = sim::kNoFiber;
    bool changed = false;
    std::vector<std::pair<sim::ObjectId, bool>> used;  // with whether it was changed since
  };
  struct Comparisons final : sim::StepObserver {
    void on_step(sim::FiberId fiber, const sim::Footprint& footprint,
                 std::span<const sim::Access> made) override;
    void on_spawn(sim::FiberId, sim::FiberId) override {}

    std::deque<Comparison> all;  // a fiber that is dropped leaves its own behind
    bool observing = false;
  };

  // Answers a choice point of the interface registry among those of `possible`: anew each time.
  static constexpr Alternatives kAny = ~Alternatives{0};
  std::uint32_t ask(std::uint32_t choice, Alternatives possible = kAny);
  // The same for what one registry always does alike: the answer of this boot. Requires: the step
  // that is on updates the directory; for U16, the LUID indexes.
  std::uint32_t row(std::uint32_t choice, Alternatives possible = kAny);

  std::uint32_t boot() const;
  sim::ObjectId directory();
  sim::ObjectId luids();
  void add_luids(sim::Footprint& footprint, sim::Op op);
  void add_image(sim::Footprint& footprint, ModuleId module) const;
  void emit(EventKind kind, const char* function, const InterfaceFacts& facts,
            std::uint32_t status = 0, std::uint32_t block = 0, const void* pointer = nullptr);
  // The status with which a call that documents RESOURCES and others fails, if it does (U29); a
  // step of its own, where faults are allowed. One that documents no others asks Kernel::may_fail.
  std::optional<std::uint32_t> injected_failure(const char* function);
  static constexpr std::uint32_t kZeroed = 1;  // U04 (b) and (c)
  static constexpr std::uint32_t kPoisoned = 2;
  // What a failed call leaves in an out variable. Requires: the step that is on names it.
  template <class Value>
  void spoil(Value* out, std::type_identity_t<Value> poison) {
    const std::uint32_t answer = ask(4);
    if (answer == kZeroed) *out = {};
    if (answer == kPoisoned) *out = poison;
  }

  // Each returns the status of a call that is given this, success if nothing is wrong with it.
  std::uint32_t judge_characteristics(const ProviderDescription& given);
  std::uint32_t judge_version(const HeaderDescription& header);
  std::uint32_t judge_information(std::uint64_t luid, const InterfaceDescription& given);
  std::uint32_t first_of_two(std::uint32_t first, std::uint32_t other);
  // Whose handle it is, or was.
  std::optional<IfProviderId> find_provider(const void* handle) const;
  bool lives(IfProviderId id) const;
  // How many of the provider's interfaces count as registered.
  std::uint32_t count_interfaces(IfProviderId id);
  void wait_for_callbacks(IfProviderId id);
  // The interface of this boot that is known under the index, or the LUID.
  template <class Matches>
  std::optional<InterfaceId> find_latest(Matches matches) const;
  std::optional<InterfaceId> find_interface(std::uint32_t index) const;
  std::optional<InterfaceId> find_luid(std::uint64_t luid) const;
  InterfaceId latest_with_index(std::uint32_t index) const;
  bool has_luid(std::uint64_t luid) const;
  std::uint32_t choose_index();
  std::optional<std::uint32_t> choose_luid(std::uint32_t type);
  std::uint32_t calls_on_this_fiber(InterfaceId id) const;
  bool closes_circle(std::uint32_t higher, std::uint32_t lower) const;
  NdisBinding* find_ndis_binding(const void* handle);

  void start_requests(InterfaceId id);
  void run_request(InterfaceId id);
  bool enter(InterfaceId id);
  void leave(InterfaceId id);
  Request choose_request(const ProviderHandlers& handlers);
  void fire(InterfaceId id, Exchange& exchange);
  void call_back(InterfaceId id, Exchange& exchange, std::uint8_t poison);
  void compare(InterfaceId id, const Exchange& single);

  Kernel& kernel_;
  sim::Execution& execution_;
  Answers answers_;
  InterfaceCallouts& callouts_;
  Requests requests_;
  std::uint32_t indexes_max_ = 0xffffff;
  std::uint32_t luids_max_ = 0xffffff;
  std::vector<std::array<Alternatives, 32>> rows_;  // answers of row(), by boot and number
  std::vector<sim::ObjectId> directories_;          // by boot: providers, interfaces, stack table
  sim::ObjectId luids_ = sim::kNoObject;
  // Deques: references stay valid while callbacks register more.
  std::deque<IfProvider> providers_;
  std::deque<Interface> interfaces_;
  std::vector<FreedIndex> freed_indexes_;  // the latest last
  std::map<std::uint32_t, LuidTable> luid_tables_;
  std::vector<Pair> pairs_;
  std::deque<NdisBinding> bindings_;
  std::deque<Exchange> exchanges_;
  Comparisons comparisons_;
};

}  // namespace nmrcheck::model
