// The Network Module Registrar: every registrar that the documentation permits.
//
// Each transition is one step with the registration and binding it touches as its footprint; no
// lock is held across a callback. Freedom of order is left to fibers, freedom of outcome is asked
// as a choice point, where something can depend on it. Source: netioddk.h reference pages and the
// conceptual pages on network modules.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "model/answers.h"
#include "model/kernel/kernel.h"
#include "model/nmr/binding.h"
#include "sim/core/function_ref.h"

namespace nmrcheck::model {

// Calls a module's callbacks: implemented by the WDK's face, which knows the C types. Each runs the
// driver's code on the current fiber.
class Callouts {
 public:
  struct ProviderAnswer {
    std::uint32_t status = 0;
    void* context = nullptr;
    const void* dispatch = nullptr;
    bool context_stored = false;
    bool dispatch_stored = false;
  };

  // The registration instance in the registrant's memory: what peers get to see.
  struct Instance {
    const void* address = nullptr;
    std::size_t bytes = 0;
  };

  virtual Instance instance_of(const Registration& module) = 0;
  // `peer_instance` is the peer's registration instance, or a copy.
  virtual std::uint32_t client_attach(const Registration& client, const void* peer_instance,
                                      void* binding_handle) = 0;
  virtual ProviderAnswer provider_attach(const Registration& provider, const void* peer_instance,
                                         void* binding_handle, void* client_context,
                                         const void* client_dispatch) = 0;
  virtual std::uint32_t detach(const Registration& module, void* binding_context) = 0;
  // What the module's characteristics say now.
  virtual Description describe(const Registration& module) = 0;
  virtual bool has_cleanup(const Registration& module) = 0;
  virtual void cleanup(const Registration& module, void* binding_context) = 0;

 protected:
  ~Callouts() = default;
};

class Registrar final : private IrqlDecider {
 public:
  Registrar(Kernel& kernel, const Profile& profile, Callouts& callouts);

  // NmrRegisterClient, NmrRegisterProvider. Stores the handle at `handle`.
  std::uint32_t register_module(Side side, const ModuleCallbacks& callbacks, const NpiId& npi,
                                void** handle);
  // NmrDeregisterClient, NmrDeregisterProvider.
  std::uint32_t deregister(Side side, void* handle);
  // NmrWaitForClientDeregisterComplete, NmrWaitForProviderDeregisterComplete.
  std::uint32_t wait(Side side, void* handle);
  // NmrClientAttachProvider.
  std::uint32_t client_attach_provider(void* handle, void* client_context,
                                       const void* client_dispatch, void** provider_context,
                                       const void** provider_dispatch);
  // NmrClientDetachProviderComplete, NmrProviderDetachClientComplete.
  void detach_complete(Side side, void* handle);

  // A call through `dispatch` with the peer's context, by the module that runs now. Returns the
  // binding it belongs to, if any, for end_call.
  BindingId begin_call(const void* dispatch, const void* peer_context, const char* name);
  // The same when the module was seen to enter a function of `callee`'s image. `argument`, the
  // function's first, tells the binding if it is the context that the callee gave its peer; else
  // the binding is the one that the two have, if they have one only.
  void begin_direct_call(ModuleId callee, const void* argument, const char* name);
  void end_call();

  // Whether calls of the client of the binding are right depends on `guard` too: whatever changes
  // it conflicts with a call. Returns the binding. Requires: `handle` is the client's.
  BindingId guard_calls(void* handle, sim::ObjectId guard);
  // --- Declarations of designs: what the registrar is not told by a driver ---

  // A module that registers `characteristics` supports at most `bindings` bindings at a time.
  void limit_bindings(const void* characteristics, std::uint32_t bindings);
  // A use of the peer that has this table and context begins or ends: `fact` is kReferenceTaken,
  // kReferenceDropped, kRequestPended or kRequestCompleted.
  void tell_use(EventKind fact, const void* dispatch, const void* peer_context);

  const Registration& registration(RegistrationId id) const { return registrations_[index(id)]; }
  const Binding& binding(BindingId id) const { return bindings_[index(id)]; }
  std::uint32_t registration_count() const {
    return static_cast<std::uint32_t>(registrations_.size());
  }
  std::uint32_t binding_count() const { return static_cast<std::uint32_t>(bindings_.size()); }

 private:
  // A binding whose peer gave a table and context, and the side that calls through them.
  struct Lent {
    BindingId binding = kNoBinding;
    Side caller = Side::kClient;
  };
  Lent find_lent(const void* dispatch, const void* peer_context) const;
  void call_null_table(const char* name);
  void begin_call_of(BindingId id, Side caller, const char* name);
  // model/answers.h
  std::uint32_t ask(std::uint32_t choice_point, Alternatives possible = ~Alternatives{0}) {
    return answers_.ask(choice_point, possible);
  }
  bool may_answer(std::uint32_t choice_point, std::uint32_t index) const {
    return answers_.may_answer(choice_point, index);
  }
  std::uint32_t strictest(std::uint32_t choice_point) const {
    return answers_.strictest(choice_point);
  }
  bool decide_raised(std::uint32_t choice_point) override;

  // Who may have a handle of that value: known for good since the value was first handed out.
  std::optional<RegistrationId> find_registration(const void* handle) const;
  std::optional<BindingId> find_binding(Side side, const void* handle) const;

  std::optional<RegistrationId> use_handle(Side side, void* handle, sim::Op op,
                                           const char* function);
  void add_image(sim::Footprint& footprint, ModuleId module) const;
  void add_gates(sim::Footprint& footprint, const Binding& binding) const;
  void add_images(sim::Footprint& footprint, const Binding& binding) const;

  bool refuses(const ModuleCallbacks& callbacks);
  void number_handle(RegistrationId id);
  void store_handle(void** handle, void* value);
  std::uint32_t fail_registration(RegistrationId id, void** handle, std::uint32_t status,
                                  const char* function);
  void roll_back(RegistrationId id);
  void close(RegistrationId id);

  std::uint32_t match(RegistrationId id);
  void number_handles(BindingId id);
  void make_offers(std::uint32_t first, std::uint32_t count, sim::FunctionRef after_first);
  void run_offer(BindingId id);
  bool begin_again(BindingId id);
  void attach(BindingId id);
  void lend_instance(RegistrationId id);
  // What a callback gets to see of its peer; `copy` is to be taken back when it returns.
  struct Shown {
    const void* instance = nullptr;
    const void* copy = nullptr;
  };
  Shown show_instance(RegistrationId id);
  bool begin_offer(BindingId id);
  bool late(const Binding& binding) const;
  std::uint32_t call_client_attach(BindingId id);
  void judge_frees(const Binding& binding, Side side);
  std::optional<BindingId> attaching_with(const void* handle) const;
  std::optional<BindingId> use_binding_handle(Side side, const void* handle, bool completes,
                                              const char* action);
  void close_unattached(BindingId id);

  void announce(BindingId id, sim::Footprint footprint, const char* action);
  void detach_all(RegistrationId id);
  bool claim_detach(BindingId id, bool from_deregister);
  void start_detach(BindingId id);
  void notify_both(BindingId id, std::uint32_t order);
  void notify_when_done(BindingId id, Side first);
  void call_detach(BindingId id, Side side);
  void finish_side_if_ready(BindingId id);
  void run_cleanup(BindingId id);
  void call_cleanup(BindingId id, Side side, bool may_be_raised);
  void release_sides(BindingId id);
  void release_both(BindingId id);
  void release(BindingId id, Side side);

  Kernel& kernel_;
  sim::Execution& execution_;
  Answers answers_;
  Callouts& callouts_;
  sim::ObjectId directory_;
  // Deques: references stay valid while callbacks register more.
  std::deque<Registration> registrations_;
  std::deque<Binding> bindings_;
  std::vector<std::pair<const void*, std::uint32_t>> limits_;  // by characteristics
};

}  // namespace nmrcheck::model
