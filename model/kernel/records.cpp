// Steps on durable records.
#include "model/kernel/records.h"

#include <cassert>

#include "model/kernel/kernel.h"
#include "sim/core/rng.h"

namespace nmrcheck::model {
namespace {

std::uint64_t hash_of(std::string_view text, std::uint64_t hash) {
  for (const char letter : text) hash = sim::mix64(hash ^ static_cast<unsigned char>(letter));
  return sim::mix64(hash ^ text.size() << 8u);
}

}  // namespace

// The object is named by what it is: different fibers may be the first to need it.
Records::Entries::value_type& Records::at(std::string_view identity) {
  const ModuleId module = kernel_.current_module();
  assert(module != kNoModule && "records belong to drivers");
  const std::string& driver = kernel_.module(module).name;
  const auto [entry, made] = entries_.try_emplace({driver, std::string(identity)});
  if (made) {
    const std::uint64_t key = hash_of(identity, hash_of(driver, 0x7265636f7264u));
    entry->second.object = kernel_.execution().create("record", {}, key);
    if (kernel_.execution().traced()) {
      kernel_.execution().rename(entry->second.object, "record " + entry->first.second);
    }
  }
  return *entry;
}

void Records::step(const Entry& entry, sim::Op op, const char* action) {
  sim::Footprint footprint{{entry.object, op, 0, 0}};
  kernel_.power().add_on(footprint);
  if (op != sim::Op::kRead && judge_) judge_(footprint);
  kernel_.execution().step(footprint, action, kernel_.place());
}

void Records::commit(std::string_view identity, const Record& record) {
  auto& [name, entry] = at(identity);
  step(entry, sim::Op::kUpdate, "commit");
  entry.record = record;
  kernel_.emit({.kind = EventKind::kRecordCommitted,
                .module = kernel_.current_module(),
                .name = name.second.c_str(),
                .record = &*entry.record});
}

std::optional<Record> Records::read(std::string_view identity) {
  const Entry& entry = at(identity).second;
  step(entry, sim::Op::kRead, "read");
  return entry.record;
}

bool Records::erase(std::string_view identity) {
  auto& [name, entry] = at(identity);
  step(entry, sim::Op::kUpdate, "erase");
  const std::optional<Record> erased = std::exchange(entry.record, std::nullopt);
  kernel_.emit({.kind = EventKind::kRecordErased,
                .module = kernel_.current_module(),
                .name = name.second.c_str(),
                .record = erased ? &*erased : nullptr});
  return erased.has_value();
}

}  // namespace nmrcheck::model
