// Pool memory, image data, and accesses to both.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "model/kernel/kernel.h"
#include "sim/core/rng.h"

namespace nmrcheck::model {
namespace {

std::string describe_place(sim::Place place) {
  return place.file == nullptr ? "" : fmt::format(" at {}:{}", place.file, place.line);
}

}  // namespace

std::optional<std::uint32_t> Kernel::block_of(const void* address) const {
  return execution_.heap().find(address);
}

void* Kernel::allocate(std::size_t bytes, PoolKind kind, std::uint32_t tag, bool zeroed) {
  if (kind == PoolKind::kPaged) {
    before_wait("allocating paged pool");
    require_irql_at_most(kApcLevel, "allocating paged pool");
  }
  const sim::ObjectId lifetime = execution_.create("memory");
  sim::Heap& heap = execution_.heap();
  const auto index = heap.allocate(bytes, execution_.key_of(lifetime),
                                   {execution_.current(), execution_.steps(), place()});
  if (!index) return nullptr;
  sim::HeapBlock& block = heap.block(*index);
  block.kind = static_cast<std::uint32_t>(kind);
  block.tag = tag;
  block.owner = model::index(current_module());
  block.lifetime = lifetime;
  if (zeroed) std::memset(block.address, 0, bytes);
  for (const Frame& frame : at_current().frames) {
    if (frame.kind == FrameKind::kAttach) made_in_attach_.emplace_back(*index, frame);
  }
  return block.address;
}

void* Kernel::image_data(ModuleId module, std::size_t bytes, const char* name) {
  void* data = allocate(bytes, PoolKind::kImage, 0, true);
  if (data == nullptr) return nullptr;
  sim::HeapBlock& block = execution_.heap().block(*block_of(data));
  block.owner = index(module);
  block.lifetime = modules_[index(module)].image;  // it lives and dies with the image
  block.name = name;
  return data;
}

void Kernel::adopt_image_data(ModuleId module, void* data, std::size_t bytes) {
  variable_mask_ = ~std::uintptr_t{kGranule - 1};
  sim::Heap& heap = execution_.heap();
  const std::uint32_t index =
      heap.adopt(data, bytes, execution_.key_of(execution_.create("image data")),
                 {execution_.current(), execution_.steps(), place()});
  sim::HeapBlock& block = heap.block(index);
  block.kind = static_cast<std::uint32_t>(PoolKind::kImage);
  block.owner = model::index(module);
  block.lifetime = modules_[model::index(module)].image;
  block.name = "globals";
}

void Kernel::touch_image(ModuleId module, const char* action) {
  const Module& touched = modules_[model::index(module)];
  execution_.step({{touched.image, sim::Op::kRead}}, action, place());
  if (!touched.unloaded) return;
  std::string message = fmt::format("{} on {} touches a constant of {}, which is unloaded", action,
                                    describe_fiber(), touched.name);
  broken("KRN-IMAGE-01", std::move(message));
}

void* Kernel::lend_copy(const void* data, std::size_t bytes) {
  void* copy = allocate(bytes, PoolKind::kNonPaged, 0, false);
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, data, bytes);
  execution_.heap().block(*block_of(copy)).owner = index(kNoModule);
  return copy;
}

void Kernel::add_taking_back(sim::Footprint& footprint, const void* copy) const {
  if (copy == nullptr) return;
  footprint.add({execution_.heap().block(*block_of(copy)).lifetime, sim::Op::kUpdate});
}

void Kernel::take_back(const void* copy) {
  if (copy == nullptr) return;
  execution_.heap().free(*block_of(copy), {execution_.current(), execution_.steps(), place()});
}

// Whether a free is right depends on who judges it; whether the owner leaks, on the unload.
sim::Footprint Kernel::footprint_of_free(std::uint32_t index) const {
  const sim::HeapBlock& block = execution_.heap().block(index);
  sim::Footprint footprint{{block.lifetime, sim::Op::kUpdate}};
  if (block.owner < modules_.size()) footprint.add({modules_[block.owner].image, sim::Op::kRead});
  std::size_t judges = 0;
  for (const auto& [judged, judge] : judges_) {
    if (judged == index && judges++ < kJudgesMax) footprint.add({judge, sim::Op::kRead});
  }
  return footprint;
}

void Kernel::judge_frees(const void* address, sim::ObjectId judge) {
  const std::optional<std::uint32_t> block = block_of(address);
  if (!block) return;
  const std::pair entry{*block, judge};
  if (std::find(judges_.begin(), judges_.end(), entry) == judges_.end()) judges_.push_back(entry);
}

void Kernel::free(void* memory, const char* function, std::uint32_t tag) {
  const std::optional<std::uint32_t> found = block_of(memory);
  const bool pool =
      found && execution_.heap().block(*found).kind != static_cast<std::uint32_t>(PoolKind::kImage);
  if (!pool || execution_.heap().block(*found).address != memory) {
    std::string message = fmt::format("{} of a pointer that no allocation returned, on {}",
                                      function, describe_fiber());
    broken("KRN-POOL-02", std::move(message));
  }
  execution_.step(footprint_of_free(*found), function, place());
  emit({.kind = EventKind::kMemoryFreed, .block = *found, .pointer = memory, .name = function});
  if (!execution_.heap().block(*found).live) {
    std::string message = fmt::format("second free of {}", describe_block(*found));
    broken("KRN-POOL-02", std::move(message));
  }
  const std::uint32_t allocated = execution_.heap().block(*found).tag;
  if (tag != 0 && tag != allocated) {
    std::string message = fmt::format("{} with tag 0x{:08X} of memory that has tag 0x{:08X}: {}",
                                      function, tag, allocated, describe_block(*found));
    broken("KRN-POOL-05", std::move(message));
  }
  const ObjectTable::Entry& entry = objects_.at(memory);
  if (entry.type == ObjectType::kWorkItem && execution_.state(entry.object).a != 0) {
    std::string message = fmt::format("{} on {} of a work item that is queued: {}", function,
                                      describe_fiber(), describe_block(*found));
    broken("KRN-WORK-01", std::move(message));
  }
  check_lives_ended(*found);
  execution_.heap().free(*found, {execution_.current(), execution_.steps(), place()});
}

void Kernel::add_variable(sim::Footprint& footprint, const void* address, sim::Op op) {
  if (!block_of(address)) return;
  const sim::ObjectId object =
      entry_at(variable_at(address), ObjectType::kVariable, "name a variable").object;
  const bool named = std::any_of(footprint.begin(), footprint.end(), [&](const auto& operation) {
    return operation.object == object && operation.op == op;
  });
  if (!named) footprint.add({object, op, 0, 0});  // two may share a granule
}

void Kernel::watch(const void* address) { watched_.push_back(address); }

void Kernel::unwatch(const void* address) { std::erase(watched_, address); }

bool Kernel::looks_fresh(const void* address, std::size_t bytes) const {
  constexpr std::size_t kBytesMin = 4;  // fewer may hold the pattern by chance
  if (bytes < kBytesMin || !block_of(address)) return false;
  const auto* first = static_cast<const unsigned char*>(address);
  return std::all_of(first, first + bytes, [](auto b) { return b == sim::Heap::kFreshByte; });
}

void Kernel::check_written(const void* address, std::size_t bytes, const char* action) {
  if (!looks_fresh(address, bytes)) return;
  emit({.kind = EventKind::kUsedUninitialized,
        .module = current_module(),
        .block = *block_of(address),
        .pointer = address,
        .name = action});
}

const Frame* Kernel::attach_of_block(std::uint32_t block) const {
  const Frame* found = nullptr;
  for (const auto& [made, frame] : made_in_attach_) {
    if (made == block) found = &frame;
  }
  return found;
}

void Kernel::check_paged(std::optional<std::uint32_t> block, const void* address,
                         const char* action) {
  if (!block) return;
  const std::uint32_t kind = execution_.heap().block(*block).kind;
  if (kind != static_cast<std::uint32_t>(PoolKind::kPaged)) return;
  if (irql() < kDispatchLevel && detach_or_cleanup(at_current().frames) == nullptr) return;
  emit({.kind = EventKind::kPagedMemoryTouched,
        .module = current_module(),
        .block = *block,
        .pointer = address,
        .name = action});
}

void Kernel::access(const void* accessed, bool write, const char* action, const char* expression) {
  const auto value = reinterpret_cast<std::uintptr_t>(accessed);
  const void* address = variable_at(accessed);
  if (value >= kHandlesBegin && value < kHandlesEnd) {
    emit({.kind = EventKind::kHandleDereferenced,
          .module = current_module(),
          .pointer = address,
          .name = action});
  }
  if (execution_.traced() && expression != nullptr) {
    // The first name stays: others may be on their way to the same variable under another one.
    const sim::ObjectId object = entry_at(address, ObjectType::kVariable, action).object;
    if (execution_.specific_name_of(object) == nullptr) execution_.rename(object, expression);
  }
  step_on(address, ObjectType::kVariable, write ? sim::Op::kUpdate : sim::Op::kRead, action);
  if (!write) check_watched(accessed, action);
}

void Kernel::check_watched(const void* address, const char* action) {
  if (std::find(watched_.begin(), watched_.end(), address) == watched_.end()) return;
  emit({.kind = EventKind::kUnsetHandleRead,
        .module = current_module(),
        .pointer = address,
        .name = action});
}

void Kernel::access_bytes(const void* address, std::size_t bytes, bool write, const char* action) {
  auto at = reinterpret_cast<std::uintptr_t>(address);
  const std::uintptr_t end = at + bytes;
  const std::optional<std::uint32_t> block = block_of(address);
  const sim::Op op = write ? sim::Op::kUpdate : sim::Op::kRead;
  while (at < end) {
    const std::uintptr_t first = at & variable_mask_;
    const std::uintptr_t next = std::min(end, first + kAccessBytesMax);
    sim::Footprint footprint;
    for (std::uintptr_t variable = first; variable < next; variable += kGranule) {
      const auto* name = reinterpret_cast<const void*>(variable);
      footprint.add({entry_at(name, ObjectType::kVariable, action).object, op});
    }
    if (block) footprint.add({execution_.heap().block(*block).lifetime, sim::Op::kRead});
    execution_.step(footprint, action, place());
    check_alive(block, reinterpret_cast<const void*>(at), action);
    at = next;
  }
  if (!write) check_watched(address, action);
}

void Kernel::require_in_block(const void* address, std::size_t bytes, bool write) const {
  const std::optional<std::uint32_t> block = block_of(address);
  const char* last = static_cast<const char*>(address) + bytes - 1;
  const bool inside = block && execution_.heap().block(*block).contains(last);
  if (!inside && (block || execution_.heap().in_arena(address))) {
    out_of_bounds(address, bytes, write);
  }
}

void Kernel::out_of_bounds(const void* address, std::size_t bytes, bool write) const {
  std::string message =
      fmt::format("{} {} {} bytes ", describe_fiber(), write ? "writes" : "reads", bytes);
  // The block that ends before the address, or that the access starts in.
  const auto* byte = static_cast<const char*>(address);
  for (std::uint32_t i = execution_.heap().size(); i-- > 0;) {
    const sim::HeapBlock& block = execution_.heap().block(i);
    const char* end = block.address + block.bytes + 2 * sim::Heap::kGranule;
    if (byte < block.address || byte >= end) continue;
    message += fmt::format("at offset {} of {}", byte - block.address, describe_block(i));
    break;
  }
  broken("KRN-POOL-07", std::move(message));
}

void Kernel::name_variable(const void* address, std::uint64_t key) {
  ObjectTable::Entry& entry = objects_.at(address);
  if (entry.type != ObjectType::kNone) return;
  entry.object = execution_.create("variable", {}, key);
  entry.type = ObjectType::kVariable;
}

const void* Kernel::variable_at(const void* address) const {
  return reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(address) & variable_mask_);
}

bool Kernel::is_variable(const void* address) {
  return block_of(address) || objects_.at(variable_at(address)).type != ObjectType::kNone;
}

void Kernel::rename_variable(const void* address, std::string name) {
  const sim::ObjectId object =
      entry_at(variable_at(address), ObjectType::kVariable, "access").object;
  if (execution_.specific_name_of(object) == nullptr) execution_.rename(object, std::move(name));
}

void Kernel::touch(const void* address, const char* action) {
  const std::optional<std::uint32_t> block = block_of(address);
  if (!block) return;
  execution_.step({{execution_.heap().block(*block).lifetime, sim::Op::kRead}}, action, place());
  check_alive(block, address, action);
}

void Kernel::check_alive(std::optional<std::uint32_t> block, const void* address,
                         const char* action) {
  if (!block) return;
  if (execution_.heap().block(*block).live) return check_paged(block, address, action);
  emit({.kind = EventKind::kFreedMemoryTouched,
        .module = current_module(),
        .block = *block,
        .pointer = address,
        .name = action});
  const bool image =
      execution_.heap().block(*block).kind == static_cast<std::uint32_t>(PoolKind::kImage);
  std::string message =
      fmt::format("{} on {} touches {}", action, describe_fiber(), describe_block(*block));
  broken(image ? "KRN-IMAGE-01" : "KRN-POOL-01", std::move(message));
}

std::optional<std::uint32_t> Kernel::first_leak(ModuleId module) const {
  const sim::Heap& heap = execution_.heap();
  for (std::uint32_t i = 0; i < heap.size(); ++i) {
    const sim::HeapBlock& block = heap.block(i);
    const bool pool = block.kind != static_cast<std::uint32_t>(PoolKind::kImage);
    if (pool && block.live && block.owner == index(module)) return i;
  }
  return std::nullopt;
}

const std::string& Kernel::describe_block(std::uint32_t index) const {
  const sim::HeapBlock& block = execution_.heap().block(index);
  const bool owned = block.owner < modules_.size();
  std::string& text = block_text_;
  text = fmt::format("{} bytes", block.bytes);
  if (owned) text += fmt::format(" of {}", modules_[block.owner].name);
  text += fmt::format(", allocated by {}{}", execution_.name_of(block.allocated.fiber),
                      describe_place(block.allocated.place));
  if (!block.live) {
    text += fmt::format(", freed in step {} by {}{}", block.freed.step,
                        execution_.name_of(block.freed.fiber), describe_place(block.freed.place));
  }
  return text;
}

}  // namespace nmrcheck::model
