#include <thread>

#include <catch2/catch.hpp>

#include <aev/fake_host.hpp>

// A subscriber that uses every service of a host, run on the SDK's host in memory: shows both the
// wrapper's requests and that the fake host tells a plugin's mistakes.

namespace {

using aev::sdk::Answer;
using aev::sdk::Batch;
using aev::sdk::ConfigError;
using aev::sdk::Delivered;
using aev::sdk::Emission;
using aev::sdk::FakeEvent;
using aev::sdk::FakeHost;
using aev::sdk::FakeSubscriber;
using aev::sdk::Host;
using aev::sdk::Json;
using aev::sdk::Skip;
using aev::sdk::Status;

class Probe : public aev::sdk::Subscriber {
 public:
  Probe(Host host, Json config) : host_(host), count_(host.metric(AEV_METRIC_COUNTER, "n", "")) {
    if (config == "\"refuse\"") {
      throw ConfigError("/mode", "not like this");
    }
  }

  ~Probe() override {
    if (worker_.joinable()) {
      worker_.join();
    }
  }

  void deliver(Batch batch) override {
    for (std::uint32_t i = 0; i < batch.size(); ++i) {
      take(batch, i);
    }
  }

  void check(aev::sdk::MonoTime) override { throw std::runtime_error("nobody there"); }

  void query(std::string_view name, std::string_view parameters, Answer answer) override {
    if (name == "early") {
      throw aev::sdk::NotNow("not started");
    }
    if (name != "echo") {
      return Subscriber::query(name, parameters, answer);
    }
    if (parameters == "{}") {
      throw ConfigError("/text", "text is missing");
    }
    answer.content_type("text/plain");
    answer.write(parameters);
  }

 private:
  void take(Batch batch, std::uint32_t i) {
    const auto event = batch[i];
    count_.record(1);
    if (event.event_type() == "publish") {
      const aev::sdk::Attribute round{"round", "3"};
      Emission out{.event_type = "published", .data = event.data(), .debate_id = "d1"};
      out.attributes = std::span(&round, 1);
      const Status asked = host_.emit(std::span(&out, 1), [batch, i](const Status& status) {
        batch.complete(i, status.ok() ? Delivered() : aev::sdk::Retry(status.message));
      });
      if (!asked.ok()) {
        batch.complete(i, aev::sdk::Retry(asked.message, asked.code));
      }
    } else if (event.event_type() == "count_debate") {
      const Status asked = host_.read_history(
          {.debate_id = event.debate_id(), .max_events = 2},
          [batch, i](const Status&, const aev::sdk::HistoryPage* page) {
            batch.complete(i, page == nullptr ? Skip("ended")
                                              : Delivered(static_cast<int>(page->size()) * 10 +
                                                          (page->at_end() ? 1 : 0)));
          });
      REQUIRE(asked.ok());
    } else if (event.event_type() == "remember") {
      REQUIRE(host_.set_state("last", event.data()).ok());
      batch.complete(i, Delivered());
    } else if (event.event_type() == "later") {
      worker_ = std::thread([batch, i] { batch.complete(i, Delivered(7)); });
    } else if (event.event_type() == "twice") {
      batch.complete(i, Delivered());
      batch.complete(i, Delivered());
    } else {
      batch.complete(i, Skip(host_.state("last").value_or("nothing")));
    }
  }

  Host host_;
  aev::sdk::Metric count_;
  std::thread worker_;
};

}  // namespace

AEV_PLUGIN(aev::sdk::Type<Probe>{
    .id = "probe",
    .name = "Uses everything",
    .version = "1.0",
    .vendor = "tests",
    .config_schema = R"({"type":"object"})",
    .queries = R"([{"name":"echo","description":"says it back","parameters":{"text":"what"}}])"});

namespace {

FakeEvent event(std::string type, std::string data = "{}", std::string debate = "") {
  FakeEvent made;
  made.event_type = std::move(type);
  made.data = std::move(data);
  made.debate_id = std::move(debate);
  return made;
}

}  // namespace

TEST_CASE("settlements carry outcome and code, from any thread", "[sdk]") {
  FakeHost host(aev_plugin_entry);
  auto probe = host.create("probe", "{}");
  CHECK(probe.start().max_batch_events == 100);
  CHECK(probe.deliver({event("other"), event("later")}) == AEV_OK);
  REQUIRE(host.wait_settled(2));
  const auto settled = host.settled();
  CHECK(settled[0].outcome == AEV_SKIP);
  CHECK(settled[0].reason == "nothing");
  CHECK(settled[1].code == 7);
  CHECK(settled[1].seq == 2);
  CHECK(host.metric("n") == 2);
  CHECK(host.violations().empty());
  CHECK(probe.stop());
}

TEST_CASE("an event published is settled once it is durable", "[sdk]") {
  FakeHost host(aev_plugin_entry);
  auto probe = host.create("probe", "{}");
  probe.start();
  host.hold_answers();
  probe.deliver({event("publish", R"({"a":1})")});
  CHECK(host.settled().empty());
  host.release_answers();
  REQUIRE(host.wait_settled(1));
  REQUIRE(host.emitted().size() == 1);
  const auto out = host.emitted()[0];
  CHECK(out.event_type == "published");
  CHECK(out.data == R"({"a":1})");
  CHECK(out.debate_id == "d1");
  REQUIRE(out.attributes.size() == 1);
  CHECK(out.attributes[0] == std::pair<std::string, std::string>("round", "3"));

  host.answer_emissions(AEV_OK, AEV_BUSY);
  probe.deliver({event("publish")});
  REQUIRE(host.wait_settled(2));
  CHECK(host.settled()[1].outcome == AEV_RETRY);
  host.answer_emissions(AEV_BUSY, AEV_OK);
  probe.deliver({event("publish")});
  REQUIRE(host.wait_settled(3));
  CHECK(host.settled()[2].code == AEV_BUSY);
  CHECK(host.emitted().size() == 1);
}

TEST_CASE("history is read by pages, of one debate", "[sdk]") {
  FakeHost host(aev_plugin_entry);
  host.add_history(event("round", "{}", "d1"));
  host.add_history(event("round", "{}", "d2"));
  auto probe = host.create("probe", "{}");
  probe.start();
  probe.deliver({event("count_debate", "{}", "d1")});  // itself the second of d1
  probe.deliver({event("count_debate", "{}", "d1")});
  REQUIRE(host.wait_settled(2));
  CHECK(host.settled()[0].code == 21);
  CHECK(host.settled()[1].code == 20);
}

TEST_CASE("requests that are open at the end are answered before destroy", "[sdk]") {
  FakeHost host(aev_plugin_entry);
  {
    auto probe = host.create("probe", "{}");
    probe.start();
    host.hold_answers();
    probe.deliver({event("count_debate"), event("publish")});
  }
  REQUIRE(host.settled().size() == 2);
  CHECK(host.settled()[0].reason == "ended");
  CHECK(host.settled()[1].outcome == AEV_RETRY);
}

TEST_CASE("state is seen at once and outlives the instance", "[sdk]") {
  FakeHost host(aev_plugin_entry);
  {
    auto probe = host.create("probe", "{}");
    probe.start();
    probe.deliver({event("remember", R"("seen")")});
  }
  auto next = host.create("probe", "{}");
  next.start();
  next.deliver({event("other")});
  REQUIRE(host.wait_settled(2));
  CHECK(host.settled()[1].reason == R"("seen")");
  CHECK(host.state().at("last") == R"("seen")");
}

TEST_CASE("queries answer, and say what is wrong", "[sdk]") {
  FakeHost host(aev_plugin_entry);
  auto probe = host.create("probe", "{}");
  std::string type;
  CHECK(probe.query("echo", R"({"text":"x"})", &type) == R"({"text":"x"})");
  CHECK(type == "text/plain");
  CHECK_THROWS_AS(probe.query("echo"), ConfigError);
  CHECK_THROWS_AS(probe.query("other"), aev::sdk::UnknownQuery);
  CHECK_THROWS_AS(probe.query("early"), aev::sdk::NotNow);
  CHECK_THROWS_WITH(probe.check(), "nobody there");
}

TEST_CASE("a plugin's mistakes are told", "[sdk]") {
  FakeHost host(aev_plugin_entry);
  CHECK_THROWS_AS(host.create("probe", "\"refuse\""), ConfigError);
  CHECK_THROWS_AS(host.create("nothing", "{}"), ConfigError);
  auto probe = host.create("probe", "{}");
  probe.start();
  probe.deliver({event("twice")});
  REQUIRE(host.violations().size() == 1);
  CHECK(host.violations()[0] == "event 0 of batch 1 was completed twice");
}
