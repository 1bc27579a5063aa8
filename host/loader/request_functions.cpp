#include "loader/request_functions.h"

#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "loader/event_view.h"
#include "loader/instance_core.h"
#include "loader/plugin_text.h"

// Called by plugins, from any thread, inside the instance's gate. Each request becomes a call of
// HostServices whose end is queued for the instance's own thread, which calls the plugin.

namespace aev::loader {
namespace {

constexpr std::size_t kMaxEmissions = 4096;
constexpr std::size_t kMaxReadings = 64;
constexpr std::size_t kMaxPuts = 1024;
constexpr std::size_t kMaxKeyBytes = 256;
constexpr std::size_t kMaxValueBytes = 64 * 1024;

InstanceCore& core_of(const aev_host* host) {
  return *static_cast<InstanceCore*>(host->host_data);
}

std::string_view view(aev_str text) {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

std::string_view view(aev_bytes bytes) {
  return bytes.ptr == nullptr ? std::string_view()
                              : std::string_view(static_cast<const char*>(bytes.ptr), bytes.len);
}

aev_status status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kBusy:
    case ErrorCode::kFull:
      return AEV_BUSY;
    case ErrorCode::kInvalid:
    case ErrorCode::kTooLarge:
    case ErrorCode::kUnsupported:
      return AEV_E_CONFIG;
    case ErrorCode::kConflict:
      return AEV_E_STATE;
    default:
      return AEV_E_INTERNAL;
  }
}

void copy_text(char* to, std::size_t size, const std::string& text) {
  const std::string cut = plugin_text(std::string_view(text), size - 1);
  std::memcpy(to, cut.c_str(), cut.size() + 1);
}

void fill_error(aev_error& out, const Error& error) {
  copy_text(out.path, sizeof out.path, error.pointer);
  copy_text(out.message, sizeof out.message, error.message);
}

aev_status refuse(aev_error* out, const Error& error) {
  if (out != nullptr && AEV_HAS(out, aev_error, message)) {
    fill_error(*out, error);
  }
  return status_of(error);
}

aev_status refuse_state(aev_error* out) {
  return refuse(out,
                Error{ErrorCode::kConflict, "only from start() until stopped() has been said", {}});
}

aev_status refuse_busy(aev_error* out) {
  return refuse(out, Error{ErrorCode::kBusy, "too many requests of this subscriber are open", {}});
}

AnswerCall answer_done(aev_emitted done, void* user) {
  return [done, user](const Answer& answer) {
    if (!answer.error) {
      done(user, AEV_OK, nullptr);
      return;
    }
    aev_error error = new_plugin_error();
    fill_error(error, *answer.error);
    done(user, answer.ended ? AEV_E_STATE : status_of(*answer.error), &error);
  };
}

/// Runs `ask` with a Done that leads back to the plugin.
template <typename Ask>
aev_status request(
    InstanceCore& core, AnswerCall call, std::size_t most, aev_error* error, const Ask& ask) {
  bool closed = false;
  const auto number = core.open_request(std::move(call), most, closed);
  if (!number) {
    return closed ? refuse_state(error) : refuse_busy(error);
  }
  const Result<void> asked = ask(core.done_of(*number));
  if (!asked) {
    core.cancel_request(*number);
    return refuse(error, asked.error());
  }
  return AEV_OK;
}

aev_status emit(const aev_host* host,
                const aev_emission* emissions,
                std::uint32_t count,
                std::uint32_t stride,
                aev_emitted done,
                void* user,
                aev_error* error) noexcept {
  InstanceCore& core = core_of(host);
  const Gate::Pass pass(core.gate());
  if (!pass) {
    return AEV_E_STATE;
  }
  if (count == 0 || emissions == nullptr || stride < sizeof(aev_emission) || done == nullptr) {
    return refuse(error, Error{ErrorCode::kInvalid,
                               "emit() needs at least one event, a stride of at least "
                               "sizeof(aev_emission), and a function to answer",
                               {}});
  }
  std::vector<std::vector<events::Attribute>> attributes(count);
  std::vector<events::EventFields> fields(count);
  const auto* at = reinterpret_cast<const char*>(emissions);
  for (std::uint32_t i = 0; i < count; ++i, at += stride) {
    aev_emission from{};
    std::memcpy(&from, at, sizeof from);
    events::EventFields& to = fields[i];
    to.id = view(from.id);
    to.event_type = view(from.event_type);
    to.debate_id = view(from.debate_id);
    to.source = view(from.source);
    to.content_type = view(from.content_type);
    to.data = view(from.data);
    to.time_unix_ns = from.time_unix_ns;
    const std::uint32_t kept = from.attributes == nullptr ? 0 : from.attribute_count;
    for (std::uint32_t k = 0; k < kept; ++k) {
      attributes[i].push_back({view(from.attributes[k].key), view(from.attributes[k].value)});
    }
    to.attributes = attributes[i];
  }
  return request(core, answer_done(done, user), kMaxEmissions, error,
                 [&](HostServices::Done ended) {
                   return core.services().emit(core.name(), fields, std::move(ended));
                 });
}

aev_status emit_body(const aev_host* host,
                     aev_str content_type,
                     const aev_attr* headers,
                     std::uint32_t header_count,
                     aev_bytes body,
                     aev_emitted done,
                     void* user,
                     aev_error* error) noexcept {
  InstanceCore& core = core_of(host);
  const Gate::Pass pass(core.gate());
  if (!pass) {
    return AEV_E_STATE;
  }
  if (done == nullptr) {
    return refuse(error, Error{ErrorCode::kInvalid, "emit_body() needs a function to answer", {}});
  }
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (std::uint32_t i = 0; headers != nullptr && i < header_count; ++i) {
    pairs.emplace_back(view(headers[i].key), view(headers[i].value));
  }
  return request(core, answer_done(done, user), kMaxEmissions, error,
                 [&](HostServices::Done ended) {
                   return core.services().emit_body(core.name(), view(content_type), pairs,
                                                    view(body), std::move(ended));
                 });
}

void answer_page(aev_history_read done, void* user, const HistoryPage& page) {
  std::vector<aev_attr> attributes;
  std::vector<aev_event> views;
  fill_event_views(
      page.events.size(), [&](std::size_t i) -> const auto& { return *page.events[i]; }, attributes,
      views);
  aev_history_page out{};
  out.struct_size = sizeof out;
  out.event_stride = sizeof(aev_event);
  out.events = views.data();
  out.count = static_cast<std::uint32_t>(views.size());
  out.flags = page.at_end ? std::uint32_t{AEV_HISTORY_END} : 0u;
  out.scanned_seq = page.scanned_seq;
  out.first_seq = page.first_seq;
  out.last_seq = page.last_seq;
  done(user, AEV_OK, &out, nullptr);
}

aev_status read_history(const aev_host* host,
                        const aev_history_request* request_in,
                        aev_history_read done,
                        void* user) noexcept {
  InstanceCore& core = core_of(host);
  const Gate::Pass pass(core.gate());
  if (!pass) {
    return AEV_E_STATE;
  }
  if (request_in == nullptr || done == nullptr ||
      !AEV_HAS(request_in, aev_history_request, max_bytes)) {
    return AEV_E_CONFIG;
  }
  HistoryRequest wanted;
  wanted.debate_id = view(request_in->debate_id);
  wanted.after_seq = request_in->after_seq;
  wanted.upto_seq = request_in->upto_seq;
  wanted.max_events = request_in->max_events;
  wanted.max_bytes = request_in->max_bytes;
  wanted.all = (request_in->flags & AEV_HISTORY_ALL) != 0;
  AnswerCall call = [done, user](const Answer& answer) {
    if (!answer.error) {
      answer_page(done, user, answer.page);
      return;
    }
    aev_error error = new_plugin_error();
    fill_error(error, *answer.error);
    done(user, answer.ended ? AEV_E_STATE : status_of(*answer.error), nullptr, &error);
  };
  bool closed = false;
  const auto number = core.open_request(std::move(call), kMaxReadings, closed);
  if (!number) {
    return closed ? AEV_E_STATE : AEV_BUSY;
  }
  core.services().read_history(core.name(), std::move(wanted), core.read_of(*number));
  return AEV_OK;
}

aev_status get_state(const aev_host* host,
                     aev_str key,
                     void (*found)(void* user, aev_bytes value),
                     void* user) noexcept {
  InstanceCore& core = core_of(host);
  const Gate::Pass pass(core.gate());
  if (!pass) {
    return AEV_E_STATE;
  }
  const auto value = core.services().state(core.name(), view(key));
  if (!value) {
    return AEV_E_UNSUPPORTED;
  }
  found(user, aev_bytes{value->data(), value->size()});
  return AEV_OK;
}

aev_status put_state(const aev_host* host,
                     aev_str key,
                     aev_bytes value,
                     aev_emitted done,
                     void* user,
                     aev_error* error) noexcept {
  InstanceCore& core = core_of(host);
  const Gate::Pass pass(core.gate());
  if (!pass) {
    return AEV_E_STATE;
  }
  if (key.len == 0 || key.len > kMaxKeyBytes || value.len > kMaxValueBytes) {
    return refuse(
        error,
        Error{ErrorCode::kTooLarge, "a key has 1 to 256 bytes and a value at most 64 KiB", {}});
  }
  std::optional<std::string> kept;
  if (value.ptr != nullptr) {
    kept = std::string(view(value));
  }
  AnswerCall call = done == nullptr ? AnswerCall([](const Answer&) {}) : answer_done(done, user);
  return request(core, std::move(call), kMaxPuts, error, [&](HostServices::Done ended) {
    return core.services().put_state(core.name(), view(key), std::move(kept), std::move(ended));
  });
}

}  // namespace

const aev_emit& emit_functions() {
  static constexpr aev_emit kFunctions{sizeof(aev_emit), 0, emit, emit_body};
  return kFunctions;
}

const aev_history& history_functions() {
  static constexpr aev_history kFunctions{sizeof(aev_history), 0, read_history};
  return kFunctions;
}

const aev_state& state_functions() {
  static constexpr aev_state kFunctions{sizeof(aev_state), 0, get_state, put_state};
  return kFunctions;
}

}  // namespace aev::loader
