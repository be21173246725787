// Two small modules that keep a diary: what the registrar does to them, in order.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "model/own_profile.h"
#include "scenarios/kit.h"
#include "sim/core/violation.h"
#include "sim/explore/explorer.h"

namespace nmrcheck::trial {

// What has happened, each entry followed by a space. Cleared before each execution.
std::string& diary();
void note(const std::string& entry);

// How the modules behave; set before an execution.
struct Behaviour {
  NTSTATUS provider_answer = STATUS_SUCCESS;
  NTSTATUS client_detach = STATUS_SUCCESS;  // what the callbacks return
  NTSTATUS provider_detach = STATUS_SUCCESS;
  bool client_completes_inside = false;       // its detach callback completes, and returns PENDING
  std::function<void()> in_client_attach;     // before NmrClientAttachProvider
  std::function<void()> after_client_attach;  // after it succeeded, inside the callback
  std::function<void()> in_provider_attach;
  std::function<void()> in_client_detach;
  std::function<void()> in_provider_detach;
  std::function<void()> in_client_cleanup;
  std::function<void()> in_provider_cleanup;
};

struct Module {
  explicit Module(ULONG number = 1);

  NPI_CLIENT_CHARACTERISTICS client;
  NPI_PROVIDER_CHARACTERISTICS provider;
  HANDLE registration = nullptr;
  // Of the last binding.
  HANDLE client_handle = nullptr;
  HANDLE provider_handle = nullptr;
  PNPI_REGISTRATION_INSTANCE peer_instance = nullptr;
  PVOID out_context = nullptr;
  CONST VOID* out_dispatch = nullptr;

  NTSTATUS register_client() { return NmrRegisterClient(&client, this, &registration); }
  NTSTATUS register_provider() { return NmrRegisterProvider(&provider, this, &registration); }
};

using Body = std::function<void(model::World& world, Behaviour& behaviour)>;

struct Result {
  std::string diary;
  std::optional<sim::Violation> violation;
  std::string error;  // of the search
};

// Runs `body` on a registrar that is Windows' except for `allowed`: the execution in which every
// choice has its first answer.
Result run(const model::AllowedLetters& allowed, const Body& body);

// A search of such executions. The first violation ends it; nothing is minimized.
sim::Report explore(const model::AllowedLetters& allowed, const Body& body, const char* strategy,
                    std::uint64_t executions);

// True if some of 300 random executions leaves this diary, or, for "", ends in a violation.
bool some_execution_leaves(const std::string& diary, const model::AllowedLetters& allowed,
                           const Body& body);

// Lets every other thread run as far as it can.
void let_others_run();

// A step: others may run before it. What a new thread does before its first step happens at once.
void step();

}  // namespace nmrcheck::trial
