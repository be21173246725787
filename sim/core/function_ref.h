// A call to somebody else's function object, without owning it.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>

namespace nmrcheck::sim {

// Unlike std::function it never allocates, so that a fiber which is dropped inside the call leaks
// nothing. Requires: the function object outlives the call.
class FunctionRef {
 public:
  template <class F>
  requires(std::invocable<F&> && !std::same_as<std::remove_cvref_t<F>, FunctionRef>)
      FunctionRef(F&& function)  // NOLINT: implicit, as for std::function
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(function)))),
        call_([](void* object) { (*static_cast<std::remove_reference_t<F>*>(object))(); }) {}

  void operator()() const { call_(object_); }

 private:
  void* object_;
  void (*call_)(void*);
};

}  // namespace nmrcheck::sim
