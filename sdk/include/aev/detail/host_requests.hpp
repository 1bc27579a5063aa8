// Part of <aev/plugin.hpp>: the requests of Host that are answered later. Each answer's function
// object lives on the heap from the request until its one answer.
#pragma once

#include <aev/plugin.hpp>

namespace aev::sdk {
inline namespace v1 {
namespace detail {

[[nodiscard]] inline Status status_of(aev_status code, const aev_error* error) {
  Status status{code, {}, {}};
  if (code != AEV_OK && error != nullptr) {
    status.path = error->path;
    status.message = error->message;
  }
  return status;
}

[[nodiscard]] inline Status unsupported(const char* extension) {
  return {AEV_E_UNSUPPORTED, {}, std::string("this host has no ") + extension};
}

inline void emitted(void* user, aev_status code, const aev_error* error) noexcept {
  const std::unique_ptr<Host::Done> done(static_cast<Host::Done*>(user));
  if (*done) {
    (*done)(status_of(code, error));
  }
}

inline void history_read(void* user,
                         aev_status code,
                         const aev_history_page* page,
                         const aev_error* error) noexcept {
  const std::unique_ptr<Host::Read> read(static_cast<Host::Read*>(user));
  if (code == AEV_OK && page != nullptr) {
    const HistoryPage view(page);
    (*read)(Status{}, &view);
  } else {
    (*read)(status_of(code, error), nullptr);
  }
}

[[nodiscard]] inline aev_error new_error() noexcept {
  aev_error error{};
  error.struct_size = sizeof error;
  return error;
}

/// Hands `answer` over to a request that takes it as its `user`, or back if it is refused.
template <typename Answer, typename Request>
[[nodiscard]] Status request(Answer answer, const Request& make) {
  aev_error error = new_error();
  auto kept = std::make_unique<Answer>(std::move(answer));
  const aev_status code = make(static_cast<void*>(kept.get()), &error);
  if (code == AEV_OK) {
    static_cast<void>(kept.release());
  }
  return status_of(code, &error);
}

[[nodiscard]] inline Status put_state(const aev_host* host,
                                      std::string_view key,
                                      aev_bytes value,
                                      Host::Done done) {
  const auto* state = static_cast<const aev_state*>(host->get_extension(host, AEV_EXT_STATE));
  if (state == nullptr) {
    return unsupported(AEV_EXT_STATE);
  }
  return request(std::move(done), [&](void* user, aev_error* error) {
    return state->put(host, str(key), value, &emitted, user, error);
  });
}

}  // namespace detail

inline Status Host::emit(std::span<const Emission> events, Done done) const {
  const auto* ext = static_cast<const aev_emit*>(extension(AEV_EXT_EMIT));
  if (ext == nullptr) {
    return detail::unsupported(AEV_EXT_EMIT);
  }
  std::size_t attribute_count = 0;
  for (const Emission& event : events) {
    attribute_count += event.attributes.size();
  }
  std::vector<aev_attr> attributes;
  attributes.reserve(attribute_count);  // the emissions below point into it
  std::vector<aev_emission> raw;
  raw.reserve(events.size());
  for (const Emission& event : events) {
    aev_emission one{};
    one.time_unix_ns = event.time_unix_ns;
    one.id = str(event.id);
    one.event_type = str(event.event_type);
    one.debate_id = str(event.debate_id);
    one.source = str(event.source);
    one.content_type = str(event.content_type);
    one.data = aev_bytes{event.data.data(), event.data.size()};
    one.attributes = attributes.data() + attributes.size();
    one.attribute_count = static_cast<std::uint32_t>(event.attributes.size());
    for (const Attribute& attribute : event.attributes) {
      attributes.push_back(aev_attr{str(attribute.name), str(attribute.value)});
    }
    raw.push_back(one);
  }
  return detail::request(std::move(done), [&](void* user, aev_error* error) {
    return ext->emit(host_, raw.data(), static_cast<std::uint32_t>(raw.size()),
                     sizeof(aev_emission), &detail::emitted, user, error);
  });
}

inline Status Host::emit_body(std::string_view content_type,
                              std::span<const Field> headers,
                              std::string_view body,
                              Done done) const {
  const auto* ext = static_cast<const aev_emit*>(extension(AEV_EXT_EMIT));
  if (ext == nullptr) {
    return detail::unsupported(AEV_EXT_EMIT);
  }
  std::vector<aev_attr> raw;
  raw.reserve(headers.size());
  for (const Field& header : headers) {
    raw.push_back(aev_attr{str(header.name), str(header.value)});
  }
  return detail::request(std::move(done), [&](void* user, aev_error* error) {
    return ext->emit_body(host_, str(content_type), raw.data(),
                          static_cast<std::uint32_t>(raw.size()),
                          aev_bytes{body.data(), body.size()}, &detail::emitted, user, error);
  });
}

inline Status Host::read_history(const HistoryRequest& request, Read read) const {
  const auto* ext = static_cast<const aev_history*>(extension(AEV_EXT_HISTORY));
  if (ext == nullptr) {
    return detail::unsupported(AEV_EXT_HISTORY);
  }
  aev_history_request raw{};
  raw.struct_size = sizeof raw;
  raw.flags = request.all ? std::uint32_t{AEV_HISTORY_ALL} : 0u;
  raw.debate_id = str(request.debate_id);
  raw.after_seq = request.after_seq;
  raw.upto_seq = request.upto_seq;
  raw.max_events = request.max_events;
  raw.max_bytes = request.max_bytes;
  return detail::request(std::move(read), [&](void* user, aev_error*) {
    return ext->read(host_, &raw, &detail::history_read, user);
  });
}

inline std::optional<std::string> Host::state(std::string_view key) const {
  const auto* ext = static_cast<const aev_state*>(extension(AEV_EXT_STATE));
  std::optional<std::string> value;
  if (ext != nullptr) {
    const auto found = [](void* user, aev_bytes bytes) {
      *static_cast<std::optional<std::string>*>(user) =
          std::string(static_cast<const char*>(bytes.ptr), bytes.len);
    };
    static_cast<void>(ext->get(host_, str(key), found, &value));
  }
  return value;
}

inline Status Host::set_state(std::string_view key, std::string_view value, Done done) const {
  // A value that is empty still has an address: none would remove the key.
  return detail::put_state(host_, key, aev_bytes{value.empty() ? "" : value.data(), value.size()},
                           std::move(done));
}

inline Status Host::remove_state(std::string_view key, Done done) const {
  return detail::put_state(host_, key, aev_bytes{nullptr, 0}, std::move(done));
}

}  // namespace v1
}  // namespace aev::sdk
