#include "config/api_section.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>

#include "config/host_sections.h"
#include "config/redaction.h"
#include "config/units.h"

namespace aev::config {
namespace {

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") {
    return true;
  }
  // 127.0.0.0/8 in its usual spelling; a name such as 127.example.com is not one.
  return host.substr(0, 4) == "127." &&
         host.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::count(host.begin(), host.end(), '.') == 3;
}

bool split_listen(std::string_view text, std::string& host, std::uint16_t& port) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return false;
  }
  std::string_view name = text.substr(0, colon);
  const bool bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  if (bracketed) {
    name = name.substr(1, name.size() - 2);
  }
  const bool has_colon = name.find(':') != std::string_view::npos;
  const Result<std::uint64_t> number = parse_count(text.substr(colon + 1));
  if (bracketed != has_colon || name.find_first_of(" []/\t") != std::string_view::npos || !number ||
      *number > 65535) {
    return false;
  }
  host = name;
  port = static_cast<std::uint16_t>(*number);
  return true;
}

std::string listen_text(const ApiConfig& api) {
  const bool v6 = api.host.find(':') != std::string::npos;
  return (v6 ? "[" + api.host + "]" : api.host) + ":" + std::to_string(api.port);
}

class ApiReader {
 public:
  ApiReader(Report& report, ApiConfig& out) : report_(report), out_(out) {}

  void token(const YamlNode& node, const std::string& path) {
    MapReader map(report_, &node, path, node.where());
    ApiToken token;
    if (map.text("name", token.name)) {
      if (!is_name(token.name)) {
        report_.error(map.where_of("name"), map.path_of("name"), std::string(kNameRule));
      }
      unique(names_, token.name, map, "name");
    } else {
      missing(map, "name");
    }
    if (map.text("token", token.token)) {
      if (std::any_of(token.token.begin(), token.token.end(),
                      [](char each) { return each <= ' ' || each > '~'; })) {
        report_.error(map.where_of("token"), map.path_of("token"),
                      "must be printable ASCII without spaces, as it travels in a header");
      }
      unique(tokens_, token.token, map, "token");
    } else {
      missing(map, "token");
    }
    scopes(map, token);
    map.finish();
    out_.tokens.push_back(std::move(token));
  }

 private:
  void scopes(MapReader& map, ApiToken& token) {
    static constexpr std::pair<std::string_view, Scope> kScopes[] = {
        {"ingest", Scope::kIngest}, {"read", Scope::kRead}, {"admin", Scope::kAdmin}};
    const YamlNode* const list = map.take("scopes");
    if (list == nullptr || list->kind != YamlNode::Kind::kSequence || list->items.empty()) {
      report_.error(list == nullptr ? map.where_of("scopes") : list->where(), map.path_of("scopes"),
                    "must be a list of ingest, read and admin");
      return;
    }
    std::string shown;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      const YamlNode& item = *list->items[i];
      const auto* const found =
          std::find_if(std::begin(kScopes), std::end(kScopes),
                       [&item](const auto& each) { return each.first == item.text; });
      if (found == std::end(kScopes)) {
        report_.error(item.where(), map.path_of("scopes") + "[" + std::to_string(i) + "]",
                      "`" + printable(item) + "` must be ingest, read or admin" +
                          suggestion(item.text, {"ingest", "read", "admin"}));
        continue;
      }
      token.scopes.push_back(found->second);
      names.emplace_back(found->first);
      shown += (shown.empty() ? "" : ", ") + item.text;
    }
    report_.show(map.path_of("scopes"), shown, origin_of(*list), shown_list(names));
  }

  void missing(MapReader& map, std::string_view key) {
    if (!map.has(key)) {
      report_.error(map.where(), map.path_of(key), "is missing");
    }
  }

  void unique(std::map<std::string, Location>& seen,
              const std::string& value,
              MapReader& map,
              std::string_view key) {
    const auto [first, fresh] = seen.emplace(value, map.where_of(key));
    if (!fresh) {
      report_.error(map.where_of(key), map.path_of(key),
                    "the same as that on line " + std::to_string(first->second.line));
    }
  }

  Report& report_;
  ApiConfig& out_;
  std::map<std::string, Location> names_;
  std::map<std::string, Location> tokens_;
};

void read_tokens(MapReader& api, ApiConfig& out) {
  MapReader auth(api.report(), api.take("auth"), api.path_of("auth"), api.where_of("auth"));
  if (const YamlNode* const tokens = auth.take("tokens")) {
    if (tokens->kind != YamlNode::Kind::kSequence) {
      api.report().error(tokens->where(), auth.path_of("tokens"),
                         "must be a list of {name, token, scopes}");
    }
    ApiReader reader(api.report(), out);
    for (std::size_t i = 0; i < tokens->items.size(); ++i) {
      reader.token(*tokens->items[i], auth.path_of("tokens") + "[" + std::to_string(i) + "]");
    }
  }
  auth.finish();
}

/// A file that the host is going to read.
void check_file(const std::string& file, MapReader& map, std::string_view key) {
  using std::filesystem::perms;
  std::error_code failure;
  const auto status = std::filesystem::status(file, failure);
  Report& report = map.report();
  if (status.type() == std::filesystem::file_type::not_found) {
    report.error(map.where_of(key), map.path_of(key), "there is no file " + file);
  } else if (status.type() == std::filesystem::file_type::directory) {
    report.error(map.where_of(key), map.path_of(key), file + " is a folder, a file is needed");
  } else if (key == "key" && (status.permissions() & perms::others_all) != perms::none) {
    report.problems.push_back(
        {map.where_of(key), map.path_of(key),
         "the file " + file + " is open to every account of this machine; chmod 640 or 600", true});
  }
}

void read_tls(MapReader& api, ApiConfig& out) {
  const YamlNode* const node = api.take("tls");
  if (node == nullptr) {
    return;
  }
  MapReader tls(api.report(), node, api.path_of("tls"), api.where_of("tls"));
  const auto path = [&](std::string_view key, std::string& value) {
    if (tls.text(key, value)) {
      value = resolve_path(*node, value).string();
      check_file(value, tls, key);
    } else {
      api.report().error(tls.where_of(key), tls.path_of(key), "TLS needs a certificate and a key");
    }
  };
  path("certificate", out.tls_certificate);
  path("key", out.tls_key);
  tls.finish();
}

void read_listen(MapReader& api, const EnvironmentDefaults& defaults, ApiConfig& out) {
  out.host = defaults.bind_host.value;
  Location where;
  std::string origin = defaults.bind_host.origin;
  if (const YamlNode* const listen = api.take("listen")) {
    where = listen->where();
    origin = origin_of(*listen);
    if (listen->kind != YamlNode::Kind::kScalar ||
        !split_listen(listen->text, out.host, out.port)) {
      api.report().error(where, "api.listen",
                         "must be host:port, for example 127.0.0.1:8080 or [::1]:8080");
      return;
    }
  } else if (api.has("listen")) {
    api.report().error(api.where_of("listen"), "api.listen",
                       "is empty; give it a value or take it out");
    return;
  }
  api.report().show("api.listen", listen_text(out), origin);
  if (out.tokens.empty() && !is_loopback(out.host)) {
    const std::string source = where.line == 0 ? " (" + origin + ")" : std::string();
    api.report().error(where, "api.listen",
                       "`" + out.host + "`" + source +
                           " is open to others: without api.auth.tokens only a loopback address "
                           "(127.0.0.1, ::1, localhost) may be bound");
  }
}

}  // namespace

void read_api(MapReader& root, const EnvironmentDefaults& defaults, ApiConfig& out) {
  MapReader api(root.report(), root.take("api"), "api", root.where_of("api"));
  const std::size_t errors_before = root.report().problems.size();
  read_tokens(api, out);
  if (root.report().problems.size() > errors_before && out.tokens.empty()) {
    // What is wrong with the tokens is already said; that there are none would be a second
    // complaint.
    out.tokens.push_back({});
  }
  read_listen(api, defaults, out);
  read_tls(api, out);
  api.count("max_connections", out.max_connections, 1, 1'000'000);
  api.size("max_body", out.max_body_bytes, 1024);
  api.size("max_event", out.max_event_bytes, 1024);
  api.duration("request_timeout", out.request_timeout, std::chrono::milliseconds(1));
  api.duration("keep_alive", out.keep_alive, {});
  if (out.max_event_bytes > out.max_body_bytes) {
    root.report().error(api.where_of("max_event"), "api.max_event",
                        format_size(out.max_event_bytes) + " is more than max_body, " +
                            format_size(out.max_body_bytes));
  }
  api.finish();
}

}  // namespace aev::config
