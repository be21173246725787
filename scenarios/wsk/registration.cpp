// Mistakes around WskRegister and WskDeregister.
#include "model/situations.h"
#include "scenarios/nmr/catalog.h"
#include "scenarios/wsk/application.h"
#include "scenarios/wsk/catalog.h"

namespace nmrcheck::designs {
namespace {

using wsk::Application;

constexpr wsk::Design kIdle{};

// --- WSK-01: what was not registered is deregistered; or never what was ---

void deregister_always(Application& application) { WskDeregister(&application.registration); }

constexpr wsk::Design kDeregisteredAlways{.unload = deregister_always};

void forget(Application&) {}

constexpr wsk::Design kForgotten{.unload = forget};

// --- WSK-05: a thread deregisters, and nobody waits for it ---

void leave_it_to_a_thread(Application& application) {
  if (!NT_SUCCESS(application.registered)) return;
  application.thread = model::current_kernel().start_thread(
      "deregister", [&application] { WskDeregister(&application.registration); });
  application.threads = 1;
}

void wait_for_the_thread(Application& application) {
  leave_it_to_a_thread(application);
  join(application);
}

constexpr wsk::Design kNotAwaited{.unload = leave_it_to_a_thread};
constexpr wsk::Design kAwaited{.unload = wait_for_the_thread};

// --- WSK-06: the dispatch table dies too early; the block is overwritten ---

void register_with_pool(Application& application) {
  application.memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(WSK_CLIENT_DISPATCH), wsk::kTag);
  auto* dispatch = static_cast<WSK_CLIENT_DISPATCH*>(application.memory);
  dispatch->Version = MAKE_WSK_VERSION(1, 0);
  WSK_CLIENT_NPI npi{&application, dispatch};
  application.registered = WskRegister(&npi, &application.registration);
}

void register_with_temporary(Application& application) {
  register_with_pool(application);
  ExFreePoolWithTag(application.memory, wsk::kTag);
}

void unload_and_free(Application& application) {
  unload_application(application);
  ExFreePoolWithTag(application.memory, wsk::kTag);
}

constexpr wsk::Design kTemporaryDispatch{.enter = register_with_temporary};
constexpr wsk::Design kLastingDispatch{.enter = register_with_pool, .unload = unload_and_free};

void zero_and_unload(Application& application) {
  if (!NT_SUCCESS(application.registered)) return;
  RtlZeroMemory(&application.registration, sizeof application.registration);
  WskDeregister(&application.registration);
}

void unload_and_zero(Application& application) {
  unload_application(application);
  RtlZeroMemory(&application.registration, sizeof application.registration);
}

constexpr wsk::Design kOverwritten{.unload = zero_and_unload};
constexpr wsk::Design kZeroedAfter{.unload = unload_and_zero};

}  // namespace

void add_wsk_registration(std::vector<Scenario>& list) {
  using namespace model::situation;
  const std::vector<std::string_view> teardown{kLateOffer, kDeregisterDuringOffer, kBothDeregister};
  const auto add = [&](Scenario faulty, std::string_view fixed_summary,
                       decltype(Scenario::make) fixed) {
    add_pair(list, faulty, fixed_summary, fixed);
    list.back().situations = teardown;
  };
  add({"wsk/deregister-after-failure",
       "An application deregisters although WskRegister failed.",
       {"WSK-01"},
       "wsk/deregister-after-failure-fixed",
       "cloudbase/wnbd pull request 108",
       {kit::kFaults},
       wsk::make<kDeregisteredAlways>},
      "It deregisters what it registered.", wsk::make<kIdle>);
  add({"wsk/never-deregistered",
       "An application is unloaded and stays registered.",
       {"WSK-01"},
       "wsk/never-deregistered-fixed",
       "WskRegister reference page",
       {},
       wsk::make<kForgotten>},
      "Its unload routine calls WskDeregister.", wsk::make<kIdle>);
  add({"wsk/deregister-not-awaited",
       "An application leaves WskDeregister to a thread and does not wait for it.",
       {"WSK-05", "WSK-01", "NMR-UNL-03"},
       "wsk/deregister-not-awaited-fixed",
       "Unregistering a Winsock Kernel Application",
       {},
       wsk::make<kNotAwaited>},
      "The unload routine waits for the thread.", wsk::make<kAwaited>);
  add({"wsk/temporary-dispatch",
       "An application frees its WSK_CLIENT_DISPATCH when it has registered.",
       {"WSK-06"},
       "wsk/temporary-dispatch-fixed",
       "WskRegister reference page",
       {},
       wsk::make<kTemporaryDispatch>},
      "The table lives until WskDeregister has returned.", wsk::make<kLastingDispatch>);
  add({"wsk/registration-overwritten",
       "An application clears its WSK_REGISTRATION before it deregisters.",
       {"WSK-06"},
       "wsk/registration-overwritten-fixed",
       "Registering a Winsock Kernel Application",
       {},
       wsk::make<kOverwritten>},
      "It clears the block afterwards.", wsk::make<kZeroedAfter>);
}

}  // namespace nmrcheck::designs
