// For `#include <../km/ntddk.h>`, as the WDK's folders lie.
#pragma once

#include "../include/ntddk.h"
