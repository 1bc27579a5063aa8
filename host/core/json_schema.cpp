#include "core/json_schema.h"

#include <array>
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

namespace aev {
namespace {

/// Documents up to about this size are parsed without a call of malloc.
constexpr std::size_t kBufferBytes = 8192;

boost::json::string_view text(std::string_view view) {
  return {view.data(), view.size()};
}

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

Error not_json(const boost::json::error_code& failure) {
  return Error{ErrorCode::kInvalid, "not JSON: " + failure.message(), {}};
}

}  // namespace

struct JsonSchema::Impl {
  valijson::Schema schema;
};

JsonSchema::JsonSchema(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}

JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

Result<JsonSchema> JsonSchema::compile(std::string_view schema_json) {
  boost::json::error_code failure;
  const boost::json::value document = boost::json::parse(text(schema_json), failure);
  if (failure) {
    return Error{ErrorCode::kInvalid, "the schema is not JSON: " + failure.message(), {}};
  }
  auto impl = std::make_unique<Impl>();
  try {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::BoostJsonAdapter(document), impl->schema);
  } catch (const std::exception& error) {
    return Error{ErrorCode::kInvalid, std::string("the schema is invalid: ") + error.what(), {}};
  }
  return JsonSchema(std::move(impl));
}

Result<bool> JsonSchema::accepts(std::string_view document_json) const {
  std::array<unsigned char, kBufferBytes> buffer;
  boost::json::monotonic_resource memory(buffer.data(), buffer.size());
  boost::json::error_code failure;
  const boost::json::value document = boost::json::parse(text(document_json), failure, &memory);
  if (failure) {
    return not_json(failure);
  }
  try {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    return validator.validate(impl_->schema, valijson::adapters::BoostJsonAdapter(document),
                              nullptr);
  } catch (const std::exception& error) {
    return Error{ErrorCode::kInternal, std::string("cannot validate: ") + error.what(), {}};
  }
}

Result<std::vector<SchemaViolation>> JsonSchema::violations(std::string_view document_json) const {
  boost::json::error_code failure;
  const boost::json::value document = boost::json::parse(text(document_json), failure);
  if (failure) {
    return not_json(failure);
  }
  std::vector<SchemaViolation> found;
  try {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    const bool fits =
        validator.validate(impl_->schema, valijson::adapters::BoostJsonAdapter(document), &results);
    for (const valijson::ValidationResults::Error& error : results) {
      found.push_back({pointer_of(error.context), error.description});
    }
    if (!fits && found.empty()) {
      found.push_back({{}, "does not fit the schema"});
    }
  } catch (const std::exception& error) {
    return Error{ErrorCode::kInternal, std::string("cannot validate: ") + error.what(), {}};
  }
  return found;
}

}  // namespace aev
