// Identities used by every layer: fibers and the objects that fibers share.
#pragma once

#include <cstdint>

namespace nmrcheck::sim {

// Position of a fiber in spawn order within one execution, starting at 0 (the program's main
// fiber).
enum class FiberId : std::uint32_t {};

// Position of an object in creation order within one execution, starting at 0.
enum class ObjectId : std::uint32_t {};

inline constexpr FiberId kNoFiber{0xffffffffu};
inline constexpr ObjectId kNoObject{0xffffffffu};

// Fibers that may be alive in one execution; a set of fibers is one 64-bit mask.
inline constexpr std::uint32_t kFibersMax = 64;

constexpr std::uint32_t index(FiberId fiber) { return static_cast<std::uint32_t>(fiber); }
constexpr std::uint32_t index(ObjectId object) { return static_cast<std::uint32_t>(object); }

// The set that holds only `fiber`. Requires: fiber is not kNoFiber.
constexpr std::uint64_t mask_of(FiberId fiber) { return std::uint64_t{1} << index(fiber); }

}  // namespace nmrcheck::sim
