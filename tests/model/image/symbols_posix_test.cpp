// Names of code and data, asked of a shared object that knows its own addresses and lines.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string>

#include "model/image/symbols.h"

namespace nmrcheck::model {
namespace {

struct Seen {
  const void* code = nullptr;
  int line = 0;
};

// A loaded image, and where it lies.
class Loaded {
 public:
  explicit Loaded(const std::string& path) : handle_(dlopen(path.c_str(), RTLD_NOW)) {
    EXPECT_NE(handle_, nullptr) << dlerror();
    Dl_info info{};
    EXPECT_NE(dladdr(dlsym(handle_, "look"), &info), 0);
    base_ = reinterpret_cast<std::uint64_t>(info.dli_fbase);
  }
  ~Loaded() { dlclose(handle_); }

  std::uint64_t offset(const void* address) const {
    return reinterpret_cast<std::uint64_t>(address) - base_;
  }
  std::uint64_t offset(const char* symbol) const { return offset(dlsym(handle_, symbol)); }
  Seen call(const char* function) const {
    Seen seen;
    reinterpret_cast<int (*)(Seen*)>(dlsym(handle_, function))(&seen);
    return seen;
  }
  const void* pointer_from(const char* function) const {
    return reinterpret_cast<const void* (*)()>(dlsym(handle_, function))();
  }

 private:
  void* handle_;
  std::uint64_t base_ = 0;
};

class SymbolsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (symbols_.note().find("without libdw") != std::string::npos) {
      GTEST_SKIP() << symbols_.note();
    }
  }

  Loaded image_{NMRCHECK_IMAGE};
  Symbols symbols_{NMRCHECK_IMAGE};
};

TEST_F(SymbolsTest, NamesFunctionFileAndLine) {
  EXPECT_EQ(symbols_.note(), "");
  const Seen seen = image_.call("look");
  const Location place = symbols_.at(image_.offset(seen.code) - 1);
  EXPECT_STREQ(place.function, "look");
  EXPECT_STREQ(place.file, "tests/model/image/image_under_test.c");  // -ffile-prefix-map
  EXPECT_STREQ(file_name(place.file), "image_under_test.c");
  EXPECT_EQ(place.line, seen.line);
}

TEST_F(SymbolsTest, NamesStaticFunctions) {
  const Seen seen = image_.call("look_local");
  const Location place = symbols_.at(image_.offset(seen.code) - 1);
  EXPECT_STREQ(place.function, "local_function");
  EXPECT_EQ(place.line, seen.line);
}

TEST_F(SymbolsTest, NamesTheInnermostInlinedFunction) {
  const Seen seen = image_.call("look_inlined");
  const Location place = symbols_.at(image_.offset(seen.code) - 1);
  EXPECT_STREQ(place.function, "inlined");
  EXPECT_EQ(place.line, seen.line);
}

TEST_F(SymbolsTest, AnswersTheSameStringsAgain) {
  const std::uint64_t offset = image_.offset("look");
  const Location first = symbols_.at(offset);
  const Location second = symbols_.at(offset);
  EXPECT_EQ(first.function, second.function);
  EXPECT_EQ(first.file, second.file);
  Symbols moved = std::move(symbols_);
  EXPECT_EQ(moved.at(offset).function, first.function);
}

TEST_F(SymbolsTest, NamesVariables) {
  const std::uint64_t counters = image_.offset("counters");
  ASSERT_TRUE(symbols_.variable(counters));
  EXPECT_STREQ(symbols_.variable(counters)->function, "counters");
  EXPECT_EQ(symbols_.variable(counters)->file, nullptr);
  ASSERT_TRUE(symbols_.variable(counters + 15));
  EXPECT_STREQ(symbols_.variable(counters + 15)->function, "counters+15");
  const auto hidden = symbols_.variable(image_.offset(image_.pointer_from("hidden_variable")));
  ASSERT_TRUE(hidden);
  EXPECT_STREQ(hidden->function, "hidden");
  const auto calls = symbols_.variable(image_.offset(image_.pointer_from("local_variable")));
  ASSERT_TRUE(calls);
  EXPECT_STREQ(calls->function, "calls");
}

TEST_F(SymbolsTest, KnowsNothingOutsideOfTheImage) {
  const Location place = symbols_.at(std::uint64_t{1} << 40);
  EXPECT_STREQ(place.function, kUnknownFunction);
  EXPECT_EQ(place.file, nullptr);
  EXPECT_EQ(place.line, 0);
  EXPECT_FALSE(symbols_.variable(std::uint64_t{1} << 40));
  EXPECT_FALSE(symbols_.variable(image_.offset("look")));  // code is no variable
}

TEST_F(SymbolsTest, FallsBackOnTheSymbolTable) {
  const Loaded image(NMRCHECK_IMAGE_WITHOUT_DEBUG);
  Symbols symbols(NMRCHECK_IMAGE_WITHOUT_DEBUG);
  EXPECT_NE(symbols.note().find("has no debug information"), std::string::npos) << symbols.note();
  const Location place = symbols.at(image.offset(image.call("look_local").code) - 1);
  EXPECT_STREQ(place.function, "local_function");
  EXPECT_EQ(place.file, nullptr);
  EXPECT_EQ(place.line, 0);
  ASSERT_TRUE(symbols.variable(image.offset("counters")));
}

TEST_F(SymbolsTest, SaysWhatItCannotRead) {
  for (const char* path : {"/nonexistent.so", __FILE__, "/"}) {
    Symbols symbols(path);
    EXPECT_EQ(symbols.note(), std::string(path) +
                                  " is no readable ELF file: functions, lines and "
                                  "variables are unknown");
    EXPECT_STREQ(symbols.at(0).function, kUnknownFunction);
    EXPECT_FALSE(symbols.variable(0));
  }
}

TEST(FileNameTest, IsWhatFollowsTheLastSlash) {
  EXPECT_STREQ(file_name("a/b/c.c"), "c.c");
  EXPECT_STREQ(file_name("a\\b.c"), "b.c");
  EXPECT_STREQ(file_name("c.c"), "c.c");
  EXPECT_EQ(file_name(nullptr), nullptr);
}

}  // namespace
}  // namespace nmrcheck::model
