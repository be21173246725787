// Names of steps that mean the same in every execution, as small numbers.
//
// An execution knows fibers and objects by their position, which depends on the schedule. Partial
// order reduction compares steps of different executions, so it names them: who (the fiber's key),
// what (the objects by key, read or written), and how the step's value questions were answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nmrcheck::sim {

using LabelId = std::uint32_t;
inline constexpr LabelId kNoLabel = 0xffffffffu;

struct LabelAccess {
  std::uint32_t object = 0;  // from Labels::object_name
  bool writes = false;
  friend bool operator==(const LabelAccess&, const LabelAccess&) = default;
};

// An answer to a value question. How many answers the question had belongs to it: in another
// context the same step may ask something else.
struct Answer {
  std::uint32_t picked = 0;
  std::uint32_t options = 0;
  friend bool operator==(const Answer&, const Answer&) = default;
};

// What a label says. `answers` may be the beginning of a step whose later answers are open.
struct LabelParts {
  std::uint32_t fiber = 0;     // from Labels::fiber_name
  std::uint32_t position = 0;  // of the step among the fiber's
  bool timed_out = false;      // the step is the passing of the fiber's deadline
  std::span<const LabelAccess> accesses;
  std::span<const Answer> answers;
};

class Labels {
 public:
  Labels();

  // The name of the start, which belongs to no fiber.
  static constexpr std::uint32_t kNobody = 0xffffffffu;

  // A small number for a schedule-independent key, the same for equal keys.
  std::uint32_t fiber_name(std::uint64_t key) { return fibers_.name(key); }
  std::uint32_t object_name(std::uint64_t key) { return objects_.name(key); }

  // The label that says the same as `label` of another table, with what is known of its answers.
  LabelId import(const Labels& from, LabelId label);

  // The label of these parts, made if it is new.
  LabelId intern(const LabelParts& parts);
  // The same, but kNoLabel if no such label was made yet.
  LabelId find(const LabelParts& parts) const;
  // `label` with one more answer.
  LabelId with_answer(LabelId label, Answer answer);
  LabelId find_with_answer(LabelId label, Answer answer) const;

  LabelParts parts(LabelId label) const;
  std::uint32_t fiber(LabelId label) const { return rows_[label].fiber; }
  bool has_answers(LabelId label) const { return rows_[label].answers_count != 0; }

  // True if `longer` is `shorter`, or differs only in having further answers.
  bool begins_with(LabelId longer, LabelId shorter) const;

  // True if the two steps may not be exchanged: one fiber, or a common object that one writes.
  bool dependent(LabelId left, LabelId right) const {
    const Row& a = rows_[left];
    const Row& b = rows_[right];
    if (a.fiber == b.fiber) return true;
    const std::uint64_t common = (a.writes & (b.writes | b.reads)) | (a.reads & b.writes);
    return common != 0 && (objects_.size() <= 64 || share_an_object(a, b));
  }

  // True if the step asked a question behind `label` in some context.
  bool asks(LabelId label) const { return rows_[label].asks; }

  // How many answers the first question had that `longer` answers beyond `shorter`; 0 if `longer`
  // is not `shorter` with further answers.
  std::uint32_t options_between(LabelId longer, LabelId shorter) const;

 private:
  struct Row {
    std::uint32_t fiber = 0;
    std::uint32_t position = 0;
    bool timed_out = false;
    bool asks = false;
    std::uint32_t accesses_first = 0;
    std::uint32_t accesses_count = 0;
    std::uint32_t answers_first = 0;
    std::uint32_t answers_count = 0;
    std::uint64_t hash = 0;
    std::uint64_t reads = 0;  // bit object % 64 for each object
    std::uint64_t writes = 0;
  };

  // Numbers for 64-bit keys in the order of their first use.
  class Names {
   public:
    Names() : table_(64, 0) {}
    std::uint32_t name(std::uint64_t key);
    std::uint64_t key(std::uint32_t name) const { return keys_[name]; }
    std::size_t size() const { return keys_.size(); }

   private:
    void grow();
    std::vector<std::uint64_t> keys_;
    std::vector<std::uint32_t> table_;  // open addressing: name + 1, or 0
  };

  bool share_an_object(const Row& left, const Row& right) const;
  bool equal(const Row& row, const LabelParts& parts) const;
  std::size_t slot_of(const LabelParts& parts, std::uint64_t hash) const;
  void grow();

  Names fibers_;
  Names objects_;
  std::vector<Row> rows_;
  std::vector<LabelAccess> accesses_;
  std::vector<Answer> answers_;
  std::vector<std::uint32_t> table_;  // open addressing: label + 1, or 0
};

}  // namespace nmrcheck::sim
