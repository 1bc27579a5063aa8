// What an event costs the security plugin at a hundred rules, in CPU time of the process, in three
// stages of one run:
//   rules    reading the event's data, masking it, and evaluating the rules
//   plugin   all of it through the ABI, as the host drives it: leases in, audit trail and state
//            committed with fsync, completions out
//   bare     SQLite alone, inserting rows of the same size in the same groups: what the trail costs
//            whoever writes it

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sqlite3.h>

#include <aev/plugin.hpp>

#include "digest.h"
#include "event_reader.h"
#include "rule_engine.h"

namespace {

using aev::security::EventReader;
using aev::security::Firing;
using aev::security::Observation;
using aev::security::RuleEngine;
using aev::security::Settings;

constexpr std::int64_t kStart = 1'772'366'400'000'000'000;
constexpr std::uint32_t kBatch = 1000;
constexpr std::uint32_t kInFlight = 8;
constexpr int kTypes = 20;

/// A hundred rules: five for each of twenty types, of all kinds.
std::string config(const std::string& database) {
  std::string json = R"({"database":")" + database + R"(","debates":{"enabled":false},"rules":[)";
  for (int i = 0; i < 100; ++i) {
    const std::string type = "watched_" + std::to_string(i % kTypes);
    json += (i == 0 ? "" : ",") + std::string(R"({"name":"rule-)") + std::to_string(i) +
            R"(","events":[")" + type + "\"],";
    switch (i / kTypes) {
      case 0:
        json += R"("key":"ip_address","count":50,"within":"60s","emit":[]})";
        break;
      case 1:
        json += R"("key":"user_id","count":400,"within":"10m","emit":[]})";
        break;
      case 2:
        json += R"("key":"user_id","distinct":"ip_address","count":60,"within":"10m","emit":[]})";
        break;
      case 3:
        json += R"("key":"user_id","count":5,"within":"1m","min_severity":"critical","emit":[]})";
        break;
      default:
        json +=
            R"("key":["user_id","ip_address"],"min_severity":"critical","cooldown":"1h","emit":[]})";
    }
  }
  return json + "]}";
}

struct Usage {
  double wall = 0;
  double cpu = 0;
};

double process_cpu() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class Stopwatch {
 public:
  [[nodiscard]] Usage used() const {
    return {std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count(),
            process_cpu() - cpu_};
  }

 private:
  std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
  double cpu_ = process_cpu();
};

/// Events as they are leased, a thousand of which repeat with new seqs and times.
struct Events {
  std::vector<std::string> types, ids, data;
  std::vector<aev_event> raw;

  explicit Events(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      types.push_back("watched_" + std::to_string(i % kTypes));
      ids.push_back("01HZX2Q6W8-" + std::to_string(i * 7919));
      data.push_back(
          R"({"user_id":"user-)" + std::to_string(i * 31 % 997) +
          R"(","reason":"bad password","ip_address":"10.)" + std::to_string(i * 17 % 251) + "." +
          std::to_string(i * 13 % 241) + R"(.7","severity":")" + (i % 50 == 0 ? "high" : "medium") +
          R"(","metadata":{"agent":"Mozilla/5.0","attempt":)" + std::to_string(i) + "}}");
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      aev_event event{};
      event.id = aev::sdk::str(ids[i]);
      event.event_type = aev::sdk::str(types[i]);
      event.content_type = aev::sdk::str("application/json");
      event.data = aev_bytes{data[i].data(), data[i].size()};
      event.attempt = 1;
      raw.push_back(event);
    }
  }

  /// The same as they come later.
  void renew(std::uint64_t first_seq) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
      raw[i].seq = first_seq + i;
      raw[i].time_unix_ns = raw[i].received_unix_ns =
          kStart + static_cast<std::int64_t>(raw[i].seq) * 5'000;  // 200,000 a second
    }
  }
};

Usage run_rules(std::uint64_t events, std::uint64_t& fired) {
  const Settings settings = aev::security::parse_settings(config("unused.db"));
  RuleEngine engine(settings, "bench", &aev::security::make_debate_id);
  EventReader reader(engine.fields(), settings.max_entry_data);
  Events batch(kBatch);
  std::vector<Firing> firings;
  const Stopwatch watch;
  for (std::uint64_t done = 0; done < events; done += kBatch) {
    batch.renew(done + 1);
    for (const aev_event& raw : batch.raw) {
      Observation& seen = const_cast<Observation&>(reader.read(aev::sdk::Event(&raw)));
      seen.entry = raw.seq;
      firings.clear();
      engine.observe(seen, firings);
      fired += firings.size();
    }
  }
  return watch.used();
}

/// The host, as far as a lease needs one.
struct BenchHost {
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t completed = 0;
  std::vector<std::uint32_t> open = std::vector<std::uint32_t>(kInFlight);
  bool stopped = false;

  static BenchHost& of(const aev_host* host) { return *static_cast<BenchHost*>(host->host_data); }

  static void complete(const aev_host* host,
                       const aev_result* results,
                       std::uint32_t count,
                       std::uint32_t) {
    BenchHost& self = of(host);
    const std::lock_guard lock(self.mutex);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (results[i].outcome != AEV_DELIVERED) {
        std::fprintf(stderr, "not delivered: %.*s\n", static_cast<int>(results[i].reason.len),
                     results[i].reason.ptr);
        std::exit(1);
      }
      self.completed += results[i].count;
      self.open[results[i].batch_id % kInFlight] -= results[i].count;
    }
    self.changed.notify_all();
  }
};

Usage run_plugin(const char* library, const std::string& database, std::uint64_t events) {
  void* const handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  const auto* entry = static_cast<const aev_entry*>(dlsym(handle, "aev_plugin_entry"));
  BenchHost bench;
  aev_host host{};
  host.struct_size = sizeof host;
  host.host_data = &bench;
  host.name = "bench";
  host.version = "bench";
  host.get_extension = [](const aev_host*, const char*) -> const void* { return nullptr; };
  host.log_enabled = [](const aev_host*, std::uint32_t) -> std::uint32_t { return 0; };
  host.log = [](const aev_host*, std::uint32_t, aev_str, const aev_attr*, std::uint32_t) {};
  host.complete = &BenchHost::complete;
  host.ready = [](const aev_host*) {};
  host.stopped = [](const aev_host* self) {
    const std::lock_guard lock(BenchHost::of(self).mutex);
    BenchHost::of(self).stopped = true;
    BenchHost::of(self).changed.notify_all();
  };
  host.failed = [](const aev_host*, const aev_error* error) {
    std::fprintf(stderr, "failed: %s\n", error->message);
    std::exit(1);
  };
  aev_error error{};
  error.struct_size = sizeof error;
  const std::string json = config(database);
  aev_subscriber* const subscriber = entry->create("security", &host, aev::sdk::str(json), &error);
  aev_limits limits{sizeof(aev_limits), kBatch, 16u << 20, 64u << 20, kInFlight, 30'000, 0, 0};
  if (subscriber == nullptr || subscriber->start(subscriber, &limits, &error) != AEV_OK) {
    std::fprintf(stderr, "%s\n", error.message);
    std::exit(1);
  }
  std::vector<Events> slots(kInFlight, Events(0));
  for (Events& slot : slots) {
    slot = Events(kBatch);
    for (std::uint32_t i = 0; i < kBatch; ++i) {  // the views of a copy point into the original
      slot.raw[i].id = aev::sdk::str(slot.ids[i]);
      slot.raw[i].event_type = aev::sdk::str(slot.types[i]);
      slot.raw[i].data = aev_bytes{slot.data[i].data(), slot.data[i].size()};
    }
  }
  const Stopwatch watch;
  std::uint64_t number = 0;
  for (std::uint64_t done = 0; done < events; done += kBatch, ++number) {
    const std::size_t slot = number % kInFlight;
    {
      std::unique_lock lock(bench.mutex);
      bench.changed.wait(lock, [&] { return bench.open[slot] == 0; });
      bench.open[slot] = kBatch;
    }
    slots[slot].renew(done + 1);
    const aev_batch batch{
        sizeof(aev_batch), sizeof(aev_event), number, 0, slots[slot].raw.data(), kBatch, 0};
    std::uint32_t accepted = kBatch;
    subscriber->deliver(subscriber, &batch, &accepted);
  }
  {
    std::unique_lock lock(bench.mutex);
    bench.changed.wait(lock, [&] { return bench.completed >= events; });
  }
  const Usage used = watch.used();
  subscriber->stop(subscriber, 0x7fffffffffffffff);
  {
    std::unique_lock lock(bench.mutex);
    bench.changed.wait(lock, [&] { return bench.stopped; });
  }
  subscriber->destroy(subscriber);
  return used;
}

Usage run_bare(const std::string& file, std::uint64_t rows) {
  sqlite3* db = nullptr;
  sqlite3_open(file.c_str(), &db);
  sqlite3_exec(db,
               "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE audit(entry "
               "INTEGER PRIMARY KEY, body TEXT NOT NULL, hash BLOB NOT NULL)",
               nullptr, nullptr, nullptr);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO audit VALUES (?, ?, ?)", -1, &insert, nullptr);
  const std::string body(395, 'x');  // as long as an entry of the plugin is here
  const std::string hash(32, 'h');
  const Stopwatch watch;
  for (std::uint64_t done = 0; done < rows;) {
    sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr);
    for (std::uint32_t i = 0; i < kBatch * kInFlight / 2 && done < rows; ++i, ++done) {
      sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(done) + 1);
      sqlite3_bind_text(insert, 2, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
      sqlite3_bind_blob(insert, 3, hash.data(), static_cast<int>(hash.size()), SQLITE_STATIC);
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr);
  }
  const Usage used = watch.used();
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return used;
}

void print(const char* name, std::uint64_t events, const Usage& used) {
  std::printf(
      "%-28s %9.0f events/s of CPU time  %9.0f events/s of wall clock  %5.2f us of CPU each\n",
      name, static_cast<double>(events) / used.cpu, static_cast<double>(events) / used.wall,
      used.cpu * 1e6 / static_cast<double>(events));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s security.so [--quick]\n", argv[0]);
    return 2;
  }
  const bool quick = argc > 2 && std::string(argv[2]) == "--quick";
  const std::uint64_t events = quick ? 8'000 : 1'000'000;
  std::string folder = (std::filesystem::temp_directory_path() / "aev-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    return 1;
  }
  for (int round = 0; round < (quick ? 1 : 3); ++round) {
    std::uint64_t fired = 0;
    const Usage rules = run_rules(events, fired);
    print("rules alone", events, rules);
    const std::string file = folder + "/" + std::to_string(round);
    const Usage plugin = run_plugin(argv[1], file + ".db", events);
    print("plugin, durable audit trail", events, plugin);
    const Usage bare = run_bare(file + "-bare.db", events);
    print("bare SQLite rows", events, bare);
    std::printf("100 rules, %llu fired; plugin / bare SQLite rows: %.2f in CPU time\n\n",
                static_cast<unsigned long long>(fired), bare.cpu / plugin.cpu);
  }
  std::filesystem::remove_all(folder);
  return 0;
}
