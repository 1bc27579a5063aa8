#include "event_reader.h"

#include <stdexcept>

#include <simdjson.h>

#include <aev/credential_mask_json.hpp>

namespace aev::security {
namespace {

namespace ondemand = simdjson::ondemand;
using credentials::append_json_text;
using credentials::append_masked;
using credentials::append_masked_text;

constexpr std::size_t kMaxTitles = 5;
constexpr std::size_t kMaxTitleBytes = 200;

std::string_view trimmed(std::string_view raw) {
  while (!raw.empty() && static_cast<unsigned char>(raw.back()) <= 0x20) {
    raw.remove_suffix(1);
  }
  return raw;
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  int at = 20;
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  out.append(digits + at, static_cast<std::size_t>(20 - at));
}

void append_signed(std::string& out, std::int64_t number) {
  if (number < 0) {
    out += '-';
    append_number(out, ~static_cast<std::uint64_t>(number) + 1);
  } else {
    append_number(out, static_cast<std::uint64_t>(number));
  }
}

}  // namespace

struct EventReader::Impl {
  Impl(const FieldTable& given, Observation& into, std::string& out)
      : fields(given), seen(into), data(out) {}

  const FieldTable& fields;
  Observation& seen;
  std::string& data;
  ondemand::parser parser;
  std::string padded;
  std::string scratch;
  std::string kept;  // texts that the observation views; never grows while it is read
  bool has_debate_id = false;

  std::string_view keep(std::string_view text) {
    const std::size_t at = kept.size();
    if (at + text.size() > kept.capacity()) {
      return {};  // cannot be: reserve() below has room for all of the input
    }
    kept.append(text);
    return std::string_view(kept).substr(at, text.size());
  }

  std::string_view padded_copy(std::string_view json) {
    padded.reserve(json.size() + simdjson::SIMDJSON_PADDING);
    padded.assign(json);
    // Masking makes a text longer by a mark; what is written is bounded by a few times the input.
    if (kept.capacity() < json.size() * 8 + 1024) {
      kept.reserve(json.size() * 8 + 1024);
    }
    kept.clear();
    return padded;
  }

  /// A string, number or boolean that a rule asks for.
  void take_field(std::size_t number, ondemand::value value, bool secret) {
    const auto type = value.type().value();
    if (type == ondemand::json_type::string) {
      const std::string_view text = value.get_string();
      append_masked_text(text, secret, scratch, data);
      seen.fields[number] = keep(scratch);
    } else if (type == ondemand::json_type::number || type == ondemand::json_type::boolean) {
      if (secret) {
        append_masked(value, true, scratch, data);
        return;
      }
      const std::string_view raw = trimmed(value.raw_json_token());
      data.append(raw);
      seen.fields[number] = keep(raw);
    } else {
      append_masked(value, secret, scratch, data);
    }
  }

  void take_finding(ondemand::object finding) {
    char separator = '{';
    for (auto field : finding) {
      const std::string_view name = field.unescaped_key();
      const bool secret = credentials::names_a_secret(name);
      const bool is_severity = name == "severity";
      const bool is_title = name == "title";
      data += separator;
      separator = ',';
      append_masked_text(name, false, scratch, data);
      data += ':';
      ondemand::value value = field.value();
      if ((is_severity || is_title) && value.type() == ondemand::json_type::string) {
        const std::string_view text = value.get_string();
        append_masked_text(text, secret, scratch, data);
        if (is_severity) {
          seen.critical_findings += text == "critical" ? 1 : 0;
          seen.high_findings += text == "high" ? 1 : 0;
        } else if (seen.titles.size() < kMaxTitles) {
          seen.titles.push_back(
              keep(std::string_view(scratch).substr(0, std::min(scratch.size(), kMaxTitleBytes))));
        }
      } else {
        append_masked(value, secret, scratch, data);
      }
    }
    data.append(separator == '{' ? "{}" : "}");
  }

  void take_findings(ondemand::value value) {
    if (value.type() != ondemand::json_type::array) {
      append_masked(value, false, scratch, data);
      return;
    }
    char separator = '[';
    for (auto item : value.get_array()) {
      data += separator;
      separator = ',';
      ondemand::value finding = item.value();
      if (finding.type() == ondemand::json_type::object) {
        take_finding(finding.get_object());
      } else {
        append_masked(finding, false, scratch, data);
      }
    }
    data.append(separator == '[' ? "[]" : "]");
  }

  void take_object(std::string_view parent, ondemand::object object) {
    char separator = '{';
    for (auto field : object) {
      const std::string_view name = field.unescaped_key();
      data += separator;
      separator = ',';
      append_masked_text(name, false, scratch, data);
      data += ':';
      take_member(parent, name, field.value());
    }
    data.append(separator == '{' ? "{}" : "}");
  }

  void take_member(std::string_view parent, std::string_view name, ondemand::value value) {
    const bool secret = credentials::names_a_secret(name);
    if (parent.empty()) {
      if (name == "findings") {
        take_findings(value);
        return;
      }
      if ((name == "severity" || name == "debate_id" || name == "source") &&
          value.type() == ondemand::json_type::string) {
        take_own(name, value);
        return;
      }
      if (name == "critical_count" || name == "high_count") {
        take_count(name, value);
        return;
      }
      if (fields.is_parent(name) && value.type() == ondemand::json_type::object) {
        const std::string own(name);  // the parser reuses the memory of a name
        take_object(own, value.get_object());
        return;
      }
    }
    const std::size_t number = fields.find(parent, name);
    if (number == FieldTable::kNone) {
      append_masked(value, secret, scratch, data);
    } else {
      take_field(number, value, secret);
    }
  }

  void take_own(std::string_view name, ondemand::value value) {
    const std::size_t number = fields.find({}, name);
    const bool is_severity = name == "severity";
    const bool is_debate = name == "debate_id";
    const std::string_view text = value.get_string();
    append_masked_text(text, false, scratch, data);
    if (is_severity) {
      seen.severity = parse_severity(text).value_or(seen.severity);
    } else if (is_debate && !text.empty()) {
      has_debate_id = true;
      seen.debate_id = keep(scratch);
    }
    if (number != FieldTable::kNone) {
      seen.fields[number] = keep(scratch);
    }
  }

  /// Counts that a scan gives instead of findings, or beside them.
  void take_count(std::string_view name, ondemand::value value) {
    const bool critical = name == "critical_count";
    const std::size_t number = fields.find({}, name);
    std::uint64_t count = 0;
    if (value.type() == ondemand::json_type::number &&
        value.get_uint64().get(count) == simdjson::SUCCESS) {
      std::uint32_t& into = critical ? seen.critical_findings : seen.high_findings;
      into = std::max(into, static_cast<std::uint32_t>(std::min<std::uint64_t>(count, 1'000'000)));
      const std::size_t at = data.size();
      append_number(data, count);
      if (number != FieldTable::kNone) {
        seen.fields[number] = keep(std::string_view(data).substr(at));
      }
    } else {
      append_masked(value, false, scratch, data);
    }
  }
};

EventReader::EventReader(const FieldTable& fields, std::size_t max_data)
    : fields_(fields), max_data_(max_data), impl_(std::make_unique<Impl>(fields, seen_, data_)) {}

EventReader::~EventReader() = default;

void EventReader::read_data(std::string_view data) {
  Impl& impl = *impl_;
  const std::string_view json = impl.padded_copy(data);
  data_.clear();
  seen_.severity = Severity::kMedium;
  seen_.critical_findings = seen_.high_findings = 0;
  seen_.fields.assign(fields_.size(), {});
  seen_.titles.clear();
  impl.has_debate_id = false;
  if (json.empty()) {
    data_ = "null";
    return;
  }
  try {
    auto document =
        impl.parser.iterate(json.data(), json.size(), json.size() + simdjson::SIMDJSON_PADDING);
    switch (document.type().value()) {
      case ondemand::json_type::object:
        impl.take_object({}, document.get_object());
        break;
      case ondemand::json_type::array:
        append_masked(document.get_value(), false, impl.scratch, data_);
        break;
      case ondemand::json_type::string: {
        const std::string_view text = document.get_string();
        append_masked_text(text, false, impl.scratch, data_);
        break;
      }
      default:
        data_ = trimmed(document.raw_json_token());
    }
  } catch (const std::exception&) {
    // The host checks what calls itself JSON, so this is nesting without end; keep its size.
    seen_.fields.assign(fields_.size(), {});
    data_ = "{\"unreadable_bytes\":";
    append_number(data_, data.size());
    data_ += '}';
  }
}

void EventReader::shorten(std::size_t bytes) {
  data_ = "{\"omitted_bytes\":";
  append_number(data_, bytes);
  data_.append(",\"severity\":");
  append_json_text(to_string(seen_.severity), data_);
  data_.append(",\"critical_count\":");
  append_number(data_, seen_.critical_findings);
  data_.append(",\"high_count\":");
  append_number(data_, seen_.high_findings);
  const auto member = [&](std::string_view name, std::string_view value) {
    append_json_text(name, data_);
    data_ += ':';
    append_json_text(value, data_);
  };
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const std::string& name = fields_.name(i);
    if (seen_.fields[i].empty() || !fields_.parent(i).empty() || name == "severity" ||
        name == "critical_count" || name == "high_count") {
      continue;
    }
    data_ += ',';
    member(name, seen_.fields[i].substr(0, max_data_));
  }
  std::vector<bool> done(fields_.size());
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (seen_.fields[i].empty() || fields_.parent(i).empty() || done[i]) {
      continue;
    }
    data_ += ',';
    append_json_text(fields_.parent(i), data_);
    char separator = '{';
    data_ += ':';
    for (std::size_t k = i; k < fields_.size(); ++k) {
      if (!seen_.fields[k].empty() && fields_.parent(k) == fields_.parent(i)) {
        data_ += separator;
        separator = ',';
        member(fields_.name(k), seen_.fields[k].substr(0, max_data_));
        done[k] = true;
      }
    }
    data_ += '}';
  }
  data_ += '}';
}

const Observation& EventReader::read(const sdk::Event& event) {
  seen_.debate_id = event.debate_id();
  if (sdk::is_json_media_type(event.content_type()) || event.data().empty()) {
    read_data(event.data());
  } else {
    std::string text;
    append_json_text(std::string_view("not JSON"), text);
    read_data(text);
  }
  if (data_.size() > max_data_) {
    shorten(event.data().size());
  }
  seen_.seq = event.seq();
  seen_.time_ns = event.time_unix_ns();
  seen_.received_ns = event.received_unix_ns();
  seen_.event_id = event.id();
  seen_.event_type = event.event_type();
  seen_.source = event.source();
  return seen_;
}

const Observation& EventReader::read_entry(std::string_view body) {
  try {
    ondemand::parser parser;
    const simdjson::padded_string padded(body);
    auto document = parser.iterate(padded);
    auto object = document.get_object();
    seen_ = {};
    const std::uint64_t entry = object["entry"].get_uint64();
    const std::string type{std::string_view(object["event_type"].get_string())};
    const std::string id{std::string_view(object["event_id"].get_string())};
    const std::uint64_t seq = object["seq"].get_uint64();
    const std::int64_t time = object["time"].get_int64();
    const std::int64_t received = object["received"].get_int64();
    const std::string debate{std::string_view(object["debate_id"].get_string())};
    const std::string source{std::string_view(object["source"].get_string())};
    // The last member; nothing before it can hold these bytes, for a text escapes its quotes.
    constexpr std::string_view kData = ",\"data\":";
    const std::size_t at = body.find(kData);
    if (at == std::string_view::npos) {
      throw std::runtime_error("an event's entry of the audit trail has no data");
    }
    const std::string data(body.substr(at + kData.size(), body.size() - at - kData.size() - 1));
    Impl& impl = *impl_;
    impl.kept.reserve(data.size() * 8 + 1024 + type.size() + id.size() + debate.size() +
                      source.size());
    read_data(data);
    seen_.entry = entry;
    seen_.seq = seq;
    seen_.time_ns = time;
    seen_.received_ns = received;
    seen_.event_type = impl.keep(type);
    seen_.event_id = impl.keep(id);
    seen_.source = impl.keep(source);
    if (!impl.has_debate_id) {
      seen_.debate_id = impl.keep(debate);
    }
    return seen_;
  } catch (const simdjson::simdjson_error& fault) {
    throw std::runtime_error(std::string("an entry of the audit trail cannot be read: ") +
                             fault.what());
  }
}

void append_event_entry(std::string& out, const Observation& event, std::string_view data) {
  out.append("{\"entry\":");
  append_number(out, event.entry);
  out.append(",\"kind\":\"event\",\"event_type\":");
  append_json_text(event.event_type, out);
  out.append(",\"severity\":\"").append(to_string(event.severity));
  out.append("\",\"event_id\":");
  append_json_text(event.event_id, out);
  out.append(",\"seq\":");
  append_number(out, event.seq);
  out.append(",\"time\":");
  append_signed(out, event.time_ns);
  out.append(",\"received\":");
  append_signed(out, event.received_ns);
  out.append(",\"debate_id\":");
  append_json_text(event.debate_id, out);
  out.append(",\"source\":");
  append_json_text(event.source, out);
  out.append(",\"data\":").append(data);
  out += '}';
}

}  // namespace aev::security
