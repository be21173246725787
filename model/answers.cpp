// How a choice point is asked.
#include "model/answers.h"

#include <fmt/format.h>

#include <bit>

#include "model/choice_points.h"

namespace nmrcheck::model {

// With the questions of another profile, the answers are that profile's too, as far as this one has
// them.
std::uint32_t Answers::ask(std::uint32_t number, Alternatives possible) {
  const ChoicePointInfo& info = choice_point(number);
  const auto among = [&](const Profile& profile) {
    const Alternatives allowed = profile.allowed[number] & possible;
    if (allowed != 0) return allowed;
    const Alternatives usual = possible & (Alternatives{1} << info.default_alternative);
    return usual != 0 ? usual : possible & info.all();
  };
  const auto preferred = [&](Alternatives allowed) {
    const bool usual = (allowed >> info.default_alternative & 1) != 0;
    return usual ? info.default_alternative : static_cast<std::uint32_t>(std::countr_zero(allowed));
  };
  const Alternatives asked = among(profile_.questions != nullptr ? *profile_.questions : profile_);
  std::uint32_t answer = preferred(asked);
  if (!std::has_single_bit(asked)) {
    const auto count = static_cast<std::uint32_t>(std::popcount(asked));
    std::uint32_t picked = execution_.choose(info.question, count, 0, sim::Asked::kBounded);
    if (picked != 0) {
      Alternatives others = asked & ~(Alternatives{1} << answer);
      for (; picked > 1; --picked) others &= others - 1;
      answer = static_cast<std::uint32_t>(std::countr_zero(others));
    }
  }
  const Alternatives allowed = among(profile_);
  if ((allowed >> answer & 1) == 0) answer = preferred(allowed);
  if (execution_.traced() && answer != preferred(allowed)) {
    execution_.note(fmt::format("{}: {}", info.question, info.alternatives[answer]));
  }
  return answer;
}

bool Answers::may_answer(std::uint32_t number, std::uint32_t index) const {
  const Profile& asked = profile_.questions != nullptr ? *profile_.questions : profile_;
  return ((asked.allowed[number] | profile_.allowed[number]) >> index & 1) != 0;
}

std::uint32_t Answers::strictest(std::uint32_t number) const {
  return static_cast<std::uint32_t>(std::bit_width(profile_.allowed[number])) - 1;
}

}  // namespace nmrcheck::model
