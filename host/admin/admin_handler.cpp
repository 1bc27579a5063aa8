#include "admin/admin_handler.h"

#include <sstream>

#include <Poco/Exception.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSON/Stringifier.h>

#include "core/json_text.h"

namespace aev::admin {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

Error malformed(std::string_view what) {
  return Error{
      ErrorCode::kInvalid,
      "the " + std::string(what) + " must be percent-encoded UTF-8: after % stand two hex digits",
      {}};
}

Result<void> add_parameter(ApiRequest& request, const std::string& name, std::string value) {
  if (!request.query.emplace(name, std::move(value)).second) {
    return Error{ErrorCode::kInvalid,
                 name + " is given twice: expected it once, in the query or in the body",
                 "/" + name};
  }
  return {};
}

}  // namespace

bool percent_decode(std::string_view text, bool plus, std::string& decoded) {
  decoded.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return false;
      }
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return true;
}

Result<ApiRequest> parse_request(std::string_view method,
                                 std::string_view path,
                                 std::string_view query) {
  ApiRequest request;
  request.method = method == "HEAD" ? std::string_view("GET") : method;
  std::string decoded;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (segment.empty()) {
      continue;
    }
    if (!percent_decode(segment, false, decoded) || !is_utf8(decoded)) {
      return malformed("path");
    }
    request.path.push_back(decoded);
  }
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.empty()) {
      continue;
    }
    const auto equals = pair.find('=');
    std::string value;
    if (!percent_decode(pair.substr(0, equals), true, decoded) ||
        (equals != std::string_view::npos &&
         !percent_decode(pair.substr(equals + 1), true, value)) ||
        !is_utf8(decoded) || !is_utf8(value)) {
      return malformed("query");
    }
    AEV_RETURN_IF_ERROR(add_parameter(request, decoded, std::move(value)));
  }
  return request;
}

Result<void> merge_body(std::string_view body, ApiRequest& request) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return {};
  }
  if (!is_utf8(body)) {
    return Error{ErrorCode::kInvalid, "the body is not valid JSON: it is not UTF-8", {}};
  }
  try {
    const auto document = Poco::JSON::Parser().parse(std::string(body));
    if (document.type() != typeid(Poco::JSON::Object::Ptr)) {
      return Error{ErrorCode::kInvalid, "the body must be a JSON object of parameters", {}};
    }
    for (const auto& [name, value] : *document.extract<Poco::JSON::Object::Ptr>()) {
      if (value.isEmpty()) {
        continue;
      }
      if (value.isString()) {
        AEV_RETURN_IF_ERROR(add_parameter(request, name, value.extract<std::string>()));
      } else {
        std::ostringstream text;
        Poco::JSON::Stringifier::stringify(value, text);
        AEV_RETURN_IF_ERROR(add_parameter(request, name, text.str()));
      }
    }
    return {};
  } catch (const Poco::Exception& fault) {
    return Error{ErrorCode::kInvalid, "the body is not valid JSON: " + fault.displayText(), {}};
  } catch (const std::exception& fault) {
    return Error{
        ErrorCode::kInvalid, std::string("the body is not valid JSON: ") + fault.what(), {}};
  }
}

void AdminHandler::handle(http::Exchange& exchange) {
  auto request = parse_request(exchange.method(), exchange.path(), exchange.query());
  if (!request) {
    exchange.respond(http::problem_response(request.error()));
    return;
  }
  const auto body = exchange.read_body(kMaxApiBodyBytes);
  if (!body) {
    exchange.respond(body.error().code == ErrorCode::kIo
                         ? http::problem_response(408, "Request timeout", body.error())
                         : http::problem_response(body.error()));
    return;
  }
  if (request->path.size() > 1 && request->path[1] == "schemas") {
    request->body = *body;
  } else if (const auto merged = merge_body(*body, *request); !merged) {
    exchange.respond(http::problem_response(merged.error()));
    return;
  }
  exchange.respond(api_.handle(*request));
}

}  // namespace aev::admin
