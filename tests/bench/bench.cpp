// Measures the host beside bare references in the same run and prints ratios. Usage:
//   bench PROGRAM PLUGINS_FOLDER BARE_POCO SINK [--quick] [--only NAME]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

#include "bare_references.h"
#include "child_process.h"
#include "http_load.h"

namespace aev::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Setup {
  std::string program;
  std::string plugins;
  std::string bare_poco;
  std::string sink;
  std::string only;
  bool quick = false;

  [[nodiscard]] bool wants(const char* name) const { return only.empty() || only == name; }
};

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void report(const char* what, double ours, const char* reference, double theirs, double mark) {
  const double ratio = ours / theirs;
  std::printf("%-34s %10.0f/s   %-28s %10.0f/s   ratio %.2f   mark %.2f %s\n", what, ours,
              reference, theirs, ratio, mark, ratio >= mark ? "met" : "MISSED");
  std::fflush(stdout);
}

void report_bound(const char* what, double value, const char* unit, double mark) {
  std::printf("%-34s %10.1f %s   mark below %.0f %s\n", what, value, unit, mark,
              value < mark ? "met" : "MISSED");
  std::fflush(stdout);
}

/// The host on a fresh folder; `subscribers` and `routes` are YAML.
class RunningHost {
 public:
  RunningHost(const Setup& setup, const std::string& folder, const std::string& subscribers)
      : folder_(folder) {
    std::ofstream(folder_ + "/host.yaml") << "version: 1\n"
                                             "data_dir: ./data\n"
                                             "api: {listen: \"127.0.0.1:0\"}\n"
                                             "plugins: {path: [" +
                                                 setup.plugins + "]}\n" + subscribers;
    std::remove((folder_ + "/ready").c_str());
    const auto begin = SteadyClock::now();
    process_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{setup.program, "run", "--config", folder_ + "/host.yaml",
                                 "--ready-file", folder_ + "/ready"},
        folder_ + "/host.log");
    url_ = wait_for_file(folder_ + "/ready");
    ready_ms_ = seconds_since(begin) * 1000;
  }

  [[nodiscard]] const std::string& url() const { return url_; }

  [[nodiscard]] double ready_ms() const { return ready_ms_; }

  [[nodiscard]] double resident_mb() const {
    return static_cast<double>(process_->resident_bytes()) / (1024.0 * 1024.0);
  }

 private:
  std::string folder_;
  std::unique_ptr<ChildProcess> process_;
  std::string url_;
  double ready_ms_ = 0;
};

constexpr const char* kNobody = "subscribers: {}\nroutes: []\n";

std::string webhook(const std::string& url, const std::string& policy) {
  return "subscribers:\n  customer:\n    plugin: webhook\n    config: {url: \"" + url +
         "\", allow_networks: [127.0.0.0/8], secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}\n" +
         policy + "routes:\n  - {name: all, to: [customer]}\n";
}

std::string event_json(std::size_t payload_bytes) {
  return R"({"event_type":"agent_message","debate_id":"debate-17","source":"bench","data":{"agent":"a1","content":")" +
         std::string(payload_bytes, 'x') + R"("}})";
}

std::string batch_json(std::size_t count, std::size_t payload_bytes) {
  std::string body = "[";
  for (std::size_t i = 0; i < count; ++i) {
    body += (i == 0 ? "" : ",") + event_json(payload_bytes);
  }
  return body + "]";
}

void measure_ingest(const Setup& setup) {
  const int rounds = setup.quick ? 1 : 3;
  const double seconds = setup.quick ? 0.3 : 3;
  const std::string body = event_json(200);
  std::vector<double> bare;
  std::vector<double> host;
  for (int round = 0; round < rounds; ++round) {
    {
      const std::string folder = make_folder();
      const ChildProcess poco({setup.bare_poco, folder + "/ready"}, folder + "/log");
      const std::string url = wait_for_file(folder + "/ready");
      bare.push_back(post_for(url, "/", "application/json", body, 32, seconds).per_second());
    }
    const RunningHost running(setup, make_folder(), kNobody);
    host.push_back(
        post_for(running.url(), "/v1/events", "application/json", body, 32, seconds).per_second());
  }
  report("ingest, one event, 32 connections", median(host), "bare Poco, 32 connections",
         median(bare), 0.55);
}

void measure_batches(const Setup& setup) {
  const int rounds = setup.quick ? 1 : 3;
  const double seconds = setup.quick ? 0.3 : 3;
  const std::string body = batch_json(100, 200);
  std::vector<double> bare;
  std::vector<double> host;
  for (int round = 0; round < rounds; ++round) {
    bare.push_back(
        bare_sqlite(make_folder(), setup.quick ? 20'000 : 400'000, 100, event_json(200)));
    const RunningHost running(setup, make_folder(), kNobody);
    host.push_back(
        100 *
        post_for(running.url(), "/v1/events", "application/json", body, 16, seconds).per_second());
  }
  const double reference = median(bare);
  report("ingest, batches of 100", median(host), "bare SQLite, 100 per commit", reference,
         std::max(0.5, 150'000 / reference));
}

/// Events that the sink has seen.
std::uint64_t sink_events(const std::string& url) {
  const std::string counts = get(url, "/");
  return std::strtoull(counts.c_str() + counts.find(' '), nullptr, 10);
}

double end_to_end(const Setup& setup, const std::string& policy, std::uint64_t events) {
  const std::string folder = make_folder();
  const ChildProcess sink({setup.sink, folder + "/ready"}, folder + "/log");
  const std::string sink_url = wait_for_file(folder + "/ready");
  const RunningHost host(setup, make_folder(), webhook(sink_url, policy));
  const auto begin = SteadyClock::now();
  static_cast<void>(post_for(host.url(), "/v1/events", "application/json", batch_json(100, 200), 4,
                             0, events / 100));
  while (sink_events(sink_url) < events) {
    if (seconds_since(begin) > 300) {
      fail("the events did not all arrive within 300 s");
    }
    poll(nullptr, 0, 5);
  }
  return static_cast<double>(events) / seconds_since(begin);
}

double bare_sender(const Setup& setup, std::uint64_t requests, const std::string& body) {
  const std::string folder = make_folder();
  const ChildProcess sink({setup.sink, folder + "/ready"}, folder + "/log");
  return bare_curl(wait_for_file(folder + "/ready"), requests, 64, body);
}

void measure_end_to_end(const Setup& setup) {
  const int rounds = setup.quick ? 1 : 3;
  const std::uint64_t events = setup.quick ? 2'000 : 60'000;
  std::vector<double> bare;
  std::vector<double> host;
  std::vector<double> batched;
  std::vector<double> bare_batched;
  for (int round = 0; round < rounds; ++round) {
    bare.push_back(bare_sender(setup, events, event_json(200)));
    host.push_back(end_to_end(setup, "    concurrency: 64\n", events));
    bare_batched.push_back(100 * bare_sender(setup, events / 100, batch_json(100, 200)));
    batched.push_back(end_to_end(
        setup, "    batch: {max_events: 100, max_delay: 100ms}\n    concurrency: 8\n", events));
  }
  report("end to end, one POST per event", median(host), "bare libcurl, 64 at once", median(bare),
         0.5);
  std::printf("%-34s %10.0f/s   %-28s %10.0f/s   ratio %.2f\n", "end to end, batches of 100 out",
              median(batched), "bare libcurl, batches of 100", median(bare_batched),
              median(batched) / median(bare_batched));
}

void measure_memory(const Setup& setup) {
  const std::uint64_t backlog = setup.quick ? 10'000 : 1'000'000;
  const std::string folder = make_folder();
  // Port 9 (discard) is closed on any sane machine: the receiver is down.
  const std::string down = webhook("http://127.0.0.1:9/", "    retry: {max_attempts: 1000000}\n");
  {
    const RunningHost host(setup, folder, down);
    report_bound("ready on an empty store", host.ready_ms(), "ms", 200);
    report_bound("memory, idle", host.resident_mb(), "MB", 40);
    static_cast<void>(post_for(host.url(), "/v1/events", "application/json", batch_json(100, 430),
                               4, 0, backlog / 100));
    report_bound("memory, backlog waiting", host.resident_mb(), "MB", 150);
  }
  const RunningHost host(setup, folder, down);
  report_bound("ready with that backlog", host.ready_ms(), "ms", 2000);
  report_bound("memory after a restart with it", host.resident_mb(), "MB", 150);
}

int run(const Setup& setup) {
  if (setup.wants("ingest")) {
    measure_ingest(setup);
  }
  if (setup.wants("batches")) {
    measure_batches(setup);
  }
  if (setup.wants("end-to-end")) {
    measure_end_to_end(setup);
  }
  if (setup.wants("memory")) {
    measure_memory(setup);
  }
  return 0;
}

}  // namespace
}  // namespace aev::bench

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: bench PROGRAM PLUGINS BARE_POCO SINK [--quick] [--only NAME]\n");
    return 2;
  }
  aev::bench::Setup setup{argv[1], argv[2], argv[3], argv[4], {}, false};
  for (int i = 5; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      setup.quick = true;
    } else if (std::strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
      setup.only = argv[++i];
    } else {
      std::fprintf(stderr, "bench: unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  return aev::bench::run(setup);
}
