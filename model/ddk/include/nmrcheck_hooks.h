// What the WDK headers call in the simulator: every atomic access, failed check and call place.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The operation of an atomic access. Subtraction is the addition of a negative operand.
typedef enum nmrcheck_atomic_op {
  NMRCHECK_ATOMIC_EXCHANGE,
  NMRCHECK_ATOMIC_ADD,
  NMRCHECK_ATOMIC_AND,
  NMRCHECK_ATOMIC_OR,
  NMRCHECK_ATOMIC_XOR,
  NMRCHECK_ATOMIC_COMPARE_EXCHANGE
} nmrcheck_atomic_op;

// What an access promises to its neighbours. The plain Interlocked functions are full barriers.
typedef enum nmrcheck_memory_order {
  NMRCHECK_ORDER_NO_FENCE,
  NMRCHECK_ORDER_ACQUIRE,
  NMRCHECK_ORDER_RELEASE,
  NMRCHECK_ORDER_FULL
} nmrcheck_memory_order;

// Performs one atomic read-modify-write of `size` bytes (1, 2, 4 or 8) and returns the old value,
// sign-extended. `comparand` counts only for NMRCHECK_ATOMIC_COMPARE_EXCHANGE, which stores
// `operand` if the low `size` bytes of the old value and of `comparand` are equal.
int64_t nmrcheck_atomic(volatile void* address, unsigned size, nmrcheck_atomic_op op,
                        int64_t operand, int64_t comparand, nmrcheck_memory_order order);

// Performs one atomic load of `size` bytes and returns the value, zero-extended.
uint64_t nmrcheck_load(const volatile void* address, unsigned size, nmrcheck_memory_order order);

// Performs one atomic store of the low `size` bytes of `value`.
void nmrcheck_store(volatile void* address, unsigned size, uint64_t value,
                    nmrcheck_memory_order order);

// A memory barrier that accesses nothing.
void nmrcheck_fence(nmrcheck_memory_order order);

// One round of a busy-wait loop: others should run now.
void nmrcheck_yield(void);

// The place of the next announced call or access. Called directly before it, on the same fiber;
// the arguments of the call are evaluated in between and may announce places of their own.
// `file` lives as long as the code that passes it.
void nmrcheck_place(const char* file, int line);

// An ASSERT, NT_ASSERT, NT_VERIFY, NT_FRE_ASSERT or PAGED_CODE does not hold.
__attribute__((__noreturn__)) void nmrcheck_assert_failed(const char* expression, const char* file,
                                                          int line);

// KeBugCheck (parameters 0) or KeBugCheckEx.
__attribute__((__noreturn__)) void nmrcheck_bug_check(uint32_t code, uintptr_t parameter1,
                                                      uintptr_t parameter2, uintptr_t parameter3,
                                                      uintptr_t parameter4);

// __fastfail, RtlFailFast, or a list function that found a corrupt list (code 3).
__attribute__((__noreturn__)) void nmrcheck_fast_fail(unsigned code);

// A design that is compiled without memory instrumentation announces what it is about to do.
// `expression` is the source text of the access, for people.
void nmrcheck_plain_read(const volatile void* address, unsigned size, const char* expression);
void nmrcheck_plain_write(volatile void* address, unsigned size, const char* expression);

// The memory at `pointer` must be alive; how much of it is not said.
void nmrcheck_touch(const volatile void* pointer);

// Says that the execution came to a situation. `name` lives as long as the search.
void nmrcheck_reached(const char* name);

// Durable records of the calling driver, which survive restarts and power failures: one for each
// `identity`, as NMRCHECK_RECORD in <nmrcheck.h> has it. A commit or an erase happens as a whole,
// or not at all if power fails before. nmrcheck_record_read returns 1 and fills in `record`, or
// returns 0 and leaves it.
void nmrcheck_record_commit(const char* identity, const void* record);
int nmrcheck_record_read(const char* identity, void* record);
void nmrcheck_record_erase(const char* identity);

// Brackets a call through a peer's dispatch table. `nmrcheck_call_begin` runs before the table is
// dereferenced, so the table and the context may be stale. The strings live as long as the code
// that passes them. Calls nest; each begin has one end, also when the call is unwound.
void nmrcheck_call_begin(const void* dispatch_table, const void* peer_context, const char* name);
void nmrcheck_call_end(void);

// --- Declarations: what rules cannot see in a driver's code. All are optional. ---

// The calling module begins to use the peer that gave it this table and context (it takes a
// reference, and may call from now on), and ends. With them, a reference that is taken after the
// detach callback returned breaks NMR-DET-01, where the mere call is only a hint. A reference must
// be dropped before the detach is complete, as a call must have returned.
void nmrcheck_reference_taken(const void* dispatch_table, const void* peer_context);
void nmrcheck_reference_dropped(const void* dispatch_table, const void* peer_context);

// A call returned STATUS_PENDING: the request counts as in progress until its completion has been
// delivered (NMR-DET-09).
void nmrcheck_request_pended(const void* dispatch_table, const void* peer_context);
void nmrcheck_request_completed(const void* dispatch_table, const void* peer_context);

// The module that registers `characteristics` supports at most `bindings` bindings at a time
// (NMR-ATT-11). Before it registers.
void nmrcheck_declare_bindings_max(const void* characteristics, unsigned bindings);

// What an NPI defines, by its identifier (16 bytes): NMR-PARAM-05 compares it with what modules
// pass. NMRCHECK_NPI_CALLS_WHILE_DETACHING says that calls may begin between the detach callback
// and the end of the detach, as WSK allows: NMR-DET-01 is silent then.
// NMRCHECK_NPI_PROVIDER_CHARACTERISTICS says that only providers have NPI-specific characteristics.
// Before a module registers.
#define NMRCHECK_NPI_CLIENT_DISPATCH 1u
#define NMRCHECK_NPI_CHARACTERISTICS 2u
#define NMRCHECK_NPI_CALLS_WHILE_DETACHING 4u
#define NMRCHECK_NPI_PROVIDER_CHARACTERISTICS 8u
void nmrcheck_declare_npi(const void* npi_id, unsigned defines);

#ifdef __cplusplus
}
#endif

// A call of a simulated function that tells its place first.
#define NMRCHECK_AT(...) (nmrcheck_place(__FILE__, __LINE__), __VA_ARGS__)
