// What a driver's own code does, seen through the compiler's instrumentation: each access to memory
// is checked, made a step where fibers may conflict, and told to the detector of data races; each
// call is noted, so that a verdict can say where the driver was.
//
// Sound for a complete search: code that runs between two steps touches nothing that another fiber
// can reach but what it has announced. Only two kinds of accesses are no steps: those to a block
// that the fiber allocated in the very step it is in, for nobody else can run before the next one,
// and those to its own stack (what another fiber touches there is a step of that fiber).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/driver/image.h"
#include "model/image/call_stacks.h"
#include "model/image/races.h"
#include "model/image/symbols.h"
#include "model/world.h"
#include "sim/run/execution.h"

namespace nmrcheck::model {

// How the source asks for an access. Volatile and atomic ones are made to be unordered: two of them
// do not race.
enum class AccessKind : std::uint8_t { kPlain, kVolatile, kAtomic };

// The images that one OS thread has mapped, with what is known of their code: lives as long as the
// thread, since mapping is slow and addresses in traces must stay valid.
class ImageLibrary;
struct MappedImage;

// The images of one execution.
class Images final : public sim::StepObserver, public CallStackSource {
 public:
  explicit Images(World& world);

  // Loads the shared object at `path` as the image of a driver called `name`: its data is as when
  // it was mapped. Called on a fiber. Throws std::runtime_error if it cannot be mapped.
  ModuleId load(const std::string& path, const std::string& name);
  // What the image of `module` exports as `symbol`, or null.
  void* find(ModuleId module, const char* symbol) const;

  // From now on images are mapped where they lie, for debuggers; see Image.
  static void map_in_place();

  // --- What instrumented code tells, on the fiber that runs it. `code` is the address that the
  // --- call of the instrumentation returns to.

  // It is about to access the memory.
  void access(const void* address, std::size_t bytes, bool write, AccessKind kind,
              std::uintptr_t code);
  // An Interlocked function, whose step was just made, accessed the memory.
  void note_atomic(const void* address, std::size_t bytes, bool write, std::uintptr_t code);
  // It entered a function, whose caller continues at `caller`.
  // `argument` is what was passed first, if that is known.
  void enter_function(std::uintptr_t caller, std::uintptr_t code, const void* argument);
  void leave_function();
  // It is there now, about to call a function of the WDK. Does nothing if `code` is no image's.
  void reach(std::uintptr_t code);

  void on_step(sim::FiberId fiber, const sim::Footprint& footprint,
               std::span<const sim::Access> made) override;
  void on_spawn(sim::FiberId parent, sim::FiberId child) override;

  void add_to(std::string& message) const override;
  // Where the current fiber's driver code was last seen.
  sim::Place place() const;

 private:
  struct Loaded {
    MappedImage* mapped = nullptr;
    ModuleId module = kNoModule;
  };
  struct FiberState {
    struct Call {
      StackId outer = kNoStack;
      std::uintptr_t outer_code = 0;  // where the code outside of it was last seen
      bool from_driver = false;       // which called it; or the WDK did
      bool into_peer = false;
    };
    std::vector<Call> calls;
    StackId stack = kNoStack;
    std::uintptr_t code = 0;     // where it was last seen
    std::uintptr_t outside = 0;  // the same without the callback that just returned, if one did
    bool plain = false;          // the step that it makes is no synchronization
  };

  const Loaded* image_at(std::uintptr_t code) const;
  sim::Place place_of(std::uintptr_t code) const;
  void check_image_alive(std::uintptr_t code);
  bool on_own_stack(std::uintptr_t address) const;
  void name_foreign_stack(std::uintptr_t address, std::size_t bytes);
  void check_written(const void* address, std::size_t bytes);
  void check_race(const MemoryAccess& access);
  std::string describe_stack(StackId stack, std::uintptr_t code) const;
  void rename(const void* address);
  FiberState& at_current();
  const FiberState& at_current() const;

  World& world_;
  sim::Execution& execution_;
  Kernel& kernel_;
  ImageLibrary& library_;
  std::vector<Loaded> loaded_;
  std::vector<FiberState> fibers_;
};

// The images of the execution that runs on this OS thread, or null outside of one. What the hooks
// act on; set by whoever runs the program.
Images* current_images();
void set_current_images(Images* images);

}  // namespace nmrcheck::model
