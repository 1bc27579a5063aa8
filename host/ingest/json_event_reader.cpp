#include "ingest/json_event_reader.h"

#include <string>

#include <simdjson.h>

namespace aev::ingest {
namespace {

namespace ondemand = simdjson::ondemand;

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n' ||
                           text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

std::size_t digits(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') {
    ++end;
  }
  return end - at;
}

/// RFC 8259 section 6. simdjson would also judge the size of the number, which is not our business:
/// numbers are kept as they were sent.
bool is_json_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) {
    return false;
  }
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits(text, at + 1);
    if (fraction == 0) {
      return false;
    }
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    at += at < text.size() && (text[at] == '+' || text[at] == '-') ? 1 : 0;
    const std::size_t exponent = digits(text, at);
    if (exponent == 0) {
      return false;
    }
    at += exponent;
  }
  return at == text.size();
}

}  // namespace

struct JsonEventReader::Impl {
  using Iterator = simdjson::simdjson_result<ondemand::array_iterator>;

  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;  // the root, when it is one
  std::optional<Iterator> at;
  std::optional<Iterator> end;
  std::string_view json;
  bool started = false;
  bool too_deep = false;

  /// The place where reading stands, or the end of the text.
  [[nodiscard]] const char* location() {
    const char* place = nullptr;
    return document.current_location().get(place) == simdjson::SUCCESS ? place
                                                                       : json.data() + json.size();
  }

  [[nodiscard]] bool at_end() {
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  }

  simdjson::error_code read_value(ondemand::value value, int depth, JsonMember& member);
  simdjson::error_code walk_object(ondemand::value& value, int depth);
  simdjson::error_code walk_array(ondemand::value& value, int depth);
};

simdjson::error_code JsonEventReader::Impl::walk_object(ondemand::value& value, int depth) {
  ondemand::object inner;
  SIMDJSON_TRY(value.get_object().get(inner));
  JsonMember ignored;
  for (auto each : inner) {
    ondemand::field field;
    SIMDJSON_TRY(std::move(each).get(field));
    std::string_view key;
    SIMDJSON_TRY(field.unescaped_key().get(key));
    SIMDJSON_TRY(read_value(field.value(), depth + 1, ignored));
  }
  return simdjson::SUCCESS;
}

simdjson::error_code JsonEventReader::Impl::walk_array(ondemand::value& value, int depth) {
  ondemand::array inner;
  SIMDJSON_TRY(value.get_array().get(inner));
  JsonMember ignored;
  for (auto each : inner) {
    ondemand::value element;
    SIMDJSON_TRY(std::move(each).get(element));
    SIMDJSON_TRY(read_value(element, depth + 1, ignored));
  }
  return simdjson::SUCCESS;
}

/// Reads and checks a value and all that is in it. Skipping would be faster, but skipped text is
/// only checked for its brackets, and what is stored must be JSON.
simdjson::error_code JsonEventReader::Impl::read_value(ondemand::value value,
                                                       int depth,
                                                       JsonMember& member) {
  if (depth > kMaxDepth) {
    too_deep = true;
    return simdjson::DEPTH_ERROR;
  }
  ondemand::json_type type{};
  SIMDJSON_TRY(value.type().get(type));
  const std::string_view token = trim_end(value.raw_json_token());
  const auto whole = [&] {
    return trim_end({token.data(), static_cast<std::size_t>(location() - token.data())});
  };
  switch (type) {
    case ondemand::json_type::object:
      SIMDJSON_TRY(walk_object(value, depth));
      member.kind = JsonKind::kObject;
      member.raw = whole();
      return simdjson::SUCCESS;
    case ondemand::json_type::array:
      SIMDJSON_TRY(walk_array(value, depth));
      member.kind = JsonKind::kArray;
      member.raw = whole();
      return simdjson::SUCCESS;
    case ondemand::json_type::string:
      SIMDJSON_TRY(value.get_string().get(member.text));
      member.kind = JsonKind::kString;
      member.raw = token;
      return simdjson::SUCCESS;
    case ondemand::json_type::number:
      member.kind = JsonKind::kNumber;
      member.raw = token;
      return is_json_number(token) ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
    case ondemand::json_type::boolean:
      member.kind = JsonKind::kBool;
      member.raw = token;
      return token == "true"    ? simdjson::SUCCESS
             : token == "false" ? simdjson::SUCCESS
                                : simdjson::T_ATOM_ERROR;
    case ondemand::json_type::null:
      member.kind = JsonKind::kNull;
      member.raw = token;
      return token == "null" ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
  }
  return simdjson::TAPE_ERROR;
}

JsonEventReader::JsonEventReader() : impl_(std::make_unique<Impl>()) {}

JsonEventReader::~JsonEventReader() = default;

namespace {

EventProblem malformed(simdjson::error_code code) {
  if (code == simdjson::UTF8_ERROR) {
    return {ProblemKind::kMalformed, {}, "the text is not valid UTF-8"};
  }
  if (code == simdjson::EMPTY) {
    return {ProblemKind::kMalformed, {}, "there is no JSON: the text is empty"};
  }
  return {
      ProblemKind::kMalformed, {}, std::string("not valid JSON: ") + simdjson::error_message(code)};
}

EventProblem malformed_at(simdjson::error_code code, std::size_t offset, bool too_deep) {
  EventProblem problem = malformed(code);
  if (too_deep) {
    problem.detail = "nested deeper than " + std::to_string(JsonEventReader::kMaxDepth) + " levels";
  }
  problem.detail += ", near byte " + std::to_string(offset);
  return problem;
}

}  // namespace

std::optional<EventProblem> JsonEventReader::open(std::string_view json) {
  static_assert(kJsonPadding >= simdjson::SIMDJSON_PADDING);
  Impl& impl = *impl_;
  impl.json = json;
  impl.started = false;
  impl.too_deep = false;
  impl.at.reset();
  impl.end.reset();
  array_ = false;
  const simdjson::padded_string_view padded(json.data(), json.size(), json.size() + kJsonPadding);
  if (const auto code = impl.parser.iterate(padded).get(impl.document)) {
    return malformed(code);
  }
  ondemand::json_type type{};
  if (const auto code = impl.document.type().get(type)) {
    return malformed(code);
  }
  if (type == ondemand::json_type::array) {
    array_ = true;
    ondemand::array elements;
    if (const auto code = impl.document.get_array().get(elements)) {
      return malformed(code);
    }
    impl.at = elements.begin();
    impl.end = elements.end();
    return std::nullopt;
  }
  if (type == ondemand::json_type::object) {
    if (const auto code = impl.document.get_object().get(impl.object)) {
      return malformed(code);
    }
    return std::nullopt;
  }
  if (auto problem = check_json(json)) {
    return problem;
  }
  return EventProblem{
      ProblemKind::kNotAnEvent, {}, "expected an object, or an array of objects, each an event"};
}

JsonEventReader::Step JsonEventReader::next() {
  Impl& impl = *impl_;
  const auto broken = [&](simdjson::error_code code) {
    const char* place = impl.location();
    problem_ =
        malformed_at(code, static_cast<std::size_t>(place - impl.json.data()), impl.too_deep);
    return Step::kBroken;
  };
  const auto finish = [&] {
    return impl.at_end() ? Step::kEnd : broken(simdjson::TRAILING_CONTENT);
  };
  ondemand::object object;
  const char* begin = impl.json.data();
  if (array_) {
    if (impl.started) {
      ++*impl.at;
    }
    impl.started = true;
    if (!(*impl.at != *impl.end)) {
      return finish();
    }
    ondemand::value element;
    if (const auto code = (**impl.at).get(element)) {
      return broken(code);
    }
    begin = element.raw_json_token().data();
    ondemand::json_type type{};
    if (const auto code = element.type().get(type)) {
      return broken(code);
    }
    if (type != ondemand::json_type::object) {
      JsonMember ignored;
      if (const auto code = impl.read_value(element, 1, ignored)) {
        return broken(code);
      }
      problem_ = {ProblemKind::kNotAnEvent, {}, "expected an object that is an event"};
      return Step::kProblem;
    }
    if (const auto code = element.get_object().get(object)) {
      return broken(code);
    }
  } else {
    if (impl.started) {
      return finish();
    }
    impl.started = true;
    object = impl.object;
  }
  members_.clear();
  bool too_many = false;
  for (auto each : object) {
    ondemand::field field;
    JsonMember member;
    if (const auto code = std::move(each).get(field)) {
      return broken(code);
    }
    if (const auto code = field.unescaped_key().get(member.name)) {
      return broken(code);
    }
    if (const auto code = impl.read_value(field.value(), 1, member)) {
      return broken(code);
    }
    too_many = members_.size() >= kMaxMembers;
    if (!too_many) {
      members_.push_back(member);
    }
  }
  if (!array_ && !impl.at_end()) {
    return broken(simdjson::TRAILING_CONTENT);
  }
  object_bytes_ = trim_end({begin, static_cast<std::size_t>(impl.location() - begin)}).size();
  if (too_many) {
    problem_ = {ProblemKind::kInvalid,
                {},
                "an event has at most " + std::to_string(kMaxMembers) + " members"};
    return Step::kProblem;
  }
  return Step::kObject;
}

void JsonEventReader::shrink(std::size_t keep_bytes) {
  if (impl_->parser.capacity() > keep_bytes) {
    impl_->at.reset();
    impl_->end.reset();
    impl_->document = {};
    impl_->parser = ondemand::parser();
  }
}

std::optional<EventProblem> check_json(std::string_view json) {
  // In an array any value may stand, and the one check serves all kinds.
  std::string text;
  text.reserve(json.size() + 2 + kJsonPadding);
  text.append("[").append(json).append("]");
  const std::size_t size = text.size();
  text.append(kJsonPadding, ' ');
  JsonEventReader reader;
  if (auto problem = reader.open(std::string_view(text).substr(0, size))) {
    return problem;
  }
  int values = 0;
  while (true) {
    switch (reader.next()) {
      case JsonEventReader::Step::kObject:
      case JsonEventReader::Step::kProblem:
        ++values;
        break;
      case JsonEventReader::Step::kBroken:
        return reader.problem();
      case JsonEventReader::Step::kEnd:
        if (values == 1) {
          return std::nullopt;
        }
        return EventProblem{ProblemKind::kMalformed, {}, "expected exactly one JSON value"};
    }
  }
}

}  // namespace aev::ingest
