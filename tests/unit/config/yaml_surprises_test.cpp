#include <catch2/catch.hpp>

#include "config_folder.h"

namespace aev::config {
namespace {

/// The one problem of a file; its place as `line:column`.
struct Said {
  std::string place;
  std::string message;
};

Said said_of(const std::string& text) {
  const Folder folder;
  const Loaded loaded = folder.load(text);
  INFO(all_of(loaded));
  REQUIRE(loaded.problems.size() == 1);
  const Problem& problem = loaded.problems[0];
  return {std::to_string(problem.where.line) + ":" + std::to_string(problem.where.column),
          problem.message};
}

void check_said(const std::string& text, const std::string& place, const std::string& part) {
  const Said said = said_of(text);
  INFO(text);
  INFO(said.message);
  CHECK(said.place == place);
  CHECK(said.message.find(part) != std::string::npos);
}

TEST_CASE("broken YAML is told with its place and what to do", "[yaml]") {
  check_said("", "1:1", "empty");
  check_said("- a\n- b\n", "1:1", "must hold a map");
  check_said("version: 1\nstore:\n\tsync: full\n", "3:6", "a tab");
  check_said("version: 1\ndata_dir: \"x\n", "2:11", "never closed");
  check_said("version: 1\ndata_dir: 'it''s\n", "2:11", "never closed");
  check_said("version: 1\nlog: {level: info\n", "3:1", "without its `}`");
  check_said("version: 1\nlog: {level: ${env:X}}\n", "2:15", "so does ${");
  check_said("version: 1\nlog:\n  level: info\n format: text\n", "4:2", "indentation");
  check_said("version: 1\n log: {}\n", "2:5", "indented");
  check_said("version: 1\ndata_dir: @x\n", "2:11", "quotes");
  check_said("version: 1\nlog: *nope\n", "2:6", "&name");
  check_said("version: 1\n---\nversion: 1\n", "3:1", "second document");
  check_said("version: 1\nlog: {level: \xff}\n", "2:14", "UTF-8");
  check_said("version: 1\nlog: !secret {}\n", "2:6", "tag");
  check_said("version: 1\nlog: {<<: {}}\n", "2:7", "merge keys");
  check_said("version: 1\nlog: {level: info, level: info}\n", "2:20", "given twice");
}

TEST_CASE("what ends of lines and byte order marks a file has makes no difference", "[yaml]") {
  const Folder folder;
  CHECK(folder.load("\xef\xbb\xbfversion: 1\r\nlog: {level: info}\r\n").config);
  const Loaded loaded = folder.load("version: 1\r\nlog:\r\n  levle: info\r\n");
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].where.line == 3);
  CHECK(loaded.problems[0].where.column == 3);
}

TEST_CASE("sections may be empty, values may not", "[yaml]") {
  const Folder folder;
  CHECK(folder.load("version: 1\napi:\nstore:\nsubscribers:\nroutes:\ntests:\ninclude:\n").config);
  check_said("version: 1\nlog: {level: }\n", "2:7", "is empty");
  check_said("version: 1\ndata_dir:\n", "2:1", "path of a folder");
}

TEST_CASE("an alias stands for its value, and cannot be made to explode", "[yaml]") {
  const Folder folder;
  const Loaded loaded = folder.load(
      "version: 1\n"
      "data_dir: d\n"
      "retry_policies: {a: &quick {max_attempts: 2}, b: *quick}\n");
  INFO(all_of(loaded));
  CHECK(loaded.config);
  std::string bomb = "version: 1\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int more = 1; more < 10; ++more) {
      bomb += "," + below;
    }
    bomb += "]\n";
  }
  CHECK(all_of(folder.load(bomb)).find("more than 1000000 values") != std::string::npos);
  check_said("version: 1\nsubscribers: &a {b: *a}\n", "2:21", "has no end");
}

TEST_CASE("deep nesting and huge files are refused, not followed", "[yaml]") {
  const Folder folder;
  const auto first = [&](const std::string& text) { return all_of(folder.load(text)); };
  CHECK(first("version: 1\nx: " + std::string(100'000, '[')).find("64 levels") !=
        std::string::npos);
  std::string maps;
  for (int i = 0; i < 50'000; ++i) {
    maps += "{a: ";
  }
  CHECK(first("version: 1\nx: " + maps).find("64 levels") != std::string::npos);
  CHECK(first("version: 1\n" + std::string((16u << 20) + 1, '#')).find("larger than") !=
        std::string::npos);
}

TEST_CASE("scalars that versions of YAML read differently are not guessed at", "[yaml]") {
  const std::string before = "version: 1\ndata_dir: d\n";
  check_said(before + "api: {max_connections: 010}\n", "3:24", "octal");
  check_said(before + "api: {max_connections: \"10\"}\n", "3:24", "without quotes");
  check_said(before + "api: {max_connections: 1_000}\n", "3:24", "whole number");
  const std::string subscriber = before + "subscribers: {a: {plugin: p, config: {x: ";
  check_said(subscriber + "010}}}\n", "3:42", "write 10");
  check_said(subscriber + "yes}}}\n", "3:42", "write true");
  check_said(subscriber + "Off}}}\n", "3:42", "write false");
  check_said(subscriber + ".inf}}}\n", "3:42", "quote it");
  const Folder folder;
  const Loaded loaded = folder.load(
      subscriber + "2026-03-01, y: 12:30:45, z: 'yes', n: 1.0, o: 0o10, h: 0x1F, e: 1e3}}}\n");
  INFO(all_of(loaded));
  REQUIRE(loaded.config);
  CHECK(loaded.problems.empty());
  CHECK(loaded.config->subscribers[0].config_json ==
        R"({"x":"2026-03-01","y":"12:30:45","z":"yes","n":1.0,"o":8,"h":31,"e":1e3})");
}

TEST_CASE("a unit that is missing or wrong is told with the right ones", "[yaml]") {
  const std::string before = "version: 1\ndata_dir: d\n";
  check_said(before + "api: {request_timeout: 30}\n", "3:24", "ms, s, m, h or d");
  check_said(before + "api: {max_body: 16mb}\n", "3:17", "B, KiB");
  check_said(before + "api: {max_body: 16 megabytes}\n", "3:17", "64KiB");
  check_said(before + "subscribers: {a: {plugin: p, rate_limit: 100}}\n", "3:42", "100/s");
}

}  // namespace
}  // namespace aev::config
