// LUIDs over restarts and power failures: records, and what a driver makes of them at the start.
#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/drivers.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Provider;

constexpr const char* kIdentity = "interface";

// --- The parts ---

void commit(const Provider& provider, ULONG persistent, NET_IFINDEX index = 0) {
  const NMRCHECK_RECORD record{ndisif::luid(ndisif::kIfType, provider.luid_index).Value,
                               provider.information.InterfaceGuid, index, persistent};
  NMRCHECK_RECORD_COMMIT(kIdentity, &record);
}

UINT32 luid_index_in(const NMRCHECK_RECORD& record) {
  NET_LUID luid{};
  luid.Value = record.NetLuid;
  return static_cast<UINT32>(luid.Info.NetLuidIndex);
}

void free_then_erase(UINT32 luid_index) {
  static_cast<void>(NdisIfFreeNetLuidIndex(ndisif::kIfType, luid_index));
  NMRCHECK_RECORD_ERASE(kIdentity);
}

void leave(Provider& provider) {
  if (provider.registered) NdisIfDeregisterInterface(provider.index);
  NdisIfDeregisterProvider(provider.handle);
}

// Allocates, records, registers.
NDIS_STATUS make_new(Provider& provider, ULONG persistent) {
  NDIS_STATUS status = NdisIfAllocateNetLuidIndex(ndisif::kIfType, &provider.luid_index);
  if (status != NDIS_STATUS_SUCCESS) return status;
  commit(provider, persistent);
  status = ndisif::register_interface(provider);
  if (status != NDIS_STATUS_SUCCESS) free_then_erase(provider.luid_index);
  return status;
}

NDIS_STATUS reuse(Provider& provider, const NMRCHECK_RECORD& record) {
  provider.luid_index = luid_index_in(record);
  provider.information.InterfaceGuid = record.InterfaceGuid;
  return ndisif::register_interface(provider);
}

// --- Right: what the records say is reconciled at the start ---

template <ULONG kPersistent>
NDIS_STATUS enter_reconciling(Provider& provider) {
  NDIS_STATUS status = ndisif::register_provider(provider);
  if (status != NDIS_STATUS_SUCCESS) return status;
  NMRCHECK_RECORD record{};
  const BOOLEAN known = NMRCHECK_RECORD_READ(kIdentity, &record);
  if (known && record.Persistent) {
    status = reuse(provider, record);
  } else {
    if (known) free_then_erase(luid_index_in(record));
    status = make_new(provider, kPersistent);
  }
  if (status != NDIS_STATUS_SUCCESS) leave(provider);
  return status;
}

void remove(Provider& provider) {
  NdisIfDeregisterInterface(provider.index);
  free_then_erase(provider.luid_index);
  NdisIfDeregisterProvider(provider.handle);
}

constexpr ndisif::Design kPersistent{enter_reconciling<1>, leave};
constexpr ndisif::Design kTemporary{enter_reconciling<0>, remove};
constexpr ndisif::Design kPlain{};

// --- Wrong ---

// Allocates on every boot, and records nothing.
NDIS_STATUS enter_afresh(Provider& provider) {
  NDIS_STATUS status = ndisif::register_provider(provider);
  if (status != NDIS_STATUS_SUCCESS) return status;
  status = NdisIfAllocateNetLuidIndex(ndisif::kIfType, &provider.luid_index);
  if (status == NDIS_STATUS_SUCCESS) status = ndisif::register_interface(provider);
  if (status != NDIS_STATUS_SUCCESS) leave(provider);
  return status;
}

// Records the LUID when its interface is registered: later than power may fail.
NDIS_STATUS enter_recording_late(Provider& provider) {
  NMRCHECK_RECORD record{};
  if (NMRCHECK_RECORD_READ(kIdentity, &record)) return enter_reconciling<1>(provider);
  const NDIS_STATUS status = enter_afresh(provider);
  if (status == NDIS_STATUS_SUCCESS) commit(provider, 1);
  return status;
}

// Reuses the LUID with another GUID.
NDIS_STATUS enter_with_new_guid(Provider& provider) {
  NMRCHECK_RECORD record{};
  if (!NMRCHECK_RECORD_READ(kIdentity, &record)) return enter_reconciling<1>(provider);
  NDIS_STATUS status = ndisif::register_provider(provider);
  if (status != NDIS_STATUS_SUCCESS) return status;
  provider.luid_index = luid_index_in(record);
  ++provider.information.InterfaceGuid.Data1;
  status = ndisif::register_interface(provider);
  if (status != NDIS_STATUS_SUCCESS) leave(provider);
  return status;
}

// Erases, at the start, the record of what is not persistent, and does not free it.
NDIS_STATUS enter_forgetting(Provider& provider) {
  NMRCHECK_RECORD_ERASE(kIdentity);
  return enter_reconciling<0>(provider);
}

void remove_erasing_first(Provider& provider) {
  NdisIfDeregisterInterface(provider.index);
  NMRCHECK_RECORD_ERASE(kIdentity);
  static_cast<void>(NdisIfFreeNetLuidIndex(ndisif::kIfType, provider.luid_index));
  NdisIfDeregisterProvider(provider.handle);
}

// Keeps the record of a LUID index that could not be freed, for another attempt at the next start;
// there is no new interface then.
NDIS_STATUS enter_retrying(Provider& provider) {
  NMRCHECK_RECORD record{};
  if (!NMRCHECK_RECORD_READ(kIdentity, &record)) return enter_reconciling<0>(provider);
  if (NdisIfFreeNetLuidIndex(ndisif::kIfType, luid_index_in(record)) != NDIS_STATUS_SUCCESS) {
    return NDIS_STATUS_FAILURE;
  }
  NMRCHECK_RECORD_ERASE(kIdentity);
  return enter_reconciling<0>(provider);
}

// Keeps the interface index too.
NDIS_STATUS enter_recording_index(Provider& provider) {
  const NDIS_STATUS status = enter_reconciling<1>(provider);
  if (status == NDIS_STATUS_SUCCESS) commit(provider, 1, provider.index);
  return status;
}

// Asks about the interface of the last boot: by its index, or by its LUID.
template <bool kByIndex>
NDIS_STATUS enter_asking(Provider& provider) {
  NMRCHECK_RECORD record{};
  if (NMRCHECK_RECORD_READ(kIdentity, &record)) {
    NET_LUID luid{};
    luid.Value = record.NetLuid;
    if (kByIndex) {
      static_cast<void>(NdisIfGetNetLuidFromInterfaceIndex(record.IfIndex, &luid));
    } else {
      ndisif::look_up(luid);
    }
  }
  return enter_recording_index(provider);
}

constexpr ndisif::Design kAfresh{enter_afresh, leave};
constexpr ndisif::Design kRecordsLate{enter_recording_late, leave};
constexpr ndisif::Design kNewGuid{enter_with_new_guid, leave};
constexpr ndisif::Design kForgets{enter_forgetting, leave};
constexpr ndisif::Design kErasesFirst{enter_reconciling<0>, remove_erasing_first};
constexpr ndisif::Design kRetries{enter_retrying, remove};
constexpr ndisif::Design kAsksByIndex{enter_asking<true>, leave};
constexpr ndisif::Design kAsksByLuid{enter_asking<false>, leave};

// --- Programs ---

template <const ndisif::Design& kDesign>
void boot_alone(std::uint32_t) {
  ndisif::run_driver("provider.sys", 1, kDesign);
}

// After the first boot another driver is there too, which is started before the provider, or after
// it: it may get the LUID index that a record still names.
template <bool kOtherFirst>
void boot_with_other(std::uint32_t boot) {
  const ndisif::Driver provider = ndisif::load("provider.sys", 1, kTemporary);
  const bool entered = (!kOtherFirst || boot == 0) && ndisif::enter(provider);
  if (boot > 0) {
    const ndisif::Driver other = ndisif::load("other.sys", 2, kPlain);
    const bool also = ndisif::enter(other);
    const bool now = kOtherFirst && ndisif::enter(provider);
    if (now) ndisif::unload(provider);
    if (also) ndisif::unload(other);
  }
  if (entered) ndisif::unload(provider);
}

template <const ndisif::Design& kDesign>
void drive_few_luids(model::World& world, const ParameterValues& values) {
  constexpr std::uint32_t kLuids = 3;
  world.interfaces().limit_luids(kLuids);
  ndisif::drive_boots<boot_alone<kDesign>>(world, values);
}

constexpr Parameter kThreeBoots{ndisif::kBoots.name, ndisif::kBoots.meaning, 3, ndisif::kBoots.min,
                                ndisif::kBoots.max};

template <const ndisif::Design& kDesign>
constexpr auto make_alone = ndisif::make_boots<boot_alone<kDesign>>;

}  // namespace

void add_ndisif_restarts(std::vector<Scenario>& list) {
  using ndisif::kBoots;
  using ndisif::kCrashes;
  using ndisif::kNoRequests;
  list.push_back({"ndisif/boot-reconciliation",
                  "A temporary interface: what power failures left of it is freed at the next "
                  "start.",
                  {},
                  "",
                  "NDIS Interface Provider Operations",
                  {ndisif::kRequests, kBoots, kCrashes},
                  make_alone<kTemporary>});
  add_pair(list,
           {"ndisif/luid-on-every-boot",
            "Each boot allocates a fresh LUID index for the same interface, till none is left.",
            {"NDISIF-LUID-03"},
            "ndisif/luid-on-every-boot-fixed",
            "NdisIfAllocateNetLuidIndex reference page",
            {kNoRequests, kThreeBoots},
            kit::make<drive_few_luids<kAfresh>>},
           "The LUID is recorded and used again.", kit::make<drive_few_luids<kPersistent>>);
  add_pair(list,
           {"ndisif/luid-recorded-late",
            "The record is written when the interface is registered, and power fails before.",
            {"NDISIF-LUID-03"},
            "ndisif/luid-recorded-late-fixed",
            "NDIS Interface Provider Operations",
            {kNoRequests, kBoots, kCrashes},
            make_alone<kRecordsLate>},
           "It is written as soon as the LUID index is allocated.", make_alone<kPersistent>);
  add_pair(list,
           {"ndisif/guid-on-every-boot",
            "A persistent interface gets its old LUID and another GUID.",
            {"NDISIF-LUID-03"},
            "ndisif/guid-on-every-boot-fixed",
            "NET_IF_INFORMATION reference page",
            {kNoRequests, kBoots},
            make_alone<kNewGuid>},
           "The GUID is in the record too.", make_alone<kPersistent>);
  add_pair(list,
           {"ndisif/record-erased-at-start",
            "Records of temporary interfaces are erased at the start; nobody frees their LUID "
            "indexes.",
            {"NDISIF-LUID-04"},
            "ndisif/record-erased-at-start-fixed",
            "NdisIfFreeNetLuidIndex reference page",
            {kNoRequests, kBoots},
            make_alone<kForgets>},
           "They are freed, then erased.", make_alone<kTemporary>);
  add_pair(list,
           {"ndisif/record-erased-first",
            "The record is erased before the LUID index is freed, and power fails between.",
            {"NDISIF-LUID-05"},
            "ndisif/record-erased-first-fixed",
            "NdisIfFreeNetLuidIndex reference page",
            {kNoRequests, kBoots, kCrashes},
            make_alone<kErasesFirst>},
           "The index is freed first.", make_alone<kTemporary>);
  add_pair(list,
           {"ndisif/record-kept-after-failed-free",
            "A LUID index that could not be freed is tried again at each start.",
            {"NDISIF-LUID-05"},
            "ndisif/record-kept-after-failed-free-fixed",
            "NdisIfFreeNetLuidIndex reference page",
            {kNoRequests, kThreeBoots, kCrashes},
            make_alone<kRetries>},
           "The record is erased whatever the status.", make_alone<kTemporary>);
  add_pair(list,
           {"ndisif/free-from-old-record",
            "Power fails between the free and the erasing of the record; in the next boot another "
            "driver gets the LUID index before the record is replayed.",
            {"NDISIF-LUID-01"},
            "ndisif/free-from-old-record-fixed",
            "NdisIfFreeNetLuidIndex reference page: it asks for no owner",
            {kNoRequests, kBoots, kCrashes},
            ndisif::make_boots<boot_with_other<true>>},
           "The record is replayed before other drivers start.",
           ndisif::make_boots<boot_with_other<false>>);
  add_pair(list,
           {"ndisif/index-in-record",
            "A driver uses the interface index that its record kept from the last boot.",
            {"NDISIF-IDX-01"},
            "ndisif/index-in-record-fixed",
            "Mapping a NET_LUID Value to an Interface Index",
            {kNoRequests, kBoots},
            make_alone<kAsksByIndex>},
           "It looks up the index of the LUID.", make_alone<kAsksByLuid>);
}

}  // namespace nmrcheck::designs
