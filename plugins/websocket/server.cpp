#include "server.h"

#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <thread>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "connection.h"
#include "listening_sockets.h"
#include "metrics.h"
#include "server_message.h"
#include "tls_context.h"

namespace aev::websocket {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

/// Handlers that run before a waiting batch is looked at again.
constexpr int kHandlersAtOnce = 1024;
/// A batch that has waited so long is taken although sockets still have work to do.
constexpr std::chrono::milliseconds kBatchPatience{10};
/// Before the host's deadline, so that its watchdog never comes first.
constexpr std::chrono::milliseconds kStopMargin{300};
/// Handshakes under way beyond the allowed number of clients.
constexpr std::size_t kHandshakeRoom = 1024;
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kStatusPatience{5};

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

/// All of a server. Members are confined to the thread but for those said otherwise.
class Server::Io {
 public:
  Io(const Options& options, sdk::Host host)
      : options_(options),
        host_(host),
        addresses_(options.limits.clients_per_address, options.limits.handshakes_per_minute),
        history_(
            [host](const sdk::HistoryRequest& request,
                   std::function<void(const sdk::Status&, const sdk::HistoryPage*)> read) {
              return host.read_history(request, std::move(read));
            },
            [this](std::function<void()> task) { asio::post(context_, std::move(task)); }),
        hub_(options_, history_, &wall_seconds),
        surroundings_{options_, hub_, addresses_, nullptr, refusals_} {}

  ~Io() {
    if (share_) {
      share_->release();  // from here on nobody gives this instance its turn
    }
    quit_.store(true);
    asio::post(context_, [] {});
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  void start() {
    if (!options_.tls.cert_file.empty()) {
      tls_.emplace(make_tls_context(options_.tls));
      surroundings_.tls = &*tls_;
    }
    share_.emplace(options_.listen, std::string(host_.subscriber_name()));
    metrics_.emplace(host_);
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "aev-websocket");
      run();
    });
    share_->await_turn([this] { asio::post(context_, [this] { open_doors(); }); });
  }

  void deliver(const sdk::Batch& batch) {
    bool first = false;
    {
      const std::lock_guard lock(inbox_mutex_);
      first = inbox_.empty();
      inbox_.push_back(batch);
    }
    if (first) {
      asio::post(context_, [] {});  // wakes the thread
    }
  }

  void stop(sdk::MonoTime deadline) {
    asio::post(context_, [this, deadline] { begin_stop(deadline); });
  }

  std::string status() {
    auto answer = std::make_shared<std::promise<std::string>>();
    auto told = answer->get_future();
    asio::post(context_, [this, answer] { answer->set_value(status_text()); });
    if (told.wait_for(kStatusPatience) != std::future_status::ready) {
      throw sdk::NotNow("the instance does not answer: it is starting, stopping, or overloaded");
    }
    return told.get();
  }

 private:
  // --- the loop ----------------------------------------------------------------------------------

  /// Sockets come first: a batch is only taken when none has anything to do, so that events are not
  /// heaped up for clients which would read them if the thread got around to sending.
  void run() {
    const auto working = asio::make_work_guard(context_);
    tick();
    while (!quit_.load() && !over_) {
      int handlers = 0;
      while (handlers < kHandlersAtOnce && context_.poll_one() != 0) {
        ++handlers;
      }
      std::optional<sdk::Batch> batch;
      if (handlers == 0 || stopping_ || impatient()) {
        batch = next_batch();
      }
      if (batch) {
        take(*batch);
      } else if (handlers == 0) {
        context_.run_one();
      }
      if (stopping_) {
        go_on_stopping();
      }
    }
    timer_.cancel();
    hub_.cut_all();
    acceptor_.reset();
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (hub_.connections() > 0 && std::chrono::steady_clock::now() < patience &&
           context_.poll_one() != 0) {
    }
    if (over_) {
      history_.close();
      metrics_->update(hub_, refusals_);
      host_.stopped();
    }
  }

  [[nodiscard]] bool impatient() const {
    return !hub_.crowded() && std::chrono::steady_clock::now() - taken_ > kBatchPatience;
  }

  std::optional<sdk::Batch> next_batch() {
    const std::lock_guard lock(inbox_mutex_);
    if (inbox_.empty()) {
      return std::nullopt;
    }
    const sdk::Batch batch = inbox_.front();
    inbox_.pop_front();
    return batch;
  }

  void take(const sdk::Batch& batch) {
    skipped_.clear();
    hub_.deliver(batch, skipped_);
    std::uint32_t next = 0;
    for (const std::uint32_t index : skipped_) {
      if (index > next) {
        host_.complete(batch.id(), next, index - next, sdk::Delivered());
      }
      host_.complete(batch.id(), index, 1, sdk::Skip("the event belongs to no debate"));
      next = index + 1;
    }
    if (next < batch.size()) {
      host_.complete(batch.id(), next, batch.size() - next, sdk::Delivered());
    }
    taken_ = std::chrono::steady_clock::now();
  }

  void tick() {
    const auto now = std::chrono::steady_clock::now();
    hub_.tick(now);
    if (now >= next_sweep_) {
      next_sweep_ = now + std::chrono::seconds(1);
      addresses_.sweep(now);
      metrics_->update(hub_, refusals_);
      tell_of_drops();
    }
    timer_.expires_after(hub_.tick_interval());
    timer_.async_wait([this](const Error& error) {
      if (!error) {
        tick();
      }
    });
  }

  void tell_of_drops() {
    const std::uint64_t slow = hub_.counters().slow_clients;
    if (slow > told_slow_) {
      host_.log(AEV_LOG_WARNING, "clients that do not read were dropped",
                {{"clients", std::to_string(slow - told_slow_)}});
      told_slow_ = slow;
    }
  }

  // --- accepting ---------------------------------------------------------------------------------

  void open_doors() {
    if (stopping_ || quit_.load()) {
      return;
    }
    try {
      acceptor_.emplace(context_);
      acceptor_->assign(share_->is_ipv6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
                        share_->duplicate());
    } catch (const std::exception& fault) {
      host_.failed(fault.what());
      return;
    }
    host_.log(AEV_LOG_INFO, "listening for WebSocket clients",
              {{"listen", share_->address()}, {"tls", tls_ ? "yes" : "no"}});
    accept();
  }

  void accept() {
    acceptor_->async_accept([this](const Error& error, Socket socket) {
      if (stopping_ || error == asio::error::operation_aborted) {
        return;
      }
      if (!error) {
        welcome(std::move(socket));
        accept();
        return;
      }
      if (!told_accept_fault_) {
        told_accept_fault_ = true;
        host_.log(AEV_LOG_ERROR, "a client cannot be accepted; trying again",
                  {{"reason", error.message()}});
      }
      // No descriptors left, most likely: others must go first.
      accept_pause_.expires_after(kAcceptPause);
      accept_pause_.async_wait([this](const Error& cancelled) {
        if (!cancelled && !stopping_) {
          accept();
        }
      });
    });
  }

  void welcome(Socket socket) {
    told_accept_fault_ = false;
    if (hub_.connections() >= options_.limits.clients + kHandshakeRoom) {
      ++refusals_.full;
      return;  // closed by its destructor
    }
    const auto now = std::chrono::steady_clock::now();
    auto connection = make_connection(std::move(socket), surroundings_, ++next_id_, now);
    hub_.add(connection, now);
    connection->start();
  }

  // --- stopping ----------------------------------------------------------------------------------

  void begin_stop(sdk::MonoTime deadline) {
    stopping_ = true;
    const auto now = std::chrono::steady_clock::now();
    stop_by_ = std::max(now, std::min(deadline - kStopMargin, now + options_.timeouts.close));
    acceptor_.reset();
    accept_pause_.cancel();
    share_->release();
  }

  void go_on_stopping() {
    {
      const std::lock_guard lock(inbox_mutex_);
      if (!inbox_.empty()) {
        return;  // what is leased still goes to the clients
      }
    }
    if (!closing_all_) {
      closing_all_ = true;
      hub_.close_all(CloseCode::kServiceRestart, "the service restarts: connect again", stop_by_);
    }
    over_ = hub_.connections() == 0 || std::chrono::steady_clock::now() >= stop_by_;
  }

  std::string status_text() {
    std::string out = "{";
    append_text_member(out, "listen", share_->address());
    append_json_member(out, "accepting", acceptor_ ? "true" : "false");
    append_json_member(out, "tls", tls_ ? "true" : "false");
    append_json_member(out, "compression", options_.compression.enabled ? "true" : "false");
    std::string refused = "{";
    const auto add = [&](const char* name, std::uint64_t count) {
      append_json_member(refused, name, std::to_string(count));
    };
    add("bad_request", refusals_.bad_request);
    add("origin", refusals_.origin);
    add("address", refusals_.address);
    add("full", refusals_.full);
    add("auth", refusals_.auth);
    add("debate", refusals_.debate);
    add("tls", refusals_.tls);
    append_json_member(out, "refused", refused + '}');
    return out + "," + hub_.status_members() + "}";
  }

  // Constant after construction or start(); the context is thread-safe by itself.
  const Options options_;
  const sdk::Host host_;
  asio::io_context context_{1};
  std::optional<asio::ssl::context> tls_;
  std::optional<ListeningShare> share_;

  // Of the thread.
  RefusalCounters refusals_;
  AddressLimits addresses_;
  HistoryReader history_;
  Hub hub_;
  ConnectionSurroundings surroundings_;
  std::optional<Metrics> metrics_;
  std::optional<Acceptor> acceptor_;
  asio::steady_timer timer_{context_};
  asio::steady_timer accept_pause_{context_};
  std::uint64_t next_id_ = 0;
  std::uint64_t told_slow_ = 0;
  bool told_accept_fault_ = false;
  MonoTime next_sweep_{};
  MonoTime taken_{};
  MonoTime stop_by_{};
  bool stopping_ = false;
  bool closing_all_ = false;
  bool over_ = false;
  std::vector<std::uint32_t> skipped_;

  // Batches that the host has handed over; any thread, under the mutex.
  std::mutex inbox_mutex_;
  std::deque<sdk::Batch> inbox_;

  std::atomic<bool> quit_{false};  // pairs with the loads of the thread
  std::thread thread_;
};

Server::Server(const Options& options, sdk::Host host) : io_(std::make_unique<Io>(options, host)) {}

Server::~Server() = default;

void Server::start() {
  io_->start();
}

void Server::deliver(const sdk::Batch& batch) {
  io_->deliver(batch);
}

void Server::stop(sdk::MonoTime deadline) {
  io_->stop(deadline);
}

std::string Server::status_json() const {
  return io_->status();
}

}  // namespace aev::websocket
