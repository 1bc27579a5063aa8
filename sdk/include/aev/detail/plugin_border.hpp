// Part of <aev/plugin.hpp>: turns a list of Type<T> into the C functions of aev_entry, and stops
// exceptions at the border.
#pragma once

#include <aev/plugin.hpp>

namespace aev::sdk {
inline namespace v1 {
namespace detail {

inline void fill(aev_error* error, std::string_view path, std::string_view message) noexcept {
  if (error != nullptr) {
    Host::copy(error->path, path);
    Host::copy(error->message, message);
  }
}

/// Runs `body`, turns what it throws into a status and fills *error.
template <typename Body>
aev_status guarded(aev_error* error, const Body& body) noexcept {
  try {
    body();
    return AEV_OK;
  } catch (const ConfigError& fault) {
    fill(error, fault.path(), fault.what());
    return AEV_E_CONFIG;
  } catch (const std::exception& fault) {
    fill(error, "", fault.what());
  } catch (...) {
    fill(error, "", "an exception that is not a std::exception");
  }
  return AEV_E_INTERNAL;
}

/// The C struct and the C++ object behind it.
struct Bound {
  aev_subscriber c{};
  Host host;
  const aev_query* queries;  // null: answers none
  std::unique_ptr<Subscriber> object;

  Bound(const aev_host* raw_host, const aev_query* answered) : host(raw_host), queries(answered) {}

  static Bound& of(aev_subscriber* self) noexcept {
    return *static_cast<Bound*>(self->plugin_data);
  }
};

inline aev_status start(aev_subscriber* self, aev_limits* limits, aev_error* error) noexcept {
  return guarded(error, [&] { Bound::of(self).object->start(*limits); });
}

inline aev_status deliver(aev_subscriber* self,
                          const aev_batch* raw,
                          std::uint32_t* accepted) noexcept {
  Bound& bound = Bound::of(self);
  const Batch batch(bound.host, raw);
  const std::uint64_t id = batch.id();
  const std::uint32_t count = batch.size();
  std::string fault;
  try {
    bool busy = false;
    *accepted = bound.object->deliver_some(batch, busy);
    return busy ? AEV_BUSY : AEV_OK;
  } catch (const std::exception& thrown) {
    fault = thrown.what();
  } catch (...) {
    fault = "an exception that is not a std::exception";
  }
  // What had been completed before the throw stays so: the host drops the second word on it.
  bound.host.log(AEV_LOG_ERROR, "deliver() threw; its events are retried", {{"what", fault}});
  *accepted = count;
  for (std::uint32_t i = 0; i < count; ++i) {
    bound.host.complete(id, i, 1, Retry(fault));
  }
  return AEV_OK;
}

inline void stop(aev_subscriber* self, std::int64_t deadline_mono_ns) noexcept {
  Bound& bound = Bound::of(self);
  try {
    bound.object->stop(bound.host, mono_time(deadline_mono_ns));
  } catch (...) {
    bound.host.stopped();
  }
}

inline void destroy(aev_subscriber* self) noexcept {
  delete &Bound::of(self);
}

inline aev_status check(aev_subscriber* self,
                        std::int64_t deadline_mono_ns,
                        aev_error* error) noexcept {
  return guarded(error, [&] { Bound::of(self).object->check(mono_time(deadline_mono_ns)); });
}

inline aev_status query(aev_subscriber* self,
                        aev_str name,
                        aev_str parameters_json,
                        aev_answer* answer,
                        aev_error* error) noexcept {
  aev_status status = AEV_OK;
  const aev_status thrown = guarded(error, [&] {
    try {
      Bound::of(self).object->query(view(name), view(parameters_json), Answer(answer));
    } catch (const UnknownQuery& unknown) {
      fill(error, "", unknown.what());
      status = AEV_E_UNSUPPORTED;
    } catch (const NotNow& later) {
      fill(error, "", later.what());
      status = AEV_E_STATE;
    }
  });
  return thrown == AEV_OK ? status : thrown;
}

inline const void* get_extension(aev_subscriber* self, const char* id) noexcept {
  static constexpr aev_check kCheck{sizeof(aev_check), 0, &check};
  if (std::strcmp(id, AEV_EXT_CHECK) == 0) {
    return &kCheck;
  }
  return std::strcmp(id, AEV_EXT_QUERY) == 0 ? Bound::of(self).queries : nullptr;
}

/// The subscriber types of one plugin.
template <typename... Ts>
class TypeList {
 public:
  explicit TypeList(const Type<Ts>&... types)
      : entries_{Entry{aev_descriptor{sizeof(aev_descriptor), types.flags, types.id, types.name,
                                      types.version, types.vendor, types.config_schema},
                       aev_query{sizeof(aev_query), 0, types.queries, &query}, types.validate,
                       &make<Ts>}...} {}

  [[nodiscard]] const aev_descriptor* descriptor(std::uint32_t index) const noexcept {
    return index < sizeof...(Ts) ? &entries_[index].descriptor : nullptr;
  }

  aev_status validate(const char* id, aev_str config, aev_error* error) const noexcept {
    const Entry* entry = find(id);
    if (entry == nullptr) {
      fill(error, "", "this plugin offers no such subscriber type");
      return AEV_E_UNSUPPORTED;
    }
    return guarded(error, [&] {
      if (entry->validate != nullptr) {
        entry->validate(view(config));
      }
    });
  }

  aev_subscriber* create(const char* id,
                         const aev_host* host,
                         aev_str config,
                         aev_error* error) const noexcept {
    const Entry* entry = find(id);
    if (entry == nullptr) {
      fill(error, "", "this plugin offers no such subscriber type");
      return nullptr;
    }
    aev_subscriber* made = nullptr;
    static_cast<void>(guarded(error, [&] {
      auto bound = std::make_unique<Bound>(
          host, entry->queries.queries_json == nullptr ? nullptr : &entry->queries);
      bound->object = entry->make(bound->host, view(config));
      bound->c =
          aev_subscriber{sizeof(aev_subscriber), 0, bound.get(), &start, &deliver, &stop, &destroy,
                         &get_extension};
      made = &bound.release()->c;
    }));
    return made;
  }

 private:
  struct Entry {
    aev_descriptor descriptor;
    aev_query queries;
    void (*validate)(Json config);
    std::unique_ptr<Subscriber> (*make)(Host, Json);
  };

  template <typename T>
  static std::unique_ptr<Subscriber> make(Host host, Json config) {
    return std::make_unique<T>(host, config);
  }

  [[nodiscard]] const Entry* find(const char* id) const noexcept {
    for (const Entry& entry : entries_) {
      if (std::strcmp(entry.descriptor.id, id) == 0) {
        return &entry;
      }
    }
    return nullptr;
  }

  Entry entries_[sizeof...(Ts)];
};

template <typename... Ts>
TypeList(const Type<Ts>&...) -> TypeList<Ts...>;

}  // namespace detail
}  // namespace v1
}  // namespace aev::sdk

/// Defines `aev_plugin_entry` for the given `aev::sdk::Type<T>{…}` values. Once per library,
/// outside of any namespace.
#define AEV_PLUGIN(...)                                                              \
  namespace {                                                                        \
  const auto& aev_types() {                                                          \
    static const ::aev::sdk::detail::TypeList types{__VA_ARGS__};                    \
    return types;                                                                    \
  }                                                                                  \
  const aev_descriptor* aev_list_types(uint32_t index) {                             \
    return aev_types().descriptor(index);                                            \
  }                                                                                  \
  aev_status aev_validate_config(const char* id, aev_str config, aev_error* error) { \
    return aev_types().validate(id, config, error);                                  \
  }                                                                                  \
  aev_subscriber* aev_create_instance(const char* id,                                \
                                      const aev_host* host,                          \
                                      aev_str config,                                \
                                      aev_error* error) {                            \
    return aev_types().create(id, host, config, error);                              \
  }                                                                                  \
  }                                                                                  \
  extern "C" AEV_EXPORT const aev_entry aev_plugin_entry = {AEV_MAGIC,               \
                                                            sizeof(aev_entry),       \
                                                            AEV_ABI_MAJOR,           \
                                                            AEV_ABI_MINOR,           \
                                                            AEV_ABI_MINOR,           \
                                                            0,                       \
                                                            nullptr,                 \
                                                            nullptr,                 \
                                                            &aev_list_types,         \
                                                            &aev_validate_config,    \
                                                            &aev_create_instance,    \
                                                            nullptr}
