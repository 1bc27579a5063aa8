#include <array>

#include <catch2/catch.hpp>

#include "outcome.h"
#include "report_runs.h"

namespace aev::kafka {
namespace {

/// A lease of `count` events as the host would make it.
struct MadeBatch {
  explicit MadeBatch(std::uint64_t id, std::uint32_t count) : events(count) {
    raw.struct_size = sizeof raw;
    raw.event_stride = sizeof(aev_event);
    raw.batch_id = id;
    raw.events = events.data();
    raw.count = count;
  }

  [[nodiscard]] sdk::Batch view() const { return {sdk::Host(nullptr), &raw}; }

  std::vector<aev_event> events;
  aev_batch raw{};
};

TEST_CASE("each error of a broker has its outcome", "[kafka]") {
  CHECK(outcome_of(RD_KAFKA_RESP_ERR_NO_ERROR) == AEV_DELIVERED);
  for (const auto error : {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_RECORD,
                           RD_KAFKA_RESP_ERR_POLICY_VIOLATION, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION}) {
    CHECK(outcome_of(error) == AEV_REJECT);
  }
  for (const auto error :
       {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_UNKNOWN}) {
    CHECK(outcome_of(error) == AEV_RETRY);
  }
  for (const auto error : {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__PURGE_QUEUE,
                           RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, RD_KAFKA_RESP_ERR__AUTHENTICATION,
                           RD_KAFKA_RESP_ERR__FATAL}) {
    CHECK(outcome_of(error) == AEV_NOT_CONNECTED);
  }
}

TEST_CASE("a reason names the error, the topic and what to do", "[kafka]") {
  const std::string text = describe_error(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "secret");
  CHECK(text.find("TOPIC_AUTHORIZATION_FAILED") == 0);
  CHECK(text.find("(topic secret)") != std::string::npos);
  CHECK(text.find("grant this user Write") != std::string::npos);
  CHECK(describe_error(RD_KAFKA_RESP_ERR_NO_ERROR, "t").empty());
}

TEST_CASE("neighbours with the same fate are one result", "[kafka]") {
  const MadeBatch one(7, 6);
  const MadeBatch two(8, 2);
  LeaseShelf shelf;
  PublishLease& first = shelf.add(one.view());
  PublishLease& second = shelf.add(two.view());
  ReportRuns runs;
  runs.add(first.tags[0], RD_KAFKA_RESP_ERR_NO_ERROR, "");
  runs.add(first.tags[1], RD_KAFKA_RESP_ERR_NO_ERROR, "");
  runs.add(first.tags[3], RD_KAFKA_RESP_ERR_NO_ERROR, "");  // a gap
  runs.add(first.tags[4], RD_KAFKA_RESP_ERR_INVALID_RECORD, "t");
  runs.add(first.tags[5], RD_KAFKA_RESP_ERR_INVALID_RECORD, "t");
  runs.add(second.tags[0], RD_KAFKA_RESP_ERR_INVALID_RECORD, "t");  // another lease
  runs.add(second.tags[1], RD_KAFKA_RESP_ERR_INVALID_RECORD, "u");  // another reason
  const auto results = runs.results();
  REQUIRE(results.size() == 5);
  CHECK((results[0].batch_id == 7 && results[0].first == 0 && results[0].count == 2));
  CHECK((results[1].first == 3 && results[1].count == 1));
  CHECK((results[2].first == 4 && results[2].count == 2 && results[2].outcome == AEV_REJECT));
  CHECK(sdk::view(results[2].reason).find("(topic t)") != std::string_view::npos);
  CHECK((results[3].batch_id == 8 && results[3].first == 0));
  CHECK(sdk::view(results[4].reason).find("(topic u)") != std::string_view::npos);
  CHECK(runs.leases()[4] == &second);
  runs.clear();
  CHECK(runs.results().empty());
}

}  // namespace
}  // namespace aev::kafka
