#pragma once

#include <optional>
#include <string>
#include <vector>

#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include <aev/plugin.hpp>

namespace aev::analytics {

/// A value of an answer; an empty one is null in JSON and nothing in CSV.
using Cell = Poco::Dynamic::Var;

/// Rows with named columns, written as JSON objects or as CSV.
struct AnswerTable {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;

  [[nodiscard]] Poco::JSON::Array::Ptr json() const;
};

/// An object whose members keep their order.
[[nodiscard]] Poco::JSON::Object::Ptr new_object();

/// `2026-03-01T12:00:00Z`, or null.
[[nodiscard]] Cell time_cell(std::optional<std::int64_t> unix_ns);

template <typename T>
[[nodiscard]] Cell cell(const std::optional<T>& value) {
  return value ? Cell(*value) : Cell();
}

/// The text of a document.
void write_json(const Poco::JSON::Object& document, sdk::Answer& answer);

/// RFC 4180 with a line of names.
void write_csv(const AnswerTable& table, sdk::Answer& answer);

}  // namespace aev::analytics
