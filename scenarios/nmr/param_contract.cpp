// Drivers that register structures, or pass tables, that the contract excludes.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

constexpr small::Pair kCorrect{};

// --- Fields of the characteristics ---

void register_version_one(Driver& client) {
  client.client.ClientRegistrationInstance.Version = 1;
  small::register_client(client);
}

void register_length_of_instance(Driver& client) {
  client.client.Length = sizeof(NPI_REGISTRATION_INSTANCE);
  small::register_client(client);
}

constexpr small::Pair kVersionOne{.client = {.enter = register_version_one}};
constexpr small::Pair kLengthOfInstance{.client = {.enter = register_length_of_instance}};
constexpr small::Pair kNoDetach{.client = {.detach = nullptr}};

// --- The module id ---

constexpr NPI_MODULEID kUntyped{.Length = sizeof(NPI_MODULEID), .Type = {}, .Guid = {}};

void register_untyped(Driver& client) {
  client.client.ClientRegistrationInstance.ModuleId = &kUntyped;
  small::register_client(client);
}

constexpr small::Pair kUntypedId{.client = {.enter = register_untyped}};

NPI_MODULEID& own_id(const Driver& client) { return *static_cast<NPI_MODULEID*>(client.memory); }

void register_own_id(Driver& client) {
  client.memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(NPI_MODULEID), small::kTag);
  if (client.memory == nullptr) return;
  own_id(client) = *client.client.ClientRegistrationInstance.ModuleId;
  client.client.ClientRegistrationInstance.ModuleId = &own_id(client);
  small::register_client(client);
}

void change_id(const Driver& client) { NMRCHECK_WRITE(own_id(client).Guid.Data1, 7); }

void free_id(const Driver& client) { ExFreePoolWithTag(client.memory, small::kTag); }

void change_id_and_unload(Driver& client) {
  change_id(client);
  small::unload_client(client);
  free_id(client);
}

void unload_and_change_id(Driver& client) {
  small::unload_client(client);
  change_id(client);
  free_id(client);
}

constexpr small::Pair kIdChanged{
    .client = {.enter = register_own_id, .unload = change_id_and_unload}};
constexpr small::Pair kIdKept{.client = {.enter = register_own_id, .unload = unload_and_change_id}};

// --- The NPI has functions of the client ---

void declare_and_register(Driver& provider) {
  nmrcheck_declare_npi(provider.provider.ProviderRegistrationInstance.NpiId,
                       NMRCHECK_NPI_CLIENT_DISPATCH);
  small::register_provider(provider);
}

NTSTATUS attach_without_table(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  return NmrClientAttachProvider(binding, context, nullptr, &client.peer_context,
                                 &client.peer_dispatch);
}

constexpr small::Provider kDeclares{.enter = declare_and_register};
constexpr small::Pair kTableMissing{.client = {.attach = attach_without_table},
                                    .provider = kDeclares};
constexpr small::Pair kTableGiven{.provider = kDeclares};

void add_structures(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/version-not-zero",
            "A client keeps its own protocol's version in the registration instance.",
            {"NMR-PARAM-01"},
            "nmr/version-not-zero-fixed",
            "NPI_REGISTRATION_INSTANCE reference page",
            {},
            small::make<kVersionOne>},
           "The field is 0.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/length-of-other-structure",
            "A client's Length is the size of another structure.",
            {"NMR-PARAM-02"},
            "nmr/length-of-other-structure-fixed",
            "NPI_CLIENT_CHARACTERISTICS reference page",
            {},
            small::make<kLengthOfInstance>},
           "It is the size of the characteristics.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/no-detach-callback",
            "A client that has nothing to do in detach supplies no detach callback.",
            {"NMR-PARAM-03"},
            "nmr/no-detach-callback-fixed",
            "NPI_CLIENT_CHARACTERISTICS reference page",
            {},
            small::make<kNoDetach>},
           "It supplies one that says that it is done.", small::make<kCorrect>);
}

void add_identifiers(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/module-id-untyped",
            "A client's module id does not say of what type it is.",
            {"NMR-PARAM-04"},
            "nmr/module-id-untyped-fixed",
            "NPI_MODULEID reference page",
            {},
            small::make<kUntypedId>},
           "It is a GUID, and says so.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/module-id-changed",
            "A client reuses the memory of its module id before it deregisters.",
            {"NMR-PARAM-04"},
            "nmr/module-id-changed-fixed",
            "NPI_REGISTRATION_INSTANCE reference page",
            {},
            small::make<kIdChanged>},
           "It does so after the wait.", small::make<kIdKept>);
  add_pair(list,
           {"nmr/client-table-missing",
            "A client attaches without a dispatch table, and its NPI has functions of the client.",
            {"NMR-PARAM-05"},
            "nmr/client-table-missing-fixed",
            "NmrClientAttachProvider reference page",
            {},
            small::make<kTableMissing>},
           "It passes its table.", small::make<kTableGiven>);
}

}  // namespace

void add_param_contract(std::vector<Scenario>& list) {
  add_structures(list);
  add_identifiers(list);
}

}  // namespace nmrcheck::designs
