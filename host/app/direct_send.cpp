#include "app/direct_send.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>

#include <CLI/CLI.hpp>

#include "app/plugin_path.h"
#include "core/json_writer.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "ingest/decode.h"
#include "loader/plugins.h"

namespace aev::app {
namespace {

constexpr auto kTimeout = std::chrono::seconds(30);

/// Waits for what one webhook instance reports, an event at a time.
class OneAtATime final : public loader::InstanceListener {
 public:
  void on_started(Result<loader::Limits> limits) override {
    const MutexLock lock(mutex_);
    started_ = true;
    if (!limits) {
      fault_ = limits.error().message;
    }
    changed_.notify_all();
  }

  void on_settled(std::span<const loader::Settlement> settlements) override {
    const MutexLock lock(mutex_);
    for (const auto& settlement : settlements) {
      settled_ = settlement;
    }
    changed_.notify_all();
  }

  void on_accepted(std::uint64_t, std::uint32_t accepted, bool) override {
    const MutexLock lock(mutex_);
    if (accepted == 0) {
      fault_ = "the plugin took no event";
      changed_.notify_all();
    }
  }

  void on_ready() override {}

  void on_failed(const Error& error) override {
    const MutexLock lock(mutex_);
    fault_ = error.message;
    changed_.notify_all();
  }

  void on_stopped() override {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  /// True once the instance runs.
  bool wait_started() {
    const MutexLock lock(mutex_);
    while (!started_ && fault_.empty()) {
      changed_.wait(mutex_);
    }
    return fault_.empty();
  }

  /// What became of the event that is in flight; nullopt if the instance failed.
  std::optional<loader::Settlement> wait_settled() {
    const MutexLock lock(mutex_);
    while (!settled_ && fault_.empty()) {
      changed_.wait(mutex_);
    }
    return std::exchange(settled_, std::nullopt);
  }

  void wait_stopped(MonoTime deadline) {
    const MutexLock lock(mutex_);
    while (!stopped_ && changed_.wait_until(mutex_, deadline)) {
    }
  }

  std::string fault() {
    const MutexLock lock(mutex_);
    return fault_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool started_ AEV_GUARDED_BY(mutex_) = false;
  bool stopped_ AEV_GUARDED_BY(mutex_) = false;
  std::optional<loader::Settlement> settled_ AEV_GUARDED_BY(mutex_);
  std::string fault_ AEV_GUARDED_BY(mutex_);
};

std::string webhook_config(const DirectTarget& target) {
  JsonWriter json;
  json.begin_object().field("url", target.url).field("format", target.format);
  if (!target.secret.empty()) {
    json.field("secret", target.secret);
  }
  const auto list = [&](std::string_view name, const std::vector<std::string>& values) {
    if (!values.empty()) {
      json.key(name).begin_array();
      for (const auto& value : values) {
        json.value(value);
      }
      json.end_array();
    }
  };
  list("signatures", target.signatures);
  list("allow_networks", target.allow_networks);
  json.end_object();
  return json.take();
}

class DirectSender {
 public:
  DirectSender(loader::Instance& instance, OneAtATime& listener)
      : instance_(instance), listener_(listener) {}

  bool send(std::string_view json) {
    const SystemClock clock;
    auto event = ingest::decode_event(json, clock.unix_now_ns());
    if (!event) {
      std::fprintf(stderr, "not an event: %s\n", event.error().message.c_str());
      return false;
    }
    event->mutable_event().set_seq(++sent_);
    loader::Lease lease;
    lease.batch_id = sent_;
    lease.deadline = clock.mono_now() + kTimeout;
    lease.events.push_back({*event, {}, 1, false});
    instance_.deliver(std::move(lease));
    const auto settled = listener_.wait_settled();
    if (!settled) {
      std::fprintf(stderr, "%s\n", listener_.fault().c_str());
      return false;
    }
    const bool delivered = settled->outcome == loader::Outcome::kDelivered;
    std::printf("%s %s %s status=%d%s%s\n", delivered ? "delivered" : "failed",
                std::string((*event)->event_type()).c_str(), std::string((*event)->id()).c_str(),
                settled->code, settled->reason.empty() ? "" : " ", settled->reason.c_str());
    return delivered;
  }

 private:
  loader::Instance& instance_;
  OneAtATime& listener_;
  std::uint64_t sent_ = 0;
};

bool send_lines(DirectSender& sender, std::istream& in) {
  bool all = true;
  std::string line;
  while (std::getline(in, line)) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) {
      all = sender.send(line) && all;
    }
  }
  return all;
}

}  // namespace

void add_direct_options(CLI::App& verb, DirectTarget& target) {
  verb.add_option("--to-url", target.url,
                  "Send straight to this webhook: no host, no route, one attempt");
  verb.add_option("--secret", target.secret, "Sign with it (with --to-url)")
      ->envname("EVENT_SIGNATURE_SECRET");
  verb.add_option("--body-format", target.format, "event, aragora or cloudevents (with --to-url)")
      ->check(CLI::IsMember({"event", "aragora", "cloudevents"}))
      ->capture_default_str();
  verb.add_option("--signature", target.signatures, "standard, aragora, aragora-timestamped")
      ->check(CLI::IsMember({"standard", "aragora", "aragora-timestamped"}));
  verb.add_option("--allow-network", target.allow_networks,
                  "CIDR that may be sent to although it is private, for example 127.0.0.0/8");
}

ExitCode send_directly(const DirectTarget& target,
                       const std::string& event_json,
                       const std::vector<std::string>& files) {
  const Log log(2, LogLevel::kError);
  const SystemClock clock;
  Metrics metrics;
  const auto plugins =
      loader::Plugins::open(effective_plugin_path({}), clock, metrics, Logger(log, "loader"));
  const std::string config = webhook_config(target);
  if (const auto valid = plugins->validate("webhook", config); !valid) {
    std::fprintf(stderr, "%s\n", valid.error().message.c_str());
    return kExitUsage;
  }
  OneAtATime listener;
  auto instance = plugins->create("webhook", "emit", config, listener);
  if (!instance) {
    std::fprintf(stderr, "%s\n", instance.error().message.c_str());
    return kExitFailed;
  }
  loader::Limits limits;
  limits.timeout = kTimeout;
  (*instance)->start(limits);
  if (!listener.wait_started()) {
    std::fprintf(stderr, "%s\n", listener.fault().c_str());
    return kExitFailed;
  }
  DirectSender sender(**instance, listener);
  bool all = true;
  if (!event_json.empty()) {
    all = sender.send(event_json);
  } else if (files.empty()) {
    all = send_lines(sender, std::cin);
  }
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
      all = false;
      continue;
    }
    all = send_lines(sender, in) && all;
  }
  (*instance)->stop(clock.mono_now() + std::chrono::seconds(5));
  listener.wait_stopped(clock.mono_now() + std::chrono::seconds(6));
  return all ? kExitOk : kExitFailed;
}

}  // namespace aev::app
