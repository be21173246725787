// The names of user-mode Windows that some drivers include this file for.
#pragma once

#include "ntdef.h"

typedef int32_t BOOL, *PBOOL, *LPBOOL;
typedef unsigned char BYTE, *PBYTE, *LPBYTE;
typedef uint16_t WORD, *PWORD, *LPWORD;
typedef uint32_t DWORD, *PDWORD, *LPDWORD;
typedef uint32_t UINT, *PUINT;
typedef float FLOAT, *PFLOAT;
typedef LONG HRESULT;

#define LOWORD(value) ((WORD)((ULONG_PTR)(value)&0xffff))
#define HIWORD(value) ((WORD)(((ULONG_PTR)(value) >> 16) & 0xffff))
#define MAKEWORD(low, high) ((WORD)(((BYTE)(low)) | ((WORD)((BYTE)(high))) << 8))
#define MAKELONG(low, high) ((LONG)(((WORD)(low)) | ((DWORD)((WORD)(high))) << 16))
