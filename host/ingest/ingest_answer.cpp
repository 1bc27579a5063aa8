#include "ingest/ingest_answer.h"

#include <array>
#include <charconv>

#include "core/json_text.h"

namespace aev::ingest {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), static_cast<std::size_t>(result.ptr - digits.data()));
}

constexpr std::size_t kKeepBytes = 256 * 1024;

void reuse(std::string& text) {
  if (text.capacity() > kKeepBytes) {
    text = std::string();
  }
  text.clear();
}

}  // namespace

void IngestAnswer::clear() {
  reuse(ids_);
  reuse(errors_);
  reuse(body_);
  max_ids_ = kMaxIds;
  listed_ = 0;
  accepted_ = 0;
  duplicates_ = 0;
  errors_count_ = 0;
}

void IngestAnswer::add_stored(std::string_view id, bool duplicate) {
  ++accepted_;
  duplicates_ += duplicate ? 1 : 0;
  if (++listed_ <= max_ids_) {
    if (!ids_.empty()) {
      ids_ += ',';
    }
    append_json_string(ids_, id);
  }
}

void IngestAnswer::add_error(std::uint64_t index, const EventProblem& problem) {
  if (++errors_count_ > kMaxErrors) {
    return;
  }
  errors_ += errors_.empty() ? "{\"index\":" : ",{\"index\":";
  append_number(errors_, index);
  errors_ += ",\"pointer\":";
  append_json_string(errors_, problem.pointer);
  errors_ += ",\"detail\":";
  append_json_string(errors_, problem.detail);
  errors_ += '}';
}

std::string_view IngestAnswer::finish() {
  body_ = "{\"accepted\":";
  append_number(body_, accepted_);
  body_ += ",\"duplicates\":";
  append_number(body_, duplicates_);
  if (listed_ <= max_ids_) {
    body_.append(",\"ids\":[").append(ids_).append("]");
  }
  if (errors_count_ > 0) {
    body_ += ",\"rejected\":";
    append_number(body_, errors_count_);
    body_.append(",\"errors\":[").append(errors_).append("]");
  }
  body_ += '}';
  return body_;
}

http::Response problem_answer(const EventProblem& problem,
                              std::uint64_t index,
                              std::string_view extra_members) {
  const int status = status_of(problem.kind);
  const std::string_view title = status == 422   ? "Not an event"
                                 : status == 413 ? "Too large"
                                                 : "Bad request";
  std::string extra = "\"index\":" + std::to_string(index);
  if (problem.pointer.empty()) {
    extra += ",\"pointer\":\"\"";  // the whole event; problem_response leaves an empty one out
  }
  if (!extra_members.empty()) {
    extra.append(",").append(extra_members);
  }
  return http::problem_response(status, title,
                                Error{ErrorCode::kInvalid, problem.detail, problem.pointer}, extra);
}

}  // namespace aev::ingest
