// What a registry of network interfaces may answer, written from the documentation alone: sets and
// maps, and all the habits that a registry may have.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace nmrcheck::model::test {

// What one registry always does alike, where the documentation leaves it open.
struct Habits {
  bool one_provider = false;     // a driver's second provider is INVALID_PARAMETER (U07)
  bool checks = true;            // NET_LUID and NET_IF_INFORMATION (U15)
  bool keeps_used_luid = false;  // freeing the LUID of an interface is INVALID_PARAMETER (U16)
  bool counts_pairs = false;     // a pair added twice is deleted twice (U19)
  bool guid_once = false;        // a GUID that is taken is INVALID_PARAMETER (U27)
};

// What NdisIfRegisterInterface was given.
struct Given {
  const void* handle = nullptr;
  std::uint64_t luid = 0;
  std::uint8_t guid = 0;
  bool version_right = true;
  bool contents_right = true;
};

// Is told what functions were given and what they answered. Each of these returns false if no
// registry that has answered as this one did so far answers so: not even one of other habits.
class Reference {
 public:
  Reference(std::uint32_t indexes_max, std::uint32_t luids_max);

  // Calls that document RESOURCES may fail from now on.
  void allow_faults(bool allowed) { faults_ = allowed; }

  bool provider_registered(std::uint32_t driver, std::uint32_t status, const void* handle);
  void provider_deregistered(const void* handle);
  bool interface_registered(const Given& given, std::uint32_t status, std::uint32_t index);
  void interface_deregistered(std::uint32_t index);
  bool luid_allocated(std::uint32_t type, std::uint32_t status, std::uint32_t luid_index);
  bool luid_freed(std::uint32_t type, std::uint32_t luid_index, std::uint32_t status);
  bool pair_added(std::uint32_t higher, std::uint32_t lower, std::uint32_t status);
  // `deleted`: there was such a pair.
  bool pair_deleted(std::uint32_t higher, std::uint32_t lower, bool deleted);
  // The whole stack table.
  bool pairs_are(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& pairs);
  // All but the LUID indexes is gone; another registry, of the same habits or not, has started.
  void restarted();

  // --- What is the same whatever the habits ---

  bool provider_lives(const void* handle) const { return providers_.contains(handle); }
  std::uint32_t interfaces_of(const void* handle) const;
  // The NET_LUID of the interface with that index; 0 if there is none.
  std::uint64_t luid_of(std::uint32_t index) const;
  // Its index; 0 if there is none.
  std::uint32_t index_of(std::uint64_t luid) const;
  // Whether adding the pair may close a circle.
  bool may_close_circle(std::uint32_t higher, std::uint32_t lower) const;

 private:
  struct Interface {
    const void* handle = nullptr;
    std::uint64_t luid = 0;
    std::uint8_t guid = 0;
  };
  // A pair as registries have it that count, and as others do.
  struct Added {
    std::uint32_t times = 0;
    bool present = false;
  };
  using Statuses = std::set<std::uint32_t>;

  Statuses statuses_of(const Given& given, const Habits& habits) const;
  bool right_luid(std::uint64_t luid) const;
  // Keeps the habits under which `fits`; false if there are none.
  template <class Fits>
  bool only(Fits fits) {
    std::erase_if(possible_, [&](const Habits& habits) { return !fits(habits); });
    return !possible_.empty();
  }

  std::uint32_t indexes_max_;
  std::uint32_t luids_max_;
  bool faults_ = false;
  std::vector<Habits> possible_;
  std::map<const void*, std::uint32_t> providers_;  // the driver by the handle: those that live
  std::map<std::uint32_t, Interface> interfaces_;   // by index
  std::set<std::pair<std::uint32_t, std::uint32_t>> luids_;  // type and index
  std::map<std::pair<std::uint32_t, std::uint32_t>, Added> pairs_;
};

}  // namespace nmrcheck::model::test
