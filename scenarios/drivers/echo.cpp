// A provider and an inline client in C, unloaded while a call is on its way.
#include "scenarios/driver.h"
#include "scenarios/drivers/catalog.h"
#include "scenarios/kit.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using Send = NTSTATUS(ULONG value, ULONG* answer);

template <bool kFaulty>
void drive(model::World&, const ParameterValues&) {
  const char* path =
      kFaulty ? NMRCHECK_DRIVER(echo_provider_faulty) : NMRCHECK_DRIVER(echo_provider);
  kit::Driver provider(path, "echo.sys");
  kit::Driver client(NMRCHECK_DRIVER(echo_client), "echo_client.sys");
  provider.enter();
  client.enter();
  Send* send = client.find<Send>("EchoClientSend");
  const sim::FiberId sender = kit::start_thread(client.module(), "sender", [send] {
    ULONG answer = 0;
    (void)send(7, &answer);
  });
  provider.unload();
  kit::join(sender);
  client.unload();
}

}  // namespace

void add_echo(std::vector<Scenario>& list) {
  add_pair(list,
           {"driver/echo-early-completion",
            "A provider in C completes its detach while calls are in progress.",
            {"NMR-DET-04", "KRN-POOL-01"},
            "driver/echo",
            "written for this catalog",
            {},
            kit::make<drive<true>>},
           "A provider in C drains its calls in a work item and completes its detach then.",
           kit::make<drive<false>>);
}

}  // namespace nmrcheck::designs
