// The failure file's writer. The format's fields are described in failure.schema.json.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "sim/explore/failure.h"

namespace nmrcheck::sim {
namespace {

using Json = nlohmann::ordered_json;

std::string hex(std::uint64_t number) { return fmt::format("0x{:x}", number); }

std::string severity_name(Severity severity) {
  return fmt::format("S{}", static_cast<unsigned>(severity));
}

// Text of a driver may be anything: what is not UTF-8 is replaced instead of thrown about.
std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string choice_line(const NamedChoice& named) {
  Json line;
  line["step"] = named.step;
  if (named.choice.kind == ChoiceKind::kFiber) {
    line["run"] = named.picked;
    line["of"] = named.offered;
  } else {
    line["ask"] = named.question;
    line["take"] = named.choice.picked;
    line["of"] = named.choice.offered;
  }
  return dumped(line);
}

// One choice a line, `indent` being that of the line on which the list begins.
std::string choice_list(const std::vector<NamedChoice>& choices, const std::string& indent) {
  if (choices.empty()) return "[]";
  std::string text = "[\n";
  for (std::size_t i = 0; i < choices.size(); ++i) {
    text += indent + "  " + choice_line(choices[i]) + (i + 1 < choices.size() ? ",\n" : "\n");
  }
  return text + indent + "]";
}

using Fields = std::vector<std::pair<const char*, std::string>>;

// An object with a field a line, in this order.
std::string object_of(const Fields& fields, const std::string& indent) {
  std::string text = "{\n";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    text += fmt::format("{}  \"{}\": {}{}\n", indent, fields[i].first, fields[i].second,
                        i + 1 < fields.size() ? "," : "");
  }
  return text + indent + "}";
}

// What minimization said, as far as it is known.
void add_minimal(const Failure& failure, Fields& fields) {
  if (failure.size) {
    Json minimal = {{"preemptions", failure.size->preemptions},
                    {"deviations", failure.size->deviations}};
    if (const auto& proof = failure.proof) {
      minimal["proof"] = {{"complete", proof->complete},
                          {"questions", proof->asked},
                          {"executions", proof->executions}};
    }
    fields.emplace_back("minimal", dumped(minimal));
  }
  if (const auto& point = failure.no_return) {
    const Json object = {
        {"step", point->step}, {"continuations", point->continuations}, {"exact", point->exact}};
    fields.emplace_back("point_of_no_return", dumped(object));
  }
  if (!failure.found) return;
  const Size& size = failure.found->size;
  const std::string indent = "  ";
  fields.emplace_back("found",
                      object_of({{"steps", dumped(size.steps)},
                                 {"preemptions", dumped(size.preemptions)},
                                 {"deviations", dumped(size.deviations)},
                                 {"fibers", dumped(failure.found->fibers)},
                                 {"schedule", choice_list(failure.found->schedule, indent + "  ")}},
                                indent));
}

Json limits_object(const Limits& limits) {
  Json object{{"steps_max", limits.steps_max},
              {"stack_bytes", limits.stack_bytes},
              {"heap_bytes_max", limits.heap_bytes_max}};
  if (!limits.partial_deadlocks) object["partial_deadlocks"] = false;
  return object;
}

}  // namespace

std::string to_json(const Failure& failure) {
  Json violation = {{"rule", failure.violation.rule},
                    {"severity", severity_name(failure.violation.severity)},
                    {"message", failure.violation.message},
                    {"step", failure.violation.step},
                    {"place", failure.place}};
  Json provenance = {{"strategy", failure.provenance.strategy},
                     {"seed", hex(static_cast<std::uint64_t>(failure.provenance.seed))},
                     {"execution", failure.provenance.execution},
                     {"version", failure.provenance.version}};
  Json parameters = Json::object();
  for (const auto& [name, text] : failure.parameters) parameters[name] = text;
  Fields fields{
      {"format", dumped(kFailureFormatName)}, {"format_version", dumped(kFailureFormat)},
      {"scenario", dumped(failure.scenario)}, {"parameters", dumped(parameters)},
      {"profile", dumped(failure.profile)},   {"limits", dumped(limits_object(failure.limits))},
      {"violation", dumped(violation)},       {"label", dumped(failure.label)},
      {"fibers", dumped(failure.fibers)},     {"steps", dumped(failure.steps)},
      {"hash", dumped(hex(failure.hash))},    {"schedule", choice_list(failure.schedule, "  ")},
  };
  if (!failure.alternatives.empty()) {
    Json alternatives = Json::object();
    for (const auto& [name, letters] : failure.alternatives) alternatives[name] = letters;
    fields.insert(fields.begin() + 5,
                  {"alternatives", dumped(alternatives)});  // behind the profile
  }
  add_minimal(failure, fields);
  fields.emplace_back("provenance", dumped(provenance));
  return object_of(fields, "") + "\n";
}

}  // namespace nmrcheck::sim
