// Pooled Boost.Fiber workers: creation, hand-off, and dropping a suspended fiber.
#include "sim/run/fiber.h"

#include <array>
#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/scheduler.hpp>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "sim/core/ids.h"
#include "sim/run/stack.h"

#if defined(__GNUG__)
#include <cxxabi.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NMRCHECK_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define NMRCHECK_ASAN 1
#endif
#if defined(NMRCHECK_ASAN)
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace nmrcheck::sim {
namespace {

namespace bf = boost::fibers;

// The exceptions being handled belong to the fiber, but the C++ runtime keeps them per OS thread:
// they are exchanged at each switch (Itanium C++ ABI, section 2.2.2, __cxa_eh_globals).
struct ExceptionState {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

// Gives Boost a stack of ours: mapped by stack.h, or the one that a dropped fiber used.
class StackSource {
 public:
  explicit StackSource(StackMemory stack) : stack_(stack) {}

  boost::context::stack_context allocate() {
    boost::context::stack_context context;
    context.size = stack_.bytes;
    context.sp = stack_.lowest + stack_.bytes;
    return context;
  }
  // The pool unmaps stacks itself, after the fiber is detached.
  void deallocate(boost::context::stack_context&) noexcept {}

 private:
  StackMemory stack_;
};

bf::context* context_of(const bf::fiber& fiber) {
  const bf::fiber::id id = fiber.get_id();
  bf::context* context = nullptr;
  static_assert(sizeof id == sizeof context, "a fiber's id is its context");
  std::memcpy(&context, &id, sizeof context);
  return context;
}

// Opens a private member: an explicit instantiation may name it.
template <auto kMember>
struct OpenSuspended {
  friend auto suspended_member() { return kMember; }
};
auto suspended_member();
template struct OpenSuspended<&bf::context::c_>;

}  // namespace

// Boost asks it whom to run; the answer was chosen before the question.
struct FiberPool::Scheduler final : bf::algo::algorithm {
  bf::context* next = nullptr;
  bf::context* dispatcher = nullptr;
  bf::context* main = nullptr;

  void awakened(bf::context* context) noexcept override {
    // Workers are never queued here: the run set is the execution's.
    if (context->is_context(bf::type::dispatcher_context)) dispatcher = context;
    if (context->is_context(bf::type::main_context)) main = context;
  }
  bf::context* pick_next() noexcept override {
    if (next != nullptr) return std::exchange(next, nullptr);
    if (dispatcher != nullptr) return std::exchange(dispatcher, nullptr);  // at thread exit
    return std::exchange(main, nullptr);
  }
  bool has_ready_fibers() const noexcept override {
    return next != nullptr || dispatcher != nullptr || main != nullptr;
  }
  void suspend_until(const std::chrono::steady_clock::time_point&) noexcept override {
    std::abort();  // somebody waited on a primitive of Boost.Fiber
  }
  void notify() noexcept override {}
};

// Boost keeps one scheduler for each OS thread, and so do we: several pools may live on one thread,
// one inside the other's controller.
FiberPool::Scheduler& FiberPool::scheduler_of_this_thread() {
  thread_local Scheduler* const installed = [] {
    auto* made = new Scheduler;  // owned by Boost's scheduler of this OS thread from here on
    bf::context::active()->get_scheduler()->set_algo(bf::algo::algorithm::ptr_t(made));
    return made;
  }();
  return *installed;
}

struct FiberPool::Slot {
  bf::context* context = nullptr;
  StackMemory stack{};
  ExceptionState exceptions;
  void* fake_stack = nullptr;  // AddressSanitizer's
  // The handle of the running fiber; never destroyed, because a dropped fiber never ends.
  alignas(bf::fiber) std::array<std::byte, sizeof(bf::fiber)> handle;
};

struct FiberPool::Impl {
  std::size_t stack_bytes = 0;
  Scheduler* scheduler = nullptr;
  ExceptionState* exceptions = nullptr;
  Slot controller;
  std::uint32_t count = 0;
  std::array<Slot, kFibersMax> slots;

  Slot& at(std::uint32_t slot) { return slot == kController ? controller : slots[slot]; }
};

FiberPool::FiberPool(std::size_t stack_bytes, Entry entry, void* argument)
    : impl_(std::make_unique<Impl>()), entry_(entry), argument_(argument) {
  impl_->stack_bytes = stack_bytes;
#if defined(__GNUG__)
  static_assert(sizeof(ExceptionState) == 16 || sizeof(void*) != 8);
  impl_->exceptions = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
#endif
  impl_->controller.context = bf::context::active();
  impl_->scheduler = &scheduler_of_this_thread();
#if defined(NMRCHECK_ASAN)
  pthread_attr_t attributes;
  pthread_getattr_np(pthread_self(), &attributes);
  void* lowest = nullptr;
  std::size_t bytes = 0;
  pthread_attr_getstack(&attributes, &lowest, &bytes);
  pthread_attr_destroy(&attributes);
  impl_->controller.stack = {static_cast<char*>(lowest), bytes, 0};
#endif
}

FiberPool::~FiberPool() {
  for (std::uint32_t i = 0; i < impl_->count; ++i) {
    Slot& slot = impl_->slots[i];
    slot.context->detach();  // off Boost's list of workers; its memory goes with the stack
#if defined(NMRCHECK_ASAN)
    __asan_unpoison_memory_region(slot.stack.lowest, slot.stack.bytes);
#endif
    unmap_stack(slot.stack);
  }
}

void FiberPool::reserve(std::uint32_t count) {
  assert(count <= kFibersMax);
  while (impl_->count < count) {
    const std::uint32_t slot = impl_->count++;
    impl_->slots[slot].stack = map_stack(impl_->stack_bytes);
    make_fiber(slot);
  }
}

void FiberPool::make_fiber(std::uint32_t slot) {
  Slot& made = impl_->slots[slot];
  auto* fiber = new (made.handle.data()) bf::fiber(
      bf::launch::post, std::allocator_arg, StackSource(made.stack), [this, slot] { loop(slot); });
  made.context = context_of(*fiber);
  made.exceptions = {};
  made.fake_stack = nullptr;
}

void FiberPool::loop(std::uint32_t slot) {
#if defined(NMRCHECK_ASAN)
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
  for (;;) entry_(argument_, slot);  // the entry parks by switching away before it returns
}

// The only place where a fiber or the controller gives up the processor.
void FiberPool::switch_to(std::uint32_t slot) {
  Slot& from = impl_->at(current_);
  Slot& to = impl_->at(slot);
  assert(slot != current_);
  current_ = slot;
  if (impl_->exceptions != nullptr) {
    from.exceptions = *impl_->exceptions;
    *impl_->exceptions = to.exceptions;
  }
#if defined(NMRCHECK_ASAN)
  __sanitizer_start_switch_fiber(&from.fake_stack, to.stack.lowest, to.stack.bytes);
#endif
  to.context->resume();
#if defined(NMRCHECK_ASAN)
  __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

void FiberPool::drop(std::uint32_t slot) {
  assert(current_ == kController);
  Slot& dropped = impl_->slots[slot];
  dropped.context->detach();
#if defined(__GNUG__)
  // Exceptions that the dropped frames were handling are released here.
  const ExceptionState kept = *impl_->exceptions;
  *impl_->exceptions = dropped.exceptions;
  while (impl_->exceptions->caught != nullptr) abi::__cxa_end_catch();
  *impl_->exceptions = kept;
#endif
#if defined(NMRCHECK_ASAN)
  __asan_unpoison_memory_region(dropped.stack.lowest, dropped.stack.bytes);
#endif
  make_fiber(slot);
}

FiberPool::Stack FiberPool::stack(std::uint32_t slot) const {
  const StackMemory& memory = impl_->slots[slot].stack;
  return {memory.lowest, memory.bytes, memory.guard_bytes};
}

const void* FiberPool::saved_registers(std::uint32_t slot) const {
  const boost::context::fiber& suspended = impl_->slots[slot].context->*suspended_member();
  const void* registers = nullptr;
  static_assert(sizeof suspended == sizeof registers, "it is where the registers are saved");
  std::memcpy(&registers, static_cast<const void*>(&suspended), sizeof registers);
  return registers;
}

std::uint32_t FiberPool::slots() const { return impl_->count; }

}  // namespace nmrcheck::sim
