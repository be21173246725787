// Pooled fibers with direct hand-off: the only file pair that knows Boost.Fiber.
//
// Worker fibers are made once and parked between executions. Nobody waits on Boost.Fiber's own
// primitives: who runs is decided by the caller, and a switch is one jump without a dispatcher.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace nmrcheck::sim {

// One pool belongs to one OS thread, which becomes its controller. All calls come from that
// thread, or from a fiber of the pool. It must be destroyed on that thread, before thread exit.
class FiberPool {
 public:
  // What a fiber runs each time it is started; it gets its slot. It must not return with an
  // exception; when it returns, the fiber has to have called switch_to_finished.
  using Entry = void (*)(void* argument, std::uint32_t slot);

  static constexpr std::uint32_t kController = 0xffffffffu;

  // `stack_bytes` is the usable stack of each fiber; a guard region lies below it.
  // Throws std::bad_alloc when a stack cannot be mapped (at start()).
  FiberPool(std::size_t stack_bytes, Entry entry, void* argument);
  ~FiberPool();
  FiberPool(const FiberPool&) = delete;
  FiberPool& operator=(const FiberPool&) = delete;

  // Makes sure that slots [0, count) hold a parked fiber. Called by whoever runs now.
  void reserve(std::uint32_t count);

  // Hands the processor to `slot` (or to the controller). Returns when somebody hands it back.
  // Requires: the slot is reserved, and not the one that runs.
  void switch_to(std::uint32_t slot);

  // Who runs now.
  std::uint32_t current() const { return current_; }

  // Forgets what `slot` was doing: none of its code runs any further, no destructor either, and the
  // slot holds a parked fiber again. Requires: called by the controller; the slot is suspended.
  void drop(std::uint32_t slot);

  // The stack of `slot`: lowest usable address, size. Guard bytes lie below.
  struct Stack {
    const char* lowest = nullptr;
    std::size_t bytes = 0;
    std::size_t guard_bytes = 0;
  };
  Stack stack(std::uint32_t slot) const;
  // The stack pointer of a slot that is suspended: the registers that Boost.Context saved lie
  // there, as its assembly for this machine lays them out. Null for the slot that runs. For
  // debuggers.
  const void* saved_registers(std::uint32_t slot) const;
  std::uint32_t slots() const;

 private:
  struct Slot;
  struct Scheduler;
  struct Impl;

  static Scheduler& scheduler_of_this_thread();
  void make_fiber(std::uint32_t slot);
  void loop(std::uint32_t slot);

  std::unique_ptr<Impl> impl_;
  std::uint32_t current_ = kController;
  Entry entry_;
  void* argument_;
};

}  // namespace nmrcheck::sim
