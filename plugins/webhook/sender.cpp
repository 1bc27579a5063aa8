#include "sender.h"

#include <algorithm>
#include <pthread.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include "delivery_id.h"
#include "outcome.h"
#include "request_headers.h"

namespace aev::webhook {
namespace {

constexpr std::size_t kReasonBytes = 512;  // of an answer's body that are kept to be shown
constexpr int kPollMs = 1000;

/// What the callbacks of one handle see.
struct Guard {
  const Options* options = nullptr;
  std::string refusal;
};

curl_socket_t open_guarded_socket(void* context, curlsocktype, struct curl_sockaddr* address) {
  auto& guard = *static_cast<Guard*>(context);
  // Through a proxy it is the proxy that connects to the receiver, and its rules that count.
  if (guard.options->proxy.empty()) {
    guard.refusal = refuse_address(address->addr, address->addrlen, guard.options->allow_networks);
    if (!guard.refusal.empty()) {
      return CURL_SOCKET_BAD;
    }
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void set_connection_options(CURL* easy, const Options& options, Guard& guard) {
  curl_easy_setopt(easy, CURLOPT_URL, options.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "AragoraEvents-Webhooks/1.0");
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &open_guarded_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &guard);
  // Only what the configuration says: no http_proxy from the environment.
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  const auto set_text = [easy](CURLoption option, const std::string& value) {
    if (!value.empty()) {
      curl_easy_setopt(easy, option, value.c_str());
    }
  };
  set_text(CURLOPT_USERPWD, options.basic);
  set_text(CURLOPT_CAINFO, options.ca_file);
  set_text(CURLOPT_SSLCERT, options.cert_file);
  set_text(CURLOPT_SSLKEY, options.key_file);
  set_text(CURLOPT_KEYPASSWD, options.key_password);
  if (options.insecure_skip_verify) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

long milliseconds_until(sdk::MonoTime deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return std::max<long>(1, left.count());
}

}  // namespace

struct Sender::Transfer {
  explicit Transfer(const Options& options) : easy(curl_easy_init()) {
    if (easy == nullptr) {
      throw std::runtime_error("libcurl cannot make a handle");
    }
    guard.options = &options;
    set_connection_options(easy, options, guard);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  }

  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }

  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  static std::size_t receive(char* data, std::size_t size, std::size_t count, void* context) {
    auto& self = *static_cast<Transfer*>(context);
    const std::size_t bytes = size * count;
    self.received += bytes;
    self.answer.append(data,
                       std::min(bytes, kReasonBytes - std::min(kReasonBytes, self.answer.size())));
    return self.received <= self.guard.options->max_response ? bytes : 0;
  }

  CURL* easy;
  curl_slist* headers = nullptr;
  Guard guard;
  std::string body;
  std::string answer;
  std::size_t received = 0;
  sdk::MonoTime started{};
  std::vector<RequestEvents> request;  // one while it is open, none while it is idle
};

Sender::Sender(Options options, sdk::Host host, std::chrono::milliseconds timeout)
    : options_(std::move(options)), host_(host), timeout_(options_.timeout.value_or(timeout)) {
  multi_ = curl_multi_init();
  if (multi_ == nullptr) {
    throw std::runtime_error("libcurl cannot be set up");
  }
  constexpr double kBounds[] = {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};
  latency_ = host_.metric(AEV_METRIC_HISTOGRAM, "aragora_webhook_latency_seconds",
                          "Time of a webhook request", {{"endpoint", options_.endpoint}}, kBounds);
  constexpr const char* kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (std::size_t i = 0; i < std::size(kClasses); ++i) {
    by_class_[i] = host_.metric(AEV_METRIC_COUNTER, "aragora_webhook_requests_total",
                                "Webhook requests by class of answer",
                                {{"endpoint", options_.endpoint}, {"status", kClasses[i]}});
  }
  thread_ = std::thread([this] { run(); });
}

Sender::~Sender() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  curl_multi_wakeup(multi_);
  thread_.join();
  transfers_.clear();
  curl_multi_cleanup(multi_);
}

void Sender::send(const std::vector<RequestEvents>& requests) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.insert(waiting_.end(), requests.begin(), requests.end());
  }
  // One wake-up for all that comes while the thread is on its way to look.
  if (polling_.exchange(false)) {
    curl_multi_wakeup(multi_);
  }
}

void Sender::stop(sdk::MonoTime deadline) {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_deadline_ = deadline;
  }
  curl_multi_wakeup(multi_);
}

void Sender::run() {
  pthread_setname_np(pthread_self(), "aev-webhook");
  bool ended = false;
  while (!ended) {
    polling_.store(true);  // before looking: whoever adds after the look wakes the poll
    take_requests();
    int running = 0;
    curl_multi_perform(multi_, &running);
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
      if (message->msg == CURLMSG_DONE) {
        finish(message->easy_handle, message->data.result);
      }
    }
    report();
    ended = should_end();
    if (!ended) {
      curl_multi_poll(multi_, nullptr, 0, poll_ms(), nullptr);
    }
  }
  cancel_all("the subscriber was stopped before the receiver answered");
  bool abandoned = false;
  {
    const std::lock_guard lock(mutex_);
    abandoned = abandoned_;
  }
  if (!abandoned) {
    report();
    host_.stopped();
  }
}

bool Sender::should_end() {
  const std::lock_guard lock(mutex_);
  if (abandoned_) {
    return true;
  }
  return stopping_ &&
         ((open_ == 0 && waiting_.empty()) || std::chrono::steady_clock::now() >= stop_deadline_);
}

int Sender::poll_ms() {
  const std::lock_guard lock(mutex_);
  if (!waiting_.empty()) {
    return 0;
  }
  return stopping_ ? static_cast<int>(std::min<long>(kPollMs, milliseconds_until(stop_deadline_)))
                   : kPollMs;
}

void Sender::take_requests() {
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(waiting_);
  }
  for (const RequestEvents& request : taken_) {
    start(request);
  }
  taken_.clear();
}

Sender::Transfer* Sender::idle_transfer() {
  if (idle_.empty()) {
    transfers_.push_back(std::make_unique<Transfer>(options_));
    idle_.push_back(transfers_.back().get());
  }
  Transfer* const transfer = idle_.back();
  idle_.pop_back();
  return transfer;
}

void Sender::start(const RequestEvents& request) {
  Transfer& transfer = *idle_transfer();
  const std::string id =
      delivery_id(host_.subscriber_name(), request.batch, request.first, request.count);
  const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  transfer.request.assign(1, request);
  transfer.body.clear();
  append_body(transfer.body, options_, request, id);
  transfer.headers = make_headers(options_, request, transfer.body, id, now);
  transfer.answer.clear();
  transfer.received = 0;
  transfer.guard.refusal.clear();
  transfer.started = std::chrono::steady_clock::now();
  const long timeout =
      std::min<long>(timeout_.count(), milliseconds_until(request.batch.deadline()));
  curl_easy_setopt(transfer.easy, CURLOPT_TIMEOUT_MS, timeout);
  curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, transfer.headers);
  curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(transfer.body.size()));
  curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDS, transfer.body.data());
  curl_multi_add_handle(multi_, transfer.easy);
  ++open_;
}

void Sender::finish(CURL* easy, CURLcode result) {
  Transfer* found = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &found);
  Transfer& transfer = *found;
  curl_multi_remove_handle(multi_, easy);
  --open_;
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  // An answer that was cut for its length has told its status all the same.
  const bool answered = result == CURLE_OK || (result == CURLE_WRITE_ERROR && status != 0);
  auto reason = std::make_unique<std::string>();
  sdk::Result outcome;
  if (answered) {
    if (status < 200 || status > 299) {
      *reason = describe_answer(status, transfer.answer);
    }
    curl_off_t retry_after = 0;
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
    constexpr curl_off_t kLongest = 30 * 24 * 3600;
    outcome = outcome_of(
        status, std::chrono::seconds(std::clamp<curl_off_t>(retry_after, 0, kLongest)), *reason);
  } else {
    status = 0;
    *reason = transfer.guard.refusal.empty() ? std::string(curl_easy_strerror(result))
                                             : transfer.guard.refusal;
    outcome = sdk::Retry(*reason);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - transfer.started;
  latency_.record(took.count());
  by_class_[std::clamp<long>(status / 100, 0, 5)].record(1);
  const RequestEvents& request = transfer.request.front();
  results_.push_back(aev_result{
      request.batch.id(), request.first, request.count, outcome.outcome, outcome.flags,
      static_cast<std::uint32_t>(outcome.retry_after.count()), outcome.code, sdk::str(*reason)});
  reasons_.push_back(std::move(reason));
  recycle(transfer);
}

void Sender::recycle(Transfer& transfer) {
  curl_slist_free_all(transfer.headers);
  transfer.headers = nullptr;
  transfer.request.clear();
  idle_.push_back(&transfer);
}

void Sender::report() {
  if (!results_.empty()) {
    host_.complete(results_);
    results_.clear();
    reasons_.clear();
  }
}

void Sender::cancel_all(std::string_view reason) {
  take_requests();  // those that nobody has looked at yet
  for (const auto& transfer : transfers_) {
    if (transfer->request.empty()) {
      continue;
    }
    curl_multi_remove_handle(multi_, transfer->easy);
    --open_;
    const RequestEvents& request = transfer->request.front();
    results_.push_back(aev_result{request.batch.id(), request.first, request.count, AEV_RETRY, 0, 0,
                                  0, sdk::str(reason)});
    recycle(*transfer);
  }
}

void probe(const Options& options, sdk::MonoTime deadline) {
  CURL* const easy = curl_easy_init();
  if (easy == nullptr) {
    throw std::runtime_error("libcurl cannot make a handle");
  }
  Guard guard{&options, {}};
  set_connection_options(easy, options, guard);
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds_until(deadline));
  const CURLcode result = curl_easy_perform(easy);
  curl_easy_cleanup(easy);
  if (result != CURLE_OK) {
    throw std::runtime_error(
        options.endpoint + ": " +
        (guard.refusal.empty() ? std::string(curl_easy_strerror(result)) : guard.refusal));
  }
}

}  // namespace aev::webhook
