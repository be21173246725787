// What the WDK headers call: accesses, places, failed assertions.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <fmt/format.h>
#include <nmrcheck.h>

#include <cstddef>
#include <cstring>
#include <exception>
#include <optional>

#include "model/ddk/driver_program.h"

using nmrcheck::model::current_kernel;
using nmrcheck::model::current_world;
using nmrcheck::model::EventKind;
using nmrcheck::model::Record;

namespace {

// Records cross as bytes.
static_assert(sizeof(NMRCHECK_RECORD) == sizeof(Record) &&
              offsetof(NMRCHECK_RECORD, NetLuid) == offsetof(Record, net_luid) &&
              offsetof(NMRCHECK_RECORD, InterfaceGuid) == offsetof(Record, interface_guid) &&
              offsetof(NMRCHECK_RECORD, IfIndex) == offsetof(Record, if_index) &&
              offsetof(NMRCHECK_RECORD, Persistent) == offsetof(Record, flags));

// A driver's pointer may be NULL: that is a fault of its own, which ends its execution. A sanitizer
// would end the process.
#if defined(__GNUC__)
#define NMRCHECK_AS_DRIVER __attribute__((no_sanitize("undefined")))
#else
#define NMRCHECK_AS_DRIVER
#endif

NMRCHECK_AS_DRIVER std::uint64_t load(const volatile void* address, unsigned size) {
  std::uint64_t value = 0;
  std::memcpy(&value, const_cast<const void*>(address), size);
  return value;
}

NMRCHECK_AS_DRIVER void store(volatile void* address, unsigned size, std::uint64_t value) {
  std::memcpy(const_cast<void*>(address), &value, size);
}

std::int64_t sign_extended(std::uint64_t value, unsigned size) {
  const unsigned shift = 64 - 8 * size;
  return static_cast<std::int64_t>(value << shift) >> shift;
}

std::uint64_t combined(nmrcheck_atomic_op op, std::uint64_t old, std::uint64_t operand) {
  switch (op) {
    case NMRCHECK_ATOMIC_ADD:
      return old + operand;
    case NMRCHECK_ATOMIC_AND:
      return old & operand;
    case NMRCHECK_ATOMIC_OR:
      return old | operand;
    case NMRCHECK_ATOMIC_XOR:
      return old ^ operand;
    default:
      return operand;
  }
}

// The step of an atomic access was made: tells the detector of races, if one looks on.
void note_atomic(const volatile void* address, unsigned size, bool write, void* code) {
  nmrcheck::model::Images* images = nmrcheck::model::current_images();
  if (images == nullptr) return;
  images->note_atomic(const_cast<const void*>(address), size, write,
                      reinterpret_cast<std::uintptr_t>(code));
}

[[noreturn]] void failed(std::string message, nmrcheck::sim::Place place) {
  current_world().broken("KRN-ASSERT-01", std::move(message), place);
  std::terminate();  // not reached: the fiber is dropped
}

}  // namespace

extern "C" {

int64_t nmrcheck_atomic(volatile void* address, unsigned size, nmrcheck_atomic_op op,
                        int64_t operand, int64_t comparand, nmrcheck_memory_order) {
  current_kernel().access(const_cast<void*>(address), true, "interlocked");
  note_atomic(address, size, true, __builtin_return_address(0));
  const std::uint64_t old = load(address, size);
  current_kernel().check_written(const_cast<void*>(address), size, "interlocked");
  const std::int64_t result = sign_extended(old, size);
  const bool equal = sign_extended(static_cast<std::uint64_t>(comparand), size) == result;
  if (op == NMRCHECK_ATOMIC_COMPARE_EXCHANGE && !equal) return result;
  store(address, size, combined(op, old, static_cast<std::uint64_t>(operand)));
  return result;
}

uint64_t nmrcheck_load(const volatile void* address, unsigned size, nmrcheck_memory_order) {
  current_kernel().access(const_cast<const void*>(address), false, "read");
  note_atomic(address, size, false, __builtin_return_address(0));
  current_kernel().check_written(const_cast<const void*>(address), size, "read");
  return load(address, size);
}

void nmrcheck_store(volatile void* address, unsigned size, uint64_t value, nmrcheck_memory_order) {
  current_kernel().access(const_cast<void*>(address), true, "write");
  note_atomic(address, size, true, __builtin_return_address(0));
  store(address, size, value);
}

// Memory is sequentially consistent here, so that a fence orders nothing more.
void nmrcheck_fence(nmrcheck_memory_order) {}

void nmrcheck_yield(void) { current_kernel().execution().yield("yield", current_kernel().place()); }

void nmrcheck_place(const char* file, int line) {
  current_kernel().set_place({file, line});
  nmrcheck::model::Images* images = nmrcheck::model::current_images();
  if (images == nullptr) return;
  images->reach(reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)));
}

void nmrcheck_assert_failed(const char* expression, const char* file, int line) {
  std::string message =
      fmt::format("assertion failed on {}: {}", current_kernel().describe_fiber(), expression);
  failed(std::move(message), {file, line});
}

void nmrcheck_bug_check(uint32_t code, uintptr_t parameter1, uintptr_t parameter2,
                        uintptr_t parameter3, uintptr_t parameter4) {
  std::string message = fmt::format("{} asks for bug check 0x{:X} ({:#x}, {:#x}, {:#x}, {:#x})",
                                    current_kernel().describe_fiber(), code, parameter1, parameter2,
                                    parameter3, parameter4);
  failed(std::move(message), current_kernel().place());
}

void nmrcheck_fast_fail(unsigned code) {
  constexpr unsigned kCorruptList = 3;
  std::string message =
      fmt::format("{} fails fast with code {}{}", current_kernel().describe_fiber(), code,
                  code == kCorruptList ? ": a list entry is corrupt" : "");
  failed(std::move(message), current_kernel().place());
}

void nmrcheck_plain_read(const volatile void* address, unsigned size, const char* expression) {
  current_kernel().require_in_block(const_cast<const void*>(address), size, false);
  current_kernel().access(const_cast<const void*>(address), false, "read", expression);
  current_kernel().check_written(const_cast<const void*>(address), size, "read");
}

void nmrcheck_plain_write(volatile void* address, unsigned size, const char* expression) {
  current_kernel().require_in_block(const_cast<void*>(address), size, true);
  current_kernel().access(const_cast<void*>(address), true, "write", expression);
}

void nmrcheck_touch(const volatile void* pointer) {
  current_kernel().touch(const_cast<const void*>(pointer), "touch");
}

void nmrcheck_reached(const char* name) { current_world().execution().reached(name); }

void nmrcheck_record_commit(const char* identity, const void* record) {
  Record copied;
  current_kernel().require_in_block(record, sizeof copied, false);
  std::memcpy(&copied, record, sizeof copied);
  current_world().records().commit(identity, copied);
}

int nmrcheck_record_read(const char* identity, void* record) {
  current_kernel().require_in_block(record, sizeof(Record), true);
  const std::optional<Record> found = current_world().records().read(identity);
  if (found) std::memcpy(record, &*found, sizeof(Record));
  return found.has_value();
}

void nmrcheck_record_erase(const char* identity) { current_world().records().erase(identity); }

void nmrcheck_call_begin(const void* dispatch_table, const void* peer_context, const char* name) {
  current_world().registrar().begin_call(dispatch_table, peer_context, name);
}

void nmrcheck_reference_taken(const void* dispatch_table, const void* peer_context) {
  current_world().registrar().tell_use(EventKind::kReferenceTaken, dispatch_table, peer_context);
}

void nmrcheck_reference_dropped(const void* dispatch_table, const void* peer_context) {
  current_world().registrar().tell_use(EventKind::kReferenceDropped, dispatch_table, peer_context);
}

void nmrcheck_request_pended(const void* dispatch_table, const void* peer_context) {
  current_world().registrar().tell_use(EventKind::kRequestPended, dispatch_table, peer_context);
}

void nmrcheck_request_completed(const void* dispatch_table, const void* peer_context) {
  current_world().registrar().tell_use(EventKind::kRequestCompleted, dispatch_table, peer_context);
}

void nmrcheck_declare_bindings_max(const void* characteristics, unsigned bindings) {
  current_world().registrar().limit_bindings(characteristics, bindings);
}

void nmrcheck_declare_npi(const void* npi_id, unsigned defines) {
  nmrcheck::model::NpiId npi{};
  std::memcpy(npi.data(), npi_id, npi.size());
  current_kernel().emit({.kind = EventKind::kNpiDeclared, .status = defines, .npi = &npi});
}

void nmrcheck_call_end(void) { current_world().registrar().end_call(); }

}  // extern "C"
