// Runs the built program as a user does, in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace nmrcheck::test {

using Json = nlohmann::ordered_json;

struct Ran {
  int status = -1;  // 128 and more: the process died of a signal
  std::string out;
  std::string err;
};

// A test in a folder that is empty when it begins. Paths given to the program may be relative to
// it.
class ProgramTest : public testing::Test {
 protected:
  void SetUp() override;

  // Runs the program; `out` is where its stdout goes.
  Ran run(const std::vector<std::string>& arguments, const std::string& out = ".stdout") const;

  // The program refuses: status 2, nothing on stdout, and `message` alone on stderr.
  void expect_refused(const std::vector<std::string>& arguments, const std::string& message) const;

  // Runs with `--format json` and returns what it prints. The status must be `status`.
  Json json_of(std::vector<std::string> arguments, int status) const;

  // A file of the test's folder.
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string read(const std::string& name) const;
  void write(const std::string& name, const std::string& text) const;
  bool exists(const std::string& name) const;

 private:
  std::string folder_;
};

// The text of a file; the test fails if it cannot be read.
std::string read_text(const std::string& path);

// `text` with the only place where `from` stands replaced.
std::string replaced(std::string text, const std::string& from, const std::string& to);

// The keys of an object, in their order.
std::vector<std::string> keys(const Json& object);

}  // namespace nmrcheck::test
