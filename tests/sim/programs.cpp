// The programs, written as their sources list them.
#include "tests/sim/programs.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <memory>

#include "sim/strategy/dfs.h"
#include "sim/strategy/random.h"

namespace nmrcheck::sim::test {
namespace {

constexpr std::array kNames{"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7"};

// Shorthand for the listings below.
struct Ops {
  Execution& x;

  ObjectId object(std::uint64_t value = 0) const { return x.create("v", {value, 0}); }
  std::uint64_t read(ObjectId v) const { return do_op(x, v, Op::kRead); }
  void write(ObjectId v, std::uint64_t value) const { do_op(x, v, Op::kWrite, value); }
  std::uint64_t add(ObjectId v, std::int64_t by) const {
    return do_op(x, v, Op::kAdd, static_cast<std::uint64_t>(by)) + static_cast<std::uint64_t>(by);
  }
  void lock(ObjectId m) const { do_op(x, m, Op::kLock); }
  void unlock(ObjectId m) const { do_op(x, m, Op::kUnlock); }
};

}  // namespace

ProgramFactory program(Body body) {
  return [body = std::move(body)] { return std::make_unique<FunctionProgram>(body); };
}

ProgramFactory parallel(std::function<Bodies(Execution&)> make) {
  return program([make = std::move(make)](Execution& x) {
    std::size_t i = 0;
    for (std::function<void()>& body : make(x)) x.spawn(kNames.at(i++), std::move(body));
  });
}

ProgramFactory bare_steps(std::uint32_t fibers, std::uint32_t steps) {
  return parallel([=](Execution& x) {
    const ObjectId v = x.create("v");
    return Bodies(fibers, [=, &x] {
      for (std::uint32_t i = 0; i < steps; ++i) do_op(x, v, Op::kAdd, 1);
    });
  });
}

void require(Execution& execution, bool holds, int line) {
  if (!holds) {
    execution.fail({kAssertion, Severity::kS1, "assertion", 0, {"programs.cpp", line}});
  }
}

std::uint64_t do_op(Execution& execution, ObjectId object, Op op, std::uint64_t a) {
  return execution.step({{object, op, a}}, to_string(op));
}

ProgramFactory account() {
  return parallel([](Execution& x) -> Bodies {
    const Ops o{x};
    const ObjectId m = o.object();
    const ObjectId balance = o.object(1);
    const ObjectId deposited = o.object();
    const ObjectId withdrawn = o.object();
    const auto transfer = [=](std::int64_t amount, ObjectId done) {
      o.lock(m);
      const std::uint64_t v = o.read(balance);
      o.write(balance, v + static_cast<std::uint64_t>(amount));
      o.write(done, 1);
      o.unlock(m);
    };
    return {[=, &x] {
              o.lock(m);
              if (o.read(deposited) != 0 && o.read(withdrawn) != 0) {
                require(x, o.read(balance) == static_cast<std::uint64_t>(-5), __LINE__);
              }
              o.unlock(m);
            },
            [=] { transfer(2, deposited); }, [=] { transfer(-4, withdrawn); }};
  });
}

ProgramFactory token_ring() {
  return parallel([](Execution& x) -> Bodies {
    const Ops o{x};
    const ObjectId g = o.object();
    const std::array tokens{o.object(1), o.object(2), o.object(1)};
    const std::array done{o.object(), o.object(), o.object()};
    const auto relay = [=](std::size_t from, std::size_t to) {
      o.lock(g);
      const std::uint64_t token = o.read(tokens[from]);
      o.write(tokens[to], to == 0 ? (token + 1) % 4 : token);
      o.write(done[to], 1);
      o.unlock(g);
    };
    return {[=] { relay(2, 0); }, [=] { relay(0, 1); }, [=] { relay(1, 2); },
            [=, &x] {
              o.lock(g);
              if (o.read(done[0]) != 0 && o.read(done[1]) != 0 && o.read(done[2]) != 0) {
                require(x,
                        o.read(tokens[0]) == o.read(tokens[1]) &&
                            o.read(tokens[1]) == o.read(tokens[2]),
                        __LINE__);
              }
              o.unlock(g);
            }};
  });
}

ProgramFactory deadlock01() {
  return parallel([](Execution& x) -> Bodies {
    const Ops o{x};
    const ObjectId a = o.object();
    const ObjectId b = o.object();
    const ObjectId c = o.object();
    const auto both = [=](ObjectId first, ObjectId second, std::int64_t by) {
      o.lock(first);
      o.lock(second);
      o.add(c, by);
      o.unlock(second);
      o.unlock(first);
    };
    return {[=] { both(a, b, 1); }, [=] { both(b, a, -1); }};
  });
}

ProgramFactory carter01() {
  return parallel([](Execution& x) -> Bodies {
    const Ops o{x};
    const ObjectId m = o.object();
    const ObjectId l = o.object();
    const auto body = [=](ObjectId c) {
      o.lock(m);
      if (o.add(c, 1) == 1) o.lock(l);
      o.unlock(m);
      o.lock(m);
      if (o.add(c, -1) == 0) o.unlock(l);
      o.unlock(m);
    };
    const ObjectId c0 = o.object();
    const ObjectId c1 = o.object();
    return {[=] { body(c0); }, [=] { body(c1); }};
  });
}

ProgramFactory bluetooth() {
  return parallel([](Execution& x) -> Bodies {
    const Ops o{x};
    const ObjectId pending = o.object(1);
    const ObjectId flag = o.object();
    const ObjectId event = o.object();
    const ObjectId stopped = o.object();
    return {[=] {
              o.write(flag, 1);
              if (o.add(pending, -1) == 0) o.write(event, 1);
              if (o.read(event) != 0) o.write(stopped, 1);
            },
            [=, &x] {
              if (o.read(flag) == 0) {
                o.add(pending, 1);
                require(x, o.read(stopped) == 0, __LINE__);
              }
              if (o.add(pending, -1) == 0) o.write(event, 1);
            }};
  });
}

ProgramFactory twostage() {
  return parallel([](Execution& x) -> Bodies {
    const Ops o{x};
    const ObjectId m1 = o.object();
    const ObjectId m2 = o.object();
    const ObjectId d1 = o.object();
    const ObjectId d2 = o.object();
    return {[=] {
              o.lock(m1);
              o.write(d1, 1);
              o.unlock(m1);
              o.lock(m2);
              const std::uint64_t v = o.read(d1);
              o.write(d2, v + 1);
              o.unlock(m2);
            },
            [=, &x] {
              o.lock(m1);
              if (o.read(d1) == 0) return o.unlock(m1);
              const std::uint64_t t = o.read(d1);
              o.unlock(m1);
              o.lock(m2);
              const std::uint64_t u = o.read(d2);
              o.unlock(m2);
              require(x, u == t + 1, __LINE__);
            }};
  });
}

ProgramFactory reorder(std::uint32_t setters) {
  return parallel([=](Execution& x) -> Bodies {
    const Ops o{x};
    const ObjectId a = o.object();
    const ObjectId b = o.object();
    constexpr auto kMinusOne = static_cast<std::uint64_t>(-1);
    Bodies bodies(setters, [=] {
      o.write(a, 1);
      o.write(b, kMinusOne);
    });
    bodies.push_back([=, &x] {
      const bool unset = o.read(a) == 0 && o.read(b) == 0;
      require(x, unset || (o.read(a) == 1 && o.read(b) == kMinusOne), __LINE__);
    });
    return bodies;
  });
}

ProgramFactory detach_use_after_free() {
  return parallel([](Execution& x) -> Bodies {
    const Ops o{x};
    const ObjectId attached = o.object(1);
    const ObjectId context = o.object(1);
    const auto use = [=, &x] {
      if (o.read(attached) != 0) require(x, o.read(context) != 0, __LINE__);
    };
    return {use, use, [=] {
              o.write(attached, 0);
              o.write(context, 0);
            }};
  });
}

ProgramFactory detach_rundown() {
  return parallel([](Execution& x) -> Bodies {
    const Ops o{x};
    const ObjectId rundown = o.object();
    const ObjectId context = o.object(1);
    const auto use = [=, &x] {
      if (do_op(x, rundown, Op::kAcquire) == 0) return;
      require(x, o.read(context) != 0, __LINE__);
      do_op(x, rundown, Op::kRelease);
    };
    return {use, use, [=, &x] {
              do_op(x, rundown, Op::kBeginDrain);
              do_op(x, rundown, Op::kDrain);
              o.write(context, 0);
            }};
  });
}

ProgramFactory misleading(bool breaks) {
  class Misleading final : public Program {
   public:
    explicit Misleading(bool breaks) : breaks_(breaks) {}
    void run(Execution& x) override {
      const ObjectId named = x.create("named");
      x.spawn("writer", [this, &x, named] {
        x.step({{named, Op::kWrite, 1, 0}}, "write");
        unnamed_ = true;
      });
      x.spawn("reader", [this, &x] {
        const ObjectId own = x.create("own");
        x.step({{own, Op::kUpdate, 0, 0}}, "read unnamed");
        const bool seen = unnamed_;
        x.step({{own, seen ? Op::kRead : Op::kUpdate, 0, 0}}, "then");
        if (breaks_) require(x, seen, __LINE__);
      });
      x.spawn("other", [&x, named] { x.step({{named, Op::kWrite, 2, 0}}, "write"); });
    }

   private:
    bool breaks_;
    bool unnamed_ = false;
  };
  return [breaks] { return std::make_unique<Misleading>(breaks); };
}

Tree explore_all(const ProgramFactory& factory) {
  Tree tree;
  Execution execution;
  DfsStrategy dfs;
  while (dfs.begin_execution(Seed{0})) {
    const auto fresh = factory();
    const Outcome& outcome = execution.run(*fresh, dfs);
    EXPECT_NE(outcome.ending, Ending::kCovered);
    ++tree.executions;
    if (!outcome.violation) continue;
    ++tree.violations[outcome.violation->rule];
    double probability = 1;
    for (const Choice& choice : outcome.schedule) {
      probability /= choice.kind == ChoiceKind::kFiber ? std::popcount(choice.offered)
                                                       : static_cast<double>(choice.offered);
    }
    tree.random_walk += probability;
  }
  EXPECT_EQ(dfs.divergence(), nullptr);
  return tree;
}

Outcome run_random(const ProgramFactory& factory, Seed seed) {
  Execution execution;
  RandomStrategy random;
  random.begin_execution(seed);
  const auto fresh = factory();
  return execution.run(*fresh, random);
}

Outcome first_violation(const ProgramFactory& factory, Seed seed) {
  constexpr std::uint64_t kExecutionsMax = 100'000;
  Execution execution;
  RandomStrategy random;
  for (std::uint64_t i = 0; i < kExecutionsMax; ++i) {
    random.begin_execution(fork(seed, i));
    const auto fresh = factory();
    const Outcome& outcome = execution.run(*fresh, random);
    if (outcome.violation) return outcome;
  }
  ADD_FAILURE() << "no violation in " << kExecutionsMax << " executions";
  return {};
}

}  // namespace nmrcheck::sim::test
