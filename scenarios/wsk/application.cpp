// The parts of WSK applications.
#include "scenarios/wsk/application.h"

namespace nmrcheck::designs::wsk {
namespace {

NTSTATUS NTAPI take_back(PDEVICE_OBJECT, PIRP, PVOID) { return STATUS_MORE_PROCESSING_REQUIRED; }

PIRP make_packet() {
  const PIRP irp = IoAllocateIrp(1, FALSE);
  if (irp != nullptr) IoSetCompletionRoutine(irp, take_back, nullptr, TRUE, TRUE, TRUE);
  return irp;
}

}  // namespace

void register_application(Application& application) {
  application.dispatch.Version = MAKE_WSK_VERSION(1, 0);
  WSK_CLIENT_NPI npi{&application, &application.dispatch};
  application.registered = WskRegister(&npi, &application.registration);
}

void unload_application(Application& application) {
  join(application);
  if (NT_SUCCESS(application.registered)) WskDeregister(&application.registration);
}

void unload_during_use(Application& application) {
  if (NT_SUCCESS(application.registered)) WskDeregister(&application.registration);
  join(application);
}

void join(Application& application) {
  if (application.threads == 0) return;
  application.threads = 0;
  kit::join(application.thread);
}

void use_once(Application& application) {
  WSK_PROVIDER_NPI npi{};
  if (WskCaptureProviderNPI(&application.registration, WSK_INFINITE_WAIT, &npi) != STATUS_SUCCESS) {
    NMRCHECK_REACHED("capture turned away");
    return;
  }
  const PWSK_SOCKET socket = make_socket(npi);
  if (socket == nullptr) {
    NMRCHECK_REACHED("socket refused");
  } else {
    close_socket(socket);
  }
  WskReleaseProviderNPI(&application.registration);
}

PWSK_SOCKET make_socket(const WSK_PROVIDER_NPI& npi) {
  const PIRP irp = make_packet();
  if (irp == nullptr) return nullptr;
  const NTSTATUS status = NMRCHECK_CALL(
      npi.Dispatch, WskSocket, npi.Client, static_cast<ADDRESS_FAMILY>(AF_INET), SOCK_DGRAM,
      IPPROTO_UDP, WSK_FLAG_BASIC_SOCKET, nullptr, nullptr, nullptr, nullptr, nullptr, irp);
  PWSK_SOCKET made = nullptr;
  if (NT_SUCCESS(status)) made = reinterpret_cast<PWSK_SOCKET>(irp->IoStatus.Information);
  IoFreeIrp(irp);
  return made;
}

void close_socket(PWSK_SOCKET socket) {
  const PIRP irp = make_packet();
  if (irp == nullptr) return;
  (void)NMRCHECK_CALL(static_cast<const WSK_PROVIDER_BASIC_DISPATCH*>(socket->Dispatch),
                      WskCloseSocket, socket, irp);
  IoFreeIrp(irp);
}

void drive(model::World& world, const Design& design) {
  const model::ModuleId subsystem = model::load_wsk_subsystem(world);
  const model::ModuleId driver = world.kernel().load("application.sys");
  auto* application = kit::globals<Application>(driver);
  if (design.subsystem_first) model::start_wsk_subsystem(subsystem);
  kit::in_driver(driver, "DriverEntry", [&] { design.enter(*application); });
  if (design.thread != nullptr && NT_SUCCESS(application->registered)) {
    application->thread = kit::start_thread(
        driver, "user", [application, thread = design.thread] { thread(*application); });
    application->threads = 1;
  }
  if (!design.subsystem_first) model::start_wsk_subsystem(subsystem);
  if (design.event) model::raise_wsk_event(subsystem, 1);
  const auto unload = [&] { world.kernel().unload(driver, [&] { design.unload(*application); }); };
  if (design.first == Leaves::kApplication) unload();
  model::unload_wsk_subsystem(world, subsystem);
  if (design.first == Leaves::kSubsystem) unload();
}

}  // namespace nmrcheck::designs::wsk
