// Atomic loads and stores (ReadNoFence and its kin), fences and spin-wait hints.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"

EXTERN_C_START

#define NMRCHECK_DEFINE_READ(TYPE, name, order)              \
  FORCEINLINE TYPE name(TYPE const volatile* Source) {       \
    return (TYPE)nmrcheck_load(Source, sizeof(TYPE), order); \
  }
#define NMRCHECK_DEFINE_WRITE(TYPE, name, order)                         \
  FORCEINLINE VOID name(TYPE volatile* Destination, TYPE Value) {        \
    nmrcheck_store(Destination, sizeof(TYPE), (uint64_t)(Value), order); \
  }
#define NMRCHECK_DEFINE_ACCESS(TYPE, infix, suffix)                                   \
  NMRCHECK_DEFINE_READ(TYPE, Read##infix##NoFence##suffix, NMRCHECK_ORDER_NO_FENCE)   \
  NMRCHECK_DEFINE_READ(TYPE, Read##infix##Acquire##suffix, NMRCHECK_ORDER_ACQUIRE)    \
  NMRCHECK_DEFINE_WRITE(TYPE, Write##infix##NoFence##suffix, NMRCHECK_ORDER_NO_FENCE) \
  NMRCHECK_DEFINE_WRITE(TYPE, Write##infix##Release##suffix, NMRCHECK_ORDER_RELEASE)

NMRCHECK_DEFINE_ACCESS(CHAR, , 8)
NMRCHECK_DEFINE_ACCESS(SHORT, , 16)
NMRCHECK_DEFINE_ACCESS(LONG, , )
NMRCHECK_DEFINE_ACCESS(LONG64, , 64)
NMRCHECK_DEFINE_ACCESS(BOOLEAN, Boolean, )
NMRCHECK_DEFINE_ACCESS(UCHAR, UChar, )
NMRCHECK_DEFINE_ACCESS(USHORT, UShort, )
NMRCHECK_DEFINE_ACCESS(ULONG, ULong, )
NMRCHECK_DEFINE_ACCESS(ULONG64, ULong64, )
NMRCHECK_DEFINE_ACCESS(ULONG_PTR, ULongPtr, )
NMRCHECK_DEFINE_ACCESS(SIZE_T, SizeT, )
NMRCHECK_DEFINE_ACCESS(PVOID, Pointer, )

#ifdef __cplusplus
EXTERN_C_END
NMRCHECK_DEFINE_ACCESS(long, , )
EXTERN_C_START
#define NMRCHECK_ACCESS(function, address) function
#else
NMRCHECK_DEFINE_ACCESS(long, , _long)
#define NMRCHECK_ACCESS(function, address) \
  _Generic((address), long*: function##_long, volatile long*: function##_long,                 \
           const long*: function##_long, const volatile long*: function##_long, default: function)
#endif
#undef NMRCHECK_DEFINE_READ
#undef NMRCHECK_DEFINE_WRITE
#undef NMRCHECK_DEFINE_ACCESS

FORCEINLINE VOID KeMemoryBarrier(VOID) { nmrcheck_fence(NMRCHECK_ORDER_FULL); }

EXTERN_C_END

#define KeMemoryBarrier() NMRCHECK_AT(KeMemoryBarrier())
#define KeMemoryBarrierWithoutFence() __asm__ __volatile__("" ::: "memory")
#define _ReadWriteBarrier() KeMemoryBarrierWithoutFence()
#ifndef MemoryBarrier
#define MemoryBarrier() NMRCHECK_AT(nmrcheck_fence(NMRCHECK_ORDER_FULL))
#endif
#ifndef YieldProcessor
#define YieldProcessor() NMRCHECK_AT(nmrcheck_yield())
#endif

#define ReadNoFence(address) NMRCHECK_AT(NMRCHECK_ACCESS(ReadNoFence, address)(address))
#define ReadAcquire(address) NMRCHECK_AT(NMRCHECK_ACCESS(ReadAcquire, address)(address))
#define WriteNoFence(address, value) \
  NMRCHECK_AT(NMRCHECK_ACCESS(WriteNoFence, address)(address, value))
#define WriteRelease(address, value) \
  NMRCHECK_AT(NMRCHECK_ACCESS(WriteRelease, address)(address, value))
#define ReadNoFence8(...) NMRCHECK_AT(ReadNoFence8(__VA_ARGS__))
#define ReadAcquire8(...) NMRCHECK_AT(ReadAcquire8(__VA_ARGS__))
#define WriteNoFence8(...) NMRCHECK_AT(WriteNoFence8(__VA_ARGS__))
#define WriteRelease8(...) NMRCHECK_AT(WriteRelease8(__VA_ARGS__))
#define ReadNoFence16(...) NMRCHECK_AT(ReadNoFence16(__VA_ARGS__))
#define ReadAcquire16(...) NMRCHECK_AT(ReadAcquire16(__VA_ARGS__))
#define WriteNoFence16(...) NMRCHECK_AT(WriteNoFence16(__VA_ARGS__))
#define WriteRelease16(...) NMRCHECK_AT(WriteRelease16(__VA_ARGS__))
#define ReadNoFence64(...) NMRCHECK_AT(ReadNoFence64(__VA_ARGS__))
#define ReadAcquire64(...) NMRCHECK_AT(ReadAcquire64(__VA_ARGS__))
#define WriteNoFence64(...) NMRCHECK_AT(WriteNoFence64(__VA_ARGS__))
#define WriteRelease64(...) NMRCHECK_AT(WriteRelease64(__VA_ARGS__))
#define ReadBooleanNoFence(...) NMRCHECK_AT(ReadBooleanNoFence(__VA_ARGS__))
#define ReadBooleanAcquire(...) NMRCHECK_AT(ReadBooleanAcquire(__VA_ARGS__))
#define WriteBooleanNoFence(...) NMRCHECK_AT(WriteBooleanNoFence(__VA_ARGS__))
#define WriteBooleanRelease(...) NMRCHECK_AT(WriteBooleanRelease(__VA_ARGS__))
#define ReadUCharNoFence(...) NMRCHECK_AT(ReadUCharNoFence(__VA_ARGS__))
#define ReadUCharAcquire(...) NMRCHECK_AT(ReadUCharAcquire(__VA_ARGS__))
#define WriteUCharNoFence(...) NMRCHECK_AT(WriteUCharNoFence(__VA_ARGS__))
#define WriteUCharRelease(...) NMRCHECK_AT(WriteUCharRelease(__VA_ARGS__))
#define ReadUShortNoFence(...) NMRCHECK_AT(ReadUShortNoFence(__VA_ARGS__))
#define ReadUShortAcquire(...) NMRCHECK_AT(ReadUShortAcquire(__VA_ARGS__))
#define WriteUShortNoFence(...) NMRCHECK_AT(WriteUShortNoFence(__VA_ARGS__))
#define WriteUShortRelease(...) NMRCHECK_AT(WriteUShortRelease(__VA_ARGS__))
#define ReadULongNoFence(...) NMRCHECK_AT(ReadULongNoFence(__VA_ARGS__))
#define ReadULongAcquire(...) NMRCHECK_AT(ReadULongAcquire(__VA_ARGS__))
#define WriteULongNoFence(...) NMRCHECK_AT(WriteULongNoFence(__VA_ARGS__))
#define WriteULongRelease(...) NMRCHECK_AT(WriteULongRelease(__VA_ARGS__))
#define ReadULong64NoFence(...) NMRCHECK_AT(ReadULong64NoFence(__VA_ARGS__))
#define ReadULong64Acquire(...) NMRCHECK_AT(ReadULong64Acquire(__VA_ARGS__))
#define WriteULong64NoFence(...) NMRCHECK_AT(WriteULong64NoFence(__VA_ARGS__))
#define WriteULong64Release(...) NMRCHECK_AT(WriteULong64Release(__VA_ARGS__))
#define ReadULongPtrNoFence(...) NMRCHECK_AT(ReadULongPtrNoFence(__VA_ARGS__))
#define ReadULongPtrAcquire(...) NMRCHECK_AT(ReadULongPtrAcquire(__VA_ARGS__))
#define WriteULongPtrNoFence(...) NMRCHECK_AT(WriteULongPtrNoFence(__VA_ARGS__))
#define WriteULongPtrRelease(...) NMRCHECK_AT(WriteULongPtrRelease(__VA_ARGS__))
#define ReadSizeTNoFence(...) NMRCHECK_AT(ReadSizeTNoFence(__VA_ARGS__))
#define ReadSizeTAcquire(...) NMRCHECK_AT(ReadSizeTAcquire(__VA_ARGS__))
#define WriteSizeTNoFence(...) NMRCHECK_AT(WriteSizeTNoFence(__VA_ARGS__))
#define WriteSizeTRelease(...) NMRCHECK_AT(WriteSizeTRelease(__VA_ARGS__))
#define ReadPointerNoFence(...) NMRCHECK_AT(ReadPointerNoFence(__VA_ARGS__))
#define ReadPointerAcquire(...) NMRCHECK_AT(ReadPointerAcquire(__VA_ARGS__))
#define WritePointerNoFence(...) NMRCHECK_AT(WritePointerNoFence(__VA_ARGS__))
#define WritePointerRelease(...) NMRCHECK_AT(WritePointerRelease(__VA_ARGS__))
