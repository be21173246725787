// What code on a fiber is inside of: IRQL, frames, locks, regions; and the status values in use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/event.h"
#include "sim/core/ids.h"
#include "sim/core/place.h"

namespace nmrcheck::model {

inline constexpr std::uint8_t kPassiveLevel = 0;
inline constexpr std::uint8_t kApcLevel = 1;
inline constexpr std::uint8_t kDispatchLevel = 2;

inline constexpr std::uint32_t kStatusSuccess = 0;
inline constexpr std::uint32_t kStatusTimeout = 0x102;
inline constexpr std::uint32_t kStatusPending = 0x103;
inline constexpr std::uint32_t kStatusInvalidParameter = 0xC000000Du;
inline constexpr std::uint32_t kStatusInsufficientResources = 0xC000009Au;
inline constexpr std::uint32_t kStatusInvalidDeviceState = 0xC0000184u;
inline constexpr std::uint32_t kStatusNoInterface = 0xC00002B9u;

// Handles, and other values that stand for what drivers cannot look into, lie here.
inline constexpr std::uintptr_t kHandlesBegin = 0xFFFFE00000000000u;
inline constexpr std::uintptr_t kHandlesEnd = 0xFFFFE00200000000u;

constexpr bool nt_success(std::uint32_t status) { return status < 0x80000000u; }

// "STATUS_PENDING", or the number.
std::string status_name(std::uint32_t status);

// What a fiber is inside of, innermost last.
enum class FrameKind : std::uint8_t {
  kModuleCode,  // a thread or routine of the module
  kRegistrar,   // a function of the registrar, called by the module below
  kAttach,      // callbacks, run in the module of their side
  kDetach,
  kCleanup,
  kCall,               // a function of a dispatch table, run in the module that owns it
  kUnload,             // the module's unload routine
  kEntry,              // its entry routine
  kInterfaceFunction,  // an NdisIf function, called by the module below
  kInterfaceCallback,  // a query or set callback, run in the provider's module
};

struct Frame {
  FrameKind kind = FrameKind::kModuleCode;
  ModuleId module = kNoModule;  // whose code runs; for kRegistrar the caller's
  BindingId binding = kNoBinding;
  Side side = Side::kClient;
  const char* name = "";
  bool image_pinned = false;  // unloading waits for this frame (an I/O work item)
  // Whoever begins or ends a call of the side that a detach or cleanup callback is about touches
  // it: waiting inside the callback is judged by it.
  sim::ObjectId calls = sim::kNoObject;
  InterfaceId interface = kNoInterface;  // of kInterfaceCallback
  // Filled in by push().
  std::uint8_t irql_before = 0;
  std::uint32_t locks_before = 0;
};

enum class LockKind : std::uint8_t {
  kSpin,
  kSpinShared,
  kPush,
  kPushShared,
  kMutex,
  kResource,
  kResourceShared,
};

// In both normal kernel APCs are disabled, in a guarded one all are.
enum class Region : std::uint8_t { kCritical, kGuarded };

struct HeldLock {
  sim::ObjectId object = sim::kNoObject;
  LockKind kind = LockKind::kSpin;
  std::uint8_t irql_before = kPassiveLevel;
  std::uint32_t frames = 0;  // depth of the frame stack at acquisition
  sim::Place place;
  std::uint32_t depth = 1;  // how often its owner has acquired it
  // Which lock of those that the object was, one after another: told apart by initialization and by
  // the block of memory.
  std::uint64_t life = 0;
};

// The innermost detach or cleanup callback, which may run at DISPATCH_LEVEL, or null.
const Frame* detach_or_cleanup(const std::vector<Frame>& frames);
// True if it is inside any callback, or inside a call through a dispatch table.
bool in_callback(const std::vector<Frame>& frames);

struct Module {
  std::string name;
  bool unloaded = false;
  std::uint32_t boot = 0;                // in which it was loaded
  sim::ObjectId pins = sim::kNoObject;   // counts I/O work items that keep the image
  sim::ObjectId image = sim::kNoObject;  // read by code that leaves it, written by unload
};

}  // namespace nmrcheck::model
