#include "answer_table.h"

#include <sstream>

namespace aev::analytics {
namespace {

/// A value that begins like a formula is not one: spreadsheets would run it.
bool looks_like_formula(const std::string& text) {
  return !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
}

void append_csv(std::string& out, const Cell& value) {
  if (value.isEmpty()) {
    return;
  }
  std::string text = value.convert<std::string>();
  if (value.isString() && looks_like_formula(text)) {
    text.insert(0, 1, '\'');
  }
  if (text.find_first_of("\",\r\n") == std::string::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    out.append(c == '"' ? 2 : 1, c);
  }
  out += '"';
}

}  // namespace

Poco::JSON::Object::Ptr new_object() {
  return new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER);
}

Poco::JSON::Array::Ptr AnswerTable::json() const {
  Poco::JSON::Array::Ptr list = new Poco::JSON::Array();
  for (const auto& row : rows) {
    auto object = new_object();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      object->set(columns[i], row[i]);
    }
    list->add(object);
  }
  return list;
}

Cell time_cell(std::optional<std::int64_t> unix_ns) {
  if (!unix_ns) {
    return {};
  }
  std::string text;
  sdk::append_rfc3339(text, *unix_ns);
  return text;
}

void write_json(const Poco::JSON::Object& document, sdk::Answer& answer) {
  std::ostringstream out;
  document.stringify(out);
  answer.write(out.str());
}

void write_csv(const AnswerTable& table, sdk::Answer& answer) {
  answer.content_type("text/csv; charset=utf-8");
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    out.append(i == 0 ? "" : ",").append(table.columns[i]);
  }
  out += "\r\n";
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out.append(i == 0 ? "" : ",");
      append_csv(out, row[i]);
    }
    out += "\r\n";
  }
  answer.write(out);
}

}  // namespace aev::analytics
