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
#include "model/kernel/object_table.h"
#include "sim/core/function_ref.h"
#include "sim/run/execution.h"

namespace nmrcheck::model {

inline constexpr std::uint8_t kPassiveLevel = 0;
inline constexpr std::uint8_t kApcLevel = 1;
inline constexpr std::uint8_t kDispatchLevel = 2;

inline constexpr std::uint32_t kStatusSuccess = 0;
inline constexpr std::uint32_t kStatusTimeout = 0x102;
inline constexpr std::uint32_t kStatusPending = 0x103;
inline constexpr std::uint32_t kStatusInvalidParameter = 0xC000000Du;
inline constexpr std::uint32_t kStatusInsufficientResources = 0xC000009Au;
inline constexpr std::uint32_t kStatusInvalidDeviceState = 0xC0000184u;
inline constexpr std::uint32_t kStatusNoInterface = 0xC00002B9u;

// Handles, and other values that stand for what drivers cannot look into, lie here.
inline constexpr std::uintptr_t kHandlesBegin = 0xFFFFE00000000000u;
inline constexpr std::uintptr_t kHandlesEnd = 0xFFFFE00200000000u;

constexpr bool nt_success(std::uint32_t status) { return status < 0x80000000u; }

// "STATUS_PENDING", or the number.
std::string status_name(std::uint32_t status);

// What a fiber is inside of, innermost last.
enum class FrameKind : std::uint8_t {
  kModuleCode,  // a thread or routine of the module
  kRegistrar,   // a function of the registrar, called by the module below
  kAttach,      // callbacks, run in the module of their side
  kDetach,
  kCleanup,
  kCall,    // a function of a dispatch table, run in the module that owns it
  kUnload,  // the module's unload routine
  kEntry,   // its entry routine
};

struct Frame {
  FrameKind kind = FrameKind::kModuleCode;
  ModuleId module = kNoModule;  // whose code runs; for kRegistrar the caller's
  BindingId binding = kNoBinding;
  Side side = Side::kClient;
  const char* name = "";
  bool image_pinned = false;  // unloading waits for this frame (an I/O work item)
  // Whoever begins or ends a call of the side that a detach or cleanup callback is about touches
  // it: waiting inside the callback is judged by it.
  sim::ObjectId calls = sim::kNoObject;
  // Filled in by push().
  std::uint8_t irql_before = 0;
  std::uint32_t locks_before = 0;
};

enum class LockKind : std::uint8_t { kSpin, kSpinShared, kPush, kPushShared };

struct HeldLock {
  sim::ObjectId object = sim::kNoObject;
  LockKind kind = LockKind::kSpin;
  std::uint8_t irql_before = kPassiveLevel;
  std::uint32_t frames = 0;  // depth of the frame stack at acquisition
  sim::Place place;
};

// The innermost detach or cleanup callback, which may run at DISPATCH_LEVEL, or null.
const Frame* detach_or_cleanup(const std::vector<Frame>& frames);
// True if it is inside any callback, or inside a call through a dispatch table.
bool in_callback(const std::vector<Frame>& frames);

struct Module {
  std::string name;
  bool unloaded = false;
  sim::ObjectId pins = sim::kNoObject;   // counts I/O work items that keep the image
  sim::ObjectId image = sim::kNoObject;  // read by code that leaves it, written by unload
};

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

  Kernel(sim::Execution& execution, EventSink& sink);

  sim::Execution& execution() const { return execution_; }
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
  void free(void* memory, const char* function);
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
  void rename_variable(const void* address, const char* name);
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
  void sleep(std::uint64_t duration);

  // --- Locks ---

  // The memory becomes a free lock, whatever it was.
  void initialize_lock(void* lock);
  void acquire_lock(void* lock, LockKind kind, bool raise_irql);
  bool try_acquire_lock(void* lock, LockKind kind);
  void release_lock(void* lock, LockKind kind, std::optional<std::uint8_t> restore_irql);
  void enter_critical_region(int change);

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
  void initialize_dpc(void* dpc);
  // Returns false if it is queued already.
  bool queue_dpc(void* dpc, const Work& work);
  // Returns true if it was queued; it will not run then.
  bool remove_dpc(void* dpc);
  // Waits for all DPCs that were queued, or whose timer went off, before.
  void flush_dpcs();
  void initialize_timer(void* timer);
  // From now on the timer may go off at any moment, since threads may be late by any time. `work`
  // is its DPC, whose memory the first argument is, or empty. Returns true if it was set already:
  // the due time changes then, which means nothing here. Requires: the DPC is the same then.
  bool set_timer(void* timer, const Work& work);
  // Returns true if it was set; it will not go off then.
  bool cancel_timer(void* timer);

  // --- Work items ---

  // Runs `work` on a worker fiber of its own. With `pin`, the current module's image cannot be
  // unloaded before it returned.
  void queue_work(const char* name, bool pin, const Work& work);

 private:
  struct OpenIrql {
    std::uint32_t question = 0;
    bool decided = false;
    bool raised = false;
    std::uint8_t before = kPassiveLevel;
  };

  struct FiberState {
    std::vector<Frame> frames;
    std::vector<HeldLock> locks;
    std::uint8_t irql = kPassiveLevel;
    std::vector<OpenIrql> open_irqls;  // innermost last
    int critical_regions = 0;
    sim::ObjectId time = sim::kNoObject;  // what the fiber waits for when it sleeps
    sim::Place place;
  };

  FiberState& at_current();
  const FiberState& at_current() const;
  void run_in_module(const Frame& frame, sim::Operation last, sim::FunctionRef body);
  void discard_image(ModuleId module);
  void before_wait(const char* function);
  void check_paged(std::optional<std::uint32_t> block, const void* address, const char* action);
  void check_first_initialization(const void* address, const char* function);
  sim::ObjectId dpc_queue();
  void run_deferred(const void* address, sim::Footprint take, sim::ObjectId ended, ModuleId module,
                    const Work& work);
  void check_watched(const void* address, const char* action);
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
  IrqlDecider* irql_decider_ = nullptr;
  ObjectTable objects_;
  std::uintptr_t variable_mask_ = ~std::uintptr_t{0};
  std::vector<Module> modules_;
  std::vector<FiberState> fibers_;
  std::vector<sim::ObjectId> thread_ends_;                       // indexed by FiberId
  std::vector<std::pair<std::uint32_t, sim::ObjectId>> judges_;  // of blocks' frees
  std::vector<const void*> watched_;
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
