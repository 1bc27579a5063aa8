#include "zoo_keeper.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace aev::loader::zoo {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

constexpr std::array<const char*, 5> kOutcomes{"delivered", "retry", "reject", "skip",
                                               "not_connected"};

}  // namespace

std::filesystem::path directory_of(const std::string& name) {
  return std::filesystem::path(ZOO_DIR) / name;
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / ("aev-zoo-" + std::string(6, 'X'))).string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void TemporaryDirectory::write(const std::string& name, std::string_view content) const {
  std::ofstream(path_ / name, std::ios::binary) << content;
}

MemoryLog::MemoryLog() : descriptor_(::memfd_create("log", MFD_CLOEXEC)) {
  REQUIRE(descriptor_ >= 0);
  log_ = std::make_unique<Log>(descriptor_, LogLevel::kDebug);
}

MemoryLog::~MemoryLog() {
  ::close(descriptor_);
}

std::string MemoryLog::text() const {
  std::string text(1u << 20, '\0');
  const ssize_t got = ::pread(descriptor_, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

bool MemoryLog::gets(const std::string& wanted) const {
  // A log tells nobody that it was written to, so it is looked at every few milliseconds.
  Mutex mutex;
  CondVar never;
  const MutexLock lock(mutex);
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (text().find(wanted) == std::string::npos) {
    if (std::chrono::steady_clock::now() >= limit) {
      return false;
    }
    never.wait_until(mutex, std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
  }
  return true;
}

void Ear::note(std::string sentence) {
  heard_.push_back(std::move(sentence));
  changed_.notify_all();
}

bool Ear::wait(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= limit) {
      return false;
    }
    changed_.wait_until(mutex_, limit);
  }
  return true;
}

void Ear::on_started(Result<Limits> limits) {
  MutexLock lock(mutex_);
  if (limits) {
    limits_ = *limits;
    note("started");
  } else {
    error_ = limits.error();
    note("not started");
  }
}

void Ear::on_settled(std::span<const Settlement> settlements) {
  MutexLock lock(mutex_);
  for (const Settlement& settlement : settlements) {
    settlements_.push_back(settlement);
    settled_ += settlement.count;
    note("settled " + std::to_string(settlement.batch_id) + ":" + std::to_string(settlement.first) +
         "+" + std::to_string(settlement.count) + " " +
         kOutcomes[static_cast<std::size_t>(settlement.outcome)] +
         (settlement.plugin_fault ? " fault" : ""));
  }
}

void Ear::on_accepted(std::uint64_t batch_id, std::uint32_t accepted, bool busy) {
  MutexLock lock(mutex_);
  note("accepted " + std::to_string(batch_id) + ":" + std::to_string(accepted) +
       (busy ? " busy" : ""));
}

void Ear::on_ready() {
  MutexLock lock(mutex_);
  note("ready");
}

void Ear::on_failed(const Error& error) {
  MutexLock lock(mutex_);
  error_ = error;
  note("failed");
}

void Ear::on_stopped() {
  MutexLock lock(mutex_);
  note("stopped");
}

bool Ear::hears(const std::string& sentence) {
  MutexLock lock(mutex_);
  return wait([&] { return std::find(heard_.begin(), heard_.end(), sentence) != heard_.end(); });
}

bool Ear::hears_settled(std::uint64_t events) {
  MutexLock lock(mutex_);
  return wait([&] { return settled_ >= events; });
}

std::vector<std::string> Ear::heard() {
  MutexLock lock(mutex_);
  return heard_;
}

std::vector<Settlement> Ear::settlements() {
  MutexLock lock(mutex_);
  return settlements_;
}

Limits Ear::limits() {
  MutexLock lock(mutex_);
  return limits_;
}

Error Ear::error() {
  MutexLock lock(mutex_);
  return error_;
}

Cage::Cage(const std::string& plugin) {
  LoaderOptions options;
  options.watchdog_interval = std::chrono::milliseconds(5);
  options.drop_timeout = std::chrono::milliseconds(200);
  options.stop_grace = std::chrono::milliseconds(300);
  plugins = Plugins::open({directory_of(plugin)}, clock, metrics, log.logger(), options);
}

std::unique_ptr<Instance> Cage::create(const std::string& part) {
  const std::string type = plugins->plugins().at(0).types.at(0).id;
  auto created = plugins->create(type, "tester", "{\"part\":\"" + part + "\"}", ear);
  INFO((created ? std::string() : created.error().message));
  REQUIRE(created);
  return std::move(*created);
}

std::unique_ptr<Instance> Cage::start(const std::string& part) {
  std::unique_ptr<Instance> instance = create(part);
  Limits offered;
  offered.max_batch_events = 100;
  offered.max_in_flight_batches = 4;
  instance->start(offered);
  REQUIRE(ear.hears("started"));
  return instance;
}

bool Cage::hears_in_time(const std::string& sentence) {
  clock.advance(std::chrono::seconds(31));
  return ear.hears(sentence);
}

Lease lease(std::uint64_t batch_id, std::uint32_t count) {
  Lease out;
  out.batch_id = batch_id;
  out.deadline = MonoTime(std::chrono::hours(2));
  const std::array<events::Attribute, 1> attributes{{{"round", "3"}}};
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string id = "e" + std::to_string(i);
    events::EventFields fields;
    fields.id = id;
    fields.event_type = "consensus";
    fields.debate_id = "d1";
    fields.source = "test";
    fields.data = R"({"n":1})";
    fields.time_unix_ns = 42;
    fields.attributes = attributes;
    LeasedEvent leased;
    leased.event = events::Event::create(fields);
    leased.event.mutable_event().set_seq(100 + i);
    leased.key = leased.event->debate_id();
    leased.attempt = 2;
    leased.replay = i == 1;
    out.events.push_back(std::move(leased));
  }
  return out;
}

}  // namespace aev::loader::zoo
