#include "config/map_reader.h"

#include <algorithm>
#include <array>

#include "config/json_subtree.h"
#include "config/redaction.h"
#include "config/units.h"
#include "core/json_text.h"

namespace aev::config {

namespace {

/// YAML 1.1 took these words for booleans, and people still write them.
std::string truth_meant(const YamlNode& node) {
  for (const auto& [words, truth] :
       {std::pair{std::array{"yes", "on", "y", "1"}, "true"}, {{"no", "off", "n", "0"}, "false"}}) {
    for (const std::string_view word : words) {
      if (std::equal(word.begin(), word.end(), node.text.begin(), node.text.end(),
                     [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); })) {
        return "; did you mean `" + std::string(truth) + "`?";
      }
    }
  }
  return node.is_text ? "; without quotes" : "";
}

std::string whole_number(std::uint64_t least, std::uint64_t most) {
  constexpr std::uint64_t kNoLimit = 1u << 30;
  return most >= kNoLimit
             ? "a whole number, " + std::to_string(least) + " or more"
             : "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

/// Text by its writer's will, not because something was put in.
bool is_quoted(const YamlNode& node) {
  return node.is_text && node.as_written.empty();
}

}  // namespace

void Report::error(const Location& where, std::string_view path, std::string message) {
  problems.push_back({where, std::string(path), std::move(message), false});
}

void Report::show(std::string_view path, std::string value, std::string origin, std::string json) {
  if (json.empty()) {
    json = json_string(without_interpolation(value));
  }
  shown.push_back({std::string(path), std::move(value), std::move(origin), std::move(json)});
}

std::string origin_of(const YamlNode& node) {
  std::string out = to_string(node.where());
  if (!node.environment.empty()) {
    out += " (environment " + node.environment + ")";
  }
  return out;
}

std::string printable(const YamlNode& node) {
  return node.from_file ? std::string(kRedacted) : node.text;
}

std::string hidden(const YamlNode& node) {
  return node.as_written.empty() ? std::string(kRedacted) : node.as_written;
}

std::string without_interpolation(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{' ? "$$" : text.substr(i, 1);
  }
  return out;
}

std::string shown_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    out += (out.size() == 1 ? "" : ",") + json_string(without_interpolation(item));
  }
  return out + "]";
}

std::string path_step(std::string_view path, std::string_view name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char each) {
    return each != '.' && each != '[' && each != '"' && each > ' ';
  });
  std::string out(path);
  out += path.empty() ? "" : ".";
  return out + (plain ? std::string(name) : json_string(name));
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string meant = did_you_mean(word, candidates);
  return meant.empty() ? std::string() : "; did you mean `" + meant + "`?";
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
           (each >= '0' && each <= '9') || each == '_' || each == '.' || each == '-';
  });
}

MapReader::MapReader(Report& report, const YamlNode* node, std::string path, Location where)
    : report_(report), node_(node), path_(std::move(path)), where_(std::move(where)) {
  if (node_ != nullptr && node_->kind != YamlNode::Kind::kMap) {
    if (node_->kind != YamlNode::Kind::kNull) {
      report_.error(node_->where(), path_, "must be a map (`key: value`)");
    }
    node_ = nullptr;
  }
}

const YamlNode* MapReader::take(std::string_view key) {
  known_.emplace_back(key);
  ask({path_of(key)});
  const YamlEntry* const entry = node_ == nullptr ? nullptr : node_->find(key);
  return entry == nullptr || entry->value->kind == YamlNode::Kind::kNull ? nullptr
                                                                         : entry->value.get();
}

bool MapReader::has(std::string_view key) const {
  return node_ != nullptr && node_->find(key) != nullptr;
}

std::string MapReader::path_of(std::string_view key) const {
  return path_step(path_, key);
}

Location MapReader::where_of(std::string_view key) const {
  const YamlEntry* const entry = node_ == nullptr ? nullptr : node_->find(key);
  return entry == nullptr ? where_ : entry->key_where();
}

std::span<const YamlEntry> MapReader::entries() const {
  return node_ == nullptr ? std::span<const YamlEntry>() : std::span(node_->entries);
}

void MapReader::ask(ReaderKey key) {
  if (report_.asked == nullptr) {
    return;
  }
  for (ReaderKey& known : *report_.asked) {
    if (known.path == key.path) {
      if (key.kind != ReaderKey::Kind::kStructure) {
        known = std::move(key);
      }
      return;
    }
  }
  report_.asked->push_back(std::move(key));
}

const YamlNode* MapReader::scalar(std::string_view key) {
  const YamlNode* const node = take(key);
  if (node != nullptr && node->kind != YamlNode::Kind::kScalar) {
    report_.error(node->where(), path_of(key), "must be a single value");
    return nullptr;
  }
  if (node != nullptr && node->is_lost) {
    return nullptr;
  }
  if (node == nullptr && has(key)) {
    report_.error(where_of(key), path_of(key), "is empty; give it a value or take it out");
  }
  return node;
}

void MapReader::duration(std::string_view key,
                         Duration& value,
                         Duration least,
                         std::string_view origin) {
  const YamlNode* const node = scalar(key);
  ask({path_of(key), ReaderKey::Kind::kDuration, format_duration(value),
       static_cast<double>(least.count())});
  std::string from(origin);
  if (node != nullptr) {
    const Result<Duration> parsed = parse_duration(node->text);
    if (!parsed) {
      report_.error(node->where(), path_of(key),
                    "`" + printable(*node) + "`: " + parsed.error().message);
    } else if (*parsed < least) {
      report_.error(node->where(), path_of(key), "must be at least " + format_duration(least));
    } else {
      value = *parsed;
    }
    from = origin_of(*node);
  }
  report_.show(path_of(key), format_duration(value), std::move(from));
}

void MapReader::size(std::string_view key, std::uint64_t& value, std::uint64_t least) {
  const YamlNode* const node = scalar(key);
  ask({path_of(key), ReaderKey::Kind::kSize, format_size(value), static_cast<double>(least)});
  if (node != nullptr) {
    const Result<std::uint64_t> parsed = parse_size(node->text);
    if (!parsed) {
      report_.error(node->where(), path_of(key),
                    "`" + printable(*node) + "`: " + parsed.error().message);
    } else if (*parsed < least) {
      report_.error(node->where(), path_of(key), "must be at least " + format_size(least));
    } else {
      value = *parsed;
    }
  }
  report_.show(path_of(key), format_size(value),
               node == nullptr ? std::string(kBuiltIn) : origin_of(*node));
}

void MapReader::rate(std::string_view key, double& per_second) {
  const YamlNode* const node = scalar(key);
  ask({path_of(key), ReaderKey::Kind::kRate});
  if (node == nullptr) {
    return;
  }
  const Result<double> parsed = parse_rate(node->text);
  if (!parsed) {
    report_.error(node->where(), path_of(key),
                  "`" + printable(*node) + "`: " + parsed.error().message);
    return;
  }
  per_second = *parsed;
  report_.show(path_of(key), printable(*node), origin_of(*node));
}

void MapReader::real(std::string_view key, double& value, double least, double most) {
  const YamlNode* const node = scalar(key);
  ask({path_of(key), ReaderKey::Kind::kReal, format_real(value), least, most});
  if (node != nullptr) {
    const Result<double> parsed = parse_real(node->text);
    if (is_quoted(*node)) {
      report_.error(node->where(), path_of(key), "must be a number; write it without quotes");
    } else if (!parsed || *parsed < least || *parsed > most) {
      report_.error(node->where(), path_of(key),
                    "`" + printable(*node) + "`: must be a number from " + format_real(least) +
                        " to " + format_real(most));
    } else {
      value = *parsed;
    }
  }
  report_.show(path_of(key), format_real(value),
               node == nullptr ? std::string(kBuiltIn) : origin_of(*node), format_real(value));
}

void MapReader::boolean(std::string_view key, bool& value) {
  const YamlNode* const node = scalar(key);
  ask({path_of(key), ReaderKey::Kind::kBoolean, value ? "true" : "false"});
  if (node == nullptr) {
    return;
  }
  if (!is_boolean(*node, value)) {
    report_.error(node->where(), path_of(key),
                  "`" + printable(*node) + "` must be true or false" + truth_meant(*node));
    value = false;
  }
  report_.show(path_of(key), value ? "true" : "false", origin_of(*node), value ? "true" : "false");
}

std::uint64_t MapReader::count64(std::string_view key,
                                 std::uint64_t value,
                                 std::uint64_t least,
                                 std::uint64_t most,
                                 std::string_view origin) {
  const YamlNode* const node = scalar(key);
  ask({path_of(key), ReaderKey::Kind::kCount, std::to_string(value), static_cast<double>(least),
       static_cast<double>(most)});
  std::string from(origin);
  if (node != nullptr) {
    const Result<std::uint64_t> parsed = parse_count(node->text);
    if (is_quoted(*node)) {
      report_.error(node->where(), path_of(key), "must be a number; write it without quotes");
    } else if (parsed && node->text.size() > 1 && node->text.front() == '0') {
      report_.error(
          node->where(), path_of(key),
          "`" + printable(*node) + "` is read as octal by some; write " + std::to_string(*parsed));
    } else if (!parsed || *parsed < least || *parsed > most) {
      report_.error(node->where(), path_of(key),
                    "`" + printable(*node) + "`: must be " + whole_number(least, most));
    } else {
      value = *parsed;
    }
    from = origin_of(*node);
  }
  report_.show(path_of(key), std::to_string(value), std::move(from), std::to_string(value));
  return value;
}

bool MapReader::text(std::string_view key, std::string& value, std::string_view shown_default) {
  const YamlNode* const node = scalar(key);
  ask({path_of(key), ReaderKey::Kind::kText, std::string(shown_default)});
  if (node == nullptr) {
    if (!shown_default.empty()) {
      report_.show(path_of(key), std::string(shown_default), std::string(kBuiltIn));
    }
    return false;
  }
  if (node->text.empty()) {
    report_.error(node->where(), path_of(key), "must not be empty");
    return false;
  }
  if (node->text.find('\0') != std::string::npos) {
    report_.error(node->where(), path_of(key), "must not hold a NUL character");
    return false;
  }
  bool truth = false;
  if (is_boolean(*node, truth)) {
    report_.error(node->where(), path_of(key),
                  "must be text; put `" + node->text + "` in quotes if it is meant as such");
    return false;
  }
  value = node->text;
  const bool hide = node->from_file || is_secret_key(key);
  report_.show(path_of(key), is_secret_key(key) ? std::string(kRedacted) : printable(*node),
               origin_of(*node), hide ? json_string(hidden(*node)) : std::string());
  return true;
}

std::string MapReader::choose(std::string_view key,
                              std::string current,
                              const std::vector<std::string>& names) {
  const YamlNode* const node = scalar(key);
  ask({path_of(key), ReaderKey::Kind::kChoice, current, 0, 0, names});
  if (node != nullptr) {
    if (std::find(names.begin(), names.end(), node->text) != names.end()) {
      current = node->text;
    } else {
      std::string list;
      for (std::size_t i = 0; i < names.size(); ++i) {
        list += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
      }
      report_.error(node->where(), path_of(key),
                    "`" + printable(*node) + "` must be " + list + suggestion(node->text, names));
    }
  }
  report_.show(path_of(key), current, node == nullptr ? std::string(kBuiltIn) : origin_of(*node));
  return current;
}

void MapReader::finish() {
  if (node_ == nullptr) {
    return;
  }
  for (const YamlEntry& entry : node_->entries) {
    if (std::find(known_.begin(), known_.end(), entry.name) == known_.end()) {
      report_.error(entry.key_where(), path_of(entry.name),
                    "unknown key" + suggestion(entry.name, known_));
    }
  }
}

}  // namespace aev::config
