#include "http/message.h"

#include "core/json_writer.h"

namespace aev::http {
namespace {

struct StatusAndTitle {
  int status;
  std::string_view title;
};

StatusAndTitle describe(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return {400, "Bad request"};
    case ErrorCode::kNotFound:
      return {404, "Not found"};
    case ErrorCode::kConflict:
      return {409, "Conflict"};
    case ErrorCode::kTooLarge:
      return {413, "Too large"};
    case ErrorCode::kUnsupported:
      return {415, "Unsupported"};
    case ErrorCode::kBusy:
      return {503, "Busy"};
    case ErrorCode::kFull:
      return {507, "Store is full"};
    case ErrorCode::kIo:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      break;
  }
  return {500, "Internal error"};
}

Response problem(int status,
                 std::string_view title,
                 std::string_view detail,
                 std::string_view pointer,
                 std::string_view extra_members) {
  JsonWriter json;
  json.begin_object()
      .field("type", "about:blank")
      .field("title", title)
      .field("status", status)
      .field("detail", detail);
  if (!pointer.empty()) {
    json.field("pointer", pointer);
  }
  if (!extra_members.empty()) {
    json.members(extra_members);
  }
  json.end_object();
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = json.take();
  return response;
}

}  // namespace

Response problem_response(const Error& error, std::string_view extra_members) {
  const auto [status, title] = describe(error.code);
  return problem_response(status, title, error, extra_members);
}

Response problem_response(int status,
                          std::string_view title,
                          const Error& error,
                          std::string_view extra_members) {
  Response response = problem(status, title, error.message, error.pointer, extra_members);
  if (status == 503 || status == 507) {
    response.headers["Retry-After"] = status == 503 ? "1" : "30";
  }
  return response;
}

Response problem_response(int status, std::string_view title, std::string_view detail) {
  return problem(status, title, detail, {}, {});
}

Response json_response(std::string body, int status) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace aev::http
