#include "publish_status.h"

#include <sstream>

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

namespace aev::kafka {
namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

Array::Ptr brokers_of(const std::string& statistics) {
  Array::Ptr all(new Array);
  if (statistics.empty()) {
    return all;
  }
  try {
    const auto root = Poco::JSON::Parser().parse(statistics).extract<Object::Ptr>();
    const auto brokers = root->getObject("brokers");
    for (const auto& [name, value] : *brokers) {
      const auto& broker = *value.extract<Object::Ptr>();
      Object one(Poco::JSON_PRESERVE_KEY_ORDER);
      one.set("name", name);
      one.set("state", broker.getValue<std::string>("state"));
      const auto round_trip = broker.getObject("rtt");
      one.set("round_trip_ms", round_trip->getValue<double>("avg") / 1000);
      one.set("requests_waiting", broker.getValue<std::int64_t>("waitresp_cnt"));
      one.set("errors", broker.getValue<std::int64_t>("txerrs"));
      all->add(one);
    }
  } catch (const Poco::Exception&) {
    all->clear();  // another librdkafka may write other statistics; the rest of the status stands
  }
  return all;
}

}  // namespace

std::string to_json(const PublishStatus& status) {
  Object messages(Poco::JSON_PRESERVE_KEY_ORDER);
  messages.set("delivered", status.delivered);
  messages.set("rejected", status.rejected);
  messages.set("retried", status.retried);
  messages.set("not_connected", status.not_connected);
  messages.set("in_flight", status.queued);
  Object root(Poco::JSON_PRESERVE_KEY_ORDER);
  root.set("connected", status.connected);
  root.set("configured_brokers", status.brokers);
  root.set("messages", messages);
  root.set("bytes_delivered", status.bytes);
  root.set("last_error", status.last_error);
  root.set("brokers", brokers_of(status.statistics));
  std::ostringstream out;
  root.stringify(out);
  return out.str();
}

}  // namespace aev::kafka
