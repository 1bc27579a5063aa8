#include "group_size.h"

#include <catch2/catch.hpp>

namespace aev::analytics {
namespace {

GroupSize of(std::uint32_t flags, std::uint32_t batch_events, std::uint32_t batches) {
  aev_limits limits{};
  limits.struct_size = sizeof(limits);
  limits.flags = flags;
  limits.max_batch_events = batch_events;
  limits.max_in_flight_batches = batches;
  return full_group(limits);
}

TEST_CASE("without batches a group is full with all events that the host leases at once",
          "[analytics]") {
  const GroupSize full = of(0, 8, 8);
  CHECK_FALSE(full.reached(1, 7));
  CHECK(full.reached(1, 8));
  CHECK(full.reached(8, 8));
}

TEST_CASE("with batches a group is full with all batches in flight", "[analytics]") {
  const GroupSize full = of(AEV_LIMITS_BATCHED, 1000, 4);
  CHECK_FALSE(full.reached(3, 3000));
  CHECK(full.reached(4, 4));
  CHECK(full.reached(1, 20'000));
}

TEST_CASE("limits of nothing still let a group be full", "[analytics]") {
  CHECK(of(0, 0, 0).reached(1, 1));
}

}  // namespace
}  // namespace aev::analytics
