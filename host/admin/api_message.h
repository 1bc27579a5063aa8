#pragma once

#include <map>
#include <string>
#include <vector>

#include "http/message.h"

namespace aev::admin {

/// An HTTP request without the transport: what the API's functions look at.
struct ApiRequest {
  std::string method;
  std::vector<std::string> path;  ///< decoded segments, without empty ones
  std::map<std::string, std::string>
      query;  ///< decoded; JSON body members of the same names are merged in
  std::string body =
      {};  ///< as sent, where the body is data rather than parameters (`/v1/schemas`)
};

using ApiResponse = http::Response;

}  // namespace aev::admin
