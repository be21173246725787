// For `#include <../km/netioddk.h>`, as the WDK's folders lie.
#pragma once

#include "../include/netioddk.h"
