// rapidcheck with a number of cases and a seed of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace nmrcheck::model::test {

// Tries `property`, which fails by RC_FAIL or RC_ASSERT, on `cases` cases of sizes up to
// `size_max`. Returns nothing if it holds, else rapidcheck's report with the case that is left by
// shrinking.
template <class Property>
std::string counterexample(Property property, int cases, int size_max, std::uint64_t seed) {
  struct Silent final : rc::detail::TestListener {
    void onTestCaseFinished(const rc::detail::CaseDescription&) override {}
    void onShrinkTried(const rc::detail::CaseDescription&, bool) override {}
    void onTestFinished(const rc::detail::TestMetadata&, const rc::detail::TestResult&) override {}
  } listener;
  rc::detail::TestParams params;
  params.seed = seed;
  params.maxSuccess = cases;
  params.maxSize = size_max;
  const auto result =
      rc::detail::checkTestable(std::move(property), rc::detail::TestMetadata{}, params, listener,
                                std::unordered_map<std::string, rc::detail::Reproduce>{});
  return result.template is<rc::detail::SuccessResult>() ? "" : testing::PrintToString(result);
}

}  // namespace nmrcheck::model::test
