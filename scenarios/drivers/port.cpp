// An interface provider in C, whose interface goes up and down while it is asked.
#include "scenarios/drivers/catalog.h"
#include "scenarios/drivers/traffic.h"
#include "scenarios/ndisif/provider.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

enum class Kind { kRight, kRegisteredEarly, kUnguardedCount };

const char* image(Kind kind) {
  switch (kind) {
    case Kind::kRegisteredEarly:
      return NMRCHECK_DRIVER(port_registered_early);
    case Kind::kUnguardedCount:
      return NMRCHECK_DRIVER(port_unguarded_count);
    default:
      return NMRCHECK_DRIVER(port);
  }
}

template <Kind kKind, int kSetters>
void drive(model::World& world, const ParameterValues& values) {
  ndisif::set_up(world, values);
  kit::Driver port(image(kKind), "port.sys");
  if (!NT_SUCCESS(port.enter())) return;
  auto* set_status = port.find<VOID(NET_IF_OPER_STATUS)>("PortSetStatus");
  sim::FiberId setters[kSetters];
  for (sim::FiberId& setter : setters) {
    setter = kit::start_thread(port.module(), "switch",
                               [set_status] { set_status(NET_IF_OPER_STATUS_UP); });
  }
  for (const sim::FiberId setter : setters) kit::join(setter);
  port.unload();
}

}  // namespace

void add_port(std::vector<Scenario>& list) {
  const std::vector<Parameter> parameters{ndisif::kRequests, ndisif::kObjects, ndisif::kLengths,
                                          ndisif::kSets, ndisif::kCompares};
  add_pair(list,
           {"driver/port-registered-early",
            "An interface provider in C registers its interface before the context is complete.",
            {"KRN-RACE-01", "NDISIF-CB-04"},
            "driver/port",
            "NdisIfRegisterInterface reference page: it says nothing of when queries begin",
            parameters,
            kit::make<drive<Kind::kRegisteredEarly, 1>>},
           "An interface provider in C whose context is complete when it registers.",
           kit::make<drive<Kind::kRight, 1>>);
  add_pair(list,
           {"driver/port-count-unguarded",
            "An interface provider in C counts the changes of its status outside of the lock.",
            {"KRN-RACE-01"},
            "driver/port-count",
            "Windows Driver Kit, \"Interlocked variable access\"",
            parameters,
            kit::make<drive<Kind::kUnguardedCount, 2>>},
           "It counts them under the lock.", kit::make<drive<Kind::kRight, 2>>);
}

}  // namespace nmrcheck::designs
