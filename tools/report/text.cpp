// Lays the picture out.
#include "tools/report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace nmrcheck::report {
namespace {

constexpr std::size_t kStepWidth = 6;   // "  12 ▸"
constexpr std::size_t kColumnMax = 44;  // wider columns leave gaps that the eye must cross
constexpr std::size_t kOnlyMax = 52;    // a single column: the longest function with its place
constexpr std::size_t kRowsMax = 60;    // steps shown when not all are asked for
constexpr std::size_t kHeadRows = 12;   // of these, from the beginning
constexpr std::size_t kRepeatsMin = 4;  // equal steps in a row that one line stands for

std::string place_of(const sim::StepRecord& step) {
  if (step.place.file == nullptr) return {};
  std::string_view file = step.place.file;
  const std::size_t slash = file.rfind('/');
  if (slash != std::string_view::npos) file.remove_prefix(slash + 1);
  return fmt::format("{}:{}", file, step.place.line);
}

std::string title_of(const sim::StepRecord& step) {
  return step.subject.empty() ? step.action : step.action + " " + step.subject;
}

class Picture {
 public:
  Picture(const sim::Trace& trace, const sim::Violation& violation, const TextStyle& style,
          const std::optional<Remark>& remark)
      : trace_(trace), violation_(violation), style_(style), remark_(remark) {
    find_columns();
    find_preemptions();
  }

  std::string draw() {
    if (!listed_) draw_header();
    const std::size_t count = trace_.steps.size();
    const bool cut = !style_.all_steps && distinct_steps() > kRowsMax;
    const std::size_t tail = count - (kRowsMax - kHeadRows);
    for (std::size_t i = 0; i < count; ++i) {
      if (cut && i == kHeadRows) {
        const std::string text =
            fmt::format("… {} steps left out (--full shows them) …", tail - kHeadRows);
        text_ += std::string(kStepWidth + 1, ' ') + paint(text, "dim", style_.color) + "\n";
      }
      if (cut && i >= kHeadRows && i < tail) continue;
      if (remark_ && remark_->after_step < trace_.steps[i].step) draw_remark();
      const std::size_t same = style_.all_steps ? 0 : repeats_after(i);
      draw_step(trace_.steps[i], i + 1 == count);
      if (same < kRepeatsMin) continue;
      row(std::string(kStepWidth, ' '), column_of(trace_.steps[i].fiber),
          fmt::format("… {} more of the same", same), "dim");
      i += same;
    }
    draw_violation();
    return std::move(text_);
  }

 private:
  // Steps that are drawn when repetitions are left out.
  std::size_t distinct_steps() const {
    std::size_t distinct = 0;
    for (std::size_t i = 0; i < trace_.steps.size(); ++i, ++distinct) {
      const std::size_t same = repeats_after(i);
      if (same >= kRepeatsMin) i += same;
    }
    return distinct;
  }

  // How many steps after step `i` are just like it, the last of all not counted.
  std::size_t repeats_after(std::size_t i) const {
    const sim::StepRecord& step = trace_.steps[i];
    std::size_t same = 0;
    for (std::size_t next = i + 1; next + 1 < trace_.steps.size(); ++next, ++same) {
      const sim::StepRecord& other = trace_.steps[next];
      const bool alike = other.fiber == step.fiber && title_of(other) == title_of(step);
      if (!alike || other.place.line != step.place.line || !other.notes.empty()) break;
      if (remark_ && remark_->after_step + 1 == other.step) break;
    }
    return same;
  }

  void find_columns() {
    std::set<std::uint32_t> active;
    for (const sim::StepRecord& step : trace_.steps) active.insert(sim::index(step.fiber));
    fibers_.assign(active.begin(), active.end());
    listed_ = fibers_.size() > kColumnsMax;
    const std::size_t columns = std::max<std::size_t>(listed_ ? 1 : fibers_.size(), 1);
    const std::size_t room = style_.width > kStepWidth + 20 ? style_.width - kStepWidth - 1 : 20;
    std::size_t longest = 0;
    for (const sim::StepRecord& step : trace_.steps) {
      for (const std::string& note : step.notes) longest = std::max(longest, display_width(note));
      longest = std::max(longest, display_width(title_of(step)) + display_width(place_of(step)));
    }
    width_ = listed_
                 ? room
                 : std::min({room / columns, longest + 6, columns == 1 ? kOnlyMax : kColumnMax});
  }

  // A switch away from a fiber that could have gone on.
  void find_preemptions() {
    for (const sim::ChoiceRecord& record : trace_.choices) {
      if (record.choice.kind != sim::ChoiceKind::kFiber) continue;
      const sim::StepRecord* before = nullptr;
      for (const sim::StepRecord& step : trace_.steps) {
        if (step.step < record.step) before = &step;
      }
      if (before == nullptr || sim::index(before->fiber) == record.choice.picked) continue;
      if ((record.choice.offered & sim::mask_of(before->fiber)) != 0) {
        preempting_.insert(record.step);
      }
    }
  }

  std::size_t column_of(sim::FiberId fiber) const {
    const auto found = std::find(fibers_.begin(), fibers_.end(), sim::index(fiber));
    return static_cast<std::size_t>(found - fibers_.begin());
  }

  bool last_column(std::size_t column) const { return listed_ || column + 1 == fibers_.size(); }

  // A row with `text` in one column and bars in the others.
  void row(const std::string& left, std::size_t column, const std::string& text,
           std::string_view color) {
    text_ += left + " ";
    const std::size_t columns = listed_ ? 1 : fibers_.size();
    const std::size_t at = listed_ ? 0 : column;
    for (std::size_t i = 0; i < columns; ++i) {
      if (i != at) {
        if (i > at && last_column(at)) break;
        text_ += paint("│", "dim", style_.color);
        if (i + 1 < columns) text_ += std::string(width_ - 1, ' ');
        continue;
      }
      const std::string shown = fit(text, width_ - 1);
      text_ += color.empty() ? shown : paint(shown, color, style_.color);
      if (i + 1 < columns) text_ += std::string(width_ - display_width(shown), ' ');
    }
    while (text_.ends_with(' ')) text_.pop_back();
    text_ += "\n";
  }

  void draw_header() {
    text_ += std::string(kStepWidth + 1, ' ');
    for (std::size_t i = 0; i < fibers_.size(); ++i) {
      const std::string name = fit(trace_.fibers[fibers_[i]].name, width_ - 1);
      text_ += paint(name, "bold", style_.color);
      if (i + 1 < fibers_.size()) text_ += std::string(width_ - display_width(name), ' ');
    }
    text_ += "\n";
  }

  void draw_step(const sim::StepRecord& step, bool last) {
    const bool preempts = preempting_.contains(step.step);
    const bool broken = last && violation_.step == step.step;
    const char* mark = broken ? "✗" : preempts ? "▸" : " ";
    const std::string left = fmt::format("{:>4} {}", step.step, mark);
    std::string title = title_of(step);
    if (listed_)
      title = fmt::format("{:<14} {}", trace_.fibers[sim::index(step.fiber)].name, title);
    const std::string place = place_of(step);
    const std::size_t used = display_width(title) + display_width(place) + 2;
    if (!place.empty() && used <= width_ - 1) {
      title += std::string(width_ - 1 - used + 2, ' ') + place;
    }
    const std::size_t column = column_of(step.fiber);
    row(paint(left,
              broken     ? "red"
              : preempts ? "yellow"
                         : "",
              style_.color && (broken || preempts)),
        column, title, broken ? "red" : "");
    const std::string indent = listed_ ? std::string(17, ' ') : "  ";
    for (const std::string& note : step.notes) {
      for (const std::string& line : wrap(note, width_ - 1 - indent.size())) {
        row(std::string(kStepWidth, ' '), column, indent + line, "dim");
      }
    }
  }

  // Once.
  void draw_remark() {
    const std::size_t columns = listed_ ? 1 : fibers_.size();
    const std::size_t needed = std::max(columns * width_, display_width(remark_->text) + 7);
    const std::size_t width = std::min(needed, style_.width - kStepWidth - 1);
    std::string line = "┄┄ " + fit(remark_->text, width - 6) + " ";
    for (std::size_t i = display_width(line); i < width; ++i) line += "┄";
    text_ += std::string(kStepWidth + 1, ' ') + paint(line, "yellow", style_.color) + "\n";
    remark_.reset();
  }

  void draw_violation() {
    const std::string head = "✗ " + violation_.rule;
    const std::string indent(kStepWidth + 1, ' ');
    text_ += indent + paint(head, "red", style_.color) + "\n";
    for (const std::string& line : wrap(violation_.message, style_.width - indent.size() - 2)) {
      text_ += indent + "  " + line + "\n";
    }
  }

  const sim::Trace& trace_;
  const sim::Violation& violation_;
  const TextStyle& style_;
  std::optional<Remark> remark_;  // until it is drawn
  std::vector<std::uint32_t> fibers_;
  std::set<std::uint32_t> preempting_;
  bool listed_ = false;
  std::size_t width_ = 0;
  std::string text_;
};

}  // namespace

std::string draw(const sim::Trace& trace, const sim::Violation& violation, const TextStyle& style,
                 const std::optional<Remark>& remark) {
  return Picture(trace, violation, style, remark).draw();
}

}  // namespace nmrcheck::report
