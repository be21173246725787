// One case for each situation.
#include "model/situations.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "model/kernel/kernel.h"
#include "model/ndisif/view.h"
#include "model/nmr/binding.h"
#include "model/nmr/view.h"

namespace nmrcheck::model {
namespace {

constexpr std::array kSituations{
    SituationInfo{situation::kRefusedOffer, "ClientAttachProvider returned without success"},
    SituationInfo{situation::kLateOffer,
                  "ClientAttachProvider was called after one of the two modules had begun to "
                  "deregister"},
    SituationInfo{situation::kDeregisterDuringOffer,
                  "a module deregistered while an attach callback of its binding ran"},
    SituationInfo{situation::kDetachInRegister,
                  "a detach callback was called inside NmrRegister*, which has not returned"},
    SituationInfo{situation::kBothDeregister,
                  "a module deregistered while the other one's deregistration was detaching their "
                  "binding"},
    SituationInfo{situation::kDetachDuringCall,
                  "a detach callback returned while a call of its side into the peer ran"},
    SituationInfo{situation::kPendingDetach, "a detach callback returned STATUS_PENDING"},
    SituationInfo{situation::kCallWhileDetaching,
                  "a call into the peer began after the detach callback of its side had returned "
                  "STATUS_PENDING"},
    SituationInfo{situation::kEarlyCompletion,
                  "a side completed its detach before its detach callback had returned"},
    SituationInfo{situation::kCleanupDuringDetach,
                  "a cleanup callback was called before both detach callbacks had returned"},
    SituationInfo{situation::kCleanupInCompletion,
                  "a cleanup callback was called inside the completion of a detach"},
    SituationInfo{situation::kUnloadWithWork,
                  "a work item of the module was queued or ran while its unload routine ran"},
    SituationInfo{situation::kCallbackDuringDeregister,
                  "a query or set callback returned while NdisIfDeregisterInterface, which lets no "
                  "further one be chosen, had not returned"},
    SituationInfo{
        situation::kCallbackAfterDeregister,
        "a query or set callback was called after NdisIfDeregisterInterface had returned"},
    SituationInfo{situation::kCallbackOutlivesDeregister,
                  "a query or set callback returned after NdisIfDeregisterInterface had"},
    SituationInfo{situation::kRefusedInterface, "NdisIfRegisterInterface returned without success"},
    SituationInfo{situation::kDuplicateLuid,
                  "NdisIfRegisterInterface returned NDIS_STATUS_DUPLICATE_OBJECTID"},
    SituationInfo{situation::kIndexGivenAgain,
                  "an interface got the index that another one had in the same boot"},
    SituationInfo{situation::kRefusedFree, "NdisIfFreeNetLuidIndex returned without success"},
    SituationInfo{situation::kPowerFailed, "a boot began after a power failure"},
};

// The row of the table.
consteval std::uint32_t row_of(std::string_view name) {
  std::uint32_t row = 0;
  while (kSituations[row].name != name) ++row;
  return row;
}

constexpr std::uint32_t phase(BindingPhase phase) { return static_cast<std::uint32_t>(phase); }

}  // namespace

std::span<const SituationInfo> situations() { return kSituations; }

const SituationInfo* find_situation(std::string_view name) {
  for (const SituationInfo& info : kSituations) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

// Only the first time in an execution is told.
void Situations::note(std::uint32_t row) {
  const std::uint64_t bit = std::uint64_t{1} << row;
  if ((noted_ & bit) != 0) return;
  noted_ |= bit;
  execution_.reached(kSituations[row].name);
}

void Situations::look_at(const Event& event) {
  switch (event.kind) {
    case EventKind::kAttachCalled:
      if (event.side == Side::kClient &&
          (view_.registration(event.registration).deregister_calls > 0 ||
           view_.registration(event.peer_registration).deregister_calls > 0)) {
        note(row_of(situation::kLateOffer));
      }
      break;
    case EventKind::kAttachReturned:
      if (event.side == Side::kClient && !nt_success(event.status)) {
        note(row_of(situation::kRefusedOffer));
      }
      break;
    case EventKind::kCallBegan:
    case EventKind::kDeregisterMet:
    case EventKind::kDetachCalled:
    case EventKind::kDetachReturned:
    case EventKind::kCompletionCalled:
    case EventKind::kCleanupCalled:
      observe_detach(event);
      break;
    case EventKind::kWorkQueued:
    case EventKind::kWorkEnded:
    case EventKind::kUnloadCalled:
    case EventKind::kUnloadReturned:
      observe_work(event);
      break;
    default:
      observe_interface(event);
      break;
  }
}

void Situations::observe_detach(const Event& event) {
  const BindingView& binding = view_.binding(event.binding);
  const SideView& side = binding.side(event.side);
  switch (event.kind) {
    case EventKind::kDeregisterMet:
      if (event.block == phase(BindingPhase::kDetaching) ||
          event.block == phase(BindingPhase::kCleanup)) {
        note(row_of(situation::kBothDeregister));
      } else if (event.block > phase(BindingPhase::kProposed) &&
                 event.block < phase(BindingPhase::kAttached)) {
        note(row_of(situation::kDeregisterDuringOffer));
      }
      break;
    case EventKind::kCallBegan:
      if (side.detach_returned && !side.done) note(row_of(situation::kCallWhileDetaching));
      break;
    case EventKind::kDetachCalled:
      if (registering(binding) && inside_registrar("NmrRegisterClient", "NmrRegisterProvider")) {
        note(row_of(situation::kDetachInRegister));
      }
      break;
    case EventKind::kDetachReturned:
      if (side.open_calls > 0) note(row_of(situation::kDetachDuringCall));
      if (event.status == kStatusPending) note(row_of(situation::kPendingDetach));
      break;
    case EventKind::kCompletionCalled:
      if (side.completed_early) note(row_of(situation::kEarlyCompletion));
      break;
    default:  // kCleanupCalled
      if (!binding.sides[0].detach_returned || !binding.sides[1].detach_returned) {
        note(row_of(situation::kCleanupDuringDetach));
      }
      if (binding.sides[0].completions + binding.sides[1].completions > 0 &&
          inside_registrar("NmrClientDetachProviderComplete", "NmrProviderDetachClientComplete")) {
        note(row_of(situation::kCleanupInCompletion));
      }
      break;
  }
}

// True while NmrRegister* of either side has not returned.
bool Situations::registering(const BindingView& binding) const {
  return !view_.registration(binding.sides[0].registration).returned ||
         !view_.registration(binding.sides[1].registration).returned;
}

// True on a fiber that has called one of the two functions and not returned from it.
bool Situations::inside_registrar(const char* client_function,
                                  const char* provider_function) const {
  const std::vector<Frame>& frames = kernel_.frames(execution_.current());
  return std::any_of(frames.begin(), frames.end(), [&](const Frame& frame) {
    return frame.kind == FrameKind::kRegistrar && (std::strcmp(frame.name, client_function) == 0 ||
                                                   std::strcmp(frame.name, provider_function) == 0);
  });
}

void Situations::observe_work(const Event& event) {
  constexpr std::uint32_t kModulesMax = 64;
  const std::uint32_t module = index(event.module);
  if (module >= kModulesMax) return;
  const std::uint64_t bit = std::uint64_t{1} << module;
  if (event.kind == EventKind::kUnloadCalled) unloading_ |= bit;
  if (event.kind == EventKind::kUnloadReturned) unloading_ &= ~bit;
  if (event.kind == EventKind::kWorkQueued) {
    if (module >= work_.size()) work_.resize(module + 1);
    ++work_[module];
  }
  if (event.kind == EventKind::kWorkEnded) --work_[module];
  const bool working = module < work_.size() && work_[module] > 0;
  if (working && (unloading_ & bit) != 0) note(row_of(situation::kUnloadWithWork));
}

// What callbacks and deregistrations have in common is the interface's object: its rundown closes,
// and the deregistration returns, in steps that update it, and callbacks read it where they begin
// and end.
void Situations::observe_interface(const Event& event) {
  const auto deregistered = [&] {
    return interfaces_.interface(event.interfaces->interface).deregistered;
  };
  switch (event.kind) {
    case EventKind::kIfCallbackCalled:
      if (deregistered()) note(row_of(situation::kCallbackAfterDeregister));
      break;
    case EventKind::kIfCallbackReturned:
      if (deregistered()) {
        note(row_of(situation::kCallbackOutlivesDeregister));
      } else if (event.interfaces->answer->closing) {
        note(row_of(situation::kCallbackDuringDeregister));
      }
      break;
    case EventKind::kInterfaceInserted:
      if (given_before(event)) note(row_of(situation::kIndexGivenAgain));
      break;
    case EventKind::kInterfaceReturned:
      if (!nt_success(event.status)) note(row_of(situation::kRefusedInterface));
      if (event.status == kStatusDuplicateObjectId) note(row_of(situation::kDuplicateLuid));
      break;
    case EventKind::kLuidFreed:
      if (!nt_success(event.status)) note(row_of(situation::kRefusedFree));
      break;
    default:  // kRestarted
      if (event.status != 0) note(row_of(situation::kPowerFailed));
      break;
  }
}

bool Situations::given_before(const Event& inserted) const {
  const InterfaceFacts& facts = *inserted.interfaces;
  for (std::uint32_t i = 0; i < index(facts.interface); ++i) {
    const InterfaceView& earlier = interfaces_.interface(InterfaceId{i});
    if (earlier.index == facts.index && earlier.boot == facts.boot) return true;
  }
  return false;
}

}  // namespace nmrcheck::model
