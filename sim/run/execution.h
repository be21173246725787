// One execution: fibers that announce each step before it runs, and the loop that picks among them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/footprint.h"
#include "sim/core/violation.h"
#include "sim/run/fiber.h"
#include "sim/run/heap.h"
#include "sim/run/lasso.h"
#include "sim/run/outcome.h"
#include "sim/run/poll.h"
#include "sim/run/trace.h"
#include "sim/run/trace_hash.h"
#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

class Execution;

// What is executed. A fresh object serves each execution, so that nothing leaks into the next.
class Program {
 public:
  virtual ~Program() = default;

  // The body of the main fiber.
  virtual void run(Execution& execution) = 0;

  // Asked, on the controller, when every fiber that is not left behind has ended. Returns what is
  // wrong with the end state.
  virtual std::optional<Violation> check_end(Execution&) { return std::nullopt; }

  // Asked when no fiber can go on and some have not ended. Returns the rule that explains it, or
  // nothing: the verdict is then kDeadlock with `blocked`, a description of who waits for what.
  virtual std::optional<Violation> explain_deadlock(Execution&, const std::string& blocked) {
    (void)blocked;
    return std::nullopt;
  }
  // A fault ended the execution on the current fiber: adds to the verdict what the program knows of
  // where. Called on a signal's stack.
  virtual void add_to_crash(Execution&, Violation&) {}
};

// Objects of one execution: a step that makes them without end is stopped here.
inline constexpr std::size_t kObjectsMax = 1u << 20u;

struct Limits {
  std::uint32_t steps_max = 20'000;         // reaching it is the verdict kStepLimit
  std::size_t stack_bytes = 256 * 1024;     // of each fiber
  std::size_t heap_bytes_max = 64u << 20u;  // of simulated memory in one execution
  // Whether fibers that wait for each other in a circle end the execution at once, though others
  // could go on. Without it they do when no fiber can: every trace is then a whole one.
  bool partial_deadlocks = true;
  // Of the questions asked with Asked::kBounded, how many may have another answer than the default
  // in one execution, whichever fibers ask them. A search's; records are followed without it.
  std::uint32_t deviations_max = ~std::uint32_t{0};
};

// Situations that one execution may come to.
inline constexpr std::size_t kSituationsMax = 64;

// Visits of one state in which nothing could go but time and polls: a livelock then. Loops that
// give up after fewer tries are seen to give up.
inline constexpr std::uint32_t kIdleRounds = 1'000;
// Steps after which states are compared at every step, and visits of one that are a livelock.
inline constexpr std::uint32_t kCircleSteps = 2'048;
inline constexpr std::uint32_t kCircleRounds = 100;

// Who did something to an object last: for reports.
struct Mark {
  FiberId fiber = kNoFiber;
  std::uint32_t step = 0;  // from 1; 0: nobody did
  const char* action = "";
  Place place;
};

// Whether an answer other than the default is one of those that Limits::deviations_max counts.
enum class Asked : std::uint8_t { kFreely, kBounded };

inline constexpr std::size_t kObserversMax = 3;

// Is told what the fibers of an execution do: for checks that must see every step, such as a
// detector of data races. Called on the fiber itself.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  // `fiber` makes a step, whose operations have just been applied. `made` is what each of them
  // really did: a compare-exchange that fails reads.
  virtual void on_step(FiberId fiber, const Footprint& footprint, std::span<const Access> made) = 0;
  // `parent` starts `child`.
  virtual void on_spawn(FiberId parent, FiberId child) = 0;
};

// The machine that runs executions one after another, on one OS thread (which becomes the
// controller). Its fibers and buffers are reused. Must be destroyed on the thread that made it.
//
// Code that runs on fibers must not own host resources across a step: an execution that ends early
// drops its fibers, and their destructors never run. Simulated memory comes from heap().
class Execution {
 public:
  explicit Execution(const Limits& limits = {});
  ~Execution();
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  // Changes Limits::deviations_max for the executions that follow.
  void bound_deviations(std::uint32_t most) { limits_.deviations_max = most; }

  // Runs `program` under `strategy`, whose begin_execution was called. With `trace`, the trace is
  // recorded there. The outcome is valid until the next run.
  const Outcome& run(Program& program, Strategy& strategy, Trace* trace = nullptr);

  // --- For programs: called on a fiber ---

  // Announces a step, waits until it is picked and enabled, applies its operations, and returns the
  // result of the first one. All code up to the next call that announces belongs to this step.
  // `action` names it and has static storage.
  std::uint64_t step(const Footprint& footprint, const char* action, Place place = {});

  // The same with a deadline in virtual time. Returns nothing if the deadline passed first, which
  // happens only when no fiber can run (time stands still while anything can).
  std::optional<std::uint64_t> step_until(const Footprint& footprint, std::uint64_t deadline,
                                          const char* action, Place place = {});

  // Announces a step that lets others run: a failed poll, a yield. A fiber that only read between
  // two of them, and saw nothing that it had not seen in the round before, goes on when something
  // that it read has changed, or else when no other fiber can go. Sound if the round has no other
  // effect, such as a count of its tries: two rounds are free, and a loop that gives up later does
  // so only once nothing else can happen, as with a timeout.
  void yield(const char* action, Place place = {});

  // Waits until `holds(value of the object)`: a loop that polls it, without the loop's executions.
  // A fiber that waits for ever is part of a livelock, not of a deadlock. Returns the value.
  // For "until it is v" the operation kAwait is a single step.
  template <class Predicate>
  std::uint64_t spin_until(ObjectId object, Predicate holds, const char* action, Place place = {}) {
    for (;;) {
      const std::uint64_t value = step(Footprint{{object, Op::kRead}}, action, place);
      if (holds(value)) return value;
      spin_for_change(object, action, place);
    }
  }

  // Asks a value choice with `options` alternatives, at most kOptionsMax. Part of the current step:
  // no other fiber runs. Returns an alternative below `options`. `question` has static storage.
  // Fails the execution (verdict kStepLimit) beyond limits.steps_max questions.
  std::uint32_t choose(const char* question, std::uint32_t options,
                       std::uint32_t default_option = 0, Asked asked = Asked::kFreely);

  // Starts a fiber. Its code up to its first announced step runs now, as part of this step.
  // `name` has static storage. Fails the execution (verdict kStepLimit) beyond kFibersMax fibers.
  FiberId spawn(const char* name, std::function<void()> body);
  // As spawn; the end of the fiber is a step of its own, which join() waits for.
  FiberId spawn_joinable(const char* name, std::function<void()> body);
  // Waits for the end of a fiber started by spawn_joinable.
  void join(FiberId fiber, Place place = {});

  // From now on no live fiber but the caller needs to end, nor what those spawn later: a crash,
  // with a restart in which the caller goes on. They go on while they can. The execution is
  // complete once all others have ended and they cannot; a circle of theirs is no livelock, they
  // stop in it. A circle of waits for locks stays a deadlock: it could have closed before the
  // crash. What the crash hinders awaits an object that the caller's step has written.
  void leave_others_behind();
  FiberId parent_of(FiberId fiber) const { return slots_[index(fiber)].parent; }
  bool left_behind(FiberId fiber) const { return (left_behind_ & mask_of(fiber)) != 0; }

  // Ends the execution with `violation`; its step is filled in. Never returns on a fiber.
  [[noreturn]] void fail(Violation violation);

  // Notes that this execution came to a situation, for Outcome::situations: observes, changes
  // nothing. May be called on the controller too. `name` has static storage. On a fiber, fails the
  // execution (verdict kStepLimit) beyond kSituationsMax names.
  void reached(std::string_view name);
  // Adds `violation` to the outcome's hints and goes on; its step is filled in. Does nothing if the
  // execution has a hint of that rule. May be called on the controller too.
  void hint(Violation violation);

  FiberId current() const { return FiberId{pool_.current()}; }
  bool on_fiber() const { return pool_.current() != FiberPool::kController; }

  // --- Objects ---

  // Makes an object in state `initial`. `name` has static storage. On a fiber, fails the execution
  // (verdict kStepLimit) beyond kObjectsMax objects.
  ObjectId create(const char* name, ObjectState initial = {});
  // The same for an object that different fibers may be the first to need: `key` names it whoever
  // makes it. Requires: no other object of the execution has that key.
  ObjectId create(const char* name, ObjectState initial, std::uint64_t key);
  const ObjectState& state(ObjectId object) const { return states_[index(object)]; }
  // Names the object with more than a literal, for traces. Call only when traced().
  void rename(ObjectId object, std::string name);
  std::string name_of(ObjectId object) const;
  // The name that rename() gave, or null.
  const std::string* specific_name_of(ObjectId object) const;
  std::string name_of(FiberId fiber) const;

  Heap& heap() { return heap_; }

  // Virtual time in units of 100 ns since the start of the execution.
  std::uint64_t now() const { return now_; }
  std::uint32_t steps() const { return outcome_.steps; }
  // The place of the step that `fiber` announced last.
  Place place_of(FiberId fiber) const { return slots_[index(fiber)].place; }
  // Who runs now, where: for messages.
  const char* action_of(FiberId fiber) const { return slots_[index(fiber)].action; }

  bool traced() const { return trace_ != nullptr; }
  // Tells `observer` of everything from now on, until the execution ends. Requires: at most
  // kObserversMax observers.
  void observe_steps(StepObserver& observer);
  // Adds a line to the current step of the trace. Does nothing when not traced.
  void note(std::string text);

  // Lowest and one-past-highest stack address of a fiber: to recognize stack variables.
  FiberPool::Stack stack(FiberId fiber) const { return pool_.stack(index(fiber)); }
  // --- For debuggers ---
  // Calls `stop` on the fiber that makes step `step` of this execution, when its operations are
  // applied and the code behind it has not run. Requires: traced().
  void stop_at(std::uint32_t step, void (*stop)(std::uint32_t step));
  bool ended(FiberId fiber) const { return (alive_ & mask_of(fiber)) == 0; }
  // Whether the step that `fiber` announced may be picked now.
  bool enabled(FiberId fiber) const { return (enabled_ & mask_of(fiber)) != 0; }
  // See FiberPool.
  const void* saved_registers(FiberId fiber) const { return pool_.saved_registers(index(fiber)); }

  std::uint32_t fiber_count() const { return fiber_count_; }
  // A name for `fiber` that does not depend on the schedule: see PendingStep::fiber_key.
  std::uint64_t key_of(FiberId fiber) const { return pending_[index(fiber)].fiber_key; }
  std::uint64_t key_of(ObjectId object) const { return object_keys_[index(object)]; }

  // Called by the crash handler, on the fiber that crashed. Never returns.
  [[noreturn]] void crashed(const char* rule, const char* what);
  // Grows with every announced step and every execution: lets the watchdog see progress.
  std::uint64_t progress() const { return progress_; }

 private:
  struct Slot {
    std::function<void()> body;
    const char* name = "";
    std::uint32_t ordinal = 0;  // among fibers of the same name
    FiberId parent = kNoFiber;
    std::uint32_t spawner = FiberPool::kController;  // who waits for the prologue
    bool in_prologue = false;
    bool started = false;  // has a frame on its stack
    bool timed = false;
    bool joinable = false;
    std::uint32_t unwatched = kUnwatchedSteps;  // steps left until polls are looked for
    std::uint32_t children = 0;
    std::uint32_t created = 0;
    std::uint64_t deadline = 0;
    ObjectId ended = kNoObject;
    const char* action = "";
    Place place;
  };

  static void fiber_main(void* self, std::uint32_t slot);
  void run_body(std::uint32_t slot);
  void reset(Program& program, Strategy& strategy, Trace* trace);
  void reset_liveness();
  FiberId spawn_slot(const char* name, std::function<void()> body, bool joinable);
  void announce(std::uint32_t slot, const Footprint& footprint, const char* action, Place place,
                bool yielding);
  // The same as announce() and apply_picked(), which are inlined into step().
  void announce_out_of_line(std::uint32_t slot, const Footprint& footprint, const char* action,
                            Place place, bool yielding);
  std::uint64_t apply_out_of_line(const Footprint& footprint, std::uint32_t slot);
  std::uint64_t watched_step(const Footprint& footprint, const char* action, Place place);
  void observe(std::uint32_t slot, const Footprint& footprint, std::uint64_t result);
  void wait_for_change(std::uint32_t slot, const Footprint& change, const char* action, Place place,
                       bool gives_up);
  void spin_for_change(ObjectId object, const char* action, Place place);
  bool take_timeout(std::uint32_t slot);
  Effect apply_one(const Operation& operation, std::uint32_t slot);
  Effect apply_all(const Footprint& footprint, std::uint32_t slot);
  std::uint64_t apply_picked(const Footprint& footprint, std::uint32_t slot);
  void refresh_enabled(std::uint64_t fibers);
  bool is_enabled(std::uint32_t slot) const;
  std::uint32_t pick_next();
  bool beyond_checkpoint();
  bool let_time_pass();
  bool advance_time();
  bool release_poll();
  Lasso::State visible_state() const;
  void note_circle_step();
  void end_in_livelock(std::uint64_t starved);
  bool look_for_circle();
  void mark_use(const Operation& operation, std::uint32_t slot, std::uint64_t result);
  void unmark(ObjectId object, std::uint32_t slot);
  std::uint64_t holders_awaited(std::uint32_t slot) const;
  std::uint64_t waiting_circle(std::uint32_t slot) const;
  bool end_in_partial_deadlock(std::uint32_t slot);
  // Live fibers that the execution does not end without.
  std::uint64_t needed() const { return alive_ & ~left_behind_; }
  void stop_circling(std::uint64_t fibers);
  void restart_circles();
  void settle_end();
  Violation explain_standstill(const std::string& blocked) const;
  void tell_end(bool cut_off);
  void refresh_point();
  [[noreturn]] void fail_limit(std::uint64_t max, const char* what);
  void end_with(Violation violation);
  std::string describe_blocked(std::uint64_t fibers) const;
  void describe_wait(std::string& text, std::uint32_t slot) const;
  void describe_holders(std::string& text, const Operation& operation) const;
  std::string describe_mark(const Mark& mark) const;
  std::string describe_lost_signals(bool& cleared) const;
  static std::uint64_t mix_hash(std::uint64_t hash, std::uint64_t value) {
    return (hash ^ value) * 0x100000001b3u;
  }
  void tell_step(std::uint32_t slot, Effect effect);
  void record_step(std::uint32_t slot, std::uint64_t result);
  void record_choice(const Choice& choice, const char* question);
  void trace_choice(const Choice& choice, const char* question);

  Limits limits_;
  FiberPool pool_;
  Heap heap_;
  std::vector<Slot> slots_;
  std::vector<PendingStep> pending_;
  std::vector<PollWatch> polls_;  // by fiber
  std::uint32_t fiber_count_ = 0;
  std::uint64_t alive_ = 0;
  std::uint64_t enabled_ = 0;
  std::uint64_t timed_out_ = 0;  // live fibers whose deadline passed before they could go
  std::uint64_t blockable_ = 0;  // live fibers whose pending step may have to wait
  std::uint64_t left_behind_ = 0;
  std::uint64_t stopped_ = 0;  // of those left behind: went round in a circle, never go on
  std::vector<ObjectState> states_;
  std::vector<std::uint64_t> object_keys_;
  std::vector<const char*> object_names_;
  struct Marks {
    Mark made;    // lock: acquired; event: set
    Mark undone;  // event: cleared, or taken by a fiber that waited
    bool taken = false;
  };
  Marks marks_of(ObjectId object) const {
    return index(object) < marks_.size() ? marks_[index(object)] : Marks{};
  }
  std::vector<Marks> marks_;                       // by object, as far as any was used
  std::vector<std::pair<ObjectId, Mark>> shares_;  // shared acquisitions, references in use
  std::vector<std::pair<ObjectId, std::string>> renamed_;
  std::uint32_t root_created_ = 0;
  std::uint32_t questions_ = 0;
  std::uint32_t clock_advances_ = 0;
  FiberId last_ = kNoFiber;  // who was picked last

  std::uint64_t polling_ = 0;    // fibers that polled in vain and wait for a change
  std::uint64_t giving_up_ = 0;  // those of them that go on when nothing else can
  std::uint32_t last_released_ = 0;
  std::uint32_t checkpoint_ = 0;      // steps from which each pick is looked at
  std::uint32_t circle_from_ = 0;     // steps from which states are compared
  Lasso idle_;                        // states in which only time and polls go on
  Lasso circle_;                      // states after kCircleSteps
  std::uint64_t circle_ran_ = 0;      // since the kept state came again last
  std::uint64_t circle_enabled_ = 0;  // all the time since
  std::uint64_t circle_starved_ = 0;  // in every round
  struct CircleStep {
    FiberId fiber = kNoFiber;
    const char* action = "";
    Place place;
    ObjectId object = kNoObject;
  };
  std::vector<CircleStep> circle_steps_;  // of the last round
  bool noting_circle_ = false;
  bool circle_yields_ = false;  // some step of it
  ChoicePoint point_;           // what the strategy is shown; kept up to date rather than made anew
  std::uint64_t now_ = 0;
  std::uint64_t progress_ = 0;
  TraceHash trace_hash_;
  Outcome outcome_;
  Program* program_ = nullptr;
  Strategy* strategy_ = nullptr;
  Trace* trace_ = nullptr;
  std::vector<StepObserver*> observers_;
  std::array<Access, Footprint::kOperationsMax> made_{};  // by the step's operations, if several
  bool told_ = false;                                     // a trace or an observer wants every step
  std::uint32_t stop_step_ = 0;
  void (*stop_)(std::uint32_t step) = nullptr;
};

// A program made of one function.
class FunctionProgram final : public Program {
 public:
  explicit FunctionProgram(std::function<void(Execution&)> body) : body_(std::move(body)) {}
  void run(Execution& execution) override { body_(execution); }

 private:
  std::function<void(Execution&)> body_;
};

}  // namespace nmrcheck::sim
