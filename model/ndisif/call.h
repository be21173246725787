// A call of an NdisIf function: what all of them begin with, and how their steps look.
#pragma once

#include "model/ndisif/registry.h"

namespace nmrcheck::model {

// On the caller's fiber, which is inside of the function while this object lives.
class InterfaceRegistry::Call {
 public:
  // Reports an IRQL above PASSIVE_LEVEL, which ends the execution. `function` has static storage.
  Call(InterfaceRegistry& registry, const char* function);
  ~Call() { registry_.kernel_.pop(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  const char* function() const { return function_; }
  // Whose code called the function; kNoModule if it was nobody's.
  ModuleId module() const { return module_; }

  // Makes a step that names the caller's image too, since the caller's code runs on behind it. The
  // first step of a function has the function's name.
  void step(sim::Footprint footprint, const char* action) const;
  void step(const sim::Footprint& footprint) const { step(footprint, function_); }
  // Emits what the function does, as of the caller.
  void emit(EventKind kind, const InterfaceFacts& facts, std::uint32_t status = 0,
            std::uint32_t block = 0, const void* pointer = nullptr) const {
    registry_.emit(kind, function_, facts, status, block, pointer);
  }

 private:
  InterfaceRegistry& registry_;
  const char* function_;
  ModuleId module_ = kNoModule;
};

}  // namespace nmrcheck::model
