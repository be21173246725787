// A rule: a pure check of one event against what has happened so far.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "model/event.h"

namespace nmrcheck::model {

class InterfacesView;
class Kernel;
class View;

// What a check may look at. The views have the event folded in already.
struct RuleContext {
  const View& view;
  const InterfacesView& interfaces;
  const Kernel& kernel;
};

// Returns what is wrong, in one sentence with the names of those involved, or nothing.
using RuleCheck = std::optional<std::string> (*)(const Event& event, const RuleContext& context);

// The kinds of event that a check wants to see.
class EventSet {
 public:
  constexpr EventSet() = default;
  template <class... Kinds>
  constexpr explicit EventSet(Kinds... kinds) {
    ((bits_[word(kinds)] |= std::uint64_t{1} << bit(kinds)), ...);
  }
  constexpr bool contains(EventKind kind) const {
    return (bits_[word(kind)] >> bit(kind) & 1) != 0;
  }

 private:
  static constexpr std::size_t kWords = 2;
  static_assert(kEventKinds <= 64 * kWords);
  static constexpr std::size_t word(EventKind kind) { return static_cast<std::size_t>(kind) / 64; }
  static constexpr unsigned bit(EventKind kind) { return static_cast<unsigned>(kind) % 64; }
  std::array<std::uint64_t, kWords> bits_{};
};

}  // namespace nmrcheck::model
