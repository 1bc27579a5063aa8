#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <catch2/catch.hpp>

#include <aev/fake_host.hpp>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = beast::websocket;
using aev::sdk::FakeEvent;
using aev::sdk::FakeHost;
using aev::sdk::FakeSubscriber;

constexpr const char* kAnyPort =
    R"({"listen":"127.0.0.1:0","limits":{"clients_per_address":1000,"handshakes_per_minute":1000}})";

/// A blocking client.
class TestClient {
 public:
  TestClient(const std::string& port, const std::string& target) {
    asio::ip::tcp::resolver resolver(io_);
    asio::connect(socket_.next_layer(), resolver.resolve("127.0.0.1", port));
    socket_.handshake("127.0.0.1:" + port, target);
  }

  std::string read() {
    beast::flat_buffer buffer;
    socket_.read(buffer);
    return beast::buffers_to_string(buffer.data());
  }

  std::string read_until(const std::string& part) {
    for (;;) {
      std::string text = read();
      if (text.find(part) != std::string::npos) {
        return text;
      }
    }
  }

  /// The close code of the end.
  int read_end() {
    boost::system::error_code error;
    while (!error) {
      beast::flat_buffer buffer;
      socket_.read(buffer, error);
    }
    return socket_.reason().code;
  }

 private:
  asio::io_context io_;
  ws::stream<asio::ip::tcp::socket> socket_{io_};
};

std::string value_of(const std::string& json, const std::string& name) {
  const std::size_t at = json.find("\"" + name + "\":");
  REQUIRE(at != std::string::npos);
  return json.substr(at + name.size() + 3, json.find_first_of(",}", at) - at - name.size() - 3);
}

std::string port_of(FakeSubscriber& subscriber) {
  const std::string listen = value_of(subscriber.query("status"), "listen");
  const std::size_t colon = listen.rfind(':');
  return listen.substr(colon + 1, listen.size() - colon - 2);
}

bool accepting(FakeSubscriber& subscriber) {
  return value_of(subscriber.query("status"), "accepting") == "true";
}

FakeEvent event(const char* debate) {
  FakeEvent made;
  made.event_type = "vote";
  made.debate_id = debate;
  return made;
}

}  // namespace

extern "C" const aev_entry aev_plugin_entry;

TEST_CASE("events are settled once they are on their way", "[websocket]") {
  FakeHost host(aev_plugin_entry);
  auto subscriber = host.create("websocket", kAnyPort);
  subscriber.start();
  REQUIRE(host.wait([&] { return accepting(subscriber); }));
  subscriber.deliver({event("d1"), event(""), event("d1")});
  REQUIRE(host.wait_settled(3));
  std::vector<aev_outcome> outcomes(4, 99);
  for (const auto& settled : host.settled()) {
    outcomes[settled.seq] = settled.outcome;
  }
  CHECK(outcomes == std::vector<aev_outcome>{99, AEV_DELIVERED, AEV_SKIP, AEV_DELIVERED});

  TestClient client(port_of(subscriber), "/ws/debates/d1/stream?replay_from_seq=0");
  // The answers of the log come on this thread.
  REQUIRE(
      host.wait([&] { return value_of(subscriber.query("status"), "events_replayed") == "2"; }));
  client.read_until("replay_end");
  subscriber.deliver({event("d1")});
  CHECK(value_of(client.read_until("\"seq\":4"), "type") == "\"vote\"");
  CHECK(host.wait([&] {
    return host.metric("aragora_websocket_connections_active{subscriber=\"tester\"}") == 1;
  }));
  REQUIRE(subscriber.stop());
  CHECK(client.read_end() == 1012);
  CHECK(host.violations().empty());
}

TEST_CASE("a second instance shares the port and takes its turn", "[websocket]") {
  FakeHost host(aev_plugin_entry);
  auto first = host.create("websocket", kAnyPort);
  first.start();
  REQUIRE(host.wait([&] { return accepting(first); }));
  const std::string port = port_of(first);
  const std::string fixed = R"({"listen":"127.0.0.1:0","heartbeat":"3s"})";
  FakeHost next_host(aev_plugin_entry);
  auto second = next_host.create("websocket", fixed);
  second.start();
  CHECK(port_of(second) == port);
  CHECK_FALSE(accepting(second));
  TestClient old_client(port, "/ws");
  old_client.read_until("connection_info");
  REQUIRE(first.stop());
  CHECK(old_client.read_end() == 1012);
  REQUIRE(next_host.wait([&] { return accepting(second); }));
  TestClient new_client(port, "/ws");
  new_client.read_until("connection_info");
  first.destroy();
  CHECK(accepting(second));

  // One that is started and thrown away again disturbs nobody.
  {
    FakeHost third_host(aev_plugin_entry);
    auto third = third_host.create("websocket", fixed);
    third.start();
    CHECK(port_of(third) == port);
  }
  TestClient again(port, "/ws");
  again.read_until("connection_info");
}

TEST_CASE("another subscriber does not get the same address", "[websocket]") {
  FakeHost host(aev_plugin_entry, "one");
  auto first = host.create("websocket", kAnyPort);
  first.start();
  const std::string same = R"({"listen":"127.0.0.1:)" + port_of(first) + R"("})";
  FakeHost other(aev_plugin_entry, "two");
  auto second = other.create("websocket", same);
  CHECK_THROWS_WITH(second.start(), Catch::Contains("cannot listen") && Catch::Contains("in use"));
}

TEST_CASE("an instance that was never stopped ends all the same", "[websocket]") {
  FakeHost host(aev_plugin_entry);
  std::unique_ptr<TestClient> client;
  {
    auto subscriber = host.create("websocket", kAnyPort);
    subscriber.start();
    REQUIRE(host.wait([&] { return accepting(subscriber); }));
    client = std::make_unique<TestClient>(port_of(subscriber), "/ws");
    client->read_until("connection_info");
    host.hold_answers();
    subscriber.deliver({event("d1")});
  }
  CHECK(client->read_end() == 0);
  { const auto never_started = host.create("websocket", kAnyPort); }
}

TEST_CASE("what is wrong at the start is said", "[websocket]") {
  FakeHost host(aev_plugin_entry);
  auto subscriber = host.create(
      "websocket", R"({"listen":"127.0.0.1:0","tls":{"cert_file":"/nowhere","key_file":"/none"}})");
  CHECK_THROWS_WITH(subscriber.check(), Catch::Contains("/nowhere"));
  CHECK_THROWS_WITH(subscriber.start(), Catch::Contains("tls.cert_file"));
  CHECK_THROWS_AS(host.validate("websocket", R"({"listen":"x"})"), aev::sdk::ConfigError);
}
