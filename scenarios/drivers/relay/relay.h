// The relay provides the echo NPI's functions under an NPI id of its own.
#pragma once

#include "echo.h"

// {2C6F81D3-57EA-4B08-A4C1-90D3E6B72F5A}
static const NPIID RELAY_NPI_ID = {
    0x2c6f81d3, 0x57ea, 0x4b08, {0xa4, 0xc1, 0x90, 0xd3, 0xe6, 0xb7, 0x2f, 0x5a}};
