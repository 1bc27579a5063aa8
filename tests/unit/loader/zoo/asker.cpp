// A plugin that asks its host for something with every event, and settles the event with the
// answer.
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include <aev/plugin.hpp>

namespace {

using namespace aev::sdk;

class Asker : public Subscriber {
 public:
  Asker(Host host, Json config) : host_(host), part_(config) {}

  void deliver(Batch batch) override {
    for (std::uint32_t i = 0; i < batch.size(); ++i) {
      ask(batch, i);
    }
  }

  void stop(Host host, MonoTime) override {
    if (plays("emit_at_stop")) {
      // What is published while stopping is answered before stopped() is due.
      const Emission last{.event_type = "last_words", .data = "{}"};
      const Status asked =
          host.emit(std::span(&last, 1), [host](const Status&) { host.stopped(); });
      if (asked.ok()) {
        return;
      }
    }
    host.stopped();
  }

  void check(MonoTime) override {
    if (plays("unreachable")) {
      throw std::runtime_error("127.0.0.1:9 refuses");
    }
  }

  void query(std::string_view name, std::string_view parameters, Answer answer) override {
    if (name == "echo") {
      answer.content_type("text/plain");
      answer.write(parameters);
    } else if (name == "wrong") {
      throw ConfigError("/period", "expected a duration");
    } else if (name == "huge") {
      const std::string block(1u << 20, 'x');
      while (answer.write(block)) {
      }
    } else if (name == "throw") {
      throw std::runtime_error("the index is gone");
    } else {
      Subscriber::query(name, parameters, answer);
    }
  }

 private:
  [[nodiscard]] bool plays(std::string_view part) const {
    return part_.find(part) != std::string::npos;
  }

  static Result result_of(const Status& status) {
    return status.ok() ? Delivered() : Retry(status.message, status.code);
  }

  void ask(Batch batch, std::uint32_t i) {
    const auto settle = [batch, i](const Status& status) { batch.complete(i, result_of(status)); };
    Status asked;
    if (plays("history")) {
      HistoryRequest request{.debate_id = "d1", .after_seq = 3, .upto_seq = 9};
      request.max_events = 5;
      asked =
          host_.read_history(request, [batch, i](const Status& status, const HistoryPage* page) {
            if (page == nullptr) {
              batch.complete(i, Retry(status.message, status.code));
              return;
            }
            std::string seen = std::to_string(page->scanned_seq()) + (page->at_end() ? " end" : "");
            for (std::uint32_t k = 0; k < page->size(); ++k) {
              seen += " " + std::string((*page)[k].id()) + "=" +
                      std::string((*page)[k].attribute("round"));
            }
            batch.complete(i, Skip(seen));
          });
    } else if (plays("state")) {
      const std::string before = host_.state("n").value_or("none");
      asked = host_.set_state(
          "n", before == "none" ? "1" : before + "1", [batch, i, before](const Status& status) {
            batch.complete(i, status.ok() ? Skip(before) : Retry(status.message, status.code));
          });
    } else if (plays("body")) {
      const Field header{"ce-id", "x1"};
      asked = host_.emit_body("application/json", std::span(&header, 1), R"({"event_type":"x"})",
                              settle);
    } else {
      const Attribute round{"round", "4"};
      Emission out{.event_type = plays("malformed") ? "" : "thought", .data = R"({"a":1})"};
      out.id = "made-1";
      out.attributes = std::span(&round, 1);
      asked = host_.emit(std::span(&out, 1), settle);
    }
    if (!asked.ok()) {
      batch.complete(i, Reject(asked.path + " " + asked.message, asked.code));
    }
  }

  Host host_;
  std::string part_;
};

}  // namespace

AEV_PLUGIN(Type<Asker>{.id = "actor",
                       .name = "Asks",
                       .version = "1.0",
                       .vendor = "the zoo",
                       .config_schema = R"({"type":"object"})",
                       .queries = R"([{"name":"echo","description":"says it back"}])",
                       .flags = AEV_TYPE_SOURCE});
