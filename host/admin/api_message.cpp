#include "admin/api_message.h"

#include "core/json_writer.h"

namespace aev::admin {
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

ApiResponse problem(int status,
                    std::string_view title,
                    std::string_view detail,
                    std::string_view pointer) {
  JsonWriter json;
  json.begin_object()
      .field("type", "about:blank")
      .field("title", title)
      .field("status", status)
      .field("detail", detail);
  if (!pointer.empty()) {
    json.field("pointer", pointer);
  }
  json.end_object();
  ApiResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = json.take();
  return response;
}

}  // namespace

ApiResponse problem_response(const Error& error) {
  const auto [status, title] = describe(error.code);
  ApiResponse response = problem(status, title, error.message, error.pointer);
  if (status == 503 || status == 507) {
    response.headers["Retry-After"] = status == 503 ? "1" : "30";
  }
  return response;
}

ApiResponse problem_response(int status, std::string_view title, std::string_view detail) {
  return problem(status, title, detail, {});
}

ApiResponse json_response(std::string body, int status) {
  ApiResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace aev::admin
