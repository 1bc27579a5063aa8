/// plugin.hpp - the plugin ABI for C++20 authors: write a class, name it in AEV_PLUGIN, done.
///
///     #include <aev/plugin.hpp>
///
///     class Printer : public aev::sdk::Subscriber {
///      public:
///       Printer(aev::sdk::Host host, aev::sdk::Json config);
///       void deliver(aev::sdk::Batch batch) override {
///         for (const auto event : batch) std::puts(std::string(event.id()).c_str());
///         batch.complete_all(aev::sdk::Delivered());
///       }
///     };
///
///     AEV_PLUGIN(aev::sdk::Type<Printer>{.id = "printer", .name = "Prints", .version = "1.0",
///                                        .vendor = "me", .config_schema = R"({"type":"object"})"})
///
/// Header-only, standard library only. Exceptions thrown by your code stop at the border: from a
/// constructor or start() they become an error with their text, from deliver() the batch is
/// retried.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <aev/plugin.h>

namespace aev::sdk {
inline namespace v1 {

using MonoTime = std::chrono::steady_clock::time_point;

[[nodiscard]] inline std::string_view view(aev_str text) noexcept {
  return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

[[nodiscard]] inline aev_str str(std::string_view text) noexcept {
  return aev_str{text.data(), text.size()};
}

[[nodiscard]] inline MonoTime mono_time(std::int64_t nanoseconds) noexcept {
  return MonoTime(
      std::chrono::duration_cast<MonoTime::duration>(std::chrono::nanoseconds(nanoseconds)));
}

/// The configuration is wrong; `path` is a JSON Pointer into it ("/url"). Throw it from validate()
/// or from your constructor.
class ConfigError : public std::runtime_error {
 public:
  ConfigError(std::string path, const std::string& message)
      : std::runtime_error(message), path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// A name and JSON text that came beside the payload.
struct Attribute {
  std::string_view name{};
  std::string_view value{};
};

/// View of a leased event; cheap to copy. Valid until the event is completed.
class Event {
 public:
  explicit Event(const aev_event* event) noexcept : event_(event) {}

  [[nodiscard]] std::uint64_t seq() const noexcept { return event_->seq; }

  [[nodiscard]] std::string_view id() const noexcept { return view(event_->id); }

  [[nodiscard]] std::string_view event_type() const noexcept { return view(event_->event_type); }

  [[nodiscard]] std::string_view debate_id() const noexcept { return view(event_->debate_id); }

  [[nodiscard]] std::string_view source() const noexcept { return view(event_->source); }

  /// Ordering key of the subscriber's order_by; empty if it has none.
  [[nodiscard]] std::string_view key() const noexcept { return view(event_->key); }

  [[nodiscard]] std::string_view content_type() const noexcept {
    return view(event_->content_type);
  }

  /// The payload exactly as the producer sent it.
  [[nodiscard]] std::string_view data() const noexcept {
    return event_->data.len == 0
               ? std::string_view()
               : std::string_view(static_cast<const char*>(event_->data.ptr), event_->data.len);
  }

  [[nodiscard]] std::int64_t time_unix_ns() const noexcept { return event_->time_unix_ns; }

  [[nodiscard]] std::int64_t received_unix_ns() const noexcept { return event_->received_unix_ns; }

  [[nodiscard]] std::uint32_t attempt() const noexcept { return event_->attempt; }

  [[nodiscard]] bool is_replay() const noexcept { return (event_->flags & AEV_EVENT_REPLAY) != 0; }

  [[nodiscard]] std::uint32_t attribute_count() const noexcept { return event_->attribute_count; }

  [[nodiscard]] Attribute attribute(std::uint32_t index) const noexcept {
    const aev_attr& attr = event_->attributes[index];
    return {view(attr.key), view(attr.value)};
  }

  /// JSON text of the attribute of that name; empty if there is none.
  [[nodiscard]] std::string_view attribute(std::string_view name) const noexcept {
    for (std::uint32_t i = 0; i < event_->attribute_count; ++i) {
      if (view(event_->attributes[i].key) == name) {
        return view(event_->attributes[i].value);
      }
    }
    return {};
  }

  [[nodiscard]] const aev_event& raw() const noexcept { return *event_; }

 private:
  const aev_event* event_;
};

/// How an attempt ended. Made by the functions below.
struct Result {
  aev_outcome outcome = AEV_RETRY;
  std::uint32_t flags = 0;
  std::chrono::milliseconds retry_after{0};
  std::int32_t code = 0;
  std::string_view reason;  ///< copied by the host before complete() returns
};

[[nodiscard]] inline Result Delivered(std::int32_t code = 0) noexcept {
  return {AEV_DELIVERED, 0, {}, code, {}};
}

/// Failed this time. `retry_after` is a hint, 0 leaves the time to the host's policy.
[[nodiscard]] inline Result Retry(std::string_view reason,
                                  std::int32_t code = 0,
                                  std::chrono::milliseconds retry_after = {}) noexcept {
  return {AEV_RETRY, 0, retry_after, code, reason};
}

/// Failed this time, and the receiver asks for less: the whole subscriber pauses.
[[nodiscard]] inline Result Throttle(std::string_view reason,
                                     std::int32_t code = 0,
                                     std::chrono::milliseconds retry_after = {}) noexcept {
  return {AEV_RETRY, AEV_RESULT_THROTTLE, retry_after, code, reason};
}

/// The receiver will never take it: dead letter.
[[nodiscard]] inline Result Reject(std::string_view reason, std::int32_t code = 0) noexcept {
  return {AEV_REJECT, 0, {}, code, reason};
}

/// The receiver is gone for good: dead letter, and nothing more until an operator resumes.
[[nodiscard]] inline Result Disable(std::string_view reason, std::int32_t code = 0) noexcept {
  return {AEV_REJECT, AEV_RESULT_DISABLE, {}, code, reason};
}

[[nodiscard]] inline Result Skip(std::string_view reason = {}) noexcept {
  return {AEV_SKIP, 0, {}, 0, reason};
}

[[nodiscard]] inline Result NotConnected(std::string_view reason) noexcept {
  return {AEV_NOT_CONNECTED, 0, {}, 0, reason};
}

/// One field of a log entry.
struct Field {
  std::string_view name{};
  std::string_view value{};
};

/// A series of aev.metrics/1; a default-constructed one ignores what it is told. Cheap to copy,
/// thread-safe, valid as long as the Host.
class Metric {
 public:
  Metric() = default;

  Metric(const aev_metrics* metrics, aev_metric* metric) noexcept
      : metrics_(metrics), metric_(metric) {}

  /// Adds to a counter or gauge, observes a value of a histogram.
  void record(double value) const noexcept {
    if (metric_ != nullptr) {
      metrics_->record(metric_, value);
    }
  }

  /// Sets a gauge.
  void set(double value) const noexcept {
    if (metric_ != nullptr) {
      metrics_->set(metric_, value);
    }
  }

 private:
  const aev_metrics* metrics_ = nullptr;
  aev_metric* metric_ = nullptr;
};

/// An event to publish; views that are copied before emit() returns. Only `event_type` is needed.
struct Emission {
  std::string_view event_type{};
  std::string_view data{};          ///< JSON unless `content_type` says otherwise
  std::string_view debate_id{};     ///< empty: of no debate
  std::string_view id{};            ///< empty: the host makes one
  std::string_view source{};        ///< empty: the subscriber's name
  std::int64_t time_unix_ns = 0;    ///< 0: now
  std::string_view content_type{};  ///< empty: application/json
  std::span<const Attribute> attributes{};
};

/// Why a request failed, or that it did not.
struct Status {
  aev_status code = AEV_OK;
  std::string path{};  ///< JSON Pointer into what was sent
  std::string message{};

  [[nodiscard]] bool ok() const noexcept { return code == AEV_OK; }
};

/// View of a page of past events; valid during the answer only.
class HistoryPage {
 public:
  explicit HistoryPage(const aev_history_page* page) noexcept : page_(page) {}

  [[nodiscard]] std::uint32_t size() const noexcept { return page_->count; }

  [[nodiscard]] Event operator[](std::uint32_t index) const noexcept {
    return Event(reinterpret_cast<const aev_event*>(reinterpret_cast<const char*>(page_->events) +
                                                    std::size_t{index} * page_->event_stride));
  }

  /// Nothing more matches, up to what was asked for or last_seq().
  [[nodiscard]] bool at_end() const noexcept { return (page_->flags & AEV_HISTORY_END) != 0; }

  /// Where the next request goes on.
  [[nodiscard]] std::uint64_t scanned_seq() const noexcept { return page_->scanned_seq; }

  [[nodiscard]] std::uint64_t first_seq() const noexcept { return page_->first_seq; }

  [[nodiscard]] std::uint64_t last_seq() const noexcept { return page_->last_seq; }

 private:
  const aev_history_page* page_;
};

/// Which past events to read; see aev_history_request.
struct HistoryRequest {
  std::string_view debate_id{};  ///< empty: whatever the debate
  std::uint64_t after_seq = 0;
  std::uint64_t upto_seq = 0;  ///< 0: up to the newest
  std::uint32_t max_events = 0;
  std::uint64_t max_bytes = 0;
  bool all = false;  ///< also what was not routed to this subscriber
};

/// The host as an instance sees it. Thread-safe, cheap to copy, valid until the instance is
/// destroyed.
class Host {
 public:
  explicit Host(const aev_host* host) noexcept : host_(host) {}

  /// Name of the subscriber in the YAML.
  [[nodiscard]] std::string_view subscriber_name() const noexcept { return host_->name; }

  [[nodiscard]] std::string_view version() const noexcept { return host_->version; }

  [[nodiscard]] bool log_enabled(std::uint32_t level) const noexcept {
    return host_->log_enabled(host_, level) != 0;
  }

  /// Fields beyond the eighth are left out.
  void log(std::uint32_t level,
           std::string_view message,
           std::initializer_list<Field> fields = {}) const noexcept {
    aev_attr attributes[8];
    std::uint32_t count = 0;
    for (const Field& field : fields) {
      if (count == 8) {
        break;
      }
      attributes[count++] = aev_attr{str(field.name), str(field.value)};
    }
    host_->log(host_, level, str(message), attributes, count);
  }

  void complete(std::span<const aev_result> results) const noexcept {
    host_->complete(host_, results.data(), static_cast<std::uint32_t>(results.size()),
                    sizeof(aev_result));
  }

  /// Settles events [first, first + count) of a batch.
  void complete(std::uint64_t batch_id,
                std::uint32_t first,
                std::uint32_t count,
                const Result& result) const noexcept {
    const auto ms = result.retry_after.count();
    const aev_result raw{
        batch_id,
        first,
        count,
        result.outcome,
        result.flags,
        ms <= 0 ? 0u : ms > 0xffffffffll ? 0xffffffffu : static_cast<std::uint32_t>(ms),
        result.code,
        str(result.reason)};
    complete(std::span(&raw, 1));
  }

  void ready() const noexcept { host_->ready(host_); }

  void stopped() const noexcept { host_->stopped(host_); }

  /// Asks to be destroyed and created anew after a back-off.
  void failed(std::string_view message) const noexcept {
    aev_error error{};
    error.struct_size = sizeof(error);
    copy(error.message, message);
    host_->failed(host_, &error);
  }

  [[nodiscard]] const void* extension(const char* id) const noexcept {
    return host_->get_extension(host_, id);
  }

  /// A series at the host's /metrics; one that ignores updates if the host has no aev.metrics/1.
  [[nodiscard]] Metric metric(std::uint32_t kind,
                              std::string_view name,
                              std::string_view help,
                              std::initializer_list<Field> labels = {},
                              std::span<const double> bounds = {}) const {
    const auto* metrics = static_cast<const aev_metrics*>(extension(AEV_EXT_METRICS));
    if (metrics == nullptr) {
      return {};
    }
    std::vector<aev_attr> attributes;
    for (const Field& label : labels) {
      attributes.push_back(aev_attr{str(label.name), str(label.value)});
    }
    return {metrics, metrics->series(host_, kind, str(name), str(help), attributes.data(),
                                     static_cast<std::uint32_t>(attributes.size()), bounds.data(),
                                     static_cast<std::uint32_t>(bounds.size()))};
  }

  /// Hears the end of an emission or of a put, on the thread of deliver(); must not block. Throwing
  /// ends the process.
  using Done = std::function<void(const Status&)>;

  /// Hears a page, or why there is none (`page` is null then), on the thread of deliver().
  using Read = std::function<void(const Status&, const HistoryPage* page)>;

  /// Publishes events, all or none; `done` hears when they are durable. When the result is not ok,
  /// nothing was taken and `done` hears nothing: AEV_BUSY, try again in a while.
  [[nodiscard]] Status emit(std::span<const Emission> events, Done done) const;

  /// Publishes one body as POST /v1/events takes it. `headers` are plain text.
  [[nodiscard]] Status emit_body(std::string_view content_type,
                                 std::span<const Field> headers,
                                 std::string_view body,
                                 Done done) const;

  /// Reads a page of past events.
  [[nodiscard]] Status read_history(const HistoryRequest& request, Read read) const;

  /// The value of `key` in the subscriber's durable state; nothing if there is none.
  [[nodiscard]] std::optional<std::string> state(std::string_view key) const;

  /// Sets `key`; `done`, if any, hears when that is durable.
  [[nodiscard]] Status set_state(std::string_view key,
                                 std::string_view value,
                                 Done done = {}) const;

  /// Removes `key`.
  [[nodiscard]] Status remove_state(std::string_view key, Done done = {}) const;

  [[nodiscard]] const aev_host* raw() const noexcept { return host_; }

  /// Cuts `text` into a NUL-terminated field of aev_error.
  template <std::size_t Size>
  static void copy(char (&field)[Size], std::string_view text) noexcept {
    const std::size_t length = text.size() < Size ? text.size() : Size - 1;
    std::memcpy(field, text.data(), length);
    field[length] = '\0';
  }

 private:
  const aev_host* host_;
};

/// View of a lease. Copy it to keep it: it stays valid until its last event is completed.
class Batch {
 public:
  Batch(Host host, const aev_batch* batch) noexcept
      : host_(host),
        events_(batch->events),
        stride_(batch->event_stride),
        count_(batch->count),
        id_(batch->batch_id),
        deadline_(mono_time(batch->deadline_mono_ns)) {}

  class Iterator {
   public:
    using value_type = Event;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;

    Iterator(const Batch* batch, std::uint32_t index) noexcept : batch_(batch), index_(index) {}

    Event operator*() const noexcept { return (*batch_)[index_]; }

    Iterator& operator++() noexcept {
      ++index_;
      return *this;
    }

    bool operator==(const Iterator& other) const noexcept { return index_ == other.index_; }

   private:
    const Batch* batch_;
    std::uint32_t index_;
  };

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

  [[nodiscard]] std::uint32_t size() const noexcept { return count_; }

  /// When the host gives up waiting and books what is open as a retry.
  [[nodiscard]] MonoTime deadline() const noexcept { return deadline_; }

  [[nodiscard]] Event operator[](std::uint32_t index) const noexcept {
    return Event(reinterpret_cast<const aev_event*>(reinterpret_cast<const char*>(events_) +
                                                    std::size_t{index} * stride_));
  }

  [[nodiscard]] Iterator begin() const noexcept { return {this, 0}; }

  [[nodiscard]] Iterator end() const noexcept { return {this, count_}; }

  void complete(std::uint32_t index, const Result& result) const noexcept {
    host_.complete(id_, index, 1, result);
  }

  void complete_all(const Result& result) const noexcept { host_.complete(id_, 0, count_, result); }

 private:
  Host host_;
  const aev_event* events_;
  std::uint32_t stride_;
  std::uint32_t count_;
  std::uint64_t id_;
  MonoTime deadline_;
};

/// Where a query's answer is written.
class Answer {
 public:
  explicit Answer(aev_answer* answer) noexcept : answer_(answer) {}

  /// Media type, before the first write(); JSON if never called.
  void content_type(std::string_view media_type) const noexcept {
    answer_->content_type(answer_, str(media_type));
  }

  /// False once nobody wants more: return then.
  bool write(std::string_view text) const noexcept {
    return answer_->write(answer_, aev_bytes{text.data(), text.size()}) != 0;
  }

 private:
  aev_answer* answer_;
};

/// There is no query of that name.
class UnknownQuery : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A query cannot be answered now, for example because the instance has not been started yet.
class NotNow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Base of a subscriber type's instances. See plugin.h for the threads of each function.
class Subscriber {
 public:
  virtual ~Subscriber() = default;

  /// Starts threads if any; connects lazily. Lowers `limits` to what this instance takes. Throw to
  /// refuse.
  virtual void start(aev_limits& limits) { static_cast<void>(limits); }

  /// Takes a batch: complete each event now or later, once. Must not block.
  virtual void deliver(Batch batch) = 0;

  /// As deliver(), for those that want back-pressure: how many events, from the first, were taken;
  /// set `busy` to be left alone until host.ready(). Override one of the two.
  virtual std::uint32_t deliver_some(Batch batch, bool& busy) {
    busy = false;
    deliver(batch);
    return batch.size();
  }

  /// Finish what is open before `deadline`, then call `host.stopped()`. The default fits a
  /// subscriber that completes everything inside deliver().
  virtual void stop(Host host, MonoTime deadline) {
    static_cast<void>(deadline);
    host.stopped();
  }

  /// Connectivity probe (aev.check/1): throws with what is wrong. The default knows nothing to
  /// check.
  virtual void check(MonoTime deadline) { static_cast<void>(deadline); }

  /// Answers query `name` (aev.query/1), on threads of the host, several at once perhaps.
  /// `parameters` is a JSON object of strings. Throw UnknownQuery, NotNow, or ConfigError for a
  /// parameter that is wrong ("/period"). Called only if the type names its `queries`.
  virtual void query(std::string_view name, std::string_view parameters, Answer answer) {
    static_cast<void>(parameters);
    static_cast<void>(answer);
    throw UnknownQuery("there is no query '" + std::string(name) + "'");
  }
};

/// The JSON text of the `config:` subtree. Parse it with the library of your choice; valid during
/// construction only.
using Json = std::string_view;

/// What a subscriber type says about itself, and how to make one: `T(Host, Json)`.
template <typename T>
struct Type {
  using Instance = T;
  const char* id;
  const char* name;
  const char* version;
  const char* vendor;
  const char* config_schema;
  /// Checks what the schema cannot express; throws ConfigError. May be null.
  void (*validate)(Json config) = nullptr;
  /// What query() answers, as aev_query.queries_json describes it; null: nothing.
  const char* queries = nullptr;
  /// AEV_TYPE_SOURCE for a type that brings events in and takes none.
  std::uint32_t flags = 0;
};

/// Appends `text` as a JSON string with its quotes. Bytes that are not valid UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends `2026-03-01T12:00:00.123Z`, the fraction trimmed to milli-, micro- or nanoseconds.
void append_rfc3339(std::string& out, std::int64_t unix_ns);

/// Appends the event's canonical JSON:
/// `{"id":…,"event_type":…,"debate_id":…,"source":…,"timestamp":…, "data":…,…attributes}`. Empty
/// debate_id and source are left out. Data that is JSON by its media type is put in byte for byte;
/// other data that is UTF-8 text becomes a JSON string `data`, anything else `data_base64`; both
/// then also carry `content_type`.
void append_canonical_json(std::string& out, const Event& event);

/// True if `content_type` names JSON (`application/json`, `…+json`, with or without parameters).
[[nodiscard]] bool is_json_media_type(std::string_view content_type) noexcept;

}  // namespace v1
}  // namespace aev::sdk

#include <aev/detail/canonical_json.hpp>
#include <aev/detail/host_requests.hpp>
#include <aev/detail/plugin_border.hpp>
