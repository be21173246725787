// The NPI of the echo provider: a client hands it a number and gets it back.
#pragma once

#include <ntddk.h>
#include <netioddk.h>

#define ECHO_NPI_VERSION 1

typedef struct _ECHO_PROVIDER_DISPATCH {
  USHORT Version;
  USHORT Size;
  // IRQL <= DISPATCH_LEVEL.
  NTSTATUS(NTAPI* Echo)(_In_ PVOID ProviderBindingContext, _In_ ULONG Value, _Out_ PULONG Answer);
} ECHO_PROVIDER_DISPATCH, *PECHO_PROVIDER_DISPATCH;

typedef struct _ECHO_CLIENT_DISPATCH {
  USHORT Version;
  USHORT Size;
} ECHO_CLIENT_DISPATCH, *PECHO_CLIENT_DISPATCH;

// {7F4B1E6C-9A35-4E0C-8D0B-52D1C6B4A911}
static const NPIID ECHO_NPI_ID = {
    0x7f4b1e6c, 0x9a35, 0x4e0c, {0x8d, 0x0b, 0x52, 0xd1, 0xc6, 0xb4, 0xa9, 0x11}};
