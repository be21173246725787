// Joining and releasing clocks.
#include "model/image/happens_before.h"

#include <cassert>

namespace nmrcheck::model {

void HappensBefore::reset() {
  if (++generation_ == 0) {  // once in 2^32 executions
    generation_ = 1;
    for (Object& object : objects_) object.generation = 0;
  }
  fibers_ = 0;
}

VectorClock& HappensBefore::clock(sim::FiberId fiber) {
  assert(index(fiber) < sim::kFibersMax);
  if (clocks_.empty()) clocks_.resize(sim::kFibersMax);
  for (; fibers_ <= index(fiber); ++fibers_) {
    clocks_[fibers_].clear();
    clocks_[fibers_].set(fibers_, 1);
  }
  return clocks_[index(fiber)];
}

HappensBefore::Object& HappensBefore::object(sim::ObjectId id) {
  assert(id != sim::kNoObject);
  if (index(id) >= objects_.size()) objects_.resize(std::size_t{index(id)} + 1);
  Object& object = objects_[index(id)];
  if (object.generation != generation_) {
    object.generation = generation_;
    object.written.clear();
    object.read.clear();
  }
  return object;
}

void HappensBefore::acquire(sim::FiberId fiber, sim::ObjectId id, bool writes) {
  VectorClock& mine = clock(fiber);
  const Object& from = object(id);
  mine.join(from.written);
  if (writes) mine.join(from.read);
}

void HappensBefore::release(sim::FiberId fiber, sim::ObjectId id, bool writes) {
  VectorClock& mine = clock(fiber);
  Object& to = object(id);
  if (writes) {
    to.written.assign(mine);  // which has acquired all that the object held
    to.read.clear();
  } else {
    to.read.join(mine);
  }
  mine.set(index(fiber), mine.of(index(fiber)) + 1);
}

void HappensBefore::spawned(sim::FiberId parent, sim::FiberId child) {
  VectorClock& theirs = clock(child);
  VectorClock& mine = clock(parent);
  theirs.join(mine);
  mine.set(index(parent), mine.of(index(parent)) + 1);
}

}  // namespace nmrcheck::model
