// What file system drivers and some network drivers include; here nothing more than <ntddk.h>.
#pragma once

#include "ntddk.h"
