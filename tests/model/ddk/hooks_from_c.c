// The C half of the hooks test: the macros that differ between C and C++.
#include <nmrcheck.h>

#include "hooks_test.h"

LONG c_doubles_number(SHARED* shared) {
  NMRCHECK_WRITE(shared->number, 2 * NMRCHECK_READ(shared->number));
  return NMRCHECK_READ(shared->number);
}

LONG c_calls_through_dispatch(SHARED* shared) {
  const LONG sum = NMRCHECK_CALL(NMRCHECK_READ(shared->dispatch), Add, shared->pointer, 5);
  NMRCHECK_CALL_VOID(shared->dispatch, Stop, shared->pointer);
  return sum;
}

long c_counts_in_long(VOID) {
  volatile long counter = 0x7fffffff;
  InterlockedIncrement(&counter);
  InterlockedAdd(&counter, 1);
  InterlockedDecrement(&counter);
  return ReadAcquire(&counter);
}

LONG c_verifies(LONG holds) {
  if (!NT_VERIFY(holds == 1)) {
    return 0;
  }
  return 1;
}
