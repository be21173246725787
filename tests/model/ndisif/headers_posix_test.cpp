// Every status that NdisIfRegisterProvider may answer to right and wrong characteristics, over all
// answers of the choice points: the header test vectors.
#include <gtest/gtest.h>
#include <ndis.h>
#include <sys/mman.h>
#include <unistd.h>

#include <set>
#include <string>

#include "sim/core/violation.h"
#include "tests/model/ndisif/every_answer.h"

namespace nmrcheck::model::test {
namespace {

using Statuses = std::set<std::uint64_t>;

constexpr std::uint64_t kSuccess = static_cast<std::uint32_t>(NDIS_STATUS_SUCCESS);
constexpr std::uint64_t kResources = static_cast<std::uint32_t>(NDIS_STATUS_RESOURCES);
constexpr std::uint64_t kInvalid = static_cast<std::uint32_t>(NDIS_STATUS_INVALID_PARAMETER);
constexpr std::uint64_t kUnsupported = static_cast<std::uint32_t>(NDIS_STATUS_NOT_SUPPORTED);

struct Vector {
  int number;
  UCHAR type;
  UCHAR revision;
  USHORT size;
  bool query;
  bool set;
  bool reserved;
  Statuses documented;
  Statuses paranoid;  // differs in vector 4 only
};

const std::vector<Vector>& vectors() {
  static const Statuses either{kInvalid, kUnsupported};
  static const Statuses checked_or_not{kInvalid, kSuccess};
  static const std::vector<Vector> all{
      {1, 0x80, 1, 0x28, true, true, false, {kSuccess}, {kSuccess}},
      {2,
       0x00,
       1,
       0x28,
       true,
       true,
       false,
       {kInvalid, kUnsupported, kSuccess},
       {kInvalid, kUnsupported, kSuccess}},
      {3, 0x80, 0, 0x28, true, true, false, either, either},
      // A later revision is taken as the first only by a registry that nothing but necessity
      // excludes.
      {4, 0x80, 2, 0x28, true, true, false, {kUnsupported}, {kUnsupported, kSuccess}},
      {5, 0x80, 1, 0x27, true, true, false, either, either},
      {6, 0x80, 1, 0x04, true, true, false, either, either},
      {7, 0x80, 1, 0x30, true, true, false, {kSuccess, kUnsupported}, {kSuccess, kUnsupported}},
      {8, 0x80, 1, 0x28, false, true, false, checked_or_not, checked_or_not},
      {9, 0x80, 1, 0x28, true, false, false, checked_or_not, checked_or_not},
      {10, 0x80, 1, 0x28, true, true, true, checked_or_not, checked_or_not},
      {11, 0x80, 9, 0x04, false, false, true, either, either},
      // The constant of 32-bit code, which is too small here.
      {12, 0x80, 1, 0x14, true, true, false, either, either},
  };
  return all;
}

NDIS_STATUS NTAPI refuse_query(NDIS_HANDLE, NET_IF_OBJECT_ID, PULONG, PVOID) {
  return NDIS_STATUS_INVALID_OID;
}

NDIS_STATUS NTAPI refuse_set(NDIS_HANDLE, NET_IF_OBJECT_ID, ULONG, PVOID) {
  return NDIS_STATUS_NOT_SUPPORTED;
}

NDIS_IF_PROVIDER_CHARACTERISTICS characteristics(const Vector& vector) {
  NDIS_IF_PROVIDER_CHARACTERISTICS made{};
  made.Header = {vector.type, vector.revision, vector.size};
  if (vector.query) made.QueryObjectHandler = refuse_query;
  if (vector.set) made.SetObjectHandler = refuse_set;
  if (vector.reserved) made.Reserved2 = &made;
  return made;
}

// What the program comes to: the status of the call.
Drive registering(const Vector& vector, std::uint32_t faults) {
  return [&vector, faults](World& world) -> std::uint64_t {
    world.kernel().allow_faults(faults);
    NDIS_IF_PROVIDER_CHARACTERISTICS given = characteristics(vector);
    NDIS_HANDLE handle = nullptr;
    return static_cast<std::uint32_t>(NdisIfRegisterProvider(&given, nullptr, &handle));
  };
}

TEST(ProviderHeadersTest, EachVectorHasExactlyItsStatuses) {
  for (const Vector& vector : vectors()) {
    SCOPED_TRACE(vector.number);
    EXPECT_EQ(every_value(registering(vector, 0), "documented"), vector.documented);
    EXPECT_EQ(every_value(registering(vector, 0), "paranoid"), vector.paranoid);
  }
}

// RESOURCES is seen where nothing is wrong with the caller, and no status beside the four.
TEST(ProviderHeadersTest, WhatMaySucceedMayLackResources) {
  for (const Vector& vector : vectors()) {
    SCOPED_TRACE(vector.number);
    for (const char* profile : {"documented", "paranoid"}) {
      Statuses accepted = every_value(registering(vector, 0), profile);
      if (accepted.contains(kSuccess)) accepted.insert(kResources);
      EXPECT_EQ(every_value(registering(vector, 1), profile), accepted) << profile;
    }
  }
}

// Under the canonical profile each vector has one answer: that of the first rung that it fails.
TEST(ProviderHeadersTest, TheCanonicalLadderHasOneAnswer) {
  const std::vector<std::uint64_t> expected{kSuccess, kInvalid, kUnsupported, kUnsupported,
                                            kInvalid, kInvalid, kSuccess,     kInvalid,
                                            kInvalid, kSuccess, kUnsupported, kInvalid};
  ASSERT_EQ(expected.size(), vectors().size());
  for (const Vector& vector : vectors()) {
    SCOPED_TRACE(vector.number);
    const std::uint64_t first = expected[static_cast<std::size_t>(vector.number) - 1];
    // Which of two errors is seen is asked under every profile (vector 11).
    Statuses canonical{first};
    if (vector.number == 11) canonical.insert(kInvalid);
    EXPECT_EQ(every_value(registering(vector, 0), "canonical"), canonical);
  }
}

// The handle after a failure (U04): as it was, NULL, or a handle that is none. After success: one
// that is none of these.
TEST(ProviderHeadersTest, TheHandleOfAFailedCallMeansNothing) {
  const auto handle_after = [](const Vector& vector) -> Drive {
    return [&vector](World&) -> std::uint64_t {
      NDIS_IF_PROVIDER_CHARACTERISTICS given = characteristics(vector);
      NDIS_HANDLE handle = &given;
      const NDIS_STATUS status = NdisIfRegisterProvider(&given, nullptr, &handle);
      if (NT_SUCCESS(status)) return 3;
      return handle == &given ? 0 : handle == nullptr ? 1 : handle == kPoisonProviderHandle ? 2 : 4;
    };
  };
  EXPECT_EQ(every_value(handle_after(vectors()[3]), "documented"), (Statuses{0, 1, 2}));
  EXPECT_EQ(every_value(handle_after(vectors()[0]), "documented"), (Statuses{3}));
}

// --- Which memory is read ---

// A page whose successor must not be touched.
class LastPage {
 public:
  LastPage() : bytes_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    void* pages =
        mmap(nullptr, 2 * bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return;
    begin_ = static_cast<char*>(pages);
    mprotect(begin_ + bytes_, bytes_, PROT_NONE);
  }
  ~LastPage() {
    if (begin_ != nullptr) munmap(begin_, 2 * bytes_);
  }
  LastPage(const LastPage&) = delete;
  LastPage& operator=(const LastPage&) = delete;

  // Where characteristics begin of which all but the header, and what aligns the handlers, lies on
  // the page behind; null if there is no memory.
  NDIS_IF_PROVIDER_CHARACTERISTICS* header_only() const {
    constexpr std::size_t kBefore = offsetof(NDIS_IF_PROVIDER_CHARACTERISTICS, QueryObjectHandler);
    return begin_ == nullptr
               ? nullptr
               : reinterpret_cast<NDIS_IF_PROVIDER_CHARACTERISTICS*>(begin_ + bytes_ - kBefore);
  }

 private:
  std::size_t bytes_;
  char* begin_ = nullptr;
};

Outcomes outcomes_of_header(const Vector& vector, const char* profile) {
  static const LastPage page;
  return every_outcome(
      [&vector](World&) -> std::uint64_t {
        NDIS_IF_PROVIDER_CHARACTERISTICS* given = page.header_only();
        given->Header = {vector.type, vector.revision, vector.size};
        NDIS_HANDLE handle = nullptr;
        return static_cast<std::uint32_t>(NdisIfRegisterProvider(given, nullptr, &handle));
      },
      profile);
}

TEST(ProviderHeadersTest, HandlersBehindTheSizeAreNotRead) {
  for (const char* profile : {"documented", "paranoid"}) {
    for (const std::size_t small : {5u, 10u}) {  // vectors 6 and 11
      SCOPED_TRACE(vectors()[small].number);
      const Outcomes outcomes = outcomes_of_header(vectors()[small], profile);
      EXPECT_EQ(outcomes.verdicts, std::set<std::string>{});
      EXPECT_EQ(outcomes.values, (Statuses{kInvalid, kUnsupported}));
    }
    // A size that says that they are there: the same memory is read, and the check fails.
    const Outcomes outcomes = outcomes_of_header(vectors()[0], profile);
    EXPECT_EQ(outcomes.verdicts, std::set<std::string>{sim::kCrash});
    EXPECT_EQ(outcomes.values, Statuses{});
  }
}

}  // namespace
}  // namespace nmrcheck::model::test
