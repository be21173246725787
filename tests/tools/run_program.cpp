// The program is started through the shell, which also catches its exit status.
#include "tests/tools/run_program.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace nmrcheck::test {
namespace {

std::string quoted(const std::string& argument) {
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

}  // namespace

void ProgramTest::SetUp() {
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  folder_ = (std::filesystem::current_path() / "program_test" /
             (std::string(test.test_suite_name()) + "." + test.name()))
                .string();
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
}

Ran ProgramTest::run(const std::vector<std::string>& arguments, const std::string& out) const {
  std::string command = "cd " + quoted(folder_) + " && { unset NO_COLOR; " + NMRCHECK_BINARY;
  for (const std::string& argument : arguments) command += " " + quoted(argument);
  command += " </dev/null >" + quoted(out) + " 2>.stderr; echo $? >.status; }";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  const std::string status = read(".status");
  return {std::atoi(status.c_str()), out == ".stdout" ? read(out) : "", read(".stderr")};
}

void ProgramTest::expect_refused(const std::vector<std::string>& arguments,
                                 const std::string& message) const {
  const Ran ran = run(arguments);
  EXPECT_EQ(ran.err, "nmrcheck: " + message + "\n");
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.status, 2) << message;
}

Json ProgramTest::json_of(std::vector<std::string> arguments, int status) const {
  arguments.insert(arguments.end(), {"--format", "json"});
  const Ran ran = run(arguments);
  EXPECT_EQ(ran.status, status) << ran.err;
  EXPECT_EQ(ran.err, "");
  const Json json = Json::parse(ran.out, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << ran.out;
  EXPECT_EQ(ran.out, json.dump(2) + "\n");
  return json;
}

std::string ProgramTest::read(const std::string& name) const { return read_text(path(name)); }

void ProgramTest::write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name), std::ios::binary) << text;
}

bool ProgramTest::exists(const std::string& name) const {
  return std::filesystem::exists(path(name));
}

std::string read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream) << path;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at == std::string::npos) return text;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << from << " stands there twice";
  return text.replace(at, from.size(), to);
}

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& item : object.items()) names.push_back(item.key());
  return names;
}

}  // namespace nmrcheck::test
