// What network modules use of NDIS: its statuses, handles and strings, identifiers of objects, and
// interface providers. No miniport, protocol or filter.
#pragma once

#include "ifdef.h"
#include "ndis_interface.h"
#include "ndis_types.h"
#include "ntddk.h"
#include "ntddndis.h"
#include "windef.h"
