// IRQL at the functions and callbacks, and the structures that providers hand over.
#include <cstring>

#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/provider.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Provider;

// --- A spin lock is held while the interface is deregistered ---

template <IFP_QUERY_OBJECT kQuery = ndisif::query_globals>
NDIS_STATUS enter_with_lock(Provider& provider) {
  KeInitializeSpinLock(&provider.lock);
  return ndisif::start(provider, kQuery);
}

void deregister_under_lock(Provider& provider) {
  KIRQL before = PASSIVE_LEVEL;
  KeAcquireSpinLock(&provider.lock, &before);
  NdisIfDeregisterInterface(provider.index);
  provider.registered = FALSE;
  KeReleaseSpinLock(&provider.lock, before);
  ndisif::stop(provider);
}

void deregister_after_lock(Provider& provider) {
  KIRQL before = PASSIVE_LEVEL;
  KeAcquireSpinLock(&provider.lock, &before);
  const NET_IFINDEX index = provider.index;
  provider.registered = FALSE;
  KeReleaseSpinLock(&provider.lock, before);
  NdisIfDeregisterInterface(index);
  ndisif::stop(provider);
}

constexpr ndisif::Design kUnderLock{.enter = enter_with_lock<>, .unload = deregister_under_lock};
constexpr ndisif::Design kAfterLock{.enter = enter_with_lock<>, .unload = deregister_after_lock};

// --- A callback that finds the device gone returns with the lock held ---

NDIS_STATUS query_under_lock(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                             PVOID buffer, bool releases_always) {
  auto* provider = static_cast<Provider*>(context);
  KIRQL before = PASSIVE_LEVEL;
  KeAcquireSpinLock(&provider->lock, &before);
  const ndisif::Values values = provider->values;
  const bool gone = values.oper_status == NET_IF_OPER_STATUS_NOT_PRESENT;
  if (gone && !releases_always) return ndisif::answer(values, object, length, buffer);
  KeReleaseSpinLock(&provider->lock, before);
  return ndisif::answer(values, object, length, buffer);
}

NDIS_STATUS NTAPI query_and_forget(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                   PVOID buffer) {
  return query_under_lock(context, object, length, buffer, false);
}

NDIS_STATUS NTAPI query_and_release(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                    PVOID buffer) {
  return query_under_lock(context, object, length, buffer, true);
}

void remove_device(Provider& provider) {
  KIRQL before = PASSIVE_LEVEL;
  KeAcquireSpinLock(&provider.lock, &before);
  provider.values.oper_status = NET_IF_OPER_STATUS_NOT_PRESENT;
  KeReleaseSpinLock(&provider.lock, before);
  ndisif::stop(provider);
}

constexpr ndisif::Design kLockForgotten{.enter = enter_with_lock<query_and_forget>,
                                        .unload = remove_device};
constexpr ndisif::Design kLockReleased{.enter = enter_with_lock<query_and_release>,
                                       .unload = remove_device};

// --- What is wrong with the characteristics ---

NDIS_STATUS enter_with_size_of_32_bits(Provider& provider) {
  provider.characteristics = ndisif::characteristics(ndisif::query_globals, ndisif::refuse_set);
  provider.characteristics.Header.Size = 0x14;
  return ndisif::register_with_own_characteristics(provider);
}

NDIS_STATUS enter_without_set(Provider& provider) {
  return ndisif::register_provider(provider, ndisif::query_globals, nullptr);
}

NDIS_STATUS enter_with_both(Provider& provider) { return ndisif::register_provider(provider); }

constexpr ndisif::Design kSizeOf32Bits{.enter = enter_with_size_of_32_bits};
constexpr ndisif::Design kWithoutSet{.enter = enter_without_set};
constexpr ndisif::Design kRightCharacteristics{.enter = enter_with_both};

// --- The information about an interface with a name, in memory of its own ---

constexpr WCHAR kName[] = u"Example Networks Port 1.0";
constexpr USHORT kNameCharacters = sizeof kName / sizeof(WCHAR) - 1;
constexpr USHORT kNameBytes = kNameCharacters * sizeof(WCHAR);

// Where and how long the name is, as the record says.
struct Record {
  USHORT header_bytes = NDIS_SIZEOF_NET_IF_INFORMATION_REVISION_1;
  USHORT name_bytes = kNameBytes;
  USHORT memory_bytes = NDIS_SIZEOF_NET_IF_INFORMATION_REVISION_1 + kNameBytes;
};

template <const Record& kRecord>
NDIS_STATUS enter_with_name(Provider& provider) {
  auto* record = static_cast<NET_IF_INFORMATION*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, kRecord.memory_bytes, ndisif::kTag));
  if (record == nullptr) return NDIS_STATUS_RESOURCES;
  *record = ndisif::information();
  record->Header.Size = kRecord.header_bytes;
  record->FriendlyNameOffset = NDIS_SIZEOF_NET_IF_INFORMATION_REVISION_1;
  record->FriendlyNameLength = kRecord.name_bytes;
  std::memcpy(reinterpret_cast<char*>(record) + record->FriendlyNameOffset, kName,
              kRecord.memory_bytes - record->FriendlyNameOffset);
  provider.memory = record;
  const NDIS_STATUS status = ndisif::start(provider, ndisif::query_globals, nullptr, record);
  if (status != NDIS_STATUS_SUCCESS) ExFreePoolWithTag(record, ndisif::kTag);
  return status;
}

constexpr Record kRightRecord{};
constexpr Record kSizeOfAll{.header_bytes = kRightRecord.memory_bytes};
// The memory was counted in characters.
constexpr Record kShortMemory{.memory_bytes =
                                  NDIS_SIZEOF_NET_IF_INFORMATION_REVISION_1 + kNameCharacters};

constexpr ndisif::Design kHeaderOfAll{.enter = enter_with_name<kSizeOfAll>,
                                      .unload = ndisif::stop_and_free};
constexpr ndisif::Design kNameTooLong{.enter = enter_with_name<kShortMemory>,
                                      .unload = ndisif::stop_and_free};
constexpr ndisif::Design kRightName{.enter = enter_with_name<kRightRecord>,
                                    .unload = ndisif::stop_and_free};

}  // namespace

void add_ndisif_contract(std::vector<Scenario>& list) {
  add_pair(list,
           {"ndisif/deregister-under-spin-lock",
            "An interface is deregistered with the driver's spin lock held.",
            {"NDISIF-IRQL-01"},
            "ndisif/deregister-under-spin-lock-fixed",
            "NdisIfDeregisterInterface reference page: PASSIVE_LEVEL",
            {ndisif::kRequests},
            ndisif::make<kUnderLock>},
           "The lock guards only the driver's own note of the interface.",
           ndisif::make<kAfterLock>);
  add_pair(list,
           {"ndisif/callback-keeps-spin-lock",
            "A query callback that finds the device gone returns without releasing its spin lock.",
            {"NDISIF-IRQL-02"},
            "ndisif/callback-keeps-spin-lock-fixed",
            "IF_QUERY_OBJECT reference page: PASSIVE_LEVEL",
            {ndisif::kRequests},
            ndisif::make<kLockForgotten>},
           "The lock is released on both paths.", ndisif::make<kLockReleased>);
  add_pair(list,
           {"ndisif/characteristics-size-of-32-bits",
            "The provider characteristics have the size that they have on 32 bits.",
            {"NDISIF-HDR-01"},
            "ndisif/characteristics-size-of-32-bits-fixed",
            "NDIS_IF_PROVIDER_CHARACTERISTICS reference page",
            {ndisif::kRequests},
            ndisif::make<kSizeOf32Bits>},
           "The size is the header's constant.", ndisif::make<kRightCharacteristics>);
  add_pair(list,
           {"ndisif/no-set-handler",
            "A provider has no set handler, since no object can be set.",
            {"NDISIF-HDR-01"},
            "ndisif/no-set-handler-fixed",
            "NDIS_IF_PROVIDER_CHARACTERISTICS reference page: nothing says that it may be NULL",
            {ndisif::kRequests},
            ndisif::make<kWithoutSet>},
           "A set handler refuses every object.", ndisif::make<kRightCharacteristics>);
  add_pair(list,
           {"ndisif/information-size-of-all",
            "The header of an interface's information has the size of the name behind it, too.",
            {"NDISIF-HDR-02"},
            "ndisif/information-size-of-all-fixed",
            "NET_IF_INFORMATION reference page",
            {ndisif::kRequests},
            ndisif::make<kHeaderOfAll>},
           "The size is that of the structure.", ndisif::make<kRightName>);
  add_pair(list,
           {"ndisif/name-outside-memory",
            "The memory of an interface's information was counted in characters of the name, its "
            "length in bytes.",
            {"NDISIF-REG-07"},
            "ndisif/name-outside-memory-fixed",
            "NET_IF_INFORMATION reference page: FriendlyNameLength is in bytes",
            {ndisif::kRequests},
            ndisif::make<kNameTooLong>},
           "Both are counted in bytes.", ndisif::make<kRightName>);
}

}  // namespace nmrcheck::designs
