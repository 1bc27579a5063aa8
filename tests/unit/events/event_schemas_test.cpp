#include "events/event_schemas.h"

#include <cstdlib>
#include <fstream>

#include <catch2/catch.hpp>

namespace aev::events {
namespace {

namespace fs = std::filesystem;

/// The schemas that ship, from the tree.
std::shared_ptr<const EventSchemas> shipped() {
  std::vector<SchemaFileError> errors;
  auto schemas = EventSchemas::load({EVENT_SCHEMAS_DIR}, errors);
  REQUIRE(errors.empty());
  return schemas;
}

std::string told(const std::vector<SchemaFault>& faults) {
  std::string all;
  for (const SchemaFault& fault : faults) {
    all += fault.field + ": " + fault.message + " [" + fault.value + "]\n";
  }
  return all;
}

/// A folder of its own that is removed at the end.
class Folder {
 public:
  Folder() {
    const char* base = std::getenv("TMPDIR");
    std::string name =
        std::string(base == nullptr ? "/tmp" : base) + "/aev-schemas-" + std::string(6, 'X');
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }

  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
  }

 private:
  fs::path path_;
};

TEST_CASE("twenty event types are described, each with an example that fits", "[schemas]") {
  const auto schemas = shipped();
  CHECK(schemas->all().size() == 20);
  for (const EventSchema* schema : schemas->all()) {
    INFO(schema->event_type);
    CHECK_FALSE(schema->title.empty());
    CHECK_FALSE(schema->group.empty());
    const auto begin = schema->json.find("\"examples\": [");
    REQUIRE(begin != std::string::npos);
    const auto open = schema->json.find('{', begin);
    const auto close = schema->json.rfind('}', schema->json.rfind(']'));
    const std::string example = schema->json.substr(open, close - open + 1);
    CHECK(told(schemas->validate(schema->event_type, example)) == "");
    CHECK_FALSE(schemas->accepts(schema->event_type, "[]"));
  }
}

TEST_CASE("both spellings are taken, and members that nobody described", "[schemas]") {
  const auto schemas = shipped();
  const std::pair<const char*, const char*> valid[] = {
      {"debate_start", R"({"question":"q"})"},
      {"debate_start", R"({"task":"q","agents":["a"],"extra":{"deep":[1]}})"},
      {"agent_message", R"({"agent":"a","content":"x","confidence_score":0.5})"},
      {"agent_message", R"({"agent":"a","message":"x","confidence":null})"},
      {"consensus", R"({"reached":true})"},
      {"consensus", R"({"consensus_reached":false,"answer":null})"},
      {"vote", R"({"agent":"a","vote":"b"})"},
      {"vote", R"({"voter_agent":"a","voted_for":"b","confidence":1})"},
      {"token_delta", R"({"agent":"a","token":"x"})"},
      {"critique", R"({"agent":"a","target":"b","content":"c","severity":0.4})"},
      {"of_no_schema", R"([1,2])"}};
  for (const auto& [type, data] : valid) {
    INFO(type << " " << data);
    CHECK(schemas->accepts(type, data));
    CHECK(told(schemas->validate(type, data)) == "");
  }
}

TEST_CASE("what is wrong is told by field, message and value", "[schemas]") {
  const auto schemas = shipped();
  CHECK(told(schemas->validate("vote", R"({"voter_agent":"x"})")) ==
        "/voted_for: Required field is missing: voted_for or vote []\n");
  CHECK(told(schemas->validate("error", R"({"message":"m","recoverable":"no"})")) ==
        "/recoverable: Expected boolean [\"no\"]\n/error_type: Required field is missing: "
        "error_type []\n");
  CHECK(told(schemas->validate("consensus", R"({"reached":true,"dissenting_agents":["a",4]})")) ==
        "/dissenting_agents/1: Expected string [4]\n");
  CHECK(told(schemas->validate("debate_start", "")) == ": Expected object [null]\n");
  const auto broken = schemas->validate("vote", R"({"agent":)");
  REQUIRE(broken.size() == 1);
  CHECK_THAT(broken[0].message, Catch::Contains("not JSON"));
}

TEST_CASE("a user's folder adds and replaces, and its broken files are named", "[schemas]") {
  const Folder folder;
  folder.write("vote.json", R"({"type":"object","required":["ballot"]})");
  folder.write("house.json", R"({"type":"array"})");
  folder.write("broken.json", R"({"type":)");
  folder.write("unusable.json", R"({"type":"strnig"})");
  folder.write("notes.txt", "not looked at");
  std::vector<SchemaFileError> errors;
  const auto schemas =
      EventSchemas::load({EVENT_SCHEMAS_DIR, folder.path(), folder.path() / "absent"}, errors);
  REQUIRE(errors.size() >= 1);
  CHECK(errors[0].file.filename() == "broken.json");
  CHECK_THAT(errors[0].message, Catch::Contains("not JSON"));
  CHECK(schemas->accepts("vote", R"({"ballot":1})"));
  CHECK_FALSE(schemas->accepts("vote", R"({"agent":"a","vote":"b"})"));
  CHECK(schemas->accepts("house", "[]"));
  CHECK(schemas->find("house")->file == folder.path() / "house.json");
  CHECK(schemas->find("notes") == nullptr);
}

}  // namespace
}  // namespace aev::events
