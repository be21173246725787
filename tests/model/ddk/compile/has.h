// HAS(result, name, parameters): the WDK's function exists and has this type.
#pragma once

#define HAS(result, name, parameters) result(NTAPI* has_##name) parameters = name
