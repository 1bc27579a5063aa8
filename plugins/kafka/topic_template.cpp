#include "topic_template.h"

#include <algorithm>
#include <stdexcept>

namespace aev::kafka {
namespace {

constexpr std::size_t kMaxNameBytes = 249;  // Kafka's limit

bool is_topic_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

void check_literal(std::string_view text) {
  const auto bad = std::find_if_not(text.begin(), text.end(), &is_topic_character);
  if (bad != text.end()) {
    throw std::invalid_argument(
        "'" + std::string(1, *bad) +
        "' cannot stand in a topic's name, which is made of A-Z a-z 0-9 . _ "
        "- and of {fields}");
  }
}

}  // namespace

std::string refuse_topic_name(std::string_view name) {
  if (name.empty()) {
    return "a topic's name is not empty";
  }
  if (name.size() > kMaxNameBytes) {
    return "the topic's name has " + std::to_string(name.size()) + " characters; Kafka takes " +
           std::to_string(kMaxNameBytes);
  }
  if (name == "." || name == "..") {
    return "Kafka has no topic '" + std::string(name) + "'";
  }
  if (!std::all_of(name.begin(), name.end(), &is_topic_character)) {
    return "'" + std::string(name) + "' has characters other than A-Z a-z 0-9 . _ -";
  }
  return {};
}

TopicTemplate::TopicTemplate(std::string_view written) {
  std::string_view rest = written;
  while (!rest.empty()) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    if (open > 0) {
      check_literal(rest.substr(0, open));
      pieces_.emplace_back(std::string(rest.substr(0, open)));
      rest.remove_prefix(open);
      continue;
    }
    const std::size_t close = rest.find('}');
    if (close == std::string_view::npos) {
      throw std::invalid_argument("'{' has no '}' that ends it");
    }
    std::string_view inside = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    Placeholder placeholder;
    if (const std::size_t mark = inside.find(":-"); mark != std::string_view::npos) {
      placeholder.fallback = inside.substr(mark + 2);
      placeholder.has_fallback = true;
      check_literal(placeholder.fallback);
      inside = inside.substr(0, mark);
    }
    placeholder.written = inside;
    placeholder.field = parse_event_field(inside);
    pieces_.emplace_back(std::move(placeholder));
  }
  if (is_constant()) {
    const std::string why =
        refuse_topic_name(pieces_.empty() ? std::string() : std::get<std::string>(pieces_.front()));
    if (!why.empty()) {
      throw std::invalid_argument(why);
    }
  }
}

bool TopicTemplate::is_constant() const noexcept {
  return std::none_of(pieces_.begin(), pieces_.end(), [](const Piece& piece) {
    return std::holds_alternative<Placeholder>(piece);
  });
}

std::string TopicTemplate::expand(FieldReader& reader,
                                  const sdk::Event& event,
                                  std::string& name) const {
  name.clear();
  for (const Piece& piece : pieces_) {
    if (const auto* literal = std::get_if<std::string>(&piece)) {
      name += *literal;
      continue;
    }
    const auto& placeholder = std::get<Placeholder>(piece);
    const std::string_view value = reader.read(placeholder.field, event);
    if (value.empty() && !placeholder.has_fallback) {
      return "the topic is named after " + placeholder.written +
             ", which this event lacks; give a fallback: {" + placeholder.written + ":-other}";
    }
    if (value.empty()) {
      name += placeholder.fallback;
      continue;
    }
    std::transform(value.begin(), value.end(), std::back_inserter(name),
                   [](char c) { return is_topic_character(c) ? c : '_'; });
  }
  return is_constant() ? std::string() : refuse_topic_name(name);
}

}  // namespace aev::kafka
