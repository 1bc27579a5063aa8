#include "connection.h"

#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "admission.h"

namespace aev::websocket {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ws = beast::websocket;
using Error = boost::system::error_code;

constexpr std::uint32_t kMaxHeadBytes = 16 * 1024;
/// A read buffer larger than this is given back once its message has been dealt with.
constexpr std::size_t kKeptBuffer = 4096;

std::string_view text(beast::string_view view) {
  return {view.data(), view.size()};
}

/// What is needed until the handshake is over, and freed then.
struct Handshake {
  beast::flat_buffer buffer{kMaxHeadBytes};
  http::request_parser<http::empty_body> parser;
  http::response<http::string_body> response;
  std::string protocols;
  std::string forwarded_for;
  Admission admission;
};

template <typename Layer>
class BeastConnection final : public Connection {
 public:
  static constexpr bool kTls = !std::is_same_v<Layer, Socket>;

  template <typename... Arguments>
  BeastConnection(ConnectionSurroundings& surroundings,
                  std::string peer,
                  std::uint64_t client_id,
                  MonoTime now,
                  Arguments&&... layer)
      : Connection(client_id,
                   TokenBucket(surroundings.options.limits.messages_per_second,
                               surroundings.options.limits.message_burst,
                               now)),
        surroundings_(surroundings),
        peer_(std::move(peer)),
        ws_(std::forward<Arguments>(layer)...) {}

  void start() override {
    handshake_ = std::make_unique<Handshake>();
    if constexpr (kTls) {
      ws_.next_layer().async_handshake(asio::ssl::stream_base::server,
                                       [self = self()](const Error& error) {
                                         if (error) {
                                           ++self->surroundings_.refusals.tls;
                                           self->finish();
                                         } else {
                                           self->read_head();
                                         }
                                       });
    } else {
      read_head();
    }
  }

  void start_write() override {
    if (gone_) {
      return;
    }
    writing = true;
    in_flight_ = outbox.pop();
    ws_.async_write(asio::buffer(in_flight_->text),
                    [self = self()](const Error& error, std::size_t) { self->written(error); });
  }

  void start_close(CloseCode code, std::string_view reason, bool after_outbox) override {
    goodbye_.emplace(beast::string_view(reason.data(), reason.size()));
    goodbye_->code = static_cast<std::uint16_t>(code);
    if (!after_outbox || (!writing && outbox.empty())) {
      say_goodbye();
    }
  }

  void start_ping() override {
    if (gone_) {
      return;
    }
    ws_.async_ping({}, [self = self()](const Error& error) {
      if (error) {
        self->finish();
      }
    });
  }

  void cut() override {
    Error ignored;
    beast::get_lowest_layer(ws_).close(ignored);
    // Whatever was under way now ends with an error; where nothing was, this does it.
    asio::post(ws_.get_executor(), [self = self()] { self->finish(); });
  }

 private:
  std::shared_ptr<BeastConnection> self() {
    return std::static_pointer_cast<BeastConnection>(shared_from_this());
  }

  // --- handshake ---------------------------------------------------------------------------------

  void read_head() {
    handshake_->parser.header_limit(kMaxHeadBytes);
    http::async_read(ws_.next_layer(), handshake_->buffer, handshake_->parser,
                     [self = self()](const Error& error, std::size_t) {
                       if (error == http::error::header_limit) {
                         ++self->surroundings_.refusals.bad_request;
                         self->refuse({431, CloseCode::kNormal, "the request's head is too large"});
                       } else if (error) {
                         self->finish();
                       } else {
                         self->decide();
                       }
                     });
  }

  void decide() {
    const auto& request = handshake_->parser.get();
    const auto header = [&](http::field name) { return text(request[name]); };
    HandshakeHead head;
    head.upgrade = ws::is_upgrade(request);
    head.target = text(request.target());
    head.host = header(http::field::host);
    head.origin = header(http::field::origin);
    head.authorization = header(http::field::authorization);
    // Lists, which may be spread over several lines.
    const auto joined = [&](beast::string_view name) {
      std::string all;
      const auto [first, last] = request.equal_range(name);
      for (auto at = first; at != last; ++at) {
        all.append(all.empty() ? "" : ",").append(at->value().data(), at->value().size());
      }
      return all;
    };
    head.protocols = handshake_->protocols = joined("Sec-WebSocket-Protocol");
    head.forwarded_for = handshake_->forwarded_for = joined("X-Forwarded-For");
    head.peer = peer_;
    Admission& admission = handshake_->admission;
    const auto now = std::chrono::steady_clock::now();
    admission = admit(head, surroundings_, now, unix_now_s());
    counted_address_ = admission.counted_address;
    if (!admission.refusal) {
      accept();
      return;
    }
    const bool by_code = surroundings_.options.refusals == RefusalStyle::kCloseCode &&
                         admission.refusal->code != CloseCode::kNormal;
    if (by_code) {
      accept();
    } else {
      refuse(*admission.refusal);
    }
  }

  void refuse(const Refusal& refusal) {
    auto& response = handshake_->response;
    response.version(11);
    response.result(refusal.status);
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.set(http::field::connection, "close");
    if (refusal.status == 426) {
      response.set(http::field::upgrade, "websocket");
      response.set(http::field::sec_websocket_version, "13");
    } else if (refusal.status == 503 || refusal.status == 429) {
      response.set(http::field::retry_after, "10");
    } else if (refusal.status == 401) {
      response.set(http::field::www_authenticate, "Bearer");
    }
    response.body() = refusal.message + "\n";
    response.prepare_payload();
    http::async_write(ws_.next_layer(), response, [self = self()](const Error&, std::size_t) {
      Error ignored;
      beast::get_lowest_layer(self->ws_).shutdown(asio::socket_base::shutdown_send, ignored);
      self->finish();
    });
  }

  void accept() {
    const Options& options = surroundings_.options;
    if (options.compression.enabled) {
      ws::permessage_deflate deflate;
      deflate.server_enable = true;
      deflate.server_max_window_bits = options.compression.window_bits;
      deflate.client_max_window_bits = options.compression.window_bits;
      deflate.server_no_context_takeover = false;
      deflate.compLevel = options.compression.level;
      deflate.memLevel = options.compression.memory_level;
      deflate.msg_size_threshold = options.compression.min_bytes;
      ws_.set_option(deflate);
    }
    ws_.set_option(ws::stream_base::decorator(
        [aragora = handshake_->admission.aragora_protocol](ws::response_type& response) {
          response.set(http::field::server, "aragora-events");
          if (aragora) {
            response.set(http::field::sec_websocket_protocol, "aragora-v1");
          }
        }));
    ws_.read_message_max(options.limits.message_bytes);
    ws_.auto_fragment(false);  // a frame goes out as it lies in memory, shared by all
    ws_.control_callback([this](ws::frame_type kind, beast::string_view) {
      surroundings_.hub.heard(*this, kind == ws::frame_type::pong,
                              std::chrono::steady_clock::now());
    });
    ws_.async_accept(handshake_->parser.get(),
                     [self = self()](const Error& error) { self->accepted(error); });
  }

  void accepted(const Error& error) {
    if (error || gone_) {
      ++surroundings_.refusals.bad_request;
      finish();
      return;
    }
    const std::unique_ptr<Handshake> over = std::move(handshake_);
    ws_.text(true);
    if (over->admission.refusal) {
      const Refusal& refusal = *over->admission.refusal;
      start_close(refusal.code, refusal.message, false);
      return;
    }
    grant = std::move(over->admission.grant);
    surroundings_.hub.opened(*this, over->admission.request, std::chrono::steady_clock::now());
    read();
  }

  // --- messages ----------------------------------------------------------------------------------

  void read() {
    ws_.async_read(buffer_,
                   [self = self()](const Error& error, std::size_t) { self->received(error); });
  }

  void received(const Error& error) {
    if (error || gone_) {
      finish();
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (ws_.got_text()) {
      const auto data = buffer_.cdata();
      surroundings_.hub.received(
          *this, std::string_view(static_cast<const char*>(data.data()), data.size()), now);
    } else {
      surroundings_.hub.received_binary(*this, now);
    }
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > kKeptBuffer) {
      buffer_.shrink_to_fit();
    }
    read();
  }

  void written(const Error& error) {
    if (gone_) {
      return;
    }
    if (error) {
      finish();
      return;
    }
    const std::size_t bytes = std::exchange(in_flight_, nullptr)->text.size();
    writing = false;
    surroundings_.hub.sent(*this, bytes);
    if (!writing && !outbox.empty()) {
      start_write();
    } else if (!writing && goodbye_) {
      say_goodbye();
    }
  }

  // --- end ---------------------------------------------------------------------------------------

  void say_goodbye() {
    if (gone_ || std::exchange(said_goodbye_, true)) {
      return;
    }
    ws_.async_close(*goodbye_, [self = self()](const Error&) { self->finish(); });
  }

  void finish() {
    if (std::exchange(gone_, true)) {
      return;
    }
    Error ignored;
    beast::get_lowest_layer(ws_).close(ignored);
    if (!counted_address_.empty()) {
      surroundings_.addresses.leave(counted_address_);
    }
    surroundings_.hub.closed(*this);
  }

  static std::int64_t unix_now_s() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  ConnectionSurroundings& surroundings_;
  std::string peer_;
  std::string counted_address_;
  ws::stream<Layer> ws_;
  beast::flat_buffer buffer_;
  FrameRef in_flight_;
  std::unique_ptr<Handshake> handshake_;
  std::optional<ws::close_reason> goodbye_;
  bool said_goodbye_ = false;
  bool gone_ = false;
};

}  // namespace

std::shared_ptr<Connection> make_connection(Socket socket,
                                            ConnectionSurroundings& surroundings,
                                            std::uint64_t id,
                                            MonoTime now) {
  Error ignored;
  const auto remote = socket.remote_endpoint(ignored);
  std::string peer = remote.address().to_string(ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::send_buffer_size(
                        static_cast<int>(surroundings.options.socket_send_buffer)),
                    ignored);
  if (surroundings.tls == nullptr) {
    return std::make_shared<BeastConnection<Socket>>(surroundings, std::move(peer), id, now,
                                                     std::move(socket));
  }
  return std::make_shared<BeastConnection<asio::ssl::stream<Socket>>>(
      surroundings, std::move(peer), id, now, std::move(socket), *surroundings.tls);
}

}  // namespace aev::websocket
