// GUID, its comparison, and DEFINE_GUID, which defines instead of declaring after INITGUID.
#ifndef NMRCHECK_GUIDDEF_H
#define NMRCHECK_GUIDDEF_H

#include <stdint.h>

#include "nmrcheck_compiler.h"

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
  uint32_t Data1;
  uint16_t Data2;
  uint16_t Data3;
  uint8_t Data4[8];
} GUID;
#endif

typedef GUID* LPGUID;
typedef const GUID* LPCGUID;
typedef GUID IID;
typedef GUID CLSID;

#ifdef __cplusplus
typedef const GUID& REFGUID;

inline int InlineIsEqualGUID(REFGUID left, REFGUID right) {
  return __builtin_memcmp(&left, &right, sizeof(GUID)) == 0;
}
inline int IsEqualGUID(REFGUID left, REFGUID right) { return InlineIsEqualGUID(left, right); }
inline bool operator==(REFGUID left, REFGUID right) { return IsEqualGUID(left, right) != 0; }
#if __cplusplus < 202002L
inline bool operator!=(REFGUID left, REFGUID right) { return !(left == right); }
#endif
#else
typedef const GUID* REFGUID;

#define IsEqualGUID(left, right) (!__builtin_memcmp((left), (right), sizeof(GUID)))
#define InlineIsEqualGUID(left, right) IsEqualGUID(left, right)
#endif

#endif

// Outside the guard: <initguid.h> includes this file again.
#undef DEFINE_GUID
#ifdef INITGUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
  EXTERN_C const GUID DECLSPEC_SELECTANY name;                       \
  const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) EXTERN_C const GUID name
#endif
