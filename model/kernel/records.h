// Durable records: what a driver keeps of its interfaces from one boot to the next, as in the
// registry. A record is written and removed as a whole.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "model/event.h"
#include "sim/core/footprint.h"

namespace nmrcheck::model {

class Kernel;

// Records have the name of their driver and one that the driver gives them: whoever is loaded later
// under the driver's name finds them. Each function is one step of the current module, which is
// never made once the power of its boot has failed.
class Records {
 public:
  explicit Records(Kernel& kernel) : kernel_(kernel) {}

  // What else the footprint of a commit or an erase names: whatever rules hold records against.
  void set_judge(std::function<void(sim::Footprint&)> judge) { judge_ = std::move(judge); }

  // Writes the record, in the place of one of that name; emits kRecordCommitted.
  void commit(std::string_view identity, const Record& record);
  // Returns the record as it was committed last, or nothing.
  std::optional<Record> read(std::string_view identity);
  // Removes the record and emits kRecordErased. Returns false if there was none.
  bool erase(std::string_view identity);

 private:
  struct Entry {
    sim::ObjectId object = sim::kNoObject;
    std::optional<Record> record;
  };
  using Entries = std::map<std::pair<std::string, std::string>, Entry, std::less<>>;

  Entries::value_type& at(std::string_view identity);
  void step(const Entry& entry, sim::Op op, const char* action);

  Kernel& kernel_;
  std::function<void(sim::Footprint&)> judge_;
  Entries entries_;  // of all boots; never removed, so that events may point to names
};

}  // namespace nmrcheck::model
