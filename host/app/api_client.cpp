#include "app/api_client.h"

#include <sstream>

#include <CLI/CLI.hpp>
#include <Poco/Exception.h>
#include <Poco/JSON/Parser.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

namespace aev::app {
namespace {

constexpr const char* kDefaultUrl = "http://127.0.0.1:8080";

}  // namespace

void add_endpoint_options(CLI::App& verb, ApiEndpoint& endpoint) {
  endpoint.url = kDefaultUrl;
  verb.add_option("--url", endpoint.url, "Base URL of the host")
      ->envname("ARAGORA_EVENTS_URL")
      ->capture_default_str();
  verb.add_option("--token", endpoint.token, "Bearer token, if the host wants one")
      ->envname("ARAGORA_EVENTS_TOKEN");
}

struct ApiClient::Session {
  std::string prefix;  // path of the base URL
  std::unique_ptr<Poco::Net::HTTPClientSession> http;
};

ApiClient::ApiClient(ApiEndpoint endpoint) : endpoint_(std::move(endpoint)) {}

ApiClient::~ApiClient() = default;

Result<ApiAnswer> ApiClient::call(const std::string& method,
                                  const std::string& path,
                                  const Parameters& query,
                                  std::string_view body,
                                  const std::string& content_type) {
  try {
    if (!session_) {
      const Poco::URI base(endpoint_.url);
      auto session = std::make_unique<Session>();
      session->prefix = base.getPath() == "/" ? "" : base.getPath();
      if (base.getScheme() == "https") {
        session->http =
            std::make_unique<Poco::Net::HTTPSClientSession>(base.getHost(), base.getPort());
      } else if (base.getScheme() == "http") {
        session->http =
            std::make_unique<Poco::Net::HTTPClientSession>(base.getHost(), base.getPort());
      } else {
        return Error{ErrorCode::kInvalid,
                     "'" + endpoint_.url + "' is not an http:// or https:// URL of a host",
                     {}};
      }
      session->http->setKeepAlive(true);
      session->http->setTimeout(Poco::Timespan(120, 0));
      session_ = std::move(session);
    }
    Poco::URI target(session_->prefix + path);
    for (const auto& [name, value] : query) {
      target.addQueryParameter(name, value);
    }
    Poco::Net::HTTPRequest request(method, target.getPathAndQuery(),
                                   Poco::Net::HTTPMessage::HTTP_1_1);
    request.setKeepAlive(true);
    if (!endpoint_.token.empty()) {
      request.set("Authorization", "Bearer " + endpoint_.token);
    }
    if (!content_type.empty()) {
      request.setContentType(content_type);
    }
    if (!body.empty() || method == "POST") {
      request.setContentLength64(static_cast<Poco::Int64>(body.size()));
    }
    auto& out = session_->http->sendRequest(request);
    out.write(body.data(), static_cast<std::streamsize>(body.size()));
    out.flush();
    Poco::Net::HTTPResponse response;
    auto& in = session_->http->receiveResponse(response);
    ApiAnswer answer;
    Poco::StreamCopier::copyToString(in, answer.body);
    answer.status = response.getStatus();
    try {
      answer.retry_after_s =
          static_cast<std::uint32_t>(std::stoul(response.get("Retry-After", "0")));
    } catch (const std::exception&) {
      answer.retry_after_s = 1;  // a date, which our hosts do not send
    }
    return answer;
  } catch (const Poco::Exception& fault) {
    session_.reset();
    return Error{ErrorCode::kIo,
                 "cannot reach the host at " + endpoint_.url + ": " + fault.displayText() +
                     "; is it running? Give --url or set ARAGORA_EVENTS_URL",
                 {}};
  } catch (const std::exception& fault) {
    session_.reset();
    return Error{
        ErrorCode::kIo, "cannot reach the host at " + endpoint_.url + ": " + fault.what(), {}};
  }
}

std::string describe_refusal(const ApiAnswer& answer) {
  std::string text = "the host answered " + std::to_string(answer.status);
  try {
    const auto document =
        Poco::JSON::Parser().parse(answer.body).extract<Poco::JSON::Object::Ptr>();
    if (document->has("detail")) {
      text += ": " + document->getValue<std::string>("detail");
      if (document->has("pointer")) {
        text += " (at " + document->getValue<std::string>("pointer") + ")";
      }
      return text;
    }
  } catch (const std::exception&) {
    // not a problem document: shown as it is below
  }
  return answer.body.empty() ? text : text + ": " + answer.body.substr(0, 200);
}

std::string encode_segment(std::string_view text) {
  std::string encoded;
  Poco::URI::encode(std::string(text), "/?#%&=+", encoded);
  return encoded;
}

}  // namespace aev::app
