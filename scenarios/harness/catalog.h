// Programs that end in one of the harness's own verdicts, each beside one that does not.
#pragma once

#include <string_view>
#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck::designs {

// A program that ends in the verdict `rule`, and one of our own that does not.
void add_pair(std::vector<Scenario>& list, std::string_view name, std::string_view fixed,
              std::string_view rule, std::string_view summary, std::string_view fixed_summary,
              decltype(Scenario::make) faulty, decltype(Scenario::make) correct);

void add_verdicts(std::vector<Scenario>& list);
void add_liveness(std::vector<Scenario>& list);

}  // namespace nmrcheck::designs
