// What the C half of the hooks test offers to its C++ half.
#pragma once

#include <wdm.h>

EXTERN_C_START

typedef struct _PAIR_DISPATCH {
  LONG (*Add)(const VOID* context, LONG value);
  VOID (*Stop)(const VOID* context);
} PAIR_DISPATCH;

typedef struct _SHARED {
  LONG number;
  PVOID pointer;
  const PAIR_DISPATCH* dispatch;
} SHARED;

// The annotations of <nmrcheck.h> as C expands them.
LONG c_doubles_number(SHARED* shared);
LONG c_calls_through_dispatch(SHARED* shared);

// Returns the final value of a counter of type `long` that was raised twice and lowered once.
long c_counts_in_long(VOID);
LONG c_verifies(LONG holds);

EXTERN_C_END
