// The network programming interface of a lamp: its client sets the brightness.
#pragma once
#include <ntddk.h>
#include <netioddk.h>

typedef struct _LAMP_DISPATCH {
  VOID (*Set)(_In_ PVOID ProviderBindingContext, _In_ LONG Brightness);
} LAMP_DISPATCH;

static const NPIID LAMP_NPI_ID = {
    0x5e1fd2a7, 0x3b90, 0x47c6, {0x8a, 0x0d, 0x61, 0xf4, 0x29, 0xbe, 0x73, 0x1c}};
