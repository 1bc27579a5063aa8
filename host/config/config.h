#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/policies.h"
#include "core/log.h"
#include "core/result.h"

namespace aev::config {

/// A place in a YAML file, 1-based; line 0 means the value came from elsewhere.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
};

/// `file:line:column`
[[nodiscard]] std::string to_string(const Location& where);

/// One thing that is wrong (or doubtful), printed `file:line:column: path: message`.
struct Problem {
  Location where;
  std::string path;     ///< `subscribers.customer.retry.max_atempts`
  std::string message;  ///< what, and what was probably meant
  bool warning = false;
};

[[nodiscard]] std::string to_string(const Problem& problem);

/// Where each part of a subtree came from, by JSON Pointer relative to the subtree ("" is its
/// root).
using SourceMap = std::map<std::string, Location, std::less<>>;

enum class Scope : std::uint8_t { kIngest, kRead, kAdmin };

struct ApiToken {
  std::string name;
  std::string token;
  std::vector<Scope> scopes;

  bool operator==(const ApiToken&) const = default;
};

struct ApiConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;     ///< 0: any free port
  std::vector<ApiToken> tokens;  ///< empty: no authentication, loopback only
  std::string tls_certificate;   ///< path of a PEM chain; empty: plain HTTP
  std::string tls_key;
  std::uint32_t max_connections = 512;
  std::uint64_t max_body_bytes = 16u << 20;             ///< of one request that is held whole
  std::uint64_t max_event_bytes = 1u << 20;             ///< of one event
  Duration request_timeout = std::chrono::seconds(30);  ///< total, from first byte to last
  Duration keep_alive = std::chrono::seconds(60);

  bool operator==(const ApiConfig&) const = default;
};

struct StoreConfig {
  bool sync_full = true;
  std::uint64_t max_size = 20ull << 30;
  Duration events_retention = std::chrono::hours(24 * 7);
  Duration attempts_retention = std::chrono::hours(72);
  Duration dedup_window = std::chrono::hours(24);

  bool operator==(const StoreConfig&) const = default;
};

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;

  bool operator==(const LogConfig&) const = default;
};

struct DeliveryConfig {
  std::uint64_t memory = 32u << 20;  ///< bytes of recent events kept for delivery
  Duration checkpoint_interval = std::chrono::milliseconds(100);
  Duration drain_timeout = std::chrono::seconds(20);  ///< at SIGTERM

  bool operator==(const DeliveryConfig&) const = default;
};

/// What becomes of an event whose data does not fit its schema.
enum class SchemaMode : std::uint8_t {
  kOff,     ///< nobody looks
  kWarn,    ///< taken, counted and logged
  kEnforce  ///< refused
};

struct SchemaConfig {
  std::vector<std::filesystem::path> path;   ///< folders of the user's own schemas
  SchemaMode standard = SchemaMode::kOff;    ///< of types that `events` does not name
  std::map<std::string, SchemaMode> events;  ///< by event type
  std::map<std::string, Location> places;    ///< of the members of `events`
};

struct SubscriberConfig {
  std::string name;
  std::string plugin;       ///< subscriber type id, for example `webhook`
  std::string config_json;  ///< the `config:` subtree as JSON, interpolated
  /// The same with every secret value and every value read from a ${file:} replaced by
  /// "[redacted]".
  std::string redacted_config_json;
  SourceMap config_sources;  ///< of `config:`
  DeliveryPolicy policy;
  Location where;
  Location plugin_where;
};

struct RouteConfig {
  std::string name;        ///< `routes[n]` if it has none of its own
  std::string match_json;  ///< the pattern as JSON; empty for a default route or one without match
  SourceMap match_sources;
  bool is_default = false;
  std::vector<std::string> to;
  Location where;
};

/// Events and what must become of each of them.
struct RouteTest {
  struct Event {
    std::string json;
    Location where;
  };

  std::string name;
  std::string path;                                ///< `tests[n]`
  std::vector<Event> events;                       ///< at least one
  std::optional<std::vector<std::string>> to;      ///< exactly these subscribers get it
  std::vector<std::string> includes;               ///< these subscribers and maybe others
  std::vector<std::string> excludes;               ///< none of these subscribers
  std::optional<std::vector<std::string>> routes;  ///< exactly these routes match
  Location where;
};

/// `a.b`, with `name` in quotes if it would be taken for several steps: `a."b.c"`.
[[nodiscard]] std::string path_step(std::string_view path, std::string_view name);

/// In the order somebody would go through the files: by file, `main_file` first, then by place.
void sort_by_place(std::vector<Problem>& problems, const std::filesystem::path& main_file);

/// The whole effective configuration: plain data, no YAML left.
struct Config {
  std::filesystem::path file;
  std::filesystem::path data_dir;  ///< absolute
  ApiConfig api;
  StoreConfig store;
  LogConfig log;
  DeliveryConfig delivery;
  std::vector<std::filesystem::path> plugin_path;
  SchemaConfig schemas;
  std::vector<SubscriberConfig> subscribers;
  std::vector<RouteConfig> routes;
  std::vector<RouteTest> tests;
};

/// Reads an environment variable; nullopt when unset. Injected so that tests need no setenv.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

[[nodiscard]] Environment process_environment();

/// Result of loading: a configuration only if there is no error among `problems`; warnings may be.
struct Loaded {
  std::optional<Config> config;
  /// What could be read of a file with errors: good only for finding more of them.
  std::optional<Config> unsound;
  std::vector<Problem> problems;

  /// `config show`: every effective value with its origin (`file:line:column`, `environment NAME`
  /// or `default`), secrets redacted, in YAML order.
  struct Shown {
    std::string path;
    std::string value;
    std::string origin;
    std::string json;  ///< the value with its type; a hidden one as the `${…}` it was written with
    std::string hidden{};  ///< of a plugin's option: `json` in case that it is a secret
  };

  std::vector<Shown> shown;
};

/// Reads and checks the YAML at `file` with its includes, in one pass that reports every problem.
/// Never throws. Relative paths in the file are relative to the file's folder.
[[nodiscard]] Loaded load(const std::filesystem::path& file, const Environment& environment);

/// Hides those options of a subscriber's plugin that secret_pointers() names.
void hide_secrets(std::vector<Loaded::Shown>& shown,
                  std::string_view subscriber,
                  const std::vector<std::string>& pointers);

/// `NAME.tests.yaml` beside `NAME.yaml`: further tests of a configuration.
[[nodiscard]] std::filesystem::path tests_beside(const std::filesystem::path& file);

/// Adds the `tests:` of a file that holds nothing else to those of `config`, unless an `include:`
/// has brought that file in already. Never throws.
void load_tests(const std::filesystem::path& file,
                const Environment& environment,
                Config& config,
                std::vector<Problem>& problems);

/// The effective values as YAML that loads again to the same configuration, wherever it is put;
/// secrets are left out of it (see Loaded::Shown::json). `with_origins` puts a comment with its
/// origin behind each value.
[[nodiscard]] std::string effective_yaml(const std::vector<Loaded::Shown>& shown,
                                         bool with_origins);

/// A YAML (or JSON) file as JSON, as it stands: nothing is put in.
struct JsonFile {
  std::string json;
  SourceMap sources;
};

/// Nothing if the file cannot be read or is no YAML, which `problems` tells. Never throws.
[[nodiscard]] std::optional<JsonFile> load_json(const std::filesystem::path& file,
                                                std::vector<Problem>& problems);

/// Checks a JSON document against a JSON Schema (draft 7 as valijson reads it) and maps each error
/// through `sources` to a place; `path_prefix` is put before the pointer in Problem::path. A schema
/// that is itself invalid gives one Problem.
[[nodiscard]] std::vector<Problem> check_against_schema(std::string_view document_json,
                                                        std::string_view schema_json,
                                                        const SourceMap& sources,
                                                        std::string_view path_prefix);

/// The JSON Pointers of properties that `schema_json` marks `"x-secret": true`.
[[nodiscard]] std::vector<std::string> secret_pointers(std::string_view schema_json);

/// The nearest of `candidates` to `word` if it is near enough to be meant, else empty.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string>& candidates);

}  // namespace aev::config
