// The documentation of the functions, one after another.
#include "tests/model/ndisif/reference.h"

#include <algorithm>

namespace nmrcheck::model::test {
namespace {

constexpr std::uint32_t kSuccess = 0;
constexpr std::uint32_t kFailure = 0xC0000001u;  // stands for the "other" failures
constexpr std::uint32_t kInvalidParameter = 0xC000000Du;
constexpr std::uint32_t kResources = 0xC000009Au;
constexpr std::uint32_t kNotSupported = 0xC00000BBu;
constexpr std::uint32_t kDuplicate = 0xC000022Au;
constexpr std::uint32_t kBadVersion = 0xC0010004u;
constexpr std::uint32_t kNotFound = 0xC023002Bu;

std::vector<Habits> all_habits() {
  std::vector<Habits> all;
  for (unsigned bits = 0; bits < 32; ++bits) {
    all.push_back(
        {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0});
  }
  return all;
}

}  // namespace

Reference::Reference(std::uint32_t indexes_max, std::uint32_t luids_max)
    : indexes_max_(indexes_max), luids_max_(luids_max), possible_(all_habits()) {}

bool Reference::provider_registered(std::uint32_t driver, std::uint32_t status,
                                    const void* handle) {
  const bool second = std::any_of(providers_.begin(), providers_.end(),
                                  [&](const auto& provider) { return provider.second == driver; });
  const bool fits = only([&](const Habits& habits) {
    if (second && habits.one_provider) return status == kInvalidParameter;
    return status == kSuccess || (faults_ && status == kResources);
  });
  if (status != kSuccess) return fits;
  return providers_.emplace(handle, driver).second && fits;
}

void Reference::provider_deregistered(const void* handle) { providers_.erase(handle); }

bool Reference::right_luid(std::uint64_t luid) const {
  const auto type = static_cast<std::uint32_t>(luid >> 48);
  const auto number = static_cast<std::uint32_t>(luid >> 24 & 0xffffff);
  return type != 0 && (luid & 0xffffff) == 0 && luids_.contains({type, number});
}

Reference::Statuses Reference::statuses_of(const Given& given, const Habits& habits) const {
  if (!providers_.contains(given.handle)) return {kInvalidParameter};
  Statuses errors;
  if (!given.version_right) errors.insert({kInvalidParameter, kNotSupported, kBadVersion});
  if (habits.checks && !(given.contents_right && right_luid(given.luid))) {
    errors.insert(kInvalidParameter);
  }
  for (const auto& [index, interface] : interfaces_) {
    if (interface.luid == given.luid) errors.insert(kDuplicate);
    if (interface.guid == given.guid && habits.guid_once) errors.insert(kInvalidParameter);
  }
  if (!errors.empty()) return errors;
  Statuses statuses{interfaces_.size() == indexes_max_ ? kResources : kSuccess};
  if (faults_) statuses.insert({kResources, kFailure});
  return statuses;
}

bool Reference::interface_registered(const Given& given, std::uint32_t status,
                                     std::uint32_t index) {
  const bool fits =
      only([&](const Habits& habits) { return statuses_of(given, habits).contains(status); });
  if (status != kSuccess) return fits;
  if (index == 0 || index > indexes_max_) return false;
  return interfaces_.emplace(index, Interface{given.handle, given.luid, given.guid}).second && fits;
}

void Reference::interface_deregistered(std::uint32_t index) {
  if (interfaces_.erase(index) == 0) return;
  std::erase_if(pairs_, [&](const auto& pair) {
    return pair.first.first == index || pair.first.second == index;
  });
}

bool Reference::luid_allocated(std::uint32_t type, std::uint32_t status, std::uint32_t luid_index) {
  const auto used = std::count_if(luids_.begin(), luids_.end(),
                                  [&](const auto& luid) { return luid.first == type; });
  if (status == kSuccess) {
    return luid_index >= 1 && luid_index <= luids_max_ && luids_.emplace(type, luid_index).second;
  }
  const bool none = static_cast<std::uint32_t>(used) == luids_max_;
  return (status == kResources && (none || faults_)) || (status == kFailure && faults_);
}

bool Reference::luid_freed(std::uint32_t type, std::uint32_t luid_index, std::uint32_t status) {
  const auto luid = luids_.find({type, luid_index});
  if (luid == luids_.end()) return status == kInvalidParameter;
  const std::uint64_t value = std::uint64_t{type} << 48 | std::uint64_t{luid_index} << 24;
  const bool used = index_of(value) != 0;
  const bool fits = only([&](const Habits& habits) {
    return status == (used && habits.keeps_used_luid ? kInvalidParameter : kSuccess);
  });
  if (status == kSuccess) luids_.erase(luid);
  return fits;
}

bool Reference::pair_added(std::uint32_t higher, std::uint32_t lower, std::uint32_t status) {
  if (!interfaces_.contains(higher) || !interfaces_.contains(lower)) return status == kNotFound;
  if (higher == lower) return status == kInvalidParameter;
  if (status != kSuccess) return faults_ && status == kResources;
  Added& added = pairs_[{higher, lower}];
  ++added.times;
  added.present = true;
  return true;
}

bool Reference::pair_deleted(std::uint32_t higher, std::uint32_t lower, bool deleted) {
  Added added;
  if (const auto pair = pairs_.find({higher, lower}); pair != pairs_.end()) {
    added = pair->second;
    pair->second.present = false;
    if (pair->second.times > 0) --pair->second.times;
  }
  return only([&](const Habits& habits) {
    return deleted == (habits.counts_pairs ? added.times > 0 : added.present);
  });
}

bool Reference::pairs_are(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& pairs) {
  const std::set<std::pair<std::uint32_t, std::uint32_t>> table(pairs.begin(), pairs.end());
  if (table.size() != pairs.size()) return false;
  for (const auto& pair : table) {
    if (!pairs_.contains(pair)) return false;
  }
  return only([&](const Habits& habits) {
    return std::all_of(pairs_.begin(), pairs_.end(), [&](const auto& pair) {
      const bool there = habits.counts_pairs ? pair.second.times > 0 : pair.second.present;
      return table.contains(pair.first) == there;
    });
  });
}

void Reference::restarted() {
  possible_ = all_habits();
  providers_.clear();
  interfaces_.clear();
  pairs_.clear();
}

std::uint32_t Reference::interfaces_of(const void* handle) const {
  return static_cast<std::uint32_t>(
      std::count_if(interfaces_.begin(), interfaces_.end(),
                    [&](const auto& interface) { return interface.second.handle == handle; }));
}

std::uint64_t Reference::luid_of(std::uint32_t index) const {
  const auto interface = interfaces_.find(index);
  return interface == interfaces_.end() ? 0 : interface->second.luid;
}

std::uint32_t Reference::index_of(std::uint64_t luid) const {
  for (const auto& [index, interface] : interfaces_) {
    if (interface.luid == luid) return index;
  }
  return 0;
}

// A pair that may be there counts, and an interface is a circle by itself.
bool Reference::may_close_circle(std::uint32_t higher, std::uint32_t lower) const {
  std::set<std::uint32_t> below{lower};
  for (std::size_t before = 0; before != below.size();) {
    before = below.size();
    for (const auto& [pair, added] : pairs_) {
      const bool maybe = added.present || added.times > 0;
      if (maybe && below.contains(pair.first)) below.insert(pair.second);
    }
  }
  return below.contains(higher);
}

}  // namespace nmrcheck::model::test
