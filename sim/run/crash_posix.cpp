// Faults as verdicts, with POSIX signals on an alternate stack.
//
// The handler leaves by switching to the controller, as a step that fails does; the fiber is then
// dropped, so that its frames are never resumed. A step without end is found by a timer on the CPU
// time of the OS thread: if two ticks pass without progress, the tick's handler leaves the same
// way; not out of the C library, though, which may hold a lock of its own just then (malloc).
#if !defined(_WIN32)

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>

#include "sim/run/crash.h"
#include "sim/run/execution.h"

namespace nmrcheck::sim {
namespace {

constexpr long kTickMilliseconds = 1000;  // CPU time; a step without end is found after two ticks
constexpr long kRetryMilliseconds = 1;    // between attempts to find the step outside the C library
constexpr int kRetriesMax = 2000;         // of them, before it is left wherever it is
constexpr std::size_t kAlternateStackBytes = 64 * 1024;

// Signals are delivered to OS threads, so what they find must be found from the thread.
struct ThreadState {
  Execution* execution = nullptr;
  std::unique_ptr<char[]> alternate_stack;
  timer_t timer{};
  bool has_timer = false;
  std::uint64_t progress_at_tick = 0;
  int ticks_without_progress = 0;
  int retries = 0;
  std::uintptr_t faulting_code = 0;

  ~ThreadState() {
    if (has_timer) timer_delete(timer);
    stack_t off{};
    off.ss_flags = SS_DISABLE;
    sigaltstack(&off, nullptr);
  }
};

thread_local ThreadState thread_state;

std::uintptr_t program_counter(const void* context) {
#if defined(__linux__) && defined(__x86_64__)
  return static_cast<std::uintptr_t>(
      static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__linux__) && defined(__aarch64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.pc;
#else
  (void)context;
  return 0;
#endif
}

// What lies on top of the stack: after a call, where it returns to.
std::uintptr_t top_of_stack(const void* context) {
#if defined(__linux__) && defined(__x86_64__)
  return *reinterpret_cast<const std::uintptr_t*>(
      static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#elif defined(__linux__) && defined(__aarch64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.regs[30];  // the link register
#else
  (void)context;
  return 0;
#endif
}

// `jumped`: it was the code itself that could not be read.
const char* describe(int signal, const siginfo_t& info, bool jumped) {
  if (signal == SIGFPE) return "divided by zero";
  if (signal == SIGILL) return "ran an illegal instruction";
  const auto address = reinterpret_cast<std::uintptr_t>(info.si_addr);
  if (info.si_code == SI_KERNEL || address >= std::uintptr_t{1} << 47u) {
    return "used a pointer that is no address (read from freed or fresh memory?)";
  }
  if (address < 4096) return jumped ? "called a function at NULL" : "dereferenced a NULL pointer";
  if (jumped) return "called what is no code";
  return "touched an address that is not mapped";
}

void on_fault(int signal, siginfo_t* info, void* context) {
  Execution* execution = thread_state.execution;
  if (execution == nullptr || !execution->on_fiber()) {
    ::signal(signal, SIG_DFL);  // not the checked program: fault again with the usual effect
    return;
  }
  const FiberPool::Stack stack = execution->stack(execution->current());
  const auto* address = static_cast<const char*>(info->si_addr);
  if (address < stack.lowest && address >= stack.lowest - stack.guard_bytes) {
    thread_state.faulting_code = program_counter(context) + 1;
    execution->crashed(kStackOverflow, "overflowed its stack");
  }
  const std::uintptr_t code = program_counter(context);
  const bool jumped = signal == SIGSEGV && code == reinterpret_cast<std::uintptr_t>(address);
  thread_state.faulting_code = jumped ? top_of_stack(context) : code + 1;
  execution->crashed(kCrash, describe(signal, *info, jumped));
}

// Where a library's code lies in memory: [begin, end).
struct CodeRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

// The library that has the function; nothing if the program itself has it.
CodeRange library_of(const char* function) {
  CodeRange range;
  range.begin = reinterpret_cast<std::uintptr_t>(dlsym(RTLD_DEFAULT, function));
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* data) {
        auto& found = *static_cast<CodeRange*>(data);
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const std::uintptr_t begin = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
          const std::uintptr_t end = begin + object->dlpi_phdr[i].p_memsz;
          if (found.begin < begin || found.begin >= end) continue;
          const bool program = object->dlpi_name == nullptr || object->dlpi_name[0] == 0;
          found = program ? CodeRange{} : CodeRange{begin, end};
          return 1;
        }
        return 0;
      },
      &range);
  return range.end == 0 ? CodeRange{} : range;
}

// The C library, and who allocates memory (with sanitizers somebody else).
std::array<CodeRange, 2> libraries_with_locks;

bool may_hold_a_lock(std::uintptr_t code) {
  for (const CodeRange& range : libraries_with_locks) {
    if (code >= range.begin && code < range.end) return true;
  }
  return false;
}

void set_timer(ThreadState& state, long milliseconds) {
#if defined(__linux__)
  itimerspec interval{};
  interval.it_value.tv_sec = milliseconds / 1000;
  interval.it_value.tv_nsec = milliseconds % 1000 * 1'000'000;
  interval.it_interval = interval.it_value;
  timer_settime(state.timer, 0, &interval, nullptr);
#else
  (void)state;
  (void)milliseconds;
#endif
}

void on_tick(int, siginfo_t*, void* context) {
  ThreadState& state = thread_state;
  if (state.execution == nullptr) return;
  const std::uint64_t progress = state.execution->progress();
  const bool stuck = progress == state.progress_at_tick && state.execution->on_fiber();
  if (stuck && ++state.ticks_without_progress < 2) return;
  if (stuck) {
    if (may_hold_a_lock(program_counter(context)) && state.retries++ < kRetriesMax) {
      if (state.retries == 1) set_timer(state, kRetryMilliseconds);
      return;
    }
  }
  if (state.retries > 0) set_timer(state, kTickMilliseconds);
  state.retries = 0;
  state.ticks_without_progress = 0;
  state.progress_at_tick = progress;
  if (!stuck) return;
  state.faulting_code = program_counter(context);
  state.execution->crashed(kEndlessStep, "ran for more than a second without announcing a step");
}

void install_handlers() {
  static const bool installed = [] {
    libraries_with_locks = {library_of("getppid"), library_of("malloc")};
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
  set_timer(state, kTickMilliseconds);
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

std::uintptr_t faulting_code() { return thread_state.faulting_code; }

}  // namespace nmrcheck::sim

#endif
