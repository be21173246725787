// Checking accesses, and following calls.
#include "model/driver/images.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <stdexcept>

#include "sim/core/rng.h"

namespace nmrcheck::model {
namespace {

constexpr std::uintptr_t kNullPageBytes = 0x10000;  // never mapped on Windows
constexpr std::size_t kFramesShownMax = 8;

bool map_images_in_place = false;

const char* action_of(bool write, AccessKind kind) {
  if (kind == AccessKind::kAtomic) return write ? "atomic write" : "atomic read";
  return write ? "write" : "read";
}

}  // namespace

struct MappedImage {
  explicit MappedImage(const std::string& path) : image(path, map_images_in_place), symbols(path) {}
  Image image;
  Symbols symbols;
};

class ImageLibrary {
 public:
  MappedImage& at(const std::string& path) {
    std::unique_ptr<MappedImage>& found = mapped_[path];
    if (found == nullptr) found = std::make_unique<MappedImage>(path);
    return *found;
  }

  // Where the instruction before `code` is, in the file that is mapped at `base`.
  Location location(MappedImage& mapped, std::uintptr_t code) {
    return mapped.symbols.at(code - 1 - mapped.image.base());
  }

  // A cache for place_of, one entry for a code address.
  struct Place {
    std::uintptr_t code = 0;
    sim::Place place;
  };
  Place& cached(std::uintptr_t code) { return places_[code % places_.size()]; }

  CallStacks stacks;
  RaceDetector races;

 private:
  std::map<std::string, std::unique_ptr<MappedImage>> mapped_;
  std::array<Place, 4096> places_;
};

namespace {

ImageLibrary& library_of_this_thread() {
  thread_local ImageLibrary library;
  return library;
}

}  // namespace

Images::Images(World& world)
    : world_(world),
      execution_(world.execution()),
      kernel_(world.kernel()),
      library_(library_of_this_thread()),
      fibers_(sim::kFibersMax) {
  library_.races.reset();
  if (library_.stacks.size() > CallStacks::kStacksMax / 2) library_.stacks.reset();
  world_.set_call_stacks(this);
  execution_.observe_steps(*this);
}

void Images::map_in_place() { map_images_in_place = true; }

ModuleId Images::load(const std::string& path, const std::string& name) {
  MappedImage& mapped = library_.at(path);
  for (const Loaded& other : loaded_) {
    if (other.mapped == &mapped) {
      throw std::runtime_error("driver image " + path + " is loaded twice in one execution");
    }
  }
  mapped.image.restore();
  const ModuleId module = kernel_.load(name);
  for (const AddressRange& range : mapped.image.data()) {
    kernel_.adopt_image_data(module, reinterpret_cast<void*>(range.begin), range.size());
  }
  loaded_.push_back({&mapped, module});
  return module;
}

void* Images::find(ModuleId module, const char* symbol) const {
  for (const Loaded& image : loaded_) {
    if (image.module == module) return image.mapped->image.find(symbol);
  }
  return nullptr;
}

Images::FiberState& Images::at_current() { return fibers_[sim::index(execution_.current())]; }
const Images::FiberState& Images::at_current() const {
  return fibers_[sim::index(execution_.current())];
}

const Images::Loaded* Images::image_at(std::uintptr_t code) const {
  for (const Loaded& image : loaded_) {
    if (image.mapped->image.code().contains(code)) return &image;
  }
  return nullptr;
}

sim::Place Images::place_of(std::uintptr_t code) const {
  ImageLibrary::Place& cached = library_.cached(code);
  if (cached.code == code) return cached.place;
  cached.code = code;
  cached.place = {};
  if (const Loaded* image = image_at(code)) {
    const Location location = library_.location(*image->mapped, code);
    cached.place = {file_name(location.file), location.line};
  }
  return cached.place;
}

sim::Place Images::place() const {
  return execution_.on_fiber() ? place_of(at_current().code) : sim::Place{};
}

void Images::check_image_alive(std::uintptr_t code) {
  const Loaded* image = image_at(code);
  if (image == nullptr || !kernel_.module(image->module).unloaded) return;
  kernel_.set_place(place_of(code));
  std::string message = fmt::format("{} runs code of {}, which is unloaded",
                                    kernel_.describe_fiber(), kernel_.module(image->module).name);
  kernel_.broken("KRN-IMAGE-02", std::move(message));
}

bool Images::on_own_stack(std::uintptr_t address) const {
  const sim::FiberPool::Stack stack = execution_.stack(execution_.current());
  const auto lowest = reinterpret_cast<std::uintptr_t>(stack.lowest);
  return address - lowest < stack.bytes;
}

// Variables on another fiber's stack get names by their place there.
void Images::name_foreign_stack(std::uintptr_t address, std::size_t bytes) {
  for (std::uint32_t i = 0; i < execution_.fiber_count(); ++i) {
    const sim::FiberPool::Stack stack = execution_.stack(sim::FiberId{i});
    const auto lowest = reinterpret_cast<std::uintptr_t>(stack.lowest);
    if (address - lowest >= stack.bytes) continue;
    const std::uint64_t owner = execution_.key_of(sim::FiberId{i});
    for (std::uintptr_t at = address & ~std::uintptr_t{Kernel::kGranule - 1}; at < address + bytes;
         at += Kernel::kGranule) {
      kernel_.name_variable(reinterpret_cast<void*>(at),
                            sim::mix64(owner ^ sim::mix64(lowest + stack.bytes - at)));
    }
  }
}

void Images::access(const void* address, std::size_t bytes, bool write, AccessKind kind,
                    std::uintptr_t code) {
  if (!execution_.on_fiber() || bytes == 0) return;
  const auto first = reinterpret_cast<std::uintptr_t>(address);
  if (on_own_stack(first)) return;
  FiberState& self = at_current();
  self.code = code;
  self.outside = 0;
  kernel_.set_place(place_of(code));
  if (first < kNullPageBytes) {
    std::string message = fmt::format("{} {} at NULL + {:#x}", kernel_.describe_fiber(),
                                      write ? "writes" : "reads", first);
    kernel_.broken(sim::kCrash, std::move(message));
  }
  check_image_alive(code);
  const sim::Heap& heap = execution_.heap();
  const std::optional<std::uint32_t> found = kernel_.block_of(address);
  kernel_.require_in_block(address, bytes, write);
  if (found) {
    const sim::HeapBlock& block = heap.block(*found);
    const bool fresh = block.live && block.allocated.fiber == execution_.current() &&
                       block.allocated.step == execution_.steps();
    if (fresh) {
      if (!write) check_written(address, bytes);
      return;
    }
  } else {
    // Constants: another image's may be gone, the own one's not, while its code runs.
    for (const Loaded& image : loaded_) {
      if (!image.mapped->image.whole().contains(first)) continue;
      if (&image != image_at(code)) kernel_.touch_image(image.module, action_of(write, kind));
      return;
    }
    name_foreign_stack(first, bytes);
    if (!kernel_.is_variable(address)) return;  // what is not the driver's
  }
  if (execution_.traced()) rename(address);
  self.plain = kind == AccessKind::kPlain;
  kernel_.access_bytes(address, bytes, write, action_of(write, kind));
  self.plain = false;
  if (!write) check_written(address, bytes);
  if (found) {
    check_race({execution_.current(), first, static_cast<std::uint32_t>(bytes), write,
                kind != AccessKind::kPlain, self.stack, code, execution_.steps()});
  }
}

void Images::note_atomic(const void* address, std::size_t bytes, bool write, std::uintptr_t code) {
  if (!execution_.on_fiber() || !kernel_.block_of(address)) return;
  check_race({execution_.current(), reinterpret_cast<std::uintptr_t>(address),
              static_cast<std::uint32_t>(bytes), write, true, at_current().stack, code,
              execution_.steps()});
}

// For pictures: globals by their names, pool memory by its place in the block.
void Images::rename(const void* address) {
  const std::optional<std::uint32_t> found = kernel_.block_of(address);
  if (!found) return;
  const sim::HeapBlock& block = execution_.heap().block(*found);
  if (block.kind != static_cast<std::uint32_t>(PoolKind::kImage)) {
    std::string name;
    for (std::uint32_t tag = block.tag; tag != 0; tag >>= 8u) name += static_cast<char>(tag);
    if (name.empty()) return;
    const auto offset = static_cast<const char*>(address) - block.address;
    return kernel_.rename_variable(address, fmt::format("{}+{}", name, offset));
  }
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  for (const Loaded& image : loaded_) {
    if (index(image.module) != block.owner) continue;
    const auto variable = image.mapped->symbols.variable(at - image.mapped->image.base());
    if (variable) kernel_.rename_variable(address, variable->function);
  }
}

// Pool memory that holds what allocation left there. A hint: a copy of a structure may read members
// that nobody uses.
void Images::check_written(const void* address, std::size_t bytes) {
  constexpr std::size_t kScalarBytesMax = 8;
  kernel_.check_written(address, bytes, "read");
  if (bytes > kScalarBytesMax || !kernel_.looks_fresh(address, bytes)) return;
  std::string message =
      fmt::format("{} reads {} bytes that nobody has written, of {}", kernel_.describe_fiber(),
                  bytes, kernel_.describe_block(*kernel_.block_of(address)));
  add_to(message);
  execution_.hint({"KRN-POOL-06", sim::Severity::kS6, std::move(message), 0, kernel_.place()});
}

void Images::check_race(const MemoryAccess& access) {
  const MemoryAccess* earlier = library_.races.access(access);
  if (library_.races.full()) {
    kernel_.broken(sim::kStepLimit,
                   "the driver accesses more memory than the detector of data races can follow");
  }
  if (earlier == nullptr) return;
  const auto what = [](const MemoryAccess& side) {
    return fmt::format("{}{} of {} bytes", side.atomic ? "atomic or volatile " : "",
                       side.write ? "write" : "read", side.bytes);
  };
  std::string message =
      fmt::format("{} of {} is not ordered with the earlier {} by {} in step {}, {}", what(access),
                  kernel_.describe_fiber(), what(*earlier), execution_.name_of(earlier->fiber),
                  earlier->step, describe_stack(earlier->stack, earlier->code));
  const std::optional<std::uint32_t> block =
      kernel_.block_of(reinterpret_cast<const void*>(access.address));
  if (block) message += fmt::format("; the memory is {}", kernel_.describe_block(*block));
  kernel_.broken("KRN-RACE-01", std::move(message));
}

void Images::enter_function(std::uintptr_t caller, std::uintptr_t code, const void* argument) {
  if (!execution_.on_fiber()) return;
  FiberState& self = at_current();
  const bool from_driver = image_at(caller) != nullptr;
  const std::uintptr_t outer_code =
      from_driver ? caller : (self.outside != 0 ? self.outside : self.code);
  self.code = code;
  self.outside = 0;
  const StackId outer = self.stack;
  self.stack = library_.stacks.enter(outer, caller);
  check_image_alive(code);
  bool into_peer = false;
  const Loaded* image = image_at(code);
  const ModuleId from = kernel_.current_module();
  if (image != nullptr && from != kNoModule && from != image->module) {
    kernel_.set_place(place_of(caller));
    const char* name = library_.location(*image->mapped, code).function;
    into_peer = true;
    world_.registrar().begin_direct_call(image->module, argument, name);
    check_image_alive(code);
  }
  self.calls.push_back({outer, outer_code, from_driver, into_peer});
}

void Images::leave_function() {
  if (!execution_.on_fiber()) return;
  FiberState& self = at_current();
  if (self.calls.empty()) return;
  const FiberState::Call call = self.calls.back();
  self.calls.pop_back();
  if (call.into_peer) world_.registrar().end_call();
  self.stack = call.outer;
  // What a callback returned is judged where it was last seen.
  if (self.outside != 0) self.code = std::exchange(self.outside, 0);
  (call.from_driver ? self.code : self.outside) = call.outer_code;
}

void Images::reach(std::uintptr_t code) {
  if (!execution_.on_fiber() || image_at(code) == nullptr) return;
  at_current().code = code;
  at_current().outside = 0;
}

// Accesses that are not ordered by the driver are found by comparing them with what is: locks,
// events, queues, atomic accesses, and the registrar's own order.
void Images::on_step(sim::FiberId fiber, const sim::Footprint& footprint,
                     std::span<const sim::Access> made) {
  if (fibers_[sim::index(fiber)].plain) return;
  library_.races.order().step(fiber, footprint, made, [](const sim::Operation&) { return true; });
}

void Images::on_spawn(sim::FiberId parent, sim::FiberId child) {
  fibers_[sim::index(child)] = {};
  library_.races.order().spawned(parent, child);
}

std::string Images::describe_stack(StackId stack, std::uintptr_t code) const {
  std::string text;
  std::size_t shown = 0;
  const auto add = [&](std::uintptr_t address) {
    const Loaded* image = image_at(address);
    if (image == nullptr) return false;
    const Location location = library_.location(*image->mapped, address);
    text += fmt::format("{}{} ({}:{})", shown == 0 ? "in " : " ← ", location.function,
                        location.file == nullptr ? "?" : file_name(location.file), location.line);
    return ++shown < kFramesShownMax;
  };
  if (!add(code)) return text;
  for (; stack != kNoStack; stack = library_.stacks.parent(stack)) {
    if (!add(library_.stacks.return_address(stack))) break;
  }
  return text;
}

void Images::add_to(std::string& message) const {
  const FiberState& self = at_current();
  const std::string own = describe_stack(self.stack, self.code);
  if (!own.empty()) message += "; " + own;
  if (library_.stacks.full()) message += " (calls may be missing: too many stacks to keep)";
  if (!self.calls.empty()) return;
  // Outside of all drivers, as when one has been unloaded, it matters what the others do.
  for (std::uint32_t i = 0; i < execution_.fiber_count(); ++i) {
    const sim::FiberId fiber{i};
    if (fiber == execution_.current() || kernel_.frames(fiber).empty()) continue;
    const FiberState& other = fibers_[i];
    const std::string stack =
        describe_stack(other.stack, other.outside != 0 ? other.outside : other.code);
    if (!stack.empty()) message += fmt::format("; {} is {}", execution_.name_of(fiber), stack);
  }
}

}  // namespace nmrcheck::model
