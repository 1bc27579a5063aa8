#pragma once

#include <string>

#include <librdkafka/rdkafka.h>

#include <aev/plugin.hpp>

namespace aev::kafka {

/// What became of a message, by its delivery report.
///
/// Delivered: all in-sync replicas have it. Rejected: the broker will never take this message, too
/// large, of a broken record or against its policy. Not connected: no broker answered, or the
/// producer dropped it because of that: no attempt is burned. Everything else is retried by the
/// host's policy, among it what a person can mend meanwhile: a missing topic, missing rights.
[[nodiscard]] aev_outcome outcome_of(rd_kafka_resp_err_t error) noexcept;

/// The broker's reason in words, with what to do where that is known. Empty for no error.
[[nodiscard]] std::string describe_error(rd_kafka_resp_err_t error, const std::string& topic);

}  // namespace aev::kafka
