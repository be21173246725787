// The simulated kernel around a driver: images, IRQL, call frames, pool, locks, events, rundown,
// work items, threads. It knows no registrar.
//
// Every function is called on a fiber unless it says otherwise. Misuse breaks a KRN rule, which
// ends the execution. Behaviour: Windows Driver Kit reference, wdm.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/event.h"
#include "model/kernel/frame.h"
#include "model/kernel/lock_order.h"
#include "model/kernel/object_table.h"
#include "model/kernel/power.h"
#include "sim/core/function_ref.h"
#include "sim/run/execution.h"

namespace nmrcheck::model {

// Answers whether a callback runs at DISPATCH_LEVEL, when its code first depends on it.
class IrqlDecider {
 public:
  // `question` is what open_irql was given. Called on the callback's fiber.
  virtual bool decide_raised(std::uint32_t question) = 0;

 protected:
  ~IrqlDecider() = default;
};

enum class PoolKind : std::uint32_t { kImage, kNonPaged, kPaged };

// A driver's routine with its arguments: `run` knows the routine's real type.
struct Work {
  void (*run)(const Work& work) = nullptr;
  void (*routine)() = nullptr;
  void* arguments[3] = {};
};

class Kernel {
 public:
  static constexpr std::size_t kJudgesMax = 6;  // what a footprint has left
  static constexpr std::size_t kGranule = 8;    // bytes of memory that are one variable
  static constexpr std::size_t kAccessBytesMax = 6 * kGranule;
  static constexpr std::uint32_t kProcessors = 2;
  static constexpr std::uint32_t kPeriodsMax = 2;

  Kernel(sim::Execution& execution, EventSink& sink);

  sim::Execution& execution() const { return execution_; }
  Power& power() { return power_; }
  const Power& power() const { return power_; }
  void emit(Event event) const;  // fills in fiber and place
  // Drops the fiber with what its frames own: the caller's temporaries must have ended before.
  [[noreturn]] void broken(const char* rule, std::string message) const;

  // The place of the call that the driver makes now.
  void set_place(sim::Place place) { at_current().place = place; }
  sim::Place place() const;

  // --- Images and frames ---

  ModuleId load(std::string name);
  // Runs `routine` as the module's unload routine and makes the image dead. Waits for pinned
  // frames.
  void unload(ModuleId module, sim::FunctionRef routine);
  // Runs `routine` as the module's entry routine, which leaves its NTSTATUS in `status`. If that is
  // an error, the image is dead afterwards: its unload routine never runs.
  void enter(ModuleId module, const std::uint32_t& status, sim::FunctionRef routine);
  const Module& module(ModuleId id) const { return modules_[index(id)]; }
  std::uint32_t module_count() const { return static_cast<std::uint32_t>(modules_.size()); }
  // Makes memory of a driver's image its data, alive until unload.
  void adopt_image_data(ModuleId module, void* data, std::size_t bytes);
  // Announces that a constant of the image is read, and checks that the image is alive.
  void touch_image(ModuleId module, const char* action);
  // Data of the image, zeroed, alive until unload: the driver's globals.
  void* image_data(ModuleId module, std::size_t bytes, const char* name);
  // A copy of `bytes` at `data` that belongs to no module; null if the memory is used up.
  void* lend_copy(const void* data, std::size_t bytes);
  // What a step must name that takes a copy back, for null nothing; and the taking back itself, in
  // the step that runs. A later access to the copy is one to freed memory.
  void add_taking_back(sim::Footprint& footprint, const void* copy) const;
  void take_back(const void* copy);

  void push(const Frame& frame);
  void pop();
  const std::vector<Frame>& frames(sim::FiberId fiber) const {
    return fibers_[sim::index(fiber)].frames;
  }
  const std::vector<HeldLock>& held_locks(sim::FiberId fiber) const {
    return fibers_[sim::index(fiber)].locks;
  }
  const LockOrder& lock_order() const { return lock_order_; }
  // The module whose code runs on the current fiber, kNoModule outside of all.
  ModuleId current_module() const;
  // The name of the current fiber. Valid until the next call: like describe_block it is the
  // kernel's, so that an execution that ends inside the caller's expression leaks nothing.
  const std::string& describe_fiber() const;

  // --- Threads ---

  // Starts a system thread of the current module. `name` has static storage.
  sim::FiberId start_thread(const char* name, std::function<void()> body);
  // Waits until the thread has left the module's code.
  void join_thread(sim::FiberId thread);

  // --- IRQL ---

  // The current IRQL; while it is open, the lower of the two. What depends on it asks
  // settled_irql() or requires something, and so settles it.
  std::uint8_t irql() const;
  void set_irql(std::uint8_t irql);
  // KeRaiseIrql, which returns the IRQL before, and KeLowerIrql. Break KRN-IRQL-02.
  std::uint8_t raise_irql(std::uint8_t irql);
  void lower_irql(std::uint8_t irql);
  // Breaks KRN-IRQL-01 when the IRQL is above `highest`.
  void require_irql_at_most(std::uint8_t highest, const char* function);
  // The same below DISPATCH_LEVEL.
  void require_dispatch_level(const char* function);

  // Until close_irql the current fiber runs at its IRQL or at DISPATCH_LEVEL: nobody asked yet. A
  // search then pays for the question only where the answer matters. Calls nest.
  // Requires: set_irql_decider was called.
  void open_irql(std::uint32_t question);
  void close_irql();
  void set_irql_decider(IrqlDecider& decider) { irql_decider_ = &decider; }
  std::uint8_t settled_irql();

  // --- Memory ---

  void* allocate(std::size_t bytes, PoolKind kind, std::uint32_t tag, bool zeroed);
  // `tag` is the allocation's, or 0 where none is said.
  void free(void* memory, const char* function, std::uint32_t tag = 0);
  // Announces an access to driver memory and checks that it is alive when the access happens.
  // `expression` is how the driver's source calls it, for traces; may be null.
  void access(const void* address, bool write, const char* action,
              const char* expression = nullptr);
  // The same for an access of `bytes` bytes from code whose every access is seen; more than
  // kAccessBytesMax are several steps. From the first one on, what shares a granule is one
  // variable.
  void access_bytes(const void* address, std::size_t bytes, bool write, const char* action);
  // A variable outside of simulated memory, which `key` names whoever is the first to touch it.
  void name_variable(const void* address, std::uint64_t key);
  // True if the granule at `address` lies in simulated memory or was named.
  bool is_variable(const void* address);
  // How the driver's source calls the variable, for traces. The first name stays.
  void rename_variable(const void* address, std::string name);
  // Breaks KRN-POOL-07 if the access touches simulated memory, and not inside of one block.
  void require_in_block(const void* address, std::size_t bytes, bool write) const;
  // Announces a use of the memory at `address`, whatever lies there.
  void touch(const void* address, const char* action);
  // From now on whether the block at `address` may be freed depends on `judge`: a free of the block
  // reads it. At most kJudgesMax objects judge a block; those that come later are not heeded.
  void judge_frees(const void* address, sim::ObjectId judge);
  // From now until unwatch a read of the variable at `address` is told as kUnsetHandleRead.
  void watch(const void* address);
  void unwatch(const void* address);
  // For what was just read at `address`: tells if it is memory that nobody has written.
  void check_written(const void* address, std::size_t bytes, const char* action);
  // True if all of these bytes, 4 at least, are in a block and as allocation left them.
  bool looks_fresh(const void* address, std::size_t bytes) const;
  // The innermost attach callback in which the block was allocated, or null.
  const Frame* attach_of_block(std::uint32_t block) const;
  // Names the variable at `address` in `footprint`, if it lies in memory that fibers may share.
  void add_variable(sim::Footprint& footprint, const void* address, sim::Op op);
  // The block that holds `address`, or nothing.
  std::optional<std::uint32_t> block_of(const void* address) const;
  // A live pool block that the module allocated, or nothing.
  std::optional<std::uint32_t> first_leak(ModuleId module) const;
  // "24 bytes allocated by provider at file:line and freed by …": for messages.
  // Valid until the next call.
  const std::string& describe_block(std::uint32_t block) const;

  // --- Events ---

  void initialize_event(void* event, bool synchronization, bool signaled);
  bool set_event(void* event);
  bool reset_event(void* event);
  bool read_event(const void* event);
  // `timeout` in 100 ns relative to now; nullopt waits for ever; 0 polls.
  std::uint32_t wait_event(void* event, std::optional<std::uint64_t> timeout);
  // The same for any object that can be waited for.
  std::uint32_t wait(void* object, std::optional<std::uint64_t> timeout);
  void sleep(std::uint64_t duration);

  // --- Locks ---

  // The memory becomes a free lock, whatever it was.
  void initialize_lock(void* lock);
  void acquire_lock(void* lock, LockKind kind, bool raise_irql);
  bool try_acquire_lock(void* lock, LockKind kind);
  void release_lock(void* lock, LockKind kind, std::optional<std::uint8_t> restore_irql);

  // --- Regions without APCs ---

  void enter_region(Region region);
  void leave_region(Region region);  // breaks KRN-APC-02 if the fiber is in none
  bool in_region(Region region) const;
  // True if normal kernel APCs are; a mutex that is held disables them too.
  bool apcs_disabled();

  // --- Mutexes and executive resources ---

  void initialize_mutex(void* mutex);
  // Returns how often the caller has acquired the mutex, this release included.
  std::uint32_t release_mutex(void* mutex);
  // The state as KeReadStateMutex has it: 1 if nobody owns the mutex.
  std::int32_t read_mutex(const void* mutex);
  void initialize_resource(void* resource);
  void delete_resource(void* resource);
  // Returns false only without `wait`.
  bool acquire_resource(void* resource, bool exclusive, bool wait);
  void release_resource(void* resource);
  void share_resource(void* resource);  // its exclusive owner becomes one of its sharers
  // How often the current fiber holds the resource; with `exclusive`, only if exclusively.
  std::uint32_t holds_resource(const void* resource, bool exclusive) const;
  // Lookaside lists: a live one must not lie in memory that is freed (KRN-OBJECT-02).
  void initialize_lookaside(void* list);
  void use_lookaside(void* list, const char* function);
  void delete_lookaside(void* list);

  // --- Rundown protection ---

  void initialize_rundown(void* rundown);
  bool acquire_rundown(void* rundown, std::uint64_t count = 1);
  void release_rundown(void* rundown, std::uint64_t count = 1);
  void wait_for_rundown(void* rundown);
  void reinitialize_rundown(void* rundown);
  void complete_rundown(void* rundown);

  // --- Faults ---

  // From now on up to `most` calls of may_fail in this execution say yes. None do by default.
  void allow_faults(std::uint32_t most);
  // Whether `what` fails now: a value choice, whose default is that it does not. How many may still
  // fail is an object that each such call reads and one that fails writes, so that the order of two
  // that do not fail does not matter. Nothing is asked, and no step made, once the limit is 0.
  bool may_fail(const char* what);

  // --- DPCs and timers ---

  // Deferred procedure calls run at DISPATCH_LEVEL, each on a fiber of its own, as code of the
  // module that queued it or set its timer. They do not keep its image.
  // A threaded DPC may run at PASSIVE_LEVEL.
  void initialize_dpc(void* dpc, bool threaded = false);
  void target_dpc(void* dpc, std::uint8_t processor);
  // Returns false if it is queued already.
  bool queue_dpc(void* dpc, const Work& work);
  // Returns true if it was queued; it will not run then.
  bool remove_dpc(void* dpc);
  // Waits for all DPCs that were queued, or whose timer went off, before.
  void flush_dpcs();
  void initialize_timer(void* timer, bool synchronization = false);
  // From now on the timer may go off at any moment, since threads may be late by any time. `work`
  // is its DPC, whose memory the first argument is, or empty. Returns true if it was set already:
  // the due time changes then, which means nothing here. Requires: the DPC is the same then.
  // A periodic timer stays set; it goes off kPeriodsMax times.
  bool set_timer(void* timer, const Work& work, bool periodic = false);
  bool read_timer(const void* timer);  // whether it went off and was not set again
  // Returns true if it was set; it will not go off then.
  bool cancel_timer(void* timer);

  // The processor on which the current fiber runs, below kProcessors: a value choice when it is
  // asked first, or where its DPC was sent.
  std::uint32_t processor();

  // --- Work items ---

  // Runs `work` on a worker fiber of its own. With `pin`, the current module's image cannot be
  // unloaded before it returned.
  // `item` is the driver's memory that queues it, neither freed nor queued again until the routine
  // begins; null if there is none.
  void queue_work(const char* name, bool pin, const Work& work, const void* item = nullptr);

 private:
  struct OpenIrql {
    std::uint32_t question = 0;
    bool decided = false;
    bool raised = false;
    std::uint8_t before = kPassiveLevel;
  };

  struct DpcTraits {
    bool threaded = false;
    std::uint8_t processor = kAnyProcessor;
  };

  // A DPC, or a timer that may go off.
  struct Deferred {
    const void* address = nullptr;
    sim::Footprint take;      // its first operation is on the object's state
    std::uint64_t taken = 0;  // bits of the state of which one says that it is queued or set
    ModuleId module = kNoModule;
    Work work;
    DpcTraits traits;
  };

  struct FiberState {
    std::vector<Frame> frames;
    std::vector<HeldLock> locks;
    std::uint8_t irql = kPassiveLevel;
    std::vector<OpenIrql> open_irqls;  // innermost last
    std::uint32_t critical_regions = 0;
    std::uint32_t guarded_regions = 0;
    std::uint8_t processor = kAnyProcessor;
    sim::ObjectId time = sim::kNoObject;  // what the fiber waits for when it sleeps
    sim::Place place;
  };

  FiberState& at_current();
  const FiberState& at_current() const;
  void run_in_module(const Frame& frame, sim::Operation last, sim::FunctionRef body);
  void discard_image(ModuleId module);
  void before_wait(const char* function);
  void may_wait(std::optional<std::uint64_t> timeout);
  std::uint32_t wait_until(void* object, const sim::Footprint& footprint, std::uint64_t timeout);
  std::uint32_t wait_mutex(void* mutex, std::optional<std::uint64_t> timeout);
  std::uint32_t wait_timer(void* timer, std::optional<std::uint64_t> timeout);
  void require_apcs_disabled(const char* function);
  void check_return(const Frame& frame);
  void mark_queued(const void* item, const sim::Operation& pin);
  HeldLock* held(sim::ObjectId object);
  HeldLock& must_hold(const void* lock, ObjectType type, const char* function);
  void hold(const void* lock, LockKind kind, bool waited);
  void drop(sim::ObjectId object);
  void begin_life(const void* object, ObjectType type, const char* function);
  void end_life(const void* object);
  void check_lives_ended(std::uint32_t block);
  void check_paged(std::optional<std::uint32_t> block, const void* address, const char* action);
  void check_first_initialization(const void* address, const char* function);
  sim::ObjectId dpc_queue();
  [[noreturn]] void out_of_bounds(const void* address, std::size_t bytes, bool write) const;
  const void* variable_at(const void* address) const;
  void check_watched(const void* address, const char* action);
  DpcTraits traits_of(const void* dpc);
  // `times`: how often the timer may go off, this time included.
  void spawn_timer(const Deferred& timer, std::uint32_t times);
  void run_deferred(const Deferred& deferred, sim::ObjectId ended, std::uint32_t times);
  void check_alive(std::optional<std::uint32_t> block, const void* address, const char* action);
  ObjectTable::Entry& replace(ObjectTable::Entry& entry, const void* address, ObjectType type,
                              sim::ObjectState initial);
  void initialize(const void* address, ObjectType type, bool signaled, const char* function);
  std::uint64_t take_over(const void* address, bool signaled, const char* function);
  ObjectTable::Entry& entry_at(const void* address, ObjectType type, const char* function);
  sim::Footprint footprint_of_free(std::uint32_t block) const;
  sim::Footprint footprint_on(const void* address, ObjectType type, sim::Op op,
                              const char* function);
  std::uint64_t step_on(const void* address, ObjectType type, sim::Op op, const char* function);

  sim::Execution& execution_;
  EventSink& sink_;
  Power power_;
  IrqlDecider* irql_decider_ = nullptr;
  ObjectTable objects_;
  std::uintptr_t variable_mask_ = ~std::uintptr_t{0};
  LockOrder lock_order_;
  std::vector<Module> modules_;
  std::vector<FiberState> fibers_;
  std::vector<sim::ObjectId> thread_ends_;                       // indexed by FiberId
  std::vector<std::pair<std::uint32_t, sim::ObjectId>> judges_;  // of blocks' frees
  std::vector<const void*> watched_;
  std::vector<const void*> must_be_deleted_;                     // resources and lookaside lists
  std::vector<std::pair<std::uint32_t, Frame>> made_in_attach_;  // blocks, by the callback
  sim::ObjectId faults_ = sim::kNoObject;                        // made when any are allowed
  std::uint32_t faults_left_ = 0;
  sim::ObjectId dpc_queue_ = sim::kNoObject;  // read by who flushes, written by who adds an end
  std::vector<sim::ObjectId> dpc_ends_;       // of all that were ever queued
  mutable std::string fiber_text_;
  mutable std::string block_text_;
};

// Frame for the duration of a scope.
class FrameScope {
 public:
  FrameScope(Kernel& kernel, const Frame& frame) : kernel_(kernel) { kernel_.push(frame); }
  ~FrameScope() { kernel_.pop(); }
  FrameScope(const FrameScope&) = delete;
  FrameScope& operator=(const FrameScope&) = delete;

 private:
  Kernel& kernel_;
};

}  // namespace nmrcheck::model
