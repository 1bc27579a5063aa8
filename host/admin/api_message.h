#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace aev::admin {

/// An HTTP request without the transport: what the API's functions look at.
struct ApiRequest {
  std::string method;
  std::vector<std::string> path;             ///< decoded segments, without empty ones
  std::map<std::string, std::string> query;  ///< decoded; JSON body members of the same names are merged in
};

struct ApiResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers;
};

/// A problem document (RFC 9457) for `error`.
[[nodiscard]] ApiResponse problem_response(const Error& error);

/// A problem document with a status that has no ErrorCode (405, 401 …).
[[nodiscard]] ApiResponse problem_response(int status,
                                           std::string_view title,
                                           std::string_view detail);

[[nodiscard]] ApiResponse json_response(std::string body, int status = 200);

}  // namespace aev::admin
