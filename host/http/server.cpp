#include "http/server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <Poco/Exception.h>
#include <Poco/Runnable.h>
#include <Poco/ThreadPool.h>

#include "core/mutex.h"
#include "core/thread_name.h"
#include "http/connection.h"
#include "http/deadlines.h"
#include "http/listener.h"

namespace aev::http {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kStackBytes = 1024 * 1024;  // sanitizers make frames larger
#else
constexpr int kStackBytes = 256 * 1024;
#endif

constexpr int kThreadIdleSeconds = 30;
/// A thread is the pool's again a moment after its connection stopped counting.
constexpr std::size_t kSpareThreads = 32;
constexpr std::size_t kMaxRefusals = 64;
constexpr Duration kRefusalTime = std::chrono::seconds(2);
constexpr int kSweepMs = 100;

constexpr std::string_view kRefusalBody =
    R"({"type":"about:blank","title":"Busy","status":503,"detail":"too many connections are open"})";

std::string refusal_text() {
  return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
         "Content-Length: " +
         std::to_string(kRefusalBody.size()) + "\r\nRetry-After: 1\r\nConnection: close\r\n\r\n" +
         std::string(kRefusalBody);
}

/// A descriptor that becomes readable when wake() is called, for a thread that waits in poll(2).
class WakeDescriptor {
 public:
  WakeDescriptor() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  ~WakeDescriptor() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }

  WakeDescriptor(const WakeDescriptor&) = delete;
  WakeDescriptor& operator=(const WakeDescriptor&) = delete;

  void wake() const {
    const std::uint64_t one = 1;
    // Fails only when it is readable already, which is what is wanted.
    if (::write(descriptor_, &one, sizeof one) < 0) {
      return;
    }
  }

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

/// Connections over the bound: they have their 503 and get a moment to read it. Confined to the
/// accepting thread.
class Refusals {
 public:
  explicit Refusals(const Clock& clock) : clock_(clock) {}

  void add(std::unique_ptr<Transport> transport) {
    // A TLS peer would need a handshake first, which could hold up the accepting thread.
    if (!transport->sends_at_once() || waiting_.size() >= kMaxRefusals) {
      return;
    }
    if (transport->send(text_, {})) {
      transport->finish_sending();
      waiting_.push_back({std::move(transport), clock_.mono_now() + kRefusalTime});
    }
  }

  void sweep() {
    const MonoTime now = clock_.mono_now();
    std::erase_if(waiting_, [now](const Waiting& each) {
      std::array<char, 4096> dropped{};
      const ::ssize_t count =
          ::recv(each.transport->descriptor(), dropped.data(), dropped.size(), MSG_DONTWAIT);
      const bool nothing_yet = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
      return count == 0 || (count < 0 && !nothing_yet) || now >= each.until;
    });
  }

  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  struct Waiting {
    std::unique_ptr<Transport> transport;
    MonoTime until;
  };

  const Clock& clock_;
  const std::string text_ = refusal_text();
  std::vector<Waiting> waiting_;
};

Duration reaper_tick(const ServerOptions& options) {
  const Duration shortest = std::min(options.request_timeout, options.keep_alive);
  return std::clamp<Duration>(shortest / 16, std::chrono::milliseconds(5),
                              std::chrono::milliseconds(250));
}

class PooledServer final : public Server {
 public:
  PooledServer(const ServerOptions& options,
               std::unique_ptr<Listener> listener,
               Handler& handler,
               const Clock& clock,
               Metrics& metrics,
               const Logger& logger)
      : clock_(clock),
        logger_(logger),
        max_connections_(std::max<std::uint32_t>(options.max_connections, 1)),
        port_(listener->port()),
        open_(metrics.gauge("aragora_http_connections", "Connections that are open now")),
        refused_(metrics.counter("aragora_http_connections_refused_total",
                                 "Connections answered 503 because too many were open")),
        listener_(std::move(listener)),
        deadlines_(clock,
                   reaper_tick(options),
                   metrics.counter("aragora_http_timeouts_total",
                                   "Requests and answers cut because a peer took too long")),
        context_{handler,
                 clock,
                 logger,
                 deadlines_,
                 stopping_,
                 options.request_timeout,
                 options.keep_alive,
                 {}},
        pool_("http",
              1,
              static_cast<int>(max_connections_ + kSpareThreads),
              kThreadIdleSeconds,
              kStackBytes) {
    constexpr std::array<const char*, 5> kClasses{"1xx", "2xx", "3xx", "4xx", "5xx"};
    for (std::size_t i = 0; i < kClasses.size(); ++i) {
      context_.requests[i] =
          metrics.counter("aragora_http_requests_total", "Requests answered, by class of status",
                          {{"status", kClasses[i]}});
    }
    acceptor_ = std::jthread([this] { accept_all(); });
  }

  ~PooledServer() override { stop(clock_.mono_now()); }

  [[nodiscard]] std::uint16_t port() const override { return port_; }

  Result<std::function<void()>> prepare(const ServerOptions& options) override {
    AEV_ASSIGN(auto take_certificate, listener_->prepare_certificate(options));
    return std::function<void()>([this, options, take_certificate = std::move(take_certificate)] {
      take_certificate();
      context_.request_timeout = options.request_timeout;
      context_.keep_alive = options.keep_alive;
      deadlines_.set_tick(reaper_tick(options));
      const std::size_t most = std::max<std::uint32_t>(options.max_connections, 1);
      max_connections_ = most;
      const int lacking = static_cast<int>(most + kSpareThreads) - pool_.capacity();
      if (lacking > 0) {
        pool_.addCapacity(lacking);
      }
    });
  }

  void stop(MonoTime deadline) override;

 private:
  class Task;

  void accept_all();
  void accept_one(Refusals& refusals);
  void ended() AEV_EXCLUDES(mutex_);

  const Clock& clock_;
  const Logger logger_;
  std::atomic<std::size_t> max_connections_;
  const std::uint16_t port_;
  const Gauge open_;
  const Counter refused_;
  std::atomic<bool> stopping_{false};
  WakeDescriptor wake_;
  std::unique_ptr<Listener> listener_;  // used by the acceptor alone while that runs
  Deadlines deadlines_;
  ConnectionContext context_;
  Poco::ThreadPool pool_;
  Mutex mutex_;
  CondVar all_ended_;
  std::size_t connections_ AEV_GUARDED_BY(mutex_) = 0;
  Mutex stop_mutex_;  // one stop() at a time; taken before mutex_
  std::jthread acceptor_;
};

/// Runs one connection on a thread of the pool and then deletes itself.
class PooledServer::Task final : public Poco::Runnable {
 public:
  Task(PooledServer& server, std::unique_ptr<Transport> transport)
      : server_(server),
        connection_(std::make_unique<Connection>(std::move(transport), server.context_)) {}

  void run() override {
    const std::unique_ptr<Task> self(this);
    name_this_thread("http");
    connection_->run();
    connection_.reset();  // closes before it no longer counts
    server_.ended();
  }

 private:
  PooledServer& server_;
  std::unique_ptr<Connection> connection_;
};

void PooledServer::ended() {
  open_.add(-1);
  const MutexLock lock(mutex_);
  --connections_;
  if (connections_ == 0) {
    all_ended_.notify_all();
  }
}

void PooledServer::accept_one(Refusals& refusals) {
  auto accepted = listener_->accept();
  if (!accepted) {
    logger_.warning("a connection could not be accepted", {{"error", accepted.error().message}});
    // Out of descriptors, most likely: the connection still waits, so poll would return at once.
    ::pollfd wake{wake_.descriptor(), POLLIN, 0};
    static_cast<void>(::poll(&wake, 1, kSweepMs));
    return;
  }
  bool room = false;
  {
    const MutexLock lock(mutex_);
    room = connections_ < max_connections_;
    connections_ += room ? 1 : 0;
  }
  if (!room) {
    refused_.add();
    refusals.add(std::move(*accepted));
    return;
  }
  open_.add(1);
  try {
    auto task = std::make_unique<Task>(*this, std::move(*accepted));
    pool_.start(*task);
    static_cast<void>(task.release());  // run() deletes it
  } catch (const std::exception& failure) {
    // No thread to be had: the connection has been closed with its task.
    logger_.warning("a connection was closed for want of a thread", {{"error", failure.what()}});
    ended();
  }
}

void PooledServer::accept_all() {
  name_this_thread("http-accept");
  Refusals refusals(clock_);
  while (!stopping_.load()) {
    std::array<::pollfd, 2> wanted{
        {{listener_->descriptor(), POLLIN, 0}, {wake_.descriptor(), POLLIN, 0}}};
    const int ready = ::poll(wanted.data(), wanted.size(), refusals.empty() ? -1 : kSweepMs);
    if (ready > 0 && (wanted[0].revents & POLLIN) != 0 && !stopping_.load()) {
      accept_one(refusals);
    }
    refusals.sweep();
  }
}

void PooledServer::stop(MonoTime deadline) {
  const MutexLock one_at_a_time(stop_mutex_);
  if (listener_ == nullptr) {
    return;
  }
  stopping_.store(true);
  wake_.wake();
  acceptor_.join();
  listener_.reset();
  deadlines_.cut_idle();
  // The injected clock may not be the one that condition variables know.
  const auto until = std::chrono::steady_clock::now() +
                     std::max<Duration>(deadline - clock_.mono_now(), Duration::zero());
  bool cut = false;
  {
    const MutexLock lock(mutex_);
    while (connections_ > 0 && all_ended_.wait_until(mutex_, until)) {
    }
    cut = connections_ > 0;
  }
  if (cut) {
    deadlines_.cut_all();
    const MutexLock lock(mutex_);
    while (connections_ > 0) {
      all_ended_.wait(mutex_);
    }
  }
  pool_.joinAll();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options,
                                              Handler& handler,
                                              const Clock& clock,
                                              Metrics& metrics,
                                              Logger logger) {
  try {
    AEV_ASSIGN(auto listener, Listener::open(options));
    return std::unique_ptr<Server>(std::make_unique<PooledServer>(options, std::move(listener),
                                                                  handler, clock, metrics, logger));
  } catch (const Poco::Exception& failure) {
    return Error{ErrorCode::kInternal, "starting the HTTP server: " + failure.displayText(), {}};
  } catch (const std::exception& failure) {
    return Error{
        ErrorCode::kInternal, std::string("starting the HTTP server: ") + failure.what(), {}};
  }
}

}  // namespace aev::http
