#include "http/listener.h"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/SocketImpl.h>
#include <Poco/Net/StreamSocket.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "core/mutex.h"

namespace aev::http {
namespace {

constexpr int kBacklog = 1024;

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(const Poco::Net::StreamSocket& socket)
      : socket_(socket), descriptor_(socket.impl()->sockfd()) {}

  std::ptrdiff_t receive(char* into, std::size_t capacity) noexcept override {
    while (true) {
      const ::ssize_t count = ::recv(descriptor_, into, capacity, 0);
      if (count >= 0 || errno != EINTR) {
        return count;
      }
    }
  }

  bool send(std::string_view head, std::string_view body) noexcept override {
    while (!head.empty() || !body.empty()) {
      // sendmsg never writes through iov_base; the const_casts only satisfy its C signature.
      ::iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                          {const_cast<char*>(body.data()), body.size()}};
      ::msghdr message{};
      message.msg_iov = parts;
      message.msg_iovlen = 2;
      const ::ssize_t count = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
      if (count < 0) {
        if (errno == EINTR) {
          continue;
        }
        return false;
      }
      auto sent = static_cast<std::size_t>(count);
      const std::size_t of_head = sent < head.size() ? sent : head.size();
      head.remove_prefix(of_head);
      body.remove_prefix(sent - of_head);
    }
    return true;
  }

  void finish_sending() noexcept override { ::shutdown(descriptor_, SHUT_WR); }

  [[nodiscard]] int descriptor() const noexcept override { return descriptor_; }

  [[nodiscard]] bool sends_at_once() const noexcept override { return true; }

 private:
  Poco::Net::StreamSocket socket_;  // owns the descriptor
  const int descriptor_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(Poco::Net::Context::Ptr context, const Poco::Net::StreamSocket& socket)
      : context_(std::move(context)), socket_(socket), descriptor_(socket.impl()->sockfd()) {}

  std::ptrdiff_t receive(char* into, std::size_t capacity) noexcept override {
    try {
      while (true) {
        const int count = socket_.receiveBytes(into, clip(capacity));
        if (count >= 0) {
          return count;
        }
        if (!wait_for_tls(count)) {
          return -1;
        }
      }
    } catch (...) {  // broken handshake, alert, reset: for us the peer is gone
      return -1;
    }
  }

  bool send(std::string_view head, std::string_view body) noexcept override {
    try {
      // One record for an ordinary answer; a large body is not copied.
      if (body.size() <= kJoinBytes) {
        joined_.assign(head).append(body);
        return send_all(joined_);
      }
      return send_all(head) && send_all(body);
    } catch (...) {
      return false;
    }
  }

  void finish_sending() noexcept override { ::shutdown(descriptor_, SHUT_WR); }

  [[nodiscard]] int descriptor() const noexcept override { return descriptor_; }

  [[nodiscard]] bool sends_at_once() const noexcept override { return false; }

 private:
  static constexpr std::size_t kJoinBytes = 16 * 1024;

  static int clip(std::size_t size) {
    constexpr std::size_t kMost = 1u << 30;
    return static_cast<int>(size < kMost ? size : kMost);
  }

  /// TLS needs the socket in a direction of its own choosing (a renegotiation, a new session
  /// ticket).
  bool wait_for_tls(int code) {
    ::pollfd wanted{};
    wanted.fd = descriptor_;
    if (code == Poco::Net::SecureStreamSocket::ERR_SSL_WANT_READ) {
      wanted.events = POLLIN;
    } else if (code == Poco::Net::SecureStreamSocket::ERR_SSL_WANT_WRITE) {
      wanted.events = POLLOUT;
    } else {
      return false;
    }
    return ::poll(&wanted, 1, -1) >= 0 || errno == EINTR;
  }

  bool send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const int count = socket_.sendBytes(bytes.data(), clip(bytes.size()));
      if (count > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(count));
      } else if (count == 0 || !wait_for_tls(count)) {
        return false;
      }
    }
    return true;
  }

  /// Released after the socket, so that whoever releases it last does so in code of ours: Poco is
  /// not built with ThreadSanitizer, which would take the end in there for a race with other
  /// owners.
  const Poco::Net::Context::Ptr context_;
  Poco::Net::StreamSocket socket_;
  const int descriptor_;
  std::string joined_;
};

/// The server's side of TLS with the certificate and key of now.
Result<Poco::Net::Context::Ptr> read_certificate(const ServerOptions& options) {
  using Poco::Net::Context;
  const auto unusable = [&](const std::string& why) {
    return Error{ErrorCode::kIo,
                 "TLS certificate '" + options.tls_certificate + "' with key '" + options.tls_key +
                     "' cannot be used: " + why,
                 {}};
  };
  try {
    Context::Params params;
    params.certificateFile = options.tls_certificate;
    params.privateKeyFile = options.tls_key.empty() ? options.tls_certificate : options.tls_key;
    params.verificationMode = Context::VERIFY_NONE;
    params.dhUse2048Bits = true;
    Context::Ptr context(new Context(Context::TLS_SERVER_USE, params));
    context->requireMinimumProtocol(Context::PROTO_TLSV1_2);
    // OpenSSL drops a key that belongs to another certificate without a word.
    if (::SSL_CTX_check_private_key(context->sslContext()) != 1) {
      ::ERR_clear_error();
      return unusable("the key is not that of the certificate");
    }
    return context;
  } catch (const Poco::Exception& failure) {
    return unusable(failure.displayText());
  } catch (const std::exception& failure) {
    return Error{ErrorCode::kIo, std::string("setting up TLS: ") + failure.what(), {}};
  }
}

class PocoListener final : public Listener {
 public:
  PocoListener(const Poco::Net::ServerSocket& socket, Poco::Net::Context::Ptr context)
      : socket_(socket), tls_(!context.isNull()), context_(std::move(context)) {}

  Result<std::unique_ptr<Transport>> accept() override {
    try {
      Poco::Net::StreamSocket connection = socket_.acceptConnection();
      connection.setNoDelay(true);
      if (tls_) {
        Poco::Net::Context::Ptr context = context_of_now();
        return std::unique_ptr<Transport>(std::make_unique<TlsTransport>(
            context, Poco::Net::SecureStreamSocket::attach(connection, context)));
      }
      return std::unique_ptr<Transport>(std::make_unique<PlainTransport>(connection));
    } catch (const Poco::Exception& failure) {
      return Error{ErrorCode::kIo, "accepting a connection: " + failure.displayText(), {}};
    } catch (const std::exception& failure) {
      return Error{ErrorCode::kIo, std::string("accepting a connection: ") + failure.what(), {}};
    }
  }

  Result<std::function<void()>> prepare_certificate(const ServerOptions& options) override {
    if (!tls_) {
      return std::function<void()>([] {});
    }
    AEV_ASSIGN(Poco::Net::Context::Ptr context, read_certificate(options));
    return std::function<void()>([this, context] {
      const MutexLock lock(mutex_);
      context_ = context;
    });
  }

  [[nodiscard]] int descriptor() const override { return socket_.impl()->sockfd(); }

  [[nodiscard]] std::uint16_t port() const override { return socket_.address().port(); }

 private:
  [[nodiscard]] Poco::Net::Context::Ptr context_of_now() {
    const MutexLock lock(mutex_);
    return context_;
  }

  Poco::Net::ServerSocket socket_;
  const bool tls_;
  Mutex mutex_;
  Poco::Net::Context::Ptr context_ AEV_GUARDED_BY(mutex_);  // null without TLS
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(const ServerOptions& options) {
  const std::string where = options.host + ":" + std::to_string(options.port);
  Poco::Net::Context::Ptr context;
  if (!options.tls_certificate.empty()) {
    AEV_ASSIGN(context, read_certificate(options));
  }
  try {
    Poco::Net::ServerSocket socket;
    // No SO_REUSEPORT: a second host on the same address must be refused, not share its
    // connections.
    socket.bind(Poco::Net::SocketAddress(options.host, options.port), true, false);
    socket.listen(kBacklog);
    return std::unique_ptr<Listener>(std::make_unique<PocoListener>(socket, context));
  } catch (const Poco::Exception& failure) {
    return Error{ErrorCode::kIo, "cannot listen on " + where + ": " + failure.displayText(), {}};
  } catch (const std::exception& failure) {
    return Error{ErrorCode::kIo, "cannot listen on " + where + ": " + failure.what(), {}};
  }
}

}  // namespace aev::http
