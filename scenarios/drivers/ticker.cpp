// A provider in C that calls its client from the DPC of a timer, and that client.
#include "scenarios/drivers/catalog.h"
#include "scenarios/drivers/traffic.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

enum class First { kAny, kTicker, kListener };

struct Course {
  const char* ticker = NMRCHECK_DRIVER(ticker);
  const char* listener = NMRCHECK_DRIVER(listener);
  ULONG ticks = 1;
  First leaves_first = First::kAny;
};

// The listener starts the ticker on a thread of its own, and both drivers are unloaded.
void drive(model::World& world, const Course& course) {
  kit::Driver ticker(course.ticker, "ticker.sys");
  kit::Driver listener(course.listener, "listener.sys");
  if (!NT_SUCCESS(ticker.enter()) || !NT_SUCCESS(listener.enter())) return;
  auto* listen = listener.find<NTSTATUS(ULONG)>("ListenerListen");
  const sim::FiberId starter = kit::start_thread(
      listener.module(), "starter", [listen, ticks = course.ticks] { (void)listen(ticks); });
  const bool ticker_first = course.leaves_first == First::kAny
                                ? traffic::chosen(world, "the ticker leaves first")
                                : course.leaves_first == First::kTicker;
  if (ticker_first) ticker.unload();
  kit::join(starter);
  listener.unload();
  ticker.unload();
}

void drive_ticker(model::World& world, const ParameterValues&) { drive(world, {.ticks = 2}); }
void drive_cancel_unheeded(model::World& world, const ParameterValues&) {
  drive(world, {.ticker = NMRCHECK_DRIVER(ticker_cancel_unheeded), .ticks = 2});
}

void drive_flushed(model::World& world, const ParameterValues&) {
  drive(world, {.leaves_first = First::kTicker});
}
void drive_not_flushed(model::World& world, const ParameterValues&) {
  drive(world, {.ticker = NMRCHECK_DRIVER(ticker_not_flushed), .leaves_first = First::kTicker});
}

void drive_listener(model::World& world, const ParameterValues&) {
  drive(world, {.leaves_first = First::kListener});
}
void drive_freed_in_detach(model::World& world, const ParameterValues&) {
  drive(world, {.listener = NMRCHECK_DRIVER(listener_faulty), .leaves_first = First::kListener});
}

}  // namespace

void add_ticker(std::vector<Scenario>& list) {
  add_pair(list,
           {"driver/ticker-cancel-unheeded",
            "A provider in C cancels its timer in detach, and not the DPC that runs already.",
            {"NMR-DET-03", "NMR-DET-10", "NMR-MEM-08", "KRN-IMAGE-02"},
            "driver/ticker",
            "Detaching a Client Module from a Provider Module",
            {},
            kit::make<drive_cancel_unheeded>},
           "A provider in C calls from a timer's DPC, which completes a detach that comes late.",
           kit::make<drive_ticker>);
  add_pair(list,
           {"driver/ticker-dpc-not-flushed",
            "A provider in C completes its detach in a DPC, for which its unload does not wait.",
            {"NMR-UNL-03"},
            "driver/ticker-dpc-flushed",
            "xdp-for-windows pull request 321",
            {},
            kit::make<drive_not_flushed>},
           "A provider in C waits in its unload routine for the DPC that completed its detach.",
           kit::make<drive_flushed>);
  add_pair(list,
           {"driver/listener-freed-in-detach",
            "A client in C frees its binding context in detach, while the provider calls it.",
            {"NMR-CLN-01"},
            "driver/listener",
            "ebpf-for-windows issue 990",
            {},
            kit::make<drive_freed_in_detach>},
           "A client in C frees its binding context in the cleanup callback.",
           kit::make<drive_listener>);
}

}  // namespace nmrcheck::designs
