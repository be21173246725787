// The table of simulated objects by address, compared with a map.
#include "model/kernel/object_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <vector>

namespace nmrcheck::model {
namespace {

const void* address(std::uintptr_t value) { return reinterpret_cast<const void*>(value); }

TEST(ObjectTableTest, AnUnknownAddressHasAnUnusedEntry) {
  ObjectTable table;
  const ObjectTable::Entry& entry = table.at(address(0x1000));
  EXPECT_EQ(entry.address, address(0x1000));
  EXPECT_EQ(entry.type, ObjectType::kNone);
  EXPECT_EQ(entry.object, sim::kNoObject);
}

TEST(ObjectTableTest, AnEntryStaysWhatItWasMade) {
  ObjectTable table;
  table.at(address(0x1000)) = {address(0x1000), sim::ObjectId{7}, ObjectType::kLock};
  EXPECT_EQ(table.at(address(0x1008)).type, ObjectType::kNone);
  EXPECT_EQ(table.at(address(0x1000)).type, ObjectType::kLock);
  EXPECT_EQ(table.at(address(0x1000)).object, sim::ObjectId{7});
}

TEST(ObjectTableTest, NullIsAnAddressLikeOthers) {
  ObjectTable table;
  table.at(nullptr) = {nullptr, sim::ObjectId{7}, ObjectType::kLock};
  EXPECT_EQ(table.at(nullptr).object, sim::ObjectId{7});
  for (std::uintptr_t i = 1; i <= 1000; ++i) {
    ASSERT_EQ(table.at(address(8 * i)).type, ObjectType::kNone) << "the entry of NULL, at " << i;
  }
  EXPECT_EQ(table.at(nullptr).type, ObjectType::kLock);
}

TEST(ObjectTableTest, TypesHaveNames) {
  EXPECT_STREQ(to_string(ObjectType::kVariable), "a plain variable");
  EXPECT_STREQ(to_string(ObjectType::kEvent), "an event");
  EXPECT_STREQ(to_string(ObjectType::kSyncEvent), "an event");
  EXPECT_STREQ(to_string(ObjectType::kLock), "a lock");
  EXPECT_STREQ(to_string(ObjectType::kRundown), "a rundown reference");
  EXPECT_STREQ(to_string(ObjectType::kNone), "nothing known");
}

RC_GTEST_PROP(ObjectTableTest, BehavesAsAMap, (const std::vector<std::uint16_t>& uses)) {
  ObjectTable table;
  std::map<const void*, std::uint32_t> made;
  for (const std::uint16_t use : uses) {
    const void* where = address(use % 512u * 4u);
    ObjectTable::Entry& entry = table.at(where);
    RC_ASSERT((entry.address == where));
    RC_ASSERT((entry.type != ObjectType::kNone) == made.contains(where));
    if (entry.type == ObjectType::kNone) {
      made[where] = static_cast<std::uint32_t>(made.size());
      entry = {where, sim::ObjectId{made[where]}, ObjectType::kVariable};
    }
    RC_ASSERT(entry.object == sim::ObjectId{made[where]});
  }
}

}  // namespace
}  // namespace nmrcheck::model
