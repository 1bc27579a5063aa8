#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include <aev/fake_host.hpp>

namespace aev::analytics {

/// Events of some debates in both spellings, with seqs from 1 on, in the order of their seqs. Some
/// are late, lie beyond a retention, belong to no debate, or have data that nobody can read. Their
/// times keep away from where a retention ends, so that a test may take a while.
[[nodiscard]] std::vector<sdk::FakeEvent> generate_events(std::mt19937_64& random,
                                                          std::size_t count,
                                                          std::int64_t now_ns);

}  // namespace aev::analytics
