// Interlocked read-modify-write functions; each is one call of the nmrcheck_atomic hook.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"

EXTERN_C_START

// Adds and returns the new value, which wraps around as on the machine.
FORCEINLINE int64_t nmrcheck_atomic_sum(volatile void* address, unsigned size, int64_t value,
                                        nmrcheck_memory_order order) {
  const int64_t old = nmrcheck_atomic(address, size, NMRCHECK_ATOMIC_ADD, value, 0, order);
  return (int64_t)((uint64_t)old + (uint64_t)value);
}

// `suffix` ends the function's name, `order` is an order of nmrcheck_memory_order.
#define NMRCHECK_DEFINE_LOGIC(TYPE, suffix, order)                                                 \
  FORCEINLINE TYPE InterlockedExchange##suffix(TYPE volatile* Target, TYPE Value) {                \
    return (TYPE)nmrcheck_atomic(Target, sizeof(TYPE), NMRCHECK_ATOMIC_EXCHANGE, Value, 0, order); \
  }                                                                                                \
  FORCEINLINE TYPE InterlockedExchangeAdd##suffix(TYPE volatile* Addend, TYPE Value) {             \
    return (TYPE)nmrcheck_atomic(Addend, sizeof(TYPE), NMRCHECK_ATOMIC_ADD, Value, 0, order);      \
  }                                                                                                \
  FORCEINLINE TYPE InterlockedCompareExchange##suffix(TYPE volatile* Destination, TYPE Exchange,   \
                                                      TYPE Comparand) {                            \
    return (TYPE)nmrcheck_atomic(Destination, sizeof(TYPE), NMRCHECK_ATOMIC_COMPARE_EXCHANGE,      \
                                 Exchange, Comparand, order);                                      \
  }                                                                                                \
  FORCEINLINE TYPE InterlockedAnd##suffix(TYPE volatile* Destination, TYPE Value) {                \
    return (TYPE)nmrcheck_atomic(Destination, sizeof(TYPE), NMRCHECK_ATOMIC_AND, Value, 0, order); \
  }                                                                                                \
  FORCEINLINE TYPE InterlockedOr##suffix(TYPE volatile* Destination, TYPE Value) {                 \
    return (TYPE)nmrcheck_atomic(Destination, sizeof(TYPE), NMRCHECK_ATOMIC_OR, Value, 0, order);  \
  }                                                                                                \
  FORCEINLINE TYPE InterlockedXor##suffix(TYPE volatile* Destination, TYPE Value) {                \
    return (TYPE)nmrcheck_atomic(Destination, sizeof(TYPE), NMRCHECK_ATOMIC_XOR, Value, 0, order); \
  }

// These return the new value.
#define NMRCHECK_DEFINE_COUNT(TYPE, suffix, order)                             \
  FORCEINLINE TYPE InterlockedIncrement##suffix(TYPE volatile* Addend) {       \
    return (TYPE)nmrcheck_atomic_sum(Addend, sizeof(TYPE), 1, order);          \
  }                                                                            \
  FORCEINLINE TYPE InterlockedDecrement##suffix(TYPE volatile* Addend) {       \
    return (TYPE)nmrcheck_atomic_sum(Addend, sizeof(TYPE), -1, order);         \
  }                                                                            \
  FORCEINLINE TYPE InterlockedAdd##suffix(TYPE volatile* Addend, TYPE Value) { \
    return (TYPE)nmrcheck_atomic_sum(Addend, sizeof(TYPE), Value, order);      \
  }

NMRCHECK_DEFINE_LOGIC(CHAR, 8, NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_LOGIC(SHORT, 16, NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_COUNT(SHORT, 16, NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_LOGIC(LONG, , NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_COUNT(LONG, , NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_LOGIC(LONG, NoFence, NMRCHECK_ORDER_NO_FENCE)
NMRCHECK_DEFINE_COUNT(LONG, NoFence, NMRCHECK_ORDER_NO_FENCE)
NMRCHECK_DEFINE_LOGIC(LONG, Acquire, NMRCHECK_ORDER_ACQUIRE)
NMRCHECK_DEFINE_COUNT(LONG, Acquire, NMRCHECK_ORDER_ACQUIRE)
NMRCHECK_DEFINE_LOGIC(LONG, Release, NMRCHECK_ORDER_RELEASE)
NMRCHECK_DEFINE_COUNT(LONG, Release, NMRCHECK_ORDER_RELEASE)
NMRCHECK_DEFINE_LOGIC(LONG64, 64, NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_COUNT(LONG64, 64, NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_LOGIC(LONG64, NoFence64, NMRCHECK_ORDER_NO_FENCE)
NMRCHECK_DEFINE_COUNT(LONG64, NoFence64, NMRCHECK_ORDER_NO_FENCE)
NMRCHECK_DEFINE_LOGIC(LONG64, Acquire64, NMRCHECK_ORDER_ACQUIRE)
NMRCHECK_DEFINE_COUNT(LONG64, Acquire64, NMRCHECK_ORDER_ACQUIRE)
NMRCHECK_DEFINE_LOGIC(LONG64, Release64, NMRCHECK_ORDER_RELEASE)
NMRCHECK_DEFINE_COUNT(LONG64, Release64, NMRCHECK_ORDER_RELEASE)

FORCEINLINE PVOID InterlockedExchangePointer(PVOID volatile* Target, PVOID Value) {
  return (PVOID)(intptr_t)nmrcheck_atomic(Target, sizeof(PVOID), NMRCHECK_ATOMIC_EXCHANGE,
                                          (intptr_t)Value, 0, NMRCHECK_ORDER_FULL);
}

FORCEINLINE PVOID InterlockedCompareExchangePointer(PVOID volatile* Destination, PVOID Exchange,
                                                    PVOID Comparand) {
  return (PVOID)(intptr_t)nmrcheck_atomic(Destination, sizeof(PVOID),
                                          NMRCHECK_ATOMIC_COMPARE_EXCHANGE, (intptr_t)Exchange,
                                          (intptr_t)Comparand, NMRCHECK_ORDER_FULL);
}

// Return the old value of the bit.
FORCEINLINE BOOLEAN InterlockedBitTestAndSet(LONG volatile* Base, LONG Bit) {
  const LONG mask = (LONG)(1U << (Bit & 31));
  return (InterlockedOr(Base + Bit / 32, mask) & mask) != 0;
}

FORCEINLINE BOOLEAN InterlockedBitTestAndReset(LONG volatile* Base, LONG Bit) {
  const LONG mask = (LONG)(1U << (Bit & 31));
  return (InterlockedAnd(Base + Bit / 32, ~mask) & mask) != 0;
}

#ifndef __cplusplus
// A C driver's `long` has 64 bits here; a counter declared so stays one atomic access.
NMRCHECK_DEFINE_LOGIC(long, _long, NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_COUNT(long, _long, NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_LOGIC(long long, 64_long_long, NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_COUNT(long long, 64_long_long, NMRCHECK_ORDER_FULL)
#endif

EXTERN_C_END

#ifdef __cplusplus
// In C++ the same by overloading.
NMRCHECK_DEFINE_LOGIC(long, , NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_COUNT(long, , NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_LOGIC(long long, 64, NMRCHECK_ORDER_FULL)
NMRCHECK_DEFINE_COUNT(long long, 64, NMRCHECK_ORDER_FULL)
#define NMRCHECK_32(function, address) function
#define NMRCHECK_64(function, address) function
#else
#define NMRCHECK_32(function, address) \
  _Generic((address), long* : function##_long, volatile long* : function##_long, default : function)
#define NMRCHECK_64(function, address) \
  _Generic((address), long long*: function##_long_long, volatile long long*: function##_long_long, \
           default: function)
#endif
#undef NMRCHECK_DEFINE_LOGIC
#undef NMRCHECK_DEFINE_COUNT

#define InterlockedIncrement(address) \
  NMRCHECK_AT(NMRCHECK_32(InterlockedIncrement, address)(address))
#define InterlockedDecrement(address) \
  NMRCHECK_AT(NMRCHECK_32(InterlockedDecrement, address)(address))
#define InterlockedAdd(address, ...) \
  NMRCHECK_AT(NMRCHECK_32(InterlockedAdd, address)(address, __VA_ARGS__))
#define InterlockedExchange(address, ...) \
  NMRCHECK_AT(NMRCHECK_32(InterlockedExchange, address)(address, __VA_ARGS__))
#define InterlockedExchangeAdd(address, ...) \
  NMRCHECK_AT(NMRCHECK_32(InterlockedExchangeAdd, address)(address, __VA_ARGS__))
#define InterlockedCompareExchange(address, ...) \
  NMRCHECK_AT(NMRCHECK_32(InterlockedCompareExchange, address)(address, __VA_ARGS__))
#define InterlockedAnd(address, ...) \
  NMRCHECK_AT(NMRCHECK_32(InterlockedAnd, address)(address, __VA_ARGS__))
#define InterlockedOr(address, ...) \
  NMRCHECK_AT(NMRCHECK_32(InterlockedOr, address)(address, __VA_ARGS__))
#define InterlockedXor(address, ...) \
  NMRCHECK_AT(NMRCHECK_32(InterlockedXor, address)(address, __VA_ARGS__))
#define InterlockedIncrement64(address) \
  NMRCHECK_AT(NMRCHECK_64(InterlockedIncrement64, address)(address))
#define InterlockedDecrement64(address) \
  NMRCHECK_AT(NMRCHECK_64(InterlockedDecrement64, address)(address))
#define InterlockedAdd64(address, ...) \
  NMRCHECK_AT(NMRCHECK_64(InterlockedAdd64, address)(address, __VA_ARGS__))
#define InterlockedExchange64(address, ...) \
  NMRCHECK_AT(NMRCHECK_64(InterlockedExchange64, address)(address, __VA_ARGS__))
#define InterlockedExchangeAdd64(address, ...) \
  NMRCHECK_AT(NMRCHECK_64(InterlockedExchangeAdd64, address)(address, __VA_ARGS__))
#define InterlockedCompareExchange64(address, ...) \
  NMRCHECK_AT(NMRCHECK_64(InterlockedCompareExchange64, address)(address, __VA_ARGS__))
#define InterlockedAnd64(address, ...) \
  NMRCHECK_AT(NMRCHECK_64(InterlockedAnd64, address)(address, __VA_ARGS__))
#define InterlockedOr64(address, ...) \
  NMRCHECK_AT(NMRCHECK_64(InterlockedOr64, address)(address, __VA_ARGS__))
#define InterlockedXor64(address, ...) \
  NMRCHECK_AT(NMRCHECK_64(InterlockedXor64, address)(address, __VA_ARGS__))
#define InterlockedIncrement16(...) NMRCHECK_AT(InterlockedIncrement16(__VA_ARGS__))
#define InterlockedDecrement16(...) NMRCHECK_AT(InterlockedDecrement16(__VA_ARGS__))
#define InterlockedAdd16(...) NMRCHECK_AT(InterlockedAdd16(__VA_ARGS__))
#define InterlockedExchange16(...) NMRCHECK_AT(InterlockedExchange16(__VA_ARGS__))
#define InterlockedExchangeAdd16(...) NMRCHECK_AT(InterlockedExchangeAdd16(__VA_ARGS__))
#define InterlockedCompareExchange16(...) NMRCHECK_AT(InterlockedCompareExchange16(__VA_ARGS__))
#define InterlockedAnd16(...) NMRCHECK_AT(InterlockedAnd16(__VA_ARGS__))
#define InterlockedOr16(...) NMRCHECK_AT(InterlockedOr16(__VA_ARGS__))
#define InterlockedXor16(...) NMRCHECK_AT(InterlockedXor16(__VA_ARGS__))
#define InterlockedExchange8(...) NMRCHECK_AT(InterlockedExchange8(__VA_ARGS__))
#define InterlockedExchangeAdd8(...) NMRCHECK_AT(InterlockedExchangeAdd8(__VA_ARGS__))
#define InterlockedCompareExchange8(...) NMRCHECK_AT(InterlockedCompareExchange8(__VA_ARGS__))
#define InterlockedAnd8(...) NMRCHECK_AT(InterlockedAnd8(__VA_ARGS__))
#define InterlockedOr8(...) NMRCHECK_AT(InterlockedOr8(__VA_ARGS__))
#define InterlockedXor8(...) NMRCHECK_AT(InterlockedXor8(__VA_ARGS__))
#define InterlockedIncrementNoFence(...) NMRCHECK_AT(InterlockedIncrementNoFence(__VA_ARGS__))
#define InterlockedDecrementNoFence(...) NMRCHECK_AT(InterlockedDecrementNoFence(__VA_ARGS__))
#define InterlockedAddNoFence(...) NMRCHECK_AT(InterlockedAddNoFence(__VA_ARGS__))
#define InterlockedExchangeNoFence(...) NMRCHECK_AT(InterlockedExchangeNoFence(__VA_ARGS__))
#define InterlockedExchangeAddNoFence(...) NMRCHECK_AT(InterlockedExchangeAddNoFence(__VA_ARGS__))
#define InterlockedCompareExchangeNoFence(...) \
  NMRCHECK_AT(InterlockedCompareExchangeNoFence(__VA_ARGS__))
#define InterlockedAndNoFence(...) NMRCHECK_AT(InterlockedAndNoFence(__VA_ARGS__))
#define InterlockedOrNoFence(...) NMRCHECK_AT(InterlockedOrNoFence(__VA_ARGS__))
#define InterlockedXorNoFence(...) NMRCHECK_AT(InterlockedXorNoFence(__VA_ARGS__))
#define InterlockedIncrementNoFence64(...) NMRCHECK_AT(InterlockedIncrementNoFence64(__VA_ARGS__))
#define InterlockedDecrementNoFence64(...) NMRCHECK_AT(InterlockedDecrementNoFence64(__VA_ARGS__))
#define InterlockedAddNoFence64(...) NMRCHECK_AT(InterlockedAddNoFence64(__VA_ARGS__))
#define InterlockedExchangeNoFence64(...) NMRCHECK_AT(InterlockedExchangeNoFence64(__VA_ARGS__))
#define InterlockedExchangeAddNoFence64(...) \
  NMRCHECK_AT(InterlockedExchangeAddNoFence64(__VA_ARGS__))
#define InterlockedCompareExchangeNoFence64(...) \
  NMRCHECK_AT(InterlockedCompareExchangeNoFence64(__VA_ARGS__))
#define InterlockedAndNoFence64(...) NMRCHECK_AT(InterlockedAndNoFence64(__VA_ARGS__))
#define InterlockedOrNoFence64(...) NMRCHECK_AT(InterlockedOrNoFence64(__VA_ARGS__))
#define InterlockedXorNoFence64(...) NMRCHECK_AT(InterlockedXorNoFence64(__VA_ARGS__))
#define InterlockedIncrementAcquire(...) NMRCHECK_AT(InterlockedIncrementAcquire(__VA_ARGS__))
#define InterlockedDecrementAcquire(...) NMRCHECK_AT(InterlockedDecrementAcquire(__VA_ARGS__))
#define InterlockedAddAcquire(...) NMRCHECK_AT(InterlockedAddAcquire(__VA_ARGS__))
#define InterlockedExchangeAcquire(...) NMRCHECK_AT(InterlockedExchangeAcquire(__VA_ARGS__))
#define InterlockedExchangeAddAcquire(...) NMRCHECK_AT(InterlockedExchangeAddAcquire(__VA_ARGS__))
#define InterlockedCompareExchangeAcquire(...) \
  NMRCHECK_AT(InterlockedCompareExchangeAcquire(__VA_ARGS__))
#define InterlockedAndAcquire(...) NMRCHECK_AT(InterlockedAndAcquire(__VA_ARGS__))
#define InterlockedOrAcquire(...) NMRCHECK_AT(InterlockedOrAcquire(__VA_ARGS__))
#define InterlockedXorAcquire(...) NMRCHECK_AT(InterlockedXorAcquire(__VA_ARGS__))
#define InterlockedIncrementAcquire64(...) NMRCHECK_AT(InterlockedIncrementAcquire64(__VA_ARGS__))
#define InterlockedDecrementAcquire64(...) NMRCHECK_AT(InterlockedDecrementAcquire64(__VA_ARGS__))
#define InterlockedAddAcquire64(...) NMRCHECK_AT(InterlockedAddAcquire64(__VA_ARGS__))
#define InterlockedExchangeAcquire64(...) NMRCHECK_AT(InterlockedExchangeAcquire64(__VA_ARGS__))
#define InterlockedExchangeAddAcquire64(...) \
  NMRCHECK_AT(InterlockedExchangeAddAcquire64(__VA_ARGS__))
#define InterlockedCompareExchangeAcquire64(...) \
  NMRCHECK_AT(InterlockedCompareExchangeAcquire64(__VA_ARGS__))
#define InterlockedAndAcquire64(...) NMRCHECK_AT(InterlockedAndAcquire64(__VA_ARGS__))
#define InterlockedOrAcquire64(...) NMRCHECK_AT(InterlockedOrAcquire64(__VA_ARGS__))
#define InterlockedXorAcquire64(...) NMRCHECK_AT(InterlockedXorAcquire64(__VA_ARGS__))
#define InterlockedIncrementRelease(...) NMRCHECK_AT(InterlockedIncrementRelease(__VA_ARGS__))
#define InterlockedDecrementRelease(...) NMRCHECK_AT(InterlockedDecrementRelease(__VA_ARGS__))
#define InterlockedAddRelease(...) NMRCHECK_AT(InterlockedAddRelease(__VA_ARGS__))
#define InterlockedExchangeRelease(...) NMRCHECK_AT(InterlockedExchangeRelease(__VA_ARGS__))
#define InterlockedExchangeAddRelease(...) NMRCHECK_AT(InterlockedExchangeAddRelease(__VA_ARGS__))
#define InterlockedCompareExchangeRelease(...) \
  NMRCHECK_AT(InterlockedCompareExchangeRelease(__VA_ARGS__))
#define InterlockedAndRelease(...) NMRCHECK_AT(InterlockedAndRelease(__VA_ARGS__))
#define InterlockedOrRelease(...) NMRCHECK_AT(InterlockedOrRelease(__VA_ARGS__))
#define InterlockedXorRelease(...) NMRCHECK_AT(InterlockedXorRelease(__VA_ARGS__))
#define InterlockedIncrementRelease64(...) NMRCHECK_AT(InterlockedIncrementRelease64(__VA_ARGS__))
#define InterlockedDecrementRelease64(...) NMRCHECK_AT(InterlockedDecrementRelease64(__VA_ARGS__))
#define InterlockedAddRelease64(...) NMRCHECK_AT(InterlockedAddRelease64(__VA_ARGS__))
#define InterlockedExchangeRelease64(...) NMRCHECK_AT(InterlockedExchangeRelease64(__VA_ARGS__))
#define InterlockedExchangeAddRelease64(...) \
  NMRCHECK_AT(InterlockedExchangeAddRelease64(__VA_ARGS__))
#define InterlockedCompareExchangeRelease64(...) \
  NMRCHECK_AT(InterlockedCompareExchangeRelease64(__VA_ARGS__))
#define InterlockedAndRelease64(...) NMRCHECK_AT(InterlockedAndRelease64(__VA_ARGS__))
#define InterlockedOrRelease64(...) NMRCHECK_AT(InterlockedOrRelease64(__VA_ARGS__))
#define InterlockedXorRelease64(...) NMRCHECK_AT(InterlockedXorRelease64(__VA_ARGS__))
#define InterlockedExchangePointer(...) NMRCHECK_AT(InterlockedExchangePointer(__VA_ARGS__))
#define InterlockedCompareExchangePointer(...) \
  NMRCHECK_AT(InterlockedCompareExchangePointer(__VA_ARGS__))
#define InterlockedBitTestAndSet(...) NMRCHECK_AT(InterlockedBitTestAndSet(__VA_ARGS__))
#define InterlockedBitTestAndReset(...) NMRCHECK_AT(InterlockedBitTestAndReset(__VA_ARGS__))
