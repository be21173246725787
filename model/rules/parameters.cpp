// Rules of what a module passes: characteristics, identifiers, dispatch tables.
#include <fmt/format.h>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

// NMRCHECK_NPI_ bits of the hooks header.
constexpr std::uint32_t kDefinesClientDispatch = 1;
constexpr std::uint32_t kDefinesCharacteristics = 2;
constexpr std::uint32_t kDefinesProviderCharacteristics = 8;

std::string registrant(const Event& event, const RuleContext& context) {
  return fmt::format("the {} characteristics of {}", to_string(event.side),
                     context.kernel.module(event.module).name);
}

std::optional<std::string> wrong_characteristics(const Event& event, const RuleContext& context) {
  const NpiFacts* facts = event.npi == nullptr ? nullptr : context.view.facts(*event.npi);
  if (facts == nullptr) return std::nullopt;
  const std::uint32_t defining =
      kDefinesCharacteristics |
      (event.side == Side::kProvider ? kDefinesProviderCharacteristics : 0u);
  const bool defined = (facts->bits & defining) != 0;
  const bool given = event.description->npi_characteristics != nullptr;
  if (defined == given) return std::nullopt;
  return fmt::format("{} {} NPI-specific characteristics, and the NPI {}",
                     registrant(event, context), given ? "have" : "lack",
                     given ? "defines none" : "defines them");
}

}  // namespace

std::optional<std::string> version_not_zero(const Event& event, const RuleContext& context) {
  if (event.description == nullptr) return std::nullopt;
  const Description& given = *event.description;
  if (given.version == 0 && given.instance_version == 0) return std::nullopt;
  return fmt::format("{} have version {}, and their registration instance {}; 0 is documented",
                     registrant(event, context), given.version, given.instance_version);
}

std::optional<std::string> length_wrong(const Event& event, const RuleContext& context) {
  if (event.description == nullptr || event.description->lengths_fit) return std::nullopt;
  return fmt::format("Length, Size or the module id's Length in {} is not the structure's size",
                     registrant(event, context));
}

std::optional<std::string> callback_missing(const Event& event, const RuleContext& context) {
  if (event.description == nullptr) return std::nullopt;
  if (event.description->has_attach && event.description->has_detach) return std::nullopt;
  return fmt::format("{} have no {} callback", registrant(event, context),
                     event.description->has_attach ? "detach" : "attach");
}

std::optional<std::string> identifier_wrong(const Event& event, const RuleContext& context) {
  if (event.description == nullptr) return std::nullopt;
  const Description& given = *event.description;
  if (event.kind == EventKind::kWaitReturned) {
    const Description& before = context.view.registration(event.registration).description;
    if (before.fingerprint == given.fingerprint) return std::nullopt;
    return fmt::format("the NPI id or the module id of {} was changed while it was registered",
                       registrant(event, context));
  }
  if (given.module_id == nullptr) {
    return fmt::format("{} have no module id", registrant(event, context));
  }
  if (given.module_id_type == 1 || given.module_id_type == 2) return std::nullopt;
  return fmt::format("the module id of {} has type {}, which is neither MIT_GUID nor MIT_IF_LUID",
                     registrant(event, context), given.module_id_type);
}

std::optional<std::string> npi_not_followed(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kRegisterCalled) {
    return event.description == nullptr ? std::nullopt : wrong_characteristics(event, context);
  }
  if (event.kind != EventKind::kClientAttachCalled) return std::nullopt;  // the hint's
  const SideView& client = context.view.binding(event.binding).side(Side::kClient);
  const NpiFacts* facts = context.view.facts(context.view.registration(client.registration).npi);
  if (facts == nullptr) return std::nullopt;
  const bool defined = (facts->bits & kDefinesClientDispatch) != 0;
  if (defined == (client.dispatch != nullptr)) return std::nullopt;
  return fmt::format("{} attaches with{} a dispatch table, and the NPI defines {}",
                     describe_side(event.binding, Side::kClient, context), defined ? "out" : "",
                     defined ? "functions of the client" : "none of the client");
}

std::optional<std::string> provider_table_null(const Event& event, const RuleContext& context) {
  if (event.kind != EventKind::kAttachReturned || event.side != Side::kProvider) {
    return std::nullopt;
  }
  if (!nt_success(event.status) || event.passed == nullptr) return std::nullopt;
  constexpr std::uint32_t kTableStored = 2;
  if (event.passed->dispatch != nullptr || (event.block & kTableStored) == 0) return std::nullopt;
  return fmt::format("{} accepts with a NULL dispatch table; every NPI has a provider function",
                     describe_side(event.binding, Side::kProvider, context));
}

}  // namespace nmrcheck::model
