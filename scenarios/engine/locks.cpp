// Benchmarks on locks that end without a deadlock.
#include "scenarios/engine/listing.h"

namespace nmrcheck::engine {
namespace {

// n fibers: lock; for each variable v = R; W(v + 1); unlock. Traces: n!.
template <std::uint32_t kVariables>
class LockedIncrements final : public Listing {
 public:
  explicit LockedIncrements(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    m_ = object("m");
    variables_ = array("v", kVariables);
    fibers(n_, "fiber", [this](std::uint32_t) {
      lock(m_);
      for (std::uint32_t v = 0; v < kVariables; ++v) {
        const std::uint64_t value = read(variables_[v]);
        write(variables_[v], value + 1);
      }
      unlock(m_);
    });
  }

  std::uint32_t n_;
  ObjectId m_{};
  Array variables_;
};

// t fibers, k times each: lock; v = R(c); W(c, v + 1); unlock. Traces: (tk)! / (k!)^t.
class LockIncrement final : public Listing {
 public:
  explicit LockIncrement(const ParameterValues& values)
      : t_(number(values, "t")), k_(number(values, "k")) {}

 private:
  void start() override {
    m_ = object("m");
    c_ = object("c");
    fibers(t_, "fiber", [this](std::uint32_t) {
      for (std::uint32_t round = 0; round < k_; ++round) {
        lock(m_);
        const std::uint64_t v = read(c_);
        write(c_, v + 1);
        unlock(m_);
      }
    });
  }

  std::uint32_t t_, k_;
  ObjectId m_{}, c_{};
};

// n fibers: lock; sum += …; unlock. Traces: n!.
class Pi final : public Listing {
 public:
  explicit Pi(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    m_ = object("m");
    sum_ = object("sum");
    fibers(n_, "fiber", [this](std::uint32_t i) {
      lock(m_);
      add(sum_, i);
      unlock(m_);
    });
  }

  std::uint32_t n_;
  ObjectId m_{}, sum_{};
};

// n fibers find a free block of 26 for their inode of 32; they meet only from n = 14 on.
class FileSystem final : public Listing {
 public:
  explicit FileSystem(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  static constexpr std::uint32_t kInodes = 32;
  static constexpr std::uint32_t kBlocks = 26;

  void start() override {
    inode_locks_ = array("mi", kInodes);
    inodes_ = array("inode", kInodes);
    block_locks_ = array("mb", kBlocks);
    busy_ = array("busy", kBlocks);
    fibers(n_, "fiber", [this](std::uint32_t t) {
      const std::uint32_t inode = t % kInodes;
      lock(inode_locks_[inode]);
      if (read(inodes_[inode]) == 0) allocate(inode);
      unlock(inode_locks_[inode]);
    });
  }

  void allocate(std::uint32_t inode) const {
    for (std::uint32_t block = 2 * inode % kBlocks;; block = (block + 1) % kBlocks) {
      lock(block_locks_[block]);
      const bool free = read(busy_[block]) == 0;
      if (free) {
        write(busy_[block], 1);
        write(inodes_[inode], block + 1);
      }
      unlock(block_locks_[block]);
      if (free) return;
    }
  }

  std::uint32_t n_;
  Array inode_locks_, inodes_, block_locks_, busy_;
};

// The main fiber starts s servers. r times it starts a picker, sends to the server that the picker
// names at that moment, and waits for the picker to end.
class Dispatch final : public Listing {
 public:
  explicit Dispatch(const ParameterValues& values)
      : s_(number(values, "s")), r_(number(values, "r")) {}

 private:
  void start() override {
    k_ = object("k");
    server_ = object("server");
    locks_ = array("ms", s_);
    in_ = array("in", s_);
    out_ = array("out", s_);
    fibers(s_, "server", [this](std::uint32_t i) { serve(i); });
    for (std::uint32_t round = 0; round < r_; ++round) {
      const sim::FiberId picker = execution().spawn_joinable("picker", [this] { pick(); });
      lock(k_);
      const auto i = static_cast<std::uint32_t>(read(server_));
      unlock(k_);
      lock(locks_[i]);
      add(in_[i], 1);
      unlock(locks_[i]);
      execution().join(picker);
    }
  }

  void serve(std::uint32_t i) const {
    lock(locks_[i]);
    if (read(in_[i]) > 0) write(out_[i], 1);
    unlock(locks_[i]);
  }

  void pick() const {
    for (std::uint32_t i = 0; i < s_; ++i) {
      lock(k_);
      write(server_, i);
      unlock(k_);
    }
  }

  std::uint32_t s_, r_;
  ObjectId k_{}, server_{};
  Array locks_, in_, out_;
};

// k locks a; for each, one fiber takes it, and another takes m and then it. Traces: k! · 2^k.
class Pattern final : public Listing {
 public:
  explicit Pattern(const ParameterValues& values) : k_(number(values, "k")) {}

 private:
  void start() override {
    m_ = object("m");
    a_ = array("a", k_);
    for (std::uint32_t i = 0; i < k_; ++i) {
      fiber("inner", [this, i] { enter(i); });
      fiber("outer", [this, i] {
        lock(m_);
        enter(i);
        unlock(m_);
      });
    }
  }

  void enter(std::uint32_t i) const {
    lock(a_[i]);
    unlock(a_[i]);
  }

  std::uint32_t k_;
  ObjectId m_{};
  Array a_;
};

// p producers change a number twice each, then put an item on the list of one of five workers: the
// list depends on the order of all changes so far. Each worker looks twice.
class ProducersAndConsumers final : public Listing {
 public:
  explicit ProducersAndConsumers(const ParameterValues& values) : p_(number(values, "p")) {}

 private:
  static constexpr std::uint32_t kWorkers = 5;
  static constexpr std::uint32_t kRounds = 2;

  void start() override {
    locks_ = array("mut", kWorkers);
    items_ = array("wr", kWorkers);
    pm_ = object("pm");
    b_ = object("b");
    fibers(kWorkers, "worker", [this](std::uint32_t i) {
      for (std::uint32_t round = 0; round < kRounds; ++round) {
        lock(locks_[i]);
        if (read(items_[i]) != 0) add(items_[i], minus(1));
        unlock(locks_[i]);
      }
    });
    fibers(p_, "producer", [this](std::uint32_t id) { produce(id); });
  }

  void produce(std::uint32_t id) const {
    std::uint32_t number_seen = 0;
    for (std::uint32_t round = 0; round < kRounds; ++round) {
      lock(pm_);
      number_seen = static_cast<std::uint32_t>(read(b_) * p_ + id);
      write(b_, number_seen);
      unlock(pm_);
    }
    const std::uint32_t list = number_seen % kWorkers;
    lock(locks_[list]);
    add(items_[list], 1);
    unlock(locks_[list]);
  }

  std::uint32_t p_;
  Array locks_, items_;
  ObjectId pm_{}, b_{};
};

}  // namespace

void add_locks(std::vector<Benchmark>& list) {
  list.push_back(row<LockedIncrements<1>>({"engine/lockinc",
                                           "n fibers increment a variable under a lock.",
                                           {},
                                           "",
                                           "GenMC, synthetic/lockinc",
                                           {{"n", "fibers", 3, 1, kOthersMax}}}));
  list.push_back(row<LockedIncrements<2>>({"engine/lock2inc",
                                           "n fibers increment two variables under a lock.",
                                           {},
                                           "",
                                           "GenMC, synthetic/lock2inc",
                                           {{"n", "fibers", 3, 1, kOthersMax}}}));
  list.push_back(
      row<LockIncrement>({"engine/lock-increment",
                          "t fibers increment a variable under a lock, k times each.",
                          {},
                          "",
                          "own",
                          {{"t", "fibers", 2, 1, kOthersMax}, {"k", "rounds of each", 2, 1, 75}}}));
  list.push_back(row<Pi>({"engine/pi",
                          "n fibers add their part of a sum under a lock.",
                          {},
                          "",
                          "Nguyen et al., CAV 2018 (DPU), pi",
                          {{"n", "fibers", 3, 1, kOthersMax}}}));
  list.push_back(row<FileSystem>({"engine/filesystem",
                                  "n fibers allocate blocks for inodes; few of them meet.",
                                  {},
                                  "",
                                  "Flanagan and Godefroid, POPL 2005; Concuerror, "
                                  "file_system_example",
                                  {{"n", "fibers", 14, 1, 26}}}));
  list.push_back(row<Dispatch>({"engine/dispatch",
                                "Requests go to the server that a fiber names meanwhile.",
                                {},
                                "",
                                "Nguyen et al., CAV 2018 (DPU), dispatch",
                                {{"s", "servers", 2, 1, 30}, {"r", "requests", 1, 0, 30}}}));
  list.push_back(row<Pattern>({"engine/mpat",
                               "k locks are taken alone, and behind a common lock.",
                               {},
                               "",
                               "Nguyen et al., CAV 2018 (DPU), mpat",
                               {{"k", "locks", 2, 1, 31}}}));
  list.push_back(row<ProducersAndConsumers>(
      {"engine/multiprodcon",
       "The order of p producers decides which of five workers an item goes to.",
       {},
       "",
       "Nguyen et al., CAV 2018 (DPU), multiprodcon",
       {{"p", "producers", 2, 1, kOthersMax - 5}}}));
}

}  // namespace nmrcheck::engine
