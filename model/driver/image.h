// A driver's image: one shared object, with data that is as new in each execution.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace nmrcheck::model {

// Addresses [begin, end).
struct AddressRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool contains(std::uintptr_t address) const { return address >= begin && address < end; }
  std::size_t size() const { return end - begin; }
};

class Image {
 public:
  // Maps the shared object at `path`, a copy of it unless `in_place`: each OS thread needs data of
  // its own. Debuggers find the sources of an image that is mapped in place.
  // Throws std::runtime_error that says what is missing: the file, or a function it needs.
  Image(const std::string& path, bool in_place);
  ~Image();
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  const std::string& path() const { return path_; }
  // What addresses in the file are relative to.
  std::uintptr_t base() const { return base_; }
  const AddressRange& code() const { return code_; }
  // All of it, constants included.
  const AddressRange& whole() const { return whole_; }
  // Writable data, without what is read-only once the image is linked.
  std::span<const AddressRange> data() const { return data_; }
  // Makes the writable data what it was when the image was mapped.
  void restore();
  // The function or variable that the image exports, or null.
  void* find(const char* symbol) const;

 private:
  void find_segments();

  std::string path_;
  int copy_ = -1;  // its descriptor: the loader tells images apart by names, and this is in it
  void* handle_ = nullptr;
  std::uintptr_t base_ = 0;
  AddressRange code_;
  AddressRange whole_;
  std::vector<AddressRange> data_;
  std::vector<std::vector<char>> fresh_;  // contents of data_
};

}  // namespace nmrcheck::model
