// What kernel drivers include; here nothing more than <wdm.h>.
#pragma once

#include "wdm.h"
