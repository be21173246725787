// A client in C with a thread of its own, which sleeps on an event until a provider is there.
#include "scenarios/drivers/catalog.h"
#include "scenarios/drivers/traffic.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

template <bool kFaulty>
void drive(model::World& world, const ParameterValues&) {
  kit::Driver provider(NMRCHECK_DRIVER(echo_provider), "echo.sys");
  kit::Driver asker(kFaulty ? NMRCHECK_DRIVER(asker_faulty) : NMRCHECK_DRIVER(asker), "asker.sys");
  const bool provider_first = traffic::chosen(world, "the provider is loaded and unloaded first");
  if (provider_first) (void)provider.enter();
  (void)asker.enter();
  if (!provider_first) (void)provider.enter();
  if (provider_first) provider.unload();
  asker.unload();
  provider.unload();
}

}  // namespace

void add_asker(std::vector<Scenario>& list) {
  add_pair(list,
           {"driver/asker-count-unguarded",
            "A client in C counts its calls in progress outside of the lock.",
            {"KRN-RACE-01"},
            "driver/asker",
            "xdp-for-windows, published/external/xdpapi.h before the rundown protection",
            {},
            kit::make<drive<true>>},
           "A client in C with a thread of its own counts its calls in progress under a lock.",
           kit::make<drive<false>>);
}

}  // namespace nmrcheck::designs
