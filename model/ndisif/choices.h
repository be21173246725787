// The choice points of the registry of NDIS interface providers, Unn: `number` is
// interface_choice(nn).
#pragma once

#include "model/choice_points.h"

namespace nmrcheck::model {

// The number of choice point U<nn>, behind all those of the Network Module Registrar.
constexpr std::uint32_t interface_choice(std::uint32_t nn) { return 64 + nn; }

// The set of that alternative alone: 0 is (a), 1 is (b), …
constexpr Alternatives bit(std::uint32_t alternative) { return Alternatives{1} << alternative; }

// U01 to U31, which choice_points() joins to the others.
std::span<const ChoicePointInfo> interface_choice_points();

}  // namespace nmrcheck::model
