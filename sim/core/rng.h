// The only source of randomness: a small generator with integer output, the same on every machine.
#pragma once

#include <cstdint>

namespace nmrcheck::sim {

// Starts every random stream of a search. Two searches with equal seeds are equal.
enum class Seed : std::uint64_t {};

// Mixes 64 bits so that each input bit affects every output bit.
// Source: the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014, variant 13 of Stafford).
constexpr std::uint64_t mix64(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

// The seed of stream `index` below `seed`: execution number i of a search draws from fork(seed, i),
// whichever machine or thread runs it.
constexpr Seed fork(Seed seed, std::uint64_t index) {
  return Seed{mix64(mix64(static_cast<std::uint64_t>(seed)) ^ mix64(~index))};
}

// xoshiro256** 1.0 (Blackman, Vigna, "Scrambled linear pseudorandom number generators", 2018).
class Rng {
 public:
  explicit constexpr Rng(Seed seed) {
    auto state = static_cast<std::uint64_t>(seed);
    for (std::uint64_t& word : words_) word = state = mix64(state);
  }

  constexpr std::uint64_t next() {
    const std::uint64_t result = rotate(words_[1] * 5, 7) * 9;
    const std::uint64_t shifted = words_[1] << 17;
    words_[2] ^= words_[0];
    words_[3] ^= words_[1];
    words_[1] ^= words_[2];
    words_[0] ^= words_[3];
    words_[2] ^= shifted;
    words_[3] = rotate(words_[3], 45);
    return result;
  }

  // Uniform in [0, bound). Requires: bound > 0. The bias of the multiplication method is below
  // bound / 2^32 (Lemire, "Fast random integer generation in an interval", 2019, without
  // rejection).
  constexpr std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
  }

 private:
  static constexpr std::uint64_t rotate(std::uint64_t value, int bits) {
    return (value << bits) | (value >> (64 - bits));
  }

  std::uint64_t words_[4]{};
};

}  // namespace nmrcheck::sim
