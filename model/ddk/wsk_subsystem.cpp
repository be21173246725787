// The subsystem is written as a driver is: its globals in its image, a block for each application.
#include "model/ddk/wsk_subsystem.h"

#include <netioddk.h>
#include <nmrcheck.h>
#include <wdm.h>

#include "model/ddk/wsk_client.h"

namespace nmrcheck::model {
namespace {

constexpr ULONG kTag = 'kswN';

struct Application;

// --- The subsystem's globals: at most kApplicationsMax applications attach at a time ---

constexpr std::size_t kApplicationsMax = 4;

struct Subsystem {
  HANDLE registration;
  BOOLEAN registered;
  NPI_PROVIDER_CHARACTERISTICS characteristics;
  KSPIN_LOCK lock;  // protects the list below
  Application* applications[kApplicationsMax];
};

// The binding context of an application. Its sockets and `detaching` change in one step each.
struct Application {
  Subsystem* subsystem;
  HANDLE binding;
  BindingId id;
  PVOID client_context;
  const WSK_CLIENT_DISPATCH* dispatch;
  LONG sockets;  // and upcalls in progress: what the detach waits for
  LONG open;     // sockets alone
  BOOLEAN detaching;
};

struct Socket {
  WSK_SOCKET base;  // first, as applications see it
  Application* application;
};

// Announces a change of the application's state; the caller makes it in this step.
void change(Application* application, const char* action) {
  current_kernel().access(&application->sockets, true, action);
}

void tell_sockets(const Application& application) {
  current_kernel().emit({.kind = EventKind::kWskSocketsChanged,
                         .binding = application.id,
                         .block = static_cast<std::uint32_t>(application.open)});
}

// In a step of change(): something that the detach waits for has ended.
void drop(Application* application) {
  const HANDLE binding = application->binding;
  const bool last = --application->sockets == 0 && application->detaching;
  if (last) NmrProviderDetachClientComplete(binding);  // the application may be gone now
}

NTSTATUS complete(PIRP irp, NTSTATUS status, const void* information) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = reinterpret_cast<ULONG_PTR>(information);
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

// --- What applications call ---

NTSTATUS NTAPI control_socket(PWSK_SOCKET socket, WSK_CONTROL_SOCKET_TYPE, ULONG, ULONG, SIZE_T,
                              PVOID, SIZE_T, PVOID, SIZE_T*, PIRP irp) {
  NMRCHECK_TOUCH(socket);
  return irp == nullptr ? STATUS_SUCCESS : complete(irp, STATUS_SUCCESS, nullptr);
}

NTSTATUS NTAPI close_socket(PWSK_SOCKET socket, PIRP irp) {
  NMRCHECK_TOUCH(socket);
  Application* application = reinterpret_cast<Socket*>(socket)->application;
  ExFreePoolWithTag(socket, kTag);
  const NTSTATUS status = complete(irp, STATUS_SUCCESS, nullptr);
  change(application, "WskCloseSocket");
  --application->open;
  tell_sockets(*application);
  drop(application);
  return status;
}

constexpr WSK_PROVIDER_BASIC_DISPATCH kSocketDispatch = {control_socket, close_socket};

NTSTATUS make_socket(Application* application, PIRP irp) {
  auto* socket = static_cast<Socket*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Socket), kTag));
  if (socket == nullptr) return complete(irp, STATUS_INSUFFICIENT_RESOURCES, nullptr);
  socket->base.Dispatch = &kSocketDispatch;
  socket->application = application;
  change(application, "count the socket");
  const bool refused = application->detaching;
  if (!refused) {
    ++application->sockets;
    ++application->open;
    tell_sockets(*application);
    return complete(irp, STATUS_SUCCESS, socket);
  }
  ExFreePoolWithTag(socket, kTag);
  return complete(irp, STATUS_DEVICE_NOT_READY, nullptr);
}

NTSTATUS NTAPI wsk_socket(PWSK_CLIENT client, ADDRESS_FAMILY, USHORT, ULONG, ULONG, PVOID,
                          CONST VOID*, PEPROCESS, PETHREAD, PSECURITY_DESCRIPTOR, PIRP irp) {
  return make_socket(reinterpret_cast<Application*>(client), irp);
}

NTSTATUS NTAPI wsk_socket_connect(PWSK_CLIENT client, USHORT, ULONG, PSOCKADDR, PSOCKADDR, ULONG,
                                  PVOID, CONST VOID*, PEPROCESS, PETHREAD, PSECURITY_DESCRIPTOR,
                                  PIRP irp) {
  return make_socket(reinterpret_cast<Application*>(client), irp);
}

NTSTATUS NTAPI wsk_control_client(PWSK_CLIENT client, ULONG, SIZE_T, PVOID, SIZE_T, PVOID, SIZE_T*,
                                  PIRP irp) {
  NMRCHECK_TOUCH(client);
  return irp == nullptr ? STATUS_SUCCESS : complete(irp, STATUS_SUCCESS, nullptr);
}

constexpr WSK_PROVIDER_DISPATCH kProviderDispatch = {kWskVersion, 0, wsk_socket, wsk_socket_connect,
                                                     wsk_control_client};

// --- The NMR provider ---

constexpr WSK_PROVIDER_CHARACTERISTICS kVersions = {kWskVersion, kWskVersion};
constexpr NPI_MODULEID kModule = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {{0x41c5d0e6, 0x0d6f, 0x4b1b, {0xa7, 0x19, 0x3c, 0x84, 0xfa, 0x20, 0x6b, 0x5d}}}};

// Puts `now` where `before` is. Returns false if there is none.
bool exchange(Subsystem* subsystem, const Application* before, Application* now) {
  bool found = false;
  KIRQL irql;
  KeAcquireSpinLock(&subsystem->lock, &irql);
  for (Application*& entry : subsystem->applications) {
    if (entry != before || found) continue;
    entry = now;
    found = true;
  }
  KeReleaseSpinLock(&subsystem->lock, irql);
  return found;
}

NTSTATUS attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID client_context,
                CONST VOID* client_dispatch, PVOID* provider_context,
                CONST VOID** provider_dispatch) {
  auto* made =
      static_cast<Application*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Application), kTag));
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  made->subsystem = static_cast<Subsystem*>(context);
  made->binding = binding;
  made->id = current_kernel().frames(current_kernel().execution().current()).back().binding;
  made->client_context = client_context;
  made->dispatch = static_cast<const WSK_CLIENT_DISPATCH*>(client_dispatch);
  if (!exchange(made->subsystem, nullptr, made)) {
    ExFreePoolWithTag(made, kTag);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  *provider_context = made;
  *provider_dispatch = &kProviderDispatch;
  return STATUS_SUCCESS;
}

NTSTATUS detach(PVOID context) {
  auto* application = static_cast<Application*>(context);
  exchange(application->subsystem, application, nullptr);
  change(application, "refuse more sockets");
  application->detaching = TRUE;
  return application->sockets > 0 ? STATUS_PENDING : STATUS_SUCCESS;
}

VOID cleanup(PVOID context) { ExFreePoolWithTag(context, kTag); }

// The first application from `next` on that is not detaching, held so that it cannot finish.
Application* hold(Subsystem* subsystem, std::size_t& next) {
  Application* held = nullptr;
  KIRQL irql;
  KeAcquireSpinLock(&subsystem->lock, &irql);
  for (; next < kApplicationsMax && held == nullptr; ++next) {
    Application* application = subsystem->applications[next];
    if (application == nullptr) continue;
    change(application, "hold the application");
    if (application->detaching) continue;
    ++application->sockets;
    held = application;
  }
  KeReleaseSpinLock(&subsystem->lock, irql);
  return held;
}

template <class Code>
void run(ModuleId module, const char* name, Code code) {
  const FrameScope frame(current_kernel(),
                         {FrameKind::kModuleCode, module, kNoBinding, Side::kClient, name});
  code();
}

// The globals lie at the start of the image's only block.
Subsystem* globals_of(ModuleId module) {
  const sim::Heap& heap = current_kernel().execution().heap();
  for (std::uint32_t i = 0; i < heap.size(); ++i) {
    const sim::HeapBlock& block = heap.block(i);
    const bool image = block.kind == static_cast<std::uint32_t>(PoolKind::kImage);
    if (image && block.owner == index(module)) return reinterpret_cast<Subsystem*>(block.address);
  }
  return nullptr;
}

}  // namespace

ModuleId load_wsk_subsystem(World& world) {
  const ModuleId module = world.kernel().load("wsk.sys");
  (void)world.kernel().image_data(module, sizeof(Subsystem), "globals");
  return module;
}

void start_wsk_subsystem(ModuleId module) {
  Subsystem* subsystem = globals_of(module);
  subsystem->characteristics = {0, sizeof(NPI_PROVIDER_CHARACTERISTICS), attach, detach, cleanup,
                                {}};
  NPI_REGISTRATION_INSTANCE& instance = subsystem->characteristics.ProviderRegistrationInstance;
  instance.Size = sizeof instance;
  instance.NpiId = &NPI_WSK_INTERFACE_ID;
  instance.ModuleId = &kModule;
  instance.NpiSpecificCharacteristics = &kVersions;
  run(module, "start", [subsystem] {
    declare_wsk_npi();
    subsystem->registered = NT_SUCCESS(
        NmrRegisterProvider(&subsystem->characteristics, subsystem, &subsystem->registration));
  });
}

void raise_wsk_event(ModuleId module, ULONG event_type) {
  Subsystem* subsystem = globals_of(module);
  run(module, "event", [subsystem, event_type] {
    for (std::size_t next = 0; Application* application = hold(subsystem, next);) {
      (void)NMRCHECK_CALL(application->dispatch, WskClientEvent, application->client_context,
                          event_type, nullptr, 0);
      change(application, "let the application go");
      drop(application);
    }
  });
}

void unload_wsk_subsystem(World& world, ModuleId module) {
  Subsystem* subsystem = globals_of(module);
  world.kernel().unload(module, [subsystem] {
    if (!subsystem->registered) return;
    if (NmrDeregisterProvider(subsystem->registration) == STATUS_PENDING) {
      NmrWaitForProviderDeregisterComplete(subsystem->registration);
    }
  });
}

}  // namespace nmrcheck::model
