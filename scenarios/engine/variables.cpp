// Benchmarks on variables that are read, written and added to.
#include "scenarios/engine/listing.h"

namespace nmrcheck::engine {
namespace {

// 1 × W(x); n × R(x). Traces: each reader before or after the writer, 2^n.
class Readers final : public Listing {
 public:
  explicit Readers(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    x_ = object("x");
    fiber("writer", [this] { write(x_, 1); });
    fibers(n_, "reader", [this](std::uint32_t) { read(x_); });
  }

  std::uint32_t n_;
  ObjectId x_{};
};

// The reader looks for the last zero of a[0..n], from the end; writer j writes a[j-1] + 1 to a[j].
// Traces: (n+3) · 2^(n-2).
class LastZero final : public Listing {
 public:
  explicit LastZero(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    a_ = array("a", n_ + 1);
    fiber("reader", [this] {
      std::uint32_t i = n_;
      while (read(a_[i]) != 0) --i;
    });
    fibers(n_, "writer", [this](std::uint32_t j) {
      const std::uint64_t before = read(a_[j]);
      write(a_[j + 1], before + 1);
    });
  }

  std::uint32_t n_;
  Array a_;
};

// n × W(x, i); 1 × R(x). Traces: (n+1)!.
class WritersAndReader final : public Listing {
 public:
  explicit WritersAndReader(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    x_ = object("x");
    fibers(n_, "writer", [this](std::uint32_t i) { write(x_, i); });
    fiber("reader", [this] { read(x_); });
  }

  std::uint32_t n_;
  ObjectId x_{};
};

// n fibers add to kVariables variables, one after another. Traces: (n!)^kVariables.
template <std::uint32_t kVariables>
class AtomicAdds final : public Listing {
 public:
  explicit AtomicAdds(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    variables_ = array("v", kVariables);
    fibers(n_, "adder", [this](std::uint32_t) {
      for (std::uint32_t v = 0; v < kVariables; ++v) add(variables_[v], 1);
    });
  }

  std::uint32_t n_;
  Array variables_;
};

// n fibers: v = R(x); W(x, v + 2^i). Traces: (n!)^2.
class Increments final : public Listing {
 public:
  explicit Increments(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    x_ = object("x");
    fibers(n_, "adder", [this](std::uint32_t i) {
      const std::uint64_t v = read(x_);
      write(x_, v + (std::uint64_t{1} << i));
    });
  }

  std::uint32_t n_;
  ObjectId x_{};
};

// n fibers: R(x); W(x, i). Traces: (n!)^2.
class ReadsAndWrites final : public Listing {
 public:
  explicit ReadsAndWrites(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    x_ = object("x");
    fibers(n_, "fiber", [this](std::uint32_t i) {
      read(x_);
      write(x_, i);
    });
  }

  std::uint32_t n_;
  ObjectId x_{};
};

// W(x,1); R(y); R(x) beside W(x,2); R(z); R(x) beside n-1 times W(y,i); W(z,i).
class Coherence final : public Listing {
 public:
  explicit Coherence(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    x_ = object("x");
    y_ = object("y");
    z_ = object("z");
    fiber("first", [this] { write_and_read(1, y_); });
    fiber("second", [this] { write_and_read(2, z_); });
    fibers(n_ - 1, "writer", [this](std::uint32_t i) {
      write(y_, i + 1);
      write(z_, i + 1);
    });
  }

  void write_and_read(std::uint64_t value, ObjectId between) const {
    write(x_, value);
    read(between);
    read(x_);
  }

  std::uint32_t n_;
  ObjectId x_{}, y_{}, z_{};
};

// The reader polls the flag up to 41 times; the value is read only when the flag was seen.
// Traces: the poll that sees it, or none: 42.
class Publish final : public Listing {
 public:
  explicit Publish(const ParameterValues&) {}

 private:
  static constexpr int kPolls = 41;

  void start() override {
    x_ = object("x");
    flag_ = object("flag");
    fiber("writer", [this] {
      write(x_, 42);
      write(flag_, 1);
    });
    fiber("reader", [this] {
      for (int poll = 0; poll < kPolls; ++poll) {
        if (read(flag_) == 0) continue;
        require(read(x_) == 42, "the value is published before the flag");
        return;
      }
    });
  }

  ObjectId x_{}, flag_{};
};

// Two fibers with a private prefix of 2n steps each, then W(v); R(v). Traces: 4.
class LongPrefix final : public Listing {
 public:
  explicit LongPrefix(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    own_ = array("own", 2);
    v_ = object("v");
    fibers(2, "fiber", [this](std::uint32_t i) {
      for (std::uint32_t round = 0; round < n_; ++round) {
        write(own_[i], round);
        read(own_[i]);
      }
      write(v_, i);
      read(v_);
    });
  }

  std::uint32_t n_;
  Array own_;
  ObjectId v_{};
};

// The example of the paper that introduced optimal reduction: 5 traces, where source sets alone
// need 5 more executions that are blocked.
class OptimalExample final : public Listing {
 public:
  explicit OptimalExample(const ParameterValues&) {}

 private:
  void start() override {
    x_ = object("x");
    y_ = object("y");
    z_ = object("z");
    fiber("p", [this] { write(x_, 1); });
    fiber("q", [this] { write(y_, 1); });
    fiber("r", [this] {
      if (read(y_) == 0) write(z_, 1);
    });
    fiber("s", [this] {
      if (read(z_) == 1 && read(y_) == 0) write(x_, 2);
    });
  }

  ObjectId x_{}, y_{}, z_{};
};

}  // namespace

void add_variables(std::vector<Benchmark>& list) {
  constexpr auto kAdders = [](std::int64_t value) {
    return Parameter{"n", "fibers", value, 1, kOthersMax};
  };
  list.push_back(row<Readers>({"engine/readers",
                               "One fiber writes a variable that n fibers read.",
                               {},
                               "",
                               "GenMC, synthetic/readers; Concuerror, readers",
                               {{"n", "readers", 3, 1, kOthersMax - 1}}}));
  list.push_back(row<LastZero>({"engine/lastzero",
                                "A reader looks for the last zero of an array that n writers fill.",
                                {},
                                "",
                                "Concuerror, last_zero; GenMC and Nidhugg, lastzero",
                                {{"n", "writers", 3, 1, kOthersMax - 1}}}));
  list.push_back(row<WritersAndReader>({"engine/n-writers-a-reader",
                                        "n fibers write a variable that one reads.",
                                        {},
                                        "",
                                        "GenMC, synthetic/N-writers; Nidhugg",
                                        {{"n", "writers", 3, 1, kOthersMax - 1}}}));
  list.push_back(row<AtomicAdds<1>>({"engine/ainc",
                                     "n fibers add to one variable atomically.",
                                     {},
                                     "",
                                     "GenMC, synthetic/ainc",
                                     {kAdders(3)}}));
  list.push_back(row<AtomicAdds<2>>({"engine/binc",
                                     "n fibers add to two variables atomically.",
                                     {},
                                     "",
                                     "GenMC, synthetic/binc",
                                     {kAdders(3)}}));
  list.push_back(row<AtomicAdds<3>>({"engine/cinc",
                                     "n fibers add to three variables atomically.",
                                     {},
                                     "",
                                     "GenMC, synthetic/cinc",
                                     {kAdders(2)}}));
  list.push_back(row<Increments>({"engine/inc",
                                  "n fibers read a variable and write a larger value.",
                                  {},
                                  "",
                                  "GenMC, synthetic/inc",
                                  {kAdders(3)}}));
  list.push_back(row<ReadsAndWrites>({"engine/rw",
                                      "n fibers read a variable and write their number.",
                                      {},
                                      "",
                                      "GenMC, synthetic/rw",
                                      {kAdders(3)}}));
  list.push_back(row<Coherence>({"engine/coa",
                                 "Two fibers write and read one variable while n-1 write others.",
                                 {},
                                 "",
                                 "GenMC, synthetic/CoA",
                                 {{"n", "writers of the others, and one", 2, 1, kOthersMax - 1}}}));
  list.push_back(
      row<Publish>({"engine/publish",
                    "A reader polls a flag 41 times before it reads the value behind it.",
                    {},
                    "",
                    "GenMC, publish",
                    {}}));
  list.push_back(row<LongPrefix>({"engine/par-length",
                                  "Two fibers meet only after a long private prefix.",
                                  {},
                                  "",
                                  "GenMC, par_length",
                                  {{"n", "rounds of the prefix", 4, 0, 4000}}}));
  list.push_back(row<OptimalExample>({"engine/popl14",
                                      "Four fibers for which source sets alone explore too much.",
                                      {},
                                      "",
                                      "Abdulla, Aronis, Jonsson, Sagonas, POPL 2014; Concuerror, "
                                      "POPL_optimal_example",
                                      {}}));
}

}  // namespace nmrcheck::engine
