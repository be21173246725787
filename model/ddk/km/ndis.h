// For `#include <../km/ndis.h>`, as the WDK's folders lie.
#pragma once

#include "../include/ndis.h"
