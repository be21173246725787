// Faults as verdicts, with POSIX signals on an alternate stack.
//
// The handler leaves by switching to the controller, as a step that fails does; the fiber is then
// dropped, so that its frames are never resumed. A step without end is found by a timer on the CPU
// time of the OS thread: if two ticks pass without progress, the tick's handler leaves the same
// way.
#if !defined(_WIN32)

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>

#include "sim/run/crash.h"
#include "sim/run/execution.h"

namespace nmrcheck::sim {
namespace {

constexpr long kTickMilliseconds = 1000;  // CPU time; a step without end is found after two ticks
constexpr std::size_t kAlternateStackBytes = 64 * 1024;

// Signals are delivered to OS threads, so what they find must be found from the thread.
struct ThreadState {
  Execution* execution = nullptr;
  std::unique_ptr<char[]> alternate_stack;
  timer_t timer{};
  bool has_timer = false;
  std::uint64_t progress_at_tick = 0;
  int ticks_without_progress = 0;

  ~ThreadState() {
    if (has_timer) timer_delete(timer);
    stack_t off{};
    off.ss_flags = SS_DISABLE;
    sigaltstack(&off, nullptr);
  }
};

thread_local ThreadState thread_state;

const char* describe(int signal, const siginfo_t& info) {
  if (signal == SIGFPE) return "divided by zero";
  if (signal == SIGILL) return "ran an illegal instruction";
  const auto address = reinterpret_cast<std::uintptr_t>(info.si_addr);
  if (info.si_code == SI_KERNEL || address >= std::uintptr_t{1} << 47u) {
    return "used a pointer that is no address (read from freed or fresh memory?)";
  }
  if (address < 4096) return "dereferenced a NULL pointer";
  return "touched an address that is not mapped";
}

void on_fault(int signal, siginfo_t* info, void*) {
  Execution* execution = thread_state.execution;
  if (execution == nullptr || !execution->on_fiber()) {
    ::signal(signal, SIG_DFL);  // not the checked program: fault again with the usual effect
    return;
  }
  const FiberPool::Stack stack = execution->stack(execution->current());
  const auto* address = static_cast<const char*>(info->si_addr);
  if (address < stack.lowest && address >= stack.lowest - stack.guard_bytes) {
    execution->crashed(kStackOverflow, "overflowed its stack");
  }
  execution->crashed(kCrash, describe(signal, *info));
}

void on_tick(int, siginfo_t*, void*) {
  ThreadState& state = thread_state;
  if (state.execution == nullptr) return;
  const std::uint64_t progress = state.execution->progress();
  if (progress != state.progress_at_tick || !state.execution->on_fiber()) {
    state.progress_at_tick = progress;
    state.ticks_without_progress = 0;
    return;
  }
  if (++state.ticks_without_progress < 2) return;
  state.ticks_without_progress = 0;
  state.execution->crashed(kEndlessStep, "ran for more than a second without announcing a step");
}

void install_handlers() {
  static const bool installed = [] {
    struct sigaction fault {};
    fault.sa_sigaction = on_fault;
    fault.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (int signal : std::array{SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
      sigaction(signal, &fault, nullptr);
    }
    struct sigaction tick {};
    tick.sa_sigaction = on_tick;
    tick.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
    sigaction(SIGVTALRM, &tick, nullptr);
    return true;
  }();
  (void)installed;
}

void prepare_thread(ThreadState& state) {
  if (state.alternate_stack != nullptr) return;
  install_handlers();
  state.alternate_stack = std::make_unique<char[]>(kAlternateStackBytes);
  stack_t stack{};
  stack.ss_sp = state.alternate_stack.get();
  stack.ss_size = kAlternateStackBytes;
  sigaltstack(&stack, nullptr);
#if defined(__linux__)
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGVTALRM;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &state.timer) != 0) return;
  state.has_timer = true;
  itimerspec interval{};
  interval.it_interval.tv_sec = interval.it_value.tv_sec = kTickMilliseconds / 1000;
  timer_settime(state.timer, 0, &interval, nullptr);
#endif
}

}  // namespace

CrashGuard::CrashGuard(Execution& execution) : outer_(thread_state.execution) {
  prepare_thread(thread_state);
  thread_state.execution = &execution;
  // Two ticks count only within one execution: another one's progress may have the same number.
  thread_state.progress_at_tick = ~std::uint64_t{0};
  thread_state.ticks_without_progress = 0;
}

CrashGuard::~CrashGuard() { thread_state.execution = outer_; }

}  // namespace nmrcheck::sim

#endif
