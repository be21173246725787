// Notes, scripted callbacks, and the loop over executions.
#include "tests/model/ndisif/bare_registry.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "sim/strategy/catalog.h"

namespace nmrcheck::model::test {
namespace {

class BareProgram final : public sim::Program {
 public:
  BareProgram(const BareBody& body, const Profile& profile, InterfaceCallouts& callouts)
      : body_(body), profile_(profile), callouts_(callouts) {}

  void run(sim::Execution& execution) override {
    registry_ = std::make_unique<BareRegistry>(execution, profile_, callouts_);
    body_(*registry_);
  }
  const BareRegistry& registry() const { return *registry_; }

 private:
  const BareBody& body_;
  const Profile& profile_;
  InterfaceCallouts& callouts_;
  std::unique_ptr<BareRegistry> registry_;
};

}  // namespace

std::string to_string(const Fact& fact) {
  const InterfaceFacts& about = fact.interfaces;
  std::string text =
      fmt::format("{}:{}:{:x}:{:x} p{} i{} {}/{} {:x} b{}", static_cast<int>(fact.kind),
                  static_cast<int>(index(fact.module)), fact.status, fact.block,
                  static_cast<int>(index(about.provider)), static_cast<int>(index(about.interface)),
                  about.index, about.lower_index, about.luid, about.boot);
  if (!fact.answered) return text;
  const Answer& answer = fact.answer;
  text += fmt::format(" answer {}:{:x} {}/{} {:x} {} {:x} {}", answer.set, answer.object,
                      answer.reported, answer.offered, answer.status, answer.guards_intact,
                      answer.first_unwritten, answer.closing);
  for (const std::uint8_t byte : fact.bytes) text += fmt::format(" {:02x}", byte);
  return text;
}

void BareRegistry::as(ModuleId module, sim::FunctionRef code) {
  const FrameScope frame(kernel_,
                         {FrameKind::kModuleCode, module, kNoBinding, Side::kClient, "driver"});
  code();
}

void BareRegistry::emit(const Event& event) {
  if (event.interfaces == nullptr) return;
  Fact& fact = facts_.emplace_back();
  fact.kind = event.kind;
  fact.module = event.module;
  fact.fiber = event.fiber;
  fact.status = event.status;
  fact.block = event.block;
  fact.interfaces = *event.interfaces;
  if (const Answer* answer = event.interfaces->answer) {
    fact.answered = true;
    fact.answer = *answer;
    fact.bytes.assign(answer->bytes, answer->bytes + (answer->bytes ? answer->offered : 0));
    fact.answer.bytes = nullptr;
  }
  fact.interfaces.characteristics = nullptr;
  fact.interfaces.information = nullptr;
  fact.interfaces.answer = nullptr;
  fact.interfaces.compared = nullptr;
}

void BareRegistry::broken(const char* id, std::string message, sim::Place place) {
  kernel_.execution().fail({id, sim::Severity::kS1, std::move(message), 0, place});
}

std::uint32_t Answering::query(const ProviderHandlers&, void* context, std::uint32_t object,
                               std::uint32_t* length, void* buffer) {
  return on_query(context, object, length, static_cast<std::uint8_t*>(buffer));
}

std::uint32_t Answering::set(const ProviderHandlers&, void* context, std::uint32_t object,
                             std::uint32_t length, void* buffer) {
  return on_set(context, object, length, static_cast<std::uint8_t*>(buffer));
}

ProviderHandlers Answering::handlers_of(const void*) {
  void (*const some)() = [] {};
  return {on_query ? some : nullptr, on_set ? some : nullptr};
}

BareRuns run_all(const BareBody& body, const Profile& profile, InterfaceCallouts& callouts,
                 std::string_view strategy, std::uint64_t executions_max, const BareEnd& end,
                 sim::Seed seed) {
  BareRuns runs;
  sim::Execution execution;
  const std::unique_ptr<sim::Strategy> search = sim::find_strategy(strategy)->make();
  for (std::uint64_t i = 0; i < executions_max; ++i) {
    if (!search->begin_execution(sim::fork(seed, i))) {
      runs.exhausted = true;
      break;
    }
    BareProgram program(body, profile, callouts);
    const sim::Outcome& outcome = execution.run(program, *search);
    if (outcome.ending == sim::Ending::kCovered) continue;
    ++runs.executions;
    end(program.registry(), outcome);
  }
  runs.diverged = search->divergence() != nullptr;
  return runs;
}

ProviderDescription right_characteristics() {
  return {.header = {0x80, 1, 0x28}, .has_query = true, .has_set = true};
}

InterfaceDescription right_information(std::uint8_t number) {
  InterfaceDescription made{.header = {0x80, 1, 0x60}, .location_unknown = true};
  made.access_type = 2;
  made.connection_type = 1;
  made.guid[0] = number;
  return made;
}

}  // namespace nmrcheck::model::test
