// Winsock Kernel: registration, and sockets as far as their lifetimes go (made and closed, no
// data).
#pragma once

#include "netioddk.h"
#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "wdm_irp.h"
#include "wdm_lock.h"
#include "wdm_thread.h"

EXTERN_C_START

// {2227E803-8D8B-11D4-ABAD-009027719E09}
extern CONST NPIID NPI_WSK_INTERFACE_ID;

#define MAKE_WSK_VERSION(Mj, Mn) ((USHORT)((Mj) << 8) | (USHORT)((Mn)&0xff))
#define WSK_MAJOR_VERSION(V) ((UCHAR)((V) >> 8))
#define WSK_MINOR_VERSION(V) ((UCHAR)(V))

#define WSK_NO_WAIT 0
#define WSK_INFINITE_WAIT 0xffffffff

#define WSK_FLAG_BASIC_SOCKET 0x00000000
#define WSK_FLAG_LISTEN_SOCKET 0x00000001
#define WSK_FLAG_CONNECTION_SOCKET 0x00000002
#define WSK_FLAG_DATAGRAM_SOCKET 0x00000004

typedef USHORT ADDRESS_FAMILY;
#ifndef AF_INET
#define AF_INET 2
#define AF_INET6 23
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#endif

struct sockaddr;
typedef struct sockaddr SOCKADDR, *PSOCKADDR;
typedef PVOID PSECURITY_DESCRIPTOR;

typedef struct _WSK_CLIENT WSK_CLIENT, *PWSK_CLIENT;

// --- What the application gives ---

typedef NTSTATUS(NTAPI* PFN_WSK_CLIENT_EVENT)(_In_opt_ PVOID ClientContext, _In_ ULONG EventType,
                                              _In_opt_ PVOID Information,
                                              _In_ SIZE_T InformationLength);

typedef struct _WSK_CLIENT_DISPATCH {
  USHORT Version;
  USHORT Reserved;
  PFN_WSK_CLIENT_EVENT WskClientEvent;  // May be NULL.
} WSK_CLIENT_DISPATCH, *PWSK_CLIENT_DISPATCH;

typedef struct _WSK_CLIENT_NPI {
  PVOID ClientContext;
  CONST WSK_CLIENT_DISPATCH* Dispatch;
} WSK_CLIENT_NPI, *PWSK_CLIENT_NPI;

// Memory of the application, contents of the library.
typedef struct _WSK_REGISTRATION {
  ULONGLONG ReservedRegistrationState;
  PVOID ReservedRegistrationContext;
  KSPIN_LOCK ReservedRegistrationLock;
} WSK_REGISTRATION, *PWSK_REGISTRATION;

// --- What the subsystem gives ---

typedef struct _WSK_SOCKET {
  CONST VOID* Dispatch;  // WSK_PROVIDER_BASIC_DISPATCH, and more for most kinds
} WSK_SOCKET, *PWSK_SOCKET;

typedef enum { WskSetOption, WskGetOption, WskIoctl, WskControlMax } WSK_CONTROL_SOCKET_TYPE;

typedef NTSTATUS(NTAPI* PFN_WSK_CONTROL_SOCKET)(
    _In_ PWSK_SOCKET Socket, _In_ WSK_CONTROL_SOCKET_TYPE RequestType, _In_ ULONG ControlCode,
    _In_ ULONG Level, _In_ SIZE_T InputSize, _In_opt_ PVOID InputBuffer, _In_ SIZE_T OutputSize,
    _Out_opt_ PVOID OutputBuffer, _Out_opt_ SIZE_T* OutputSizeReturned, _Inout_opt_ PIRP Irp);
typedef NTSTATUS(NTAPI* PFN_WSK_CLOSE_SOCKET)(_In_ PWSK_SOCKET Socket, _Inout_ PIRP Irp);

typedef struct _WSK_PROVIDER_BASIC_DISPATCH {
  PFN_WSK_CONTROL_SOCKET WskControlSocket;
  PFN_WSK_CLOSE_SOCKET WskCloseSocket;
} WSK_PROVIDER_BASIC_DISPATCH, *PWSK_PROVIDER_BASIC_DISPATCH;

// IoStatus.Information of a successful request is the PWSK_SOCKET.
typedef NTSTATUS(NTAPI* PFN_WSK_SOCKET)(
    _In_ PWSK_CLIENT Client, _In_ ADDRESS_FAMILY AddressFamily, _In_ USHORT SocketType,
    _In_ ULONG Protocol, _In_ ULONG Flags, _In_opt_ PVOID SocketContext,
    _In_opt_ CONST VOID* Dispatch, _In_opt_ PEPROCESS OwningProcess, _In_opt_ PETHREAD OwningThread,
    _In_opt_ PSECURITY_DESCRIPTOR SecurityDescriptor, _Inout_ PIRP Irp);
typedef NTSTATUS(NTAPI* PFN_WSK_SOCKET_CONNECT)(
    _In_ PWSK_CLIENT Client, _In_ USHORT SocketType, _In_ ULONG Protocol,
    _In_ PSOCKADDR LocalAddress, _In_ PSOCKADDR RemoteAddress, _In_ ULONG Flags,
    _In_opt_ PVOID SocketContext, _In_opt_ CONST VOID* Dispatch, _In_opt_ PEPROCESS OwningProcess,
    _In_opt_ PETHREAD OwningThread, _In_opt_ PSECURITY_DESCRIPTOR SecurityDescriptor,
    _Inout_ PIRP Irp);
typedef NTSTATUS(NTAPI* PFN_WSK_CONTROL_CLIENT)(_In_ PWSK_CLIENT Client, _In_ ULONG ControlCode,
                                                _In_ SIZE_T InputSize, _In_opt_ PVOID InputBuffer,
                                                _In_ SIZE_T OutputSize,
                                                _Out_opt_ PVOID OutputBuffer,
                                                _Out_opt_ SIZE_T* OutputSizeReturned,
                                                _In_opt_ PIRP Irp);

// Version 1.0; what Windows 7 added is not here.
typedef struct _WSK_PROVIDER_DISPATCH {
  USHORT Version;
  USHORT Reserved;
  PFN_WSK_SOCKET WskSocket;
  PFN_WSK_SOCKET_CONNECT WskSocketConnect;
  PFN_WSK_CONTROL_CLIENT WskControlClient;
} WSK_PROVIDER_DISPATCH, *PWSK_PROVIDER_DISPATCH;

typedef struct _WSK_PROVIDER_NPI {
  PWSK_CLIENT Client;
  CONST WSK_PROVIDER_DISPATCH* Dispatch;
} WSK_PROVIDER_NPI, *PWSK_PROVIDER_NPI;

typedef struct _WSK_PROVIDER_CHARACTERISTICS {
  USHORT HighestVersion;
  USHORT LowestVersion;
} WSK_PROVIDER_CHARACTERISTICS, *PWSK_PROVIDER_CHARACTERISTICS;

// --- Registration: an NMR client in a library, one for each block ---

NTSTATUS WskRegister(_In_ PWSK_CLIENT_NPI WskClientNpi, _Out_ PWSK_REGISTRATION WskRegistration);
NTSTATUS WskCaptureProviderNPI(_In_ PWSK_REGISTRATION WskRegistration, _In_ ULONG WaitTimeout,
                               _Out_ PWSK_PROVIDER_NPI WskProviderNpi);
VOID WskReleaseProviderNPI(_In_ PWSK_REGISTRATION WskRegistration);
NTSTATUS WskQueryProviderCharacteristics(_In_ PWSK_REGISTRATION WskRegistration,
                                         _Out_ PWSK_PROVIDER_CHARACTERISTICS
                                             WskProviderCharacteristics);
VOID WskDeregister(_In_ PWSK_REGISTRATION WskRegistration);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define WskRegister(...) NMRCHECK_AT(WskRegister(__VA_ARGS__))
#define WskCaptureProviderNPI(...) NMRCHECK_AT(WskCaptureProviderNPI(__VA_ARGS__))
#define WskReleaseProviderNPI(...) NMRCHECK_AT(WskReleaseProviderNPI(__VA_ARGS__))
#define WskQueryProviderCharacteristics(...) \
  NMRCHECK_AT(WskQueryProviderCharacteristics(__VA_ARGS__))
#define WskDeregister(...) NMRCHECK_AT(WskDeregister(__VA_ARGS__))
#endif
