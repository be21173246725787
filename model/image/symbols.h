// Names for the code and data of a compiled driver: function, file and line of an instruction, and
// the global variable at an address.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace nmrcheck::model {

// The strings live as long as the Symbols object that returned them.
struct Location {
  const char* function;  // never null; kUnknownFunction if nothing is known
  // As the compiler recorded it (see -ffile-prefix-map); relative if it lies below the directory in
  // which the compiler ran. Null if unknown.
  const char* file = nullptr;
  int line = 0;  // counts from 1; 0 if unknown
};

inline constexpr const char* kUnknownFunction = "unknown function";

// What follows the last '/' (or '\') of a file name: the part that pictures show. Null for null.
const char* file_name(const char* path);

// Reads an ELF shared object's DWARF and symbol table with libdw and libelf (elfutils). Everything
// is by offset from the image's load base (dladdr's dli_fbase), so that nothing here depends on
// where it was loaded. In a build without libdw nothing is known, and note() says so.
//
// Answers are kept: each offset is looked up once. Not safe for several OS threads, not even for
// const members: each OS thread has its own.
class Symbols {
 public:
  // Opens the shared object at `path`. Never fails: what cannot be read is unknown, see note().
  explicit Symbols(const std::string& path);
  ~Symbols();
  Symbols(Symbols&&) noexcept;
  Symbols& operator=(Symbols&&) noexcept;

  // The place of the instruction that covers `offset`; of inlined code, the innermost function and
  // its line. Without debug information, the function's name from the symbol table alone. A return
  // address is behind its call: look up its offset less 1.
  Location at(std::uint64_t offset);

  // The global or static variable that holds the byte at `offset`; nothing if none does. `function`
  // is the variable's name, and "+N" for the byte N behind its first; what compilers put around the
  // name of a function's static variable ("name.0", "function.name") is left out. There is no file.
  std::optional<Location> variable(std::uint64_t offset);

  // Why names are unknown, and what to do, in one sentence; empty if the image has all that at()
  // and variable() want.
  const std::string& note() const { return note_; }

 private:
  struct Image;

  std::string note_;
  std::unique_ptr<Image> image_;  // null if it could not be read
};

}  // namespace nmrcheck::model
