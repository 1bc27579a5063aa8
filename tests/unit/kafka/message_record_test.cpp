#include "message_record.h"

#include <map>

#include <catch2/catch.hpp>

#include "made_event.h"

namespace aev::kafka {
namespace {

std::map<std::string, std::string> headers_of(const PublishOptions& options,
                                              const sdk::Event& event) {
  const HeadersPtr headers = make_headers(options, event);
  std::map<std::string, std::string> all;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers.get(), i, &name, &value, &size) ==
                          RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    all[name] = std::string(static_cast<const char*>(value), size);
  }
  return all;
}

PublishOptions options_with(const std::string& members) {
  return parse_publish_options(R"({"brokers":["b:1"])" + members + "}");
}

TEST_CASE("binary mode has the attributes in headers and the data as it is", "[kafka]") {
  const MadeEvent event(R"({"n":1})", "vote", "d1",
                        {{"traceparent", "\"00-ab-cd-01\""},
                         {"sequence", "7"},
                         {"flag", "true"},
                         {"none", "null"},
                         {"nested", "{\"a\":1}"},
                         {"with_underscore", "\"x\""},
                         {"escaped", "\"a\\nb\""},
                         {"id", "\"another\""}});
  const auto options = options_with(R"(,"format":"cloudevents","headers":{"origin":"edge 1"})");
  CHECK(headers_of(options, event.view()) ==
        std::map<std::string, std::string>{{"content-type", "application/json"},
                                           {"ce_specversion", "1.0"},
                                           {"ce_id", "e1"},
                                           {"ce_source", "arena"},
                                           {"ce_type", "vote"},
                                           {"ce_subject", "d1"},
                                           {"ce_time", "2026-03-01T12:00:00Z"},
                                           {"ce_traceparent", "00-ab-cd-01"},
                                           {"ce_sequence", "7"},
                                           {"ce_flag", "true"},
                                           {"origin", "edge 1"}});
  std::string value;
  append_value(value, options.format, event.view());
  CHECK(value.empty());
  CHECK(value_is_data(options.format));
}

TEST_CASE("an event without source or debate is a CloudEvent all the same", "[kafka]") {
  MadeEvent event("{}", "vote", "");
  event.raw().source = {};
  event.raw().flags = AEV_EVENT_REPLAY;
  const auto headers = headers_of(options_with(R"(,"format":"cloudevents")"), event.view());
  CHECK(headers.at("ce_source") == "/aragora-events");
  CHECK(headers.count("ce_subject") == 0);
  CHECK(headers.at("aragora_replay") == "true");
}

TEST_CASE("structured mode is one document", "[kafka]") {
  MadeEvent event(R"({"n":1})", "vote", "d1", {{"sequence", "7"}, {"nested", "{}"}});
  const auto options = options_with(R"(,"format":"cloudevents","mode":"structured")");
  std::string value;
  append_value(value, options.format, event.view());
  CHECK(value ==
        R"({"specversion":"1.0","id":"e1","source":"arena","type":"vote","subject":"d1",)"
        R"("time":"2026-03-01T12:00:00Z","sequence":7,"datacontenttype":"application/json",)"
        R"("data":{"n":1}})");
  CHECK(headers_of(options, event.view()) ==
        std::map<std::string, std::string>{{"content-type", "application/cloudevents+json"}});
  event.raw().content_type = sdk::str("application/octet-stream");
  event.raw().data = {"\xff\x00", 2};
  value.clear();
  append_value(value, options.format, event.view());
  CHECK(value.find(R"("data_base64":"/wA=")") != std::string::npos);
}

TEST_CASE("plain format is the canonical event", "[kafka]") {
  const MadeEvent event(R"({"n":1})");
  const auto options = options_with("");
  std::string value = "before";
  append_value(value, options.format, event.view());
  CHECK(value == R"(before{"id":"e1","event_type":"vote","debate_id":"d1","source":"arena",)"
                 R"("timestamp":"2026-03-01T12:00:00Z","data":{"n":1}})");
  CHECK(headers_of(options, event.view()) ==
        std::map<std::string, std::string>{{"content-type", "application/json"}});
}

}  // namespace
}  // namespace aev::kafka
