// Folds events, asks the rules, writes the trace's notes.
#include "model/world.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "model/ndisif/objects.h"
#include "model/rules/catalog.h"

namespace nmrcheck::model {

World::World(sim::Execution& execution, const Profile& profile, Callouts& callouts,
             InterfaceCallouts& interface_callouts)
    : execution_(execution),
      kernel_(execution, *this),
      records_(kernel_),
      registrar_(kernel_, profile, callouts),
      interfaces_(kernel_, profile, interface_callouts),
      situations_(execution, view_, interfaces_view_, kernel_) {
  records_.set_judge(
      [this](sim::Footprint& footprint) { interfaces_.add_luids_recorded(footprint); });
}

void World::emit(const Event& event) {
  if (InterfacesView::heeds(event)) {
    interfaces_view_.fold(event, kernel_);
  } else {
    view_.fold(event);
  }
  situations_.observe(event);
  if (execution_.traced()) describe(event);
  if (std::optional<sim::Violation> violation = judge(event)) {
    sim::Violation moved = std::move(*violation);
    violation.reset();
    add_call_stack(moved.message);
    execution_.fail(std::move(moved));
  }
}

std::optional<sim::Violation> World::judge(const Event& event) {
  if (!judging_) return std::nullopt;
  const RuleContext context{view_, interfaces_view_, kernel_};
  for (const RuleInfo* rule : rules_on(event.kind)) {
    if (rule->hint != nullptr) give_hint(*rule, rule->hint(event, context), event.place);
    if (rule->check == nullptr) continue;
    std::optional<std::string> breach = rule->check(event, context);
    if (!breach) continue;
    if (rule->severity != sim::Severity::kS6) {
      return sim::Violation{std::string(rule->id), rule->severity, std::move(*breach), 0,
                            event.place};
    }
    give_hint(*rule, std::move(breach), event.place);
  }
  return std::nullopt;
}

void World::give_hint(const RuleInfo& rule, std::optional<std::string> breach, sim::Place place) {
  if (!breach) return;
  execution_.hint({std::string(rule.id), sim::Severity::kS6, std::move(*breach), 0, place});
}

void World::broken(const char* id, std::string message, sim::Place place) {
  const RuleInfo* rule = find_rule(id);
  add_call_stack(message);
  execution_.fail(
      {id, rule == nullptr ? sim::Severity::kS1 : rule->severity, std::move(message), 0, place});
}

void World::add_call_stack(std::string& message) const {
  if (call_stacks_ != nullptr && execution_.on_fiber()) call_stacks_->add_to(message);
}

std::optional<sim::Violation> World::check_end() {
  if (const auto block = execution_.heap().find_overwritten()) {
    return sim::Violation{"KRN-POOL-04",
                          sim::Severity::kS1,
                          "somebody wrote to freed memory: " + kernel_.describe_block(*block),
                          0,
                          {}};
  }
  if (auto violation = judge({.kind = EventKind::kEnded})) return violation;
  std::optional<LockCycle> cycle = kernel_.lock_order().find_cycle();
  if (!cycle) return std::nullopt;
  return sim::Violation{"KRN-LOCK-04", sim::Severity::kS3, std::move(cycle->message), 0,
                        cycle->place};
}

std::optional<sim::Violation> World::explain_deadlock(const std::string& blocked) {
  return judge({.kind = EventKind::kDeadlocked, .text = &blocked});
}

namespace {

std::string returned(const Event& event, const char* function) {
  return fmt::format("← {} {}", function, status_name(event.status));
}

}  // namespace

// One line a fact, "→" for entering and "←" for leaving a module's code.
void World::describe(const Event& event) {
  const std::string module =
      event.module == kNoModule ? std::string("nobody") : kernel_.module(event.module).name;
  switch (event.kind) {
    case EventKind::kAttachCalled:
    case EventKind::kDetachCalled:
    case EventKind::kCleanupCalled:
      execution_.note(fmt::format("→ {} in {}", event.name, module));
      break;
    case EventKind::kAttachReturned:
      execution_.note(returned(
          event, event.side == Side::kClient ? "ClientAttachProvider" : "ProviderAttachClient"));
      break;
    case EventKind::kDetachReturned:
      execution_.note(returned(event, event.name));
      break;
    case EventKind::kCleanupReturned:
      execution_.note(fmt::format("← {}", event.name));
      break;
    case EventKind::kCallBegan:
      execution_.note(fmt::format("→ {} in {}", event.name, module));
      break;
    case EventKind::kCallEnded:
      execution_.note(fmt::format("← {}", event.name));
      break;
    case EventKind::kDeregisterReturned:
      execution_.note(returned(event, event.name));
      break;
    case EventKind::kUnloadReturned:
      execution_.note(fmt::format("the image of {} is gone", module));
      break;
    case EventKind::kRestarted:
      // Counted from 1, as the fibers of boots are.
      execution_.note(fmt::format("boot {} begins{}", event.block + 1,
                                  event.status != 0 ? ": power failed" : ""));
      break;
    default:
      if (event.interfaces != nullptr) describe_interface(event, module);
      break;
  }
}

// Callbacks, what the registry handed out, and calls that failed.
void World::describe_interface(const Event& event, const std::string& module) {
  const InterfaceFacts& facts = *event.interfaces;
  const bool done = nt_success(event.status);
  switch (event.kind) {
    case EventKind::kIfCallbackCalled:
      execution_.note(fmt::format("→ {} {}", event.name, object_name(event.block)));
      break;
    case EventKind::kIfCallbackReturned:
      execution_.note(returned(event, event.name));
      break;
    case EventKind::kInterfaceReturned:
      execution_.note(done ? fmt::format("interface {} of {}", facts.index, module)
                           : returned(event, event.name));
      break;
    case EventKind::kLuidAllocated:
      execution_.note(done ? fmt::format("LUID index {} of type {}", luid_index_of(facts.luid),
                                         type_of(facts.luid))
                           : returned(event, event.name));
      break;
    case EventKind::kIfProviderReturned:
    case EventKind::kLuidUsed:
    case EventKind::kLuidFreed:
    case EventKind::kStackEntryAdded:
    case EventKind::kBindingQueried:
      if (!done) execution_.note(returned(event, event.name));
      break;
    default:
      break;
  }
}

}  // namespace nmrcheck::model
