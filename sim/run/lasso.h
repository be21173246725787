// Recognizes that an execution goes round in a circle: the same state comes again and again.
#pragma once

#include <cstdint>
#include <vector>

namespace nmrcheck::sim {

// Keeps one state that was met, after Brent (1980): a later one takes its place at visits number
// 1, 2, 4, … unless the kept one was met again meanwhile. A circle is so found within a constant
// factor of its length, with the memory of one state.
class Lasso {
 public:
  using State = std::vector<std::uint64_t>;

  void reset();

  // Notes a visit of `state`. Returns how often it came again since it was kept; 0: it is not the
  // kept state.
  std::uint32_t visit(const State& state);

 private:
  State kept_;
  std::uint64_t visits_ = 0;
  std::uint64_t next_ = 1;  // the visit whose state may be kept
  std::uint32_t repeats_ = 0;
  bool recent_ = false;  // met since `next_` was set
};

}  // namespace nmrcheck::sim
