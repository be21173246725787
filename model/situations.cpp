// One case for each situation.
#include "model/situations.h"

#include <algorithm>
#include <array>

#include "model/kernel/kernel.h"
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
};

constexpr std::uint32_t phase(BindingPhase phase) { return static_cast<std::uint32_t>(phase); }

}  // namespace

std::span<const SituationInfo> situations() { return kSituations; }

const SituationInfo* find_situation(std::string_view name) {
  for (const SituationInfo& info : kSituations) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

void Situations::observe(const Event& event) {
  switch (event.kind) {
    case EventKind::kAttachCalled:
      if (event.side == Side::kClient &&
          (view_.registration(event.registration).deregister_calls > 0 ||
           view_.registration(event.peer_registration).deregister_calls > 0)) {
        execution_.reached(situation::kLateOffer);
      }
      break;
    case EventKind::kAttachReturned:
      if (event.side == Side::kClient && !nt_success(event.status)) {
        execution_.reached(situation::kRefusedOffer);
      }
      break;
    case EventKind::kCallBegan:
    case EventKind::kDetachDue:
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
      break;
  }
}

void Situations::observe_detach(const Event& event) {
  const BindingView& binding = view_.binding(event.binding);
  const SideView& side = binding.side(event.side);
  switch (event.kind) {
    case EventKind::kDetachDue:
      if (event.block == phase(BindingPhase::kDetaching) ||
          event.block == phase(BindingPhase::kCleanup)) {
        execution_.reached(situation::kBothDeregister);
      } else if (event.block > phase(BindingPhase::kProposed) &&
                 event.block < phase(BindingPhase::kAttached)) {
        execution_.reached(situation::kDeregisterDuringOffer);
      }
      break;
    case EventKind::kCallBegan:
      if (side.detach_returned && !side.done) execution_.reached(situation::kCallWhileDetaching);
      break;
    case EventKind::kDetachCalled:
      if (inside_registrar("NmrRegisterClient", "NmrRegisterProvider")) {
        execution_.reached(situation::kDetachInRegister);
      }
      break;
    case EventKind::kDetachReturned:
      if (side.open_calls > 0) execution_.reached(situation::kDetachDuringCall);
      if (event.status == kStatusPending) execution_.reached(situation::kPendingDetach);
      break;
    case EventKind::kCompletionCalled:
      if (side.completed_early) execution_.reached(situation::kEarlyCompletion);
      break;
    default:  // kCleanupCalled
      if (!binding.sides[0].detach_returned || !binding.sides[1].detach_returned) {
        execution_.reached(situation::kCleanupDuringDetach);
      }
      if (inside_registrar("NmrClientDetachProviderComplete", "NmrProviderDetachClientComplete")) {
        execution_.reached(situation::kCleanupInCompletion);
      }
      break;
  }
}

// True on a fiber that has called one of the two functions and not returned from it.
bool Situations::inside_registrar(const char* client_function,
                                  const char* provider_function) const {
  const std::vector<Frame>& frames = kernel_.frames(execution_.current());
  return std::any_of(frames.begin(), frames.end(), [&](const Frame& frame) {
    return frame.kind == FrameKind::kRegistrar &&
           (std::string_view(frame.name) == client_function ||
            std::string_view(frame.name) == provider_function);
  });
}

void Situations::observe_work(const Event& event) {
  if (event.module == kNoModule) return;
  if (index(event.module) >= work_.size()) work_.resize(index(event.module) + 1);
  ModuleWork& work = work_[index(event.module)];
  if (event.kind == EventKind::kWorkQueued) ++work.items;
  if (event.kind == EventKind::kWorkEnded) --work.items;
  if (event.kind == EventKind::kUnloadCalled) work.unloading = true;
  if (event.kind == EventKind::kUnloadReturned) work.unloading = false;
  if (work.unloading && work.items > 0) execution_.reached(situation::kUnloadWithWork);
}

}  // namespace nmrcheck::model
