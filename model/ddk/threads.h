// System threads as waitable objects.
#pragma once

#include <optional>

#include "sim/core/ids.h"

namespace nmrcheck::model {

// The thread whose object this is, or nothing if it is something else.
std::optional<sim::FiberId> thread_of_object(const void* object);

}  // namespace nmrcheck::model
