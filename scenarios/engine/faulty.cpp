// Small faults of real programs, each beside a correct version.
//
// The faulty versions restate programs of SCTBench, on bare variables and with exact steps.
#include "scenarios/engine/listing.h"

namespace nmrcheck::engine {
namespace {

// A checker that expects a wrong sum once both transfers are done. Correct: the right sum.
template <bool kCorrect>
class Account final : public Listing {
 public:
  explicit Account(const ParameterValues&) {}

 private:
  static constexpr std::uint64_t kExpected = kCorrect ? minus(1) : minus(5);

  void start() override {
    m_ = object("m");
    balance_ = object("balance", 1);
    deposited_ = object("deposited");
    withdrawn_ = object("withdrawn");
    fiber("checker", [this] {
      lock(m_);
      if (read(deposited_) != 0 && read(withdrawn_) != 0) {
        require(read(balance_) == kExpected, "the balance is as expected");
      }
      unlock(m_);
    });
    fiber("deposit", [this] { transfer(2, deposited_); });
    fiber("withdraw", [this] { transfer(minus(4), withdrawn_); });
  }

  void transfer(std::uint64_t amount, ObjectId done) const {
    lock(m_);
    const std::uint64_t balance = read(balance_);
    write(balance_, balance + amount);
    write(done, 1);
    unlock(m_);
  }

  ObjectId m_{}, balance_{}, deposited_{}, withdrawn_{};
};

// Three fibers copy a value from one to the next, in any order; the checker expects equal values.
// Correct: each waits for the one before.
template <bool kCorrect>
class TokenRing final : public Listing {
 public:
  explicit TokenRing(const ParameterValues&) {}

 private:
  void start() override {
    g_ = object("g");
    x1_ = object("x1", 1);
    x2_ = object("x2", 2);
    x3_ = object("x3", 1);
    f1_ = object("f1");
    f2_ = object("f2");
    f3_ = object("f3");
    fiber("first", [this] {
      lock(g_);
      write(x1_, (read(x3_) + 1) % 4);
      write(f1_, 1);
      unlock(g_);
    });
    fiber("second", [this] {
      if (kCorrect) await(f1_, 1);
      copy(x1_, x2_, f2_);
    });
    fiber("third", [this] {
      if (kCorrect) await(f2_, 1);
      copy(x2_, x3_, f3_);
    });
    fiber("checker", [this] { check(); });
  }

  void copy(ObjectId from, ObjectId to, ObjectId done) const {
    lock(g_);
    write(to, read(from));
    write(done, 1);
    unlock(g_);
  }

  void check() {
    lock(g_);
    if (read(f1_) != 0 && read(f2_) != 0 && read(f3_) != 0) {
      const std::uint64_t first = read(x1_);
      const std::uint64_t second = read(x2_);
      require(first == second, "x1 is x2 once the token went round");
      const std::uint64_t again = read(x2_);
      const std::uint64_t third = read(x3_);
      require(again == third, "x2 is x3 once the token went round");
    }
    unlock(g_);
  }

  ObjectId g_{}, x1_{}, x2_{}, x3_{}, f1_{}, f2_{}, f3_{};
};

// Two fibers take two locks in opposite order. Correct: in the same order.
template <bool kCorrect>
class Deadlock01 final : public Listing {
 public:
  explicit Deadlock01(const ParameterValues&) {}

 private:
  void start() override {
    a_ = object("a");
    b_ = object("b");
    c_ = object("c");
    fiber("up", [this] { both(a_, b_, 1); });
    fiber("down", [this] { kCorrect ? both(a_, b_, minus(1)) : both(b_, a_, minus(1)); });
  }

  void both(ObjectId first, ObjectId second, std::uint64_t by) const {
    lock(first);
    lock(second);
    add(c_, by);
    unlock(second);
    unlock(first);
  }

  ObjectId a_{}, b_{}, c_{};
};

// A fiber takes a second lock while its counter is not zero, inside of the first one, and keeps it
// while it takes the first one again. Correct: the second lock is taken outside of the first.
template <bool kCorrect>
class Carter01 final : public Listing {
 public:
  explicit Carter01(const ParameterValues&) {}

 private:
  void start() override {
    m_ = object("m");
    l_ = object("l");
    counters_ = array("counter", 2);
    fibers(2, "fiber", [this](std::uint32_t i) { kCorrect ? outside(i) : inside(i); });
  }

  void inside(std::uint32_t i) const {
    lock(m_);
    if (add(counters_[i], 1) == 1) lock(l_);
    unlock(m_);
    lock(m_);
    if (add(counters_[i], minus(1)) == 0) unlock(l_);
    unlock(m_);
  }

  void outside(std::uint32_t i) const {
    lock(l_);
    lock(m_);
    add(counters_[i], 1);
    unlock(m_);
    lock(m_);
    add(counters_[i], minus(1));
    unlock(m_);
    unlock(l_);
  }

  ObjectId m_{}, l_{};
  Array counters_;
};

// The stop race of a driver: rundown protection made by hand, whose flag is read before the
// reference is counted. Correct: after it.
template <bool kCorrect>
class Bluetooth final : public Listing {
 public:
  explicit Bluetooth(const ParameterValues&) {}

 private:
  void start() override {
    pending_ = object("pending", 1);
    flag_ = object("stopping");
    event_ = object("stop event");
    stopped_ = object("stopped");
    fiber("stop", [this] {
      write(flag_, 1);
      give_up();
      if (read(event_) != 0) write(stopped_, 1);
    });
    fiber("add", [this] {
      if (kCorrect) add(pending_, 1);
      if (read(flag_) == 0) {
        if (!kCorrect) add(pending_, 1);
        require(read(stopped_) == 0, "the driver is not stopped during work");
      }
      give_up();
    });
  }

  void give_up() const {
    if (add(pending_, minus(1)) == 0) write(event_, 1);
  }

  ObjectId pending_{}, flag_{}, event_{}, stopped_{};
};

// Writers change two variables in two critical sections; readers expect both or none. Correct: the
// second section lies within the first.
template <bool kCorrect>
class TwoStage final : public Listing {
 public:
  explicit TwoStage(const ParameterValues& values)
      : t_(number(values, "t")), r_(number(values, "r")) {}

 private:
  void start() override {
    m1_ = object("m1");
    m2_ = object("m2");
    d1_ = object("d1");
    d2_ = object("d2");
    fibers(t_, "writer", [this](std::uint32_t) {
      lock(m1_);
      write(d1_, 1);
      if (!kCorrect) unlock(m1_);
      lock(m2_);
      const std::uint64_t v = read(d1_);
      write(d2_, v + 1);
      unlock(m2_);
      if (kCorrect) unlock(m1_);
    });
    fibers(r_, "reader", [this](std::uint32_t) { check(); });
  }

  void check() {
    lock(m1_);
    if (read(d1_) == 0) return unlock(m1_);
    const std::uint64_t t = read(d1_);
    if (!kCorrect) unlock(m1_);
    lock(m2_);
    const std::uint64_t u = read(d2_);
    unlock(m2_);
    if (kCorrect) unlock(m1_);
    require(u == t + 1, "the second variable follows the first");
  }

  std::uint32_t t_, r_;
  ObjectId m1_{}, m2_{}, d1_{}, d2_{};
};

// Setters write two variables; checkers expect both or none. Correct: under a lock.
template <bool kCorrect>
class Reorder final : public Listing {
 public:
  explicit Reorder(const ParameterValues& values)
      : s_(number(values, "s")), c_(number(values, "c")) {}

 private:
  void start() override {
    if (kCorrect) m_ = object("m");
    a_ = object("a");
    b_ = object("b");
    fibers(s_, "setter", [this](std::uint32_t) {
      if (kCorrect) lock(m_);
      write(a_, 1);
      write(b_, minus(1));
      if (kCorrect) unlock(m_);
    });
    fibers(c_, "checker", [this](std::uint32_t) {
      if (kCorrect) lock(m_);
      const bool none = read(a_) == 0 && read(b_) == 0;
      require(none || (read(a_) == 1 && read(b_) == minus(1)), "both are written or none is");
      if (kCorrect) unlock(m_);
    });
  }

  std::uint32_t s_, c_;
  ObjectId m_{}, a_{}, b_{};
};

// Two users read that a context is attached and then use it, while it is detached and freed.
class DetachUseAfterFree final : public Listing {
 public:
  explicit DetachUseAfterFree(const ParameterValues&) {}

 private:
  void start() override {
    attached_ = object("attached", 1);
    context_ = object("context", 1);
    fibers(2, "user", [this](std::uint32_t) {
      if (read(attached_) != 0) require(read(context_) != 0, "the context is alive");
    });
    fiber("detach", [this] {
      write(attached_, 0);
      write(context_, 0);
    });
  }

  ObjectId attached_{}, context_{};
};

// The same under rundown protection.
class DetachRundown final : public Listing {
 public:
  explicit DetachRundown(const ParameterValues&) {}

 private:
  void start() override {
    rundown_ = object("rundown");
    context_ = object("context", 1);
    fibers(2, "user", [this](std::uint32_t) {
      if (!acquire(rundown_)) return;
      require(read(context_) != 0, "the context is alive");
      release(rundown_);
    });
    fiber("detach", [this] {
      begin_drain(rundown_);
      drain(rundown_);
      write(context_, 0);
    });
  }

  ObjectId rundown_{}, context_{};
};

// The faulty one and, with the same parameters, its twin.
template <class Faulty, class Correct>
void add_pair(std::vector<Benchmark>& list, const Scenario& faulty, std::string_view correct) {
  list.push_back(row<Faulty>(faulty));
  list.push_back(
      row<Correct>({faulty.twin, correct, {}, faulty.name, faulty.source, faulty.parameters}));
}

}  // namespace

void add_faulty(std::vector<Benchmark>& list) {
  constexpr const char* kSource = "SCTBench, restated";
  add_pair<Account<false>, Account<true>>(list,
                                          {"engine/account",
                                           "A checker expects a wrong sum after two transfers.",
                                           {sim::kAssertion},
                                           "engine/account-fixed",
                                           kSource},
                                          "It expects the right one.");
  add_pair<TokenRing<false>, TokenRing<true>>(
      list,
      {"engine/token-ring",
       "Three fibers hand a value on without waiting for each other.",
       {sim::kAssertion},
       "engine/token-ring-fixed",
       kSource},
      "Each waits for the one before.");
  add_pair<Deadlock01<false>, Deadlock01<true>>(list,
                                                {"engine/deadlock01",
                                                 "Two fibers take two locks in opposite order.",
                                                 {sim::kDeadlock},
                                                 "engine/deadlock01-fixed",
                                                 kSource},
                                                "They take them in the same order.");
  add_pair<Carter01<false>, Carter01<true>>(
      list,
      {"engine/carter01",
       "A lock taken inside of another one is kept while that one is taken again.",
       {sim::kDeadlock},
       "engine/carter01-fixed",
       kSource},
      "It is taken outside of the other one.");
  add_pair<Bluetooth<false>, Bluetooth<true>>(
      list,
      {"engine/bluetooth",
       "A driver looks whether it is stopping before it counts its work.",
       {sim::kAssertion},
       "engine/bluetooth-fixed",
       "Qadeer and Wu, PLDI 2004; SCTBench, restated"},
      "It counts first.");
  add_pair<TwoStage<false>, TwoStage<true>>(
      list,
      {"engine/twostage",
       "Two variables that belong together change in two critical sections.",
       {sim::kAssertion},
       "engine/twostage-fixed",
       kSource,
       {{"t", "writers", 1, 1, 31}, {"r", "readers", 1, 1, 31}}},
      "The second section lies within the first.");
  add_pair<Reorder<false>, Reorder<true>>(
      list,
      {"engine/reorder",
       "Two variables that belong together are written without a lock.",
       {sim::kAssertion},
       "engine/reorder-fixed",
       kSource,
       {{"s", "setters", 2, 1, 31}, {"c", "checkers", 1, 1, 31}}},
      "They are written and read under a lock.");
  add_pair<DetachUseAfterFree, DetachRundown>(
      list,
      {"engine/detach-uaf",
       "A context is used after a look at a flag, while another fiber detaches and frees it.",
       {sim::kAssertion},
       "engine/detach-rundown",
       "own"},
      "Rundown protection keeps it alive.");
}

}  // namespace nmrcheck::engine
