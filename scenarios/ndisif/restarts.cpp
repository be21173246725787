#include "scenarios/ndisif/catalog.h"
namespace nmrcheck::designs {
void add_ndisif_restarts(std::vector<Scenario>&) {}
}  // namespace nmrcheck::designs
