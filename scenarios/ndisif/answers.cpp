// What providers answer: values, lengths, identifiers that are not theirs.
#include <array>
#include <cstring>

#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/provider.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Provider;

// --- A status that no interface has ---

NDIS_STATUS NTAPI query_unset(NDIS_HANDLE, NET_IF_OBJECT_ID object, PULONG length, PVOID buffer) {
  return ndisif::answer({.oper_status = {}}, object, length, buffer);
}

constexpr ndisif::Design kUnset{.enter = ndisif::enter_with<query_unset>};
constexpr ndisif::Design kRight{};

// --- A structure that is filled in part ---

constexpr std::array<std::uint32_t, 1> kInterfaceInfo{OID_GEN_INTERFACE_INFO};

void ask_for_all_at_once(model::Requests& requests) { requests.identifiers = kInterfaceInfo; }

NDIS_STATUS NTAPI query_in_part(NDIS_HANDLE, NET_IF_OBJECT_ID, PULONG length, PVOID buffer) {
  if (*length < sizeof(NDIS_INTERFACE_INFORMATION)) return NDIS_STATUS_BUFFER_TOO_SHORT;
  auto& all = *static_cast<NDIS_INTERFACE_INFORMATION*>(buffer);
  all.ifOperStatus = NET_IF_OPER_STATUS_UP;
  all.ifOperStatusFlags = 0;
  all.CompartmentId = NET_IF_COMPARTMENT_ID_UNSPECIFIED;
  *length = sizeof all;
  return NDIS_STATUS_SUCCESS;
}

constexpr ndisif::Design kInPart{.enter = ndisif::enter_with<query_in_part>,
                                 .ask = ask_for_all_at_once};
constexpr ndisif::Design kWhole{.ask = ask_for_all_at_once};

// --- Two answers that contradict each other ---

void ask_and_compare(model::Requests& requests) { requests.compares = true; }

NDIS_STATUS NTAPI query_two_states(NDIS_HANDLE, NET_IF_OBJECT_ID object, PULONG length,
                                   PVOID buffer) {
  const bool all = object == OID_GEN_INTERFACE_INFO;
  return ndisif::answer({.oper_status = all ? NET_IF_OPER_STATUS_DORMANT : NET_IF_OPER_STATUS_UP},
                        object, length, buffer);
}

constexpr ndisif::Design kTwoStates{.enter = ndisif::enter_with<query_two_states>,
                                    .ask = ask_and_compare};
constexpr ndisif::Design kOneState{.ask = ask_and_compare};

// --- Identifiers that are not the provider's to answer, and sets ---

constexpr std::array<std::uint32_t, 4> kForeign{OID_GEN_OPERATIONAL_STATUS,
                                                OID_TUNNEL_INTERFACE_SET_OID, 0, 0xFFFFFFFF};

void ask_for_foreign(model::Requests& requests) { requests.identifiers = kForeign; }

NDIS_STATUS NTAPI query_all_is_well(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                    PVOID buffer) {
  const NDIS_STATUS status = ndisif::query_globals(context, object, length, buffer);
  if (status != NDIS_STATUS_INVALID_OID) return status;
  *length = 0;
  return NDIS_STATUS_SUCCESS;
}

constexpr ndisif::Design kAllIsWell{.enter = ndisif::enter_with<query_all_is_well>,
                                    .ask = ask_for_foreign};
constexpr ndisif::Design kForeignRefused{.ask = ask_for_foreign};

void ask_sets(model::Requests& requests) { requests.sets = true; }

NDIS_STATUS NTAPI accept_set(NDIS_HANDLE, NET_IF_OBJECT_ID, ULONG, PVOID) {
  return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS enter_with_sets(Provider& own) {
  own.characteristics = ndisif::characteristics(ndisif::query_globals, accept_set);
  return ndisif::start_with_own_characteristics(own);
}

constexpr ndisif::Design kSetAccepted{.enter = enter_with_sets, .ask = ask_sets};
constexpr ndisif::Design kSetRefused{.ask = ask_sets};

// --- Objects that every provider answers ---

constexpr std::array<std::uint32_t, 2> kStatusAndAlias{OID_GEN_OPERATIONAL_STATUS, OID_GEN_ALIAS};

void ask_for_alias(model::Requests& requests) { requests.identifiers = kStatusAndAlias; }

NDIS_STATUS NTAPI query_without_alias(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                      PVOID buffer) {
  if (object == OID_GEN_ALIAS) return NDIS_STATUS_NOT_SUPPORTED;
  return ndisif::query_globals(context, object, length, buffer);
}

constexpr ndisif::Design kNoAlias{.enter = ndisif::enter_with<query_without_alias>,
                                  .ask = ask_for_alias};
constexpr ndisif::Design kAlias{.ask = ask_for_alias};

}  // namespace

void add_ndisif_answers(std::vector<Scenario>& list) {
  const auto add = [&](std::string_view rule, std::string_view name, std::string_view summary,
                       std::string_view twin, std::string_view fixed_summary,
                       std::string_view source, auto faulty, auto fixed) {
    add_pair(list, {name, summary, {rule}, twin, source, {ndisif::kRequests}, faulty},
             fixed_summary, fixed);
  };
  add("NDISIF-CB-04", "ndisif/status-unset",
      "The operational status is answered from memory that is zero: no status.",
      "ndisif/status-unset-fixed", "The status is one of those that exist.",
      "OID_GEN_OPERATIONAL_STATUS reference page", ndisif::make<kUnset>, ndisif::make<kRight>);
  add("NDISIF-CB-04", "ndisif/answer-in-part",
      "OID_GEN_INTERFACE_INFO succeeds with a structure of which three members are filled in.",
      "ndisif/answer-in-part-fixed", "The structure is zeroed first, and filled.",
      "NDIS_INTERFACE_INFORMATION reference page", ndisif::make<kInPart>, ndisif::make<kWhole>);
  add("NDISIF-CB-04", "ndisif/answers-differ",
      "The operational status is one alone, and another in OID_GEN_INTERFACE_INFO.",
      "ndisif/answers-differ-fixed", "Both are answered from one place.",
      "OID_GEN_INTERFACE_INFO reference page", ndisif::make<kTwoStates>, ndisif::make<kOneState>);
  add("NDISIF-CB-05", "ndisif/all-is-well",
      "Identifiers that the provider does not know are answered with success and nothing.",
      "ndisif/all-is-well-fixed", "They are refused.", "NDIS Network Interface OIDs",
      ndisif::make<kAllIsWell>, ndisif::make<kForeignRefused>);
  add("NDISIF-CB-05", "ndisif/set-accepted", "A set request succeeds, though no object can be set.",
      "ndisif/set-accepted-fixed", "Every set request is refused.", "IF_SET_OBJECT reference page",
      ndisif::make<kSetAccepted>, ndisif::make<kSetRefused>);
  add("NDISIF-CB-05", "ndisif/alias-missing", "OID_GEN_ALIAS is not supported.",
      "ndisif/alias-missing-fixed", "Every object that the documentation lists is answered.",
      "NDIS Network Interface OIDs", ndisif::make<kNoAlias>, ndisif::make<kAlias>);
}

}  // namespace nmrcheck::designs
