#include "http/connection.h"

#include <algorithm>
#include <cstring>
#include <exception>

namespace aev::http {
namespace {

/// A body buffer above this is given back after its request, so that one large request does not
/// weigh on the process as long as its connection lives.
constexpr std::size_t kKeepBodyBytes = 256 * 1024;
constexpr std::size_t kGrowBytes = 256 * 1024;
constexpr std::size_t kLingerBytes = 4u << 20;
constexpr Duration kLingerTime = std::chrono::seconds(2);
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

class Connection::ConnectionExchange final : public Exchange {
 public:
  explicit ConnectionExchange(Connection& connection)
      : connection_(connection), body_(connection.input_, connection, connection.head_) {}

  [[nodiscard]] std::string_view method() const override { return connection_.head_.method; }

  [[nodiscard]] std::string_view path() const override { return connection_.head_.path; }

  [[nodiscard]] std::string_view query() const override { return connection_.head_.query; }

  [[nodiscard]] std::string_view header(std::string_view name) const override {
    return connection_.head_.header(name);
  }

  void each_header(HeaderVisitor visit, void* context) const override {
    for (const auto& [name, value] : connection_.head_.headers) {
      visit(context, name, value);
    }
  }

  Result<std::size_t> read(char* into, std::size_t capacity) override {
    invite();
    auto count = body_.read(into, capacity);
    return count ? count : explain(std::move(count.error()));
  }

  Result<std::string_view> read_body(std::size_t limit) override {
    const RequestHead& head = connection_.head_;
    if (head.framing == BodyFraming::kLength && head.content_length > limit) {
      return too_large(limit);
    }
    invite();
    if (body_.fits_in_place()) {
      auto body = body_.read_in_place();
      return body ? body : explain(std::move(body.error()));
    }
    return read_large(limit);
  }

  [[nodiscard]] std::optional<std::uint64_t> content_length() const override {
    if (connection_.head_.framing == BodyFraming::kChunked) {
      return std::nullopt;
    }
    return connection_.head_.content_length;
  }

  void respond(const Response& response) override {
    send(response.status, response.content_type, response.body, &response.headers);
  }

  void respond(int status, std::string_view content_type, std::string_view body) override {
    send(status, content_type, body, nullptr);
  }

  [[nodiscard]] bool responded() const { return responded_; }

  [[nodiscard]] bool keeps_connection() const { return keeps_; }

  [[nodiscard]] bool body_left() const { return !body_.finished(); }

 private:
  static Error too_large(std::size_t limit) {
    return Error{ErrorCode::kTooLarge,
                 "the request's body is larger than " + std::to_string(limit) + " bytes",
                 {}};
  }

  Error explain(Error error) const {
    if (error.code == ErrorCode::kIo && connection_.slot_.expired()) {
      error.message = "the request did not arrive in time";
    }
    return error;
  }

  /// Answers `Expect: 100-continue` once the body is wanted.
  void invite() {
    if (connection_.head_.expect_continue && !invited_ && body_left() &&
        connection_.input_.unread().empty()) {
      invited_ = true;
      connection_.slot_.arm(Waiting::kAnswer, connection_.deadline_);
      static_cast<void>(
          connection_.transport_->send(kContinue, {}));  // reading notices a lost peer
      connection_.slot_.disarm();
    }
    invited_ = true;
  }

  Result<std::string_view> read_large(std::size_t limit) {
    Connection& c = connection_;
    std::size_t size = 0;
    while (true) {
      if (size == c.large_body_capacity_ || c.large_body_ == nullptr) {
        grow(size);
      }
      auto count = body_.read(c.large_body_.get() + size, c.large_body_capacity_ - size);
      if (!count) {
        return explain(std::move(count.error()));
      }
      if (*count == 0) {
        return std::string_view(c.large_body_.get(), size);
      }
      size += *count;
      if (size > limit) {
        return too_large(limit);
      }
    }
  }

  /// Grows with what arrives, not with what was announced: announcing costs a peer nothing.
  void grow(std::size_t used) {
    Connection& c = connection_;
    const std::size_t capacity = std::max(kGrowBytes, c.large_body_capacity_ * 2);
    // Not value-initialised: the bytes are written by read() before anyone looks at them. The
    // padding is cleared, so that parsers that look ahead read defined bytes.
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity + kBodyPadding);
    if (used > 0) {
      std::memcpy(bytes.get(), c.large_body_.get(), used);
    }
    std::memset(bytes.get() + capacity, 0, kBodyPadding);
    c.large_body_ = std::move(bytes);
    c.large_body_capacity_ = capacity;
  }

  void send(int status,
            std::string_view content_type,
            std::string_view body,
            const std::map<std::string, std::string>* headers) {
    if (responded_) {
      connection_.context_.logger.error(
          "a request was answered twice; the second answer is dropped");
      return;
    }
    responded_ = true;
    keeps_ = connection_.head_.keep_alive && body_.skip_received() &&
             !connection_.slot_.expired() && !connection_.context_.stopping.load();
    connection_.answer(status, content_type, body, headers, !keeps_);
  }

  Connection& connection_;
  BodyReader body_;
  bool responded_ = false;
  bool invited_ = false;
  bool keeps_ = false;
};

Connection::Connection(std::unique_ptr<Transport> transport, const ConnectionContext& context)
    : context_(context),
      transport_(std::move(transport)),
      slot_(transport_->descriptor()),
      idle_since_(context.clock.mono_now()) {
  context_.deadlines.add(slot_);
}

Connection::~Connection() {
  context_.deadlines.remove(slot_);
}

void Connection::run() noexcept {
  try {
    while (serve_one()) {
    }
  } catch (const std::exception& failure) {
    context_.logger.error("a connection failed", {{"error", failure.what()}});
  } catch (...) {
    context_.logger.error("a connection failed with an unknown exception");
  }
}

bool Connection::serve_one() {
  input_.compact(0);
  if (!wait_for_request() || !read_head()) {
    return false;
  }
  head_request_ = head_.method == "HEAD";
  input_.begin += head_.bytes;
  paused_at_ = context_.clock.mono_now();
  ConnectionExchange exchange(*this);
  try {
    context_.handler.handle(exchange);
  } catch (const std::exception& failure) {
    context_.logger.error("a handler threw", {{"path", head_.path}, {"error", failure.what()}});
  } catch (...) {
    context_.logger.error("a handler threw an unknown exception", {{"path", head_.path}});
  }
  if (!exchange.responded()) {
    exchange.respond(
        problem_response(Error{ErrorCode::kInternal, "the request was not served", {}}));
  }
  if (large_body_capacity_ > kKeepBodyBytes) {
    large_body_.reset();
    large_body_capacity_ = 0;
  }
  served_ = true;
  if (exchange.keeps_connection()) {
    return true;
  }
  if (exchange.body_left() || !input_.unread().empty()) {
    linger();
  }
  return false;
}

/// Waits for the first byte of the next request and starts its deadline.
bool Connection::wait_for_request() {
  if (input_.unread().empty()) {
    const Duration keep_alive = context_.keep_alive.load();
    const Duration patience =
        served_ ? keep_alive : std::min(keep_alive, context_.request_timeout.load());
    slot_.arm(Waiting::kIdle, idle_since_ + patience);
    if (context_.stopping.load()) {
      return false;
    }
    const std::ptrdiff_t count = transport_->receive(input_.bytes.get(), input_.room());
    slot_.disarm();
    if (count <= 0) {
      return false;
    }
    input_.end = static_cast<std::size_t>(count);
  }
  deadline_ = context_.clock.mono_now() + context_.request_timeout.load();
  return true;
}

bool Connection::read_head() {
  HeadProblem problem;
  while (true) {
    switch (parse_request_head(input_.unread(), head_, problem)) {
      case HeadState::kComplete:
        return true;
      case HeadState::kRefused:
        refuse(problem.status, problem.detail);
        return false;
      case HeadState::kIncomplete:
        break;
    }
    const std::ptrdiff_t count =
        receive_by_deadline(input_.bytes.get() + input_.end, input_.room());
    if (count <= 0) {
      if (slot_.expired() && !context_.stopping.load()) {
        refuse(408, "the request did not arrive in time");
      }
      return false;
    }
    input_.end += static_cast<std::size_t>(count);
  }
}

/// For the body: time that the handler took since the last call is not the peer's fault and moves
/// the deadline.
std::ptrdiff_t Connection::receive(char* into, std::size_t capacity) {
  deadline_ += context_.clock.mono_now() - paused_at_;
  const std::ptrdiff_t count = receive_by_deadline(into, capacity);
  paused_at_ = context_.clock.mono_now();
  return count;
}

std::ptrdiff_t Connection::receive_by_deadline(char* into, std::size_t capacity) {
  // A peer whose bytes come faster than the reaper looks is caught here.
  if (context_.clock.mono_now() >= deadline_) {
    context_.deadlines.expire(slot_);
    return 0;
  }
  slot_.arm(Waiting::kRequest, deadline_);
  const std::ptrdiff_t count = transport_->receive(into, capacity);
  slot_.disarm();
  return slot_.expired() ? 0 : count;
}

void Connection::refuse(int status, std::string_view detail) {
  const Response problem = problem_response(status, reason_phrase(status), detail);
  head_request_ = false;
  answer(problem.status, problem.content_type, problem.body, &problem.headers, true);
  linger();
}

void Connection::answer(int status,
                        std::string_view content_type,
                        std::string_view body,
                        const std::map<std::string, std::string>* headers,
                        bool close) {
  ResponseFrame frame;
  frame.now_unix_ns = context_.clock.unix_now_ns();
  frame.close = close;
  frame.say_keep_alive = head_.http_1_0 && !close;
  response_head_.write(head_text_, status, content_type, body.size(), headers, frame);
  const bool bodiless = head_request_ || status == 204 || status == 304;
  const int status_class = std::clamp(status / 100, 1, 5);
  context_.requests[status_class - 1].add();
  idle_since_ = context_.clock.mono_now();
  slot_.arm(Waiting::kAnswer, idle_since_ + context_.request_timeout.load());
  if (!transport_->send(head_text_, bodiless ? std::string_view() : body)) {
    head_.keep_alive = false;
  }
  slot_.disarm();
}

void Connection::linger() {
  transport_->finish_sending();
  slot_.arm(Waiting::kAnswer, context_.clock.mono_now() + kLingerTime);
  std::size_t dropped = 0;
  while (dropped < kLingerBytes) {
    const std::ptrdiff_t count = transport_->receive(input_.bytes.get(), InputBuffer::kCapacity);
    if (count <= 0) {
      break;
    }
    dropped += static_cast<std::size_t>(count);
  }
  slot_.disarm();
}

}  // namespace aev::http
