// For `#include <../km/wdm.h>`, as the WDK's folders lie.
#pragma once

#include "../include/wdm.h"
