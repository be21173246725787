// Rules of what callbacks of interface providers answer.
#include <fmt/format.h>

#include <array>
#include <cstring>

#include "model/rules/interface_checks.h"

namespace nmrcheck::model {
namespace {

// Where the values of the single objects lie in the answer to OID_GEN_INTERFACE_INFO.
struct Member {
  std::uint32_t object = 0;
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
  bool speed = false;  // the documentation gives bits a second here and bytes a second there
};

constexpr std::array kMembers{
    Member{kOidOperationalStatus, 0, 4},    Member{kOidMediaConnectStatusEx, 8, 4},
    Member{kOidMediaDuplexState, 12, 4},    Member{kOidPromiscuousMode, 20, 1},
    Member{kOidXmitLinkSpeed, 24, 8, true}, Member{kOidRcvLinkSpeed, 32, 8, true},
    Member{kOidLinkSpeedEx, 24, 16, true},  Member{kOidLastChange, 40, 8},
    Member{kOidDiscontinuityTime, 48, 8},   Member{kOidUnknownProtos, 56, 8},
};
constexpr std::uint32_t kOperStatusFlags = 4;
constexpr std::uint32_t kCompartment = 208;
constexpr std::uint64_t kBitsOfByte = 8;
constexpr std::uint32_t kAliasHeaderBytes = 2;
constexpr std::uint32_t kAliasBytesMax = 512;

std::uint64_t value_at(const Answer& answer, std::uint32_t offset, std::uint32_t bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, answer.bytes + offset, bytes);
  return value;
}

// What is wrong with a whole answer of the right length; empty if nothing is.
std::string wrong_value(const ObjectInfo& object, const Answer& answer) {
  const std::uint32_t bytes = answer.reported;
  if (object.id == kOidInterfaceInfo) {
    if (value_at(answer, kOperStatusFlags, 4) != 0) return "ifOperStatusFlags is not 0";
    if (value_at(answer, kCompartment, 4) > 1) return "CompartmentId is neither 0 nor 1";
    return {};
  }
  if (bytes > sizeof(std::uint64_t)) return {};
  const std::uint64_t value = value_at(answer, 0, bytes);
  const bool time = object.id == kOidLastChange || object.id == kOidDiscontinuityTime;
  if (time && value > answer.uptime_ms) {
    return fmt::format("{} ms is later than now, {} ms", value, answer.uptime_ms);
  }
  if (value >= object.min && value <= object.max) return {};
  return fmt::format("{} is not in {} to {}", value, object.min, object.max);
}

std::string wrong_answer(const ObjectInfo& object, const Answer& answer) {
  if (object.id == kOidAlias) {
    if (answer.reported < kAliasHeaderBytes) return "the length of the string is missing";
    const auto length = static_cast<std::uint32_t>(value_at(answer, 0, kAliasHeaderBytes));
    if (length % 2 != 0 || length > kAliasBytesMax) {
      return fmt::format("{} bytes is no length of a string", length);
    }
    if (answer.reported < kAliasHeaderBytes + length) return "the string is cut off";
  } else if (object.id == kOidPromiscuousMode) {
    if (answer.reported != 1 && answer.reported != 4) return "it is neither 1 nor 4 bytes long";
  } else if (answer.reported != object.bytes) {
    return fmt::format("it is {} bytes long, and should be {}", answer.reported, object.bytes);
  }
  if (answer.first_unwritten != kAllWritten) {
    return fmt::format("byte {} was never written", answer.first_unwritten);
  }
  return object.id == kOidAlias ? std::string() : wrong_value(object, answer);
}

std::string asked(const Event& event, const RuleContext& context) {
  return fmt::format("{} of {}, asked for {},", event.name,
                     describe_interface(event.interfaces->interface, context),
                     object_name(event.interfaces->answer->object));
}

bool same_speed(std::uint64_t left, std::uint64_t right) {
  return left == right || left == right * kBitsOfByte || right == left * kBitsOfByte;
}

bool agrees(const Member& member, const Answer& single, const Answer& all) {
  if (member.object == kOidPromiscuousMode) {
    return value_at(single, 0, single.reported) == value_at(all, member.offset, member.bytes);
  }
  constexpr std::uint32_t kWord = 8;
  for (std::uint32_t done = 0; done < member.bytes; done += kWord) {
    const std::uint32_t bytes = member.bytes - done < kWord ? member.bytes - done : kWord;
    const std::uint64_t left = value_at(single, done, bytes);
    const std::uint64_t right = value_at(all, member.offset + done, bytes);
    if (member.speed ? !same_speed(left, right) : left != right) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> answer_wrong(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kIfAnswersCompared) {
    for (const Member& member : kMembers) {
      const Answer& single = *event.interfaces->answer;
      if (member.object != single.object || agrees(member, single, *event.interfaces->compared)) {
        continue;
      }
      return asked(event, context) +
             " answers differently from OID_GEN_INTERFACE_INFO, though nobody changed what both "
             "use";
    }
    return std::nullopt;
  }
  const Answer& answer = *event.interfaces->answer;
  const ObjectInfo* object = find_object(answer.object);
  const bool judged = object != nullptr && object->kind == ObjectClass::kMandatory && !answer.set;
  if (!judged || answer.status != kStatusSuccess) return std::nullopt;
  const std::string wrong = wrong_answer(*object, answer);
  if (wrong.empty()) return std::nullopt;
  return fmt::format("{} succeeds with a wrong answer: {}", asked(event, context), wrong);
}

std::optional<std::string> unknown_object_accepted(const Event& event, const RuleContext& context) {
  const Answer& answer = *event.interfaces->answer;
  if (answer.status != kStatusSuccess) return std::nullopt;
  if (answer.set) return asked(event, context) + " succeeds; no object can be set";
  const ObjectInfo* object = find_object(answer.object);
  const bool known = object != nullptr && (object->kind == ObjectClass::kMandatory ||
                                           object->kind == ObjectClass::kShared);
  if (known) return std::nullopt;
  return asked(event, context) + " succeeds; it is not for providers to answer";
}

std::optional<std::string> object_missing(const Event& event, const RuleContext& context) {
  const Answer& answer = *event.interfaces->answer;
  const ObjectInfo* object = find_object(answer.object);
  if (object == nullptr || object->kind != ObjectClass::kMandatory || answer.set) {
    return std::nullopt;
  }
  // Who takes the answer for 4 bytes finds 1 too few (U22).
  const std::uint32_t needed = object->id == kOidPromiscuousMode ? 4 : object->bytes;
  const bool may_fail = answer.status == kStatusInsufficientResources ||
                        answer.status == kStatusInterfaceNotFound || answer.closing ||
                        answer.offered < needed;
  if (nt_success(answer.status) || may_fail) return std::nullopt;
  return fmt::format("{} fails ({}), though every provider answers it", asked(event, context),
                     status_name(answer.status));
}

}  // namespace nmrcheck::model
