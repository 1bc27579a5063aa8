#include "message_id.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include <simdjson.h>

#include <aev/plugin.hpp>

namespace aev::kafka {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kMostTopicBytes = 120;

/// FNV-1a: the same in every build, which std::hash does not promise.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char each : text) {
    hash = (hash ^ static_cast<unsigned char>(each)) * 1099511628211ull;
  }
  return hash;
}

/// Where an id is put into the text, and how much of it that replaces.
struct Edit {
  std::size_t at = 0;
  std::size_t removed = 0;
  std::string inserted;
};

class IdWriter {
 public:
  IdWriter(std::string_view json, const std::string& id) : padded_(json), id_(id) {}

  /// False if the text is not JSON.
  bool find_edits(bool number_single) {
    ondemand::document document;
    ondemand::json_type type{};
    if (parser_.iterate(padded_).get(document) != simdjson::SUCCESS ||
        document.type().get(type) != simdjson::SUCCESS) {
      return false;
    }
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      return document.get_object().get(object) == simdjson::SUCCESS && edit(object, number_single);
    }
    if (type != ondemand::json_type::array) {
      return false;
    }
    ondemand::array array;
    if (document.get_array().get(array) != simdjson::SUCCESS) {
      return false;
    }
    for (auto element : array) {
      ondemand::object object;
      if (element.get_object().get(object) != simdjson::SUCCESS || !edit(object, true)) {
        return false;
      }
    }
    return true;
  }

  void append(std::string& out) const {
    const std::string_view text(padded_.data(), padded_.size());
    std::size_t copied = 0;
    for (const Edit& each : edits_) {
      out.append(text.substr(copied, each.at - copied)).append(each.inserted);
      copied = each.at + each.removed;
    }
    out.append(text.substr(copied));
  }

  std::size_t number = 0;  ///< of the next event in an array or in NDJSON

 private:
  /// Looks for the id of one event; false if its text is broken.
  bool edit(ondemand::object& object, bool numbered) {
    std::string id = numbered ? id_ + ":" + std::to_string(number++) : id_;
    const char* first_key = nullptr;
    bool has_id = false;
    for (auto each : object) {
      ondemand::field field;
      std::string_view key;
      if (std::move(each).get(field) != simdjson::SUCCESS) {
        return false;
      }
      if (first_key == nullptr) {
        first_key = field.key().raw() - 1;  // its opening quote
      }
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) {
        return false;
      }
      ondemand::value value = field.value();
      if (key == "id") {
        has_id = true;
        const std::string_view token = value.raw_json_token();
        if (value.is_null()) {
          std::string text;
          sdk::append_json_string(text, id);
          edits_.push_back({offset_of(token.data()), 4, std::move(text)});
        }
      }
    }
    if (!has_id && first_key != nullptr) {
      std::string text = "\"id\":";
      sdk::append_json_string(text, id);
      text += ',';
      edits_.push_back({offset_of(first_key), 0, std::move(text)});
    }
    return true;
  }

  [[nodiscard]] std::size_t offset_of(const char* place) const {
    return static_cast<std::size_t>(place - padded_.data());
  }

  simdjson::padded_string padded_;
  const std::string& id_;
  ondemand::parser parser_;
  std::vector<Edit> edits_;
};

}  // namespace

std::string message_id(std::string_view topic,
                       std::int32_t partition,
                       std::int64_t offset,
                       std::int64_t timestamp_ms) {
  std::string id = "kafka:";
  id += topic.substr(0, kMostTopicBytes);
  if (topic.size() > kMostTopicBytes) {
    std::array<char, 24> text{};
    const int length = std::snprintf(text.data(), text.size(), "~%016llx",
                                     static_cast<unsigned long long>(fingerprint(topic)));
    id.append(text.data(), static_cast<std::size_t>(length));
  }
  id += "/" + std::to_string(partition) + "/" + std::to_string(offset) + "@" +
        std::to_string(timestamp_ms);
  return id;
}

std::string with_message_id(std::string_view json, const std::string& id, bool ndjson) {
  std::string out;
  out.reserve(json.size() + id.size() + 16);
  if (!ndjson) {
    IdWriter writer(json, id);
    if (!writer.find_edits(false)) {
      return std::string(json);
    }
    writer.append(out);
    return out;
  }
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < json.size();) {
    const std::size_t end = std::min(json.find('\n', begin), json.size());
    const std::string_view line = json.substr(begin, end - begin);
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      continue;
    }
    IdWriter writer(line, id);
    writer.number = number++;
    if (!writer.find_edits(true)) {
      return std::string(json);
    }
    writer.append(out);
    out += '\n';
  }
  return out;
}

}  // namespace aev::kafka
