// What the compiler's instrumentation (-fsanitize=thread, without that sanitizer's runtime) calls,
// and the functions of the C library that touch a driver's memory. The names are those of
// ThreadSanitizer's interface: LLVM, compiler-rt/lib/tsan/rtl/tsan_interface.h.
#include <cstdint>
#include <cstring>
#include <utility>

#include "model/driver/images.h"

namespace nmrcheck::model {
namespace {

thread_local Images* images_of_this_thread = nullptr;
// What the function that is being entered was passed first.
thread_local const void* first_argument = nullptr;

inline void accessed(const volatile void* address, std::size_t bytes, bool write, AccessKind kind,
                     void* code) {
  Images* images = images_of_this_thread;
  if (images == nullptr) return;
  images->access(const_cast<const void*>(address), bytes, write, kind,
                 reinterpret_cast<std::uintptr_t>(code));
}

void* copied(void* target, const void* source, std::size_t bytes, void* code) {
  accessed(source, bytes, false, AccessKind::kPlain, code);
  accessed(target, bytes, true, AccessKind::kPlain, code);
  return std::memmove(target, source, bytes);
}

void* filled(void* target, int value, std::size_t bytes, void* code) {
  accessed(target, bytes, true, AccessKind::kPlain, code);
  return std::memset(target, value, bytes);
}

}  // namespace

Images* current_images() { return images_of_this_thread; }
void set_current_images(Images* images) { images_of_this_thread = images; }

}  // namespace nmrcheck::model

using nmrcheck::model::accessed;
using nmrcheck::model::AccessKind;
using nmrcheck::model::copied;
using nmrcheck::model::filled;
using nmrcheck::model::images_of_this_thread;

#define NMRCHECK_CALLER __builtin_return_address(0)

// Plain and volatile accesses of one size, aligned or not.
#define NMRCHECK_ACCESSES(bytes)                                             \
  void __tsan_read##bytes(void* address) {                                   \
    accessed(address, bytes, false, AccessKind::kPlain, NMRCHECK_CALLER);    \
  }                                                                          \
  void __tsan_write##bytes(void* address) {                                  \
    accessed(address, bytes, true, AccessKind::kPlain, NMRCHECK_CALLER);     \
  }                                                                          \
  void __tsan_unaligned_read##bytes(void* address) {                         \
    accessed(address, bytes, false, AccessKind::kPlain, NMRCHECK_CALLER);    \
  }                                                                          \
  void __tsan_unaligned_write##bytes(void* address) {                        \
    accessed(address, bytes, true, AccessKind::kPlain, NMRCHECK_CALLER);     \
  }                                                                          \
  void __tsan_read_write##bytes(void* address) {                             \
    accessed(address, bytes, false, AccessKind::kPlain, NMRCHECK_CALLER);    \
    accessed(address, bytes, true, AccessKind::kPlain, NMRCHECK_CALLER);     \
  }                                                                          \
  void __tsan_unaligned_read_write##bytes(void* address) {                   \
    accessed(address, bytes, false, AccessKind::kPlain, NMRCHECK_CALLER);    \
    accessed(address, bytes, true, AccessKind::kPlain, NMRCHECK_CALLER);     \
  }                                                                          \
  void __tsan_volatile_read##bytes(void* address) {                          \
    accessed(address, bytes, false, AccessKind::kVolatile, NMRCHECK_CALLER); \
  }                                                                          \
  void __tsan_volatile_write##bytes(void* address) {                         \
    accessed(address, bytes, true, AccessKind::kVolatile, NMRCHECK_CALLER);  \
  }                                                                          \
  void __tsan_unaligned_volatile_read##bytes(void* address) {                \
    accessed(address, bytes, false, AccessKind::kVolatile, NMRCHECK_CALLER); \
  }                                                                          \
  void __tsan_unaligned_volatile_write##bytes(void* address) {               \
    accessed(address, bytes, true, AccessKind::kVolatile, NMRCHECK_CALLER);  \
  }

// Atomic accesses of one size. Memory is sequentially consistent here, whatever order they ask for.
// The value changes after the step, in which nobody else runs.
#define NMRCHECK_ATOMIC_CHANGE(type, bits, name, change)                         \
  type __tsan_atomic##bits##_##name(volatile type* address, type value, int) {   \
    accessed(address, sizeof(type), true, AccessKind::kAtomic, NMRCHECK_CALLER); \
    const type old = *address;                                                   \
    *address = static_cast<type>(change);                                        \
    return old;                                                                  \
  }
#define NMRCHECK_ATOMICS(type, bits)                                                            \
  type __tsan_atomic##bits##_load(const volatile type* address, int) {                          \
    accessed(address, sizeof(type), false, AccessKind::kAtomic, NMRCHECK_CALLER);               \
    return *address;                                                                            \
  }                                                                                             \
  void __tsan_atomic##bits##_store(volatile type* address, type value, int) {                   \
    accessed(address, sizeof(type), true, AccessKind::kAtomic, NMRCHECK_CALLER);                \
    *address = value;                                                                           \
  }                                                                                             \
  NMRCHECK_ATOMIC_CHANGE(type, bits, exchange, value)                                           \
  NMRCHECK_ATOMIC_CHANGE(type, bits, fetch_add, old + value)                                    \
  NMRCHECK_ATOMIC_CHANGE(type, bits, fetch_sub, old - value)                                    \
  NMRCHECK_ATOMIC_CHANGE(type, bits, fetch_and, old& value)                                     \
  NMRCHECK_ATOMIC_CHANGE(type, bits, fetch_or, old | value)                                     \
  NMRCHECK_ATOMIC_CHANGE(type, bits, fetch_xor, old ^ value)                                    \
  NMRCHECK_ATOMIC_CHANGE(type, bits, fetch_nand, ~(old & value))                                \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type* address, type* expected,     \
                                                    type value, int, int) {                     \
    accessed(address, sizeof(type), true, AccessKind::kAtomic, NMRCHECK_CALLER);                \
    const type old = *address;                                                                  \
    const bool equal = old == *expected;                                                        \
    if (equal) *address = value;                                                                \
    *expected = old;                                                                            \
    return equal;                                                                               \
  }                                                                                             \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile type* address, type* expected,       \
                                                  type value, int success, int failure) {       \
    return __tsan_atomic##bits##_compare_exchange_strong(address, expected, value, success,     \
                                                         failure);                              \
  }                                                                                             \
  type __tsan_atomic##bits##_compare_exchange_val(volatile type* address, type expected,        \
                                                  type value, int success, int failure) {       \
    __tsan_atomic##bits##_compare_exchange_strong(address, &expected, value, success, failure); \
    return expected;                                                                            \
  }

extern "C" {

void __tsan_init(void) {}

void __tsan_func_entry(void* caller) {
  if (images_of_this_thread == nullptr) return;
  images_of_this_thread->enter_function(reinterpret_cast<std::uintptr_t>(caller),
                                        reinterpret_cast<std::uintptr_t>(NMRCHECK_CALLER),
                                        std::exchange(nmrcheck::model::first_argument, nullptr));
}
void __tsan_func_exit(void) {
  if (images_of_this_thread != nullptr) images_of_this_thread->leave_function();
}

NMRCHECK_ACCESSES(1)
NMRCHECK_ACCESSES(2)
NMRCHECK_ACCESSES(4)
NMRCHECK_ACCESSES(8)
NMRCHECK_ACCESSES(16)

void __tsan_read_range(void* address, unsigned long bytes) {
  accessed(address, bytes, false, AccessKind::kPlain, NMRCHECK_CALLER);
}
void __tsan_write_range(void* address, unsigned long bytes) {
  accessed(address, bytes, true, AccessKind::kPlain, NMRCHECK_CALLER);
}
void __tsan_vptr_read(void** address) {
  accessed(address, sizeof(void*), false, AccessKind::kPlain, NMRCHECK_CALLER);
}
void __tsan_vptr_update(void** address, void*) {
  accessed(address, sizeof(void*), true, AccessKind::kPlain, NMRCHECK_CALLER);
}

NMRCHECK_ATOMICS(std::uint8_t, 8)
NMRCHECK_ATOMICS(std::uint16_t, 16)
NMRCHECK_ATOMICS(std::uint32_t, 32)
NMRCHECK_ATOMICS(std::uint64_t, 64)
void __tsan_atomic_thread_fence(int) {}
void __tsan_atomic_signal_fence(int) {}

// The C library's functions, under the names that the linker gives them in a driver's image.
void* __wrap_memcpy(void* target, const void* source, std::size_t bytes) {
  return copied(target, source, bytes, NMRCHECK_CALLER);
}
void* __wrap_memmove(void* target, const void* source, std::size_t bytes) {
  return copied(target, source, bytes, NMRCHECK_CALLER);
}
void* __wrap_memset(void* target, int value, std::size_t bytes) {
  return filled(target, value, bytes, NMRCHECK_CALLER);
}
int __wrap_memcmp(const void* left, const void* right, std::size_t bytes) {
  accessed(left, bytes, false, AccessKind::kPlain, NMRCHECK_CALLER);
  accessed(right, bytes, false, AccessKind::kPlain, NMRCHECK_CALLER);
  return std::memcmp(left, right, bytes);
}
void* __tsan_memcpy(void* target, const void* source, std::size_t bytes) {
  return copied(target, source, bytes, NMRCHECK_CALLER);
}
void* __tsan_memset(void* target, int value, std::size_t bytes) {
  return filled(target, value, bytes, NMRCHECK_CALLER);
}
void* __tsan_memmove(void* target, const void* source, std::size_t bytes) {
  return copied(target, source, bytes, NMRCHECK_CALLER);
}

// Called by __fentry__ with the arguments of the function that was just called still in place.
__attribute__((__used__, __target__("general-regs-only"))) void nmrcheck_function_called(
    const void* first) {
  nmrcheck::model::first_argument = first;
}

}  // extern "C"

// -mfentry makes each function call this before anything else: all registers are kept.
#if defined(__x86_64__)
asm(R"(
  .text
  .globl __fentry__
  .type __fentry__, @function
__fentry__:
  pushq %rax
  pushq %rcx
  pushq %rdx
  pushq %rsi
  pushq %rdi
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  subq $8, %rsp
  call nmrcheck_function_called
  addq $8, %rsp
  popq %r11
  popq %r10
  popq %r9
  popq %r8
  popq %rdi
  popq %rsi
  popq %rdx
  popq %rcx
  popq %rax
  ret
  .size __fentry__, . - __fentry__
)");
#endif
