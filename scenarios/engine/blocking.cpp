// Benchmarks on operations that wait or fail: rundown protection, events, push locks, queues,
// try-locks, joins; and questions.
#include "scenarios/engine/listing.h"

namespace nmrcheck::engine {
namespace {

// n fibers: if acquired { R(ctx); release }; one: begin, drain, W(ctx).
class Rundown final : public Listing {
 public:
  explicit Rundown(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    rundown_ = object("rundown");
    context_ = object("context");
    fibers(n_, "user", [this](std::uint32_t) {
      if (!acquire(rundown_)) return;
      read(context_);
      release(rundown_);
    });
    fiber("owner", [this] {
      begin_drain(rundown_);
      drain(rundown_);
      write(context_, 0);
    });
  }

  std::uint32_t n_;
  ObjectId rundown_{}, context_{};
};

// s fibers: set; w fibers: wait; R(x). The event stays signalled.
class Event final : public Listing {
 public:
  explicit Event(const ParameterValues& values)
      : s_(number(values, "s")), w_(number(values, "w")) {}

 private:
  void start() override {
    event_ = object("event");
    x_ = object("x");
    fibers(s_, "setter", [this](std::uint32_t) { set(event_); });
    fibers(w_, "waiter", [this](std::uint32_t) {
      wait(event_);
      read(x_);
    });
  }

  std::uint32_t s_, w_;
  ObjectId event_{}, x_{};
};

// r fibers read under the shared lock, w fibers read and write under the exclusive one.
class PushLock final : public Listing {
 public:
  explicit PushLock(const ParameterValues& values)
      : r_(number(values, "r")), w_(number(values, "w")) {}

 private:
  void start() override {
    lock_ = object("lock");
    x_ = object("x");
    fibers(r_, "reader", [this](std::uint32_t) {
      lock_shared(lock_);
      read(x_);
      unlock_shared(lock_);
    });
    fibers(w_, "writer", [this](std::uint32_t i) {
      lock(lock_);
      read(x_);
      write(x_, i);
      unlock(lock_);
    });
  }

  std::uint32_t r_, w_;
  ObjectId lock_{}, x_{};
};

// n philosophers take the fork of their own, then the next one's; if kOrdered, the last one takes
// them in the other order. Traces: 2^n - 1, one of which is the deadlock.
template <bool kOrdered>
class Philosophers final : public Listing {
 public:
  explicit Philosophers(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    forks_ = array("fork", n_);
    fibers(n_, "philosopher", [this](std::uint32_t i) {
      const bool swapped = kOrdered && i + 1 == n_;
      const ObjectId own = forks_[i];
      const ObjectId next = forks_[(i + 1) % n_];
      const ObjectId first = swapped ? next : own;
      const ObjectId second = swapped ? own : next;
      lock(first);
      lock(second);
      unlock(second);
      unlock(first);
    });
  }

  std::uint32_t n_;
  Array forks_;
};

// p fibers push to a queue, c fibers pop from it. With more pops than pushes the rest wait for
// ever.
class WorkQueue final : public Listing {
 public:
  explicit WorkQueue(const ParameterValues& values)
      : p_(number(values, "p")), c_(number(values, "c")) {}

 private:
  void start() override {
    queue_ = object("queue");
    fibers(p_, "producer", [this](std::uint32_t) { push(queue_); });
    fibers(c_, "consumer", [this](std::uint32_t) { pop(queue_); });
  }

  std::uint32_t p_, c_;
  ObjectId queue_{};
};

// n fibers: if try-lock: unlock.
class TryLock final : public Listing {
 public:
  explicit TryLock(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    m_ = object("m");
    fibers(n_, "fiber", [this](std::uint32_t) {
      if (try_lock(m_)) unlock(m_);
    });
  }

  std::uint32_t n_;
  ObjectId m_{};
};

// n fibers: a step that asks a question with two answers; W(x, answer). Traces: n! · 2^n.
class Questions final : public Listing {
 public:
  explicit Questions(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    x_ = object("x");
    fibers(n_, "fiber", [this](std::uint32_t) {
      execution().step({}, "ask", {__FILE__, __LINE__});
      write(x_, execution().choose("which", 2));
    });
  }

  std::uint32_t n_;
  ObjectId x_{};
};

// The main fiber starts n fibers that add to x, joins all and reads x. Starting a fiber, its first
// step and its end are steps on an object of its own. Traces: n!.
class SpawnAndJoin final : public Listing {
 public:
  explicit SpawnAndJoin(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    x_ = object("x");
    started_ = array("started", n_);
    std::uint32_t first = 0;
    for (std::uint32_t i = 0; i < n_; ++i) {
      write(started_[i], 1);
      const sim::FiberId made = execution().spawn_joinable("child", [this, i] {
        read(started_[i]);
        add(x_, 1);
      });
      if (i == 0) first = sim::index(made);
    }
    for (std::uint32_t i = 0; i < n_; ++i) {
      execution().join(sim::FiberId{first + i}, {__FILE__, __LINE__});
    }
    read(x_);
  }

  std::uint32_t n_;
  ObjectId x_{};
  Array started_;
};

}  // namespace

void add_blocking(std::vector<Benchmark>& list) {
  list.push_back(row<Rundown>({"engine/rundown",
                               "n fibers use a context under rundown protection while one drains.",
                               {},
                               "",
                               "ExAcquireRundownProtection reference page",
                               {{"n", "users", 2, 1, kOthersMax - 1}}}));
  list.push_back(row<Event>({"engine/event",
                             "s fibers set an event that w fibers wait for.",
                             {},
                             "",
                             "KeSetEvent reference page",
                             {{"s", "setters", 2, 1, 31}, {"w", "waiters", 2, 1, 31}}}));
  list.push_back(row<PushLock>({"engine/pushlock",
                                "r readers share a lock with w writers.",
                                {},
                                "",
                                "ExAcquirePushLockShared reference page",
                                {{"r", "readers", 2, 0, 31}, {"w", "writers", 1, 0, 31}}}));
  list.push_back(row<Philosophers<false>>({"engine/phil",
                                           "n philosophers take the forks beside them in a circle.",
                                           {sim::kDeadlock},
                                           "engine/phil-ordered",
                                           "Dijkstra, EWD 310",
                                           {{"n", "philosophers", 3, 2, kOthersMax}}}));
  list.push_back(row<Philosophers<true>>({"engine/phil-ordered",
                                          "The last philosopher takes them in the other order.",
                                          {},
                                          "engine/phil",
                                          "Dijkstra, EWD 310",
                                          {{"n", "philosophers", 3, 2, kOthersMax}}}));
  list.push_back(row<WorkQueue>({"engine/workq",
                                 "p fibers push to a queue and c fibers wait to pop from it.",
                                 {},
                                 "",
                                 "KeRemoveQueue reference page",
                                 {{"p", "producers", 2, 1, 31}, {"c", "consumers", 2, 1, 31}}}));
  list.push_back(row<TryLock>({"engine/trylock",
                               "n fibers try to take a lock once.",
                               {},
                               "",
                               "own",
                               {{"n", "fibers", 3, 1, kOthersMax}}}));
  list.push_back(row<Questions>({"engine/choice",
                                 "n fibers write the answer of a question.",
                                 {},
                                 "",
                                 "own",
                                 {{"n", "fibers", 2, 1, kOthersMax}}}));
  list.push_back(row<SpawnAndJoin>({"engine/spawnjoin",
                                    "A fiber starts n others and waits for their end.",
                                    {},
                                    "",
                                    "own",
                                    {{"n", "children", 2, 1, kOthersMax}}}));
}

}  // namespace nmrcheck::engine
