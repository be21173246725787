// Debuggers on POSIX systems: the trap is SIGTRAP.
#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "tools/cli/debugger.h"

namespace nmrcheck::cli {
namespace {

// The execution that runs. A debugger passes no argument, so it stands here.
sim::Execution* running = nullptr;

std::string text_of(sim::Place place) {
  return place.file == nullptr || *place.file == 0 ? ""
                                                   : fmt::format("{}:{}", place.file, place.line);
}

const char* state_of(const sim::Execution& execution, sim::FiberId fiber) {
  if (execution.ended(fiber)) return "ended";
  if (execution.on_fiber() && execution.current() == fiber) return "runs";
  return execution.enabled(fiber) ? "can go" : "waits";
}

void stop(std::uint32_t step) {
  const sim::FiberId fiber = running->current();
  const std::string place = text_of(running->place_of(fiber));
  fmt::print(stderr, "step {}, {}: {}{}{}\n", step, running->name_of(fiber),
             running->action_of(fiber), place.empty() ? "" : " at ", place);
  nmrcheck_break(step);
}

// A program that is known to debuggers while it runs.
class DebuggedProgram final : public sim::Program {
 public:
  DebuggedProgram(std::unique_ptr<sim::Program> program, std::uint32_t step)
      : program_(std::move(program)), step_(step) {}
  ~DebuggedProgram() override { running = nullptr; }

  void run(sim::Execution& execution) override {
    running = &execution;
    if (step_ != 0) execution.stop_at(step_, stop);
    program_->run(execution);
  }
  std::optional<sim::Violation> check_end(sim::Execution& execution) override {
    return program_->check_end(execution);
  }
  std::optional<sim::Violation> explain_deadlock(sim::Execution& execution,
                                                 const std::string& blocked) override {
    return program_->explain_deadlock(execution, blocked);
  }
  void add_to_crash(sim::Execution& execution, sim::Violation& violation) override {
    program_->add_to_crash(execution, violation);
  }

 private:
  std::unique_ptr<sim::Program> program_;
  std::uint32_t step_;
};

// "TracerPid:	4711" stands in the status of a process that is traced.
bool traced_according_to(std::istream& status) {
  const std::string key = "TracerPid:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return line.find_first_of("123456789", key.size()) != line.npos;
  }
  return false;
}

}  // namespace

sim::ProgramFactory debugged(sim::ProgramFactory factory, std::uint32_t step) {
  return
      [make = std::move(factory), step] { return std::make_unique<DebuggedProgram>(make(), step); };
}

bool debugger_attached() {
  std::ifstream status("/proc/self/status");
  return traced_according_to(status);
}

std::string gdb_command(const std::string& arguments) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "gdb -x nmrcheck-gdb.py --args nmrcheck " + arguments;
  const auto script = program.parent_path().parent_path() / "share/nmrcheck/nmrcheck-gdb.py";
  return fmt::format("gdb -x {} --args {} {}", script.string(), program.string(), arguments);
}

}  // namespace nmrcheck::cli

extern "C" {

[[gnu::noinline]] void nmrcheck_break(std::uint32_t step) {
  (void)step;
#if defined(__x86_64__)
  __asm__ volatile("int3");  // unlike raise(), leaves no frame of its own on the stack
#else
  raise(SIGTRAP);
#endif
}

[[gnu::used]] const char* nmrcheck_fibers() {
  using nmrcheck::cli::running;
  static std::string text;
  nlohmann::ordered_json fibers = nlohmann::ordered_json::array();
  for (std::uint32_t i = 0; running != nullptr && i < running->fiber_count(); ++i) {
    const nmrcheck::sim::FiberId fiber{i};
    const std::string state = nmrcheck::cli::state_of(*running, fiber);
    const bool suspended = state == "can go" || state == "waits";
    const void* registers = suspended ? running->saved_registers(fiber) : nullptr;
    fibers.push_back({{"name", running->name_of(fiber)},
                      {"state", state},
                      {"action", running->action_of(fiber)},
                      {"place", nmrcheck::cli::text_of(running->place_of(fiber))},
                      {"registers", reinterpret_cast<std::uintptr_t>(registers)}});
  }
  text = fibers.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
  return text.c_str();
}
}
