// Benchmarks on compare-exchange: one that fails only reads.
#include "scenarios/engine/listing.h"

namespace nmrcheck::engine {
namespace {

// n fibers, i = 1 … n: CAS(x, i-1, i).
class Rotation final : public Listing {
 public:
  explicit Rotation(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    x_ = object("x");
    fibers(n_, "fiber", [this](std::uint32_t i) { compare_exchange(x_, i, i + 1); });
  }

  std::uint32_t n_;
  ObjectId x_{};
};

// n fibers, i = 1 … n: CAS(x, 0, i). Traces: who succeeds, n.
class Election final : public Listing {
 public:
  explicit Election(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    x_ = object("x");
    fibers(n_, "fiber", [this](std::uint32_t i) { compare_exchange(x_, 0, i + 1); });
  }

  std::uint32_t n_;
  ObjectId x_{};
};

// 1 × W(x, 2); n × CAS(x, 2, 3). Traces: n · 2^(n-1) + 1.
class WriteAndElection final : public Listing {
 public:
  explicit WriteAndElection(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    x_ = object("x");
    fiber("writer", [this] { write(x_, 2); });
    fibers(n_, "fiber", [this](std::uint32_t) { compare_exchange(x_, 2, 3); });
  }

  std::uint32_t n_;
  ObjectId x_{};
};

// n fibers put four values each into a hash table of 128 slots; they meet only from n = 12 on.
class Indexer final : public Listing {
 public:
  explicit Indexer(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  static constexpr std::uint32_t kSlots = 128;
  static constexpr std::uint32_t kValues = 4;

  void start() override {
    table_ = array("table", kSlots);
    fibers(n_, "fiber", [this](std::uint32_t t) {
      for (std::uint32_t m = 0; m < kValues; ++m) {
        const std::uint32_t value = 11 * m + t;  // 0 for the first fiber: its slot stays free
        std::uint32_t slot = 7 * value % kSlots;
        while (!compare_exchange(table_[slot], 0, value)) slot = (slot + 1) % kSlots;
      }
    });
  }

  std::uint32_t n_;
  Array table_;
};

}  // namespace

void add_exchanges(std::vector<Benchmark>& list) {
  list.push_back(row<Rotation>({"engine/casrot",
                                "Fiber i of n exchanges i-1 for i.",
                                {},
                                "",
                                "GenMC, synthetic/casrot",
                                {{"n", "fibers", 3, 1, kOthersMax}}}));
  list.push_back(row<Election>({"engine/cas",
                                "n fibers exchange 0 for their number; one succeeds.",
                                {},
                                "",
                                "GenMC, synthetic/cas",
                                {{"n", "fibers", 3, 1, kOthersMax}}}));
  list.push_back(row<WriteAndElection>({"engine/wcas",
                                        "n fibers exchange what another one writes.",
                                        {},
                                        "",
                                        "GenMC, synthetic/wcas",
                                        {{"n", "exchanging fibers", 3, 1, kOthersMax - 1}}}));
  list.push_back(row<Indexer>({"engine/indexer",
                               "n fibers fill a hash table; few of them meet.",
                               {},
                               "",
                               "Flanagan and Godefroid, POPL 2005; GenMC, synthetic/indexer",
                               {{"n", "fibers", 12, 1, 32}}}));
}

}  // namespace nmrcheck::engine
