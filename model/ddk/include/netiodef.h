// NPI identities: NPIID, NPI_MODULEID and their comparison.
#pragma once

#include "guiddef.h"
#include "ntdef.h"

typedef GUID NPIID;
typedef CONST NPIID* PNPIID;

typedef enum _NPI_MODULEID_TYPE { MIT_GUID = 1, MIT_IF_LUID } NPI_MODULEID_TYPE;

typedef struct _NPI_MODULEID {
  USHORT Length;           // sizeof(NPI_MODULEID)
  NPI_MODULEID_TYPE Type;  // Selects the arm of the union.
  union {
    GUID Guid;
    LUID IfLuid;
  };
} NPI_MODULEID;
typedef CONST NPI_MODULEID* PNPI_MODULEID;

EXTERN_C_START

// Length is ignored; identities of an unknown type equal nothing, not even themselves.
FORCEINLINE BOOLEAN NmrIsEqualNpiModuleId(_In_ PNPI_MODULEID left, _In_ PNPI_MODULEID right) {
  if (left->Type != right->Type) {
    return FALSE;
  }
  switch (left->Type) {
    case MIT_GUID:
      return __builtin_memcmp(&left->Guid, &right->Guid, sizeof(GUID)) == 0;
    case MIT_IF_LUID:
      return __builtin_memcmp(&left->IfLuid, &right->IfLuid, sizeof(LUID)) == 0;
    default:
      return FALSE;
  }
}

EXTERN_C_END
