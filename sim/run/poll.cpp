// What a polling fiber has seen.
#include "sim/run/poll.h"

namespace nmrcheck::sim {

// Returns true if this is news.
bool PollWatch::saw(ObjectId object, const ObjectState& state) {
  std::uint32_t place = count_;
  for (std::uint32_t i = count_; i-- > 0;) {
    Seen& seen = seen_[i];
    if (seen.object == object) {
      const bool news = seen.state.a != state.a || seen.state.b != state.b;
      seen.state = state;
      seen.in_round = true;
      return news;
    }
    if (!seen.in_round) place = i;
  }
  if (place == seen_.size()) place = count_ = 0;  // more than can be waited for: begin anew
  if (place == count_) ++count_;
  seen_[place] = {object, state, true};
  return true;
}

void PollWatch::observe(const Footprint& footprint, std::span<const ObjectState> states,
                        bool wrote) {
  if (wrote) {
    reset();
    return;
  }
  bool news = false;
  for (const Operation& operation : footprint) {
    if (operation.op == Op::kSleep) continue;
    read_ = true;
    news |= saw(operation.object, states[index(operation.object)]);
  }
  news_ |= news;
  if (news) {
    repeats_ = 0;
  } else if (repeats_++ == 0) {
    // What was read before the news is not polled any more.
    forget_round();
    for (const Operation& operation : footprint) {
      if (operation.op != Op::kSleep) saw(operation.object, states[index(operation.object)]);
    }
  }
}

void PollWatch::forget_round() {
  for (Seen& seen : seen_) seen.in_round = false;
}

bool PollWatch::end_round() {
  const bool in_vain = read_ && !news_;
  read_ = news_ = false;
  repeats_ = 0;
  if (!in_vain) forget_round();
  return in_vain;
}

Footprint PollWatch::change() const {
  Footprint footprint;
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (!seen_[i].in_round) continue;
    footprint.add({seen_[i].object, Op::kChanged, seen_[i].state.a, seen_[i].state.b});
  }
  return footprint;
}

}  // namespace nmrcheck::sim
