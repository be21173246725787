// The hash of a trace against the oracle that writes traces out.
#include "sim/strategy/prefix_hash.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "sim/strategy/dfs.h"
#include "tests/sim/random_programs.h"
#include "tests/sim/traces.h"

namespace nmrcheck::sim {
namespace {

// Passes questions on and hashes what is done.
class Hasher final : public Strategy {
 public:
  explicit Hasher(Strategy& inner) : inner_(inner) {}

  bool begin_execution(Seed seed) override {
    hash_.begin_execution();
    return inner_.begin_execution(seed);
  }
  Pick pick(const ChoicePoint& point) override {
    const auto picked = inner_.pick(point);
    if (point.kind == ChoiceKind::kValue) {
      hash_.answer(*picked);
      asked_ = true;
      return picked;
    }
    hash_.at_point(point);
    // A step that asked nothing led where it was said to lead.
    if (expected_) {
      EXPECT_TRUE(asked_ || *expected_ == hash_.prefix());
    }
    expected_ = hash_.with_step(point, *picked);
    asked_ = false;
    hash_.begin_step(point, *picked);
    return picked;
  }
  void end_execution(const ExecutionEnd& end) override {
    expected_.reset();
    inner_.end_execution(end);
  }
  Hash128 end() { return hash_.end(); }

 private:
  Strategy& inner_;
  PrefixHash hash_;
  std::optional<Hash128> expected_;
  bool asked_ = false;
};

TEST(TraceHashTest, IsEqualForEqualTracesOnly) {
  std::uint64_t traces = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    Rng rng(fork(Seed{2}, i));
    const ProgramFactory factory = test::program_of(test::random_code(rng, 7));
    std::map<std::string, std::set<std::pair<std::uint64_t, std::uint64_t>>> hashes;
    std::set<std::pair<std::uint64_t, std::uint64_t>> distinct;
    DfsStrategy dfs;
    Hasher hasher(dfs);
    test::TraceRecorder recorder(hasher);
    Execution execution;
    for (int k = 0; k < 500 && recorder.begin_execution(Seed{0}); ++k) {
      const auto program = factory();
      execution.run(*program, recorder);
      const Hash128 hash = hasher.end();
      hashes[recorder.trace()].insert({hash.low, hash.high});
      distinct.insert({hash.low, hash.high});
    }
    for (const auto& [trace, of] : hashes) ASSERT_EQ(of.size(), 1u) << "program " << i << trace;
    ASSERT_EQ(distinct.size(), hashes.size()) << "program " << i;
    traces += hashes.size();
  }
  EXPECT_GT(traces, 1000u);
}

}  // namespace
}  // namespace nmrcheck::sim
