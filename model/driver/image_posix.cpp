// Images as ELF shared objects: dlopen, and a copy in memory for each mapping.
#if defined(__linux__)

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "model/driver/image.h"

namespace nmrcheck::model {
namespace {

constexpr std::uintptr_t kPageBytes = 4096;

// A file in memory with the content of the one at `path`, as a descriptor.
int copy_in_memory(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("driver image " + path + " cannot be read");
  const int copy = memfd_create("driver image", MFD_CLOEXEC);
  if (copy < 0) throw std::runtime_error("no memory for a copy of driver image " + path);
  std::array<char, 1u << 16u> buffer{};
  while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0) {
    const char* next = buffer.data();
    for (auto left = static_cast<std::size_t>(file.gcount()); left > 0;) {
      const ssize_t written = write(copy, next, left);
      if (written <= 0) {
        close(copy);
        throw std::runtime_error("no memory for a copy of driver image " + path);
      }
      next += written;
      left -= static_cast<std::size_t>(written);
    }
  }
  return copy;
}

// `copy` is the descriptor of a copy that is opened instead, or -1.
void* open_shared_object(const std::string& path, int copy) {
  const std::string name = copy < 0 ? path : "/proc/self/fd/" + std::to_string(copy);
  void* handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  const char* error = handle == nullptr ? dlerror() : nullptr;
  std::string message = error == nullptr ? "" : error;
  if (handle != nullptr) return handle;
  if (copy >= 0) close(copy);
  const std::size_t missing = message.find("undefined symbol: ");
  if (missing != std::string::npos) {
    message = "it uses " + message.substr(missing + std::strlen("undefined symbol: ")) +
              ", which the simulated kernel does not have";
  }
  throw std::runtime_error("driver image " + path + " cannot be loaded: " + message);
}

}  // namespace

Image::Image(const std::string& path, bool in_place)
    : path_(path),
      copy_(in_place ? -1 : copy_in_memory(path)),
      handle_(open_shared_object(path, copy_)) {
  find_segments();
  for (const AddressRange& range : data_) {
    const auto* first = reinterpret_cast<const char*>(range.begin);
    fresh_.emplace_back(first, first + range.size());
  }
}

Image::~Image() {
  dlclose(handle_);
  if (copy_ >= 0) close(copy_);
}

void Image::find_segments() {
  link_map* map = nullptr;
  if (dlinfo(handle_, RTLD_DI_LINKMAP, &map) != 0) {
    throw std::runtime_error("driver image " + path_ + " cannot be inspected");
  }
  base_ = map->l_addr;
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* data) {
        auto& image = *static_cast<Image*>(data);
        if (object->dlpi_addr != image.base_ || object->dlpi_name == nullptr ||
            *object->dlpi_name == 0) {
          return 0;
        }
        AddressRange read_only;
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& header = object->dlpi_phdr[i];
          if (header.p_type != PT_GNU_RELRO) continue;
          read_only.begin = image.base_ + header.p_vaddr;
          read_only.end = (read_only.begin + header.p_memsz + kPageBytes - 1) & ~(kPageBytes - 1);
        }
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& header = object->dlpi_phdr[i];
          if (header.p_type != PT_LOAD) continue;
          AddressRange range{image.base_ + header.p_vaddr,
                             image.base_ + header.p_vaddr + header.p_memsz};
          if ((header.p_flags & PF_X) != 0) image.code_ = range;
          if (image.whole_.begin == 0) image.whole_.begin = range.begin;
          image.whole_.end = range.end;  // segments come in the order of their addresses
          if ((header.p_flags & PF_W) == 0) continue;
          if (read_only.contains(range.begin)) range.begin = std::min(read_only.end, range.end);
          if (range.size() > 0) image.data_.push_back(range);
        }
        return 1;
      },
      this);
}

void Image::restore() {
  for (std::size_t i = 0; i < data_.size(); ++i) {
    std::memcpy(reinterpret_cast<void*>(data_[i].begin), fresh_[i].data(), fresh_[i].size());
  }
}

void* Image::find(const char* symbol) const { return dlsym(handle_, symbol); }

}  // namespace nmrcheck::model

#else

#include <stdexcept>

#include "model/driver/image.h"

namespace nmrcheck::model {

Image::Image(const std::string& path, bool) : path_(path) {
  throw std::runtime_error("driver images can be loaded on Linux only");
}
Image::~Image() = default;
void Image::find_segments() {}
void Image::restore() {}
void* Image::find(const char*) const { return nullptr; }

}  // namespace nmrcheck::model

#endif
