// What is loaded, and what is refused with which words.

#include <fstream>
#include <string>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "loader/plugins.h"
#include "zoo_keeper.h"

namespace aev::loader {
namespace {

using Catch::Matchers::Contains;
using zoo::directory_of;

/// Opens the directory, in which one file is, and returns why that was refused.
std::string refusal(const std::filesystem::path& directory) {
  const zoo::MemoryLog log;
  const ManualClock clock;
  Metrics metrics;
  const auto plugins = Plugins::open({directory}, clock, metrics, log.logger());
  CHECK(plugins->plugins().empty());
  REQUIRE(plugins->refused().size() == 1);
  const RefusedPlugin& refused = plugins->refused()[0];
  CHECK(refused.path.parent_path() == directory);
  CHECK_THAT(log.text(), Contains("plugin refused") && Contains(refused.path.string()));
  return refused.reason;
}

std::string refusal_in_zoo(const std::string& name) {
  return refusal(directory_of(name));
}

}  // namespace

TEST_CASE("a good plugin is loaded and describes its types", "[loader]") {
  const zoo::Cage cage;

  REQUIRE(cage.plugins->plugins().size() == 1);
  const PluginInfo& plugin = cage.plugins->plugins()[0];
  CHECK(plugin.path == directory_of("actor") / "actor.so");
  CHECK(plugin.abi_major == 0);
  CHECK(plugin.abi_minor == 9);
  REQUIRE(plugin.types.size() == 2);
  CHECK(cage.plugins->refused().empty());

  const TypeInfo* const type = cage.plugins->find_type("actor-2");
  REQUIRE(type != nullptr);
  CHECK(type->name == "Understudy");
  CHECK(type->version == "1.2.3");
  CHECK(type->vendor == "Zoo");
  CHECK(type->config_schema_json == R"({"type":"object"})");
  CHECK(cage.plugins->find_type("nobody") == nullptr);
}

TEST_CASE("a plugin is initialised once for all who use it, and again after all are gone",
          "[loader]") {
  const auto file = directory_of("actor") / "actor.so";
  {
    const zoo::Cage one;
    const zoo::Cage two;
    CHECK(two.plugins->refused().empty());
    CHECK(inspect_plugin(file));
  }
  CHECK(inspect_plugin(file));
}

TEST_CASE("what another search found is taken over, and taken back", "[loader]") {
  zoo::Cage cage;
  const TypeInfo* const type = cage.plugins->find_type("actor");
  REQUIRE(type != nullptr);
  const auto before = cage.plugins->catalogue();
  const auto found =
      Plugins::open({directory_of("throws")}, cage.clock, cage.metrics, cage.log.logger());
  cage.plugins->use(found->catalogue());
  CHECK(cage.plugins->find_type("actor") == nullptr);
  CHECK(cage.plugins->file_of("actor").empty());
  REQUIRE(cage.plugins->plugins().size() == 1);
  CHECK(cage.plugins->file_of(cage.plugins->plugins()[0].types[0].id) ==
        directory_of("throws") / "throws.so");
  CHECK(type->version == "1.2.3");        // still there for whoever holds it
  CHECK(cage.create("good") != nullptr);  // and for an instance that must be started again

  cage.plugins->use(before);
  CHECK(cage.plugins->find_type("actor") == type);
  CHECK(cage.plugins->file_of("actor") == directory_of("actor") / "actor.so");
}

TEST_CASE("a library whose file changed is said to have changed", "[loader]") {
  const zoo::TemporaryDirectory directory;
  const auto file = directory.path() / "actor.so";
  std::filesystem::copy_file(directory_of("actor") / "actor.so", file);
  const auto changed = [&] {
    const auto info = inspect_plugin(file);
    REQUIRE(info.ok());
    return info->changed_since_loaded;
  };
  CHECK_FALSE(changed());
  CHECK_FALSE(changed());
  const auto other = directory.path() / "other";
  std::filesystem::copy_file(directory_of("actor") / "actor.so", other);
  std::filesystem::rename(other, file);
  CHECK(changed());
}

TEST_CASE("a missing plugin directory is skipped", "[loader]") {
  const zoo::TemporaryDirectory directory;
  const zoo::MemoryLog log;
  const ManualClock clock;
  Metrics metrics;

  const auto plugins = Plugins::open({directory.path() / "absent", directory_of("actor")}, clock,
                                     metrics, log.logger());

  CHECK(plugins->refused().empty());
  CHECK(plugins->plugins().size() == 1);
}

TEST_CASE("a plugin directory that is a file is refused", "[loader]") {
  const zoo::TemporaryDirectory directory;
  directory.write("file", "x");
  const zoo::MemoryLog log;
  const ManualClock clock;
  Metrics metrics;

  const auto plugins = Plugins::open({directory.path() / "file"}, clock, metrics, log.logger());

  REQUIRE(plugins->refused().size() == 1);
  CHECK(plugins->refused()[0].path == directory.path() / "file");
  CHECK_THAT(plugins->refused()[0].reason, Contains("cannot be read"));
}

TEST_CASE("files that are not shared libraries are refused without loading them", "[loader]") {
  const zoo::TemporaryDirectory directory;

  SECTION("text") {
    directory.write("notes.so", "#!/bin/sh\necho hello\n");
    CHECK_THAT(refusal(directory.path()), Contains("is not a shared library"));
  }
  SECTION("nothing") {
    directory.write("empty.so", "");
    CHECK_THAT(refusal(directory.path()), Contains("is an empty file"));
  }
  SECTION("cut short") {
    directory.write("cut.so", std::string_view("\x7f"
                                               "ELF\x02\x01\x01",
                                               7));
    CHECK_THAT(refusal(directory.path()), Contains("is cut short"));
  }
  SECTION("directory") {
    std::filesystem::create_directory(directory.path() / "x.so");
    CHECK_THAT(refusal(directory.path()), Contains("is a directory"));
  }
  SECTION("FIFO, which must not block the host") {
    REQUIRE(::mkfifo((directory.path() / "pipe.so").c_str(), 0600) == 0);
    CHECK_THAT(refusal(directory.path()), Contains("is not a regular file"));
  }
  SECTION("link to nowhere") {
    std::filesystem::create_symlink("nowhere", directory.path() / "link.so");
    CHECK_THAT(refusal(directory.path()), Contains("cannot be read (No such file or directory)"));
  }
  SECTION("program") {
    std::filesystem::copy_file("/proc/self/exe", directory.path() / "program.so");
    CHECK_FALSE(refusal(directory.path()).empty());
  }
  SECTION("library of another processor") {
    std::filesystem::copy_file(directory_of("actor") / "actor.so", directory.path() / "other.so");
    std::fstream file(directory.path() / "other.so",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(18);
    file.write("\x02\x00", 2);
    file.close();
    CHECK_THAT(refusal(directory.path()), Contains("another kind of processor"));
  }
}

TEST_CASE("a library that cannot be linked is refused in the words of the dynamic loader",
          "[loader]") {
  CHECK_THAT(refusal_in_zoo("unresolved"),
             Contains("cannot be loaded") && Contains("zoo_function_that_nobody_defines"));
}

TEST_CASE("a library without a usable entry is refused", "[loader]") {
  CHECK_THAT(refusal_in_zoo("no_symbol"),
             Contains("does not export aev_plugin_entry") && Contains("aev_add_plugin"));
  CHECK_THAT(refusal_in_zoo("function_entry"), Contains("not as a constant"));
  CHECK_THAT(refusal_in_zoo("wrong_magic"), Contains("wrong magic number"));
  CHECK_THAT(refusal_in_zoo("small_entry"), Contains("struct_size of 24"));
  CHECK_THAT(refusal_in_zoo("lying_size"), Contains("smaller than it says"));
  CHECK_THAT(refusal_in_zoo("no_create"), Contains("no `create` function"));
  CHECK_THAT(refusal_in_zoo("no_descriptor"), Contains("no `descriptor` function"));
}

TEST_CASE("a plugin of another ABI version is refused with both versions", "[loader]") {
  CHECK_THAT(
      refusal_in_zoo("wrong_major"),
      Contains("is built for ABI 2.0, this host has 0.9: rebuild it against this host's SDK"));
  CHECK_THAT(refusal_in_zoo("older_minor"), Contains("is built for ABI 0.8, this host has 0.9"));
  CHECK_THAT(refusal_in_zoo("newer_minor"), Contains("is built for ABI 0.10, this host has 0.9"));
  CHECK_THAT(refusal_in_zoo("host_too_old"),
             Contains("needs a host with ABI 0.12 or newer") && Contains("update the host"));
}

TEST_CASE("a plugin that refuses to initialise is refused with its reason", "[loader]") {
  CHECK_THAT(refusal_in_zoo("init_fails"),
             Contains("refuses to initialise: the licence has expired"));
}

TEST_CASE("a plugin with malformed descriptors is refused", "[loader]") {
  CHECK_THAT(refusal_in_zoo("no_types"), Contains("offers no subscriber type"));
  CHECK_THAT(refusal_in_zoo("endless_types"), Contains("more than 256"));
  CHECK_THAT(refusal_in_zoo("same_type_twice"), Contains("\"broken\" twice"));
  CHECK_THAT(refusal_in_zoo("bad_id"), Contains("\"Not An Id\""));
  CHECK_THAT(refusal_in_zoo("no_vendor"), Contains("no `vendor`"));
  CHECK_THAT(refusal_in_zoo("empty_schema"), Contains("empty `config_schema_json`"));
  CHECK_THAT(refusal_in_zoo("small_descriptor"), Contains("struct_size of 8"));
}

TEST_CASE("of two files with the same type the earlier wins and the later names it", "[loader]") {
  const zoo::TemporaryDirectory directory;
  std::filesystem::copy_file(directory_of("actor") / "actor.so", directory.path() / "again.so");
  const zoo::MemoryLog log;
  const ManualClock clock;
  Metrics metrics;

  const auto plugins =
      Plugins::open({directory_of("actor"), directory.path()}, clock, metrics, log.logger());

  REQUIRE(plugins->plugins().size() == 1);
  CHECK(plugins->plugins()[0].path == directory_of("actor") / "actor.so");
  REQUIRE(plugins->refused().size() == 1);
  CHECK(plugins->refused()[0].path == directory.path() / "again.so");
  CHECK_THAT(plugins->refused()[0].reason,
             Contains("\"actor\"") && Contains((directory_of("actor") / "actor.so").string()));
}

TEST_CASE("a file that is refused does not stop the others", "[loader]") {
  const zoo::MemoryLog log;
  const ManualClock clock;
  Metrics metrics;

  const auto plugins = Plugins::open({directory_of("wrong_magic"), directory_of("actor")}, clock,
                                     metrics, log.logger());

  CHECK(plugins->refused().size() == 1);
  CHECK(plugins->find_type("actor") != nullptr);
}

TEST_CASE("inspect describes one file, or names it and says why not", "[loader]") {
  const auto good = inspect_plugin(directory_of("actor") / "actor.so");
  REQUIRE(good);
  CHECK(good->types.at(0).id == "actor");

  const auto bad = inspect_plugin(directory_of("wrong_major") / "wrong_major.so");
  REQUIRE_FALSE(bad);
  CHECK_THAT(bad.error().message,
             Contains("wrong_major.so is built for ABI 2.0") && Contains("rebuild"));
}

TEST_CASE("the plugin's own check of a configuration is mapped to an error", "[loader]") {
  const zoo::Cage cage;

  CHECK(cage.plugins->validate("actor", R"({"part":"sync"})"));
  const auto refused = cage.plugins->validate("actor", R"({"part":"villain"})");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kInvalid);
  CHECK(refused.error().pointer == "/part");
  CHECK(refused.error().message == "that part is taken: choose another");
  const auto unknown = cage.plugins->validate("nobody", "{}");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::kNotFound);
}

TEST_CASE("an exception of validate is an error", "[loader]") {
  const zoo::Cage cage("throws");
  const auto refused = cage.plugins->validate("throws", "validate");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kInternal);
  CHECK_THAT(refused.error().message, Contains("thrown in validate"));
}

}  // namespace aev::loader
