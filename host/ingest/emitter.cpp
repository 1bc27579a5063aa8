#include "ingest/emitter.h"

#include <algorithm>
#include <string>
#include <variant>

#include <simdjson.h>

#include "core/mutex.h"
#include "events/canonical_json.h"
#include "ingest/event_decoder.h"
#include "ingest/media_type.h"

namespace aev::ingest {
namespace {

Error problem_at(std::size_t index, const EventProblem& problem) {
  return Error{problem.kind == ProblemKind::kTooLarge ? ErrorCode::kTooLarge : ErrorCode::kInvalid,
               problem.detail, "/" + std::to_string(index) + problem.pointer};
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The attributes of CloudEvents' binary mode, by their names in lower case without `ce-`.
struct CeHeaders {
  std::vector<std::string> names;
  Emitter::Headers headers;

  explicit CeHeaders(const Emitter::Headers& all) {
    names.reserve(all.size());  // the headers below view them
    for (const auto& [name, value] : all) {
      std::string plain(name.size(), ' ');
      std::transform(name.begin(), name.end(), plain.begin(), lower);
      if (plain.starts_with("ce-")) {
        names.push_back(plain.substr(3));
        headers.emplace_back(names.back(), value);
      }
    }
  }
};

}  // namespace

struct Emitter::Impl {
  explicit Impl(IngestParts given)
      : parts(std::move(given)),
        emitted(parts.metrics.counter(
            "aragora_ingest_emitted_events_total", "Events that plugins published.", {})) {}

  /// `text` with the padding that the readers of JSON need.
  std::string_view padded(std::string_view text) AEV_REQUIRES(mutex) {
    buffer.assign(text);
    buffer.append(kJsonPadding, '\0');
    return std::string_view(buffer).substr(0, text.size());
  }

  bool is_json(std::string_view text) AEV_REQUIRES(mutex) {
    simdjson::dom::element root;
    const std::string_view copy = padded(text);
    return json.parse(copy.data(), copy.size(), false).get(root) == simdjson::SUCCESS;
  }

  Result<void> check_json(const events::EventFields& fields, std::size_t index)
      AEV_REQUIRES(mutex) {
    const std::string at = "/" + std::to_string(index);
    const bool json_type =
        fields.content_type.empty() || events::is_json_media_type(fields.content_type);
    if (json_type && !fields.data.empty() && !is_json(fields.data)) {
      return Error{ErrorCode::kInvalid, "data is not JSON, which its content_type says it is",
                   at + "/data"};
    }
    for (const events::Attribute& attribute : fields.attributes) {
      if (!is_json(attribute.value)) {
        return Error{ErrorCode::kInvalid,
                     "the value of an attribute is JSON text: a string has its quotes",
                     at + "/" + std::string(attribute.name)};
      }
    }
    return {};
  }

  /// Routes an event to everyone but its emitter.
  void add(const EmittingSubscriber& from, events::EventRef event) AEV_REQUIRES(mutex) {
    if (event->source().empty() && !from.name.empty()) {
      events::EventFields fields;
      fields.id = event->id();
      fields.event_type = event->event_type();
      fields.debate_id = event->debate_id();
      fields.source = from.name;
      fields.content_type = event->content_type();
      fields.data = event->data();
      fields.time_unix_ns = event->time_unix_ns();
      fields.received_unix_ns = event->received_unix_ns();
      fields.attributes = event->attributes();
      event = events::Event::create(fields);
    }
    events::Targets targets = router->route(*event).targets;
    if (targets->contains(from.id)) {
      std::vector<events::SubscriberId> others = targets->ids();
      others.erase(std::find(others.begin(), others.end(), from.id));
      targets = events::TargetSet::create(std::move(others));
    }
    batch.push_back({std::move(event), std::move(targets)});
  }

  Result<void> take(const EmittingSubscriber& from, EventDecoder::Item item, std::size_t index)
      AEV_REQUIRES(mutex) {
    if (const auto* problem = std::get_if<EventProblem>(&item)) {
      return problem_at(index, *problem);
    }
    events::EventRef event = std::get<events::EventRef>(std::move(item));
    if (schemas) {
      if (const auto problem = schemas->judge(*event)) {
        return problem_at(index, *problem);
      }
    }
    add(from, std::move(event));
    return {};
  }

  void begin() AEV_REQUIRES(mutex) {
    batch.clear();
    limits = parts.limits_of_now();
    router = parts.router();
    schemas = parts.schemas ? parts.schemas() : nullptr;
  }

  Result<void> read_document(const EmittingSubscriber& from,
                             std::string_view text,
                             Shape shape,
                             std::size_t& index) AEV_REQUIRES(mutex) {
    if (const auto problem = decoder.open(text, shape, limits.max_event_bytes)) {
      return problem_at(index, *problem);
    }
    const std::int64_t now = parts.clock.unix_now_ns();
    for (auto item = decoder.next(now); item; item = decoder.next(now), ++index) {
      AEV_RETURN_IF_ERROR(take(from, std::move(*item), index));
    }
    return {};
  }

  Result<void> read_body(const EmittingSubscriber& from,
                         Format format,
                         std::string_view content_type,
                         const CeHeaders& ce,
                         std::string_view body) AEV_REQUIRES(mutex) {
    const std::string_view text = padded(body);
    std::size_t index = 0;
    switch (format) {
      case Format::kJson:
        return read_document(from, text, Shape::kNative, index);
      case Format::kCloudEvent:
      case Format::kCloudEventBatch:
        return read_document(from, text, Shape::kCloudEvent, index);
      case Format::kCloudEventBinary:
        return take(from, decoder.binary(ce.headers, content_type, text, parts.clock.unix_now_ns()),
                    0);
      case Format::kNdjson:
        break;
    }
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string_view line = text.substr(begin, end - begin);
      begin = end + 1;
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
        AEV_RETURN_IF_ERROR(read_document(from, line, Shape::kNative, index));
      }
    }
    return {};
  }

  IngestParts parts;
  Counter emitted;
  Mutex mutex;
  EventDecoder decoder AEV_GUARDED_BY(mutex);
  simdjson::dom::parser json AEV_GUARDED_BY(mutex);
  std::string buffer AEV_GUARDED_BY(mutex);
  IngestLimits limits AEV_GUARDED_BY(mutex);
  std::shared_ptr<const routing::Router> router AEV_GUARDED_BY(mutex);
  std::shared_ptr<const SchemaRules> schemas AEV_GUARDED_BY(mutex);
  std::vector<events::RoutedEvent> batch AEV_GUARDED_BY(mutex);
};

namespace {

void append(store::Store& store,
            const Counter& emitted,
            std::vector<events::RoutedEvent> batch,
            Emitter::Done done) {
  if (batch.empty()) {
    done({});
    return;
  }
  const auto count = static_cast<double>(batch.size());
  store.append_async(std::move(batch), [count, emitted, done = std::move(done)](auto outcome) {
    if (outcome) {
      emitted.add(count);
      done({});
    } else {
      done(std::move(outcome.error()));
    }
  });
}

}  // namespace

Emitter::Emitter(IngestParts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}

Emitter::~Emitter() = default;

Result<void> Emitter::emit(const EmittingSubscriber& from,
                           std::span<const events::EventFields> events,
                           Done done) {
  Impl& impl = *impl_;
  std::vector<events::RoutedEvent> batch;
  {
    const MutexLock lock(impl.mutex);
    impl.begin();
    const std::int64_t now = impl.parts.clock.unix_now_ns();
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i].data.size() > impl.limits.max_event_bytes) {
        return Error{
            ErrorCode::kTooLarge,
            "the event is larger than " + std::to_string(impl.limits.max_event_bytes) + " bytes",
            "/" + std::to_string(i) + "/data"};
      }
      AEV_RETURN_IF_ERROR(impl.check_json(events[i], i));
      AEV_RETURN_IF_ERROR(impl.take(from, impl.decoder.given(events[i], now), i));
    }
    batch.swap(impl.batch);
  }
  append(impl.parts.store, impl.emitted, std::move(batch), std::move(done));
  return {};
}

Result<void> Emitter::emit_body(const EmittingSubscriber& from,
                                std::string_view content_type,
                                const Headers& headers,
                                std::string_view body,
                                Done done) {
  Impl& impl = *impl_;
  const std::size_t most = impl.parts.limits_of_now().max_body_bytes;
  if (body.size() > most) {
    return Error{
        ErrorCode::kTooLarge, "the body is larger than " + std::to_string(most) + " bytes", {}};
  }
  const CeHeaders ce(headers);
  const auto format = format_of(content_type, !ce.headers.empty());
  if (!format) {
    return Error{ErrorCode::kUnsupported,
                 "the content type '" + std::string(content_type) +
                     "' is not known: " + std::string(kKnownTypes),
                 {}};
  }
  std::vector<events::RoutedEvent> batch;
  {
    const MutexLock lock(impl.mutex);
    impl.begin();
    AEV_RETURN_IF_ERROR(impl.read_body(from, *format, content_type, ce, body));
    batch.swap(impl.batch);
  }
  append(impl.parts.store, impl.emitted, std::move(batch), std::move(done));
  return {};
}

}  // namespace aev::ingest
