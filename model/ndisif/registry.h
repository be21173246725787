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
// the driver's code on the current fiber and returns its NDIS_STATUS bits.
class InterfaceCallouts {
 public:
  virtual std::uint32_t query(const ProviderHandlers& handlers, void* context, std::uint32_t object,
                              std::uint32_t* length, void* buffer) = 0;
  virtual std::uint32_t set(const ProviderHandlers& handlers, void* context, std::uint32_t object,
                            std::uint32_t length, void* buffer) = 0;
  // What the characteristics say now.
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

  // --- The functions of ndis.h; statuses are NDIS_STATUS bits ---

  // NdisIfRegisterProvider.
  std::uint32_t register_provider(const void* characteristics, const ProviderDescription& given,
                                  void** handle);
  void deregister_provider(void* handle);
  std::uint32_t register_interface(void* handle, std::uint64_t luid, void* context,
                                   const void* information, const InterfaceDescription& given,
                                   std::uint32_t* index);
  void deregister_interface(std::uint32_t index);
  std::uint32_t allocate_luid(std::uint32_t type, std::uint32_t* luid_index);
  std::uint32_t free_luid(std::uint32_t type, std::uint32_t luid_index);
  std::uint32_t add_stack_entry(std::uint32_t higher, std::uint32_t lower);
  void delete_stack_entry(std::uint32_t higher, std::uint32_t lower);
  std::uint32_t query_binding(const void* binding, BindingEnds* ends);
  std::uint32_t index_of_luid(std::uint64_t luid, std::uint32_t* index);
  std::uint32_t luid_of_index(std::uint32_t index, std::uint64_t* luid);

  // --- The environment: set up by scenarios, before drivers run ---

  void set_requests(const Requests& requests) { requests_ = requests; }
  // Interface indexes and LUID indexes of a type are 1 to `most`. 24 bits by default.
  void limit_indexes(std::uint32_t most) { indexes_max_ = most; }
  void limit_luids(std::uint32_t most) { luids_max_ = most; }
  // A protocol driver's binding as NdisOpenAdapterEx makes it, over the interfaces with these
  // indexes; the handle. NdisCloseAdapterEx. A change of the filters on the adapter.
  void* open_binding(std::uint32_t highest, std::uint32_t lowest);
  void close_binding(const void* binding);
  void rebind(const void* binding, std::uint32_t highest, std::uint32_t lowest);

  // Names all LUID indexes in the footprint of a step on a driver's record of one, since rules hold
  // records against them.
  void add_luids_recorded(sim::Footprint& footprint) { footprint.add({luids(), sim::Op::kUpdate}); }

  const Interface& interface(InterfaceId id) const { return interfaces_[index(id)]; }
  const IfProvider& provider(IfProviderId id) const { return providers_[index(id)]; }
  std::uint32_t interface_count() const { return static_cast<std::uint32_t>(interfaces_.size()); }
  // The stack table: (higher, lower), each pair once, in the order in which they came.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> stack_pairs() const;

 private:
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
  // The status with which a call that documents RESOURCES and others fails, if it does (U29). One
  // that documents no others asks Kernel::may_fail.
  std::optional<std::uint32_t> injected_failure(const char* function);
  // What a failed call leaves in an out variable (U04).
  template <class Value>
  void spoil(Value* out, std::type_identity_t<Value> poison) {
    constexpr std::uint32_t kZeroed = 1;
    constexpr std::uint32_t kPoisoned = 2;
    const std::uint32_t answer = ask(4);
    if (answer == kZeroed) *out = {};
    if (answer == kPoisoned) *out = poison;
  }

  std::uint32_t judge_characteristics(const ProviderDescription& given);
  std::uint32_t judge_version(const HeaderDescription& header);
  std::uint32_t judge_information(std::uint64_t luid, const InterfaceDescription& given);
  std::uint32_t first_of_two(std::uint32_t first, std::uint32_t other);
  std::optional<IfProviderId> find_provider(const void* handle) const;
  bool lives(IfProviderId id) const;
  void wait_for_callbacks(IfProviderId id);
  std::optional<InterfaceId> find_interface(std::uint32_t index) const;
  InterfaceId latest_with_index(std::uint32_t index) const;
  std::optional<InterfaceId> find_luid(std::uint64_t luid) const;
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
