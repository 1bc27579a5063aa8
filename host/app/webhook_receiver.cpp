#include "app/webhook_receiver.h"

#include <charconv>

#include <Poco/JSON/Parser.h>

#include <aev/webhook_verify.hpp>

#include "core/clock.h"
#include "core/json_writer.h"

namespace aev::app {
namespace {

constexpr std::size_t kMaxBody = 64u << 20;

/// What a delivery says about one event, whichever of the three body formats it came in.
struct Seen {
  std::string event_type;
  std::string id;
  std::string debate_id;
};

std::string text(const Poco::JSON::Object& object, const std::string& name) {
  return object.has(name) && object.get(name).isString() ? object.getValue<std::string>(name)
                                                         : std::string();
}

Seen describe(const Poco::JSON::Object& object) {
  if (object.has("specversion")) {
    return {text(object, "type"), text(object, "id"), text(object, "subject")};
  }
  if (object.has("event")) {
    return {text(object, "event"), text(object, "delivery_id"), {}};
  }
  return {text(object, "event_type"), text(object, "id"), text(object, "debate_id")};
}

std::vector<Seen> read_events(std::string_view body, const http::Exchange& exchange) {
  if (const auto type = exchange.header("ce-type"); !type.empty()) {
    return {{std::string(type), std::string(exchange.header("ce-id")),
             std::string(exchange.header("ce-subject"))}};
  }
  std::vector<Seen> seen;
  try {
    const auto document = Poco::JSON::Parser().parse(std::string(body));
    if (document.type() == typeid(Poco::JSON::Array::Ptr)) {
      const auto& array = *document.extract<Poco::JSON::Array::Ptr>();
      for (std::size_t i = 0; i < array.size(); ++i) {
        seen.push_back(describe(*array.getObject(static_cast<unsigned>(i))));
      }
    } else {
      seen.push_back(describe(*document.extract<Poco::JSON::Object::Ptr>()));
    }
  } catch (const std::exception&) {
    seen.assign(1, {"(not JSON)", {}, {}});
  }
  return seen;
}

std::vector<std::pair<std::string, std::string>> headers_of(const http::Exchange& exchange) {
  std::vector<std::pair<std::string, std::string>> headers;
  exchange.each_header(
      [](void* context, std::string_view name, std::string_view value) {
        static_cast<decltype(headers)*>(context)->emplace_back(name, value);
      },
      &headers);
  return headers;
}

}  // namespace

Result<FailureRule> parse_failure_rule(std::string_view text) {
  FailureRule rule;
  const auto equals = text.rfind('=');
  if (equals != std::string_view::npos && equals > 0) {
    rule.event_type = text.substr(0, equals);
    const char* const end = text.data() + text.size();
    auto [after, error] = std::from_chars(text.data() + equals + 1, end, rule.status);
    if (error == std::errc() && after != end && *after == ':') {
      const auto counted = std::from_chars(after + 1, end, rule.count);
      after = counted.ptr;
      error = counted.ec;
    }
    if (error == std::errc() && after == end && rule.status >= 200 && rule.status <= 599) {
      return rule;
    }
  }
  return Error{ErrorCode::kInvalid,
               "'" + std::string(text) +
                   "' is not TYPE=STATUS[:COUNT]; for example gauntlet_verdict=400:1 or *=503",
               {}};
}

WebhookReceiver::WebhookReceiver(ReceiverOptions options, std::FILE* out)
    : options_(std::move(options)), out_(out), failed_(options_.failures.size()) {}

int WebhookReceiver::failure_for(const std::vector<std::string>& event_types) {
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < options_.failures.size(); ++i) {
    const FailureRule& rule = options_.failures[i];
    for (const auto& type : event_types) {
      if ((rule.event_type == "*" || rule.event_type == type) &&
          (rule.count == 0 || failed_[i] < rule.count)) {
        ++failed_[i];
        return rule.status;
      }
    }
  }
  return 0;
}

void WebhookReceiver::handle(http::Exchange& exchange) {
  const auto body = exchange.read_body(kMaxBody);
  if (!body) {
    exchange.respond(http::problem_response(body.error()));
    return;
  }
  if (exchange.method() != "POST") {
    exchange.respond(http::problem_response(405, "Method not allowed", "deliveries are posted"));
    return;
  }
  std::string verdict = "unchecked";
  bool valid = true;
  if (!options_.secret.empty()) {
    const auto result =
        webhook::verify_webhook_request(headers_of(exchange), *body, options_.secret);
    valid = result.valid;
    verdict = valid ? "verified" : result.error;
  }
  const auto events = read_events(*body, exchange);
  std::vector<std::string> types;
  for (const auto& event : events) {
    types.push_back(event.event_type);
  }
  int status = valid ? failure_for(types) : 401;
  if (status == 0) {
    status = 200;
  }
  std::string lines;
  for (const auto& event : events) {
    if (options_.json) {
      JsonWriter json;
      json.begin_object()
          .field("event_type", event.event_type)
          .field("id", event.id)
          .field("debate_id", event.debate_id)
          .field("status", status)
          .field("signature", verdict);
      if (options_.print_bodies) {
        json.field("body", *body);
      }
      lines += json.end_object().take() + "\n";
    } else {
      lines += format_rfc3339(SystemClock().unix_now_ns() / 1'000'000 * 1'000'000) + " " +
               std::to_string(status) + " " + verdict + " " + event.event_type + " " + event.id +
               (event.debate_id.empty() ? "" : " debate=" + event.debate_id) + "\n";
    }
  }
  if (options_.print_bodies && !options_.json) {
    lines += std::string(*body) + "\n";
  }
  std::fputs(lines.c_str(), out_);  // one call a delivery, so that lines of two never mix
  std::fflush(out_);
  if (status == 200) {
    exchange.respond(200, "application/json", R"({"received":true})");
  } else if (status == 401) {
    exchange.respond(http::problem_response(401, "Unauthorized", verdict));
  } else {
    exchange.respond(http::problem_response(status, "As asked for", "a --fail-type rule said so"));
  }
}

}  // namespace aev::app
