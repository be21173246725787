// Counted copies, concatenations and formatting of strings that say when the result is cut off.
//
// Results: STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW when the text was cut off (what fits is there,
// with a terminator); STATUS_INVALID_PARAMETER when a size is 0 or above NTSTRSAFE_MAX_CCH, or a
// string has no terminator within its buffer. Cb functions count bytes, Cch functions characters,
// both with the terminator. The …Ex functions are not here.
#pragma once

#include "ntdef.h"
#include "ntstatus.h"

typedef char* NTSTRSAFE_PSTR;
typedef const char* NTSTRSAFE_PCSTR;
typedef WCHAR* NTSTRSAFE_PWSTR;
typedef const WCHAR* NTSTRSAFE_PCWSTR;

#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))

EXTERN_C_START

// `suffix` is A or W.
#define NMRCHECK_STRINGS(CHARACTER, suffix)                                                        \
  FORCEINLINE NTSTATUS RtlStringCchLength##suffix(_In_ const CHARACTER* Text, _In_ size_t Max,     \
                                                  _Out_opt_ size_t* Length) {                      \
    size_t length = 0;                                                                             \
    NTSTATUS status = STATUS_INVALID_PARAMETER;                                                    \
    if (Text != NULL && Max <= NTSTRSAFE_MAX_CCH) {                                                \
      while (length < Max && Text[length] != 0) {                                                  \
        ++length;                                                                                  \
      }                                                                                            \
      if (length < Max) {                                                                          \
        status = STATUS_SUCCESS;                                                                   \
      }                                                                                            \
    }                                                                                              \
    if (Length != NULL) {                                                                          \
      *Length = NT_SUCCESS(status) ? length : 0;                                                   \
    }                                                                                              \
    return status;                                                                                 \
  }                                                                                                \
  FORCEINLINE NTSTATUS nmrcheck_copy##suffix(CHARACTER* target, size_t size,                       \
                                             const CHARACTER* source, size_t most) {               \
    size_t done = 0;                                                                               \
    while (done < size && done < most && source[done] != 0) {                                      \
      target[done] = source[done];                                                                 \
      ++done;                                                                                      \
    }                                                                                              \
    if (done == size) {                                                                            \
      target[size - 1] = 0;                                                                        \
      return STATUS_BUFFER_OVERFLOW;                                                               \
    }                                                                                              \
    target[done] = 0;                                                                              \
    return STATUS_SUCCESS;                                                                         \
  }                                                                                                \
  FORCEINLINE NTSTATUS RtlStringCchCopyN##suffix(_Out_ CHARACTER* Target, _In_ size_t Size,        \
                                                 _In_ const CHARACTER* Source, _In_ size_t Most) { \
    if (Size == 0 || Size > NTSTRSAFE_MAX_CCH) {                                                   \
      return STATUS_INVALID_PARAMETER;                                                             \
    }                                                                                              \
    if (Most > NTSTRSAFE_MAX_LENGTH) {                                                             \
      Target[0] = 0;                                                                               \
      return STATUS_INVALID_PARAMETER;                                                             \
    }                                                                                              \
    return nmrcheck_copy##suffix(Target, Size, Source, Most);                                      \
  }                                                                                                \
  FORCEINLINE NTSTATUS RtlStringCchCopy##suffix(_Out_ CHARACTER* Target, _In_ size_t Size,         \
                                                _In_ const CHARACTER* Source) {                    \
    return RtlStringCchCopyN##suffix(Target, Size, Source, NTSTRSAFE_MAX_LENGTH);                  \
  }                                                                                                \
  FORCEINLINE NTSTATUS RtlStringCchCatN##suffix(_Inout_ CHARACTER* Target, _In_ size_t Size,       \
                                                _In_ const CHARACTER* Source, _In_ size_t Most) {  \
    size_t length = 0;                                                                             \
    if (!NT_SUCCESS(RtlStringCchLength##suffix(Target, Size, &length)) ||                          \
        Most > NTSTRSAFE_MAX_LENGTH) {                                                             \
      return STATUS_INVALID_PARAMETER;                                                             \
    }                                                                                              \
    return nmrcheck_copy##suffix(Target + length, Size - length, Source, Most);                    \
  }                                                                                                \
  FORCEINLINE NTSTATUS RtlStringCchCat##suffix(_Inout_ CHARACTER* Target, _In_ size_t Size,        \
                                               _In_ const CHARACTER* Source) {                     \
    return RtlStringCchCatN##suffix(Target, Size, Source, NTSTRSAFE_MAX_LENGTH);                   \
  }                                                                                                \
  FORCEINLINE NTSTATUS RtlStringCbLength##suffix(_In_ const CHARACTER* Text, _In_ size_t Max,      \
                                                 _Out_opt_ size_t* Length) {                       \
    const NTSTATUS status = RtlStringCchLength##suffix(Text, Max / sizeof(CHARACTER), Length);     \
    if (Length != NULL) {                                                                          \
      *Length *= sizeof(CHARACTER);                                                                \
    }                                                                                              \
    return status;                                                                                 \
  }                                                                                                \
  FORCEINLINE NTSTATUS RtlStringCbCopyN##suffix(_Out_ CHARACTER* Target, _In_ size_t Size,         \
                                                _In_ const CHARACTER* Source, _In_ size_t Most) {  \
    return RtlStringCchCopyN##suffix(Target, Size / sizeof(CHARACTER), Source,                     \
                                     Most / sizeof(CHARACTER));                                    \
  }                                                                                                \
  FORCEINLINE NTSTATUS RtlStringCbCopy##suffix(_Out_ CHARACTER* Target, _In_ size_t Size,          \
                                               _In_ const CHARACTER* Source) {                     \
    return RtlStringCchCopy##suffix(Target, Size / sizeof(CHARACTER), Source);                     \
  }                                                                                                \
  FORCEINLINE NTSTATUS RtlStringCbCatN##suffix(_Inout_ CHARACTER* Target, _In_ size_t Size,        \
                                               _In_ const CHARACTER* Source, _In_ size_t Most) {   \
    return RtlStringCchCatN##suffix(Target, Size / sizeof(CHARACTER), Source,                      \
                                    Most / sizeof(CHARACTER));                                     \
  }                                                                                                \
  FORCEINLINE NTSTATUS RtlStringCbCat##suffix(_Inout_ CHARACTER* Target, _In_ size_t Size,         \
                                              _In_ const CHARACTER* Source) {                      \
    return RtlStringCchCat##suffix(Target, Size / sizeof(CHARACTER), Source);                      \
  }

NMRCHECK_STRINGS(char, A)
NMRCHECK_STRINGS(WCHAR, W)
#undef NMRCHECK_STRINGS

// Formats as the kernel's functions do: %d and %ld take 32 bits, %I64d and %lld 64, %p has 16 upper
// case digits, %s is text of the format's own width, %S of the other, %Z and %wZ counted strings.
// Floating point is left out, as in drivers.
NTSTATUS RtlStringCchPrintfA(_Out_ char* Target, _In_ size_t Size, _In_ const char* Format, ...);
NTSTATUS RtlStringCbPrintfA(_Out_ char* Target, _In_ size_t Size, _In_ const char* Format, ...);
NTSTATUS RtlStringCchVPrintfA(_Out_ char* Target, _In_ size_t Size, _In_ const char* Format,
                              _In_ va_list Arguments);
NTSTATUS RtlStringCbVPrintfA(_Out_ char* Target, _In_ size_t Size, _In_ const char* Format,
                             _In_ va_list Arguments);
NTSTATUS RtlStringCchPrintfW(_Out_ WCHAR* Target, _In_ size_t Size, _In_ const WCHAR* Format, ...);
NTSTATUS RtlStringCbPrintfW(_Out_ WCHAR* Target, _In_ size_t Size, _In_ const WCHAR* Format, ...);
NTSTATUS RtlStringCchVPrintfW(_Out_ WCHAR* Target, _In_ size_t Size, _In_ const WCHAR* Format,
                              _In_ va_list Arguments);
NTSTATUS RtlStringCbVPrintfW(_Out_ WCHAR* Target, _In_ size_t Size, _In_ const WCHAR* Format,
                             _In_ va_list Arguments);
NTSTATUS RtlUnicodeStringPrintf(_Inout_ PUNICODE_STRING Target, _In_ const WCHAR* Format, ...);

// Counted strings: no terminator is written.
FORCEINLINE NTSTATUS RtlUnicodeStringValidate(_In_ PCUNICODE_STRING Text) {
  const BOOLEAN sound = Text != NULL && Text->Length % sizeof(WCHAR) == 0 &&
                        Text->MaximumLength % sizeof(WCHAR) == 0 &&
                        Text->Length <= Text->MaximumLength &&
                        (Text->Buffer != NULL || Text->MaximumLength == 0);
  return sound ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

FORCEINLINE NTSTATUS RtlUnicodeStringInit(_Out_ PUNICODE_STRING Target,
                                          _In_opt_ NTSTRSAFE_PCWSTR Source) {
  size_t length = 0;
  if (Source != NULL &&
      !NT_SUCCESS(RtlStringCchLengthW(Source, NTSTRSAFE_UNICODE_STRING_MAX_CCH, &length))) {
    return STATUS_INVALID_PARAMETER;
  }
  Target->Length = (USHORT)(length * sizeof(WCHAR));
  Target->MaximumLength = (USHORT)(Source != NULL ? (length + 1) * sizeof(WCHAR) : 0);
  Target->Buffer = (PWCH)Source;
  return STATUS_SUCCESS;
}

// Writes `length` characters behind the first `begin` of the target.
FORCEINLINE NTSTATUS nmrcheck_append(PUNICODE_STRING target, size_t begin, const WCHAR* source,
                                     size_t length) {
  const size_t room = target->MaximumLength / sizeof(WCHAR) - begin;
  const size_t count = length < room ? length : room;
  size_t done;
  for (done = 0; done < count; ++done) {
    target->Buffer[begin + done] = source[done];
  }
  target->Length = (USHORT)((begin + count) * sizeof(WCHAR));
  return length <= room ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

FORCEINLINE NTSTATUS RtlUnicodeStringCopyString(_Inout_ PUNICODE_STRING Target,
                                                _In_ NTSTRSAFE_PCWSTR Source) {
  size_t length = 0;
  if (!NT_SUCCESS(RtlUnicodeStringValidate(Target)) ||
      !NT_SUCCESS(RtlStringCchLengthW(Source, NTSTRSAFE_MAX_CCH, &length))) {
    return STATUS_INVALID_PARAMETER;
  }
  return nmrcheck_append(Target, 0, Source, length);
}

FORCEINLINE NTSTATUS RtlUnicodeStringCopy(_Inout_ PUNICODE_STRING Target,
                                          _In_ PCUNICODE_STRING Source) {
  if (!NT_SUCCESS(RtlUnicodeStringValidate(Target)) ||
      !NT_SUCCESS(RtlUnicodeStringValidate(Source))) {
    return STATUS_INVALID_PARAMETER;
  }
  return nmrcheck_append(Target, 0, Source->Buffer, Source->Length / sizeof(WCHAR));
}

FORCEINLINE NTSTATUS RtlUnicodeStringCatString(_Inout_ PUNICODE_STRING Target,
                                               _In_ NTSTRSAFE_PCWSTR Source) {
  size_t length = 0;
  if (!NT_SUCCESS(RtlUnicodeStringValidate(Target)) ||
      !NT_SUCCESS(RtlStringCchLengthW(Source, NTSTRSAFE_MAX_CCH, &length))) {
    return STATUS_INVALID_PARAMETER;
  }
  return nmrcheck_append(Target, Target->Length / sizeof(WCHAR), Source, length);
}

FORCEINLINE NTSTATUS RtlUnicodeStringCat(_Inout_ PUNICODE_STRING Target,
                                         _In_ PCUNICODE_STRING Source) {
  if (!NT_SUCCESS(RtlUnicodeStringValidate(Target)) ||
      !NT_SUCCESS(RtlUnicodeStringValidate(Source))) {
    return STATUS_INVALID_PARAMETER;
  }
  return nmrcheck_append(Target, Target->Length / sizeof(WCHAR), Source->Buffer,
                         Source->Length / sizeof(WCHAR));
}

EXTERN_C_END

// The names without a letter, by the driver's UNICODE macro.
#ifdef UNICODE
#define NMRCHECK_TEXT(name) name##W
#else
#define NMRCHECK_TEXT(name) name##A
#endif
#define RtlStringCchLength NMRCHECK_TEXT(RtlStringCchLength)
#define RtlStringCchCopy NMRCHECK_TEXT(RtlStringCchCopy)
#define RtlStringCchCopyN NMRCHECK_TEXT(RtlStringCchCopyN)
#define RtlStringCchCat NMRCHECK_TEXT(RtlStringCchCat)
#define RtlStringCchCatN NMRCHECK_TEXT(RtlStringCchCatN)
#define RtlStringCchPrintf NMRCHECK_TEXT(RtlStringCchPrintf)
#define RtlStringCchVPrintf NMRCHECK_TEXT(RtlStringCchVPrintf)
#define RtlStringCbLength NMRCHECK_TEXT(RtlStringCbLength)
#define RtlStringCbCopy NMRCHECK_TEXT(RtlStringCbCopy)
#define RtlStringCbCopyN NMRCHECK_TEXT(RtlStringCbCopyN)
#define RtlStringCbCat NMRCHECK_TEXT(RtlStringCbCat)
#define RtlStringCbCatN NMRCHECK_TEXT(RtlStringCbCatN)
#define RtlStringCbPrintf NMRCHECK_TEXT(RtlStringCbPrintf)
#define RtlStringCbVPrintf NMRCHECK_TEXT(RtlStringCbVPrintf)
