#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "bare_counting.h"
#include "event_mix.h"
#include "plugin_feeder.h"

namespace {

using aev::bench::Measured;

constexpr double kMark = 200'000;

struct Folder {
  std::string path;

  Folder() {
    path = (std::filesystem::temp_directory_path() / "aev-bench-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
  }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

void print(const char* what, const Measured& measured, double events) {
  std::printf("  %-34s %10.0f events per CPU second, %10.0f per second of the clock\n", what,
              events / measured.cpu_seconds, events / measured.wall_seconds);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// What a subscriber may have in flight: what the README recommends, and a small one.
struct Shape {
  std::uint32_t batch_events;
  std::uint32_t batches;
};

void measure(char** argv, const aev::bench::EventMix& mix, const Shape& shape, int rounds) {
  const auto events = static_cast<double>(mix.events.size());
  std::printf("batches of %u, %u at once\n", shape.batch_events, shape.batches);
  std::vector<double> rates;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    const Folder folder;
    const std::string figures = folder.path + "/figures.db";
    const Measured plugin =
        aev::bench::feed_plugin(argv[1], figures, mix, shape.batch_events, shape.batches);
    if (aev::bench::counted_events(figures) != static_cast<std::int64_t>(mix.events.size())) {
      throw std::runtime_error("the figures do not add up to the events");
    }
    const Measured bare = aev::bench::count_bare(folder.path + "/bare.db", mix,
                                                 std::size_t{shape.batch_events} * shape.batches);
    print("analytics plugin, through the ABI", plugin, events);
    print("bare simdjson and SQLite", bare, events);
    rates.push_back(events / plugin.cpu_seconds);
    ratios.push_back(bare.cpu_seconds / plugin.cpu_seconds);
  }
  std::printf("  median: %.0f events per second and core (mark %.0f), %.2f of bare\n",
              median(rates), kMark, median(ratios));
}

int run(int argc, char** argv) {
  const std::size_t count = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 1'000'000;
  const int rounds = argc > 4 ? std::atoi(argv[4]) : 3;
  const aev::bench::EventMix mix = aev::bench::make_events(argv[2], count);
  std::printf("%zu events of recorded debates\n", count);
  measure(argv, mix, {1000, 4}, rounds);
  measure(argv, mix, {100, 4}, rounds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s PLUGIN RECORDED.ndjson [EVENTS [ROUNDS]]\n", argv[0]);
    return 2;
  }
  try {
    return run(argc, argv);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "%s\n", fault.what());
    return 1;
  }
}
