// The rules of WSK applications: a part of the catalog.
#pragma once

#include <span>

#include "model/rules/catalog.h"

namespace nmrcheck::model {

// Asked before the rules of the NMR, which see the library's client behind the application.
std::span<const RuleInfo> wsk_rules();

}  // namespace nmrcheck::model
