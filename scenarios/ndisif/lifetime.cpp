// When what callbacks use may be freed: right providers, and those that rely on more than the
// documentation says.
#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/provider.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Context;
using ndisif::Provider;

// --- What callbacks read is never freed ---

constexpr ndisif::Design kStatic{};

// --- The context is a number and a generation, looked up under a lock ---

constexpr ULONG_PTR kSlotBits = 8;

NDIS_HANDLE pack(ULONG slot, ULONG generation) {
  return reinterpret_cast<NDIS_HANDLE>(ULONG_PTR{generation} << kSlotBits | slot);
}

NDIS_STATUS NTAPI query_by_number(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                  PVOID buffer) {
  Provider& own = ndisif::own_globals();
  const auto generation = static_cast<ULONG>(reinterpret_cast<ULONG_PTR>(context) >> kSlotBits);
  KIRQL irql;
  KeAcquireSpinLock(&own.lock, &irql);
  const bool alive = !own.dying && own.generation == generation;
  if (alive) ++own.references;
  const ndisif::Values values = own.values;
  KeReleaseSpinLock(&own.lock, irql);
  if (!alive) return NDIS_STATUS_INTERFACE_NOT_FOUND;
  const NDIS_STATUS status = ndisif::answer(values, object, length, buffer);
  KeAcquireSpinLock(&own.lock, &irql);
  const bool last = --own.references == 0 && own.dying;
  if (last) KeSetEvent(&own.drained, IO_NO_INCREMENT, FALSE);
  KeReleaseSpinLock(&own.lock, irql);
  return status;
}

NDIS_STATUS enter_with_numbers(Provider& own) {
  KeInitializeSpinLock(&own.lock);
  KeInitializeEvent(&own.drained, NotificationEvent, FALSE);
  own.generation = 1;
  return ndisif::start(own, query_by_number, pack(0, own.generation));
}

void remove_by_number(Provider& own) {
  KIRQL irql;
  KeAcquireSpinLock(&own.lock, &irql);
  own.dying = TRUE;
  const bool idle = own.references == 0;
  KeReleaseSpinLock(&own.lock, irql);
  NdisIfDeregisterInterface(own.index);
  own.registered = FALSE;
  if (!idle) KeWaitForSingleObject(&own.drained, Executive, KernelMode, FALSE, nullptr);
  ndisif::stop(own);
}

constexpr ndisif::Design kNumbered{.enter = enter_with_numbers, .unload = remove_by_number};

// --- Contexts in pool: freed at once, or when the provider is gone ---

NDIS_STATUS enter_with_context(Provider& own, IFP_QUERY_OBJECT query) {
  auto* context =
      static_cast<Context*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Context), ndisif::kTag));
  if (context == nullptr) return NDIS_STATUS_RESOURCES;
  *context = {.values = {}, .references = 1};
  own.memory = context;
  own.references = 0;
  const NDIS_STATUS status = ndisif::start(own, query, context);
  if (status != NDIS_STATUS_SUCCESS) ExFreePoolWithTag(context, ndisif::kTag);
  return status;
}

void deregister_only(Provider& own) {
  NdisIfDeregisterInterface(own.index);
  own.registered = FALSE;
}

void free_when_deregistered(Provider& own) {
  deregister_only(own);
  ExFreePoolWithTag(own.memory, ndisif::kTag);
  ndisif::stop(own);
}

constexpr ndisif::Design kFreedAtOnce{
    .enter = [](Provider& own) { return enter_with_context(own, ndisif::query_context); },
    .unload = free_when_deregistered};
constexpr ndisif::Design kFreedAtTheEnd{
    .enter = [](Provider& own) { return enter_with_context(own, ndisif::query_context); },
    .unload = ndisif::stop_and_free};

// --- The count of users lies in the context: who enters late counts in freed memory ---

void drop(Context* context) {
  if (InterlockedDecrement(&context->references) == 0) ExFreePoolWithTag(context, ndisif::kTag);
}

NDIS_STATUS NTAPI query_counted(NDIS_HANDLE given, NET_IF_OBJECT_ID object, PULONG length,
                                PVOID buffer) {
  auto* context = static_cast<Context*>(given);
  InterlockedIncrement(&context->references);
  const NDIS_STATUS status = ndisif::answer(context->values, object, length, buffer);
  drop(context);
  return status;
}

void drop_when_deregistered(Provider& own) {
  deregister_only(own);
  drop(static_cast<Context*>(own.memory));
  ndisif::stop(own);
}

constexpr ndisif::Design kCountedInside{
    .enter = [](Provider& own) { return enter_with_context(own, query_counted); },
    .unload = drop_when_deregistered};

// --- The count lies in the driver's globals, the context is freed when it is 0: the same gap ---

NDIS_STATUS NTAPI query_counted_outside(NDIS_HANDLE given, NET_IF_OBJECT_ID object, PULONG length,
                                        PVOID buffer) {
  Provider& own = ndisif::own_globals();
  InterlockedIncrement(&own.references);
  const NDIS_STATUS status = ndisif::query_context(given, object, length, buffer);
  const LONG left = InterlockedDecrement(&own.references);
  if (left == 0 && NMRCHECK_READ(own.dying)) {
    KeSetEvent(&own.drained, IO_NO_INCREMENT, FALSE);
  }
  return status;
}

NDIS_STATUS enter_counted_outside(Provider& own) {
  KeInitializeEvent(&own.drained, NotificationEvent, FALSE);
  return enter_with_context(own, query_counted_outside);
}

void wait_for_count(Provider& own) {
  deregister_only(own);
  NMRCHECK_WRITE(own.dying, TRUE);
  if (InterlockedCompareExchange(&own.references, 0, 0) != 0) {
    KeWaitForSingleObject(&own.drained, Executive, KernelMode, FALSE, nullptr);
  }
  ExFreePoolWithTag(own.memory, ndisif::kTag);
  ndisif::stop(own);
}

constexpr ndisif::Design kCountedOutside{.enter = enter_counted_outside, .unload = wait_for_count};

}  // namespace

void add_ndisif_lifetime(std::vector<Scenario>& list) {
  const auto add_right = [&](std::string_view name, std::string_view summary, auto make) {
    list.push_back({name,
                    summary,
                    {},
                    "",
                    "NdisIfRegisterInterface and NdisIfDeregisterInterface reference pages",
                    {ndisif::kRequests, ndisif::kObjects, ndisif::kLengths, ndisif::kSets,
                     ndisif::kCompares, kit::kFaults},
                    make});
  };
  add_right("ndisif/static-provider",
            "One interface whose context is a global; callbacks read what is never freed.",
            ndisif::make<kStatic>);
  add_right("ndisif/numbered-contexts",
            "The context is a number and a generation, looked up under a lock in each callback.",
            ndisif::make<kNumbered>);
  using Rules = std::vector<std::string_view>;
  const auto add = [&](std::string_view name, std::string_view summary, const Rules& rules,
                       std::string_view twin, std::string_view fixed_summary, auto faulty,
                       auto fixed) {
    add_pair(list,
             {name,
              summary,
              rules,
              twin,
              "NdisIfDeregisterInterface reference page: it says nothing of callbacks in progress",
              {ndisif::kRequests},
              faulty,
              {},
              "none"},
             fixed_summary, fixed);
  };
  add("ndisif/free-after-deregister",
      "The interface's context is freed as soon as NdisIfDeregisterInterface has returned.",
      {"NDISIF-CB-01"}, "ndisif/free-after-deregister-fixed",
      "The context is freed when NdisIfDeregisterProvider has returned.",
      ndisif::make<kFreedAtOnce>, ndisif::make<kFreedAtTheEnd>);
  add("ndisif/count-in-context",
      "Callbacks count themselves in the context; the last one frees it.",
      {"NDISIF-CB-01", "KRN-POOL-02"}, "ndisif/count-in-context-fixed",
      "The context is a number, and the count a global.", ndisif::make<kCountedInside>,
      ndisif::make<kNumbered>);
  add("ndisif/count-in-globals",
      "Callbacks count themselves in a global; the context is freed when the count is 0.",
      {"NDISIF-CB-01"}, "ndisif/count-in-globals-fixed",
      "The context is freed when NdisIfDeregisterProvider has returned.",
      ndisif::make<kCountedOutside>, ndisif::make<kFreedAtTheEnd>);
}

}  // namespace nmrcheck::designs
