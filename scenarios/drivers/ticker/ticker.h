// The NPI of the ticker: a client that starts it is called back, a number of times, by a DPC.
#pragma once

#include <ntddk.h>
#include <netioddk.h>

#define TICKER_NPI_VERSION 1

typedef struct _TICKER_CLIENT_DISPATCH {
  USHORT Version;
  USHORT Size;
  // IRQL == DISPATCH_LEVEL.
  VOID(NTAPI* Tick)(_In_ PVOID ClientBindingContext, _In_ ULONG TicksLeft);
} TICKER_CLIENT_DISPATCH, *PTICKER_CLIENT_DISPATCH;

typedef struct _TICKER_PROVIDER_DISPATCH {
  USHORT Version;
  USHORT Size;
  // IRQL <= DISPATCH_LEVEL.
  NTSTATUS(NTAPI* Start)(_In_ PVOID ProviderBindingContext, _In_ ULONG Ticks);
} TICKER_PROVIDER_DISPATCH, *PTICKER_PROVIDER_DISPATCH;

// {E8A3F90B-60C4-4E57-9B1D-7C25D8F4610E}
static const NPIID TICKER_NPI_ID = {
    0xe8a3f90b, 0x60c4, 0x4e57, {0x9b, 0x1d, 0x7c, 0x25, 0xd8, 0xf4, 0x61, 0x0e}};
