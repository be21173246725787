// Annotations for designs that are compiled without memory instrumentation.
#pragma once

#include "nmrcheck_compiler.h"
#include "nmrcheck_hooks.h"
#include "ntdef.h"

// NMRCHECK_READ(lvalue) is the value of a shared variable; announces the read before it happens.
// NMRCHECK_WRITE(lvalue, value) announces a write and performs it.
// Both take any trivially copyable type of up to 8 bytes and evaluate their arguments once.
//
// NMRCHECK_TOUCH(pointer) says that the memory there must be alive.
//
// NMRCHECK_REACHED("name") says that the execution has come to a situation that matters to the
// design: explore counts the executions that did, and warns of one that the scenario lists and that
// never came up.
//
// NMRCHECK_CALL(table, member, context, ...) is (table)->member(context, ...), a call through a
// peer's dispatch table. The call is announced before the table is dereferenced: both the table
// and the context may be stale. NMRCHECK_CALL_VOID is the same, for a member that returns nothing.

// NMRCHECK_RECORD_COMMIT(identity, &record) writes the driver's durable record of that name, as it
// would to the registry; NMRCHECK_RECORD_READ(identity, &record) reads it and is TRUE, or is FALSE
// if there is none; NMRCHECK_RECORD_ERASE(identity) removes it. Records survive restarts and power
// failures. `identity` is a string, such as the key's name.

typedef struct _NMRCHECK_RECORD {
  ULONG64 NetLuid;
  GUID InterfaceGuid;
  ULONG IfIndex;  // 0: none
  ULONG Persistent;
} NMRCHECK_RECORD;

#define NMRCHECK_RECORD_COMMIT(identity, record) \
  NMRCHECK_AT(nmrcheck_record_commit((identity), (record)))
#define NMRCHECK_RECORD_READ(identity, record) \
  ((BOOLEAN)NMRCHECK_AT(nmrcheck_record_read((identity), (record))))
#define NMRCHECK_RECORD_ERASE(identity) NMRCHECK_AT(nmrcheck_record_erase((identity)))

#define NMRCHECK_TOUCH(pointer) NMRCHECK_AT(nmrcheck_touch(pointer))

#define NMRCHECK_REACHED(name) nmrcheck_reached("" name)

// Names of temporaries carry a number, so that annotations nest.
#define NMRCHECK_PASTE(left, right) NMRCHECK_PASTE_EXPANDED(left, right)
#define NMRCHECK_PASTE_EXPANDED(left, right) left##right

#ifdef __cplusplus

template <class T>
struct nmrcheck_exactly {
  using type = T;
};

template <class T>
T nmrcheck_announced_read(const volatile T& object, const char* expression, const char* file,
                          int line) {
  static_assert(sizeof(T) <= 8 && __is_trivially_copyable(T));
  const volatile T* const address = __builtin_addressof(object);
  nmrcheck_place(file, line);
  nmrcheck_plain_read(address, sizeof(T), expression);
  if constexpr (__is_class(T) || __is_union(T)) {
    return *const_cast<const T*>(address);
  } else {
    return *address;
  }
}

template <class T>
void nmrcheck_announced_write(volatile T& object, const char* expression, const char* file,
                              int line, typename nmrcheck_exactly<T>::type value) {
  static_assert(sizeof(T) <= 8 && __is_trivially_copyable(T));
  volatile T* const address = __builtin_addressof(object);
  nmrcheck_place(file, line);
  nmrcheck_plain_write(address, sizeof(T), expression);
  if constexpr (__is_class(T) || __is_union(T)) {
    *const_cast<T*>(address) = value;
  } else {
    *address = value;
  }
}

#define NMRCHECK_READ(lvalue) nmrcheck_announced_read((lvalue), #lvalue, __FILE__, __LINE__)
#define NMRCHECK_WRITE(lvalue, ...) \
  nmrcheck_announced_write((lvalue), #lvalue, __FILE__, __LINE__, __VA_ARGS__)

class nmrcheck_call_guard {
 public:
  nmrcheck_call_guard(const void* table, const void* context, const char* name, const char* file,
                      int line) {
    nmrcheck_place(file, line);
    nmrcheck_call_begin(table, context, name);
  }
  ~nmrcheck_call_guard() { nmrcheck_call_end(); }
  nmrcheck_call_guard(const nmrcheck_call_guard&) = delete;
  nmrcheck_call_guard& operator=(const nmrcheck_call_guard&) = delete;
};

#define NMRCHECK_AUTO auto
#define NMRCHECK_CALL_GUARD(name, table, context, member) \
  const nmrcheck_call_guard name(table, context, member, __FILE__, __LINE__)

#else

#define NMRCHECK_READ(lvalue) \
  NMRCHECK_READ_AS(NMRCHECK_PASTE(nmrcheck_address_, __COUNTER__), lvalue)
#define NMRCHECK_READ_AS(address, lvalue)                                           \
  __extension__({                                                                   \
    __typeof__(&(lvalue)) address = &(lvalue);                                      \
    _Static_assert(sizeof(*address) <= 8, "shared variables have at most 8 bytes"); \
    nmrcheck_place(__FILE__, __LINE__);                                             \
    nmrcheck_plain_read(address, sizeof(*address), #lvalue);                        \
    *address;                                                                       \
  })

#define NMRCHECK_WRITE(lvalue, ...)                                 \
  NMRCHECK_WRITE_AS(NMRCHECK_PASTE(nmrcheck_address_, __COUNTER__), \
                    NMRCHECK_PASTE(nmrcheck_value_, __COUNTER__), lvalue, __VA_ARGS__)
#define NMRCHECK_WRITE_AS(address, value, lvalue, ...)                              \
  __extension__({                                                                   \
    __typeof__(&(lvalue)) address = &(lvalue);                                      \
    __typeof__(*address) value = (__VA_ARGS__);                                     \
    _Static_assert(sizeof(*address) <= 8, "shared variables have at most 8 bytes"); \
    nmrcheck_place(__FILE__, __LINE__);                                             \
    nmrcheck_plain_write(address, sizeof(*address), #lvalue);                       \
    *address = value;                                                               \
    (void)0;                                                                        \
  })

inline __attribute__((__always_inline__)) char nmrcheck_enter_call(const void* table,
                                                                   const void* context,
                                                                   const char* name,
                                                                   const char* file, int line) {
  nmrcheck_place(file, line);
  nmrcheck_call_begin(table, context, name);
  return 0;
}

inline __attribute__((__always_inline__)) void nmrcheck_leave_call(const char* guard) {
  (void)guard;
  nmrcheck_call_end();
}

// The cleanup covers what follows the initialisation, so each begin has exactly one end.
#define NMRCHECK_AUTO __auto_type
#define NMRCHECK_CALL_GUARD(name, table, context, member)                         \
  __attribute__((__cleanup__(nmrcheck_leave_call), __unused__)) const char name = \
      nmrcheck_enter_call(table, context, member, __FILE__, __LINE__)

#endif

#define NMRCHECK_CALL(table, member, ...)                                                        \
  NMRCHECK_CALL_FORM(__VA_ARGS__, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                     MANY, MANY, MANY, MANY, MANY, ONE, 0)                                       \
  (NMRCHECK_PASTE(nmrcheck_table_, __COUNTER__), NMRCHECK_PASTE(nmrcheck_context_, __COUNTER__), \
   NMRCHECK_PASTE(nmrcheck_guard_, __COUNTER__), table, member, __VA_ARGS__)
#define NMRCHECK_CALL_VOID(table, member, ...) NMRCHECK_CALL(table, member, __VA_ARGS__)

// Whether anything follows the context, for up to 16 arguments.
#define NMRCHECK_CALL_FORM(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, \
                           form, ...)                                                             \
  NMRCHECK_CALL_##form

#define NMRCHECK_CALL_ONE(table, context, guard, table_value, member, context_value) \
  __extension__({                                                                    \
    NMRCHECK_AUTO table = (table_value);                                             \
    NMRCHECK_AUTO context = (context_value);                                         \
    NMRCHECK_CALL_GUARD(guard, table, context, #member);                             \
    table->member(context);                                                          \
  })
#define NMRCHECK_CALL_MANY(table, context, guard, table_value, member, context_value, ...) \
  __extension__({                                                                          \
    NMRCHECK_AUTO table = (table_value);                                                   \
    NMRCHECK_AUTO context = (context_value);                                               \
    NMRCHECK_CALL_GUARD(guard, table, context, #member);                                   \
    table->member(context, __VA_ARGS__);                                                   \
  })
