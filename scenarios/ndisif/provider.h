// The parts of interface providers.
#pragma once

#include <ndis.h>
#include <nmrcheck.h>
#include <wdm.h>

#include "scenarios/kit.h"

namespace nmrcheck::designs::ndisif {

inline constexpr ULONG kTag = 'fiSN';
inline constexpr NET_IFTYPE kIfType = IF_TYPE_ETHERNET_CSMACD;

// How many requests each interface gets; they may come at the same time.
inline constexpr Parameter kRequests{"requests", "callbacks of each interface", 1, 0, 4};

// How many of the objects are asked for, in the order of the model's table; the first usually.
inline constexpr Parameter kObjects{"objects", "how many of the known objects are asked for", 1, 1,
                                    43};

// Whether buffers may have other lengths than the object's, whether there are set requests, and
// whether answers are compared with each other.
inline constexpr Parameter kLengths{"lengths", "1: buffers of any length", 0, 0, 1};
inline constexpr Parameter kSets{"sets", "1: set requests too", 0, 0, 1};
inline constexpr Parameter kCompares{"compares", "1: compare answers with OID_GEN_INTERFACE_INFO",
                                     0, 0, 1};

// --- What providers hand over ---

// With the right header.
NDIS_IF_PROVIDER_CHARACTERISTICS characteristics(IFP_QUERY_OBJECT query, IFP_SET_OBJECT set);
// A well-formed record without address and name; `number` makes the GUID differ.
NET_IF_INFORMATION information(UCHAR number = 1);
NET_LUID luid(NET_IFTYPE type, UINT32 luid_index);

// --- What they answer ---

// The values of an interface that changes nothing but its state.
struct Values {
  NET_IF_OPER_STATUS oper_status = NET_IF_OPER_STATUS_UP;
};

// A complete answer to any object that a provider must know; refuses all others, and a buffer that
// is too small with the length that it needs.
NDIS_STATUS answer(const Values& values, NET_IF_OBJECT_ID object, PULONG length, PVOID buffer);
// No object can be set.
NDIS_STATUS NTAPI refuse_set(NDIS_HANDLE context, NET_IF_OBJECT_ID object, ULONG length,
                             PVOID buffer);

// --- One interface in a driver's globals: the right static provider, to be varied ---

struct Design;

struct Provider {
  const Design* design;
  NDIS_HANDLE handle;
  NET_IFINDEX index;
  UINT32 luid_index;
  NDIS_IF_PROVIDER_CHARACTERISTICS characteristics;
  NET_IF_INFORMATION information;
  Values values;
  UCHAR number;  // makes the GUID differ from those of other drivers
  BOOLEAN has_luid;
  BOOLEAN registered;  // the interface is
  // For designs that have more:
  sim::FiberId worker;  // the design's thread: to be joined by its unload
  void* memory;
  KMUTEX mutex;
  KSPIN_LOCK lock;
  EX_RUNDOWN_REF rundown;
  KEVENT drained;
  LONG references;
  ULONG generation;
  BOOLEAN dying;
};

// The Provider in the globals of the driver whose code runs now.
Provider& own_globals();

// Answers from the Provider that is the interface's context.
NDIS_STATUS NTAPI query_globals(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                PVOID buffer);

// The parts of `start`. Each notes in the Provider what succeeded, and returns the status.
NDIS_STATUS register_provider(Provider& provider, IFP_QUERY_OBJECT query = query_globals,
                              IFP_SET_OBJECT set = refuse_set);
NDIS_STATUS register_with_own_characteristics(Provider& provider);
NDIS_STATUS allocate_luid(Provider& provider);
NDIS_STATUS register_interface(Provider& provider, NDIS_HANDLE context, PNET_IF_INFORMATION given);
// With the Provider as the context, and its own information.
NDIS_STATUS register_interface(Provider& provider);

// Registers the provider, allocates a LUID index, and registers the interface with `context`, or
// with the Provider itself if that is null; likewise `given`, the information. Undoes everything if
// a part fails, and returns why.
NDIS_STATUS start(Provider& provider, IFP_QUERY_OBJECT query = query_globals,
                  NDIS_HANDLE context = nullptr, PNET_IF_INFORMATION given = nullptr);
// The same with the characteristics that the Provider has.
NDIS_STATUS start_with_own_characteristics(Provider& provider, NDIS_HANDLE context = nullptr,
                                           PNET_IF_INFORMATION given = nullptr);
// Undoes it, in reverse order: the interface is gone for good.
void stop(Provider& provider);

// Entry routines.
template <IFP_QUERY_OBJECT kQuery>
NDIS_STATUS enter_with(Provider& provider) {
  return start(provider, kQuery);
}
NDIS_STATUS enter_with_mutex(Provider& provider);

// --- A context of its own, in pool ---

struct Context {
  Values values;
  LONG references;
};

// Answers from the Context that is the interface's context.
NDIS_STATUS NTAPI query_context(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                PVOID buffer);
// Stops, then frees what `memory` is.
void stop_and_free(Provider& provider);

// --- Programs ---

// Lets the world ask as the parameters above say; returns what it asks for.
model::Requests set_up(model::World& world, const ParameterValues& values);

// A driver with one Provider, which is entered, asked, and unloaded.
struct Design {
  NDIS_STATUS (*enter)(Provider& provider) = [](Provider& provider) { return start(provider); };
  void (*unload)(Provider& provider) = stop;
  void (*thread)(Provider& provider) = nullptr;      // started when entered; unload joins it
  void (*ask)(model::Requests& requests) = nullptr;  // what is asked for, if that is unusual
};

void drive(model::World& world, const ParameterValues& values, const Design& design);

template <const Design& kDesign>
void drive_design(model::World& world, const ParameterValues& values) {
  drive(world, values, kDesign);
}

template <const Design& kDesign>
std::unique_ptr<sim::Program> make(const ParameterValues& values, const model::Profile& profile) {
  return kit::make<drive_design<kDesign>>(values, profile);
}

}  // namespace nmrcheck::designs::ndisif
