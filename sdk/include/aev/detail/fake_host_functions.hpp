// Part of <aev/fake_host.hpp>: what the plugin calls, and how a test drives it.
#pragma once

#include <aev/fake_host.hpp>

namespace aev::sdk {
inline namespace v1 {

/// The functions of aev_host and of its extensions, over a FakeHost.
struct FakeHostFunctions {
  static FakeHost& of(const aev_host* host) { return *static_cast<FakeHost*>(host->host_data); }

  static std::uint32_t log_enabled(const aev_host*, std::uint32_t) { return 1; }

  static void log(const aev_host* raw,
                  std::uint32_t level,
                  aev_str message,
                  const aev_attr* fields,
                  std::uint32_t count) {
    static constexpr const char* kLevels[] = {"trace", "debug", "info", "warning", "error"};
    std::string line(kLevels[level > AEV_LOG_ERROR ? 4 : level]);
    line.append(" ").append(view(message));
    for (std::uint32_t i = 0; i < count; ++i) {
      line.append(" ").append(view(fields[i].key)).append("=").append(view(fields[i].value));
    }
    FakeHost& host = of(raw);
    const std::lock_guard lock(host.mutex_);
    host.log_.push_back(std::move(line));
    host.changed_.notify_all();
  }

  static void complete(const aev_host* raw,
                       const aev_result* results,
                       std::uint32_t count,
                       std::uint32_t stride) {
    FakeHost& host = of(raw);
    const std::lock_guard lock(host.mutex_);
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto& result = *reinterpret_cast<const aev_result*>(
          reinterpret_cast<const char*>(results) + std::size_t{i} * stride);
      settle(host, result);
    }
    host.changed_.notify_all();
  }

  static void settle(FakeHost& host, const aev_result& result) {
    const auto found = host.leases_.find(result.batch_id);
    if (found == host.leases_.end()) {
      host.violations_.push_back("batch " + std::to_string(result.batch_id) + " was never leased");
      return;
    }
    FakeHost::Leased& lease = *found->second;
    for (std::uint32_t i = result.first; i < result.first + result.count; ++i) {
      if (i >= lease.done.size() || lease.done[i]) {
        host.violations_.push_back("event " + std::to_string(i) + " of batch " +
                                   std::to_string(result.batch_id) +
                                   (i >= lease.done.size() ? " is none" : " was completed twice"));
        continue;
      }
      lease.done[i] = true;
      host.settled_.push_back({result.batch_id, i, lease.events[i].seq, result.outcome,
                               result.flags, result.retry_after_ms, result.code,
                               std::string(view(result.reason))});
    }
  }

  static void ready(const aev_host* raw) {
    FakeHost& host = of(raw);
    const std::lock_guard lock(host.mutex_);
    ++host.ready_calls_;
    host.changed_.notify_all();
  }

  static void stopped(const aev_host* raw) {
    FakeHost& host = of(raw);
    const std::lock_guard lock(host.mutex_);
    host.stopped_ = true;
    host.running_ = false;
    host.changed_.notify_all();
  }

  static void failed(const aev_host* raw, const aev_error* error) {
    FakeHost& host = of(raw);
    const std::lock_guard lock(host.mutex_);
    host.failure_ = error != nullptr && error->message[0] != 0 ? error->message : "no reason given";
    host.changed_.notify_all();
  }

  // --- aev.metrics/1 -----------------------------------------------------------------------------

  static aev_metric* series(const aev_host* raw,
                            std::uint32_t kind,
                            aev_str name,
                            aev_str,
                            const aev_attr* labels,
                            std::uint32_t label_count,
                            const double*,
                            std::uint32_t) {
    std::string key(view(name));
    for (std::uint32_t i = 0; i < label_count; ++i) {
      key.append(i == 0 ? "{" : ",").append(view(labels[i].key));
      key.append("=\"").append(view(labels[i].value)).append("\"");
    }
    key.append(label_count == 0 ? "" : "}");
    FakeHost& host = of(raw);
    const std::lock_guard lock(host.mutex_);
    FakeHost::Series& made = host.series_[key];
    made.kind = kind;
    made.host = &host;
    return reinterpret_cast<aev_metric*>(&made);
  }

  static void record(aev_metric* metric, double value) {
    if (metric != nullptr) {
      auto& series = *reinterpret_cast<FakeHost::Series*>(metric);
      const std::lock_guard lock(series.host->mutex_);
      series.value += series.kind == AEV_METRIC_HISTOGRAM ? 1 : value;
      series.host->changed_.notify_all();
    }
  }

  static void set(aev_metric* metric, double value) {
    if (metric != nullptr) {
      auto& series = *reinterpret_cast<FakeHost::Series*>(metric);
      const std::lock_guard lock(series.host->mutex_);
      series.value = value;
      series.host->changed_.notify_all();
    }
  }

  // --- aev.emit/1 --------------------------------------------------------------------------------

  static std::vector<std::pair<std::string, std::string>> copied(const aev_attr* attributes,
                                                                 std::uint32_t count) {
    std::vector<std::pair<std::string, std::string>> copies;
    for (std::uint32_t i = 0; i < count; ++i) {
      copies.emplace_back(view(attributes[i].key), view(attributes[i].value));
    }
    return copies;
  }

  static std::string text(aev_bytes bytes) {
    return bytes.len == 0 ? std::string()
                          : std::string(static_cast<const char*>(bytes.ptr), bytes.len);
  }

  static aev_status publish(FakeHost& host,
                            std::vector<FakeEmission> events,
                            aev_emitted done,
                            void* user,
                            aev_error* error) {
    const std::lock_guard lock(host.mutex_);
    if (!host.running_) {
      detail::fill(error, "", "emit is for the time between start() and stopped()");
      return AEV_E_STATE;
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (!events[i].body && events[i].event_type.empty()) {
        detail::fill(error, "/" + std::to_string(i) + "/event_type", "event_type is empty");
        return AEV_E_CONFIG;
      }
    }
    if (host.emit_now_ != AEV_OK) {
      detail::fill(error, "", "the test wants it so");
      return host.emit_now_;
    }
    host.answers_.push_back([&host, events = std::move(events), done, user,
                             later = host.emit_later_](aev_status ended) {
      const aev_status status = ended != AEV_OK ? ended : later;
      aev_error why = detail::new_error();
      detail::fill(&why, "", status == AEV_OK ? "" : "the test wants it so");
      if (status == AEV_OK) {
        const std::lock_guard held(host.mutex_);
        host.emitted_.insert(host.emitted_.end(), events.begin(), events.end());
      }
      done(user, status, status == AEV_OK ? nullptr : &why);
    });
    host.changed_.notify_all();
    return AEV_OK;
  }

  static aev_status emit(const aev_host* raw,
                         const aev_emission* events,
                         std::uint32_t count,
                         std::uint32_t stride,
                         aev_emitted done,
                         void* user,
                         aev_error* error) {
    std::vector<FakeEmission> copies;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto& event = *reinterpret_cast<const aev_emission*>(
          reinterpret_cast<const char*>(events) + std::size_t{i} * stride);
      FakeEmission copy;
      copy.id = view(event.id);
      copy.event_type = view(event.event_type);
      copy.debate_id = view(event.debate_id);
      copy.source = view(event.source);
      copy.content_type = view(event.content_type);
      copy.data = text(event.data);
      copy.time_unix_ns = event.time_unix_ns;
      copy.attributes = copied(event.attributes, event.attribute_count);
      copies.push_back(std::move(copy));
    }
    return publish(of(raw), std::move(copies), done, user, error);
  }

  static aev_status emit_body(const aev_host* raw,
                              aev_str content_type,
                              const aev_attr* headers,
                              std::uint32_t header_count,
                              aev_bytes body,
                              aev_emitted done,
                              void* user,
                              aev_error* error) {
    FakeEmission copy;
    copy.body = true;
    copy.content_type = view(content_type);
    copy.attributes = copied(headers, header_count);
    copy.data = text(body);
    return publish(of(raw), {std::move(copy)}, done, user, error);
  }

  // --- aev.history/1 -----------------------------------------------------------------------------

  static aev_status read(const aev_host* raw,
                         const aev_history_request* request,
                         aev_history_read done,
                         void* user) {
    FakeHost& host = of(raw);
    const std::lock_guard lock(host.mutex_);
    if (!host.running_) {
      return AEV_E_STATE;
    }
    host.answers_.push_back([&host, done, user, debate = std::string(view(request->debate_id)),
                             wanted = *request](aev_status ended) {
      if (ended != AEV_OK) {
        aev_error why = detail::new_error();
        detail::fill(&why, "", "the instance ends");
        done(user, ended, nullptr, &why);
        return;
      }
      FakeHost::Page page;
      aev_history_page out{};
      {
        const std::lock_guard held(host.mutex_);
        out.first_seq = host.history_.empty() ? 0 : host.history_.begin()->first;
        out.last_seq = host.history_.empty() ? 0 : host.history_.rbegin()->first;
        out.scanned_seq = std::max<std::uint64_t>(
            wanted.after_seq,
            wanted.upto_seq == 0 ? out.last_seq : std::min(wanted.upto_seq, out.last_seq));
        out.flags = AEV_HISTORY_END;
        const std::size_t most = wanted.max_events == 0 ? 256 : wanted.max_events;
        for (auto at = host.history_.upper_bound(wanted.after_seq); at != host.history_.end();
             ++at) {
          if (wanted.upto_seq != 0 && at->first > wanted.upto_seq) {
            break;
          }
          if (!debate.empty() && at->second.debate_id != debate) {
            continue;
          }
          if (page.events.size() == most) {
            out.scanned_seq = page.events.back().seq;
            out.flags = 0;
            break;
          }
          page.events.push_back(at->second);
          page.events.back().attempt = 0;
        }
      }
      FakeHost::fill(page.events, page.attributes, page.raw);
      out.struct_size = sizeof out;
      out.event_stride = sizeof(aev_event);
      out.events = page.raw.data();
      out.count = static_cast<std::uint32_t>(page.raw.size());
      done(user, AEV_OK, &out, nullptr);
    });
    host.changed_.notify_all();
    return AEV_OK;
  }

  // --- aev.state/1 -------------------------------------------------------------------------------

  static aev_status get(const aev_host* raw,
                        aev_str key,
                        void (*found)(void* user, aev_bytes value),
                        void* user) {
    FakeHost& host = of(raw);
    std::string value;
    {
      const std::lock_guard lock(host.mutex_);
      const auto at = host.state_.find(std::string(view(key)));
      if (at == host.state_.end()) {
        return AEV_E_UNSUPPORTED;
      }
      value = at->second;
    }
    found(user, aev_bytes{value.data(), value.size()});
    return AEV_OK;
  }

  static aev_status put(const aev_host* raw,
                        aev_str key,
                        aev_bytes value,
                        aev_emitted done,
                        void* user,
                        aev_error* error) {
    FakeHost& host = of(raw);
    const std::lock_guard lock(host.mutex_);
    if (!host.running_) {
      detail::fill(error, "", "put is for the time between start() and stopped()");
      return AEV_E_STATE;
    }
    if (key.len > 256 || value.len > 64 * 1024) {
      detail::fill(error, "", "a key has at most 256 bytes, a value 64 KiB");
      return AEV_E_CONFIG;
    }
    if (value.ptr == nullptr) {
      host.state_.erase(std::string(view(key)));
    } else {
      host.state_[std::string(view(key))] = text(value);
    }
    if (done != nullptr) {
      host.answers_.push_back([done, user](aev_status ended) {
        aev_error why = detail::new_error();
        detail::fill(&why, "", ended == AEV_OK ? "" : "the instance ends");
        done(user, ended, ended == AEV_OK ? nullptr : &why);
      });
      host.changed_.notify_all();
    }
    return AEV_OK;
  }

  static const void* extension(const aev_host*, const char* id) {
    static constexpr aev_metrics kMetrics{sizeof(aev_metrics), 0, &series, &record, &set};
    static constexpr aev_emit kEmit{sizeof(aev_emit), 0, &emit, &emit_body};
    static constexpr aev_history kHistory{sizeof(aev_history), 0, &read};
    static constexpr aev_state kState{sizeof(aev_state), 0, &get, &put};
    const std::string_view wanted(id);
    if (wanted == AEV_EXT_METRICS) {
      return &kMetrics;
    }
    if (wanted == AEV_EXT_EMIT) {
      return &kEmit;
    }
    if (wanted == AEV_EXT_HISTORY) {
      return &kHistory;
    }
    return wanted == AEV_EXT_STATE ? &kState : nullptr;
  }
};

// --- FakeHost ------------------------------------------------------------------------------------

inline FakeHost::FakeHost(const aev_entry& entry, std::string name)
    : entry_(entry), name_(std::move(name)) {
  using F = FakeHostFunctions;
  raw_ = aev_host{sizeof(aev_host), AEV_ABI_MAJOR, AEV_ABI_MINOR,   this,    name_.c_str(),
                  "test",           &F::extension, &F::log_enabled, &F::log, &F::complete,
                  &F::ready,        &F::stopped,   &F::failed};
}

inline void FakeHost::validate(const std::string& type, const std::string& config_json) const {
  if (entry_.validate == nullptr) {
    return;
  }
  aev_error error = detail::new_error();
  if (entry_.validate(type.c_str(), str(config_json), &error) != AEV_OK) {
    throw ConfigError(error.path, error.message);
  }
}

inline FakeSubscriber FakeHost::create(const std::string& type, const std::string& config_json) {
  aev_error error = detail::new_error();
  aev_subscriber* made = entry_.create(type.c_str(), &raw_, str(config_json), &error);
  if (made == nullptr) {
    throw ConfigError(error.path, error.message);
  }
  return {*this, made};
}

inline void FakeHost::add_history(FakeEvent event) {
  const std::lock_guard lock(mutex_);
  event.seq = event.seq == 0 ? next_seq_ : event.seq;
  next_seq_ = std::max(next_seq_, event.seq + 1);
  if (event.id.empty()) {
    event.id = "e" + std::to_string(event.seq);
  }
  history_[event.seq] = std::move(event);
}

inline void FakeHost::remove_history(std::uint64_t upto_seq) {
  const std::lock_guard lock(mutex_);
  history_.erase(history_.begin(), history_.upper_bound(upto_seq));
}

inline void FakeHost::set_state(std::string key, std::string value) {
  const std::lock_guard lock(mutex_);
  state_.insert_or_assign(std::move(key), std::move(value));
}

inline void FakeHost::answer_emissions(aev_status now, aev_status later) {
  const std::lock_guard lock(mutex_);
  emit_now_ = now;
  emit_later_ = later;
}

inline void FakeHost::hold_answers() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

inline void FakeHost::release_answers() {
  const std::lock_guard lock(mutex_);
  held_ = false;
  changed_.notify_all();
}

inline bool FakeHost::pump() {
  bool any = false;
  for (;;) {
    std::function<void(aev_status)> next;
    {
      const std::lock_guard lock(mutex_);
      if (held_ || answers_.empty()) {
        return any;
      }
      next = std::move(answers_.front());
      answers_.pop_front();
    }
    next(AEV_OK);
    any = true;
  }
}

inline bool FakeHost::wait(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  for (;;) {
    pump();
    if (condition()) {
      return true;
    }
    std::unique_lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) {
      return false;
    }
    changed_.wait_until(lock, std::min(deadline, now + std::chrono::milliseconds(10)),
                        [&] { return !held_ && !answers_.empty(); });
  }
}

inline bool FakeHost::wait_settled(std::size_t count) {
  return wait([&] {
    const std::lock_guard lock(mutex_);
    return settled_.size() >= count;
  });
}

inline std::vector<FakeSettlement> FakeHost::settled() const {
  const std::lock_guard lock(mutex_);
  return settled_;
}

inline std::vector<FakeEmission> FakeHost::emitted() const {
  const std::lock_guard lock(mutex_);
  return emitted_;
}

inline std::vector<std::string> FakeHost::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

inline std::map<std::string, std::string> FakeHost::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

inline double FakeHost::metric(const std::string& series) const {
  const std::lock_guard lock(mutex_);
  const auto found = series_.find(series);
  return found == series_.end() ? 0 : found->second.value;
}

inline std::size_t FakeHost::ready_calls() const {
  const std::lock_guard lock(mutex_);
  return ready_calls_;
}

inline bool FakeHost::has_stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

inline std::string FakeHost::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

inline std::vector<std::string> FakeHost::violations() const {
  const std::lock_guard lock(mutex_);
  return violations_;
}

inline void FakeHost::fill(std::vector<FakeEvent>& events,
                           std::vector<std::vector<aev_attr>>& attributes,
                           std::vector<aev_event>& raw) {
  for (const FakeEvent& event : events) {
    auto& pairs = attributes.emplace_back();
    for (const auto& [name, value] : event.attributes) {
      pairs.push_back(aev_attr{str(name), str(value)});
    }
    aev_event out{};
    out.seq = event.seq;
    out.time_unix_ns = out.received_unix_ns = event.time_unix_ns;
    out.id = str(event.id);
    out.event_type = str(event.event_type);
    out.debate_id = str(event.debate_id);
    out.source = str(event.source);
    out.key = str(event.key);
    out.content_type = str(event.content_type);
    out.data = aev_bytes{event.data.data(), event.data.size()};
    out.attributes = pairs.data();
    out.attribute_count = static_cast<std::uint32_t>(pairs.size());
    out.attempt = event.attempt;
    out.flags = event.flags;
    raw.push_back(out);
  }
}

inline FakeHost::Leased& FakeHost::lease(std::vector<FakeEvent> events) {
  for (FakeEvent& event : events) {
    if (event.seq == 0) {
      const std::lock_guard lock(mutex_);
      event.seq = next_seq_;
    }
    add_history(event);
    event.id = event.id.empty() ? "e" + std::to_string(event.seq) : event.id;
  }
  auto made = std::make_unique<Leased>();
  made->events = std::move(events);
  fill(made->events, made->attributes, made->raw);
  made->done.resize(made->events.size());
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  const std::lock_guard lock(mutex_);
  made->batch = aev_batch{
      sizeof(aev_batch),
      sizeof(aev_event),
      next_batch_++,
      std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count(),
      made->raw.data(),
      static_cast<std::uint32_t>(made->raw.size()),
      0};
  return *leases_.emplace(made->batch.batch_id, std::move(made)).first->second;
}

inline void FakeHost::end_instance() {
  std::deque<std::function<void(aev_status)>> open;
  {
    const std::lock_guard lock(mutex_);
    open.swap(answers_);
    running_ = false;
  }
  for (const auto& answer : open) {
    answer(AEV_E_STATE);
  }
}

// --- FakeSubscriber ------------------------------------------------------------------------------

inline aev_limits FakeSubscriber::default_limits() noexcept {
  return aev_limits{sizeof(aev_limits), 100, 1u << 20, 16u << 20, 4, 30'000, 0, 0};
}

inline aev_limits FakeSubscriber::start(aev_limits offered) {
  {
    const std::lock_guard lock(host_->mutex_);
    host_->running_ = true;
    host_->stopped_ = false;
  }
  aev_error error = detail::new_error();
  const aev_status status = raw_->start(raw_, &offered, &error);
  if (status == AEV_E_CONFIG) {
    throw ConfigError(error.path, error.message);
  }
  if (status != AEV_OK) {
    throw std::runtime_error(error.message);
  }
  return offered;
}

inline aev_status FakeSubscriber::deliver(std::vector<FakeEvent> events, std::uint32_t* accepted) {
  FakeHost::Leased& lease = host_->lease(std::move(events));
  std::uint32_t taken = lease.batch.count;
  const aev_status status = raw_->deliver(raw_, &lease.batch, &taken);
  if (status != AEV_OK && status != AEV_BUSY) {
    taken = 0;
  }
  {
    const std::lock_guard lock(host_->mutex_);
    for (std::uint32_t i = taken; i < lease.done.size(); ++i) {
      if (lease.done[i]) {
        host_->violations_.push_back("event " + std::to_string(i) +
                                     " was completed and not accepted");
      }
      lease.done[i] = true;
    }
  }
  if (accepted != nullptr) {
    *accepted = taken;
  }
  host_->pump();
  return status;
}

inline bool FakeSubscriber::stop(FakeHost::Duration patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  raw_->stop(
      raw_,
      std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count());
  return host_->wait([this] { return host_->has_stopped(); });
}

inline void FakeSubscriber::destroy() {
  if (raw_ != nullptr) {
    host_->end_instance();
    aev_subscriber* const dying = std::exchange(raw_, nullptr);
    dying->destroy(dying);
  }
}

inline void FakeSubscriber::check(FakeHost::Duration patience) {
  const auto* ext = static_cast<const aev_check*>(
      raw_->get_extension == nullptr ? nullptr : raw_->get_extension(raw_, AEV_EXT_CHECK));
  if (ext == nullptr) {
    return;
  }
  aev_error error = detail::new_error();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
  if (ext->check(raw_, ns, &error) != AEV_OK) {
    throw std::runtime_error(error.message);
  }
}

inline std::string FakeSubscriber::query(std::string_view name,
                                         std::string_view parameters_json,
                                         std::string* media_type) {
  const auto* ext = static_cast<const aev_query*>(
      raw_->get_extension == nullptr ? nullptr : raw_->get_extension(raw_, AEV_EXT_QUERY));
  if (ext == nullptr) {
    throw UnknownQuery("this subscriber type answers no queries");
  }

  struct Written {
    std::string text;
    std::string media_type = "application/json";
  } written;

  aev_answer answer{};
  answer.struct_size = sizeof answer;
  answer.host_data = &written;
  answer.content_type = [](aev_answer* to, aev_str type) {
    static_cast<Written*>(to->host_data)->media_type = view(type);
  };
  answer.write = [](aev_answer* to, aev_bytes bytes) -> std::uint32_t {
    static_cast<Written*>(to->host_data)->text += FakeHostFunctions::text(bytes);
    return 1;
  };
  aev_error error = detail::new_error();
  const aev_status status = ext->query(raw_, str(name), str(parameters_json), &answer, &error);
  if (status == AEV_E_UNSUPPORTED) {
    throw UnknownQuery(error.message);
  }
  if (status == AEV_E_STATE) {
    throw NotNow(error.message);
  }
  if (status == AEV_E_CONFIG) {
    throw ConfigError(error.path, error.message);
  }
  if (status != AEV_OK) {
    throw std::runtime_error(error.message);
  }
  if (media_type != nullptr) {
    *media_type = written.media_type;
  }
  return std::move(written.text);
}

}  // namespace v1
}  // namespace aev::sdk
