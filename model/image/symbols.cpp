// Names for the code and data of a compiled driver, from its DWARF and symbol table.
#include "model/image/symbols.h"

#include <cstring>

namespace nmrcheck::model {

struct Symbols::Image {};

Symbols::Symbols(const std::string& path) : note_(path) {}
Symbols::~Symbols() = default;
Symbols::Symbols(Symbols&&) noexcept = default;
Symbols& Symbols::operator=(Symbols&&) noexcept = default;
Location Symbols::at(std::uint64_t) { return {.function = kUnknownFunction}; }
std::optional<Location> Symbols::variable(std::uint64_t) { return std::nullopt; }
const char* file_name(const char* path) { return path; }

}  // namespace nmrcheck::model
