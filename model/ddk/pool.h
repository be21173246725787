// Pool memory as the WDK's functions hand it out.
#pragma once

#include <wdm.h>

namespace nmrcheck::model {

// Returns NULL when there is no memory, or when the search lets the allocation fail.
PVOID allocate_pool(POOL_TYPE type, SIZE_T bytes, ULONG tag);

}  // namespace nmrcheck::model
