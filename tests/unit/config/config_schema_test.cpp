#include "config/config_schema.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "config/config.h"
#include "config/key_notes.h"
#include "config/reader_keys.h"
#include "config_folder.h"
#include "core/json_schema.h"
#include "core/json_text.h"

namespace aev::config {
namespace {

/// Every key that a file may hold, with a value that is right.
const std::map<std::string, std::string> kValues = {
    {"version", "1"},
    {"data_dir", R"("./data")"},
    {"include", R"([])"},
    {"api.listen", R"("127.0.0.1:8080")"},
    {"api.auth.tokens[0].name", R"("ci")"},
    {"api.auth.tokens[0].token", R"("t0k3n")"},
    {"api.auth.tokens[0].scopes", R"(["ingest"])"},
    {"api.tls.certificate", R"("cert.pem")"},
    {"api.tls.key", R"("key.pem")"},
    {"plugins.path", R"(["plugins"])"},
    {"schemas.path", R"(["schemas"])"},
    {"schemas.events.*", R"("warn")"},
    {"subscribers.*.plugin", R"("webhook")"},
    {"subscribers.*.config", R"({})"},
    {"subscribers.*.rate_limit", R"("100/s")"},
    {"routes[0].name", R"("r")"},
    {"routes[0].match", R"({"event_type":["vote"]})"},
    {"routes[0].to", R"(["any"])"},
    {"tests[0].name", R"("t")"},
    {"tests[0].event", R"({"event_type":"vote"})"},
    {"tests[0].expect.to", R"(["any"])"},
    {"tests[0].expect.includes", R"(["any"])"},
    {"tests[0].expect.excludes", R"(["any"])"},
    {"tests[0].expect.routes", R"(["r"])"},
};

/// What to write for a key: its own value above, else its default.
std::string value_for(const ReaderKey& key) {
  const auto own = kValues.find(key.path);
  if (own != kValues.end()) {
    return own->second;
  }
  const bool is_number = key.kind == ReaderKey::Kind::kCount ||
                         key.kind == ReaderKey::Kind::kReal ||
                         key.kind == ReaderKey::Kind::kBoolean;
  return key.standard.empty() ? "" : is_number ? key.standard : json_string(key.standard);
}

/// A document made of paths and values, written as JSON; `*` becomes `any`.
class Document {
 public:
  void set(const std::string& path, const std::string& json) { values_[path] = json; }

  [[nodiscard]] std::string json() const { return object(""); }

  /// The paths of the maps of a fixed set of keys, and `""` for the root.
  [[nodiscard]] std::set<std::string> maps() const {
    std::set<std::string> out;
    for (const auto& [path, value] : values_) {
      for (std::size_t dot = path.rfind('.'); dot != std::string::npos;
           dot = dot == 0 ? std::string::npos : path.rfind('.', dot - 1)) {
        out.insert(path.substr(0, dot));
      }
    }
    out.insert("");
    return out;
  }

 private:
  /// The object at `prefix` (`a.b.`), from the values below it.
  [[nodiscard]] std::string object(const std::string& prefix) const {
    std::string out = "{";
    std::set<std::string> done;
    for (const auto& [path, value] : values_) {
      if (path.rfind(prefix, 0) != 0) {
        continue;
      }
      const std::string rest = path.substr(prefix.size());
      const std::string name = rest.substr(0, rest.find_first_of(".["));
      if (!done.insert(name).second) {
        continue;
      }
      const std::string tail = rest.substr(name.size());
      out += (out.size() > 1 ? "," : "") + json_string(name == "*" ? "any" : name) + ":";
      if (tail.empty()) {
        out += value;
      } else if (tail.rfind("[0]", 0) == 0) {
        out += "[" + (tail == "[0]" ? value : object(prefix + name + "[0].")) + "]";
      } else {
        out += object(prefix + name + ".");
      }
    }
    return out + "}";
  }

  std::map<std::string, std::string> values_;
};

/// A file with every key there is, but for those that exclude others.
Document whole_document() {
  Document document;
  for (const ReaderKey& key : all_reader_keys()) {
    const std::string value = value_for(key);
    if (!value.empty() && key.path != "routes[0].default") {
      document.set(key.path, value);
    }
  }
  return document;
}

const JsonSchema& schema() {
  static const Result<JsonSchema> kSchema = JsonSchema::compile(config_schema({}, {"vote"}));
  REQUIRE(kSchema);
  return *kSchema;
}

bool schema_accepts(const std::string& json) {
  return *schema().accepts(json);
}

/// The files that the document names.
void write_tls_files(const Folder& folder) {
  for (const char* const name : {"cert.pem", "key.pem"}) {
    std::filesystem::permissions(folder.write(name, "pem"), std::filesystem::perms::owner_all);
  }
}

TEST_CASE("every key of the reader is described, and nothing else is", "[config_schema]") {
  std::set<std::string> places;
  for (const ReaderKey& key : all_reader_keys()) {
    INFO(key.path);
    CHECK(find_key_note(key.path) != nullptr);
    places.insert(key.path);
    for (std::size_t end = key.path.find_last_of(".["); end != std::string::npos && end > 0;
         end = key.path.find_last_of(".[", end - 1)) {
      places.insert(key.path.substr(0, end));
    }
  }
  for (const KeyNote& note : key_notes()) {
    INFO(note.path);
    CHECK(places.count(std::string(note.path)) == 1);
    CHECK_FALSE(note.description.empty());
  }
}

TEST_CASE("a file with every key satisfies the reader and the schema", "[config_schema]") {
  const Folder folder;
  write_tls_files(folder);
  const std::string json = whole_document().json();
  INFO(json);
  const Loaded loaded = folder.load(json);
  INFO(all_of(loaded));
  CHECK(loaded.config);
  const auto violations = schema().violations(json);
  REQUIRE(violations);
  for (const SchemaViolation& violation : *violations) {
    INFO(violation.pointer + ": " + violation.description);
    CHECK(false);
  }
}

TEST_CASE("an unknown key is flagged by the schema wherever the reader flags it",
          "[config_schema]") {
  const Folder folder;
  write_tls_files(folder);
  const Document whole = whole_document();
  std::size_t places = 0;
  for (const std::string& map : whole.maps()) {
    Document document = whole;
    document.set(map + (map.empty() ? "" : ".") + "zzz_unknown", "1");
    const std::string json = document.json();
    INFO(map);
    CHECK_FALSE(folder.load(json).config);
    CHECK_FALSE(schema_accepts(json));
    ++places;
  }
  CHECK(places > 15);
}

TEST_CASE("reader and schema agree on the forms of values", "[config_schema]") {
  const Folder folder;
  write_tls_files(folder);
  const std::vector<std::string> forms = {
      "0",        "1",          "-1",        "2.5",       "1e3",      "true",     "null",
      R"("")",    R"("0")",     R"("5")",    R"("x")",    R"("5s")",  R"("5")",   R"("5m")",
      R"("5q")",  R"("1h30m")", R"("1.5h")", R"("5KiB")", R"("5/s")", R"("5/d")", R"("full")",
      R"("off")", R"("json")",  "[]",        "[1]",       "{}",       R"(["x"])", R"({"x":1})"};
  const Document whole = whole_document();
  std::size_t accepted = 0;
  for (const ReaderKey& key : all_reader_keys()) {
    // Names of other things, and what only a plugin or the router can judge.
    if (key.path == "routes[0].match" || key.path == "routes[0].default" || key.path == "include" ||
        key.path == "tests[0].event") {
      continue;
    }
    for (const std::string& form : forms) {
      Document document = whole;
      document.set(key.path, form);
      const std::string json = document.json();
      const Loaded loaded = folder.load(json);
      const std::string said = all_of(loaded);
      INFO(key.path + ": " + form + "\n" + said);
      // What depends on other values is beyond the schema: bounds with a unit, names of others.
      const bool beyond = said.find("must be at least") != std::string::npos ||
                          said.find("there is no ") != std::string::npos ||
                          said.find(" is less than ") != std::string::npos ||
                          said.find(" is more than ") != std::string::npos ||
                          said.find("already") != std::string::npos ||
                          said.find("a name is") != std::string::npos ||
                          said.find("is a folder") != std::string::npos;
      if (!beyond) {
        CHECK(loaded.config.has_value() == schema_accepts(json));
        accepted += loaded.config ? 1 : 0;
      }
    }
  }
  CHECK(accepted > 100);
}

TEST_CASE("texts that are put in later are allowed", "[config_schema]") {
  Document document = whole_document();
  for (const char* const path :
       {"data_dir", "api.listen", "api.max_body", "api.max_connections", "store.sync",
        "store.retention.events", "subscribers.*.timeout", "subscribers.*.rate_limit",
        "subscribers.*.batch.max_events", "retry_policies.*.jitter"}) {
    document.set(path, R"("${env:NAME:-1}")");
  }
  CHECK(schema_accepts(document.json()));
  document.set("store.retention.events", R"("${NAME}")");
  CHECK_FALSE(schema_accepts(document.json()));
}

TEST_CASE("a plugin's schema rules over its subscribers' config", "[config_schema]") {
  const std::string plugin = R"({
    "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["url"],
    "additionalProperties": false,
    "definitions": {"port": {"type": "integer", "maximum": 65535}},
    "properties": {"url": {"type": "string", "pattern": "^https?://"},
                   "format": {"enum": ["a", "b"], "default": "a"},
                   "port": {"$ref": "#/definitions/port"}}})";
  const auto compiled =
      JsonSchema::compile(config_schema({{"webhook", plugin}, {"other", "{}"}}, {}));
  REQUIRE(compiled);
  const auto accepts = [&](const std::string& subscriber) {
    return *compiled->accepts(R"({"version":1,"subscribers":{"a":)" + subscriber + "}}");
  };
  CHECK(accepts(R"({"plugin":"webhook","config":{"url":"http://x","port":80}})"));
  CHECK(accepts(R"({"plugin":"webhook","config":{"url":"${env:URL}","format":"${env:F:-a}"}})"));
  CHECK(accepts(R"({"plugin":"other","config":{"anything":1}})"));
  CHECK_FALSE(accepts(R"({"plugin":"webhook","config":{"url":"ftp://x"}})"));
  CHECK_FALSE(accepts(R"({"plugin":"webhook","config":{"url":"http://x","prt":80}})"));
  CHECK_FALSE(accepts(R"({"plugin":"webhook","config":{"url":"http://x","port":99999}})"));
  CHECK_FALSE(accepts(R"({"plugin":"webhook","config":{"url":"http://x","format":"c"}})"));
  CHECK_FALSE(accepts(R"({"plugin":"webhook"})"));
  CHECK_FALSE(accepts(R"({"plugin":"webhok","config":{}})"));
}

}  // namespace
}  // namespace aev::config
