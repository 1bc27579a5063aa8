#include "lane_harness.h"

#include <utility>

#include <catch2/catch.hpp>

namespace aev::delivery::testing {

config::DeliveryPolicy plain_policy() {
  config::DeliveryPolicy policy;
  policy.retry.max_attempts = 4;
  policy.retry.initial_interval = std::chrono::seconds(1);
  policy.retry.multiplier = 2;
  policy.retry.max_interval = std::chrono::seconds(60);
  policy.circuit_breaker.failures = 0;
  policy.concurrency = 8;
  return policy;
}

SubscriberSpec spec_of(config::DeliveryPolicy policy, events::Seq cursor) {
  SubscriberSpec spec;
  spec.record.id = 1;
  spec.record.name = "crm";
  spec.record.cursor = cursor;
  spec.plugin = "fake";
  spec.policy = std::move(policy);
  return spec;
}

LaneHarness::LaneHarness(config::DeliveryPolicy policy, std::size_t queue_bytes)
    : LaneHarness(spec_of(std::move(policy)), queue_bytes) {}

LaneHarness::LaneHarness(SubscriberSpec spec, std::size_t queue_bytes) {
  const LaneContext context{clock, random, next_batch_id, changes, queue_bytes, logger};
  LaneMetrics lane_metrics(metrics, spec.record.name);
  lane = std::make_unique<Lane>(std::move(spec), context, std::move(lane_metrics));
}

void LaneHarness::start_plugin() {
  lane->instance_starting();
  lane->instance_started(lane->offered_limits());
}

void LaneHarness::go_live(events::Seq seq) {
  lane->rows_requested();
  lane->take_rows({}, {}, true);
  last_seq = seq;
  store::Store::ScanPage page;
  page.scanned_to = seq;
  page.at_end = true;
  lane->take_scan(page, seq);
}

void LaneHarness::run(events::Seq seq) {
  start_plugin();
  go_live(seq);
}

void LaneHarness::commit(events::Seq first, events::Seq last) {
  std::vector<events::RoutedEvent> routed;
  for (events::Seq seq = first; seq <= last; ++seq) {
    routed.push_back(made(seq));
  }
  commit(routed);
}

void LaneHarness::commit(const std::vector<events::RoutedEvent>& routed) {
  for (const events::RoutedEvent& each : routed) {
    if (each.targets->contains(lane->id())) {
      lane->take_live(each);
    }
    last_seq = each.event->seq();
  }
  lane->live_upto(last_seq);
}

std::vector<loader::Lease> LaneHarness::step() {
  std::vector<loader::Lease> leases;
  lane->step([&](loader::Lease lease) { leases.push_back(std::move(lease)); });
  return leases;
}

loader::Lease LaneHarness::step_one() {
  std::vector<loader::Lease> leases = step();
  REQUIRE(leases.size() == 1);
  return std::move(leases.front());
}

std::vector<events::Seq> LaneHarness::step_seqs() {
  std::vector<events::Seq> seqs;
  for (const loader::Lease& lease : step()) {
    for (const loader::LeasedEvent& leased : lease.events) {
      seqs.push_back(leased.event->seq());
    }
  }
  return seqs;
}

void LaneHarness::settle(const loader::Lease& lease, loader::Outcome outcome) {
  lane->settled(whole(lease, outcome));
}

loader::Settlement whole(const loader::Lease& lease, loader::Outcome outcome) {
  return part(lease, 0, static_cast<std::uint32_t>(lease.events.size()), outcome);
}

loader::Settlement part(const loader::Lease& lease,
                        std::uint32_t first,
                        std::uint32_t count,
                        loader::Outcome outcome) {
  loader::Settlement settlement;
  settlement.batch_id = lease.batch_id;
  settlement.first = first;
  settlement.count = count;
  settlement.outcome = outcome;
  return settlement;
}

std::vector<events::Seq> seqs_of(const loader::Lease& lease) {
  std::vector<events::Seq> seqs;
  for (const loader::LeasedEvent& leased : lease.events) {
    seqs.push_back(leased.event->seq());
  }
  return seqs;
}

}  // namespace aev::delivery::testing
