// The choice-point table, and the profiles that follow from it.
#include "model/nmr/choices.h"

#include <cassert>

namespace nmrcheck::model {
namespace {

constexpr Alternatives kA = 1, kB = 2, kC = 4, kD = 8, kE = 16;

constexpr std::array kChoicePoints{
    ChoicePointInfo{1,
                    "CP-01 thread that runs an offer",
                    {"the registering thread, before it returns", "a system worker"},
                    kA | kB,
                    kA,
                    kA | kB,
                    0,
                    "drivers inspect the attach result right after registering",
                    "that a provider's thread runs client code follows from (a)"},
    ChoicePointInfo{2,
                    "CP-02 when the registration handle is stored",
                    {"before the first attach callback", "after all of them"},
                    kA | kB,
                    kA | kB,
                    kA | kB,
                    1,
                    "documentation is silent",
                    ""},
    ChoicePointInfo{4,
                    "CP-04 order of offers",
                    {"order of registration", "any other order", "all at once"},
                    kA | kB | kC,
                    kA | kB | kC,
                    kA | kB | kC,
                    0,
                    "documentation is silent",
                    "two threads that register at once give overlapping offers in any case"},
    ChoicePointInfo{
        6,
        "CP-06 detach overlapping the attach of the same binding",
        {"only after ClientAttachProvider returned", "from the return of NmrClientAttachProvider",
         "from the return of ProviderAttachClient"},
        kA,
        kA,
        kA | kB | kC,
        0,
        "the sample client links its context only after NmrClientAttachProvider",
        ""},
    ChoicePointInfo{10,
                    "CP-10 offer racing with deregistration",
                    {"dropped", "made all the same"},
                    kA | kB,
                    kB,
                    kA | kB,
                    1,
                    "late comers are attached, then detached at once",
                    "an offer that runs already is completed, and detached if it attached"},
    ChoicePointInfo{11,
                    "CP-11 thread that runs detach callbacks",
                    {"the deregistering thread", "a system worker"},
                    kA | kB,
                    kA,
                    kA | kB,
                    0,
                    "public crash stacks show the deregistering thread",
                    "a late bind is detached on the attaching thread"},
    ChoicePointInfo{12,
                    "CP-12 order of the two detach callbacks",
                    {"client first", "provider first", "both at once",
                     "client first, provider when the client is done",
                     "provider first, client when the provider is done"},
                    kA | kB | kC | kD | kE,
                    kA | kB | kC | kD | kE,
                    kA | kB | kC | kD | kE,
                    0,
                    "documentation is silent",
                    ""},
    ChoicePointInfo{13,
                    "CP-13 completion before the detach callback returned",
                    {"accepted"},
                    kA,
                    kA,
                    kA,
                    0,
                    "the sample decides PENDING under a lock, drops it, then returns",
                    "which thread completes first is explored by fibers"},
    ChoicePointInfo{14,
                    "CP-14 earliest moment of cleanup",
                    {"after both detach callbacks returned", "as soon as both sides are done"},
                    kA | kB,
                    kA | kB,
                    kA | kB,
                    0,
                    "documentation says: after both sides are done",
                    "asked when a side completed before its callback returned"},
    ChoicePointInfo{15,
                    "CP-15 order of the two cleanup callbacks",
                    {"client first", "provider first", "both at once"},
                    kA | kB | kC,
                    kA | kB | kC,
                    kA | kB | kC,
                    0,
                    "documentation is silent",
                    ""},
    ChoicePointInfo{16,
                    "CP-16 thread and IRQL of cleanup",
                    {"the thread that finished the binding", "a system worker",
                     "the thread that finished the binding, at DISPATCH_LEVEL"},
                    kA | kB | kC,
                    kA,
                    kA | kB | kC,
                    0,
                    "a context was freed when the completion call returned",
                    ""},
    ChoicePointInfo{18,
                    "CP-18 what precedes the return of the wait",
                    {"the cleanups of both sides", "the cleanup of the own side",
                     "both sides done, no cleanup"},
                    kA | kB,
                    kA | kB,
                    kA | kB | kC,
                    0,
                    "the definition of detached does not mention cleanup",
                    ""},
    ChoicePointInfo{19,
                    "CP-19 what may run on when the wait returns",
                    {"tails of completion calls", "also tails of detach callbacks"},
                    kA,
                    kA,
                    kA | kB,
                    0,
                    "with (b) no driver that returns STATUS_PENDING could ever be unloaded safely",
                    "tails of completion calls are explored by fibers: every return is a step"},
    ChoicePointInfo{30,
                    "CP-30 result of NmrDeregister*",
                    {"STATUS_PENDING"},
                    kA,
                    kA,
                    kA,
                    0,
                    "drivers assert it; mocks were changed to match",
                    ""},
    ChoicePointInfo{32,
                    "CP-32 both ends deregister at once",
                    {"each callback runs once, on whichever thread came first"},
                    kA,
                    kA,
                    kA,
                    0,
                    "the WSK page says so for the client callback",
                    "explored by fibers"},
};

constexpr Profile make_profile(std::string_view name, std::string_view summary,
                               Alternatives ChoicePointInfo::*column) {
  Profile profile{name, summary, {}};
  for (const ChoicePointInfo& info : kChoicePoints) profile.allowed[info.number] = info.*column;
  return profile;
}

constexpr std::array kProfiles{
    make_profile("documented", "everything that no documentation excludes",
                 &ChoicePointInfo::documented),
    make_profile("windows", "what Windows is known, or not known not, to do",
                 &ChoicePointInfo::windows),
    make_profile("paranoid", "also what only sample code or plain necessity excludes",
                 &ChoicePointInfo::paranoid),
};

}  // namespace

std::span<const ChoicePointInfo> choice_points() { return kChoicePoints; }

const ChoicePointInfo& choice_point(std::uint32_t number) {
  for (const ChoicePointInfo& info : kChoicePoints) {
    if (info.number == number) return info;
  }
  assert(false && "no such choice point");
  return kChoicePoints.front();
}

std::span<const Profile> profiles() { return kProfiles; }

const Profile* find_profile(std::string_view name) {
  for (const Profile& profile : kProfiles) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

}  // namespace nmrcheck::model
