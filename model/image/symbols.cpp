// Names for the code and data of a compiled driver, from its DWARF and symbol table.
#include "model/image/symbols.h"

#ifdef NMRCHECK_LIBDW

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <list>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#endif

namespace nmrcheck::model {

const char* file_name(const char* path) {
  if (path == nullptr) return nullptr;
  const char* name = path;
  for (; *path != '\0'; ++path) {
    if (*path == '/' || *path == '\\') name = path + 1;
  }
  return name;
}

#ifdef NMRCHECK_LIBDW
namespace {

// What lies at [begin, end) of the image's own addresses.
template <class What>
struct Range {
  std::uint64_t begin;
  std::uint64_t end;
  What what;
};

template <class What>
void sort(std::vector<Range<What>>& ranges) {
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const auto& left, const auto& right) { return left.begin < right.begin; });
}

// The range that holds the address, or null; of several, the one that begins last. Requires: sorted
// by begin.
template <class What>
const Range<What>* find(const std::vector<Range<What>>& ranges, std::uint64_t address) {
  auto behind =
      std::upper_bound(ranges.begin(), ranges.end(), address,
                       [](std::uint64_t value, const auto& range) { return value < range.begin; });
  while (behind != ranges.begin()) {
    --behind;
    if (address < behind->end) return &*behind;
  }
  return nullptr;
}

// Empty if the file cannot be read.
std::string contents_of(const std::string& path) {
  std::ostringstream contents;
  contents << std::ifstream(path, std::ios::binary).rdbuf();
  return contents.str();
}

// A function's name without what compilers append to parts and copies of it: "f.cold", "f.part.0".
std::string_view plain_function(std::string_view symbol) {
  return symbol.substr(0, symbol.find('.', 1));
}

// GCC names a function's static variable "name.0", clang "function.name" or "function.name.1".
std::string_view plain_variable(std::string_view symbol) {
  const std::size_t number = symbol.find_last_not_of("0123456789");
  if (number != symbol.npos && number > 0 && symbol[number] == '.') {
    symbol = symbol.substr(0, number);
  }
  return symbol.substr(symbol.rfind('.') + 1);  // npos + 1 is 0
}

// libdw puts the compiler's working directory before names that were recorded without one, also
// before those that -ffile-prefix-map made relative to something else: takes it away again.
const char* relative(const char* file, Dwarf_Die* unit) {
  Dwarf_Attribute attribute;
  const char* directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
  if (file == nullptr || directory == nullptr || *directory == '\0') return file;
  const std::size_t length = std::strlen(directory);
  const bool below = std::strncmp(file, directory, length) == 0 && file[length] == '/';
  return below ? file + length + 1 : file;
}

}  // namespace

struct Symbols::Image {
  explicit Image(const std::string& path) : bytes(contents_of(path)) {}
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image() {
    dwarf_end(dwarf);
    elf_end(elf);
  }

  // False if the bytes are no ELF file.
  bool read();
  void read_base();
  void read_symbols();
  void read_units();
  const char* function(Dwarf_Die* unit, std::uint64_t address);
  Location place(std::uint64_t address);
  const char* own(std::string name) { return names.emplace_back(std::move(name)).c_str(); }

  std::string bytes;
  Elf* elf = nullptr;
  Dwarf* dwarf = nullptr;  // null: no debug information
  std::uint64_t base = 0;  // the address that the image gives to its first byte in memory
  std::vector<Range<Dwarf_Die>> units;
  std::vector<Range<const char*>> functions;
  std::vector<Range<const char*>> variables;
  std::map<std::uint64_t, Location> known_places;  // by offset, as the next
  std::map<std::uint64_t, std::optional<Location>> known_variables;
  std::list<std::string> names;
};

bool Symbols::Image::read() {
  if (elf_version(EV_CURRENT) == EV_NONE || bytes.empty()) return false;
  elf = elf_memory(bytes.data(), bytes.size());
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF) return false;
  dwarf = dwarf_begin_elf(elf, DWARF_C_READ, nullptr);
  read_base();
  read_symbols();
  if (dwarf != nullptr) read_units();
  return true;
}

void Symbols::Image::read_base() {
  std::size_t headers = 0;
  if (elf_getphdrnum(elf, &headers) != 0) return;
  for (std::size_t i = 0; i < headers; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr) return;
    if (header.p_type != PT_LOAD) continue;  // the first one has the lowest address
    base = header.p_vaddr & ~(std::max<std::uint64_t>(header.p_align, 1) - 1);
    return;
  }
}

// Reads .symtab, or .dynsym of a stripped image (both, where both are there: equal symbols agree).
void Symbols::Image::read_symbols() {
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
       section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_entsize == 0) continue;
    if (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    const auto count = static_cast<int>(header.sh_size / header.sh_entsize);
    for (int i = 0; data != nullptr && i < count; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, i, &symbol) == nullptr) break;
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_size == 0) continue;
      const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
      if (name == nullptr || *name == '\0') continue;
      const Range<const char*> range{symbol.st_value, symbol.st_value + symbol.st_size, name};
      if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC) functions.push_back(range);
      if (GELF_ST_TYPE(symbol.st_info) == STT_OBJECT) variables.push_back(range);
    }
  }
  sort(functions);
  sort(variables);
}

// Where each compilation unit has code. (libdw's own table wants .debug_aranges, which clang leaves
// out.)
void Symbols::Image::read_units() {
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (dwarf_get_units(dwarf, unit, &unit, nullptr, nullptr, &die, nullptr) == 0) {
    Dwarf_Addr chosen_base = 0;
    Dwarf_Addr begin = 0;
    Dwarf_Addr end = 0;
    std::ptrdiff_t next = 0;
    while ((next = dwarf_ranges(&die, next, &chosen_base, &begin, &end)) > 0) {
      units.push_back({begin, end, die});
    }
  }
  sort(units);
}

// The innermost function at the address, inlined ones included; null if DWARF does not say.
const char* Symbols::Image::function(Dwarf_Die* unit, std::uint64_t address) {
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes(unit, address, &scopes);
  const char* name = nullptr;
  for (int i = 0; i < count && name == nullptr; ++i) {
    const int tag = dwarf_tag(&scopes[i]);
    if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) {
      name = dwarf_diename(&scopes[i]);
    }
  }
  std::free(scopes);
  return name;
}

Location Symbols::Image::place(std::uint64_t address) {
  Location place{.function = nullptr};
  if (const Range<Dwarf_Die>* unit = find(units, address)) {
    Dwarf_Die die = unit->what;
    place.function = function(&die, address);
    Dwarf_Line* line = dwarf_getsrc_die(&die, address);
    int number = 0;  // stays 0 in code that belongs to no line
    if (line != nullptr && dwarf_lineno(line, &number) == 0 && number > 0) {
      place.file = relative(dwarf_linesrc(line, nullptr, nullptr), &die);
      place.line = place.file != nullptr ? number : 0;
    }
  }
  if (place.function == nullptr) {
    const Range<const char*>* symbol = find(functions, address);
    place.function = symbol != nullptr ? own(std::string(plain_function(symbol->what))) : nullptr;
  }
  if (place.function == nullptr) place.function = kUnknownFunction;
  return place;
}

Symbols::Symbols(const std::string& path) : image_(std::make_unique<Image>(path)) {
  if (!image_->read()) {
    image_ = nullptr;
    note_ = path + " is no readable ELF file: functions, lines and variables are unknown";
  } else if (image_->units.empty()) {
    note_ = path + " has no debug information: lines are unknown; compile it with -g1 or -g";
  }
}

Location Symbols::at(std::uint64_t offset) {
  if (image_ == nullptr) return {.function = kUnknownFunction};
  const auto known = image_->known_places.find(offset);
  if (known != image_->known_places.end()) return known->second;
  return image_->known_places[offset] = image_->place(offset + image_->base);
}

std::optional<Location> Symbols::variable(std::uint64_t offset) {
  if (image_ == nullptr) return std::nullopt;
  const auto known = image_->known_variables.find(offset);
  if (known != image_->known_variables.end()) return known->second;
  const std::uint64_t address = offset + image_->base;
  std::optional<Location>& answer = image_->known_variables[offset];
  if (const Range<const char*>* symbol = find(image_->variables, address)) {
    std::string name(plain_variable(symbol->what));
    if (address != symbol->begin) name += "+" + std::to_string(address - symbol->begin);
    answer = Location{.function = image_->own(std::move(name))};
  }
  return answer;
}

#else

struct Symbols::Image {};

Symbols::Symbols(const std::string& path)
    : note_("functions, lines and variables of " + path +
            " are unknown: nmrcheck was built without libdw (libdw-dev)") {}

Location Symbols::at(std::uint64_t) { return {.function = kUnknownFunction}; }

std::optional<Location> Symbols::variable(std::uint64_t) { return std::nullopt; }

#endif

Symbols::~Symbols() = default;
Symbols::Symbols(Symbols&&) noexcept = default;
Symbols& Symbols::operator=(Symbols&&) noexcept = default;

}  // namespace nmrcheck::model
