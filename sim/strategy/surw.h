// Selectively uniform random walk: one object is interesting in each execution; the fiber of the
// next step that touches it is drawn beforehand, by how many such steps each fiber has left, and
// all other steps are a random walk around it.
//
// Source: Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform concurrency testing", ASPLOS
// 2025. Guarantee: with exact counts and without blocking, every order of the interesting steps is
// equally likely, and every interleaving stays possible.
//
// The interesting object is drawn from those that two fibers touch and one writes; with three
// chances in four, if there are such, from those that are written at most once in an execution: so
// a lifetime looks, whose one write is the free, the unload or the end of the rundown. (A footprint
// does not tell what kind an object is.) Without any shared object the walk is random.
//
// Deviations:
//   - Counts come from the surveyed random walks, as those of URW do; see urw.h.
//   - The fiber is drawn among those enabled, and drawn again when it has ended or waits. The
//   paper's
//     draws it among all, and takes any enabled one when nobody else can go; then a loop that polls
//     could keep the awaited fiber waiting without end.
//   - For the same reason a fiber that yields is not drawn; it may go all the same, as all whose
//   step
//     does not touch the object. And behind twice the steps of the longest surveyed execution the
//     walk is random, since not every polling loop yields.
//   - Alternatives of a value choice are equally likely.
#pragma once

#include <map>
#include <optional>

#include "sim/strategy/strategy.h"
#include "sim/strategy/survey.h"

namespace nmrcheck::sim {

class SurwStrategy final : public Strategy {
 public:
  explicit SurwStrategy(std::uint32_t survey_executions = kSurveyExecutions)
      : survey_(survey_executions) {}

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  std::uint32_t survey_executions() const override { return survey_.executions(); }

  // The key of this execution's interesting object, if there is one.
  std::optional<std::uint64_t> interesting_object() const;

 private:
  bool interesting(const ChoicePoint& point, FiberId fiber) const;
  std::uint32_t left(const ChoicePoint& point, FiberId fiber) const;
  bool may_be_intended(const ChoicePoint& point, FiberId fiber) const;
  void choose_interest();
  void meet_newcomers(const ChoicePoint& point);
  void draw_intended(const ChoicePoint& point);

  Survey survey_;
  bool surveying_ = false;
  std::map<Interest, FiberCounts> counts_;  // of the interests that were drawn so far
  Remaining remaining_;
  Rng rng_{Seed{0}};
  std::optional<Interest> interest_;
  FiberId intended_ = kNoFiber;  // who makes the next interesting step
  std::uint32_t steps_ = 0;
};

}  // namespace nmrcheck::sim
