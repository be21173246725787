// What registrars report of themselves, and what the rules must say to it.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/model/hand_made.h"

namespace nmrcheck::model::test {

struct Report {
  const char* rule;  // what it breaks; "" for a registrar that behaves well
  const char* name;
  void (*tell)(Script& script);
};

inline void PrintTo(const Report& report, std::ostream* stream) { *stream << report.name; }

inline std::string name_of(const testing::TestParamInfo<Report>& info) { return info.param.name; }

// Expects that the report breaks its rule, and none before.
inline void expect_verdict(const Report& report) {
  const std::optional<sim::Violation> violation = violation_of([&](World& world) {
    Script script(world);
    report.tell(script);
  });
  EXPECT_EQ(violation ? violation->rule : "", report.rule) << (violation ? violation->message : "");
}

// --- Names and beginnings that reports share ---

inline constexpr auto kClient = Side::kClient;
inline constexpr auto kProvider = Side::kProvider;
inline constexpr RegistrationId kC{0};  // the client that register_both makes
inline constexpr RegistrationId kP{1};  // and the provider
inline constexpr RegistrationId kOther{2};
inline constexpr BindingId kFirst{0};
inline constexpr BindingId kSecond{1};

inline void attach(Script& s) {
  s.register_both();
  s.offer(kFirst, kC, kP);
}

inline void attach_without_cleanup(Script& s) {
  s.register_both(false);
  s.offer(kFirst, kC, kP);
}

inline void detach_both(Script& s) {
  s.deregister_called(kClient, kC);
  s.detach(kFirst, kClient);
  s.detach(kFirst, kProvider);
}

// The registrar undoes the registration.
inline void undo(Script& s, Side side, RegistrationId id) {
  s.kernel().emit({.kind = EventKind::kRegistrationRolledBack,
                   .side = side,
                   .module = s.module(side),
                   .registration = id});
}

// A provider comes to a client, attaches, and is undone; what follows is left to the caller.
inline void register_and_undo(Script& s) {
  s.register_called(kClient, kC);
  s.register_returned(kClient, kC);
  s.register_called(kProvider, kP);
  s.offer(kFirst, kC, kP);
  undo(s, kProvider, kP);
}

// The client completes inside its detach callback; then the provider detaches.
inline void complete_early(Script& s) {
  s.deregister_called(kClient, kC);
  s.detach_called(kFirst, kClient);
  s.completed(kFirst, kClient);
  s.detach_returned(kFirst, kClient, kStatusPending);
  s.detach(kFirst, kProvider);
}

}  // namespace nmrcheck::model::test
