#include "kafka_source.h"
#include "kafka_subscriber.h"

namespace {

constexpr const char* kQueries =
    R"([{"name":"status","description":"Connection, counts and what went wrong last","parameters":{}}])";

void validate_publisher(aev::sdk::Json config) {
  static_cast<void>(aev::kafka::parse_publish_options(config));
}

void validate_source(aev::sdk::Json config) {
  static_cast<void>(aev::kafka::parse_source_options(config));
}

}  // namespace

AEV_PLUGIN(
    aev::sdk::Type<aev::kafka::KafkaSubscriber>{.id = "kafka",
                                                .name = "Publishes events to Apache Kafka",
                                                .version = "0.1.0",
                                                .vendor = "Aragora Events",
                                                .config_schema = aev::kafka::publish_schema(),
                                                .validate = &validate_publisher,
                                                .queries = kQueries},
    aev::sdk::Type<aev::kafka::KafkaSource>{.id = "kafka_source",
                                            .name = "Brings events in from Apache Kafka",
                                            .version = "0.1.0",
                                            .vendor = "Aragora Events",
                                            .config_schema = aev::kafka::source_schema(),
                                            .validate = &validate_source,
                                            .queries = kQueries,
                                            .flags = AEV_TYPE_SOURCE});
