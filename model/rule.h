// A rule: a pure check of one event against what has happened so far.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/event.h"

namespace nmrcheck::model {

class Kernel;
class View;

// What a check may look at. The view has the event folded in already.
struct RuleContext {
  const View& view;
  const Kernel& kernel;
};

// Returns what is wrong, in one sentence with the names of those involved, or nothing.
using RuleCheck = std::optional<std::string> (*)(const Event& event, const RuleContext& context);

// The kinds of event that a check wants to see.
class EventSet {
 public:
  constexpr EventSet() = default;
  template <class... Kinds>
  constexpr explicit EventSet(Kinds... kinds) : bits_(((std::uint64_t{1} << bit(kinds)) | ...)) {}
  constexpr bool contains(EventKind kind) const { return (bits_ >> bit(kind) & 1) != 0; }

 private:
  static constexpr unsigned bit(EventKind kind) { return static_cast<unsigned>(kind); }
  std::uint64_t bits_ = 0;
};

static_assert(kEventKinds <= 64);

}  // namespace nmrcheck::model
