// Processors and clocks.
//
// The simulated machine has NMRCHECK_PROCESSORS processors in one group. Which one a thread or DPC
// runs on is asked of the search when the driver asks first, and stays so; several may be on one
// processor at DISPATCH_LEVEL at the same time. Clocks show virtual time, which goes on only while
// nothing can run.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"

EXTERN_C_START

#define NMRCHECK_PROCESSORS 2
#define ALL_PROCESSOR_GROUPS 0xffff
#define MAXIMUM_PROCESSORS 64
#define MAXIMUM_PROC_PER_GROUP 64

typedef struct _PROCESSOR_NUMBER {
  USHORT Group;
  UCHAR Number;
  UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _GROUP_AFFINITY {
  KAFFINITY Mask;
  USHORT Group;
  USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

ULONG KeQueryMaximumProcessorCount(VOID);
ULONG KeQueryMaximumProcessorCountEx(_In_ USHORT GroupNumber);
ULONG KeQueryActiveProcessorCount(_Out_opt_ PKAFFINITY ActiveProcessors);
ULONG KeQueryActiveProcessorCountEx(_In_ USHORT GroupNumber);
USHORT KeQueryActiveGroupCount(VOID);
ULONG KeGetCurrentProcessorNumberEx(_Out_opt_ PPROCESSOR_NUMBER ProcNumber);
NTSTATUS KeGetProcessorNumberFromIndex(_In_ ULONG ProcIndex, _Out_ PPROCESSOR_NUMBER ProcNumber);
ULONG KeGetProcessorIndexFromNumber(_In_ PPROCESSOR_NUMBER ProcNumber);

// In units of 100 ns.
LARGE_INTEGER KeQueryPerformanceCounter(_Out_opt_ PLARGE_INTEGER PerformanceFrequency);
ULONGLONG KeQueryInterruptTime(VOID);
VOID KeQuerySystemTime(_Out_ PLARGE_INTEGER CurrentTime);
ULONG KeQueryTimeIncrement(VOID);
// In units of KeQueryTimeIncrement.
VOID KeQueryTickCount(_Out_ PLARGE_INTEGER CurrentCount);

EXTERN_C_END

#define KeGetCurrentProcessorNumber() KeGetCurrentProcessorNumberEx(NULL)
#define KeGetCurrentProcessorIndex() KeGetCurrentProcessorNumberEx(NULL)
#define KeQuerySystemTimePrecise(CurrentTime) KeQuerySystemTime(CurrentTime)
#define KeQueryUnbiasedInterruptTime() KeQueryInterruptTime()

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define KeGetCurrentProcessorNumberEx(...) NMRCHECK_AT(KeGetCurrentProcessorNumberEx(__VA_ARGS__))
#define KeQueryPerformanceCounter(...) NMRCHECK_AT(KeQueryPerformanceCounter(__VA_ARGS__))
#define KeQueryInterruptTime(...) NMRCHECK_AT(KeQueryInterruptTime(__VA_ARGS__))
#define KeQuerySystemTime(...) NMRCHECK_AT(KeQuerySystemTime(__VA_ARGS__))
#define KeQueryTickCount(...) NMRCHECK_AT(KeQueryTickCount(__VA_ARGS__))
#endif
