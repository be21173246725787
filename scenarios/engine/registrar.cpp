// A provider, its clients and an unload routine in miniature, on bare variables: the same program
// can be written for any other checker.
#include "scenarios/engine/listing.h"

namespace nmrcheck::engine {
namespace {

// unload: asks the provider to go, waits until it is gone, then the module is gone.
// provider: closes, gives up its own reference, waits for the last one, then the context is gone.
// n clients: count a reference; if not closed, use module and context. With kEarlyCheck a client
// looks whether the provider is closing first and counts afterwards, too late.
template <bool kEarlyCheck>
class Registrar final : public Listing {
 public:
  explicit Registrar(const ParameterValues& values) : n_(number(values, "n")) {}

 private:
  void start() override {
    references_ = object("references", 1);
    closing_ = object("closing");
    calls_ = object("calls");
    context_ = object("context alive", 1);
    module_ = object("module alive", 1);
    unload_requested_ = object("unload requested");
    drained_ = object("drained");
    done_ = object("done");
    fiber("unload", [this] { unload(); });
    fiber("provider", [this] { serve(); });
    fibers(n_, "client", [this](std::uint32_t) { call(); });
  }

  void unload() const {
    set(unload_requested_);
    wait(done_);
    write(module_, 0);
  }

  void serve() const {
    wait(unload_requested_);
    write(closing_, 1);
    give_up();
    wait(drained_);
    write(context_, 0);
    set(done_);
  }

  void call() {
    if (kEarlyCheck) {
      if (read(closing_) != 0) return;
      add(references_, 1);
    } else {
      add(references_, 1);
      if (read(closing_) != 0) return give_up();
    }
    require(read(module_) != 0, "the module is loaded during a call");
    require(read(context_) != 0, "the context is alive during a call");
    add(calls_, 1);
    give_up();
  }

  void give_up() const {
    if (add(references_, minus(1)) == 0) set(drained_);
  }

  std::uint32_t n_;
  ObjectId references_{}, closing_{}, calls_{}, context_{}, module_{};
  ObjectId unload_requested_{}, drained_{}, done_{};
};

}  // namespace

void add_registrar(std::vector<Benchmark>& list) {
  list.push_back(
      row<Registrar<true>>({"engine/registrar-early-check",
                            "A client looks whether the provider closes before it is counted.",
                            {sim::kAssertion},
                            "engine/registrar",
                            "own",
                            {{"n", "clients", 1, 1, kOthersMax - 2}}}));
  list.push_back(row<Registrar<false>>({"engine/registrar",
                                        "n clients call a provider while its driver unloads.",
                                        {},
                                        "engine/registrar-early-check",
                                        "own",
                                        {{"n", "clients", 1, 1, kOthersMax - 2}}}));
}

}  // namespace nmrcheck::engine
