// Messages per second of the plugin kafka, loaded from its library and fed through its ABI, beside
// a bare librdkafka producer with the same settings and the same messages, in turns against one
// mock cluster of this process:
//
//   aev_kafka_bench PLUGIN [--events N] [--rounds N] [--broker HOST:PORT]
//
// `--broker` takes a real broker on this machine instead. The bare producer is given its messages
// ready made; the plugin makes value, key and headers of each event.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <librdkafka/rdkafka.h>
// After rdkafka.h, says librdkafka.
#include <librdkafka/rdkafka_mock.h>

#include <aev/plugin.hpp>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kBatch = 1000;
constexpr std::size_t kQueue = 100'000;

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "aev_kafka_bench: %s\n", why.c_str());
  std::exit(1);
}

void set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  char why[256];
  if (rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) {
    die(why);
  }
}

/// An event of about 300 bytes, as a debate has them.
struct MadeEvent {
  std::string id, debate, data;
};

std::vector<MadeEvent> make_events(std::size_t count) {
  std::vector<MadeEvent> events(count);
  for (std::size_t i = 0; i < count; ++i) {
    events[i].id = "evt-" + std::to_string(i);
    events[i].debate = "debate-" + std::to_string(i % 1000);
    events[i].data = R"({"agent":"claude","round":)" + std::to_string(i % 7) +
                     R"(,"content":"A message of a length that is common in a debate, which is )"
                     R"(to say a sentence or two, with a number )" +
                     std::to_string(i * 7919) + R"( in it so that each is another.","tokens":)" +
                     std::to_string(i % 400) + "}";
  }
  return events;
}

// --- the plugin ---------------------------------------------------------------------------------

/// As much of a host as a publisher needs: it counts.
struct Feeder {
  static Feeder& of(const aev_host* host) { return *static_cast<Feeder*>(host->host_data); }

  explicit Feeder(std::vector<aev_event> given) : events(std::move(given)) {
    host.struct_size = sizeof host;
    host.abi_major = AEV_ABI_MAJOR;
    host.abi_minor = AEV_ABI_MINOR;
    host.host_data = this;
    host.name = "bench";
    host.version = "bench";
    host.get_extension = [](const aev_host*, const char*) -> const void* { return nullptr; };
    host.log_enabled = [](const aev_host*, std::uint32_t) { return 0u; };
    host.log = [](const aev_host*, std::uint32_t, aev_str, const aev_attr*, std::uint32_t) {};
    host.complete = [](const aev_host* self, const aev_result* results, std::uint32_t count,
                       std::uint32_t) {
      Feeder& feeder = of(self);
      std::size_t settled = 0;
      for (std::uint32_t i = 0; i < count; ++i) {
        if (results[i].outcome != AEV_DELIVERED) {
          die("not delivered: " + std::string(aev::sdk::view(results[i].reason)));
        }
        settled += results[i].count;
      }
      const std::lock_guard lock(feeder.mutex);
      feeder.open -= settled;
      feeder.changed.notify_one();
    };
    host.ready = [](const aev_host* self) {
      Feeder& feeder = of(self);
      const std::lock_guard lock(feeder.mutex);
      feeder.busy = false;
      feeder.changed.notify_one();
    };
    host.stopped = [](const aev_host* self) {
      Feeder& feeder = of(self);
      const std::lock_guard lock(feeder.mutex);
      feeder.stopped = true;
      feeder.changed.notify_one();
    };
    host.failed = [](const aev_host*, const aev_error* error) { die(error->message); };
  }

  /// Messages per second.
  double run(aev_subscriber* subscriber) {
    const auto begin = Clock::now();
    for (std::size_t sent = 0; sent < events.size();) {
      aev_batch batch{};
      batch.struct_size = sizeof batch;
      batch.event_stride = sizeof(aev_event);
      batch.batch_id = ++last_batch;
      batch.deadline_mono_ns = INT64_MAX;
      batch.events = events.data() + sent;
      batch.count = static_cast<std::uint32_t>(std::min<std::size_t>(kBatch, events.size() - sent));
      std::uint32_t accepted = batch.count;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return !busy && open + batch.count <= kQueue; });
        open += batch.count;
      }
      const aev_status status = subscriber->deliver(subscriber, &batch, &accepted);
      const std::lock_guard lock(mutex);
      open -= batch.count - accepted;
      busy = status == AEV_BUSY;
      sent += accepted;
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open == 0; });
    return static_cast<double>(events.size()) /
           std::chrono::duration<double>(Clock::now() - begin).count();
  }

  aev_host host{};
  std::vector<aev_event> events;
  std::uint64_t last_batch = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t open = 0;
  bool busy = false;
  bool stopped = false;
};

std::vector<aev_event> as_raw(const std::vector<MadeEvent>& events) {
  std::vector<aev_event> all(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    all[i].seq = i + 1;
    all[i].time_unix_ns = 1'772'366'400'000'000'000 + static_cast<std::int64_t>(i) * 1'234'567;
    all[i].id = aev::sdk::str(events[i].id);
    all[i].event_type = aev::sdk::str("agent_message");
    all[i].debate_id = aev::sdk::str(events[i].debate);
    all[i].source = aev::sdk::str("arena");
    all[i].content_type = aev::sdk::str("application/json");
    all[i].data = {events[i].data.data(), events[i].data.size()};
    all[i].attempt = 1;
  }
  return all;
}

/// A fresh instance of the plugin, so that both sides begin alike.
double run_plugin(const aev_entry& entry,
                  const std::vector<MadeEvent>& events,
                  const std::string& brokers,
                  const std::string& topic,
                  const std::string& format) {
  Feeder feeder(as_raw(events));
  const std::string config = R"({"brokers":[")" + brokers + R"("],"topic":")" + topic + R"(",)" +
                             format + R"("compression":"lz4","linger":"5ms"})";
  aev_error error{};
  error.struct_size = sizeof error;
  aev_subscriber* const subscriber =
      entry.create("kafka", &feeder.host, aev::sdk::str(config), &error);
  if (subscriber == nullptr) {
    die(error.message);
  }
  aev_limits limits{};
  limits.struct_size = sizeof limits;
  limits.max_batch_events = kBatch;
  limits.max_batch_bytes = 1 << 30;
  limits.max_in_flight_bytes = 1 << 30;
  limits.max_in_flight_batches = kQueue / kBatch;
  limits.timeout_ms = 60'000;
  if (subscriber->start(subscriber, &limits, &error) != AEV_OK) {
    die(error.message);
  }
  const double rate = feeder.run(subscriber);
  subscriber->stop(subscriber, INT64_MAX);
  {
    std::unique_lock lock(feeder.mutex);
    feeder.changed.wait(lock, [&] { return feeder.stopped; });
  }
  subscriber->destroy(subscriber);
  return rate;
}

// --- the bare producer --------------------------------------------------------------------------

struct Message {
  std::string value, key;
  std::vector<std::pair<std::string, std::string>> headers;
};

std::vector<Message> ready_made(const std::vector<MadeEvent>& events, bool binary) {
  std::vector<Message> messages(events.size());
  const std::vector<aev_event> raw = as_raw(events);
  for (std::size_t i = 0; i < events.size(); ++i) {
    messages[i].key = events[i].debate;
    messages[i].headers = {{"content-type", "application/json"}};
    if (binary) {
      messages[i].value = events[i].data;
      std::string time;
      aev::sdk::append_rfc3339(time, raw[i].time_unix_ns);
      for (const auto& [name, value] : std::initializer_list<std::pair<const char*, std::string>>{
               {"ce_specversion", "1.0"},
               {"ce_id", events[i].id},
               {"ce_source", "arena"},
               {"ce_type", "agent_message"},
               {"ce_subject", events[i].debate},
               {"ce_time", time}}) {
        messages[i].headers.emplace_back(name, value);
      }
    } else {
      aev::sdk::append_canonical_json(messages[i].value, aev::sdk::Event(&raw[i]));
    }
  }
  return messages;
}

double run_bare(const std::vector<Message>& messages,
                const std::string& brokers,
                const std::string& topic) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  std::atomic<std::size_t> delivered{0};
  set(conf, "bootstrap.servers", brokers);
  set(conf, "enable.idempotence", "true");
  set(conf, "acks", "all");
  set(conf, "compression.codec", "lz4");
  set(conf, "linger.ms", "5");
  set(conf, "batch.num.messages", "10000");
  set(conf, "batch.size", "1000000");
  set(conf, "queue.buffering.max.messages", std::to_string(kQueue));
  set(conf, "queue.buffering.max.kbytes", "65536");
  set(conf, "partitioner", "murmur2_random");
  rd_kafka_conf_set_opaque(conf, &delivered);
  rd_kafka_conf_set_dr_msg_cb(
      conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
          die(rd_kafka_err2str(message->err));
        }
        static_cast<std::atomic<std::size_t>*>(opaque)->fetch_add(1, std::memory_order_relaxed);
      });
  char why[256];
  rd_kafka_t* const client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (client == nullptr) {
    die(why);
  }
  rd_kafka_topic_t* const handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  std::atomic<bool> ends{false};
  const auto begin = Clock::now();
  std::thread reports([&] {
    while (!ends.load()) {
      rd_kafka_poll(client, 100);
    }
  });
  for (const Message& message : messages) {
    rd_kafka_vu_t arguments[4];
    arguments[0].vtype = RD_KAFKA_VTYPE_RKT;
    arguments[0].u.rkt = handle;
    arguments[1].vtype = RD_KAFKA_VTYPE_KEY;
    arguments[1].u.mem = {const_cast<char*>(message.key.data()), message.key.size()};
    arguments[2].vtype = RD_KAFKA_VTYPE_VALUE;
    arguments[2].u.mem = {const_cast<char*>(message.value.data()), message.value.size()};
    arguments[3].vtype = RD_KAFKA_VTYPE_HEADERS;
    while (true) {
      rd_kafka_headers_t* const headers = rd_kafka_headers_new(message.headers.size());
      for (const auto& [name, value] : message.headers) {
        rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                            static_cast<ssize_t>(value.size()));
      }
      arguments[3].u.headers = headers;
      rd_kafka_error_t* const error = rd_kafka_produceva(client, arguments, 4);
      if (error == nullptr) {
        break;
      }
      rd_kafka_headers_destroy(headers);
      if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        die(rd_kafka_error_string(error));
      }
      rd_kafka_error_destroy(error);
      rd_kafka_poll(client, 1);
    }
  }
  while (delivered.load() < messages.size()) {
    rd_kafka_flush(client, 100);
  }
  const double rate = static_cast<double>(messages.size()) /
                      std::chrono::duration<double>(Clock::now() - begin).count();
  ends.store(true);
  reports.join();
  rd_kafka_topic_destroy(handle);
  rd_kafka_destroy(client);
  return rate;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 500'000;
  int rounds = 5;
  std::string brokers;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--events") == 0) {
      count = std::strtoul(argv[i + 1], nullptr, 10);
    } else if (std::strcmp(argv[i], "--rounds") == 0) {
      rounds = std::atoi(argv[i + 1]);
    } else if (std::strcmp(argv[i], "--broker") == 0) {
      brokers = argv[i + 1];
    } else {
      die(std::string("unknown argument ") + argv[i]);
    }
  }
  if (argc < 2 || count == 0 || rounds < 1) {
    die("usage: aev_kafka_bench PLUGIN [--events N] [--rounds N] [--broker HOST:PORT]");
  }
  void* const library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    die(dlerror());
  }
  const auto* const entry = static_cast<const aev_entry*>(dlsym(library, "aev_plugin_entry"));
  if (entry == nullptr) {
    die("the library is no plugin");
  }
  const std::vector<MadeEvent> events = make_events(count);
  const auto with_cluster = [&](const auto& body) {
    if (!brokers.empty()) {
      body(brokers);
      return;
    }
    // A cluster of its own for each measurement: a mock broker keeps all it gets in memory.
    rd_kafka_conf_t* const quiet = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(quiet, nullptr);
    rd_kafka_t* const keeper = rd_kafka_new(RD_KAFKA_PRODUCER, quiet, nullptr, 0);
    rd_kafka_mock_cluster_t* const cluster = rd_kafka_mock_cluster_new(keeper, 1);
    rd_kafka_mock_topic_create(cluster, "bench", 4, 1);
    body(rd_kafka_mock_cluster_bootstraps(cluster));
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(keeper);
  };
  std::printf("kafka: %zu events, %d rounds, %s; messages/s, medians\n", count, rounds,
              brokers.empty() ? "mock cluster" : "real broker");
  for (const bool binary : {false, true}) {
    const std::vector<Message> messages = ready_made(events, binary);
    std::vector<double> plugin;
    std::vector<double> bare;
    for (int round = 0; round < rounds; ++round) {
      with_cluster([&](const std::string& at) { bare.push_back(run_bare(messages, at, "bench")); });
      with_cluster([&](const std::string& at) {
        plugin.push_back(
            run_plugin(*entry, events, at, "bench", binary ? R"("format":"cloudevents",)" : ""));
      });
    }
    const double ratio = median(plugin) / median(bare);
    std::printf("  %-22s plugin %9.0f   bare librdkafka %9.0f   ratio %.2f (mark 0.70)\n",
                binary ? "CloudEvents, binary" : "canonical event", median(plugin), median(bare),
                ratio);
  }
  return 0;
}
