// Rules of WSK applications.
#include <array>

#include "model/rules/checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr std::array kRules{
    RuleInfo{
        "WSK-01", Severity::kS1, kClient,
        "Each successful WskRegister is followed by one WskDeregister of the same block, and a "
        "failed one by none.",
        "WskRegister and WskDeregister reference pages; cloudbase/wnbd pull request 108",
        "Remember whether WskRegister succeeded, and deregister once, in unload.",
        not_deregistered_once, EventSet(K::kWskDeregisterCalled, K::kUnloadReturned)},
    RuleInfo{"WSK-02", Severity::kS1, kClient,
             "Each successful WskCaptureProviderNPI is followed by one WskReleaseProviderNPI, and "
             "nothing else is.",
             "WskCaptureProviderNPI and WskReleaseProviderNPI reference pages",
             "Release on every path behind a successful capture, and only there.",
             capture_not_released_once, EventSet(K::kWskReleaseCalled, K::kDeadlocked), nullptr,
             "A capture that nobody releases is noticed when WskDeregister or the detach of the "
             "subsystem hangs."},
    RuleInfo{"WSK-03", Severity::kS1, kClient,
             "After the last capture is released no function of WSK_PROVIDER_DISPATCH is called.",
             "Registering a Winsock Kernel Application; Unregistering a Winsock Kernel Application",
             "Hold a capture around each use of the provider NPI.", call_without_capture,
             EventSet(K::kCallBegan)},
    RuleInfo{"WSK-04", Severity::kS3, kClient,
             "WskDeregister is not called by a thread that holds a capture, nor inside a WSK "
             "callback, nor with sockets open that nobody will close: it would never return.",
             "WskDeregister reference page",
             "Close the sockets and release the captures first; deregister from unload.",
             deregister_never_returns, EventSet(K::kWskDeregisterCalled, K::kDeadlocked), nullptr,
             "A capture belongs to the thread that took it, until another thread releases one. "
             "Sockets that nobody closes are noticed when WskDeregister hangs."},
    RuleInfo{"WSK-05", Severity::kS2, kClient,
             "The driver's unload does not return before WskDeregister has returned.",
             "Unregistering a Winsock Kernel Application",
             "Call WskDeregister in the unload routine itself, or wait for whoever does.",
             unload_before_deregister_returned, EventSet(K::kUnloadReturned)},
    RuleInfo{
        "WSK-06", Severity::kS1, kClient,
        "WSK_CLIENT_DISPATCH and WSK_REGISTRATION stay valid until WskDeregister has returned, "
        "and the application does not write to the latter.",
        "WskRegister reference page; Registering a Winsock Kernel Application",
        "Make both global variables of the driver.", lent_memory_freed, EventSet(K::kMemoryFreed),
        nullptr,
        "A write to WSK_REGISTRATION is noticed by the next WSK function that is given it; pool "
        "memory only."},
    RuleInfo{"WSK-07", Severity::kS4, kClient,
             "WskCaptureProviderNPI waits at PASSIVE_LEVEL only, and not for ever inside "
             "DriverEntry.",
             "WskCaptureProviderNPI reference page; Registering a Winsock Kernel Application",
             "Capture with WSK_NO_WAIT there, or from a thread of your own.", capture_must_not_wait,
             EventSet(K::kWskCaptureCalled)},
};

}  // namespace

std::span<const RuleInfo> wsk_rules() { return kRules; }

}  // namespace nmrcheck::model::tables
