// The choice points of the Network Module Registrar, CP-nn: `number` is nn.
#pragma once

#include "model/choice_points.h"

namespace nmrcheck::model {

// The parts of the table, joined by choice_points(): CP-01 to CP-19 and CP-20 to CP-38.
std::span<const ChoicePointInfo> choice_points_01_to_19();
std::span<const ChoicePointInfo> choice_points_20_to_38();

}  // namespace nmrcheck::model
