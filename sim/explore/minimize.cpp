// Reordering, delta debugging over deviations, and two bounded searches.
#include "sim/explore/minimize.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "sim/explore/fewer_preemptions.h"
#include "sim/explore/guided.h"
#include "sim/explore/no_return.h"
#include "sim/explore/partial_order.h"
#include "sim/strategy/replay.h"

namespace nmrcheck::sim {
namespace {

// The same rule at the same place, where the place is known.
bool same_violation(const Violation& candidate, const Violation& wanted) {
  if (candidate.rule != wanted.rule) return false;
  if (wanted.place.file == nullptr) return true;
  return candidate.place.line == wanted.place.line && candidate.place.file != nullptr &&
         std::strcmp(candidate.place.file, wanted.place.file) == 0;
}

using Order = std::vector<std::uint64_t>;  // the fibers' keys, one a step

// Steps that one fiber takes without a switch.
struct Block {
  std::uint64_t fiber = 0;
  std::size_t steps = 0;
};

std::vector<Block> blocks_of(const Order& order) {
  std::vector<Block> blocks;
  for (const std::uint64_t fiber : order) {
    if (blocks.empty() || blocks.back().fiber != fiber) blocks.push_back({fiber, 0});
    ++blocks.back().steps;
  }
  return blocks;
}

Order order_of(const std::vector<Block>& blocks) {
  Order order;
  for (const Block& block : blocks) order.insert(order.end(), block.steps, block.fiber);
  return order;
}

class Minimizer {
 public:
  Minimizer(const ProgramFactory& factory, const Violation& violation, const Limits& limits,
            const MinimizeBudget& budget)
      : factory_(factory),
        violation_(violation),
        limits_(limits),
        budget_(budget),
        endless_(violation.rule == kEndlessStep),
        execution_(limits) {
    left_ =
        endless_ ? std::min(budget.executions_max, kEndlessExecutionsMax) : budget.executions_max;
  }

  Minimized run(const Schedule& schedule) {
    ReplayStrategy exact(schedule);
    OrderRecorder order(exact);
    const Attempt found = attempt(order);
    take(found);
    best_.found = best_.size;
    if (!breaks(best_.outcome)) return std::move(best_);
    reorder(order);
    remove_chunks();
    remove_and_lower();
    prove();
    search_fewer();
    merge_blocks();
    remove_and_lower();
    if (!endless_) {
      best_.no_return = find_point_of_no_return(factory_, best_.schedule, best_.size.steps,
                                                violation_.rule, limits_);
    }
    return std::move(best_);
  }

 private:
  // One execution. `outcome` is valid until the next.
  struct Attempt {
    const Outcome* outcome = nullptr;
    Size size;
    std::vector<Deviation> deviations;
    Order order;
    bool asked = false;
  };

  Attempt attempt(Strategy& strategy) {
    DeviationRecorder recorder(strategy);
    recorder.begin_execution(Seed{0});
    const auto program = factory_();
    ++best_.executions;
    if (left_ > 0) --left_;
    const Outcome& outcome = execution_.run(*program, recorder);
    return {&outcome,
            {outcome.steps, recorder.preemptions(), recorder.value_deviations()},
            recorder.deviations(),
            recorder.order(),
            recorder.asked()};
  }

  bool breaks(const Outcome& outcome) const {
    return outcome.violation && same_violation(*outcome.violation, violation_);
  }

  // True if `tried` breaks the rule and costs no more.
  bool as_good(const Attempt& tried) const {
    return breaks(*tried.outcome) && tried.size.preemptions <= best_.size.preemptions &&
           tried.size.deviations <= best_.size.deviations;
  }

  void take(const Attempt& tried) {
    best_.outcome = *tried.outcome;
    best_.schedule = tried.outcome->schedule;
    best_.size = tried.size;
    deviations_ = tried.deviations;
    order_ = tried.order;
    best_.proof.asked = best_.proof.asked || tried.asked;
  }

  bool spent() {
    if (left_ == 0) best_.budget_reached = true;
    return left_ == 0;
  }

  bool try_to_take(std::vector<Deviation> candidate) {
    if (spent()) return false;
    GuidedStrategy guided(std::move(candidate));
    const Attempt tried = attempt(guided);
    if (!as_good(tried)) return false;
    take(tried);
    return true;
  }

  // Takes an order of steps if it has fewer preemptions, switches or steps.
  bool try_order(const Order& order) {
    if (spent()) return false;
    OrderedStrategy ordered(order, deviations_);
    const Attempt tried = attempt(ordered);
    const auto cost = [](const Size& size, const Order& steps) {
      return std::tuple(size.preemptions, size.deviations, blocks_of(steps).size(), size.steps);
    };
    if (!as_good(tried) || cost(tried.size, tried.order) >= cost(best_.size, order_)) return false;
    take(tried);
    return true;
  }

  // What the last step does not depend on may be needed all the same, if it broke no rule of its
  // own but what came to an end with it: then all steps are kept.
  void reorder(const OrderRecorder& record) {
    for (const bool only_past : {true, false}) {
      const Order order = record.fewest_preemptions(only_past);
      if (!order.empty() && try_order(order)) return;
    }
  }

  bool try_without(std::size_t first, std::size_t count) {
    std::vector<Deviation> candidate = deviations_;
    const auto begin = candidate.begin() + static_cast<std::ptrdiff_t>(first);
    candidate.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    return try_to_take(std::move(candidate));
  }

  void remove_and_lower() {
    do {
      while (remove_singly()) {
      }
    } while (lower_values());
  }

  // From all at once to pairs; singly follows.
  void remove_chunks() {
    for (std::size_t chunk = deviations_.size(); chunk > 1; chunk /= 2) {
      for (std::size_t first = 0; first < deviations_.size() && !best_.budget_reached;) {
        const std::size_t count = std::min(chunk, deviations_.size() - first);
        if (!try_without(first, count)) first += count;
      }
    }
  }

  // Returns true if something was removed, so that another round may remove more.
  bool remove_singly() {
    bool removed = false;
    for (std::size_t i = deviations_.size(); i-- > 0 && !best_.budget_reached;) {
      if (i < deviations_.size()) removed |= try_without(i, 1);
    }
    return removed && !best_.budget_reached;
  }

  // Takes the smallest alternative that will do for each value that deviates. Returns true if one
  // became smaller, so that deviations may have become needless.
  bool lower_values() {
    bool lowered = false;
    for (std::size_t i = 0; i < deviations_.size(); ++i) {
      if (deviations_[i].kind != ChoiceKind::kValue) continue;
      for (std::uint64_t value = 0; value < deviations_[i].picked; ++value) {
        std::vector<Deviation> candidate = deviations_;
        candidate[i].picked = value;
        if (best_.budget_reached) return false;
        if (!try_to_take(std::move(candidate))) continue;
        lowered = true;
        break;
      }
    }
    return lowered;
  }

  void prove() {
    if (endless_ || best_.budget_reached) return;
    const Fewer fewer = search_fewer_preemptions(
        factory_, execution_, best_.size, {budget_.proof_executions_max, budget_.proof_steps_max},
        [this](const Outcome& outcome) { return breaks(outcome); });
    best_.executions += fewer.executions;
    best_.proof.executions = fewer.executions;
    best_.proof.complete = fewer.complete;
    if (!fewer.found) return;
    GuidedStrategy guided(fewer.deviations);
    const Attempt again = attempt(guided);
    best_.proof.complete = as_good(again);  // always, if the program is deterministic
    if (!best_.proof.complete) return;
    take(again);
    remove_and_lower();
  }

  // Tries all sets of 0, 1, 2, … deviations, up to as many as there are, and takes one that breaks
  // the rule with fewer of them, or as many and fewer preemptions.
  void search_fewer() {
    fewer_left_ = std::min(left_, kFewerExecutionsMax);
    fewer_steps_left_ = kFewerStepsMax;
    bool all = !best_.budget_reached;
    for (std::size_t count = 0; all && count <= deviations_.size(); ++count) {
      all = try_all(std::vector<Deviation>(), count);
    }
    best_.fewest = all;
  }

  // Tries `fixed` with every `more` later deviations. Returns false when the budget is spent.
  bool try_all(const std::vector<Deviation>& fixed, std::size_t more) {
    if (fewer_left_ == 0 || fewer_steps_left_ == 0) return false;
    --fewer_left_;
    GuidedStrategy guided(fixed, more > 0);
    const Attempt tried = attempt(guided);
    fewer_steps_left_ -= std::min<std::uint64_t>(fewer_steps_left_, tried.size.steps);
    if (more == 0) {
      const bool fewer =
          fixed.size() < deviations_.size() ||
          (fixed.size() == deviations_.size() && tried.size.preemptions < best_.size.preemptions);
      if (fewer && as_good(tried)) take(tried);
      return true;
    }
    for (const Deviation& next : guided.alternatives()) {
      std::vector<Deviation> extended = fixed;
      extended.push_back(next);
      if (!try_all(extended, more - 1)) return false;
    }
    return true;
  }

  // Moves blocks next to the block before of the same fiber, as long as that helps.
  void merge_blocks() {
    std::uint32_t tries_left = endless_ ? 0 : kMergeExecutionsMax;
    for (bool merged = true; merged;) {
      merged = false;
      const std::vector<Block> blocks = blocks_of(order_);
      for (std::size_t later = 2; later < blocks.size() && !merged; ++later) {
        std::size_t earlier = later - 1;
        while (earlier > 0 && blocks[earlier - 1].fiber != blocks[later].fiber) --earlier;
        if (earlier == 0) continue;  // its fiber's first
        if (tries_left < 2) return;
        tries_left -= 2;
        std::vector<Block> back = blocks;   // the later one goes back
        std::vector<Block> forth = blocks;  // or the earlier one forth
        const auto at = [](std::vector<Block>& list, std::size_t i) {
          return list.begin() + static_cast<std::ptrdiff_t>(i);
        };
        std::rotate(at(back, earlier), at(back, later), at(back, later) + 1);
        std::rotate(at(forth, earlier - 1), at(forth, earlier), at(forth, later));
        merged = try_order(order_of(back)) || try_order(order_of(forth));
      }
    }
  }

  const ProgramFactory& factory_;
  const Violation& violation_;
  const Limits& limits_;
  const MinimizeBudget& budget_;
  bool endless_;
  std::uint32_t left_ = 0;  // executions
  std::uint32_t fewer_left_ = 0;
  std::uint64_t fewer_steps_left_ = 0;
  Execution execution_;
  std::vector<Deviation> deviations_;
  Order order_;
  Minimized best_;
};

}  // namespace

Minimized minimize(const ProgramFactory& factory, const Schedule& schedule,
                   const Violation& violation, const Limits& limits, const MinimizeBudget& budget) {
  return Minimizer(factory, violation, limits, budget).run(schedule);
}

}  // namespace nmrcheck::sim
