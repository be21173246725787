// One fresh world: kernel, registrars, what happened, and the rules that watch. Made anew for each
// execution.
#pragma once

#include <string>

#include "model/event.h"
#include "model/kernel/kernel.h"
#include "model/kernel/records.h"
#include "model/ndisif/registry.h"
#include "model/ndisif/view.h"
#include "model/nmr/registrar.h"
#include "model/nmr/view.h"
#include "model/profile.h"
#include "model/situations.h"
#include "sim/run/execution.h"

namespace nmrcheck::model {

struct RuleInfo;

// Knows which functions of a driver the current fiber is in.
class CallStackSource {
 public:
  virtual ~CallStackSource() = default;
  // Appends them to a verdict's message, if there are any.
  virtual void add_to(std::string& message) const = 0;
};

class World final : public EventSink {
 public:
  World(sim::Execution& execution, const Profile& profile, Callouts& callouts,
        InterfaceCallouts& interface_callouts);

  Kernel& kernel() { return kernel_; }
  Registrar& registrar() { return registrar_; }
  InterfaceRegistry& interfaces() { return interfaces_; }
  Records& records() { return records_; }
  sim::Execution& execution() { return execution_; }
  const View& view() const { return view_; }
  // For verdicts on the fibers of drivers whose calls are seen.
  void set_call_stacks(const CallStackSource* source) { call_stacks_ = source; }
  // From now on no rule is asked: shows what the registrars answer to what a rule forbids. The
  // kernel's own verdicts stay.
  void stop_judging() { judging_ = false; }

  void emit(const Event& event) override;
  [[noreturn]] void broken(const char* id, std::string message, sim::Place place) override;

  // For the end of an execution, on the controller: the first rule that the end state breaks.
  std::optional<sim::Violation> check_end();
  // The rule that explains the deadlock described by `blocked`, if any.
  std::optional<sim::Violation> explain_deadlock(const std::string& blocked);

 private:
  // Returns the first rule that the event breaks; hints go to the execution.
  std::optional<sim::Violation> judge(const Event& event);
  void give_hint(const RuleInfo& rule, std::optional<std::string> breach, sim::Place place);
  void describe(const Event& event);
  void describe_interface(const Event& event, const std::string& module);
  void add_call_stack(std::string& message) const;

  sim::Execution& execution_;
  View view_;
  InterfacesView interfaces_view_;
  Kernel kernel_;
  Records records_;
  Registrar registrar_;
  InterfaceRegistry interfaces_;
  Situations situations_;
  bool judging_ = true;
  const CallStackSource* call_stacks_ = nullptr;
};

}  // namespace nmrcheck::model
