// A provider in C that drains in a work item, and an inline client; called at both interrupt
// levels while the drivers are unloaded in any order.
#include <array>
#include <span>
#include <string>

#include "scenarios/drivers/catalog.h"
#include "scenarios/drivers/traffic.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

constexpr Parameter kSenders{"senders", "threads that call, the second one at DISPATCH_LEVEL", 2, 1,
                             2};

template <bool kFaulty>
void drive(model::World& world, const ParameterValues& values) {
  kit::Driver provider(
      kFaulty ? NMRCHECK_DRIVER(echo_provider_faulty) : NMRCHECK_DRIVER(echo_provider), "echo.sys");
  kit::Driver client(NMRCHECK_DRIVER(echo_client), "client.sys");
  if (!NT_SUCCESS(provider.enter()) || !NT_SUCCESS(client.enter())) return;
  std::array<sim::FiberId, 2> senders{traffic::start(client, "sender", "EchoClientSend")};
  std::size_t count = 1;
  if (values.at(std::string(kSenders.name)) == 2) {
    senders[count++] = traffic::start(client, "DPC sender", "EchoClientSendAtDispatch");
  }
  const bool client_first = traffic::chosen(world, "the client leaves first");
  if (!client_first) provider.unload();
  traffic::end(std::span(senders).first(count));
  client.unload();
  provider.unload();
}

}  // namespace

void add_echo(std::vector<Scenario>& list) {
  add_pair(list,
           {"driver/echo-work-item-unpinned",
            "A provider in C completes its detach in a work item that does not keep it loaded.",
            {"NMR-UNL-03"},
            "driver/echo",
            "xdp-for-windows pull request 321",
            {kSenders},
            kit::make<drive<true>>},
           "A provider in C drains its calls in a work item and completes its detach then.",
           kit::make<drive<false>>);
}

}  // namespace nmrcheck::designs
