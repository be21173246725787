// RtlStringCbPrintf and its kin: what the kernel's formatting functions write, without the host's.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <ntstrsafe.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdint>
#include <string>
#include <type_traits>

#include "model/ddk/driver_program.h"

namespace {

// Of a number or a pad: a driver's format is not to be followed without end.
constexpr std::size_t kFieldMax = 512;

// A buffer of the driver's that counts what does not fit.
template <class Character>
class Sink {
 public:
  Sink(Character* target, std::size_t size) : target_(target), size_(size) {}

  void put(char32_t character) {
    if (length_ < size_) target_[length_] = static_cast<Character>(character);
    ++length_;
  }
  void pad(char32_t character, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) put(character);
  }
  std::size_t length() const { return length_; }
  bool fits() const { return length_ <= size_; }

 private:
  Character* target_;
  std::size_t size_;
  std::size_t length_ = 0;
};

struct Field {
  bool left = false;
  bool zero = false;
  bool plus = false;
  bool space = false;
  bool alternate = false;
  std::size_t width = 0;
  std::size_t precision = 0;
  bool has_precision = false;
  unsigned bits = 32;
  char text = 0;  // 'h' or 'w' as the format says it
};

template <class Character>
class Formatter {
 public:
  Formatter(Sink<Character>& sink, const Character* format, va_list arguments)
      : sink_(sink), at_(format) {
    va_copy(arguments_, arguments);
  }
  ~Formatter() { va_end(arguments_); }
  Formatter(const Formatter&) = delete;
  Formatter& operator=(const Formatter&) = delete;

  void run() {
    while (*at_ != 0) {
      const auto character = static_cast<char32_t>(*at_++);
      if (character != '%') {
        sink_.put(character);
      } else if (*at_ == '%') {
        sink_.put(static_cast<char32_t>(*at_++));
      } else {
        Field field;
        read_flags(field);
        read_size(field);
        if (*at_ != 0) convert(field, static_cast<char32_t>(*at_++));
      }
    }
  }

 private:
  bool take(char character) {
    if (*at_ != static_cast<Character>(character)) return false;
    ++at_;
    return true;
  }

  std::size_t read_number() {
    if (take('*')) {
      const int value = va_arg(arguments_, int);
      return value < 0 ? 0 : std::min<std::size_t>(static_cast<std::size_t>(value), kFieldMax);
    }
    std::size_t number = 0;
    while (*at_ >= '0' && *at_ <= '9') {
      number = std::min(number * 10 + static_cast<std::size_t>(*at_++ - '0'), kFieldMax);
    }
    return number;
  }

  void read_flags(Field& field) {
    for (;;) {
      if (take('-')) {
        field.left = true;
      } else if (take('0')) {
        field.zero = true;
      } else if (take('+')) {
        field.plus = true;
      } else if (take(' ')) {
        field.space = true;
      } else if (take('#')) {
        field.alternate = true;
      } else {
        break;
      }
    }
    field.width = read_number();
    field.has_precision = take('.');
    if (field.has_precision) field.precision = read_number();
  }

  void read_size(Field& field) {
    if (take('I')) {
      field.bits = 64;
      if (take('6')) take('4');
      if (take('3')) {
        take('2');
        field.bits = 32;
      }
    } else if (take('h')) {
      field.bits = take('h') ? 8 : 16;
      field.text = 'h';
    } else if (take('l')) {
      if (take('l')) field.bits = 64;
      field.text = 'w';
    } else if (take('z') || take('j') || take('t')) {
      field.bits = 64;
    } else if (take('w')) {
      field.text = 'w';
    }
  }

  void convert(const Field& field, char32_t conversion) {
    switch (conversion) {
      case 'd':
      case 'i':
        return put_signed(field);
      case 'u':
        return put_number(field, unsigned_argument(field), 10, false, "");
      case 'x':
        return put_number(field, unsigned_argument(field), 16, false, field.alternate ? "0x" : "");
      case 'X':
        return put_number(field, unsigned_argument(field), 16, true, field.alternate ? "0X" : "");
      case 'o':
        return put_number(field, unsigned_argument(field), 8, false, field.alternate ? "0" : "");
      case 'p': {
        Field pointer = field;
        pointer.has_precision = true;
        pointer.precision = 16;
        const auto value = reinterpret_cast<std::uintptr_t>(va_arg(arguments_, void*));
        return put_number(pointer, value, 16, true, "");
      }
      case 'c':
      case 'C': {
        const char32_t character = static_cast<char32_t>(va_arg(arguments_, int)) &
                                   (is_wide(field, conversion) ? 0xFFFF : 0xFF);
        return put_text(field, &character, 1);
      }
      case 's':
      case 'S':
        return is_wide(field, conversion) ? put_terminated(field, va_arg(arguments_, const WCHAR*))
                                          : put_terminated(field, va_arg(arguments_, const char*));
      case 'Z':
        return field.text == 'w' ? put_counted(field, va_arg(arguments_, const UNICODE_STRING*))
                                 : put_counted(field, va_arg(arguments_, const ANSI_STRING*));
      default:
        sink_.put(conversion);
    }
  }

  // A lower case letter is of the format's own width.
  bool is_wide(const Field& field, char32_t conversion) const {
    if (field.text != 0) return field.text == 'w';
    const bool lower = conversion >= 'a';
    return lower == (sizeof(Character) == sizeof(WCHAR));
  }

  std::uint64_t unsigned_argument(const Field& field) {
    if (field.bits == 64) return va_arg(arguments_, std::uint64_t);
    const std::uint64_t value = va_arg(arguments_, std::uint32_t);
    return field.bits == 32 ? value : value & ((1u << field.bits) - 1);
  }

  void put_signed(const Field& field) {
    std::int64_t value =
        field.bits == 64 ? va_arg(arguments_, std::int64_t) : va_arg(arguments_, std::int32_t);
    if (field.bits == 16) value = static_cast<std::int16_t>(value);
    if (field.bits == 8) value = static_cast<std::int8_t>(value);
    const char* sign = value < 0 ? "-" : field.plus ? "+" : field.space ? " " : "";
    const auto magnitude = static_cast<std::uint64_t>(value);
    put_number(field, value < 0 ? std::uint64_t{0} - magnitude : magnitude, 10, false, sign);
  }

  void put_number(const Field& field, std::uint64_t value, unsigned base, bool upper,
                  const std::string& prefix) {
    std::array<char, 64> digits{};
    std::size_t count = 0;
    const char* const alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (; value != 0; value /= base) digits[count++] = alphabet[value % base];
    std::size_t zeroes = 0;
    const std::size_t least = field.has_precision ? field.precision : 1;
    if (count < least) zeroes = least - count;
    std::size_t total = prefix.size() + zeroes + count;
    if (field.zero && !field.left && !field.has_precision && total < field.width) {
      zeroes += field.width - total;
      total = field.width;
    }
    const std::size_t blanks = field.width > total ? field.width - total : 0;
    if (!field.left) sink_.pad(' ', blanks);
    for (const char character : prefix) sink_.put(static_cast<unsigned char>(character));
    sink_.pad('0', zeroes);
    while (count > 0) sink_.put(static_cast<unsigned char>(digits[--count]));
    if (field.left) sink_.pad(' ', blanks);
  }

  template <class Text>
  void put_text(const Field& field, const Text* text, std::size_t length) {
    const std::size_t blanks = field.width > length ? field.width - length : 0;
    if (!field.left) sink_.pad(' ', blanks);
    for (std::size_t i = 0; i < length; ++i) {
      sink_.put(static_cast<std::make_unsigned_t<Text>>(text[i]));
    }
    if (field.left) sink_.pad(' ', blanks);
  }
  void put_text(const Field& field, const char32_t* text, std::size_t length) {
    const std::size_t blanks = field.width > length ? field.width - length : 0;
    if (!field.left) sink_.pad(' ', blanks);
    for (std::size_t i = 0; i < length; ++i) sink_.put(text[i]);
    if (field.left) sink_.pad(' ', blanks);
  }

  template <class Text>
  void put_terminated(const Field& field, const Text* text) {
    if (text == nullptr) return put_text(field, "(null)", 6);
    std::size_t length = 0;
    while ((!field.has_precision || length < field.precision) && text[length] != 0) ++length;
    put_text(field, text, length);
  }

  template <class Counted>
  void put_counted(const Field& field, const Counted* text) {
    if (text == nullptr || text->Buffer == nullptr) return put_text(field, "(null)", 6);
    put_text(field, text->Buffer, text->Length / sizeof(*text->Buffer));
  }

  Sink<Character>& sink_;
  const Character* at_;
  va_list arguments_;
};

// Sizes are in characters, with the terminator.
template <class Character>
NTSTATUS print(Character* target, std::size_t size, const Character* format, va_list arguments) {
  if (size == 0 || size > NTSTRSAFE_MAX_CCH) return STATUS_INVALID_PARAMETER;
  nmrcheck::model::current_kernel().touch(target, "format");
  Sink<Character> sink(target, size - 1);
  Formatter<Character>(sink, format, arguments).run();
  target[sink.fits() ? sink.length() : size - 1] = 0;
  return sink.fits() ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

}  // namespace

extern "C" {

#define NMRCHECK_PRINT(name, Character, size)                                              \
  NTSTATUS RtlString##name(Character* Target, size_t Size, const Character* Format, ...) { \
    va_list arguments;                                                                     \
    va_start(arguments, Format);                                                           \
    const NTSTATUS status = print(Target, size, Format, arguments);                        \
    va_end(arguments);                                                                     \
    return status;                                                                         \
  }
NMRCHECK_PRINT(CchPrintfA, char, Size)
NMRCHECK_PRINT(CbPrintfA, char, Size)
NMRCHECK_PRINT(CchPrintfW, WCHAR, Size)
NMRCHECK_PRINT(CbPrintfW, WCHAR, Size / sizeof(WCHAR))
#undef NMRCHECK_PRINT

NTSTATUS RtlStringCchVPrintfA(char* Target, size_t Size, const char* Format, va_list Arguments) {
  return print(Target, Size, Format, Arguments);
}
NTSTATUS RtlStringCbVPrintfA(char* Target, size_t Size, const char* Format, va_list Arguments) {
  return print(Target, Size, Format, Arguments);
}
NTSTATUS RtlStringCchVPrintfW(WCHAR* Target, size_t Size, const WCHAR* Format, va_list Arguments) {
  return print(Target, Size, Format, Arguments);
}
NTSTATUS RtlStringCbVPrintfW(WCHAR* Target, size_t Size, const WCHAR* Format, va_list Arguments) {
  return print(Target, Size / sizeof(WCHAR), Format, Arguments);
}
NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING Target, const WCHAR* Format, ...) {
  if (!NT_SUCCESS(RtlUnicodeStringValidate(Target))) return STATUS_INVALID_PARAMETER;
  const std::size_t size = Target->MaximumLength / sizeof(WCHAR);
  nmrcheck::model::current_kernel().touch(Target->Buffer, "format");
  Sink<WCHAR> sink(Target->Buffer, size);
  va_list arguments;
  va_start(arguments, Format);
  Formatter<WCHAR>(sink, Format, arguments).run();
  va_end(arguments);
  Target->Length = static_cast<USHORT>(std::min(sink.length(), size) * sizeof(WCHAR));
  return sink.fits() ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

}  // extern "C"
