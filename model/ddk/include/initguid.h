// Makes the DEFINE_GUIDs that follow define their GUIDs.
#pragma once

#ifndef INITGUID
#define INITGUID
#endif
#include "guiddef.h"
