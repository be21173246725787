// The failure file's reader. The format's fields are described in failure.schema.json.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "sim/explore/failure.h"

namespace nmrcheck::sim {
namespace {

using Json = nlohmann::ordered_json;

// Every problem is thrown as a Problem and caught in parse_failure.
struct Problem : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Somebody else's text in a message of ours: cut short.
std::string shown(const std::string& text) {
  std::size_t end = 60;
  if (text.size() <= end) return text;
  while ((static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;  // whole characters
  return text.substr(0, end) + "…";
}

const char* type_name(const Json& value) {
  return value.is_number_integer() ? "an integer"
         : value.is_number()       ? "a number with a fraction"
                                   : value.type_name();
}

const Json& member(const Json& object, const std::string& path, const char* key) {
  if (!object.is_object()) {
    throw Problem(fmt::format("{} should be an object, but is {}", path, type_name(object)));
  }
  const auto found = object.find(key);
  if (found == object.end()) throw Problem(fmt::format("{} has no \"{}\"", path, key));
  return *found;
}

std::string text_at(const Json& object, const std::string& path, const char* key) {
  const Json& value = member(object, path, key);
  if (value.is_string()) return value.get<std::string>();
  throw Problem(fmt::format("{}.{} should be a string, but is {}", path, key, type_name(value)));
}

std::uint64_t number_at(const Json& object, const std::string& path, const char* key,
                        std::uint64_t max) {
  const Json& value = member(object, path, key);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > max) {
    throw Problem(fmt::format("{}.{} should be an integer from 0 to {}, but is {}", path, key, max,
                              value.is_number() ? value.dump() : type_name(value)));
  }
  return value.get<std::uint64_t>();
}

std::uint64_t hex_at(const Json& object, const std::string& path, const char* key) {
  const std::string text = text_at(object, path, key);
  const bool digits = text.size() > 2 && text.size() <= 18 && text.starts_with("0x") &&
                      text.find_first_not_of("0123456789abcdef", 2) == std::string::npos;
  if (!digits) {
    throw Problem(fmt::format("{}.{} should be a hexadecimal number like \"0x1f\", but is \"{}\"",
                              path, key, shown(text)));
  }
  return std::stoull(text, nullptr, 16);
}

const Json& array_at(const Json& object, const std::string& path, const char* key) {
  const Json& value = member(object, path, key);
  if (value.is_array()) return value;
  throw Problem(fmt::format("{}.{} should be an array, but is {}", path, key, type_name(value)));
}

std::vector<std::string> names_at(const Json& object, const std::string& path, const char* key) {
  std::vector<std::string> names;
  for (const Json& name : array_at(object, path, key)) {
    if (!name.is_string()) {
      throw Problem(fmt::format("{}.{}[{}] should be a string, but is {}", path, key, names.size(),
                                type_name(name)));
    }
    names.push_back(name.get<std::string>());
  }
  return names;
}

std::uint32_t fiber_named(const std::vector<std::string>& fibers, const std::string& path,
                          const std::string& name) {
  const auto found = std::find(fibers.begin(), fibers.end(), name);
  if (found == fibers.end()) {
    throw Problem(
        fmt::format("{} names the fiber \"{}\", which $.fibers does not list", path, shown(name)));
  }
  return static_cast<std::uint32_t>(found - fibers.begin());
}

// The fibers of the object at `path`.
std::vector<std::string> read_fibers(const Json& object, const std::string& path) {
  std::vector<std::string> fibers = names_at(object, path, "fibers");
  if (fibers.size() > kFibersMax) {
    throw Problem(
        fmt::format("{}.fibers lists {} fibers; there can be {}", path, fibers.size(), kFibersMax));
  }
  for (std::size_t i = 0; i < fibers.size(); ++i) {
    if (fiber_named(fibers, path + ".fibers", fibers[i]) == i) continue;
    throw Problem(fmt::format("{}.fibers[{}] should be a new name, but is \"{}\" again", path, i,
                              shown(fibers[i])));
  }
  return fibers;
}

NamedChoice read_choice(const Json& line, const std::string& path,
                        const std::vector<std::string>& fibers) {
  constexpr std::uint64_t kStepsMax = std::numeric_limits<std::uint32_t>::max();
  NamedChoice named;
  named.step = static_cast<std::uint32_t>(number_at(line, path, "step", kStepsMax));
  if (line.contains("ask")) {
    named.question = text_at(line, path, "ask");
    const std::uint64_t options = number_at(line, path, "of", kOptionsMax);
    const std::uint64_t taken = number_at(line, path, "take", kOptionsMax - 1);
    if (options < 2 || taken >= options) {
      throw Problem(fmt::format("{}.take should be below {}.of, but is {} of {}", path, path, taken,
                                options));
    }
    named.choice = {ChoiceKind::kValue, static_cast<std::uint32_t>(taken), options};
    return named;
  }
  named.picked = text_at(line, path, "run");
  named.offered = names_at(line, path, "of");
  named.choice.kind = ChoiceKind::kFiber;
  named.choice.picked = fiber_named(fibers, path + ".run", named.picked);
  for (const std::string& name : named.offered) {
    named.choice.offered |= mask_of(FiberId{fiber_named(fibers, path + ".of", name)});
  }
  if (named.choice.forced()) {
    throw Problem(fmt::format("{}.of should name at least two fibers, but names {}", path,
                              named.offered.size()));
  }
  if ((named.choice.offered & mask_of(FiberId{named.choice.picked})) == 0) {
    throw Problem(
        fmt::format("{} runs \"{}\", which is not among its \"of\"", path, shown(named.picked)));
  }
  return named;
}

// The schedule of the object at `path`.
std::vector<NamedChoice> read_choices(const Json& object, const std::string& path,
                                      const std::vector<std::string>& fibers) {
  std::vector<NamedChoice> choices;
  for (const Json& line : array_at(object, path, "schedule")) {
    choices.push_back(
        read_choice(line, fmt::format("{}.schedule[{}]", path, choices.size()), fibers));
  }
  return choices;
}

std::uint32_t count_at(const Json& object, const std::string& path, const char* key) {
  constexpr std::uint64_t kCountMax = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(number_at(object, path, key, kCountMax));
}

bool truth_at(const Json& object, const std::string& path, const char* key) {
  const Json& value = member(object, path, key);
  if (value.is_boolean()) return value.get<bool>();
  throw Problem(
      fmt::format("{}.{} should be true or false, but is {}", path, key, type_name(value)));
}

// What minimization said; each key may be missing.
void read_minimal(const Json& object, Failure& failure) {
  if (object.contains("minimal")) {
    const Json& minimal = object["minimal"];
    failure.size = Size{failure.steps, count_at(minimal, "$.minimal", "preemptions"),
                        count_at(minimal, "$.minimal", "deviations")};
    if (minimal.contains("proof")) {
      const Json& proof = minimal["proof"];
      const std::string path = "$.minimal.proof";
      failure.proof = Proof{truth_at(proof, path, "complete"), truth_at(proof, path, "questions"),
                            count_at(proof, path, "executions")};
    }
  }
  if (object.contains("point_of_no_return")) {
    const Json& point = object["point_of_no_return"];
    const std::string path = "$.point_of_no_return";
    failure.no_return =
        NoReturn{count_at(point, path, "step"), count_at(point, path, "continuations"),
                 truth_at(point, path, "exact")};
  }
  if (object.contains("found")) {
    const Json& found = object["found"];
    const std::string path = "$.found";
    failure.found.emplace();
    failure.found->size = {count_at(found, path, "steps"), count_at(found, path, "preemptions"),
                           count_at(found, path, "deviations")};
    failure.found->fibers = read_fibers(found, path);
    failure.found->schedule = read_choices(found, path, failure.found->fibers);
  }
}

void check_format(const Json& object) {
  if (!object.is_object() || !object.contains("format")) {
    throw Problem(fmt::format("this is JSON, but no failure file: it has no \"format\": \"{}\"",
                              kFailureFormatName));
  }
  const std::string format = text_at(object, "$", "format");
  if (format != kFailureFormatName) {
    throw Problem(
        fmt::format("$.format should be \"{}\", but is \"{}\"", kFailureFormatName, shown(format)));
  }
  const std::uint64_t version = number_at(object, "$", "format_version", 1'000'000);
  if (version == 0 || version > kFailureFormat) {
    throw Problem(
        fmt::format("the file has format version {}, and this program reads versions up "
                    "to {}; please use the program that wrote it, or a newer one",
                    version, kFailureFormat));
  }
}

Severity read_severity(const Json& violation) {
  const std::string text = text_at(violation, "$.violation", "severity");
  const bool valid = text.size() == 2 && text[0] == 'S' && text[1] >= '1' && text[1] <= '6';
  if (!valid) {
    throw Problem(
        fmt::format("$.violation.severity should be S1 to S6, but is \"{}\"", shown(text)));
  }
  return Severity{static_cast<std::uint8_t>(text[1] - '0')};
}

Limits read_limits(const Json& object) {
  constexpr std::uint64_t kHeapBytesMax = std::uint64_t{1} << 32;
  constexpr std::uint64_t kStackBytesMax = std::uint64_t{1} << 28;
  const Json& limits = member(object, "$", "limits");
  Limits read;
  read.steps_max =
      static_cast<std::uint32_t>(number_at(limits, "$.limits", "steps_max", 1'000'000'000));
  read.stack_bytes = number_at(limits, "$.limits", "stack_bytes", kStackBytesMax);
  read.heap_bytes_max = number_at(limits, "$.limits", "heap_bytes_max", kHeapBytesMax);
  if (limits.contains("partial_deadlocks")) {
    const Json& flag = limits["partial_deadlocks"];
    if (!flag.is_boolean()) {
      throw Problem(fmt::format("$.limits.partial_deadlocks should be true or false, but is {}",
                                type_name(flag)));
    }
    read.partial_deadlocks = flag.get<bool>();
  }
  constexpr std::size_t kStackBytesMin = 64 * 1024;
  if (read.stack_bytes < kStackBytesMin) {
    throw Problem(fmt::format("$.limits.stack_bytes should be at least {}, but is {}",
                              kStackBytesMin, read.stack_bytes));
  }
  return read;
}

// An object of texts.
std::map<std::string, std::string> texts_at(const Json& object, const char* key) {
  const Json& texts = member(object, "$", key);
  if (!texts.is_object()) {
    throw Problem(fmt::format("$.{} should be an object, but is {}", key, type_name(texts)));
  }
  std::map<std::string, std::string> read;
  for (const auto& [name, value] : texts.items()) {
    read[name] = text_at(texts, std::string("$.") + key, name.c_str());
  }
  return read;
}

Failure read_failure(const Json& object) {
  constexpr std::uint64_t kStepsMax = std::numeric_limits<std::uint32_t>::max();
  check_format(object);
  Failure failure;
  failure.scenario = text_at(object, "$", "scenario");
  failure.parameters = texts_at(object, "parameters");
  failure.profile = text_at(object, "$", "profile");
  if (object.contains("alternatives")) failure.alternatives = texts_at(object, "alternatives");
  failure.limits = read_limits(object);
  const Json& violation = member(object, "$", "violation");
  failure.violation.rule = text_at(violation, "$.violation", "rule");
  failure.violation.severity = read_severity(violation);
  failure.violation.message = text_at(violation, "$.violation", "message");
  failure.violation.step =
      static_cast<std::uint32_t>(number_at(violation, "$.violation", "step", kStepsMax));
  failure.place = text_at(violation, "$.violation", "place");
  failure.label = text_at(object, "$", "label");
  failure.fibers = read_fibers(object, "$");
  failure.steps = static_cast<std::uint32_t>(number_at(object, "$", "steps", kStepsMax));
  failure.hash = hex_at(object, "$", "hash");
  failure.schedule = read_choices(object, "$", failure.fibers);
  read_minimal(object, failure);
  const Json& provenance = member(object, "$", "provenance");
  const std::string path = "$.provenance";
  failure.provenance.strategy = text_at(provenance, path, "strategy");
  failure.provenance.seed = Seed{hex_at(provenance, path, "seed")};
  failure.provenance.execution =
      number_at(provenance, path, "execution", std::numeric_limits<std::uint64_t>::max());
  failure.provenance.version = text_at(provenance, path, "version");
  return failure;
}

// "line 3, column 14", counted from 1.
std::string describe_position(const std::string& text, std::size_t byte) {
  const std::size_t end = std::min(byte == 0 ? 0 : byte - 1, text.size());
  const auto begin = text.begin();
  const auto stop = begin + static_cast<std::ptrdiff_t>(end);
  const auto line = std::count(begin, stop, '\n') + 1;
  const std::size_t last_break = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const std::size_t column = last_break == std::string::npos ? end + 1 : end - last_break;
  return fmt::format("line {}, column {}", line, column);
}

// A number that no type can hold: the library's text quotes it, but does not say where it stands.
std::string describe_overflow(const std::string& text, const std::string& error) {
  const std::size_t first = error.find('\'');
  const std::size_t last = error.rfind('\'');
  if (first == std::string::npos || last <= first + 1) return "a number in the file is too large";
  const std::string number = error.substr(first + 1, last - first - 1);
  const std::size_t at = text.find(number);
  return fmt::format(
      "the number {} is too large, at {}", shown(number),
      at == std::string::npos ? "an unknown place" : describe_position(text, at + 1));
}

}  // namespace

std::variant<Failure, FailureFileError> parse_failure(const std::string& text) {
  if (text.empty()) return FailureFileError{"the file is empty"};
  try {
    return read_failure(Json::parse(text));
  } catch (const Json::parse_error& error) {
    return FailureFileError{
        fmt::format("this is not JSON, or it is cut short: {} (of {} bytes, at byte {})",
                    describe_position(text, error.byte), text.size(), error.byte)};
  } catch (const Json::out_of_range& error) {
    return FailureFileError{describe_overflow(text, error.what())};
  } catch (const Problem& problem) {
    return FailureFileError{problem.what()};
  } catch (const std::exception& error) {
    return FailureFileError{fmt::format("the file cannot be read: {}", error.what())};
  }
}

}  // namespace nmrcheck::sim
