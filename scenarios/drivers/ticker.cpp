// A provider in C that calls its client from the DPC of a timer, and that client.
#include "scenarios/drivers/catalog.h"
#include "scenarios/drivers/traffic.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

constexpr ULONG kTicks = 2;

// The listener is started, and both drivers leave, one of them first.
void drive(model::World& world, const char* ticker_path, const char* listener_path) {
  kit::Driver ticker(ticker_path, "ticker.sys");
  kit::Driver listener(listener_path, "listener.sys");
  if (!NT_SUCCESS(ticker.enter()) || !NT_SUCCESS(listener.enter())) return;
  auto* listen = listener.find<NTSTATUS(ULONG)>("ListenerListen");
  const sim::FiberId starter =
      kit::start_thread(listener.module(), "starter", [listen] { (void)listen(kTicks); });
  if (traffic::chosen(world, "the ticker leaves first")) ticker.unload();
  kit::join(starter);
  listener.unload();
  ticker.unload();
}

void drive_correct(model::World& world, const ParameterValues&) {
  drive(world, NMRCHECK_DRIVER(ticker), NMRCHECK_DRIVER(listener));
}
void drive_cancel_unheeded(model::World& world, const ParameterValues&) {
  drive(world, NMRCHECK_DRIVER(ticker_cancel_unheeded), NMRCHECK_DRIVER(listener));
}
void drive_not_flushed(model::World& world, const ParameterValues&) {
  drive(world, NMRCHECK_DRIVER(ticker_not_flushed), NMRCHECK_DRIVER(listener));
}
void drive_freed_in_detach(model::World& world, const ParameterValues&) {
  drive(world, NMRCHECK_DRIVER(ticker), NMRCHECK_DRIVER(listener_faulty));
}

}  // namespace

void add_ticker(std::vector<Scenario>& list) {
  add_pair(list,
           {"driver/ticker-cancel-unheeded",
            "A provider in C cancels its timer in detach, and not the DPC that runs already.",
            {"NMR-DET-03"},
            "driver/ticker",
            "Detaching a Client Module from a Provider Module",
            {},
            kit::make<drive_cancel_unheeded>},
           "A provider in C calls from a timer's DPC, which completes a detach that comes late.",
           kit::make<drive_correct>);
  add_pair(list,
           {"driver/ticker-dpc-not-flushed",
            "A provider in C completes its detach in a DPC, for which its unload does not wait.",
            {"NMR-UNL-03"},
            "driver/ticker-dpc-not-flushed-fixed",
            "xdp-for-windows pull request 321",
            {},
            kit::make<drive_not_flushed>},
           "A provider in C waits in its unload routine for the DPC that completed its detach.",
           kit::make<drive_correct>);
  add_pair(list,
           {"driver/listener-freed-in-detach",
            "A client in C frees its binding context in detach, while the provider calls it.",
            {"NMR-CLN-01"},
            "driver/listener",
            "ebpf-for-windows issue 990",
            {},
            kit::make<drive_freed_in_detach>},
           "A client in C frees its binding context in the cleanup callback.",
           kit::make<drive_correct>);
}

}  // namespace nmrcheck::designs
