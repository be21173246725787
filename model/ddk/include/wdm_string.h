// Counted strings: initialization, copies, comparisons.
#pragma once

#include "ntdef.h"
#include "ntstatus.h"

#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS (32767)

EXTERN_C_START

// A NULL source gives an empty string. One that is too long is cut off.
FORCEINLINE VOID RtlInitUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                      _In_opt_ PCWSTR SourceString) {
  SIZE_T length = 0;
  while (SourceString != NULL && SourceString[length] != 0 &&
         length < UNICODE_STRING_MAX_CHARS - 1) {
    ++length;
  }
  DestinationString->Buffer = (PWCH)SourceString;
  DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
  DestinationString->MaximumLength =
      (USHORT)(SourceString != NULL ? (length + 1) * sizeof(WCHAR) : 0);
}

FORCEINLINE VOID RtlInitAnsiString(_Out_ PANSI_STRING DestinationString,
                                   _In_opt_ PCSTR SourceString) {
  SIZE_T length = 0;
  while (SourceString != NULL && SourceString[length] != 0 && length < MAXUSHORT - 1) {
    ++length;
  }
  DestinationString->Buffer = (PCHAR)SourceString;
  DestinationString->Length = (USHORT)length;
  DestinationString->MaximumLength = (USHORT)(SourceString != NULL ? length + 1 : 0);
}

FORCEINLINE VOID RtlInitString(_Out_ PSTRING DestinationString, _In_opt_ PCSTR SourceString) {
  RtlInitAnsiString(DestinationString, SourceString);
}

FORCEINLINE VOID RtlInitEmptyUnicodeString(_Out_ PUNICODE_STRING UnicodeString, _In_ PWCH Buffer,
                                           _In_ USHORT BufferSize) {
  UnicodeString->Length = 0;
  UnicodeString->MaximumLength = BufferSize;
  UnicodeString->Buffer = Buffer;
}

// Copies what fits. A NULL source gives an empty string.
FORCEINLINE VOID RtlCopyUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                      _In_opt_ PCUNICODE_STRING SourceString) {
  USHORT bytes = SourceString != NULL ? SourceString->Length : 0;
  USHORT done;
  if (bytes > DestinationString->MaximumLength) {
    bytes = DestinationString->MaximumLength;
  }
  for (done = 0; done < bytes / sizeof(WCHAR); ++done) {
    DestinationString->Buffer[done] = SourceString->Buffer[done];
  }
  DestinationString->Length = bytes;
  if (bytes + sizeof(WCHAR) <= DestinationString->MaximumLength) {
    DestinationString->Buffer[bytes / sizeof(WCHAR)] = 0;
  }
}

// All or nothing: returns STATUS_BUFFER_TOO_SMALL if it does not fit.
FORCEINLINE NTSTATUS RtlAppendUnicodeStringToString(_Inout_ PUNICODE_STRING Destination,
                                                    _In_ PCUNICODE_STRING Source) {
  const ULONG bytes = (ULONG)Destination->Length + Source->Length;
  const ULONG begin = Destination->Length / (ULONG)sizeof(WCHAR);
  ULONG done;
  if (bytes > Destination->MaximumLength) {
    return STATUS_BUFFER_TOO_SMALL;
  }
  for (done = 0; done < Source->Length / sizeof(WCHAR); ++done) {
    Destination->Buffer[begin + done] = Source->Buffer[done];
  }
  Destination->Length = (USHORT)bytes;
  if (bytes + sizeof(WCHAR) <= Destination->MaximumLength) {
    Destination->Buffer[bytes / sizeof(WCHAR)] = 0;
  }
  return STATUS_SUCCESS;
}

FORCEINLINE NTSTATUS RtlAppendUnicodeToString(_Inout_ PUNICODE_STRING Destination,
                                              _In_opt_ PCWSTR Source) {
  UNICODE_STRING text;
  RtlInitUnicodeString(&text, Source);
  return RtlAppendUnicodeStringToString(Destination, &text);
}

FORCEINLINE WCHAR RtlUpcaseUnicodeChar(_In_ WCHAR SourceCharacter) {  // ASCII only
  return (WCHAR)(SourceCharacter >= 'a' && SourceCharacter <= 'z' ? SourceCharacter - 'a' + 'A'
                                                                  : SourceCharacter);
}

// Returns a negative number, 0 or a positive one.
FORCEINLINE LONG RtlCompareUnicodeString(_In_ PCUNICODE_STRING String1,
                                         _In_ PCUNICODE_STRING String2,
                                         _In_ BOOLEAN CaseInSensitive) {
  const ULONG length1 = String1->Length / (ULONG)sizeof(WCHAR);
  const ULONG length2 = String2->Length / (ULONG)sizeof(WCHAR);
  ULONG i;
  for (i = 0; i < length1 && i < length2; ++i) {
    const WCHAR left = String1->Buffer[i];
    const WCHAR right = String2->Buffer[i];
    const LONG difference = CaseInSensitive
                                ? (LONG)RtlUpcaseUnicodeChar(left) - RtlUpcaseUnicodeChar(right)
                                : (LONG)left - right;
    if (difference != 0) {
      return difference;
    }
  }
  return (LONG)length1 - (LONG)length2;
}

FORCEINLINE BOOLEAN RtlEqualUnicodeString(_In_ PCUNICODE_STRING String1,
                                          _In_ PCUNICODE_STRING String2,
                                          _In_ BOOLEAN CaseInSensitive) {
  return (BOOLEAN)(String1->Length == String2->Length &&
                   RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0);
}

#define RTL_CONSTANT_STRING(text) \
  { sizeof(text) - sizeof((text)[0]), sizeof(text), (text) }
#define DECLARE_CONST_UNICODE_STRING(name, text) \
  const WCHAR name##_buffer[] = text;            \
  const UNICODE_STRING name = {sizeof(text) - sizeof((text)[0]), sizeof(text), (PWCH)name##_buffer}
#define DECLARE_UNICODE_STRING_SIZE(name, size) \
  WCHAR name##_buffer[size];                    \
  UNICODE_STRING name = {0, (size) * sizeof(WCHAR), name##_buffer}

EXTERN_C_END
