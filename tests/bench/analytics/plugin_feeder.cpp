#include "plugin_feeder.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <dlfcn.h>
#include <mutex>
#include <stdexcept>

namespace aev::bench {
namespace {

/// What the plugin's calls change.
struct Host {
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t settled = 0;
  std::uint64_t open_batches = 0;
  std::uint64_t not_delivered = 0;
  bool stopped = false;
};

Host& of(const aev_host* host) {
  return *static_cast<Host*>(host->host_data);
}

const void* no_extension(const aev_host*, const char*) {
  return nullptr;
}

std::uint32_t log_enabled(const aev_host*, std::uint32_t) {
  return 1;
}

void log(const aev_host*, std::uint32_t, aev_str message, const aev_attr*, std::uint32_t) {
  std::fprintf(stderr, "plugin: %.*s\n", static_cast<int>(message.len), message.ptr);
}

void complete(const aev_host* raw,
              const aev_result* results,
              std::uint32_t count,
              std::uint32_t /*stride*/) {
  Host& host = of(raw);
  {
    const std::lock_guard lock(host.mutex);
    for (std::uint32_t i = 0; i < count; ++i) {
      host.settled += results[i].count;
      host.not_delivered += results[i].outcome == AEV_DELIVERED ? 0 : results[i].count;
      --host.open_batches;  // the plugin completes batches as a whole
    }
  }
  host.changed.notify_all();
}

void nothing(const aev_host*) {}

void stopped(const aev_host* raw) {
  Host& host = of(raw);
  {
    const std::lock_guard lock(host.mutex);
    host.stopped = true;
  }
  host.changed.notify_all();
}

void failed(const aev_host*, const aev_error* error) {
  std::fprintf(stderr, "plugin failed: %s\n", error->message);
}

std::int64_t in_a_minute() {
  const auto at = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

}  // namespace

double process_cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

Measured feed_plugin(const std::string& plugin_file,
                     const std::string& figures_file,
                     const EventMix& mix,
                     std::uint32_t batch_events,
                     std::uint32_t batches_in_flight) {
  void* const library = dlopen(plugin_file.c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto* entry = library == nullptr
                          ? nullptr
                          : static_cast<const aev_entry*>(dlsym(library, "aev_plugin_entry"));
  if (entry == nullptr) {
    throw std::runtime_error(plugin_file + ": " + dlerror());
  }
  Host state;
  const aev_host host{sizeof(aev_host), AEV_ABI_MAJOR, AEV_ABI_MINOR, &state, "bench",
                      "bench",          &no_extension, &log_enabled,  &log,   &complete,
                      &nothing,         &stopped,      &failed};
  aev_error error{};
  error.struct_size = sizeof error;
  const std::string config = R"({"file":")" + figures_file + "\"}";
  aev_subscriber* const subscriber =
      entry->create("analytics", &host, aev_str{config.data(), config.size()}, &error);
  aev_limits limits{sizeof(aev_limits), batch_events, 64u << 20, 64u << 20,
                    batches_in_flight,  30'000,       0,         0};
  if (subscriber == nullptr || subscriber->start(subscriber, &limits, &error) != AEV_OK) {
    throw std::runtime_error(error.message);
  }
  const double cpu = process_cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t batch_id = 0;
  for (std::size_t at = 0; at < mix.events.size(); at += batch_events) {
    const auto count =
        static_cast<std::uint32_t>(std::min<std::size_t>(batch_events, mix.events.size() - at));
    const aev_batch batch{sizeof(aev_batch),
                          sizeof(aev_event),
                          ++batch_id,
                          in_a_minute(),
                          mix.events.data() + at,
                          count,
                          0};
    {
      std::unique_lock lock(state.mutex);
      state.changed.wait(lock, [&] { return state.open_batches < batches_in_flight; });
      ++state.open_batches;
    }
    std::uint32_t accepted = count;
    if (subscriber->deliver(subscriber, &batch, &accepted) != AEV_OK || accepted != count) {
      throw std::runtime_error("the plugin did not take a batch");
    }
  }
  Measured measured;
  {
    std::unique_lock lock(state.mutex);
    state.changed.wait(lock, [&] { return state.settled == mix.events.size(); });
    measured.wall_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    measured.cpu_seconds = process_cpu_seconds() - cpu;
  }
  subscriber->stop(subscriber, in_a_minute());
  {
    std::unique_lock lock(state.mutex);
    state.changed.wait(lock, [&] { return state.stopped; });
  }
  subscriber->destroy(subscriber);
  if (state.not_delivered != 0) {
    throw std::runtime_error("events were not delivered");
  }
  return measured;
}

}  // namespace aev::bench
