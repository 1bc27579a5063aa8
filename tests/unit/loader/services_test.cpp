#include <map>

#include <catch2/catch.hpp>

#include "core/mutex.h"
#include "loader/host_services.h"
#include "zoo_keeper.h"

namespace aev::loader {
namespace {

using Catch::Contains;
using events::EventFields;

/// Services that write down what they are asked, and answer at once or when the test says so.
class Notebook final : public HostServices {
 public:
  bool hold = false;  // set before the first request

  Result<void> emit(std::string_view subscriber,
                    std::span<const EventFields> events,
                    Done done) override {
    for (const EventFields& event : events) {
      if (event.event_type.empty()) {
        return Error{ErrorCode::kInvalid, "event_type is missing", "/0/event_type"};
      }
      note(std::string(subscriber) + " emits " + std::string(event.id) + " " +
           std::string(event.event_type) + " " + std::string(event.data) + " " +
           std::string(event.attributes.empty() ? "" : event.attributes[0].value));
    }
    finish(std::move(done));
    return {};
  }

  Result<void> emit_body(std::string_view,
                         std::string_view content_type,
                         const std::vector<std::pair<std::string_view, std::string_view>>& headers,
                         std::string_view body,
                         Done done) override {
    note(std::string(content_type) + " " + std::string(headers.at(0).first) + "=" +
         std::string(headers.at(0).second) + " " + std::string(body));
    finish(std::move(done));
    return {};
  }

  void read_history(std::string_view, HistoryRequest request, Read read) override {
    note("reads " + request.debate_id + " " + std::to_string(request.after_seq) + ".." +
         std::to_string(request.upto_seq) + " " + std::to_string(request.max_events));
    HistoryPage page;
    page.events.push_back(zoo::lease(1, 1).events[0].event);
    page.scanned_seq = 7;
    page.at_end = true;
    read(std::move(page));
  }

  std::optional<std::string> state(std::string_view, std::string_view key) override {
    const MutexLock lock(mutex_);
    const auto found = state_.find(std::string(key));
    return found == state_.end() ? std::nullopt : std::optional(found->second);
  }

  Result<void> put_state(std::string_view,
                         std::string_view key,
                         std::optional<std::string> value,
                         Done done) override {
    {
      const MutexLock lock(mutex_);
      state_[std::string(key)] = value.value();
    }
    finish(std::move(done));
    return {};
  }

  void answer_all(const Result<void>& result) {
    std::vector<Done> all;
    {
      const MutexLock lock(mutex_);
      all.swap(held_);
    }
    for (const Done& done : all) {
      done(result);
    }
  }

  std::vector<std::string> notes() {
    const MutexLock lock(mutex_);
    return notes_;
  }

  /// Waits until so many answers are held; false after 30 s.
  bool holds(std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const MutexLock lock(mutex_);
    while (held_.size() < count) {
      if (!changed_.wait_until(mutex_, deadline)) {
        return false;
      }
    }
    return true;
  }

 private:
  void note(std::string text) {
    const MutexLock lock(mutex_);
    notes_.push_back(std::move(text));
  }

  void finish(Done done) {
    if (!hold) {
      done({});
      return;
    }
    const MutexLock lock(mutex_);
    held_.push_back(std::move(done));
    changed_.notify_all();
  }

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> notes_ AEV_GUARDED_BY(mutex_);
  std::vector<Done> held_ AEV_GUARDED_BY(mutex_);
  std::map<std::string, std::string> state_ AEV_GUARDED_BY(mutex_);
};

struct ServedCage {
  explicit ServedCage(bool hold = false) {
    notebook.hold = hold;
    cage.plugins->serve(notebook);
  }

  Notebook notebook;
  zoo::Cage cage{"asker"};
};

TEST_CASE("a plugin publishes, and hears when that is durable", "[loader][services]") {
  ServedCage host(true);
  const auto instance = host.cage.start("emit");
  instance->deliver(zoo::lease(7, 2));
  REQUIRE(host.notebook.holds(2));
  CHECK(host.cage.ear.settlements().empty());
  host.notebook.answer_all({});
  REQUIRE(host.cage.ear.hears_settled(2));
  CHECK(host.cage.ear.settlements()[0].outcome == Outcome::kDelivered);
  CHECK(host.notebook.notes().at(0) == R"(tester emits made-1 thought {"a":1} 4)");
}

TEST_CASE("why publishing failed reaches the plugin", "[loader][services]") {
  ServedCage host(true);
  const auto instance = host.cage.start("emit");
  instance->deliver(zoo::lease(7, 1));
  REQUIRE(host.notebook.holds(1));
  host.notebook.answer_all(Error{ErrorCode::kFull, "the disk is full", {}});
  REQUIRE(host.cage.ear.hears_settled(1));
  CHECK(host.cage.ear.settlements()[0].code == 1);  // AEV_BUSY
  CHECK(host.cage.ear.settlements()[0].reason == "the disk is full");

  ServedCage other;
  const auto wrong = other.cage.start("malformed");
  wrong->deliver(zoo::lease(8, 1));
  REQUIRE(other.cage.ear.hears_settled(1));
  CHECK(other.cage.ear.settlements()[0].reason == "/0/event_type event_type is missing");
  CHECK(other.cage.ear.settlements()[0].code == -1);  // AEV_E_CONFIG
}

TEST_CASE("a body is passed on with its headers", "[loader][services]") {
  ServedCage host;
  const auto instance = host.cage.start("body");
  instance->deliver(zoo::lease(7, 1));
  REQUIRE(host.cage.ear.hears_settled(1));
  CHECK(host.notebook.notes().at(0) == R"(application/json ce-id=x1 {"event_type":"x"})");
}

TEST_CASE("a plugin reads past events", "[loader][services]") {
  ServedCage host;
  const auto instance = host.cage.start("history");
  instance->deliver(zoo::lease(7, 1));
  REQUIRE(host.cage.ear.hears_settled(1));
  CHECK(host.notebook.notes().at(0) == "reads d1 3..9 5");
  CHECK(host.cage.ear.settlements()[0].reason == "7 end e0=3");
}

TEST_CASE("a plugin keeps state", "[loader][services]") {
  ServedCage host;
  const auto instance = host.cage.start("state");
  instance->deliver(zoo::lease(7, 1));
  REQUIRE(host.cage.ear.hears_settled(1));
  instance->deliver(zoo::lease(8, 1));
  REQUIRE(host.cage.ear.hears_settled(2));
  CHECK(host.cage.ear.settlements()[0].reason == "none");
  CHECK(host.cage.ear.settlements()[1].reason == "1");
}

TEST_CASE("a host without services has no such extensions", "[loader][services]") {
  zoo::Cage cage("asker");
  const auto instance = cage.start("emit");
  instance->deliver(zoo::lease(7, 1));
  REQUIRE(cage.ear.hears_settled(1));
  CHECK_THAT(cage.ear.settlements()[0].reason, Contains("no aev.emit/1"));
}

TEST_CASE("requests are answered while the plugin stops", "[loader][services]") {
  ServedCage host(true);
  const auto instance = host.cage.start("emit_at_stop");
  instance->stop(host.cage.clock.mono_now() + std::chrono::hours(1));
  REQUIRE(host.notebook.holds(1));
  host.notebook.answer_all({});
  REQUIRE(host.cage.ear.hears("stopped"));
}

TEST_CASE("a request that is open at the end is answered, and its late end ignored",
          "[loader][services]") {
  ServedCage host(true);
  auto instance = host.cage.start("emit");
  instance->deliver(zoo::lease(7, 1));
  REQUIRE(host.notebook.holds(1));
  instance->stop(host.cage.clock.mono_now() + std::chrono::hours(1));
  REQUIRE(host.cage.ear.hears("stopped"));
  REQUIRE(host.cage.ear.settlements().size() == 1);
  CHECK(host.cage.ear.settlements()[0].code == -2);  // AEV_E_STATE
  host.notebook.answer_all({});
  instance.reset();
  host.notebook.answer_all({});
  CHECK(host.cage.ear.settlements().size() == 1);
}

TEST_CASE("queries are answered, before start and after", "[loader][services]") {
  zoo::Cage cage("asker");
  const auto instance = cage.create("query");
  CHECK(instance->queries_json() == R"([{"name":"echo","description":"says it back"}])");
  const auto answer = instance->query("echo", R"({"a":"b"})");
  REQUIRE(answer);
  CHECK(answer->media_type == "text/plain");
  CHECK(answer->body == R"({"a":"b"})");

  const auto unknown = instance->query("nothing", "{}");
  CHECK(unknown.error().code == ErrorCode::kNotFound);
  CHECK_THAT(unknown.error().message, Contains("no query 'nothing'"));
  const auto wrong = instance->query("wrong", "{}");
  CHECK(wrong.error().code == ErrorCode::kInvalid);
  CHECK(wrong.error().pointer == "/period");
  CHECK(instance->query("huge", "{}").error().code == ErrorCode::kTooLarge);
  CHECK_THAT(instance->query("throw", "{}").error().message, Contains("the index is gone"));

  instance->stop(cage.clock.mono_now());
  REQUIRE(cage.ear.hears("stopped"));
  CHECK(instance->query("echo", "{}").error().code == ErrorCode::kConflict);
}

TEST_CASE("a plugin without queries says so", "[loader][services]") {
  zoo::Cage cage;
  const auto instance = cage.create("delivers");
  CHECK(instance->queries_json() == "[]");
  CHECK(instance->query("echo", "{}").error().code == ErrorCode::kNotFound);
  CHECK(instance->check(std::chrono::seconds(1)).ok());
}

TEST_CASE("a check tells what is out of reach", "[loader][services]") {
  zoo::Cage cage("asker");
  CHECK(cage.create("fine")->check(std::chrono::seconds(30)).ok());
  const auto found = cage.create("unreachable")->check(std::chrono::seconds(30));
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().message == "127.0.0.1:9 refuses");
}

TEST_CASE("a source says that it is one", "[loader][services]") {
  zoo::Cage cage("asker");
  CHECK(cage.plugins->find_type("actor")->source);
  zoo::Cage plain;
  CHECK_FALSE(plain.plugins->find_type("actor")->source);
}

}  // namespace
}  // namespace aev::loader
