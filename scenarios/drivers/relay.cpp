// A middle driver in C between a provider and a client, each of which may leave first.
#include <array>

#include "scenarios/drivers/catalog.h"
#include "scenarios/drivers/traffic.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

template <bool kFaulty>
void drive(model::World& world, const ParameterValues&) {
  kit::Driver lower(NMRCHECK_DRIVER(echo_provider), "echo.sys");
  kit::Driver relay(kFaulty ? NMRCHECK_DRIVER(relay_faulty) : NMRCHECK_DRIVER(relay), "relay.sys");
  kit::Driver upper(NMRCHECK_DRIVER(relay_client), "client.sys");
  (void)lower.enter();
  (void)relay.enter();
  (void)upper.enter();
  const std::array senders{traffic::start(upper, "sender", "EchoClientSendAtDispatch")};
  switch (world.execution().choose("who leaves first", 3)) {
    case 0:
      break;
    case 1:
      relay.unload();
      break;
    default:
      lower.unload();
  }
  traffic::end(senders);
  upper.unload();
  relay.unload();
  lower.unload();
}

}  // namespace

void add_relay(std::vector<Scenario>& list) {
  add_pair(list,
           {"driver/relay-touch-after-complete",
            "A middle driver in C counts in its lower binding after it completed the detach.",
            {"NMR-MEM-08"},
            "driver/relay",
            "ebpf-for-windows issue 1087",
            {},
            kit::make<drive<true>>},
           "A middle driver in C passes calls on; the last reference completes a detach.",
           kit::make<drive<false>>);
}

}  // namespace nmrcheck::designs
