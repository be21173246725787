// Interning of step labels.
#include "sim/strategy/dpor_labels.h"

#include <algorithm>

#include "sim/core/rng.h"

namespace nmrcheck::sim {
namespace {

std::uint64_t hash_of(const LabelParts& parts) {
  std::uint64_t hash =
      mix64(std::uint64_t{parts.fiber} << 32u | (parts.position * 2u + parts.timed_out));
  for (const LabelAccess& access : parts.accesses) {
    hash = (hash ^ (std::uint64_t{access.object} * 2 + access.writes)) * 0x9e3779b97f4a7c15u;
  }
  hash ^= parts.answers.size() << 32u;
  for (const Answer& answer : parts.answers) {
    hash = (hash ^ (std::uint64_t{answer.options} << 32u | answer.picked)) * 0x9e3779b97f4a7c15u;
  }
  return hash ^ hash >> 29u;
}

}  // namespace

std::uint32_t Labels::Names::name(std::uint64_t key) {
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = key & mask;
  for (; table_[slot] != 0; slot = (slot + 1) & mask) {
    if (keys_[table_[slot] - 1] == key) return table_[slot] - 1;
  }
  keys_.push_back(key);
  table_[slot] = static_cast<std::uint32_t>(keys_.size());
  if (keys_.size() * 2 > table_.size()) grow();
  return static_cast<std::uint32_t>(keys_.size() - 1);
}

void Labels::Names::grow() {
  table_.assign(table_.size() * 2, 0);
  for (std::uint32_t i = 0; i < keys_.size(); ++i) {
    std::size_t slot = keys_[i] & (table_.size() - 1);
    while (table_[slot] != 0) slot = (slot + 1) & (table_.size() - 1);
    table_[slot] = i + 1;
  }
}

Labels::Labels() : table_(256, 0) {}

bool Labels::equal(const Row& row, const LabelParts& parts) const {
  return row.fiber == parts.fiber && row.position == parts.position &&
         row.timed_out == parts.timed_out && row.accesses_count == parts.accesses.size() &&
         row.answers_count == parts.answers.size() &&
         std::equal(parts.accesses.begin(), parts.accesses.end(),
                    accesses_.begin() + row.accesses_first) &&
         std::equal(parts.answers.begin(), parts.answers.end(),
                    answers_.begin() + row.answers_first);
}

std::size_t Labels::slot_of(const LabelParts& parts, std::uint64_t hash) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = hash & mask;
  while (table_[slot] != 0) {
    const Row& row = rows_[table_[slot] - 1];
    if (row.hash == hash && equal(row, parts)) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

LabelId Labels::find(const LabelParts& parts) const {
  return table_[slot_of(parts, hash_of(parts))] - 1;  // an empty slot gives kNoLabel
}

LabelId Labels::intern(const LabelParts& parts) {
  const std::uint64_t hash = hash_of(parts);
  const std::size_t slot = slot_of(parts, hash);
  if (table_[slot] != 0) return table_[slot] - 1;
  Row row;
  row.fiber = parts.fiber;
  row.position = parts.position;
  row.timed_out = parts.timed_out;
  row.accesses_first = static_cast<std::uint32_t>(accesses_.size());
  row.accesses_count = static_cast<std::uint32_t>(parts.accesses.size());
  row.answers_first = static_cast<std::uint32_t>(answers_.size());
  row.answers_count = static_cast<std::uint32_t>(parts.answers.size());
  row.hash = hash;
  for (const LabelAccess& access : parts.accesses) {
    const std::uint64_t bit = std::uint64_t{1} << (access.object % 64);
    (access.writes ? row.writes : row.reads) |= bit;
  }
  accesses_.insert(accesses_.end(), parts.accesses.begin(), parts.accesses.end());
  answers_.insert(answers_.end(), parts.answers.begin(), parts.answers.end());
  rows_.push_back(row);
  table_[slot] = static_cast<std::uint32_t>(rows_.size());
  if (rows_.size() * 2 > table_.size()) grow();
  return static_cast<LabelId>(rows_.size() - 1);
}

void Labels::grow() {
  table_.assign(table_.size() * 2, 0);
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    std::size_t slot = rows_[i].hash & (table_.size() - 1);
    while (table_[slot] != 0) slot = (slot + 1) & (table_.size() - 1);
    table_[slot] = i + 1;
  }
}

LabelParts Labels::parts(LabelId label) const {
  const Row& row = rows_[label];
  return {row.fiber,
          row.position,
          row.timed_out,
          {accesses_.data() + row.accesses_first, row.accesses_count},
          {answers_.data() + row.answers_first, row.answers_count}};
}

LabelId Labels::with_answer(LabelId label, Answer answer) {
  rows_[label].asks = true;
  const LabelParts shorter = parts(label);
  const std::vector<LabelAccess> accesses(shorter.accesses.begin(), shorter.accesses.end());
  std::vector<Answer> answers(shorter.answers.begin(), shorter.answers.end());
  answers.push_back(answer);
  return intern({shorter.fiber, shorter.position, shorter.timed_out, accesses, answers});
}

LabelId Labels::find_with_answer(LabelId label, Answer answer) const {
  LabelParts longer = parts(label);
  std::vector<Answer> answers(longer.answers.begin(), longer.answers.end());
  answers.push_back(answer);
  longer.answers = answers;
  return find(longer);
}

LabelId Labels::import(const Labels& from, LabelId label) {
  const LabelParts theirs = from.parts(label);
  std::vector<LabelAccess> accesses;
  for (const LabelAccess& access : theirs.accesses) {
    accesses.push_back({object_name(from.objects_.key(access.object)), access.writes});
  }
  LabelParts ours = theirs;
  ours.accesses = accesses;
  ours.answers = {};
  if (ours.fiber != kNobody) ours.fiber = fiber_name(from.fibers_.key(theirs.fiber));
  LabelId imported = intern(ours);
  for (const Answer& answer : theirs.answers) imported = with_answer(imported, answer);
  return imported;
}

bool Labels::begins_with(LabelId longer, LabelId shorter) const {
  if (longer == shorter) return true;
  const LabelParts whole = parts(longer);
  const LabelParts start = parts(shorter);
  return whole.fiber == start.fiber && whole.position == start.position &&
         whole.timed_out == start.timed_out && whole.answers.size() >= start.answers.size() &&
         std::equal(start.accesses.begin(), start.accesses.end(), whole.accesses.begin(),
                    whole.accesses.end()) &&
         std::equal(start.answers.begin(), start.answers.end(), whole.answers.begin());
}

std::uint32_t Labels::options_between(LabelId longer, LabelId shorter) const {
  const Row& whole = rows_[longer];
  const Row& start = rows_[shorter];
  if (whole.answers_count <= start.answers_count || !begins_with(longer, shorter)) return 0;
  return answers_[whole.answers_first + start.answers_count].options;
}

bool Labels::share_an_object(const Row& left, const Row& right) const {
  for (std::uint32_t i = 0; i < left.accesses_count; ++i) {
    const LabelAccess& a = accesses_[left.accesses_first + i];
    for (std::uint32_t k = 0; k < right.accesses_count; ++k) {
      const LabelAccess& b = accesses_[right.accesses_first + k];
      if (a.object == b.object && (a.writes || b.writes)) return true;
    }
  }
  return false;
}

}  // namespace nmrcheck::sim
