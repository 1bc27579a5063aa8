#include "config/schema_library.h"

#include <exception>
#include <regex>

// Without this the library ends the process where it could throw.
#define VALIJSON_USE_EXCEPTIONS 1
// Header-only: this file holds Boost.JSON's code. Its values know their types exactly, which Poco's
// do not (there true is a number as well).
#include <boost/json/src.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace aev::config {
namespace {

std::string pointer_of(const std::vector<std::string>& context) {
  std::string out;
  for (std::size_t i = 1; i < context.size(); ++i) {  // [0] is the root
    std::string_view step = context[i];
    if (step.size() >= 2 && step.front() == '[') {
      step = step.substr(1, step.size() - 2);
    }
    out += '/';
    for (const char each : step) {
      out += each == '~' ? "~0" : each == '/' ? "~1" : std::string(1, each);
    }
  }
  return out;
}

}  // namespace

Result<std::vector<SchemaViolation>> validate_json(std::string_view document_json,
                                                   std::string_view schema_json) {
  const auto text = [](std::string_view view) {
    return boost::json::string_view(view.data(), view.size());
  };
  boost::json::error_code failure;
  const boost::json::value schema_value = boost::json::parse(text(schema_json), failure);
  if (failure) {
    return Error{ErrorCode::kInternal, "the schema is not JSON: " + failure.message(), {}};
  }
  const boost::json::value document = boost::json::parse(text(document_json), failure);
  if (failure) {
    return Error{ErrorCode::kInvalid, "not JSON: " + failure.message(), {}};
  }
  valijson::Schema schema;
  try {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::BoostJsonAdapter(schema_value), schema);
  } catch (const std::exception& error) {
    return Error{ErrorCode::kInternal, std::string("the schema is invalid: ") + error.what(), {}};
  }
  std::vector<SchemaViolation> out;
  try {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    if (!validator.validate(schema, valijson::adapters::BoostJsonAdapter(document), &results)) {
      for (const valijson::ValidationResults::Error& error : results) {
        out.push_back({pointer_of(error.context), error.description});
      }
      if (out.empty()) {
        out.push_back({{}, "does not fit the schema"});
      }
    }
  } catch (const std::exception& error) {
    return Error{
        ErrorCode::kInternal, std::string("the schema cannot be used: ") + error.what(), {}};
  }
  return out;
}

}  // namespace aev::config
