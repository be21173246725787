// Text of a driver in C, compiled with 16-bit wide characters as drivers are.
#include <ntstrsafe.h>
#include <wdm.h>

C_ASSERT(sizeof(L'a') == sizeof(WCHAR));

NTSTATUS make_wide_text(WCHAR* target, SIZE_T size, ULONG number);
NTSTATUS make_wide_text(WCHAR* target, SIZE_T size, ULONG number) {
  DECLARE_CONST_UNICODE_STRING(device, L"\\Device\\Kettle");
  UNICODE_STRING link;
  WCHAR buffer[8];
  NTSTATUS status;
  RtlInitUnicodeString(&link, L"lid");
  if (device.Length != 28 || link.Length != 6 || link.MaximumLength != 8) {
    return STATUS_UNSUCCESSFUL;
  }
  status = RtlStringCbCopyW(buffer, sizeof(buffer), link.Buffer);
  if (!NT_SUCCESS(status)) {
    return status;
  }
  status = RtlStringCchCatW(buffer, RTL_NUMBER_OF(buffer), L"!");
  if (!NT_SUCCESS(status)) {
    return status;
  }
  return RtlStringCbPrintfW(target, size, L"%wZ-%s-%u-%S", &device, buffer, number, "end");
}
